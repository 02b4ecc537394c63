/* SPDX-License-Identifier: Apache-2.0
 * Parts by indices, reflections, numbers as other types, slopes, tensors behind each other. */
#include "one_node.h"

#include <math.h>
#include <string.h>

enum { N = 2, H = 4, W = 5, C = 3, COUNT = N * H * W * C };

static int32_t input[COUNT], output[4 * COUNT];

static struct one_node start(enum gantry_op op)
{
    struct one_node n;
    for (int32_t i = 0; i < COUNT; i++) input[i] = i * 7919;
    one_node_begin(&n, op);
    one_node_input(&n, GANTRY_INT32, SHAPE(N, H, W, C), input, 0, 0);
    return n;
}

static int32_t at(int32_t b, int32_t y, int32_t x, int32_t c)
{
    return input[((b * H + y) * W + x) * C + c];
}

static void gather__takes_indices_along_an_axis(void **state)
{
    (void)state;
    int64_t columns[6] = {4, 0, 0, 2, 1, 3};
    struct one_node n = start(GANTRY_OP_GATHER);
    n.node.attributes.along.axis = -2;
    one_node_input(&n, GANTRY_INT64, SHAPE(2, 3), columns, 0, 0);
    one_node_output(&n, GANTRY_INT32, SHAPE(N, H, 2, 3, C), output, 0, 0);
    one_node_run(&n);
    for (int32_t i = 0; i < N * H * 6 * C; i++)
        assert_int_equal(output[i], at(i / 72, i / 18 % H, (int32_t)columns[i / C % 6], i % C));
}

static void gather__has_indices_of_its_own_for_every_batch(void **state)
{
    (void)state;
    int32_t rows[4] = {3, 1, 0, 2};
    struct one_node n = start(GANTRY_OP_GATHER);
    n.node.attributes.along.axis = 1;
    n.node.attributes.along.batch_dims = 1;
    one_node_constant(&n, GANTRY_INT32, SHAPE(2, 2), rows, 0, 0);
    one_node_output(&n, GANTRY_INT32, SHAPE(N, 2, W, C), output, 0, 0);
    one_node_run(&n);
    for (int32_t i = 0; i < N * 2 * W * C; i++)
        assert_int_equal(output[i], at(i / 30, rows[i / 15], i / C % W, i % C));
}

static void gather__keeps_computed_indices_inside(void **state)
{
    (void)state;
    int32_t columns[2] = {-7, 99};
    struct one_node n = start(GANTRY_OP_GATHER);
    n.node.attributes.along.axis = 3;
    one_node_input(&n, GANTRY_INT32, SHAPE(2), columns, 0, 0);
    one_node_output(&n, GANTRY_INT32, SHAPE(N, H, W, 2), output, 0, 0);
    one_node_run(&n);
    for (int32_t i = 0; i < N * H * W; i++) {
        assert_int_equal(output[2 * i], input[C * i]);
        assert_int_equal(output[2 * i + 1], input[C * i + C - 1]);
    }
}

static void gather__refuses_constant_indices_outside(void **state)
{
    (void)state;
    struct one_node n = start(GANTRY_OP_GATHER);
    one_node_list(&n, 0, 2);
    one_node_output(&n, GANTRY_INT32, SHAPE(2, H, W, C), output, 0, 0);
    one_node_refused(&n, GANTRY_ERR_FILE, "index 2 of dimension 0 (0..1)");
    n = start(GANTRY_OP_GATHER_ND);
    one_node_list(&n, 1, 4);
    one_node_output(&n, GANTRY_INT32, SHAPE(W, C), output, 0, 0);
    one_node_refused(&n, GANTRY_ERR_FILE, "index 4 of dimension 1 (0..3)");
}

static void gather_nd__takes_rows_of_indices(void **state)
{
    (void)state;
    int32_t rows[3][2] = {{1, 3}, {0, 0}, {1, 1}};
    struct one_node n = start(GANTRY_OP_GATHER_ND);
    one_node_input(&n, GANTRY_INT32, SHAPE(3, 2), rows, 0, 0);
    one_node_output(&n, GANTRY_INT32, SHAPE(3, W, C), output, 0, 0);
    one_node_run(&n);
    for (int32_t i = 0; i < 3 * W * C; i++)
        assert_int_equal(output[i], at(rows[i / 15][0], rows[i / 15][1], i / C % W, i % C));
}

static void mirror_pad__repeats_the_edge_or_not(void **state)
{
    (void)state;
    int16_t x[3] = {1, 2, 3}, y[7];
    static const int16_t reflected[7] = {3, 2, 1, 2, 3, 2, 1}, symmetric[7] = {2, 1, 1, 2, 3, 3, 2};
    for (int32_t k = 0; k < 2; k++) {
        struct one_node n;
        one_node_begin(&n, GANTRY_OP_MIRROR_PAD);
        n.node.attributes.symmetric = k == 1;
        one_node_input(&n, GANTRY_INT16, SHAPE(1, 3), x, 0, 0);
        one_node_constant(&n, GANTRY_INT32, SHAPE(2, 2), (int32_t[]){0, 0, 2, 2}, 0, 0);
        one_node_output(&n, GANTRY_INT16, SHAPE(1, 7), y, 0, 0);
        one_node_run(&n);
        assert_memory_equal(y, k ? symmetric : reflected, sizeof y);
    }
    struct one_node n;
    one_node_begin(&n, GANTRY_OP_MIRROR_PAD);
    one_node_input(&n, GANTRY_INT16, SHAPE(1, 3), x, 0, 0);
    one_node_constant(&n, GANTRY_INT32, SHAPE(2, 2), (int32_t[]){0, 0, 3, 1}, 0, 0);
    one_node_output(&n, GANTRY_INT16, SHAPE(1, 7), y, 0, 0);
    one_node_refused(&n, GANTRY_ERR_FILE, "padding 3 and 1 of dimension 1 (each 0..2)");
}

static void cast(enum gantry_dtype from, void *x, enum gantry_dtype to, void *y, int32_t count)
{
    struct one_node n;
    one_node_begin(&n, GANTRY_OP_CAST);
    one_node_input(&n, from, SHAPE(count), x, 0, 0);
    one_node_output(&n, to, SHAPE(count), y, 0, 0);
    one_node_run(&n);
}

static void cast__cuts_and_limits_reals(void **state)
{
    (void)state;
    float x[6] = {1.9f, -1.9f, 300, -300, NAN, 0};
    static const uint8_t unsigned_bytes[6] = {1, 0, 255, 0, 255, 0};
    static const int8_t signed_bytes[6] = {1, -1, 127, -128, 127, 0};
    static const uint8_t truths[6] = {1, 1, 1, 1, 1, 0};
    uint8_t y[6];
    int64_t wide[6];
    cast(GANTRY_FLOAT32, x, GANTRY_UINT8, y, 6);
    assert_memory_equal(y, unsigned_bytes, 6);
    cast(GANTRY_FLOAT32, x, GANTRY_INT8, y, 6);
    assert_memory_equal(y, signed_bytes, 6);
    cast(GANTRY_FLOAT32, x, GANTRY_BOOL, y, 6);
    assert_memory_equal(y, truths, 6);
    x[0] = 1e30f;
    cast(GANTRY_FLOAT32, x, GANTRY_INT64, wide, 6);
    assert_true(wide[0] == INT64_MAX && wide[1] == -1 && wide[3] == -300);
}

static void cast__of_integers_keeps_low_bits(void **state)
{
    (void)state;
    int32_t x[4] = {-1, 255, 65537, -40000}, back[4];
    uint8_t bytes[4];
    int16_t words[4];
    float reals[4];
    cast(GANTRY_INT32, x, GANTRY_UINT8, bytes, 4);
    assert_true(bytes[0] == 255 && bytes[1] == 255 && bytes[2] == 1 && bytes[3] == 192);
    cast(GANTRY_INT32, x, GANTRY_INT16, words, 4);
    assert_true(words[0] == -1 && words[2] == 1 && words[3] == 25536);
    cast(GANTRY_INT32, x, GANTRY_FLOAT32, reals, 4);
    assert_true(reals[0] == -1 && reals[3] == -40000);
    cast(GANTRY_UINT8, bytes, GANTRY_INT32, back, 4);
    assert_true(back[0] == 255 && back[3] == 192);
}

/* Slopes of channels; the real function within a step, which two roundings may leave by half. */
static void prelu__has_a_slope_for_every_channel(void **state)
{
    (void)state;
    enum { ALL = 256 };
    static int8_t x[ALL * 2], y[ALL * 2];
    int8_t slopes[2] = {30, -50};
    static float real[2] = {-2, 3}, out[2], by[2] = {0.25f, 9};
    struct one_node n;
    for (int32_t i = 0; i < 2 * ALL; i++) x[i] = (int8_t)(i / 2 - 128);
    one_node_begin(&n, GANTRY_OP_PRELU);
    one_node_input(&n, GANTRY_INT8, SHAPE(1, ALL, 2), x, 0.05f, 4);
    one_node_constant(&n, GANTRY_INT8, SHAPE(1, 2), slopes, 0.01f, -10);
    one_node_output(&n, GANTRY_INT8, SHAPE(1, ALL, 2), y, 0.04f, -3);
    one_node_run(&n);
    for (int32_t i = 0; i < 2 * ALL; i++) {
        double value = 0.05 * (x[i] - 4), slope = 0.01 * (slopes[i % 2] + 10);
        double wanted = (value < 0 ? value * slope : value) / 0.04 - 3;
        wanted = fmin(fmax(wanted, -128), 127);
        assert_true(fabs(y[i] - wanted) <= 0.75 + 1e-4);
    }
    one_node_begin(&n, GANTRY_OP_PRELU);
    one_node_input(&n, GANTRY_FLOAT32, SHAPE(2), real, 0, 0);
    one_node_input(&n, GANTRY_FLOAT32, SHAPE(2), by, 0, 0);
    one_node_output(&n, GANTRY_FLOAT32, SHAPE(2), out, 0, 0);
    one_node_run(&n);
    assert_true(out[0] == -0.5f && out[1] == 3);
}

static void concatenation__refuses_what_it_does_not_compute(void **state)
{
    (void)state;
    int16_t x[2] = {1, 2}, y[4];
    struct one_node n;
    one_node_begin(&n, GANTRY_OP_CONCATENATION);
    n.node.activation = GANTRY_ACTIVATION_RELU;
    one_node_input(&n, GANTRY_INT16, SHAPE(2), x, 0.5f, 0);
    one_node_input(&n, GANTRY_INT16, SHAPE(2), x, 0.5f, 0);
    one_node_output(&n, GANTRY_INT16, SHAPE(4), y, 0.5f, 0);
    one_node_refused(&n, GANTRY_ERR_UNSUPPORTED, "with a fused activation");
    one_node_begin(&n, GANTRY_OP_CONCATENATION);
    one_node_input(&n, GANTRY_INT16, SHAPE(2), x, 0.5f, 0);
    one_node_input(&n, GANTRY_INT16, SHAPE(2), x, 0.25f, 0);
    one_node_output(&n, GANTRY_INT16, SHAPE(4), y, 0.5f, 0);
    one_node_refused(&n, GANTRY_ERR_UNSUPPORTED, "must be equal");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gather__takes_indices_along_an_axis),
    cmocka_unit_test(gather__has_indices_of_its_own_for_every_batch),
    cmocka_unit_test(gather__keeps_computed_indices_inside),
    cmocka_unit_test(gather__refuses_constant_indices_outside),
    cmocka_unit_test(gather_nd__takes_rows_of_indices),
    cmocka_unit_test(mirror_pad__repeats_the_edge_or_not),
    cmocka_unit_test(cast__cuts_and_limits_reals),
    cmocka_unit_test(cast__of_integers_keeps_low_bits),
    cmocka_unit_test(prelu__has_a_slope_for_every_channel),
    cmocka_unit_test(concatenation__refuses_what_it_does_not_compute),
};

GANTRY_TEST_MAIN("node_gather", tests)
