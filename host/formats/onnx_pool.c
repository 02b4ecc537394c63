/* SPDX-License-Identifier: Apache-2.0
 * ONNX pools: over windows and over whole maps. */
#include "formats/onnx_reader.h"

enum { AVERAGE_WINDOW_LIMIT = 1 << 15 };

static bool pool_kernel(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                        const struct gantry_shape *x, bool global, int32_t *kernel)
{
    const Onnx__AttributeProto *list = gantry_onnx_attribute(node, "kernel_shape");
    if (x->rank < 3 || x->rank > 4) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "an input of rank %d (3 or 4)", x->rank);
        return false;
    }
    const Onnx__AttributeProto *dilations = gantry_onnx_attribute(node, "dilations");
    for (size_t i = 0; dilations && i < dilations->n_ints; i++) {
        if (dilations->ints[i] == 1) continue;
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "dilation %lld of a pool (must be 1)",
                               (long long)dilations->ints[i]);
        return false;
    }
    if (global) {
        kernel[0] = x->rank == 4 ? x->dims[2] : 1;
        kernel[1] = x->dims[x->rank - 1];
        return true;
    }
    bool legal = list && list->n_ints == (size_t)x->rank - 2;
    for (size_t i = 0; legal && i < list->n_ints; i++)
        legal = list->ints[i] >= 1 && list->ints[i] <= AVERAGE_WINDOW_LIMIT;
    if (!legal) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "kernel_shape: %zu values (%d, each 1..%d)",
                               list ? list->n_ints : 0, x->rank - 2, AVERAGE_WINDOW_LIMIT);
        return false;
    }
    kernel[0] = list->n_ints == 2 ? (int32_t)list->ints[0] : 1;
    kernel[1] = (int32_t)list->ints[list->n_ints - 1];
    return true;
}

/* The input with its channels last, of rank 4. */
static int32_t map_of(struct gantry_onnx *r, int32_t value, int32_t rank)
{
    const struct gantry_onnx_order last = gantry_onnx_channels_last(rank);
    return gantry_onnx_with_height(r, gantry_onnx_take(r, value, &last));
}

/* The output of a pool in the axes of its input. */
static int32_t in_axes_of(struct gantry_onnx *r, int32_t tensor, int32_t rank)
{
    return rank == 4 ? tensor : gantry_onnx_without_height(r, tensor);
}

static int32_t emit_pool(struct gantry_onnx *r, enum gantry_op op, int32_t map,
                         const struct gantry_window_attributes *window, int32_t out_h,
                         int32_t out_w, int32_t output)
{
    if (map == GANTRY_NO_TENSOR || output == GANTRY_NO_TENSOR) return GANTRY_NO_TENSOR;
    const int32_t *d = r->graph->tensors[map].shape.dims;
    const struct gantry_shape shape = {4, {d[0], out_h, out_w, d[3]}};
    const union gantry_attributes attributes = {.window = *window};
    gantry_onnx_set_shape(r, output, &shape);
    return gantry_onnx_emit_simple(r, op, map, GANTRY_NO_TENSOR, GANTRY_NO_TENSOR, output,
                                   &attributes);
}

/* ---- Averages ---- */

/* Zeros around a map that the average counts. */
static int32_t padded(struct gantry_onnx *r, int32_t map, struct gantry_window_attributes *window)
{
    const int64_t counts[] = {
        0, 0, window->pad_top, window->pad_bottom, window->pad_left, window->pad_right, 0, 0};
    window->pad_top = window->pad_bottom = window->pad_left = window->pad_right = 0;
    int32_t list = gantry_onnx_make_integers(r, counts, 8);
    const struct gantry_shape rows = {2, {4, 2}};
    int32_t output = gantry_onnx_tensor(r, "padded", GANTRY_FLOAT32, NULL);
    return gantry_onnx_emit_simple(r, GANTRY_OP_PAD, map, gantry_onnx_reshape(r, list, &rows),
                                   GANTRY_NO_TENSOR, output, NULL);
}

static bool has_padding(const struct gantry_window_attributes *w)
{
    return w->pad_top || w->pad_bottom || w->pad_left || w->pad_right;
}

/* Over the whole map: MEAN, which may change the scale. */
static int32_t average_all(struct gantry_onnx *r, int32_t map, int32_t output)
{
    const int64_t axes[] = {1, 2};
    const union gantry_attributes attributes = {.keep_dims = true};
    return gantry_onnx_emit_simple(r, GANTRY_OP_MEAN, map, gantry_onnx_make_integers(r, axes, 2),
                                   GANTRY_NO_TENSOR, output, &attributes);
}

void gantry_onnx_average(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t x,
                         bool global, const struct gantry_onnx_target *target)
{
    struct gantry_shape xs;
    struct gantry_window_attributes window;
    int32_t kernel[2], out_h, out_w;
    if (!gantry_onnx_shape(r, x, &xs) || !pool_kernel(r, node, &xs, global, kernel) ||
        !gantry_onnx_window(r, node, &xs, kernel, &window, &out_h, &out_w))
        return;
    bool integers = target->stored != GANTRY_NO_VALUE && gantry_onnx_stored(r, x);
    bool whole = out_h == 1 && out_w == 1 && !has_padding(&window) &&
                 kernel[0] == (xs.rank == 4 ? xs.dims[2] : 1) && kernel[1] == xs.dims[xs.rank - 1];
    bool counted = has_padding(&window) && gantry_onnx_int(node, "count_include_pad", 0) != 0;
    if (integers && !whole) {
        /* A window's average keeps its scale, and does not count padding. */
        int32_t carrier = r->values[gantry_onnx_carrier(r, x)].tensor;
        const struct gantry_quantization wanted =
            gantry_onnx_held(r, &target->quantization, target->dtype);
        integers = !counted &&
                   gantry_quantization_equal(&r->graph->tensors[carrier].quantization, &wanted);
    }
    int32_t map = map_of(r, integers ? gantry_onnx_carrier(r, x) : x, xs.rank);
    if (counted && !integers) map = padded(r, map, &window);
    int32_t output = gantry_onnx_claim(r, target, integers);
    if (whole)
        output = average_all(r, map, output);
    else
        output = emit_pool(r, GANTRY_OP_AVERAGE_POOL_2D, map, &window, out_h, out_w, output);
    gantry_onnx_give_target(r, target, integers, in_axes_of(r, output, xs.rank),
                            gantry_onnx_channels_last(xs.rank));
}

void gantry_onnx_read_average_pool(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    const struct gantry_onnx_target target = gantry_onnx_find_target(r, node, false);
    gantry_onnx_average(r, node, node->inputs[0], false, &target);
}

void gantry_onnx_read_global_average_pool(struct gantry_onnx *r,
                                          const struct gantry_onnx_node *node)
{
    const struct gantry_onnx_target target = gantry_onnx_find_target(r, node, false);
    gantry_onnx_average(r, node, node->inputs[0], true, &target);
}

static void integer_average(struct gantry_onnx *r, const struct gantry_onnx_node *node, bool global)
{
    struct gantry_onnx_target target;
    int32_t x;
    if (gantry_onnx_int(node, "channels_last", 0) != 0) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "channels_last is %d (must be 0)", 1);
        return;
    }
    if (gantry_onnx_integer_form(r, node, &x, &target))
        gantry_onnx_average(r, node, x, global, &target);
}

void gantry_onnx_read_qlinear_average_pool(struct gantry_onnx *r,
                                           const struct gantry_onnx_node *node)
{
    integer_average(r, node, false);
}

void gantry_onnx_read_qlinear_global_average_pool(struct gantry_onnx *r,
                                                  const struct gantry_onnx_node *node)
{
    integer_average(r, node, true);
}

/* ---- Maxima: of integers as of what they stand for ---- */

static void read_max(struct gantry_onnx *r, const struct gantry_onnx_node *node, bool global)
{
    struct gantry_shape xs;
    struct gantry_window_attributes window;
    int32_t kernel[2], out_h, out_w, x = node->inputs[0];
    if (node->output_count > 1 && node->outputs[1] != GANTRY_NO_VALUE) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "output 1, indices of the maxima%s", "");
        return;
    }
    if (!gantry_onnx_shape(r, x, &xs) || !pool_kernel(r, node, &xs, global, kernel) ||
        !gantry_onnx_window(r, node, &xs, kernel, &window, &out_h, &out_w))
        return;
    int32_t carrier = gantry_onnx_stored(r, x) ? gantry_onnx_carrier(r, x) : x;
    int32_t map = map_of(r, carrier, xs.rank);
    int32_t output = gantry_onnx_like(r, map, r->values[node->outputs[0]].name);
    output = emit_pool(r, GANTRY_OP_MAX_POOL_2D, map, &window, out_h, out_w, output);
    output = in_axes_of(r, output, xs.rank);
    const struct gantry_onnx_order last = gantry_onnx_channels_last(xs.rank);
    if (carrier == x)
        gantry_onnx_give(r, node->outputs[0], output, last);
    else
        gantry_onnx_give_like(r, node->outputs[0], x, output, last);
}

void gantry_onnx_read_max_pool(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    read_max(r, node, false);
}

void gantry_onnx_read_global_max_pool(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    read_max(r, node, true);
}
