/* SPDX-License-Identifier: Apache-2.0
 * Between the parts of UNIDIRECTIONAL_SEQUENCE_LSTM: sequences (op_lstm.c), one step in int8 with
 * int16 cells (op_lstm_s8.c), in int16 (op_lstm_s16.c), in float32 (op_lstm_f32.c). */
#ifndef GANTRY_KERNELS_OP_LSTM_H
#define GANTRY_KERNELS_OP_LSTM_H

#include <math.h>

#include "kernels/op.h"

/* Inputs of the operator; of the four gates in the order of enum gantry_lstm_gate. */
enum {
    GANTRY_LSTM_X = 0,
    GANTRY_LSTM_WEIGHTS = 1,     /* [cells, features] */
    GANTRY_LSTM_RECURRENT = 5,   /* [cells, outputs] */
    GANTRY_LSTM_PEEPHOLE = 9,    /* [cells]; of three gates: not of the cell's */
    GANTRY_LSTM_BIAS = 12,       /* [cells] */
    GANTRY_LSTM_PROJECTION = 16, /* [outputs, cells], then its bias */
    GANTRY_LSTM_OUTPUT_STATE = 18,
    GANTRY_LSTM_CELL_STATE = 19,
    GANTRY_LSTM_NORMS = 20 /* four, not supported */
};
enum gantry_lstm_gate {
    GANTRY_LSTM_INPUT,
    GANTRY_LSTM_FORGET,
    GANTRY_LSTM_CELL,
    GANTRY_LSTM_OUTPUT,
    GANTRY_LSTM_GATES
};

struct gantry_lstm {
    const struct gantry_op_args *args;
    int32_t batch, times, features, cells, outputs;
    bool coupled; /* no input gate: it is one less the forget gate */
    /* One step of one item; x, y: features and outputs of this time; h, c: its states. */
    void (*step)(const struct gantry_lstm *lstm, const void *x, void *y, void *h, void *c,
                 void *scratch);
    const void *state;            /* of the step */
    size_t element, cell_element; /* bytes */
};

/* Fill step, state and what they need. False: out of memory. scratch: bytes of a step. */
bool gantry_lstm_bind_s8(struct gantry_lstm *lstm, struct gantry_arena *arena, size_t *scratch);
bool gantry_lstm_bind_s16(struct gantry_lstm *lstm, struct gantry_arena *arena, size_t *scratch);
bool gantry_lstm_bind_f32(struct gantry_lstm *lstm, struct gantry_arena *arena, size_t *scratch);

/* Input i, or NULL where it is absent. */
static inline const struct gantry_op_tensor *gantry_lstm_input(const struct gantry_op_args *args,
                                                               int32_t i)
{
    return i < args->input_count && args->inputs[i].data ? &args->inputs[i] : NULL;
}

/* The peephole weights of a gate, or NULL. */
static inline const struct gantry_op_tensor *gantry_lstm_peephole(const struct gantry_op_args *args,
                                                                  enum gantry_lstm_gate gate)
{
    if (gate == GANTRY_LSTM_CELL) return NULL;
    int32_t i = gate == GANTRY_LSTM_OUTPUT ? 2 : (int32_t)gate;
    return gantry_lstm_input(args, GANTRY_LSTM_PEEPHOLE + i);
}

/* A limit in stored values, cut off; 0: none. */
static inline int32_t gantry_lstm_clip(float limit, float scale, int32_t most)
{
    return limit > 0 ? (int32_t)fminf(limit / scale, (float)most) : 0;
}

#endif
