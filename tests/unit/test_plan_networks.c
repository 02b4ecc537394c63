/* SPDX-License-Identifier: Apache-2.0
 * Plans of the five networks of MLPerf Tiny: nearly all their work is on the array, and what the
 * executor computes equals the reference kernels. */
#include "test_plan_support.h"

#include "formats/formats.h"
#include "test.h"

static void run_network(const char *name, const char *array, int32_t share, bool observe,
                        uint64_t seed)
{
    char path[512], relative[128];
    (void)snprintf(relative, sizeof relative, "models/mlperf-tiny/%s.tflite", name);
    (void)gantry_test_data(relative, path, sizeof path);
    struct gantry_file file;
    struct gantry_graph graph;
    struct gantry_error error = {0};
    if (gantry_file_open(&file, path, &error) != GANTRY_OK) fail_msg("%s", error.message);
    gantry_graph_init(&graph, NULL);
    if (gantry_tflite_read(&graph, file.data, file.size, name, NULL, &error) != GANTRY_OK)
        fail_msg("%s", error.message);
    struct graph_run values;
    net_reference(&values, &graph, 7);
    struct gantry_array_params params;
    assert_true(gantry_array_params_named(array, &params));
    struct gantry_plan *plan = plan_for(&graph, &params, observe);
    print_message("%s on %s: %d segments, %llu of %llu MACs on the array\n", name, array,
                  plan->segment_count, (unsigned long long)plan->macs_offloaded,
                  (unsigned long long)plan->macs);
    assert_true(plan->macs_offloaded * 100 >= plan->macs * (uint64_t)share);
    plan_run_and_compare(plan, &values, 1, seed, true);
    gantry_plan_destroy(plan);
    graph_run_finish(&values);
    gantry_graph_finish(&graph);
    gantry_file_close(&file);
}

/* On the named arrays, in program order and in others, and with every tensor stored. */
static void run_on_all(const char *name)
{
    run_network(name, "half", 95, false, 0);
    run_network(name, "half", 95, true, 5);
    run_network(name, "k26", 95, false, 0);
    run_network(name, "k26", 95, true, 8);
    run_network(name, "tiny", 95, false, 6);
    run_network(name, "unit", 0, false, 7);
}

static void networks__keyword_spotting_equals_the_kernels(void **state)
{
    (void)state;
    run_on_all("kws_ref_model");
}

static void networks__image_classification_equals_the_kernels(void **state)
{
    (void)state;
    run_on_all("pretrainedResnet_quant");
}

static void networks__visual_wake_words_equals_the_kernels(void **state)
{
    (void)state;
    run_on_all("vww_96_int8");
}

static void networks__anomaly_detection_equals_the_kernels(void **state)
{
    (void)state;
    run_on_all("ad01_int8");
}

static void networks__streaming_wake_word_equals_the_kernels(void **state)
{
    (void)state;
    run_on_all("str_ww_ref_model");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(networks__keyword_spotting_equals_the_kernels),
    cmocka_unit_test(networks__image_classification_equals_the_kernels),
    cmocka_unit_test(networks__visual_wake_words_equals_the_kernels),
    cmocka_unit_test(networks__anomaly_detection_equals_the_kernels),
    cmocka_unit_test(networks__streaming_wake_word_equals_the_kernels),
};
GANTRY_TEST_MAIN("plan_networks", tests)
