/* SPDX-License-Identifier: Apache-2.0
 * Two accelerators in one simulated device serve one pool of engines: results, throughput in
 * simulated cycles, and the same cycles each time. */
#include "test.h"

#include <string.h>

#include "base/base.h"
#include "formats/formats.h"
#include "gantry/engine_pool.h"

enum { COUNT = 16, STREAMS_MAX = 3, TIMEOUT_MS = 100000, SLICES_MAX = 512 };

/* A segment of an inference, in simulated time. */
struct slice {
    bool accelerator;
    int engine, instance;
    uint64_t from_ns, to_ns, cycles;
};

struct result {
    uint64_t from_ns, to_ns; /* of all inferences */
    struct slice slices[SLICES_MAX];
    size_t count;
    uint8_t outputs[COUNT][64];
};

struct bed {
    struct gantry_model *model;
    struct gantry_device *device;
    struct gantry_plan *plan;
    struct gantry_array inputs, expected;
};

static void require(enum gantry_status status, const struct gantry_error *error)
{
    if (status != GANTRY_OK) fail_msg("%s", error->message);
}

static void bed_open(struct bed *bed, const char *device, enum gantry_placement placement)
{
    struct gantry_error error = {0};
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_plan_options plan_options = GANTRY_PLAN_OPTIONS_INIT;
    options.memory = "ideal";
    plan_options.placement = placement;
    require(gantry_model_open(&bed->model, GANTRY_SOURCE_DIR "/models/digits/digits.tflite", NULL,
                              &error),
            &error);
    require(gantry_device_open(&bed->device, device, &options, &error), &error);
    require(gantry_plan_create(&bed->plan, bed->model, gantry_device_info(bed->device),
                               &plan_options, &error),
            &error);
    require(gantry_npy_read(&bed->inputs, GANTRY_SOURCE_DIR "/tests/vectors/digits/input0.npy",
                            NULL, &error),
            &error);
    require(gantry_npy_read(&bed->expected, GANTRY_SOURCE_DIR "/tests/vectors/digits/output0.npy",
                            NULL, &error),
            &error);
}

static void bed_close(struct bed *bed)
{
    gantry_array_finish(&bed->expected);
    gantry_array_finish(&bed->inputs);
    gantry_plan_destroy(bed->plan);
    gantry_device_close(bed->device);
    gantry_model_close(bed->model);
}

/* Streams go on one at a time: no lock is needed. */
static void keep(void *context, const struct gantry_engine_pool_done *done)
{
    struct result *result = context;
    const struct gantry_profile *profile = done->profile;
    for (size_t s = 0; profile && s < profile->segment_count; s++) {
        const struct gantry_profile_segment *segment = &profile->segments[s];
        uint64_t from = profile->start_ns + segment->from_ns,
                 to = profile->start_ns + segment->to_ns;
        if (from < result->from_ns) result->from_ns = from;
        if (to > result->to_ns) result->to_ns = to;
        if (result->count == SLICES_MAX) continue;
        result->slices[result->count++] = (struct slice){
            segment->accelerator, done->engine, done->accelerator, from, to, segment->cycles};
    }
}

static void run(struct bed *bed, int engines, struct result *result)
{
    struct gantry_error error = {0};
    struct gantry_engine_pool *pool;
    struct gantry_engine_pool_options options = GANTRY_ENGINE_POOL_OPTIONS_INIT;
    struct gantry_tensor inputs[COUNT], outputs[COUNT];
    const struct gantry_tensor_info *in = gantry_model_input(bed->model, 0);
    const struct gantry_tensor_info *out = gantry_model_output(bed->model, 0);
    assert_true(out->bytes <= sizeof result->outputs[0]);
    memset(result, 0, sizeof *result);
    result->from_ns = UINT64_MAX;
    options.engines = engines;
    options.done = keep;
    options.context = result;
    for (size_t i = 0; i < COUNT; i++) {
        inputs[i] =
            (struct gantry_tensor){.dtype = in->dtype, .shape = in->shape, .bytes = in->bytes};
        inputs[i].data = (uint8_t *)bed->inputs.data + i * in->bytes;
        outputs[i] =
            (struct gantry_tensor){.dtype = out->dtype, .shape = out->shape, .bytes = out->bytes};
        outputs[i].data = result->outputs[i];
    }
    require(gantry_engine_pool_create(&pool, bed->plan, bed->device, &options, &error), &error);
    require(gantry_engine_pool_run(pool, COUNT, inputs, outputs, TIMEOUT_MS, &error), &error);
    gantry_engine_pool_destroy(pool);
    for (size_t i = 0; i < COUNT; i++)
        assert_memory_equal(result->outputs[i], (uint8_t *)bed->expected.data + i * out->bytes,
                            out->bytes);
}

static uint64_t span(const struct result *result) { return result->to_ns - result->from_ns; }

static void dual__two_streams_do_at_least_1_8_times_the_work_of_one(void **state)
{
    (void)state;
    static struct result one, two;
    struct bed bed;
    bed_open(&bed, "sim:dual", GANTRY_PLACEMENT_ACCELERATOR);
    assert_int_equal(gantry_device_info(bed.device)->instances, 2);
    run(&bed, 1, &one);
    run(&bed, 2, &two);
    print_message("one stream: %llu ns, two: %llu ns\n", (unsigned long long)span(&one),
                  (unsigned long long)span(&two));
    assert_true(span(&two) * 18 <= span(&one) * 10);
    bool used[2] = {false, false};
    for (size_t i = 0; i < two.count; i++)
        if (two.slices[i].accelerator) used[two.slices[i].instance] = true;
    assert_true(used[0] && used[1]);
    bed_close(&bed);
}

static void dual__the_same_inferences_take_the_same_time(void **state)
{
    (void)state;
    static struct result first, again;
    struct bed bed;
    bed_open(&bed, "sim:dual", GANTRY_PLACEMENT_ACCELERATOR);
    for (int streams = 2; streams <= STREAMS_MAX; streams++) {
        run(&bed, streams, &first);
        run(&bed, streams, &again);
        assert_int_equal(first.count, again.count);
        for (size_t i = 0; i < first.count; i++) {
            const struct slice *a = &first.slices[i], *b = &again.slices[i];
            assert_int_equal(a->instance, b->instance);
            assert_int_equal(a->cycles, b->cycles);
            assert_int_equal(a->from_ns - first.from_ns, b->from_ns - again.from_ns);
            assert_int_equal(a->to_ns - first.from_ns, b->to_ns - again.from_ns);
        }
    }
    bed_close(&bed);
}

/* With more engines than accelerators, one is at its CPU layers while another launches. */
static void dual__cpu_layers_of_one_inference_overlap_launches_of_another(void **state)
{
    (void)state;
    static struct result result;
    struct bed bed;
    size_t overlaps = 0;
    bed_open(&bed, "sim:tiny", GANTRY_PLACEMENT_ACCELERATOR);
    run(&bed, 2, &result);
    for (size_t i = 0; i < result.count; i++)
        for (size_t j = 0; j < result.count; j++) {
            const struct slice *cpu = &result.slices[i], *launch = &result.slices[j];
            if (cpu->accelerator || !launch->accelerator || cpu->engine == launch->engine) continue;
            overlaps += cpu->from_ns < launch->to_ns && launch->from_ns < cpu->to_ns;
        }
    assert_true(overlaps > 0);
    /* One accelerator: no two launches at once. */
    for (size_t i = 0; i < result.count; i++)
        for (size_t j = 0; j < i; j++) {
            const struct slice *a = &result.slices[i], *b = &result.slices[j];
            if (!a->accelerator || !b->accelerator) continue;
            assert_true(a->from_ns >= b->to_ns || b->from_ns >= a->to_ns);
        }
    bed_close(&bed);
}

static void dual__one_of_its_accelerators_can_be_opened(void **state)
{
    (void)state;
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_device *device;
    struct gantry_error error = {0};
    options.accelerator = 1;
    require(gantry_device_open(&device, "sim:dual", &options, &error), &error);
    assert_int_equal(gantry_device_info(device)->instances, 1);
    gantry_device_close(device);
    options.accelerator = 2;
    assert_int_equal(gantry_device_open(&device, "sim:dual", &options, &error),
                     GANTRY_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "no accelerator 2 (there are 0..1)"));
    assert_null(device);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(dual__one_of_its_accelerators_can_be_opened),
    cmocka_unit_test(dual__two_streams_do_at_least_1_8_times_the_work_of_one),
    cmocka_unit_test(dual__the_same_inferences_take_the_same_time),
    cmocka_unit_test(dual__cpu_layers_of_one_inference_overlap_launches_of_another),
};

GANTRY_TEST_MAIN("dual", tests)
