/* SPDX-License-Identifier: Apache-2.0
 * ONNX operators on maps: blocks of pixels as channels, the greatest along an axis. */
#include "formats/onnx_reader.h"

/* ---- Depth and space ---- */

/* Channels that hold a block of pixels for each channel of the result, in the order of those that
 * hold the result's channels for each pixel of a block. */
static int32_t columns_first(struct gantry_onnx *r, int32_t tensor, int32_t block)
{
    static const int32_t permutation[] = {0, 1, 2, 4, 3};
    if (tensor == GANTRY_NO_TENSOR) return tensor;
    const struct gantry_shape shape = r->graph->tensors[tensor].shape;
    int64_t square = (int64_t)block * block;
    if (shape.dims[3] % square != 0)
        return gantry_onnx_fail(r, GANTRY_ERR_FILE, "%d channels for blocks of %d", shape.dims[3],
                                block);
    const struct gantry_shape blocks = {5,
                                        {shape.dims[0], shape.dims[1], shape.dims[2],
                                         (int32_t)(shape.dims[3] / square), (int32_t)square}};
    tensor = gantry_onnx_transpose(r, gantry_onnx_reshape(r, tensor, &blocks), permutation);
    return gantry_onnx_reshape(r, tensor, &shape);
}

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
    const union gantry_attributes attributes = {.block = (int32_t)block};
    int32_t from = gantry_onnx_take(r, gantry_onnx_carrier(r, x), &last);
    bool columns =
        op == GANTRY_OP_DEPTH_TO_SPACE && gantry_onnx_text_is(node, "mode", "CRD", "DCR");
    if (columns) from = columns_first(r, from, (int32_t)block);
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
