/* SPDX-License-Identifier: Apache-2.0
 * The cheapest division against every division there is, on random graphs of up to 14 nodes. */
#include "plan/cut.h"

#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "test.h"

enum { NODES_MAX = 14, TENSORS_MAX = 2 * NODES_MAX, GRAPHS = 400 };

struct problem {
    struct gantry_cut_node nodes[NODES_MAX];
    struct gantry_cut_tensor tensors[TENSORS_MAX];
    int32_t readers[TENSORS_MAX][NODES_MAX];
    int32_t node_count, tensor_count;
};

/* A tensor of a producer with random later readers. */
static void add_tensor(struct problem *problem, uint64_t *state, int32_t producer)
{
    int32_t t = problem->tensor_count++;
    struct gantry_cut_tensor *tensor = &problem->tensors[t];
    *tensor = (struct gantry_cut_tensor){
        .producer = producer,
        .readers = problem->readers[t],
        .output = random_one_in(state, 4),
        .load = random_in(state, 0, 60 - 1),
        .store = random_in(state, 0, 60 - 1),
    };
    for (int32_t n = producer + 1; n < problem->node_count; n++)
        if (random_one_in(state, 3)) problem->readers[t][tensor->reader_count++] = n;
}

static void make(struct problem *problem, uint64_t *state)
{
    memset(problem, 0, sizeof *problem);
    problem->node_count = random_in(state, 1, NODES_MAX);
    for (int32_t n = 0; n < problem->node_count; n++) {
        struct gantry_cut_node *node = &problem->nodes[n];
        node->cpu = random_in(state, 0, 100 - 1);
        node->accelerator = random_in(state, 0, 100 - 1);
        int32_t forbid = random_in(state, 0, 8 - 1);
        if (forbid == 0) node->cpu = GANTRY_CUT_NEVER;
        if (forbid == 1) node->accelerator = GANTRY_CUT_NEVER;
        add_tensor(problem, state, n);
    }
    int32_t inputs = random_in(state, 1, 3);
    for (int32_t i = 0; i < inputs; i++) add_tensor(problem, state, GANTRY_CUT_OUTSIDE);
}

static int64_t cost_of(const struct problem *problem, const bool *accelerator)
{
    return gantry_cut_cost(problem->nodes, problem->node_count, problem->tensors,
                           problem->tensor_count, accelerator);
}

/* The least cost of all divisions, and the most nodes that one of that cost has there. */
static int64_t try_all(const struct problem *problem, int32_t *most)
{
    int64_t least = GANTRY_CUT_NEVER;
    for (uint32_t set = 0; set < UINT32_C(1) << problem->node_count; set++) {
        bool accelerator[NODES_MAX];
        int32_t count = 0;
        for (int32_t n = 0; n < problem->node_count; n++) {
            accelerator[n] = set >> n & 1;
            count += accelerator[n];
        }
        int64_t cost = cost_of(problem, accelerator);
        if (cost > least) continue;
        if (cost < least) *most = 0;
        least = cost;
        if (count > *most) *most = count;
    }
    return least;
}

static void cut__is_the_least_of_all_divisions(void **state)
{
    (void)state;
    uint64_t seed = 20, divided = 0;
    for (int32_t g = 0; g < GRAPHS; g++) {
        struct problem problem;
        bool accelerator[NODES_MAX];
        struct gantry_error error = {0};
        int64_t cost;
        int32_t most = 0, count = 0;
        make(&problem, &seed);
        assert_int_equal(gantry_cut(problem.nodes, problem.node_count, problem.tensors,
                                    problem.tensor_count, NULL, accelerator, &cost, &error),
                         GANTRY_OK);
        assert_int_equal(cost, cost_of(&problem, accelerator));
        if (cost != try_all(&problem, &most)) fail_msg("graph %d: %lld", g, (long long)cost);
        for (int32_t n = 0; n < problem.node_count; n++) count += accelerator[n];
        assert_int_equal(count, most);
        divided += count > 0 && count < problem.node_count;
    }
    /* The graphs are no trivial ones. */
    assert_true(divided > GRAPHS / 4);
}

static void cut__pays_for_a_tensor_once_whatever_reads_it(void **state)
{
    (void)state;
    /* One node makes what five others read; a store costs less than two of them gain. */
    struct gantry_cut_node nodes[6] = {{GANTRY_CUT_NEVER, 0}};
    static const int32_t readers[] = {1, 2, 3, 4, 5};
    for (int32_t n = 1; n < 6; n++) nodes[n] = (struct gantry_cut_node){0, 10};
    struct gantry_cut_tensor tensor = {.producer = 0, .readers = readers, .reader_count = 5};
    bool accelerator[6];
    int64_t cost;
    tensor.store = 49;
    assert_int_equal(gantry_cut(nodes, 6, &tensor, 1, NULL, accelerator, &cost, NULL), GANTRY_OK);
    assert_int_equal(cost, 49);
    assert_false(accelerator[1]);
    tensor.store = 51;
    assert_int_equal(gantry_cut(nodes, 6, &tensor, 1, NULL, accelerator, &cost, NULL), GANTRY_OK);
    assert_int_equal(cost, 50);
    assert_true(accelerator[1] && accelerator[5]);
}

static void cut__of_no_nodes_is_nothing(void **state)
{
    (void)state;
    int64_t cost = -1;
    assert_int_equal(gantry_cut(NULL, 0, NULL, 0, NULL, NULL, &cost, NULL), GANTRY_OK);
    assert_int_equal(cost, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(cut__is_the_least_of_all_divisions),
    cmocka_unit_test(cut__pays_for_a_tensor_once_whatever_reads_it),
    cmocka_unit_test(cut__of_no_nodes_is_nothing),
};

GANTRY_TEST_MAIN("cut", tests)
