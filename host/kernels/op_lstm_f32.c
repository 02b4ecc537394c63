/* SPDX-License-Identifier: Apache-2.0
 * A step of an LSTM in float32. */
#include <math.h>
#include <string.h>

#include "kernels/op_lstm.h"

static float dot(const float *a, const float *b, int32_t count)
{
    float sum = 0;
    for (int32_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

static float clipped(float value, float limit)
{
    return limit > 0 ? fmaxf(fminf(value, limit), -limit) : value;
}

/* What goes into the function of a gate. */
static float gate_of(const struct gantry_lstm *lstm, enum gantry_lstm_gate gate, int32_t cell,
                     const float *x, const float *h, const float *c)
{
    const struct gantry_op_tensor *inputs = lstm->args->inputs;
    const float *w = inputs[GANTRY_LSTM_WEIGHTS + gate].data;
    const float *r = inputs[GANTRY_LSTM_RECURRENT + gate].data;
    const float *bias = inputs[GANTRY_LSTM_BIAS + gate].data;
    const struct gantry_op_tensor *peephole = gantry_lstm_peephole(lstm->args, gate);
    float sum = bias[cell] + dot(x, w + (int64_t)cell * lstm->features, lstm->features) +
                dot(h, r + (int64_t)cell * lstm->outputs, lstm->outputs);
    return peephole ? sum + ((const float *)peephole->data)[cell] * c[cell] : sum;
}

static float logistic(float value) { return 1.0f / (1.0f + expf(-value)); }

static void step(const struct gantry_lstm *lstm, const void *x_data, void *y, void *h, void *c_data,
                 void *scratch)
{
    const struct gantry_lstm_attributes *limits = &lstm->args->attributes->lstm;
    const struct gantry_op_tensor *projection =
        gantry_lstm_input(lstm->args, GANTRY_LSTM_PROJECTION);
    const struct gantry_op_tensor *bias = gantry_lstm_input(lstm->args, GANTRY_LSTM_PROJECTION + 1);
    const float *x = x_data;
    float *c = c_data, *to = y, *hidden = scratch, *next = hidden + lstm->cells;
    for (int32_t i = 0; i < lstm->cells; i++) {
        float forget = logistic(gate_of(lstm, GANTRY_LSTM_FORGET, i, x, h, c));
        float open =
            lstm->coupled ? 1.0f - forget : logistic(gate_of(lstm, GANTRY_LSTM_INPUT, i, x, h, c));
        float value = tanhf(gate_of(lstm, GANTRY_LSTM_CELL, i, x, h, c));
        next[i] = clipped(forget * c[i] + open * value, limits->cell_clip);
    }
    memcpy(c, next, (size_t)lstm->cells * sizeof *c);
    for (int32_t i = 0; i < lstm->cells; i++)
        hidden[i] = logistic(gate_of(lstm, GANTRY_LSTM_OUTPUT, i, x, h, c)) * tanhf(c[i]);
    for (int32_t i = 0; i < lstm->outputs; i++) {
        if (!projection) {
            to[i] = hidden[i];
            continue;
        }
        const float *w = (const float *)projection->data + (int64_t)i * lstm->cells;
        float sum = dot(hidden, w, lstm->cells) + (bias ? ((const float *)bias->data)[i] : 0);
        to[i] = clipped(sum, limits->projection_clip);
    }
    memcpy(h, to, (size_t)lstm->outputs * sizeof *to);
}

bool gantry_lstm_bind_f32(struct gantry_lstm *lstm, struct gantry_arena *arena, size_t *scratch)
{
    (void)arena;
    lstm->step = step;
    *scratch = 2 * (size_t)lstm->cells * sizeof(float);
    return true;
}
