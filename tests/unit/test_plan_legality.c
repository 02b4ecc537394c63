/* SPDX-License-Identifier: Apache-2.0
 * Every reason that keeps a node from the accelerator: its code, limit and value. */
#include "test_plan_support.h"

#include <string.h>

#include "test.h"

static const struct window point = {1, 1, 1, 1, 1, true, 0};
static const struct window three = {3, 3, 1, 1, 1, true, 0};

static struct gantry_array_params half(void)
{
    struct gantry_array_params params;
    assert_true(gantry_array_params_named("half", &params));
    return params;
}

/* The last node is refused with the code; limit -1: without numbers. */
static void expect_on(struct net *net, const struct gantry_array_params *params, const char *code,
                      int64_t limit, int64_t value)
{
    int32_t last = net->graph.node_count - 1;
    struct gantry_reason reason = gantry_plan_legality(&net->graph, last, params);
    if (!code) {
        assert_null(reason.code);
    } else {
        assert_non_null(reason.code);
        assert_string_equal(reason.code, code);
        assert_non_null(reason.rule);
        assert_int_equal(reason.has_numbers, limit >= 0);
        if (limit >= 0) {
            assert_int_equal(reason.limit, limit);
            assert_int_equal(reason.value, value);
        }
    }
    net_finish(net);
}

static void expect(struct net *net, const char *code, int64_t limit, int64_t value)
{
    struct gantry_array_params params = half();
    expect_on(net, &params, code, limit, value);
}

static struct net conv_net(int32_t h, int32_t w, int32_t c, int32_t channels,
                           const struct window *window)
{
    struct net net;
    net_init(&net, 1);
    (void)net_conv(&net, net_input(&net, h, w, c), channels, window);
    return net;
}

static void legality__plain_convolution_is_legal(void **state)
{
    (void)state;
    struct net net = conv_net(9, 7, 5, 20, &three);
    expect(&net, NULL, -1, 0);
}

static void legality__no_accelerator(void **state)
{
    (void)state;
    struct net net = conv_net(9, 7, 5, 20, &three);
    expect_on(&net, &(struct gantry_array_params){0}, "no-accelerator", -1, 0);
}

static void legality__operator(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, 1);
    (void)net_softmax(&net, net_input(&net, 1, 1, 10));
    expect(&net, "operator", -1, 0);
}

static void legality__kernel(void **state)
{
    (void)state;
    struct net net = conv_net(1, 300, 1, 4, &(struct window){1, 257, 1, 1, 1, false, 0});
    expect(&net, "kernel", 256, 257);
    net = conv_net(1, 300, 1, 4, &(struct window){1, 256, 1, 1, 1, false, 0});
    expect(&net, NULL, -1, 0);
}

static void legality__stride(void **state)
{
    (void)state;
    struct net net = conv_net(12, 12, 8, 4, &(struct window){3, 3, 3, 1, 1, true, 0});
    expect(&net, "stride", 2, 3);
    /* One output row needs no stride. */
    net = conv_net(3, 12, 8, 4, &(struct window){3, 3, 3, 2, 1, false, 0});
    expect(&net, NULL, -1, 0);
}

static void legality__dilations(void **state)
{
    (void)state;
    struct net net = conv_net(12, 12, 8, 4, &(struct window){3, 3, 1, 1, 2, true, 0});
    net_last(&net)->attributes.window.dilation_w = 3;
    expect(&net, "dilations", 2, 3);
    net = conv_net(12, 12, 8, 4, &(struct window){1, 3, 1, 1, 2, true, 0});
    net_last(&net)->attributes.window.dilation_h = 7;
    expect(&net, NULL, -1, 0);
}

static void legality__dilation(void **state)
{
    (void)state;
    struct net net = conv_net(520, 1, 8, 4, &(struct window){2, 1, 1, 1, 257, false, 0});
    expect(&net, "dilation", 256, 257);
}

static void legality__padding(void **state)
{
    (void)state;
    struct net net = conv_net(300, 1, 1, 4, &(struct window){3, 1, 1, 1, 128, true, 0});
    expect(&net, "padding", 127, 128);
}

static void legality__extent(void **state)
{
    (void)state;
    struct net net = conv_net(65536, 1, 1, 1, &point);
    expect(&net, "extent", 65535, 65536);
    /* Accumulator rows of a group: a raster of 512 x 512 pixels, two at a time. */
    net = conv_net(512, 512, 1, 1, &point);
    expect_on(&net, &(struct gantry_array_params){1, 524288, 1024, 64, 1, 0}, "extent", 65535,
              131072);
}

static void legality__channels(void **state)
{
    (void)state;
    struct net net = conv_net(1, 1, 4097, 1, &point);
    expect(&net, "channels", 4096, 4097);
    net = conv_net(1, 1, 4096, 1, &point);
    expect(&net, NULL, -1, 0);
}

static void legality__row_bytes(void **state)
{
    (void)state;
    struct net net = conv_net(1, 4096, 1, 1, &point);
    expect(&net, "row-bytes", 65535, 65536);
}

static void legality__weight_range(void **state)
{
    (void)state;
    struct net net = conv_net(3, 3, 4, 4, &point);
    int8_t *weights = net_constant(&net, 1);
    weights[5] = -128;
    struct gantry_graph_tensor *tensor = &net.graph.tensors[net_last(&net)->inputs[1]];
    int32_t zeros[4] = {126, 126, 126, 126};
    tensor->quantization.zero_point = zeros;
    expect(&net, NULL, -1, 0); /* -254 is the sum of two parts */
    net = conv_net(3, 3, 4, 4, &point);
    net_constant(&net, 1)[5] = -128;
    tensor = &net.graph.tensors[net_last(&net)->inputs[1]];
    for (int i = 0; i < 4; i++) zeros[i] = 127;
    tensor->quantization.zero_point = zeros;
    expect(&net, "weight-range", 254, 255);
}

static void legality__accumulator_range(void **state)
{
    (void)state;
    struct net net = conv_net(3, 3, 4, 1, &point);
    for (uint64_t seed = 2; net_last(&net)->input_count < 3; seed++) { /* some have no bias */
        net_finish(&net);
        net_init(&net, seed);
        (void)net_conv(&net, net_input(&net, 3, 3, 4), 1, &point);
    }
    ((int32_t *)(uintptr_t)net.graph.tensors[net_last(&net)->inputs[0]]
         .quantization.zero_point)[0] = 0;
    memset(net_constant(&net, 1), 1, 4);
    gantry_store_u32((uint8_t *)net_constant(&net, 2), INT32_MAX - 511);
    expect(&net, "accumulator-range", INT32_MAX, (int64_t)INT32_MAX + 1);
}

static void legality__scale(void **state)
{
    (void)state;
    struct net net = conv_net(3, 3, 4, 1, &point);
    struct gantry_graph_tensor *tensor = &net.graph.tensors[net_last(&net)->inputs[1]];
    ((float *)(uintptr_t)tensor->quantization.scale)[0] = 0.0f;
    expect(&net, "scale", -1, 0);
}

static void legality__weights(void **state)
{
    (void)state;
    struct net net = conv_net(3, 3, 4, 4, &point);
    net.graph.tensors[net_last(&net)->inputs[1]].data = NULL;
    expect(&net, "weights", -1, 0);
}

static void legality__multiplier(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, 1);
    (void)net_depthwise(&net, net_input(&net, 5, 5, 6), 2, &three);
    expect(&net, "multiplier", 1, 2);
    net_init(&net, 1);
    (void)net_depthwise(&net, net_input(&net, 5, 5, 1), 20, &three);
    expect(&net, NULL, -1, 0);
}

static void legality__ring(void **state)
{
    (void)state;
    /* 5x5 kernel, 4 blocks: 100 k-steps of two lines and one of parameters. */
    struct gantry_array_params params = half();
    params.ring_lines = 128;
    struct window five = {5, 5, 1, 1, 1, true, 0};
    struct net net = conv_net(20, 20, 64, 8, &five);
    expect_on(&net, &params, "ring", 128, 201);
    net = conv_net(8, 8, 64, 8, &five); /* one tile: weights pass through */
    expect_on(&net, &params, NULL, -1, 0);
}

static void legality__onchip_memory(void **state)
{
    (void)state;
    struct gantry_array_params params = half();
    params.act_rows = 512;
    struct net net = conv_net(1, 1028, 16, 16, &three);
    expect_on(&net, &params, "onchip-memory", 512, 514);
    net = conv_net(1, 1024, 16, 16, &three);
    expect_on(&net, &params, NULL, -1, 0);
    net = conv_net(32, 33, 16, 16, &three); /* in row tiles */
    expect_on(&net, &params, NULL, -1, 0);
}

static void legality__pool_padding(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, 1);
    (void)net_pool(&net, GANTRY_OP_AVERAGE_POOL_2D, net_input(&net, 6, 6, 4), &three);
    expect(&net, "pool-padding", -1, 0);
    net_init(&net, 1);
    (void)net_pool(&net, GANTRY_OP_MAX_POOL_2D, net_input(&net, 6, 6, 4), &three);
    expect(&net, NULL, -1, 0);
    net_init(&net, 1);
    (void)net_pool(&net, GANTRY_OP_AVERAGE_POOL_2D, net_input(&net, 6, 6, 4),
                   &(struct window){6, 6, 6, 6, 1, true, 0});
    expect(&net, NULL, -1, 0);
}

static void legality__mean(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, 1);
    (void)net_mean(&net, net_input(&net, 64, 65, 4), true);
    expect(&net, NULL, -1, 0);
    net_init(&net, 1);
    (void)net_mean(&net, net_input(&net, 1, 257, 4), true);
    expect(&net, "kernel", 256, 257);
}

static void legality__quantize(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, 1);
    (void)net_quantize(&net, net_input(&net, 6, 6, 4));
    expect(&net, "operator", -1, 0);
}

static void legality__pool_ties(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, 1);
    (void)net_pool(&net, GANTRY_OP_AVERAGE_POOL_2D, net_input(&net, 6, 6, 4),
                   &(struct window){2, 2, 2, 2, 1, false, 0});
    net.graph.nodes[0].attributes.window.half_up = true;
    expect(&net, "pool-ties", -1, 0);
}

static void legality__pool_size(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, 1);
    (void)net_pool(&net, GANTRY_OP_AVERAGE_POOL_2D, net_input(&net, 64, 65, 4),
                   &(struct window){64, 65, 1, 1, 1, false, 0});
    expect(&net, "pool-size", 4096, 4160);
}

static void legality__add_shape(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, 1);
    int32_t a = net_input(&net, 4, 4, 8), b = net_input(&net, 1, 1, 8);
    (void)net_add(&net, a, b);
    expect(&net, "add-shape", -1, 0);
}

static void legality__add_scale(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, 1);
    int32_t a = net_input(&net, 4, 4, 8), b = net_input(&net, 4, 4, 8);
    (void)net_add(&net, a, b);
    float tiny[1] = {1e-9f};
    net.graph.tensors[a].quantization.scale = net.graph.tensors[b].quantization.scale = tiny;
    expect(&net, "add-scale", -1, 0);
}

static void legality__reshape(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, 1);
    int32_t y =
        net_reshape(&net, net_input(&net, 4, 6, 8), &(struct gantry_shape){4, {1, 6, 4, 8}});
    (void)net_conv(&net, y, 4, &three);
    struct gantry_array_params params = half();
    assert_string_equal(gantry_plan_legality(&net.graph, 0, &params).code, "reshape");
    net_finish(&net);
    net_init(&net, 1);
    (void)net_fully_connected(&net, net_flatten(&net, net_input(&net, 4, 6, 8)), 4);
    assert_null(gantry_plan_legality(&net.graph, 0, &params).code);
    expect(&net, NULL, -1, 0);
}

static void legality__product(void **state)
{
    (void)state;
    static const int8_t constant[4 * 4 * 8] = {0};
    for (int32_t weights = 0; weights < 2; weights++) {
        struct net net;
        net_init(&net, 1);
        int32_t a = net_input(&net, 4, 4, 8), b = net_input(&net, 4, 4, 8);
        (void)net_add(&net, a, b);
        net_last(&net)->op = GANTRY_OP_BATCH_MATMUL;
        if (weights) net.graph.tensors[b].data = constant;
        expect(&net, weights ? "operator" : "product", -1, 0);
    }
}

/* Two tensors of these channels behind each other; the inputs are tensors 0 and 1. */
static struct net concat_net(int32_t c, int32_t axis)
{
    struct net net;
    net_init(&net, 1);
    net.one_scale = true;
    int32_t a = net_input(&net, 4, 6, c), b = net_input(&net, 4, 6, c);
    (void)net_concat(&net, (int32_t[]){a, b}, 2, axis);
    return net;
}

static void legality__concatenation(void **state)
{
    (void)state;
    static const int8_t constant[4 * 6 * 8] = {0};
    float other[1] = {0.06f};
    for (int32_t axis = 1; axis <= 3; axis += 2) {
        struct net net = concat_net(8, axis);
        expect(&net, NULL, -1, 0);
    }
    struct net net = concat_net(8, 2);
    expect(&net, "concat-axis", -1, 0);
    net = concat_net(8, 3);
    net.graph.tensors[1].quantization.scale = other;
    expect(&net, "concat-scale", -1, 0);
    net = concat_net(8, 3);
    net.graph.tensors[1].data = constant;
    expect(&net, "concat-constant", -1, 0);
    /* 129 blocks each. */
    net = concat_net(2047 + 2, 3);
    expect(&net, "channels", 4096, 4098);
    net = concat_net(1700, 3);
    expect_on(&net, &(struct gantry_array_params){2, 1024, 128, 64, 1, 0}, "onchip-memory", 1024,
              1284);
}

static void legality__batch(void **state)
{
    (void)state;
    struct net net = conv_net(3, 3, 4, 4, &point);
    net.graph.tensors[net_last(&net)->inputs[0]].shape.dims[0] = 2;
    expect(&net, "batch", -1, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(legality__plain_convolution_is_legal),
    cmocka_unit_test(legality__no_accelerator),
    cmocka_unit_test(legality__operator),
    cmocka_unit_test(legality__kernel),
    cmocka_unit_test(legality__stride),
    cmocka_unit_test(legality__dilations),
    cmocka_unit_test(legality__dilation),
    cmocka_unit_test(legality__padding),
    cmocka_unit_test(legality__extent),
    cmocka_unit_test(legality__channels),
    cmocka_unit_test(legality__row_bytes),
    cmocka_unit_test(legality__weight_range),
    cmocka_unit_test(legality__accumulator_range),
    cmocka_unit_test(legality__scale),
    cmocka_unit_test(legality__weights),
    cmocka_unit_test(legality__multiplier),
    cmocka_unit_test(legality__ring),
    cmocka_unit_test(legality__onchip_memory),
    cmocka_unit_test(legality__pool_padding),
    cmocka_unit_test(legality__mean),
    cmocka_unit_test(legality__quantize),
    cmocka_unit_test(legality__pool_ties),
    cmocka_unit_test(legality__pool_size),
    cmocka_unit_test(legality__add_shape),
    cmocka_unit_test(legality__add_scale),
    cmocka_unit_test(legality__reshape),
    cmocka_unit_test(legality__concatenation),
    cmocka_unit_test(legality__product),
    cmocka_unit_test(legality__batch),
};
GANTRY_TEST_MAIN("plan_legality", tests)
