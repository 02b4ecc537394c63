/* SPDX-License-Identifier: Apache-2.0
 * What a plan's record says that layers read and write. */
#include "plan/predict.h"
#include "test.h"
#include "test_plan_support.h"

static const struct window three = {3, 3, 1, 1, 1, true, 0}, halve = {3, 3, 2, 2, 1, true, 0};
static const struct gantry_array_params k26 = {4, 16384, 3072, 64, 4, 1};
static const struct gantry_device_info device = {.name = "test", .accelerator = true};

enum { NODES_MAX = 8 };

struct fixture {
    struct net net;
    struct gantry_plan *plan;
    struct gantry_profile profile;
    struct gantry_profile_node nodes[NODES_MAX + 2];
    struct gantry_profile_segment segments[NODES_MAX];
};

static void record(struct fixture *f, int32_t output)
{
    struct gantry_error error = {0};
    net_output(&f->net, output);
    net_check(&f->net);
    assert_true(f->net.graph.node_count <= NODES_MAX);
    f->plan = plan_for(&f->net.graph, &k26, false);
    if (gantry_plan_record(f->plan, &device, &f->profile, f->nodes, f->segments, &error))
        fail_msg("%s", error.message);
}

static void finish(struct fixture *f)
{
    gantry_plan_destroy(f->plan);
    net_finish(&f->net);
}

static void record__loads_in_bands_belong_to_the_layer_that_reads_them(void **state)
{
    (void)state;
    struct fixture f;
    uint32_t loads = 0;
    net_init(&f.net, 31);
    int32_t x = net_conv(&f.net, net_input(&f.net, 128, 128, 3), 16, &halve);
    record(&f, net_conv(&f.net, x, 16, &three));
    for (uint32_t i = 0; i < f.plan->segments[0].insn_count; i++) {
        struct gantry_insn insn = gantry_plan_insn(&f.plan->segments[0], i);
        loads += gantry_insn_get(&insn, GANTRY_COMMON_OPCODE) == GANTRY_INSN_LOAD;
    }
    assert_true(loads > 1);
    assert_int_equal(f.nodes[0].load_bytes, 128 * 128 * 3);
    assert_int_equal(f.nodes[0].input_operand_bytes, 128 * 128 * 3);
    assert_int_equal(f.nodes[0].weight_operand_bytes, 16 * 27 + 16 * 4);
    assert_int_equal(f.nodes[1].load_bytes, 0);
    assert_int_equal(f.nodes[1].input_operand_bytes, 64 * 64 * 16);
    assert_int_equal(f.nodes[1].store_bytes, 64 * 64 * 16);
    assert_int_equal(f.nodes[2].load_bytes, 0); /* @launch */
    finish(&f);
}

static void record__an_operand_of_a_fused_pair_counts_once(void **state)
{
    (void)state;
    struct fixture f;
    net_init(&f.net, 32);
    int32_t x = net_input(&f.net, 8, 8, 16);
    record(&f, net_add(&f.net, net_conv(&f.net, x, 16, &three), x));
    assert_int_equal(f.nodes[1].fused_into, 0);
    assert_int_equal(f.nodes[0].input_operand_bytes, 8 * 8 * 16);
    assert_int_equal(f.nodes[0].load_bytes, 8 * 8 * 16);
    assert_int_equal(f.nodes[1].input_operand_bytes, 0);
    finish(&f);
}

static void record__pools_have_no_weights_of_their_own(void **state)
{
    (void)state;
    static const struct window pair = {2, 2, 2, 2, 1, false, 0};
    struct fixture f;
    net_init(&f.net, 33);
    record(&f, net_pool(&f.net, GANTRY_OP_MAX_POOL_2D, net_input(&f.net, 8, 8, 16), &pair));
    assert_int_equal(f.nodes[0].weight_operand_bytes, 0);
    assert_int_equal(f.nodes[0].input_operand_bytes, 8 * 8 * 16);
    finish(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(record__loads_in_bands_belong_to_the_layer_that_reads_them),
    cmocka_unit_test(record__an_operand_of_a_fused_pair_counts_once),
    cmocka_unit_test(record__pools_have_no_weights_of_their_own),
};

GANTRY_TEST_MAIN("plan_record", tests)
