/* SPDX-License-Identifier: Apache-2.0
 * General operators on small dense tensors, against values worked out by hand or by other code. */
#include "op_rig.h"

#include <string.h>

static void sub__broadcasts_float32_on_either_side(void **state)
{
    (void)state;
    float row[3] = {1, 2, 3}, column[2] = {10, 20}, out[6];
    const struct gantry_op_tensor inputs[2] = {op_real(row, op_shape1(3)),
                                               op_real(column, op_shape2(2, 1))};
    const struct gantry_op_tensor output = op_real(out, op_shape2(2, 3));
    static const float wanted[6] = {-9, -8, -7, -19, -18, -17};
    op_run(gantry_op_sub, inputs, 2, &output, NULL);
    assert_memory_equal(out, wanted, sizeof wanted);
}

static void add_and_sub__of_int8_follow_rule_x(void **state)
{
    (void)state;
    static const float scales[3] = {0.5f, 0.25f, 1.0f};
    static const int32_t zeros[3] = {1, -2, 3};
    int8_t a[4] = {5, -7, 100, -128}, b[1] = {10}, sum[4], difference[4];
    const struct gantry_op_tensor inputs[2] = {op_stored(a, op_shape1(4), &scales[0], &zeros[0]),
                                               op_stored(b, op_shape1(1), &scales[1], &zeros[1])};
    struct gantry_op_tensor output = op_stored(sum, op_shape1(4), &scales[2], &zeros[2]);
    op_run(gantry_op_add, inputs, 2, &output, NULL);
    output.data = difference;
    op_run(gantry_op_sub, inputs, 2, &output, NULL);
    /* The scales are powers of two, so rule X is the real sum with halves up. */
    for (int i = 0; i < 4; i++) {
        double x = 0.5 * (a[i] - 1), y = 0.25 * (10 + 2);
        assert_int_equal(sum[i], (int)floor(x + y + 0.5) + 3);
        assert_int_equal(difference[i], (int)floor(x - y + 0.5) + 3);
    }
}

static void mul__of_int8_rounds_the_real_product_to_even(void **state)
{
    (void)state;
    static const float scales[3] = {0.5f, 0.25f, 1.0f};
    static const int32_t zeros[3] = {0, 1, -5};
    int8_t a[5] = {4, 12, 20, -100, 127}, b[5] = {2, 2, 2, 100, 127}, out[5];
    const struct gantry_op_tensor inputs[2] = {op_stored(a, op_shape1(5), &scales[0], &zeros[0]),
                                               op_stored(b, op_shape1(5), &scales[1], &zeros[1])};
    const struct gantry_op_tensor output = op_stored(out, op_shape1(5), &scales[2], &zeros[2]);
    /* 0.5, 1.5 and 2.5 are ties; the others saturate. */
    static const int8_t wanted[5] = {-5, -3, -3, -128, 127};
    op_run(gantry_op_mul, inputs, 2, &output, NULL);
    assert_memory_equal(out, wanted, sizeof wanted);
}

static void pad__fills_with_zero_points(void **state)
{
    (void)state;
    static const float scale = 1;
    static const int32_t zero = -9;
    int8_t x[4] = {1, 2, 3, 4}, out[12];
    int32_t counts[4] = {1, 0, 0, 2};
    const struct gantry_op_tensor inputs[2] = {op_stored(x, op_shape2(2, 2), &scale, &zero),
                                               op_integers(counts, op_shape2(2, 2))};
    const struct gantry_op_tensor output = op_stored(out, op_shape2(3, 4), &scale, &zero);
    static const int8_t wanted[12] = {-9, -9, -9, -9, 1, 2, -9, -9, 3, 4, -9, -9};
    op_run(gantry_op_pad, inputs, 2, &output, NULL);
    assert_memory_equal(out, wanted, sizeof wanted);
}

static void concatenation__brings_inputs_to_the_outputs_scale(void **state)
{
    (void)state;
    static const float scales[2] = {0.5f, 1.0f};
    static const int32_t zeros[2] = {2, 0};
    int8_t a[2] = {8, -2}, b[4] = {1, 2, 3, 4}, out[6];
    const struct gantry_op_tensor inputs[2] = {
        op_stored(a, op_shape2(2, 1), &scales[0], &zeros[0]),
        op_stored(b, op_shape2(2, 2), &scales[1], &zeros[1])};
    const struct gantry_op_tensor output = op_stored(out, op_shape2(2, 3), &scales[1], &zeros[1]);
    const union gantry_attributes attributes = {.along = {.axis = -1}};
    static const int8_t wanted[6] = {3, 1, 2, -2, 3, 4};
    op_run(gantry_op_concatenation, inputs, 2, &output, &attributes);
    assert_memory_equal(out, wanted, sizeof wanted);
}

static void mean__averages_over_any_axes(void **state)
{
    (void)state;
    float x[6] = {1, 2, 3, 4, 5, 9}, out[3];
    int32_t axis[1] = {-2};
    const struct gantry_op_tensor inputs[2] = {op_real(x, op_shape2(2, 3)),
                                               op_integers(axis, op_shape1(1))};
    const struct gantry_op_tensor output = op_real(out, op_shape1(3));
    op_run(gantry_op_mean, inputs, 2, &output, NULL);
    assert_true(out[0] == 2.5f && out[1] == 3.5f && out[2] == 6.0f);
}

static void quantize__of_float32_rounds_ties_to_even_and_saturates(void **state)
{
    (void)state;
    static const float scale = 0.5f;
    static const int32_t zero = 10;
    float x[6] = {0.25f, 0.75f, -0.25f, 1000, -1000, NAN}, back[6];
    int8_t out[6];
    const struct gantry_op_tensor input = op_real(x, op_shape1(6)),
                                  restored = op_real(back, op_shape1(6));
    const struct gantry_op_tensor output = op_stored(out, op_shape1(6), &scale, &zero);
    static const int8_t wanted[5] = {10, 12, 10, 127, -128};
    op_run(gantry_op_quantize, &input, 1, &output, NULL);
    assert_memory_equal(out, wanted, sizeof wanted);
    op_run(gantry_op_dequantize, &output, 1, &restored, NULL);
    assert_true(back[0] == 0 && back[1] == 1 && back[3] == 58.5f && back[4] == -69);
}

static void logistic__of_int8_is_within_half_a_step(void **state)
{
    (void)state;
    static const float scales[2] = {0.05f, 1.0f / 256};
    static const int32_t zeros[2] = {3, -128};
    int8_t x[256], out[256];
    for (int i = 0; i < 256; i++) x[i] = (int8_t)(i - 128);
    const struct gantry_op_tensor input = op_stored(x, op_shape1(256), &scales[0], &zeros[0]);
    const struct gantry_op_tensor output = op_stored(out, op_shape1(256), &scales[1], &zeros[1]);
    op_run(gantry_op_logistic, &input, 1, &output, NULL);
    for (int i = 0; i < 256; i++) {
        double t = tanh(0.5 * 0.05f * (x[i] - 3)), want = 0.5 + 0.5 * t;
        assert_true(fabs((out[i] + 128) / 256.0 - want) <= 0.5 / 256 + 1e-9);
    }
}

/* Groups and batch by the convolution that knows neither, one item and one group at a time. */
static void conv_2d__of_int8_groups_and_batches_equal_single_convolutions(void **state)
{
    (void)state;
    enum { N = 2, H = 4, W = 5, GROUPS = 2, IN = 3, OUT = 2 };
    static const float scale[3] = {0.5f, 0.02f, 0.3f};
    static const int32_t zero[3] = {4, 0, -7};
    static int8_t x[N * H * W * IN * GROUPS], w[GROUPS * OUT * 9 * IN];
    static int8_t out[N * H * W * OUT * GROUPS], part[H * W * IN], wanted[H * W * OUT];
    for (size_t i = 0; i < sizeof x; i++) x[i] = (int8_t)(i * 31 % 251 - 125);
    for (size_t i = 0; i < sizeof w; i++) w[i] = (int8_t)(i * 47 % 253 - 126);
    const struct gantry_shape in = {4, {N, H, W, IN * GROUPS}}, to = {4, {N, H, W, OUT * GROUPS}};
    const struct gantry_shape weights = {4, {OUT * GROUPS, 3, 3, IN}};
    const struct gantry_op_tensor inputs[2] = {op_stored(x, in, &scale[0], &zero[0]),
                                               op_stored(w, weights, &scale[1], &zero[1])};
    const struct gantry_op_tensor output = op_stored(out, to, &scale[2], &zero[2]);
    const union gantry_attributes same = {.window = {3, 3, 1, 1, 1, 1, 1, 1, 1, 1, false}};
    op_run(gantry_op_conv_2d, inputs, 2, &output, &same);
    float factor[OUT] = {0.5f * 0.02f / 0.3f, 0.5f * 0.02f / 0.3f};
    for (int32_t n = 0; n < N; n++) {
        for (int32_t g = 0; g < GROUPS; g++) {
            for (int32_t i = 0; i < H * W * IN; i++)
                part[i] = x[(n * H * W + i / IN) * IN * GROUPS + g * IN + i % IN];
            const struct gantry_s8_conv_args single = {.input = {part, H, W, IN, IN},
                                                       .output = {wanted, H, W, OUT, OUT},
                                                       .weights = w + (size_t)g * OUT * 9 * IN,
                                                       .scale = factor,
                                                       .kernel_h = 3,
                                                       .kernel_w = 3,
                                                       .stride_h = 1,
                                                       .stride_w = 1,
                                                       .dilation_h = 1,
                                                       .dilation_w = 1,
                                                       .pad_top = 1,
                                                       .pad_left = 1,
                                                       .input_zero = 4,
                                                       .output_zero = -7,
                                                       .clamp_min = -128,
                                                       .clamp_max = 127};
            gantry_s8_conv_2d__ref(&single);
            for (int32_t i = 0; i < H * W * OUT; i++)
                assert_int_equal(out[(n * H * W + i / OUT) * OUT * GROUPS + g * OUT + i % OUT],
                                 wanted[i]);
        }
    }
}

static void average_pool_2d__rounds_ties_of_uint8_models_up(void **state)
{
    (void)state;
    static const float scale = 1;
    static const int32_t zero = 0;
    int8_t x[4] = {-1, -2, 1, 2}, out[2];
    const struct gantry_shape in = {4, {2, 1, 2, 1}}, to = {4, {2, 1, 1, 1}};
    const struct gantry_op_tensor input = op_stored(x, in, &scale, &zero);
    const struct gantry_op_tensor output = op_stored(out, to, &scale, &zero);
    union gantry_attributes window = {.window = {1, 2, 1, 1, 1, 1, 0, 0, 0, 0, false}};
    op_run(gantry_op_average_pool_2d, &input, 1, &output, &window);
    assert_true(out[0] == -2 && out[1] == 2);
    window.window.half_up = true;
    op_run(gantry_op_average_pool_2d, &input, 1, &output, &window);
    assert_true(out[0] == -1 && out[1] == 2);
}

static const struct CMUnitTest tests[] = {
    OP_CASE(sub__broadcasts_float32_on_either_side),
    OP_CASE(add_and_sub__of_int8_follow_rule_x),
    OP_CASE(mul__of_int8_rounds_the_real_product_to_even),
    OP_CASE(pad__fills_with_zero_points),
    OP_CASE(concatenation__brings_inputs_to_the_outputs_scale),
    OP_CASE(mean__averages_over_any_axes),
    OP_CASE(quantize__of_float32_rounds_ties_to_even_and_saturates),
    OP_CASE(logistic__of_int8_is_within_half_a_step),
    OP_CASE(conv_2d__of_int8_groups_and_batches_equal_single_convolutions),
    OP_CASE(average_pool_2d__rounds_ties_of_uint8_models_up),
};

GANTRY_TEST_MAIN("op", tests)
