/* SPDX-License-Identifier: Apache-2.0
 * Random legal programs: LOADs, a chain of COMPUTE instructions, STOREs of all that was made, with
 * semaphores and dependencies as the rules of docs/hardware.md want them.
 *
 * A chain holds what a launch needs (program, striped weights, buffers) and what it must leave
 * behind (the executor's result). ops say in plain terms what each instruction means, for a
 * reference that knows nothing of layouts. Same seed, parameters and options: the same chain. */
#ifndef GANTRY_TEST_CHAIN_H
#define GANTRY_TEST_CHAIN_H

#include "accel/accel.h"

/* What a chain may contain; bits of gantry_chain_options.features. */
enum gantry_chain_feature {
    GANTRY_CHAIN_RESIDUAL = 1 << 0,
    GANTRY_CHAIN_DIAG = 1 << 1,
    GANTRY_CHAIN_MAX = 1 << 2,
    GANTRY_CHAIN_POOL = 1 << 3,
    GANTRY_CHAIN_TCB = 1 << 4,
    GANTRY_CHAIN_W2 = 1 << 5,
    GANTRY_CHAIN_FLAT = 1 << 6,     /* 1x1 over the stored pixels */
    GANTRY_CHAIN_SLICE = 1 << 7,    /* input blocks within a tensor, output blocks into one */
    GANTRY_CHAIN_DILATION = 1 << 8, /* 1..3 */
    GANTRY_CHAIN_PLANES = 1 << 9,   /* tensors with parity planes: strides 2 */
    GANTRY_CHAIN_PAD = 1 << 10,     /* paddings, also negative ones */
    GANTRY_CHAIN_FOLD = 1 << 11,    /* row-folded loads */
    GANTRY_CHAIN_M = 1 << 12,       /* m = 2 and 4 where G allows */
    GANTRY_CHAIN_TILES = 1 << 13,   /* several tiles a group */
    GANTRY_CHAIN_REUSE = 1 << 14,   /* rows of dead tensors, in-place residuals */
    GANTRY_CHAIN_ARENA = 1 << 15,   /* tensors that go through the arena */
    GANTRY_CHAIN_SYNC = 1 << 16,    /* SYNC and NOP */
    GANTRY_CHAIN_SEM_INIT = 1 << 17,
    GANTRY_CHAIN_REPEAT = 1 << 18, /* two or three runs */
    GANTRY_CHAIN_WINDOW = 1 << 19, /* where the array has the window path */
    GANTRY_CHAIN_FINE = 1 << 20,   /* DEP without WHOLE */
    GANTRY_CHAIN_LIMITS = 1 << 21, /* zero points, clamps, accumulators at their ends */
    GANTRY_CHAIN_ALL = (1 << 22) - 1
};

struct gantry_chain_options {
    uint32_t features;    /* 0: all but REPEAT */
    int32_t convs_max;    /* COMPUTE instructions at most; 0: 6 */
    int32_t size_max;     /* height and width of inputs at most; 0: 12 */
    int32_t blocks_max;   /* channel blocks at most; 0: 4 */
    int32_t act_rows_max; /* rows to use at most; 0: all */
};

enum { GANTRY_CHAIN_TENSORS = 32, GANTRY_CHAIN_OPS = 64, GANTRY_CHAIN_NONE = -1 };

struct gantry_chain_tensor {
    struct gantry_act_tensor act;
    int32_t valid0, valid1; /* blocks that hold data: valid0 .. valid1 - 1 */
};

/* Residual in the terms of rule X. */
struct gantry_chain_rule_x {
    int32_t k1, k2, shift, zero1, zero2, zero_out, lo, hi;
};

enum gantry_chain_kind { GANTRY_CHAIN_LOAD, GANTRY_CHAIN_CONV, GANTRY_CHAIN_STORE };

/* What one instruction means. Tensors are indices into gantry_chain.tensors. */
struct gantry_chain_op {
    enum gantry_chain_kind kind;
    uint32_t insn;
    int32_t tensor; /* written by LOAD and CONV, read by STORE */
    int32_t block;  /* first block of it */
    /* LOAD and STORE: fields of the instruction say the rest. */

    /* CONV */
    int32_t in, in_block, residual, residual_block;
    int32_t walk, blocks; /* input and output blocks */
    int32_t kh, kw, stride_y, stride_x, dilation, pad_top, pad_left, out_h, out_w;
    bool diag, max, tcb, pool, flat;
    int8_t pad;
    int32_t zero, lo, hi;
    /* weight[((o * kh + ky) * kw + kx) * inputs + i], both parts added; outputs: 16 * blocks, 16
     * with tcb; inputs: 16 * walk. */
    int16_t *weight;
    int32_t *bias;
    float *scale;
    struct gantry_chain_rule_x rule_x;
};

struct gantry_chain {
    struct gantry_array_params params;
    uint64_t seed;
    uint8_t *program, *weights;
    uint32_t insn_count, wgt_lines;
    size_t weights_bytes;
    uint8_t *buffer[3], *expected[3]; /* before and after, by gantry_launch_buffer */
    size_t buffer_bytes[3];
    uint32_t repeat, run_stride[3];
    bool overlapped; /* a run loads while the one before it computes */
    uint64_t sem_init;
    struct gantry_chain_tensor tensors[GANTRY_CHAIN_TENSORS];
    struct gantry_chain_op ops[GANTRY_CHAIN_OPS];
    int32_t tensor_count, op_count;
    struct gantry_accel_result result; /* of the executor */
};

/* Makes a chain; false only when memory is out. Release with gantry_chain_finish. */
bool gantry_chain_make(struct gantry_chain *out, const struct gantry_array_params *params,
                       const struct gantry_chain_options *options, uint64_t seed);
void gantry_chain_finish(struct gantry_chain *chain);
/* The launch with buffers of the caller's (copies of chain->buffer). */
void gantry_chain_memory(const struct gantry_chain *chain, uint8_t *const buffers[3],
                         struct gantry_accel_memory *out);
/* Prints the program, one instruction a line, to stderr. */
void gantry_chain_print(const struct gantry_chain *chain);

#endif
