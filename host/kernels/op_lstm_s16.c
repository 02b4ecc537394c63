/* SPDX-License-Identifier: Apache-2.0
 * A step of an LSTM with int16 activations and cells and int8 weights: rule L16. */
#include <math.h>

#include "kernels/curve.h"
#include "kernels/fixed.h"
#include "kernels/op_lstm.h"

/* A product of int16 values with weights [rows, columns]. */
struct product {
    const int8_t *weights;
    int32_t columns;
    const struct gantry_op_tensor *bias; /* or NULL */
    struct gantry_fixed scale;
};

struct cells {
    struct product input[GANTRY_LSTM_GATES], recurrent[GANTRY_LSTM_GATES];
    struct gantry_curve gate, cell; /* functions of what goes into a gate, and of a cell */
    struct gantry_fixed kept, added, hidden;
    int32_t hidden_zero, cell_clip;
};

static int16_t limited(int64_t value)
{
    return (int16_t)(value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
}

static int32_t multiply(const struct product *product, int32_t row, const int16_t *x)
{
    const int8_t *w = product->weights + (int64_t)row * product->columns;
    int64_t sum = product->bias ? gantry_op_integer(product->bias, row) : 0;
    for (int32_t i = 0; i < product->columns; i++) sum += x[i] * w[i];
    return gantry_fixed_multiply_wide(sum, product->scale);
}

static int16_t gate_of(const struct cells *cells, enum gantry_lstm_gate gate, int32_t cell,
                       const int16_t *x, const int16_t *h)
{
    int16_t sum = limited(multiply(&cells->input[gate], cell, x));
    return limited((int64_t)sum + multiply(&cells->recurrent[gate], cell, h));
}

static int32_t opened(const struct cells *cells, enum gantry_lstm_gate gate, int32_t cell,
                      const int16_t *x, const int16_t *h)
{
    return gantry_curve_logistic(&cells->gate, gate_of(cells, gate, cell, x, h));
}

static int16_t next_cell(const struct cells *cells, int32_t i, const int16_t *x, const int16_t *h,
                         int16_t cell)
{
    int32_t forget = opened(cells, GANTRY_LSTM_FORGET, i, x, h);
    int32_t open = opened(cells, GANTRY_LSTM_INPUT, i, x, h);
    int32_t value = gantry_curve_tanh(&cells->gate, gate_of(cells, GANTRY_LSTM_CELL, i, x, h));
    int16_t kept = limited(gantry_fixed_multiply(forget * cell, cells->kept));
    int16_t added = limited(gantry_fixed_multiply(open * value, cells->added));
    int32_t next = limited(kept + added), clip = cells->cell_clip;
    return clip > 0 ? (int16_t)gantry_min_i32(gantry_max_i32(next, -clip), clip) : (int16_t)next;
}

static void step(const struct gantry_lstm *lstm, const void *x, void *y, void *h_data, void *c_data,
                 void *scratch)
{
    const struct cells *cells = lstm->state;
    int16_t *h = h_data, *c = c_data, *to = y;
    (void)scratch;
    for (int32_t i = 0; i < lstm->cells; i++) {
        c[i] = next_cell(cells, i, x, h, c[i]);
        int32_t open = opened(cells, GANTRY_LSTM_OUTPUT, i, x, h);
        int32_t product = open * gantry_curve_tanh(&cells->cell, c[i]);
        to[i] =
            limited((int64_t)gantry_fixed_multiply(product, cells->hidden) + cells->hidden_zero);
    }
    for (int32_t i = 0; i < lstm->cells; i++) h[i] = to[i];
}

/* ---- Binding ---- */

static struct product product_of(const struct gantry_op_tensor *weights,
                                 const struct gantry_op_tensor *bias, float scale)
{
    return (struct product){.weights = weights->data,
                            .columns = weights->shape.dims[1],
                            .bias = bias,
                            .scale = gantry_fixed_of((double)scale)};
}

bool gantry_lstm_bind_s16(struct gantry_lstm *lstm, struct gantry_arena *arena, size_t *scratch)
{
    const struct gantry_op_args *args = lstm->args;
    const struct gantry_op_tensor *h = &args->inputs[GANTRY_LSTM_OUTPUT_STATE];
    const float unit = 0x1p-12f; /* of what goes into a gate */
    float cell = args->inputs[GANTRY_LSTM_CELL_STATE].scale[0];
    struct cells *cells = gantry_arena_alloc(arena, 1, sizeof *cells);
    if (!cells) return false;
    for (int32_t g = 0; g < GANTRY_LSTM_GATES; g++) {
        const struct gantry_op_tensor *w = &args->inputs[GANTRY_LSTM_WEIGHTS + g];
        const struct gantry_op_tensor *r = &args->inputs[GANTRY_LSTM_RECURRENT + g];
        cells->input[g] = product_of(w, &args->inputs[GANTRY_LSTM_BIAS + g],
                                     w->scale[0] * args->inputs[0].scale[0] / unit);
        cells->recurrent[g] = product_of(r, NULL, r->scale[0] * h->scale[0] / unit);
    }
    /* Steps of 2^power, the nearest to those of the cells, in steps of 1 / (3 x 2^12). */
    int32_t up = 12 + (int32_t)lroundf(log2f(cell));
    gantry_curve_init(&cells->gate, 3, 0);
    gantry_curve_init(&cells->cell, up > 0 ? 3 << up : 3, up > 0 ? 0 : -up);
    float hidden = args->attributes->lstm.hidden_scale;
    cells->kept = gantry_fixed_of(0x1p-15);
    cells->added = gantry_fixed_of(0x1p-30 / (double)cell);
    cells->hidden = gantry_fixed_of(0x1p-30 / (double)hidden);
    cells->hidden_zero = args->attributes->lstm.hidden_zero;
    cells->cell_clip = gantry_lstm_clip(args->attributes->lstm.cell_clip, cell, INT16_MAX);
    lstm->step = step;
    lstm->state = cells;
    *scratch = 0;
    return true;
}
