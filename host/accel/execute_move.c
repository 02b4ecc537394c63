/* SPDX-License-Identifier: Apache-2.0
 * LOAD and STORE: rows of bytes between memory and the activation RAM. */
#include "accel/execute.h"

#include <string.h>

/* First byte of a row in its buffer, or -1 when the row does not lie within the buffer. */
static int64_t row_start(const struct gantry_accel *accel, const struct gantry_move *move,
                         int32_t row, uint32_t run, int64_t *offset_out)
{
    const struct gantry_accel_memory *memory = accel->memory;
    int64_t offset =
        move->offset + row * move->row_stride + (int64_t)run * memory->run_stride[move->buffer];
    *offset_out = offset;
    uint64_t end = (uint64_t)offset + (uint64_t)move->row_bytes;
    return end > memory->buffer_bytes[move->buffer] ? -1 : offset;
}

/* One row; false after an error. */
static bool move_row(struct gantry_accel *accel, const struct gantry_move *move, int32_t row,
                     const struct gantry_queue_entry *entry, bool load)
{
    enum gantry_unit unit = load ? GANTRY_UNIT_LOAD : GANTRY_UNIT_STORE;
    int64_t offset, start = row_start(accel, move, row, entry->run, &offset);
    if (start < 0)
        return gantry_exec_fail(accel, GANTRY_CAUSE_DDR_RANGE, unit, entry->index,
                                (uint64_t)offset);
    uint64_t *moved = load ? &accel->result->read_bytes : &accel->result->write_bytes;
    *moved += (uint64_t)move->row_bytes;
    uint8_t *bytes = accel->memory->buffer[move->buffer] + start;
    for (int32_t x = 0; x < move->pixels; x++) {
        int64_t q = gantry_act_pixel(&move->tensor, move->row0 + row, x);
        for (int32_t j = 0; j < move->words; j++) {
            int32_t bank;
            int64_t at;
            gantry_act_address(&move->tensor, accel->npx, q, move->cb0 + j, &bank, &at);
            if (at >= accel->params.act_rows)
                return gantry_exec_fail(accel, GANTRY_CAUSE_ACT_RANGE, unit, entry->index,
                                        (uint64_t)at);
            uint8_t *word = gantry_accel_act_word(accel, bank, (int32_t)at);
            if (load)
                gantry_load_word(bytes, move->row_bytes, x, j, move->step, move->lead, move->pad,
                                 word);
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

bool gantry_exec_load(struct gantry_accel *accel, const struct gantry_queue_entry *entry)
{
    return move_rows(accel, entry, true);
}

bool gantry_exec_store(struct gantry_accel *accel, const struct gantry_queue_entry *entry)
{
    return move_rows(accel, entry, false);
}
