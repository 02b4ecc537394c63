/* SPDX-License-Identifier: Apache-2.0
 * A pool of engines: inferences from any thread, served by several engines of one plan.
 *
 *     gantry_device_open -> gantry_plan_create -> gantry_engine_pool_create
 *     -> gantry_engine_pool_submit and _wait, or _run, from any threads
 *
 * Each engine has a thread and buffers of its own; programs and weights are in device memory once.
 * They share the accelerators of the device: while one engine is at its CPU layers, others launch.
 * On a device whose time is simulated, CPU layers and launches take the time that the plan's target
 * has for them, and the same inferences take the same simulated time each time they are submitted
 * together to an idle pool. */
#ifndef GANTRY_ENGINE_POOL_H
#define GANTRY_ENGINE_POOL_H

#include "gantry/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

struct gantry_engine_pool; /* opaque */
enum { GANTRY_POOL_ENGINES_MAX = 64, GANTRY_POOL_ORDERS_MAX = 256 };

/* An inference that an engine has ended. */
struct gantry_engine_pool_done {
    uint64_t order;  /* as submit gave it */
    size_t index;    /* in the order */
    int engine;      /* 0 .. engines - 1 */
    int accelerator; /* of the device, 0 .. its instances - 1 */
    enum gantry_status status;
    const struct gantry_profile *profile; /* of the run; valid during the call, NULL on failure */
};

/* Start from GANTRY_ENGINE_POOL_OPTIONS_INIT. */
struct gantry_engine_pool_options {
    int engines; /* 1..GANTRY_POOL_ENGINES_MAX; 0: one for each accelerator of the device */
    int threads; /* of each engine, for CPU layers; results do not depend on it */
    bool trace;  /* as in gantry_engine_options */
    /* Called by the engine's thread after each inference, before the order is over; may be NULL.
     * It may submit, but not wait. */
    void (*done)(void *context, const struct gantry_engine_pool_done *done);
    void *context;
    const struct gantry_allocator *allocator;
    const struct gantry_log *log;
};
#define GANTRY_ENGINE_POOL_OPTIONS_INIT                                                      \
    {                                                                                        \
        .engines = 0, .threads = 1, .trace = false, .done = 0, .context = 0, .allocator = 0, \
        .log = 0                                                                             \
    }

/* Makes the engines and starts their threads. Plan and device are borrowed; the device serves this
 * pool and nobody else. *out is owned. Errors: those of gantry_engine_create, GANTRY_ERR_ARGUMENT
 * for a number of engines out of range, GANTRY_ERR_UNSUPPORTED for several engines of a model that
 * keeps a state from run to run. */
GANTRY_API GANTRY_MUST_USE enum gantry_status gantry_engine_pool_create(
    struct gantry_engine_pool **out, const struct gantry_plan *plan, struct gantry_device *device,
    const struct gantry_engine_pool_options *options, struct gantry_error *error);
/* Waits for orders that are under way; later ones are not begun. NULL is allowed. */
GANTRY_API void gantry_engine_pool_destroy(struct gantry_engine_pool *pool);
GANTRY_API int gantry_engine_pool_engines(const struct gantry_engine_pool *pool);

/* Orders count inferences (1 or more) and returns at once. inputs, outputs: as for
 * gantry_engine_run_batch, borrowed until the order is over. timeout_ms: of each launch. order_out
 * is for gantry_engine_pool_wait, which must follow. Allocates nothing. Thread: any.
 * Errors: GANTRY_ERR_ARGUMENT when GANTRY_POOL_ORDERS_MAX orders are under way or not waited for.
 */
GANTRY_API GANTRY_MUST_USE enum gantry_status
gantry_engine_pool_submit(struct gantry_engine_pool *pool, size_t count,
                          const struct gantry_tensor *inputs, struct gantry_tensor *outputs,
                          uint32_t timeout_ms, uint64_t *order_out, struct gantry_error *error);
/* Waits until all inferences of an order are over, and forgets it: once for each order. Errors: the
 * first one of an inference (the others are made nevertheless); GANTRY_ERR_ARGUMENT for an order
 * that there is not. */
GANTRY_API GANTRY_MUST_USE enum gantry_status
gantry_engine_pool_wait(struct gantry_engine_pool *pool, uint64_t order,
                        struct gantry_error *error);
/* Both. */
GANTRY_API GANTRY_MUST_USE enum gantry_status
gantry_engine_pool_run(struct gantry_engine_pool *pool, size_t count,
                       const struct gantry_tensor *inputs, struct gantry_tensor *outputs,
                       uint32_t timeout_ms, struct gantry_error *error);

#ifdef __cplusplus
}
#endif

#endif
