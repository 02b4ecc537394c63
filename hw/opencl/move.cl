/* SPDX-License-Identifier: Apache-2.0
 * LOAD and STORE. Dimension 0: words of a row, rounded up to whole work-groups; dimension 1: rows.
 * at: byte of the first row in the buffer. */

__kernel __attribute__((reqd_work_group_size(GANTRY_LOCAL, 1, 1))) void
gantry_load(__global char16 *act, __global const char *memory, const struct gantry_move move,
            long at, volatile __global int *faults, int slot)
{
    int32_t row = get_global_id(1), pixel = get_global_id(0) / move.words;
    int32_t j = get_global_id(0) % move.words;
    if (pixel >= move.pixels) return;
    int64_t q = gantry_act_pixel(&move.tensor, move.row0 + row, pixel);
    int64_t to = word_index(&move.tensor, q, move.cb0 + j, faults + slot);
    if (to < 0) return;
    __global const char *bytes = memory + at + row * move.row_stride;
    int64_t first = (int64_t)pixel * move.step - move.lead + GANTRY_CHANNELS * (int64_t)j;
    if (first >= 0 && first + GANTRY_CHANNELS <= move.row_bytes) {
        act[to] = vload16(0, bytes + first);
        return;
    }
    int8_t word[GANTRY_CHANNELS];
    for (int32_t i = 0; i < GANTRY_CHANNELS; i++)
        word[i] = first + i >= 0 && first + i < move.row_bytes ? bytes[first + i] : (char)move.pad;
    act[to] = vload16(0, word);
}

__kernel __attribute__((reqd_work_group_size(GANTRY_LOCAL, 1, 1))) void
gantry_store(__global const char16 *act, __global char *memory, const struct gantry_move move,
             long at, volatile __global int *faults, int slot)
{
    int32_t row = get_global_id(1), pixel = get_global_id(0) / move.words;
    int32_t j = get_global_id(0) % move.words;
    if (pixel >= move.pixels) return;
    int64_t q = gantry_act_pixel(&move.tensor, move.row0 + row, pixel);
    int64_t from = word_index(&move.tensor, q, move.cb0 + j, faults + slot);
    if (from < 0) return;
    __global char *bytes = memory + at + row * move.row_stride;
    vstore16(act[from], 0, bytes + ((int64_t)pixel * move.words + j) * GANTRY_CHANNELS);
}
