/* SPDX-License-Identifier: Apache-2.0
 * A step of an LSTM with int8 activations and weights and int16 cells: rule L. */
#include <math.h>
#include <string.h>

#include "kernels/fixed.h"
#include "kernels/gate.h"
#include "kernels/op_lstm.h"

/* A product of int8 values: weights [rows, columns], and what the sums begin with. */
struct product {
    const int8_t *weights;
    int32_t columns;
    int32_t *start;
    struct gantry_fixed scale;
};

struct gate {
    struct product input, recurrent;
    const int16_t *peephole; /* or NULL */
    struct gantry_fixed peephole_scale;
};

struct cells {
    struct gate gate[GANTRY_LSTM_GATES];
    struct product projection; /* weights NULL: none */
    struct gantry_fixed hidden;
    int32_t hidden_zero, output_zero;
    int32_t cell_bits; /* integer bits of the cell's state */
    int32_t cell_clip, projection_clip;
};

static int32_t limited(int64_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : (int32_t)value;
}

static int32_t multiply(const struct product *product, int32_t row, const int8_t *x)
{
    const int8_t *w = product->weights + (int64_t)row * product->columns;
    int64_t sum = product->start[row];
    for (int32_t i = 0; i < product->columns; i++) sum += x[i] * w[i];
    return gantry_fixed_multiply(limited(sum, INT32_MIN, INT32_MAX), product->scale);
}

/* The three terms are limited to int16 one after the other. */
static int16_t gate_of(const struct gate *gate, int32_t cell, const int8_t *x, const int8_t *h,
                       const int16_t *c)
{
    int32_t sum = limited(multiply(&gate->input, cell, x), INT16_MIN, INT16_MAX);
    sum = limited((int64_t)sum + multiply(&gate->recurrent, cell, h), INT16_MIN, INT16_MAX);
    if (gate->peephole)
        sum = limited((int64_t)sum + gantry_fixed_multiply(gate->peephole[cell] * c[cell],
                                                           gate->peephole_scale),
                      INT16_MIN, INT16_MAX);
    return (int16_t)sum;
}

static int16_t next_cell(const struct gantry_lstm *lstm, int32_t i, const int8_t *x,
                         const int8_t *h, const int16_t *c)
{
    const struct cells *cells = lstm->state;
    const struct gate *gate = cells->gate;
    int32_t forget = gantry_gate_logistic(gate_of(&gate[GANTRY_LSTM_FORGET], i, x, h, c));
    int32_t open = INT16_MAX - forget;
    if (!lstm->coupled) open = gantry_gate_logistic(gate_of(&gate[GANTRY_LSTM_INPUT], i, x, h, c));
    int32_t value =
        gantry_gate_tanh(gate_of(&gate[GANTRY_LSTM_CELL], i, x, h, c), GANTRY_GATE_INTEGER_BITS);
    int32_t kept = gantry_fixed_shift(forget * c[i], 15);
    int32_t added = gantry_fixed_shift(open * value, 15 + cells->cell_bits);
    int32_t next = limited(kept + added, INT16_MIN, INT16_MAX);
    if (cells->cell_clip > 0) next = limited(next, -cells->cell_clip, cells->cell_clip);
    return (int16_t)next;
}

static void step(const struct gantry_lstm *lstm, const void *x, void *y, void *h, void *c_data,
                 void *scratch)
{
    const struct cells *cells = lstm->state;
    int16_t *c = c_data, *next = scratch;
    int8_t *to = y, *hidden = (int8_t *)(next + lstm->cells);
    bool projected = cells->projection.weights != NULL;
    for (int32_t i = 0; i < lstm->cells; i++) next[i] = next_cell(lstm, i, x, h, c);
    memcpy(c, next, (size_t)lstm->cells * sizeof *c);
    for (int32_t i = 0; i < lstm->cells; i++) {
        int32_t open = gantry_gate_logistic(gate_of(&cells->gate[GANTRY_LSTM_OUTPUT], i, x, h, c));
        int32_t product = open * gantry_gate_tanh(c[i], cells->cell_bits);
        int64_t value = gantry_fixed_multiply(product, cells->hidden);
        hidden[i] = (int8_t)limited(value + cells->hidden_zero, INT8_MIN, INT8_MAX);
    }
    for (int32_t i = 0; i < lstm->outputs; i++) {
        to[i] = hidden[i];
        if (!projected) continue;
        int64_t value = multiply(&cells->projection, i, hidden);
        int32_t sum = limited(value + cells->output_zero, INT8_MIN, INT8_MAX);
        int32_t clip = cells->projection_clip;
        to[i] = (int8_t)(clip > 0 ? limited(sum, -clip, clip) : sum);
    }
    memcpy(h, to, (size_t)lstm->outputs);
}

/* ---- Binding ---- */

/* zero: of the other operand; its product with the weights and the bias are what sums begin with.
 */
static bool bind_product(struct product *product, const struct gantry_op_tensor *weights,
                         const struct gantry_op_tensor *bias, int32_t zero, float scale,
                         struct gantry_arena *arena)
{
    int32_t rows = weights->shape.dims[0], columns = weights->shape.dims[1];
    *product = (struct product){.weights = weights->data,
                                .columns = columns,
                                .start = gantry_arena_alloc(arena, (size_t)rows, sizeof(int32_t)),
                                .scale = gantry_fixed_of((double)scale)};
    for (int32_t r = 0; product->start && r < rows; r++) {
        int64_t sum = 0;
        for (int32_t i = 0; i < columns; i++) sum += product->weights[(int64_t)r * columns + i];
        sum = (bias ? gantry_op_integer(bias, r) : 0) - zero * sum;
        product->start[r] = limited(sum, INT32_MIN, INT32_MAX);
    }
    return product->start != NULL;
}

static bool bind_gate(struct gate *gate, const struct gantry_op_args *args,
                      enum gantry_lstm_gate which, struct gantry_arena *arena)
{
    const float unit = 0x1p-12f; /* of what goes into a gate */
    const struct gantry_op_tensor *x = &args->inputs[0];
    const struct gantry_op_tensor *h = &args->inputs[GANTRY_LSTM_OUTPUT_STATE];
    const struct gantry_op_tensor *w = &args->inputs[GANTRY_LSTM_WEIGHTS + which];
    const struct gantry_op_tensor *r = &args->inputs[GANTRY_LSTM_RECURRENT + which];
    const struct gantry_op_tensor *peephole = gantry_lstm_peephole(args, which);
    if (peephole) {
        float scale = args->inputs[GANTRY_LSTM_CELL_STATE].scale[0] * peephole->scale[0];
        gate->peephole = peephole->data;
        gate->peephole_scale = gantry_fixed_of((double)(scale / unit));
    }
    return bind_product(&gate->input, w, &args->inputs[GANTRY_LSTM_BIAS + which], x->zero_point[0],
                        w->scale[0] * x->scale[0] / unit, arena) &&
           bind_product(&gate->recurrent, r, NULL, h->zero_point[0],
                        r->scale[0] * h->scale[0] / unit, arena);
}

bool gantry_lstm_bind_s8(struct gantry_lstm *lstm, struct gantry_arena *arena, size_t *scratch)
{
    const struct gantry_op_args *args = lstm->args;
    const struct gantry_lstm_attributes *attributes = &args->attributes->lstm;
    const struct gantry_op_tensor *y = &args->outputs[0];
    const struct gantry_op_tensor *projection = gantry_lstm_input(args, GANTRY_LSTM_PROJECTION);
    struct cells *cells = gantry_arena_alloc(arena, 1, sizeof *cells);
    if (!cells) return false;
    for (int32_t g = lstm->coupled; g < GANTRY_LSTM_GATES; g++)
        if (!bind_gate(&cells->gate[g], args, (enum gantry_lstm_gate)g, arena)) return false;
    float hidden = attributes->hidden_scale, cell = args->inputs[GANTRY_LSTM_CELL_STATE].scale[0];
    /* LiteRT takes the zero point from the other side of 0 before a projection. */
    cells->hidden_zero = projection ? -attributes->hidden_zero : attributes->hidden_zero;
    if (projection) {
        const struct gantry_op_tensor *h = &args->inputs[GANTRY_LSTM_OUTPUT_STATE];
        float scale = projection->scale[0] * hidden / h->scale[0];
        if (!bind_product(&cells->projection, projection,
                          gantry_lstm_input(args, GANTRY_LSTM_PROJECTION + 1), cells->hidden_zero,
                          scale, arena))
            return false;
    }
    cells->hidden = gantry_fixed_of((double)(float)(0x1p-15 / (double)hidden * 0x1p-15));
    cells->output_zero = y->zero_point[0];
    cells->cell_bits = 15 + ilogbf(cell);
    cells->cell_clip = gantry_lstm_clip(attributes->cell_clip, cell, INT16_MAX);
    cells->projection_clip = gantry_lstm_clip(attributes->projection_clip, y->scale[0], INT8_MAX);
    lstm->step = step;
    lstm->state = cells;
    *scratch = (size_t)lstm->cells * (sizeof(int16_t) + sizeof(int8_t));
    return true;
}
