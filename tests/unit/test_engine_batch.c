/* SPDX-License-Identifier: Apache-2.0
 * Batches of the engine: several inferences in one run give the bytes of as many runs, whatever
 * their number; what a run refuses; what the profile sums. */
#include "engine_fixture.h"

#include <string.h>

#include "runtime/engine_internal.h"

enum { BATCH = 16 };

struct batch {
    struct engine_fixture fixture;
    struct gantry_engine *engine; /* takes BATCH inferences */
    struct gantry_array inputs, outputs;
    struct gantry_tensor input[BATCH], output[BATCH];
};

static void open_batch(struct batch *batch, const char *device)
{
    struct gantry_error error = {0};
    struct gantry_engine_options options = GANTRY_ENGINE_OPTIONS_INIT;
    memset(batch, 0, sizeof *batch);
    engine_fixture_open(&batch->fixture, device, NULL);
    options.batch = BATCH;
    assert_int_equal(gantry_engine_create(&batch->engine, batch->fixture.plan,
                                          batch->fixture.device, &options, &error),
                     GANTRY_OK);
    engine_fixture_read(&batch->inputs, ENGINE_DIGITS_INPUTS);
    engine_fixture_read(&batch->outputs, ENGINE_DIGITS_OUTPUTS);
    for (int i = 0; i < BATCH; i++) {
        batch->input[i] = batch->fixture.input;
        batch->output[i] = batch->fixture.output;
        batch->output[i].data = calloc(1, batch->output[i].bytes);
    }
}

static void close_batch(struct batch *batch)
{
    for (int i = 0; i < BATCH; i++) free(batch->output[i].data);
    gantry_array_finish(&batch->outputs);
    gantry_array_finish(&batch->inputs);
    gantry_engine_destroy(batch->engine);
    engine_fixture_close(&batch->fixture);
}

/* Runs count vectors from first on; compares them with the reference. */
static void run_some(struct batch *batch, size_t first, uint32_t count)
{
    struct gantry_error error = {0};
    size_t in = batch->input[0].bytes, out = batch->output[0].bytes;
    assert_true((first + count) * in <= batch->inputs.bytes);
    for (uint32_t i = 0; i < count; i++) {
        batch->input[i].data = (uint8_t *)batch->inputs.data + (first + i) * in;
        memset(batch->output[i].data, 0x5A, out);
    }
    if (gantry_engine_run_batch(batch->engine, count, batch->input, batch->output, 60000, &error))
        fail_msg("%s", error.message);
    for (uint32_t i = 0; i < count; i++)
        assert_memory_equal(batch->output[i].data,
                            (uint8_t *)batch->outputs.data + (first + i) * out, out);
}

static void runs_every_count(const char *device)
{
    struct batch batch;
    open_batch(&batch, device);
    for (uint32_t count = 1; count <= BATCH; count++) {
        run_some(&batch, count, count);
        const struct gantry_profile *profile = gantry_engine_profile(batch.engine);
        const struct gantry_plan *plan = batch.fixture.plan;
        uint64_t macs = 0;
        for (size_t i = 0; i < profile->node_count; i++) macs += profile->nodes[i].macs;
        assert_int_equal(profile->inferences, count);
        assert_int_equal(profile->macs, plan->macs * count);
        assert_int_equal(macs, plan->macs * count);
        uint32_t launches = 0;
        for (int32_t s = 0; s < plan->segment_count; s++) launches += plan->segments[s].accelerator;
        assert_int_equal(profile->launches, launches);
    }
    run_some(&batch, 0, 3); /* fewer than before: what is left over in the buffers is not read */
    close_batch(&batch);
}

static void engine__a_batch_of_any_count_equals_single_runs_on_cpu(void **state)
{
    (void)state;
    runs_every_count("cpu");
}

static void engine__a_batch_of_any_count_equals_single_runs_on_model(void **state)
{
    (void)state;
    runs_every_count("model");
}

static void engine__a_batch_of_any_count_equals_single_runs_on_a_small_array(void **state)
{
    (void)state;
    runs_every_count("model:tiny");
}

static void expect_count(struct batch *batch, uint32_t count)
{
    struct gantry_error error = {0};
    assert_int_equal(
        gantry_engine_run_batch(batch->engine, count, batch->input, batch->output, 1000, &error),
        GANTRY_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "out of range"));
}

static void engine__a_count_beyond_the_batch_is_refused(void **state)
{
    (void)state;
    struct batch batch;
    open_batch(&batch, "model");
    expect_count(&batch, 0);
    expect_count(&batch, BATCH + 1);
    expect_count(&batch, UINT32_MAX);
    run_some(&batch, 0, BATCH);
    close_batch(&batch);
}

static void engine__any_wrong_tensor_of_a_batch_is_refused(void **state)
{
    (void)state;
    struct batch batch;
    struct gantry_error error = {0};
    open_batch(&batch, "cpu");
    batch.input[4].bytes--;
    assert_int_equal(
        gantry_engine_run_batch(batch.engine, 4, batch.input, batch.output, 1000, &error),
        GANTRY_OK);
    assert_int_equal(
        gantry_engine_run_batch(batch.engine, 5, batch.input, batch.output, 1000, &error),
        GANTRY_ERR_SHAPE);
    close_batch(&batch);
}

static void engine__a_batch_of_none_or_too_many_is_refused(void **state)
{
    (void)state;
    static const uint32_t bad[] = {0, GANTRY_BATCH_MAX + 1, UINT32_MAX};
    struct engine_fixture fixture = {0};
    engine_fixture_open(&fixture, "model", NULL);
    for (size_t i = 0; i < GANTRY_COUNT(bad); i++) {
        struct gantry_error error = {0};
        struct gantry_engine *engine;
        struct gantry_engine_options options = GANTRY_ENGINE_OPTIONS_INIT;
        options.batch = bad[i];
        assert_int_equal(
            gantry_engine_create(&engine, fixture.plan, fixture.device, &options, &error),
            GANTRY_ERR_ARGUMENT);
        assert_null(engine);
    }
    engine_fixture_close(&fixture);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(engine__a_batch_of_any_count_equals_single_runs_on_cpu),
    cmocka_unit_test(engine__a_batch_of_any_count_equals_single_runs_on_model),
    cmocka_unit_test(engine__a_batch_of_any_count_equals_single_runs_on_a_small_array),
    cmocka_unit_test(engine__a_count_beyond_the_batch_is_refused),
    cmocka_unit_test(engine__any_wrong_tensor_of_a_batch_is_refused),
    cmocka_unit_test(engine__a_batch_of_none_or_too_many_is_refused),
};

GANTRY_TEST_MAIN("engine_batch", tests)
