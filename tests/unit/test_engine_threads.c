/* SPDX-License-Identifier: Apache-2.0
 * Eight threads, each with an engine and a device of its own, share one plan and one model; the
 * threads of an engine change nothing in its results. */
#include "engine_fixture.h"

#include <pthread.h>
#include <string.h>

#include "random.h"

enum { THREADS = 8, ROUNDS = 4 };

struct worker {
    const struct gantry_plan *plan;
    const struct gantry_array *inputs, *outputs;
    size_t input_bytes, output_bytes, first;
    struct gantry_tensor input, output; /* shapes; the memory is the thread's */
    const char *device;
    char message[256]; /* empty: all was right; cmocka's asserts belong to the main thread */
};

static void work(struct worker *worker, struct gantry_engine *engine)
{
    struct gantry_error error = {0};
    size_t vectors = worker->inputs->bytes / worker->input_bytes;
    for (size_t round = 0; round < ROUNDS && !worker->message[0]; round++) {
        size_t v = (worker->first + round * THREADS) % vectors;
        struct gantry_tensor input = worker->input, output = worker->output;
        int8_t values[64];
        input.data = (uint8_t *)worker->inputs->data + v * worker->input_bytes;
        output.data = values;
        if (gantry_engine_run(engine, &input, &output, 60000, &error) != GANTRY_OK)
            (void)snprintf(worker->message, sizeof worker->message, "%.255s", error.message);
        else if (memcmp(values, (uint8_t *)worker->outputs->data + v * worker->output_bytes,
                        worker->output_bytes) != 0)
            (void)snprintf(worker->message, sizeof worker->message, "vector %zu differs", v);
    }
}

static void *thread(void *context)
{
    struct worker *worker = context;
    struct gantry_error error = {0};
    struct gantry_device *device = NULL;
    struct gantry_engine *engine = NULL;
    if (gantry_device_open(&device, worker->device, NULL, &error) != GANTRY_OK ||
        gantry_engine_create(&engine, worker->plan, device, NULL, &error) != GANTRY_OK)
        (void)snprintf(worker->message, sizeof worker->message, "%.255s", error.message);
    else
        work(worker, engine);
    gantry_engine_destroy(engine);
    gantry_device_close(device);
    return NULL;
}

static void share_a_plan(const char *device)
{
    struct engine_fixture fixture = {0};
    struct gantry_array inputs = {0}, outputs = {0};
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    engine_fixture_open(&fixture, device, NULL);
    engine_fixture_read(&inputs, ENGINE_DIGITS_INPUTS);
    engine_fixture_read(&outputs, ENGINE_DIGITS_OUTPUTS);
    assert_true(fixture.output.bytes <= 64);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.plan = fixture.plan,
                                     .inputs = &inputs,
                                     .outputs = &outputs,
                                     .input_bytes = fixture.input.bytes,
                                     .output_bytes = fixture.output.bytes,
                                     .first = i,
                                     .input = fixture.input,
                                     .output = fixture.output,
                                     .device = device};
        assert_int_equal(pthread_create(&threads[i], NULL, thread, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < THREADS; i++) assert_string_equal(workers[i].message, "");
    gantry_array_finish(&outputs);
    gantry_array_finish(&inputs);
    engine_fixture_close(&fixture);
}

static void engine__threads_share_a_plan_on_cpu(void **state)
{
    (void)state;
    share_a_plan("cpu");
}

static void engine__threads_share_a_plan_on_model(void **state)
{
    (void)state;
    share_a_plan("model");
}

/* The layers of this network are large enough to be shared. */
static void engine__any_number_of_threads_gives_equal_bytes(void **state)
{
    enum { MOST = 16, RUNS = 3 };
    uint8_t wanted[64];
    (void)state;
    for (int threads = 1; threads <= MOST; threads++) {
        struct engine_fixture fixture = {.threads = threads};
        uint64_t seed = 7;
        engine_fixture_open_model(&fixture, ENGINE_KWS, "cpu", false, NULL);
        assert_true(fixture.output.bytes <= sizeof wanted);
        int8_t *input = fixture.input.data;
        for (size_t i = 0; i < fixture.input.bytes; i++)
            input[i] = (int8_t)random_in(&seed, -128, 127);
        for (int run = 0; run < RUNS; run++) {
            memset(fixture.output.data, 0, fixture.output.bytes);
            engine_fixture_run(&fixture);
            if (threads == 1 && run == 0) memcpy(wanted, fixture.output.data, fixture.output.bytes);
            assert_memory_equal(fixture.output.data, wanted, fixture.output.bytes);
        }
        engine_fixture_close(&fixture);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(engine__any_number_of_threads_gives_equal_bytes),
    cmocka_unit_test(engine__threads_share_a_plan_on_cpu),
    cmocka_unit_test(engine__threads_share_a_plan_on_model),
};

GANTRY_TEST_MAIN("engine_threads", tests)
