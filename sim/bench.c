/* SPDX-License-Identifier: Apache-2.0
 * Clock loop and host bus of a Verilated accelerator. */
#include "sim/bench.h"

#include <string.h>

#include "base/base.h"

enum {
    RESET_CYCLES = 16,
    BUS_CYCLES = 1000 /* a register access that takes longer has failed */
};

void gantry_sim_chip_init(struct gantry_sim_chip *chip, struct gantry_ddr *ddr)
{
    memset(chip, 0, sizeof *chip);
    chip->ddr = ddr;
}

bool gantry_sim_bench_init(struct gantry_sim_bench *bench, const struct gantry_sim_core *core,
                           struct gantry_sim_chip *chip)
{
    gantry_assert(chip->count < GANTRY_SIM_INSTANCES_MAX);
    memset(bench, 0, sizeof *bench);
    bench->core = core;
    bench->chip = chip;
    bench->ddr = chip->ddr;
    bench->index = chip->count;
    bench->pins.request = chip->request + bench->index * GANTRY_SIM_PORTS;
    bench->pins.response = chip->response + bench->index * GANTRY_SIM_PORTS;
    bench->model = core->create();
    if (!bench->model) return false;
    chip->bench[chip->count++] = bench;
    gantry_sim_bench_reset(bench);
    return true;
}

void gantry_sim_bench_finish(struct gantry_sim_bench *bench)
{
    if (!bench->model) return;
    if (bench->wave_running) bench->core->wave_close(bench->model);
    bench->core->destroy(bench->model);
    bench->model = NULL;
}

void gantry_sim_bench_reset(struct gantry_sim_bench *bench)
{
    struct gantry_sim_pins *pins = &bench->pins;
    memset(&pins->host, 0, sizeof pins->host);
    bench->in_reset = true;
    for (int i = 0; i < RESET_CYCLES; i++) gantry_sim_chip_cycle(bench->chip);
    bench->in_reset = false;
    gantry_ddr_reset(bench->ddr, bench->index);
    memset(pins->response, 0, GANTRY_SIM_PORTS * sizeof *pins->response);
    gantry_sim_chip_cycle(bench->chip);
}

static void wave_cycle(struct gantry_sim_bench *bench)
{
    uint64_t at = bench->chip->cycles - bench->wave_start;
    if (!bench->wave_running && at >= bench->wave.from && at <= bench->wave.to) {
        bench->wave_running = bench->core->wave_open(bench->model, bench->wave.path);
        bench->wave_failed = bench->wave_over = !bench->wave_running;
    } else if (bench->wave_running && at > bench->wave.to) {
        bench->core->wave_close(bench->model);
        bench->wave_running = false;
        bench->wave_over = true;
    }
}

void gantry_sim_chip_cycle(struct gantry_sim_chip *chip)
{
    gantry_ddr_cycle(chip->ddr, chip->request, chip->response);
    for (int i = 0; i < chip->count; i++) {
        struct gantry_sim_bench *bench = chip->bench[i];
        if (bench->wave_start && !bench->wave_over) wave_cycle(bench);
        bench->core->cycle(bench->model, &bench->pins, bench->in_reset);
    }
    chip->cycles++;
}

void gantry_sim_bench_wave_start(struct gantry_sim_bench *bench)
{
    if (bench->wave.path && !bench->wave_start) bench->wave_start = bench->chip->cycles;
}

bool gantry_sim_bench_write(struct gantry_sim_bench *bench, uint32_t reg, uint32_t value)
{
    struct gantry_axil_request *host = &bench->pins.host;
    const struct gantry_axil_response *control = &bench->pins.control;
    host->awaddr = (uint16_t)reg;
    host->wdata = value;
    bool address_left = true, data_left = true, answered = false, fine = false;
    host->bready = true;
    for (int i = 0; i < BUS_CYCLES && !answered; i++) {
        host->awvalid = address_left;
        host->wvalid = data_left;
        /* The drive takes effect after this edge; the handshake is seen before the next one. */
        gantry_sim_chip_cycle(bench->chip);
        if (host->awvalid && control->awready) address_left = false;
        if (host->wvalid && control->wready) data_left = false;
        answered = control->bvalid;
        fine = control->bresp == GANTRY_AXI_OKAY;
    }
    host->awvalid = host->wvalid = false;
    gantry_sim_chip_cycle(bench->chip);
    host->bready = false;
    return answered && fine;
}

bool gantry_sim_bench_read(struct gantry_sim_bench *bench, uint32_t reg, uint32_t *value_out)
{
    struct gantry_axil_request *host = &bench->pins.host;
    const struct gantry_axil_response *control = &bench->pins.control;
    host->araddr = (uint16_t)reg;
    host->rready = true;
    bool address_left = true, answered = false, fine = false;
    for (int i = 0; i < BUS_CYCLES && !answered; i++) {
        host->arvalid = address_left;
        gantry_sim_chip_cycle(bench->chip);
        if (host->arvalid && control->arready) address_left = false;
        answered = control->rvalid;
        fine = control->rresp == GANTRY_AXI_OKAY;
        *value_out = control->rdata;
    }
    host->arvalid = false;
    gantry_sim_chip_cycle(bench->chip);
    host->rready = false;
    return answered && fine;
}
