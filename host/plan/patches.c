/* SPDX-License-Identifier: Apache-2.0
 * Patches: inputs of few channels that the host packs for the first convolution.
 *
 * A convolution reads 16 channels in a cycle; an image has one or three. When the host writes the
 * image into device memory it can put a block of neighbouring pixels, with the padding around the
 * image, into the channels of one. The convolution then walks blocks instead of pixels: fewer
 * steps, stride 1, no padding. It is done where the cycles that it saves are more than the host's
 * copies cost. */
#include <string.h>

#include "plan/build.h"

enum {
    PATCH_BYTES_MAX = 64,
    RUN_BYTES = 8,     /* that the host copies at once */
    RUNS_PER_CYCLE = 2 /* copies in a cycle of the array, an estimate for the target's processor */
};

/* One axis of a task over patches. */
struct axis {
    int32_t block, step, lead; /* of the patches, in pixels of the image */
    int32_t taps, stride, dilation, pad, count;
};

/* Axis of an image that stays as it is. */
static struct axis plain_axis(int32_t in, int32_t kernel, int32_t stride, int32_t pad)
{
    return (struct axis){1, 1, 0, kernel, stride, 1, pad, in};
}

/* Blocks of so many pixels, one at every stride: whole kernels, or whole strides of them. */
static bool make_axis(struct axis *axis, int32_t block, int32_t in, int32_t out, int32_t kernel,
                      int32_t stride, int32_t pad)
{
    if (block == 1 && kernel > 1) {
        *axis = plain_axis(in, kernel, stride, pad);
        return true;
    }
    if (block != kernel && block % stride != 0) return false;
    int32_t taps = gantry_div_up(kernel, block), reach = taps > 1 ? block / stride : 1;
    *axis = (struct axis){block, stride, pad, taps, 1, reach, 0, out + (taps - 1) * reach};
    return true;
}

/* The task over patches; false when the array has no such step. */
static bool pack_task(const struct gantry_task *task, int32_t rows, int32_t columns, int32_t ports,
                      struct gantry_task *packed)
{
    struct axis y, x;
    if (!make_axis(&y, rows, task->in.h, task->out.h, task->kernel_h, task->stride_h,
                   task->pad_top) ||
        !make_axis(&x, columns, task->in.w, task->out.w, task->kernel_w, task->stride_w,
                   task->pad_left))
        return false;
    if (y.taps > 1 && x.taps > 1 && y.dilation != x.dilation) return false;
    *packed = *task;
    packed->patches = (struct gantry_patches){rows, columns, y.step, x.step, y.lead, x.lead};
    packed->in.h = y.count;
    /* Rows of padding, so that all engines of LOAD get the same share of one transfer. */
    if (y.stride == 1 && x.stride == 1 && y.pad == 0)
        packed->in.h = gantry_div_up(y.count, ports) * ports;
    packed->in.w = x.count;
    packed->in.c = rows * columns * task->in.c;
    packed->kernel_h = y.taps;
    packed->kernel_w = x.taps;
    packed->stride_h = y.stride;
    packed->stride_w = x.stride;
    packed->dilation = y.taps > 1 ? y.dilation : x.dilation;
    packed->pad_top = y.pad;
    packed->pad_left = x.pad;
    return packed->in.w * packed->in.c <= GANTRY_EXTENT_MAX;
}

/* Cycles of the first step of a launch with its LOAD, each in part behind the other. */
static int64_t step_cycles(const struct gantry_build *build, const struct gantry_task *task)
{
    const struct gantry_cost_machine machine = gantry_build_machine(build);
    bool fold = gantry_task_folds(task);
    int32_t width = fold ? task->out.w : task->in.w;
    int32_t channels = fold ? task->kernel_w * task->in.c : task->in.c;
    int32_t words = gantry_div_up(channels, GANTRY_CHANNELS);
    struct gantry_cost_shape shape = {
        .pitch = gantry_max_i32(task->out.w, gantry_div_up(width, fold ? 1 : task->stride_w)),
        .out_h = task->out.h,
        .steps = (int64_t)task->kernel_h * (fold ? 1 : task->kernel_w) * words,
        .blocks = gantry_div_up(task->out.c, GANTRY_CHANNELS),
        .parts = task->split ? 2 : 1,
        .residual = build->fused_add[task->node] != GANTRY_NO_NODE,
        .grouped = true,
    };
    struct gantry_tiling tiling;
    int32_t m = gantry_cost_choose_m(&shape, build->params, &tiling);
    int64_t conv = gantry_cost_conv(&shape, m, &machine, &tiling);
    struct gantry_cost_load load = {
        .rows = task->in.h,
        .words = width * words,
        .bytes = task->in.w * task->in.c,
        .merges = !fold && task->stride_h == 1 && task->stride_w == 1 && width >= task->out.w,
    };
    int64_t moved = gantry_cost_load(&load, 0, task->in.h, &machine, NULL);
    return conv > moved ? conv + moved / 2 : moved + conv / 2;
}

/* Cycles of the array that the host's copies last. */
static int64_t host_cycles(const struct gantry_task *packed, int32_t channels)
{
    int32_t bytes = packed->patches.columns * channels;
    int64_t runs = (int64_t)packed->in.h * packed->in.w * packed->patches.rows;
    return runs * gantry_div_up(bytes, RUN_BYTES) / RUNS_PER_CYCLE;
}

static bool fits(const struct gantry_task *task, const struct gantry_array_params *params)
{
    struct gantry_act_tensor act;
    gantry_act_layout(&act, params, task->in.h, task->in.w, task->in.c, task->stride_h,
                      task->stride_w, task->out.w);
    return gantry_act_rows(&act, 2 * params->g) <= params->act_rows / 4;
}

/* The patches of least cost for a task, or the task itself. */
static void choose(const struct gantry_build *build, struct gantry_task *task)
{
    const struct gantry_task image = *task;
    int64_t least = step_cycles(build, &image);
    for (int32_t rows = 1; rows <= image.kernel_h; rows++) {
        for (int32_t columns = 1; columns <= image.kernel_w; columns++) {
            struct gantry_task packed;
            bool whole = rows == 1 && columns == 1;
            if (whole || rows * columns * image.in.c > PATCH_BYTES_MAX ||
                !pack_task(&image, rows, columns, build->params->ports, &packed) ||
                !fits(&packed, build->params))
                continue;
            int64_t cycles = step_cycles(build, &packed) + host_cycles(&packed, image.in.c);
            if (cycles >= least) continue;
            least = cycles;
            *task = packed;
        }
    }
}

/* The one node that reads an input, when the host may pack the input for it, or GANTRY_NO_NODE. */
static int32_t sole_reader(const struct gantry_build *build, int32_t tensor)
{
    const struct gantry_graph *graph = build->graph;
    int32_t reader = GANTRY_NO_NODE;
    if (build->is_output[tensor] || graph->tensors[tensor].dtype != GANTRY_INT8)
        return GANTRY_NO_NODE;
    for (int32_t n = 0; n < graph->node_count; n++) {
        const struct gantry_graph_node *node = &graph->nodes[n];
        bool reads = node->inputs[0] == tensor;
        for (int32_t i = 1; i < node->input_count; i++)
            if (node->inputs[i] == tensor) return GANTRY_NO_NODE;
        if (reads && reader != GANTRY_NO_NODE) return GANTRY_NO_NODE;
        if (reads) reader = n;
    }
    if (reader == GANTRY_NO_NODE || !build->plan->nodes[reader].accelerator) return GANTRY_NO_NODE;
    enum gantry_op op = graph->nodes[reader].op;
    bool windowed = op == GANTRY_OP_CONV_2D || op == GANTRY_OP_DEPTHWISE_CONV_2D;
    return windowed ? reader : GANTRY_NO_NODE;
}

void gantry_build_patches(struct gantry_build *build)
{
    for (int32_t i = 0; i < build->graph->input_count; i++) {
        int32_t node = sole_reader(build, build->graph->inputs[i]);
        if (node == GANTRY_NO_NODE || build->plan->options.observe) continue;
        struct gantry_task *task = &build->task[node];
        bool split = task->split;
        if (!gantry_task_describe(build->graph, node, task)) continue;
        task->split = split;
        if (task->kind == GANTRY_TASK_CONV && task->in.c < GANTRY_FOLD_CHANNELS &&
            task->dilation == 1)
            choose(build, task);
    }
}

/* Copies the row of a patch: columns from x on of a row of the image, or padding. */
static void pack_row(uint8_t *to, const uint8_t *row, int32_t width, int32_t channels, int32_t x,
                     int32_t columns, uint8_t pad)
{
    int32_t from = gantry_max_i32(x, 0), until = gantry_min_i32(x + columns, width);
    if (until - from == columns) {
        memcpy(to, row + (size_t)from * (size_t)channels, (size_t)columns * (size_t)channels);
        return;
    }
    memset(to, pad, (size_t)columns * (size_t)channels);
    if (until <= from) return;
    memcpy(to + (size_t)(from - x) * (size_t)channels, row + (size_t)from * (size_t)channels,
           (size_t)(until - from) * (size_t)channels);
}

void gantry_patches_pack(const struct gantry_plan_tensor *home, const struct gantry_extent *image,
                         int32_t pad, const void *dense, void *packed)
{
    const struct gantry_patches *patches = &home->patches;
    size_t run = (size_t)patches->columns * (size_t)image->c;
    for (int32_t y = 0; y < home->extent.h; y++) {
        for (int32_t r = 0; r < patches->rows; r++) {
            int32_t at = y * patches->step_h - patches->top + r;
            uint8_t *to = (uint8_t *)packed +
                          (size_t)y * (size_t)home->extent.w * (size_t)home->extent.c +
                          (size_t)r * run;
            bool outside = at < 0 || at >= image->h;
            const uint8_t *row = (const uint8_t *)dense +
                                 (outside ? 0 : (size_t)at * (size_t)image->w * (size_t)image->c);
            for (int32_t x = 0; x < home->extent.w; x++, to += home->extent.c)
                pack_row(to, row, outside ? 0 : image->w, image->c,
                         x * patches->step_w - patches->left, patches->columns, (uint8_t)pad);
        }
    }
}
