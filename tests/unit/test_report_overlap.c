/* SPDX-License-Identifier: Apache-2.0
 * Which engines were at work together, and how often operands were loaded. */
#include "report_record.h"

#include <math.h>
#include <string.h>

/* LOAD 10..99, COMPUTE 70..499 and 500..939, STORE 950..990, in 1000 cycles. */
static void overlap__every_cycle_is_in_one_combination(void **state)
{
    (void)state;
    uint64_t cycles[GANTRY_ENGINES_COMBINATIONS], sum = 0;
    assert_true(gantry_report_overlap(&report_profile, cycles));
    assert_int_equal(cycles[GANTRY_ENGINES_LOAD], 60);
    assert_int_equal(cycles[GANTRY_ENGINES_LOAD | GANTRY_ENGINES_COMPUTE], 30);
    assert_int_equal(cycles[GANTRY_ENGINES_COMPUTE], 840);
    assert_int_equal(cycles[GANTRY_ENGINES_STORE], 41);
    for (size_t i = 0; i < GANTRY_ENGINES_COMBINATIONS; i++) sum += cycles[i];
    assert_int_equal(sum, report_profile.accelerator_cycles);
    assert_string_equal(gantry_report_engines_name(3), "load+compute");
}

/* Two launches have a time of their own each; instructions of one engine may overlap. */
static void overlap__launches_and_neighbours_are_told_apart(void **state)
{
    (void)state;
    static const struct gantry_profile_event events[] = {
        {.engine = GANTRY_ENGINE_LOAD, .from_cycle = 0, .work_cycle = 0, .to_cycle = 9},
        {.engine = GANTRY_ENGINE_LOAD, .from_cycle = 5, .work_cycle = 5, .to_cycle = 14},
        {.engine = GANTRY_ENGINE_STORE, .from_cycle = 5, .work_cycle = 5, .to_cycle = 6},
        {.engine = GANTRY_ENGINE_COMPUTE, .segment = 1, .work_cycle = 0, .to_cycle = 9},
    };
    uint64_t cycles[GANTRY_ENGINES_COMBINATIONS];
    report_profile.events = events;
    report_profile.event_count = 4;
    assert_true(gantry_report_overlap(&report_profile, cycles));
    assert_int_equal(cycles[GANTRY_ENGINES_LOAD], 13);
    assert_int_equal(cycles[GANTRY_ENGINES_LOAD | GANTRY_ENGINES_STORE], 2);
    assert_int_equal(cycles[GANTRY_ENGINES_COMPUTE], 10);
    assert_int_equal(cycles[0], 975);
}

static void overlap__is_unknown_without_a_whole_trace(void **state)
{
    (void)state;
    uint64_t cycles[GANTRY_ENGINES_COMBINATIONS];
    report_profile.accelerator_cycles = 900; /* fewer than the trace has */
    assert_false(gantry_report_overlap(&report_profile, cycles));
    report_profile.accelerator_cycles = 1000;
    report_profile.trace_lost = true;
    assert_false(gantry_report_overlap(&report_profile, cycles));
    json_t *root = gantry_report_json(&report_profile, &report_context);
    assert_true(json_is_null(json_object_get(json_object_get(root, "totals"), "overlap")));
    json_decref(root);
    report_profile.trace_lost = false;
    report_profile.event_count = 0;
    assert_false(gantry_report_overlap(&report_profile, cycles));
}

static void overlap__is_in_json_and_table(void **state)
{
    (void)state;
    json_t *root = gantry_report_json(&report_profile, &report_context);
    const json_t *overlap = json_object_get(json_object_get(root, "totals"), "overlap");
    assert_int_equal(json_integer_value(json_object_get(overlap, "load+compute")), 30);
    assert_int_equal(json_integer_value(json_object_get(overlap, "none")), 29);
    json_decref(root);
    const char *text = report_text(gantry_report_table);
    assert_non_null(strstr(text, "engines at work in the same cycles"));
    assert_non_null(strstr(text, "load+compute"));
    assert_null(strstr(text, "load+store"));
}

static void loads__are_bytes_read_for_each_of_the_operands(void **state)
{
    (void)state;
    assert_true(fabs(gantry_report_weight_loads(&report_nodes[0]) - 1.25) < 1e-9);
    assert_true(fabs(gantry_report_input_loads(&report_nodes[0]) - 1.5) < 1e-9);
    assert_true(gantry_report_weight_loads(&report_nodes[2]) < 0); /* on the CPU */
    assert_true(gantry_report_weight_loads(&report_nodes[3]) < 0); /* has none */
    report_nodes[0].load_bytes = 0;
    assert_true(fabs(gantry_report_input_loads(&report_nodes[0])) < 1e-9);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(overlap__every_cycle_is_in_one_combination, report_setup),
    cmocka_unit_test_setup(overlap__launches_and_neighbours_are_told_apart, report_setup),
    cmocka_unit_test_setup(overlap__is_unknown_without_a_whole_trace, report_setup),
    cmocka_unit_test_setup(overlap__is_in_json_and_table, report_setup),
    cmocka_unit_test_setup(loads__are_bytes_read_for_each_of_the_operands, report_setup),
};

GANTRY_TEST_MAIN("report_overlap", tests)
