/* SPDX-License-Identifier: Apache-2.0
 * ONNX operators on maps: other sizes, blocks of pixels as channels, the greatest along an axis. */
#include <math.h>
#include <string.h>

#include "formats/onnx_reader.h"

static bool text_is(const struct gantry_onnx_node *node, const char *name, const char *text,
                    const char *otherwise)
{
    const Onnx__AttributeProto *attribute = gantry_onnx_attribute(node, name);
    if (!attribute || !attribute->has_s) return strcmp(text, otherwise) == 0;
    return attribute->s.len == strlen(text) &&
           memcmp(attribute->s.data, text, attribute->s.len) == 0;
}

/* ---- Depth and space ---- */

static void read_blocks(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                        enum gantry_op op)
{
    const struct gantry_onnx_order last = gantry_onnx_channels_last(4);
    int64_t block = gantry_onnx_int(node, "blocksize", 0);
    int32_t x = node->inputs[0];
    if (gantry_onnx_rank(r, x) != 4 || block < 1 || block > INT16_MAX) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "blocks of %lld, rank %d (must be 4)",
                               (long long)block, gantry_onnx_rank(r, x));
        return;
    }
    if (!text_is(node, "mode", "DCR", "DCR")) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "mode CRD (must be %s)", "DCR");
        return;
    }
    const union gantry_attributes attributes = {.block = (int32_t)block};
    int32_t from = gantry_onnx_take(r, gantry_onnx_carrier(r, x), &last);
    if (from == GANTRY_NO_TENSOR) return;
    struct gantry_shape shape = r->graph->tensors[from].shape;
    int64_t square = block * block;
    bool deeper = op == GANTRY_OP_SPACE_TO_DEPTH;
    int64_t h = deeper ? shape.dims[1] / block : shape.dims[1] * block;
    int64_t w = deeper ? shape.dims[2] / block : shape.dims[2] * block;
    int64_t c = deeper ? shape.dims[3] * square : shape.dims[3] / square;
    bool fits = h <= INT32_MAX && w <= INT32_MAX && c <= INT32_MAX;
    shape = (struct gantry_shape){4, {shape.dims[0], 0, 0, 0}};
    if (fits) shape.dims[1] = (int32_t)h, shape.dims[2] = (int32_t)w, shape.dims[3] = (int32_t)c;
    int32_t output = gantry_onnx_like(r, from, r->values[node->outputs[0]].name);
    gantry_onnx_set_shape(r, output, &shape);
    output = gantry_onnx_emit_simple(r, op, from, GANTRY_NO_TENSOR, GANTRY_NO_TENSOR, output,
                                     &attributes);
    gantry_onnx_give_like(r, node->outputs[0], x, output, last);
}

void gantry_onnx_read_depth_to_space(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    read_blocks(r, node, GANTRY_OP_DEPTH_TO_SPACE);
}

void gantry_onnx_read_space_to_depth(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    read_blocks(r, node, GANTRY_OP_SPACE_TO_DEPTH);
}

/* ---- Resize ---- */

/* Height and width that the node gives, from sizes or scales of four axes. Scales that give no
 * whole number of pixels would be another mapping than that by sizes. */
static bool resized(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                    const struct gantry_shape *x, int64_t *size)
{
    bool old = r->opset < 11; /* Upsample's inputs: x, scales */
    int32_t scales = gantry_onnx_input(node, old ? 1 : 2), sizes = gantry_onnx_input(node, 3);
    if (gantry_onnx_attribute(node, "axes")) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "sizes of some axes%s", "");
        return false;
    }
    if (!old && sizes != GANTRY_NO_VALUE) {
        int64_t list[4];
        if (gantry_onnx_integers_of(r, sizes, list, 4, "sizes") != 4) return false;
        size[0] = list[2], size[1] = list[3];
        return list[0] == x->dims[0] && list[1] == x->dims[1];
    }
    int32_t tensor =
        scales == GANTRY_NO_VALUE ? GANTRY_NO_TENSOR : gantry_onnx_take_logical(r, scales);
    if (tensor == GANTRY_NO_TENSOR) return false;
    const struct gantry_graph_tensor *t = &r->graph->tensors[tensor];
    if (!t->data || t->dtype != GANTRY_FLOAT32 || t->bytes != 4 * sizeof(float)) return false;
    const float *factor = t->data;
    for (int32_t i = 0; i < 2; i++) {
        double exact = (double)factor[2 + i] * x->dims[2 + i];
        if (!(exact >= 1 && exact <= INT32_MAX) || fabs(exact - nearbyint(exact)) > 1e-4)
            return false;
        size[i] = (int64_t)nearbyint(exact);
    }
    return factor[0] == 1 && factor[1] == 1;
}

/* Where output pixels lie on the input, in the terms that Gantry has; false for others. */
static bool mapping(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                    const struct gantry_shape *x, const int64_t *size,
                    struct gantry_resize_attributes *how, bool *nearest)
{
    const char *usual = r->opset < 11 ? "asymmetric" : "half_pixel";
    bool half = text_is(node, "coordinate_transformation_mode", "half_pixel", usual) ||
                text_is(node, "coordinate_transformation_mode", "pytorch_half_pixel", usual);
    bool corners = text_is(node, "coordinate_transformation_mode", "align_corners", usual);
    bool plain = text_is(node, "coordinate_transformation_mode", "asymmetric", usual);
    *nearest = text_is(node, "mode", "nearest", "nearest");
    *how = (struct gantry_resize_attributes){.align_corners = corners, .half_pixel = half};
    if (text_is(node, "mode", "linear", "nearest")) return half || corners || plain;
    if (!*nearest) return false;
    bool whole = size[0] % x->dims[2] == 0 && size[1] % x->dims[3] == 0;
    bool down = text_is(node, "nearest_mode", "floor", "round_prefer_floor") || r->opset < 11;
    bool round = text_is(node, "nearest_mode", "round_prefer_floor", "round_prefer_floor");
    /* Pixels become blocks: all of these agree. */
    *how = (struct gantry_resize_attributes){0};
    return (plain && down) || (half && round && whole);
}

void gantry_onnx_read_resize(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    const struct gantry_onnx_order last = gantry_onnx_channels_last(4);
    struct gantry_shape x;
    union gantry_attributes attributes = {0};
    int64_t size[2];
    bool nearest;
    int32_t input = node->inputs[0];
    if (!gantry_onnx_shape(r, input, &x)) return;
    bool legal = x.rank == 4 && resized(r, node, &x, size) &&
                 mapping(r, node, &x, size, &attributes.resize, &nearest);
    if (!legal) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                               "a mapping of rank %d that is not nearest or linear, of height and "
                               "width, to a whole number of pixels",
                               x.rank);
        return;
    }
    int32_t from = gantry_onnx_take(r, gantry_onnx_carrier(r, input), &last);
    int32_t output = gantry_onnx_like(r, from, r->values[node->outputs[0]].name);
    output = gantry_onnx_emit_simple(
        r, nearest ? GANTRY_OP_RESIZE_NEAREST_NEIGHBOR : GANTRY_OP_RESIZE_BILINEAR, from,
        gantry_onnx_make_integers(r, size, 2), GANTRY_NO_TENSOR, output, &attributes);
    gantry_onnx_give_like(r, node->outputs[0], input, output, last);
}

/* ---- ArgMax, ArgMin ---- */

static void read_arg(struct gantry_onnx *r, const struct gantry_onnx_node *node, enum gantry_op op)
{
    struct gantry_shape shape;
    int32_t x = node->inputs[0], output = node->outputs[0];
    if (!gantry_onnx_shape(r, x, &shape)) return;
    int64_t axis = gantry_onnx_axis(r, gantry_onnx_int(node, "axis", 0), shape.rank);
    if (gantry_onnx_int(node, "select_last_index", 0) != 0) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "the last index of equal values%s", "");
        return;
    }
    /* Integers are in the order of what they stand for. */
    int32_t from = gantry_onnx_take_logical(r, gantry_onnx_carrier(r, x));
    int32_t to = gantry_onnx_tensor(r, r->values[output].name, GANTRY_INT64, NULL);
    to = gantry_onnx_emit_simple(r, op, from, gantry_onnx_make_integers(r, &axis, 1),
                                 GANTRY_NO_TENSOR, to, NULL);
    shape.dims[axis] = 1;
    if (gantry_onnx_int(node, "keepdims", 1) != 0) to = gantry_onnx_reshape(r, to, &shape);
    gantry_onnx_give(r, output, to, gantry_onnx_identity());
}

void gantry_onnx_read_arg_max(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    read_arg(r, node, GANTRY_OP_ARG_MAX);
}

void gantry_onnx_read_arg_min(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    read_arg(r, node, GANTRY_OP_ARG_MIN);
}
