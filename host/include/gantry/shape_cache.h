/* SPDX-License-Identifier: Apache-2.0
 * Engines of one model for the shapes that its inputs get: read, planned and made at the first
 * request, found at the next.
 *
 *     gantry_device_open -> gantry_shape_cache_create
 *     -> gantry_shape_cache_get, gantry_engine_run, as often as wanted
 *
 * Thread: one call at a time per cache. */
#ifndef GANTRY_SHAPE_CACHE_H
#define GANTRY_SHAPE_CACHE_H

#include "gantry/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

struct gantry_shape_cache; /* opaque */
enum { GANTRY_SHAPE_CACHE_MAX = 64 };

/* Start from GANTRY_SHAPE_CACHE_OPTIONS_INIT. */
struct gantry_shape_cache_options {
    int limit; /* engines that are kept, 1..GANTRY_SHAPE_CACHE_MAX; beyond it the one goes that has
                  not been asked for longest */
    /* As for one engine; what they point to lives as long as the cache. NULL: those of the start */
    const struct gantry_plan_options *plan;
    const struct gantry_engine_options *engine;
    const struct gantry_allocator *allocator; /* of cache and models; NULL: malloc */
};
#define GANTRY_SHAPE_CACHE_OPTIONS_INIT                    \
    {                                                      \
        .limit = 8, .plan = 0, .engine = 0, .allocator = 0 \
    }

/* A cache for a model file, which is read for every shape; nothing is read yet. The path is copied,
 * the device borrowed. *out is owned. Errors: GANTRY_ERR_ARGUMENT for a limit out of range,
 * GANTRY_ERR_MEMORY. */
GANTRY_API GANTRY_MUST_USE enum gantry_status gantry_shape_cache_create(
    struct gantry_shape_cache **out, const char *path, struct gantry_device *device,
    const struct gantry_shape_cache_options *options, struct gantry_error *error);
GANTRY_API void gantry_shape_cache_destroy(struct gantry_shape_cache *cache); /* NULL is allowed */

/* What serves inputs of some shapes; borrowed from the cache until its next call. */
struct gantry_shape_engine {
    const struct gantry_model *model; /* says what the engine's tensors are */
    struct gantry_engine *engine;
};

/* The engine for shapes, as in struct gantry_model_options. Allocates nothing when it is there.
 * Errors: those of gantry_model_open, gantry_plan_create and gantry_engine_create; the engines that
 * are there stay. */
GANTRY_API GANTRY_MUST_USE enum gantry_status
gantry_shape_cache_get(struct gantry_shape_cache *cache, const struct gantry_input_shape *shapes,
                       size_t count, struct gantry_shape_engine *out, struct gantry_error *error);
/* Plans that were made so far. */
GANTRY_API size_t gantry_shape_cache_planned(const struct gantry_shape_cache *cache);

#ifdef __cplusplus
}
#endif

#endif
