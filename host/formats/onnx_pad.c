/* SPDX-License-Identifier: Apache-2.0
 * ONNX's Pad: with a value, with reflections, with the values at the edges, with those of the other
 * end. */
#include "formats/onnx_reader.h"

/* How much goes before and behind each axis, by its place in a tensor. */
struct pads {
    int64_t counts[2 * GANTRY_RANK_MAX];
};

static bool read_pads(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t rank,
                      const struct gantry_onnx_order *order, struct pads *out)
{
    int64_t list[2 * GANTRY_RANK_MAX], axes[GANTRY_RANK_MAX];
    *out = (struct pads){{0}};
    int32_t count = gantry_onnx_list(r, gantry_onnx_input(node, 1), "pads", list, 2 * rank);
    int32_t named = gantry_onnx_input(node, 3) == GANTRY_NO_VALUE
                        ? -1
                        : gantry_onnx_integers_of(r, node->inputs[3], axes, rank, "axes");
    int32_t half = named < 0 ? rank : named;
    if (r->status != GANTRY_OK) return false;
    if (count != 2 * half) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "pads: %d values (must be %d)", count, 2 * half);
        return false;
    }
    for (int32_t i = 0; i < half && r->status == GANTRY_OK; i++) {
        int32_t axis = named < 0 ? i : gantry_onnx_axis(r, axes[i], rank);
        int32_t place = gantry_onnx_place(order, axis);
        out->counts[2 * place] = list[i];
        out->counts[2 * place + 1] = list[half + i];
    }
    return r->status == GANTRY_OK;
}

/* Along one axis of a tensor: its elements between copies of the first and of the last one, or of
 * those of the other end. */
static int32_t pad_axis(struct gantry_onnx *r, int32_t tensor, int32_t place, int64_t before,
                        int64_t behind, bool wrap)
{
    if (tensor == GANTRY_NO_TENSOR || (before == 0 && behind == 0)) return tensor;
    int32_t size = r->graph->tensors[tensor].shape.dims[place];
    bool near = before >= -size && behind >= -size && before <= INT32_MAX && behind <= INT32_MAX;
    int64_t length = near ? size + before + behind : 0;
    if (length < 1 || length > INT32_MAX)
        return gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "pads %lld and %lld of an axis of %d",
                                (long long)before, (long long)behind, size);
    const struct gantry_shape list = {1, {(int32_t)length}};
    const union gantry_attributes attributes = {.along = {.axis = place}};
    void *data;
    if (!gantry_onnx_afford(r, &list)) return GANTRY_NO_TENSOR;
    int32_t indices = gantry_onnx_make_constant(r, "edges", GANTRY_INT32, &list, &data);
    for (int32_t i = 0; data && i < list.dims[0]; i++) {
        int64_t from = i - before;
        if (wrap) from = (from % size + size) % size;
        ((int32_t *)data)[i] = from < 0 ? 0 : from >= size ? size - 1 : (int32_t)from;
    }
    int32_t output = gantry_onnx_like(r, tensor, r->values[r->at->outputs[0]].name);
    return gantry_onnx_emit_simple(r, GANTRY_OP_GATHER, tensor, indices, GANTRY_NO_TENSOR, output,
                                   &attributes);
}

static int32_t pad_axes(struct gantry_onnx *r, int32_t tensor, int32_t rank,
                        const struct pads *pads, bool wrap)
{
    for (int32_t i = 0; i < rank; i++)
        tensor = pad_axis(r, tensor, i, pads->counts[2 * i], pads->counts[2 * i + 1], wrap);
    return tensor;
}

/* fill: the value, or GANTRY_NO_TENSOR for 0. */
static int32_t pad_constant(struct gantry_onnx *r, enum gantry_op op, int32_t tensor, int32_t rank,
                            const struct pads *pads, int32_t fill)
{
    const struct gantry_shape rows = {2, {rank, 2}};
    int32_t list = gantry_onnx_make_integers(r, pads->counts, 2 * rank);
    int32_t output = gantry_onnx_like(r, tensor, r->values[r->at->outputs[0]].name);
    return gantry_onnx_emit_simple(r, op, tensor, gantry_onnx_reshape(r, list, &rows), fill, output,
                                   NULL);
}

void gantry_onnx_read_pad(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    struct gantry_onnx_order order;
    struct pads pads;
    int32_t x = node->inputs[0], rank = gantry_onnx_rank(r, x);
    bool reflect = gantry_onnx_text_is(node, "mode", "reflect", "constant");
    bool wrap = gantry_onnx_text_is(node, "mode", "wrap", "constant");
    bool copies = wrap || gantry_onnx_text_is(node, "mode", "edge", "constant");
    if (!reflect && !copies && !gantry_onnx_text_is(node, "mode", "constant", "constant")) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "mode (constant, edge, reflect or %s)",
                               "wrap");
        return;
    }
    float value = gantry_onnx_float(node, "value", 0);
    int32_t given = gantry_onnx_input(node, 2);
    bool plain = given == GANTRY_NO_VALUE || gantry_onnx_scalar(r, given, &value);
    /* Stored integers are padded with what stands for 0. */
    bool integers = gantry_onnx_stored(r, x) && ((plain && value == 0) || reflect || copies);
    int32_t from = gantry_onnx_take_lying(r, integers ? gantry_onnx_carrier(r, x) : x, &order);
    int32_t output = GANTRY_NO_TENSOR;
    if (!read_pads(r, node, rank, &order, &pads)) return;
    if (copies) {
        output = pad_axes(r, from, rank, &pads, wrap);
    } else if (reflect) {
        output = pad_constant(r, GANTRY_OP_MIRROR_PAD, from, rank, &pads, GANTRY_NO_TENSOR);
    } else {
        int32_t fill = plain ? GANTRY_NO_TENSOR : gantry_onnx_take_logical(r, given);
        if (plain && value != 0) fill = gantry_onnx_make_float(r, value);
        output = pad_constant(r, GANTRY_OP_PAD, from, rank, &pads, fill);
    }
    if (integers)
        gantry_onnx_give_like(r, node->outputs[0], x, output, order);
    else
        gantry_onnx_give(r, node->outputs[0], output, order);
}
