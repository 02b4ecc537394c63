/* SPDX-License-Identifier: Apache-2.0
 * Target files: figures from times, writing and reading back. */
#include "target/target.h"

#include <math.h>
#include <string.h>

#include "random.h"
#include "test.h"

enum { SAMPLES = 12 };

/* Samples that the figures explain exactly, and then some noise. */
static void make_samples(struct gantry_target_sample *samples,
                         const struct gantry_target_kernel *kernel, uint64_t *random, double noise)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        struct gantry_target_sample *s = &samples[i];
        s->values = random_in(random, 10, 100000);
        s->macs = s->values * random_in(random, 1, 500);
        s->ns = kernel->call_ns + kernel->mac_ns * s->macs + kernel->value_ns * s->values;
        s->ns *= 1 + noise * (random_in(random, -100, 100) / 100.0);
    }
}

static void assert_near(double value, double wanted)
{
    if (fabs(value - wanted) > 1e-6 * (1 + wanted)) fail_msg("%g, not %g", value, wanted);
}

static void target__figures_are_those_that_explain_the_times(void **state)
{
    (void)state;
    static const struct gantry_target_kernel kernels[] = {
        {1500, 0.3, 4}, {50, 0.004, 0.09}, {0, 0.01, 0}, {80, 0, 5}, {700, 0.05, 0}};
    uint64_t random = 5;
    for (size_t i = 0; i < GANTRY_COUNT(kernels); i++) {
        struct gantry_target_sample samples[SAMPLES];
        struct gantry_target_kernel kernel;
        double worst;
        make_samples(samples, &kernels[i], &random, 0);
        gantry_target_fit(samples, SAMPLES, &kernel, &worst);
        assert_near(kernel.call_ns, kernels[i].call_ns);
        assert_near(kernel.mac_ns, kernels[i].mac_ns);
        assert_near(kernel.value_ns, kernels[i].value_ns);
        assert_near(worst, 0);
    }
}

static void target__figures_are_never_below_zero(void **state)
{
    (void)state;
    uint64_t random = 9;
    for (int32_t i = 0; i < 200; i++) {
        const struct gantry_target_kernel truth = {random_in(&random, 0, 3) * 100.0,
                                                   random_in(&random, 0, 2) * 0.01,
                                                   random_in(&random, 1, 2) * 1.0};
        struct gantry_target_sample samples[SAMPLES];
        struct gantry_target_kernel kernel;
        double worst;
        make_samples(samples, &truth, &random, 0.3);
        gantry_target_fit(samples, SAMPLES, &kernel, &worst);
        assert_true(kernel.call_ns >= 0 && kernel.mac_ns >= 0 && kernel.value_ns >= 0);
        assert_true(worst < 0.9);
    }
}

/* Work without MACs says nothing of what a MAC takes. */
static void target__work_that_is_not_there_has_no_figure(void **state)
{
    (void)state;
    static const struct gantry_target_sample samples[] = {{0, 10, 120}, {0, 1000, 2100}};
    struct gantry_target_kernel kernel;
    double worst;
    gantry_target_fit(samples, GANTRY_COUNT(samples), &kernel, &worst);
    assert_near(kernel.mac_ns, 0);
    assert_near(kernel.call_ns, 100);
    assert_near(kernel.value_ns, 2);
}

static void read_text(struct gantry_target *out, const char *text)
{
    struct gantry_error error = {0};
    static const char path[] = "target_written.json";
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    if (gantry_target_read(out, path, &error) != GANTRY_OK) fail_msg("%s", error.message);
    (void)remove(path);
}

static void target__is_read_as_it_was_written(void **state)
{
    (void)state;
    const char *name;
    for (size_t i = 0; (name = gantry_target_name(i)); i++) {
        struct gantry_target target, again;
        struct gantry_error error = {0};
        if (gantry_target_read(&target, name, &error) != GANTRY_OK) fail_msg("%s", error.message);
        for (int32_t line = 0; line < 2; line++) {
            char *text = gantry_target_text(&target, "a test", line == 1);
            assert_non_null(text);
            assert_int_equal(strchr(text, '\n') == NULL, line);
            read_text(&again, text);
            free(text);
            assert_string_equal(again.name, target.name);
            assert_near(again.clock_hz, target.clock_hz);
            assert_near(again.memory_bytes_per_cycle, target.memory_bytes_per_cycle);
            assert_near(again.others.call_ns, target.others.call_ns);
            for (int32_t op = 0; op < GANTRY_OP_COUNT; op++) {
                assert_near(again.kernels[op].call_ns, target.kernels[op].call_ns);
                assert_near(again.kernels[op].mac_ns, target.kernels[op].mac_ns);
                assert_near(again.kernels[op].value_ns, target.kernels[op].value_ns);
            }
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(target__figures_are_those_that_explain_the_times),
    cmocka_unit_test(target__figures_are_never_below_zero),
    cmocka_unit_test(target__work_that_is_not_there_has_no_figure),
    cmocka_unit_test(target__is_read_as_it_was_written),
};
GANTRY_TEST_MAIN("target", tests)
