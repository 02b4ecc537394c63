/* SPDX-License-Identifier: Apache-2.0
 * Inside of gantry verify: one column per device, and the comparison layer by layer. */
#ifndef GANTRY_CLI_VERIFY_H
#define GANTRY_CLI_VERIFY_H

#include "cli/cli.h"

enum { GANTRY_VERIFY_DEVICES_MAX = 8, GANTRY_VERIFY_NAME_BYTES = 64 };

/* A tensor of one device against the same tensor on the CPU, over all vectors. */
struct gantry_verify_layer {
    bool observable; /* false: it never leaves the chip */
    uint64_t bytes, differing;
};

struct gantry_verify_column {
    char device[GANTRY_VERIFY_NAME_BYTES];
    struct gantry_cli_batch outputs;
    uint64_t macs, macs_offloaded;
    double offloaded_percent;
    uint64_t bytes, differing_bytes;         /* against the first device */
    struct gantry_cli_difference difference; /* against the first device or the expected values */
    bool is_equal;
    uint64_t expected_differing;        /* values that differ from the expected ones */
    struct gantry_verify_layer *layers; /* a node each; NULL without --layers */
    bool observed_equal;                /* outputs of the observed run equal the plain run's */
};

struct gantry_verify {
    const struct gantry_cli_args *args;
    struct gantry_model *model;
    struct gantry_manifest manifest;
    struct gantry_cli_batch inputs;
    struct gantry_verify_column columns[GANTRY_VERIFY_DEVICES_MAX];
    size_t count;
};

/* Fills layers and observed_equal of a column that has run. */
int gantry_verify_layers(const struct gantry_verify *verify, struct gantry_verify_column *column);
void gantry_verify_print_layers(const struct gantry_verify *verify,
                                const struct gantry_verify_column *column);
json_t *gantry_verify_layers_json(const struct gantry_verify *verify,
                                  const struct gantry_verify_column *column);
/* Whether all layers that can be observed are equal. */
bool gantry_verify_layers_equal(const struct gantry_verify *verify,
                                const struct gantry_verify_column *column);

#endif
