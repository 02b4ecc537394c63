/* SPDX-License-Identifier: Apache-2.0
 * A node as the array sees it: extents, window, weights; pure functions of the graph. */
#include "plan/build.h"

#include <string.h>

int32_t gantry_work_source(const struct gantry_graph *graph, int32_t node, int32_t input)
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

static void describe_window(const struct gantry_graph_node *node, struct gantry_work *work)
{
    const struct gantry_window_attributes *window = &node->window;
    work->kernel_h = window->kernel_h;
    work->kernel_w = window->kernel_w;
    work->stride_h = effective_stride(window->stride_h, work->out.h);
    work->stride_w = effective_stride(window->stride_w, work->out.w);
    work->dilation = 1;
    if (window->kernel_w > 1) work->dilation = window->dilation_w;
    if (window->kernel_h > 1) work->dilation = window->dilation_h;
    work->pad_top = window->pad_top;
    work->pad_left = window->pad_left;
}

bool gantry_work_describe(const struct gantry_graph *graph, int32_t index, struct gantry_work *work)
{
    const struct gantry_graph_node *node = &graph->nodes[index];
    if (node->op == GANTRY_OP_RESHAPE || node->op == GANTRY_OP_SOFTMAX) return false;
    memset(work, 0, sizeof *work);
    work->node = index;
    work->source = gantry_work_source(graph, index, 0);
    work->output = node->output;
    if (!gantry_shape_extent(&graph->tensors[work->source].shape, &work->in) ||
        !gantry_shape_extent(&graph->tensors[work->output].shape, &work->out))
        return false;
    work->kernel_h = work->kernel_w = 1;
    work->stride_h = work->stride_w = work->dilation = 1;
    switch (node->op) {
    case GANTRY_OP_CONV_2D:
        work->kind = GANTRY_WORK_CONV;
        break;
    case GANTRY_OP_DEPTHWISE_CONV_2D:
        work->kind = work->in.c == 1 ? GANTRY_WORK_CONV : GANTRY_WORK_DEPTHWISE;
        break;
    case GANTRY_OP_AVERAGE_POOL_2D:
        work->kind = GANTRY_WORK_AVERAGE;
        break;
    case GANTRY_OP_MAX_POOL_2D:
        work->kind = GANTRY_WORK_MAX;
        break;
    case GANTRY_OP_FULLY_CONNECTED:
        work->kind = GANTRY_WORK_CONV;
        work->kernel_h = work->in.h;
        work->kernel_w = work->in.w;
        work->out.c = (int32_t)gantry_shape_elements(&graph->tensors[work->output].shape);
        work->out.h = work->out.w = 1;
        return true;
    case GANTRY_OP_ADD:
        work->kind = GANTRY_WORK_IDENTITY;
        return true;
    default:
        return false;
    }
    describe_window(node, work);
    return true;
}

static int32_t weight_zero(const struct gantry_graph_tensor *weights, int32_t channel)
{
    const struct gantry_quantization *q = &weights->quantization;
    if (!q->zero_point || q->count == 0) return 0;
    return q->zero_point[q->count > 1 ? channel : 0];
}

int32_t gantry_work_weight(const struct gantry_graph *graph, const struct gantry_work *work,
                           int32_t o, int32_t ky, int32_t kx, int32_t c)
{
    if (work->kind != GANTRY_WORK_CONV && work->kind != GANTRY_WORK_DEPTHWISE) return 1;
    const struct gantry_graph_node *node = &graph->nodes[work->node];
    const struct gantry_graph_tensor *weights = &graph->tensors[node->inputs[1]];
    int64_t tap = (int64_t)ky * work->kernel_w + kx;
    int64_t at = node->op == GANTRY_OP_DEPTHWISE_CONV_2D
                     ? tap * work->out.c + o
                     : ((int64_t)o * work->kernel_h * work->kernel_w + tap) * work->in.c + c;
    return ((const int8_t *)weights->data)[at] - weight_zero(weights, o);
}

void gantry_work_sum(const struct gantry_graph *graph, const struct gantry_work *work, int32_t o,
                     struct gantry_work_sums *out)
{
    memset(out, 0, sizeof *out);
    if (work->kind != GANTRY_WORK_CONV && work->kind != GANTRY_WORK_DEPTHWISE) return;
    int32_t inputs = work->kind == GANTRY_WORK_CONV ? work->in.c : 1;
    for (int32_t ky = 0; ky < work->kernel_h; ky++) {
        for (int32_t kx = 0; kx < work->kernel_w; kx++) {
            for (int32_t c = 0; c < inputs; c++) {
                int32_t w = gantry_work_weight(graph, work, o, ky, kx, c);
                out->sum += w;
                out->magnitude += w < 0 ? -w : w;
                if (w < out->least) out->least = w;
                if (w > out->greatest) out->greatest = w;
            }
        }
    }
    const struct gantry_graph_node *node = &graph->nodes[work->node];
    if (node->input_count > 2 && node->inputs[2] != GANTRY_NO_TENSOR) {
        const uint8_t *bias = graph->tensors[node->inputs[2]].data;
        out->bias = (int32_t)gantry_load_u32(bias + 4 * (size_t)o);
    }
    int32_t zero = graph->tensors[node->inputs[0]].quantization.zero_point[0];
    out->bias -= zero * out->sum;
}

bool gantry_work_needs_split(const struct gantry_graph *graph, const struct gantry_work *work)
{
    for (int32_t o = 0; o < work->out.c; o++) {
        struct gantry_work_sums sums;
        gantry_work_sum(graph, work, o, &sums);
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

int64_t gantry_work_pool_count(const struct gantry_work *work)
{
    return pool_axis(work->in.h, work->out.h, work->kernel_h, work->stride_h, work->pad_top) *
           pool_axis(work->in.w, work->out.w, work->kernel_w, work->stride_w, work->pad_left);
}

int64_t gantry_work_steps(const struct gantry_work *work)
{
    int64_t taps = (int64_t)work->kernel_h * work->kernel_w;
    if (work->kind != GANTRY_WORK_CONV) return taps;
    return taps * gantry_div_up(work->in.c, GANTRY_CHANNELS);
}

void gantry_tiling_make(struct gantry_tiling *tiling, int64_t pitch, int64_t out_h, int32_t npx)
{
    tiling->rows = (pitch * out_h + npx - 1) / npx;
    int64_t tiles = (tiling->rows + GANTRY_TILE_ROWS_MAX - 1) / GANTRY_TILE_ROWS_MAX;
    tiling->tile = (int32_t)((tiling->rows + tiles - 1) / tiles);
    tiling->tiles = (int32_t)((tiling->rows + tiling->tile - 1) / tiling->tile);
}
