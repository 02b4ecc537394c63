/* SPDX-License-Identifier: Apache-2.0
 * ONNX convolutions, and the windows that they share with pools. */
#include <string.h>

#include "formats/onnx_reader.h"

/* ---- Windows ---- */

static bool copy_pair(struct gantry_onnx *r, const struct gantry_onnx_node *node, const char *name,
                      int32_t *h, int32_t *w)
{
    const Onnx__AttributeProto *list = gantry_onnx_attribute(node, name);
    *h = *w = 1;
    if (!list) return true;
    int64_t first = list->n_ints > 0 ? list->ints[0] : 0;
    int64_t last = list->n_ints > 0 ? list->ints[list->n_ints - 1] : 0;
    if (list->n_ints > 2 || first < 1 || last < 1 || first > INT16_MAX || last > INT16_MAX) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "%s: %zu values, %lld and %lld (1..%d)",
                               name, list->n_ints, (long long)first, (long long)last, INT16_MAX);
        return false;
    }
    *w = (int32_t)last;
    if (list->n_ints == 2) *h = (int32_t)first;
    return true;
}

/* Padding along one axis by auto_pad; explicit padding stands already. */
static void automatic(const char *mode, int32_t in, int32_t kernel, int32_t stride,
                      int32_t dilation, int32_t *before, int32_t *after)
{
    int64_t out = ((int64_t)in + stride - 1) / stride;
    int64_t span = (int64_t)(kernel - 1) * dilation + 1;
    int64_t total = (out - 1) * stride + span - in;
    if (total < 0) total = 0;
    int32_t small = (int32_t)(total / 2), large = (int32_t)(total - total / 2);
    bool upper = strcmp(mode, "SAME_UPPER") == 0;
    *before = upper ? small : large;
    *after = upper ? large : small;
}

/* Positions of a window; with ceil the last may hang over, but must begin on the input or the
 * padding before it, and the padding behind grows by what it hangs over. */
static int32_t positions(int32_t in, int32_t kernel, int32_t stride, int32_t dilation,
                         int32_t before, int32_t *after, bool up)
{
    int64_t span = (int64_t)(kernel - 1) * dilation + 1;
    int64_t room = (int64_t)in + before + *after - span;
    if (room < 0) return 0;
    int64_t count = room / stride + 1;
    if (up && room % stride != 0 && count * stride < (int64_t)in + before) {
        *after += (int32_t)(count * stride - room);
        count++;
    }
    return (int32_t)count;
}

bool gantry_onnx_window(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                        const struct gantry_shape *x, const int32_t *kernel,
                        struct gantry_window_attributes *out, int32_t *out_h, int32_t *out_w)
{
    const Onnx__AttributeProto *pads = gantry_onnx_attribute(node, "pads");
    const Onnx__AttributeProto *mode = gantry_onnx_attribute(node, "auto_pad");
    int32_t in_h = x->rank == 4 ? x->dims[2] : 1, in_w = x->dims[x->rank - 1];
    *out = (struct gantry_window_attributes){.kernel_h = kernel[0], .kernel_w = kernel[1]};
    if (!copy_pair(r, node, "strides", &out->stride_h, &out->stride_w) ||
        !copy_pair(r, node, "dilations", &out->dilation_h, &out->dilation_w))
        return false;
    char name[16] = "NOTSET";
    if (mode && mode->s.len > 0 && mode->s.len < sizeof name) {
        memcpy(name, mode->s.data, mode->s.len);
        name[mode->s.len] = 0;
    }
    size_t spatial = (size_t)x->rank - 2;
    if (strncmp(name, "SAME_", 5) == 0) {
        automatic(name, in_h, kernel[0], out->stride_h, out->dilation_h, &out->pad_top,
                  &out->pad_bottom);
        automatic(name, in_w, kernel[1], out->stride_w, out->dilation_w, &out->pad_left,
                  &out->pad_right);
    } else if (pads && strcmp(name, "VALID") != 0) {
        bool legal = pads->n_ints == 2 * spatial;
        for (size_t i = 0; legal && i < pads->n_ints; i++)
            legal = pads->ints[i] >= 0 && pads->ints[i] <= INT16_MAX;
        if (!legal) {
            (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "pads: %zu values (%zu, each 0..%d)",
                                   pads->n_ints, 2 * spatial, INT16_MAX);
            return false;
        }
        out->pad_left = (int32_t)pads->ints[spatial - 1];
        out->pad_right = (int32_t)pads->ints[2 * spatial - 1];
        if (spatial == 2) {
            out->pad_top = (int32_t)pads->ints[0];
            out->pad_bottom = (int32_t)pads->ints[2];
        }
    }
    bool up = gantry_onnx_int(node, "ceil_mode", 0) != 0;
    *out_h = positions(in_h, kernel[0], out->stride_h, out->dilation_h, out->pad_top,
                       &out->pad_bottom, up);
    *out_w = positions(in_w, kernel[1], out->stride_w, out->dilation_w, out->pad_left,
                       &out->pad_right, up);
    if (*out_h >= 1 && *out_w >= 1) return true;
    (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "a window of %dx%d on an input of %dx%d", kernel[0],
                           kernel[1], in_h, in_w);
    return false;
}

/* ---- Conv ---- */

int32_t gantry_onnx_with_height(struct gantry_onnx *r, int32_t tensor)
{
    if (tensor == GANTRY_NO_TENSOR) return tensor;
    struct gantry_shape shape = r->graph->tensors[tensor].shape;
    if (shape.rank != 3) return tensor;
    const struct gantry_shape full = {4, {shape.dims[0], 1, shape.dims[1], shape.dims[2]}};
    int32_t output = gantry_onnx_reshape(r, tensor, &full);
    if (output != GANTRY_NO_TENSOR && r->graph->tensors[output].quantization.axis == 2)
        r->graph->tensors[output].quantization.axis = 3;
    return output;
}

int32_t gantry_onnx_without_height(struct gantry_onnx *r, int32_t tensor)
{
    if (tensor == GANTRY_NO_TENSOR) return tensor;
    const int32_t *d = r->graph->tensors[tensor].shape.dims;
    const struct gantry_shape row = {3, {d[0], d[2], d[3]}};
    return gantry_onnx_reshape(r, tensor, &row);
}

void gantry_onnx_convolve(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t x,
                          int32_t w, int32_t bias, const struct gantry_onnx_target *target)
{
    struct gantry_shape xs, ws;
    struct gantry_onnx_call call = {.op = GANTRY_OP_CONV_2D, .input_count = 3, .output_count = 1};
    if (!gantry_onnx_shape(r, x, &xs) || !gantry_onnx_shape(r, w, &ws)) return;
    int64_t groups = gantry_onnx_int(node, "group", 1);
    if (xs.rank != ws.rank || xs.rank < 3 || xs.rank > 4 || groups < 1 ||
        ws.dims[1] * groups != xs.dims[1] || ws.dims[0] % groups != 0) {
        char text1[80], text2[80];
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "input %s, weights %s, %lld groups",
                               gantry_shape_text(&xs, text1, sizeof text1),
                               gantry_shape_text(&ws, text2, sizeof text2), (long long)groups);
        return;
    }
    const int32_t kernel[] = {ws.rank == 4 ? ws.dims[2] : 1, ws.dims[ws.rank - 1]};
    int32_t out_h, out_w, channels = ws.dims[0];
    if (!gantry_onnx_window(r, node, &xs, kernel, &call.attributes.window, &out_h, &out_w)) return;
    bool integers = gantry_onnx_all_stored(r, x, w, target);
    bool depthwise = groups == xs.dims[1] && groups > 1;
    const struct gantry_onnx_order last = gantry_onnx_channels_last(xs.rank);
    /* [out, in, h, w] to [out, h, w, in], of a depthwise convolution with one in to [1, h, w, out].
     */
    struct gantry_onnx_order order = last;
    if (depthwise) {
        call.op = GANTRY_OP_DEPTHWISE_CONV_2D;
        for (int32_t i = 0; i < ws.rank; i++) order.axis[i] = (int8_t)((i + 1) % ws.rank);
    }
    int32_t from = integers ? gantry_onnx_carrier(r, x) : x;
    int32_t weights = integers ? gantry_onnx_carrier(r, w) : w;
    int32_t inputs[] = {gantry_onnx_with_height(r, gantry_onnx_take(r, from, &last)),
                        gantry_onnx_with_height(r, gantry_onnx_take(r, weights, &order)),
                        GANTRY_NO_TENSOR};
    inputs[2] = gantry_onnx_bias(r, bias, integers, inputs[0], inputs[1], channels);
    int32_t output = gantry_onnx_claim(r, target, integers);
    const struct gantry_shape shape = {4, {xs.dims[0], out_h, out_w, channels}};
    gantry_onnx_set_shape(r, output, &shape);
    call.inputs = inputs;
    call.outputs = &output;
    call.activation = target->activation;
    int32_t made = gantry_onnx_emit(r, &call);
    if (xs.rank == 3) made = gantry_onnx_without_height(r, made);
    gantry_onnx_give_target(r, target, integers, made, last);
}

void gantry_onnx_read_conv(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    const struct gantry_onnx_target target = gantry_onnx_find_target(r, node, true);
    gantry_onnx_convolve(r, node, node->inputs[0], gantry_onnx_input(node, 1),
                         gantry_onnx_input(node, 2), &target);
}

/* ---- QLinearConv ---- */

void gantry_onnx_read_qlinear_conv(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    if (node->input_count < 8) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "%d inputs (8 or 9)", node->input_count);
        return;
    }
    const int32_t *in = node->inputs;
    int32_t x = gantry_onnx_dequantized(r, in[0], in[1], in[2], 1, "input");
    int32_t w = gantry_onnx_dequantized(r, in[3], in[4], in[5], 0, "weights");
    const struct gantry_onnx_target target = gantry_onnx_integer_target(r, node, 6);
    int32_t bias = gantry_onnx_input(node, 8);
    if (bias != GANTRY_NO_VALUE) bias = gantry_onnx_accumulator_bias(r, bias, x, w);
    if (r->status == GANTRY_OK) gantry_onnx_convolve(r, node, x, w, bias, &target);
}
