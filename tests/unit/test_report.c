/* SPDX-License-Identifier: Apache-2.0
 * Reports of a record made by hand: JSON as its contract says, sums, CSV, trace, table. */
#include "test.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#include "report/report.h"

enum { NODES = 5, TEXT_BYTES = 131072 };

/* A convolution with a fused ADD on the accelerator, a softmax on the CPU, and pseudo-nodes. */
static struct gantry_profile_node nodes[NODES];
static struct gantry_profile_segment segments[2];
static const struct gantry_profile_event events[] = {
    {.node = GANTRY_NODE_LAUNCH,
     .insn = 0,
     .engine = GANTRY_ENGINE_LOAD,
     .name = "LOAD",
     .from_cycle = 10,
     .to_cycle = 99},
    {.node = 0,
     .insn = 1,
     .engine = GANTRY_ENGINE_COMPUTE,
     .name = "CONV",
     .from_cycle = 40,
     .to_cycle = 499},
    {.node = 0,
     .insn = 2,
     .engine = GANTRY_ENGINE_COMPUTE,
     .name = "CONV",
     .from_cycle = 500,
     .to_cycle = 939},
    {.node = GANTRY_NODE_STORE,
     .insn = 3,
     .engine = GANTRY_ENGINE_STORE,
     .name = "STORE",
     .from_cycle = 950,
     .to_cycle = 990},
    {.node = GANTRY_NODE_STORE,
     .insn = 4,
     .engine = GANTRY_ENGINE_FETCH,
     .name = "END",
     .from_cycle = 5,
     .to_cycle = 999},
};
static struct gantry_profile profile;
static const struct gantry_report_context context = {.target = "kv260", .clock_hz = 300000000};

static void make_nodes(void)
{
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
}

static int setup(void **state)
{
    (void)state;
    make_nodes();
    for (int i = 0; i < NODES; i++) {
        nodes[i].other_cycles = nodes[i].other_cpu_ns = GANTRY_UNKNOWN;
        nodes[i].cpu_estimate_ns = GANTRY_UNKNOWN;
    }
    nodes[0].predicted_cycles = 810;
    nodes[0].weight_bytes = 1000;
    nodes[0].load_bytes = 24;
    nodes[0].other_cpu_ns = 77000;
    nodes[0].shape = (struct gantry_profile_shape){
        .path = "array", .instructions = 2, .m = 2, .groups = 4, .tile_rows = 8, .tiles = 6};
    nodes[2].other_cycles = 321;
    segments[0] = (struct gantry_profile_segment){.accelerator = true,
                                                  .instructions = 5,
                                                  .cycles = 1000,
                                                  .predicted_cycles = 900,
                                                  .chip_bytes = 4096};
    segments[1] = (struct gantry_profile_segment){.accelerator = false};
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
                                      .pack_ns = 400,
                                      .unpack_ns = 600,
                                      .predicted_cycles = 900,
                                      .modelled_ns = 5000,
                                      .proven = true,
                                      .memory_bytes_per_cycle = 51,
                                      .chip_bytes = 65536,
                                      .runs = 1,
                                      .equal_to_cpu = 1,
                                      .segment_count = 2,
                                      .segments = segments,
                                      .event_count = sizeof events / sizeof *events,
                                      .events = events,
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
    json_t *root = json_loads(text_of(gantry_report_chrome), 0, &error);
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
    profile.has_cycles = false;
    profile.event_count = 0;
    json_error_t error;
    json_t *root = json_loads(text_of(gantry_report_chrome), 0, &error);
    assert_non_null(root);
    const json_t *list = json_object_get(root, "traceEvents");
    (void)check_tracks(list);
    const json_t *layer = find_slice(list, "conv \"one\"", "layer");
    assert_true(fabs(json_number_value(json_object_get(layer, "dur")) - 810 / 300.0) < 1e-9);
    (void)find_slice(list, "launch (predicted)", "launch");
    json_decref(root);
}

/* The record as of a device that measures nanoseconds and counts no cycles. */
static void make_timed(void)
{
    profile.has_cycles = false;
    profile.has_times = true;
    profile.device_ns = segments[0].device_ns = 5000;
    nodes[0].device_ns = 4200;
}

static void json__times_of_a_device_stand_in_for_cycles(void **state)
{
    (void)state;
    make_timed();
    json_t *root = gantry_report_json(&profile, &context);
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
    assert_true(fabs(us - (double)profile.events[0].to_cycle / 1000.0) < 1e-9);
    json_decref(root);
    const char *text = text_of(gantry_report_table);
    assert_non_null(strstr(text, "4.2 us"));
    assert_non_null(strstr(text, "5.0 us measured on it"));
}

static void chrome__times_of_a_device_place_its_instructions(void **state)
{
    (void)state;
    make_timed();
    json_error_t error;
    json_t *root = json_loads(text_of(gantry_report_chrome), 0, &error);
    assert_non_null(root);
    const json_t *list = json_object_get(root, "traceEvents");
    (void)check_tracks(list);
    const json_t *slice = find_slice(list, "launch", "launch");
    assert_true(fabs(json_number_value(json_object_get(slice, "dur")) - 5.0) < 1e-9);
    slice = find_slice(list, "CONV", "instruction");
    const struct gantry_profile_event *first = NULL;
    for (size_t i = 0; !first; i++)
        if (profile.events[i].engine == GANTRY_ENGINE_COMPUTE) first = &profile.events[i];
    double ns = (double)(first->to_cycle - first->from_cycle);
    assert_true(fabs(json_number_value(json_object_get(slice, "dur")) - ns / 1000.0) < 1e-9);
    json_decref(root);
}

static void json__has_predictions_bytes_and_both_sides(void **state)
{
    (void)state;
    json_t *root = gantry_report_json(&profile, &context);
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
    json_t *root = gantry_report_json(&profile, &context);
    const json_t *totals = json_object_get(root, "totals");
    assert_true(fabs(json_real_value(json_object_get(totals, "modelled_us")) - 5.0) < 1e-9);
    /* 2500 ns at 300 MHz are 750 cycles */
    assert_int_equal(json_integer_value(json_object_get(totals, "cycles")), 1750);
    json_decref(root);
    nodes[2].cpu_estimate_ns = 10000;
    root = gantry_report_json(&profile, &context);
    totals = json_object_get(root, "totals");
    assert_int_equal(json_integer_value(json_object_get(totals, "cycles")), 4000);
    assert_true(fabs(json_real_value(json_object_get(totals, "predicted_cpu_us")) - 10.0) < 1e-9);
    json_decref(root);
}

static void html__holds_the_record_and_no_way_out_of_its_script(void **state)
{
    (void)state;
    nodes[0].name = "</script><b>";
    const char *text = text_of(gantry_report_html);
    const char *from = strstr(text, "id=\"profile\">"), *to;
    assert_non_null(from);
    from += strlen("id=\"profile\">");
    to = strstr(from, "</script>");
    assert_non_null(to);
    json_error_t error;
    json_t *root = json_loadb(from, (size_t)(to - from), 0, &error);
    assert_non_null(root);
    const json_t *node = json_array_get(json_object_get(root, "nodes"), 0);
    assert_string_equal(json_string_value(json_object_get(node, "name")), "</script><b>");
    assert_int_equal(json_array_size(json_object_get(root, "timeline")), 9);
    json_decref(root);
    assert_null(strstr(text, "https:"));
    assert_null(strstr(text, "src="));
}

/* ---- Comparison ---- */

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
    json_t *older = gantry_report_json(&profile, &context);
    nodes[0].cycles = 899;
    nodes[1].name = "sum";
    nodes[3].cycles = 41;
    nodes[2].cpu_ns = 2550; /* within the noise of times */
    json_t *newer = gantry_report_json(&profile, &context);
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
    json_t *older = gantry_report_json(&profile, &context);
    nodes[0].accelerator = false;
    nodes[0].cpu_ns = 50000;
    json_t *newer = gantry_report_json(&profile, &context);
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
    json_t *good = gantry_report_json(&profile, &context), *bad = json_pack("{s:i}", "schema", 1);
    assert_null(gantry_report_compare(good, bad, "a.json", "b.json", &error));
    assert_non_null(strstr(error.message, "b.json: no output"));
    json_object_set_new(bad, "totals", json_object());
    json_object_set_new(bad, "nodes", json_pack("[i]", 3));
    assert_null(gantry_report_compare(bad, good, "b.json", "a.json", &error));
    assert_non_null(strstr(error.message, "b.json: a node"));
    json_decref(bad);
    json_decref(good);
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
    cmocka_unit_test_setup(json__times_of_a_device_stand_in_for_cycles, setup),
    cmocka_unit_test_setup(chrome__times_of_a_device_place_its_instructions, setup),
    cmocka_unit_test_setup(json__has_predictions_bytes_and_both_sides, setup),
    cmocka_unit_test_setup(json__total_cycles_include_cpu_layers_at_the_clock, setup),
    cmocka_unit_test_setup(chrome__slices_are_in_order_or_nested, setup),
    cmocka_unit_test_setup(chrome__without_cycles_shows_predicted_layers, setup),
    cmocka_unit_test_setup(html__holds_the_record_and_no_way_out_of_its_script, setup),
    cmocka_unit_test_setup(compare__names_what_became_faster_slower_new_and_gone, setup),
    cmocka_unit_test_setup(compare__a_layer_that_moved_is_compared_by_time, setup),
    cmocka_unit_test_setup(compare__refuses_what_is_no_profile, setup),
    cmocka_unit_test_setup(table__shows_layers_totals_and_legend, setup),
    cmocka_unit_test(number__is_the_same_in_every_locale),
};

GANTRY_TEST_MAIN("report", tests)
