/* SPDX-License-Identifier: Apache-2.0
 * A random chain on a device and on the C model, from the same activation memory: what both leave
 * in memory and in the activation RAM is compared, and with plain loops. A difference fails the
 * cmocka test, and says how to repeat it. */
#ifndef GANTRY_TEST_CHAIN_RUN_H
#define GANTRY_TEST_CHAIN_RUN_H

#include "chain.h"
#include "device/device.h"

enum {
    CHAIN_RUN_ACT_ROWS = 512, /* rows of a bank that chains use and the comparison covers */
    CHAIN_RUN_RECORDS = 1024, /* of the trace */
    CHAIN_RUN_WATCHDOG_CYCLES = 100000
};

struct chain_run {
    struct gantry_chain chain;
    struct gantry_device *device; /* the caller's */
    struct gantry_accel *accel;
    struct gantry_device_buffer program, weights, buffer[3], trace, whole, move;
};

/* The chain of a seed; every fourth has several runs, every fourth is long. config: of the device.
 */
void chain_run_make(struct chain_run *run, const char *config, uint64_t seed);
/* Buffers on a device; random activation memory on both sides. */
void chain_run_open(struct chain_run *run, struct gantry_device *device);
/* Runs the chain on both sides, and compares what is in memory. */
void chain_run_all(struct chain_run *run);
/* Compares the activation memories, by another launch. */
void chain_run_compare_activations(struct chain_run *run);
void chain_run_close(struct chain_run *run);
/* The launch of the chain. */
struct gantry_launch chain_run_launch(const struct chain_run *run);
/* Stops the test; says how to repeat it. */
void chain_run_stop(const struct chain_run *run, const char *what);
/* Seed or count from the environment. */
uint64_t chain_run_number(const char *name, uint64_t fallback);

#endif
