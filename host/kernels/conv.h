/* SPDX-License-Identifier: Apache-2.0
 * Between the parts of a bound convolution: how it runs (conv.c), how it is packed (conv_pack.c).
 */
#ifndef GANTRY_KERNELS_CONV_H
#define GANTRY_KERNELS_CONV_H

#include "kernels/pack.h"

/* Output channels that a tile computes at once. */
struct gantry_conv_panel {
    int32_t channel, count, vectors;
    size_t weights; /* offset */
    const struct gantry_gemm_rest *rests;
    int32_t rest_count;
};

struct gantry_conv {
    struct gantry_s8_conv_args args;
    const struct gantry_gemm_isa *isa;
    bool by_band, by_panel;
    bool parts;                      /* weights are sums of parts */
    int32_t segments, bytes, groups; /* of a segment */
    int32_t pixels, block;           /* of the output, and at most in a block */
    /* band: blocks are block_h rows of block_w pixels */
    int32_t block_h, block_w, blocks_across;
    int32_t band_h;
    size_t band_pitch;
    int32_t panel_count;
    const struct gantry_conv_panel *panels;
    size_t weight_bytes;
    const int8_t *weights, *zeros; /* zeros: a segment of zero points */
    const int32_t *bias;           /* packed by panel; channel is the index of its first */
    const float *scale;
    struct gantry_packed packed; /* the three */
    struct gantry_requant requant;
};

/* Makes panels, weights, bias and scale of args for the segments that are chosen. False: out of
 * memory. */
GANTRY_MUST_USE bool gantry_conv_pack(struct gantry_conv *conv, struct gantry_arena *arena);

#endif
