/* SPDX-License-Identifier: Apache-2.0
 * A target: the machine that costs are counted for, read from a data file.
 *
 * A file of targets/ holds the accelerator's clock and memory, what a launch and a tensor that
 * crosses between the sides cost, and the processor's time for each kind of node:
 *     call + mac * MACs + value * values of the output
 * where a pool counts one MAC for each value of each window. */
#ifndef GANTRY_TARGET_TARGET_H
#define GANTRY_TARGET_TARGET_H

#include "base/base.h"
#include "graph/graph.h"

struct gantry_target_kernel {
    double call_ns, mac_ns, value_ns;
};

struct gantry_target {
    char name[32], description[160], cpu[96];
    double clock_hz;  /* of the accelerator */
    double launch_ns; /* from the processor's request to its answer, without the accelerator */
    /* A tensor that crosses: cache maintenance and layout. */
    double tensor_ns, byte_ns;
    double memory_bytes_per_cycle; /* of all ports together; > 0 */
    double memory_latency;         /* cycles from an address to its first beat */
    struct gantry_target_kernel kernels[GANTRY_OP_COUNT];
    struct gantry_target_kernel others; /* operators that the file does not name */
};
enum { GANTRY_TARGET_SCHEMA = 1 };

/* Reads a target: a path when name ends in .json or has a slash, else NAME.json of the folder in
 * the environment variable GANTRY_TARGETS, else one that is built in. NULL: "kv260".
 * Errors: GANTRY_ERR_FILE naming file and member, GANTRY_ERR_ARGUMENT naming the known ones. */
GANTRY_MUST_USE enum gantry_status gantry_target_read(struct gantry_target *out, const char *name,
                                                      struct gantry_error *error);

/* Replaces the memory by a model of hw/spec/memory.def, where there is one of that name. */
void gantry_target_set_memory(struct gantry_target *target, const char *memory);

/* What a node is to the processor: MACs, where a pool counts one for each value of each window, and
 * values of the output. */
void gantry_target_work(const struct gantry_graph *graph, int32_t node, double *macs,
                        double *values);
/* Modelled time of a node on the processor. */
double gantry_target_cpu_ns(const struct gantry_target *target, const struct gantry_graph *graph,
                            int32_t node);

/* A node that was timed. */
struct gantry_target_sample {
    double macs, values, ns; /* ns > 0 */
};
/* The figures, none below 0, with the least sum of squared relative errors; *worst: the greatest
 * relative error. */
void gantry_target_fit(const struct gantry_target_sample *samples, size_t count,
                       struct gantry_target_kernel *kernel, double *worst);
/* A target file of four digits; source says where the figures come from. Release with
 * gantry_release(NULL, text). NULL: out of memory. */
char *gantry_target_text(const struct gantry_target *target, const char *source, bool one_line);

/* Names of the built-in targets, NULL past the last. */
const char *gantry_target_name(size_t index);

#endif
