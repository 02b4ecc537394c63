/* SPDX-License-Identifier: Apache-2.0
 * Functions of two elements with broadcasting, against the same worked out in real numbers. */
#include "one_node.h"

#include <math.h>
#include <string.h>

/* [2, 1, 3] with [4, 1] becomes [2, 4, 3]. */
enum { A = 6, B = 4, Y = 24 };

static struct one_node begin(enum gantry_op op, enum gantry_dtype dtype, void *a, void *b, void *y)
{
    struct one_node n;
    one_node_begin(&n, op);
    one_node_input(&n, dtype, SHAPE(2, 1, 3), a, 0, 0);
    one_node_input(&n, dtype, SHAPE(4, 1), b, 0, 0);
    one_node_output(&n, dtype, SHAPE(2, 4, 3), y, 0, 0);
    return n;
}

static int32_t a_at(int32_t i) { return i / 12 * 3 + i % 3; }
static int32_t b_at(int32_t i) { return i / 3 % 4; }

static int32_t a32[A] = {7, -7, 0, 100, -100, 2147483647}, b32[B] = {3, -3, 1, 0};

static void run_integers(enum gantry_op op, const int32_t *wanted)
{
    int32_t y[Y];
    struct one_node n = begin(op, GANTRY_INT32, a32, b32, y);
    one_node_run(&n);
    assert_memory_equal(y, wanted, sizeof y);
}

static void integers__round_as_their_operator_says(void **state)
{
    (void)state;
    int32_t quotient[Y], floored[Y], rest[Y], least[Y], most[Y], sum[Y];
    for (int32_t i = 0; i < Y; i++) {
        int32_t a = a32[a_at(i)], b = b32[b_at(i)];
        double exact = b ? (double)a / b : 0;
        quotient[i] = (int32_t)trunc(exact);
        floored[i] = (int32_t)floor(exact);
        rest[i] = (int32_t)(a - floor(exact) * b);
        least[i] = a < b ? a : b;
        most[i] = a > b ? a : b;
        sum[i] = (int32_t)((uint32_t)a + (uint32_t)b); /* the last one wraps */
    }
    run_integers(GANTRY_OP_DIV, quotient);
    run_integers(GANTRY_OP_FLOOR_DIV, floored);
    run_integers(GANTRY_OP_FLOOR_MOD, rest);
    run_integers(GANTRY_OP_MINIMUM, least);
    run_integers(GANTRY_OP_MAXIMUM, most);
    run_integers(GANTRY_OP_ADD, sum);
}

static void add__of_int64_keeps_all_bits(void **state)
{
    (void)state;
    int64_t a[A] = {1, 2, 3, 4, 5, INT64_C(1) << 53}, b[B] = {1, -1, 3, -9}, y[Y];
    struct one_node n = begin(GANTRY_OP_ADD, GANTRY_INT64, a, b, y);
    one_node_run(&n);
    for (int32_t i = 0; i < Y; i++) assert_true(y[i] == a[a_at(i)] + b[b_at(i)]);
}

static void pairs__refuse_a_fused_activation_of_integers(void **state)
{
    (void)state;
    int32_t y[Y];
    struct one_node n = begin(GANTRY_OP_SUB, GANTRY_INT32, a32, b32, y);
    n.node.activation = GANTRY_ACTIVATION_RELU;
    one_node_refused(&n, GANTRY_ERR_UNSUPPORTED, "a fused activation of int32");
}

static void run_reals(enum gantry_op op, enum gantry_activation activation,
                      double (*real)(double a, double b))
{
    float a[A] = {0.5f, 1, 2.25f, 3, 7.5f, 100}, b[B] = {2, -0.75f, 3, 0.25f}, y[Y];
    struct one_node n = begin(op, GANTRY_FLOAT32, a, b, y);
    n.node.activation = activation;
    if (op == GANTRY_OP_POW) b[3] = 0;
    one_node_run(&n);
    for (int32_t i = 0; i < Y; i++) {
        double wanted = real((double)a[a_at(i)], (double)b[b_at(i)]);
        if (activation == GANTRY_ACTIVATION_RELU6) wanted = fmin(fmax(wanted, 0), 6);
        assert_true(fabs((double)y[i] - wanted) <= 1e-6 * fabs(wanted));
    }
}

static double divided(double a, double b) { return a / b; }
static double floored(double a, double b) { return floor(a / b); }
static double rest(double a, double b) { return a - b * floor(a / b); }
static double squared(double a, double b) { return (a - b) * (a - b); }

static void reals__are_those_of_the_operator(void **state)
{
    (void)state;
    run_reals(GANTRY_OP_DIV, GANTRY_ACTIVATION_NONE, divided);
    run_reals(GANTRY_OP_DIV, GANTRY_ACTIVATION_RELU6, divided);
    run_reals(GANTRY_OP_FLOOR_DIV, GANTRY_ACTIVATION_NONE, floored);
    run_reals(GANTRY_OP_FLOOR_MOD, GANTRY_ACTIVATION_NONE, rest);
    run_reals(GANTRY_OP_SQUARED_DIFFERENCE, GANTRY_ACTIVATION_NONE, squared);
    run_reals(GANTRY_OP_MINIMUM, GANTRY_ACTIVATION_NONE, fmin);
    run_reals(GANTRY_OP_MAXIMUM, GANTRY_ACTIVATION_NONE, fmax);
    run_reals(GANTRY_OP_POW, GANTRY_ACTIVATION_NONE, pow);
}

/* All pairs of values: within half a step of the quotient, which a tie may leave to either side. */
static void div__of_int8_is_the_nearest_step(void **state)
{
    (void)state;
    enum { ALL = 256 };
    static int8_t a[ALL], y[ALL * ALL];
    const float s1 = 0.03f, s2 = 0.05f, sy = 0.0625f;
    struct one_node n;
    one_node_begin(&n, GANTRY_OP_DIV);
    for (int32_t i = 0; i < ALL; i++) a[i] = (int8_t)(i - 128);
    one_node_input(&n, GANTRY_INT8, SHAPE(ALL, 1), a, s1, 3);
    one_node_input(&n, GANTRY_INT8, SHAPE(ALL), a, s2, -2);
    one_node_output(&n, GANTRY_INT8, SHAPE(ALL, ALL), y, sy, 5);
    one_node_run(&n);
    for (int32_t i = 0; i < ALL * ALL; i++) {
        int32_t x1 = a[i / ALL] - 3, x2 = a[i % ALL] + 2;
        double wanted = x2 ? (double)s1 / (double)s2 / (double)sy * x1 / x2 : x1 * 1e9;
        wanted = fmin(fmax(wanted + 5, -128), 127);
        assert_true(fabs(y[i] - wanted) <= 0.5 + 1e-6);
    }
}

static void minimum__refuses_other_scales(void **state)
{
    (void)state;
    int8_t x[4] = {1, 2, 3, 4};
    struct one_node n;
    one_node_begin(&n, GANTRY_OP_MINIMUM);
    one_node_input(&n, GANTRY_INT8, SHAPE(4), x, 0.5f, 0);
    one_node_input(&n, GANTRY_INT8, SHAPE(4), x, 0.25f, 0);
    one_node_output(&n, GANTRY_INT8, SHAPE(4), x, 0.5f, 0);
    one_node_refused(&n, GANTRY_ERR_UNSUPPORTED, "must be equal");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(integers__round_as_their_operator_says),
    cmocka_unit_test(add__of_int64_keeps_all_bits),
    cmocka_unit_test(pairs__refuse_a_fused_activation_of_integers),
    cmocka_unit_test(reals__are_those_of_the_operator),
    cmocka_unit_test(div__of_int8_is_the_nearest_step),
    cmocka_unit_test(minimum__refuses_other_scales),
};

GANTRY_TEST_MAIN("node_pairs", tests)
