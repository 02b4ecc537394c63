/* SPDX-License-Identifier: Apache-2.0
 * Reports of a record made by hand: JSON as its contract says, sums, CSV, trace, table. */
#include "test.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#include "report/report.h"

enum { NODES = 5, TEXT_BYTES = 16384 };

/* A convolution with a fused ADD on the accelerator, a softmax on the CPU, and pseudo-nodes. */
static struct gantry_profile_node nodes[NODES];
static struct gantry_profile profile;
static const struct gantry_report_context context = {.target = "kv260", .clock_hz = 300000000};

static int setup(void **state)
{
    (void)state;
    memset(nodes, 0, sizeof nodes);
    nodes[0] = (struct gantry_profile_node){.index = 0,
                                            .name = "conv \"one\"",
                                            .op = "CONV_2D",
                                            .accelerator = true,
                                            .macs = 512000,
                                            .fused_into = -1,
                                            .cycles = 900,
                                            .stalls = {600, 0, 0, 200, 0, 0, 0, 100, 0}};
    nodes[1] = (struct gantry_profile_node){
        .index = 1, .name = "add", .op = "ADD", .accelerator = true, .fused_into = 0};
    nodes[2] = (struct gantry_profile_node){.index = 2,
                                            .name = "softmax",
                                            .op = "SOFTMAX",
                                            .fused_into = -1,
                                            .cpu_ns = 2500,
                                            .segment = 1,
                                            .reason = {.code = "operator",
                                                       .rule = "No such instruction",
                                                       .has_numbers = true,
                                                       .limit = 3,
                                                       .value = 4}};
    nodes[3] = (struct gantry_profile_node){.index = GANTRY_NODE_LAUNCH,
                                            .name = "@launch",
                                            .op = "@launch",
                                            .accelerator = true,
                                            .segment = -1,
                                            .fused_into = -1,
                                            .cycles = 40,
                                            .stalls = {0, 0, 0, 0, 0, 0, 0, 40, 0}};
    nodes[4] = (struct gantry_profile_node){.index = GANTRY_NODE_STORE,
                                            .name = "@store",
                                            .op = "@store",
                                            .accelerator = true,
                                            .segment = -1,
                                            .fused_into = -1,
                                            .cycles = 60,
                                            .stalls = {0, 0, 0, 0, 0, 0, 0, 0, 60}};
    profile = (struct gantry_profile){.model = "made.tflite",
                                      .device = "sim:half",
                                      .memory = "kv260",
                                      .has_cycles = true,
                                      .macs = 512000,
                                      .macs_offloaded = 512000,
                                      .peak_macs_per_cycle = 1024,
                                      .accelerator_cycles = 1000,
                                      .stalls = {600, 0, 0, 200, 0, 0, 0, 140, 60},
                                      .cpu_ns = 3500,
                                      .layout_ns = 1000,
                                      .total_ns = 90000,
                                      .launches = 1,
                                      .ddr_read_bytes = 4096,
                                      .ddr_write_bytes = 64,
                                      .node_count = NODES,
                                      .nodes = nodes};
    return 0;
}

/* What a writer prints. */
static const char *text_of(void (*report)(FILE *, const struct gantry_profile *,
                                          const struct gantry_report_context *))
{
    static char text[TEXT_BYTES];
    FILE *file = tmpfile();
    assert_non_null(file);
    report(file, &profile, &context);
    rewind(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = 0;
    (void)fclose(file);
    return text;
}

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
    json_t *root = gantry_report_json(&profile, &context);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_non_null(json_object_get(root, keys[i]));
    for (size_t i = 0; i < sizeof totals_keys / sizeof *totals_keys; i++)
        assert_non_null(json_object_get(json_object_get(root, "totals"), totals_keys[i]));
    const json_t *list = json_object_get(root, "nodes");
    assert_int_equal(json_array_size(list), NODES);
    for (size_t n = 0; n < NODES; n++)
        for (size_t i = 0; i < sizeof node_keys / sizeof *node_keys; i++)
            assert_non_null(json_object_get(json_array_get(list, n), node_keys[i]));
    json_decref(root);
}

static void json__node_cycles_sum_to_the_total(void **state)
{
    (void)state;
    json_t *root = gantry_report_json(&profile, &context);
    const json_t *totals = json_object_get(root, "totals"), *list = json_object_get(root, "nodes");
    json_int_t cycles = 0;
    for (size_t n = 0; n < NODES; n++) {
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
    json_t *root = gantry_report_json(&profile, &context);
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
    json_t *root = gantry_report_json(&profile, &context);
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
    profile.has_cycles = false;
    json_t *root = gantry_report_json(&profile, &context);
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
    nodes[0].name = "caf\xe9";
    json_t *root = gantry_report_json(&profile, &context);
    const json_t *node = json_array_get(json_object_get(root, "nodes"), 0);
    assert_string_equal(json_string_value(json_object_get(node, "name")), "caf?");
    json_decref(root);
}

static void csv__quotes_names_and_has_a_line_per_node(void **state)
{
    (void)state;
    const char *text = text_of(gantry_report_csv);
    int lines = 0;
    size_t commas = 0, first = 0;
    for (const char *at = text; *at; at++) {
        if (*at == ',') commas++;
        if (*at != '\n') continue;
        if (lines++ == 0) first = commas;
        assert_int_equal(commas, first); /* no name here has a comma */
        commas = 0;
    }
    assert_int_equal(lines, NODES + 1);
    assert_non_null(strstr(text, "\"conv \"\"one\"\"\""));
    assert_non_null(strstr(text, ",operator,"));
}

static void chrome__is_json_with_an_event_per_node(void **state)
{
    (void)state;
    json_error_t error;
    json_t *root = json_loads(text_of(gantry_report_chrome), 0, &error);
    assert_non_null(root);
    const json_t *events = json_object_get(root, "traceEvents");
    size_t lengths = 0;
    double end_us = 0;
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        if (strcmp(json_string_value(json_object_get(event, "ph")), "X") != 0) continue;
        double from_us = json_number_value(json_object_get(event, "ts"));
        assert_true(from_us >= end_us - 1e-9);
        end_us = from_us + json_number_value(json_object_get(event, "dur"));
        lengths++;
    }
    assert_int_equal(lengths, NODES);
    assert_true(fabs(end_us - (1000.0 / 300.0 + 2.5)) < 1e-6);
    json_decref(root);
}

static void table__shows_layers_totals_and_legend(void **state)
{
    (void)state;
    const char *text = text_of(gantry_report_table);
    assert_non_null(strstr(text, "softmax"));
    assert_non_null(strstr(text, "operator"));
    assert_non_null(strstr(text, "in 0"));
    assert_non_null(strstr(text, "weights 22 %"));
    assert_non_null(strstr(text, "50.0 % of the peak of 1024"));
    assert_non_null(strstr(text, "share:"));
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        assert_true(length <= 160);
        line += length + (line[length] != 0);
    }
}

static void number__is_the_same_in_every_locale(void **state)
{
    (void)state;
    char buffer[48];
    (void)setlocale(LC_ALL, "de_DE.UTF-8"); /* has no effect where it is not installed */
    assert_string_equal(gantry_report_number(1234.5678, 2, buffer, sizeof buffer), "1234.57");
    assert_string_equal(gantry_report_number(-0.5, 1, buffer, sizeof buffer), "-0.5");
    assert_string_equal(gantry_report_number(-0.001, 1, buffer, sizeof buffer), "0.0");
    assert_string_equal(gantry_report_number(0.05, 3, buffer, sizeof buffer), "0.050");
    assert_string_equal(gantry_report_number(7.0, 0, buffer, sizeof buffer), "7");
    assert_string_equal(gantry_report_number(NAN, 2, buffer, sizeof buffer), "-");
    (void)setlocale(LC_ALL, "C");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(json__has_the_keys_of_the_contract, setup),
    cmocka_unit_test_setup(json__node_cycles_sum_to_the_total, setup),
    cmocka_unit_test_setup(json__utilization_is_macs_over_cycles_and_peak, setup),
    cmocka_unit_test_setup(json__a_cpu_node_has_a_reason_and_null_cycles, setup),
    cmocka_unit_test_setup(json__unknown_cycles_are_null, setup),
    cmocka_unit_test_setup(json__a_name_that_is_no_utf8_stays_a_string, setup),
    cmocka_unit_test_setup(csv__quotes_names_and_has_a_line_per_node, setup),
    cmocka_unit_test_setup(chrome__is_json_with_an_event_per_node, setup),
    cmocka_unit_test_setup(table__shows_layers_totals_and_legend, setup),
    cmocka_unit_test(number__is_the_same_in_every_locale),
};

GANTRY_TEST_MAIN("report", tests)
