/* SPDX-License-Identifier: Apache-2.0
 * Threads by pthreadpool: every part of a kernel is a task. */
#include "runtime/pool.h"

#if GANTRY_HAVE_PTHREADPOOL
#include <pthreadpool.h>
#endif

/* A part below this is done before the others have begun. */
enum { PART_NS_MIN = 3000 };

/* The pool is not built for the thread sanitizer, which cannot see that it orders a call before
 * its tasks and the tasks before its return. */
#if defined(__SANITIZE_THREAD__)
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#define ACQUIRE(address) __tsan_acquire(address)
#define RELEASE(address) __tsan_release(address)
#else
#define ACQUIRE(address) ((void)(address))
#define RELEASE(address) ((void)(address))
#endif

struct job {
    const struct gantry_kernel *kernel;
    int32_t parts;
    uint8_t *scratch;
    size_t scratch_bytes;
    char begun, done; /* marks for the sanitizer */
};

static void run_part(void *context, size_t part)
{
    struct job *job = context;
    ACQUIRE(&job->begun);
    int64_t units = job->kernel->units;
    job->kernel->run(job->kernel->state, (int32_t)(units * (int64_t)part / job->parts),
                     (int32_t)(units * ((int64_t)part + 1) / job->parts),
                     job->scratch + part * job->scratch_bytes);
    RELEASE(&job->done);
}

int32_t gantry_pool_parts(const struct gantry_kernel *kernel, int32_t threads)
{
    uint64_t worth = kernel->cost / PART_NS_MIN;
    int32_t parts = gantry_min_i32(threads, kernel->units);
    if (worth < (uint64_t)parts) parts = (int32_t)worth;
    return gantry_max_i32(parts, 1);
}

#if GANTRY_HAVE_PTHREADPOOL

bool gantry_pool_available(void) { return true; }

struct gantry_pool *gantry_pool_create(int32_t threads)
{
    if (threads < 2) return NULL;
    return (struct gantry_pool *)(void *)pthreadpool_create((size_t)threads);
}

void gantry_pool_destroy(struct gantry_pool *pool)
{
    if (pool) pthreadpool_destroy((pthreadpool_t)(void *)pool);
}

static void run_parts(struct gantry_pool *pool, struct job *job, bool last)
{
    pthreadpool_parallelize_1d((pthreadpool_t)(void *)pool, run_part, job, (size_t)job->parts,
                               last ? PTHREADPOOL_FLAG_YIELD_WORKERS : 0);
}

#else

bool gantry_pool_available(void) { return false; }

struct gantry_pool *gantry_pool_create(int32_t threads)
{
    (void)threads;
    return NULL;
}

void gantry_pool_destroy(struct gantry_pool *pool) { (void)pool; }

static void run_parts(struct gantry_pool *pool, struct job *job, bool last)
{
    (void)pool;
    (void)last;
    for (int32_t part = 0; part < job->parts; part++) run_part(job, (size_t)part);
}

#endif

void gantry_pool_run(struct gantry_pool *pool, const struct gantry_kernel *kernel, int32_t parts,
                     void *scratch, bool last)
{
    if (!pool || parts < 2) {
        gantry_kernel_run(kernel, scratch);
        return;
    }
    struct job job = {.kernel = kernel,
                      .parts = parts,
                      .scratch = scratch,
                      .scratch_bytes = gantry_align_size(kernel->scratch_bytes, 64)};
    RELEASE(&job.begun);
    run_parts(pool, &job, last);
    ACQUIRE(&job.done);
}
