/* SPDX-License-Identifier: Apache-2.0
 * How functions of one element run. A unit is a piece of the tensor. */
#include "kernels/op_unary.h"

enum { PIECE = 4096 };

/* Elements of units first to end: from *at to the result. */
static int64_t piece(const struct gantry_op_unary *unary, int32_t first, int32_t end, int64_t *at)
{
    int64_t until = (int64_t)end * PIECE;
    *at = (int64_t)first * PIECE;
    return until < unary->elements ? until : unary->elements;
}

static void run_f32(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_unary *unary = state;
    const float *x = unary->args->inputs[0].data;
    float *y = unary->args->outputs[0].data;
    int64_t i, until = piece(unary, first, end, &i);
    (void)scratch;
    for (; i < until; i++) y[i] = (float)unary->real((double)x[i], unary->context);
}

static void run_s8(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_unary *unary = state;
    const uint8_t *x = unary->args->inputs[0].data;
    uint8_t *y = unary->args->outputs[0].data;
    int64_t i, until = piece(unary, first, end, &i);
    (void)scratch;
    if (i < until)
        gantry_kernel_look_up(unary->args->isa)(unary->table, x + i, y + i, (size_t)(until - i));
}

static void run_s16(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_unary *unary = state;
    const int16_t *x = unary->args->inputs[0].data;
    int16_t *y = unary->args->outputs[0].data;
    int64_t i, until = piece(unary, first, end, &i);
    (void)scratch;
    for (; i < until; i++) y[i] = (int16_t)unary->stored(unary->rule, x[i]);
}

static const uint8_t *tabulate(const struct gantry_op_unary *unary, struct gantry_arena *arena)
{
    uint8_t *table = gantry_arena_alloc(arena, 256, 1);
    if (!table) return NULL;
    for (int32_t q = INT8_MIN; q <= INT8_MAX; q++)
        table[(uint8_t)q] = (uint8_t)unary->stored(unary->rule, q);
    return table;
}

bool gantry_op_set_unary(struct gantry_kernel *kernel, const struct gantry_op_unary *unary,
                         struct gantry_arena *arena)
{
    enum gantry_dtype dtype = unary->args->inputs[0].dtype;
    struct gantry_op_unary *kept = gantry_arena_alloc(arena, 1, sizeof *kept);
    if (!kept) return false;
    *kept = *unary;
    kept->elements = gantry_op_elements(&unary->args->inputs[0]);
    if (dtype == GANTRY_INT8) {
        kept->table = tabulate(unary, arena);
        if (!kept->table) return false;
    }
    gantry_op_set(kernel,
                  dtype == GANTRY_INT8    ? run_s8
                  : dtype == GANTRY_INT16 ? run_s16
                                          : run_f32,
                  kept, (int32_t)((kept->elements + PIECE - 1) / PIECE),
                  (uint64_t)kept->elements * (dtype == GANTRY_INT8 ? 1 : 8));
    return true;
}
