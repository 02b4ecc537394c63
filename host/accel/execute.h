/* SPDX-License-Identifier: Apache-2.0
 * Inside of the executor: the state of a launch, and what its files share. */
#ifndef GANTRY_ACCEL_EXECUTE_H
#define GANTRY_ACCEL_EXECUTE_H

#include "accel/accel.h"

enum {
    GANTRY_SLOTS_MAX = 2 * GANTRY_G_MAX,
    GANTRY_TILE_PIXELS_MAX = GANTRY_TILE_ROWS_MAX * GANTRY_SLOTS_MAX,
    GANTRY_BLOCKS_MAX = 4,   /* m */
    GANTRY_GROUPS_MAX = 256, /* the GROUPS operand */
    GANTRY_NO_RESIDUAL = -1
};

/* ---- Legality of one instruction (fields.c) ---- */

/* Cause of refusal, or GANTRY_CAUSE_NONE; *field_out gets the offending operand, or
 * GANTRY_OPERAND_COUNT when no single one is to blame. This is what fetch checks, and the
 * combinations of modes that have no meaning. */
enum gantry_cause gantry_insn_legal(const struct gantry_array_params *params,
                                    const struct gantry_insn *insn, enum gantry_operand *field_out);
/* Queue of an opcode: GANTRY_UNIT_LOAD, _COMPUTE, _STORE, or _FETCH for the rest. */
enum gantry_unit gantry_insn_queue(uint32_t opcode);

/* ---- Decoded instructions (decode.c) ---- */

/* CONV, and WINDOW: that one is a CONV with diag (or tcb) whose k-steps are passes. p: pixels of an
 * accumulator row. */
struct gantry_conv {
    bool window;
    int32_t passes; /* steps with tcb */
    struct gantry_pass pass[GANTRY_PASSES_MAX];
    bool res, diag, max, tcb, w2, pool;
    uint8_t pad;
    int32_t m, p;
    struct gantry_act_tensor in, out, residual;
    int32_t out_cb0, walk_cb, blocks, groups, tile, tiles, rows;
    int32_t kh, kw, dilation, pad_top, pad_left;
    int32_t zero, lo, hi;
    int32_t dep;
    bool whole;
};
void gantry_conv_decode(struct gantry_conv *out, const struct gantry_insn *insn, int32_t npx);

/* LOAD and STORE; row_bytes, step, lead and pad of a STORE are those of whole words. */
struct gantry_move {
    int32_t buffer;
    int64_t offset, row_stride;
    int32_t rows, row0, row_bytes, pixels, step, lead, words, cb0;
    uint8_t pad;
    struct gantry_act_tensor tensor;
};
void gantry_move_decode(struct gantry_move *out, const struct gantry_insn *insn);

/* ---- State ---- */

/* What can happen next in a launch. */
enum gantry_action {
    GANTRY_ACTION_WRITE, /* the oldest COMPUTE instruction finishes: its words are written */
    GANTRY_ACTION_STORE,
    GANTRY_ACTION_FRONT, /* the next COMPUTE instruction reads its inputs */
    GANTRY_ACTION_LOAD,
    GANTRY_ACTION_FETCH,
    GANTRY_ACTIONS
};

/* One word on its way to the activation RAM. Rule X is applied when it is written: the residual
 * is read behind all older writes. */
struct gantry_pending_word {
    int32_t to, residual; /* indices of words; residual may be GANTRY_NO_RESIDUAL */
    int32_t rule_x;       /* index into the entry's residual parameters */
    uint8_t value[GANTRY_CHANNELS];
};

struct gantry_queue_entry {
    struct gantry_insn insn;
    uint32_t index, run;
    uint64_t sequence; /* number among the queue's entries, over all runs */
    int64_t words;     /* COMPUTE, after its front: words still to write */
};

struct gantry_queue {
    struct gantry_queue_entry entry[GANTRY_COMPUTE_QUEUE];
    int32_t depth, head, count;
    uint64_t sequence; /* of the next entry */
};

struct gantry_accel {
    struct gantry_array_params params;
    const struct gantry_allocator *allocator;
    int32_t npx;
    uint8_t *act; /* word of (bank, row) at (row * npx + bank) * 16 */
    int64_t act_words;

    /* Launch */
    const struct gantry_accel_memory *memory;
    struct gantry_accel_result *result;
    int64_t stripe_bytes;
    uint64_t random; /* 0: program order */
    uint32_t fetch_index, fetch_run;
    bool over;
    int32_t semaphore[GANTRY_SEMAPHORES];
    struct gantry_queue load, compute, store;
    int32_t fronts;                 /* entries of compute whose front is over */
    uint64_t compute_done;          /* COMPUTE instructions finished, over all runs */
    int64_t line;                   /* next line of the weight stream */
    uint32_t line_run;              /* run that line belongs to */
    uint32_t eager[GANTRY_ACTIONS]; /* random order: how eager each action is */

    /* Words of fronts that are over, oldest first: a ring of act_words entries. */
    struct gantry_pending_word *pending;
    int64_t pending_head, pending_count;
    struct gantry_lane_res (*rule_x)[GANTRY_GROUPS_MAX]; /* per compute slot and group */

    /* Scratch of a CONV */
    int32_t acc[GANTRY_TILE_PIXELS_MAX * GANTRY_CHANNELS];
    int16_t input[GANTRY_TILE_PIXELS_MAX][GANTRY_CHANNELS];
    int16_t weight[GANTRY_BLOCK_BYTES];
    int32_t bias[GANTRY_BLOCKS_MAX][GANTRY_CHANNELS];
    uint32_t scale[GANTRY_BLOCKS_MAX][GANTRY_CHANNELS];
    int32_t pixel_y[GANTRY_TILE_PIXELS_MAX], pixel_x[GANTRY_TILE_PIXELS_MAX];
};

/* Records the first error of a launch; returns false. */
bool gantry_exec_fail(struct gantry_accel *accel, enum gantry_cause cause, enum gantry_unit unit,
                      uint32_t index, uint64_t info);

/* What one group of a CONV works on. */
struct gantry_exec_group {
    const struct gantry_conv *conv;
    struct gantry_queue_entry *entry;
    int32_t number;
    int64_t first_step; /* line of the stream */
    int32_t tile, rows; /* of the tile under work */
    int32_t pixels;     /* rows * conv->p, or rows with TCB */
    bool first;         /* the next products are the tile's first */
};
/* A block of 16 x 16 weights from the stream into accel->weight. */
void gantry_exec_read_block(struct gantry_accel *accel, int64_t line);
/* A tile of WINDOW: its rows and pixels, then its sums. */
void gantry_exec_window_place(struct gantry_accel *accel, struct gantry_exec_group *group);
bool gantry_exec_window(struct gantry_accel *accel, struct gantry_exec_group *group);

/* The front of a CONV or WINDOW: reads inputs and weights, leaves its words pending. False after an
 * error. */
bool gantry_exec_conv(struct gantry_accel *accel, struct gantry_queue_entry *entry);
/* Writes the oldest pending word; rule X reads its residual now. */
void gantry_exec_write(struct gantry_accel *accel);
bool gantry_exec_load(struct gantry_accel *accel, const struct gantry_queue_entry *entry);
bool gantry_exec_store(struct gantry_accel *accel, const struct gantry_queue_entry *entry);

#endif
