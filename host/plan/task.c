/* SPDX-License-Identifier: Apache-2.0
 * A node as the array sees it: extents, window, weights; pure functions of the graph. */
#include "plan/build.h"

#include <string.h>

int32_t gantry_task_source(const struct gantry_graph *graph, int32_t node, int32_t input)
{
    int32_t tensor = graph->nodes[node].inputs[input];
    bool any = graph->nodes[node].op == GANTRY_OP_FULLY_CONNECTED;
    for (;;) {
        const struct gantry_graph_tensor *y = &graph->tensors[tensor];
        if (y->producer == GANTRY_NO_NODE || graph->nodes[y->producer].op != GANTRY_OP_RESHAPE)
            return tensor;
        int32_t source = graph->nodes[y->producer].inputs[0];
        struct gantry_extent from, to;
        if (!gantry_shape_extent(&graph->tensors[source].shape, &from) ||
            !gantry_shape_extent(&y->shape, &to))
            return tensor;
        bool same = from.h == to.h && from.w == to.w && from.c == to.c;
        bool map = from.h <= GANTRY_KERNEL_MAX && from.w <= GANTRY_KERNEL_MAX &&
                   from.c <= GANTRY_CHANNELS_MAX;
        if (!same && !(any && map)) return tensor;
        tensor = source;
    }
}

/* The last output's window in one axis: windows that are alone need no stride. */
static int32_t effective_stride(int32_t stride, int32_t outputs)
{
    return outputs == 1 ? 1 : stride;
}

static void describe_window(const struct gantry_graph_node *node, struct gantry_task *task)
{
    const struct gantry_window_attributes *window = &node->attributes.window;
    task->kernel_h = window->kernel_h;
    task->kernel_w = window->kernel_w;
    task->stride_h = effective_stride(window->stride_h, task->out.h);
    task->stride_w = effective_stride(window->stride_w, task->out.w);
    task->dilation = 1;
    if (window->kernel_w > 1) task->dilation = window->dilation_w;
    if (window->kernel_h > 1) task->dilation = window->dilation_h;
    task->pad_top = window->pad_top;
    task->pad_left = window->pad_left;
}

bool gantry_task_describe(const struct gantry_graph *graph, int32_t index, struct gantry_task *task)
{
    const struct gantry_graph_node *node = &graph->nodes[index];
    if (!node->mapped || node->op == GANTRY_OP_RESHAPE) return false;
    memset(task, 0, sizeof *task);
    task->node = index;
    task->source = gantry_task_source(graph, index, 0);
    task->output = node->outputs[0];
    if (!gantry_shape_extent(&graph->tensors[task->source].shape, &task->in) ||
        !gantry_shape_extent(&graph->tensors[task->output].shape, &task->out))
        return false;
    task->kernel_h = task->kernel_w = 1;
    task->stride_h = task->stride_w = task->dilation = 1;
    switch (node->op) {
    case GANTRY_OP_CONV_2D:
        task->kind = GANTRY_TASK_CONV;
        break;
    case GANTRY_OP_DEPTHWISE_CONV_2D:
        task->kind = task->in.c == 1 ? GANTRY_TASK_CONV : GANTRY_TASK_DEPTHWISE;
        break;
    case GANTRY_OP_AVERAGE_POOL_2D:
        task->kind = GANTRY_TASK_AVERAGE;
        break;
    case GANTRY_OP_MEAN:
        task->kind = GANTRY_TASK_MEAN;
        task->kernel_h = task->in.h;
        task->kernel_w = task->in.w;
        return true;
    case GANTRY_OP_MAX_POOL_2D:
        task->kind = GANTRY_TASK_MAX;
        break;
    case GANTRY_OP_FULLY_CONNECTED:
        task->kind = GANTRY_TASK_CONV;
        task->kernel_h = task->in.h;
        task->kernel_w = task->in.w;
        task->out.c = (int32_t)gantry_shape_elements(&graph->tensors[task->output].shape);
        task->out.h = task->out.w = 1;
        return true;
    case GANTRY_OP_ADD:
        task->kind = GANTRY_TASK_IDENTITY;
        return true;
    case GANTRY_OP_CONCATENATION:
        task->kind = GANTRY_TASK_JOIN;
        return true;
    default:
        return false;
    }
    describe_window(node, task);
    return true;
}

enum gantry_join_axis gantry_task_join_axis(const struct gantry_graph *graph, int32_t index)
{
    const struct gantry_graph_node *node = &graph->nodes[index];
    int32_t rank = graph->tensors[node->outputs[0]].shape.rank, axis = node->attributes.along.axis;
    if (axis < 0) axis += rank;
    if (axis == rank - 1) return GANTRY_JOIN_CHANNELS;
    return rank >= 3 && axis == rank - 3 ? GANTRY_JOIN_ROWS : GANTRY_JOIN_OTHER;
}

bool gantry_task_folds(const struct gantry_task *task)
{
    int32_t words = gantry_div_up(task->kernel_w * task->in.c, GANTRY_CHANNELS);
    return task->kind == GANTRY_TASK_CONV && task->in.c < GANTRY_FOLD_CHANNELS &&
           task->kernel_w > 1 && words < task->kernel_w && task->dilation == 1 && words <= 255;
}

static int32_t weight_zero(const struct gantry_graph_tensor *weights, int32_t channel)
{
    const struct gantry_quantization *q = &weights->quantization;
    if (!q->zero_point || q->count == 0) return 0;
    return q->zero_point[q->count > 1 ? channel : 0];
}

int32_t gantry_task_weight(const struct gantry_graph *graph, const struct gantry_task *task,
                           int32_t o, int32_t ky, int32_t kx, int32_t c)
{
    if (task->kind == GANTRY_TASK_CLOSE) return o == c;
    if (task->kind != GANTRY_TASK_CONV && task->kind != GANTRY_TASK_DEPTHWISE) return 1;
    const struct gantry_graph_node *node = &graph->nodes[task->node];
    const struct gantry_graph_tensor *weights = &graph->tensors[node->inputs[1]];
    int32_t kernel_h = task->kernel_h, kernel_w = task->kernel_w, channels = task->in.c;
    const struct gantry_patches *patches = &task->patches;
    if (patches->rows >
        0) { /* the tap of an image, of which the tap and channel of patches is part */
        kernel_h = weights->shape.dims[1];
        kernel_w = weights->shape.dims[2];
        channels /= patches->rows * patches->columns;
        ky = ky * patches->rows + c / (patches->columns * channels);
        kx = kx * patches->columns + c / channels % patches->columns;
        c %= channels;
        if (ky >= kernel_h || kx >= kernel_w) return 0;
    }
    int64_t tap = (int64_t)ky * kernel_w + kx;
    int64_t at = node->op == GANTRY_OP_DEPTHWISE_CONV_2D
                     ? tap * task->out.c + o
                     : ((int64_t)o * kernel_h * kernel_w + tap) * channels + c;
    return ((const int8_t *)weights->data)[at] - weight_zero(weights, o);
}

void gantry_task_sum(const struct gantry_graph *graph, const struct gantry_task *task, int32_t o,
                     struct gantry_task_sums *out)
{
    memset(out, 0, sizeof *out);
    if (task->kind == GANTRY_TASK_MEAN) {
        out->sum = out->magnitude = (int64_t)task->kernel_h * task->kernel_w;
        out->greatest = 1;
        out->bias = -out->sum * graph->tensors[task->source].quantization.zero_point[0];
    }
    if (task->kind != GANTRY_TASK_CONV && task->kind != GANTRY_TASK_DEPTHWISE) return;
    const struct gantry_graph_node *node = &graph->nodes[task->node];
    const struct gantry_graph_tensor *weights = &graph->tensors[node->inputs[1]];
    bool together = node->op != GANTRY_OP_DEPTHWISE_CONV_2D; /* those of a channel */
    int64_t count = (int64_t)weights->bytes / task->out.c;
    struct gantry_weight_sums sums;
    gantry_weights_sum((const int8_t *)weights->data + (together ? o * count : o), count,
                       together ? 1 : task->out.c, weight_zero(weights, o), &sums);
    out->sum = sums.above + sums.below;
    out->magnitude = sums.above - sums.below;
    out->least = sums.least;
    out->greatest = sums.greatest;
    if (node->input_count > 2 && node->inputs[2] != GANTRY_NO_TENSOR) {
        const uint8_t *bias = graph->tensors[node->inputs[2]].data;
        out->bias = (int32_t)gantry_load_u32(bias + 4 * (size_t)o);
    }
    int32_t zero = graph->tensors[node->inputs[0]].quantization.zero_point[0];
    out->bias -= zero * out->sum;
}

bool gantry_task_needs_split(const struct gantry_graph *graph, const struct gantry_task *task)
{
    for (int32_t o = 0; o < task->out.c; o++) {
        struct gantry_task_sums sums;
        gantry_task_sum(graph, task, o, &sums);
        if (sums.least < -127 || sums.greatest > 127) return true;
    }
    return false;
}

/* Values of the window in one axis, or 0 when outputs differ. */
static int64_t pool_axis(int32_t in, int32_t out, int32_t kernel, int32_t stride, int32_t pad)
{
    int64_t common = 0;
    for (int32_t i = 0; i < out; i++) {
        int64_t from = (int64_t)i * stride - pad, to = from + kernel;
        if (from < 0) from = 0;
        if (to > in) to = in;
        if (i > 0 && to - from != common) return 0;
        common = to - from;
    }
    return common;
}

int64_t gantry_task_pool_count(const struct gantry_task *task)
{
    return pool_axis(task->in.h, task->out.h, task->kernel_h, task->stride_h, task->pad_top) *
           pool_axis(task->in.w, task->out.w, task->kernel_w, task->stride_w, task->pad_left);
}

int64_t gantry_task_steps(const struct gantry_task *task)
{
    int64_t taps = (int64_t)task->kernel_h * task->kernel_w;
    if (task->kind != GANTRY_TASK_CONV) return taps;
    return taps * gantry_div_up(task->in.c, GANTRY_CHANNELS);
}

void gantry_tiling_make(struct gantry_tiling *tiling, int64_t pitch, int64_t out_h, int32_t pixels)
{
    tiling->rows = (pitch * out_h + pixels - 1) / pixels;
    int64_t tiles = (tiling->rows + GANTRY_TILE_ROWS_MAX - 1) / GANTRY_TILE_ROWS_MAX;
    tiling->tile = (int32_t)((tiling->rows + tiles - 1) / tiles);
    tiling->tiles = (int32_t)((tiling->rows + tiling->tile - 1) / tiling->tile);
}
