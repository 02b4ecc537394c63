/* SPDX-License-Identifier: Apache-2.0
 * Networks built in memory for the tests of plans. */
#include "test_plan_support.h"

#include <math.h>
#include <string.h>

#include "random.h"
#include "test.h"

static void *take(struct net *net, size_t count, size_t size)
{
    void *memory = gantry_arena_alloc(&net->graph.arena, count, size);
    assert_non_null(memory);
    return memory;
}

void net_init(struct net *net, uint64_t seed)
{
    memset(net, 0, sizeof *net);
    net->random = seed;
    gantry_graph_init(&net->graph, NULL);
    char name[32];
    int length = snprintf(name, sizeof name, "net %llu", (unsigned long long)seed);
    net->graph.name = gantry_arena_copy(&net->graph.arena, name, (size_t)length);
    net->graph.tensors = take(net, NET_TENSORS, sizeof *net->graph.tensors);
    net->graph.nodes = take(net, NET_NODES, sizeof *net->graph.nodes);
    net->graph.inputs = take(net, NET_TENSORS, sizeof *net->graph.inputs);
    net->graph.outputs = take(net, NET_TENSORS, sizeof *net->graph.outputs);
}

void net_finish(struct net *net) { gantry_graph_finish(&net->graph); }

static int32_t new_tensor(struct net *net, enum gantry_dtype dtype,
                          const struct gantry_shape *shape, int32_t scales)
{
    assert_true(net->graph.tensor_count < NET_TENSORS);
    int32_t index = net->graph.tensor_count++;
    char name[16];
    int length = snprintf(name, sizeof name, "t%d", index);
    float *scale = take(net, (size_t)scales, sizeof *scale);
    int32_t *zero = take(net, (size_t)scales, sizeof *zero);
    for (int32_t i = 0; i < scales; i++) scale[i] = 0.05f;
    net->graph.tensors[index] = (struct gantry_graph_tensor){
        .name = gantry_arena_copy(&net->graph.arena, name, (size_t)length),
        .dtype = dtype,
        .shape = *shape,
        .quantization = {.count = scales, .scale = scale, .zero_point = zero},
        .bytes = (size_t)gantry_shape_elements(shape) * gantry_dtype_bytes(dtype),
        .producer = GANTRY_NO_NODE,
    };
    return index;
}

static int32_t new_activation(struct net *net, const struct gantry_shape *shape)
{
    int32_t index = new_tensor(net, GANTRY_INT8, shape, 1);
    struct gantry_quantization *q = &net->graph.tensors[index].quantization;
    if (net->one_scale) return index;
    ((float *)(uintptr_t)q->scale)[0] = 0.02f + 0.001f * (float)random_in(&net->random, 0, 180);
    ((int32_t *)(uintptr_t)q->zero_point)[0] = random_in(&net->random, -128, 127);
    return index;
}

static struct gantry_shape map_shape(int32_t h, int32_t w, int32_t c)
{
    return (struct gantry_shape){4, {1, h, w, c}};
}

struct gantry_extent net_extent(const struct net *net, int32_t x)
{
    struct gantry_extent extent;
    assert_true(gantry_shape_extent(&net->graph.tensors[x].shape, &extent));
    return extent;
}

int32_t net_input(struct net *net, int32_t h, int32_t w, int32_t c)
{
    struct gantry_shape shape = map_shape(h, w, c);
    int32_t x = new_activation(net, &shape);
    net->graph.inputs[net->graph.input_count++] = x;
    return x;
}

void net_output(struct net *net, int32_t x) { net->graph.outputs[net->graph.output_count++] = x; }

struct gantry_graph_node *net_last(struct net *net)
{
    return &net->graph.nodes[net->graph.node_count - 1];
}

int8_t *net_constant(struct net *net, int32_t i)
{
    return (int8_t *)(uintptr_t)net->graph.tensors[net_last(net)->inputs[i]].data;
}

static struct gantry_graph_node *new_node(struct net *net, enum gantry_op op, int32_t x, int32_t y)
{
    assert_true(net->graph.node_count < NET_NODES);
    struct gantry_graph_node *node = &net->graph.nodes[net->graph.node_count++];
    *node = (struct gantry_graph_node){
        .op = op,
        .name = net->graph.tensors[y].name,
        .inputs = take(net, 4, sizeof *node->inputs),
        .outputs = take(net, 1, sizeof *node->outputs),
        .input_count = 1,
        .output_count = 1,
        .clamp_min = -128,
        .clamp_max = 127,
    };
    node->inputs[0] = x;
    node->outputs[0] = y;
    node->mapped = true; /* for those who do not check */
    if (op == GANTRY_OP_SOFTMAX) node->attributes.beta = 1.0f;
    net->graph.tensors[y].producer = net->graph.node_count - 1;
    if (random_one_in(&net->random, 3)) {
        node->clamp_min = random_in(&net->random, -128, 0);
        node->clamp_max = random_in(&net->random, 0, 127);
    }
    return node;
}

/* SAME padding by TFLite's rule, or none, and what is asked beyond; returns the output's extent in
 * one axis. */
static int32_t pad_axis(int32_t in, int32_t kernel, int32_t stride, const struct window *window,
                        int32_t *before, int32_t *after)
{
    int32_t span = (kernel - 1) * window->dilation + 1;
    int32_t same = (gantry_div_up(in, stride) - 1) * stride + span - in;
    int32_t total = window->same ? gantry_max_i32(0, same) : 0;
    int32_t extra = gantry_min_i32(window->extra, span - 1 - (total + 1) / 2);
    *before = total / 2 + extra;
    *after = total - total / 2 + extra;
    return (in + *before + *after - span) / stride + 1;
}

static struct gantry_shape window_shape(const struct net *net, int32_t x, int32_t channels,
                                        const struct window *w, struct gantry_window_attributes *a)
{
    struct gantry_extent in = net_extent(net, x);
    *a = (struct gantry_window_attributes){
        .kernel_h = w->kernel_h,
        .kernel_w = w->kernel_w,
        .stride_h = w->stride_h,
        .stride_w = w->stride_w,
        .dilation_h = w->dilation,
        .dilation_w = w->dilation,
    };
    int32_t h = pad_axis(in.h, w->kernel_h, w->stride_h, w, &a->pad_top, &a->pad_bottom);
    int32_t v = pad_axis(in.w, w->kernel_w, w->stride_w, w, &a->pad_left, &a->pad_right);
    return map_shape(h, v, channels);
}

/* Weights and bias of a node whose channels each sum taps products. */
static void give_weights(struct net *net, struct gantry_graph_node *node,
                         const struct gantry_shape *shape, int32_t channels, int32_t taps)
{
    bool zero = net->wide_weights && random_one_in(&net->random, 4);
    int32_t w = new_tensor(net, GANTRY_INT8, shape, zero ? 1 : channels);
    struct gantry_graph_tensor *weights = &net->graph.tensors[w];
    int8_t *bytes = take(net, weights->bytes, 1);
    int32_t least = net->wide_weights && random_one_in(&net->random, 2) ? -128 : -127;
    for (size_t i = 0; i < weights->bytes; i++)
        bytes[i] = (int8_t)random_in(&net->random, least, 127);
    weights->data = bytes;
    weights->quantization.axis = node->op == GANTRY_OP_DEPTHWISE_CONV_2D ? 3 : 0;
    float sx = net->graph.tensors[node->inputs[0]].quantization.scale[0];
    float sy = net->graph.tensors[node->outputs[0]].quantization.scale[0];
    float *scale = (float *)(uintptr_t)weights->quantization.scale;
    for (int32_t c = 0; c < weights->quantization.count; c++)
        scale[c] = sy / sx / (60.0f * sqrtf((float)taps)) *
                   (0.5f + 0.01f * (float)random_in(&net->random, 0, 100));
    if (zero)
        ((int32_t *)(uintptr_t)weights->quantization.zero_point)[0] =
            random_in(&net->random, -60, 60);
    node->inputs[1] = w;
    node->input_count = 2;
    if (random_one_in(&net->random, 8)) return;
    struct gantry_shape bias_shape = {1, {channels}};
    int32_t b = new_tensor(net, GANTRY_INT32, &bias_shape, 0);
    uint8_t *bias = take(net, (size_t)channels, 4);
    for (int32_t c = 0; c < channels; c++)
        gantry_store_u32(bias + 4 * c, (uint32_t)random_in(&net->random, -9000, 9000));
    net->graph.tensors[b].data = bias;
    node->inputs[2] = b;
    node->input_count = 3;
}

int32_t net_conv(struct net *net, int32_t x, int32_t channels, const struct window *window)
{
    struct gantry_window_attributes attributes;
    struct gantry_shape shape = window_shape(net, x, channels, window, &attributes);
    int32_t c = net_extent(net, x).c;
    int32_t y = new_activation(net, &shape);
    struct gantry_graph_node *node = new_node(net, GANTRY_OP_CONV_2D, x, y);
    node->attributes.window = attributes;
    struct gantry_shape weights = {4, {channels, window->kernel_h, window->kernel_w, c}};
    give_weights(net, node, &weights, channels, window->kernel_h * window->kernel_w * c);
    return y;
}

int32_t net_depthwise(struct net *net, int32_t x, int32_t multiplier, const struct window *window)
{
    struct gantry_window_attributes attributes;
    int32_t channels = net_extent(net, x).c * multiplier;
    struct gantry_shape shape = window_shape(net, x, channels, window, &attributes);
    int32_t y = new_activation(net, &shape);
    struct gantry_graph_node *node = new_node(net, GANTRY_OP_DEPTHWISE_CONV_2D, x, y);
    node->attributes.window = attributes;
    struct gantry_shape weights = {4, {1, window->kernel_h, window->kernel_w, channels}};
    give_weights(net, node, &weights, channels, window->kernel_h * window->kernel_w);
    return y;
}

int32_t net_fully_connected(struct net *net, int32_t x, int32_t channels)
{
    struct gantry_shape shape = {2, {1, channels}};
    int32_t features = (int32_t)gantry_shape_elements(&net->graph.tensors[x].shape);
    int32_t y = new_activation(net, &shape);
    struct gantry_graph_node *node = new_node(net, GANTRY_OP_FULLY_CONNECTED, x, y);
    struct gantry_shape weights = {2, {channels, features}};
    give_weights(net, node, &weights, channels, features);
    return y;
}

int32_t net_add(struct net *net, int32_t a, int32_t b)
{
    struct gantry_shape shape = net->graph.tensors[a].shape;
    int32_t y = new_activation(net, &shape);
    struct gantry_graph_node *node = new_node(net, GANTRY_OP_ADD, a, y);
    node->inputs[1] = b;
    node->input_count = 2;
    return y;
}

static void same_quantization(struct net *net, int32_t x, int32_t y)
{
    net->graph.tensors[y].quantization = net->graph.tensors[x].quantization;
}

int32_t net_pool(struct net *net, enum gantry_op op, int32_t x, const struct window *window)
{
    struct gantry_window_attributes attributes;
    struct gantry_shape shape = window_shape(net, x, net_extent(net, x).c, window, &attributes);
    int32_t y = new_activation(net, &shape);
    same_quantization(net, x, y);
    new_node(net, op, x, y)->attributes.window = attributes;
    return y;
}

int32_t net_reshape(struct net *net, int32_t x, const struct gantry_shape *shape)
{
    int32_t y = new_activation(net, shape);
    same_quantization(net, x, y);
    (void)new_node(net, GANTRY_OP_RESHAPE, x, y);
    return y;
}

int32_t net_flatten(struct net *net, int32_t x)
{
    struct gantry_shape shape = {2,
                                 {1, (int32_t)gantry_shape_elements(&net->graph.tensors[x].shape)}};
    return net_reshape(net, x, &shape);
}

int32_t net_softmax(struct net *net, int32_t x)
{
    int32_t y = new_activation(net, &net->graph.tensors[x].shape);
    (void)new_node(net, GANTRY_OP_SOFTMAX, x, y);
    struct gantry_quantization *q = &net->graph.tensors[y].quantization;
    ((float *)(uintptr_t)q->scale)[0] = 0.00390625f;
    ((int32_t *)(uintptr_t)q->zero_point)[0] = -128;
    return y;
}

int32_t net_mean(struct net *net, int32_t x, bool keep_dims)
{
    struct gantry_extent e = net_extent(net, x);
    struct gantry_shape shape = {2, {1, e.c}}, two = {1, {2}};
    if (keep_dims) shape = (struct gantry_shape){4, {1, 1, 1, e.c}};
    int32_t y = new_activation(net, &shape);
    struct gantry_graph_node *node = new_node(net, GANTRY_OP_MEAN, x, y);
    node->attributes.keep_dims = keep_dims;
    int32_t axes = new_tensor(net, GANTRY_INT32, &two, 0);
    uint8_t *values = take(net, 2, 4);
    gantry_store_u32(values, 1);
    gantry_store_u32(values + 4, (uint32_t)-2);
    net->graph.tensors[axes].data = values;
    node->inputs[1] = axes;
    node->input_count = 2;
    return y;
}

int32_t net_quantize(struct net *net, int32_t x)
{
    int32_t y = new_activation(net, &net->graph.tensors[x].shape);
    (void)new_node(net, GANTRY_OP_QUANTIZE, x, y);
    return y;
}

int32_t net_concat(struct net *net, const int32_t *parts, int32_t count, int32_t axis)
{
    struct gantry_shape shape = net->graph.tensors[parts[0]].shape;
    for (int32_t i = 1; i < count; i++)
        shape.dims[axis] += net->graph.tensors[parts[i]].shape.dims[axis];
    int32_t y = new_activation(net, &shape);
    same_quantization(net, parts[0], y);
    struct gantry_graph_node *node = new_node(net, GANTRY_OP_CONCATENATION, parts[0], y);
    node->inputs = take(net, (size_t)count, sizeof *node->inputs);
    for (int32_t i = 0; i < count; i++) node->inputs[i] = parts[i];
    node->input_count = count;
    node->attributes.along.axis = axis;
    node->clamp_min = -128;
    node->clamp_max = 127;
    return y;
}

void net_check(struct net *net)
{
    struct gantry_error error = {0};
    if (gantry_graph_check(&net->graph, &error) != GANTRY_OK) fail_msg("%s", error.message);
}
