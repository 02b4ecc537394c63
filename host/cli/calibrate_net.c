/* SPDX-License-Identifier: Apache-2.0
 * The layers that calibration times, as networks of one node. */
#include <stdio.h>

#include "cli/calibrate.h"
#include "plan/plan.h"

enum { TENSORS = 5, NODE_INPUTS = 3 }; /* two inputs, weights or axes, bias, output */

/* Shapes of common networks, from those that a call dominates to those that memory does. */
static const struct gantry_cli_layer layers[] = {
    {GANTRY_OP_CONV_2D, 96, 3, 8, 3, 2},
    {GANTRY_OP_CONV_2D, 32, 16, 16, 3, 1},
    {GANTRY_OP_CONV_2D, 16, 64, 64, 3, 1},
    {GANTRY_OP_CONV_2D, 7, 256, 256, 3, 1},
    {GANTRY_OP_CONV_2D, 48, 16, 32, 1, 1},
    {GANTRY_OP_CONV_2D, 14, 128, 256, 1, 1},
    {GANTRY_OP_CONV_2D, 7, 512, 128, 1, 1},
    {GANTRY_OP_CONV_2D, 4, 16, 16, 1, 1},
    {GANTRY_OP_DEPTHWISE_CONV_2D, 5, 16, 0, 3, 1},
    {GANTRY_OP_DEPTHWISE_CONV_2D, 25, 64, 0, 3, 1},
    {GANTRY_OP_DEPTHWISE_CONV_2D, 56, 64, 0, 3, 2},
    {GANTRY_OP_DEPTHWISE_CONV_2D, 14, 256, 0, 3, 1},
    {GANTRY_OP_DEPTHWISE_CONV_2D, 14, 96, 0, 5, 1},
    {GANTRY_OP_FULLY_CONNECTED, 1, 16, 16, 1, 1},
    {GANTRY_OP_FULLY_CONNECTED, 1, 64, 10, 1, 1},
    {GANTRY_OP_FULLY_CONNECTED, 1, 128, 640, 1, 1},
    {GANTRY_OP_FULLY_CONNECTED, 1, 640, 128, 1, 1},
    {GANTRY_OP_FULLY_CONNECTED, 1, 1024, 1000, 1, 1},
    {GANTRY_OP_ADD, 4, 16, 0, 1, 1},
    {GANTRY_OP_ADD, 16, 32, 0, 1, 1},
    {GANTRY_OP_ADD, 56, 64, 0, 1, 1},
    {GANTRY_OP_AVERAGE_POOL_2D, 8, 64, 0, 8, 1},
    {GANTRY_OP_AVERAGE_POOL_2D, 28, 64, 0, 2, 2},
    {GANTRY_OP_AVERAGE_POOL_2D, 14, 32, 0, 3, 1},
    {GANTRY_OP_AVERAGE_POOL_2D, 4, 16, 0, 4, 1},
    {GANTRY_OP_MAX_POOL_2D, 8, 16, 0, 2, 2},
    {GANTRY_OP_MAX_POOL_2D, 28, 64, 0, 2, 2},
    {GANTRY_OP_MAX_POOL_2D, 14, 32, 0, 3, 1},
    {GANTRY_OP_MAX_POOL_2D, 56, 64, 0, 3, 2},
    {GANTRY_OP_SOFTMAX, 1, 2, 0, 1, 1},
    {GANTRY_OP_SOFTMAX, 1, 12, 0, 1, 1},
    {GANTRY_OP_SOFTMAX, 1, 1000, 0, 1, 1},
    {GANTRY_OP_MEAN, 4, 32, 0, 1, 1},
    {GANTRY_OP_MEAN, 7, 256, 0, 1, 1},
    {GANTRY_OP_MEAN, 14, 64, 0, 1, 1},
    {GANTRY_OP_QUANTIZE, 4, 16, 0, 1, 1},
    {GANTRY_OP_QUANTIZE, 32, 16, 0, 1, 1},
    {GANTRY_OP_QUANTIZE, 96, 16, 0, 1, 1},
};

bool gantry_cli_layer(size_t i, struct gantry_cli_layer *out)
{
    if (i >= GANTRY_COUNT(layers)) return false;
    *out = layers[i];
    return true;
}

/* Appends a tensor; count scales and zero points, all alike. -1: out of memory. */
static int32_t add_tensor(struct gantry_graph *graph, enum gantry_dtype dtype,
                          const struct gantry_shape *shape, int32_t count, int32_t zero_point)
{
    char name[16];
    int length = snprintf(name, sizeof name, "t%d", graph->tensor_count);
    float *scale = gantry_arena_alloc(&graph->arena, (size_t)count + 1, sizeof *scale);
    int32_t *zero = gantry_arena_alloc(&graph->arena, (size_t)count + 1, sizeof *zero);
    char *copy = gantry_arena_copy(&graph->arena, name, (size_t)length);
    if (!scale || !zero || !copy) return -1;
    for (int32_t i = 0; i < count; i++) {
        scale[i] = 1.0f / 256;
        zero[i] = zero_point;
    }
    graph->tensors[graph->tensor_count] = (struct gantry_graph_tensor){
        .name = copy,
        .dtype = dtype,
        .shape = *shape,
        .quantization = {.count = count, .scale = scale, .zero_point = zero},
        .bytes = (size_t)gantry_shape_elements(shape) * gantry_dtype_bytes(dtype),
        .producer = GANTRY_NO_NODE,
    };
    return graph->tensor_count++;
}

/* Gives the node a constant input; returns its bytes, or NULL without memory. */
static uint8_t *add_constant(struct gantry_graph *graph, enum gantry_dtype dtype,
                             const struct gantry_shape *shape, int32_t scales)
{
    struct gantry_graph_node *node = &graph->nodes[0];
    int32_t tensor = add_tensor(graph, dtype, shape, scales, 0);
    if (tensor < 0) return NULL;
    uint8_t *data = gantry_arena_alloc(&graph->arena, graph->tensors[tensor].bytes, 1);
    graph->tensors[tensor].data = data;
    node->inputs[node->input_count++] = tensor;
    return data;
}

static bool add_weights(struct gantry_graph *graph, const struct gantry_shape *shape, int32_t axis)
{
    int32_t channels = shape->dims[axis];
    struct gantry_shape bias = {1, {channels}};
    uint8_t *weights = add_constant(graph, GANTRY_INT8, shape, channels);
    if (!weights || !add_constant(graph, GANTRY_INT32, &bias, 0)) return false;
    struct gantry_graph_tensor *tensor = &graph->tensors[graph->nodes[0].inputs[1]];
    tensor->quantization.axis = axis;
    for (size_t i = 0; i < tensor->bytes; i++) weights[i] = (uint8_t)(i * 37 % 255 - 127);
    return true;
}

static bool add_axes(struct gantry_graph *graph)
{
    struct gantry_shape two = {1, {2}};
    uint8_t *axes = add_constant(graph, GANTRY_INT32, &two, 0);
    if (!axes) return false;
    gantry_store_u32(axes, 1);
    gantry_store_u32(axes + 4, 2);
    return true;
}

/* The window, with padding as SAME for a convolution and none for a pool. */
static struct gantry_window_attributes window_of(const struct gantry_cli_layer *layer)
{
    bool pool = layer->op == GANTRY_OP_AVERAGE_POOL_2D || layer->op == GANTRY_OP_MAX_POOL_2D;
    int32_t side = layer->op == GANTRY_OP_MEAN ? layer->size : layer->kernel;
    int32_t out = gantry_div_up(layer->size, layer->stride), all = 0;
    if (!pool && layer->op != GANTRY_OP_MEAN)
        all = gantry_max_i32(0, (out - 1) * layer->stride + side - layer->size);
    int32_t before = all / 2;
    return (struct gantry_window_attributes){
        side,   side,         layer->stride, layer->stride, 1,    1,
        before, all - before, before,        all - before,  false};
}

static struct gantry_shape output_shape(const struct gantry_cli_layer *layer,
                                        const struct gantry_window_attributes *window)
{
    int32_t padded = layer->size + window->pad_top + window->pad_bottom;
    int32_t side = (padded - window->kernel_h) / layer->stride + 1;
    bool matrix = layer->op == GANTRY_OP_FULLY_CONNECTED || layer->op == GANTRY_OP_SOFTMAX;
    int32_t channels = layer->out > 0 ? layer->out : layer->channels;
    if (matrix || layer->op == GANTRY_OP_MEAN) return (struct gantry_shape){2, {1, channels}};
    return (struct gantry_shape){4, {1, side, side, channels}};
}

/* What the operator has beside its inputs and its output. */
static bool add_rest(struct gantry_graph *graph, const struct gantry_cli_layer *layer)
{
    int32_t k = layer->kernel;
    switch (layer->op) {
    case GANTRY_OP_CONV_2D:
        return add_weights(graph, &(struct gantry_shape){4, {layer->out, k, k, layer->channels}},
                           0);
    case GANTRY_OP_DEPTHWISE_CONV_2D:
        return add_weights(graph, &(struct gantry_shape){4, {1, k, k, layer->channels}}, 3);
    case GANTRY_OP_FULLY_CONNECTED:
        return add_weights(graph, &(struct gantry_shape){2, {layer->out, layer->channels}}, 0);
    case GANTRY_OP_MEAN:
        return add_axes(graph);
    default:
        return true;
    }
}

static bool add_node(struct gantry_graph *graph, const struct gantry_cli_layer *layer)
{
    struct gantry_graph_node *node = &graph->nodes[0];
    bool matrix = layer->op == GANTRY_OP_FULLY_CONNECTED || layer->op == GANTRY_OP_SOFTMAX;
    struct gantry_shape in = {4, {1, layer->size, layer->size, layer->channels}};
    if (matrix) in = (struct gantry_shape){2, {1, layer->channels}};
    *node = (struct gantry_graph_node){.op = layer->op, .clamp_min = -128, .clamp_max = 127};
    static const int32_t none[NODE_INPUTS] = {GANTRY_NO_TENSOR, GANTRY_NO_TENSOR, GANTRY_NO_TENSOR};
    if (!gantry_node_edges(graph, node, none, NODE_INPUTS, none, 1)) return false;
    node->input_count = 0;
    const struct gantry_window_attributes window = window_of(layer);
    if (layer->op == GANTRY_OP_SOFTMAX)
        node->attributes.beta = 1;
    else if (layer->op != GANTRY_OP_MEAN)
        node->attributes.window = window;
    int32_t inputs = layer->op == GANTRY_OP_ADD ? 2 : 1;
    for (int32_t i = 0; i < inputs; i++) {
        int32_t x = add_tensor(graph, GANTRY_INT8, &in, 1, 0);
        if (x < 0) return false;
        node->inputs[node->input_count++] = graph->inputs[graph->input_count++] = x;
    }
    struct gantry_shape out = output_shape(layer, &window);
    int32_t zero = layer->op == GANTRY_OP_SOFTMAX ? -128 : 0; /* the only one that SOFTMAX has */
    int32_t y = add_tensor(graph, GANTRY_INT8, &out, 1, zero);
    if (y < 0) return false;
    node->outputs[0] = graph->outputs[graph->output_count++] = y;
    node->name = graph->tensors[y].name;
    graph->tensors[y].producer = 0;
    graph->node_count = 1;
    return add_rest(graph, layer);
}

enum gantry_status gantry_cli_layer_model(struct gantry_model **out,
                                          const struct gantry_cli_layer *layer,
                                          struct gantry_error *error)
{
    struct gantry_graph graph = {0};
    gantry_graph_init(&graph, NULL);
    graph.name = gantry_op_label(layer->op);
    graph.tensors = gantry_arena_alloc(&graph.arena, TENSORS, sizeof *graph.tensors);
    graph.nodes = gantry_arena_alloc(&graph.arena, 1, sizeof *graph.nodes);
    graph.inputs = gantry_arena_alloc(&graph.arena, 2, sizeof *graph.inputs);
    graph.outputs = gantry_arena_alloc(&graph.arena, 1, sizeof *graph.outputs);
    if (graph.tensors && graph.nodes && graph.inputs && graph.outputs && add_node(&graph, layer))
        return gantry_model_from_graph(out, &graph, error);
    gantry_graph_finish(&graph);
    return gantry_fail(error, GANTRY_ERR_MEMORY, "calibration: out of memory");
}
