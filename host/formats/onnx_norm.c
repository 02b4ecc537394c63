/* SPDX-License-Identifier: Apache-2.0
 * ONNX normalisations, in float32 but for what they become part of. */
#include <math.h>

#include "formats/onnx_reader.h"

/* ---- Of batches: a product and a sum with constants of the channels ---- */

static const float *channel_constant(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                                     int32_t i, int32_t channels)
{
    int32_t tensor = gantry_onnx_take_logical(r, gantry_onnx_input(node, i));
    if (tensor == GANTRY_NO_TENSOR) return NULL;
    const struct gantry_graph_tensor *t = &r->graph->tensors[tensor];
    if (t->data && t->dtype == GANTRY_FLOAT32 && gantry_shape_elements(&t->shape) == channels)
        return t->data;
    (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "input %d is not %d constant float32", i,
                           channels);
    return NULL;
}

static int32_t channel_value(struct gantry_onnx *r, int32_t rank, int32_t channels, float **data)
{
    struct gantry_shape shape = {.rank = rank};
    void *memory;
    for (int32_t i = 0; i < rank; i++) shape.dims[i] = i == 1 ? channels : 1;
    int32_t tensor = gantry_onnx_make_constant(r, "normalisation", GANTRY_FLOAT32, &shape, &memory);
    int32_t value = gantry_onnx_unnamed(r, "normalisation");
    *data = memory;
    if (value != GANTRY_NO_VALUE) gantry_onnx_give(r, value, tensor, gantry_onnx_identity());
    return value;
}

void gantry_onnx_read_batch_normalization(struct gantry_onnx *r,
                                          const struct gantry_onnx_node *node)
{
    struct gantry_shape shape;
    int32_t x = node->inputs[0];
    if (!gantry_onnx_shape(r, x, &shape)) return;
    if (node->input_count < 5 || shape.rank < 2) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "%d inputs (5), rank %d (2 or more)",
                               node->input_count, shape.rank);
        return;
    }
    int32_t channels = shape.dims[1];
    float epsilon = gantry_onnx_float(node, "epsilon", 1e-5f), *factor, *term;
    int32_t factors = channel_value(r, shape.rank, channels, &factor);
    int32_t terms = channel_value(r, shape.rank, channels, &term);
    const float *in[5];
    for (int32_t i = 1; i < 5; i++)
        if (!(in[i] = channel_constant(r, node, i, channels))) return;
    if (r->status != GANTRY_OK) return;
    for (int32_t c = 0; c < channels; c++) {
        factor[c] = in[1][c] / sqrtf(in[4][c] + epsilon);
        term[c] = in[2][c] - in[3][c] * factor[c];
    }
    const struct gantry_onnx_target target = gantry_onnx_find_target(r, node, true);
    const struct gantry_onnx_target product = gantry_onnx_between(r, r->values[x].name);
    gantry_onnx_binary(r, GANTRY_OP_MUL, x, factors, &product);
    gantry_onnx_binary(r, GANTRY_OP_ADD, product.real, terms, &target);
}

/* ---- Of each item by its own mean and variance ---- */

/* A node in the middle: real numbers. */
static int32_t step(struct gantry_onnx *r, enum gantry_op op, int32_t a, int32_t b)
{
    const union gantry_attributes attributes = {.keep_dims = op == GANTRY_OP_MEAN};
    int32_t output = gantry_onnx_tensor(r, r->values[r->at->outputs[0]].name, GANTRY_FLOAT32, NULL);
    return gantry_onnx_emit_simple(r, op, a, b, GANTRY_NO_TENSOR, output, &attributes);
}

/* 1 / sqrt(mean of the squares + epsilon) over axes. */
static int32_t inverse_of(struct gantry_onnx *r, int32_t x, int32_t axes)
{
    float epsilon = gantry_onnx_float(r->at, "epsilon", 1e-5f);
    int32_t squares = step(r, GANTRY_OP_MEAN, step(r, GANTRY_OP_SQUARE, x, GANTRY_NO_TENSOR), axes);
    int32_t sum = step(r, GANTRY_OP_ADD, squares, gantry_onnx_make_float(r, epsilon));
    return step(r, GANTRY_OP_RSQRT, sum, GANTRY_NO_TENSOR);
}

/* Axes first to end - 1 of a tensor. */
static int32_t axes_between(struct gantry_onnx *r, int32_t first, int32_t end)
{
    int64_t axes[GANTRY_RANK_MAX];
    int32_t count = 0;
    for (int32_t i = first; i < end; i++) axes[count++] = i;
    return gantry_onnx_make_integers(r, axes, count);
}

static void give_output(struct gantry_onnx *r, int32_t i, int32_t tensor)
{
    if (i < r->at->output_count && r->at->outputs[i] != GANTRY_NO_VALUE)
        gantry_onnx_give(r, r->at->outputs[i], tensor, gantry_onnx_identity());
}

/* Over the last axes. Inputs: x, scale and, where there is a mean, bias, which broadcast to x;
 * outputs: with a mean also that and the inverse of the deviation. */
static void read_layers(struct gantry_onnx *r, const struct gantry_onnx_node *node, bool centre)
{
    int32_t x = node->inputs[0], rank = gantry_onnx_rank(r, x);
    int32_t axis = gantry_onnx_axis(r, gantry_onnx_int(node, "axis", -1), rank);
    if (gantry_onnx_needs(r, node, 2)) return;
    int32_t axes = axes_between(r, axis, rank), made = gantry_onnx_take_logical(r, x);
    int32_t mean = centre ? step(r, GANTRY_OP_MEAN, made, axes) : GANTRY_NO_TENSOR;
    if (centre) made = step(r, GANTRY_OP_SUB, made, mean);
    int32_t inverse = inverse_of(r, made, axes);
    made = step(r, GANTRY_OP_MUL, made, inverse);
    made = step(r, GANTRY_OP_MUL, made, gantry_onnx_take_logical(r, node->inputs[1]));
    if (centre && gantry_onnx_input(node, 2) != GANTRY_NO_VALUE)
        made = step(r, GANTRY_OP_ADD, made, gantry_onnx_take_logical(r, node->inputs[2]));
    give_output(r, 0, made);
    if (!centre) return;
    give_output(r, 1, mean);
    give_output(r, 2, inverse);
}

void gantry_onnx_read_layer_normalization(struct gantry_onnx *r,
                                          const struct gantry_onnx_node *node)
{
    read_layers(r, node, true);
}

void gantry_onnx_read_rms_normalization(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    read_layers(r, node, false);
}

/* Of each channel over its map. */
void gantry_onnx_read_instance_normalization(struct gantry_onnx *r,
                                             const struct gantry_onnx_node *node)
{
    int32_t x = node->inputs[0], rank = gantry_onnx_rank(r, x);
    const struct gantry_onnx_order last = gantry_onnx_channels_last(rank);
    if (gantry_onnx_needs(r, node, 3)) return;
    if (rank < 3) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "rank %d (3 or more)", rank);
        return;
    }
    int32_t axes = axes_between(r, 1, rank - 1);
    int32_t made = gantry_onnx_take(r, x, &last);
    made = step(r, GANTRY_OP_SUB, made, step(r, GANTRY_OP_MEAN, made, axes));
    made = step(r, GANTRY_OP_MUL, made, inverse_of(r, made, axes));
    made = step(r, GANTRY_OP_MUL, made, gantry_onnx_take_logical(r, node->inputs[1]));
    made = step(r, GANTRY_OP_ADD, made, gantry_onnx_take_logical(r, node->inputs[2]));
    gantry_onnx_give(r, node->outputs[0], made, last);
}
