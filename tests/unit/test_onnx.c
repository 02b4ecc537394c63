/* SPDX-License-Identifier: Apache-2.0
 * The ONNX reader on models made here: quantisation, order of axes, errors. Whole networks and
 * single operators against others' results are tests/conformance. */
#include "test.h"

#include <math.h>
#include <string.h>

#include "files.h"
#include "formats/formats.h"
#include "formats/unread.h"
#include "onnx_build.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

enum { FLOAT = 1, INT64 = 7, FLOAT16 = 10 };

static enum gantry_status read_built(struct onnx_build *b, struct gantry_graph *graph,
                                     const char *folder, struct gantry_error *error)
{
    size_t size;
    uint8_t *bytes = onnx_build_pack(b, &size);
    *error = (struct gantry_error){0};
    gantry_graph_init(graph, NULL);
    assert_true(gantry_onnx_is_model(bytes, size));
    return gantry_onnx_read(graph, bytes, size, "t.onnx", folder, NULL, error);
}

static void refuses(struct onnx_build *b, enum gantry_status status, const char *message)
{
    struct gantry_graph graph;
    struct gantry_error error;
    assert_int_equal(read_built(b, &graph, NULL, &error), status);
    if (!strstr(error.message, message)) fail_msg("\"%s\" has no \"%s\"", error.message, message);
    gantry_graph_finish(&graph);
    onnx_build_finish(b);
}

static void onnx__reads_operators_between_scales_as_integers(void **state)
{
    (void)state;
    static const enum gantry_op wanted[] = {
        GANTRY_OP_QUANTIZE, GANTRY_OP_TRANSPOSE,       GANTRY_OP_CONV_2D,    GANTRY_OP_MAX_POOL_2D,
        GANTRY_OP_RESHAPE,  GANTRY_OP_FULLY_CONNECTED, GANTRY_OP_DEQUANTIZE, GANTRY_OP_SOFTMAX};
    struct onnx_build b;
    struct gantry_graph graph;
    struct gantry_error error;
    onnx_build_sample(&b);
    if (read_built(&b, &graph, NULL, &error)) fail_msg("%s", error.message);
    assert_int_equal(graph.node_count, GANTRY_COUNT(wanted));
    for (int32_t i = 0; i < graph.node_count; i++) assert_int_equal(graph.nodes[i].op, wanted[i]);
    const struct gantry_graph_node *conv = &graph.nodes[2];
    assert_true(conv->mapped && conv->activation == GANTRY_ACTIVATION_RELU);
    /* Relu is 3 in uint8, so -125 in what is stored. */
    assert_true(conv->clamp_min == 3 - 128 && conv->clamp_max == 127);
    const struct gantry_graph_tensor *x = &graph.tensors[conv->inputs[0]];
    assert_true(x->dtype == GANTRY_INT8 && x->flipped && x->quantization.zero_point[0] == -28);
    assert_true(x->shape.dims[1] == 4 && x->shape.dims[3] == 2);
    onnx_build_finish(&b);
    gantry_graph_finish(&graph);
}

static void onnx__weights_and_biases_are_those_of_the_kernels(void **state)
{
    (void)state;
    struct onnx_build b;
    struct gantry_graph graph;
    struct gantry_error error;
    onnx_build_sample(&b);
    if (read_built(&b, &graph, NULL, &error)) fail_msg("%s", error.message);
    const struct gantry_graph_node *conv = &graph.nodes[2], *dense = &graph.nodes[5];
    const int8_t *w = graph.tensors[conv->inputs[1]].data;
    const int32_t *bias = graph.tensors[conv->inputs[2]].data;
    const int8_t *v = graph.tensors[dense->inputs[1]].data;
    for (int32_t o = 0; o < 3; o++)
        for (int32_t i = 0; i < 2; i++)
            for (int32_t k = 0; k < 9; k++)
                assert_int_equal(w[(o * 9 + k) * 2 + i], ((o * 2 + i) * 9 + k) * 37 % 41 - 20);
    /* In steps of 0.02 * 0.01. */
    assert_true(bias[0] == 500 && bias[1] == -1000 && bias[2] == 1500);
    /* Columns [c, h, w] of the file are [h, w, c] here: the map has its channels last. */
    for (int32_t o = 0; o < 2; o++)
        for (int32_t c = 0; c < 3; c++)
            for (int32_t k = 0; k < 4; k++)
                assert_int_equal(v[o * 12 + k * 3 + c], (o * 12 + c * 4 + k) * 37 % 41 - 20);
    onnx_build_finish(&b);
    gantry_graph_finish(&graph);
}

static void onnx__transposes_change_the_order_and_move_nothing(void **state)
{
    (void)state;
    struct onnx_build b;
    struct gantry_graph graph;
    struct gantry_error error;
    onnx_build_init(&b, 13);
    onnx_build_input(&b, "x", FLOAT, (const int64_t[]){1, 4, 4, 2}, 4);
    onnx_build_output(&b, "y");
    Onnx__NodeProto *in = onnx_build_node(&b, "Transpose", NAMES("x"), NAMES("t"));
    onnx_build_ints(&b, in, "perm", (const int64_t[]){0, 3, 1, 2}, 4);
    Onnx__NodeProto *pool = onnx_build_node(&b, "MaxPool", NAMES("t"), NAMES("p"));
    onnx_build_ints(&b, pool, "kernel_shape", (const int64_t[]){2, 2}, 2);
    Onnx__NodeProto *out = onnx_build_node(&b, "Transpose", NAMES("p"), NAMES("y"));
    onnx_build_ints(&b, out, "perm", (const int64_t[]){0, 2, 3, 1}, 4);
    if (read_built(&b, &graph, NULL, &error)) fail_msg("%s", error.message);
    assert_int_equal(graph.node_count, 1);
    assert_int_equal(graph.nodes[0].op, GANTRY_OP_MAX_POOL_2D);
    assert_int_equal(graph.tensors[graph.outputs[0]].shape.dims[1], 3);
    assert_string_equal(graph.tensors[graph.outputs[0]].name, "y");
    onnx_build_finish(&b);
    gantry_graph_finish(&graph);
}

static void onnx__shapes_are_computed_while_reading(void **state)
{
    (void)state;
    struct onnx_build b;
    struct gantry_graph graph;
    struct gantry_error error;
    const int64_t two = 2;
    onnx_build_init(&b, 13);
    onnx_build_input(&b, "x", FLOAT, (const int64_t[]){1, 6, 2}, 3);
    onnx_build_output(&b, "y");
    (void)onnx_build_constant(&b, "2", INT64, (const int64_t[]){1}, 1, &two, 8);
    (void)onnx_build_constant(&b, "-1", INT64, (const int64_t[]){1}, 1, (const int64_t[]){-1}, 8);
    Onnx__NodeProto *shape = onnx_build_node(&b, "Shape", NAMES("x"), NAMES("s"));
    (void)shape;
    (void)onnx_build_constant(&b, "0", INT64, (const int64_t[]){1}, 1, (const int64_t[]){0}, 8);
    (void)onnx_build_constant(&b, "1", INT64, (const int64_t[]){1}, 1, (const int64_t[]){1}, 8);
    (void)onnx_build_node(&b, "Slice", NAMES("s", "0", "1"), NAMES("n"));
    Onnx__NodeProto *join = onnx_build_node(&b, "Concat", NAMES("n", "2", "-1"), NAMES("to"));
    onnx_build_ints(&b, join, "axis", (const int64_t[]){0}, 1);
    join->attribute[0]->has_i = true;
    (void)onnx_build_node(&b, "Reshape", NAMES("x", "to"), NAMES("y"));
    if (read_built(&b, &graph, NULL, &error)) fail_msg("%s", error.message);
    assert_int_equal(graph.node_count, 1);
    const struct gantry_shape *y = &graph.tensors[graph.outputs[0]].shape;
    assert_true(y->rank == 3 && y->dims[0] == 1 && y->dims[1] == 2 && y->dims[2] == 6);
    onnx_build_finish(&b);
    gantry_graph_finish(&graph);
}

/* ---- Errors ---- */

static void onnx__names_all_unknown_operators(void **state)
{
    (void)state;
    struct onnx_build b;
    onnx_build_init(&b, 15);
    onnx_build_input(&b, "x", FLOAT, (const int64_t[]){1, 4}, 2);
    onnx_build_output(&b, "y");
    (void)onnx_build_node(&b, "Strange", NAMES("x"), NAMES("a"));
    (void)onnx_build_node(&b, "Odd", NAMES("a"), NAMES("b"));
    onnx_build_node(&b, "Strange", NAMES("b"), NAMES("y"))->domain = (char *)(uintptr_t) "own";
    refuses(&b, GANTRY_ERR_UNSUPPORTED, "Strange (node 0), Odd (node 1), own.Strange (node 2)");
}

static void onnx__names_many_unknown_operators_without_leaving_one_out(void **state)
{
    (void)state;
    enum { KINDS = 40, NODES = 60 };
    static char types[KINDS][48], edges[NODES + 1][16];
    struct onnx_build b;
    struct gantry_graph graph;
    struct gantry_error error;
    onnx_build_init(&b, 15);
    onnx_build_input(&b, "x", FLOAT, (const int64_t[]){1, 4}, 2);
    onnx_build_output(&b, "y");
    for (int i = 0; i < KINDS; i++)
        (void)snprintf(types[i], sizeof types[i], "UnheardOfOperatorNumber%d", i);
    for (int i = 0; i <= NODES; i++)
        (void)snprintf(edges[i], sizeof edges[i], i == 0 ? "x" : i == NODES ? "y" : "e%d", i);
    for (int i = 0; i < NODES; i++)
        (void)onnx_build_node(&b, types[i % KINDS], NAMES(edges[i]), NAMES(edges[i + 1]));
    assert_int_equal(read_built(&b, &graph, NULL, &error), GANTRY_ERR_UNSUPPORTED);
    for (int i = 0; i < KINDS; i++) {
        char wanted[128];
        (void)snprintf(wanted, sizeof wanted,
                       i + KINDS < NODES ? "%s (nodes %d, %d)" : "%s (node %d)", types[i], i,
                       i + KINDS);
        if (!strstr(error.message, wanted)) fail_msg("no %s in %s", wanted, error.message);
    }
    gantry_graph_finish(&graph);
    onnx_build_finish(&b);
}

/* Where the nodes do not fit, every operator still is named. */
static void onnx__counts_the_nodes_of_unknown_operators_that_do_not_fit(void **state)
{
    (void)state;
    enum { KINDS = 2, NODES = 3000 };
    static struct gantry_unread list[NODES];
    struct gantry_error error = {0};
    for (int i = 0; i < NODES; i++)
        list[i] =
            (struct gantry_unread){.domain = "", .name = i % KINDS ? "Odd" : "Even", .node = i};
    assert_int_equal(gantry_unread_fail(list, NODES, "f", &error), GANTRY_ERR_UNSUPPORTED);
    assert_string_equal(
        error.message, "f: unsupported operators: Even x1500 (nodes 0, 2, 4, 6, 8, 10, 12, 14, 16, "
                       "18, 20, 22, 24, 26, 28, 30, ...), Odd x1500 (nodes 1, 3, 5, 7, 9, 11, 13, "
                       "15, 17, 19, 21, 23, 25, 27, 29, 31, ...)");
}

static void onnx__refuses_other_operator_sets(void **state)
{
    (void)state;
    static const int64_t versions[] = {0, 9, 25, INT64_MAX};
    for (size_t i = 0; i < GANTRY_COUNT(versions); i++) {
        struct onnx_build b;
        onnx_build_sample(&b);
        b.opset.version = versions[i];
        refuses(&b, GANTRY_ERR_UNSUPPORTED, "operator set");
    }
}

static void onnx__refuses_what_does_not_fit(void **state)
{
    (void)state;
    struct onnx_build b;
    onnx_build_sample(&b);
    b.tensors[0]->raw_data.len = 3; /* the first scale */
    refuses(&b, GANTRY_ERR_FILE, "3 bytes of data, its shape says 4");
    onnx_build_sample(&b);
    b.tensors[0]->data_type = FLOAT16;
    refuses(&b, GANTRY_ERR_UNSUPPORTED, "is float16");
    onnx_build_sample(&b);
    b.tensors[6]->dims[0] = INT64_C(1) << 40; /* weights */
    refuses(&b, GANTRY_ERR_UNSUPPORTED, "dimension 0 is 1099511627776");
    onnx_build_sample(&b);
    b.nodes[b.graph.n_node - 1]->input[0] = b.nodes[b.graph.n_node - 1]->output[0];
    refuses(&b, GANTRY_ERR_FILE, "is read before a node makes it");
    onnx_build_sample(&b);
    b.nodes[4]->attribute[0]->ints[0] = INT64_MAX; /* padding */
    refuses(&b, GANTRY_ERR_FILE, "pads");
    onnx_build_sample(&b);
    memset(b.tensors[0]->raw_data.data, 0, 4);
    refuses(&b, GANTRY_ERR_FILE, "is 0 (finite, above 0)");
}

static void onnx__data_outside_stays_in_the_folder(void **state)
{
    (void)state;
    static const char *const locations[] = {"/etc/passwd", "../a", "b/../../a", "..", ""};
    for (size_t i = 0; i <= GANTRY_COUNT(locations); i++) {
        struct onnx_build b;
        Onnx__StringStringEntryProto entry, *entries[] = {&entry};
        onnx_build_sample(&b);
        onnx__string_string_entry_proto__init(&entry);
        entry.key = (char *)(uintptr_t) "location";
        bool fine = i == GANTRY_COUNT(locations);
        entry.value = (char *)(uintptr_t)(fine ? "weights.bin" : locations[i]);
        b.tensors[6]->has_raw_data = false;
        b.tensors[6]->has_data_location = true;
        b.tensors[6]->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
        b.tensors[6]->external_data = entries;
        b.tensors[6]->n_external_data = 1;
        refuses(&b, fine ? GANTRY_ERR_UNSUPPORTED : GANTRY_ERR_FILE,
                fine ? "the model in memory" : "a file in the folder of the model");
    }
}

/* The weights of the sample in a file beside it, from byte 40 on, and where the model says they
 * are. Returns the folder. */
static const char *move_outside(struct onnx_build *b, const char *offset,
                                Onnx__StringStringEntryProto pairs[2],
                                Onnx__StringStringEntryProto *entries[2])
{
    static char folder[1024];
    uint8_t bytes[100] = {0};
    Onnx__TensorProto *w = b->tensors[6];
    size_t length = w->raw_data.len;
    memcpy(bytes + 40, w->raw_data.data, length);
    for (int32_t i = 0; i < 2; i++) {
        onnx__string_string_entry_proto__init(&pairs[i]);
        entries[i] = &pairs[i];
    }
    pairs[0].key = (char *)(uintptr_t) "location";
    pairs[0].value = (char *)(uintptr_t) "weights.bin";
    pairs[1].key = (char *)(uintptr_t) "offset";
    pairs[1].value = (char *)(uintptr_t)offset;
    w->has_raw_data = false;
    w->has_data_location = true;
    w->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    w->external_data = entries;
    w->n_external_data = 2;
    (void)scratch_file("weights.bin", bytes, 40 + length);
    (void)snprintf(folder, sizeof folder, "%s", scratch_path(""));
    return folder;
}

static void onnx__reads_data_beside_the_model(void **state)
{
    (void)state;
    for (int32_t cut = 0; cut < 2; cut++) {
        struct onnx_build b;
        struct gantry_graph graph;
        struct gantry_error error;
        Onnx__StringStringEntryProto pairs[2], *entries[2];
        onnx_build_sample(&b);
        const char *folder = move_outside(&b, cut ? "60" : "40", pairs, entries);
        enum gantry_status status = read_built(&b, &graph, folder, &error);
        assert_int_equal(status, cut ? GANTRY_ERR_FILE : GANTRY_OK);
        if (cut) assert_non_null(strstr(error.message, "bytes 60 to 114 of \"weights.bin\""));
        gantry_graph_finish(&graph);
        onnx_build_finish(&b);
        assert_true(scratch_remove("weights.bin"));
    }
}

/* What lies beside the model becomes part of it; of a model that needs nothing nothing is made. */
static void onnx__takes_in_what_lies_beside_it(void **state)
{
    (void)state;
    for (int32_t outside = 0; outside < 2; outside++) {
        struct onnx_build b;
        struct gantry_graph graph;
        struct gantry_error error = {0};
        Onnx__StringStringEntryProto pairs[2], *entries[2];
        size_t size, whole_size;
        void *whole;
        onnx_build_sample(&b);
        const size_t length = b.tensors[6]->raw_data.len;
        int8_t weights[100];
        assert_true(length <= sizeof weights);
        memcpy(weights, b.tensors[6]->raw_data.data, length);
        const char *folder = outside ? move_outside(&b, "40", pairs, entries) : NULL;
        const uint8_t *bytes = onnx_build_pack(&b, &size);
        assert_int_equal(
            gantry_onnx_inline(bytes, size, "t", folder, NULL, &whole, &whole_size, &error),
            GANTRY_OK);
        assert_true(!whole == !outside);
        onnx_build_finish(&b);
        if (!outside) continue;
        assert_true(scratch_remove("weights.bin"));
        gantry_graph_init(&graph, NULL);
        if (gantry_onnx_read(&graph, whole, whole_size, "t", NULL, NULL, &error))
            fail_msg("%s", error.message);
        /* Of the first output and input; the inputs of a tap lie together. */
        const struct gantry_graph_node *conv = &graph.nodes[2];
        const int8_t *w = graph.tensors[conv->inputs[1]].data;
        for (size_t i = 0; i < 9; i++) assert_int_equal(w[2 * i], weights[i]);
        gantry_graph_finish(&graph);
        gantry_release(NULL, whole);
    }
}

/* A field of bytes around what stands in the buffer from at on; returns where it begins. */
static size_t wrap(uint8_t *buffer, size_t at, size_t end, uint8_t tag)
{
    size_t length = end - at;
    uint8_t head[8];
    size_t used = 0;
    head[used++] = tag;
    for (; length > 0x7f; length >>= 7) head[used++] = (uint8_t)(length | 0x80);
    head[used++] = (uint8_t)length;
    memcpy(buffer + at - used, head, used);
    return at - used;
}

static void onnx__refuses_deep_nesting(void **state)
{
    (void)state;
    enum { DEPTH = 5000, ROOM = 1 << 20 };
    static uint8_t buffer[ROOM];
    size_t at = ROOM;
    /* Graphs in attributes of nodes of graphs. */
    for (int32_t i = 0; i < DEPTH; i++) {
        at = wrap(buffer, at, ROOM, 6 << 3 | 2); /* AttributeProto.g */
        at = wrap(buffer, at, ROOM, 5 << 3 | 2); /* NodeProto.attribute */
        at = wrap(buffer, at, ROOM, 1 << 3 | 2); /* GraphProto.node */
    }
    at = wrap(buffer, at, ROOM, 7 << 3 | 2); /* ModelProto.graph */
    struct gantry_graph graph;
    struct gantry_error error = {0};
    gantry_graph_init(&graph, NULL);
    assert_int_equal(gantry_onnx_read(&graph, buffer + at, ROOM - at, "deep", NULL, NULL, &error),
                     GANTRY_ERR_FILE);
    assert_non_null(strstr(error.message, "nest deeper than 64"));
    gantry_graph_finish(&graph);
}

static void onnx__refuses_a_file_that_needs_much_memory(void **state)
{
    (void)state;
    enum { ROOM = 1 << 21 };
    static uint8_t buffer[ROOM];
    /* Empty nodes of two bytes each, each over a hundred when unpacked. */
    size_t at = ROOM;
    while (at > 100) {
        buffer[--at] = 0;
        buffer[--at] = 1 << 3 | 2;
    }
    at = wrap(buffer, at, ROOM, 7 << 3 | 2);
    struct gantry_graph graph;
    struct gantry_error error = {0};
    gantry_graph_init(&graph, NULL);
    assert_int_equal(gantry_onnx_read(&graph, buffer + at, ROOM - at, "much", NULL, NULL, &error),
                     GANTRY_ERR_FILE);
    gantry_graph_finish(&graph);
}

static void onnx__refuses_every_cut_file(void **state)
{
    (void)state;
    struct onnx_build b;
    size_t size;
    onnx_build_sample(&b);
    const uint8_t *bytes = onnx_build_pack(&b, &size);
    for (size_t cut = 0; cut < size; cut++) {
        struct gantry_graph graph;
        struct gantry_error error = {0};
        gantry_graph_init(&graph, NULL);
        enum gantry_status status = gantry_onnx_read(&graph, bytes, cut, "cut", NULL, NULL, &error);
        assert_true(status == GANTRY_ERR_FILE || status == GANTRY_ERR_UNSUPPORTED);
        assert_true(error.message[0] && !strchr(error.message, '\n'));
        gantry_graph_finish(&graph);
    }
    onnx_build_finish(&b);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(onnx__reads_operators_between_scales_as_integers),
    cmocka_unit_test(onnx__weights_and_biases_are_those_of_the_kernels),
    cmocka_unit_test(onnx__transposes_change_the_order_and_move_nothing),
    cmocka_unit_test(onnx__shapes_are_computed_while_reading),
    cmocka_unit_test(onnx__names_all_unknown_operators),
    cmocka_unit_test(onnx__names_many_unknown_operators_without_leaving_one_out),
    cmocka_unit_test(onnx__counts_the_nodes_of_unknown_operators_that_do_not_fit),
    cmocka_unit_test(onnx__refuses_other_operator_sets),
    cmocka_unit_test(onnx__refuses_what_does_not_fit),
    cmocka_unit_test(onnx__data_outside_stays_in_the_folder),
    cmocka_unit_test(onnx__reads_data_beside_the_model),
    cmocka_unit_test(onnx__takes_in_what_lies_beside_it),
    cmocka_unit_test(onnx__refuses_deep_nesting),
    cmocka_unit_test(onnx__refuses_a_file_that_needs_much_memory),
    cmocka_unit_test(onnx__refuses_every_cut_file),
};

GANTRY_TEST_MAIN("onnx", tests)
