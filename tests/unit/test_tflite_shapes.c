/* SPDX-License-Identifier: Apache-2.0
 * Inputs of a .tflite file that have other shapes than those it states: all others are inferred,
 * and what computes shapes is computed while reading. */
#include "test.h"

#include "formats/formats.h"
#include "tflite_text.h"

/* x [?, ?, 5, 1]: CONV_2D 2x2 of stride 2, padding SAME, whose output a RESHAPE turns to [batch,
 * -1], a list that SHAPE, STRIDED_SLICE and PACK make; then EXPAND_DIMS and SQUEEZE of axis 1. */
static const char sample[] =
    "{version: 3, operator_codes: [{builtin_code: 3}, {builtin_code: 77}, {builtin_code: 45}, "
    "{builtin_code: 83}, {builtin_code: 22}, {builtin_code: 70}, {builtin_code: 43}], "
    "subgraphs: [{inputs: [0], outputs: [13], tensors: ["
    "{shape: [1, 3, 5, 1], shape_signature: [-1, -1, 5, 1], type: 0, name: 'x'}, "
    "{shape: [2, 2, 2, 1], type: 0, buffer: 1, name: 'filter'}, "
    "{shape: [1, 2, 3, 2], type: 0, name: 'conv'}, "
    "{shape: [4], type: 2, name: 'shape'}, "
    "{shape: [1], type: 2, buffer: 2, name: 'zero'}, "
    "{shape: [1], type: 2, buffer: 3, name: 'one'}, "
    "{shape: [], type: 2, name: 'batch'}, "
    "{shape: [], type: 2, buffer: 4, name: 'rest'}, "
    "{shape: [2], type: 2, name: 'list'}, "
    "{shape: [1, 12], type: 0, name: 'flat'}, "
    "{shape: [2], type: 2, buffer: 5, name: 'fixed'}, "
    "{shape: [1, 1, 12], type: 0, name: 'wide'}, "
    "{shape: [], type: 2, buffer: 3, name: 'axis'}, "
    "{shape: [1, 12], type: 0, name: 'y'}], "
    "operators: ["
    "{opcode_index: 0, inputs: [0, 1], outputs: [2], builtin_options_type: 'Conv2DOptions', "
    "builtin_options: {padding: 0, stride_w: 2, stride_h: 2}}, "
    "{opcode_index: 1, inputs: [0], outputs: [3]}, "
    "{opcode_index: 2, inputs: [3, 4, 5, 5], outputs: [6], "
    "builtin_options_type: 'StridedSliceOptions', builtin_options: {shrink_axis_mask: 1}}, "
    "{opcode_index: 3, inputs: [6, 7], outputs: [8], builtin_options_type: 'PackOptions', "
    "builtin_options: {values_count: 2}}, "
    "{opcode_index: 4, inputs: [2, 8], outputs: [9]}, "
    "{opcode_index: 5, inputs: [9, 12], outputs: [11]}, "
    "{opcode_index: 6, inputs: [11], outputs: [13], builtin_options_type: 'SqueezeOptions', "
    "builtin_options: {squeeze_dims: [1]}}]}], "
    "buffers: [{}, {data: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "
    "0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]}, {data: [0, 0, 0, 0]}, "
    "{data: [1, 0, 0, 0]}, {data: [255, 255, 255, 255]}, {data: [1, 0, 0, 0, 12, 0, 0, 0]}]}";

struct net {
    struct gantry_graph graph;
    struct gantry_file file;
    struct gantry_error error;
};

/* The sample with one thing changed, for an input of a shape; a name may be NULL. */
static enum gantry_status read_net(struct net *net, const char *from, const char *to,
                                   const struct gantry_input_shape *shapes, size_t count)
{
    static char text[sizeof sample + 256];
    const struct gantry_input_shapes given = {shapes, count};
    const char *at = strstr(sample, from);
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - sample), sample, to,
                   at + strlen(from));
    memset(net, 0, sizeof *net);
    tflite_compile(text);
    gantry_graph_init(&net->graph, NULL);
    if (gantry_file_open(&net->file, scratch_path("t.bin"), &net->error))
        fail_msg("%s", net->error.message);
    return gantry_tflite_read(&net->graph, net->file.data, net->file.size, "t.tflite", &given,
                              &net->error);
}

static void close_net(struct net *net)
{
    gantry_graph_finish(&net->graph);
    gantry_file_close(&net->file);
    tflite_clean();
}

static void expect_shape(const struct net *net, int32_t tensor, struct gantry_shape shape)
{
    char have[80], want[80];
    const struct gantry_graph_tensor *t = &net->graph.tensors[tensor];
    assert_string_equal(gantry_shape_text(&t->shape, have, sizeof have),
                        gantry_shape_text(&shape, want, sizeof want));
    assert_int_equal(t->bytes, (size_t)gantry_shape_elements(&shape) * sizeof(float));
}

static void shapes__of_the_file_are_those_without_others(void **state)
{
    (void)state;
    struct net net;
    if (read_net(&net, "version", "version", NULL, 0)) fail_msg("%s", net.error.message);
    expect_shape(&net, 0, (struct gantry_shape){4, {1, 3, 5, 1}});
    expect_shape(&net, net.graph.outputs[0], (struct gantry_shape){2, {1, 12}});
    assert_int_equal(net.graph.tensors[0].free_dims, 3);
    close_net(&net);
}

static void shapes__follow_from_those_of_the_inputs(void **state)
{
    (void)state;
    static const struct gantry_input_shape given[] = {{"x", {4, {7, 8, 5, 1}}}};
    struct net net;
    if (read_net(&net, "version", "version", given, 1)) fail_msg("%s", net.error.message);
    /* CONV_2D and three renamings; the list is a constant. */
    assert_int_equal(net.graph.node_count, 4);
    const struct gantry_graph_node *conv = &net.graph.nodes[0];
    expect_shape(&net, conv->outputs[0], (struct gantry_shape){4, {7, 4, 3, 2}});
    /* 8 rows need no padding, 5 columns one behind. */
    assert_true(conv->attributes.window.pad_bottom == 0 && conv->attributes.window.pad_right == 1);
    assert_int_equal(conv->macs, 7 * 4 * 3 * 2 * 4);
    expect_shape(&net, net.graph.nodes[1].outputs[0], (struct gantry_shape){2, {7, 24}});
    expect_shape(&net, net.graph.nodes[2].outputs[0], (struct gantry_shape){3, {7, 1, 24}});
    expect_shape(&net, net.graph.outputs[0], (struct gantry_shape){2, {7, 24}});
    close_net(&net);
}

static void shapes__of_old_files_are_in_the_options(void **state)
{
    (void)state;
    static const struct gantry_input_shape given[] = {{NULL, {4, {7, 3, 5, 1}}}};
    struct net net;
    if (read_net(&net, "inputs: [2, 8], outputs: [9]}",
                 "inputs: [2], outputs: [9], builtin_options_type: 'ReshapeOptions', "
                 "builtin_options: {new_shape: [-1, 12]}}",
                 given, 1))
        fail_msg("%s", net.error.message);
    expect_shape(&net, net.graph.outputs[0], (struct gantry_shape){2, {7, 12}});
    close_net(&net);
}

static void refuses(const char *from, const char *to, const struct gantry_input_shape *given,
                    size_t count, const char *words)
{
    struct net net;
    assert_true(read_net(&net, from, to, given, count) != GANTRY_OK);
    if (!strstr(net.error.message, words)) fail_msg("\"%s\": %s", net.error.message, words);
    close_net(&net);
}

static void shapes__that_the_model_cannot_have_are_refused(void **state)
{
    (void)state;
    static const struct gantry_input_shape width[] = {{"x", {4, {7, 8, 6, 1}}}},
                                           rank[] = {{NULL, {3, {8, 5, 1}}}},
                                           name[] = {{"z", {4, {7, 8, 5, 1}}}},
                                           zero[] = {{"x", {4, {0, 8, 5, 1}}}},
                                           large[] = {{"x", {4, {1 << 30, 1, 5, 1}}}},
                                           twice[] = {{"x", {4, {2, 3, 5, 1}}},
                                                      {"x", {4, {2, 3, 5, 1}}}};
    refuses("v", "v", width, 1, "7x8x6x1 given, the model (?x?x5x1) fixes dimension 2 to 5");
    refuses("v", "v", rank, 1, "\"x\": 8x5x1 given, the model has ?x?x5x1");
    refuses("v", "v", name, 1, "a shape for \"z\", which is no input");
    refuses("v", "v", zero, 1, "0x8x5x1 given (1 to 2^31 - 1 elements)");
    refuses("v", "v", large, 1, "given (1 to 2^31 - 1 elements)");
    refuses("v", "v", twice, 2, "two shapes given");
}

static void shapes__that_an_operator_cannot_have_name_it(void **state)
{
    (void)state;
    static const struct gantry_input_shape two[] = {{"x", {4, {2, 3, 5, 1}}}};
    refuses("inputs: [2, 8]", "inputs: [2, 10]", two, 1,
            "node 4 RESHAPE: input of shape 2x2x3x2 to 1x12, as \"fixed\" says");
    refuses("inputs: [2, 8], outputs: [9]}",
            "inputs: [2], outputs: [9], builtin_options_type: 'ReshapeOptions', "
            "builtin_options: {new_shape: [1, 12]}}",
            two, 1, "node 4 RESHAPE: input of shape 2x2x3x2 to 1x12");
    refuses("inputs: [2, 8]", "inputs: [2]", two, 1, "node 4 RESHAPE: the shape of \"flat\"");
    refuses("squeeze_dims: [1]", "squeeze_dims: [0]", two, 1, "node 6 RESHAPE: an axis to squeeze");
    refuses("inputs: [0, 1]", "inputs: [9, 1]", two, 1, "\"flat\" is read before a node makes it");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(shapes__of_the_file_are_those_without_others),
    cmocka_unit_test(shapes__follow_from_those_of_the_inputs),
    cmocka_unit_test(shapes__of_old_files_are_in_the_options),
    cmocka_unit_test(shapes__that_the_model_cannot_have_are_refused),
    cmocka_unit_test(shapes__that_an_operator_cannot_have_name_it),
};

GANTRY_TEST_MAIN("tflite_shapes", tests)
