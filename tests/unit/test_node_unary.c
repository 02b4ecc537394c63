/* SPDX-License-Identifier: Apache-2.0
 * Functions of one element, against rules worked out by hand and the real functions. */
#include "one_node.h"

#include <float.h>
#include <math.h>

enum { ALL = 256, WIDE = 65536 };

static int8_t bytes[ALL], narrow[ALL];
static int16_t words[WIDE], wide[WIDE];

/* All values of int8 through an operator. */
static void run_bytes(enum gantry_op op, float alpha, float sx, int32_t zx, float sy, int32_t zy)
{
    struct one_node n;
    one_node_begin(&n, op);
    for (int32_t i = 0; i < ALL; i++) bytes[i] = (int8_t)(i - 128);
    if (op == GANTRY_OP_LEAKY_RELU) n.node.attributes.alpha = alpha;
    one_node_input(&n, GANTRY_INT8, SHAPE(2, 128), bytes, sx, zx);
    one_node_output(&n, GANTRY_INT8, SHAPE(2, 128), narrow, sy, zy);
    one_node_run(&n);
}

/* All values of int16. */
static void run_words(enum gantry_op op, float alpha, float sx, float sy)
{
    struct one_node n;
    one_node_begin(&n, op);
    for (int32_t i = 0; i < WIDE; i++) words[i] = (int16_t)(i - 32768);
    if (op == GANTRY_OP_LEAKY_RELU) n.node.attributes.alpha = alpha;
    one_node_input(&n, GANTRY_INT16, SHAPE(256, 256), words, sx, 0);
    one_node_output(&n, GANTRY_INT16, SHAPE(256, 256), wide, sy, 0);
    one_node_run(&n);
}

static int32_t limited(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* x / 4 by rule M: half of it with ties up, half of that with ties away from zero. */
static int32_t quarter(int32_t x)
{
    int32_t half = (int32_t)floor(x / 2.0 + 0.5);
    return (int32_t)round(half / 2.0);
}

static void relu__rounds_twice(void **state)
{
    (void)state;
    run_bytes(GANTRY_OP_RELU, 0, 0.25f, 3, 1.0f, -7);
    for (int32_t i = 0; i < ALL; i++)
        assert_int_equal(narrow[i], limited(quarter(bytes[i] - 3) - 7, -7, 127));
    assert_int_equal(narrow[128 + 4], -6); /* 1 / 4 becomes 1 */
    run_bytes(GANTRY_OP_RELU6, 0, 0.25f, 3, 1.0f, -7);
    for (int32_t i = 0; i < ALL; i++)
        assert_int_equal(narrow[i], limited(quarter(bytes[i] - 3) - 7, -7, -1));
    run_bytes(GANTRY_OP_RELU_N1_TO_1, 0, 0.03125f, 0, 0.125f, 5);
    for (int32_t i = 0; i < ALL; i++)
        assert_int_equal(narrow[i], limited(quarter(bytes[i]) + 5, -3, 13));
    run_bytes(GANTRY_OP_RELU_0_TO_1, 0, 0.03125f, 0, 0.125f, 5);
    for (int32_t i = 0; i < ALL; i++)
        assert_int_equal(narrow[i], limited(quarter(bytes[i]) + 5, 5, 13));
}

static void leaky_relu__of_int8_follows_rule_q8(void **state)
{
    (void)state;
    run_bytes(GANTRY_OP_LEAKY_RELU, 0.125f, 0.5f, 2, 0.75f, -1);
    for (int32_t i = 0; i < ALL; i++) {
        /* 256 * 0.5 / 0.75 = 170.67 and an eighth of it, 21.33. */
        int32_t x = bytes[i] - 2, product = x * (x < 0 ? 21 : 171);
        assert_int_equal(narrow[i], limited((int32_t)floor(product / 256.0 + 0.5) - 1, -128, 127));
    }
}

static void leaky_relu__of_int16_follows_rule_m(void **state)
{
    (void)state;
    run_words(GANTRY_OP_LEAKY_RELU, 0.25f, 0.5f, 0.5f);
    for (int32_t i = 0; i < WIDE; i++)
        assert_int_equal(wide[i], words[i] < 0 ? quarter(words[i]) : words[i]);
}

/* Ratios of scales beyond every type: only the sign of the result is left. */
static void factors__beyond_32_bits_saturate(void **state)
{
    (void)state;
    run_bytes(GANTRY_OP_RELU, 0, FLT_MAX, 0, FLT_MIN, 0);
    assert_true(narrow[128 + 1] == 127 && narrow[128] == 0 && narrow[128 - 1] == 0);
    run_bytes(GANTRY_OP_LEAKY_RELU, 3e38f, FLT_MAX, 0, FLT_MIN, 0);
    assert_true(narrow[128 + 1] == 127 && narrow[128] == 0 && narrow[128 - 1] == -128);
    run_bytes(GANTRY_OP_LEAKY_RELU, -3e38f, FLT_MIN, 0, FLT_MAX, 0);
    assert_true(narrow[128 + 1] == 0 && narrow[0] == 0);
    run_bytes(GANTRY_OP_HARD_SWISH, 0, FLT_MAX, 0, FLT_MIN, 0);
    assert_true(narrow[128 + 1] == 127 && narrow[128] == 0);
    run_words(GANTRY_OP_TANH, 0, FLT_MAX, 0x1p-15f);
    assert_true(wide[32769] == 32767 && wide[32767] == -32767);
}

static void abs__saturates(void **state)
{
    (void)state;
    run_bytes(GANTRY_OP_ABS, 0, 1.0f, 0, 1.0f, 0);
    for (int32_t i = 0; i < ALL; i++) assert_int_equal(narrow[i], limited(abs(bytes[i]), 0, 127));
    run_words(GANTRY_OP_ABS, 0, 1.0f, 1.0f);
    for (int32_t i = 0; i < WIDE; i++) assert_int_equal(wide[i], limited(abs(words[i]), 0, 32767));
}

static void refuses_types_it_has_not(enum gantry_op op)
{
    struct one_node n;
    one_node_begin(&n, op);
    one_node_input(&n, GANTRY_INT16, SHAPE(4), words, 0.5f, 0);
    one_node_output(&n, GANTRY_INT16, SHAPE(4), wide, 0.5f, 0);
    one_node_refused(&n, GANTRY_ERR_UNSUPPORTED, "tensor \"t0\" is int16");
}

static void unary__refuses_types_it_has_not(void **state)
{
    (void)state;
    refuses_types_it_has_not(GANTRY_OP_HARD_SWISH);
    refuses_types_it_has_not(GANTRY_OP_SQRT);
    refuses_types_it_has_not(GANTRY_OP_NEG);
}

/* Values that are within so many steps of the real function. */
static void near_bytes(enum gantry_op op, double (*real)(double), double steps, float sx,
                       int32_t zx, float sy, int32_t zy)
{
    run_bytes(op, 0, sx, zx, sy, zy);
    for (int32_t i = 0; i < ALL; i++) {
        double y = real((double)sx * (bytes[i] - zx)) / (double)sy + zy;
        y = y < -128 ? -128 : y > 127 ? 127 : y;
        assert_true(fabs(narrow[i] - y) <= steps + 1e-4);
    }
}

static double hard_swish(double x) { return x * fmin(fmax(x + 3, 0), 6) / 6; }
static double gelu(double x) { return x * 0.5 * erfc(-x / sqrt(2)); }
static double elu(double x) { return x < 0 ? exp(x) - 1 : x; }
static double logistic(double x) { return 0.5 + 0.5 * tanh(0.5 * x); }

static void functions__of_int8_are_within_half_a_step(void **state)
{
    (void)state;
    near_bytes(GANTRY_OP_TANH, tanh, 0.5, 0.03f, 4, 1.0f / 128, 0);
    near_bytes(GANTRY_OP_LOGISTIC, logistic, 0.5, 0.05f, 3, 1.0f / 256, -128);
    near_bytes(GANTRY_OP_ELU, elu, 0.5, 0.04f, -3, 0.03f, 2);
    near_bytes(GANTRY_OP_GELU, gelu, 0.5, 0.04f, -3, 0.03f, 2);
    near_bytes(GANTRY_OP_EXP, exp, 0.5, 0.02f, 5, 0.05f, -128);
    near_bytes(GANTRY_OP_HARD_SWISH, hard_swish, 1.0, 0.05f, 7, 0.04f, -60);
}

/* Square roots are cut, and elu adds the zero point before it rounds ties to even. */
static void functions__of_int8_round_as_stated(void **state)
{
    (void)state;
    run_bytes(GANTRY_OP_SQRT, 0, 1.0f, -128, 1.0f, -128);
    for (int32_t i = 0; i < ALL; i++)
        assert_int_equal(narrow[i] + 128, (int32_t)floor(sqrt(i) + 1e-9));
    run_bytes(GANTRY_OP_ELU, 0, 0.5f, 0, 1.0f, 1);
    assert_int_equal(narrow[128 + 1], 2); /* 0.5 + 1 */
    assert_int_equal(narrow[128 + 3], 2); /* 1.5 + 1 */
    assert_int_equal(narrow[128 + 5], 4); /* 2.5 + 1 */
    run_bytes(GANTRY_OP_RSQRT, 0, 0.5f, -128, 0.01f, -128);
    assert_int_equal(narrow[0], 127); /* of 0 */
    assert_int_equal(narrow[8], 50 - 128);
}

static void near_words(enum gantry_op op, double (*real)(double), double steps, float sx, float sy)
{
    run_words(op, 0, sx, sy);
    for (int32_t i = 0; i < WIDE; i++) {
        double y = real((double)sx * words[i]) / (double)sy;
        y = y < -32768 ? -32768 : y > 32767 ? 32767 : y;
        assert_true(fabs(wide[i] - y) <= steps);
    }
}

/* The curves between the steps of the tables are left to their error there. */
static void functions__of_int16_are_near(void **state)
{
    (void)state;
    near_words(GANTRY_OP_TANH, tanh, 3, 3e-4f, 0x1p-15f);
    near_words(GANTRY_OP_LOGISTIC, logistic, 2, 3e-4f, 0x1p-15f);
    near_words(GANTRY_OP_TANH, tanh, 16, 0x1p-11f, 0x1p-15f);
    near_words(GANTRY_OP_LOGISTIC, logistic, 8, 0x1p-12f, 0x1p-15f);
    near_words(GANTRY_OP_GELU, gelu, 3, 2e-4f, 2e-4f);
    near_words(GANTRY_OP_EXP, exp, 3, 5e-5f, 2e-4f);
}

static void tanh__of_int16_needs_steps_of_2_to_the_minus_15(void **state)
{
    (void)state;
    struct one_node n;
    one_node_begin(&n, GANTRY_OP_TANH);
    one_node_input(&n, GANTRY_INT16, SHAPE(4), words, 0.001f, 0);
    one_node_output(&n, GANTRY_INT16, SHAPE(4), wide, 0x1p-14f, 0);
    one_node_refused(&n, GANTRY_ERR_UNSUPPORTED, "must be 2^-15, 0 and 0");
}

static void near_reals(enum gantry_op op, double (*real)(double))
{
    static float x[64], y[64];
    struct one_node n;
    for (int32_t i = 0; i < 64; i++) x[i] = (float)(i + 1) * 0.37f - (op == GANTRY_OP_LOG ? 0 : 9);
    one_node_begin(&n, op);
    one_node_input(&n, GANTRY_FLOAT32, SHAPE(1, 8, 8), x, 0, 0);
    one_node_output(&n, GANTRY_FLOAT32, SHAPE(1, 8, 8), y, 0, 0);
    one_node_run(&n);
    for (int32_t i = 0; i < 64; i++) {
        double wanted = real((double)x[i]);
        assert_true(fabs((double)y[i] - wanted) <= 1e-6 * (1 + fabs(wanted)));
    }
}

static void functions__of_float32_are_the_real_ones(void **state)
{
    (void)state;
    near_reals(GANTRY_OP_TANH, tanh);
    near_reals(GANTRY_OP_ELU, elu);
    near_reals(GANTRY_OP_GELU, gelu);
    near_reals(GANTRY_OP_HARD_SWISH, hard_swish);
    near_reals(GANTRY_OP_EXP, exp);
    near_reals(GANTRY_OP_LOG, log);
    near_reals(GANTRY_OP_ABS, fabs);
    near_reals(GANTRY_OP_FLOOR, floor);
    near_reals(GANTRY_OP_CEIL, ceil);
    near_reals(GANTRY_OP_ROUND, rint);
    near_reals(GANTRY_OP_SIN, sin);
    near_reals(GANTRY_OP_COS, cos);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(relu__rounds_twice),
    cmocka_unit_test(leaky_relu__of_int8_follows_rule_q8),
    cmocka_unit_test(leaky_relu__of_int16_follows_rule_m),
    cmocka_unit_test(factors__beyond_32_bits_saturate),
    cmocka_unit_test(abs__saturates),
    cmocka_unit_test(unary__refuses_types_it_has_not),
    cmocka_unit_test(functions__of_int8_are_within_half_a_step),
    cmocka_unit_test(functions__of_int8_round_as_stated),
    cmocka_unit_test(functions__of_int16_are_near),
    cmocka_unit_test(tanh__of_int16_needs_steps_of_2_to_the_minus_15),
    cmocka_unit_test(functions__of_float32_are_the_real_ones),
};

GANTRY_TEST_MAIN("node_unary", tests)
