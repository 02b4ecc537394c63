/* SPDX-License-Identifier: Apache-2.0
 * Transposed and grouped convolutions as plain ones: the bytes of the operator's own kernel. */
#include "op_rig.h"

#include <string.h>

#include "graph/graph.h"
#include "random.h"

enum { X, W, B, Y, TENSORS, C = 3, N = 2, BYTES_MAX = 4096 };

/* A network of one TRANSPOSE_CONV, or of one CONV_2D in groups. */
struct net {
    struct gantry_graph graph;
    struct gantry_graph_tensor tensors[TENSORS];
    struct gantry_graph_node node;
    int8_t x[BYTES_MAX], w[BYTES_MAX], y[BYTES_MAX];
    int32_t bias[N], edges[2];
    float scale[N], bias_scale[N], x_scale, y_scale;
    int32_t zero[N], x_zero, y_zero;
};

static void set(struct net *net, int32_t tensor, enum gantry_dtype dtype, const char *name,
                struct gantry_shape shape, const void *data)
{
    net->tensors[tensor] = (struct gantry_graph_tensor){
        .name = name, .dtype = dtype, .shape = shape, .data = data, .producer = GANTRY_NO_NODE};
    net->tensors[tensor].bytes = (size_t)gantry_shape_elements(&shape) * gantry_dtype_bytes(dtype);
}

/* channels: scales per channel, else one scale and a zero point of the weights. */
static void make(struct net *net, struct gantry_window_attributes window, int32_t h, int32_t w,
                 bool channels, uint64_t *seed)
{
    memset(net, 0, sizeof *net);
    gantry_graph_init(&net->graph, NULL);
    int32_t out_h =
        (h - 1) * window.stride_h + window.kernel_h - window.pad_top - window.pad_bottom;
    int32_t out_w =
        (w - 1) * window.stride_w + window.kernel_w - window.pad_left - window.pad_right;
    net->x_scale = 0.03f, net->y_scale = 0.2f, net->x_zero = -7, net->y_zero = 4;
    for (int32_t n = 0; n < N; n++) {
        net->scale[n] = 0.01f * (float)(n + 1);
        net->zero[n] = channels ? 0 : 9;
        net->bias_scale[n] = net->x_scale * net->scale[channels ? n : 0];
        net->bias[n] = random_in(seed, -500, 500);
    }
    for (int32_t i = 0; i < BYTES_MAX; i++) {
        net->x[i] = (int8_t)random_in(seed, -128, 127);
        net->w[i] = (int8_t)random_in(seed, -127, 127);
    }
    const struct gantry_shape weights = op_shape4(N, window.kernel_h, window.kernel_w, C);
    set(net, X, GANTRY_INT8, "x", op_shape4(1, h, w, C), NULL);
    set(net, W, GANTRY_INT8, "w", weights, net->w);
    set(net, B, GANTRY_INT32, "b", op_shape1(N), net->bias);
    set(net, Y, GANTRY_INT8, "y", op_shape4(1, out_h, out_w, N), NULL);
    net->tensors[X].quantization = (struct gantry_quantization){1, 0, &net->x_scale, &net->x_zero};
    net->tensors[Y].quantization = (struct gantry_quantization){1, 0, &net->y_scale, &net->y_zero};
    net->tensors[W].quantization =
        (struct gantry_quantization){channels ? N : 1, 0, net->scale, net->zero};
    static const int32_t no_zero[N];
    net->tensors[B].quantization =
        (struct gantry_quantization){channels ? N : 1, 0, net->bias_scale, no_zero};
    static const int32_t inputs[3] = {X, W, B}, outputs[1] = {Y};
    struct gantry_graph *graph = &net->graph;
    net->edges[0] = X, net->edges[1] = Y;
    graph->name = "test";
    graph->tensors = net->tensors, graph->tensor_count = TENSORS;
    graph->nodes = &net->node, graph->node_count = 1;
    graph->inputs = &net->edges[0], graph->input_count = 1;
    graph->outputs = &net->edges[1], graph->output_count = 1;
    net->node = (struct gantry_graph_node){.op = GANTRY_OP_TRANSPOSE_CONV, .name = "y"};
    net->node.attributes.window = window;
    assert_true(gantry_node_edges(graph, &net->node, inputs, 3, outputs, 1));
    gantry_node_set_activation(graph, &net->node, GANTRY_ACTIVATION_NONE);
    struct gantry_error error = {0};
    if (gantry_graph_check(graph, &error) != GANTRY_OK) fail_msg("%s", error.message);
}

/* Runs all nodes with their general kernels; the output goes to y. */
static void run(struct net *net, int8_t *y)
{
    static int8_t memory[16][BYTES_MAX];
    struct gantry_graph *graph = &net->graph;
    for (int32_t n = 0; n < graph->node_count; n++) {
        const struct gantry_graph_node *node = &graph->nodes[n];
        void *data[4] = {0};
        struct gantry_op_args *args;
        for (int32_t i = 0; i < node->input_count; i++)
            data[i] = node->inputs[i] == X ? net->x : memory[node->inputs[i] & 15];
        data[node->input_count] = node->outputs[0] == Y ? (void *)y : memory[node->outputs[0] & 15];
        assert_true(gantry_node_args(graph, node, data, &op_arena, &args));
        op_run_args(gantry_op_row(node->op)->bind, args);
    }
}

static void check_case(struct gantry_window_attributes window, int32_t h, int32_t w, bool rewritten,
                       uint64_t *seed)
{
    static struct net net;
    int8_t wanted[BYTES_MAX];
    struct gantry_error error = {0};
    window.dilation_h = window.dilation_w = 1;
    for (int channels = 0; channels < 2; channels++) {
        make(&net, window, h, w, channels, seed);
        uint64_t macs = net.node.macs;
        size_t bytes = net.tensors[Y].bytes;
        run(&net, wanted);
        if (gantry_graph_optimize(&net.graph, &error) != GANTRY_OK) fail_msg("%s", error.message);
        assert_true((net.graph.nodes[0].op == GANTRY_OP_CONV_2D) == rewritten);
        assert_int_equal(net.graph.node_count, rewritten && window.stride_h > 1 ? 2 : 1);
        assert_true(net.graph.nodes[0].macs == macs);
        assert_true(net.graph.nodes[0].mapped == rewritten);
        run(&net, net.y);
        assert_memory_equal(net.y, wanted, bytes);
        gantry_graph_finish(&net.graph);
    }
}

static void phases__of_transposed_convolutions_give_the_same_bytes(void **state)
{
    (void)state;
    uint64_t seed = 1;
    /* Kernel, stride, padding as {kh, kw, sh, sw, 1, 1, top, bottom, left, right}. */
    static const struct gantry_window_attributes suitable[] = {
        {3, 3, 1, 1, 1, 1, 1, 1, 1, 1, false}, {5, 4, 1, 1, 1, 1, 2, 2, 1, 2, false},
        {2, 2, 2, 2, 1, 1, 0, 0, 0, 0, false}, {4, 4, 2, 2, 1, 1, 1, 1, 1, 1, false},
        {3, 3, 2, 2, 1, 1, 0, 1, 0, 1, false}, {5, 5, 2, 2, 1, 1, 1, 2, 2, 1, false},
        {9, 9, 3, 3, 1, 1, 3, 3, 3, 3, false}, {3, 4, 2, 2, 1, 1, 1, 0, 1, 1, false},
    };
    for (size_t i = 0; i < GANTRY_COUNT(suitable); i++) check_case(suitable[i], 4, 5, true, &seed);
}

static void phases__leave_what_does_not_suit(void **state)
{
    (void)state;
    uint64_t seed = 2;
    static const struct gantry_window_attributes others[] = {
        {3, 3, 2, 2, 1, 1, 0, 0, 0, 0, false}, /* an odd output */
        {4, 4, 2, 1, 1, 1, 1, 1, 1, 2, false}, /* two strides */
        {1, 1, 3, 3, 1, 1, 0, 0, 0, 0, false}, /* phases without a tap */
    };
    for (size_t i = 0; i < GANTRY_COUNT(others); i++) check_case(others[i], 4, 5, false, &seed);
}

static void groups__as_a_dense_convolution_give_the_same_bytes(void **state)
{
    (void)state;
    static struct net net;
    int8_t wanted[BYTES_MAX];
    uint64_t seed = 3;
    struct gantry_error error = {0};
    const struct gantry_window_attributes window = {3, 3, 1, 1, 1, 1, 1, 1, 1, 1, false};
    for (int channels = 0; channels < 2; channels++) {
        make(&net, window, 4, 5, channels, &seed);
        gantry_graph_finish(&net.graph);
        gantry_graph_init(&net.graph, NULL);
        /* Both outputs read three channels of their own. */
        set(&net, X, GANTRY_INT8, "x", op_shape4(1, 4, 5, N * C), NULL);
        net.tensors[X].quantization = (struct gantry_quantization){1, 0, &net.x_scale, &net.x_zero};
        net.graph.name = "test", net.graph.node_count = 1;
        net.graph.tensors = net.tensors, net.graph.tensor_count = TENSORS;
        net.graph.nodes = &net.node;
        net.graph.inputs = &net.edges[0], net.graph.outputs = &net.edges[1];
        net.graph.input_count = net.graph.output_count = 1;
        static const int32_t inputs[3] = {X, W, B}, outputs[1] = {Y};
        net.node.op = GANTRY_OP_CONV_2D;
        assert_true(gantry_node_edges(&net.graph, &net.node, inputs, 3, outputs, 1));
        if (gantry_graph_check(&net.graph, &error) != GANTRY_OK) fail_msg("%s", error.message);
        uint64_t macs = net.node.macs;
        assert_false(net.node.mapped);
        run(&net, wanted);
        if (gantry_graph_optimize(&net.graph, &error) != GANTRY_OK) fail_msg("%s", error.message);
        assert_true(net.node.mapped && net.node.macs == macs);
        run(&net, net.y);
        assert_memory_equal(net.y, wanted, net.tensors[Y].bytes);
        gantry_graph_finish(&net.graph);
    }
}

static const struct CMUnitTest tests[] = {
    OP_CASE(phases__of_transposed_convolutions_give_the_same_bytes),
    OP_CASE(phases__leave_what_does_not_suit),
    OP_CASE(groups__as_a_dense_convolution_give_the_same_bytes),
};

GANTRY_TEST_MAIN("graph_phases", tests)
