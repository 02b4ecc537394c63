/* SPDX-License-Identifier: Apache-2.0
 * ONNX matrix products: MatMul, Gemm and their forms on integers. A constant matrix becomes the
 * weights of FULLY_CONNECTED, other operands are those of BATCH_MATMUL. */
#include "formats/onnx_reader.h"

/* ---- Products of two activations ---- */

/* The matrices of an operand, a vector as one of one row or of one column; turned: they lie with
 * their rows as columns, else that is what becomes of it. */
static int32_t take_matrices(struct gantry_onnx *r, int32_t value, bool integers, bool column,
                             bool *turned)
{
    int32_t rank = gantry_onnx_rank(r, value), carrier = gantry_onnx_carrier(r, value);
    if (carrier == GANTRY_NO_VALUE) return GANTRY_NO_TENSOR;
    int32_t from = integers ? carrier : value;
    if (rank == 1) {
        int32_t tensor = gantry_onnx_take_logical(r, from);
        if (tensor == GANTRY_NO_TENSOR) return tensor;
        int32_t length = r->graph->tensors[tensor].shape.dims[0];
        const struct gantry_shape matrix = {2, {column ? length : 1, column ? 1 : length}};
        return gantry_onnx_reshape(r, tensor, &matrix);
    }
    struct gantry_onnx_order order = gantry_onnx_identity();
    order.axis[rank - 2] = (int8_t)(rank - 1);
    order.axis[rank - 1] = (int8_t)(rank - 2);
    bool exchanged = gantry_onnx_same_order(&r->values[carrier].order, &order, rank);
    if (!exchanged) return gantry_onnx_take_logical(r, from);
    *turned = !*turned;
    return gantry_onnx_take(r, from, &order);
}

/* turn_a, turn_b: an operand is transposed before the product. */
static void multiply_matrices(struct gantry_onnx *r, int32_t a, bool turn_a, int32_t b, bool turn_b,
                              const struct gantry_onnx_target *target)
{
    int32_t rank_a = gantry_onnx_rank(r, a), rank_b = gantry_onnx_rank(r, b);
    if (r->status != GANTRY_OK) return;
    if (rank_a < 1 || rank_b < 1) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "operands of rank %d and %d (1 or more)", rank_a,
                               rank_b);
        return;
    }
    bool integers =
        target->stored != GANTRY_NO_VALUE && gantry_onnx_stored(r, a) && gantry_onnx_stored(r, b);
    int32_t x = take_matrices(r, a, integers, false, &turn_a);
    int32_t w = take_matrices(r, b, integers, true, &turn_b);
    int32_t output = gantry_onnx_claim(r, target, integers);
    const union gantry_attributes attributes = {.adjoint = {turn_a, turn_b, .once = true}};
    output = gantry_onnx_emit_simple(r, GANTRY_OP_BATCH_MATMUL, x, w, GANTRY_NO_TENSOR, output,
                                     &attributes);
    if (output == GANTRY_NO_TENSOR) return;
    const struct gantry_shape made = r->graph->tensors[output].shape;
    struct gantry_shape shape = {0};
    for (int32_t i = 0; i < made.rank; i++) {
        bool vector = (i == made.rank - 2 && rank_a == 1) || (i == made.rank - 1 && rank_b == 1);
        if (!vector) shape.dims[shape.rank++] = made.dims[i];
    }
    gantry_onnx_give_target(r, target, integers, gantry_onnx_reshape(r, output, &shape),
                            gantry_onnx_identity());
}

/* Whether a value can be the weights of FULLY_CONNECTED. */
static bool is_weights(struct gantry_onnx *r, int32_t value)
{
    return gantry_onnx_is_constant(r, value) && gantry_onnx_rank(r, value) == 2;
}

/* ---- MatMul ---- */

static void multiply_any(struct gantry_onnx *r, int32_t a, int32_t b,
                         const struct gantry_onnx_target *target)
{
    if (is_weights(r, b))
        gantry_onnx_multiply(r, a, b, false, GANTRY_NO_VALUE, target);
    else
        multiply_matrices(r, a, false, b, false, target);
}

void gantry_onnx_read_matmul(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    int32_t b = gantry_onnx_input(node, 1);
    if (gantry_onnx_needs(r, node, 2)) return;
    const struct gantry_onnx_target target = gantry_onnx_find_target(r, node, is_weights(r, b));
    multiply_any(r, node->inputs[0], b, &target);
}

void gantry_onnx_read_qlinear_matmul(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    if (gantry_onnx_needs(r, node, 8)) return;
    const int32_t *in = node->inputs;
    int32_t x = gantry_onnx_dequantized(r, in[0], in[1], in[2], 0, "input");
    int32_t w = gantry_onnx_dequantized(r, in[3], in[4], in[5], 1, "weights");
    const struct gantry_onnx_target target = gantry_onnx_integer_target(r, node, 6);
    if (r->status == GANTRY_OK) multiply_any(r, x, w, &target);
}

/* ---- Gemm ---- */

/* A value times a number; the value itself when the number is 1. */
static int32_t scaled(struct gantry_onnx *r, int32_t value, float factor)
{
    if (value == GANTRY_NO_VALUE || factor == 1 || r->status != GANTRY_OK) return value;
    int32_t real = gantry_onnx_take_logical(r, value);
    int32_t number = gantry_onnx_make_float(r, factor);
    int32_t output = gantry_onnx_tensor(r, r->values[value].name, GANTRY_FLOAT32, NULL);
    output =
        gantry_onnx_emit_simple(r, GANTRY_OP_MUL, real, number, GANTRY_NO_TENSOR, output, NULL);
    int32_t made = gantry_onnx_unnamed(r, r->values[value].name);
    if (made != GANTRY_NO_VALUE) gantry_onnx_give(r, made, output, gantry_onnx_identity());
    return made;
}

/* x with its two axes exchanged: another order, no data moved. */
static int32_t exchanged(struct gantry_onnx *r, int32_t x)
{
    int32_t tensor = gantry_onnx_take_logical(r, gantry_onnx_carrier(r, x));
    int32_t made = gantry_onnx_unnamed(r, "transposed");
    if (made == GANTRY_NO_VALUE || tensor == GANTRY_NO_TENSOR) return GANTRY_NO_VALUE;
    struct gantry_onnx_order order = gantry_onnx_identity();
    order.axis[0] = 1, order.axis[1] = 0;
    gantry_onnx_give_like(r, made, x, tensor, order);
    return made;
}

/* A product with constant weights whose bias has one value for each of their columns. */
static void multiply_weights(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t x,
                             int32_t w, int32_t bias, const struct gantry_onnx_target *target)
{
    bool transposed = gantry_onnx_int(node, "transB", 0) != 0;
    struct gantry_shape ws;
    if (!gantry_onnx_shape(r, w, &ws)) return;
    if (gantry_onnx_int(node, "transA", 0)) x = exchanged(r, x);
    if (r->status != GANTRY_OK) return;
    bool simple = bias == GANTRY_NO_VALUE ||
                  gantry_onnx_constant_elements(r, bias, ws.dims[transposed ? 0 : 1]);
    if (simple) {
        gantry_onnx_multiply(r, x, w, transposed, bias, target);
        return;
    }
    struct gantry_onnx_target product = gantry_onnx_between(r, r->values[target->real].name);
    gantry_onnx_multiply(r, x, w, transposed, GANTRY_NO_VALUE, &product);
    gantry_onnx_binary(r, GANTRY_OP_ADD, product.real, bias, target);
}

void gantry_onnx_read_gemm(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    int32_t x = node->inputs[0], w = gantry_onnx_input(node, 1), bias = gantry_onnx_input(node, 2);
    if (gantry_onnx_needs(r, node, 2)) return;
    if (gantry_onnx_rank(r, x) != 2 || gantry_onnx_rank(r, w) != 2) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "operands of rank %d and %d (must be 2)",
                               gantry_onnx_rank(r, x), gantry_onnx_rank(r, w));
        return;
    }
    bool weights = is_weights(r, w);
    const struct gantry_onnx_target target =
        gantry_onnx_find_target(r, node, weights || bias != GANTRY_NO_VALUE);
    w = scaled(r, w, gantry_onnx_float(node, "alpha", 1));
    bias = scaled(r, bias, gantry_onnx_float(node, "beta", 1));
    if (r->status != GANTRY_OK) return;
    if (weights) {
        multiply_weights(r, node, x, w, bias, &target);
        return;
    }
    struct gantry_onnx_target product = target;
    if (bias != GANTRY_NO_VALUE) product = gantry_onnx_between(r, r->values[target.real].name);
    multiply_matrices(r, x, gantry_onnx_int(node, "transA", 0) != 0, w,
                      gantry_onnx_int(node, "transB", 0) != 0, &product);
    if (bias != GANTRY_NO_VALUE) gantry_onnx_binary(r, GANTRY_OP_ADD, product.real, bias, &target);
}

/* a, its scale and zero point, b likewise, int32 sums, scale and zero point of the output, without
 * which it is real. */
void gantry_onnx_read_qgemm(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    if (gantry_onnx_needs(r, node, 6)) return;
    if (gantry_onnx_int(node, "transA", 0) != 0 || gantry_onnx_float(node, "alpha", 1) != 1) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "transA %lld (must be 0), alpha %g (1)",
                               (long long)gantry_onnx_int(node, "transA", 0),
                               (double)gantry_onnx_float(node, "alpha", 1));
        return;
    }
    const int32_t *in = node->inputs;
    bool transposed = gantry_onnx_int(node, "transB", 0) != 0;
    int32_t x = gantry_onnx_dequantized(r, in[0], in[1], in[2], 1, "input");
    int32_t w = gantry_onnx_dequantized(r, in[3], in[4], in[5], transposed ? 0 : 1, "weights");
    int32_t bias = gantry_onnx_input(node, 6);
    if (bias != GANTRY_NO_VALUE && r->status == GANTRY_OK)
        bias = gantry_onnx_accumulator_bias(r, bias, x, w);
    struct gantry_onnx_target target = gantry_onnx_between(r, "real");
    if (gantry_onnx_input(node, 7) != GANTRY_NO_VALUE)
        target = gantry_onnx_integer_target(r, node, 7);
    else
        target.real = node->outputs[0];
    if (r->status == GANTRY_OK) gantry_onnx_multiply(r, x, w, transposed, bias, &target);
}
