/* SPDX-License-Identifier: Apache-2.0
 * The record in Chrome's trace format: tracks, and where slices lie. */
#include "report_record.h"

#include <math.h>
#include <string.h>

/* Slices of the trace's tracks; checks that each begins after the one before it has ended, or lies
 * within it. */
static size_t check_tracks(const json_t *list)
{
    double ends[16][2] = {{0}};
    size_t slices = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *event = json_array_get(list, i);
        if (strcmp(json_string_value(json_object_get(event, "ph")), "X") != 0) continue;
        double *end = ends[json_integer_value(json_object_get(event, "tid"))];
        double from = json_number_value(json_object_get(event, "ts"));
        double to = from + json_number_value(json_object_get(event, "dur"));
        assert_true(to >= from);
        if (from < end[0] - 1e-9) {
            assert_true(to <= end[0] + 1e-9 && from >= end[1] - 1e-9);
            end[1] = to;
        } else {
            end[0] = to;
            end[1] = from;
        }
        slices++;
    }
    return slices;
}

static const json_t *find_slice(const json_t *list, const char *name, const char *kind)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *event = json_array_get(list, i), *cat = json_object_get(event, "cat");
        if (cat && strcmp(json_string_value(cat), kind) == 0 &&
            strcmp(json_string_value(json_object_get(event, "name")), name) == 0)
            return event;
    }
    fail_msg("no slice %s", name);
    return NULL;
}

static void chrome__slices_are_in_order_or_nested(void **state)
{
    (void)state;
    json_error_t error;
    json_t *root = json_loads(report_text(gantry_report_chrome), 0, &error);
    assert_non_null(root);
    const json_t *list = json_object_get(root, "traceEvents");
    /* two copies, a CPU layer, a launch, a layer, four instructions */
    assert_int_equal(check_tracks(list), 9);
    const json_t *layer = find_slice(list, "conv \"one\"", "layer");
    double from = json_number_value(json_object_get(layer, "ts"));
    double length = json_number_value(json_object_get(layer, "dur"));
    assert_true(fabs(from - (0.4 + 40 / 300.0)) < 1e-9);
    assert_true(fabs(length - 900 / 300.0) < 1e-9);
    const json_t *cpu = find_slice(list, "softmax", "cpu");
    assert_true(fabs(json_number_value(json_object_get(cpu, "ts")) - (0.4 + 1000 / 300.0)) < 1e-9);
    assert_true(fabs(json_number_value(json_object_get(cpu, "dur")) - 2.5) < 1e-9);
    json_decref(root);
}

static void chrome__without_cycles_shows_predicted_layers(void **state)
{
    (void)state;
    report_profile.has_cycles = false;
    report_profile.event_count = 0;
    json_error_t error;
    json_t *root = json_loads(report_text(gantry_report_chrome), 0, &error);
    assert_non_null(root);
    const json_t *list = json_object_get(root, "traceEvents");
    (void)check_tracks(list);
    const json_t *layer = find_slice(list, "conv \"one\"", "layer");
    assert_true(fabs(json_number_value(json_object_get(layer, "dur")) - 810 / 300.0) < 1e-9);
    (void)find_slice(list, "launch (predicted)", "launch");
    json_decref(root);
}

static void chrome__times_of_a_device_place_its_instructions(void **state)
{
    (void)state;
    report_make_timed();
    json_error_t error;
    json_t *root = json_loads(report_text(gantry_report_chrome), 0, &error);
    assert_non_null(root);
    const json_t *list = json_object_get(root, "traceEvents");
    (void)check_tracks(list);
    const json_t *slice = find_slice(list, "launch", "launch");
    assert_true(fabs(json_number_value(json_object_get(slice, "dur")) - 5.0) < 1e-9);
    slice = find_slice(list, "CONV", "instruction");
    const struct gantry_profile_event *first = NULL;
    for (size_t i = 0; !first; i++)
        if (report_profile.events[i].engine == GANTRY_ENGINE_COMPUTE)
            first = &report_profile.events[i];
    double ns = (double)(first->to_cycle - first->from_cycle);
    assert_true(fabs(json_number_value(json_object_get(slice, "dur")) - ns / 1000.0) < 1e-9);
    json_decref(root);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(chrome__slices_are_in_order_or_nested, report_setup),
    cmocka_unit_test_setup(chrome__without_cycles_shows_predicted_layers, report_setup),
    cmocka_unit_test_setup(chrome__times_of_a_device_place_its_instructions, report_setup),
};

GANTRY_TEST_MAIN("report_chrome", tests)
