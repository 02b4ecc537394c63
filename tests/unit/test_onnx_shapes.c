/* SPDX-License-Identifier: Apache-2.0
 * Dimensions of ONNX inputs without a number: 1, what is given, or what an input of the same name
 * for them has. */
#include "test.h"

#include <string.h>

#include "formats/formats.h"
#include "onnx_build.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

enum { FLOAT = 1 };

struct net {
    struct onnx_build build;
    struct gantry_graph graph;
    struct gantry_error error;
};

/* y = a + b of shape [n, 3], both with that name for the first dimension; z is the Relu of c, whose
 * first dimension has none. */
static enum gantry_status read_net(struct net *net, const struct gantry_input_shape *shapes,
                                   size_t count)
{
    static char n[] = "n";
    const struct gantry_input_shapes given = {shapes, count};
    struct onnx_build *b = &net->build;
    size_t size;
    memset(net, 0, sizeof *net);
    onnx_build_init(b, 13);
    for (int i = 0; i < 3; i++)
        onnx_build_input(b, (const char *const[]){"a", "b", "c"}[i], FLOAT, (const int64_t[]){1, 3},
                         2);
    onnx_build_free(b, 0, 0, n);
    onnx_build_free(b, 1, 0, n);
    onnx_build_free(b, 2, 0, NULL);
    (void)onnx_build_node(b, "Add", NAMES("a", "b"), NAMES("y"));
    (void)onnx_build_node(b, "Relu", NAMES("c"), NAMES("z"));
    onnx_build_output(b, "y");
    onnx_build_output(b, "z");
    const uint8_t *bytes = onnx_build_pack(b, &size);
    gantry_graph_init(&net->graph, NULL);
    return gantry_onnx_read(&net->graph, bytes, size, "t.onnx", NULL, &given, &net->error);
}

static void close_net(struct net *net)
{
    gantry_graph_finish(&net->graph);
    onnx_build_finish(&net->build);
}

static void expect_rows(const struct net *net, int32_t tensor, int32_t rows)
{
    const struct gantry_shape wanted = {2, {rows, 3}};
    assert_true(gantry_shape_equal(&net->graph.tensors[tensor].shape, &wanted));
}

static void onnx_shapes__without_a_number_are_1(void **state)
{
    (void)state;
    struct net net;
    if (read_net(&net, NULL, 0)) fail_msg("%s", net.error.message);
    for (int32_t i = 0; i < 3; i++) {
        expect_rows(&net, net.graph.inputs[i], 1);
        assert_int_equal(net.graph.tensors[net.graph.inputs[i]].free_dims, 1);
    }
    close_net(&net);
}

static void onnx_shapes__are_shared_by_inputs_that_name_them_alike(void **state)
{
    (void)state;
    static const struct gantry_input_shape given[] = {{"b", {2, {4, 3}}}};
    struct net net;
    if (read_net(&net, given, 1)) fail_msg("%s", net.error.message);
    expect_rows(&net, net.graph.inputs[0], 4);
    expect_rows(&net, net.graph.inputs[1], 4);
    expect_rows(&net, net.graph.inputs[2], 1);
    expect_rows(&net, net.graph.outputs[0], 4);
    close_net(&net);
}

static void onnx_shapes__of_one_name_must_agree(void **state)
{
    (void)state;
    static const struct gantry_input_shape given[] = {{"a", {2, {4, 3}}}, {"b", {2, {1, 3}}}};
    struct net net;
    assert_int_equal(read_net(&net, given, 2), GANTRY_ERR_SHAPE);
    assert_non_null(
        strstr(net.error.message, "dimension \"n\" is 4 of input \"a\" and 1 of \"b\""));
    close_net(&net);
}

static void onnx_shapes__with_a_number_stay(void **state)
{
    (void)state;
    static const struct gantry_input_shape wide[] = {{"c", {2, {2, 4}}}},
                                           nameless[] = {{NULL, {2, {2, 3}}}};
    struct net net;
    assert_int_equal(read_net(&net, wide, 1), GANTRY_ERR_SHAPE);
    assert_non_null(strstr(net.error.message, "2x4 given, the model (?x3) fixes dimension 1 to 3"));
    close_net(&net);
    assert_int_equal(read_net(&net, nameless, 1), GANTRY_ERR_SHAPE);
    assert_non_null(strstr(net.error.message, "a shape without a name for one of 3 inputs"));
    close_net(&net);
}

/* An input that states no shape has any. */
static void onnx_shapes__of_a_free_rank_are_what_is_given(void **state)
{
    (void)state;
    static const struct gantry_input_shape given = {NULL, {3, {2, 5, 7}}};
    const struct gantry_input_shapes shapes = {&given, 1};
    struct net net = {0};
    size_t size;
    onnx_build_init(&net.build, 13);
    onnx_build_input(&net.build, "x", FLOAT, NULL, 0);
    net.build.inputs[0]->type->tensor_type->shape = NULL;
    (void)onnx_build_node(&net.build, "Relu", NAMES("x"), NAMES("y"));
    onnx_build_output(&net.build, "y");
    const uint8_t *bytes = onnx_build_pack(&net.build, &size);
    gantry_graph_init(&net.graph, NULL);
    if (gantry_onnx_read(&net.graph, bytes, size, "t", NULL, &shapes, &net.error))
        fail_msg("%s", net.error.message);
    assert_true(gantry_shape_equal(&net.graph.tensors[net.graph.outputs[0]].shape, &given.shape));
    close_net(&net);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(onnx_shapes__without_a_number_are_1),
    cmocka_unit_test(onnx_shapes__are_shared_by_inputs_that_name_them_alike),
    cmocka_unit_test(onnx_shapes__of_one_name_must_agree),
    cmocka_unit_test(onnx_shapes__with_a_number_stay),
    cmocka_unit_test(onnx_shapes__of_a_free_rank_are_what_is_given),
};

GANTRY_TEST_MAIN("onnx_shapes", tests)
