/* SPDX-License-Identifier: Apache-2.0
 * Placement by cost on whole networks: no placement that was tried is better under the model, pins
 * hold, and a limit of launches is kept. */
#include <dirent.h>
#include <string.h>

#include "formats/formats.h"
#include "random.h"
#include "test.h"
#include "test_plan_support.h"

enum { RANDOM = 1000, NODES_MAX = 1024, FILES_MAX = 256, PATH_BYTES = 1024 };

struct network {
    struct gantry_file file;
    struct gantry_graph graph;
    struct gantry_array_params params;
};

static void close_file(struct network *net)
{
    gantry_graph_finish(&net->graph);
    gantry_file_close(&net->file);
}

/* False, and nothing is open: the model has operators that are not there. */
static bool try_file(struct network *net, const char *path)
{
    struct gantry_error error = {0};
    if (gantry_file_open(&net->file, path, &error) != GANTRY_OK) fail_msg("%s", error.message);
    gantry_graph_init(&net->graph, NULL);
    assert_true(gantry_array_params_named("k26", &net->params));
    enum gantry_status status =
        gantry_tflite_read(&net->graph, net->file.data, net->file.size, path, NULL, &error);
    assert_true(net->graph.node_count <= NODES_MAX);
    if (status == GANTRY_OK) return true;
    print_message("not imported: %s\n", error.message);
    close_file(net);
    return false;
}

static void open_file(struct network *net, const char *path) { assert_true(try_file(net, path)); }

static struct gantry_plan *plan_of(struct network *net, const struct gantry_plan_options *options)
{
    struct gantry_error error = {0};
    struct gantry_plan *plan = plan_with(&net->graph, &net->params, options, &error);
    if (!plan) fail_msg("%s", error.message);
    return plan;
}

static void assert_best(struct network *net, uint64_t seed)
{
    struct gantry_plan_options options = GANTRY_PLAN_OPTIONS_INIT;
    struct gantry_plan *plan = plan_of(net, &options);
    bool cpu[NODES_MAX] = {false}, all[NODES_MAX], some[NODES_MAX];
    assert_true(plan->proven);
    assert_true(plan->modelled_ns >= 0);
    for (int32_t n = 0; n < net->graph.node_count; n++) all[n] = plan->nodes[n].accelerator_ns >= 0;
    assert_true(plan->modelled_ns <= gantry_plan_modelled_ns(plan, cpu));
    assert_true(plan->modelled_ns <= gantry_plan_modelled_ns(plan, all));
    for (int32_t i = 0; i < RANDOM; i++) {
        for (int32_t n = 0; n < net->graph.node_count; n++)
            some[n] = all[n] && random_one_in(&seed, 1 + i % 7);
        double ns = gantry_plan_modelled_ns(plan, some);
        assert_true(ns >= 0);
        if (plan->modelled_ns > ns) fail_msg("placement %d takes less: %.0f ns", i, ns);
    }
    gantry_plan_destroy(plan);
}

/* ---- All models of GANTRY_DATA ---- */

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

/* Files below a folder whose names end in .tflite, sorted; two levels deep. */
static size_t list_models(const char *folder, int levels, char (*paths)[PATH_BYTES], size_t count)
{
    DIR *entries = opendir(folder);
    if (!entries) return count;
    for (struct dirent *entry; (entry = readdir(entries)) && count < FILES_MAX;) {
        char path[PATH_BYTES];
        if (entry->d_name[0] == '.') continue;
        if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= PATH_BYTES) continue;
        const char *ending = strrchr(path, '.');
        if (ending && !strcmp(ending, ".tflite"))
            (void)snprintf(paths[count++], PATH_BYTES, "%s", path);
        else if (levels > 1)
            count = list_models(path, levels - 1, paths, count);
    }
    (void)closedir(entries);
    return count;
}

static void choose__no_placement_of_a_model_is_better(void **state)
{
    (void)state;
    static char paths[FILES_MAX][PATH_BYTES];
    char folder[PATH_BYTES];
    size_t count = list_models(gantry_test_data("models", folder, sizeof folder), 2, paths, 0);
    size_t planned = 0;
    qsort(paths, count, sizeof *paths, by_text);
    for (size_t i = 0; i < count; i++) {
        struct network net;
        if (!try_file(&net, paths[i])) continue;
        assert_best(&net, 11 + i);
        planned++;
        close_file(&net);
    }
    print_message("%zu of %zu models: none of %d placements is better\n", planned, count, RANDOM);
    assert_true(planned > 0);
}

static void open_digits(struct network *net)
{
    open_file(net, GANTRY_SOURCE_DIR "/models/digits/digits.tflite");
}

static void choose__our_own_network_too(void **state)
{
    (void)state;
    struct network net;
    open_digits(&net);
    assert_best(&net, 3);
    close_file(&net);
}

static void choose__pins_hold_against_the_cost(void **state)
{
    (void)state;
    struct network net;
    open_digits(&net);
    struct gantry_plan_options options = GANTRY_PLAN_OPTIONS_INIT;
    struct gantry_plan *free_plan = plan_of(&net, &options);
    assert_true(free_plan->nodes[1].accelerator);
    const struct gantry_plan_pin pins[] = {{1, false}, {0, true}};
    options.pins = pins;
    options.pin_count = 2;
    struct gantry_plan *plan = plan_of(&net, &options);
    assert_false(plan->nodes[1].accelerator);
    assert_string_equal(plan->nodes[1].reason.code, "placement");
    assert_true(plan->nodes[0].accelerator);
    assert_true(plan->modelled_ns >= free_plan->modelled_ns);
    gantry_plan_destroy(plan);
    gantry_plan_destroy(free_plan);
    close_file(&net);
}

static void choose__a_limit_of_launches_is_kept_and_told(void **state)
{
    (void)state;
    struct network net;
    open_digits(&net);
    /* The middle is pinned to the CPU: two launches are best, or one. */
    const struct gantry_plan_pin pin = {2, false};
    struct gantry_plan_options options = GANTRY_PLAN_OPTIONS_INIT;
    options.pins = &pin;
    options.pin_count = 1;
    options.max_segments = 1;
    struct gantry_plan *plan = plan_of(&net, &options);
    int32_t launches = 0;
    for (int32_t s = 0; s < plan->segment_count; s++) launches += plan->segments[s].accelerator;
    assert_true(launches <= 1);
    gantry_plan_destroy(plan);
    close_file(&net);
}

static void choose__refuses_pins_that_cannot_be(void **state)
{
    (void)state;
    struct network net;
    open_digits(&net);
    int32_t softmax = net.graph.node_count - 1;
    static const struct gantry_plan_pin twice[] = {{0, false}, {0, true}}, nowhere = {99, true};
    const struct gantry_plan_pin illegal = {softmax, true};
    const struct gantry_plan_pin *const cases[] = {twice, &nowhere, &illegal};
    static const size_t counts[] = {2, 1, 1};
    static const char *const words[] = {"both sides", "no node 99", "cannot run"};
    for (size_t i = 0; i < 3; i++) {
        struct gantry_plan_options options = GANTRY_PLAN_OPTIONS_INIT;
        struct gantry_error error = {0};
        options.pins = cases[i];
        options.pin_count = counts[i];
        assert_null(plan_with(&net.graph, &net.params, &options, &error));
        assert_int_equal(error.status, GANTRY_ERR_ARGUMENT);
        if (!strstr(error.message, words[i])) fail_msg("%s", error.message);
    }
    close_file(&net);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(choose__no_placement_of_a_model_is_better),
    cmocka_unit_test(choose__our_own_network_too),
    cmocka_unit_test(choose__pins_hold_against_the_cost),
    cmocka_unit_test(choose__a_limit_of_launches_is_kept_and_told),
    cmocka_unit_test(choose__refuses_pins_that_cannot_be),
};

GANTRY_TEST_MAIN("choose", tests)
