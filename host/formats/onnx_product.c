/* SPDX-License-Identifier: Apache-2.0
 * Products with constant weights: FULLY_CONNECTED, and the biases of all products. */
#include <math.h>
#include <string.h>

#include "formats/onnx_reader.h"

/* ---- Biases ---- */

/* The bias of an integer product: int32 in steps of sx * sw[c]. From integers of that scale as they
 * are, from real numbers rounded to even. */
static int32_t integer_bias(struct gantry_onnx *r, int32_t bias, int32_t x, int32_t w,
                            int32_t channels)
{
    int32_t stored = r->values[bias].stored;
    const struct gantry_quantization *sx = &r->graph->tensors[x].quantization;
    const struct gantry_quantization *sw = &r->graph->tensors[w].quantization;
    const struct gantry_graph_tensor *own =
        stored == GANTRY_NO_VALUE ? NULL : &r->graph->tensors[r->values[stored].tensor];
    bool fits = own && own->dtype == GANTRY_INT32;
    for (int32_t c = 0; fits && c < channels; c++) {
        double step = (double)sx->scale[0] * (double)sw->scale[sw->count > 1 ? c : 0];
        double scale = (double)own->quantization.scale[own->quantization.count > 1 ? c : 0];
        fits = own->quantization.zero_point[0] == 0 && fabs(scale - step) <= 1e-4 * step;
    }
    struct gantry_shape shape = {1, {channels}};
    if (fits) return gantry_onnx_reshape(r, r->values[stored].tensor, &shape);
    int32_t real = gantry_onnx_take_logical(r, bias);
    if (real == GANTRY_NO_TENSOR) return real;
    void *data;
    int32_t output =
        gantry_onnx_make_constant(r, r->values[bias].name, GANTRY_INT32, &shape, &data);
    if (output == GANTRY_NO_TENSOR) return output;
    sx = &r->graph->tensors[x].quantization;
    sw = &r->graph->tensors[w].quantization;
    for (int32_t c = 0; c < channels; c++) {
        double step = (double)sx->scale[0] * (double)sw->scale[sw->count > 1 ? c : 0];
        float value = ((const float *)r->graph->tensors[real].data)[c];
        double steps = nearbyint((double)value / step);
        if (!(fabs(steps) <= INT32_MAX))
            return gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                                    "bias \"%s\": %g of channel %d is "
                                    "%g steps (at most 2^31 - 1)",
                                    r->values[bias].name, (double)value, c, steps);
        ((int32_t *)data)[c] = (int32_t)steps;
    }
    return output;
}

bool gantry_onnx_constant_elements(struct gantry_onnx *r, int32_t value, int64_t count)
{
    struct gantry_shape shape;
    return gantry_onnx_shape(r, value, &shape) && gantry_onnx_is_constant(r, value) &&
           gantry_shape_elements(&shape) == count;
}

int32_t gantry_onnx_bias(struct gantry_onnx *r, int32_t bias, bool integers, int32_t x, int32_t w,
                         int32_t channels)
{
    if (bias == GANTRY_NO_VALUE || r->status != GANTRY_OK) return GANTRY_NO_TENSOR;
    if (!gantry_onnx_constant_elements(r, bias, channels))
        return gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                                "bias \"%s\" is not a constant of %d elements",
                                r->values[bias].name, channels);
    if (integers) return integer_bias(r, bias, x, w, channels);
    const struct gantry_shape shape = {1, {channels}};
    return gantry_onnx_reshape(r, gantry_onnx_take_logical(r, bias), &shape);
}

bool gantry_onnx_all_stored(struct gantry_onnx *r, int32_t x, int32_t w,
                            const struct gantry_onnx_target *target)
{
    if (target->stored == GANTRY_NO_VALUE || !gantry_onnx_stored(r, x)) return false;
    int32_t stored = r->values[w].stored;
    if (stored == GANTRY_NO_VALUE) return false;
    const struct gantry_graph_tensor *t = &r->graph->tensors[r->values[stored].tensor];
    return t->dtype == GANTRY_INT8 && t->data;
}

int32_t gantry_onnx_accumulator_bias(struct gantry_onnx *r, int32_t bias, int32_t x, int32_t w)
{
    int32_t tensor = gantry_onnx_take_logical(r, bias);
    int32_t made = gantry_onnx_unnamed(r, "bias"), carrier = gantry_onnx_unnamed(r, "bias");
    if (made == GANTRY_NO_VALUE || carrier == GANTRY_NO_VALUE || tensor == GANTRY_NO_TENSOR)
        return GANTRY_NO_VALUE;
    const struct gantry_graph_tensor *tensors = r->graph->tensors;
    float sx = tensors[r->values[r->values[x].stored].tensor].quantization.scale[0];
    struct gantry_quantization q = tensors[r->values[r->values[w].stored].tensor].quantization;
    float *scale = gantry_arena_alloc(&r->graph->arena, (size_t)q.count, sizeof *scale);
    int32_t *zero = gantry_arena_alloc(&r->graph->arena, (size_t)q.count, sizeof *zero);
    if (!scale || !zero) return gantry_onnx_memory(r);
    for (int32_t i = 0; i < q.count; i++) scale[i] = sx * q.scale[i];
    q = (struct gantry_quantization){q.count, 0, scale, zero};
    int32_t stored = gantry_onnx_tensor(r, "bias", GANTRY_INT32, NULL);
    if (stored == GANTRY_NO_TENSOR) return GANTRY_NO_VALUE;
    r->graph->tensors[stored] = r->graph->tensors[tensor];
    r->graph->tensors[stored].quantization = q;
    gantry_onnx_give(r, carrier, stored, gantry_onnx_identity());
    r->values[made].stored = carrier;
    return made;
}

/* ---- FULLY_CONNECTED ---- */

/* Weights for rows whose features lie channels last where the file has them channels first: its
 * columns [c, h, w] go to [h, w, c], as the input's axes lie. */
static int32_t unfolded_weights(struct gantry_onnx *r, int32_t w, int32_t flat)
{
    struct gantry_shape shape, full = {0};
    int32_t carrier = gantry_onnx_carrier(r, flat);
    if (carrier == GANTRY_NO_VALUE || !gantry_onnx_shape(r, flat, &shape)) return GANTRY_NO_TENSOR;
    const struct gantry_onnx_order order = r->values[carrier].order;
    const struct gantry_shape flatted = r->graph->tensors[w].shape;
    if (order.axis[0] != 0 || shape.rank >= GANTRY_RANK_MAX) return GANTRY_NO_TENSOR;
    full.rank = shape.rank;
    full.dims[0] = flatted.dims[0];
    int32_t permutation[GANTRY_RANK_MAX] = {0};
    for (int32_t i = 1; i < shape.rank; i++) {
        full.dims[i] = shape.dims[i];
        permutation[i] = order.axis[i];
    }
    return gantry_onnx_reshape(
        r, gantry_onnx_transpose(r, gantry_onnx_reshape(r, w, &full), permutation), &flatted);
}

/* The rows of x, and weights that fit how they lie. */
static void take_rows(struct gantry_onnx *r, int32_t x, bool integers, int32_t *rows,
                      int32_t *weights)
{
    int32_t flat = r->status == GANTRY_OK ? r->values[x].flat : GANTRY_NO_VALUE;
    struct gantry_shape shape;
    if (flat != GANTRY_NO_VALUE && gantry_onnx_shape(r, x, &shape)) {
        int32_t fitting = unfolded_weights(r, *weights, flat);
        int32_t carrier = gantry_onnx_carrier(r, flat);
        if (fitting != GANTRY_NO_TENSOR) {
            int32_t from = integers ? carrier : flat;
            const struct gantry_onnx_order order = r->values[carrier].order;
            *weights = fitting;
            *rows = gantry_onnx_reshape(r, gantry_onnx_take(r, from, &order), &shape);
            return;
        }
    }
    *rows = gantry_onnx_take_logical(r, integers ? gantry_onnx_carrier(r, x) : x);
}

void gantry_onnx_multiply(struct gantry_onnx *r, int32_t x, int32_t w, bool transposed,
                          int32_t bias, const struct gantry_onnx_target *target)
{
    struct gantry_shape xs, ws;
    struct gantry_onnx_call call = {.op = GANTRY_OP_FULLY_CONNECTED,
                                    .input_count = 3,
                                    .output_count = 1,
                                    .activation = target->activation};
    if (!gantry_onnx_shape(r, x, &xs) || !gantry_onnx_shape(r, w, &ws)) return;
    int32_t in = transposed ? 1 : 0;
    if (ws.rank != 2 || xs.rank < 1 || xs.dims[xs.rank - 1] != ws.dims[in]) {
        char text1[80], text2[80];
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "a product of %s and %s%s",
                               gantry_shape_text(&xs, text1, sizeof text1),
                               gantry_shape_text(&ws, text2, sizeof text2),
                               transposed ? " transposed" : "");
        return;
    }
    bool integers = gantry_onnx_all_stored(r, x, w, target);
    struct gantry_onnx_order order = gantry_onnx_identity();
    if (!transposed) order.axis[0] = 1, order.axis[1] = 0;
    int32_t inputs[3];
    inputs[1] = gantry_onnx_take(r, integers ? gantry_onnx_carrier(r, w) : w, &order);
    take_rows(r, x, integers, &inputs[0], &inputs[1]);
    inputs[2] = gantry_onnx_bias(r, bias, integers, inputs[0], inputs[1], ws.dims[1 - in]);
    int32_t output = gantry_onnx_claim(r, target, integers);
    struct gantry_shape shape = xs;
    shape.dims[shape.rank - 1] = ws.dims[1 - in];
    if (shape.rank == 1) shape = (struct gantry_shape){2, {1, shape.dims[0]}};
    gantry_onnx_set_shape(r, output, &shape);
    call.attributes.keep_dims = shape.rank > 2;
    call.inputs = inputs;
    call.outputs = &output;
    int32_t made = gantry_onnx_emit(r, &call);
    const struct gantry_shape vector = {1, {shape.dims[1]}};
    if (xs.rank == 1) made = gantry_onnx_reshape(r, made, &vector);
    gantry_onnx_give_target(r, target, integers, made, gantry_onnx_identity());
}
