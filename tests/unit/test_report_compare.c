/* SPDX-License-Identifier: Apache-2.0
 * Two records compared. */
#include "report_record.h"

#include <math.h>
#include <string.h>

static const json_t *layer_row(const json_t *comparison, const char *name)
{
    const json_t *rows = json_object_get(comparison, "layers");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0) return row;
    }
    fail_msg("no row %s", name);
    return NULL;
}

static const char *verdict_of(const json_t *comparison, const char *name)
{
    return json_string_value(json_object_get(layer_row(comparison, name), "verdict"));
}

static void compare__names_what_became_faster_slower_new_and_gone(void **state)
{
    (void)state;
    struct gantry_error error = {0};
    json_t *older = gantry_report_json(&report_profile, &report_context);
    report_nodes[0].cycles = 899;
    report_nodes[1].name = "sum";
    report_nodes[3].cycles = 41;
    report_nodes[2].cpu_ns = 2550; /* within the noise of times */
    json_t *newer = gantry_report_json(&report_profile, &report_context);
    json_t *result = gantry_report_compare(older, newer, "old", "new", &error);
    assert_non_null(result);
    assert_string_equal(verdict_of(result, "conv \"one\""), "faster");
    assert_string_equal(verdict_of(result, "@launch"), "slower");
    assert_string_equal(verdict_of(result, "@store"), "same");
    assert_string_equal(verdict_of(result, "softmax"), "same");
    assert_string_equal(verdict_of(result, "sum"), "new");
    assert_string_equal(verdict_of(result, "add"), "gone");
    const json_t *row = layer_row(result, "@launch");
    assert_true(fabs(json_real_value(json_object_get(row, "change_percent")) - 2.5) < 1e-9);
    json_decref(result);
    json_decref(newer);
    json_decref(older);
}

static void compare__a_layer_that_moved_is_compared_by_time(void **state)
{
    (void)state;
    struct gantry_error error = {0};
    json_t *older = gantry_report_json(&report_profile, &report_context);
    report_nodes[0].accelerator = false;
    report_nodes[0].cpu_ns = 50000;
    json_t *newer = gantry_report_json(&report_profile, &report_context);
    json_t *result = gantry_report_compare(older, newer, "old", "new", &error);
    const json_t *row = layer_row(result, "conv \"one\"");
    assert_string_equal(json_string_value(json_object_get(row, "unit")), "us");
    assert_string_equal(json_string_value(json_object_get(row, "verdict")), "slower");
    json_decref(result);
    json_decref(newer);
    json_decref(older);
}

static void compare__refuses_what_is_no_profile(void **state)
{
    (void)state;
    struct gantry_error error = {0};
    json_t *good = gantry_report_json(&report_profile, &report_context),
           *bad = json_pack("{s:i}", "schema", 1);
    assert_null(gantry_report_compare(good, bad, "a.json", "b.json", &error));
    assert_non_null(strstr(error.message, "b.json: no output"));
    json_object_set_new(bad, "totals", json_object());
    json_object_set_new(bad, "nodes", json_pack("[i]", 3));
    assert_null(gantry_report_compare(bad, good, "b.json", "a.json", &error));
    assert_non_null(strstr(error.message, "b.json: a node"));
    json_decref(bad);
    json_decref(good);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(compare__names_what_became_faster_slower_new_and_gone, report_setup),
    cmocka_unit_test_setup(compare__a_layer_that_moved_is_compared_by_time, report_setup),
    cmocka_unit_test_setup(compare__refuses_what_is_no_profile, report_setup),
};

GANTRY_TEST_MAIN("report_compare", tests)
