/* SPDX-License-Identifier: Apache-2.0
 * Packed convolutions: what binding prepares and the kernels of the instruction sets read.
 *
 * A vector holds the accumulators of `lanes` output channels; four bytes along K meet four weights
 * of each of them. Requantised vectors are packed within 128-bit parts, so element 4 p + e of
 * vector j of a panel of n vectors is channel 4 n p + 4 j + e: the packing then yields channels in
 * order. A panel of 0 vectors is half a vector. Instruction sets whose products are of unsigned
 * activations (flip) see x + 128; bias holds what that and the zero points take: bias - (zero +
 * flip) * sum of weights. */
#ifndef GANTRY_KERNELS_PACK_H
#define GANTRY_KERNELS_PACK_H

#include "kernels/kernel.h"

enum { GANTRY_GEMM_VECTORS_MAX = 4, GANTRY_GEMM_BLOCK = 96 };

/* Requantisation as the kernels of the instruction sets do it. */
struct gantry_requant {
    int32_t zero, lo, hi;
    bool wide; /* a product may leave int32 and is limited before it is rounded */
};
bool gantry_requant_is_wide(const float *scale, int32_t count);

/* Weights minus their zero point that are no bytes are sums of bytes: the part of w at a level,
 * most of it at level 0. Three levels hold any of them. Narrow parts are at least -127. */
enum { GANTRY_WEIGHT_LEVELS = 3 };
static inline int8_t gantry_weight_part(int32_t w, int32_t level, bool narrow)
{
    int32_t least = narrow ? -INT8_MAX : INT8_MIN;
    int32_t part = gantry_min_i32(gantry_max_i32(w, least), INT8_MAX);
    for (; level > 0; level--) {
        w -= part;
        part = gantry_min_i32(gantry_max_i32(w, least), INT8_MAX);
    }
    return (int8_t)part;
}
/* Memory for packed weights: what was packed before (kept), or new memory that is to be filled. */
struct gantry_pack_block {
    bool kept;
    int8_t *weights;
    int32_t *bias;
    float *scale;
    struct gantry_packed packed;
};
/* For so many bytes of weights, and biases and scales of so many channels; false: out of memory. */
GANTRY_MUST_USE bool gantry_pack_block(struct gantry_pack_block *block, size_t weight_bytes,
                                       size_t channels, const struct gantry_packed *before,
                                       struct gantry_arena *arena);

/* Whether weights less their zero point are not all bytes, or not all narrow. */
bool gantry_weights_have_parts(const int8_t *weights, size_t count, int32_t zero, bool narrow);

/* ---- Matrix product over segments: rows[s * pitch + i] is segment s of pixel i ---- */

/* A group of four bytes that is multiplied once more: with further levels of its weights. */
struct gantry_gemm_rest {
    int32_t segment, byte; /* the first of the four */
};

struct gantry_gemm_call {
    const int8_t *const *rows;
    int32_t pitch;
    int32_t segments, groups; /* groups of four bytes in a segment */
    const int8_t *weights;    /* [segment][group][vector][lane][4], then [rest][vector][lane][4] */
    const struct gantry_gemm_rest *rests;
    int32_t rest_count;
    const int32_t *bias; /* [vector][lane] */
    const float *scale;
    bool flipped; /* the segments hold x + 128 already */
    int8_t *out;
    ptrdiff_t out_stride;
    int32_t channels; /* of the panel that are written */
    struct gantry_requant requant;
};

/* The matrix kernels of an instruction set. */
struct gantry_gemm_isa {
    int32_t lanes;
    bool flip;
    bool narrow;                               /* weights are packed as -127..127 */
    int32_t vectors;                           /* of the widest panel: 1, 2 or 4 */
    bool halves;                               /* panels of half a vector */
    int32_t rows[GANTRY_GEMM_VECTORS_MAX + 1]; /* most pixels of a tile, by vectors */
    void (*tile)(const struct gantry_gemm_call *call, int32_t vectors, int32_t rows);
    /* Copies bytes as the products take them: x + 128 where flip. */
    void (*copy)(int8_t *to, const int8_t *from, int32_t count);
    /* Products at the greatest speed that registers allow; returns how many. */
    uint64_t (*peak)(int32_t rounds);
};

/* ---- Depthwise convolution of flat rows: channels and pixels in one run of bytes ---- */

/* Chunks of 4 x lanes bytes; chunk c uses the weights of phase c % phases:
 * [phase][ky][tap group][4 vectors][lane][4 taps], or where by_tap [phase][ky][tap][4
 * vectors][lane]; bias and scale [phase][4 vectors][lane]. rest_rows[phase] has bit ky set where
 * weights of that row have a second level: in rests. */
struct gantry_depthwise_pack {
    int32_t kernel_h, kernel_w;
    int32_t row_bytes; /* of the weights of a row of the kernel in a phase */
    int32_t phases;
    const int8_t *weights, *rests; /* rests: like weights, read where rest_rows says so */
    const uint64_t *rest_rows;
    const int32_t *bias;
    const float *scale;
    int32_t input_zero;
    struct gantry_requant requant;
};

/* One row of output: byte i takes tap (ky, kx) from rows[ky][i + offset[kx]], where that index
 * lies in 0..valid-1, else the input's zero point. */
struct gantry_depthwise_call {
    const struct gantry_depthwise_pack *pack;
    const int8_t *const *rows;
    const ptrdiff_t *offset;
    int32_t bytes, valid;
    int8_t *out;
};

/* Columns of output of a 3 x 3 kernel with vertical stride 1 or 2: rows as above for each of
 * (count - 1) * stride + 3 rows. */
struct gantry_depthwise_column {
    const struct gantry_depthwise_pack *pack;
    const int8_t *const *rows;
    const ptrdiff_t *offset;
    int32_t bytes, valid, count, stride;
    int8_t *out;
    ptrdiff_t out_pitch;
};

struct gantry_depthwise_isa {
    int32_t lanes;
    bool flip;
    bool narrow; /* weights are packed as -127..127 */
    bool by_tap; /* the order of packed weights, above */
    void (*row)(const struct gantry_depthwise_call *call);
    void (*column)(const struct gantry_depthwise_column *column);
    /* Copies even and odd pixels of c bytes (8, 16 or 32) apart; returns how many of count it
     * copied, an even number. May be NULL. */
    int32_t (*split)(const int8_t *from, int32_t count, int32_t c, int8_t *even, int8_t *odd);
};

/* NULL where the build or the machine lacks the instruction set. */
const struct gantry_gemm_isa *gantry_gemm_isa(enum gantry_isa isa);
const struct gantry_depthwise_isa *gantry_depthwise_isa(enum gantry_isa isa);

extern const struct gantry_gemm_isa gantry_gemm__avx512, gantry_gemm__avx2, gantry_gemm__neon,
    gantry_gemm__neondot;
extern const struct gantry_depthwise_isa gantry_depthwise__avx512, gantry_depthwise__avx2,
    gantry_depthwise__neon;

#endif
