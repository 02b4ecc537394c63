/* SPDX-License-Identifier: Apache-2.0
 * Shapes that rules fill in: what RESHAPE makes of a stated shape, nodes whose inputs have none. */
#include "test.h"

#include <string.h>

#include "graph/graph.h"

struct resolved {
    int32_t rank;
    int64_t dims[3];
    bool fits;
    int32_t last; /* the dimension in the place of -1, where it fits */
};

static void resolve__gives_the_open_dimension_what_is_left(void **state)
{
    (void)state;
    static const struct gantry_shape from = {3, {4, 6, 5}};
    static const struct resolved cases[] = {{2, {4, -1}, true, 30},
                                            {2, {-1, 30}, true, 4},
                                            {1, {-1}, true, 120},
                                            {3, {1, 120, -1}, true, 1},
                                            {1, {120}, true, 0},
                                            {2, {7, -1}, false, 0},
                                            {2, {-1, -1}, false, 0},
                                            {2, {0, -1}, false, 0},
                                            {2, {4, 31}, false, 0},
                                            {2, {-2, 30}, false, 0},
                                            {2, {240, -1}, false, 0},
                                            {0, {0}, false, 0},
                                            {2, {INT64_MAX, -1}, false, 0},
                                            {2, {INT64_MIN, 1}, false, 0},
                                            {3, {1 << 20, 1 << 20, -1}, false, 0}};
    for (size_t i = 0; i < GANTRY_COUNT(cases); i++) {
        const struct resolved *c = &cases[i];
        struct gantry_shape out;
        assert_int_equal(gantry_shape_resolve(&from, c->dims, c->rank, &out), c->fits);
        assert_int_equal(out.rank, c->rank);
        for (int32_t d = 0; c->fits && d < c->rank; d++)
            assert_int_equal(out.dims[d], c->dims[d] == -1 ? c->last : c->dims[d]);
    }
}

/* A RESHAPE of 8x1x1x64 to what the list says. */
struct net {
    struct gantry_graph graph;
    struct gantry_graph_tensor tensors[3];
    struct gantry_graph_node node;
    int32_t edges[3], list[2];
    struct gantry_error error;
};

static void open_net(struct net *n, int32_t first, int32_t second)
{
    memset(n, 0, sizeof *n);
    gantry_graph_init(&n->graph, NULL);
    n->list[0] = first, n->list[1] = second;
    for (int32_t i = 0; i < 3; i++) n->edges[i] = i;
    n->tensors[0] = (struct gantry_graph_tensor){
        .name = "x", .dtype = GANTRY_FLOAT32, .shape = {4, {8, 1, 1, 64}}, .bytes = 2048};
    n->tensors[1] = (struct gantry_graph_tensor){
        .name = "to", .dtype = GANTRY_INT32, .shape = {1, {2}}, .bytes = 8, .data = n->list};
    n->tensors[2] = (struct gantry_graph_tensor){
        .name = "y", .dtype = GANTRY_FLOAT32, .shape = {.rank = GANTRY_RANK_OPEN}};
    n->node = (struct gantry_graph_node){.op = GANTRY_OP_RESHAPE,
                                         .name = "y",
                                         .inputs = n->edges,
                                         .input_count = 2,
                                         .outputs = n->edges + 2,
                                         .output_count = 1};
    n->graph.tensors = n->tensors;
    n->graph.tensor_count = 3;
    n->graph.nodes = &n->node;
    n->graph.node_count = 1;
}

static enum gantry_status check(struct net *n)
{
    bool folded;
    return gantry_graph_check_node(&n->graph, 0, &folded, &n->error);
}

static void reshape__of_an_open_output_takes_what_its_list_says(void **state)
{
    (void)state;
    struct net n;
    open_net(&n, -1, 64);
    assert_int_equal(check(&n), GANTRY_OK);
    assert_true(gantry_shape_equal(&n.tensors[2].shape, &(struct gantry_shape){2, {8, 64}}));
    assert_int_equal(n.tensors[2].bytes, 2048);
}

static void reshape__to_a_list_that_does_not_fit_names_both_shapes(void **state)
{
    (void)state;
    struct net n;
    open_net(&n, 1, 64);
    assert_int_equal(check(&n), GANTRY_ERR_FILE);
    assert_non_null(strstr(n.error.message, "node 0 RESHAPE"));
    assert_non_null(strstr(n.error.message, "8x1x1x64 to 1x64, as \"to\" says"));
}

static void a_node__whose_input_has_no_shape_is_refused(void **state)
{
    (void)state;
    struct net n;
    open_net(&n, -1, 64);
    n.tensors[0].shape.rank = GANTRY_RANK_OPEN;
    assert_int_equal(check(&n), GANTRY_ERR_FILE);
    assert_non_null(strstr(n.error.message, "\"x\" is read before a node makes it"));
    open_net(&n, -1, 64);
    n.node.input_count = 0;
    assert_int_equal(check(&n), GANTRY_ERR_FILE);
    assert_non_null(strstr(n.error.message, "0 inputs"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(resolve__gives_the_open_dimension_what_is_left),
    cmocka_unit_test(reshape__of_an_open_output_takes_what_its_list_says),
    cmocka_unit_test(reshape__to_a_list_that_does_not_fit_names_both_shapes),
    cmocka_unit_test(a_node__whose_input_has_no_shape_is_refused),
};

GANTRY_TEST_MAIN("graph_shapes", tests)
