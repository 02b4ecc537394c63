/* SPDX-License-Identifier: Apache-2.0
 * ONNX operators element by element: sums and products, activations, softmax. */
#include <math.h>
#include <string.h>

#include "formats/onnx_reader.h"

/* ---- Two operands ---- */

void gantry_onnx_binary(struct gantry_onnx *r, enum gantry_op op, int32_t a, int32_t b,
                        const struct gantry_onnx_target *target)
{
    if (a == GANTRY_NO_VALUE || b == GANTRY_NO_VALUE) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "input %d is absent",
                               a == GANTRY_NO_VALUE ? 0 : 1);
        return;
    }
    int32_t rank = gantry_max_i32(gantry_onnx_rank(r, a), gantry_onnx_rank(r, b));
    struct gantry_onnx_order order = gantry_onnx_common_order(r, (const int32_t[]){a, b}, 2, rank);
    if (r->status != GANTRY_OK) return;
    bool integers =
        target->stored != GANTRY_NO_VALUE && gantry_onnx_stored(r, a) && gantry_onnx_stored(r, b);
    int32_t inputs[2];
    inputs[0] =
        gantry_onnx_take_broadcast(r, integers ? gantry_onnx_carrier(r, a) : a, rank, &order);
    inputs[1] =
        gantry_onnx_take_broadcast(r, integers ? gantry_onnx_carrier(r, b) : b, rank, &order);
    if (r->status != GANTRY_OK) return;
    int32_t output = gantry_onnx_claim(r, target, integers);
    /* Integers that are not quantised keep their type. */
    enum gantry_dtype dtype = r->graph->tensors[inputs[0]].dtype;
    if (!integers && output != GANTRY_NO_TENSOR) r->graph->tensors[output].dtype = dtype;
    const struct gantry_onnx_call call = {.op = op,
                                          .inputs = inputs,
                                          .input_count = 2,
                                          .outputs = &output,
                                          .output_count = 1,
                                          .activation = target->activation};
    gantry_onnx_give_target(r, target, integers, gantry_onnx_emit(r, &call), order);
}

static void read_binary(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                        enum gantry_op op)
{
    const struct gantry_onnx_target target = gantry_onnx_find_target(r, node, true);
    gantry_onnx_binary(r, op, node->inputs[0], gantry_onnx_input(node, 1), &target);
}

#define BINARY(reader, op)                                                                     \
    void gantry_onnx_read_##reader(struct gantry_onnx *r, const struct gantry_onnx_node *node) \
    {                                                                                          \
        read_binary(r, node, GANTRY_OP_##op);                                                  \
    }
BINARY(add, ADD)
BINARY(div, DIV)
BINARY(mul, MUL)
BINARY(pow, POW)
BINARY(sub, SUB)
#undef BINARY

/* Of any number of operands, two at a time. */
static void read_many(struct gantry_onnx *r, const struct gantry_onnx_node *node, enum gantry_op op)
{
    int32_t so_far = node->inputs[0];
    if (node->input_count == 1) {
        gantry_onnx_read_identity(r, node);
        return;
    }
    for (int32_t i = 1; i < node->input_count && r->status == GANTRY_OK; i++) {
        bool last = i + 1 == node->input_count;
        struct gantry_onnx_target target = gantry_onnx_between(r, r->values[node->outputs[0]].name);
        if (last) target.real = node->outputs[0];
        gantry_onnx_binary(r, op, so_far, node->inputs[i], &target);
        so_far = target.real;
    }
}

void gantry_onnx_read_max(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    read_many(r, node, GANTRY_OP_MAXIMUM);
}

void gantry_onnx_read_min(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    read_many(r, node, GANTRY_OP_MINIMUM);
}

void gantry_onnx_read_sum(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    read_many(r, node, GANTRY_OP_ADD);
}

/* a, its scale and zero point, b likewise, those of the output. */
static void integer_binary(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                           enum gantry_op op)
{
    if (node->input_count < 7) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "%d inputs (7 or 8)", node->input_count);
        return;
    }
    const int32_t *in = node->inputs;
    int32_t a = gantry_onnx_dequantized(r, in[0], in[1], in[2], 1, "input");
    int32_t b = gantry_onnx_dequantized(r, in[3], in[4], in[5], 1, "input");
    const struct gantry_onnx_target target = gantry_onnx_integer_target(r, node, 6);
    if (r->status == GANTRY_OK) gantry_onnx_binary(r, op, a, b, &target);
}

void gantry_onnx_read_qlinear_add(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    integer_binary(r, node, GANTRY_OP_ADD);
}

void gantry_onnx_read_qlinear_mul(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    integer_binary(r, node, GANTRY_OP_MUL);
}

/* ---- One operand ---- */

void gantry_onnx_elementwise(struct gantry_onnx *r, enum gantry_op op, int32_t x,
                             const union gantry_attributes *attributes,
                             const struct gantry_onnx_target *target)
{
    struct gantry_onnx_order order;
    bool integers = target->stored != GANTRY_NO_VALUE && gantry_onnx_stored(r, x);
    int32_t from = gantry_onnx_take_lying(r, integers ? gantry_onnx_carrier(r, x) : x, &order);
    int32_t output = gantry_onnx_claim(r, target, integers);
    output = gantry_onnx_emit_simple(r, op, from, GANTRY_NO_TENSOR, GANTRY_NO_TENSOR, output,
                                     attributes);
    gantry_onnx_give_target(r, target, integers, output, order);
}

static void read_unary(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                       enum gantry_op op, const union gantry_attributes *attributes)
{
    const struct gantry_onnx_target target = gantry_onnx_find_target(r, node, false);
    gantry_onnx_elementwise(r, op, node->inputs[0], attributes, &target);
}

/* A limit of what is stored needs no QuantizeLinear behind it: the integers are limited, their
 * scale stays. */
static void read_limit(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                       enum gantry_op op)
{
    int32_t x = node->inputs[0], output = node->outputs[0];
    if (!gantry_onnx_stored(r, x)) {
        read_unary(r, node, op, NULL);
        return;
    }
    struct gantry_onnx_order order;
    int32_t from = gantry_onnx_take_lying(r, gantry_onnx_carrier(r, x), &order);
    int32_t to = gantry_onnx_like(r, from, r->values[output].name);
    to = gantry_onnx_emit_simple(r, op, from, GANTRY_NO_TENSOR, GANTRY_NO_TENSOR, to, NULL);
    gantry_onnx_give_like(r, output, x, to, order);
}

void gantry_onnx_read_relu(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    read_limit(r, node, GANTRY_OP_RELU);
}

static float bound(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t i,
                   const char *name, float otherwise)
{
    float value = gantry_onnx_float(node, name, otherwise);
    int32_t input = gantry_onnx_input(node, i);
    if (input != GANTRY_NO_VALUE && !gantry_onnx_scalar(r, input, &value))
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                               "input %d is not a constant number of float32", i);
    return value;
}

/* A number as a value. */
static int32_t number(struct gantry_onnx *r, float value)
{
    int32_t made = gantry_onnx_unnamed(r, "number");
    int32_t tensor = gantry_onnx_make_float(r, value);
    if (made != GANTRY_NO_VALUE) gantry_onnx_give(r, made, tensor, gantry_onnx_identity());
    return made;
}

/* Any limits: the greater of low and x, then the lesser of that and high. */
static void read_limits(struct gantry_onnx *r, const struct gantry_onnx_node *node, float low,
                        float high)
{
    struct gantry_onnx_target target = gantry_onnx_between(r, r->values[node->outputs[0]].name);
    const struct gantry_onnx_target lower = target;
    gantry_onnx_binary(r, GANTRY_OP_MAXIMUM, node->inputs[0], number(r, low), &lower);
    target.real = node->outputs[0];
    gantry_onnx_binary(r, GANTRY_OP_MINIMUM, lower.real, number(r, high), &target);
}

void gantry_onnx_read_clip(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    float low = bound(r, node, 1, "min", -INFINITY), high = bound(r, node, 2, "max", INFINITY);
    if (r->status != GANTRY_OK) return;
    if (low == 0 && high == INFINITY)
        read_limit(r, node, GANTRY_OP_RELU);
    else if (low == 0 && high == 6)
        read_limit(r, node, GANTRY_OP_RELU6);
    else if (low == -1 && high == 1)
        read_limit(r, node, GANTRY_OP_RELU_N1_TO_1);
    else
        read_limits(r, node, low, high);
}

/* Operators without parameters, by their names in both formats. */
#define UNARY(reader, op)                                                                      \
    void gantry_onnx_read_##reader(struct gantry_onnx *r, const struct gantry_onnx_node *node) \
    {                                                                                          \
        read_unary(r, node, GANTRY_OP_##op, NULL);                                             \
    }
UNARY(abs, ABS)
UNARY(ceil, CEIL)
UNARY(cos, COS)
UNARY(erf, ERF)
UNARY(exp, EXP)
UNARY(floor, FLOOR)
UNARY(hard_swish, HARD_SWISH)
UNARY(log, LOG)
UNARY(neg, NEG)
UNARY(round, ROUND)
UNARY(sigmoid, LOGISTIC)
UNARY(sin, SIN)
UNARY(softplus, SOFTPLUS)
UNARY(sqrt, SQRT)
UNARY(tanh, TANH)
#undef UNARY

void gantry_onnx_read_leaky_relu(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    const union gantry_attributes attributes = {.alpha = gantry_onnx_float(node, "alpha", 0.01f)};
    read_unary(r, node, GANTRY_OP_LEAKY_RELU, &attributes);
}

void gantry_onnx_read_hard_sigmoid(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    const union gantry_attributes attributes = {
        .line = {gantry_onnx_float(node, "alpha", 0.2f), gantry_onnx_float(node, "beta", 0.5f)}};
    read_unary(r, node, GANTRY_OP_HARD_SIGMOID, &attributes);
}

/* x tanh(softplus(x)). */
void gantry_onnx_read_mish(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    const char *name = r->values[node->outputs[0]].name;
    const struct gantry_onnx_target target = gantry_onnx_find_target(r, node, false);
    const struct gantry_onnx_target soft = gantry_onnx_between(r, name);
    const struct gantry_onnx_target gate = gantry_onnx_between(r, name);
    gantry_onnx_elementwise(r, GANTRY_OP_SOFTPLUS, node->inputs[0], NULL, &soft);
    gantry_onnx_elementwise(r, GANTRY_OP_TANH, soft.real, NULL, &gate);
    gantry_onnx_binary(r, GANTRY_OP_MUL, node->inputs[0], gate.real, &target);
}

void gantry_onnx_read_reciprocal(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    const struct gantry_onnx_target target = gantry_onnx_find_target(r, node, false);
    gantry_onnx_binary(r, GANTRY_OP_DIV, number(r, 1), node->inputs[0], &target);
}

void gantry_onnx_read_elu(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    float alpha = gantry_onnx_float(node, "alpha", 1);
    if (alpha == 1)
        read_unary(r, node, GANTRY_OP_ELU, NULL);
    else
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "alpha %g (must be 1)", (double)alpha);
}

void gantry_onnx_read_gelu(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    const Onnx__AttributeProto *how = gantry_onnx_attribute(node, "approximate");
    const union gantry_attributes attributes = {.approximate = how && how->s.len == 4 &&
                                                               memcmp(how->s.data, "tanh", 4) == 0};
    read_unary(r, node, GANTRY_OP_GELU, &attributes);
}

void gantry_onnx_read_prelu(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    const struct gantry_onnx_target target = gantry_onnx_find_target(r, node, false);
    gantry_onnx_binary(r, GANTRY_OP_PRELU, node->inputs[0], gantry_onnx_input(node, 1), &target);
}

void gantry_onnx_read_cast(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    struct gantry_onnx_order order;
    enum gantry_dtype dtype;
    int32_t type = (int32_t)gantry_onnx_int(node, "to", 0), output = node->outputs[0];
    if (!gantry_onnx_dtype(type, &dtype)) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "to %s", gantry_onnx_dtype_name(type));
        return;
    }
    int32_t from = gantry_onnx_take_lying(r, node->inputs[0], &order);
    int32_t to = gantry_onnx_tensor(r, r->values[output].name, dtype, NULL);
    to = gantry_onnx_emit_simple(r, GANTRY_OP_CAST, from, GANTRY_NO_TENSOR, GANTRY_NO_TENSOR, to,
                                 NULL);
    gantry_onnx_give(r, output, to, order);
}

static void integer_unary(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                          enum gantry_op op, const union gantry_attributes *attributes)
{
    struct gantry_onnx_target target;
    int32_t x;
    if (gantry_onnx_integer_form(r, node, &x, &target))
        gantry_onnx_elementwise(r, op, x, attributes, &target);
}

void gantry_onnx_read_qlinear_sigmoid(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    integer_unary(r, node, GANTRY_OP_LOGISTIC, NULL);
}

void gantry_onnx_read_qlinear_leaky_relu(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    const union gantry_attributes attributes = {.alpha = gantry_onnx_float(node, "alpha", 0.01f)};
    integer_unary(r, node, GANTRY_OP_LEAKY_RELU, &attributes);
}

/* ---- Softmax ---- */

/* The order that has one axis last. */
static struct gantry_onnx_order axis_last(int32_t axis, int32_t rank)
{
    struct gantry_onnx_order order = gantry_onnx_identity();
    for (int32_t i = axis; i + 1 < rank; i++) order.axis[i] = (int8_t)(i + 1);
    order.axis[rank - 1] = (int8_t)axis;
    return order;
}

/* Of operator sets before 13: over all axes from the given one on. */
static void softmax_flat(struct gantry_onnx *r, int32_t x, int32_t axis, int32_t output,
                         enum gantry_op op)
{
    const union gantry_attributes attributes = {.beta = 1};
    struct gantry_shape shape, rows = {2, {1, 1}};
    if (!gantry_onnx_shape(r, x, &shape)) return;
    for (int32_t i = 0; i < shape.rank; i++) rows.dims[i < axis ? 0 : 1] *= shape.dims[i];
    int32_t from = gantry_onnx_reshape(r, gantry_onnx_take_logical(r, x), &rows);
    int32_t made = gantry_onnx_tensor(r, r->values[output].name, GANTRY_FLOAT32, NULL);
    made =
        gantry_onnx_emit_simple(r, op, from, GANTRY_NO_TENSOR, GANTRY_NO_TENSOR, made, &attributes);
    gantry_onnx_give(r, output, gantry_onnx_reshape(r, made, &shape), gantry_onnx_identity());
}

static void softmax_along(struct gantry_onnx *r, int32_t x, int32_t axis, enum gantry_op op,
                          const struct gantry_onnx_target *target)
{
    const union gantry_attributes attributes = {.beta = 1};
    int32_t rank = gantry_onnx_rank(r, x);
    if (r->status != GANTRY_OK) return;
    bool integers = target->stored != GANTRY_NO_VALUE && gantry_onnx_stored(r, x);
    const struct gantry_onnx_order order = axis_last(axis, rank);
    int32_t from = gantry_onnx_take(r, integers ? gantry_onnx_carrier(r, x) : x, &order);
    int32_t output = gantry_onnx_claim(r, target, integers);
    output = gantry_onnx_emit_simple(r, op, from, GANTRY_NO_TENSOR, GANTRY_NO_TENSOR, output,
                                     &attributes);
    gantry_onnx_give_target(r, target, integers, output, order);
}

static void read_softmax(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                         enum gantry_op op)
{
    const struct gantry_onnx_target target = gantry_onnx_find_target(r, node, false);
    int32_t x = node->inputs[0], rank = gantry_onnx_rank(r, x);
    int32_t axis = gantry_onnx_axis(r, gantry_onnx_int(node, "axis", r->opset < 13 ? 1 : -1), rank);
    if (r->status != GANTRY_OK) return;
    if (r->opset < 13 && axis != rank - 1)
        softmax_flat(r, x, axis, node->outputs[0], op);
    else
        softmax_along(r, x, axis, op, &target);
}

void gantry_onnx_read_softmax(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    read_softmax(r, node, GANTRY_OP_SOFTMAX);
}

void gantry_onnx_read_log_softmax(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    read_softmax(r, node, GANTRY_OP_LOG_SOFTMAX);
}

/* Its form on integers has the operator set whose axes it means. */
void gantry_onnx_read_qlinear_softmax(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    struct gantry_onnx_target target;
    int32_t x;
    if (!gantry_onnx_integer_form(r, node, &x, &target)) return;
    int64_t opset = gantry_onnx_int(node, "opset", r->opset);
    int32_t rank = gantry_onnx_rank(r, x);
    int32_t axis = gantry_onnx_axis(r, gantry_onnx_int(node, "axis", opset < 13 ? 1 : -1), rank);
    if (opset >= 13 || axis == rank - 1)
        softmax_along(r, x, axis, GANTRY_OP_SOFTMAX, &target);
    else
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "axis %d of rank %d (must be the last)",
                               axis, rank);
}
