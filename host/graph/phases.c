/* SPDX-License-Identifier: Apache-2.0
 * Transposed convolutions of int8 maps as convolutions, which the accelerator and the fast kernels
 * have: of stride 1 with the kernel turned around; of stride s as one convolution whose channels
 * are the s x s phases of the output, and DEPTH_TO_SPACE behind it. Sums and rounding stay the
 * same. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "graph/graph.h"

/* Weights may not grow more by the taps that some phases lack. */
enum { GROWTH_MAX = 4, ADDED_TENSORS = 3 };

/* One axis: phase a of the output at q is the sum over t of x[q + low + t] w[tap(a, t)]. */
struct axis {
    int32_t stride, pad, kernel;
    int32_t low, taps; /* of the convolution */
    int32_t before, after;
};

static bool axis_of(struct axis *axis, int32_t in, int32_t out)
{
    int32_t low = INT32_MAX, high = INT32_MIN;
    for (int32_t phase = 0; phase < axis->stride; phase++) {
        int32_t first = (phase + axis->pad) % axis->stride;
        int32_t offset = (phase + axis->pad) / axis->stride;
        if (first >= axis->kernel) continue;
        high = gantry_max_i32(high, offset);
        low = gantry_min_i32(low, offset - (axis->kernel - 1 - first) / axis->stride);
    }
    if (out % axis->stride != 0 || low > 0) return false;
    axis->low = low;
    axis->taps = high - low + 1;
    axis->before = -low;
    axis->after = out / axis->stride + high - in;
    return axis->before < axis->taps && axis->after >= 0 && axis->after < axis->taps;
}

/* The tap of the transposed kernel, or -1: none. */
static int32_t tap_of(const struct axis *axis, int32_t phase, int32_t tap)
{
    int32_t steps = (phase + axis->pad) / axis->stride - (axis->low + tap);
    int32_t kernel = (phase + axis->pad) % axis->stride + steps * axis->stride;
    return steps >= 0 && kernel < axis->kernel ? kernel : -1;
}

static bool axes_of(const struct gantry_graph *graph, const struct gantry_graph_node *node,
                    struct axis *y, struct axis *x)
{
    const struct gantry_window_attributes *window = &node->attributes.window;
    const struct gantry_graph_tensor *from = &graph->tensors[node->inputs[0]];
    const struct gantry_graph_tensor *to = &graph->tensors[node->outputs[0]];
    struct gantry_extent in, out;
    if (node->op != GANTRY_OP_TRANSPOSE_CONV || from->dtype != GANTRY_INT8 ||
        window->stride_h != window->stride_w || !gantry_shape_extent(&from->shape, &in) ||
        !gantry_shape_extent(&to->shape, &out))
        return false;
    *y = (struct axis){window->stride_h, window->pad_top, window->kernel_h, 0, 0, 0, 0};
    *x = (struct axis){window->stride_w, window->pad_left, window->kernel_w, 0, 0, 0, 0};
    if (!axis_of(y, in.h, out.h) || !axis_of(x, in.w, out.w)) return false;
    int64_t taps = (int64_t)y->taps * y->stride * x->taps * x->stride;
    int64_t channels = (int64_t)out.c * y->stride * x->stride;
    return taps <= (int64_t)GROWTH_MAX * window->kernel_h * window->kernel_w &&
           channels * y->taps * x->taps * in.c <= INT32_MAX;
}

/* A quantisation per channel for every phase, one behind the other. False: out of memory. */
static bool repeat_quantization(struct gantry_graph *graph, struct gantry_quantization *q,
                                int32_t phases)
{
    if (q->count <= 1) return true;
    size_t count = (size_t)q->count * (size_t)phases;
    float *scale = gantry_arena_alloc(&graph->arena, count, sizeof *scale);
    int32_t *zero = gantry_arena_alloc(&graph->arena, count, sizeof *zero);
    if (!scale || !zero) return false;
    for (size_t i = 0; i < count; i++) {
        scale[i] = q->scale[i % (size_t)q->count];
        zero[i] = q->zero_point[i % (size_t)q->count];
    }
    q->scale = scale;
    q->zero_point = zero;
    q->count = (int32_t)count;
    return true;
}

/* weights: the tensor as it is, made into that of the convolution. */
static bool phase_weights(struct gantry_graph *graph, struct gantry_graph_tensor *weights,
                          const struct axis *y, const struct axis *x)
{
    int32_t channels = weights->shape.dims[0], depth = weights->shape.dims[3];
    int32_t phases = y->stride * x->stride;
    const int8_t *from = weights->data;
    size_t bytes =
        (size_t)phases * (size_t)channels * (size_t)y->taps * (size_t)x->taps * (size_t)depth;
    int8_t *to = gantry_arena_alloc(&graph->arena, bytes, 1);
    if (!to) return false;
    weights->data = to;
    weights->bytes = bytes;
    weights->shape = (struct gantry_shape){4, {phases * channels, y->taps, x->taps, depth}};
    memset(to, weights->quantization.zero_point[0], bytes);
    for (int32_t o = 0; o < phases * channels; o++) {
        int32_t phase = o / channels, c = o % channels;
        for (int32_t i = 0; i < y->taps * x->taps; i++, to += depth) {
            int32_t ky = tap_of(y, phase / x->stride, i / x->taps);
            int32_t kx = tap_of(x, phase % x->stride, i % x->taps);
            if (ky < 0 || kx < 0) continue;
            int64_t tap = ((int64_t)c * y->kernel + ky) * x->kernel + kx;
            memcpy(to, from + tap * depth, (size_t)depth);
        }
    }
    return repeat_quantization(graph, &weights->quantization, phases);
}

static bool phase_bias(struct gantry_graph *graph, struct gantry_graph_tensor *bias, int32_t phases)
{
    size_t bytes = bias->bytes;
    uint8_t *to = gantry_arena_alloc(&graph->arena, (size_t)phases, bytes);
    if (!to) return false;
    for (int32_t p = 0; p < phases; p++) memcpy(to + (size_t)p * bytes, bias->data, bytes);
    bias->data = to;
    bias->bytes = bytes * (size_t)phases;
    bias->shape = (struct gantry_shape){1, {phases * (int32_t)gantry_shape_elements(&bias->shape)}};
    return repeat_quantization(graph, &bias->quantization, phases);
}

/* The output of the convolution: pixels of phases. */
static bool phase_output(struct gantry_graph *graph, struct gantry_graph_tensor *output,
                         int32_t stride)
{
    char name[80];
    (void)snprintf(name, sizeof name, "%.60s/phases", output->name);
    output->name = gantry_arena_copy(&graph->arena, name, strlen(name));
    output->flipped = false;
    output->shape.dims[1] /= stride;
    output->shape.dims[2] /= stride;
    output->shape.dims[3] *= stride * stride;
    return output->name != NULL;
}

/* A copy of a tensor behind those that there are. */
static int32_t add_copy(struct gantry_graph *graph, int32_t tensor)
{
    graph->tensors[graph->tensor_count] = graph->tensors[tensor];
    return graph->tensor_count++;
}

/* node: becomes the convolution; more: the DEPTH_TO_SPACE behind it, if there is one. */
static bool rewrite(struct gantry_graph *graph, struct gantry_graph_node *node,
                    struct gantry_graph_node *more)
{
    struct axis y, x;
    (void)axes_of(graph, node, &y, &x);
    int32_t inputs[3], made = node->outputs[0], stride = y.stride;
    memcpy(inputs, node->inputs, (size_t)node->input_count * sizeof *inputs);
    inputs[1] = add_copy(graph, inputs[1]);
    if (!phase_weights(graph, &graph->tensors[inputs[1]], &y, &x)) return false;
    if (node->input_count > 2 && inputs[2] != GANTRY_NO_TENSOR) {
        inputs[2] = add_copy(graph, inputs[2]);
        if (!phase_bias(graph, &graph->tensors[inputs[2]], stride * stride)) return false;
    }
    if (stride > 1) {
        made = add_copy(graph, node->outputs[0]);
        if (!phase_output(graph, &graph->tensors[made], stride)) return false;
        *more = (struct gantry_graph_node){.op = GANTRY_OP_DEPTH_TO_SPACE, .name = node->name};
        more->attributes.block = stride;
        if (!gantry_node_edges(graph, more, &made, 1, node->outputs, 1)) return false;
        gantry_node_set_activation(graph, more, GANTRY_ACTIVATION_NONE);
        node->name = graph->tensors[made].name;
    }
    node->op = GANTRY_OP_CONV_2D;
    node->attributes.window = (struct gantry_window_attributes){.kernel_h = y.taps,
                                                                .kernel_w = x.taps,
                                                                .stride_h = 1,
                                                                .stride_w = 1,
                                                                .dilation_h = 1,
                                                                .dilation_w = 1,
                                                                .pad_top = y.before,
                                                                .pad_bottom = y.after,
                                                                .pad_left = x.before,
                                                                .pad_right = x.after};
    return gantry_node_edges(graph, node, inputs, node->input_count, &made, 1);
}

enum gantry_status gantry_pass_phases(struct gantry_graph *graph, struct gantry_error *error)
{
    struct axis y, x;
    int32_t count = 0, kept = 0;
    for (int32_t n = 0; n < graph->node_count; n++)
        count += axes_of(graph, &graph->nodes[n], &y, &x);
    if (count == 0) return GANTRY_OK;
    size_t nodes = (size_t)graph->node_count + (size_t)count;
    size_t tensors = (size_t)graph->tensor_count + ADDED_TENSORS * (size_t)count;
    const struct gantry_graph before = *graph;
    uint64_t *macs = gantry_arena_alloc(&graph->arena, nodes, sizeof *macs);
    graph->nodes = gantry_arena_alloc(&graph->arena, nodes, sizeof *graph->nodes);
    graph->tensors = gantry_arena_alloc(&graph->arena, tensors, sizeof *graph->tensors);
    bool ok = macs && graph->nodes && graph->tensors;
    if (ok)
        memcpy(graph->tensors, before.tensors,
               (size_t)before.tensor_count * sizeof *graph->tensors);
    for (int32_t n = 0; ok && n < before.node_count; n++) {
        struct gantry_graph_node *node = &graph->nodes[kept++];
        *node = before.nodes[n];
        if (!axes_of(graph, node, &y, &x)) continue;
        macs[kept - 1] = node->macs;
        ok = rewrite(graph, node, &graph->nodes[kept]);
        kept += y.stride > 1;
    }
    if (!ok) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", before.name);
    graph->node_count = kept;
    enum gantry_status status = gantry_graph_check(graph, error);
    /* Taps that some phases lack are no work of the network. */
    for (int32_t n = 0; status == GANTRY_OK && n < graph->node_count; n++)
        if (macs[n]) graph->nodes[n].macs = macs[n];
    return status;
}
