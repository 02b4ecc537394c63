/* SPDX-License-Identifier: Apache-2.0
 * The .tflite reader: a sample network in JSON, compiled by flatc, with one thing changed at a
 * time; and damaged files, which must be refused or run, never crash. */
#include "test.h"

#include "files.h"
#include "formats/formats.h"
#include "graph_run.h"
#include "random.h"
#include "tflite_text.h"

/* CONV 2x2 stride 2 with RELU6, RESHAPE, FULLY_CONNECTED. */
static const char sample[] =
    "{version: 3, operator_codes: ["
    "{deprecated_builtin_code: 3, builtin_code: 3}, {deprecated_builtin_code: 22}, "
    "{builtin_code: 9}], "
    "subgraphs: [{inputs: [0], outputs: [6], tensors: ["
    "{shape: [1, 3, 5, 1], type: 9, buffer: 0, name: 'in', "
    "quantization: {scale: [0.5], zero_point: [1]}}, "
    "{shape: [2, 2, 2, 1], type: 9, buffer: 1, name: 'filter', "
    "quantization: {scale: [0.25, 0.125], zero_point: [0, 0], quantized_dimension: 0}}, "
    "{shape: [2], type: 2, buffer: 2, name: 'bias', "
    "quantization: {scale: [0.125, 0.0625], zero_point: [0, 0]}}, "
    "{shape: [1, 2, 3, 2], type: 9, buffer: 0, name: 'same name;other', "
    "quantization: {scale: [0.0625], zero_point: [-10]}}, "
    "{shape: [1, 12], type: 9, buffer: 0, name: 'same name', "
    "quantization: {scale: [0.0625], zero_point: [-10]}}, "
    "{shape: [1, 12], type: 9, buffer: 3, name: 'matrix', "
    "quantization: {scale: [1.0], zero_point: [0]}}, "
    "{shape: [1, 1], type: 9, buffer: 0, name: 'out\\u00e9', "
    "quantization: {scale: [1.0], zero_point: [0]}}], "
    "operators: ["
    "{opcode_index: 0, inputs: [0, 1, 2], outputs: [3], builtin_options_type: 'Conv2DOptions', "
    "builtin_options: {padding: 0, stride_w: 2, stride_h: 2, fused_activation_function: 3}}, "
    "{opcode_index: 1, inputs: [3], outputs: [4]}, "
    "{opcode_index: 2, inputs: [4, 5, -1], outputs: [6], "
    "builtin_options_type: 'FullyConnectedOptions', builtin_options: {}}]}], "
    "buffers: [{}, {data: [1, 2, 3, 4, 5, 6, 7, 8]}, {data: [1, 0, 0, 0, 2, 0, 0, 0]}, "
    "{data: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]}]}";

/* QUANTIZE of uint8, MEAN over height and width. */
static const char mean_sample[] =
    "{version: 3, operator_codes: ["
    "{deprecated_builtin_code: 114, builtin_code: 114}, {deprecated_builtin_code: 40}], "
    "subgraphs: [{inputs: [0], outputs: [3], tensors: ["
    "{shape: [1, 3, 5, 2], type: 3, buffer: 0, name: 'in', "
    "quantization: {scale: [0.5], zero_point: [127]}}, "
    "{shape: [1, 3, 5, 2], type: 9, buffer: 0, name: 'x', "
    "quantization: {scale: [0.5], zero_point: [-1]}}, "
    "{shape: [2], type: 2, buffer: 1, name: 'axes'}, "
    "{shape: [1, 1, 1, 2], type: 9, buffer: 0, name: 'y', "
    "quantization: {scale: [0.25], zero_point: [3]}}], "
    "operators: ["
    "{opcode_index: 0, inputs: [0], outputs: [1]}, "
    "{opcode_index: 1, inputs: [1, 2], outputs: [3], builtin_options_type: 'ReducerOptions', "
    "builtin_options: {keep_dims: true}}]}], "
    "buffers: [{}, {data: [1, 0, 0, 0, 2, 0, 0, 0]}]}";

/* TRANSPOSE_CONV 3x3 stride 2 to 1x4x6x2, of weights of four bits. */
static const char transposed_sample[] =
    "{version: 3, operator_codes: [{deprecated_builtin_code: 67}], "
    "subgraphs: [{inputs: [2], outputs: [3], tensors: ["
    "{shape: [4], type: 2, buffer: 1, name: 'shape'}, "
    "{shape: [2, 3, 3, 1], type: 17, buffer: 2, name: 'w', "
    "quantization: {scale: [0.5], zero_point: [0]}}, "
    "{shape: [1, 2, 3, 1], type: 9, buffer: 0, name: 'x', "
    "quantization: {scale: [0.5], zero_point: [1]}}, "
    "{shape: [1, 4, 6, 2], type: 9, buffer: 0, name: 'y', "
    "quantization: {scale: [0.25], zero_point: [3]}}], "
    "operators: [{opcode_index: 0, inputs: [0, 1, 2], outputs: [3], "
    "builtin_options_type: 'TransposeConvOptions', "
    "builtin_options: {padding: 0, stride_w: 2, stride_h: 2}}]}], "
    "buffers: [{}, {data: [1, 0, 0, 0, 4, 0, 0, 0, 6, 0, 0, 0, 2, 0, 0, 0]}, "
    "{data: [16, 50, 84, 118, 152, 186, 220, 254, 15]}]}";

/* The sample with the first occurrence of from replaced by to. */
static void compile(const char *from, const char *to)
{
    static char text[sizeof sample + 1024];
    const char *at = strstr(sample, from);
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - sample), sample, to,
                   at + strlen(from));
    tflite_compile(text);
}

static enum gantry_status read_file(struct gantry_graph *graph, struct gantry_file *file,
                                    const char *path, struct gantry_error *error)
{
    gantry_graph_init(graph, NULL);
    if (gantry_file_open(file, path, error)) fail_msg("%s", error->message);
    return gantry_tflite_read(graph, file->data, file->size, "t.tflite", NULL, error);
}

static void finish(struct gantry_graph *graph, struct gantry_file *file)
{
    gantry_graph_finish(graph);
    gantry_file_close(file);
}

static void tflite__resolves_padding_activation_and_names(void **state)
{
    (void)state;
    struct gantry_graph graph;
    struct gantry_file file;
    struct gantry_error error = {0};
    compile("version", "version");
    if (read_file(&graph, &file, scratch_path("t.bin"), &error)) fail_msg("%s", error.message);
    assert_int_equal(graph.node_count, 3);
    const struct gantry_graph_node *conv = &graph.nodes[0];
    /* 3x5 by 2x2 stride 2: one row and one column of padding, both at the end. */
    assert_true(conv->attributes.window.pad_top == 0 && conv->attributes.window.pad_bottom == 1);
    assert_true(conv->attributes.window.pad_left == 0 && conv->attributes.window.pad_right == 1);
    assert_true(conv->clamp_min == -10 && conv->clamp_max == -10 + 96);
    assert_int_equal(conv->macs, 2 * 3 * 2 * 2 * 2);
    assert_string_equal(conv->name, "same name");
    assert_string_equal(graph.nodes[1].name, "same name#1");
    assert_string_equal(graph.nodes[2].name, "out__");
    assert_string_equal(graph.name, "t.tflite");
    assert_int_equal(graph.nodes[2].op, GANTRY_OP_FULLY_CONNECTED);
    assert_int_equal(graph.nodes[2].inputs[2], GANTRY_NO_TENSOR);
    finish(&graph, &file);
    tflite_clean();
}

static void tflite__reads_mean_and_quantize(void **state)
{
    (void)state;
    struct gantry_graph graph;
    struct gantry_file file;
    struct gantry_error error = {0};
    tflite_compile(mean_sample);
    if (read_file(&graph, &file, scratch_path("t.bin"), &error)) fail_msg("%s", error.message);
    assert_int_equal(graph.node_count, 2);
    assert_int_equal(graph.nodes[0].op, GANTRY_OP_QUANTIZE);
    const struct gantry_graph_tensor *in = &graph.tensors[graph.inputs[0]];
    assert_true(in->flipped && in->dtype == GANTRY_INT8 && in->quantization.zero_point[0] == -1);
    const struct gantry_graph_node *mean = &graph.nodes[1];
    assert_int_equal(mean->op, GANTRY_OP_MEAN);
    assert_true(mean->mapped && mean->attributes.keep_dims);
    assert_true(mean->clamp_min == -128 && mean->clamp_max == 127);
    finish(&graph, &file);
    tflite_clean();
}

static void tflite__reads_weights_of_four_bits_and_a_transposed_convolution(void **state)
{
    (void)state;
    struct gantry_graph graph;
    struct gantry_file file;
    struct gantry_error error = {0};
    tflite_compile(transposed_sample);
    if (read_file(&graph, &file, scratch_path("t.bin"), &error)) fail_msg("%s", error.message);
    const struct gantry_graph_node *node = &graph.nodes[0];
    assert_string_equal(graph.tensors[node->inputs[0]].name, "x");
    assert_int_equal(node->inputs[2], GANTRY_NO_TENSOR);
    const int8_t *w = graph.tensors[node->inputs[1]].data;
    for (int i = 0; i < 16; i++) assert_int_equal(w[i], i < 8 ? i : i - 16);
    assert_true(w[16] == -1 && w[17] == 0);
    /* 4x6 by 3x3 stride 2 is 2x3 with one row and one column of padding at the end. */
    const struct gantry_window_attributes *window = &node->attributes.window;
    assert_true(window->pad_top == 0 && window->pad_bottom == 1);
    assert_true(window->pad_left == 0 && window->pad_right == 1);
    assert_int_equal(node->macs, 2 * 3 * 3 * 3 * 2);
    finish(&graph, &file);
    tflite_clean();
}

struct change {
    const char *from, *to;
    enum gantry_status status;
    const char *words;
};

static void refuse(const struct change *change)
{
    struct gantry_graph graph;
    struct gantry_file file;
    struct gantry_error error = {0};
    compile(change->from, change->to);
    enum gantry_status status = read_file(&graph, &file, scratch_path("t.bin"), &error);
    if (status != change->status || !strstr(error.message, change->words))
        fail_msg("%s -> %s: %s \"%s\" lacks \"%s\"", change->from, change->to,
                 gantry_status_name(status), error.message, change->words);
    assert_memory_equal(error.message, "t.tflite: ", 10);
    finish(&graph, &file);
}

static void refuse_all(const struct change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) refuse(&changes[i]);
    tflite_clean();
}

static void tflite__refuses_bad_structure(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {"version: 3", "version: 2", GANTRY_ERR_UNSUPPORTED, "format version 2 (must be 3)"},
        {"subgraphs: [", "subgraphs: [{}, ", GANTRY_ERR_UNSUPPORTED, "2 subgraphs (must be 1)"},
        {"opcode_index: 1", "opcode_index: 3", GANTRY_ERR_FILE, "node 1: operator code 3 (of 3)"},
        {"inputs: [3]", "inputs: [7]", GANTRY_ERR_FILE, "node 1 RESHAPE: input tensor 7"},
        {"inputs: [3]", "inputs: [-2]", GANTRY_ERR_FILE, "node 1 RESHAPE: input tensor -2"},
        {"inputs: [3]", "inputs: [-1]", GANTRY_ERR_FILE, "an input is absent"},
        {"inputs: [3]", "inputs: []", GANTRY_ERR_FILE, "inputs: 0"},
        {"inputs: [3]", "inputs: [3,3,3,3,3]", GANTRY_ERR_FILE, "5 inputs"},
        {"outputs: [4]", "outputs: [4, 5]", GANTRY_ERR_FILE, "2 outputs"},
        {"outputs: [4]", "outputs: [9]", GANTRY_ERR_FILE, "output tensor 9"},
        {"outputs: [4]", "outputs: [3]", GANTRY_ERR_FILE, "another producer"},
        {"inputs: [0], ", "inputs: [77], ", GANTRY_ERR_FILE, "input 0: tensor 77 (of 7)"},
        {"inputs: [0], ", "", GANTRY_ERR_FILE, "0 inputs"},
        {"outputs: [6], ", "outputs: [-1], ", GANTRY_ERR_FILE, "output 0: tensor -1"},
        {"buffer: 1", "buffer: 9", GANTRY_ERR_FILE, "\"filter\": buffer 9 (of 4)"},
        {"{data: [1, 2,", "{data: [2,", GANTRY_ERR_FILE, "7 bytes of data, its shape says 8"},
        {"{data: [1, 2, 3, 4, 5, 6, 7, 8]}", "{}", GANTRY_ERR_FILE, "read before"},
        {"{data: [1, 2, 3, 4, 5, 6, 7, 8]}", "{offset: 99, size: 8}", GANTRY_ERR_UNSUPPORTED,
         "outside of the model"},
    };
    refuse_all(changes, GANTRY_COUNT(changes));
}

static void tflite__refuses_bad_tensors(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {"[1, 3, 5, 1]", "[2, 3, 5, 1]", GANTRY_ERR_FILE, "inference gives 2x2x3x2"},
        {"[1, 3, 5, 1]", "[1, 0, 5, 1]", GANTRY_ERR_FILE, "dimension 1 is 0"},
        {"[1, 3, 5, 1]", "[1, -3, 5, 1]", GANTRY_ERR_FILE, "dimension 1 is -3"},
        {"[1, 3, 5, 1]", "[1, 65536, 65536, 1]", GANTRY_ERR_FILE, "more than 2^31"},
        {"[1, 3, 5, 1]", "[1,1,1,1,1,1,1]", GANTRY_ERR_UNSUPPORTED, "rank 7 (limit 6)"},
        {"[1, 2, 3, 2]", "[1, 3, 2, 2]", GANTRY_ERR_FILE, "inference gives 1x2x3x2"},
        {"type: 9", "type: 0", GANTRY_ERR_UNSUPPORTED, "\"in\" is float32"},
        {"type: 9", "type: 5", GANTRY_ERR_UNSUPPORTED, "\"in\": type 5"},
        {"scale: [0.5]", "scale: [-0.5]", GANTRY_ERR_FILE, "scale 0 is -0.5"},
        {"scale: [0.5]", "scale: [inf]", GANTRY_ERR_FILE, "scale 0 is inf"},
        {"scale: [0.5]", "scale: [nan]", GANTRY_ERR_FILE, "scale 0 is"},
        {"zero_point: [1]", "zero_point: [200]", GANTRY_ERR_FILE, "zero point 0 is 200"},
        {"zero_point: [1]", "zero_point: [99999999999]", GANTRY_ERR_FILE, "zero point 0 is 999"},
        {"zero_point: [1]", "zero_point: []", GANTRY_ERR_FILE, "1 scales and 0 zero points"},
        {"{scale: [0.5], zero_point: [1]}", "{}", GANTRY_ERR_FILE, "has 0 scales"},
        {"zero_point: [0, 0], quantized_dimension: 0", "zero_point: [0, 0], quantized_dimension: 4",
         GANTRY_ERR_FILE, "quantised dimension 4 (rank 4)"},
        {"zero_point: [0, 0], quantized_dimension: 0", "zero_point: [0, 0], quantized_dimension: 1",
         GANTRY_ERR_FILE, "quantised dimension 1 (must be 0)"},
        {"scale: [0.25, 0.125], zero_point: [0, 0]",
         "scale: [0.25, 0.125, 1.0], zero_point: [0, 0, 0]", GANTRY_ERR_FILE,
         "3 scales for 2 channels"},
        {"scale: [0.25, 0.125], zero_point: [0, 0]", "scale: [0.25, 0.125], zero_point: [0, 3]",
         GANTRY_ERR_FILE, "zero point 3 of channel 1"},
        {"shape: [2], type: 2", "shape: [2], type: 9", GANTRY_ERR_FILE, "8 bytes of data"},
        {"quantization: {scale: [0.5]", "sparsity: {}, quantization: {scale: [0.5]",
         GANTRY_ERR_UNSUPPORTED, "sparse"},
        {"[2, 2, 2, 1], type: 9", "[2, 2, 2, 1], type: 17", GANTRY_ERR_FILE,
         "8 bytes of data for 8 values of four bits"},
        {"[1, 3, 5, 1], type: 9", "[1, 3, 5, 1], type: 17", GANTRY_ERR_UNSUPPORTED,
         "int4, not constant"},
        {"scale: [0.5]", "details_type: 1, scale: [0.5]", GANTRY_ERR_UNSUPPORTED,
         "custom quantisation"},
    };
    refuse_all(changes, GANTRY_COUNT(changes));
}

static void tflite__refuses_bad_options(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {"padding: 0", "padding: 2", GANTRY_ERR_FILE, "node 0 CONV_2D: padding 2"},
        {"stride_w: 2", "stride_w: 0", GANTRY_ERR_FILE, "stride 2x0"},
        {"stride_w: 2", "stride_w: -1", GANTRY_ERR_FILE, "stride 2x-1"},
        {"stride_w: 2", "stride_w: 2147483647", GANTRY_ERR_FILE, "stride 2x2147483647"},
        {"stride_w: 2", "dilation_w_factor: 0, stride_w: 2", GANTRY_ERR_FILE, "dilation 1x0"},
        {"stride_w: 2", "dilation_h_factor: 2147483647, stride_w: 2", GANTRY_ERR_FILE,
         "dilation 2147483647x1"},
        {"padding: 0, stride_w: 2", "padding: 1, dilation_h_factor: 4, stride_w: 2",
         GANTRY_ERR_FILE, "window of 5x2 on an input of 3x5"},
        {"fused_activation_function: 3", "fused_activation_function: 4", GANTRY_ERR_UNSUPPORTED,
         "fused activation 4"},
        {"fused_activation_function: 3", "fused_activation_function: 99", GANTRY_ERR_FILE,
         "fused activation 99"},
        {"builtin_options: {}", "builtin_options: {weights_format: 1}", GANTRY_ERR_UNSUPPORTED,
         "weights format 1"},
        {"builtin_options_type: 'FullyConnectedOptions', builtin_options: {}",
         "builtin_options_type: 'AddOptions', builtin_options: {}", GANTRY_ERR_FILE,
         "node 2 FULLY_CONNECTED: its options are missing"},
    };
    refuse_all(changes, GANTRY_COUNT(changes));
}

static void tflite__names_all_unsupported_operators_at_once(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {"{deprecated_builtin_code: 3, builtin_code: 3}, {deprecated_builtin_code: 22}",
         "{deprecated_builtin_code: 10}, {deprecated_builtin_code: 32, custom_code: 'Foo'}",
         GANTRY_ERR_UNSUPPORTED,
         "unsupported operators: HASHTABLE_LOOKUP (node 0), CUSTOM \"Foo\" (node 1)"},
        {"{deprecated_builtin_code: 3, builtin_code: 3}, {deprecated_builtin_code: 22}",
         "{deprecated_builtin_code: 127, builtin_code: 159}, "
         "{deprecated_builtin_code: 127, builtin_code: 159, version: 2}",
         GANTRY_ERR_UNSUPPORTED, "unsupported operators: BITCAST (nodes 0, 1)"},
        {"{deprecated_builtin_code: 22}", "{builtin_code: 100000}", GANTRY_ERR_UNSUPPORTED,
         "OPERATOR_100000 (node 1)"},
    };
    refuse_all(changes, GANTRY_COUNT(changes));
}

/* ---- Damaged files ---- */

static void open_digits(struct gantry_file *file)
{
    struct gantry_error error = {0};
    if (gantry_file_open(file, GANTRY_SOURCE_DIR "/models/digits/digits.tflite", &error))
        fail_msg("%s", error.message);
}

static void tflite__refuses_truncated_files(void **state)
{
    (void)state;
    struct gantry_file file;
    open_digits(&file);
    /* Exactly as large as the cut file, so that a sanitizer sees one byte too far. */
    for (size_t size = 0; size < file.size; size += size < 256 ? 1 : 97) {
        uint8_t *cut = malloc(size + (size == 0));
        struct gantry_graph graph;
        struct gantry_error error = {0};
        assert_non_null(cut);
        memcpy(cut, file.data, size);
        gantry_graph_init(&graph, NULL);
        assert_int_equal(gantry_tflite_read(&graph, cut, size, "cut", NULL, &error),
                         GANTRY_ERR_FILE);
        assert_memory_equal(error.message, "cut: ", 5);
        gantry_graph_finish(&graph);
        free(cut);
    }
    gantry_file_close(&file);
}

/* Reads damaged bytes; runs one in 32 of those that are accepted, when it is small. Returns
 * whether they were. */
static bool try_bytes(const uint8_t *bytes, size_t size)
{
    static uint32_t accepted;
    struct gantry_graph graph;
    struct gantry_error error = {0};
    gantry_graph_init(&graph, NULL);
    enum gantry_status status = gantry_tflite_read(&graph, bytes, size, "damaged", NULL, &error);
    uint64_t work = 0;
    for (int32_t i = 0; status == GANTRY_OK && i < graph.node_count; i++)
        work += graph.nodes[i].macs + graph.tensors[graph.nodes[i].outputs[0]].bytes * 100;
    if (status == GANTRY_OK && work < 10000000 && accepted++ % 32 == 0) {
        struct graph_run run;
        graph_run_init(&run, &graph);
        graph_run_all(&run);
        graph_run_finish(&run);
    }
    if (status != GANTRY_OK) assert_true(error.message[0]);
    gantry_graph_finish(&graph);
    return status == GANTRY_OK;
}

static void tflite__survives_every_flipped_bit_at_the_start(void **state)
{
    (void)state;
    enum { BYTES = 3072 };
    struct gantry_file file;
    open_digits(&file);
    uint8_t *bytes = malloc(file.size);
    assert_non_null(bytes);
    memcpy(bytes, file.data, file.size);
    size_t accepted = 0;
    for (size_t i = 0; i < BYTES * 8; i++) {
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        accepted += try_bytes(bytes, file.size);
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    assert_true(accepted < BYTES * 8);
    free(bytes);
    gantry_file_close(&file);
}

static void tflite__survives_random_damage(void **state)
{
    (void)state;
    static const uint8_t values[] = {0, 1, 2, 0x7f, 0x80, 0xff, 4, 8};
    struct gantry_file file;
    uint64_t seed = 1;
    open_digits(&file);
    uint8_t *bytes = malloc(file.size);
    assert_non_null(bytes);
    for (int round = 0; round < 10000; round++) {
        memcpy(bytes, file.data, file.size);
        for (int i = random_in(&seed, 1, 4); i > 0; i--)
            bytes[random_in(&seed, 0, (int32_t)file.size - 1)] =
                values[random_in(&seed, 0, GANTRY_COUNT(values) - 1)];
        (void)try_bytes(bytes, file.size);
    }
    free(bytes);
    gantry_file_close(&file);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tflite__resolves_padding_activation_and_names),
    cmocka_unit_test(tflite__reads_mean_and_quantize),
    cmocka_unit_test(tflite__reads_weights_of_four_bits_and_a_transposed_convolution),
    cmocka_unit_test(tflite__refuses_bad_structure),
    cmocka_unit_test(tflite__refuses_bad_tensors),
    cmocka_unit_test(tflite__refuses_bad_options),
    cmocka_unit_test(tflite__names_all_unsupported_operators_at_once),
    cmocka_unit_test(tflite__refuses_truncated_files),
    cmocka_unit_test(tflite__survives_every_flipped_bit_at_the_start),
    cmocka_unit_test(tflite__survives_random_damage),
};

GANTRY_TEST_MAIN("tflite", tests)
