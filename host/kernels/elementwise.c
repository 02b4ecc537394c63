/* SPDX-License-Identifier: Apache-2.0
 * Binds sums and pools; their units are rows of the output. */
#include "kernels/elementwise_isa.h"

enum { AVERAGE_TAPS_MAX = 1 << 16 };

struct add {
    struct gantry_s8_add_args args;
    const struct gantry_elementwise_isa *isa;
};

struct pool {
    struct gantry_s8_pool_args args;
    const struct gantry_elementwise_isa *isa;
};

static void run_add(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct add *add = state;
    (void)scratch;
    if (add->isa)
        add->isa->add(&add->args, first, end);
    else if (first < end)
        gantry_s8_add__ref(&add->args);
}

bool gantry_kernel_add(struct gantry_kernel *kernel, const struct gantry_s8_add_args *args,
                       enum gantry_isa isa, struct gantry_arena *arena)
{
    struct add *add = gantry_arena_alloc(arena, 1, sizeof *add);
    if (!add) return false;
    add->args = *args;
    add->isa = gantry_elementwise_isa(isa);
    const struct gantry_s8_map *out = &args->output;
    *kernel = (struct gantry_kernel){.run = run_add,
                                     .state = add,
                                     .units = add->isa ? out->h : 1,
                                     .cost = (uint64_t)(out->h * out->w) * (uint64_t)out->c / 8};
    return true;
}

static void run_average(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct pool *pool = state;
    (void)scratch;
    if (pool->isa)
        pool->isa->average(&pool->args, first, end);
    else if (first < end)
        gantry_s8_average_pool_2d__ref(&pool->args);
}

static void run_max(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct pool *pool = state;
    (void)scratch;
    if (pool->isa)
        pool->isa->max(&pool->args, first, end);
    else if (first < end)
        gantry_s8_max_pool_2d__ref(&pool->args);
}

static bool bind_pool(struct gantry_kernel *kernel, const struct gantry_s8_pool_args *args,
                      const struct gantry_elementwise_isa *isa, struct gantry_arena *arena)
{
    struct pool *pool = gantry_arena_alloc(arena, 1, sizeof *pool);
    if (!pool) return false;
    pool->args = *args;
    pool->isa = isa;
    const struct gantry_s8_map *out = &args->output;
    uint64_t taps = (uint64_t)(args->kernel_h * args->kernel_w);
    *kernel =
        (struct gantry_kernel){.state = pool,
                               .units = isa ? out->h : 1,
                               .cost = (uint64_t)(out->h * out->w) * (uint64_t)out->c * taps / 16};
    return true;
}

bool gantry_kernel_average_pool_2d(struct gantry_kernel *kernel,
                                   const struct gantry_s8_pool_args *args, enum gantry_isa isa,
                                   struct gantry_arena *arena)
{
    bool small = (int64_t)args->kernel_h * args->kernel_w <= AVERAGE_TAPS_MAX;
    if (!bind_pool(kernel, args, small ? gantry_elementwise_isa(isa) : NULL, arena)) return false;
    kernel->run = run_average;
    return true;
}

bool gantry_kernel_max_pool_2d(struct gantry_kernel *kernel, const struct gantry_s8_pool_args *args,
                               enum gantry_isa isa, struct gantry_arena *arena)
{
    if (!bind_pool(kernel, args, gantry_elementwise_isa(isa), arena)) return false;
    kernel->run = run_max;
    return true;
}
