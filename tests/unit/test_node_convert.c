/* SPDX-License-Identifier: Apache-2.0
 * QUANTIZE of float32 and DEQUANTIZE, against their rules in double. */
#include "one_node.h"

#include <math.h>

#include "random.h"

enum { COUNT = 4 * 67 };

static int8_t quantized(float x, float scale, int32_t zero)
{
    float product = x * (1.0f / scale);
    double y = isnan(product) ? -INFINITY : nearbyint((double)product) + zero;
    return (int8_t)(y < INT8_MIN ? INT8_MIN : y > INT8_MAX ? INT8_MAX : y);
}

static void quantize_with(float scale, int32_t zero)
{
    float x[COUNT] = {0.0f, -0.0f, NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-40f};
    int8_t y[COUNT];
    uint64_t seed = 3;
    for (int i = 8; i < COUNT; i++) {
        /* Halves of a step and numbers beside them, within the range and beyond it. */
        x[i] = (float)random_in(&seed, -700, 700) * 0.5f * scale;
        if (random_one_in(&seed, 3)) x[i] = nextafterf(x[i], (float)random_in(&seed, -1, 1) * 9e9f);
    }
    struct one_node n;
    one_node_begin(&n, GANTRY_OP_QUANTIZE);
    one_node_input(&n, GANTRY_FLOAT32, SHAPE(4, COUNT / 4), x, 0, 0);
    one_node_output(&n, GANTRY_INT8, SHAPE(4, COUNT / 4), y, scale, zero);
    one_node_run(&n);
    for (int i = 0; i < COUNT; i++)
        if (y[i] != quantized(x[i], scale, zero))
            fail_msg("%g on %g, zero point %d: %d", (double)x[i], (double)scale, zero, y[i]);
}

static void quantize__rounds_ties_to_even_and_saturates(void **state)
{
    (void)state;
    quantize_with(0.25f, 0);
    quantize_with(0.25f, -128);
    quantize_with(0.0371f, 127);
    quantize_with(1e-6f, 5);
    quantize_with(3e4f, -3);
}

static void dequantize__is_the_product_in_float32(void **state)
{
    (void)state;
    int8_t x[256];
    float y[256];
    for (int i = 0; i < 256; i++) x[i] = (int8_t)(i - 128);
    struct one_node n;
    one_node_begin(&n, GANTRY_OP_DEQUANTIZE);
    one_node_input(&n, GANTRY_INT8, SHAPE(256), x, 0.0371f, -17);
    one_node_output(&n, GANTRY_FLOAT32, SHAPE(256), y, 0, 0);
    one_node_run(&n);
    for (int i = 0; i < 256; i++)
        assert_true(y[i] == (float)((double)(x[i] + 17) * (double)0.0371f));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(quantize__rounds_ties_to_even_and_saturates),
    cmocka_unit_test(dequantize__is_the_product_in_float32),
};

GANTRY_TEST_MAIN("node_convert", tests)
