/* SPDX-License-Identifier: Apache-2.0
 * The weight stream of a step: for every group its RES line, its parameter line and its k-steps. */
#include "plan/build.h"

#include <string.h>

enum { BLOCK_LINES = GANTRY_BLOCK_BYTES / GANTRY_LINE_BYTES };

struct stream {
    const struct gantry_build *build;
    const struct gantry_step *step;
    const struct gantry_chip *in;
    uint8_t *at;
};

int64_t gantry_step_count(const struct gantry_step *step, const struct gantry_chip *in)
{
    const struct gantry_task *task = &step->task;
    int64_t taps = (int64_t)task->kernel_h * (in->folded ? 1 : task->kernel_w);
    return gantry_task_is_dense(task) ? taps * gantry_chip_blocks(in) : taps;
}

int64_t gantry_step_group_lines(const struct gantry_step *step, const struct gantry_chip *in)
{
    if (step->window) return 1 + (int64_t)step->passes.count * BLOCK_LINES;
    return step->m + (step->add != GANTRY_NO_NODE) +
           gantry_step_count(step, in) * BLOCK_LINES * step->m * (step->task.split ? 2 : 1);
}

int64_t gantry_step_lines(const struct gantry_step *step, const struct gantry_chip *in)
{
    int32_t blocks = gantry_div_up(step->task.out.c, GANTRY_CHANNELS);
    if (step->tcb) return gantry_step_group_lines(step, in);
    return gantry_div_up(blocks, step->m) * gantry_step_group_lines(step, in);
}

static void write_residual(struct stream *stream)
{
    const struct gantry_graph *graph = stream->build->graph;
    const struct gantry_graph_node *add = &graph->nodes[stream->step->add];
    const struct gantry_task *task = &stream->step->task;
    struct gantry_add_params p;
    bool covered = gantry_node_add_params(graph, add, &p);
    gantry_assert(covered);
    /* x1 is what the step computes: the other operand of the ADD is the residual. */
    bool swapped = graph->nodes[task->node].op != GANTRY_OP_ADD && add->inputs[0] != task->output;
    struct gantry_lane_res res;
    gantry_lane_res_pack(&res, swapped ? p.k2 : p.k1, swapped ? p.k1 : p.k2, p.shift,
                         swapped ? p.zero2 : p.zero1, swapped ? p.zero1 : p.zero2, p.zero_out,
                         add->clamp_min, add->clamp_max);
    gantry_lane_res_to_line(&res, stream->at);
    stream->at += GANTRY_LINE_BYTES;
}

/* Scale word of an output channel. */
static uint32_t scale_of(const struct stream *stream, int32_t o)
{
    const struct gantry_task *task = &stream->step->task;
    if (task->kind == GANTRY_TASK_AVERAGE)
        return gantry_lane_scale(1.0f / (4.0f * (float)gantry_task_pool_count(task)));
    if (task->kind == GANTRY_TASK_MAX || task->kind == GANTRY_TASK_IDENTITY ||
        task->kind == GANTRY_TASK_CLOSE)
        return gantry_lane_scale(1.0f);
    const struct gantry_graph *graph = stream->build->graph;
    return gantry_lane_scale(gantry_node_scale(graph, &graph->nodes[task->node], o));
}

static void write_parameters(struct stream *stream, int32_t block)
{
    const struct gantry_task *task = &stream->step->task;
    for (int32_t i = 0; i < GANTRY_CHANNELS; i++) {
        int32_t o = block * GANTRY_CHANNELS + i;
        if (o >= task->out.c) break;
        struct gantry_task_sums sums;
        gantry_task_sum(stream->build->graph, task, o, &sums);
        gantry_assert(sums.bias >= INT32_MIN && sums.bias <= INT32_MAX);
        gantry_store_u32(stream->at + 4 * (GANTRY_PARAM_WORD_BIAS + i), (uint32_t)sums.bias);
        gantry_store_u32(stream->at + 4 * (GANTRY_PARAM_WORD_SCALE + i), scale_of(stream, o));
    }
    stream->at += GANTRY_LINE_BYTES;
}

/* Weight of output o and input channel c of the chip at a tap; 0 beyond the channels, and in gaps
 * between them. */
static int32_t weight_of(const struct stream *stream, int32_t o, int32_t ky, int32_t kx, int32_t c)
{
    const struct gantry_task *task = &stream->step->task;
    if (o >= task->out.c) return 0;
    if (stream->in->folded) {
        kx = c / task->in.c;
        c %= task->in.c;
        if (kx >= task->kernel_w) return 0;
    }
    if (stream->in->gaps) c = gantry_join_channel(stream->in->gaps, c);
    if (c < 0 || c >= task->in.c) return 0;
    return gantry_task_weight(stream->build->graph, task, o, ky, kx, c);
}

/* One block of 16 x 16 weights: the first part, or what is left of the weights for the second. */
static void write_block(struct stream *stream, int32_t block, int32_t cb, int32_t ky, int32_t kx,
                        bool second)
{
    const struct gantry_task *task = &stream->step->task;
    bool diagonal = !gantry_task_is_dense(task);
    for (int32_t o = 0; o < GANTRY_CHANNELS; o++) {
        for (int32_t i = 0; i < GANTRY_CHANNELS; i++) {
            if (diagonal && i != o) continue;
            int32_t c = (diagonal ? block : cb) * GANTRY_CHANNELS + i;
            int32_t w = weight_of(stream, block * GANTRY_CHANNELS + o, ky, kx, c);
            int32_t first = gantry_max_i32(-127, gantry_min_i32(127, w));
            stream->at[GANTRY_CHANNELS * o + i] = (uint8_t)(second ? w - first : first);
        }
    }
    stream->at += GANTRY_BLOCK_BYTES;
}

/* The k-steps of a group: m blocks of a part, then those of the next part. */
static void write_steps(struct stream *stream, int32_t block)
{
    const struct gantry_task *task = &stream->step->task;
    int32_t walk = gantry_task_is_dense(task) ? gantry_chip_blocks(stream->in) : 1;
    int32_t columns = stream->in->folded ? 1 : task->kernel_w;
    for (int32_t cb = 0; cb < walk; cb++)
        for (int32_t tap = 0; tap < task->kernel_h * columns; tap++)
            for (int32_t part = 0; part < (task->split ? 2 : 1); part++)
                for (int32_t j = 0; j < stream->step->m; j++)
                    write_block(stream, block + j, cb, tap / columns, tap % columns, part == 1);
}

/* A pass of WINDOW: taps of all channels of a block. */
static void write_pass(struct stream *stream, int32_t block, const struct gantry_window_pass *pass)
{
    const struct gantry_act_tensor *in = &stream->in->act;
    for (int32_t c = 0; c < GANTRY_CHANNELS; c++)
        for (int32_t r = 0; r < pass->rows; r++)
            for (int32_t k = 0; k < pass->columns; k++) {
                int32_t o = block * GANTRY_CHANNELS + c;
                int32_t w = weight_of(stream, o, pass->ky + r * in->sy, pass->kx + k * in->sx, o);
                stream->at[gantry_window_slot(pass->rows, c, r, k)] = (uint8_t)w;
            }
    stream->at += GANTRY_BLOCK_BYTES;
}

/* Steps over a map: ones, up to its last pixel. All blocks take the parameters of the first, whose
 * channels all have one scale: those that it lacks are no block's. */
static void write_mean(struct stream *stream)
{
    const struct gantry_task *task = &stream->step->task;
    int32_t columns = gantry_window_columns(stream->build->params->g);
    int32_t pixels = task->in.h * task->in.w;
    write_parameters(stream, 0);
    for (int32_t q = 0; q < pixels; q += columns, stream->at += GANTRY_BLOCK_BYTES)
        for (int32_t c = 0; c < GANTRY_CHANNELS; c++)
            for (int32_t k = 0; k < columns && q + k < pixels; k++)
                stream->at[gantry_window_slot(1, c, 0, k)] = 1;
}

static void write_window(struct stream *stream, int32_t blocks)
{
    const struct gantry_window_passes *passes = &stream->step->passes;
    for (int32_t block = 0; block < blocks; block++) {
        write_parameters(stream, block);
        for (int32_t i = 0; i < passes->count; i++) write_pass(stream, block, &passes->pass[i]);
    }
}

void gantry_build_stream(const struct gantry_build *build, const struct gantry_step *step,
                         const struct gantry_chip *in, uint8_t *lines)
{
    struct stream stream = {.build = build, .step = step, .in = in, .at = lines};
    const struct gantry_task *task = &step->task;
    int32_t blocks = gantry_div_up(task->out.c, GANTRY_CHANNELS);
    memset(lines, 0, (size_t)gantry_step_lines(step, in) * GANTRY_LINE_BYTES);
    if (step->tcb) write_mean(&stream);
    if (step->window && !step->tcb) write_window(&stream, blocks);
    for (int32_t block = 0; block < blocks && !step->window; block += step->m) {
        if (step->add != GANTRY_NO_NODE) write_residual(&stream);
        for (int32_t j = 0; j < step->m; j++) write_parameters(&stream, block + j);
        write_steps(&stream, block);
    }
}
