/* SPDX-License-Identifier: Apache-2.0
 * Convolutions on dense tensors beyond int8: int16 activations, float32 activations with int8
 * weights, transposed ones; the fixed-point rule. */
#include "op_rig.h"

#include <string.h>

#include "kernels/fixed.h"
#include "random.h"

static const float one = 1, half = 0.5f, quarter = 0.25f;
static const int32_t no_zero = 0;

static void fixed__rounds_halves_as_its_name_says(void **state)
{
    (void)state;
    const struct gantry_fixed by_half = gantry_fixed_of(0.5), by_quarter = gantry_fixed_of(0.25);
    assert_int_equal(gantry_fixed_multiply(123456, gantry_fixed_of(1)), 123456);
    assert_int_equal(gantry_fixed_multiply(3, by_half), 2);
    assert_int_equal(gantry_fixed_multiply(-3, by_half), -1);
    assert_int_equal(gantry_fixed_multiply(-2, by_quarter), -1);
    assert_int_equal(gantry_fixed_multiply_up(-2, by_quarter), 0);
    assert_int_equal(gantry_fixed_multiply_wide(-2, by_quarter), 0);
    assert_int_equal(gantry_fixed_multiply_wide(INT64_C(1) << 40, gantry_fixed_of(0x1p-20)),
                     1 << 20);
    assert_int_equal(gantry_fixed_multiply(1 << 30, gantry_fixed_of(0x1p-40)), 0);
    assert_int_equal(gantry_fixed_shift(-5, 1), -3);
}

static void fixed__is_within_one_of_the_real_product(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 100000; i++) {
        int32_t value = random_in(&seed, -(1 << 24), 1 << 24);
        double scale = ldexp(1.0 + random_in(&seed, 0, 1 << 20) / 0x1p20, -random_in(&seed, 1, 20));
        double real = value * scale;
        assert_true(fabs(gantry_fixed_multiply(value, gantry_fixed_of(scale)) - real) <= 1.001);
        assert_true(fabs(gantry_fixed_multiply_up(value, gantry_fixed_of(scale)) - real) <= 1.001);
        double wide = gantry_fixed_multiply_wide(value, gantry_fixed_of(scale));
        assert_true(fabs(wide - real) <= 0.501 + fabs(real) * 0x1p-15);
    }
}

static void conv_2d__of_int16_sums_beyond_32_bits(void **state)
{
    (void)state;
    enum { C = 1024 };
    static const float tiny = 0x1p-15f;
    static int16_t x[C], y[2];
    static int8_t w[2 * C];
    int64_t bias[2] = {INT64_C(1) << 33, -(INT64_C(1) << 15)};
    for (int i = 0; i < C; i++) {
        x[i] = -32768;
        w[i] = -128;
        w[C + i] = 0;
    }
    const struct gantry_op_tensor inputs[3] = {
        op_typed(GANTRY_INT16, x, op_shape4(1, 1, 1, C), &tiny, &no_zero),
        op_stored(w, op_shape4(2, 1, 1, C), &tiny, &no_zero),
        op_typed(GANTRY_INT64, bias, op_shape1(2), NULL, NULL)};
    static const float scale = 0x1p-10f;
    const struct gantry_op_tensor output =
        op_typed(GANTRY_INT16, y, op_shape4(1, 1, 1, 2), &scale, &no_zero);
    const union gantry_attributes window = {.window = {1, 1, 1, 1, 1, 1, 0, 0, 0, 0, false}};
    op_run(gantry_op_conv_2d, inputs, 3, &output, &window);
    /* (2^32 + 2^33) 2^-30 / 2^-10 = 12288; -2^15 2^-20 = -1/32. */
    assert_true(y[0] == 12288 && y[1] == 0);
}

static void fully_connected__of_int16_rounds_halves_away(void **state)
{
    (void)state;
    int16_t x[4] = {1, -1, 3, 300}, y[4];
    int8_t w[1] = {1};
    const struct gantry_op_tensor inputs[2] = {
        op_typed(GANTRY_INT16, x, op_shape2(4, 1), &one, &no_zero),
        op_stored(w, op_shape2(1, 1), &half, &no_zero)};
    const struct gantry_op_tensor output =
        op_typed(GANTRY_INT16, y, op_shape2(4, 1), &one, &no_zero);
    const union gantry_attributes none = {.keep_dims = false};
    op_run(gantry_op_fully_connected, inputs, 2, &output, &none);
    assert_true(y[0] == 1 && y[1] == -1 && y[2] == 2 && y[3] == 150);
}

static void arithmetic__of_int16_equals_the_real_numbers(void **state)
{
    (void)state;
    int16_t a[4] = {1000, -32768, 7, 20000}, b[4] = {-500, 32767, 2, 20000}, y[4];
    const struct gantry_op_tensor inputs[2] = {
        op_typed(GANTRY_INT16, a, op_shape1(4), &half, &no_zero),
        op_typed(GANTRY_INT16, b, op_shape1(4), &quarter, &no_zero)};
    const struct gantry_op_tensor output =
        op_typed(GANTRY_INT16, y, op_shape1(4), &quarter, &no_zero);
    op_run(gantry_op_add, inputs, 2, &output, NULL);
    assert_true(y[0] == 1500 && y[1] == -32768 && y[2] == 16 && y[3] == 32767);
    op_run(gantry_op_sub, inputs, 2, &output, NULL);
    assert_true(y[0] == 2500 && y[1] == -32768 && y[2] == 12 && y[3] == 20000);
    op_run(gantry_op_mul, inputs, 2, &output, NULL);
    assert_true(y[0] == -32768 && y[1] == -32768 && y[2] == 7 && y[3] == 32767);
}

static void quantize__of_wide_types_follows_the_fixed_point_rule(void **state)
{
    (void)state;
    static const int32_t five = 5;
    int32_t x[5] = {3, -3, 1000, -1000, 8};
    int16_t wide[5];
    int8_t narrow[5];
    float real[3] = {0.75f, -0.75f, 1e9f};
    const struct gantry_op_tensor input =
        op_typed(GANTRY_INT32, x, op_shape1(5), &quarter, &no_zero);
    const struct gantry_op_tensor to_int8 = op_stored(narrow, op_shape1(5), &half, &five);
    const union gantry_attributes plain = {.mixed = false};
    op_run(gantry_op_quantize, &input, 1, &to_int8, &plain);
    static const int8_t wanted[5] = {7, 4, 127, -128, 9};
    assert_memory_equal(narrow, wanted, sizeof wanted);
    const struct gantry_op_tensor reals = op_real(real, op_shape1(3));
    const struct gantry_op_tensor to_int16 =
        op_typed(GANTRY_INT16, wide, op_shape1(3), &half, &no_zero);
    op_run(gantry_op_quantize, &reals, 1, &to_int16, &plain);
    assert_true(wide[0] == 2 && wide[1] == -2 && wide[2] == 32767);
}

/* ---- Float32 with int8 weights ---- */

/* Values whose range is that of int8 are converted without loss. */
static void fully_connected__scales_every_row_of_float32_by_itself(void **state)
{
    (void)state;
    float x[6] = {-128, 127, 3, -256000, 254000, 6000}, y[4];
    int8_t w[6] = {1, 2, 3, 0, -1, 1};
    float bias[2] = {0.5f, 0};
    const struct gantry_op_tensor inputs[3] = {op_real(x, op_shape2(2, 3)),
                                               op_stored(w, op_shape2(2, 3), &half, &no_zero),
                                               op_real(bias, op_shape1(2))};
    const struct gantry_op_tensor output = op_real(y, op_shape2(2, 2));
    const union gantry_attributes none = {.keep_dims = false};
    op_run(gantry_op_fully_connected, inputs, 3, &output, &none);
    static const float wanted[4] = {68, -62, 135000.5f, -124000};
    for (int i = 0; i < 4; i++) assert_true(fabsf(y[i] - wanted[i]) <= 1e-6f * fabsf(wanted[i]));
}

static void conv_2d__of_one_tap_scales_every_pixel_of_float32(void **state)
{
    (void)state;
    float x[4] = {-128, 127, -0.128f, 0.127f}, y[2];
    int8_t w[2] = {1, 3};
    const struct gantry_op_tensor inputs[2] = {op_real(x, op_shape4(1, 1, 2, 2)),
                                               op_stored(w, op_shape4(1, 1, 1, 2), &one, &no_zero)};
    const struct gantry_op_tensor output = op_real(y, op_shape4(1, 1, 2, 1));
    const union gantry_attributes window = {.window = {1, 1, 1, 1, 1, 1, 0, 0, 0, 0, false}};
    op_run(gantry_op_conv_2d, inputs, 2, &output, &window);
    assert_true(fabsf(y[0] - 253) < 1e-4f && fabsf(y[1] - 0.253f) < 1e-6f);
}

/* ---- Transposed ---- */

enum { H = 3, W = 4, C = 5, K = 3, N = 2, STRIDE = 2, PAD = 1, OUT_H = 5, OUT_W = 7 };

/* The other way round than the kernel: every input adds to the outputs that it reaches. */
static void scatter(const double *x, const double *w, double *y)
{
    memset(y, 0, OUT_H * OUT_W * N * sizeof *y);
    for (int i = 0; i < H * W * K * K; i++) {
        int iy = i / (W * K * K), ix = i / (K * K) % W, ky = i / K % K, kx = i % K;
        int oy = iy * STRIDE - PAD + ky, ox = ix * STRIDE - PAD + kx;
        if (oy < 0 || oy >= OUT_H || ox < 0 || ox >= OUT_W) continue;
        for (int n = 0; n < N; n++)
            for (int c = 0; c < C; c++)
                y[(oy * OUT_W + ox) * N + n] +=
                    x[(iy * W + ix) * C + c] * w[((n * K + ky) * K + kx) * C + c];
    }
}

static void transpose_conv__equals_a_scatter_of_the_inputs(void **state)
{
    (void)state;
    static int8_t x8[H * W * C], w8[N * K * K * C], y8[OUT_H * OUT_W * N];
    static float x[H * W * C], w[N * K * K * C], y[OUT_H * OUT_W * N];
    static double xd[H * W * C], wd[N * K * K * C], yd[OUT_H * OUT_W * N];
    static const int32_t x_zero = -2;
    uint64_t seed = 3;
    for (int i = 0; i < H * W * C; i++) {
        x8[i] = (int8_t)random_in(&seed, -6, 2);
        x[i] = (float)(xd[i] = x8[i] - x_zero);
    }
    for (int i = 0; i < N * K * K * C; i++)
        w[i] = (float)(wd[i] = w8[i] = (int8_t)random_in(&seed, -2, 2));
    scatter(xd, wd, yd);
    const struct gantry_shape in = op_shape4(1, H, W, C), weights = op_shape4(N, K, K, C);
    const struct gantry_shape out = op_shape4(1, OUT_H, OUT_W, N);
    const union gantry_attributes window = {
        .window = {K, K, STRIDE, STRIDE, 1, 1, PAD, PAD, PAD, PAD, false}};
    const struct gantry_op_tensor reals[2] = {op_real(x, in), op_real(w, weights)};
    const struct gantry_op_tensor real = op_real(y, out);
    op_run(gantry_op_transpose_conv, reals, 2, &real, &window);
    const struct gantry_op_tensor bytes[2] = {op_stored(x8, in, &one, &x_zero),
                                              op_stored(w8, weights, &one, &no_zero)};
    const struct gantry_op_tensor byte = op_stored(y8, out, &one, &no_zero);
    op_run(gantry_op_transpose_conv, bytes, 2, &byte, &window);
    for (int i = 0; i < OUT_H * OUT_W * N; i++) {
        assert_true((double)y[i] == yd[i]);
        assert_int_equal(y8[i], (int)fmax(-128, fmin(127, yd[i])));
    }
}

static const struct CMUnitTest tests[] = {
    OP_CASE(fixed__rounds_halves_as_its_name_says),
    OP_CASE(fixed__is_within_one_of_the_real_product),
    OP_CASE(conv_2d__of_int16_sums_beyond_32_bits),
    OP_CASE(fully_connected__of_int16_rounds_halves_away),
    OP_CASE(arithmetic__of_int16_equals_the_real_numbers),
    OP_CASE(quantize__of_wide_types_follows_the_fixed_point_rule),
    OP_CASE(fully_connected__scales_every_row_of_float32_by_itself),
    OP_CASE(conv_2d__of_one_tap_scales_every_pixel_of_float32),
    OP_CASE(transpose_conv__equals_a_scatter_of_the_inputs),
};

GANTRY_TEST_MAIN("op_conv", tests)
