/* SPDX-License-Identifier: Apache-2.0
 * Two accelerators in one simulated device serve one pool of engines: results, throughput in
 * simulated cycles, and the same cycles each time. */
#include "test.h"

#include <pthread.h>
#include <string.h>

#include "base/base.h"
#include "formats/formats.h"
#include "gantry/engine_pool.h"

enum { COUNT = 16, STREAMS_MAX = 3, THREADS = 3, TIMEOUT_MS = 100000, SLICES_MAX = 512 };

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

static void bed_open_with(struct bed *bed, const char *device, uint32_t watchdog_cycles)
{
    struct gantry_error error = {0};
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_plan_options plan_options = GANTRY_PLAN_OPTIONS_INIT;
    options.memory = "ideal";
    options.watchdog_cycles = watchdog_cycles;
    plan_options.placement = GANTRY_PLACEMENT_ACCELERATOR;
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

static void bed_open(struct bed *bed, const char *device)
{
    static const struct gantry_device_options defaults = GANTRY_DEVICE_OPTIONS_INIT;
    bed_open_with(bed, device, defaults.watchdog_cycles);
}

static void bed_close(struct bed *bed)
{
    gantry_array_finish(&bed->expected);
    gantry_array_finish(&bed->inputs);
    gantry_plan_destroy(bed->plan);
    gantry_device_close(bed->device);
    gantry_model_close(bed->model);
}

/* Vector i of an array. */
static struct gantry_tensor tensor_of(const struct gantry_tensor_info *info, void *vectors,
                                      size_t i)
{
    return (struct gantry_tensor){.dtype = info->dtype,
                                  .shape = info->shape,
                                  .bytes = info->bytes,
                                  .data = (uint8_t *)vectors + i * info->bytes};
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

static enum gantry_status run_pool(struct bed *bed, int engines, struct result *result,
                                   struct gantry_error *error)
{
    struct gantry_engine_pool *pool;
    struct gantry_engine_pool_options options = GANTRY_ENGINE_POOL_OPTIONS_INIT;
    struct gantry_tensor inputs[COUNT], outputs[COUNT];
    memset(result, 0, sizeof *result);
    result->from_ns = UINT64_MAX;
    options.engines = engines;
    options.done = keep;
    options.context = result;
    for (size_t i = 0; i < COUNT; i++) {
        inputs[i] = tensor_of(gantry_model_input(bed->model, 0), bed->inputs.data, i);
        outputs[i] = tensor_of(gantry_model_output(bed->model, 0), result->outputs[i], 0);
    }
    require(gantry_engine_pool_create(&pool, bed->plan, bed->device, &options, error), error);
    enum gantry_status status =
        gantry_engine_pool_run(pool, COUNT, inputs, outputs, TIMEOUT_MS, error);
    gantry_engine_pool_destroy(pool);
    return status;
}

static void run(struct bed *bed, int engines, struct result *result)
{
    struct gantry_error error = {0};
    size_t bytes = gantry_model_output(bed->model, 0)->bytes;
    assert_true(bytes <= sizeof result->outputs[0]);
    require(run_pool(bed, engines, result, &error), &error);
    for (size_t i = 0; i < COUNT; i++)
        assert_memory_equal(result->outputs[i], (uint8_t *)bed->expected.data + i * bytes, bytes);
}

static uint64_t span(const struct result *result) { return result->to_ns - result->from_ns; }

static void dual__two_streams_do_at_least_1_8_times_the_work_of_one(void **state)
{
    (void)state;
    static struct result one, two;
    struct bed bed;
    bed_open(&bed, "sim:dual");
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
    bed_open(&bed, "sim:dual");
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
    bed_open(&bed, "sim:tiny");
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

/* Every launch runs into its watchdog: resets of one accelerator while the other works. */
static void dual__an_order_of_failing_launches_ends_with_an_error(void **state)
{
    (void)state;
    static struct result result;
    struct bed bed;
    struct gantry_error error = {0};
    bed_open_with(&bed, "sim:dual", 8);
    assert_int_equal(run_pool(&bed, 3, &result, &error), GANTRY_ERR_DEVICE);
    assert_non_null(strstr(error.message, "sim:dual: "));
    assert_int_equal(result.count, 0);
    bed_close(&bed);
}

struct thread {
    struct bed *bed;
    struct gantry_engine *engine;
    size_t first;
    char message[256]; /* empty: all was right */
};

static void *work(void *context)
{
    struct thread *thread = context;
    struct gantry_error error = {0};
    size_t bytes = gantry_model_output(thread->bed->model, 0)->bytes;
    for (size_t i = thread->first; i < COUNT && !thread->message[0]; i += THREADS) {
        uint8_t got[64];
        struct gantry_tensor input =
            tensor_of(gantry_model_input(thread->bed->model, 0), thread->bed->inputs.data, i);
        struct gantry_tensor output = tensor_of(gantry_model_output(thread->bed->model, 0), got, 0);
        if (gantry_engine_run(thread->engine, &input, &output, TIMEOUT_MS, &error) != GANTRY_OK)
            (void)snprintf(thread->message, sizeof thread->message, "%.255s", error.message);
        else if (memcmp(got, (uint8_t *)thread->bed->expected.data + i * bytes, bytes) != 0)
            (void)snprintf(thread->message, sizeof thread->message, "vector %zu differs", i);
    }
    return NULL;
}

/* Without a pool: threads that are no streams. */
static void dual__engines_in_threads_of_their_own_share_an_accelerator(void **state)
{
    (void)state;
    struct bed bed;
    struct gantry_error error = {0};
    struct thread threads[THREADS];
    pthread_t ids[THREADS];
    bed_open(&bed, "sim:dual");
    for (size_t i = 0; i < THREADS; i++) {
        threads[i] = (struct thread){.bed = &bed, .first = i};
        require(gantry_engine_create(&threads[i].engine, bed.plan, bed.device, NULL, &error),
                &error);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&ids[i], NULL, work, &threads[i]), 0);
    for (size_t i = 0; i < THREADS; i++) assert_int_equal(pthread_join(ids[i], NULL), 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_string_equal(threads[i].message, "");
        gantry_engine_destroy(threads[i].engine);
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
    cmocka_unit_test(dual__an_order_of_failing_launches_ends_with_an_error),
    cmocka_unit_test(dual__engines_in_threads_of_their_own_share_an_accelerator),
    cmocka_unit_test(dual__one_of_its_accelerators_can_be_opened),
    cmocka_unit_test(dual__two_streams_do_at_least_1_8_times_the_work_of_one),
    cmocka_unit_test(dual__the_same_inferences_take_the_same_time),
    cmocka_unit_test(dual__cpu_layers_of_one_inference_overlap_launches_of_another),
};

GANTRY_TEST_MAIN("dual", tests)
