/* SPDX-License-Identifier: Apache-2.0
 * Inside of the executor: the state of a launch, and what its files share. */
#ifndef GANTRY_ACCEL_EXECUTE_H
#define GANTRY_ACCEL_EXECUTE_H

#include "accel/decode.h"
#include "accel/order.h"

enum {
    GANTRY_SLOTS_MAX = 2 * GANTRY_G_MAX,
    GANTRY_TILE_PIXELS_MAX = GANTRY_TILE_ROWS_MAX * GANTRY_SLOTS_MAX,
    GANTRY_BLOCKS_MAX = 4,   /* m */
    GANTRY_GROUPS_MAX = 256, /* the GROUPS operand */
    GANTRY_NO_RESIDUAL = -1
};

/* ---- State ---- */

/* One word on its way to the activation RAM. Rule X is applied when it is written: the residual
 * is read behind all older writes. */
struct gantry_pending_word {
    int32_t to, residual; /* indices of words; residual may be GANTRY_NO_RESIDUAL */
    int32_t rule_x;       /* index into the entry's residual parameters */
    uint8_t value[GANTRY_CHANNELS];
};

struct gantry_accel {
    struct gantry_array_params params;
    const struct gantry_allocator *allocator;
    int32_t npx;
    uint8_t *act; /* word of (bank, row) at (row * npx + bank) * 16 */
    int64_t act_words;

    /* Launch */
    struct gantry_order order;
    int64_t stripe_bytes;

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

/* Operations of the order, on a struct gantry_accel. The front of a CONV or WINDOW reads inputs and
 * weights and leaves its words pending; rule X reads its residual when a word is written. */
bool gantry_exec_load(void *context, struct gantry_queue_entry *entry);
bool gantry_exec_store(void *context, struct gantry_queue_entry *entry);
bool gantry_exec_conv(void *context, struct gantry_queue_entry *entry);
void gantry_exec_write_all(void *context, struct gantry_queue_entry *entry);

#endif
