/* SPDX-License-Identifier: Apache-2.0
 * BATCH_MATMUL and SVDF against other loops, and values worked out by hand. */
#include "op_rig.h"

#include <string.h>

#include "random.h"

static const float one = 1, half = 0.5f;
static const int32_t no_zero = 0;

enum { BATCH = 2, ROWS = 3, DEPTH = 4, COLUMNS = 5 };

static void batch_matmul__turns_and_broadcasts(void **state)
{
    (void)state;
    static float a[BATCH * ROWS * DEPTH], turned_a[BATCH * ROWS * DEPTH];
    static float b[DEPTH * COLUMNS], turned_b[DEPTH * COLUMNS], y[BATCH * ROWS * COLUMNS];
    static double wanted[BATCH * ROWS * COLUMNS];
    uint64_t seed = 5;
    for (int i = 0; i < BATCH * ROWS * DEPTH; i++) {
        int n = i / (ROWS * DEPTH), r = i / DEPTH % ROWS, k = i % DEPTH;
        a[i] = turned_a[(n * DEPTH + k) * ROWS + r] = (float)random_in(&seed, -9, 9);
    }
    for (int i = 0; i < DEPTH * COLUMNS; i++)
        b[i] = turned_b[i % COLUMNS * DEPTH + i / COLUMNS] = (float)random_in(&seed, -9, 9);
    for (int i = 0; i < BATCH * ROWS * DEPTH; i++)
        for (int c = 0; c < COLUMNS; c++)
            wanted[i / DEPTH * COLUMNS + c] += (double)(a[i] * b[i % DEPTH * COLUMNS + c]);
    const struct gantry_shape a_shape = {3, {BATCH, ROWS, DEPTH}};
    const struct gantry_shape turned_a_shape = {3, {BATCH, DEPTH, ROWS}};
    const struct gantry_shape y_shape = {3, {BATCH, ROWS, COLUMNS}};
    const struct gantry_op_tensor output = op_real(y, y_shape);
    for (int way = 0; way < 4; way++) {
        const struct gantry_op_tensor inputs[2] = {
            way & 1 ? op_real(turned_a, turned_a_shape) : op_real(a, a_shape),
            way & 2 ? op_real(turned_b, op_shape2(COLUMNS, DEPTH))
                    : op_real(b, op_shape2(DEPTH, COLUMNS))};
        const union gantry_attributes attributes = {
            .adjoint = {.x = (way & 1) != 0, .y = (way & 2) != 0}};
        memset(y, 0, sizeof y);
        op_run(gantry_op_batch_matmul, inputs, 2, &output, &attributes);
        for (int i = 0; i < BATCH * ROWS * COLUMNS; i++) assert_true((double)y[i] == wanted[i]);
    }
}

/* Halves: to even with a constant, away from 0 with a value. */
static void batch_matmul__of_int8_rounds_as_the_other_side_is_constant_or_not(void **state)
{
    (void)state;
    static const int32_t two = 2;
    int8_t a[2] = {4, 8}, b[1] = {1}, y[2];
    struct gantry_op_tensor inputs[2] = {op_stored(a, op_shape2(2, 1), &half, &two),
                                         op_stored(b, op_shape2(1, 1), &half, &no_zero)};
    const struct gantry_op_tensor output = op_stored(y, op_shape2(2, 1), &one, &two);
    const union gantry_attributes attributes = {.adjoint = {false, false}};
    inputs[1].constant = true; /* (4 - 2) / 4 = 0.5; (8 - 2) / 4 = 1.5 */
    op_run(gantry_op_batch_matmul, inputs, 2, &output, &attributes);
    assert_true(y[0] == 2 && y[1] == 4);
    inputs[1].constant = false;
    op_run(gantry_op_batch_matmul, inputs, 2, &output, &attributes);
    assert_true(y[0] == 3 && y[1] == 4);
}

static void batch_matmul__of_int16_sums_in_64_bits(void **state)
{
    (void)state;
    enum { N = 64 };
    static const float small = 0x1p-12f;
    static int16_t a[N], b[N], y[1];
    for (int i = 0; i < N; i++) a[i] = b[i] = -32768;
    const struct gantry_op_tensor inputs[2] = {
        op_typed(GANTRY_INT16, a, op_shape2(1, N), &small, &no_zero),
        op_typed(GANTRY_INT16, b, op_shape2(N, 1), &small, &no_zero)};
    const struct gantry_op_tensor output =
        op_typed(GANTRY_INT16, y, op_shape2(1, 1), &one, &no_zero);
    const union gantry_attributes attributes = {.adjoint = {false, false}};
    op_run(gantry_op_batch_matmul, inputs, 2, &output, &attributes);
    assert_int_equal(y[0], N * 64);
}

/* Two filters for one unit; what came two runs ago is forgotten. */
static void svdf__keeps_as_many_times_as_it_has_weights(void **state)
{
    (void)state;
    float x[1], feature[2] = {1, 10}, time[4] = {2, 3, 5, 7}, bias[1] = {0.5f}, kept[4] = {0};
    float y[1];
    const struct gantry_op_tensor inputs[5] = {
        op_real(x, op_shape2(1, 1)), op_real(feature, op_shape2(2, 1)),
        op_real(time, op_shape2(2, 2)), op_real(bias, op_shape1(1)),
        op_real(kept, op_shape2(1, 4))};
    const struct gantry_op_tensor output = op_real(y, op_shape2(1, 1));
    const union gantry_attributes attributes = {.rank = 2};
    static const float values[4] = {1, 2, 0, 0};
    /* 3 + 70; 2 2 3 and so on. */
    static const float wanted[4] = {73.5f, 2 + 6 + 50 + 140 + 0.5f, 4 + 100 + 0.5f, 0.5f};
    for (int i = 0; i < 4; i++) {
        x[0] = values[i];
        op_run(gantry_op_svdf, inputs, 5, &output, &attributes);
        assert_true(y[0] == wanted[i]);
    }
}

static void svdf__of_int8_equals_the_real_numbers(void **state)
{
    (void)state;
    static const int32_t x_zero = 3, y_zero = -10;
    int8_t x[2] = {5, -7}, feature[2] = {2, 1}, y[1];
    int16_t time[2] = {4, 8}, kept[2] = {0};
    int32_t bias[1] = {6};
    const struct gantry_op_tensor inputs[5] = {
        op_stored(x, op_shape2(1, 2), &half, &x_zero),
        op_stored(feature, op_shape2(1, 2), &one, &no_zero),
        op_typed(GANTRY_INT16, time, op_shape2(1, 2), &half, &no_zero),
        op_typed(GANTRY_INT32, bias, op_shape1(1), NULL, NULL),
        op_typed(GANTRY_INT16, kept, op_shape2(1, 2), &half, &no_zero)};
    const struct gantry_op_tensor output = op_stored(y, op_shape2(1, 1), &one, &y_zero);
    const union gantry_attributes attributes = {.rank = 1};
    /* Kept are -6, then -6 and -6: ((-6 * 8) + 6) / 4 = -10.5, (-6 * 12 + 6) / 4 = -16.5. */
    op_run(gantry_op_svdf, inputs, 5, &output, &attributes);
    assert_true(kept[1] == -6 && y[0] == -11 - 10);
    op_run(gantry_op_svdf, inputs, 5, &output, &attributes);
    assert_true(kept[0] == -6 && y[0] == -17 - 10);
}

/* -30 is kept, then -128 instead of -256: (-128 * 8 - 30 * 4) / 16 = -71.5. */
static void svdf__with_times_of_int8_limits_its_state_to_int8(void **state)
{
    (void)state;
    static const float quarter = 0.25f;
    int8_t x[1] = {-30}, feature[1] = {1}, time[2] = {4, 8}, kept[2] = {0}, y[1];
    const struct gantry_op_tensor inputs[5] = {op_stored(x, op_shape2(1, 1), &one, &no_zero),
                                               op_stored(feature, op_shape2(1, 1), &one, &no_zero),
                                               op_stored(time, op_shape2(1, 2), &quarter, &no_zero),
                                               {0},
                                               op_stored(kept, op_shape2(1, 2), &one, &no_zero)};
    static const float four = 4;
    const struct gantry_op_tensor output = op_stored(y, op_shape2(1, 1), &four, &no_zero);
    const union gantry_attributes attributes = {.rank = 1};
    op_run(gantry_op_svdf, inputs, 5, &output, &attributes);
    assert_true(kept[1] == -30 && y[0] == -15);
    x[0] = -128;
    feature[0] = 2;
    op_run(gantry_op_svdf, inputs, 5, &output, &attributes);
    assert_true(kept[0] == -30 && kept[1] == -128 && y[0] == -72);
}

static const struct CMUnitTest tests[] = {
    OP_CASE(batch_matmul__turns_and_broadcasts),
    OP_CASE(batch_matmul__of_int8_rounds_as_the_other_side_is_constant_or_not),
    OP_CASE(batch_matmul__of_int16_sums_in_64_bits),
    OP_CASE(svdf__keeps_as_many_times_as_it_has_weights),
    OP_CASE(svdf__of_int8_equals_the_real_numbers),
    OP_CASE(svdf__with_times_of_int8_limits_its_state_to_int8),
};

GANTRY_TEST_MAIN("op_matmul", tests)
