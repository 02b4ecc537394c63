/* SPDX-License-Identifier: Apache-2.0
 * The graph: shapes, the invariants that the check refuses to break, requantisation parameters. */
#include "test.h"

#include <math.h>
#include <string.h>

#include "graph/graph.h"

static struct gantry_shape shape4(int32_t n, int32_t h, int32_t w, int32_t c)
{
    return (struct gantry_shape){4, {n, h, w, c}};
}

static void shape__elements_are_0_beyond_31_bits(void **state)
{
    (void)state;
    struct gantry_shape fits = shape4(1, 1, 1, INT32_MAX);
    struct gantry_shape beyond = shape4(2, 1 << 15, 1 << 15, 1);
    struct gantry_shape far = shape4(INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX);
    struct gantry_shape scalar = {0, {0}};
    assert_int_equal(gantry_shape_elements(&fits), INT32_MAX);
    assert_int_equal(gantry_shape_elements(&beyond), 0);
    assert_int_equal(gantry_shape_elements(&far), 0);
    assert_int_equal(gantry_shape_elements(&scalar), 1);
}

static void shape__text_is_cut_at_the_buffer(void **state)
{
    (void)state;
    char text[32], small[6];
    struct gantry_shape shape = shape4(1, 49, 10, 1);
    assert_string_equal(gantry_shape_text(&shape, text, sizeof text), "1x49x10x1");
    assert_string_equal(gantry_shape_text(&shape, small, sizeof small), "1x49x");
}

static void shape__extent_needs_batch_1_and_rank_1_to_4(void **state)
{
    (void)state;
    struct gantry_extent e;
    struct gantry_shape shape = shape4(1, 2, 3, 4);
    assert_true(gantry_shape_extent(&shape, &e));
    assert_true(e.h == 2 && e.w == 3 && e.c == 4);
    shape.dims[0] = 2;
    assert_false(gantry_shape_extent(&shape, &e));
    shape = (struct gantry_shape){2, {1, 12}};
    assert_true(gantry_shape_extent(&shape, &e));
    assert_true(e.h == 1 && e.w == 1 && e.c == 12);
    shape = (struct gantry_shape){1, {7}};
    assert_true(gantry_shape_extent(&shape, &e));
    assert_true(e.h == 1 && e.w == 1 && e.c == 7);
    shape.rank = 0;
    assert_false(gantry_shape_extent(&shape, &e));
    shape = (struct gantry_shape){5, {1, 1, 1, 1, 1}};
    assert_false(gantry_shape_extent(&shape, &e));
}

/* A convolution of 3x3 on 1x8x8x2 to 1x8x8x4, then an addition with itself: the smallest graph
 * that has weights, a bias and two inputs. Each case breaks one thing. */
enum { X, W, B, Y, Z, TENSORS };
struct sample {
    struct gantry_graph graph;
    struct gantry_graph_tensor tensors[TENSORS + 1]; /* one more for the cases */
    struct gantry_graph_node nodes[2];
    int32_t inputs[2], outputs[2];
    int32_t edges[2][8];
    int8_t weights[4 * 3 * 3 * 2];
    int32_t bias[4];
    float weight_scale[4], bias_scale[4];
    int32_t zeros[4];
};
static const float scale_x = 0.5f, scale_y = 0.25f, scale_z = 0.5f;
static const int32_t zero_x = -3, zero_y = 5, zero_z = 0;

static void per_tensor(struct gantry_graph_tensor *tensor, const float *scale, const int32_t *zero)
{
    tensor->quantization = (struct gantry_quantization){1, 0, scale, zero};
}

static void set(struct gantry_graph_tensor *tensor, const char *name, enum gantry_dtype dtype,
                struct gantry_shape shape, const void *data)
{
    tensor->name = name;
    tensor->dtype = dtype;
    tensor->shape = shape;
    tensor->data = data;
    tensor->bytes = (size_t)gantry_shape_elements(&shape) * gantry_dtype_bytes(dtype);
}

static void make_nodes(struct sample *s)
{
    static const int32_t edges[2][8] = {{X, W, B, 0, Y}, {Y, Y, 0, 0, Z}};
    memcpy(s->edges, edges, sizeof edges);
    s->nodes[0] = (struct gantry_graph_node){
        .op = GANTRY_OP_CONV_2D,
        .name = "conv",
        .input_count = 3,
        .inputs = s->edges[0],
        .outputs = s->edges[0] + 4,
        .output_count = 1,
        .clamp_min = -128,
        .clamp_max = 127,
        .attributes.window = {3, 3, 1, 1, 1, 1, 1, 1, 1, 1, false},
    };
    s->nodes[1] = (struct gantry_graph_node){
        .op = GANTRY_OP_ADD,
        .name = "add",
        .input_count = 2,
        .inputs = s->edges[1],
        .outputs = s->edges[1] + 4,
        .output_count = 1,
        .clamp_min = -128,
        .clamp_max = 127,
    };
}

static void make_sample(struct sample *s)
{
    memset(s, 0, sizeof *s);
    set(&s->tensors[X], "x", GANTRY_INT8, shape4(1, 8, 8, 2), NULL);
    set(&s->tensors[W], "w", GANTRY_INT8, shape4(4, 3, 3, 2), s->weights);
    set(&s->tensors[B], "b", GANTRY_INT32, (struct gantry_shape){1, {4}}, s->bias);
    set(&s->tensors[Y], "y", GANTRY_INT8, shape4(1, 8, 8, 4), NULL);
    set(&s->tensors[Z], "z", GANTRY_INT8, shape4(1, 8, 8, 4), NULL);
    for (int i = 0; i < 4; i++) {
        s->weight_scale[i] = 0.01f * (float)(i + 1);
        s->bias_scale[i] = scale_x * s->weight_scale[i];
    }
    per_tensor(&s->tensors[X], &scale_x, &zero_x);
    per_tensor(&s->tensors[Y], &scale_y, &zero_y);
    per_tensor(&s->tensors[Z], &scale_z, &zero_z);
    s->tensors[W].quantization = (struct gantry_quantization){4, 0, s->weight_scale, s->zeros};
    s->tensors[B].quantization = (struct gantry_quantization){4, 0, s->bias_scale, s->zeros};
    make_nodes(s);
    s->inputs[0] = X;
    s->outputs[0] = Z;
    s->graph = (struct gantry_graph){.name = "sample",
                                     .tensors = s->tensors,
                                     .tensor_count = TENSORS,
                                     .nodes = s->nodes,
                                     .node_count = 2,
                                     .inputs = s->inputs,
                                     .input_count = 1,
                                     .outputs = s->outputs,
                                     .output_count = 1};
}

static void check__accepts_and_fills_macs_and_producers(void **state)
{
    (void)state;
    struct sample s;
    struct gantry_error error = {0};
    make_sample(&s);
    if (gantry_graph_check(&s.graph, &error) != GANTRY_OK) fail_msg("%s", error.message);
    assert_int_equal(s.nodes[0].macs, 8 * 8 * 4 * 3 * 3 * 2);
    assert_int_equal(s.nodes[1].macs, 0);
    assert_int_equal(s.tensors[X].producer, GANTRY_NO_NODE);
    assert_int_equal(s.tensors[Y].producer, 0);
    assert_int_equal(s.tensors[Z].producer, 1);
}

/* One broken thing, and the words that the message must hold. */
static void refuse(struct sample *s, enum gantry_status status, const char *words)
{
    struct gantry_error error = {0};
    assert_int_equal(gantry_graph_check(&s->graph, &error), status);
    assert_int_equal(error.status, status);
    if (!strstr(error.message, words)) fail_msg("\"%s\" lacks \"%s\"", error.message, words);
    make_sample(s);
}

static void check__refuses_broken_edges(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    s.nodes[0].inputs[1] = TENSORS;
    refuse(&s, GANTRY_ERR_FILE, "input 1 is tensor 5 (of 5)");
    s.nodes[0].inputs[0] = GANTRY_NO_TENSOR;
    refuse(&s, GANTRY_ERR_FILE, "input 0 is tensor -1");
    s.nodes[1].outputs[0] = -7;
    refuse(&s, GANTRY_ERR_FILE, "output is tensor -7");
    s.nodes[1].outputs[0] = Y;
    refuse(&s, GANTRY_ERR_FILE, "another producer");
    s.nodes[1].outputs[0] = B;
    refuse(&s, GANTRY_ERR_FILE, "another producer");
    s.nodes[0].inputs[0] = Z;
    refuse(&s, GANTRY_ERR_FILE, "read before");
    s.inputs[0] = 9;
    refuse(&s, GANTRY_ERR_FILE, "input 0: tensor 9");
    s.inputs[0] = W;
    refuse(&s, GANTRY_ERR_FILE, "a constant");
    s.inputs[1] = X;
    s.graph.input_count = 2;
    refuse(&s, GANTRY_ERR_FILE, "named twice");
    s.outputs[0] = X;
    refuse(&s, GANTRY_ERR_FILE, "no node makes");
    s.outputs[1] = Z;
    s.graph.output_count = 2;
    refuse(&s, GANTRY_ERR_FILE, "output 0 already");
    s.graph.node_count = 0;
    refuse(&s, GANTRY_ERR_FILE, "0 operators");
    s.nodes[1].input_count = 3;
    refuse(&s, GANTRY_ERR_FILE, "3 inputs (2..2)");
}

static void check__refuses_broken_tensors(void **state)
{
    (void)state;
    struct sample s;
    static const float bad[] = {0, -1, NAN, INFINITY};
    static const int32_t beyond = 128;
    make_sample(&s);
    for (size_t i = 0; i < GANTRY_COUNT(bad); i++) {
        per_tensor(&s.tensors[Y], &bad[i], &zero_y);
        refuse(&s, GANTRY_ERR_FILE, "tensor \"y\": scale 0");
    }
    per_tensor(&s.tensors[Y], &scale_y, &beyond);
    refuse(&s, GANTRY_ERR_FILE, "zero point 0 is 128 (-128..127)");
    s.tensors[W].quantization.axis = 4;
    refuse(&s, GANTRY_ERR_FILE, "quantised dimension 4 (rank 4)");
    s.tensors[W].quantization.count = 3;
    refuse(&s, GANTRY_ERR_FILE, "3 scales for 4 channels");
    s.tensors[Z].bytes--;
    refuse(&s, GANTRY_ERR_FILE, "its shape says 256");
    s.tensors[Z].shape.dims[2] = 0;
    refuse(&s, GANTRY_ERR_FILE, "dimension 2 is 0");
    s.tensors[Z].shape = shape4(1 << 20, 1 << 20, 1 << 20, 1);
    refuse(&s, GANTRY_ERR_FILE, "more than 2^31");
    s.tensors[X].dtype = GANTRY_UINT8;
    refuse(&s, GANTRY_ERR_FILE, "zero point 0 is -3 (0..255)");
    s.tensors[Z].quantization.count = 0;
    refuse(&s, GANTRY_ERR_FILE, "0 scales");
    set(&s.tensors[Y], "y", GANTRY_FLOAT32, shape4(1, 8, 8, 4), NULL);
    s.tensors[Y].quantization.count = 0;
    refuse(&s, GANTRY_ERR_UNSUPPORTED, "node 0 CONV_2D: tensor \"x\" is int8, \"y\" is float32");
    s.tensors[Y].shape = shape4(2, 8, 8, 2);
    refuse(&s, GANTRY_ERR_FILE, "shape 2x8x8x2, inference gives 1x8x8x4");
}

static void check__refuses_broken_convolutions(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    s.tensors[Y].shape = shape4(1, 4, 16, 4);
    refuse(&s, GANTRY_ERR_FILE, "shape 1x4x16x4, inference gives 1x8x8x4");
    s.nodes[0].attributes.window.stride_h = 0;
    refuse(&s, GANTRY_ERR_FILE, "stride 0x1");
    s.nodes[0].attributes.window.pad_top = 3;
    refuse(&s, GANTRY_ERR_FILE, "padding 3,");
    s.nodes[0].attributes.window.dilation_w = 6;
    refuse(&s, GANTRY_ERR_FILE, "window of 3x13 on an input of 8x8");
    s.nodes[0].attributes.window.kernel_h = 2;
    refuse(&s, GANTRY_ERR_FILE, "kernel 2x3, weights of 3x3");
    s.nodes[0].clamp_max = 128;
    refuse(&s, GANTRY_ERR_FILE, "activation range -128..128");
    s.nodes[0].clamp_min = 1;
    s.nodes[0].clamp_max = 0;
    refuse(&s, GANTRY_ERR_FILE, "activation range 1..0");
    s.tensors[W].data = NULL;
    refuse(&s, GANTRY_ERR_FILE, "read before");
    s.tensors[W].shape = shape4(4, 3, 3, 3);
    s.tensors[W].bytes = 108;
    refuse(&s, GANTRY_ERR_FILE, "2 channels, weights of 3 to 4");
    s.zeros[2] = 1;
    refuse(&s, GANTRY_ERR_FILE, "zero point 1 of channel 2");
    s.tensors[B].shape.dims[0] = 2;
    s.tensors[B].bytes = 8;
    s.tensors[B].quantization.count = 0;
    refuse(&s, GANTRY_ERR_FILE, "2 elements for 4 channels");
    s.bias_scale[3] = 1;
    refuse(&s, GANTRY_ERR_FILE, "of channel 3");
    s.tensors[B].dtype = GANTRY_INT64;
    s.tensors[B].bytes = 32;
    s.tensors[B].quantization.count = 0;
    refuse(&s, GANTRY_ERR_UNSUPPORTED, "is int64 (must be int32)");
}

static void check__refuses_a_sum_beyond_32_bits(void **state)
{
    (void)state;
    struct sample s;
    struct gantry_error error = {0};
    make_sample(&s);
    memset(s.weights, 1, sizeof s.weights);
    /* 18 taps of at most 127 - zero_x = 130. */
    s.bias[1] = INT32_MAX - 18 * 130;
    if (gantry_graph_check(&s.graph, &error) != GANTRY_OK) fail_msg("%s", error.message);
    s.bias[1]++;
    refuse(&s, GANTRY_ERR_UNSUPPORTED, "sum of channel 1 can leave 32 bits");
}

static void check__refuses_broken_additions(void **state)
{
    (void)state;
    struct sample s;
    static const float tiny = 0.0001f;
    make_sample(&s);
    s.nodes[1].inputs[1] = X;
    refuse(&s, GANTRY_ERR_FILE, "shape 1x8x8x4 and 1x8x8x2");
    per_tensor(&s.tensors[Z], &tiny, &zero_z);
    refuse(&s, GANTRY_ERR_UNSUPPORTED, "ratios within");
}

/* The sample's second node made a MEAN of Y, whose axes are W. */
static const int32_t axes_of_a_map[2] = {1, 2};
static void make_mean(struct sample *s)
{
    make_sample(s);
    set(&s->tensors[Z], "z", GANTRY_INT8, (struct gantry_shape){2, {1, 4}}, NULL);
    struct gantry_graph_node *node = &s->nodes[1];
    node->op = GANTRY_OP_MEAN;
    node->inputs[1] = TENSORS;
    node->attributes = (union gantry_attributes){0};
    s->graph.tensor_count = TENSORS + 1;
    set(&s->tensors[TENSORS], "axes", GANTRY_INT32, (struct gantry_shape){1, {2}}, axes_of_a_map);
}

static void check__maps_means_over_height_and_width_alone(void **state)
{
    (void)state;
    struct sample s;
    struct gantry_error error = {0};
    static const int32_t backwards[3] = {-2, 1, 1}, channels[2] = {1, 3}, beyond[1] = {4};
    make_mean(&s);
    if (gantry_graph_check(&s.graph, &error) != GANTRY_OK) fail_msg("%s", error.message);
    assert_true(s.nodes[1].mapped);
    s.nodes[1].attributes.keep_dims = true;
    refuse(&s, GANTRY_ERR_FILE, "inference gives 1x1x1x4");
    make_mean(&s);
    set(&s.tensors[TENSORS], "axes", GANTRY_INT32, (struct gantry_shape){1, {3}}, backwards);
    if (gantry_graph_check(&s.graph, &error) != GANTRY_OK) fail_msg("%s", error.message);
    assert_true(s.nodes[1].mapped);
    make_mean(&s);
    set(&s.tensors[TENSORS], "axes", GANTRY_INT32, (struct gantry_shape){1, {2}}, channels);
    set(&s.tensors[Z], "z", GANTRY_INT8, (struct gantry_shape){2, {1, 8}}, NULL);
    if (gantry_graph_check(&s.graph, &error) != GANTRY_OK) fail_msg("%s", error.message);
    assert_false(s.nodes[1].mapped);
    make_mean(&s);
    set(&s.tensors[TENSORS], "axes", GANTRY_INT32, (struct gantry_shape){1, {1}}, beyond);
    refuse(&s, GANTRY_ERR_FILE, "axis 4 (rank 4)");
    make_mean(&s);
    s.tensors[TENSORS].dtype = GANTRY_FLOAT32;
    refuse(&s, GANTRY_ERR_UNSUPPORTED, "constant int32");
}

static void make_quantize(struct sample *s)
{
    make_sample(s);
    set(&s->tensors[Z], "z", GANTRY_INT8, shape4(1, 8, 8, 4), NULL);
    per_tensor(&s->tensors[Z], &scale_z, &zero_z);
    s->nodes[1].op = GANTRY_OP_QUANTIZE;
    s->nodes[1].input_count = 1;
}

static void check__takes_ratios_of_rule_q8_at_quantize(void **state)
{
    (void)state;
    struct sample s;
    struct gantry_error error = {0};
    static const float tiny = 0.25f / 512;
    make_quantize(&s);
    if (gantry_graph_check(&s.graph, &error) != GANTRY_OK) fail_msg("%s", error.message);
    assert_int_equal(gantry_node_quantize_factor(&s.graph, &s.nodes[1]), 128);
    per_tensor(&s.tensors[Z], &tiny, &zero_z);
    refuse(&s, GANTRY_ERR_UNSUPPORTED, "a ratio within 2^-8..2^7");
}

static void flip__shifts_values_and_zero_points_by_128(void **state)
{
    (void)state;
    struct sample s;
    static const int32_t zero = 131;
    static const uint8_t values[4] = {0, 127, 128, 255};
    make_sample(&s);
    set(&s.tensors[W], "w", GANTRY_UINT8, (struct gantry_shape){1, {4}}, values);
    per_tensor(&s.tensors[W], &scale_x, &zero);
    gantry_arena_init(&s.graph.arena, NULL);
    assert_true(gantry_tensor_flip(&s.graph, W));
    const int8_t *flipped = s.tensors[W].data;
    assert_int_equal(s.tensors[W].dtype, GANTRY_INT8);
    assert_int_equal(s.tensors[W].quantization.zero_point[0], 3);
    assert_true(flipped[0] == -128 && flipped[1] == -1 && flipped[2] == 0 && flipped[3] == 127);
    assert_true(s.tensors[W].flipped);
    assert_true(gantry_tensor_flip(&s.graph, X));
    assert_false(s.tensors[X].flipped);
    gantry_arena_finish(&s.graph.arena);
}

/* SHAPE of the input feeds nothing at run time: the node is gone, its output a constant. */
static void check__computes_what_constants_decide(void **state)
{
    (void)state;
    struct sample s;
    struct gantry_error error = {0};
    make_sample(&s);
    set(&s.tensors[TENSORS], "shape", GANTRY_INT32, (struct gantry_shape){1, {4}}, NULL);
    s.graph.tensor_count = TENSORS + 1;
    s.nodes[1] = s.nodes[0];
    static int32_t edges[2] = {X, TENSORS};
    s.nodes[0] = (struct gantry_graph_node){.op = GANTRY_OP_SHAPE,
                                            .name = "shape",
                                            .inputs = edges,
                                            .outputs = edges + 1,
                                            .input_count = 1,
                                            .output_count = 1};
    s.outputs[0] = Y;
    gantry_arena_init(&s.graph.arena, NULL);
    if (gantry_graph_check(&s.graph, &error) != GANTRY_OK) fail_msg("%s", error.message);
    assert_int_equal(s.graph.node_count, 1);
    assert_int_equal(s.nodes[0].op, GANTRY_OP_CONV_2D);
    assert_int_equal(s.tensors[Y].producer, 0);
    static const int32_t wanted[4] = {1, 8, 8, 2};
    assert_memory_equal(s.tensors[TENSORS].data, wanted, sizeof wanted);
    gantry_arena_finish(&s.graph.arena);
}

static void scale__of_a_mean_divides_by_the_output_times_the_map(void **state)
{
    (void)state;
    struct sample s;
    static const float sx = 0x1.8p-6f + 0x1p-20f, sy = 0x1.38bf9ap-6f;
    make_mean(&s);
    s.tensors[Y].shape = shape4(1, 7, 7, 4);
    per_tensor(&s.tensors[Y], &sx, &zero_y);
    per_tensor(&s.tensors[Z], &sy, &zero_z);
    float whole = (float)((double)sy * 49.0);
    assert_true(gantry_node_scale(&s.graph, &s.nodes[1], 3) == (float)((double)sx / (double)whole));
}

static void scale__is_rounded_to_float32_step_by_step(void **state)
{
    (void)state;
    struct sample s;
    make_sample(&s);
    /* sx * sw overflows float32 only when it is rounded before the division. */
    static const float sx = 1e30f, sy = 1e30f;
    per_tensor(&s.tensors[X], &sx, &zero_x);
    per_tensor(&s.tensors[Y], &sy, &zero_y);
    s.weight_scale[1] = 1e30f;
    assert_true(isinf(gantry_node_scale(&s.graph, &s.nodes[0], 1)));
    make_sample(&s);
    volatile float product = scale_x * s.weight_scale[2];
    volatile float scale = product / scale_y;
    assert_true(gantry_node_scale(&s.graph, &s.nodes[0], 2) == scale);
}

static struct gantry_add_params add_params(float s1, float s2, float sy, bool *legal)
{
    struct sample s;
    struct gantry_add_params params = {0};
    make_sample(&s);
    per_tensor(&s.tensors[X], &s1, &zero_x);
    per_tensor(&s.tensors[Y], &s2, &zero_y);
    per_tensor(&s.tensors[Z], &sy, &zero_z);
    s.nodes[1].inputs[0] = X;
    *legal = gantry_node_add_params(&s.graph, &s.nodes[1], &params);
    return params;
}

static void add_params__follow_rule_x(void **state)
{
    (void)state;
    bool legal;
    struct gantry_add_params p = add_params(1.0f, 0.75f, 1.0f, &legal);
    assert_true(legal && p.shift == 20 && p.k1 == 1 << 20 && p.k2 == 3 << 18);
    assert_true(p.zero1 == zero_x && p.zero2 == zero_y && p.zero_out == zero_z);
    p = add_params(0.999f, 0.001f, 1.0f, &legal);
    assert_true(legal && p.shift == 21 && p.k1 == 2095055 && p.k2 == 2097);
    /* The largest multiplier: rounding carries into 2^21. */
    p = add_params(0x1.ffffffp-1f, 0.5f, 1.0f, &legal);
    assert_true(legal && p.shift == 20 && p.k1 == 1 << 20);
    p = add_params(0x1.fffffep0f, 0.5f, 1.0f, &legal);
    assert_true(legal && p.shift == 20 && p.k1 == 1 << 21);
    p = add_params(0x1p-10f, 0x1p-10f, 1.0f, &legal);
    assert_true(legal && p.shift == 30 && p.k1 == 1 << 20);
    p = add_params(0x1.fffffep7f, 1, 1.0f, &legal);
    assert_true(legal && p.shift == 13 && p.k1 == 1 << 21 && p.k2 == 1 << 13);
}

static void add_params__refuse_ratios_outside_of_rule_x(void **state)
{
    (void)state;
    bool legal;
    (void)add_params(256.0f, 1.0f, 1.0f, &legal);
    assert_false(legal);
    (void)add_params(1.0f, 0x1.fffffep-11f, 1.0f, &legal);
    assert_false(legal);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(shape__elements_are_0_beyond_31_bits),
    cmocka_unit_test(shape__text_is_cut_at_the_buffer),
    cmocka_unit_test(shape__extent_needs_batch_1_and_rank_1_to_4),
    cmocka_unit_test(check__accepts_and_fills_macs_and_producers),
    cmocka_unit_test(check__refuses_broken_edges),
    cmocka_unit_test(check__refuses_broken_tensors),
    cmocka_unit_test(check__refuses_broken_convolutions),
    cmocka_unit_test(check__refuses_a_sum_beyond_32_bits),
    cmocka_unit_test(check__refuses_broken_additions),
    cmocka_unit_test(check__maps_means_over_height_and_width_alone),
    cmocka_unit_test(check__takes_ratios_of_rule_q8_at_quantize),
    cmocka_unit_test(check__computes_what_constants_decide),
    cmocka_unit_test(flip__shifts_values_and_zero_points_by_128),
    cmocka_unit_test(scale__of_a_mean_divides_by_the_output_times_the_map),
    cmocka_unit_test(scale__is_rounded_to_float32_step_by_step),
    cmocka_unit_test(add_params__follow_rule_x),
    cmocka_unit_test(add_params__refuse_ratios_outside_of_rule_x),
};

GANTRY_TEST_MAIN("graph", tests)
