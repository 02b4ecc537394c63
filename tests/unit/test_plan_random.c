/* SPDX-License-Identifier: Apache-2.0
 * Random networks: what a plan computes equals the reference kernels, for every named array and
 * for small ones, in several orders of the queues. */
#include "random_net.h"
#include "test.h"

enum { NETWORKS = 120, INFERENCES_MAX = 4 };

static void run_on(const struct gantry_array_params *params, bool observe)
{
    for (uint64_t seed = 1; seed <= NETWORKS; seed++) {
        struct net net;
        struct graph_run values[INFERENCES_MAX];
        int32_t count = 1 + (int32_t)(seed % INFERENCES_MAX);
        random_net(&net, seed);
        for (int32_t i = 0; i < count; i++)
            net_reference(&values[i], &net.graph, seed + (uint64_t)i);
        struct gantry_plan *plan = plan_for(&net.graph, params, observe);
        plan_run_and_compare(plan, values, count, seed / INFERENCES_MAX % 3, true);
        gantry_plan_destroy(plan);
        for (int32_t i = 0; i < count; i++) graph_run_finish(&values[i]);
        net_finish(&net);
    }
}

static void run_named(const char *name, bool observe)
{
    struct gantry_array_params params;
    assert_true(gantry_array_params_named(name, &params));
    run_on(&params, observe);
}

static void plan__random_networks_on_half(void **state)
{
    (void)state;
    run_named("half", false);
}
static void plan__random_networks_on_k26(void **state)
{
    (void)state;
    run_named("k26", false);
}
static void plan__random_networks_on_unit4(void **state)
{
    (void)state;
    run_named("unit4", true);
}
static void plan__random_networks_on_tiny(void **state)
{
    (void)state;
    run_named("tiny", false);
}
static void plan__random_networks_on_unit(void **state)
{
    (void)state;
    run_named("unit", false);
}
static void plan__random_networks_observed(void **state)
{
    (void)state;
    run_named("half", true);
}
static void plan__random_networks_on_few_rows(void **state)
{
    (void)state;
    run_on(&(struct gantry_array_params){2, 64, 128, 64, 1, 0}, false);
    run_on(&(struct gantry_array_params){1, 96, 64, 64, 1, 0}, true);
}
static void plan__random_networks_on_a_small_ring(void **state)
{
    (void)state;
    run_on(&(struct gantry_array_params){1, 4096, 64, 64, 1, 0}, false);
}
static void plan__random_networks_without_accelerator(void **state)
{
    (void)state;
    run_on(&(struct gantry_array_params){0}, false);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(plan__random_networks_on_half),
    cmocka_unit_test(plan__random_networks_on_k26),
    cmocka_unit_test(plan__random_networks_on_unit4),
    cmocka_unit_test(plan__random_networks_on_tiny),
    cmocka_unit_test(plan__random_networks_on_unit),
    cmocka_unit_test(plan__random_networks_observed),
    cmocka_unit_test(plan__random_networks_on_few_rows),
    cmocka_unit_test(plan__random_networks_on_a_small_ring),
    cmocka_unit_test(plan__random_networks_without_accelerator),
};
GANTRY_TEST_MAIN("plan_random", tests)
