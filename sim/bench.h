/* SPDX-License-Identifier: Apache-2.0
 * Verilated accelerators behind one clock and one memory, each with its host bus: clock, reset,
 * registers, waveform. */
#ifndef GANTRY_SIM_BENCH_H
#define GANTRY_SIM_BENCH_H

#include "sim/core.h"
#include "sim/ddr_model.h"

struct gantry_sim_wave {
    const char *path;  /* NULL: none. Borrowed. */
    uint64_t from, to; /* cycles of the first launch */
};

/* What accelerators share. */
struct gantry_sim_chip {
    struct gantry_ddr *ddr;
    struct gantry_sim_bench *bench[GANTRY_SIM_INSTANCES_MAX];
    int count;
    uint64_t cycles; /* since the chip was made */
    struct gantry_axi_request request[GANTRY_DDR_PORTS];
    struct gantry_axi_response response[GANTRY_DDR_PORTS];
};

struct gantry_sim_bench {
    const struct gantry_sim_core *core;
    void *model;
    struct gantry_sim_chip *chip;
    struct gantry_ddr *ddr; /* of the chip */
    int index;              /* in the chip */
    struct gantry_sim_pins pins;
    bool in_reset;
    struct gantry_sim_wave wave;
    bool wave_running, wave_over, wave_failed;
    uint64_t wave_start; /* cycle of the first launch's start */
};

/* The memory is borrowed. */
void gantry_sim_chip_init(struct gantry_sim_chip *chip, struct gantry_ddr *ddr);
/* One cycle of everything on the chip. */
void gantry_sim_chip_cycle(struct gantry_sim_chip *chip);

/* Makes the next accelerator of a chip and resets it. False without memory. */
bool gantry_sim_bench_init(struct gantry_sim_bench *bench, const struct gantry_sim_core *core,
                           struct gantry_sim_chip *chip);
void gantry_sim_bench_finish(struct gantry_sim_bench *bench);
/* Pulls ap_rst_n and forgets what its buses were doing; the others of the chip go on. */
void gantry_sim_bench_reset(struct gantry_sim_bench *bench);

/* One access of the host bus; false when the accelerator does not answer it or answers an error. */
bool gantry_sim_bench_write(struct gantry_sim_bench *bench, uint32_t reg, uint32_t value);
bool gantry_sim_bench_read(struct gantry_sim_bench *bench, uint32_t reg, uint32_t *value_out);

/* Marks the start of a launch: the waveform's window counts from the first one. */
void gantry_sim_bench_wave_start(struct gantry_sim_bench *bench);

#endif
