/* SPDX-License-Identifier: Apache-2.0
 * SOFTMAX of int16 by two interpolated tables: exp(x) for x from -10 to 0, and 1 / (1 + x) for the
 * sum between two powers of two (docs/arithmetic.md, rule S16). A unit is a row. */
#include <math.h>

#include "kernels/fixed.h"
#include "kernels/op_softmax.h"

enum { STEPS = 512, TEN = 10, UNIT_BITS = 15 }; /* one is 2^15 */

struct tables {
    const struct gantry_op_args *args;
    struct gantry_fixed difference; /* to 65535 for 10 */
    int16_t exponential[STEPS + 1], reciprocal[STEPS + 1];
};

static double exponential(double x) { return exp(x); }
static double reciprocal(double x) { return 1.0 / (1.0 + x); }

static int16_t limited(double value)
{
    return (int16_t)gantry_op_round(value, INT16_MIN, INT16_MAX);
}

/* Values at the starts of the steps, each less half of the error in the middle of its step. */
static void fill(int16_t *table, double low, double high, double (*real)(double x))
{
    double step = (high - low) / STEPS, unit = 1 << UNIT_BITS;
    for (int32_t i = 0; i < STEPS; i++) {
        double value = round(real(low + i * step) * unit);
        double middle = round((real(low + (i + 1) * step) * unit + value) / 2);
        double error = middle - round(real(low + i * step + step / 2) * unit);
        table[i] = limited(value - round(error / 2));
    }
    table[STEPS] = limited(round(real(high) * unit));
}

/* A table over the range of int16, with a line within each step. */
static int32_t look_up(const int16_t *table, int32_t value)
{
    value = gantry_min_i32(gantry_max_i32(value, INT16_MIN), INT16_MAX);
    int32_t at = STEPS / 2 + (value >> 7), slope = table[at + 1] - table[at];
    return table[at] + ((slope * (value & 127) + 64) >> 7);
}

static void row(const struct tables *tables, const int16_t *x, int16_t *y, int32_t n)
{
    int32_t most = INT16_MIN;
    int64_t sum = 0;
    for (int32_t i = 0; i < n; i++) most = gantry_max_i32(most, x[i]);
    for (int32_t i = 0; i < n; i++) {
        int32_t scaled = gantry_fixed_multiply(x[i] - most, tables->difference);
        scaled = gantry_max_i32(scaled, -(INT16_MAX - INT16_MIN));
        y[i] = (int16_t)look_up(tables->exponential, scaled + INT16_MAX);
        sum += y[i];
    }
    /* The sum is (1 + fraction) 2^bits. */
    int32_t bits = 0;
    while (sum >> (bits + 1)) bits++;
    int64_t shifted = ((sum << (30 - bits)) + (1 << 13)) >> 14;
    int32_t fraction = (int32_t)(shifted - (1 << (UNIT_BITS + 1)) - (1 << UNIT_BITS));
    int64_t factor = look_up(tables->reciprocal, fraction);
    for (int32_t i = 0; i < n; i++) {
        int64_t value = (y[i] * factor + (INT64_C(1) << (bits - 1))) >> bits;
        y[i] = (int16_t)(value < 0 ? 0 : value > INT16_MAX ? INT16_MAX : value);
    }
}

static void run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct tables *tables = state;
    const struct gantry_op_args *args = tables->args;
    int32_t n = gantry_op_row_length(&args->inputs[0].shape);
    (void)scratch;
    for (int32_t unit = first; unit < end; unit++)
        row(tables, (const int16_t *)args->inputs[0].data + (int64_t)unit * n,
            (int16_t *)args->outputs[0].data + (int64_t)unit * n, n);
}

bool gantry_op_bind_softmax_s16(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                                struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0];
    struct tables *tables = gantry_arena_alloc(arena, 1, sizeof *tables);
    if (!tables) return false;
    float scale = x->scale[0] * args->attributes->beta;
    tables->args = args;
    tables->difference = gantry_fixed_of((double)scale / (TEN / 65535.0));
    fill(tables->exponential, -TEN, 0, exponential);
    fill(tables->reciprocal, 0, 1, reciprocal);
    gantry_op_set(kernel, run, tables,
                  (int32_t)(gantry_op_elements(x) / gantry_op_row_length(&x->shape)),
                  (uint64_t)gantry_op_elements(x) * 8);
    return true;
}
