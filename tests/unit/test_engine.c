/* SPDX-License-Identifier: Apache-2.0
 * The engine on the digit network: results on every device of the library, checks of a call, the
 * profile record. */
#include "engine_fixture.h"

#include <string.h>

#include "runtime/engine_internal.h"

static void runs_all_vectors(const char *device)
{
    struct engine_fixture fixture = {0};
    struct gantry_array inputs = {0}, outputs = {0};
    engine_fixture_open(&fixture, device, NULL);
    engine_fixture_read(&inputs, ENGINE_DIGITS_INPUTS);
    engine_fixture_read(&outputs, ENGINE_DIGITS_OUTPUTS);
    size_t vectors = inputs.bytes / fixture.input.bytes;
    assert_true(vectors >= 40);
    assert_int_equal(outputs.bytes, vectors * fixture.output.bytes);
    for (size_t v = 0; v < vectors; v++) {
        memcpy(fixture.input.data, (uint8_t *)inputs.data + v * fixture.input.bytes,
               fixture.input.bytes);
        engine_fixture_run(&fixture);
        assert_memory_equal(fixture.output.data, (uint8_t *)outputs.data + v * fixture.output.bytes,
                            fixture.output.bytes);
    }
    gantry_array_finish(&outputs);
    gantry_array_finish(&inputs);
    engine_fixture_close(&fixture);
}

static void engine__digits_equal_the_reference_on_cpu(void **state)
{
    (void)state;
    runs_all_vectors("cpu");
}

static void engine__digits_equal_the_reference_on_model(void **state)
{
    (void)state;
    runs_all_vectors("model");
}

static void engine__digits_equal_the_reference_on_a_small_array(void **state)
{
    (void)state;
    runs_all_vectors("model:tiny");
}

/* Every tensor that an observed plan stores equals the CPU's. */
static void engine__observed_tensors_equal_the_cpus(void **state)
{
    (void)state;
    struct engine_fixture cpu = {0}, model = {0};
    static uint8_t a[65536], b[65536];
    int seen = 0;
    engine_fixture_open_model(&cpu, ENGINE_DIGITS, "cpu", true, NULL);
    engine_fixture_open_model(&model, ENGINE_DIGITS, "model", true, NULL);
    for (size_t i = 0; i < cpu.input.bytes; i++)
        ((uint8_t *)cpu.input.data)[i] = ((uint8_t *)model.input.data)[i] = (uint8_t)(i * 73);
    engine_fixture_run(&cpu);
    engine_fixture_run(&model);
    const struct gantry_graph *graph = gantry_model_graph(cpu.model);
    for (int32_t n = 0; n < graph->node_count; n++) {
        int32_t tensor = graph->nodes[n].outputs[0];
        size_t bytes = graph->tensors[tensor].bytes;
        assert_true(bytes <= sizeof a);
        assert_true(gantry_engine_read_tensor(cpu.engine, tensor, a, bytes));
        if (!gantry_engine_read_tensor(model.engine, tensor, b, bytes)) continue;
        assert_memory_equal(a, b, bytes);
        seen++;
    }
    assert_true(seen >= graph->node_count - 1); /* the ADD hides the tensor it is fused with */
    engine_fixture_close(&model);
    engine_fixture_close(&cpu);
}

/* ---- Checks of a call ---- */

static void expect_failure(struct engine_fixture *fixture, struct gantry_tensor *input,
                           struct gantry_tensor *output, uint32_t timeout_ms,
                           enum gantry_status status, const char *text)
{
    struct gantry_error error = {0};
    assert_int_equal(gantry_engine_run(fixture->engine, input, output, timeout_ms, &error), status);
    if (!strstr(error.message, text)) fail_msg("no '%s' in: %s", text, error.message);
}

static void engine__a_wrong_shape_names_both(void **state)
{
    (void)state;
    struct engine_fixture fixture = {0};
    engine_fixture_open(&fixture, "cpu", NULL);
    struct gantry_tensor input = fixture.input, output = fixture.output;
    input.shape.dims[1] = 15;
    expect_failure(&fixture, &input, &output, 1000, GANTRY_ERR_SHAPE, "1x15x16x1");
    expect_failure(&fixture, &input, &output, 1000, GANTRY_ERR_SHAPE, "1x16x16x1");
    input.shape.rank = 99;
    expect_failure(&fixture, &input, &output, 1000, GANTRY_ERR_SHAPE, "rank");
    output.shape.dims[1] = 11;
    expect_failure(&fixture, &fixture.input, &output, 1000, GANTRY_ERR_SHAPE, "1x11");
    engine_fixture_close(&fixture);
}

static void engine__a_wrong_type_or_size_is_refused(void **state)
{
    (void)state;
    struct engine_fixture fixture = {0};
    engine_fixture_open(&fixture, "cpu", NULL);
    struct gantry_tensor input = fixture.input;
    input.dtype = GANTRY_FLOAT32;
    expect_failure(&fixture, &input, &fixture.output, 1000, GANTRY_ERR_SHAPE, "float32");
    input = fixture.input;
    input.bytes--;
    expect_failure(&fixture, &input, &fixture.output, 1000, GANTRY_ERR_SHAPE, "255 bytes");
    input = fixture.input;
    input.data = NULL;
    expect_failure(&fixture, &input, &fixture.output, 1000, GANTRY_ERR_ARGUMENT, "no data");
    expect_failure(&fixture, &fixture.input, &fixture.output, 0, GANTRY_ERR_ARGUMENT, "timeout_ms");
    engine_fixture_close(&fixture);
}

static void engine__a_plan_for_another_device_is_refused(void **state)
{
    (void)state;
    struct engine_fixture fixture = {0};
    struct gantry_device *other = NULL;
    struct gantry_engine *engine = NULL;
    struct gantry_error error = {0};
    engine_fixture_open(&fixture, "model", NULL);
    assert_int_equal(gantry_device_open(&other, "model:tiny", NULL, &error), GANTRY_OK);
    assert_int_equal(gantry_engine_create(&engine, fixture.plan, other, NULL, &error),
                     GANTRY_ERR_ARGUMENT);
    assert_null(engine);
    assert_non_null(strstr(error.message, "another device"));
    gantry_device_close(other);
    engine_fixture_close(&fixture);
}

/* ---- The record ---- */

static void engine__profile_of_the_cpu_has_no_accelerator(void **state)
{
    (void)state;
    struct engine_fixture fixture = {0};
    engine_fixture_open(&fixture, "cpu", NULL);
    engine_fixture_run(&fixture);
    const struct gantry_profile *profile = gantry_engine_profile(fixture.engine);
    uint64_t sum = 0;
    for (size_t i = 0; i < profile->node_count; i++) {
        assert_false(profile->nodes[i].accelerator);
        assert_true(profile->nodes[i].index >= 0);
        sum += profile->nodes[i].cpu_ns;
    }
    assert_int_equal(sum + profile->layout_ns, profile->cpu_ns);
    assert_true(profile->cpu_ns <= profile->total_ns);
    assert_int_equal(profile->macs_offloaded, 0);
    assert_int_equal(profile->macs, 617216);
    assert_int_equal(profile->launches, 0);
    assert_int_equal(profile->peak_macs_per_cycle, 0);
    engine_fixture_close(&fixture);
}

static void engine__profile_of_the_model_counts_launches(void **state)
{
    (void)state;
    struct engine_fixture fixture = {0};
    engine_fixture_open(&fixture, "model", NULL);
    engine_fixture_run(&fixture);
    engine_fixture_run(&fixture);
    const struct gantry_profile *profile = gantry_engine_profile(fixture.engine);
    uint64_t macs = 0;
    for (size_t i = 0; i < profile->node_count; i++) {
        macs += profile->nodes[i].macs;
        if (!profile->nodes[i].accelerator) assert_non_null(profile->nodes[i].reason.code);
    }
    assert_int_equal(macs, profile->macs);
    assert_true(profile->macs_offloaded * 100 >= profile->macs * 95);
    assert_true(profile->launches >= 1 && profile->launches <= 3);
    assert_string_equal(profile->nodes[profile->node_count - 2].name, "@launch");
    assert_string_equal(profile->nodes[profile->node_count - 1].name, "@store");
    engine_fixture_close(&fixture);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(engine__digits_equal_the_reference_on_cpu),
    cmocka_unit_test(engine__digits_equal_the_reference_on_model),
    cmocka_unit_test(engine__digits_equal_the_reference_on_a_small_array),
    cmocka_unit_test(engine__observed_tensors_equal_the_cpus),
    cmocka_unit_test(engine__a_wrong_shape_names_both),
    cmocka_unit_test(engine__a_wrong_type_or_size_is_refused),
    cmocka_unit_test(engine__a_plan_for_another_device_is_refused),
    cmocka_unit_test(engine__profile_of_the_cpu_has_no_accelerator),
    cmocka_unit_test(engine__profile_of_the_model_counts_launches),
};

GANTRY_TEST_MAIN("engine", tests)
