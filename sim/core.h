/* SPDX-License-Identifier: Apache-2.0
 * The C face of one Verilated configuration of gantry_kernel. */
#ifndef GANTRY_SIM_CORE_H
#define GANTRY_SIM_CORE_H

#include "sim/axi.h"

#ifdef __cplusplus
extern "C" {
#endif

struct gantry_sim_core {
    const char *config; /* row of params.def */
    /* Returns NULL without memory. The clock is low and the reset active. */
    void *(*create)(void);
    void (*destroy)(void *model);
    /* A rising edge with the pins of the cycle before; then drives pins->host and pins->response,
     * lets the clock fall, and reads what the accelerator drives. */
    void (*cycle)(void *model, struct gantry_sim_pins *pins, bool reset);
    /* Writes a waveform of the cycles from now on; false when the file cannot be made. Both are
     * NULL in a build without waveforms. */
    bool (*wave_open)(void *model, const char *path);
    void (*wave_close)(void *model);
};

/* The configurations of a program or module, the default first; ends with NULL. */
extern const struct gantry_sim_core *const gantry_sim_cores[];

#ifdef __cplusplus
}
#endif

#endif
