/* SPDX-License-Identifier: Apache-2.0
 * Batches whose items do not meet: which operators keep them apart, and that the network of one
 * item, run for each of them, gives the bytes of the network of all. */
#include "test.h"

#include <string.h>

#include "graph_run.h"
#include "plan/plan.h"
#include "random.h"
#include "runtime/engine_internal.h"

enum { N = 4, H = 4, C = 4, TENSORS = 12, NODES = 4, EDGES = 24, BYTES = 1 << 17 };

/* x [n, H, H, C] through a CONV_2D 1x1, which alone would want single items; then a case's node. */
struct net {
    struct gantry_graph graph;
    struct gantry_graph_tensor tensors[TENSORS];
    struct gantry_graph_node nodes[NODES];
    int32_t inputs[2], outputs[2];
    uint64_t random;
    struct gantry_error error;
};

static const float scale = 0.5f;
static const int32_t zero_point = 3, no_zero = 0;

static int32_t add_tensor(struct net *net, enum gantry_dtype dtype, struct gantry_shape shape)
{
    static const char *const names[TENSORS] = {"t0", "t1", "t2", "t3", "t4",  "t5",
                                               "t6", "t7", "t8", "t9", "t10", "t11"};
    int32_t t = net->graph.tensor_count++;
    assert_true(t < TENSORS);
    net->tensors[t] = (struct gantry_graph_tensor){
        .name = names[t], .dtype = dtype, .shape = shape, .producer = GANTRY_NO_NODE};
    if (shape.rank != GANTRY_RANK_OPEN)
        net->tensors[t].bytes = (size_t)gantry_shape_elements(&shape) * gantry_dtype_bytes(dtype);
    if (dtype == GANTRY_INT8)
        net->tensors[t].quantization =
            (struct gantry_quantization){.count = 1, .scale = &scale, .zero_point = &zero_point};
    return t;
}

/* A constant of random values. */
static int32_t add_constant(struct net *net, struct gantry_shape shape)
{
    int32_t t = add_tensor(net, GANTRY_INT8, shape);
    int8_t *data = gantry_arena_alloc(&net->graph.arena, net->tensors[t].bytes, 1);
    assert_non_null(data);
    for (size_t i = 0; i < net->tensors[t].bytes; i++)
        data[i] = (int8_t)random_in(&net->random, -100, 100);
    net->tensors[t].data = data;
    return t;
}

static int32_t add_list(struct net *net, int32_t count, const int32_t *values)
{
    int32_t t = add_tensor(net, GANTRY_INT32, (struct gantry_shape){1, {count}});
    void *data = gantry_arena_alloc(&net->graph.arena, net->tensors[t].bytes, 1);
    assert_non_null(data);
    memcpy(data, values, net->tensors[t].bytes);
    net->tensors[t].data = data;
    return t;
}
#define LIST(net, ...)                                                           \
    add_list(net, (int32_t)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)), \
             (int32_t[]){__VA_ARGS__})

/* A node with one output, whose shape its rule infers; returns the output. */
static int32_t add_node(struct net *net, enum gantry_op op, const union gantry_attributes *how,
                        int32_t a, int32_t b, int32_t c)
{
    bool index = op == GANTRY_OP_ARG_MAX, folded;
    const int32_t inputs[] = {a, b, c};
    int32_t count = c != GANTRY_NO_TENSOR ? 3 : b != GANTRY_NO_TENSOR ? 2 : 1;
    int32_t n = net->graph.node_count++;
    int32_t y = add_tensor(net, index ? GANTRY_INT32 : GANTRY_INT8,
                           (struct gantry_shape){.rank = GANTRY_RANK_OPEN});
    assert_true(n < NODES);
    net->nodes[n] = (struct gantry_graph_node){.op = op, .name = net->tensors[y].name};
    if (how) net->nodes[n].attributes = *how;
    assert_true(gantry_node_edges(&net->graph, &net->nodes[n], inputs, count, &y, 1));
    gantry_node_set_activation(&net->graph, &net->nodes[n], GANTRY_ACTIVATION_NONE);
    if (gantry_graph_check_node(&net->graph, n, &folded, &net->error))
        fail_msg("%s", net->error.message);
    return y;
}

static int32_t add_simple(struct net *net, enum gantry_op op, int32_t a, int32_t b)
{
    return add_node(net, op, NULL, a, b, GANTRY_NO_TENSOR);
}

static int32_t add_along(struct net *net, enum gantry_op op, int32_t axis, int32_t a, int32_t b)
{
    const union gantry_attributes how = {.along = {.axis = axis}};
    return add_node(net, op, &how, a, b, GANTRY_NO_TENSOR);
}

/* Returns the output of the convolution. */
static int32_t begin(struct net *net, int32_t n)
{
    memset(net, 0, sizeof *net);
    gantry_graph_init(&net->graph, NULL);
    net->graph.name = "batch";
    net->graph.tensors = net->tensors;
    net->graph.nodes = net->nodes;
    net->graph.inputs = net->inputs;
    net->graph.outputs = net->outputs;
    net->inputs[net->graph.input_count++] =
        add_tensor(net, GANTRY_INT8, (struct gantry_shape){4, {n, H, H, C}});
    int32_t weights = add_constant(net, (struct gantry_shape){4, {C, 1, 1, C}});
    net->tensors[weights].quantization.zero_point = &no_zero;
    const union gantry_attributes how = {.window = {.kernel_h = 1,
                                                    .kernel_w = 1,
                                                    .stride_h = 1,
                                                    .stride_w = 1,
                                                    .dilation_h = 1,
                                                    .dilation_w = 1}};
    return add_node(net, GANTRY_OP_CONV_2D, &how, net->inputs[0], weights, GANTRY_NO_TENSOR);
}

/* ---- Running ---- */

struct run {
    struct gantry_model *model;
    struct gantry_device *device;
    struct gantry_plan *plan;
    struct gantry_engine *engine;
};

static void open_run(struct run *run, struct net *net, const char *device, uint32_t batch)
{
    struct gantry_error *error = &net->error;
    struct gantry_plan_options plan = GANTRY_PLAN_OPTIONS_INIT;
    struct gantry_engine_options options = GANTRY_ENGINE_OPTIONS_INIT;
    plan.placement = GANTRY_PLACEMENT_ACCELERATOR;
    options.batch = batch;
    if (gantry_device_open(&run->device, device, NULL, error) ||
        gantry_model_from_graph(&run->model, &net->graph, error) ||
        gantry_plan_create(&run->plan, run->model, gantry_device_info(run->device), &plan, error) ||
        gantry_engine_create(&run->engine, run->plan, run->device, &options, error))
        fail_msg("%s", error->message);
}

static void close_run(struct run *run)
{
    gantry_engine_destroy(run->engine);
    gantry_plan_destroy(run->plan);
    gantry_model_close(run->model);
    gantry_device_close(run->device);
}

static struct gantry_tensor outer(const struct gantry_tensor_info *info, void *data)
{
    return (struct gantry_tensor){info->dtype, info->shape, data, info->bytes};
}

/* The network of all items, node by node with general kernels, into memory of the test. */
static void run_whole(struct net *net, const int8_t *x, uint8_t *y)
{
    struct graph_run whole;
    int32_t output = net->outputs[0];
    if (gantry_graph_check(&net->graph, &net->error)) fail_msg("%s", net->error.message);
    graph_run_init(&whole, &net->graph);
    memcpy(whole.tensors[net->inputs[0]], x, net->tensors[net->inputs[0]].bytes);
    graph_run_all(&whole);
    assert_true(net->tensors[output].bytes <= BYTES);
    memcpy(y, whole.tensors[output], net->tensors[output].bytes);
    graph_run_finish(&whole);
}

static int8_t input_bytes[BYTES];
static uint8_t wanted[BYTES], got[BYTES];

static void fill(struct net *net)
{
    size_t bytes = net->tensors[net->inputs[0]].bytes;
    assert_true(bytes <= BYTES);
    for (size_t i = 0; i < bytes; i++) input_bytes[i] = (int8_t)random_in(&net->random, -128, 127);
}

/* Ends the network with an output; runs it as it is and as a model does, which has so many items.
 */
static void compare(struct net *net, int32_t output, int32_t items, const char *device)
{
    struct run run = {0};
    net->outputs[net->graph.output_count++] = output;
    fill(net);
    run_whole(net, input_bytes, wanted);
    const struct gantry_shape shape = net->tensors[output].shape;
    size_t bytes = net->tensors[output].bytes;
    open_run(&run, net, device, 1);
    assert_int_equal(gantry_model_graph(run.model)->batch, items);
    const struct gantry_tensor_info *y = gantry_model_output(run.model, 0);
    assert_true(gantry_shape_equal(&y->shape, &shape) && y->bytes == bytes);
    struct gantry_tensor in = outer(gantry_model_input(run.model, 0), input_bytes);
    struct gantry_tensor out = outer(y, got);
    memset(got, 0x5a, sizeof got);
    if (gantry_engine_run(run.engine, &in, &out, 60000, &net->error))
        fail_msg("%s", net->error.message);
    assert_memory_equal(got, wanted, bytes);
    close_run(&run);
}

/* ---- Cases: what is done to t [N, H, H, C] ---- */

struct example {
    const char *name;
    int32_t (*add)(struct net *net, int32_t t);
    bool apart;
};

#define CASE(name, expression) \
    static int32_t name(struct net *net, int32_t t) { return expression; }
#define SIMPLE(op, b) add_simple(net, GANTRY_OP_##op, t, b)
#define SHAPE(...) ((struct gantry_shape){__VA_ARGS__})
enum { NONE = GANTRY_NO_TENSOR };

CASE(relu, SIMPLE(RELU, NONE))
CASE(flat, SIMPLE(RESHAPE, LIST(net, N, H *H *C)))
CASE(rows, SIMPLE(RESHAPE, LIST(net, N *H, H *C)))
CASE(one_row, SIMPLE(RESHAPE, LIST(net, 1, -1)))
CASE(two_rows, SIMPLE(RESHAPE, LIST(net, 2, -1)))
CASE(twice, SIMPLE(ADD, t))
CASE(plus_channels, SIMPLE(ADD, add_constant(net, SHAPE(1, {C}))))
CASE(plus_one_item, SIMPLE(ADD, add_constant(net, SHAPE(4, {1, H, 1, C}))))
CASE(plus_item_by_item, SIMPLE(ADD, add_constant(net, SHAPE(4, {N, 1, 1, C}))))
CASE(turned_within, SIMPLE(TRANSPOSE, LIST(net, 0, 2, 3, 1)))
CASE(turned_across, SIMPLE(TRANSPOSE, LIST(net, 1, 0, 2, 3)))
CASE(mean_of_maps, SIMPLE(MEAN, LIST(net, 1, 2)))
CASE(mean_of_channels, SIMPLE(MEAN, LIST(net, -1)))
CASE(mean_of_items, SIMPLE(MEAN, LIST(net, 0)))
CASE(mean_of_items_from_the_end, SIMPLE(MEAN, LIST(net, 1, -4)))
CASE(padded_maps, SIMPLE(PAD, LIST(net, 0, 0, 1, 2, 0, 1, 0, 0)))
CASE(padded_items, SIMPLE(PAD, LIST(net, 0, 1, 0, 0, 0, 0, 0, 0)))
CASE(tiled_maps, SIMPLE(TILE, LIST(net, 1, 2, 1, 1)))
CASE(tiled_items, SIMPLE(TILE, LIST(net, 2, 1, 1, 1)))
CASE(greatest_channel, SIMPLE(ARG_MAX, LIST(net, 3)))
CASE(greatest_item, SIMPLE(ARG_MAX, LIST(net, 0)))
CASE(joined_channels, add_along(net, GANTRY_OP_CONCATENATION, -1, t, t))
CASE(joined_items, add_along(net, GANTRY_OP_CONCATENATION, 0, t, t))
CASE(joined_constant,
     add_along(net, GANTRY_OP_CONCATENATION, 3, t, add_constant(net, SHAPE(4, {N, H, H, C}))))
CASE(products_of_maps, SIMPLE(BATCH_MATMUL, t))
CASE(reversed_items, SIMPLE(REVERSE_V2, LIST(net, 0)))
CASE(softmax_of_all, add_node(net, GANTRY_OP_SOFTMAX, &(union gantry_attributes){.beta = 1},
                              add_simple(net, GANTRY_OP_RESHAPE, t, LIST(net, -1)), NONE, NONE))
CASE(softmax_of_channels,
     add_node(net, GANTRY_OP_SOFTMAX, &(union gantry_attributes){.beta = 1}, t, NONE, NONE))
CASE(whole_slice,
     add_node(net, GANTRY_OP_SLICE, NULL, t, LIST(net, 0, 1, 0, 2), LIST(net, -1, 2, H, 1)))
CASE(part_slice,
     add_node(net, GANTRY_OP_SLICE, NULL, t, LIST(net, 1, 0, 0, 0), LIST(net, 2, H, H, C)))

/* Rows of the product are as long as items, or as two of them. */
static int32_t product(struct net *net, int32_t t, int32_t items, int32_t length)
{
    int32_t list = LIST(net, items, -1), weights = add_constant(net, SHAPE(2, {5, length}));
    net->tensors[weights].quantization.zero_point = &no_zero;
    return add_simple(net, GANTRY_OP_FULLY_CONNECTED, add_simple(net, GANTRY_OP_RESHAPE, t, list),
                      weights);
}
CASE(product_of_items, product(net, t, N, H *H *C))
CASE(product_of_rows, product(net, t, N, H *C))
CASE(product_across_items, product(net, t, N, 2 * H * H * C))

static const struct example examples[] = {
    {"relu", relu, true},
    {"flat", flat, true},
    {"rows", rows, true},
    {"one row", one_row, false},
    {"two rows", two_rows, false},
    {"twice", twice, true},
    {"plus channels", plus_channels, true},
    {"plus one item", plus_one_item, true},
    {"plus item by item", plus_item_by_item, false},
    {"turned within", turned_within, true},
    {"turned across", turned_across, false},
    {"mean of maps", mean_of_maps, true},
    {"mean of channels", mean_of_channels, true},
    {"mean of items", mean_of_items, false},
    {"mean of items from the end", mean_of_items_from_the_end, false},
    {"padded maps", padded_maps, true},
    {"padded items", padded_items, false},
    {"tiled maps", tiled_maps, true},
    {"tiled items", tiled_items, false},
    {"greatest channel", greatest_channel, true},
    {"greatest item", greatest_item, false},
    {"joined channels", joined_channels, true},
    {"joined items", joined_items, false},
    {"joined constant", joined_constant, false},
    {"products of maps", products_of_maps, true},
    {"reversed items", reversed_items, false},
    {"softmax of all", softmax_of_all, false},
    {"softmax of channels", softmax_of_channels, true},
    {"whole slice", whole_slice, true},
    {"part slice", part_slice, false},
    {"product of items", product_of_items, true},
    {"product of rows", product_of_rows, true},
    {"product across items", product_across_items, false},
};

static void compare_all(const char *device)
{
    for (size_t i = 0; i < GANTRY_COUNT(examples); i++) {
        struct net net;
        print_message("%s\n", examples[i].name);
        int32_t t = begin(&net, N);
        net.random = i;
        compare(&net, examples[i].add(&net, t), examples[i].apart ? N : 1, device);
    }
}

static void batch__of_items_that_do_not_meet_is_run_one_by_one(void **state)
{
    (void)state;
    compare_all("cpu");
}

static void batch__of_items_goes_through_the_accelerator_in_one_launch(void **state)
{
    (void)state;
    compare_all("model:tiny");
}

/* More items than a launch has. */
static void batch__of_many_items_takes_several_launches(void **state)
{
    (void)state;
    struct net net;
    int32_t t = begin(&net, 2 * GANTRY_BATCH_MAX + 3);
    compare(&net, relu(&net, t), 2 * GANTRY_BATCH_MAX + 3, "model:tiny");
}

static void batch__counts_its_items(void **state)
{
    (void)state;
    enum { RUNS = 3 };
    struct net net;
    struct run run = {0};
    struct gantry_tensor in[RUNS], out[RUNS];
    int32_t t = begin(&net, N);
    size_t bytes = net.tensors[t].bytes;
    net.outputs[net.graph.output_count++] = t;
    for (int k = 0; k < RUNS; k++) {
        fill(&net);
        memmove(input_bytes + (size_t)(k + 1) * bytes, input_bytes, bytes);
    }
    for (size_t k = 0; k < RUNS; k++)
        run_whole(&net, input_bytes + (k + 1) * bytes, wanted + k * bytes);
    open_run(&run, &net, "model:tiny", RUNS);
    for (size_t k = 0; k < RUNS; k++) {
        in[k] = outer(gantry_model_input(run.model, 0), input_bytes + (k + 1) * bytes);
        out[k] = outer(gantry_model_output(run.model, 0), got + k * bytes);
    }
    if (gantry_engine_run_batch(run.engine, RUNS, in, out, 60000, &net.error))
        fail_msg("%s", net.error.message);
    assert_memory_equal(got, wanted, RUNS * bytes);
    const struct gantry_profile *profile = gantry_engine_profile(run.engine);
    assert_int_equal(profile->inferences, RUNS * N);
    assert_int_equal(profile->launches, 1);
    assert_int_equal(profile->macs, (uint64_t)RUNS * N * H * H * C * C);
    assert_int_equal(run.plan->macs, H * H * C * C);
    assert_int_equal(
        gantry_plan_device_bytes(run.plan),
        (N + 1) * (run.plan->arena_bytes + run.plan->input_bytes + run.plan->output_bytes) +
            run.plan->segments[0].weights_bytes +
            (size_t)run.plan->segments[0].insn_count * GANTRY_INSN_BYTES);
    in[1].shape.dims[0] = 1;
    assert_int_equal(gantry_engine_run_batch(run.engine, RUNS, in, out, 60000, &net.error),
                     GANTRY_ERR_SHAPE);
    close_run(&run);
}

/* A second input with another batch belongs to all items. */
static void batch__with_an_input_for_all_items_stays_whole(void **state)
{
    (void)state;
    struct net net;
    int32_t t = begin(&net, N);
    int32_t other = add_tensor(&net, GANTRY_INT8, SHAPE(4, {1, H, H, C}));
    net.inputs[net.graph.input_count++] = other;
    net.outputs[net.graph.output_count++] = add_simple(&net, GANTRY_OP_ADD, t, other);
    if (gantry_graph_check(&net.graph, &net.error) || gantry_graph_optimize(&net.graph, &net.error))
        fail_msg("%s", net.error.message);
    assert_int_equal(net.graph.batch, 1);
    assert_int_equal(net.tensors[t].shape.dims[0], N);
    gantry_graph_finish(&net.graph);
}

/* Nothing is won where no convolution or product waits for single items. */
static void batch__without_products_stays_whole(void **state)
{
    (void)state;
    struct net net;
    (void)begin(&net, N);
    net.graph.node_count = 0;
    net.outputs[net.graph.output_count++] =
        add_simple(&net, GANTRY_OP_RELU, net.inputs[0], GANTRY_NO_TENSOR);
    if (gantry_graph_check(&net.graph, &net.error) || gantry_graph_optimize(&net.graph, &net.error))
        fail_msg("%s", net.error.message);
    assert_int_equal(net.graph.batch, 1);
    gantry_graph_finish(&net.graph);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(batch__of_items_that_do_not_meet_is_run_one_by_one),
    cmocka_unit_test(batch__of_items_goes_through_the_accelerator_in_one_launch),
    cmocka_unit_test(batch__of_many_items_takes_several_launches),
    cmocka_unit_test(batch__counts_its_items),
    cmocka_unit_test(batch__with_an_input_for_all_items_stays_whole),
    cmocka_unit_test(batch__without_products_stays_whole),
};

GANTRY_TEST_MAIN("graph_batch", tests)
