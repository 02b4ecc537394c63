/* SPDX-License-Identifier: Apache-2.0
 * Engines with a thread each, and the orders that they work on. */
#include "gantry/engine_pool.h"

#include <inttypes.h>
#include <string.h>

#include "runtime/engine_internal.h"

struct order {
    uint64_t id; /* 0: free */
    const struct gantry_tensor *inputs;
    struct gantry_tensor *outputs;
    size_t count, begun, over;
    uint32_t timeout_ms;
    struct gantry_error error; /* the first; status OK: none */
};

struct worker {
    struct gantry_engine_pool *pool;
    struct gantry_engine *engine;
    struct gantry_device *device;
    int index, accelerator;
    pthread_t thread;
    bool started, called; /* called: there is work for it */
    void *stream;         /* to become, on a device with a clock */
};

struct gantry_engine_pool {
    struct gantry_engine_pool_options options;
    const struct gantry_graph *graph;
    struct worker *workers;
    int engines;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct order orders[GANTRY_POOL_ORDERS_MAX];
    uint64_t last_id;
    bool ending;
};

/* ---- Workers ---- */

/* The oldest order with inferences that nobody has begun. */
static struct order *find_work(struct gantry_engine_pool *pool)
{
    struct order *best = NULL;
    for (size_t i = 0; i < GANTRY_COUNT(pool->orders); i++) {
        struct order *order = &pool->orders[i];
        if (order->id == 0 || order->begun == order->count) continue;
        if (!best || order->id < best->id) best = order;
    }
    return pool->ending ? NULL : best;
}

/* With the mutex, which is let go for the time of the inference. */
static void run_next(struct worker *worker, struct order *order)
{
    struct gantry_engine_pool *pool = worker->pool;
    struct gantry_error error = {.status = GANTRY_OK};
    size_t index = order->begun++;
    (void)pthread_mutex_unlock(&pool->mutex);
    enum gantry_status status = gantry_engine_run(
        worker->engine, order->inputs + index * (size_t)pool->graph->input_count,
        order->outputs + index * (size_t)pool->graph->output_count, order->timeout_ms, &error);
    if (pool->options.done) {
        const struct gantry_engine_pool_done done = {
            .order = order->id,
            .index = index,
            .engine = worker->index,
            .accelerator = worker->accelerator,
            .status = status,
            .profile = status == GANTRY_OK ? gantry_engine_profile(worker->engine) : NULL};
        pool->options.done(pool->options.context, &done);
    }
    (void)pthread_mutex_lock(&pool->mutex);
    if (status != GANTRY_OK && order->error.status == GANTRY_OK) order->error = error;
    order->over++;
    if (order->over == order->count) (void)pthread_cond_broadcast(&pool->changed);
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct gantry_engine_pool *pool = worker->pool;
    const struct gantry_device_clock *clock = worker->device->clock;
    (void)pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (!worker->called && !pool->ending)
            (void)pthread_cond_wait(&pool->changed, &pool->mutex);
        if (!worker->called) break;
        void *stream = worker->stream;
        if (stream) {
            (void)pthread_mutex_unlock(&pool->mutex);
            clock->become(worker->device, stream);
            (void)pthread_mutex_lock(&pool->mutex);
        }
        for (struct order *order; (order = find_work(pool));) run_next(worker, order);
        worker->called = false;
        if (!stream) continue;
        (void)pthread_mutex_unlock(&pool->mutex);
        clock->part(worker->device);
        (void)pthread_mutex_lock(&pool->mutex);
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

/* ---- Making ---- */

static struct gantry_device *accelerator_of(struct gantry_device *first, int index)
{
    for (; index > 0 && first->next; index--) first = first->next;
    return first;
}

static enum gantry_status start(struct worker *worker, const struct gantry_plan *plan,
                                struct gantry_error *error)
{
    const struct gantry_engine_pool_options *options = &worker->pool->options;
    struct gantry_engine_options engine = GANTRY_ENGINE_OPTIONS_INIT;
    engine.trace = options->trace;
    engine.threads = options->threads;
    engine.allocator = options->allocator;
    engine.log = options->log;
    enum gantry_status status = gantry_engine_create_beside(
        &worker->engine, plan, worker->device, &engine, worker->pool->workers[0].engine, error);
    if (status != GANTRY_OK) return status;
    worker->started = pthread_create(&worker->thread, NULL, work, worker) == 0;
    if (worker->started) return GANTRY_OK;
    return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: no thread for engine %d of %d",
                       plan->graph->name, worker->index, worker->pool->engines);
}

/* Inferences of a network with a state follow each other: one engine has it. */
static enum gantry_status check_state(const struct gantry_engine_pool *pool,
                                      struct gantry_error *error)
{
    for (int32_t t = 0; pool->engines > 1 && t < pool->graph->tensor_count; t++)
        if (pool->graph->tensors[t].variable)
            return gantry_fail(error, GANTRY_ERR_UNSUPPORTED,
                               "%s: keeps %s from run to run: engines of a pool (%d, limit 1)",
                               pool->graph->name, pool->graph->tensors[t].name, pool->engines);
    return GANTRY_OK;
}

static enum gantry_status fill(struct gantry_engine_pool *pool, const struct gantry_plan *plan,
                               struct gantry_device *device, struct gantry_error *error)
{
    int accelerators = device->info.instances > 0 ? device->info.instances : 1;
    pool->engines = pool->options.engines ? pool->options.engines : accelerators;
    pool->workers =
        gantry_allocate(pool->options.allocator, (size_t)pool->engines, sizeof *pool->workers);
    if (!pool->workers)
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", plan->graph->name);
    enum gantry_status status = check_state(pool, error);
    for (int i = 0; i < pool->engines && status == GANTRY_OK; i++) {
        pool->workers[i] = (struct worker){.pool = pool,
                                           .index = i,
                                           .accelerator = i % accelerators,
                                           .device = accelerator_of(device, i % accelerators)};
        status = start(&pool->workers[i], plan, error);
    }
    return status;
}

enum gantry_status gantry_engine_pool_create(struct gantry_engine_pool **out,
                                             const struct gantry_plan *plan,
                                             struct gantry_device *device,
                                             const struct gantry_engine_pool_options *options,
                                             struct gantry_error *error)
{
    static const struct gantry_engine_pool_options defaults = GANTRY_ENGINE_POOL_OPTIONS_INIT;
    *out = NULL;
    if (!options) options = &defaults;
    if (options->engines < 0 || options->engines > GANTRY_POOL_ENGINES_MAX)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: engines are out of range (%d, 0..%d)",
                           plan->graph->name, options->engines, GANTRY_POOL_ENGINES_MAX);
    struct gantry_engine_pool *pool = gantry_allocate(options->allocator, 1, sizeof *pool);
    if (!pool) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", plan->graph->name);
    pool->options = *options;
    pool->graph = plan->graph;
    (void)pthread_mutex_init(&pool->mutex, NULL);
    (void)pthread_cond_init(&pool->changed, NULL);
    enum gantry_status status = fill(pool, plan, device, error);
    if (status != GANTRY_OK) {
        gantry_engine_pool_destroy(pool);
        return status;
    }
    *out = pool;
    return GANTRY_OK;
}

void gantry_engine_pool_destroy(struct gantry_engine_pool *pool)
{
    if (!pool) return;
    (void)pthread_mutex_lock(&pool->mutex);
    pool->ending = true;
    (void)pthread_cond_broadcast(&pool->changed);
    (void)pthread_mutex_unlock(&pool->mutex);
    for (int i = 0; pool->workers && i < pool->engines; i++)
        if (pool->workers[i].started) (void)pthread_join(pool->workers[i].thread, NULL);
    /* The first one owns programs and weights. */
    for (int i = pool->engines; pool->workers && i-- > 0;)
        gantry_engine_destroy(pool->workers[i].engine);
    (void)pthread_cond_destroy(&pool->changed);
    (void)pthread_mutex_destroy(&pool->mutex);
    gantry_release(pool->options.allocator, pool->workers);
    gantry_release(pool->options.allocator, pool);
}

int gantry_engine_pool_engines(const struct gantry_engine_pool *pool) { return pool->engines; }

/* ---- Orders ---- */

static struct order *find_order(struct gantry_engine_pool *pool, uint64_t id)
{
    for (size_t i = 0; i < GANTRY_COUNT(pool->orders); i++)
        if (pool->orders[i].id == id) return &pool->orders[i];
    return NULL;
}

/* Calls so many workers that are idle. Their streams are made before any of them goes on. */
static void call_workers(struct gantry_engine_pool *pool, size_t count)
{
    for (int i = 0; i < pool->engines && count > 0; i++) {
        struct worker *worker = &pool->workers[i];
        if (worker->called) continue;
        const struct gantry_device_clock *clock = worker->device->clock;
        worker->stream = clock ? clock->join(worker->device) : NULL;
        worker->called = true;
        count--;
    }
    (void)pthread_cond_broadcast(&pool->changed);
}

enum gantry_status gantry_engine_pool_submit(struct gantry_engine_pool *pool, size_t count,
                                             const struct gantry_tensor *inputs,
                                             struct gantry_tensor *outputs, uint32_t timeout_ms,
                                             uint64_t *order_out, struct gantry_error *error)
{
    if (count < 1)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: an order of no inferences",
                           pool->graph->name);
    (void)pthread_mutex_lock(&pool->mutex);
    struct order *order = find_order(pool, 0);
    if (order) {
        *order = (struct order){.id = ++pool->last_id,
                                .inputs = inputs,
                                .outputs = outputs,
                                .count = count,
                                .timeout_ms = timeout_ms};
        *order_out = order->id;
        call_workers(pool, count);
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    if (order) return GANTRY_OK;
    return gantry_fail(error, GANTRY_ERR_ARGUMENT,
                       "%s: too many orders are under way or not waited for (limit %d)",
                       pool->graph->name, GANTRY_POOL_ORDERS_MAX);
}

enum gantry_status gantry_engine_pool_wait(struct gantry_engine_pool *pool, uint64_t id,
                                           struct gantry_error *error)
{
    (void)pthread_mutex_lock(&pool->mutex);
    struct order *order = id ? find_order(pool, id) : NULL;
    while (order && order->over < order->count)
        (void)pthread_cond_wait(&pool->changed, &pool->mutex);
    enum gantry_status status = order ? order->error.status : GANTRY_OK;
    if (status != GANTRY_OK && error) *error = order->error;
    if (order) order->id = 0;
    (void)pthread_mutex_unlock(&pool->mutex);
    if (order) return status;
    return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: no order %" PRIu64, pool->graph->name, id);
}

enum gantry_status gantry_engine_pool_run(struct gantry_engine_pool *pool, size_t count,
                                          const struct gantry_tensor *inputs,
                                          struct gantry_tensor *outputs, uint32_t timeout_ms,
                                          struct gantry_error *error)
{
    uint64_t order;
    enum gantry_status status =
        gantry_engine_pool_submit(pool, count, inputs, outputs, timeout_ms, &order, error);
    return status == GANTRY_OK ? gantry_engine_pool_wait(pool, order, error) : status;
}
