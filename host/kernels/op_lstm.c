/* SPDX-License-Identifier: Apache-2.0
 * UNIDIRECTIONAL_SEQUENCE_LSTM: steps through the times of a sequence. A unit is an item of the
 * batch; its states stay from run to run. */
#include "kernels/op_lstm.h"

#include <string.h>

static void run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_lstm *lstm = state;
    const struct gantry_op_args *args = lstm->args;
    size_t x_bytes = (size_t)lstm->features * lstm->element;
    size_t y_bytes = (size_t)lstm->outputs * lstm->element;
    uint8_t *h = args->inputs[GANTRY_LSTM_OUTPUT_STATE].data;
    uint8_t *c = args->inputs[GANTRY_LSTM_CELL_STATE].data;
    for (int32_t b = first; b < end; b++) {
        for (int32_t t = 0; t < lstm->times; t++) {
            int32_t at =
                args->attributes->lstm.time_major ? t * lstm->batch + b : b * lstm->times + t;
            lstm->step(lstm, (const uint8_t *)args->inputs[0].data + (size_t)at * x_bytes,
                       (uint8_t *)args->outputs[0].data + (size_t)at * y_bytes,
                       h + (size_t)b * y_bytes,
                       c + (size_t)b * (size_t)lstm->cells * lstm->cell_element, scratch);
        }
    }
}

bool gantry_op_lstm(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                    struct gantry_arena *arena)
{
    const int32_t *x = args->inputs[0].shape.dims, *y = args->outputs[0].shape.dims;
    bool time_major = args->attributes->lstm.time_major;
    enum gantry_dtype dtype = args->inputs[0].dtype;
    bool stored = dtype != GANTRY_FLOAT32;
    struct gantry_lstm *lstm = gantry_arena_alloc(arena, 1, sizeof *lstm);
    size_t scratch;
    if (!lstm) return false;
    *lstm = (struct gantry_lstm){
        .args = args,
        .batch = x[time_major],
        .times = x[!time_major],
        .features = x[2],
        .cells = args->inputs[GANTRY_LSTM_WEIGHTS + GANTRY_LSTM_FORGET].shape.dims[0],
        .outputs = y[2],
        .coupled = !gantry_lstm_input(args, GANTRY_LSTM_WEIGHTS + GANTRY_LSTM_INPUT),
        .element = gantry_dtype_bytes(dtype),
        .cell_element = stored ? sizeof(int16_t) : sizeof(float)};
    bool bound = dtype == GANTRY_INT8    ? gantry_lstm_bind_s8(lstm, arena, &scratch)
                 : dtype == GANTRY_INT16 ? gantry_lstm_bind_s16(lstm, arena, &scratch)
                                         : gantry_lstm_bind_f32(lstm, arena, &scratch);
    if (!bound) return false;
    uint64_t products = (uint64_t)lstm->cells * (uint64_t)(lstm->features + lstm->outputs) * 4;
    gantry_op_set(kernel, run, lstm, lstm->batch,
                  products * (uint64_t)lstm->batch * (uint64_t)lstm->times);
    kernel->scratch_bytes = scratch;
    return true;
}
