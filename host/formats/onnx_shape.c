/* SPDX-License-Identifier: Apache-2.0
 * ONNX operators that move data or say where it is. Their axes are mapped to the order in which a
 * tensor lies, so that none of them makes it move; integers stay integers. */
#include <inttypes.h>
#include <string.h>

#include "formats/onnx_reader.h"

/* The output of a node that keeps integers as they are: made from the carrier of x. */
static void give_moved(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t x,
                       int32_t tensor, struct gantry_onnx_order order)
{
    gantry_onnx_give_like(r, node->outputs[0], x, tensor, order);
}

void gantry_onnx_read_identity(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    struct gantry_onnx_order order;
    int32_t x = node->inputs[0];
    if (node->output_count > 1 && node->outputs[1] != GANTRY_NO_VALUE &&
        r->values[node->outputs[1]].uses > 0) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "output 1, the mask, is read%s", "");
        return;
    }
    int32_t tensor = gantry_onnx_take_lying(r, gantry_onnx_carrier(r, x), &order);
    give_moved(r, node, x, tensor, order);
}

/* ---- Other shapes of the same elements ---- */

/* Keeps the first axis and makes the others one: nothing is made before somebody asks for it, as
 * the weights of a matrix product can take the order instead. */
static bool flatten_later(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t x,
                          const struct gantry_shape *from, const struct gantry_shape *to)
{
    int32_t carrier = gantry_onnx_carrier(r, x);
    if (carrier == GANTRY_NO_VALUE || to->rank != 2 || from->rank < 3) return false;
    if (to->dims[0] != from->dims[0] || r->graph->tensors[r->values[carrier].tensor].data)
        return false;
    r->values[node->outputs[0]].flat = x;
    return true;
}

static void reshape_to(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t x,
                       const struct gantry_shape *to)
{
    struct gantry_shape from;
    if (!gantry_onnx_shape(r, x, &from)) return;
    if (gantry_shape_elements(&from) != gantry_shape_elements(to)) {
        char text1[80], text2[80];
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "shape %s to %s",
                               gantry_shape_text(&from, text1, sizeof text1),
                               gantry_shape_text(to, text2, sizeof text2));
        return;
    }
    if (flatten_later(r, node, x, &from, to)) return;
    int32_t tensor = gantry_onnx_take_logical(r, gantry_onnx_carrier(r, x));
    give_moved(r, node, x, gantry_onnx_reshape(r, tensor, to), gantry_onnx_identity());
}

void gantry_onnx_read_reshape(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    struct gantry_shape from, to;
    int64_t dims[GANTRY_RANK_MAX];
    int32_t x = node->inputs[0];
    if (!gantry_onnx_shape(r, x, &from)) return;
    int32_t rank = gantry_onnx_list(r, gantry_onnx_input(node, 1), "shape", dims, GANTRY_RANK_MAX);
    bool zeros = gantry_onnx_int(node, "allowzero", 0) != 0;
    if (rank < 0 || r->status != GANTRY_OK) return;
    for (int32_t i = 0; i < rank && i < from.rank; i++)
        if (dims[i] == 0 && !zeros) dims[i] = from.dims[i];
    if (gantry_shape_resolve(&from, dims, rank, &to)) {
        reshape_to(r, node, x, &to);
        return;
    }
    char have[80], wanted[80];
    (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "input of shape %s to %s",
                           gantry_shape_text(&from, have, sizeof have),
                           gantry_shape_text(&to, wanted, sizeof wanted));
}

void gantry_onnx_read_flatten(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    struct gantry_shape from, to = {2, {1, 1}};
    int32_t x = node->inputs[0];
    if (!gantry_onnx_shape(r, x, &from)) return;
    int64_t axis = gantry_onnx_int(node, "axis", 1);
    axis = axis < 0 ? axis + from.rank : axis;
    if (axis < 0 || axis > from.rank) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "axis %" PRId64 " (rank %d)", axis, from.rank);
        return;
    }
    for (int32_t i = 0; i < from.rank; i++) to.dims[i < axis ? 0 : 1] *= from.dims[i];
    reshape_to(r, node, x, &to);
}

uint32_t gantry_onnx_axes(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t rank,
                          bool *given)
{
    int64_t list[GANTRY_RANK_MAX];
    uint32_t bits = 0;
    int32_t count = gantry_onnx_list(r, gantry_onnx_input(node, 1), "axes", list, GANTRY_RANK_MAX);
    *given = count > 0;
    for (int32_t i = 0; i < count && r->status == GANTRY_OK; i++)
        bits |= UINT32_C(1) << gantry_onnx_axis(r, list[i], rank);
    return bits;
}

void gantry_onnx_read_squeeze(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    struct gantry_shape from, to = {0};
    bool given;
    if (!gantry_onnx_shape(r, node->inputs[0], &from)) return;
    uint32_t axes = gantry_onnx_axes(r, node, from.rank, &given);
    for (int32_t i = 0; i < from.rank; i++) {
        bool gone = given ? axes >> i & 1 : from.dims[i] == 1;
        if (!gone) to.dims[to.rank++] = from.dims[i];
    }
    if (r->status == GANTRY_OK) reshape_to(r, node, node->inputs[0], &to);
}

void gantry_onnx_read_unsqueeze(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    struct gantry_shape from, to = {0};
    int64_t list[GANTRY_RANK_MAX];
    bool given;
    if (!gantry_onnx_shape(r, node->inputs[0], &from)) return;
    int32_t more = gantry_onnx_list(r, gantry_onnx_input(node, 1), "axes", list, GANTRY_RANK_MAX);
    to.rank = from.rank + gantry_max_i32(more, 0);
    if (to.rank > GANTRY_RANK_MAX) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "rank %d (limit %d)", to.rank,
                               GANTRY_RANK_MAX);
        return;
    }
    uint32_t axes = gantry_onnx_axes(r, node, to.rank, &given);
    for (int32_t i = 0, k = 0; i < to.rank; i++) {
        bool fresh = axes >> i & 1 || k == from.rank;
        to.dims[i] = fresh ? 1 : from.dims[k++];
    }
    if (r->status == GANTRY_OK) reshape_to(r, node, node->inputs[0], &to);
}

/* ---- Transpose: another order, nothing moves ---- */

void gantry_onnx_read_transpose(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    const Onnx__AttributeProto *perm = gantry_onnx_attribute(node, "perm");
    struct gantry_onnx_order lying, order = gantry_onnx_identity();
    int32_t x = node->inputs[0], rank = gantry_onnx_rank(r, x);
    uint32_t seen = 0;
    if (perm && perm->n_ints != (size_t)rank) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "perm: %zu axes (rank %d)", perm->n_ints, rank);
        return;
    }
    int32_t tensor = gantry_onnx_take_lying(r, gantry_onnx_carrier(r, x), &lying);
    for (int32_t i = 0; i < rank; i++) {
        int64_t from = perm ? perm->ints[i] : rank - 1 - i;
        int32_t axis = gantry_onnx_axis(r, from, rank);
        if (r->status != GANTRY_OK) return;
        seen |= UINT32_C(1) << axis;
        order.axis[gantry_onnx_place(&lying, axis)] = (int8_t)i;
    }
    if (seen != (UINT32_C(1) << rank) - 1) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "perm names an axis twice (rank %d)", rank);
        return;
    }
    give_moved(r, node, x, tensor, order);
}

/* ---- Concat ---- */

/* Whether all inputs stand for integers: of one scale, or there is a target for them. */
static bool concat_integers(struct gantry_onnx *r, const int32_t *inputs, int32_t count,
                            const struct gantry_onnx_target *target)
{
    if (target->stored == GANTRY_NO_VALUE) return gantry_onnx_one_scale(r, inputs, count);
    for (int32_t i = 0; i < count; i++)
        if (!gantry_onnx_stored(r, inputs[i])) return false;
    return true;
}

static void concatenate(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                        const int32_t *values, int32_t count,
                        const struct gantry_onnx_target *target)
{
    int32_t inputs[GANTRY_ONNX_INPUTS];
    int32_t rank = gantry_onnx_rank(r, values[0]);
    int32_t axis = gantry_onnx_axis(r, gantry_onnx_int(node, "axis", 1), rank);
    bool integers = concat_integers(r, values, count, target);
    int32_t first = gantry_onnx_carrier(r, values[0]);
    if (first == GANTRY_NO_VALUE) return;
    const struct gantry_onnx_order order = r->values[first].order;
    for (int32_t i = 0; i < count; i++)
        inputs[i] =
            gantry_onnx_take(r, integers ? gantry_onnx_carrier(r, values[i]) : values[i], &order);
    if (r->status != GANTRY_OK) return;
    bool claimed = target->stored != GANTRY_NO_VALUE && integers;
    int32_t output = claimed ? gantry_onnx_claim(r, target, true)
                             : gantry_onnx_like(r, inputs[0], r->values[node->outputs[0]].name);
    struct gantry_onnx_call call = {.op = GANTRY_OP_CONCATENATION,
                                    .inputs = inputs,
                                    .input_count = count,
                                    .outputs = &output,
                                    .output_count = 1};
    call.attributes.along.axis = gantry_onnx_place(&order, axis);
    int32_t made = gantry_onnx_emit(r, &call);
    if (claimed)
        gantry_onnx_give_target(r, target, true, made, order);
    else if (integers)
        gantry_onnx_give_like(r, node->outputs[0], values[0], made, order);
    else
        gantry_onnx_give(r, node->outputs[0], made, order);
}

static bool concat_count(struct gantry_onnx *r, int32_t count)
{
    if (count >= 1 && count <= GANTRY_ONNX_INPUTS) return true;
    (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "%d inputs (1..%d)", count,
                           GANTRY_ONNX_INPUTS);
    return false;
}

void gantry_onnx_read_concat(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    const struct gantry_onnx_target target = gantry_onnx_find_target(r, node, false);
    if (concat_count(r, node->input_count))
        concatenate(r, node, node->inputs, node->input_count, &target);
}

/* Scale and zero point of the output, then for each input itself, its scale and zero point. */
void gantry_onnx_read_qlinear_concat(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    int32_t values[GANTRY_ONNX_INPUTS], count = (node->input_count - 2) / 3;
    const struct gantry_onnx_target target = gantry_onnx_integer_target(r, node, 0);
    if (!concat_count(r, count)) return;
    for (int32_t i = 0; i < count; i++) {
        const int32_t *in = node->inputs + 2 + 3 * i;
        values[i] = gantry_onnx_dequantized(r, in[0], in[1], in[2], 1, "input");
    }
    if (r->status == GANTRY_OK) concatenate(r, node, values, count, &target);
}
