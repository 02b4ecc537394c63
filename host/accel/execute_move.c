/* SPDX-License-Identifier: Apache-2.0
 * LOAD and STORE: rows of bytes between memory and the activation RAM. */
#include "accel/execute.h"

#include <string.h>

/* One row; false after an error. */
static bool move_row(struct gantry_accel *accel, const struct gantry_move *move, int32_t row,
                     const struct gantry_queue_entry *entry, bool load)
{
    int64_t start = gantry_order_row(&accel->order, entry, move, row);
    if (start < 0) return false;
    uint8_t *bytes = accel->order.memory->buffer[move->buffer] + start;
    for (int32_t x = 0; x < move->pixels; x++) {
        int64_t q = gantry_act_pixel(&move->tensor, move->row0 + row, x);
        for (int32_t j = 0; j < move->words; j++) {
            int32_t bank;
            int64_t at;
            gantry_act_address(&move->tensor, accel->npx, q, move->cb0 + j, &bank, &at);
            if (at >= accel->params.act_rows)
                return gantry_order_fail(&accel->order, GANTRY_CAUSE_ACT_RANGE,
                                         load ? GANTRY_UNIT_LOAD : GANTRY_UNIT_STORE, entry->index,
                                         (uint64_t)at);
            uint8_t *word = gantry_accel_act_word(accel, bank, (int32_t)at);
            if (load)
                gantry_load_word(bytes, move->row_bytes, x, j, move->step, move->lead,
                                 (uint8_t)move->pad, word);
            else
                memcpy(bytes + ((int64_t)x * move->words + j) * GANTRY_CHANNELS, word,
                       GANTRY_CHANNELS);
        }
    }
    return true;
}

static bool move_rows(struct gantry_accel *accel, const struct gantry_queue_entry *entry, bool load)
{
    struct gantry_move move;
    gantry_move_decode(&move, &entry->insn);
    for (int32_t row = 0; row < move.rows; row++)
        if (!move_row(accel, &move, row, entry, load)) return false;
    return true;
}

bool gantry_exec_load(void *context, struct gantry_queue_entry *entry)
{
    return move_rows(context, entry, true);
}

bool gantry_exec_store(void *context, struct gantry_queue_entry *entry)
{
    return move_rows(context, entry, false);
}
