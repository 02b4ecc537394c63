/* SPDX-License-Identifier: Apache-2.0
 * Comparisons, logic and choices, against C's own. */
#include "one_node.h"

#include <math.h>
#include <string.h>

/* [2, 1, 3] with [4, 1] becomes [2, 4, 3]. */
enum { A = 6, B = 4, Y = 24 };

static int32_t a_at(int32_t i) { return i / 12 * 3 + i % 3; }
static int32_t b_at(int32_t i) { return i / 3 % 4; }

static void run(enum gantry_op op, enum gantry_dtype dtype, void *a, void *b, float scale,
                uint8_t *y)
{
    struct one_node n;
    one_node_begin(&n, op);
    one_node_input(&n, dtype, SHAPE(2, 1, 3), a, scale, 0);
    one_node_input(&n, dtype, SHAPE(4, 1), b, scale, 0);
    one_node_output(&n, GANTRY_BOOL, SHAPE(2, 4, 3), y, 0, 0);
    one_node_run(&n);
}

static bool holds(enum gantry_op op, double a, double b)
{
    return op == GANTRY_OP_LESS            ? a < b
           : op == GANTRY_OP_LESS_EQUAL    ? a <= b
           : op == GANTRY_OP_GREATER       ? a > b
           : op == GANTRY_OP_GREATER_EQUAL ? a >= b
           : op == GANTRY_OP_EQUAL         ? a == b
                                           : a != b;
}

static void comparisons__are_those_of_c(void **state)
{
    static const enum gantry_op ops[] = {GANTRY_OP_LESS,    GANTRY_OP_LESS_EQUAL,
                                         GANTRY_OP_GREATER, GANTRY_OP_GREATER_EQUAL,
                                         GANTRY_OP_EQUAL,   GANTRY_OP_NOT_EQUAL};
    float af[A] = {1, -2, 0.5f, NAN, 7, INFINITY}, bf[B] = {0.5f, NAN, 7, -2};
    int8_t a8[A] = {1, -2, 5, 127, -128, 0}, b8[B] = {5, 0, -128, 127};
    int64_t al[A] = {1, -2, 5, INT64_MAX, INT64_MIN, 0}, bl[B] = {5, 0, INT64_MIN, INT64_MAX};
    uint8_t y[Y];
    (void)state;
    for (size_t k = 0; k < sizeof ops / sizeof *ops; k++) {
        run(ops[k], GANTRY_FLOAT32, af, bf, 0, y);
        for (int32_t i = 0; i < Y; i++)
            assert_int_equal(y[i], holds(ops[k], (double)af[a_at(i)], (double)bf[b_at(i)]));
        run(ops[k], GANTRY_INT8, a8, b8, 0.5f, y);
        for (int32_t i = 0; i < Y; i++)
            assert_int_equal(y[i], holds(ops[k], a8[a_at(i)], b8[b_at(i)]));
        run(ops[k], GANTRY_INT64, al, bl, 0, y);
        for (int32_t i = 0; i < Y; i++)
            assert_int_equal(y[i], holds(ops[k], (double)al[a_at(i)], (double)bl[b_at(i)]));
    }
}

static void logic__takes_any_byte_for_true(void **state)
{
    uint8_t a[A] = {0, 1, 2, 0, 255, 1}, b[B] = {0, 1, 4, 0}, y[Y];
    struct one_node n;
    (void)state;
    run(GANTRY_OP_LOGICAL_AND, GANTRY_BOOL, a, b, 0, y);
    for (int32_t i = 0; i < Y; i++) assert_int_equal(y[i], a[a_at(i)] && b[b_at(i)]);
    run(GANTRY_OP_LOGICAL_OR, GANTRY_BOOL, a, b, 0, y);
    for (int32_t i = 0; i < Y; i++) assert_int_equal(y[i], a[a_at(i)] || b[b_at(i)]);
    one_node_begin(&n, GANTRY_OP_LOGICAL_NOT);
    one_node_input(&n, GANTRY_BOOL, SHAPE(A), a, 0, 0);
    one_node_output(&n, GANTRY_BOOL, SHAPE(A), y, 0, 0);
    one_node_run(&n);
    for (int32_t i = 0; i < A; i++) assert_int_equal(y[i], !a[i]);
}

static void select__broadcasts_all_three(void **state)
{
    uint8_t condition[B] = {1, 0, 0, 3};
    int16_t a[A] = {1, 2, 3, 4, 5, 6}, b[1] = {-9}, y[Y];
    struct one_node n;
    (void)state;
    one_node_begin(&n, GANTRY_OP_SELECT_V2);
    one_node_input(&n, GANTRY_BOOL, SHAPE(4, 1), condition, 0, 0);
    one_node_input(&n, GANTRY_INT16, SHAPE(2, 1, 3), a, 0.5f, 0);
    one_node_constant(&n, GANTRY_INT16, SHAPE(1), b, 0.5f, 0);
    one_node_output(&n, GANTRY_INT16, SHAPE(2, 4, 3), y, 0.5f, 0);
    one_node_run(&n);
    for (int32_t i = 0; i < Y; i++) assert_int_equal(y[i], condition[b_at(i)] ? a[a_at(i)] : b[0]);
}

static void logic__refuses_other_types_and_scales(void **state)
{
    int8_t x[4] = {0}, y[4];
    struct one_node n;
    (void)state;
    one_node_begin(&n, GANTRY_OP_LESS);
    one_node_input(&n, GANTRY_INT8, SHAPE(4), x, 0.5f, 0);
    one_node_input(&n, GANTRY_INT8, SHAPE(4), x, 0.25f, 0);
    one_node_output(&n, GANTRY_BOOL, SHAPE(4), y, 0, 0);
    one_node_refused(&n, GANTRY_ERR_UNSUPPORTED, "must be equal");
    one_node_begin(&n, GANTRY_OP_EQUAL);
    one_node_input(&n, GANTRY_INT8, SHAPE(4), x, 0.5f, 0);
    one_node_input(&n, GANTRY_INT8, SHAPE(4), x, 0.5f, 0);
    one_node_output(&n, GANTRY_INT8, SHAPE(4), y, 0, 0);
    one_node_refused(&n, GANTRY_ERR_UNSUPPORTED, "must be bool");
    one_node_begin(&n, GANTRY_OP_SELECT);
    one_node_input(&n, GANTRY_BOOL, SHAPE(2), x, 0, 0);
    one_node_input(&n, GANTRY_INT8, SHAPE(2, 2), x, 0.5f, 0);
    one_node_input(&n, GANTRY_INT8, SHAPE(2, 2), x, 0.5f, 0);
    one_node_output(&n, GANTRY_INT8, SHAPE(2, 2), y, 0.5f, 0);
    one_node_refused(&n, GANTRY_ERR_UNSUPPORTED, "a condition for rows");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(comparisons__are_those_of_c),
    cmocka_unit_test(logic__takes_any_byte_for_true),
    cmocka_unit_test(select__broadcasts_all_three),
    cmocka_unit_test(logic__refuses_other_types_and_scales),
};

GANTRY_TEST_MAIN("node_logic", tests)
