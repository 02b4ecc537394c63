/* SPDX-License-Identifier: Apache-2.0
 * ONNX reductions over axes. */
#include "formats/onnx_reader.h"

static void reduce(struct gantry_onnx *r, const struct gantry_onnx_node *node, enum gantry_op op,
                   int32_t x, const struct gantry_onnx_target *target)
{
    int32_t rank = gantry_onnx_rank(r, x), count = 0;
    union gantry_attributes attributes = {.keep_dims = gantry_onnx_int(node, "keepdims", 1) != 0};
    struct gantry_onnx_order order, out = gantry_onnx_identity();
    int64_t list[GANTRY_RANK_MAX];
    bool given;
    uint32_t axes = gantry_onnx_axes(r, node, rank, &given);
    if (!given) axes = (UINT32_C(1) << rank) - 1;
    bool integers = target->stored != GANTRY_NO_VALUE && gantry_onnx_stored(r, x);
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
    int32_t output = gantry_onnx_claim(r, target, integers);
    output = gantry_onnx_emit_simple(r, op, from, gantry_onnx_make_integers(r, list, count),
                                     GANTRY_NO_TENSOR, output, &attributes);
    gantry_onnx_give_target(r, target, integers, output, out);
}

/* Without axes a node may be the identity. */
static bool is_identity(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    bool given;
    (void)gantry_onnx_axes(r, node, gantry_onnx_rank(r, node->inputs[0]), &given);
    return !given && gantry_onnx_int(node, "noop_with_empty_axes", 0) != 0;
}

static void read_reduce(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                        enum gantry_op op)
{
    const struct gantry_onnx_target target = gantry_onnx_find_target(r, node, false);
    if (is_identity(r, node))
        gantry_onnx_read_identity(r, node);
    else
        reduce(r, node, op, node->inputs[0], &target);
}

/* A sum of what before makes of the elements, and what behind makes of the sum; RESHAPE: nothing.
 */
static void read_sum_of(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                        enum gantry_op before, enum gantry_op behind)
{
    const char *name = r->values[node->outputs[0]].name;
    struct gantry_onnx_target terms = gantry_onnx_between(r, name);
    struct gantry_onnx_target sum = gantry_onnx_between(r, name);
    struct gantry_onnx_target whole = gantry_onnx_between(r, name);
    bool raw = before == GANTRY_OP_COUNT, plain = behind == GANTRY_OP_COUNT;
    whole.real = node->outputs[0];
    if (!raw) gantry_onnx_elementwise(r, before, node->inputs[0], NULL, &terms);
    reduce(r, node, GANTRY_OP_SUM, raw ? node->inputs[0] : terms.real, plain ? &whole : &sum);
    if (!plain) gantry_onnx_elementwise(r, behind, sum.real, NULL, &whole);
}

#define REDUCE(reader, op)                                                                     \
    void gantry_onnx_read_##reader(struct gantry_onnx *r, const struct gantry_onnx_node *node) \
    {                                                                                          \
        read_reduce(r, node, GANTRY_OP_##op);                                                  \
    }
REDUCE(reduce_max, REDUCE_MAX)
REDUCE(reduce_mean, MEAN)
REDUCE(reduce_min, REDUCE_MIN)
REDUCE(reduce_prod, REDUCE_PROD)
REDUCE(reduce_sum, SUM)
#undef REDUCE

#define SUM_OF(reader, before, behind)                                                         \
    void gantry_onnx_read_##reader(struct gantry_onnx *r, const struct gantry_onnx_node *node) \
    {                                                                                          \
        read_sum_of(r, node, GANTRY_OP_##before, GANTRY_OP_##behind);                          \
    }
SUM_OF(reduce_l1, ABS, COUNT)
SUM_OF(reduce_l2, SQUARE, SQRT)
SUM_OF(reduce_log_sum, COUNT, LOG)
SUM_OF(reduce_sum_square, SQUARE, COUNT)
#undef SUM_OF
