/* SPDX-License-Identifier: Apache-2.0
 * Inside of the chain generator: what is known while a chain grows. */
#ifndef GANTRY_TEST_CHAIN_BUILD_H
#define GANTRY_TEST_CHAIN_BUILD_H

#include "chain.h"
#include "random.h"

enum { CHAIN_INSNS = 96, CHAIN_QUEUES = 3, CHAIN_NONE = GANTRY_CHAIN_NONE };
enum chain_queue { CHAIN_QUEUE_LOAD, CHAIN_QUEUE_COMPUTE, CHAIN_QUEUE_STORE, CHAIN_QUEUE_FETCH };

/* Rows of the activation RAM that one tensor after the other may use. Instructions that touched
 * them last, by index, or CHAIN_NONE. */
struct chain_region {
    int32_t base, rows;
    int32_t load, compute, store;
};

struct chain_state { /* of a tensor */
    int32_t region;
    int32_t loads[2], load_count; /* instructions that wrote it */
    int32_t writer;               /* number among COMPUTE instructions, or CHAIN_NONE */
    bool stored, dead;
};

struct chain_semaphore {
    bool used;
    enum chain_queue from, to;
    int32_t last_from, last_to;
};

struct chain_builder {
    struct gantry_chain *chain;
    const struct gantry_array_params *params;
    struct gantry_chain_options options;
    uint64_t seed;
    int32_t npx;
    bool failed; /* out of room: another try */

    struct gantry_insn insn[CHAIN_INSNS];
    enum chain_queue queue[CHAIN_INSNS];
    int32_t count;
    int32_t compute_insn[CHAIN_INSNS], compute_count; /* by number among COMPUTE */
    int32_t sync;                                     /* number of the last SYNC */

    struct chain_state state[GANTRY_CHAIN_TENSORS];
    struct chain_region region[GANTRY_CHAIN_TENSORS];
    int32_t region_count, rows_used;

    struct chain_semaphore semaphore[GANTRY_SEMAPHORES];
    /* Youngest instruction of a queue that is over when the next one of another queue starts. */
    int32_t known[CHAIN_QUEUES][CHAIN_QUEUES];

    uint8_t *lines;
    int64_t line_count, line_capacity;
    size_t used[3]; /* bytes of the buffers */
};

static inline int32_t chain_in(struct chain_builder *b, int32_t lo, int32_t hi)
{
    return random_in(&b->seed, lo, hi);
}
static inline bool chain_one_in(struct chain_builder *b, int32_t n)
{
    return random_one_in(&b->seed, n) != 0;
}
/* Whether a feature is on, drawn once in n. */
static inline bool chain_draw(struct chain_builder *b, enum gantry_chain_feature feature, int32_t n)
{
    return (b->options.features & (uint32_t)feature) && chain_one_in(b, n);
}

/* ---- chain.c ---- */

/* Appends an instruction; returns its index. */
int32_t chain_append(struct chain_builder *b, uint32_t opcode);
void chain_set(struct chain_builder *b, int32_t insn, enum gantry_operand operand, int64_t value);
/* Orders: to starts when from is over. Nothing to do when that is known, or from is CHAIN_NONE. */
void chain_edge(struct chain_builder *b, int32_t from, int32_t to);
struct gantry_chain_op *chain_op(struct chain_builder *b, enum gantry_chain_kind kind, int32_t insn,
                                 int32_t tensor, int32_t block);
/* A new tensor of the given layout in free rows; CHAIN_NONE when there are none. */
int32_t chain_tensor(struct chain_builder *b, const struct gantry_act_tensor *act);
/* Orders an instruction that writes behind all that used the tensor's rows before. */
void chain_edges_of_writer(struct chain_builder *b, int32_t tensor, int32_t insn);
/* Orders a reader behind the tensor's writers; COMPUTE to COMPUTE is left to dep. */
void chain_edges_of_reader(struct chain_builder *b, int32_t tensor, int32_t insn);
/* A tensor that holds data and is not dead, drawn; CHAIN_NONE when there is none. */
int32_t chain_pick(struct chain_builder *b);
uint8_t *chain_line(struct chain_builder *b); /* next line of the stream, zeroed */

/* ---- chain_move.c ---- */
void chain_load(struct chain_builder *b);
void chain_store(struct chain_builder *b, int32_t tensor);

/* ---- chain_conv.c ---- */

/* A COMPUTE instruction while it is drawn. */
struct chain_shape {
    struct gantry_chain_op op;    /* what it means */
    struct gantry_act_tensor in;  /* as the instruction sees it: flat views differ */
    struct gantry_act_tensor out; /* the same */
    bool w2;
    int32_t m, rows, tile;
};

void chain_conv(struct chain_builder *b);
/* Blocks of input and output; a tensor for the output, false when there is none; zero point, range
 * and pad byte. */
void chain_draw_blocks(struct chain_builder *b, struct chain_shape *s);
bool chain_draw_size(struct chain_builder *b, struct chain_shape *s);
bool chain_draw_output(struct chain_builder *b, struct chain_shape *s);
void chain_draw_range(struct chain_builder *b, struct gantry_chain_op *op);
/* DEP of the instruction to come, and whether it may do without WHOLE. */
struct chain_dep {
    int32_t distance;
    bool fine;
};
struct chain_dep chain_dependency(struct chain_builder *b, const struct gantry_chain_op *op);
/* Orders the instruction, notes it as the writer of its output, files the op. */
struct gantry_chain_op *chain_finish(struct chain_builder *b, int32_t insn,
                                     const struct chain_shape *s);

/* ---- chain_window.c ---- */

/* A pass of WINDOW with the kernel taps it stands for: rows ky, ky + stride, .. */
struct chain_pass {
    struct gantry_pass pass;
    int32_t ky, kx, columns;
};
void chain_window(struct chain_builder *b);

/* ---- chain_weights.c ---- */
/* Draws weights and parameters of an op, and writes its lines. m: blocks of a group. */
void chain_weights(struct chain_builder *b, struct gantry_chain_op *op, int32_t m, bool w2);
/* The same for WINDOW. With tcb a pass is a step over the raster. */
void chain_window_weights(struct chain_builder *b, struct gantry_chain_op *op,
                          const struct chain_pass *passes, int32_t count);

#endif
