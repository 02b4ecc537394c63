/* SPDX-License-Identifier: Apache-2.0
 * What the registers of an accelerator mean to a device that reaches them one by one. */
#ifndef GANTRY_DEVICE_REGISTERS_H
#define GANTRY_DEVICE_REGISTERS_H

#include "device/device.h"

enum { GANTRY_ARGUMENTS_MAX = 32 };

/* The registers that a launch sets: RW from PROGRAM up, REG and REG_HI as one of 64 bit, in the
 * order of regs.def. */
struct gantry_argument {
    const char *name;
    uint32_t reg;
    bool wide;
    int role; /* enum gantry_buffer_role of an address; -1: a number */
};
/* Fills GANTRY_ARGUMENTS_MAX entries at most; returns how many there are. */
size_t gantry_arguments(struct gantry_argument *out);
uint64_t gantry_argument_value(const struct gantry_launch *launch, uint32_t reg);

/* How a device reads a register; false when it does not answer. */
struct gantry_registers {
    void *context;
    bool (*read)(void *context, uint32_t reg, uint32_t *value_out);
    const char *name; /* of the device, for messages */
};
/* Checks ID and SPEC_HASH before anything else is believed, then fills the parameters. */
enum gantry_status gantry_registers_identify(const struct gantry_registers *registers,
                                             struct gantry_device_info *info,
                                             struct gantry_error *error);
/* Why the last launch ended. */
enum gantry_status gantry_registers_result(const struct gantry_registers *registers,
                                           struct gantry_accel_result *result,
                                           struct gantry_error *error);
enum gantry_status gantry_registers_counters(const struct gantry_registers *registers,
                                             struct gantry_counters *out,
                                             struct gantry_error *error);

#endif
