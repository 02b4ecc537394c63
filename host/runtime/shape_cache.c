/* SPDX-License-Identifier: Apache-2.0
 * Engines by the shapes of their inputs. */
#include "gantry/shape_cache.h"

#include <string.h>

#include "base/base.h"
#include "graph/graph.h"

struct entry {
    struct gantry_model *model; /* NULL: free */
    struct gantry_plan *plan;
    struct gantry_engine *engine;
    /* What was asked for; names are the model's. */
    struct gantry_input_shape *shapes;
    size_t count;
    uint64_t used; /* the request that asked for it last */
};

struct gantry_shape_cache {
    struct gantry_shape_cache_options options;
    struct gantry_plan_options plan;
    struct gantry_engine_options engine;
    struct gantry_device *device;
    char *path;
    uint64_t requests;
    size_t planned;
    struct entry entries[GANTRY_SHAPE_CACHE_MAX];
};

enum gantry_status gantry_shape_cache_create(struct gantry_shape_cache **out, const char *path,
                                             struct gantry_device *device,
                                             const struct gantry_shape_cache_options *options,
                                             struct gantry_error *error)
{
    static const struct gantry_shape_cache_options defaults = GANTRY_SHAPE_CACHE_OPTIONS_INIT;
    static const struct gantry_plan_options plan = GANTRY_PLAN_OPTIONS_INIT;
    static const struct gantry_engine_options engine = GANTRY_ENGINE_OPTIONS_INIT;
    *out = NULL;
    if (!options) options = &defaults;
    if (options->limit < 1 || options->limit > GANTRY_SHAPE_CACHE_MAX)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT,
                           "%s: limit of engines is out of range (%d, 1..%d)", path, options->limit,
                           GANTRY_SHAPE_CACHE_MAX);
    size_t length = strlen(path) + 1;
    struct gantry_shape_cache *cache = gantry_allocate(options->allocator, 1, sizeof *cache);
    char *copy = gantry_allocate(options->allocator, length, 1);
    if (!cache || !copy) {
        gantry_release(options->allocator, copy);
        gantry_release(options->allocator, cache);
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", path);
    }
    memcpy(copy, path, length);
    *cache = (struct gantry_shape_cache){.options = *options,
                                         .plan = options->plan ? *options->plan : plan,
                                         .engine = options->engine ? *options->engine : engine,
                                         .device = device,
                                         .path = copy};
    *out = cache;
    return GANTRY_OK;
}

static void drop(const struct gantry_shape_cache *cache, struct entry *entry)
{
    gantry_engine_destroy(entry->engine);
    gantry_plan_destroy(entry->plan);
    gantry_model_close(entry->model);
    gantry_release(cache->options.allocator, entry->shapes);
    *entry = (struct entry){0};
}

void gantry_shape_cache_destroy(struct gantry_shape_cache *cache)
{
    if (!cache) return;
    for (int i = 0; i < cache->options.limit; i++) drop(cache, &cache->entries[i]);
    const struct gantry_allocator *allocator = cache->options.allocator;
    gantry_release(allocator, cache->path);
    gantry_release(allocator, cache);
}

/* ---- Finding ---- */

/* A request names its inputs in any order; without a name it means the only one. */
static bool serves(const struct entry *entry, const struct gantry_input_shape *shapes, size_t count)
{
    if (!entry->model || entry->count != count) return false;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < count && shapes[i].input && strcmp(entry->shapes[k].input, shapes[i].input) != 0)
            k++;
        if (k == count || !gantry_shape_equal(&entry->shapes[k].shape, &shapes[i].shape))
            return false;
    }
    return true;
}

/* A free entry, or the one that was not asked for longest. */
static struct entry *choose(struct gantry_shape_cache *cache)
{
    struct entry *oldest = &cache->entries[0];
    for (int i = 0; i < cache->options.limit; i++) {
        struct entry *entry = &cache->entries[i];
        if (!entry->model) return entry;
        if (entry->used < oldest->used) oldest = entry;
    }
    return oldest;
}

/* ---- Making ---- */

/* The name of an input in the model, whose lifetime is the entry's. */
static const char *own_name(const struct gantry_model *model, const char *name)
{
    for (size_t i = 0; name && i < gantry_model_input_count(model); i++)
        if (strcmp(gantry_model_input(model, i)->name, name) == 0)
            return gantry_model_input(model, i)->name;
    return gantry_model_input(model, 0)->name;
}

static enum gantry_status make(struct gantry_shape_cache *cache, struct entry *entry,
                               const struct gantry_input_shape *shapes, size_t count,
                               struct gantry_error *error)
{
    const struct gantry_model_options options = {
        .shapes = shapes, .shape_count = count, .allocator = cache->options.allocator};
    enum gantry_status status = gantry_model_open(&entry->model, cache->path, &options, error);
    if (status != GANTRY_OK) return status;
    entry->shapes = gantry_allocate(cache->options.allocator, count + 1, sizeof *entry->shapes);
    if (!entry->shapes)
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", cache->path);
    for (entry->count = 0; entry->count < count; entry->count++)
        entry->shapes[entry->count] = (struct gantry_input_shape){
            own_name(entry->model, shapes[entry->count].input), shapes[entry->count].shape};
    status = gantry_plan_create(&entry->plan, entry->model, gantry_device_info(cache->device),
                                &cache->plan, error);
    if (status == GANTRY_OK) cache->planned++;
    return status;
}

enum gantry_status gantry_shape_cache_get(struct gantry_shape_cache *cache,
                                          const struct gantry_input_shape *shapes, size_t count,
                                          struct gantry_shape_engine *out,
                                          struct gantry_error *error)
{
    struct entry *entry = NULL, fresh = {0};
    enum gantry_status status = GANTRY_OK;
    *out = (struct gantry_shape_engine){0};
    for (int i = 0; !entry && i < cache->options.limit; i++)
        if (serves(&cache->entries[i], shapes, count)) entry = &cache->entries[i];
    if (!entry) {
        status = make(cache, &fresh, shapes, count, error);
        if (status == GANTRY_OK)
            status = gantry_engine_create(&fresh.engine, fresh.plan, cache->device, &cache->engine,
                                          error);
        if (status != GANTRY_OK) {
            drop(cache, &fresh);
            return status;
        }
        entry = choose(cache);
        drop(cache, entry);
        *entry = fresh;
    }
    entry->used = ++cache->requests;
    *out = (struct gantry_shape_engine){entry->model, entry->engine};
    return GANTRY_OK;
}

size_t gantry_shape_cache_planned(const struct gantry_shape_cache *cache) { return cache->planned; }
