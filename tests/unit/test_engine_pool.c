/* SPDX-License-Identifier: Apache-2.0
 * A pool of engines: orders from several threads, their results and their ends. */
#include "engine_fixture.h"

#include <pthread.h>
#include <string.h>

#include "device/device.h"
#include "gantry/engine_pool.h"
#include "plan/plan.h"

enum { ENGINES = 3, SUBMITTERS = 4, ORDERS = 6, COUNT = 7, TIMEOUT_MS = 60000, OUTPUT_BYTES = 64 };

struct bed {
    struct engine_fixture fixture;
    struct gantry_array inputs, expected;
    struct gantry_engine_pool *pool;
    size_t done; /* inferences that the callback saw */
    pthread_mutex_t mutex;
};

static void count_done(void *context, const struct gantry_engine_pool_done *done)
{
    struct bed *bed = context;
    (void)pthread_mutex_lock(&bed->mutex);
    if (done->status == GANTRY_OK && done->profile && done->engine < ENGINES) bed->done++;
    (void)pthread_mutex_unlock(&bed->mutex);
}

static void bed_open(struct bed *bed, const char *device)
{
    struct gantry_error error = {0};
    struct gantry_engine_pool_options options = GANTRY_ENGINE_POOL_OPTIONS_INIT;
    memset(bed, 0, sizeof *bed);
    engine_fixture_open(&bed->fixture, device, NULL);
    engine_fixture_read(&bed->inputs, ENGINE_DIGITS_INPUTS);
    engine_fixture_read(&bed->expected, ENGINE_DIGITS_OUTPUTS);
    assert_true(bed->fixture.output.bytes <= OUTPUT_BYTES);
    assert_int_equal(pthread_mutex_init(&bed->mutex, NULL), 0);
    options.engines = ENGINES;
    options.done = count_done;
    options.context = bed;
    if (gantry_engine_pool_create(&bed->pool, bed->fixture.plan, bed->fixture.device, &options,
                                  &error) != GANTRY_OK)
        fail_msg("%.255s", error.message);
}

static void bed_close(struct bed *bed)
{
    gantry_engine_pool_destroy(bed->pool);
    (void)pthread_mutex_destroy(&bed->mutex);
    gantry_array_finish(&bed->expected);
    gantry_array_finish(&bed->inputs);
    engine_fixture_close(&bed->fixture);
}

/* An order of COUNT vectors, from one on. */
struct order {
    struct gantry_tensor inputs[COUNT], outputs[COUNT];
    uint8_t bytes[COUNT][OUTPUT_BYTES];
    size_t first;
    uint64_t id;
};

static void order_fill(const struct bed *bed, struct order *order, size_t first)
{
    size_t vectors = bed->inputs.bytes / bed->fixture.input.bytes;
    order->first = first;
    for (size_t i = 0; i < COUNT; i++) {
        order->inputs[i] = bed->fixture.input;
        order->inputs[i].data =
            (uint8_t *)bed->inputs.data + (first + i) % vectors * bed->fixture.input.bytes;
        order->outputs[i] = bed->fixture.output;
        order->outputs[i].data = order->bytes[i];
    }
}

static bool order_is_right(const struct bed *bed, const struct order *order)
{
    size_t bytes = bed->fixture.output.bytes, vectors = bed->expected.bytes / bytes;
    for (size_t i = 0; i < COUNT; i++)
        if (memcmp(order->bytes[i],
                   (uint8_t *)bed->expected.data + (order->first + i) % vectors * bytes,
                   bytes) != 0)
            return false;
    return true;
}

struct submitter {
    struct bed *bed;
    size_t first;
    char message[256]; /* empty: all was right */
};

static void *submit(void *context)
{
    struct submitter *self = context;
    static struct order orders[SUBMITTERS][ORDERS];
    struct order *own = orders[self->first];
    struct gantry_error error = {0};
    enum gantry_status status = GANTRY_OK;
    for (size_t k = 0; k < ORDERS && status == GANTRY_OK; k++) {
        order_fill(self->bed, &own[k], self->first * ORDERS + k);
        status = gantry_engine_pool_submit(self->bed->pool, COUNT, own[k].inputs, own[k].outputs,
                                           TIMEOUT_MS, &own[k].id, &error);
    }
    for (size_t k = ORDERS; k-- > 0 && status == GANTRY_OK;) {
        status = gantry_engine_pool_wait(self->bed->pool, own[k].id, &error);
        if (status == GANTRY_OK && !order_is_right(self->bed, &own[k]))
            (void)snprintf(self->message, sizeof self->message, "order %zu differs", k);
    }
    if (status != GANTRY_OK)
        (void)snprintf(self->message, sizeof self->message, "%.255s", error.message);
    return NULL;
}

static void serve(const char *device)
{
    struct bed bed;
    struct submitter submitters[SUBMITTERS];
    pthread_t threads[SUBMITTERS];
    bed_open(&bed, device);
    assert_int_equal(gantry_engine_pool_engines(bed.pool), ENGINES);
    for (size_t i = 0; i < SUBMITTERS; i++) {
        submitters[i] = (struct submitter){.bed = &bed, .first = i};
        assert_int_equal(pthread_create(&threads[i], NULL, submit, &submitters[i]), 0);
    }
    for (size_t i = 0; i < SUBMITTERS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < SUBMITTERS; i++) assert_string_equal(submitters[i].message, "");
    assert_int_equal(bed.done, SUBMITTERS * ORDERS * COUNT);
    bed_close(&bed);
}

static void pool__serves_several_threads_on_cpu(void **state)
{
    (void)state;
    serve("cpu");
}

static void pool__engines_of_one_accelerator_take_turns(void **state)
{
    (void)state;
    serve("model");
}

static void pool__has_an_engine_for_each_accelerator_by_default(void **state)
{
    (void)state;
    struct engine_fixture fixture = {0};
    struct gantry_engine_pool *pool;
    struct gantry_error error = {0};
    engine_fixture_open(&fixture, "model", NULL);
    assert_int_equal(gantry_device_info(fixture.device)->instances, 1);
    assert_int_equal(gantry_engine_pool_create(&pool, fixture.plan, fixture.device, NULL, &error),
                     GANTRY_OK);
    assert_int_equal(gantry_engine_pool_engines(pool), 1);
    gantry_engine_pool_destroy(pool);
    gantry_engine_pool_destroy(NULL);
    engine_fixture_close(&fixture);
}

static void pool__refuses_what_it_cannot_do(void **state)
{
    (void)state;
    struct bed bed;
    static struct order order;
    struct gantry_error error = {0};
    struct gantry_engine_pool *pool;
    struct gantry_engine_pool_options options = GANTRY_ENGINE_POOL_OPTIONS_INIT;
    static uint8_t bytes[GANTRY_POOL_ORDERS_MAX][OUTPUT_BYTES];
    static struct gantry_tensor outputs[GANTRY_POOL_ORDERS_MAX];
    uint64_t ids[GANTRY_POOL_ORDERS_MAX], id;
    bed_open(&bed, "cpu");
    options.engines = GANTRY_POOL_ENGINES_MAX + 1;
    assert_int_equal(
        gantry_engine_pool_create(&pool, bed.fixture.plan, bed.fixture.device, &options, &error),
        GANTRY_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "out of range (65, 0..64)"));
    order_fill(&bed, &order, 0);
    assert_int_equal(gantry_engine_pool_submit(bed.pool, 0, order.inputs, order.outputs, TIMEOUT_MS,
                                               &id, &error),
                     GANTRY_ERR_ARGUMENT);
    assert_int_equal(gantry_engine_pool_wait(bed.pool, 0, &error), GANTRY_ERR_ARGUMENT);
    assert_int_equal(gantry_engine_pool_wait(bed.pool, 1000, &error), GANTRY_ERR_ARGUMENT);
    for (size_t i = 0; i < GANTRY_POOL_ORDERS_MAX; i++) {
        outputs[i] = bed.fixture.output;
        outputs[i].data = bytes[i];
        assert_int_equal(gantry_engine_pool_submit(bed.pool, 1, order.inputs, &outputs[i],
                                                   TIMEOUT_MS, &ids[i], &error),
                         GANTRY_OK);
    }
    assert_int_equal(gantry_engine_pool_submit(bed.pool, 1, order.inputs, order.outputs, TIMEOUT_MS,
                                               &id, &error),
                     GANTRY_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "(limit 256)"));
    for (size_t i = 0; i < GANTRY_POOL_ORDERS_MAX; i++)
        assert_int_equal(gantry_engine_pool_wait(bed.pool, ids[i], &error), GANTRY_OK);
    assert_int_equal(gantry_engine_pool_wait(bed.pool, ids[0], &error), GANTRY_ERR_ARGUMENT);
    bed_close(&bed);
}

static void pool__a_network_with_a_state_has_one_engine(void **state)
{
    (void)state;
    struct engine_fixture fixture = {0};
    struct gantry_engine_pool *pool;
    struct gantry_error error = {0};
    struct gantry_engine_pool_options options = GANTRY_ENGINE_POOL_OPTIONS_INIT;
    engine_fixture_open(&fixture, "cpu", NULL);
    bool *variable = &fixture.plan->graph->tensors[fixture.plan->graph->inputs[0]].variable;
    *variable = true;
    options.engines = 2;
    assert_int_equal(
        gantry_engine_pool_create(&pool, fixture.plan, fixture.device, &options, &error),
        GANTRY_ERR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "from run to run"));
    options.engines = 1;
    assert_int_equal(
        gantry_engine_pool_create(&pool, fixture.plan, fixture.device, &options, &error),
        GANTRY_OK);
    gantry_engine_pool_destroy(pool);
    *variable = false;
    engine_fixture_close(&fixture);
}

/* One inference of an order fails: the others are made, and the order has its error. */
static void pool__an_order_has_the_first_error_of_its_inferences(void **state)
{
    (void)state;
    struct bed bed;
    static struct order order;
    struct gantry_error error = {0};
    bed_open(&bed, "cpu");
    order_fill(&bed, &order, 0);
    order.inputs[2].bytes--;
    assert_int_equal(
        gantry_engine_pool_run(bed.pool, COUNT, order.inputs, order.outputs, TIMEOUT_MS, &error),
        GANTRY_ERR_SHAPE);
    assert_non_null(strstr(error.message, "input 0"));
    assert_int_equal(bed.done, COUNT - 1);
    order_fill(&bed, &order, 0);
    assert_int_equal(
        gantry_engine_pool_run(bed.pool, COUNT, order.inputs, order.outputs, TIMEOUT_MS, &error),
        GANTRY_OK);
    assert_true(order_is_right(&bed, &order));
    bed_close(&bed);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(pool__serves_several_threads_on_cpu),
    cmocka_unit_test(pool__engines_of_one_accelerator_take_turns),
    cmocka_unit_test(pool__has_an_engine_for_each_accelerator_by_default),
    cmocka_unit_test(pool__refuses_what_it_cannot_do),
    cmocka_unit_test(pool__a_network_with_a_state_has_one_engine),
    cmocka_unit_test(pool__an_order_has_the_first_error_of_its_inferences),
};

GANTRY_TEST_MAIN("engine_pool", tests)
