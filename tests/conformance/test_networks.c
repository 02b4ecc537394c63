/* SPDX-License-Identifier: Apache-2.0
 * The reference kernels on real networks. Whole networks equal LiteRT's default kernels byte for
 * byte. Layer by layer the recordings come from LiteRT's reference kernels, which round
 * convolutions twice: there the difference is at most 1 and its counts are exact (755 of 404416
 * convolution outputs in all, which is also what one exact rounding gives); no other operator
 * differs. */
#include "test.h"

#include <jansson.h>
#include <string.h>

#include "formats/formats.h"
#include "graph_run.h"

struct network {
    struct gantry_file file;
    struct gantry_graph graph;
    struct graph_run run;
};

static void open_network(struct network *network, const char *path)
{
    struct gantry_error error = {0};
    gantry_graph_init(&network->graph, NULL);
    if (gantry_file_open(&network->file, path, &error) != GANTRY_OK ||
        gantry_tflite_read(&network->graph, network->file.data, network->file.size, path, NULL,
                           &error) != GANTRY_OK)
        fail_msg("%s", error.message);
    graph_run_init(&network->run, &network->graph);
}

static void close_network(struct network *network)
{
    graph_run_finish(&network->run);
    gantry_graph_finish(&network->graph);
    gantry_file_close(&network->file);
}

static void open_model(struct network *network, const char *name)
{
    char path[512], relative[128];
    (void)snprintf(relative, sizeof relative, "models/mlperf-tiny/%s.tflite", name);
    open_network(network, gantry_test_data(relative, path, sizeof path));
}

/* Runs every vector of inputs; returns how many bytes of the one output differ from expected. */
static size_t run_vectors(struct network *network, const struct gantry_array *inputs,
                          const struct gantry_array *expected)
{
    int32_t in = network->graph.inputs[0], out = network->graph.outputs[0];
    size_t in_bytes = network->graph.tensors[in].bytes;
    size_t out_bytes = network->graph.tensors[out].bytes;
    size_t count = inputs->bytes / in_bytes, differ = 0;
    assert_int_equal(inputs->bytes, count * in_bytes);
    assert_int_equal(expected->bytes, count * out_bytes);
    for (size_t v = 0; v < count; v++) {
        memcpy(network->run.tensors[in], (const int8_t *)inputs->data + v * in_bytes, in_bytes);
        graph_run_all(&network->run);
        const int8_t *wanted = (const int8_t *)expected->data + v * out_bytes;
        for (size_t i = 0; i < out_bytes; i++) differ += network->run.tensors[out][i] != wanted[i];
    }
    return differ;
}

static void read_npy(struct gantry_array *array, const char *path)
{
    struct gantry_error error = {0};
    if (gantry_npy_read(array, path, NULL, &error) != GANTRY_OK) fail_msg("%s", error.message);
    assert_int_equal(array->dtype, GANTRY_INT8);
}

static void compare(struct network *network, const char *inputs_path, const char *expected_path)
{
    struct gantry_array inputs, expected;
    read_npy(&inputs, inputs_path);
    read_npy(&expected, expected_path);
    assert_int_equal(run_vectors(network, &inputs, &expected), 0);
    gantry_array_finish(&inputs);
    gantry_array_finish(&expected);
}

/* set: "xnn", or "ref" where LiteRT's kernel sets agree. */
static void check_golden(const char *name, const char *set)
{
    char inputs[512], expected[512], relative[128];
    struct network network;
    open_model(&network, name);
    (void)snprintf(relative, sizeof relative, "golden/%s/input0.npy", name);
    (void)gantry_test_data(relative, inputs, sizeof inputs);
    (void)snprintf(relative, sizeof relative, "golden/%s/output0_%s.npy", name, set);
    compare(&network, inputs, gantry_test_data(relative, expected, sizeof expected));
    close_network(&network);
}

static void networks__kws_equals_litert(void **state)
{
    (void)state;
    check_golden("kws_ref_model", "xnn");
}

static void networks__vww_equals_litert(void **state)
{
    (void)state;
    check_golden("vww_96_int8", "xnn");
}

static void networks__resnet_equals_litert(void **state)
{
    (void)state;
    check_golden("pretrainedResnet_quant", "xnn");
}

static void networks__anomaly_equals_litert(void **state)
{
    (void)state;
    check_golden("ad01_int8", "ref");
}

static void networks__wakeword_equals_litert(void **state)
{
    (void)state;
    check_golden("str_ww_ref_model", "ref");
}

static void networks__digits_equals_litert(void **state)
{
    (void)state;
    struct network network;
    open_network(&network, GANTRY_SOURCE_DIR "/models/digits/digits.tflite");
    compare(&network, GANTRY_SOURCE_DIR "/tests/vectors/digits/input0.npy",
            GANTRY_SOURCE_DIR "/tests/vectors/digits/output0.npy");
    close_network(&network);
}

/* Reads the third column of "file,classes,label". */
static int read_label(FILE *file)
{
    char line[256];
    assert_non_null(fgets(line, sizeof line, file));
    char *comma = strrchr(line, ',');
    assert_non_null(comma);
    return (int)strtol(comma + 1, NULL, 10);
}

static void networks__500_keywords_equal_litert_and_449_are_right(void **state)
{
    (void)state;
    enum { SAMPLES = 500, CLASSES = 12 };
    char inputs[512], expected[512], labels[512];
    struct network network;
    open_model(&network, "kws_ref_model");
    compare(&network,
            gantry_test_data("eval/kws01/inputs_int8_500x49x10x1.npy", inputs, sizeof inputs),
            gantry_test_data("eval/kws01/outputs_int8_xnn.npy", expected, sizeof expected));
    close_network(&network);
    /* The outputs are ours, byte for byte; so is their accuracy. */
    struct gantry_array outputs;
    read_npy(&outputs, expected);
    assert_int_equal(outputs.bytes, SAMPLES * CLASSES);
    FILE *file = fopen(gantry_test_data("eval/kws01/y_labels.csv", labels, sizeof labels), "r");
    assert_non_null(file);
    int right = 0;
    for (int i = 0; i < SAMPLES; i++) {
        const int8_t *y = (const int8_t *)outputs.data + i * CLASSES;
        int best = 0;
        for (int c = 1; c < CLASSES; c++)
            if (y[c] > y[best]) best = c;
        right += best == read_label(file);
    }
    (void)fclose(file);
    gantry_array_finish(&outputs);
    assert_int_equal(right, 449);
}

/* ---- Layer by layer ---- */

struct difference {
    size_t elements[GANTRY_OP_COUNT], differ[GANTRY_OP_COUNT];
    int largest;
};

static size_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return (size_t)json_integer_value(value);
}

/* Puts the recorded tensors into the run. */
static void load_tensors(struct network *network, const json_t *tensors,
                         const struct gantry_file *recorded)
{
    for (size_t i = 0; i < json_array_size(tensors); i++) {
        const json_t *tensor = json_array_get(tensors, i);
        size_t index = number(tensor, "tensor"), bytes = number(tensor, "bytes");
        assert_true(index < (size_t)network->graph.tensor_count);
        assert_int_equal(network->graph.tensors[index].bytes, bytes);
        assert_true(number(tensor, "offset") + bytes <= recorded->size);
        memcpy(network->run.tensors[index], recorded->data + number(tensor, "offset"), bytes);
    }
}

static void compare_node(struct network *network, int32_t node, struct difference *difference)
{
    int32_t output = network->graph.nodes[node].outputs[0];
    enum gantry_op op = network->graph.nodes[node].op;
    size_t bytes = network->graph.tensors[output].bytes;
    int8_t *recorded = malloc(bytes);
    assert_non_null(recorded);
    memcpy(recorded, network->run.tensors[output], bytes);
    graph_run_node(&network->run, node);
    for (size_t i = 0; i < bytes; i++) {
        int distance = abs(network->run.tensors[output][i] - recorded[i]);
        difference->differ[op] += distance != 0;
        if (distance > difference->largest) difference->largest = distance;
    }
    difference->elements[op] += bytes;
    /* The next node reads what was recorded. */
    memcpy(network->run.tensors[output], recorded, bytes);
    free(recorded);
}

static void compare_layers(const char *name, struct difference *difference)
{
    char path[512], relative[128];
    struct gantry_error error = {0};
    struct gantry_file recorded;
    json_error_t where;
    struct network network;
    memset(difference, 0, sizeof *difference);
    open_model(&network, name);
    (void)snprintf(relative, sizeof relative, "layers/%s.json", name);
    json_t *root = json_load_file(gantry_test_data(relative, path, sizeof path), 0, &where);
    assert_non_null(root);
    (void)snprintf(relative, sizeof relative, "layers/%s.bin", name);
    if (gantry_file_open(&recorded, gantry_test_data(relative, path, sizeof path), &error))
        fail_msg("%s", error.message);
    load_tensors(&network, json_object_get(root, "tensors"), &recorded);
    for (int32_t i = 0; i < network.graph.node_count; i++) compare_node(&network, i, difference);
    for (int op = 0; op < GANTRY_OP_COUNT; op++)
        if (difference->elements[op])
            fprintf(stderr, "%s: %s: %zu of %zu differ\n", name,
                    gantry_op_label((enum gantry_op)op), difference->differ[op],
                    difference->elements[op]);
    gantry_file_close(&recorded);
    json_decref(root);
    close_network(&network);
}

/* Exact counts of elements that differ; those of the other operators are 0. */
struct expected_counts {
    size_t conv, depthwise;
};

static void check_layers(const char *name, struct expected_counts expected)
{
    struct difference d;
    compare_layers(name, &d);
    assert_int_equal(d.differ[GANTRY_OP_CONV_2D], expected.conv);
    assert_int_equal(d.differ[GANTRY_OP_DEPTHWISE_CONV_2D], expected.depthwise);
    assert_int_equal(d.differ[GANTRY_OP_FULLY_CONNECTED], 0);
    assert_int_equal(d.differ[GANTRY_OP_ADD], 0);
    assert_int_equal(d.differ[GANTRY_OP_AVERAGE_POOL_2D], 0);
    assert_int_equal(d.differ[GANTRY_OP_MAX_POOL_2D], 0);
    assert_int_equal(d.differ[GANTRY_OP_RESHAPE], 0);
    assert_int_equal(d.differ[GANTRY_OP_SOFTMAX], 0);
    assert_true(d.largest <= 1);
}

static void layers__kws_differs_in_rounding_only(void **state)
{
    (void)state;
    check_layers("kws_ref_model", (struct expected_counts){53, 60});
}

static void layers__vww_differs_in_rounding_only(void **state)
{
    (void)state;
    check_layers("vww_96_int8", (struct expected_counts){323, 219});
}

static void layers__resnet_differs_in_rounding_only(void **state)
{
    (void)state;
    check_layers("pretrainedResnet_quant", (struct expected_counts){75, 0});
}

static void layers__anomaly_differs_in_rounding_only(void **state)
{
    (void)state;
    check_layers("ad01_int8", (struct expected_counts){0, 0});
}

static void layers__wakeword_differs_in_rounding_only(void **state)
{
    (void)state;
    check_layers("str_ww_ref_model", (struct expected_counts){13, 12});
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(networks__kws_equals_litert),
    cmocka_unit_test(networks__vww_equals_litert),
    cmocka_unit_test(networks__resnet_equals_litert),
    cmocka_unit_test(networks__anomaly_equals_litert),
    cmocka_unit_test(networks__wakeword_equals_litert),
    cmocka_unit_test(networks__digits_equals_litert),
    cmocka_unit_test(networks__500_keywords_equal_litert_and_449_are_right),
    cmocka_unit_test(layers__kws_differs_in_rounding_only),
    cmocka_unit_test(layers__vww_differs_in_rounding_only),
    cmocka_unit_test(layers__resnet_differs_in_rounding_only),
    cmocka_unit_test(layers__anomaly_differs_in_rounding_only),
    cmocka_unit_test(layers__wakeword_differs_in_rounding_only),
};

GANTRY_TEST_MAIN("networks", tests)
