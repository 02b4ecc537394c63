/* SPDX-License-Identifier: Apache-2.0
 * Threads that take the parts of a kernel one by one. The caller takes parts, too, and waits only
 * for those that others have taken: a thread that the machine does not let run delays nothing.
 * Between kernels the threads look out for the next one for a while, then they sleep. */
#include "runtime/pool.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

/* A part below this is done before the others have begun, or costs more in moved caches. */
enum { PART_NS_MIN = 4000 };
/* How often who waits looks before it lets others run between looks: they may be who it waits for.
 * How long a thread looks out for work, in processor time of its own: one that has been kept from
 * running still looks when it is let. */
enum { LOOKS = 2000, LOOK_NS = 200000, LOOKS_BETWEEN_CLOCKS = 64 };

struct job {
    const struct gantry_kernel *kernel;
    int32_t parts;
    uint8_t *scratch;
    size_t scratch_bytes;
};

/* The ticket has the number of the job in its upper bits, then how many parts the job has, then how
 * many of them are taken. Who takes a part may read the job: it does not change before all parts
 * are done. */
enum { PARTS_SHIFT = 8, NUMBER_SHIFT = 16, PART_MASK = 0xff };

struct gantry_pool {
    int32_t threads; /* without the caller */
    pthread_t thread[GANTRY_THREADS_MAX];
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    _Alignas(64) _Atomic uint64_t ticket;
    _Alignas(64) _Atomic int32_t done;
    _Atomic int32_t sleepers;
    _Atomic bool ends;
    struct job job;
};

static void pause_for(int32_t looks)
{
    if (looks > LOOKS) {
        (void)sched_yield();
        return;
    }
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static bool has_parts(uint64_t ticket)
{
    return (ticket & PART_MASK) < (ticket >> PARTS_SHIFT & PART_MASK);
}

/* A part that is this thread's to run, or -1. */
static int32_t take(struct gantry_pool *pool)
{
    uint64_t ticket = atomic_load(&pool->ticket);
    while (has_parts(ticket))
        if (atomic_compare_exchange_weak(&pool->ticket, &ticket, ticket + 1))
            return (int32_t)(ticket & PART_MASK);
    return -1;
}

static void run_part(const struct job *job, int32_t part)
{
    int64_t units = job->kernel->units;
    job->kernel->run(job->kernel->state, (int32_t)(units * part / job->parts),
                     (int32_t)(units * (part + 1) / job->parts),
                     job->scratch + (size_t)part * job->scratch_bytes);
}

static void run_parts(struct gantry_pool *pool)
{
    for (int32_t part = take(pool); part >= 0; part = take(pool)) {
        run_part(&pool->job, part);
        atomic_fetch_add(&pool->done, 1);
    }
}

/* Whoever publishes a job reads sleepers after it has written the ticket; this reads the ticket
 * after it has written sleepers: one of them sees the other. */
static void sleep_until_job(struct gantry_pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleepers, 1);
    while (!has_parts(atomic_load(&pool->ticket)) && !atomic_load(&pool->ends))
        (void)pthread_cond_wait(&pool->wake, &pool->mutex);
    atomic_fetch_sub(&pool->sleepers, 1);
    (void)pthread_mutex_unlock(&pool->mutex);
}

static uint64_t own_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void wait_for_job(struct gantry_pool *pool)
{
    uint64_t from = 0;
    for (int32_t looks = 1; !has_parts(atomic_load(&pool->ticket)); looks++) {
        if (atomic_load(&pool->ends)) return;
        pause_for(looks);
        if (looks % LOOKS_BETWEEN_CLOCKS != 0) continue;
        uint64_t now = own_ns();
        if (from == 0) from = now;
        if (now - from < LOOK_NS) continue;
        sleep_until_job(pool);
        return;
    }
}

static void *serve(void *context)
{
    struct gantry_pool *pool = context;
    while (!atomic_load(&pool->ends)) {
        run_parts(pool);
        wait_for_job(pool);
    }
    return NULL;
}

int32_t gantry_pool_parts(const struct gantry_kernel *kernel, int32_t threads)
{
    uint64_t worth = kernel->cost / PART_NS_MIN;
    int32_t parts = gantry_min_i32(threads, kernel->units);
    if (worth < (uint64_t)parts) parts = (int32_t)worth;
    return gantry_max_i32(parts, 1);
}

struct gantry_pool *gantry_pool_create(int32_t threads)
{
    static_assert((int)GANTRY_THREADS_MAX <= (int)PART_MASK, "a part has eight bits");
    if (threads < 2) return NULL;
    struct gantry_pool *pool = gantry_allocate(NULL, 1, sizeof *pool);
    if (!pool) return NULL;
    (void)pthread_mutex_init(&pool->mutex, NULL);
    (void)pthread_cond_init(&pool->wake, NULL);
    for (; pool->threads < threads - 1; pool->threads++)
        if (pthread_create(&pool->thread[pool->threads], NULL, serve, pool) != 0) break;
    if (pool->threads == threads - 1) return pool;
    gantry_pool_destroy(pool);
    return NULL;
}

static void wake(struct gantry_pool *pool)
{
    if (atomic_load(&pool->sleepers) == 0) return;
    (void)pthread_mutex_lock(&pool->mutex);
    (void)pthread_cond_broadcast(&pool->wake);
    (void)pthread_mutex_unlock(&pool->mutex);
}

void gantry_pool_destroy(struct gantry_pool *pool)
{
    if (!pool) return;
    atomic_store(&pool->ends, true);
    wake(pool);
    for (int32_t i = 0; i < pool->threads; i++) (void)pthread_join(pool->thread[i], NULL);
    (void)pthread_cond_destroy(&pool->wake);
    (void)pthread_mutex_destroy(&pool->mutex);
    gantry_release(NULL, pool);
}

void gantry_pool_run(struct gantry_pool *pool, const struct gantry_kernel *kernel, int32_t parts,
                     void *scratch)
{
    if (!pool || parts < 2) {
        gantry_kernel_run(kernel, scratch);
        return;
    }
    gantry_assert(parts <= GANTRY_THREADS_MAX);
    pool->job = (struct job){kernel, parts, scratch, gantry_align_size(kernel->scratch_bytes, 64)};
    atomic_store(&pool->done, 0);
    uint64_t number = (atomic_load(&pool->ticket) >> NUMBER_SHIFT) + 1;
    atomic_store(&pool->ticket, number << NUMBER_SHIFT | (uint64_t)parts << PARTS_SHIFT);
    wake(pool);
    run_parts(pool);
    for (int32_t looks = 0; atomic_load(&pool->done) < parts; looks++) pause_for(looks);
}
