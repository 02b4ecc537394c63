/* SPDX-License-Identifier: Apache-2.0
 * Binds what is no product; units are rows of the output, of MEAN groups of channels. */
#include <string.h>

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

/* ---- MEAN, SOFTMAX, tables ---- */

struct mean {
    struct gantry_s8_mean_args args;
    const struct gantry_elementwise_isa *isa;
};

static void run_mean(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct mean *mean = state;
    (void)scratch;
    if (mean->isa)
        mean->isa->mean(&mean->args, first, end);
    else if (first < end)
        gantry_s8_mean__ref(&mean->args);
}

bool gantry_kernel_mean(struct gantry_kernel *kernel, const struct gantry_s8_mean_args *args,
                        enum gantry_isa isa, struct gantry_arena *arena)
{
    struct mean *mean = gantry_arena_alloc(arena, 1, sizeof *mean);
    if (!mean) return false;
    mean->args = *args;
    mean->isa = gantry_elementwise_isa(isa);
    const struct gantry_s8_map *in = &args->input;
    *kernel =
        (struct gantry_kernel){.run = run_mean,
                               .state = mean,
                               .units = mean->isa ? gantry_div_up(in->c, GANTRY_MEAN_GROUP) : 1,
                               .cost = (uint64_t)(in->h * in->w) * (uint64_t)in->c / 32};
    return true;
}

struct softmax {
    struct gantry_s8_softmax_args args;
    const struct gantry_elementwise_isa *isa;
};

static void run_softmax(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct softmax *softmax = state;
    (void)scratch;
    if (softmax->isa)
        softmax->isa->softmax(&softmax->args, first, end);
    else if (first < end)
        gantry_s8_softmax__ref(&softmax->args);
}

bool gantry_kernel_softmax(struct gantry_kernel *kernel, const struct gantry_s8_softmax_args *args,
                           enum gantry_isa isa, struct gantry_arena *arena)
{
    struct softmax *softmax = gantry_arena_alloc(arena, 1, sizeof *softmax);
    if (!softmax) return false;
    softmax->args = *args;
    softmax->isa = gantry_elementwise_isa(isa);
    const struct gantry_s8_map *in = &args->input;
    *kernel = (struct gantry_kernel){.run = run_softmax,
                                     .state = softmax,
                                     .units = softmax->isa ? in->h : 1,
                                     .cost = (uint64_t)(in->h * in->w) * (uint64_t)in->c * 2};
    return true;
}

struct table {
    struct gantry_s8_map input, output;
    gantry_x8_look_up *look_up;
    bool identity; /* uint8 that becomes int8 of the same scale: what is stored does not change */
    uint8_t bytes[256];
};

gantry_x8_look_up *gantry_kernel_look_up(enum gantry_isa isa)
{
    const struct gantry_elementwise_isa *kernels = gantry_elementwise_isa(isa);
    return kernels ? kernels->look_up : gantry_x8_look_up__ref;
}

static void run_table(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct table *table = state;
    const struct gantry_s8_map *in = &table->input, *out = &table->output;
    int32_t pixel = 1, step = in->c;
    bool dense = in->pixel_stride == in->c && out->pixel_stride == in->c;
    if (dense) step *= in->w;
    (void)scratch;
    for (int32_t p = first * in->w; p < end * in->w; p += pixel) {
        const int8_t *from = gantry_map_pixel(in, 0, p);
        int8_t *to = gantry_map_pixel(out, 0, p);
        pixel = dense ? in->w : 1;
        if (table->identity)
            memmove(to, from, (size_t)step);
        else
            table->look_up(table->bytes, (const uint8_t *)from, (uint8_t *)to, (size_t)step);
    }
}

bool gantry_kernel_table(struct gantry_kernel *kernel, const struct gantry_x8_table_args *args,
                         enum gantry_isa isa, struct gantry_arena *arena)
{
    struct table *table = gantry_arena_alloc(arena, 1, sizeof *table);
    if (!table) return false;
    table->input = args->input;
    table->output = args->output;
    table->look_up = gantry_kernel_look_up(isa);
    table->identity = true;
    memcpy(table->bytes, args->table, sizeof table->bytes);
    for (int32_t i = 0; i < 256; i++) table->identity = table->identity && table->bytes[i] == i;
    const struct gantry_s8_map *in = &args->input;
    *kernel = (struct gantry_kernel){.run = run_table,
                                     .state = table,
                                     .units = in->h,
                                     .cost = (uint64_t)(in->h * in->w) * (uint64_t)in->c / 4};
    return true;
}
