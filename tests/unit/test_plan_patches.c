/* SPDX-License-Identifier: Apache-2.0
 * Inputs that the host packs, and loads of long rows: when, and that results stay. */
#include "test_plan_support.h"

#include <string.h>

#include "random.h"
#include "test.h"

static const struct window spectrum = {10, 4, 2, 2, 1, true, 0};
static const struct window three = {3, 3, 1, 1, 1, true, 0};

struct fixture {
    struct net net;
    struct graph_run values;
    struct gantry_plan *plan;
    int32_t input;
};

static void open_network(struct fixture *f, uint64_t seed, int32_t h, int32_t w, int32_t c)
{
    net_init(&f->net, seed);
    f->input = net_input(&f->net, h, w, c);
}

static void finish_network(struct fixture *f, const char *array, bool observe)
{
    struct gantry_array_params params;
    assert_true(gantry_array_params_named(array, &params));
    net_check(&f->net);
    net_reference(&f->values, &f->net.graph, 3);
    f->plan = plan_for(&f->net.graph, &params, observe);
    plan_run_and_compare(f->plan, &f->values, 1, 1, true);
}

static void close_network(struct fixture *f)
{
    gantry_plan_destroy(f->plan);
    graph_run_finish(&f->values);
    net_finish(&f->net);
}

static const struct gantry_plan_tensor *home_of(const struct fixture *f)
{
    return &f->plan->tensors[f->input];
}

static struct gantry_insn first_of(const struct gantry_plan *plan, int32_t opcode)
{
    struct gantry_insn insn = {0};
    for (uint32_t i = 0; i < plan->segments[0].insn_count; i++) {
        gantry_insn_from_bytes(&insn, plan->segments[0].program + i * GANTRY_INSN_BYTES);
        if (gantry_insn_get(&insn, GANTRY_COMMON_OPCODE) == opcode) return insn;
    }
    fail_msg("no instruction %d", opcode);
    return insn;
}

/* A kernel of 40 taps on one channel takes less than a step for each of its rows. */
static void patches__are_made_of_an_input_of_one_channel(void **state)
{
    (void)state;
    struct fixture f;
    open_network(&f, 1, 49, 10, 1);
    net_output(&f.net, net_conv(&f.net, f.input, 64, &spectrum));
    finish_network(&f, "k26", false);
    const struct gantry_plan_tensor *home = home_of(&f);
    assert_true(home->patches.rows >= 2);
    assert_int_equal(home->patches.columns, 4);
    assert_int_equal(home->extent.c, home->patches.rows * home->patches.columns);
    assert_true((size_t)home->extent.h * (size_t)home->extent.w * (size_t)home->extent.c <=
                f.plan->input_bytes);
    struct gantry_insn conv = first_of(f.plan, GANTRY_INSN_CONV);
    assert_int_equal(gantry_insn_get(&conv, GANTRY_CONV_KW), 1);
    assert_true(gantry_insn_get(&conv, GANTRY_CONV_KH) <= 5);
    assert_int_equal(gantry_insn_get(&conv, GANTRY_CONV_IN_SY), 0);
    close_network(&f);
}

static void patches__are_loaded_in_one_row_for_each_port(void **state)
{
    (void)state;
    struct fixture f;
    open_network(&f, 2, 49, 10, 1);
    net_output(&f.net, net_conv(&f.net, f.input, 64, &spectrum));
    finish_network(&f, "k26", false);
    struct gantry_insn load = first_of(f.plan, GANTRY_INSN_LOAD);
    assert_int_equal(gantry_insn_get(&load, GANTRY_LOAD_ROWS), f.plan->params.ports);
    assert_int_equal(gantry_insn_get(&load, GANTRY_LOAD_PIXELS) * f.plan->params.ports,
                     home_of(&f)->extent.h * home_of(&f)->extent.w);
    close_network(&f);
}

static void patches__are_not_made_for_two_readers(void **state)
{
    (void)state;
    struct fixture f;
    open_network(&f, 3, 49, 10, 1);
    net_output(&f.net, net_conv(&f.net, f.input, 64, &spectrum));
    net_output(&f.net, net_conv(&f.net, f.input, 16, &three));
    finish_network(&f, "k26", false);
    assert_int_equal(home_of(&f)->patches.rows, 0);
    close_network(&f);
}

static void patches__are_not_made_for_the_cpu_or_observed_tensors(void **state)
{
    (void)state;
    for (int cpu = 0; cpu < 2; cpu++) {
        struct fixture f;
        open_network(&f, 4, 49, 10, 1);
        net_output(&f.net, net_conv(&f.net, f.input, 64, &spectrum));
        struct gantry_array_params params = {0};
        assert_true(cpu || gantry_array_params_named("k26", &params));
        net_check(&f.net);
        net_reference(&f.values, &f.net.graph, 3);
        f.plan = plan_for(&f.net.graph, &params, !cpu);
        plan_run_and_compare(f.plan, &f.values, 1, 1, true);
        assert_int_equal(home_of(&f)->patches.rows, 0);
        close_network(&f);
    }
}

/* The picture is large and its kernel small: the host's copies would last longer than they save. */
static void patches__are_not_made_where_the_host_would_work_longer(void **state)
{
    (void)state;
    static const struct window halve = {3, 3, 2, 2, 1, true, 0};
    struct fixture f;
    open_network(&f, 5, 96, 96, 3);
    net_output(&f.net, net_conv(&f.net, f.input, 8, &halve));
    finish_network(&f, "k26", false);
    assert_int_equal(home_of(&f)->patches.rows, 0);
    close_network(&f);
}

/* Byte by byte, against the definition. */
static void patches__hold_the_pixels_that_they_name(void **state)
{
    (void)state;
    uint64_t random = 6;
    int8_t image[12 * 11 * 3], packed[4096];
    for (int trial = 0; trial < 300; trial++) {
        struct gantry_extent e = {random_in(&random, 1, 12), random_in(&random, 1, 11),
                                  random_in(&random, 1, 3)};
        struct gantry_plan_tensor home = {
            .patches = {random_in(&random, 1, 4), random_in(&random, 1, 4),
                        random_in(&random, 1, 3), random_in(&random, 1, 3),
                        random_in(&random, 0, 5), random_in(&random, 0, 5)}};
        const struct gantry_patches *p = &home.patches;
        home.extent = (struct gantry_extent){random_in(&random, 1, 8), random_in(&random, 1, 8),
                                             p->rows * p->columns * e.c};
        for (size_t i = 0; i < sizeof image; i++) image[i] = (int8_t)random_in(&random, -128, 127);
        memset(packed, 0, sizeof packed);
        gantry_patches_pack(&home, &e, -7, image, packed);
        for (int32_t i = 0; i < home.extent.h * home.extent.w * home.extent.c; i++) {
            int32_t c = i % home.extent.c, pixel = i / home.extent.c;
            int32_t y = pixel / home.extent.w * p->step_h - p->top + c / e.c / p->columns;
            int32_t x = pixel % home.extent.w * p->step_w - p->left + c / e.c % p->columns;
            bool inside = y >= 0 && y < e.h && x >= 0 && x < e.w;
            int8_t wanted = inside ? image[(y * e.w + x) * e.c + c % e.c] : -7;
            assert_int_equal(packed[i], wanted);
        }
    }
}

static void patches__of_random_windows_equal_the_kernels(void **state)
{
    (void)state;
    static const char *const arrays[] = {"k26", "half", "tiny", "unit4"};
    uint64_t random = 7;
    int packed = 0, both = 0;
    for (int trial = 0; trial < 200; trial++) {
        struct fixture f;
        open_network(&f, (uint64_t)trial, random_in(&random, 6, 24), random_in(&random, 6, 20),
                     random_in(&random, 1, 2));
        struct window w = {random_in(&random, 2, 6),
                           random_in(&random, 2, 6),
                           random_in(&random, 1, 2),
                           random_in(&random, 1, 2),
                           1,
                           random_one_in(&random, 2),
                           0};
        f.net.wide_weights = random_one_in(&random, 4);
        int32_t x = net_conv(&f.net, f.input, random_in(&random, 65, 200), &w);
        net_output(&f.net, net_conv(&f.net, x, 9, &three));
        finish_network(&f, arrays[random_in(&random, 0, 3)], false);
        const struct gantry_patches *patches = &home_of(&f)->patches;
        packed += patches->rows > 0;
        both += patches->rows > 1 && patches->columns > 1;
        close_network(&f);
    }
    print_message("%d of 200 inputs packed, %d of them in both directions\n", packed, both);
    assert_true(packed >= 50 && both >= 20);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(patches__are_made_of_an_input_of_one_channel),
    cmocka_unit_test(patches__are_loaded_in_one_row_for_each_port),
    cmocka_unit_test(patches__are_not_made_for_two_readers),
    cmocka_unit_test(patches__are_not_made_for_the_cpu_or_observed_tensors),
    cmocka_unit_test(patches__are_not_made_where_the_host_would_work_longer),
    cmocka_unit_test(patches__hold_the_pixels_that_they_name),
    cmocka_unit_test(patches__of_random_windows_equal_the_kernels),
};
GANTRY_TEST_MAIN("plan_patches", tests)
