/* SPDX-License-Identifier: Apache-2.0
 * Small networks, each made to meet one decision of the planner. */
#include "test_plan_support.h"

#include <string.h>

#include "test.h"

static const struct window point = {1, 1, 1, 1, 1, true, 0};
static const struct window three = {3, 3, 1, 1, 1, true, 0};
static const struct window halve = {3, 3, 2, 2, 1, true, 0};
static const struct window shortcut = {1, 1, 2, 2, 1, true, 0};

static struct gantry_array_params named(const char *name)
{
    struct gantry_array_params params;
    assert_true(gantry_array_params_named(name, &params));
    return params;
}

/* ---- Decisions ---- */

static uint32_t count_insns(const struct gantry_plan *plan, int32_t opcode)
{
    uint32_t count = 0;
    for (int32_t s = 0; s < plan->segment_count; s++) {
        for (uint32_t i = 0; i < plan->segments[s].insn_count; i++) {
            struct gantry_insn insn;
            gantry_insn_from_bytes(&insn, plan->segments[s].program + i * GANTRY_INSN_BYTES);
            count += gantry_insn_get(&insn, GANTRY_COMMON_OPCODE) == opcode;
        }
    }
    return count;
}

static struct gantry_insn insn_of(const struct gantry_plan *plan, int32_t segment, uint32_t index)
{
    struct gantry_insn insn;
    assert_true(index < plan->segments[segment].insn_count);
    gantry_insn_from_bytes(&insn, plan->segments[segment].program + index * GANTRY_INSN_BYTES);
    return insn;
}

/* A checked network, its values and its plan on one array. */
enum { INFERENCES = 3 };
struct fixture {
    struct net net;
    struct graph_run values[INFERENCES];
    struct gantry_plan *plan;
};

static void finish_network(struct fixture *f, const struct gantry_array_params *params)
{
    net_check(&f->net);
    for (uint64_t i = 0; i < INFERENCES; i++) net_reference(&f->values[i], &f->net.graph, 3 + i);
    f->plan = plan_for(&f->net.graph, params, false);
    plan_run_and_compare(f->plan, f->values, INFERENCES, 1, true);
}

static void close_network(struct fixture *f)
{
    gantry_plan_destroy(f->plan);
    for (int32_t i = 0; i < INFERENCES; i++) graph_run_finish(&f->values[i]);
    net_finish(&f->net);
}

static void plan__add_is_fused_into_the_convolution_before_it(void **state)
{
    (void)state;
    struct fixture f;
    struct gantry_array_params params = named("half");
    net_init(&f.net, 1);
    int32_t a = net_conv(&f.net, net_input(&f.net, 8, 8, 16), 16, &three);
    int32_t b = net_conv(&f.net, a, 16, &three);
    net_output(&f.net, net_add(&f.net, a, b));
    finish_network(&f, &params);
    assert_int_equal(f.plan->nodes[2].fused_into, 1);
    assert_int_equal(count_insns(f.plan, GANTRY_INSN_CONV), 2);
    assert_int_equal(f.plan->tensors[b].home, GANTRY_HOME_NONE);
    close_network(&f);
}

static void plan__add_of_an_output_stands_alone(void **state)
{
    (void)state;
    struct fixture f;
    struct gantry_array_params params = named("half");
    net_init(&f.net, 2);
    int32_t a = net_input(&f.net, 8, 8, 16);
    int32_t b = net_conv(&f.net, a, 16, &three);
    net_output(&f.net, b);
    net_output(&f.net, net_add(&f.net, a, b));
    finish_network(&f, &params);
    assert_int_equal(f.plan->nodes[1].fused_into, GANTRY_NO_NODE);
    assert_int_equal(count_insns(f.plan, GANTRY_INSN_CONV), 2);
    close_network(&f);
}

static void plan__first_convolution_is_folded(void **state)
{
    (void)state;
    struct fixture f;
    struct gantry_array_params params = named("half");
    net_init(&f.net, 3);
    net_output(&f.net, net_conv(&f.net, net_input(&f.net, 33, 31, 3), 8, &halve));
    finish_network(&f, &params);
    struct gantry_insn load = insn_of(f.plan, 0, 0), conv = insn_of(f.plan, 0, 1);
    assert_int_equal(gantry_insn_get(&load, GANTRY_LOAD_STEP), 6);
    assert_int_equal(gantry_insn_get(&load, GANTRY_LOAD_LEAD), 3);
    assert_int_equal(gantry_insn_get(&conv, GANTRY_CONV_KH), 3);
    assert_int_equal(gantry_insn_get(&conv, GANTRY_CONV_KW), 1);
    close_network(&f);
}

/* A block with two strided readers writes planes; no copy is needed. */
static void plan__strided_readers_share_planes(void **state)
{
    (void)state;
    struct fixture f;
    struct gantry_array_params params = named("half");
    net_init(&f.net, 4);
    int32_t x = net_conv(&f.net, net_input(&f.net, 13, 11, 16), 16, &three);
    int32_t a = net_conv(&f.net, x, 32, &halve), b = net_conv(&f.net, x, 32, &shortcut);
    net_output(&f.net, net_add(&f.net, a, b));
    finish_network(&f, &params);
    assert_int_equal(count_insns(f.plan, GANTRY_INSN_CONV), 3);
    assert_int_equal(f.plan->nodes[3].fused_into, 2); /* the later one: its residual is there */
    struct gantry_insn first = insn_of(f.plan, 0, 1);
    assert_int_equal(gantry_insn_get(&first, GANTRY_CONV_OUT_SY), 1);
    close_network(&f);
}

static void plan__readers_of_different_stride_get_a_copy(void **state)
{
    (void)state;
    struct fixture f;
    struct gantry_array_params params = named("half");
    net_init(&f.net, 5);
    int32_t x = net_conv(&f.net, net_input(&f.net, 13, 11, 16), 16, &three);
    net_output(&f.net, net_conv(&f.net, x, 32, &halve));
    net_output(&f.net, net_conv(&f.net, x, 24, &three));
    finish_network(&f, &params);
    assert_int_equal(count_insns(f.plan, GANTRY_INSN_CONV), 4);
    close_network(&f);
}

/* A 1x1 convolution passes planes on when its own reader wants them. */
static void plan__point_convolution_runs_flat_over_planes(void **state)
{
    (void)state;
    struct fixture f;
    struct gantry_array_params params = named("half");
    net_init(&f.net, 6);
    int32_t x = net_conv(&f.net, net_input(&f.net, 13, 11, 16), 16, &three);
    int32_t a = net_conv(&f.net, net_conv(&f.net, x, 24, &point), 32, &halve);
    net_output(&f.net, net_add(&f.net, a, net_conv(&f.net, x, 32, &shortcut)));
    finish_network(&f, &params);
    assert_int_equal(count_insns(f.plan, GANTRY_INSN_CONV), 4);
    struct gantry_insn flat = insn_of(f.plan, 0, 2);
    assert_int_equal(gantry_insn_get(&flat, GANTRY_CONV_IN_H), 1);
    assert_true(gantry_insn_get(&flat, GANTRY_CONV_IN_W) > 13 * 11);
    close_network(&f);
}

static void plan__flattened_map_feeds_a_matrix_product_directly(void **state)
{
    (void)state;
    struct fixture f;
    struct gantry_array_params params = named("half");
    net_init(&f.net, 7);
    int32_t x = net_conv(&f.net, net_input(&f.net, 6, 5, 16), 10, &three);
    net_output(&f.net, net_softmax(&f.net, net_fully_connected(&f.net, net_flatten(&f.net, x), 9)));
    finish_network(&f, &params);
    assert_int_equal(f.plan->segment_count, 2);
    assert_true(f.plan->nodes[1].accelerator);
    assert_null(f.plan->nodes[1].reason.code);
    assert_string_equal(f.plan->nodes[3].reason.code, "operator");
    assert_int_equal(count_insns(f.plan, GANTRY_INSN_CONV), 2);
    close_network(&f);
}

/* Ten tensors go out: more than semaphores for them. */
static void plan__many_outputs_share_semaphores(void **state)
{
    (void)state;
    struct fixture f;
    struct gantry_array_params params = named("half");
    net_init(&f.net, 8);
    int32_t x[20];
    for (int i = 0; i < 10; i++) x[i] = net_input(&f.net, 5, 4, 9 + i);
    for (int i = 0; i < 10; i++) net_output(&f.net, net_conv(&f.net, x[i], 7, &three));
    finish_network(&f, &params);
    assert_int_equal(count_insns(f.plan, GANTRY_INSN_LOAD), 10);
    assert_int_equal(count_insns(f.plan, GANTRY_INSN_STORE), 10);
    close_network(&f);
}

static void plan__dead_rows_are_used_again(void **state)
{
    (void)state;
    /* Eight tensors of a hundred rows: two at a time; input and output apart where rows allow, so
     * that the transfers of neighbouring runs overlap computation. */
    static const int32_t rows[][2] = {{512, 400}, {400, 400}, {399, 300},
                                      {300, 300}, {299, 200}, {200, 200}};
    for (size_t i = 0; i < GANTRY_COUNT(rows); i++) {
        struct fixture f;
        struct gantry_array_params params = named("unit");
        params.act_rows = rows[i][0];
        net_init(&f.net, 9);
        int32_t x = net_input(&f.net, 20, 20, 16);
        for (int k = 0; k < 8; k++) x = net_conv(&f.net, x, 16, &three);
        net_output(&f.net, x);
        finish_network(&f, &params);
        assert_int_equal(f.plan->segment_count, 1);
        assert_int_equal(f.plan->segments[0].act_rows_used, rows[i][1]);
        close_network(&f);
    }
}

/* What fits node by node but not together becomes several launches, all on the accelerator. */
static void plan__launch_beyond_the_rows_is_cut(void **state)
{
    (void)state;
    struct fixture f;
    struct gantry_array_params params = named("unit");
    params.act_rows = 256;
    net_init(&f.net, 10);
    int32_t x = net_input(&f.net, 20, 20, 16);
    int32_t a = net_conv(&f.net, x, 16, &three), b = net_conv(&f.net, x, 16, &point);
    net_output(&f.net, net_conv(&f.net, b, 16, &three));
    net_output(&f.net, net_conv(&f.net, a, 16, &three));
    finish_network(&f, &params);
    assert_true(f.plan->segment_count > 1);
    assert_true(f.plan->macs_offloaded == f.plan->macs);
    close_network(&f);
}

static void plan__node_beyond_the_rows_runs_in_tiles(void **state)
{
    (void)state;
    struct fixture f;
    struct gantry_array_params params = named("unit");
    net_init(&f.net, 11);
    int32_t x = net_conv(&f.net, net_input(&f.net, 24, 24, 16), 64, &three);
    net_output(&f.net, net_conv(&f.net, x, 8, &halve));
    net_output(&f.net, net_conv(&f.net, x, 16, &halve));
    finish_network(&f, &params);
    assert_true(f.plan->nodes[0].accelerator);
    const struct gantry_plan_segment *segment = &f.plan->segments[0];
    int32_t computes = 0;
    for (uint32_t i = 0; i < segment->insn_count; i++) computes += segment->insn_node[i] == 0;
    assert_true(computes > 1);
    assert_true(segment->act_rows_used <= 512);
    close_network(&f);
}

/* One tensor, two readers: the second one's wide raster gives the first a second tile. */
static void plan__tiles_that_a_shared_pitch_adds_are_counted(void **state)
{
    (void)state;
    struct fixture f;
    struct gantry_array_params params = {1, 4096, 64, 64, 1, 0};
    struct window wide = {1, 3, 1, 1, 1, true, 2};
    net_init(&f.net, 12);
    int32_t x = net_conv(&f.net, net_input(&f.net, 32, 2, 16), 64, &point);
    net_output(&f.net, net_conv(&f.net, x, 16, &three));
    net_output(&f.net, net_conv(&f.net, x, 16, &wide));
    finish_network(&f, &params);
    assert_null(gantry_plan_legality(&f.net.graph, 1, &params).code);
    assert_string_equal(f.plan->nodes[1].reason.code, "ring");
    close_network(&f);
}

static void plan__is_the_same_each_time(void **state)
{
    (void)state;
    struct fixture f;
    struct gantry_array_params params = named("half");
    net_init(&f.net, 13);
    int32_t x = net_conv(&f.net, net_input(&f.net, 13, 11, 16), 16, &three);
    int32_t a = net_conv(&f.net, x, 16, &three);
    net_output(&f.net, net_conv(&f.net, net_add(&f.net, x, a), 20, &halve));
    finish_network(&f, &params);
    struct gantry_plan *again = plan_for(&f.net.graph, &params, false);
    assert_int_equal(again->segment_count, f.plan->segment_count);
    for (int32_t s = 0; s < again->segment_count; s++) {
        const struct gantry_plan_segment *p = &f.plan->segments[s], *q = &again->segments[s];
        assert_int_equal(p->insn_count, q->insn_count);
        assert_int_equal(p->weights_bytes, q->weights_bytes);
        assert_memory_equal(p->program, q->program, p->insn_count * (size_t)GANTRY_INSN_BYTES);
        assert_memory_equal(p->weights, q->weights, p->weights_bytes);
    }
    gantry_plan_destroy(again);
    close_network(&f);
}

static void plan__cpu_placement_keeps_everything_there(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, 14);
    net_output(&net, net_conv(&net, net_input(&net, 5, 5, 4), 6, &three));
    net_check(&net);
    struct gantry_device_info info = {.accelerator = true,
                                      .g = 2,
                                      .act_rows = 512,
                                      .ring_lines = 128,
                                      .acc_rows = 64,
                                      .ports = 2};
    struct gantry_plan_options options = GANTRY_PLAN_OPTIONS_INIT;
    options.placement = GANTRY_PLACEMENT_ACCELERATOR;
    options.placement = GANTRY_PLACEMENT_CPU;
    struct gantry_plan *plan = NULL;
    assert_int_equal(gantry_plan_create(&plan,
                                        (const struct gantry_model *)(const void *)&net.graph,
                                        &info, &options, NULL),
                     GANTRY_OK);
    assert_false(plan->nodes[0].accelerator);
    assert_string_equal(plan->nodes[0].reason.code, "placement");
    assert_int_equal(plan->macs_offloaded, 0);
    gantry_plan_destroy(plan);
    net_finish(&net);
}

/* ---- Memory ---- */

struct counter {
    int left; /* allocations that succeed */
    int balance;
};
static void *counted_allocate(void *context, size_t bytes)
{
    struct counter *counter = context;
    if (counter->left-- <= 0) return NULL;
    counter->balance++;
    return aligned_alloc(64, gantry_align_size(bytes, 64));
}
static void counted_release(void *context, void *memory)
{
    if (memory) ((struct counter *)context)->balance--;
    free(memory);
}

static void plan__fails_cleanly_without_memory(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, 15);
    int32_t x = net_conv(&net, net_input(&net, 5, 5, 4), 6, &three);
    net_output(&net, net_softmax(&net, net_conv(&net, x, 6, &three)));
    net_check(&net);
    struct gantry_array_params p = named("half");
    struct gantry_device_info info = {.accelerator = true,
                                      .g = p.g,
                                      .act_rows = p.act_rows,
                                      .ring_lines = p.ring_lines,
                                      .acc_rows = 64,
                                      .ports = p.ports};
    enum gantry_status status = GANTRY_ERR_MEMORY;
    for (int allowed = 0; status != GANTRY_OK; allowed++) {
        struct counter counter = {allowed, 0};
        struct gantry_allocator allocator = {
            .context = &counter, .allocate = counted_allocate, .release = counted_release};
        struct gantry_plan_options options = GANTRY_PLAN_OPTIONS_INIT;
        options.placement = GANTRY_PLACEMENT_ACCELERATOR;
        options.allocator = &allocator;
        struct gantry_plan *plan = NULL;
        struct gantry_error error = {0};
        status = gantry_plan_create(&plan, (const struct gantry_model *)(const void *)&net.graph,
                                    &info, &options, &error);
        if (status != GANTRY_OK) {
            assert_int_equal(status, GANTRY_ERR_MEMORY);
            assert_null(plan);
            assert_true(error.message[0] != 0);
        }
        gantry_plan_destroy(plan);
        assert_int_equal(counter.balance, 0);
        assert_true(allowed < 1000);
    }
    net_finish(&net);
}

/* The n-th instruction of an opcode in the first launch. */
static struct gantry_insn nth(const struct gantry_plan *plan, int32_t opcode, int32_t n)
{
    for (uint32_t i = 0; i < plan->segments[0].insn_count; i++) {
        struct gantry_insn insn = insn_of(plan, 0, i);
        if (gantry_insn_get(&insn, GANTRY_COMMON_OPCODE) == opcode && n-- == 0) return insn;
    }
    fail_msg("no such instruction");
    return insn_of(plan, 0, 0);
}

static void plan__step_follows_the_rows_of_its_producer(void **state)
{
    (void)state;
    struct fixture f;
    struct gantry_array_params params = named("k26");
    net_init(&f.net, 30);
    int32_t x = net_conv(&f.net, net_input(&f.net, 7, 7, 16), 32, &three);
    net_output(&f.net, net_conv(&f.net, x, 16, &three));
    finish_network(&f, &params);
    struct gantry_insn second = nth(f.plan, GANTRY_INSN_CONV, 1);
    assert_int_equal(gantry_insn_get(&second, GANTRY_CONV_DEP), 1);
    assert_int_equal(gantry_insn_get(&second, GANTRY_CONV_WHOLE), 0);
    close_network(&f);
}

static void plan__first_step_starts_on_the_first_rows(void **state)
{
    (void)state;
    struct fixture f;
    struct gantry_array_params params = named("k26");
    net_init(&f.net, 31);
    int32_t x = net_conv(&f.net, net_input(&f.net, 128, 128, 3), 16, &halve);
    net_output(&f.net, net_conv(&f.net, x, 16, &three));
    finish_network(&f, &params);
    uint32_t bands = count_insns(f.plan, GANTRY_INSN_LOAD);
    assert_true(bands > 1);
    assert_int_equal(count_insns(f.plan, GANTRY_INSN_CONV), bands + 1);
    struct gantry_insn last = nth(f.plan, GANTRY_INSN_CONV, (int32_t)bands);
    assert_int_equal(gantry_insn_get(&last, GANTRY_CONV_WHOLE), 1); /* all bands */
    close_network(&f);
}

static void plan__depthwise_and_mean_take_the_window_path(void **state)
{
    (void)state;
    static const struct window map = {9, 9, 1, 1, 1, false, 0};
    static const struct window five = {5, 5, 1, 1, 1, true, 0};
    struct fixture f;
    struct gantry_array_params params = named("k26");
    net_init(&f.net, 32);
    int32_t x = net_conv(&f.net, net_input(&f.net, 9, 9, 16), 40, &three);
    x = net_depthwise(&f.net, net_depthwise(&f.net, x, 1, &three), 1, &five);
    net_output(&f.net, net_pool(&f.net, GANTRY_OP_AVERAGE_POOL_2D, x, &map));
    finish_network(&f, &params);
    assert_int_equal(count_insns(f.plan, GANTRY_INSN_WINDOW), 3);
    struct gantry_insn mean = nth(f.plan, GANTRY_INSN_WINDOW, 2);
    assert_int_equal(gantry_insn_get(&mean, GANTRY_WINDOW_TCB), 1);
    assert_int_equal(gantry_insn_get(&mean, GANTRY_WINDOW_PASSES), 17); /* 81 pixels by 5 */
    close_network(&f);
}

/* A MEAN with scales of its own: on the window path by channel blocks where that is there, else
 * tap by tap. */
static void plan__mean_of_a_map_follows_rule_f(void **state)
{
    (void)state;
    static const char *const arrays[] = {"k26", "half", "tiny"};
    static const struct gantry_extent maps[] = {{7, 7, 40}, {1, 9, 3}, {24, 20, 17}, {1, 1, 16}};
    for (size_t a = 0; a < GANTRY_COUNT(arrays); a++)
        for (size_t m = 0; m < GANTRY_COUNT(maps); m++) {
            struct fixture f;
            struct gantry_array_params params = named(arrays[a]);
            net_init(&f.net, 33 + m);
            int32_t x = net_input(&f.net, maps[m].h, maps[m].w, maps[m].c);
            net_output(&f.net, net_mean(&f.net, x, m % 2 == 0));
            finish_network(&f, &params);
            assert_true(f.plan->nodes[0].accelerator);
            if (a == 0 && m == 0) {
                struct gantry_insn mean = nth(f.plan, GANTRY_INSN_WINDOW, 0);
                assert_int_equal(gantry_insn_get(&mean, GANTRY_WINDOW_TCB), 1);
                assert_int_equal(gantry_insn_get(&mean, GANTRY_WINDOW_POOL), 0);
            }
            close_network(&f);
        }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(plan__add_is_fused_into_the_convolution_before_it),
    cmocka_unit_test(plan__add_of_an_output_stands_alone),
    cmocka_unit_test(plan__first_convolution_is_folded),
    cmocka_unit_test(plan__strided_readers_share_planes),
    cmocka_unit_test(plan__readers_of_different_stride_get_a_copy),
    cmocka_unit_test(plan__point_convolution_runs_flat_over_planes),
    cmocka_unit_test(plan__flattened_map_feeds_a_matrix_product_directly),
    cmocka_unit_test(plan__many_outputs_share_semaphores),
    cmocka_unit_test(plan__dead_rows_are_used_again),
    cmocka_unit_test(plan__launch_beyond_the_rows_is_cut),
    cmocka_unit_test(plan__node_beyond_the_rows_runs_in_tiles),
    cmocka_unit_test(plan__tiles_that_a_shared_pitch_adds_are_counted),
    cmocka_unit_test(plan__is_the_same_each_time),
    cmocka_unit_test(plan__cpu_placement_keeps_everything_there),
    cmocka_unit_test(plan__fails_cleanly_without_memory),
    cmocka_unit_test(plan__step_follows_the_rows_of_its_producer),
    cmocka_unit_test(plan__first_step_starts_on_the_first_rows),
    cmocka_unit_test(plan__depthwise_and_mean_take_the_window_path),
    cmocka_unit_test(plan__mean_of_a_map_follows_rule_f),
};
GANTRY_TEST_MAIN("plan", tests)
