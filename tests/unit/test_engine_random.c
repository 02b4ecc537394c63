/* SPDX-License-Identifier: Apache-2.0
 * Random networks: what an engine computes equals the reference kernels, with everything on the
 * processor and with everything that is legal on the accelerator, one by one and in a batch. */
#include <string.h>

#include "graph_run.h"
#include "random.h"
#include "random_net.h"
#include "runtime/engine_internal.h"
#include "test.h"

enum { NETWORKS = 150, BATCH = 3, TENSORS_MAX = 32, TIMEOUT_MS = 60000 };

/* A model of a random network, and inputs and outputs of a batch. */
struct sample {
    struct gantry_model *model;
    int32_t input_count, output_count;
    struct gantry_tensor input[BATCH * TENSORS_MAX], wanted[BATCH * TENSORS_MAX];
    struct gantry_tensor output[BATCH * TENSORS_MAX];
};

static struct gantry_tensor copy_of(const struct graph_run *run, int32_t tensor)
{
    const struct gantry_graph_tensor *meta = &run->graph->tensors[tensor];
    struct gantry_tensor copy = {.dtype = meta->dtype, .shape = meta->shape, .bytes = meta->bytes};
    copy.data = malloc(meta->bytes);
    memcpy(copy.data, run->tensors[tensor], meta->bytes);
    return copy;
}

static void open_sample(struct sample *sample, uint64_t seed)
{
    struct net net;
    struct gantry_error error = {0};
    random_net(&net, seed);
    const struct gantry_graph *graph = &net.graph;
    sample->input_count = graph->input_count;
    sample->output_count = graph->output_count;
    assert_true(graph->input_count <= TENSORS_MAX && graph->output_count <= TENSORS_MAX);
    for (int32_t k = 0; k < BATCH; k++) {
        struct graph_run run;
        graph_run_init(&run, graph);
        for (int32_t i = 0; i < graph->input_count; i++)
            for (size_t b = 0; b < graph->tensors[graph->inputs[i]].bytes; b++)
                run.tensors[graph->inputs[i]][b] = (int8_t)random_in(&seed, -128, 127);
        graph_run_all(&run);
        for (int32_t i = 0; i < graph->input_count; i++)
            sample->input[k * graph->input_count + i] = copy_of(&run, graph->inputs[i]);
        for (int32_t i = 0; i < graph->output_count; i++) {
            sample->wanted[k * graph->output_count + i] = copy_of(&run, graph->outputs[i]);
            sample->output[k * graph->output_count + i] = copy_of(&run, graph->outputs[i]);
        }
        graph_run_finish(&run);
    }
    if (gantry_model_from_graph(&sample->model, &net.graph, &error)) fail_msg("%s", error.message);
}

static void close_sample(struct sample *sample)
{
    gantry_model_close(sample->model);
    for (int32_t i = 0; i < BATCH * sample->input_count; i++) free(sample->input[i].data);
    for (int32_t i = 0; i < BATCH * sample->output_count; i++) {
        free(sample->wanted[i].data);
        free(sample->output[i].data);
    }
}

static void run_and_compare(struct gantry_engine *engine, struct sample *sample, uint32_t count,
                            uint64_t seed)
{
    struct gantry_error error = {0};
    int32_t outputs = (int32_t)count * sample->output_count;
    for (int32_t i = 0; i < outputs; i++)
        memset(sample->output[i].data, 0x5A, sample->output[i].bytes);
    if (gantry_engine_run_batch(engine, count, sample->input, sample->output, TIMEOUT_MS, &error))
        fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
    for (int32_t i = 0; i < outputs; i++)
        if (memcmp(sample->output[i].data, sample->wanted[i].data, sample->wanted[i].bytes) != 0)
            fail_msg("seed %llu, %u inferences: output %d differs", (unsigned long long)seed, count,
                     i);
}

static void run_on(const char *name)
{
    struct gantry_error error = {0};
    struct gantry_device *device;
    struct gantry_plan_options plan_options = GANTRY_PLAN_OPTIONS_INIT;
    struct gantry_engine_options engine_options = GANTRY_ENGINE_OPTIONS_INIT;
    plan_options.placement = GANTRY_PLACEMENT_ACCELERATOR;
    engine_options.batch = BATCH;
    assert_int_equal(gantry_device_open(&device, name, NULL, &error), GANTRY_OK);
    for (uint64_t seed = 1; seed <= NETWORKS; seed++) {
        struct sample sample;
        struct gantry_plan *plan;
        struct gantry_engine *engine;
        open_sample(&sample, seed);
        if (gantry_plan_create(&plan, sample.model, gantry_device_info(device), &plan_options,
                               &error) ||
            gantry_engine_create(&engine, plan, device, &engine_options, &error))
            fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
        run_and_compare(engine, &sample, 1, seed);
        run_and_compare(engine, &sample, BATCH, seed);
        gantry_engine_destroy(engine);
        gantry_plan_destroy(plan);
        close_sample(&sample);
    }
    gantry_device_close(device);
}

static void engine__random_networks_on_the_processor(void **state)
{
    (void)state;
    run_on("cpu");
}

static void engine__random_networks_on_the_accelerator(void **state)
{
    (void)state;
    run_on("model:half");
    run_on("model:unit4");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(engine__random_networks_on_the_processor),
    cmocka_unit_test(engine__random_networks_on_the_accelerator),
};
GANTRY_TEST_MAIN("engine_random", tests)
