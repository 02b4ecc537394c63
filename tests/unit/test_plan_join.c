/* SPDX-License-Identifier: Apache-2.0
 * CONCATENATION on the accelerator: parts in their places, and what is copied where they cannot
 * be. */
#include "test_plan_support.h"

#include "test.h"

static const struct window point = {1, 1, 1, 1, 1, true, 0};
static const struct window three = {3, 3, 1, 1, 1, true, 0};
static const struct window halve = {3, 3, 2, 2, 1, true, 0};

enum { INFERENCES = 3 };
struct fixture {
    struct net net;
    struct gantry_array_params params;
    struct graph_run values[INFERENCES];
    struct gantry_plan *plan;
};

static void open_network(struct fixture *f)
{
    assert_true(gantry_array_params_named("half", &f->params));
    net_init(&f->net, 1);
    f->net.one_scale = true;
}

/* Plans, runs, compares. */
static void finish_network(struct fixture *f)
{
    net_check(&f->net);
    for (uint64_t i = 0; i < INFERENCES; i++) net_reference(&f->values[i], &f->net.graph, 3 + i);
    f->plan = plan_for(&f->net.graph, &f->params, false);
    plan_run_and_compare(f->plan, f->values, INFERENCES, 1, true);
}

static void close_network(struct fixture *f)
{
    gantry_plan_destroy(f->plan);
    for (int32_t i = 0; i < INFERENCES; i++) graph_run_finish(&f->values[i]);
    net_finish(&f->net);
}

/* The k-th instruction of an opcode; false beyond them. */
static bool find(const struct fixture *f, int32_t opcode, int32_t k, struct gantry_insn *insn)
{
    for (int32_t s = 0; s < f->plan->segment_count; s++)
        for (uint32_t i = 0; i < f->plan->segments[s].insn_count; i++) {
            *insn = gantry_plan_insn(&f->plan->segments[s], i);
            if (gantry_insn_get(insn, GANTRY_COMMON_OPCODE) == opcode && k-- == 0) return true;
        }
    return false;
}

static int64_t field(const struct fixture *f, int32_t opcode, int32_t k,
                     enum gantry_operand operand)
{
    struct gantry_insn insn;
    assert_true(find(f, opcode, k, &insn));
    return gantry_insn_get(&insn, operand);
}

static void expect_counts(const struct fixture *f, int32_t loads, int32_t convs, int32_t stores)
{
    const int32_t wanted[][2] = {
        {GANTRY_INSN_LOAD, loads}, {GANTRY_INSN_CONV, convs}, {GANTRY_INSN_STORE, stores}};
    for (size_t i = 0; i < GANTRY_COUNT(wanted); i++) {
        int32_t count = 0;
        struct gantry_insn insn;
        while (find(f, wanted[i][0], count, &insn)) count++;
        assert_int_equal(count, wanted[i][1]);
    }
}

/* What the record says of a CONCATENATION: so many bytes are copied. */
static void expect_copied(const struct fixture *f, int32_t node, int64_t bytes)
{
    const struct gantry_reason *reason = &f->plan->nodes[node].reason;
    assert_true(f->plan->nodes[node].accelerator);
    assert_string_equal(reason->code, bytes > 0 ? "copied" : "placed");
    assert_int_equal(reason->value, bytes);
}

static void join__channels_are_written_to_their_blocks(void **state)
{
    (void)state;
    struct fixture f;
    open_network(&f);
    int32_t x = net_conv(&f.net, net_input(&f.net, 6, 5, 20), 16, &point);
    int32_t a = net_conv(&f.net, x, 32, &three), b = net_conv(&f.net, x, 24, &point);
    int32_t y = net_concat(&f.net, (int32_t[]){a, b}, 2, 3);
    net_output(&f.net, net_conv(&f.net, y, 8, &three));
    finish_network(&f);
    expect_counts(&f, 1, 4, 1);
    expect_copied(&f, 3, 0);
    assert_int_equal(f.plan->tensors[y].home, GANTRY_HOME_NONE);
    int64_t base = field(&f, GANTRY_INSN_CONV, 1, GANTRY_CONV_OUT_BASE);
    assert_int_equal(field(&f, GANTRY_INSN_CONV, 2, GANTRY_CONV_OUT_BASE), base + 2);
    assert_int_equal(field(&f, GANTRY_INSN_CONV, 2, GANTRY_CONV_OUT_CB), 4);
    assert_int_equal(field(&f, GANTRY_INSN_CONV, 3, GANTRY_CONV_IN_BASE), base);
    assert_int_equal(field(&f, GANTRY_INSN_CONV, 3, GANTRY_CONV_WALK_CB), 4);
    close_network(&f);
}

/* 5 channels leave a gap behind them: weights of 0 for a convolution, a copy for the others. */
static void join__gaps_meet_zeros_or_are_closed(void **state)
{
    (void)state;
    for (int32_t copies = 0; copies < 2; copies++) {
        struct fixture f;
        open_network(&f);
        int32_t x = net_conv(&f.net, net_input(&f.net, 6, 5, 20), 16, &point);
        int32_t a = net_conv(&f.net, x, 5, &three), b = net_conv(&f.net, x, 20, &point);
        int32_t y = net_concat(&f.net, (int32_t[]){a, b}, 2, 3);
        net_output(&f.net, net_conv(&f.net, y, 8, &halve));
        if (copies) net_output(&f.net, net_depthwise(&f.net, y, 1, &halve));
        if (copies) net_output(&f.net, net_add(&f.net, y, net_conv(&f.net, y, 25, &point)));
        finish_network(&f);
        expect_copied(&f, 3, copies * (6 * 5 * 25)); /* planes, which the ADD reads too */
        if (!copies) expect_counts(&f, 1, 4, 1);
        if (!copies) assert_int_equal(field(&f, GANTRY_INSN_CONV, 3, GANTRY_CONV_WALK_CB), 3);
        assert_true(f.plan->segment_count == 1);
        close_network(&f);
    }
}

/* Memory has no gaps: one more step. */
static void join__what_leaves_the_chip_has_no_gaps(void **state)
{
    (void)state;
    for (int32_t channels = 8; channels <= 16; channels += 8) {
        struct fixture f;
        open_network(&f);
        int32_t x = net_input(&f.net, 6, 5, 20);
        int32_t a = net_conv(&f.net, x, channels, &three), b = net_conv(&f.net, x, 20, &point);
        net_output(&f.net, net_concat(&f.net, (int32_t[]){a, b}, 2, 3));
        finish_network(&f);
        expect_counts(&f, 1, channels == 8 ? 3 : 2, 1);
        close_network(&f);
    }
}

static void join__rows_begin_in_bank_0(void **state)
{
    (void)state;
    struct fixture f;
    open_network(&f);
    int32_t x = net_input(&f.net, 7, 6, 20);
    int32_t a = net_conv(&f.net, x, 24, &three), b = net_conv(&f.net, x, 24, &point);
    int32_t y = net_concat(&f.net, (int32_t[]){a, b}, 2, 1);
    net_output(&f.net, net_conv(&f.net, y, 8, &three));
    finish_network(&f);
    expect_counts(&f, 1, 3, 1);
    int64_t base = field(&f, GANTRY_INSN_CONV, 0, GANTRY_CONV_OUT_BASE);
    int64_t pitch = field(&f, GANTRY_INSN_CONV, 0, GANTRY_CONV_OUT_PITCH);
    assert_int_equal(7 * pitch % 4, 0);
    assert_int_equal(field(&f, GANTRY_INSN_CONV, 1, GANTRY_CONV_OUT_BASE),
                     base + 7 * pitch / 4 * 2);
    assert_int_equal(field(&f, GANTRY_INSN_CONV, 2, GANTRY_CONV_IN_H), 14);
    close_network(&f);
}

/* Parts with readers of their own, wholes that are parts, parts that are read twice. */
static void join__wholes_are_parts_of_wholes(void **state)
{
    (void)state;
    struct fixture f;
    open_network(&f);
    int32_t x = net_conv(&f.net, net_input(&f.net, 6, 5, 20), 16, &point);
    int32_t y = x;
    for (int32_t i = 0; i < 3; i++)
        y = net_concat(&f.net, (int32_t[]){y, net_conv(&f.net, y, 16, &three)}, 2, 3);
    net_output(&f.net, net_conv(&f.net, y, 8, &three));
    finish_network(&f);
    expect_counts(&f, 1, 5, 1);
    int64_t base = field(&f, GANTRY_INSN_CONV, 0, GANTRY_CONV_OUT_BASE);
    for (int32_t k = 0; k < 4; k++) {
        assert_int_equal(field(&f, GANTRY_INSN_CONV, k, GANTRY_CONV_OUT_BASE), base + k);
        assert_int_equal(field(&f, GANTRY_INSN_CONV, k, GANTRY_CONV_OUT_CB), 4);
    }
    close_network(&f);
}

static void join__second_places_are_copies(void **state)
{
    (void)state;
    struct fixture f;
    open_network(&f);
    int32_t a = net_conv(&f.net, net_input(&f.net, 6, 5, 20), 16, &point);
    int32_t y = net_concat(&f.net, (int32_t[]){a, a}, 2, 3);
    net_output(&f.net, net_conv(&f.net, y, 8, &three));
    net_output(&f.net, a);
    finish_network(&f);
    expect_counts(&f, 1, 3, 2);
    int32_t mine = 0; /* of the CONCATENATION is the copy */
    for (uint32_t i = 0; i < f.plan->segments[0].insn_count; i++)
        mine += f.plan->segments[0].insn_node[i] == 1;
    assert_int_equal(mine, 1);
    expect_copied(&f, 1, 6 * 5 * 16);
    close_network(&f);
}

static void join__parts_from_memory_are_loaded_to_their_blocks(void **state)
{
    (void)state;
    struct fixture f;
    open_network(&f);
    int32_t x = net_input(&f.net, 6, 5, 16), z = net_input(&f.net, 6, 5, 20);
    int32_t y = net_concat(&f.net, (int32_t[]){net_conv(&f.net, x, 32, &three), x, z}, 3, 3);
    net_output(&f.net, net_conv(&f.net, y, 8, &three));
    net_output(&f.net, y);
    finish_network(&f);
    expect_counts(&f, 3, 2, 2);
    expect_copied(&f, 1, 0);
    int64_t base = field(&f, GANTRY_INSN_CONV, 0, GANTRY_CONV_OUT_BASE);
    assert_int_equal(field(&f, GANTRY_INSN_LOAD, 1, GANTRY_LOAD_BASE), base + 2);
    assert_int_equal(field(&f, GANTRY_INSN_LOAD, 2, GANTRY_LOAD_BASE), base + 3);
    assert_int_equal(field(&f, GANTRY_INSN_LOAD, 2, GANTRY_LOAD_WORDS), 2);
    assert_int_equal(field(&f, GANTRY_INSN_LOAD, 2, GANTRY_LOAD_CB), 5);
    close_network(&f);
}

static void join__bands_load_the_rows_of_all_parts(void **state)
{
    (void)state;
    struct fixture f;
    open_network(&f);
    int32_t a = net_input(&f.net, 40, 40, 64), b = net_input(&f.net, 40, 40, 64);
    int32_t y = net_concat(&f.net, (int32_t[]){a, b}, 2, 3);
    net_output(&f.net, net_conv(&f.net, y, 32, &three));
    finish_network(&f);
    struct gantry_insn insn;
    int32_t bands = 0;
    while (find(&f, GANTRY_INSN_CONV, bands, &insn)) bands++;
    assert_true(bands > 1);
    expect_counts(&f, 2 * bands, bands, 1);
    close_network(&f);
}

static void join__strided_readers_share_planes(void **state)
{
    (void)state;
    struct fixture f;
    open_network(&f);
    int32_t x = net_input(&f.net, 8, 8, 16);
    int32_t a = net_conv(&f.net, x, 16, &three), b = net_conv(&f.net, x, 32, &three);
    int32_t y = net_concat(&f.net, (int32_t[]){a, b}, 2, 3);
    net_output(&f.net, net_conv(&f.net, y, 8, &halve));
    net_output(&f.net, net_depthwise(&f.net, b, 1, &halve));
    finish_network(&f);
    expect_counts(&f, 1, 4, 2);
    assert_int_equal(field(&f, GANTRY_INSN_CONV, 1, GANTRY_CONV_OUT_SY), 1);
    close_network(&f);
}

static void join__without_neighbours_is_the_cpus(void **state)
{
    (void)state;
    struct fixture f;
    open_network(&f);
    int32_t a = net_input(&f.net, 6, 5, 16), b = net_input(&f.net, 6, 5, 16);
    net_output(&f.net, net_concat(&f.net, (int32_t[]){a, b}, 2, 3));
    finish_network(&f);
    assert_false(f.plan->nodes[0].accelerator);
    assert_string_equal(f.plan->nodes[0].reason.code, "concat-alone");
    close_network(&f);
}

/* ---- On the CPU: parts of the whole's memory ---- */

/* Whether the plan has a part in the whole, so many bytes behind its beginning. */
static bool lies(const struct fixture *f, int32_t part, int32_t whole, uint32_t at, int32_t stride)
{
    const struct gantry_plan_tensor *x = &f->plan->tensors[part], *y = &f->plan->tensors[whole];
    return x->home == y->home && x->offset == y->offset + at && x->pixel_stride == stride;
}

static void home__channels_are_slices_of_the_wholes_pixels(void **state)
{
    (void)state;
    struct fixture f;
    open_network(&f);
    f.params = (struct gantry_array_params){0};
    int32_t x = net_input(&f.net, 6, 5, 7);
    int32_t a = net_conv(&f.net, x, 3, &three), b = net_conv(&f.net, a, 10, &point);
    int32_t y = net_concat(&f.net, (int32_t[]){a, b}, 2, 3);
    int32_t c = net_conv(&f.net, y, 9, &three);
    int32_t z = net_concat(&f.net, (int32_t[]){c, y, y}, 3, 3);
    net_output(&f.net, z);
    finish_network(&f);
    assert_true(lies(&f, c, z, 0, 35) && lies(&f, y, z, 9, 35));
    assert_true(lies(&f, a, z, 9, 35) && lies(&f, b, z, 9 + 3, 35));
    close_network(&f);
}

static void home__rows_are_runs_of_the_wholes_bytes(void **state)
{
    (void)state;
    struct fixture f;
    open_network(&f);
    int32_t x = net_input(&f.net, 6, 5, 7);
    /* The accelerator stores 16 channels without gaps; 5 are copied when they are reshaped. */
    int32_t a = net_conv(&f.net, x, 16, &three), b = net_conv(&f.net, x, 5, &three);
    int32_t c = net_flatten(&f.net, a), d = net_flatten(&f.net, b);
    f.net.one_scale = false;
    int32_t y = net_concat(&f.net, (int32_t[]){c, d}, 2, 1);
    net_output(&f.net, net_softmax(&f.net, y));
    finish_network(&f);
    assert_true(f.plan->nodes[0].accelerator && !f.plan->nodes[4].accelerator);
    assert_true(lies(&f, a, y, 0, 16));
    assert_int_equal(f.plan->tensors[d].offset, f.plan->tensors[y].offset + 6 * 5 * 16);
    close_network(&f);
}

/* An output has memory of its own, an input lies where the caller's goes. */
static void home__interfaces_stay_where_they_are(void **state)
{
    (void)state;
    struct fixture f;
    open_network(&f);
    f.params = (struct gantry_array_params){0};
    int32_t x = net_input(&f.net, 6, 5, 7), a = net_conv(&f.net, x, 3, &three);
    int32_t y = net_concat(&f.net, (int32_t[]){x, a}, 2, 3);
    net_output(&f.net, net_conv(&f.net, y, 9, &three));
    net_output(&f.net, a);
    finish_network(&f);
    assert_int_equal(f.plan->tensors[x].home, GANTRY_HOME_INPUT);
    assert_int_equal(f.plan->tensors[a].home, GANTRY_HOME_OUTPUT);
    assert_int_equal(f.plan->tensors[y].home, GANTRY_HOME_ARENA);
    close_network(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(join__channels_are_written_to_their_blocks),
    cmocka_unit_test(join__gaps_meet_zeros_or_are_closed),
    cmocka_unit_test(join__what_leaves_the_chip_has_no_gaps),
    cmocka_unit_test(join__rows_begin_in_bank_0),
    cmocka_unit_test(join__wholes_are_parts_of_wholes),
    cmocka_unit_test(join__second_places_are_copies),
    cmocka_unit_test(join__parts_from_memory_are_loaded_to_their_blocks),
    cmocka_unit_test(join__bands_load_the_rows_of_all_parts),
    cmocka_unit_test(join__strided_readers_share_planes),
    cmocka_unit_test(join__without_neighbours_is_the_cpus),
    cmocka_unit_test(home__channels_are_slices_of_the_wholes_pixels),
    cmocka_unit_test(home__rows_are_runs_of_the_wholes_bytes),
    cmocka_unit_test(home__interfaces_stay_where_they_are),
};
GANTRY_TEST_MAIN("plan_join", tests)
