/* SPDX-License-Identifier: Apache-2.0
 * SOFTMAX of int16, and of int8 with results of int16. */
#include "op_rig.h"

#include "random.h"

static const float y_scale = 0x1p-15f;
static const int32_t no_zero = 0;

static void softmax__of_int16_is_close_to_the_real_one(void **state)
{
    (void)state;
    enum { ROWS = 40, N = 13 };
    static int16_t x[ROWS * N], y[ROWS * N];
    uint64_t seed = 8;
    for (int spread = 1; spread <= 3; spread++) {
        float x_scale = 0x1p-13f * (float)spread;
        for (int i = 0; i < ROWS * N; i++) x[i] = (int16_t)random_in(&seed, INT16_MIN, INT16_MAX);
        const struct gantry_op_tensor input =
            op_typed(GANTRY_INT16, x, op_shape2(ROWS, N), &x_scale, &no_zero);
        const struct gantry_op_tensor output =
            op_typed(GANTRY_INT16, y, op_shape2(ROWS, N), &y_scale, &no_zero);
        const union gantry_attributes attributes = {.beta = 0.5f};
        op_run(gantry_op_softmax, &input, 1, &output, &attributes);
        for (int r = 0; r < ROWS; r++) {
            double sum = 0;
            for (int i = 0; i < N; i++) sum += exp(0.5 * (double)x_scale * x[r * N + i]);
            for (int i = 0; i < N; i++) {
                double real = exp(0.5 * (double)x_scale * x[r * N + i]) / sum;
                assert_true(fabs(y[r * N + i] - 32768 * real) <= 10);
            }
        }
    }
}

static void softmax__of_int16_shares_among_equals(void **state)
{
    (void)state;
    static int16_t x[1024], y[1024];
    static const float x_scale = 0.001f;
    for (int i = 0; i < 1024; i++) x[i] = -77;
    const struct gantry_op_tensor input =
        op_typed(GANTRY_INT16, x, op_shape2(1, 1024), &x_scale, &no_zero);
    const struct gantry_op_tensor output =
        op_typed(GANTRY_INT16, y, op_shape2(1, 1024), &y_scale, &no_zero);
    const union gantry_attributes attributes = {.beta = 1};
    op_run(gantry_op_softmax, &input, 1, &output, &attributes);
    for (int i = 0; i < 1024; i++) assert_int_equal(y[i], 32);
}

static void softmax__of_int8_to_int16_is_correctly_rounded(void **state)
{
    (void)state;
    enum { ROWS = 20, N = 7 };
    static int8_t x[ROWS * N];
    static int16_t y[ROWS * N];
    static const float x_scale = 0.04f, steps = 0x1p-16f;
    static const int32_t x_zero = -3, y_zero = INT16_MIN;
    uint64_t seed = 4;
    for (int i = 0; i < ROWS * N; i++) x[i] = (int8_t)random_in(&seed, INT8_MIN, INT8_MAX);
    const struct gantry_op_tensor input = op_stored(x, op_shape2(ROWS, N), &x_scale, &x_zero);
    const struct gantry_op_tensor output =
        op_typed(GANTRY_INT16, y, op_shape2(ROWS, N), &steps, &y_zero);
    const union gantry_attributes attributes = {.beta = 1};
    op_run(gantry_op_softmax, &input, 1, &output, &attributes);
    for (int r = 0; r < ROWS; r++) {
        long double sum = 0;
        for (int i = 0; i < N; i++) sum += expl((long double)x_scale * x[r * N + i]);
        for (int i = 0; i < N; i++) {
            long double real = expl((long double)x_scale * x[r * N + i]) / sum;
            assert_int_equal(y[r * N + i], (int)roundl(real * 65536) - 32768);
        }
    }
}

static const struct CMUnitTest tests[] = {
    OP_CASE(softmax__of_int16_is_close_to_the_real_one),
    OP_CASE(softmax__of_int16_shares_among_equals),
    OP_CASE(softmax__of_int8_to_int16_is_correctly_rounded),
};

GANTRY_TEST_MAIN("op_softmax", tests)
