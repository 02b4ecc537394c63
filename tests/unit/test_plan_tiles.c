/* SPDX-License-Identifier: Apache-2.0
 * Row tiles: nodes that do not fit the chip run there all the same, in any legal order of the
 * queues and several runs of a launch, and equal the reference kernels. */
#include "test.h"
#include "test_plan_support.h"

enum { ORDERS = 4, RUNS = 3 };

static const struct window same3 = {3, 3, 1, 1, 1, true, 0}, same5 = {5, 5, 1, 1, 1, true, 0},
                           stride = {3, 3, 2, 2, 1, true, 0}, pool = {2, 2, 2, 2, 1, false, 0},
                           wide = {3, 3, 1, 1, 4, true, 0}, point = {1, 1, 1, 1, 1, true, 0};

/* Runs the network on arrays with so few rows; counts nodes left to the CPU. */
static void run_tiled(struct net *net, int32_t x, int32_t act_rows, int32_t cpu_nodes)
{
    static const char *const arrays[] = {"k26", "half", "tiny"};
    net_output(net, x);
    net_check(net);
    struct graph_run values[RUNS];
    for (uint64_t run = 0; run < RUNS; run++) net_reference(&values[run], &net->graph, 3 + run);
    for (size_t a = 0; a < GANTRY_COUNT(arrays); a++) {
        struct gantry_array_params params;
        assert_true(gantry_array_params_named(arrays[a], &params));
        params.act_rows = act_rows * 4 / params.g; /* as many words on each */
        struct gantry_plan *plan = plan_for(&net->graph, &params, false);
        int32_t left = 0, launches = 0;
        for (int32_t n = 0; n < net->graph.node_count; n++) left += !plan->nodes[n].accelerator;
        for (int32_t s = 0; s < plan->segment_count; s++) launches += plan->segments[s].accelerator;
        assert_int_equal(left, cpu_nodes);
        for (uint64_t order = 0; order < ORDERS; order++)
            plan_run_and_compare(plan, values, 1 + (int32_t)order % RUNS, order, true);
        gantry_plan_destroy(plan);
    }
    for (int32_t run = 0; run < RUNS; run++) graph_run_finish(&values[run]);
    net_finish(net);
}

static void tiles__of_convolutions_have_their_halos(void **state)
{
    (void)state;
    const struct window *const windows[] = {&same3, &same5, &stride, &wide, &point};
    for (size_t i = 0; i < GANTRY_COUNT(windows); i++) {
        struct net net;
        net_init(&net, 40 + i);
        run_tiled(&net, net_conv(&net, net_input(&net, 33, 19, 20), 24, windows[i]), 150, 0);
    }
}

static void tiles__of_depthwise_convolutions_too(void **state)
{
    (void)state;
    const struct window *const windows[] = {&same3, &same5, &stride, &wide};
    for (size_t i = 0; i < GANTRY_COUNT(windows); i++) {
        struct net net;
        net_init(&net, 50 + i);
        run_tiled(&net, net_depthwise(&net, net_input(&net, 40, 21, 33), 1, windows[i]), 200, 0);
    }
}

static void tiles__of_pools_and_sums_too(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, 60);
    run_tiled(&net, net_pool(&net, GANTRY_OP_MAX_POOL_2D, net_input(&net, 36, 20, 32), &pool), 64,
              0);
    net_init(&net, 61);
    run_tiled(&net, net_pool(&net, GANTRY_OP_AVERAGE_POOL_2D, net_input(&net, 36, 20, 32), &pool),
              64, 0);
    net_init(&net, 62);
    int32_t a = net_input(&net, 30, 20, 32), b = net_input(&net, 30, 20, 32);
    run_tiled(&net, net_add(&net, a, b), 90, 0);
}

static void tiles__of_first_layers_with_few_channels(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, 70);
    run_tiled(&net, net_conv(&net, net_input(&net, 65, 48, 3), 16, &stride), 90, 0);
}

static void tiles__stand_among_launches_that_fit(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, 80);
    int32_t x = net_conv(&net, net_input(&net, 32, 32, 16), 48, &same3);
    x = net_depthwise(&net, x, 1, &stride);
    int32_t y = net_conv(&net, x, 48, &point);
    x = net_add(&net, x, y);
    x = net_pool(&net, GANTRY_OP_MAX_POOL_2D, x, &pool);
    run_tiled(&net, net_conv(&net, x, 10, &same3), 300, 0);
}

static void tiles__that_do_not_fit_either_leave_the_node_to_the_cpu(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, 90);
    run_tiled(&net, net_conv(&net, net_input(&net, 12, 64, 64), 64, &same3), 64, 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tiles__of_convolutions_have_their_halos),
    cmocka_unit_test(tiles__of_depthwise_convolutions_too),
    cmocka_unit_test(tiles__of_pools_and_sums_too),
    cmocka_unit_test(tiles__of_first_layers_with_few_channels),
    cmocka_unit_test(tiles__stand_among_launches_that_fit),
    cmocka_unit_test(tiles__that_do_not_fit_either_leave_the_node_to_the_cpu),
};

GANTRY_TEST_MAIN("tiles", tests)
