/* SPDX-License-Identifier: Apache-2.0
 * The placement that is chosen, in simulated cycles: on each network of MLPerf Tiny it takes at
 * most 3 % more time than all on the CPU, everything legal on the accelerator, and random
 * placements. A placement's time: its launches, their simulated cycles, transfers, and the CPU's
 * nodes by the target's model. */
#include <string.h>

#include "model_run.h"
#include "plan/plan.h"
#include "random.h"
#include "test.h"

enum { RANDOM = 20, NODES_MAX = 64 };
static const double MOST = 1.03;

struct bed {
    struct gantry_model *model;
    struct gantry_device *device;
    const struct gantry_graph *graph;
};

/* Simulated cycles of all launches of a plan. */
static uint64_t cycles_of(const struct bed *bed, const struct gantry_plan *plan)
{
    struct gantry_engine *engine;
    uint64_t cycles =
        model_run(&engine, plan, bed->model, bed->device, bed->graph->name)->accelerator_cycles;
    gantry_engine_destroy(engine);
    return cycles;
}

/* ---- Time of what crosses ---- */

/* Whether a side reads a tensor; the world outside counts as the CPU. */
static bool is_read(const struct gantry_plan *plan, int32_t tensor, bool accelerator)
{
    const struct gantry_graph *graph = plan->graph;
    for (int32_t n = 0; n < graph->node_count; n++)
        for (int32_t i = 0; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] == tensor && plan->nodes[n].accelerator == accelerator)
                return true;
    for (int32_t i = 0; i < graph->output_count && !accelerator; i++)
        if (graph->outputs[i] == tensor) return true;
    return false;
}

static double transfers_ns(const struct gantry_plan *plan)
{
    double ns = 0;
    for (int32_t t = 0; t < plan->graph->tensor_count; t++) {
        const struct gantry_graph_tensor *tensor = &plan->graph->tensors[t];
        bool there =
            tensor->producer != GANTRY_NO_NODE && plan->nodes[tensor->producer].accelerator;
        if (tensor->data || !is_read(plan, t, !there)) continue;
        ns += plan->target.tensor_ns + plan->target.byte_ns * (double)tensor->bytes;
    }
    return ns;
}

static double time_of(const struct bed *bed, const struct gantry_plan *plan)
{
    double ns = (double)cycles_of(bed, plan) / plan->target.clock_hz * 1e9 + transfers_ns(plan);
    for (int32_t n = 0; n < plan->graph->node_count; n++)
        if (!plan->nodes[n].accelerator) ns += plan->nodes[n].cpu_ns;
    for (int32_t s = 0; s < plan->segment_count; s++)
        if (plan->segments[s].accelerator) ns += plan->target.launch_ns;
    return ns;
}

/* ---- Placements ---- */

static struct gantry_plan *plan_of(const struct bed *bed, const struct gantry_plan_options *options)
{
    struct gantry_plan *plan;
    struct gantry_error error = {0};
    model_require(
        gantry_plan_create(&plan, bed->model, gantry_device_info(bed->device), options, &error),
        bed->graph->name, &error);
    return plan;
}

static double time_with(const struct bed *bed, const struct gantry_plan_options *options)
{
    struct gantry_plan *plan = plan_of(bed, options);
    double ns = time_of(bed, plan);
    gantry_plan_destroy(plan);
    return ns;
}

/* Each node that may be on the accelerator is there, or on the CPU, as often. A RESHAPE goes along
 * with what is around it. */
static double random_time(const struct bed *bed, const struct gantry_plan *legal, uint64_t *random)
{
    struct gantry_plan_pin pins[NODES_MAX];
    struct gantry_plan_options options = GANTRY_PLAN_OPTIONS_INIT;
    options.pins = pins;
    for (int32_t n = 0; n < bed->graph->node_count; n++)
        if (legal->nodes[n].accelerator && bed->graph->nodes[n].op != GANTRY_OP_RESHAPE)
            pins[options.pin_count++] = (struct gantry_plan_pin){n, random_one_in(random, 2)};
    return time_with(bed, &options);
}

static void assert_fast(const struct bed *bed, const char *name)
{
    struct gantry_plan_options options = GANTRY_PLAN_OPTIONS_INIT;
    double chosen = time_with(bed, &options), least;
    options.placement = GANTRY_PLACEMENT_CPU;
    double cpu = time_with(bed, &options);
    options.placement = GANTRY_PLACEMENT_ACCELERATOR;
    struct gantry_plan *legal = plan_of(bed, &options);
    double accelerator = time_of(bed, legal);
    least = cpu < accelerator ? cpu : accelerator;
    uint64_t random = 29;
    double best = 0;
    for (int i = 0; i < RANDOM; i++) {
        double ns = random_time(bed, legal, &random);
        if (i == 0 || ns < best) best = ns;
    }
    if (best < least) least = best;
    gantry_plan_destroy(legal);
    print_message("%s: chosen %.1f us, CPU %.1f, accelerator %.1f, best of %d random ones %.1f\n",
                  name, chosen / 1e3, cpu / 1e3, accelerator / 1e3, RANDOM, best / 1e3);
    if (chosen > MOST * least)
        fail_msg("%s: %.0f ns chosen, %.0f ns possible", name, chosen, least);
}

static void check(const char *name)
{
    char path[512], relative[128];
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_error error = {0};
    struct bed bed;
    (void)snprintf(relative, sizeof relative, "models/mlperf-tiny/%s.tflite", name);
    (void)gantry_test_data(relative, path, sizeof path);
    options.memory = "kv260";
    model_require(gantry_model_open(&bed.model, path, NULL, &error), name, &error);
    model_require(gantry_device_open(&bed.device, "sim:k26", &options, &error), name, &error);
    bed.graph = gantry_model_graph(bed.model);
    assert_true(bed.graph->node_count <= NODES_MAX);
    assert_fast(&bed, name);
    gantry_device_close(bed.device);
    gantry_model_close(bed.model);
}

static void placement__of_keyword_spotting_is_fast(void **state)
{
    (void)state;
    check("kws_ref_model");
}

static void placement__of_visual_wake_words_is_fast(void **state)
{
    (void)state;
    check("vww_96_int8");
}

static void placement__of_image_classification_is_fast(void **state)
{
    (void)state;
    check("pretrainedResnet_quant");
}

static void placement__of_anomaly_detection_is_fast(void **state)
{
    (void)state;
    check("ad01_int8");
}

static void placement__of_streaming_wake_words_is_fast(void **state)
{
    (void)state;
    check("str_ww_ref_model");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(placement__of_keyword_spotting_is_fast),
    cmocka_unit_test(placement__of_visual_wake_words_is_fast),
    cmocka_unit_test(placement__of_image_classification_is_fast),
    cmocka_unit_test(placement__of_anomaly_detection_is_fast),
    cmocka_unit_test(placement__of_streaming_wake_words_is_fast),
};

GANTRY_TEST_MAIN("placement", tests)
