/* SPDX-License-Identifier: Apache-2.0
 * Measuring what operators cost on this machine. */
#ifndef GANTRY_CLI_CALIBRATE_H
#define GANTRY_CLI_CALIBRATE_H

#include "cli/cli.h"
#include "graph/graph.h"

/* A network of one node: a square map of so many pixels a side. */
struct gantry_cli_layer {
    enum gantry_op op;
    int32_t size, channels, out; /* out: channels of the output, where they are its own */
    int32_t kernel, stride;      /* of windows */
};
/* Layer i of those that are measured, false past the last; the layers of an operator stand
 * together. */
bool gantry_cli_layer(size_t i, struct gantry_cli_layer *out);
GANTRY_MUST_USE enum gantry_status gantry_cli_layer_model(struct gantry_model **out,
                                                          const struct gantry_cli_layer *layer,
                                                          struct gantry_error *error);

/* Measures for so many seconds, at least one run of each layer, and prints or writes a target. */
int gantry_cli_calibrate(const struct gantry_cli_args *args, double seconds);

#endif
