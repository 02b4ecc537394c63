/* SPDX-License-Identifier: Apache-2.0
 * The LSTM: functions of its gates, one step of float32, int8 and int16 against the equations in
 * float64.
 */
#include "op_rig.h"

#include <string.h>

#include "kernels/gate.h"
#include "kernels/op_lstm.h"
#include "random.h"

static void gate__logistic_and_tanh_are_close_to_the_real_functions(void **state)
{
    (void)state;
    for (int32_t x = INT16_MIN; x <= INT16_MAX; x++) {
        double logistic = 32768 / (1 + exp(-x / 4096.0)), hyperbolic = 32768 * tanh(x / 4096.0);
        assert_true(fabs(gantry_gate_logistic((int16_t)x) - logistic) <= 10);
        assert_true(fabs(gantry_gate_tanh((int16_t)x, 3) - hyperbolic) <= 16);
        assert_true(fabs(gantry_gate_tanh((int16_t)x, 0) - 32768 * tanh(x / 32768.0)) <= 16);
    }
}

static void gate__functions_are_symmetric(void **state)
{
    (void)state;
    for (int32_t x = 1; x <= INT16_MAX; x++) {
        int32_t sum = gantry_gate_logistic((int16_t)x) + gantry_gate_logistic((int16_t)-x);
        assert_int_equal(sum, INT16_MAX);
        assert_int_equal(gantry_gate_tanh((int16_t)x, 3), -gantry_gate_tanh((int16_t)-x, 3));
    }
    assert_int_equal(gantry_gate_logistic(0), 1 << 14);
    assert_int_equal(gantry_gate_tanh(0, 3), 0);
}

enum { TIMES = 3, FEATURES = 4, CELLS = 5 };

/* Weights of a network of int8 in float64, and its states. */
struct real {
    double w[4][CELLS][FEATURES], r[4][CELLS][CELLS], bias[4][CELLS];
    double h[CELLS], c[CELLS];
};

static double gate_of(const struct real *net, int gate, int cell, const double *x)
{
    double sum = net->bias[gate][cell];
    for (int i = 0; i < FEATURES; i++) sum += net->w[gate][cell][i] * x[i];
    for (int i = 0; i < CELLS; i++) sum += net->r[gate][cell][i] * net->h[i];
    return sum;
}

static double logistic(double x) { return 1 / (1 + exp(-x)); }

static void step(struct real *net, const double *x)
{
    double h[CELLS];
    for (int i = 0; i < CELLS; i++) {
        net->c[i] = logistic(gate_of(net, 1, i, x)) * net->c[i] +
                    logistic(gate_of(net, 0, i, x)) * tanh(gate_of(net, 2, i, x));
        h[i] = logistic(gate_of(net, 3, i, x)) * tanh(net->c[i]);
    }
    memcpy(net->h, h, sizeof h);
}

static const float x_scale = 0.02f, w_scale = 0.01f, y_scale = 1.0f / 128, cell_scale = 0x1p-12f;
static const float bias_scale = 0.02f * 0.01f;
static const int32_t x_zero = 3, y_zero = -1, no_zero = 0;

/* Data of both networks. */
static int8_t x8[TIMES * FEATURES], w8[4][CELLS * FEATURES], r8[4][CELLS * CELLS], h8[CELLS];
static int8_t y8[TIMES * CELLS];
static int16_t c16[CELLS];
static int32_t b32[4][CELLS];
static float xf[TIMES * FEATURES], wf[4][CELLS * FEATURES], rf[4][CELLS * CELLS], hf[CELLS];
static float yf[TIMES * CELLS], cf[CELLS], bf[4][CELLS];

static void fill(struct real *net, double wanted[TIMES][CELLS])
{
    uint64_t seed = 11;
    memset(net, 0, sizeof *net);
    memset(c16, 0, sizeof c16);
    memset(cf, 0, sizeof cf);
    memset(hf, 0, sizeof hf);
    memset(h8, y_zero, sizeof h8);
    for (int i = 0; i < TIMES * FEATURES; i++) {
        x8[i] = (int8_t)random_in(&seed, -128, 127);
        xf[i] = x_scale * (float)(x8[i] - x_zero);
    }
    for (int g = 0; g < 4; g++) {
        for (int i = 0; i < CELLS * FEATURES; i++) {
            w8[g][i] = (int8_t)random_in(&seed, -127, 127);
            net->w[g][i / FEATURES][i % FEATURES] = (double)(wf[g][i] = w_scale * (float)w8[g][i]);
        }
        for (int i = 0; i < CELLS * CELLS; i++) {
            r8[g][i] = (int8_t)random_in(&seed, -127, 127);
            net->r[g][i / CELLS][i % CELLS] = (double)(rf[g][i] = w_scale * (float)r8[g][i]);
        }
        for (int i = 0; i < CELLS; i++) {
            b32[g][i] = random_in(&seed, -3000, 3000);
            net->bias[g][i] = (double)(bf[g][i] = bias_scale * (float)b32[g][i]);
        }
    }
    for (int t = 0; t < TIMES; t++) {
        double x[FEATURES];
        for (int i = 0; i < FEATURES; i++) x[i] = (double)xf[t * FEATURES + i];
        step(net, x);
        memcpy(wanted[t], net->h, sizeof net->h);
    }
}

static const struct gantry_shape x_shape = {3, {1, TIMES, FEATURES}};
static const struct gantry_shape y_shape = {3, {1, TIMES, CELLS}};

static void lstm__of_float32_follows_the_equations(void **state)
{
    (void)state;
    struct real net;
    double wanted[TIMES][CELLS];
    struct gantry_op_tensor inputs[20] = {op_real(xf, x_shape)};
    fill(&net, wanted);
    for (int g = 0; g < 4; g++) {
        inputs[GANTRY_LSTM_WEIGHTS + g] = op_real(wf[g], op_shape2(CELLS, FEATURES));
        inputs[GANTRY_LSTM_RECURRENT + g] = op_real(rf[g], op_shape2(CELLS, CELLS));
        inputs[GANTRY_LSTM_BIAS + g] = op_real(bf[g], op_shape1(CELLS));
    }
    inputs[GANTRY_LSTM_OUTPUT_STATE] = op_real(hf, op_shape2(1, CELLS));
    inputs[GANTRY_LSTM_CELL_STATE] = op_real(cf, op_shape2(1, CELLS));
    const struct gantry_op_tensor output = op_real(yf, y_shape);
    const union gantry_attributes attributes = {.lstm = {.cell_clip = 0}};
    op_run(gantry_op_lstm, inputs, 20, &output, &attributes);
    for (int i = 0; i < TIMES * CELLS; i++)
        assert_true(fabs((double)yf[i] - wanted[i / CELLS][i % CELLS]) < 1e-6);
    /* The states are those after the last time. */
    for (int i = 0; i < CELLS; i++) assert_true(fabs((double)cf[i] - net.c[i]) < 1e-6);
    assert_memory_equal(hf, yf + (TIMES - 1) * CELLS, sizeof hf);
}

static void lstm__of_int8_is_within_a_step_of_the_equations(void **state)
{
    (void)state;
    struct real net;
    double wanted[TIMES][CELLS];
    struct gantry_op_tensor inputs[20] = {op_stored(x8, x_shape, &x_scale, &x_zero)};
    fill(&net, wanted);
    for (int g = 0; g < 4; g++) {
        inputs[GANTRY_LSTM_WEIGHTS + g] =
            op_stored(w8[g], op_shape2(CELLS, FEATURES), &w_scale, &no_zero);
        inputs[GANTRY_LSTM_RECURRENT + g] =
            op_stored(r8[g], op_shape2(CELLS, CELLS), &w_scale, &no_zero);
        inputs[GANTRY_LSTM_BIAS + g] =
            op_typed(GANTRY_INT32, b32[g], op_shape1(CELLS), &bias_scale, &no_zero);
    }
    inputs[GANTRY_LSTM_OUTPUT_STATE] = op_stored(h8, op_shape2(1, CELLS), &y_scale, &y_zero);
    inputs[GANTRY_LSTM_CELL_STATE] =
        op_typed(GANTRY_INT16, c16, op_shape2(1, CELLS), &cell_scale, &no_zero);
    const struct gantry_op_tensor output = op_stored(y8, y_shape, &y_scale, &y_zero);
    const union gantry_attributes attributes = {
        .lstm = {.hidden_scale = y_scale, .hidden_zero = y_zero}};
    op_run(gantry_op_lstm, inputs, 20, &output, &attributes);
    for (int i = 0; i < TIMES * CELLS; i++) {
        double real = 128 * wanted[i / CELLS][i % CELLS] + y_zero;
        assert_true(fabs(y8[i] - real) <= 1.5);
    }
    assert_memory_equal(h8, y8 + (TIMES - 1) * CELLS, sizeof h8);
}

/* The weights of int8 with the input in steps of 2^-8 of theirs: both networks get the same
 * numbers. Tables and cells of 2^-12 leave some steps of 2^-12 of difference. */
static void lstm__of_int16_is_close_to_the_equations(void **state)
{
    (void)state;
    static const float x_step = 0.02f / 256, y_step = 0x1p-15f, b_step = 0.02f / 256 * 0.01f;
    static int16_t x16[TIMES * FEATURES], h16[CELLS], y16[TIMES * CELLS];
    static int64_t b64[4][CELLS];
    struct real net;
    double wanted[TIMES][CELLS];
    struct gantry_op_tensor inputs[20] = {op_typed(GANTRY_INT16, x16, x_shape, &x_step, &no_zero)};
    fill(&net, wanted);
    memset(h16, 0, sizeof h16);
    for (int i = 0; i < TIMES * FEATURES; i++) x16[i] = (int16_t)((x8[i] - x_zero) * 256);
    for (int g = 0; g < 4; g++) {
        for (int i = 0; i < CELLS; i++) b64[g][i] = (int64_t)b32[g][i] * 256;
        inputs[GANTRY_LSTM_WEIGHTS + g] =
            op_stored(w8[g], op_shape2(CELLS, FEATURES), &w_scale, &no_zero);
        inputs[GANTRY_LSTM_RECURRENT + g] =
            op_stored(r8[g], op_shape2(CELLS, CELLS), &w_scale, &no_zero);
        inputs[GANTRY_LSTM_BIAS + g] =
            op_typed(GANTRY_INT64, b64[g], op_shape1(CELLS), &b_step, &no_zero);
    }
    inputs[GANTRY_LSTM_OUTPUT_STATE] =
        op_typed(GANTRY_INT16, h16, op_shape2(1, CELLS), &y_step, &no_zero);
    inputs[GANTRY_LSTM_CELL_STATE] =
        op_typed(GANTRY_INT16, c16, op_shape2(1, CELLS), &cell_scale, &no_zero);
    const struct gantry_op_tensor output = op_typed(GANTRY_INT16, y16, y_shape, &y_step, &no_zero);
    const union gantry_attributes attributes = {.lstm = {.hidden_scale = y_step}};
    op_run(gantry_op_lstm, inputs, 20, &output, &attributes);
    for (int i = 0; i < TIMES * CELLS; i++) {
        double real = 32768 * wanted[i / CELLS][i % CELLS];
        if (!(fabs(y16[i] - real) <= 16)) fail_msg("%d, not %g", y16[i], real);
    }
    assert_memory_equal(h16, y16 + (TIMES - 1) * CELLS, sizeof h16);
}

static const struct CMUnitTest tests[] = {
    OP_CASE(gate__logistic_and_tanh_are_close_to_the_real_functions),
    OP_CASE(gate__functions_are_symmetric),
    OP_CASE(lstm__of_float32_follows_the_equations),
    OP_CASE(lstm__of_int8_is_within_a_step_of_the_equations),
    OP_CASE(lstm__of_int16_is_close_to_the_equations),
};

GANTRY_TEST_MAIN("op_lstm", tests)
