/* SPDX-License-Identifier: Apache-2.0
 * CONV: the loop nest of docs/hardware.md with its equations, tile by tile.
 *
 * The weight stream is read in order: of each group the RES line, the parameter lines and then,
 * for every tile again, the k-steps. The m blocks of a k-step follow each other; with W2 all
 * blocks of the first part come before those of the second. */
#include "accel/execute.h"

#include <string.h>

static void read_line(const struct gantry_accel *accel, int64_t line, uint8_t *out)
{
    const struct gantry_lines lines = {.stripe = accel->stripe_bytes};
    int32_t ports = accel->params.ports, width = GANTRY_LINE_BYTES / ports;
    for (int32_t b = 0; b < GANTRY_LINE_BYTES; b += width)
        memcpy(out + b, accel->order.memory->weights + gantry_line_byte(&lines, ports, line, b),
               (size_t)width);
}

static void read_parameters(struct gantry_accel *accel, int64_t line, int32_t block)
{
    uint8_t bytes[GANTRY_LINE_BYTES];
    read_line(accel, line, bytes);
    for (int32_t c = 0; c < GANTRY_CHANNELS; c++) {
        accel->bias[block][c] = (int32_t)gantry_load_u32(bytes + 4 * (GANTRY_PARAM_WORD_BIAS + c));
        accel->scale[block][c] = gantry_load_u32(bytes + 4 * (GANTRY_PARAM_WORD_SCALE + c));
    }
}

void gantry_exec_read_block(struct gantry_accel *accel, int64_t line)
{
    uint8_t bytes[GANTRY_BLOCK_BYTES];
    read_line(accel, line, bytes);
    read_line(accel, line + 1, bytes + GANTRY_LINE_BYTES);
    for (int32_t i = 0; i < GANTRY_BLOCK_BYTES; i++) accel->weight[i] = (int8_t)bytes[i];
}

/* Coordinates of the tile's raster pixels; with TCB all rows are of pixel 0. */
static void place_pixels(struct gantry_accel *accel, const struct gantry_exec_group *group)
{
    const struct gantry_conv *conv = group->conv;
    int64_t first = (int64_t)group->tile * conv->tile * conv->p;
    int32_t pitch = conv->in.pitch;
    for (int32_t i = 0; i < group->pixels; i++) {
        accel->pixel_y[i] = conv->tcb ? 0 : (int32_t)((first + i) / pitch);
        accel->pixel_x[i] = conv->tcb ? 0 : (int32_t)((first + i) % pitch);
    }
}

/* Reads the input words of one k-step: tap (a, b) relative to the raster pixel, block cb. */
static bool gather(struct gantry_accel *accel, const struct gantry_exec_group *group, int32_t cb,
                   int32_t a, int32_t b)
{
    const struct gantry_conv *conv = group->conv;
    const struct gantry_act_tensor *in = &conv->in;
    int64_t offset = gantry_act_tap(in, a, b);
    int64_t q0 = conv->tcb ? offset : (int64_t)group->tile * conv->tile * conv->p + offset;
    for (int32_t i = 0; i < group->pixels; i++) {
        int16_t *to = accel->input[i];
        int32_t y = accel->pixel_y[i] * in->sy + a, x = accel->pixel_x[i] * in->sx + b;
        if (accel->pixel_y[i] >= conv->out.h || y < 0 || y >= in->h || x < 0 || x >= in->w) {
            for (int32_t c = 0; c < GANTRY_CHANNELS; c++) to[c] = (int8_t)conv->pad;
            continue;
        }
        int32_t bank, block = conv->tcb ? group->tile * conv->tile + i : cb;
        int64_t row;
        gantry_act_address(in, accel->npx, conv->tcb ? q0 : q0 + i, block, &bank, &row);
        if (row >= accel->params.act_rows)
            return gantry_order_fail(&accel->order, GANTRY_CAUSE_ACT_RANGE, GANTRY_UNIT_COMPUTE,
                                     group->entry->index, (uint64_t)row);
        const uint8_t *word = gantry_accel_act_word(accel, bank, (int32_t)row);
        for (int32_t c = 0; c < GANTRY_CHANNELS; c++) to[c] = (int8_t)word[c];
    }
    return true;
}

/* Products of the gathered words with the block in accel->weight, into accumulators of block j. */
static void multiply(struct gantry_accel *accel, const struct gantry_exec_group *group, int32_t j)
{
    bool keep_max = group->conv->max && !group->first;
    const int16_t *weight = accel->weight;
    for (int32_t i = 0; i < group->pixels; i++) {
        const int16_t *in = accel->input[i];
        int32_t *acc = accel->acc + (j * group->pixels + i) * GANTRY_CHANNELS;
        for (int32_t o = 0; o < GANTRY_CHANNELS; o++) {
            int32_t sum = 0;
            for (int32_t c = 0; c < GANTRY_CHANNELS; c++)
                sum += in[c] * weight[o * GANTRY_CHANNELS + c];
            if (group->first)
                acc[o] = sum;
            else if (keep_max)
                acc[o] = gantry_max_i32(acc[o], sum);
            else
                acc[o] = (int32_t)((uint32_t)acc[o] + (uint32_t)sum);
        }
    }
}

/* All k-steps of a tile. */
static bool accumulate(struct gantry_accel *accel, struct gantry_exec_group *group)
{
    const struct gantry_conv *conv = group->conv;
    int64_t line = group->first_step;
    group->first = true;
    for (int32_t walk = 0; walk < conv->walk_cb; walk++) {
        int32_t cb = conv->diag ? group->number : walk;
        for (int32_t ky = 0; ky < conv->kh; ky++)
            for (int32_t kx = 0; kx < conv->kw; kx++) {
                int32_t a = ky * conv->dilation - conv->pad_top;
                int32_t b = kx * conv->dilation - conv->pad_left;
                if (!gather(accel, group, cb, a, b)) return false;
                for (int32_t part = 0; part < (conv->w2 ? 2 : 1); part++) {
                    for (int32_t j = 0; j < conv->m; j++, line += 2) {
                        gantry_exec_read_block(accel, line);
                        multiply(accel, group, j);
                    }
                    group->first = false;
                }
            }
    }
    return true;
}

/* Index of the word of output pixel (y, x) in a tensor, or -1 after an error. */
static int32_t word_of(struct gantry_accel *accel, const struct gantry_exec_group *group,
                       const struct gantry_act_tensor *tensor, int32_t y, int32_t x, int32_t cb)
{
    int32_t bank;
    int64_t row;
    gantry_act_address(tensor, accel->npx, gantry_act_pixel(tensor, y, x), cb, &bank, &row);
    if (row < accel->params.act_rows) return (int32_t)row * accel->npx + bank;
    (void)gantry_order_fail(&accel->order, GANTRY_CAUSE_ACT_RANGE, GANTRY_UNIT_COMPUTE,
                            group->entry->index, (uint64_t)row);
    return -1;
}

static void requantise(const struct gantry_accel *accel, const struct gantry_conv *conv,
                       const int32_t *acc, int32_t block, uint8_t *out)
{
    for (int32_t c = 0; c < GANTRY_CHANNELS; c++) {
        uint32_t biased = (uint32_t)acc[c] + (uint32_t)accel->bias[block][c];
        int32_t term = conv->pool ? gantry_lane_pool_term(acc[c]) : (int32_t)biased;
        out[c] =
            (uint8_t)gantry_lane_f(term, accel->scale[block][c], conv->zero, conv->lo, conv->hi);
    }
}

/* Position of the oldest entry with pending words. */
static int32_t oldest_writer(const struct gantry_queue *queue)
{
    int32_t at = queue->head;
    while (queue->entry[at].words == 0) at = (at + 1) % queue->depth;
    return at;
}

/* Writes the oldest pending word; rule X reads its residual now. */
static void write_oldest(struct gantry_accel *accel)
{
    gantry_assert(accel->pending_count > 0);
    int32_t slot = oldest_writer(&accel->order.compute);
    const struct gantry_pending_word *word = &accel->pending[accel->pending_head];
    uint8_t *to = accel->act + (int64_t)word->to * GANTRY_CHANNELS;
    if (word->residual == GANTRY_NO_RESIDUAL) {
        memcpy(to, word->value, GANTRY_CHANNELS);
    } else {
        const struct gantry_lane_res *rule = &accel->rule_x[slot][word->rule_x];
        const uint8_t *from = accel->act + (int64_t)word->residual * GANTRY_CHANNELS;
        for (int32_t c = 0; c < GANTRY_CHANNELS; c++)
            to[c] = (uint8_t)gantry_lane_x((int8_t)word->value[c], (int8_t)from[c], rule);
    }
    accel->pending_head = (accel->pending_head + 1) % accel->act_words;
    accel->pending_count--;
    accel->order.compute.entry[slot].words--;
}

/* Leaves one output word pending; writes older ones when there is no room. */
static bool emit(struct gantry_accel *accel, const struct gantry_exec_group *group, int32_t i,
                 int32_t j)
{
    const struct gantry_conv *conv = group->conv;
    int32_t y = accel->pixel_y[i], x = accel->pixel_x[i];
    int32_t block = conv->tcb ? group->tile * conv->tile + i : group->number * conv->m + j;
    if (y >= conv->out.h || x >= conv->out.w || block >= conv->blocks) return true;
    int32_t to = word_of(accel, group, &conv->out, y, x, conv->out_cb0 + block);
    if (to < 0) return false;
    int32_t residual = GANTRY_NO_RESIDUAL;
    if (conv->res) {
        residual = word_of(accel, group, &conv->residual, y, x, block);
        if (residual < 0) return false;
    }
    if (accel->pending_count == accel->act_words) write_oldest(accel);
    int64_t at = (accel->pending_head + accel->pending_count++) % accel->act_words;
    struct gantry_pending_word *word = &accel->pending[at];
    word->to = to;
    word->residual = residual;
    word->rule_x = group->number;
    requantise(accel, conv, accel->acc + (j * group->pixels + i) * GANTRY_CHANNELS, j, word->value);
    group->entry->words++;
    return true;
}

static bool run_tile(struct gantry_accel *accel, struct gantry_exec_group *group)
{
    const struct gantry_conv *conv = group->conv;
    if (conv->window) {
        gantry_exec_window_place(accel, group);
        if (!gantry_exec_window(accel, group)) return false;
    } else {
        group->rows = gantry_min_i32(conv->tile, conv->rows - group->tile * conv->tile);
        group->pixels = conv->tcb ? group->rows : group->rows * conv->p;
        place_pixels(accel, group);
        if (!accumulate(accel, group)) return false;
    }
    for (int32_t i = 0; i < group->pixels; i++)
        for (int32_t j = 0; j < conv->m; j++)
            if (!emit(accel, group, i, j)) return false;
    return true;
}

static bool run_group(struct gantry_accel *accel, struct gantry_exec_group *group)
{
    const struct gantry_conv *conv = group->conv;
    int64_t line = gantry_order_lines(&accel->order, group->entry);
    if (line < 0) return false;
    if (conv->res) {
        uint8_t bytes[GANTRY_LINE_BYTES];
        read_line(accel, line++, bytes);
        size_t slot = (size_t)(group->entry - accel->order.compute.entry);
        gantry_lane_res_from_line(&accel->rule_x[slot][group->number], bytes);
    }
    for (int32_t j = 0; j < (conv->tcb ? 1 : conv->m); j++) read_parameters(accel, line++, j);
    group->first_step = line;
    for (group->tile = 0; group->tile < conv->tiles; group->tile++)
        if (!run_tile(accel, group)) return false;
    return true;
}

bool gantry_exec_conv(void *context, struct gantry_queue_entry *entry)
{
    struct gantry_accel *accel = context;
    struct gantry_conv conv;
    gantry_conv_decode(&conv, &entry->insn, accel->npx);
    struct gantry_exec_group group = {.conv = &conv, .entry = entry};
    for (; group.number < conv.groups; group.number++)
        if (!run_group(accel, &group)) return false;
    return true;
}

void gantry_exec_write_all(void *context, struct gantry_queue_entry *entry)
{
    while (entry->words > 0) write_oldest(context);
}
