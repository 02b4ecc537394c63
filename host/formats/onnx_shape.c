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
    struct gantry_shape from, to = {0};
    int64_t dims[GANTRY_RANK_MAX], rest = 1;
    int32_t x = node->inputs[0], open = -1;
    if (!gantry_onnx_shape(r, x, &from)) return;
    to.rank = gantry_onnx_list(r, gantry_onnx_input(node, 1), "shape", dims, GANTRY_RANK_MAX);
    bool zeros = gantry_onnx_int(node, "allowzero", 0) != 0;
    for (int32_t i = 0; i < to.rank; i++) {
        if (dims[i] == 0 && !zeros && i < from.rank) dims[i] = from.dims[i];
        if (dims[i] == -1 && open < 0) {
            open = i;
            continue;
        }
        if (dims[i] < 1 || dims[i] > INT32_MAX || rest > INT32_MAX) {
            (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "dimension %d is %" PRId64 " (1..2^31 - 1)",
                                   i, dims[i]);
            return;
        }
        to.dims[i] = (int32_t)dims[i];
        rest *= dims[i];
    }
    if (to.rank < 0 || r->status != GANTRY_OK) return;
    if (open >= 0) to.dims[open] = (int32_t)(gantry_shape_elements(&from) / (rest ? rest : 1));
    if (open >= 0 && to.dims[open] < 1) to.dims[open] = 1;
    reshape_to(r, node, x, &to);
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

/* Bits of the axes that a node names; those of the output for an Unsqueeze. */
static uint32_t axes_of(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t rank,
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
    uint32_t axes = axes_of(r, node, from.rank, &given);
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
    uint32_t axes = axes_of(r, node, to.rank, &given);
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

/* Whether all inputs stand for integers of one scale, or there is a target for them. */
static bool concat_integers(struct gantry_onnx *r, const int32_t *inputs, int32_t count,
                            const struct gantry_onnx_target *target)
{
    const struct gantry_quantization *first = NULL;
    for (int32_t i = 0; i < count; i++) {
        if (!gantry_onnx_stored(r, inputs[i])) return false;
        int32_t carrier = gantry_onnx_carrier(r, inputs[i]);
        if (carrier == GANTRY_NO_VALUE) return false;
        const struct gantry_quantization *q =
            &r->graph->tensors[r->values[carrier].tensor].quantization;
        if (!first) first = q;
        bool same = q->scale[0] == first->scale[0] && q->zero_point[0] == first->zero_point[0];
        if (!same && target->stored == GANTRY_NO_VALUE) return false;
    }
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

/* ---- What is known of a tensor without its data ---- */

void gantry_onnx_read_shape(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    struct gantry_shape shape, size = {1, {1}};
    void *data;
    if (!gantry_onnx_shape(r, node->inputs[0], &shape)) return;
    int64_t start = gantry_onnx_int(node, "start", 0),
            end = gantry_onnx_int(node, "end", shape.rank);
    start = start < 0 ? start + shape.rank : start;
    end = end < 0 ? end + shape.rank : end;
    end = end > shape.rank ? shape.rank : end;
    if (start < 0 || end <= start) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                               "dimensions %" PRId64 " to %" PRId64 " of rank %d", start, end,
                               shape.rank);
        return;
    }
    size.dims[0] = (int32_t)(end - start);
    int32_t tensor =
        gantry_onnx_make_constant(r, r->values[node->outputs[0]].name, GANTRY_INT64, &size, &data);
    for (int64_t i = start; data && i < end; i++) ((int64_t *)data)[i - start] = shape.dims[i];
    gantry_onnx_give(r, node->outputs[0], tensor, gantry_onnx_identity());
}

/* ---- Pad ---- */

void gantry_onnx_read_pad(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    const Onnx__AttributeProto *mode = gantry_onnx_attribute(node, "mode");
    struct gantry_onnx_order order;
    int64_t list[2 * GANTRY_RANK_MAX], axes[GANTRY_RANK_MAX], counts[2 * GANTRY_RANK_MAX] = {0};
    int32_t x = node->inputs[0], rank = gantry_onnx_rank(r, x);
    bool reflect = mode && mode->s.len == 7 && memcmp(mode->s.data, "reflect", 7) == 0;
    bool constant = !mode || (mode->s.len == 8 && memcmp(mode->s.data, "constant", 8) == 0);
    if (!reflect && !constant) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "mode \"%.*s\" (constant or reflect)",
                               (int)mode->s.len, (const char *)mode->s.data);
        return;
    }
    int32_t count = gantry_onnx_list(r, gantry_onnx_input(node, 1), "pads", list, 2 * rank);
    int32_t named = gantry_onnx_input(node, 3) == GANTRY_NO_VALUE
                        ? -1
                        : gantry_onnx_integers_of(r, node->inputs[3], axes, rank, "axes");
    int32_t half = named < 0 ? rank : named;
    if (r->status != GANTRY_OK) return;
    if (count != 2 * half) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "pads: %d values (must be %d)", count, 2 * half);
        return;
    }
    float value = gantry_onnx_float(node, "value", 0);
    int32_t given = gantry_onnx_input(node, 2);
    bool plain = given == GANTRY_NO_VALUE || gantry_onnx_scalar(r, given, &value);
    /* Stored integers are padded with what stands for 0. */
    bool integers = gantry_onnx_stored(r, x) && ((plain && value == 0) || reflect);
    int32_t from = gantry_onnx_take_lying(r, integers ? gantry_onnx_carrier(r, x) : x, &order);
    for (int32_t i = 0; i < half && r->status == GANTRY_OK; i++) {
        int32_t axis = named < 0 ? i : gantry_onnx_axis(r, axes[i], rank);
        int32_t place = gantry_onnx_place(&order, axis);
        counts[2 * place] = list[i];
        counts[2 * place + 1] = list[half + i];
    }
    const struct gantry_shape rows = {2, {rank, 2}};
    int32_t pads = gantry_onnx_reshape(r, gantry_onnx_make_integers(r, counts, 2 * rank), &rows);
    int32_t fill = plain ? GANTRY_NO_TENSOR : gantry_onnx_take_logical(r, given);
    if (plain && value != 0) fill = gantry_onnx_make_float(r, value);
    int32_t output = gantry_onnx_like(r, from, r->values[node->outputs[0]].name);
    if (reflect) fill = GANTRY_NO_TENSOR;
    output = gantry_onnx_emit_simple(r, reflect ? GANTRY_OP_MIRROR_PAD : GANTRY_OP_PAD, from, pads,
                                     fill, output, NULL);
    if (integers)
        gantry_onnx_give_like(r, node->outputs[0], x, output, order);
    else
        gantry_onnx_give(r, node->outputs[0], output, order);
}

/* ---- Reductions ---- */

static void read_reduce(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                        enum gantry_op op)
{
    int32_t x = node->inputs[0], rank = gantry_onnx_rank(r, x), count = 0;
    const struct gantry_onnx_target target = gantry_onnx_find_target(r, node, false);
    union gantry_attributes attributes = {.keep_dims = gantry_onnx_int(node, "keepdims", 1) != 0};
    struct gantry_onnx_order order, out = gantry_onnx_identity();
    int64_t list[GANTRY_RANK_MAX];
    bool given;
    uint32_t axes = axes_of(r, node, rank, &given);
    if (!given && gantry_onnx_int(node, "noop_with_empty_axes", 0) != 0) {
        gantry_onnx_read_identity(r, node);
        return;
    }
    if (!given) axes = (UINT32_C(1) << rank) - 1;
    bool integers = target.stored != GANTRY_NO_VALUE && gantry_onnx_stored(r, x);
    int32_t from = integers ? gantry_onnx_carrier(r, x) : x;
    /* Without the axes that go, what stays is in order. */
    if (attributes.keep_dims) {
        from = gantry_onnx_take_lying(r, from, &order);
        out = order;
    } else if (rank == 4 && axes == 12) {
        order = gantry_onnx_channels_last(rank);
        from = gantry_onnx_take(r, from, &order);
    } else {
        order = gantry_onnx_identity();
        from = gantry_onnx_take_logical(r, from);
    }
    for (int32_t i = 0; i < rank; i++)
        if (axes >> i & 1) list[count++] = gantry_onnx_place(&order, i);
    int32_t output = gantry_onnx_claim(r, &target, integers);
    output = gantry_onnx_emit_simple(r, op, from, gantry_onnx_make_integers(r, list, count),
                                     GANTRY_NO_TENSOR, output, &attributes);
    gantry_onnx_give_target(r, &target, integers, output, out);
}

#define REDUCE(reader, op)                                                                     \
    void gantry_onnx_read_##reader(struct gantry_onnx *r, const struct gantry_onnx_node *node) \
    {                                                                                          \
        read_reduce(r, node, GANTRY_OP_##op);                                                  \
    }
REDUCE(reduce_max, REDUCE_MAX)
REDUCE(reduce_mean, MEAN)
REDUCE(reduce_min, REDUCE_MIN)
REDUCE(reduce_sum, SUM)
#undef REDUCE
