/* SPDX-License-Identifier: Apache-2.0
 * Reductions over axes, and softmax, against sums in loops. */
#include "one_node.h"

#include <math.h>
#include <string.h>

enum { N = 2, H = 3, W = 4, C = 5, COUNT = N * H * W * C, LEFT = N * W };

static int8_t x8[COUNT], y8[COUNT];
static int16_t x16[COUNT], y16[COUNT];
static int32_t x32[COUNT], y32[COUNT];
static float xf[COUNT], yf[COUNT];

static void fill(void)
{
    for (int32_t i = 0; i < COUNT; i++) {
        x8[i] = (int8_t)(i * 37 % 251 - 125);
        x16[i] = (int16_t)(x8[i] * 211);
        x32[i] = x8[i] * 1001;
        xf[i] = (float)x8[i] / 16;
    }
}

/* Axes 1 and -1 go: [2, 3, 4, 5] becomes [2, 4]. */
static void run(enum gantry_op op, enum gantry_dtype dtype, void *x, void *y, float sx, int32_t zx,
                float sy, int32_t zy)
{
    struct one_node n;
    fill();
    one_node_begin(&n, op);
    one_node_input(&n, dtype, SHAPE(N, H, W, C), x, sx, zx);
    one_node_list(&n, 1, -1);
    one_node_output(&n, dtype, SHAPE(N, W), y, sy, zy);
    one_node_run(&n);
}

/* Sum of (x - zero) of one result. */
static int64_t sum_of(const int32_t *x, int32_t result, int32_t zero)
{
    int64_t sum = 0;
    for (int32_t h = 0; h < H; h++)
        for (int32_t c = 0; c < C; c++)
            sum += x[((result / W * H + h) * W + result % W) * C + c] - zero;
    return sum;
}

static int32_t in_steps(double value, int32_t zero, int32_t low, int32_t high)
{
    return (int32_t)fmin(fmax(rint(value) + zero, low), high);
}

static void sum_and_mean__of_int8_are_within_half_a_step(void **state)
{
    int32_t x[COUNT];
    (void)state;
    run(GANTRY_OP_SUM, GANTRY_INT8, x8, y8, 0.03f, 4, 0.25f, -9);
    for (int32_t i = 0; i < COUNT; i++) x[i] = x8[i];
    for (int32_t i = 0; i < LEFT; i++)
        assert_int_equal(y8[i], in_steps(0.12 * (double)sum_of(x, i, 4), -9, -128, 127));
    run(GANTRY_OP_MEAN, GANTRY_INT8, x8, y8, 0.03f, 4, 0.01f, -9);
    for (int32_t i = 0; i < LEFT; i++)
        assert_int_equal(y8[i], in_steps(3.0 * (double)sum_of(x, i, 4) / (H * C), -9, -128, 127));
}

static void sum_and_mean__of_int16_are_near(void **state)
{
    int32_t x[COUNT];
    (void)state;
    run(GANTRY_OP_SUM, GANTRY_INT16, x16, y16, 0.003f, 0, 0.005f, 0);
    for (int32_t i = 0; i < COUNT; i++) x[i] = x16[i];
    for (int32_t i = 0; i < LEFT; i++)
        assert_int_equal(y16[i], in_steps(0.6 * (double)sum_of(x, i, 0), 0, -32768, 32767));
    run(GANTRY_OP_MEAN, GANTRY_INT16, x16, y16, 0.003f, 0, 0.001f, 0);
    for (int32_t i = 0; i < LEFT; i++)
        assert_true(fabs(y16[i] - 3.0 * (double)sum_of(x, i, 0) / (H * C)) <= 1);
}

static void sum_and_mean__of_int32_cut(void **state)
{
    (void)state;
    run(GANTRY_OP_SUM, GANTRY_INT32, x32, y32, 0, 0, 0, 0);
    for (int32_t i = 0; i < LEFT; i++) assert_int_equal(y32[i], sum_of(x32, i, 0));
    run(GANTRY_OP_MEAN, GANTRY_INT32, x32, y32, 0, 0, 0, 0);
    for (int32_t i = 0; i < LEFT; i++)
        assert_int_equal(y32[i], (int32_t)trunc((double)sum_of(x32, i, 0) / (H * C)));
}

static void extremes__keep_stored_values(void **state)
{
    (void)state;
    run(GANTRY_OP_REDUCE_MAX, GANTRY_INT8, x8, y8, 0.5f, 3, 0.5f, 3);
    for (int32_t i = 0; i < LEFT; i++) {
        int32_t most = -1000, least = 1000;
        for (int32_t k = 0; k < H * C; k++) {
            int32_t value = x8[((i / W * H + k / C) * W + i % W) * C + k % C];
            most = value > most ? value : most;
            least = value < least ? value : least;
        }
        assert_int_equal(y8[i], most);
        yf[i] = (float)least / 16;
    }
    float least[LEFT];
    memcpy(least, yf, sizeof least);
    run(GANTRY_OP_REDUCE_MIN, GANTRY_FLOAT32, xf, yf, 0, 0, 0, 0);
    assert_memory_equal(yf, least, sizeof least);
}

/* Windows of 2 x 2 with one column of padding in front. */
static void pools__of_int16_round_the_mean_of_what_is_inside(void **state)
{
    int16_t x[6] = {100, -7, 30000, -32768, 8, 3}, y[2];
    static const int16_t mean[2] = {-16334, 7501}, most[2] = {100, 30000};
    (void)state;
    for (int32_t k = 0; k < 2; k++) {
        struct one_node n;
        one_node_begin(&n, k ? GANTRY_OP_MAX_POOL_2D : GANTRY_OP_AVERAGE_POOL_2D);
        n.node.attributes.window = (struct gantry_window_attributes){.kernel_h = 2,
                                                                     .kernel_w = 2,
                                                                     .stride_h = 1,
                                                                     .stride_w = 2,
                                                                     .dilation_h = 1,
                                                                     .dilation_w = 1,
                                                                     .pad_left = 1};
        one_node_input(&n, GANTRY_INT16, SHAPE(1, 2, 3, 1), x, 0.5f, 0);
        one_node_output(&n, GANTRY_INT16, SHAPE(1, 1, 2, 1), y, 0.5f, 0);
        one_node_run(&n);
        assert_memory_equal(y, k ? most : mean, sizeof y);
    }
}

static void any_and_all__of_bool(void **state)
{
    uint8_t x[6] = {0, 0, 1, 0, 1, 1}, y[3];
    static const uint8_t any[3] = {0, 1, 1}, all[3] = {0, 0, 1};
    (void)state;
    for (int32_t k = 0; k < 2; k++) {
        struct one_node n;
        one_node_begin(&n, k ? GANTRY_OP_REDUCE_ALL : GANTRY_OP_REDUCE_ANY);
        n.node.attributes.keep_dims = true;
        one_node_input(&n, GANTRY_BOOL, SHAPE(3, 2), x, 0, 0);
        one_node_list(&n, 1);
        one_node_output(&n, GANTRY_BOOL, SHAPE(3, 1), y, 0, 0);
        one_node_run(&n);
        assert_memory_equal(y, k ? all : any, sizeof y);
    }
}

static void sum__refuses_what_may_leave_32_bits(void **state)
{
    static int16_t x[40000], y[1];
    struct one_node n;
    (void)state;
    one_node_begin(&n, GANTRY_OP_SUM);
    one_node_input(&n, GANTRY_INT16, SHAPE(40000), x, 0.5f, 0);
    one_node_list(&n, 0);
    one_node_output(&n, GANTRY_INT16, one_node_shape(0), y, 0.5f, 0);
    one_node_refused(&n, GANTRY_ERR_UNSUPPORTED, "over 40000 values (limit 32767)");
}

static void log_softmax__is_the_logarithm_of_softmax(void **state)
{
    (void)state;
    struct one_node n;
    fill();
    one_node_begin(&n, GANTRY_OP_LOG_SOFTMAX);
    one_node_input(&n, GANTRY_INT8, SHAPE(COUNT / C, C), x8, 0.02f, 7);
    one_node_output(&n, GANTRY_INT8, SHAPE(COUNT / C, C), y8, 0.0625f, 127);
    one_node_run(&n);
    for (int32_t i = 0; i < COUNT; i++) {
        double sum = 0;
        for (int32_t k = 0; k < C; k++) sum += exp((double)0.02f * (x8[i / C * C + k] - x8[i]));
        assert_int_equal(y8[i], in_steps(-log(sum) / 0.0625, 127, -128, 127));
    }
    one_node_begin(&n, GANTRY_OP_LOG_SOFTMAX);
    one_node_input(&n, GANTRY_FLOAT32, SHAPE(COUNT / C, C), xf, 0, 0);
    one_node_output(&n, GANTRY_FLOAT32, SHAPE(COUNT / C, C), yf, 0, 0);
    one_node_run(&n);
    for (int32_t i = 0; i < COUNT; i++) {
        double sum = 0;
        for (int32_t k = 0; k < C; k++) sum += exp((double)xf[i / C * C + k] - (double)xf[i]);
        assert_true(fabs((double)yf[i] + log(sum)) <= 1e-5);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sum_and_mean__of_int8_are_within_half_a_step),
    cmocka_unit_test(sum_and_mean__of_int16_are_near),
    cmocka_unit_test(sum_and_mean__of_int32_cut),
    cmocka_unit_test(extremes__keep_stored_values),
    cmocka_unit_test(pools__of_int16_round_the_mean_of_what_is_inside),
    cmocka_unit_test(any_and_all__of_bool),
    cmocka_unit_test(sum__refuses_what_may_leave_32_bits),
    cmocka_unit_test(log_softmax__is_the_logarithm_of_softmax),
};

GANTRY_TEST_MAIN("node_reduce", tests)
