/* SPDX-License-Identifier: Apache-2.0
 * Tensors and nodes of the graph, made while the file is read: each node is checked at once, so
 * that shapes and constants are known to the readers of those behind it. */
#include <string.h>

#include "formats/onnx_reader.h"

static int32_t append_tensor(struct gantry_onnx *r, const char *name, enum gantry_dtype dtype)
{
    struct gantry_graph *graph = r->graph;
    if (r->status != GANTRY_OK) return GANTRY_NO_TENSOR;
    if (!gantry_onnx_grow(r, (void **)&graph->tensors, graph->tensor_count, &r->tensor_room,
                          sizeof *graph->tensors))
        return GANTRY_NO_TENSOR;
    graph->tensors[graph->tensor_count] =
        (struct gantry_graph_tensor){.name = name,
                                     .dtype = dtype,
                                     .shape = {.rank = GANTRY_RANK_OPEN},
                                     .producer = GANTRY_NO_NODE};
    return graph->tensor_count++;
}

int32_t gantry_onnx_tensor(struct gantry_onnx *r, const char *name, enum gantry_dtype dtype,
                           const struct gantry_quantization *quantization)
{
    int32_t tensor = append_tensor(r, name, dtype);
    if (tensor == GANTRY_NO_TENSOR || !quantization) return tensor;
    r->graph->tensors[tensor].quantization = *quantization;
    return gantry_tensor_flip(r->graph, tensor) ? tensor : gantry_onnx_memory(r);
}

void gantry_onnx_set_shape(struct gantry_onnx *r, int32_t tensor, const struct gantry_shape *shape)
{
    if (r->status != GANTRY_OK) return;
    struct gantry_graph_tensor *t = &r->graph->tensors[tensor];
    int64_t elements = gantry_shape_elements(shape);
    bool legal = elements > 0;
    for (int32_t i = 0; i < shape->rank; i++) legal = legal && shape->dims[i] >= 1;
    if (!legal) {
        char text[80];
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "\"%s\" would have shape %s", t->name,
                               gantry_shape_text(shape, text, sizeof text));
        return;
    }
    t->shape = *shape;
    t->bytes = (size_t)elements * gantry_dtype_bytes(t->dtype);
}

int32_t gantry_onnx_make_constant(struct gantry_onnx *r, const char *name, enum gantry_dtype dtype,
                                  const struct gantry_shape *shape, void **data)
{
    int32_t tensor = append_tensor(r, name, dtype);
    *data = NULL;
    if (tensor == GANTRY_NO_TENSOR) return tensor;
    gantry_onnx_set_shape(r, tensor, shape);
    if (r->status != GANTRY_OK) return GANTRY_NO_TENSOR;
    struct gantry_graph_tensor *t = &r->graph->tensors[tensor];
    *data = gantry_arena_alloc(&r->graph->arena, t->bytes, 1);
    if (!*data) return gantry_onnx_memory(r);
    t->data = *data;
    return tensor;
}

bool gantry_onnx_afford(struct gantry_onnx *r, const struct gantry_shape *shape)
{
    enum { LIMIT = 1 << 24 };
    int64_t elements = gantry_shape_elements(shape);
    char text[80];
    if (elements > 0 && elements <= LIMIT - r->filled) {
        r->filled += elements;
        return r->status == GANTRY_OK;
    }
    (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                           "a constant of shape %s (1 element or more, all such together %d)",
                           gantry_shape_text(shape, text, sizeof text), LIMIT);
    return false;
}

int32_t gantry_onnx_make_integers(struct gantry_onnx *r, const int64_t *values, int32_t count)
{
    const struct gantry_shape shape = {1, {count}};
    void *data;
    int32_t tensor = gantry_onnx_make_constant(r, "integers", GANTRY_INT32, &shape, &data);
    for (int32_t i = 0; tensor != GANTRY_NO_TENSOR && i < count; i++) {
        int64_t v = values[i] < INT32_MIN   ? INT32_MIN
                    : values[i] > INT32_MAX ? INT32_MAX
                                            : values[i];
        ((int32_t *)data)[i] = (int32_t)v;
    }
    return tensor;
}

int32_t gantry_onnx_make_float(struct gantry_onnx *r, float value)
{
    const struct gantry_shape shape = {0};
    void *data;
    int32_t tensor = gantry_onnx_make_constant(r, "number", GANTRY_FLOAT32, &shape, &data);
    if (tensor != GANTRY_NO_TENSOR) memcpy(data, &value, sizeof value);
    return tensor;
}

int32_t gantry_onnx_emit(struct gantry_onnx *r, const struct gantry_onnx_call *call)
{
    struct gantry_graph *graph = r->graph;
    struct gantry_error inner = {0};
    int32_t inputs = call->input_count;
    bool folded;
    for (int32_t i = 0; i < call->output_count; i++)
        if (call->outputs[i] == GANTRY_NO_TENSOR) return GANTRY_NO_TENSOR;
    if (r->status != GANTRY_OK) return GANTRY_NO_TENSOR;
    while (inputs > 0 && call->inputs[inputs - 1] == GANTRY_NO_TENSOR) inputs--;
    if (!gantry_onnx_grow(r, (void **)&graph->nodes, graph->node_count, &r->node_room,
                          sizeof *graph->nodes))
        return GANTRY_NO_TENSOR;
    struct gantry_graph_node *node = &graph->nodes[graph->node_count];
    *node = (struct gantry_graph_node){.op = call->op,
                                       .name = graph->tensors[call->outputs[0]].name,
                                       .attributes = call->attributes};
    if (!gantry_node_edges(graph, node, call->inputs, inputs, call->outputs, call->output_count))
        return gantry_onnx_memory(r);
    gantry_node_set_activation(graph, node, call->activation);
    enum gantry_status status = gantry_graph_check_node(graph, graph->node_count, &folded, &inner);
    if (status != GANTRY_OK) {
        gantry_onnx_take_error(r, status, &inner);
        return GANTRY_NO_TENSOR;
    }
    if (!folded) graph->node_count++;
    return call->outputs[0];
}

int32_t gantry_onnx_emit_simple(struct gantry_onnx *r, enum gantry_op op, int32_t a, int32_t b,
                                int32_t c, int32_t output,
                                const union gantry_attributes *attributes)
{
    const int32_t inputs[] = {a, b, c};
    struct gantry_onnx_call call = {
        .op = op, .inputs = inputs, .input_count = 3, .outputs = &output, .output_count = 1};
    if (attributes) call.attributes = *attributes;
    return gantry_onnx_emit(r, &call);
}

int32_t gantry_onnx_like(struct gantry_onnx *r, int32_t tensor, const char *name)
{
    if (r->status != GANTRY_OK || tensor == GANTRY_NO_TENSOR) return GANTRY_NO_TENSOR;
    const struct gantry_graph_tensor from = r->graph->tensors[tensor];
    int32_t to = append_tensor(r, name ? name : from.name, from.dtype);
    if (to == GANTRY_NO_TENSOR) return to;
    r->graph->tensors[to].quantization = from.quantization;
    r->graph->tensors[to].flipped = from.flipped;
    return to;
}

int32_t gantry_onnx_reshape(struct gantry_onnx *r, int32_t tensor, const struct gantry_shape *to)
{
    if (r->status != GANTRY_OK || tensor == GANTRY_NO_TENSOR) return GANTRY_NO_TENSOR;
    if (gantry_shape_equal(&r->graph->tensors[tensor].shape, to)) return tensor;
    int32_t output = gantry_onnx_like(r, tensor, NULL);
    if (output == GANTRY_NO_TENSOR) return output;
    gantry_onnx_set_shape(r, output, to);
    if (r->graph->tensors[tensor].data) {
        r->graph->tensors[output].data = r->graph->tensors[tensor].data;
        return r->status == GANTRY_OK ? output : GANTRY_NO_TENSOR;
    }
    return gantry_onnx_emit_simple(r, GANTRY_OP_RESHAPE, tensor, GANTRY_NO_TENSOR, GANTRY_NO_TENSOR,
                                   output, NULL);
}

/* Constants of any size are moved here; the graph computes small ones only. */
static void transpose_data(const struct gantry_graph_tensor *from, struct gantry_graph_tensor *to,
                           const int32_t *permutation, uint8_t *data)
{
    int32_t rank = from->shape.rank;
    size_t size = gantry_dtype_bytes(from->dtype), step[GANTRY_RANK_MAX], lying = size;
    size_t own[GANTRY_RANK_MAX];
    for (int32_t i = rank - 1; i >= 0; i--) {
        own[i] = lying;
        lying *= (size_t)from->shape.dims[i];
    }
    for (int32_t i = 0; i < rank; i++) step[i] = own[permutation[i]];
    int32_t at[GANTRY_RANK_MAX] = {0};
    const uint8_t *source = from->data;
    for (size_t done = 0; done < to->bytes; done += size) {
        memcpy(data + done, source, size);
        for (int32_t i = rank - 1; i >= 0; i--) {
            source += step[i];
            if (++at[i] < to->shape.dims[i]) break;
            source -= step[i] * (size_t)at[i];
            at[i] = 0;
        }
    }
}

int32_t gantry_onnx_transpose(struct gantry_onnx *r, int32_t tensor, const int32_t *permutation)
{
    if (r->status != GANTRY_OK || tensor == GANTRY_NO_TENSOR) return GANTRY_NO_TENSOR;
    int32_t output = gantry_onnx_like(r, tensor, NULL);
    if (output == GANTRY_NO_TENSOR) return output;
    const struct gantry_graph_tensor *from = &r->graph->tensors[tensor];
    struct gantry_graph_tensor *to = &r->graph->tensors[output];
    struct gantry_shape shape = {.rank = from->shape.rank};
    int64_t list[GANTRY_RANK_MAX];
    for (int32_t i = 0; i < shape.rank; i++) {
        shape.dims[i] = from->shape.dims[permutation[i]];
        list[i] = permutation[i];
        if (from->quantization.count > 1 && permutation[i] == from->quantization.axis)
            to->quantization.axis = i;
    }
    if (!from->data) {
        int32_t integers = gantry_onnx_make_integers(r, list, shape.rank);
        return gantry_onnx_emit_simple(r, GANTRY_OP_TRANSPOSE, tensor, integers, GANTRY_NO_TENSOR,
                                       output, NULL);
    }
    gantry_onnx_set_shape(r, output, &shape);
    uint8_t *data = gantry_arena_alloc(&r->graph->arena, from->bytes, 1);
    if (!data) return gantry_onnx_memory(r);
    transpose_data(from, to, permutation, data);
    to->data = data;
    return output;
}
