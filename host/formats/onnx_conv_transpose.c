/* SPDX-License-Identifier: Apache-2.0
 * ONNX's ConvTranspose: groups and dilation are zeros among the weights. */
#include <string.h>

#include "formats/onnx_reader.h"

/* One axis of a transposed convolution. */
struct transposed {
    int32_t in, kernel, stride;
    int64_t more;   /* added behind */
    int64_t wanted; /* size of the output that the node states, or -1 */
};

/* Height or width of the output, 0 where there is none; and its padding where the node states the
 * size instead: what the padding of the convolution from the output to the input would be. */
static int32_t transposed_size(const struct transposed *axis, bool upper, int32_t *before,
                               int32_t *after)
{
    int64_t full = (int64_t)axis->stride * (axis->in - 1) + axis->kernel + axis->more;
    if (axis->wanted >= 0) {
        int64_t total = full > axis->wanted ? full - axis->wanted : 0;
        *before = (int32_t)(upper ? total / 2 : total - total / 2);
        *after = (int32_t)(total - *before);
    }
    int64_t out = full - *before - *after;
    return out < 1 || out > INT32_MAX ? 0 : (int32_t)out;
}

/* Element i of a list for height and width, or for width alone, or what stands for it. */
static int64_t element_of(const struct gantry_onnx_node *node, const char *name, size_t i,
                          int64_t otherwise)
{
    const Onnx__AttributeProto *list = gantry_onnx_attribute(node, name);
    if (list && list->n_ints == 2) return list->ints[i];
    return list && list->n_ints == 1 && i == 1 ? list->ints[0] : otherwise;
}

/* The window with its kernel's dilation resolved, and the output's height and width. */
static bool transposed_window(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                              const struct gantry_shape *xs, const int32_t *kernel,
                              struct gantry_window_attributes *window, int32_t *out)
{
    int32_t ignored_h, ignored_w;
    /* Strides and padding are checked as of a convolution on a large input. */
    const struct gantry_shape large = {xs->rank, {1, 1, INT16_MAX, INT16_MAX}};
    int32_t height = xs->rank == 4 ? xs->dims[2] : 1, width = xs->dims[xs->rank - 1];
    if (!gantry_onnx_window(r, node, &large, kernel, window, &ignored_h, &ignored_w)) return false;
    bool upper = gantry_onnx_text_is(node, "auto_pad", "SAME_UPPER", "NOTSET");
    bool same = upper || gantry_onnx_text_is(node, "auto_pad", "SAME_LOWER", "NOTSET");
    window->kernel_h = (kernel[0] - 1) * window->dilation_h + 1;
    window->kernel_w = (kernel[1] - 1) * window->dilation_w + 1;
    window->dilation_h = window->dilation_w = 1;
    struct transposed axes[] = {{height, window->kernel_h, window->stride_h, 0, -1},
                                {width, window->kernel_w, window->stride_w, 0, -1}};
    for (size_t i = 0; i < 2; i++) {
        int64_t natural = same ? (int64_t)axes[i].in * axes[i].stride : -1;
        axes[i].more = element_of(node, "output_padding", i, 0);
        axes[i].wanted = element_of(node, "output_shape", i, natural);
        if (axes[i].more >= 0 && axes[i].more < INT16_MAX) continue;
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "output_padding %lld (0..%d)",
                               (long long)axes[i].more, INT16_MAX);
        return false;
    }
    out[0] = transposed_size(&axes[0], upper, &window->pad_top, &window->pad_bottom);
    out[1] = transposed_size(&axes[1], upper, &window->pad_left, &window->pad_right);
    bool fits = out[0] >= 1 && out[1] >= 1;
    for (size_t i = 0; i < 2; i++) fits = fits && (axes[i].wanted < 0 || axes[i].wanted == out[i]);
    if (fits) return true;
    (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "an output of %dx%d", out[0], out[1]);
    return false;
}

/* A scale for each output of each group, from those of the outputs of one. */
static bool repeat_scales(struct gantry_onnx *r, struct gantry_quantization *q, int32_t groups)
{
    if (q->count <= 1) return true;
    size_t count = (size_t)q->count;
    float *scale = gantry_arena_alloc(&r->graph->arena, count * (size_t)groups, sizeof *scale);
    int32_t *zero = gantry_arena_alloc(&r->graph->arena, count * (size_t)groups, sizeof *zero);
    if (!scale || !zero) return gantry_onnx_memory(r) != GANTRY_NO_VALUE;
    for (size_t i = 0; i < count * (size_t)groups; i++) {
        scale[i] = q->scale[i % count];
        zero[i] = q->zero_point[i % count];
    }
    *q = (struct gantry_quantization){q->count * groups, q->axis, scale, zero};
    return true;
}

/* Copies a kernel of in and out channels, with zeros between its elements. */
static void spread_kernel(uint8_t *to, const uint8_t *from, size_t size, const int32_t *kernel,
                          const struct gantry_window_attributes *window)
{
    int32_t step_h = kernel[0] > 1 ? (window->kernel_h - 1) / (kernel[0] - 1) : 1;
    int32_t step_w = kernel[1] > 1 ? (window->kernel_w - 1) / (kernel[1] - 1) : 1;
    for (int32_t h = 0; h < kernel[0]; h++)
        for (int32_t w = 0; w < kernel[1]; w++, from += size)
            memcpy(to + (size_t)(h * step_h * window->kernel_w + w * step_w) * size, from, size);
}

/* Weights [in, out of a group, h, w] as those of one group without dilation: between groups and
 * between the elements of the kernel they are 0. */
static int32_t spread(struct gantry_onnx *r, int32_t tensor, int32_t groups,
                      const struct gantry_window_attributes *window)
{
    if (tensor == GANTRY_NO_TENSOR) return tensor;
    const struct gantry_graph_tensor from = r->graph->tensors[tensor];
    const int32_t *d = from.shape.dims, *kernel = d + 2;
    bool plain = groups == 1 && kernel[0] == window->kernel_h && kernel[1] == window->kernel_w;
    if (plain) return tensor;
    const struct gantry_shape shape = {4,
                                       {d[0], d[1] * groups, window->kernel_h, window->kernel_w}};
    size_t size = gantry_dtype_bytes(from.dtype);
    struct gantry_quantization q = from.quantization;
    void *data;
    if (!from.data || (from.dtype != GANTRY_FLOAT32 && size != 1))
        return gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                                "groups or dilation with weights of %s%s (constants)",
                                gantry_dtype_name(from.dtype), from.data ? "" : ", not constant");
    if (!gantry_onnx_afford(r, &shape) || !repeat_scales(r, &q, groups)) return GANTRY_NO_TENSOR;
    int32_t output = gantry_onnx_make_constant(r, from.name, from.dtype, &shape, &data);
    if (output == GANTRY_NO_TENSOR) return output;
    r->graph->tensors[output].quantization = q;
    r->graph->tensors[output].flipped = from.flipped;
    size_t own = (size_t)(kernel[0] * kernel[1]) * size, full = size;
    full *= (size_t)window->kernel_h * (size_t)window->kernel_w;
    for (int32_t i = 0; i < d[0]; i++)
        for (int32_t o = 0; o < shape.dims[1]; o++) {
            uint8_t *to = (uint8_t *)data + (size_t)(i * shape.dims[1] + o) * full;
            if (q.count > 0) memset(to, q.zero_point[q.count > 1 ? o : 0], full);
            if (o / d[1] != i / (d[0] / groups)) continue;
            const uint8_t *at = (const uint8_t *)from.data + (size_t)(i * d[1] + o % d[1]) * own;
            spread_kernel(to, at, size, kernel, window);
        }
    return output;
}

void gantry_onnx_read_conv_transpose(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    /* [in, out, h, w] to [out, h, w, in]. */
    static const int32_t permutation[] = {1, 2, 3, 0};
    struct gantry_shape xs, ws;
    struct gantry_onnx_call call = {
        .op = GANTRY_OP_TRANSPOSE_CONV, .input_count = 3, .output_count = 1};
    const struct gantry_onnx_target target = gantry_onnx_find_target(r, node, true);
    int32_t x = node->inputs[0], w = gantry_onnx_input(node, 1), out[2];
    if (gantry_onnx_needs(r, node, 2) || !gantry_onnx_shape(r, x, &xs) ||
        !gantry_onnx_shape(r, w, &ws))
        return;
    int64_t groups = gantry_onnx_int(node, "group", 1);
    if (xs.rank < 3 || xs.rank > 4 || ws.rank != xs.rank || ws.dims[0] != xs.dims[1] ||
        groups < 1 || groups > ws.dims[0] || ws.dims[0] % groups != 0) {
        (void)gantry_onnx_fail(
            r, GANTRY_ERR_UNSUPPORTED,
            "rank %d, weights of rank %d (both 3 or 4), %lld groups of %d channels", xs.rank,
            ws.rank, (long long)groups, ws.dims[0]);
        return;
    }
    const int32_t kernel[] = {ws.rank == 4 ? ws.dims[2] : 1, ws.dims[ws.rank - 1]};
    const struct gantry_shape full = {4, {ws.dims[0], ws.dims[1], kernel[0], kernel[1]}};
    if (!transposed_window(r, node, &xs, kernel, &call.attributes.window, out)) return;
    bool integers = gantry_onnx_all_stored(r, x, w, &target);
    const struct gantry_onnx_order last = gantry_onnx_channels_last(xs.rank);
    int32_t inputs[3], channels = ws.dims[1] * (int32_t)groups;
    inputs[0] = gantry_onnx_take(r, integers ? gantry_onnx_carrier(r, x) : x, &last);
    inputs[0] = gantry_onnx_with_height(r, inputs[0]);
    inputs[1] = gantry_onnx_take_logical(r, integers ? gantry_onnx_carrier(r, w) : w);
    inputs[1] = gantry_onnx_reshape(r, inputs[1], &full);
    inputs[1] = spread(r, inputs[1], (int32_t)groups, &call.attributes.window);
    inputs[1] = gantry_onnx_transpose(r, inputs[1], permutation);
    inputs[2] =
        gantry_onnx_bias(r, gantry_onnx_input(node, 2), integers, inputs[0], inputs[1], channels);
    int32_t output = gantry_onnx_claim(r, &target, integers);
    const struct gantry_shape shape = {4, {xs.dims[0], out[0], out[1], channels}};
    gantry_onnx_set_shape(r, output, &shape);
    call.inputs = inputs;
    call.outputs = &output;
    call.activation = target.activation;
    int32_t made = gantry_onnx_emit(r, &call);
    if (xs.rank == 3) made = gantry_onnx_without_height(r, made);
    gantry_onnx_give_target(r, &target, integers, made, last);
}
