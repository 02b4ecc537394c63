/* SPDX-License-Identifier: Apache-2.0
 * The JSON of a record: its keys, sums, and what is null. */
#include "report_record.h"

#include <math.h>
#include <string.h>

static void json__has_the_keys_of_the_contract(void **state)
{
    (void)state;
    static const char *const keys[] = {"schema", "model",  "device", "target",
                                       "memory", "totals", "nodes"};
    static const char *const totals_keys[] = {"macs",
                                              "macs_offloaded_percent",
                                              "peak_macs_per_cycle",
                                              "accelerator_cycles",
                                              "predicted_cycles",
                                              "utilization",
                                              "cycles",
                                              "cpu_us",
                                              "predicted_cpu_us",
                                              "launches",
                                              "ddr_read_bytes",
                                              "ddr_write_bytes",
                                              "stalls"};
    static const char *const node_keys[] = {
        "index",       "name",   "op",         "placement",
        "reason",      "macs",   "cycles",     "predicted_cycles",
        "utilization", "cpu_us", "fused_into", "stalls"};
    json_t *root = gantry_report_json(&report_profile, &report_context);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_non_null(json_object_get(root, keys[i]));
    for (size_t i = 0; i < sizeof totals_keys / sizeof *totals_keys; i++)
        assert_non_null(json_object_get(json_object_get(root, "totals"), totals_keys[i]));
    const json_t *list = json_object_get(root, "nodes");
    assert_int_equal(json_array_size(list), REPORT_NODES);
    for (size_t n = 0; n < REPORT_NODES; n++)
        for (size_t i = 0; i < sizeof node_keys / sizeof *node_keys; i++)
            assert_non_null(json_object_get(json_array_get(list, n), node_keys[i]));
    json_decref(root);
}

static void json__node_cycles_sum_to_the_total(void **state)
{
    (void)state;
    json_t *root = gantry_report_json(&report_profile, &report_context);
    const json_t *totals = json_object_get(root, "totals"), *list = json_object_get(root, "nodes");
    json_int_t cycles = 0;
    for (size_t n = 0; n < REPORT_NODES; n++) {
        const json_t *node = json_array_get(list, n), *stalls = json_object_get(node, "stalls");
        const json_t *own = json_object_get(node, "cycles");
        json_int_t sum = 0;
        if (json_is_null(own)) continue;
        for (size_t i = 0; i < GANTRY_PROFILE_STALLS; i++)
            sum += json_integer_value(json_object_get(stalls, gantry_profile_stall_name(i)));
        assert_int_equal(sum, json_integer_value(own));
        cycles += json_integer_value(own);
    }
    assert_int_equal(cycles, json_integer_value(json_object_get(totals, "accelerator_cycles")));
    json_decref(root);
}

static void json__utilization_is_macs_over_cycles_and_peak(void **state)
{
    (void)state;
    json_t *root = gantry_report_json(&report_profile, &report_context);
    const json_t *totals = json_object_get(root, "totals");
    double value = json_real_value(json_object_get(totals, "utilization"));
    assert_true(fabs(value - 0.5) < 1e-9); /* 512000 / (1000 x 1024) */
    const json_t *node = json_array_get(json_object_get(root, "nodes"), 0);
    value = json_real_value(json_object_get(node, "utilization"));
    assert_true(fabs(value - 512000.0 / (900.0 * 1024.0)) < 1e-9);
    json_decref(root);
}

static void json__a_cpu_node_has_a_reason_and_null_cycles(void **state)
{
    (void)state;
    json_t *root = gantry_report_json(&report_profile, &report_context);
    const json_t *node = json_array_get(json_object_get(root, "nodes"), 2);
    assert_true(json_is_null(json_object_get(node, "cycles")));
    assert_string_equal(json_string_value(json_object_get(node, "placement")), "cpu");
    const json_t *reason = json_object_get(node, "reason");
    assert_string_equal(json_string_value(json_object_get(reason, "code")), "operator");
    assert_int_equal(json_integer_value(json_object_get(reason, "limit")), 3);
    assert_int_equal(json_integer_value(json_object_get(reason, "value")), 4);
    node = json_array_get(json_object_get(root, "nodes"), 1);
    assert_int_equal(json_integer_value(json_object_get(node, "fused_into")), 0);
    assert_int_equal(json_integer_value(json_object_get(node, "cycles")), 0);
    json_decref(root);
}

static void json__unknown_cycles_are_null(void **state)
{
    (void)state;
    report_profile.has_cycles = false;
    json_t *root = gantry_report_json(&report_profile, &report_context);
    const json_t *totals = json_object_get(root, "totals");
    assert_true(json_is_null(json_object_get(totals, "accelerator_cycles")));
    assert_true(json_is_null(json_object_get(totals, "utilization")));
    assert_true(json_is_null(json_object_get(totals, "stalls")));
    const json_t *node = json_array_get(json_object_get(root, "nodes"), 0);
    assert_true(json_is_null(json_object_get(node, "cycles")));
    json_decref(root);
}

static void json__a_name_that_is_no_utf8_stays_a_string(void **state)
{
    (void)state;
    report_nodes[0].name = "caf\xe9";
    json_t *root = gantry_report_json(&report_profile, &report_context);
    const json_t *node = json_array_get(json_object_get(root, "nodes"), 0);
    assert_string_equal(json_string_value(json_object_get(node, "name")), "caf?");
    json_decref(root);
}

static void json__times_of_a_device_stand_in_for_cycles(void **state)
{
    (void)state;
    report_make_timed();
    json_t *root = gantry_report_json(&report_profile, &report_context);
    const json_t *totals = json_object_get(root, "totals");
    assert_true(json_is_null(json_object_get(totals, "accelerator_cycles")));
    assert_true(fabs(json_number_value(json_object_get(totals, "device_us")) - 5.0) < 1e-9);
    const json_t *node = json_array_get(json_object_get(root, "nodes"), 0);
    assert_true(fabs(json_number_value(json_object_get(node, "device_us")) - 4.2) < 1e-9);
    assert_true(fabs(json_number_value(json_object_get(node, "time_us")) - 4.2) < 1e-9);
    node = json_array_get(json_object_get(root, "nodes"), 2); /* on the CPU */
    assert_true(json_is_null(json_object_get(node, "device_us")));
    const json_t *event = json_array_get(json_object_get(root, "events"), 0);
    assert_true(json_is_null(json_object_get(event, "to_cycle")));
    double us = json_number_value(json_object_get(event, "to_us"));
    assert_true(fabs(us - (double)report_profile.events[0].to_cycle / 1000.0) < 1e-9);
    json_decref(root);
    const char *text = report_text(gantry_report_table);
    assert_non_null(strstr(text, "4.2 us"));
    assert_non_null(strstr(text, "5.0 us measured on it"));
}

static void json__has_predictions_bytes_and_both_sides(void **state)
{
    (void)state;
    json_t *root = gantry_report_json(&report_profile, &report_context);
    const json_t *node = json_array_get(json_object_get(root, "nodes"), 0);
    assert_int_equal(json_integer_value(json_object_get(node, "predicted_cycles")), 810);
    assert_true(fabs(json_real_value(json_object_get(node, "error_percent")) + 10.0) < 1e-9);
    assert_true(fabs(json_real_value(json_object_get(node, "intensity")) - 500.0) < 1e-9);
    assert_string_equal(json_string_value(json_object_get(node, "bound")), "array");
    const json_t *other = json_object_get(node, "other_side");
    assert_true(json_is_null(json_object_get(other, "predicted_cycles")));
    assert_true(fabs(json_real_value(json_object_get(other, "cpu_us")) - 77.0) < 1e-9);
    node = json_array_get(json_object_get(root, "nodes"), 2);
    other = json_object_get(node, "other_side");
    assert_int_equal(json_integer_value(json_object_get(other, "predicted_cycles")), 321);
    assert_true(json_is_null(json_object_get(node, "predicted_cycles")));
    json_decref(root);
}

static void json__total_cycles_include_cpu_layers_at_the_clock(void **state)
{
    (void)state;
    json_t *root = gantry_report_json(&report_profile, &report_context);
    const json_t *totals = json_object_get(root, "totals");
    assert_true(fabs(json_real_value(json_object_get(totals, "modelled_us")) - 5.0) < 1e-9);
    /* 2500 ns at 300 MHz are 750 cycles */
    assert_int_equal(json_integer_value(json_object_get(totals, "cycles")), 1750);
    json_decref(root);
    report_nodes[2].cpu_estimate_ns = 10000;
    root = gantry_report_json(&report_profile, &report_context);
    totals = json_object_get(root, "totals");
    assert_int_equal(json_integer_value(json_object_get(totals, "cycles")), 4000);
    assert_true(fabs(json_real_value(json_object_get(totals, "predicted_cpu_us")) - 10.0) < 1e-9);
    json_decref(root);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(json__has_the_keys_of_the_contract, report_setup),
    cmocka_unit_test_setup(json__node_cycles_sum_to_the_total, report_setup),
    cmocka_unit_test_setup(json__utilization_is_macs_over_cycles_and_peak, report_setup),
    cmocka_unit_test_setup(json__a_cpu_node_has_a_reason_and_null_cycles, report_setup),
    cmocka_unit_test_setup(json__unknown_cycles_are_null, report_setup),
    cmocka_unit_test_setup(json__a_name_that_is_no_utf8_stays_a_string, report_setup),
    cmocka_unit_test_setup(json__times_of_a_device_stand_in_for_cycles, report_setup),
    cmocka_unit_test_setup(json__has_predictions_bytes_and_both_sides, report_setup),
    cmocka_unit_test_setup(json__total_cycles_include_cpu_layers_at_the_clock, report_setup),
};

GANTRY_TEST_MAIN("report_json", tests)
