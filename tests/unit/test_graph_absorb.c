/* SPDX-License-Identifier: Apache-2.0
 * What a node can do on the way, and nodes that change nothing: QUANTIZE, PAD and CONV_2D of one
 * channel, whose bytes stay those of the three kernels one after the other. */
#include "op_rig.h"

#include <string.h>

#include "graph/graph.h"

enum { IN, STORED, COUNTS, VALUE, PADDED, W, OUT, TENSORS, SIDE = 5, KERNEL = 3 };

struct net {
    struct gantry_graph graph;
    struct gantry_graph_tensor tensors[TENSORS];
    struct gantry_graph_node nodes[3];
    int32_t counts[8], outputs[1], inputs[1], edges[3][4];
    int8_t value, weights[KERNEL * KERNEL];
};

static const float scale = 0.5f, weight_scale = 0.25f;
static const int32_t zero = 3, weight_zero = 0;

static void set(struct net *net, int32_t tensor, enum gantry_dtype dtype, const char *name,
                struct gantry_shape shape, const void *data)
{
    struct gantry_graph_tensor *t = &net->tensors[tensor];
    *t = (struct gantry_graph_tensor){
        .name = name, .dtype = dtype, .shape = shape, .data = data, .producer = GANTRY_NO_NODE};
    t->bytes = (size_t)gantry_shape_elements(&shape) * gantry_dtype_bytes(dtype);
    if (dtype != GANTRY_INT8) return;
    t->quantization = (struct gantry_quantization){1, 0, &scale, &zero};
    if (tensor == W)
        t->quantization = (struct gantry_quantization){1, 0, &weight_scale, &weight_zero};
}

static void node(struct net *net, int32_t i, enum gantry_op op, const int32_t *inputs,
                 int32_t count, int32_t output)
{
    net->nodes[i] = (struct gantry_graph_node){.op = op, .name = net->tensors[output].name};
    assert_true(gantry_node_edges(&net->graph, &net->nodes[i], inputs, count, &output, 1));
    gantry_node_set_activation(&net->graph, &net->nodes[i], GANTRY_ACTIVATION_NONE);
}

/* around: rows and columns on each side; value: what is put there. */
static void make(struct net *net, int32_t around, int8_t value)
{
    int32_t wide = SIDE + 2 * around, left = wide - KERNEL + 1;
    memset(net, 0, sizeof *net);
    gantry_graph_init(&net->graph, NULL);
    net->graph.name = "net";
    net->graph.tensors = net->tensors;
    net->value = value;
    for (int32_t i = 2; i < 6; i++) net->counts[i] = around;
    for (int32_t i = 0; i < KERNEL * KERNEL; i++) net->weights[i] = (int8_t)(7 * i - 20);
    set(net, IN, GANTRY_INT8, "in", op_shape4(1, SIDE, SIDE, 1), NULL);
    set(net, STORED, GANTRY_INT8, "stored", op_shape4(1, SIDE, SIDE, 1), NULL);
    set(net, COUNTS, GANTRY_INT32, "counts", op_shape2(4, 2), net->counts);
    set(net, VALUE, GANTRY_INT8, "value", op_shape1(1), &net->value);
    set(net, PADDED, GANTRY_INT8, "padded", op_shape4(1, wide, wide, 1), NULL);
    set(net, W, GANTRY_INT8, "w", op_shape4(1, KERNEL, KERNEL, 1), net->weights);
    set(net, OUT, GANTRY_INT8, "out", op_shape4(1, left, left, 1), NULL);
    net->graph.tensor_count = TENSORS;
    node(net, 0, GANTRY_OP_QUANTIZE, (const int32_t[]){IN}, 1, STORED);
    node(net, 1, GANTRY_OP_PAD, (const int32_t[]){STORED, COUNTS, VALUE}, 3, PADDED);
    node(net, 2, GANTRY_OP_CONV_2D, (const int32_t[]){PADDED, W}, 2, OUT);
    net->nodes[2].attributes.window = (struct gantry_window_attributes){.kernel_h = KERNEL,
                                                                        .kernel_w = KERNEL,
                                                                        .stride_h = 1,
                                                                        .stride_w = 1,
                                                                        .dilation_h = 1,
                                                                        .dilation_w = 1};
    net->graph.nodes = net->nodes;
    net->graph.node_count = 3;
    net->inputs[0] = IN;
    net->outputs[0] = OUT;
    net->graph.inputs = net->inputs;
    net->graph.outputs = net->outputs;
    net->graph.input_count = net->graph.output_count = 1;
    struct gantry_error error = {0};
    if (gantry_graph_check(&net->graph, &error)) fail_msg("%s", error.message);
}

static void optimise(struct net *net)
{
    struct gantry_error error = {0};
    if (gantry_graph_optimize(&net->graph, &error)) fail_msg("%s", error.message);
}

/* The bytes of the output, by the operators' own kernels. */
static void run(const struct gantry_graph *graph, int8_t *out)
{
    static int8_t memory[TENSORS][16 * SIDE * SIDE];
    for (int32_t i = 0; i < SIDE * SIDE; i++) memory[IN][i] = (int8_t)(i * 31);
    for (int32_t n = 0; n < graph->node_count; n++) {
        const struct gantry_graph_node *node = &graph->nodes[n];
        struct gantry_kernel kernel = {0};
        struct gantry_op_args *args;
        void *data[4];
        for (int32_t i = 0; i < node->input_count; i++) data[i] = memory[node->inputs[i]];
        data[node->input_count] = memory[node->outputs[0]];
        assert_true(gantry_node_args(graph, node, data, &op_arena, &args));
        assert_true(gantry_op_row(node->op)->bind(&kernel, args, &op_arena));
        void *scratch = gantry_arena_alloc(&op_arena, kernel.scratch_bytes + 1, 1);
        gantry_kernel_run(&kernel, scratch);
    }
    memcpy(out, memory[OUT], graph->tensors[OUT].bytes);
}

static void absorb__padding_and_equal_scales_leave_one_node(void **state)
{
    (void)state;
    struct net net;
    int8_t before[16 * SIDE * SIDE], after[16 * SIDE * SIDE];
    make(&net, 2, 3);
    run(&net.graph, before);
    optimise(&net);
    run(&net.graph, after);
    assert_memory_equal(before, after, net.tensors[OUT].bytes);
    assert_int_equal(net.graph.node_count, 1);
    const struct gantry_graph_node *conv = &net.graph.nodes[0];
    const struct gantry_window_attributes *window = &conv->attributes.window;
    assert_true(conv->op == GANTRY_OP_CONV_2D && conv->inputs[0] == IN && conv->mapped);
    assert_true(window->pad_top == 2 && window->pad_bottom == 2 && window->pad_left == 2 &&
                window->pad_right == 2);
    assert_int_equal(net.tensors[OUT].producer, 0);
    gantry_graph_finish(&net.graph);
}

/* Whatever it would put there. */
static void absorb__a_pad_by_nothing_goes(void **state)
{
    (void)state;
    struct net net;
    make(&net, 0, 4);
    optimise(&net);
    assert_int_equal(net.graph.node_count, 1);
    assert_int_equal(net.graph.nodes[0].inputs[0], IN);
    gantry_graph_finish(&net.graph);
}

static void absorb__other_values_and_wide_margins_stay(void **state)
{
    (void)state;
    struct net net;
    make(&net, 2, 4);
    optimise(&net);
    assert_int_equal(net.graph.node_count, 2);
    assert_int_equal(net.graph.nodes[0].op, GANTRY_OP_PAD);
    assert_int_equal(net.graph.nodes[0].inputs[0], IN);
    gantry_graph_finish(&net.graph);
    make(&net, KERNEL, 3);
    optimise(&net);
    assert_int_equal(net.graph.node_count, 2);
    assert_int_equal(net.graph.nodes[1].attributes.window.pad_top, 0);
    gantry_graph_finish(&net.graph);
}

static void absorb__what_others_read_stays(void **state)
{
    (void)state;
    struct net net;
    make(&net, 1, 3);
    net.outputs[0] = PADDED;
    optimise(&net);
    assert_int_equal(net.graph.node_count, 2);
    assert_int_equal(net.graph.nodes[0].op, GANTRY_OP_PAD);
    gantry_graph_finish(&net.graph);
    make(&net, 1, 3);
    net.outputs[0] = STORED;
    optimise(&net);
    assert_int_equal(net.graph.nodes[0].op, GANTRY_OP_QUANTIZE);
    gantry_graph_finish(&net.graph);
}

static const struct CMUnitTest tests[] = {
    OP_CASE(absorb__padding_and_equal_scales_leave_one_node),
    OP_CASE(absorb__a_pad_by_nothing_goes),
    OP_CASE(absorb__other_values_and_wide_margins_stay),
    OP_CASE(absorb__what_others_read_stays),
};

GANTRY_TEST_MAIN("graph_absorb", tests)
