/* SPDX-License-Identifier: Apache-2.0
 * Quantisation: QuantizeLinear, DequantizeLinear, and what they surround. */
#include <math.h>
#include <string.h>

#include "formats/onnx_reader.h"

/* ---- Scales and zero points ---- */

static const struct gantry_graph_tensor *constant_of(struct gantry_onnx *r, int32_t value,
                                                     const char *what)
{
    int32_t tensor = gantry_onnx_take_logical(r, value);
    if (tensor == GANTRY_NO_TENSOR) return NULL;
    const struct gantry_graph_tensor *t = &r->graph->tensors[tensor];
    if (t->data && t->shape.rank <= 1) return t;
    (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "%s \"%s\": %s", what, t->name,
                           t->data ? "more than one axis" : "not constant");
    return NULL;
}

static int32_t zero_point(const struct gantry_graph_tensor *zero, size_t i)
{
    const uint8_t *bytes = zero->data;
    if (zero->dtype == GANTRY_INT8) return (int8_t)bytes[i];
    if (zero->dtype == GANTRY_UINT8) return bytes[i];
    if (zero->dtype == GANTRY_INT16) return (int16_t)gantry_load_u16(bytes + 2 * i);
    return (int32_t)gantry_load_u32(bytes + 4 * i);
}

bool gantry_onnx_quantization(struct gantry_onnx *r, int32_t scale, int32_t zero, int32_t axis,
                              struct gantry_quantization *out, enum gantry_dtype *dtype)
{
    const struct gantry_graph_tensor *scales = constant_of(r, scale, "scale");
    const struct gantry_graph_tensor *zeros = NULL;
    if (!scales) return false;
    if (zero != GANTRY_NO_VALUE && !(zeros = constant_of(r, zero, "zero point"))) return false;
    scales = &r->graph->tensors[gantry_onnx_take_logical(r, scale)];
    size_t count = (size_t)gantry_shape_elements(&scales->shape);
    if (scales->dtype != GANTRY_FLOAT32) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "scale \"%s\" is %s (must be float32)",
                               scales->name, gantry_dtype_name(scales->dtype));
        return false;
    }
    if (zeros) *dtype = zeros->dtype;
    if (zeros && (size_t)gantry_shape_elements(&zeros->shape) != count) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "%zu scales and %d zero points", count,
                               (int)gantry_shape_elements(&zeros->shape));
        return false;
    }
    if (zeros && (*dtype == GANTRY_FLOAT32 || *dtype == GANTRY_INT64 || *dtype == GANTRY_BOOL)) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "zero point \"%s\" is %s", zeros->name,
                               gantry_dtype_name(*dtype));
        return false;
    }
    float *s = gantry_arena_alloc(&r->graph->arena, count, sizeof *s);
    int32_t *z = gantry_arena_alloc(&r->graph->arena, count, sizeof *z);
    if (!s || !z) return gantry_onnx_memory(r) != GANTRY_NO_VALUE;
    memcpy(s, scales->data, count * sizeof *s);
    for (size_t i = 0; i < count; i++) {
        z[i] = zeros ? zero_point(zeros, i) : 0;
        if (isfinite(s[i]) && s[i] > 0) continue;
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "scale %zu of \"%s\" is %g (finite, above 0)", i,
                               scales->name, (double)s[i]);
        return false;
    }
    *out = (struct gantry_quantization){(int32_t)count, count > 1 ? axis : 0, s, z};
    return true;
}

struct gantry_quantization gantry_onnx_held(struct gantry_onnx *r,
                                            const struct gantry_quantization *from,
                                            enum gantry_dtype dtype)
{
    struct gantry_quantization q = *from;
    int32_t *zero = gantry_arena_alloc(&r->graph->arena, (size_t)q.count, sizeof *zero);
    if (dtype != GANTRY_UINT8) return q;
    if (!zero) {
        (void)gantry_onnx_memory(r);
        return q;
    }
    for (int32_t i = 0; i < q.count; i++) zero[i] = q.zero_point[i] - 128;
    q.zero_point = zero;
    return q;
}

bool gantry_onnx_one_scale(struct gantry_onnx *r, const int32_t *values, int32_t count)
{
    const struct gantry_quantization *first = NULL;
    for (int32_t i = 0; i < count; i++) {
        if (!gantry_onnx_stored(r, values[i])) return false;
        int32_t carrier = gantry_onnx_carrier(r, values[i]);
        if (carrier == GANTRY_NO_VALUE) return false;
        const struct gantry_quantization *q =
            &r->graph->tensors[r->values[carrier].tensor].quantization;
        if (first && !gantry_quantization_equal(first, q)) return false;
        first = q;
    }
    return count > 0;
}

/* ---- DequantizeLinear ---- */

/* A constant's integers with their quantisation: a tensor of its own on the same data. */
static int32_t quantised_constant(struct gantry_onnx *r, int32_t tensor,
                                  const struct gantry_quantization *q)
{
    const struct gantry_graph_tensor from = r->graph->tensors[tensor];
    int32_t output = gantry_onnx_tensor(r, from.name, from.dtype, NULL);
    if (output == GANTRY_NO_TENSOR) return output;
    struct gantry_graph_tensor *to = &r->graph->tensors[output];
    *to = from;
    to->quantization = *q;
    return gantry_tensor_flip(r->graph, output) ? output : gantry_onnx_memory(r);
}

/* What a node makes has the quantisation of the QuantizeLinear, what comes from outside gets it. */
static bool adopt(struct gantry_onnx *r, int32_t tensor, const struct gantry_quantization *q)
{
    struct gantry_graph_tensor *t = &r->graph->tensors[tensor];
    if (t->quantization.count == 0) {
        t->quantization = *q;
        return gantry_tensor_flip(r->graph, tensor) || gantry_onnx_memory(r) != GANTRY_NO_VALUE;
    }
    struct gantry_quantization wanted =
        gantry_onnx_held(r, q, t->flipped ? GANTRY_UINT8 : t->dtype);
    if (gantry_quantization_equal(&t->quantization, &wanted)) return true;
    (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                           "\"%s\" has scale %g and zero point %d, and is read with %g and %d",
                           t->name, (double)t->quantization.scale[0], t->quantization.zero_point[0],
                           (double)wanted.scale[0], wanted.zero_point[0]);
    return false;
}

int32_t gantry_onnx_dequantized(struct gantry_onnx *r, int32_t x, int32_t scale, int32_t zero,
                                int64_t axis, const char *name)
{
    struct gantry_quantization q;
    struct gantry_onnx_order order;
    int32_t tensor = gantry_onnx_take_lying(r, x, &order);
    if (tensor == GANTRY_NO_TENSOR) return GANTRY_NO_VALUE;
    enum gantry_dtype dtype = r->graph->tensors[tensor].dtype, stated = dtype;
    int32_t rank = r->graph->tensors[tensor].shape.rank;
    axis = axis < 0 ? axis + rank : axis;
    int32_t place = axis >= 0 && axis < rank ? gantry_onnx_place(&order, (int32_t)axis) : 0;
    if (!gantry_onnx_quantization(r, scale, zero, place, &q, &stated)) return GANTRY_NO_VALUE;
    bool flipped = r->graph->tensors[tensor].flipped;
    if (stated != (flipped ? GANTRY_UINT8 : dtype))
        return gantry_onnx_fail(r, GANTRY_ERR_FILE, "\"%s\" is %s, its zero point %s",
                                r->values[x].name, gantry_dtype_name(dtype),
                                gantry_dtype_name(stated));
    int32_t value = gantry_onnx_unnamed(r, name);
    if (r->graph->tensors[tensor].data) {
        tensor = quantised_constant(r, tensor, &q);
        int32_t carrier = gantry_onnx_unnamed(r, name);
        if (carrier == GANTRY_NO_VALUE) return GANTRY_NO_VALUE;
        gantry_onnx_give(r, carrier, tensor, order);
        r->values[value].stored = carrier;
        return value;
    }
    if (value == GANTRY_NO_VALUE || !adopt(r, tensor, &q)) return GANTRY_NO_VALUE;
    r->values[value].stored = gantry_onnx_carrier(r, x);
    return value;
}

void gantry_onnx_read_dequantize(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    if (gantry_onnx_int(node, "block_size", 0) != 0) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "scales by blocks of %lld",
                               (long long)gantry_onnx_int(node, "block_size", 0));
        return;
    }
    int32_t output = node->outputs[0];
    int32_t value = gantry_onnx_dequantized(
        r, node->inputs[0], gantry_onnx_input(node, 1), gantry_onnx_input(node, 2),
        gantry_onnx_int(node, "axis", 1), r->values[output].name);
    if (value == GANTRY_NO_VALUE) return;
    r->values[output].stored = r->values[value].stored;
}

/* ---- QuantizeLinear ---- */

/* Weights that the file holds as real numbers with a QuantizeLinear behind them. */
static int32_t quantise_constant(struct gantry_onnx *r, int32_t tensor, enum gantry_dtype dtype,
                                 const struct gantry_quantization *q)
{
    const struct gantry_graph_tensor *from = &r->graph->tensors[tensor];
    const struct gantry_shape shape = from->shape;
    const float *real = from->data;
    size_t count = (size_t)gantry_shape_elements(&shape), inner = 1;
    void *data;
    for (int32_t i = q->axis + 1; i < shape.rank; i++) inner *= (size_t)shape.dims[i];
    int32_t output = gantry_onnx_make_constant(r, from->name, dtype, &shape, &data);
    if (output == GANTRY_NO_TENSOR) return output;
    float low = dtype == GANTRY_UINT8 ? 0 : INT8_MIN,
          high = dtype == GANTRY_UINT8 ? UINT8_MAX : INT8_MAX;
    for (size_t i = 0; i < count; i++) {
        size_t c = q->count > 1 ? i / inner % (size_t)q->count : 0;
        float value = nearbyintf(real[i] / q->scale[c]) + (float)q->zero_point[c];
        value = value > low ? value : low; /* also what is not a number */
        ((uint8_t *)data)[i] = (uint8_t)(int32_t)(value < high ? value : high);
    }
    r->graph->tensors[output].quantization = *q;
    return gantry_tensor_flip(r->graph, output) ? output : gantry_onnx_memory(r);
}

static enum gantry_dtype quantized_type(const struct gantry_onnx_node *node)
{
    enum gantry_dtype dtype = GANTRY_UINT8;
    (void)gantry_onnx_dtype((int32_t)gantry_onnx_int(node, "output_dtype", 2), &dtype);
    return dtype;
}

void gantry_onnx_read_quantize(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    enum gantry_dtype dtype = quantized_type(node);
    struct gantry_quantization q;
    struct gantry_onnx_order order;
    int32_t x = node->inputs[0], output = node->outputs[0];
    int32_t rank = gantry_onnx_rank(r, x);
    int64_t axis = gantry_onnx_int(node, "axis", 1);
    axis = axis < 0 ? axis + rank : axis;
    int32_t carrier = gantry_onnx_carrier(r, x);
    if (carrier == GANTRY_NO_VALUE) return;
    order = r->values[carrier].order;
    int32_t place = axis < rank ? gantry_onnx_place(&order, (int32_t)axis) : 0;
    if (!gantry_onnx_quantization(r, gantry_onnx_input(node, 1), gantry_onnx_input(node, 2), place,
                                  &q, &dtype))
        return;
    if (dtype != GANTRY_INT8 && dtype != GANTRY_UINT8) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "to %s (int8 or uint8)",
                               gantry_dtype_name(dtype));
        return;
    }
    const struct gantry_graph_tensor *stored = &r->graph->tensors[r->values[carrier].tensor];
    if (carrier != x && stored->dtype == GANTRY_INT8) {
        struct gantry_quantization wanted = gantry_onnx_held(r, &q, dtype);
        if (gantry_quantization_equal(&stored->quantization, &wanted) &&
            stored->flipped == (dtype == GANTRY_UINT8)) {
            gantry_onnx_give(r, output, r->values[carrier].tensor, order);
            return;
        }
    }
    bool requantise = gantry_onnx_stored(r, x);
    int32_t from = requantise ? r->values[carrier].tensor : gantry_onnx_take_lying(r, x, &order);
    if (from == GANTRY_NO_TENSOR) return;
    if (r->graph->tensors[from].data && r->graph->tensors[from].dtype == GANTRY_FLOAT32) {
        gantry_onnx_give(r, output, quantise_constant(r, from, dtype, &q), order);
        return;
    }
    int32_t to = gantry_onnx_tensor(r, r->values[output].name, dtype, &q);
    to = gantry_onnx_emit_simple(r, GANTRY_OP_QUANTIZE, from, GANTRY_NO_TENSOR, GANTRY_NO_TENSOR,
                                 to, NULL);
    gantry_onnx_give(r, output, to, order);
}

/* ---- Targets ---- */

/* The activation that a node is, when it is one that operators have. */
static enum gantry_activation activation_of(struct gantry_onnx *r,
                                            const struct gantry_onnx_node *node)
{
    if (gantry_onnx_is(node, "Relu")) return GANTRY_ACTIVATION_RELU;
    if (!gantry_onnx_is(node, "Clip")) return GANTRY_ACTIVATION_NONE;
    float low = gantry_onnx_float(node, "min", -INFINITY);
    float high = gantry_onnx_float(node, "max", INFINITY);
    bool given = gantry_onnx_input(node, 1) != GANTRY_NO_VALUE;
    if (given && !gantry_onnx_scalar(r, node->inputs[1], &low)) return GANTRY_ACTIVATION_NONE;
    given = gantry_onnx_input(node, 2) != GANTRY_NO_VALUE;
    if (given && !gantry_onnx_scalar(r, node->inputs[2], &high)) return GANTRY_ACTIVATION_NONE;
    if (low == 0 && high == 6) return GANTRY_ACTIVATION_RELU6;
    if (low == -1 && high == 1) return GANTRY_ACTIVATION_RELU_N1_TO_1;
    return low == 0 && high == INFINITY ? GANTRY_ACTIVATION_RELU : GANTRY_ACTIVATION_NONE;
}

/* The only node that reads a value, or GANTRY_NO_NODE. */
static int32_t only_user(const struct gantry_onnx *r, int32_t value)
{
    const struct gantry_onnx_value *v = &r->values[value];
    return v->uses == 1 ? v->user : GANTRY_NO_NODE;
}

struct gantry_onnx_target gantry_onnx_find_target(struct gantry_onnx *r,
                                                  const struct gantry_onnx_node *node,
                                                  bool activations)
{
    struct gantry_onnx_target target = {.real = node->outputs[0],
                                        .stored = GANTRY_NO_VALUE,
                                        .nodes = {GANTRY_NO_NODE, GANTRY_NO_NODE}};
    if (r->status != GANTRY_OK) return target;
    int32_t user = only_user(r, target.real);
    if (activations && user != GANTRY_NO_NODE) {
        target.activation = activation_of(r, &r->nodes[user]);
        if (target.activation != GANTRY_ACTIVATION_NONE) {
            target.nodes[0] = user;
            target.real = r->nodes[user].outputs[0];
            user = only_user(r, target.real);
        }
    }
    if (user == GANTRY_NO_NODE) return target;
    const struct gantry_onnx_node *next = &r->nodes[user];
    if (!gantry_onnx_is(next, "QuantizeLinear") || next->inputs[0] != target.real) return target;
    target.dtype = quantized_type(next);
    if (!gantry_onnx_quantization(r, gantry_onnx_input(next, 1), gantry_onnx_input(next, 2), 0,
                                  &target.quantization, &target.dtype))
        return target;
    bool bytes = target.dtype == GANTRY_INT8 || target.dtype == GANTRY_UINT8;
    if (!bytes || target.quantization.count != 1) return target;
    target.stored = next->outputs[0];
    target.nodes[1] = user;
    return target;
}

struct gantry_onnx_target gantry_onnx_between(struct gantry_onnx *r, const char *name)
{
    return (struct gantry_onnx_target){.real = gantry_onnx_unnamed(r, name),
                                       .stored = GANTRY_NO_VALUE,
                                       .nodes = {GANTRY_NO_NODE, GANTRY_NO_NODE}};
}

struct gantry_onnx_target gantry_onnx_integer_target(struct gantry_onnx *r,
                                                     const struct gantry_onnx_node *node,
                                                     int32_t scale)
{
    struct gantry_onnx_target target = gantry_onnx_between(r, "integers");
    target.dtype = GANTRY_UINT8;
    if (!gantry_onnx_quantization(r, gantry_onnx_input(node, scale),
                                  gantry_onnx_input(node, scale + 1), 0, &target.quantization,
                                  &target.dtype))
        return target;
    target.stored = node->outputs[0];
    return target;
}

bool gantry_onnx_integer_form(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                              int32_t *x, struct gantry_onnx_target *target)
{
    const int32_t *in = node->inputs;
    if (node->input_count < 5) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "%d inputs (must be 5)", node->input_count);
        return false;
    }
    *x = gantry_onnx_dequantized(r, in[0], in[1], in[2], 1, "input");
    *target = gantry_onnx_integer_target(r, node, 3);
    return r->status == GANTRY_OK;
}

int32_t gantry_onnx_claim(struct gantry_onnx *r, const struct gantry_onnx_target *target,
                          bool integers)
{
    if (r->status != GANTRY_OK) return GANTRY_NO_TENSOR;
    for (int32_t i = 0; i < (integers ? 2 : 1); i++)
        if (target->nodes[i] != GANTRY_NO_NODE) r->nodes[target->nodes[i]].done = true;
    if (!integers) return gantry_onnx_tensor(r, r->values[target->real].name, GANTRY_FLOAT32, NULL);
    return gantry_onnx_tensor(r, r->values[target->stored].name, target->dtype,
                              &target->quantization);
}

void gantry_onnx_give_target(struct gantry_onnx *r, const struct gantry_onnx_target *target,
                             bool integers, int32_t tensor, struct gantry_onnx_order order)
{
    gantry_onnx_give(r, integers ? target->stored : target->real, tensor, order);
}
