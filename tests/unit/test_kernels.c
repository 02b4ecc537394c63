/* SPDX-License-Identifier: Apache-2.0
 * The reference kernels against definitions written in another way: exact products in double,
 * sums in 64 bits over an input that is really padded. */
#include "test.h"

#include <math.h>
#include <string.h>

#include "base/base.h"
#include "kernels/kernels.h"
#include "random.h"

enum { GUARD = 0x5a, PIXELS_MAX = 1 << 16 };

/* Rule F by double: the product of two float32 is exact there, so the cast rounds it once. */
static int32_t rule_f(int32_t acc, float scale, int32_t zero, int32_t lo, int32_t hi)
{
    double exact = (double)(float)acc * (double)scale;
    double value = nearbyint((double)(float)exact) + zero;
    if (value < lo) return lo;
    return value > hi ? hi : (int32_t)value;
}

static float random_scale(uint64_t *seed)
{
    return ldexpf(1.0f + (float)random_in(seed, 0, 0x7fffff) * 0x1p-23f, random_in(seed, -24, 7));
}

static void requantize__equals_rule_f(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 1000000; i++) {
        int32_t acc = (int32_t)(random_u64(&seed) >> 32) >> random_in(&seed, 0, 31);
        float scale = random_scale(&seed);
        int32_t zero = random_in(&seed, -128, 127);
        int32_t lo = random_in(&seed, -128, 127), hi = random_in(&seed, lo, 127);
        if (gantry_s8_requantize(acc, scale, zero, lo, hi) != rule_f(acc, scale, zero, lo, hi))
            fail_msg("acc %d scale %a zero %d", acc, (double)scale, zero);
    }
}

static void requantize__rounds_ties_to_even_and_saturates(void **state)
{
    (void)state;
    assert_int_equal(gantry_s8_requantize(1, 0.5f, 0, -128, 127), 0);
    assert_int_equal(gantry_s8_requantize(3, 0.5f, 0, -128, 127), 2);
    assert_int_equal(gantry_s8_requantize(5, 0.5f, 0, -128, 127), 2);
    assert_int_equal(gantry_s8_requantize(-1, 0.5f, 0, -128, 127), 0);
    assert_int_equal(gantry_s8_requantize(-3, 0.5f, 0, -128, 127), -2);
    /* 2^24 + 1 is no float32: the conversion rounds before the product does. */
    assert_int_equal(gantry_s8_requantize(16777217, 0x1p-24f, 0, -128, 127), 1);
    assert_int_equal(gantry_s8_requantize(INT32_MAX, 3e38f, 127, -128, 127), 127);
    assert_int_equal(gantry_s8_requantize(INT32_MIN, 3e38f, -128, -128, 127), -128);
    assert_int_equal(gantry_s8_requantize(-512, 1.0f, 127, -128, 127), -128);
}

static void mean__rounds_half_away_from_zero(void **state)
{
    (void)state;
    assert_int_equal(gantry_s8_mean_element(3, 2, false), 2);
    assert_int_equal(gantry_s8_mean_element(-3, 2, false), -2);
    assert_int_equal(gantry_s8_mean_element(5, 4, false), 1);
    assert_int_equal(gantry_s8_mean_element(-5, 4, false), -1);
    assert_int_equal(gantry_s8_mean_element(6, 4, false), 2);
    assert_int_equal(gantry_s8_mean_element(-6, 4, false), -2);
    assert_int_equal(gantry_s8_mean_element(0, 9, false), 0);
    assert_int_equal(gantry_s8_mean_element(3, 2, true), 2);
    assert_int_equal(gantry_s8_mean_element(-3, 2, true), -1);
    assert_int_equal(gantry_s8_mean_element(-5, 4, true), -1);
    assert_int_equal(gantry_s8_mean_element(-6, 4, true), -1);
    assert_int_equal(gantry_s8_mean_element(-7, 4, true), -2);
}

/* Memory of a map, filled with random values; GUARD between channels and stride. */
static struct gantry_s8_map random_map(uint64_t *seed, int32_t h, int32_t w, int32_t c,
                                       int8_t *memory)
{
    struct gantry_s8_map map = {memory, h, w, c, c + random_in(seed, 0, 3)};
    assert_true(h * w * map.pixel_stride <= PIXELS_MAX);
    memset(memory, GUARD, PIXELS_MAX);
    for (int32_t p = 0; p < h * w; p++)
        for (int32_t i = 0; i < c; i++)
            memory[p * map.pixel_stride + i] = (int8_t)random_in(seed, -128, 127);
    return map;
}

static int8_t *at(const struct gantry_s8_map *map, int32_t y, int32_t x, int32_t c)
{
    return map->data + (y * map->w + x) * map->pixel_stride + c;
}

/* The value with padding, or pad outside. */
static int32_t padded(const struct gantry_s8_map *map, int32_t y, int32_t x, int32_t c, int32_t pad)
{
    return y < 0 || y >= map->h || x < 0 || x >= map->w ? pad : *at(map, y, x, c);
}

static void check_guards(const struct gantry_s8_map *map)
{
    int32_t pixels = map->h * map->w;
    for (int32_t p = 0; p < pixels; p++)
        for (int32_t i = map->c; i < map->pixel_stride; i++)
            assert_int_equal(map->data[p * map->pixel_stride + i], GUARD);
    for (int32_t i = pixels * map->pixel_stride; i < PIXELS_MAX; i++)
        assert_int_equal(map->data[i], GUARD);
}

static int8_t memory_in[PIXELS_MAX], memory_in2[PIXELS_MAX], memory_out[PIXELS_MAX];
static int8_t weights[1 << 14];
static int32_t bias[64];
static float scales[64];

/* Random attributes; the output's height and width follow from them. */
static void random_conv(uint64_t *seed, struct gantry_s8_conv_args *a, bool depthwise)
{
    int32_t in_c = random_in(seed, 1, depthwise ? 8 : 20);
    int32_t out_c = depthwise ? in_c * random_in(seed, 1, 3) : random_in(seed, 1, 20);
    a->kernel_h = random_in(seed, 1, 4);
    a->kernel_w = random_in(seed, 1, 4);
    a->stride_h = random_in(seed, 1, 3);
    a->stride_w = random_in(seed, 1, 3);
    a->dilation_h = random_in(seed, 1, 3);
    a->dilation_w = random_in(seed, 1, 3);
    int32_t span_h = (a->kernel_h - 1) * a->dilation_h + 1;
    int32_t span_w = (a->kernel_w - 1) * a->dilation_w + 1;
    a->pad_top = random_in(seed, 0, span_h - 1);
    a->pad_left = random_in(seed, 0, span_w - 1);
    int32_t h = random_in(seed, span_h, span_h + 6), w = random_in(seed, span_w, span_w + 6);
    a->input = random_map(seed, h, w, in_c, memory_in);
    int32_t out_h = (h + a->pad_top + random_in(seed, 0, span_h - 1) - span_h) / a->stride_h + 1;
    int32_t out_w = (w + a->pad_left + random_in(seed, 0, span_w - 1) - span_w) / a->stride_w + 1;
    a->output = random_map(seed, out_h, out_w, out_c, memory_out);
    for (size_t i = 0; i < sizeof weights; i++) weights[i] = (int8_t)random_in(seed, -128, 127);
    for (int32_t c = 0; c < out_c; c++) {
        bias[c] = random_in(seed, -20000, 20000);
        scales[c] = ldexpf(1.0f + (float)random_in(seed, 0, 1023) / 1024, random_in(seed, -10, -6));
    }
    a->weights = weights;
    a->bias = random_one_in(seed, 4) ? NULL : bias;
    a->scale = scales;
    a->input_zero = random_in(seed, -128, 127);
    a->output_zero = random_in(seed, -128, 127);
    a->weight_zero = random_one_in(seed, 3) ? random_in(seed, -128, 127) : 0;
    a->clamp_min = random_one_in(seed, 2) ? -128 : a->output_zero;
    a->clamp_max = 127;
}

static int32_t conv_value(const struct gantry_s8_conv_args *a, bool depthwise, int32_t oy,
                          int32_t ox, int32_t oc)
{
    int32_t in_c = a->input.c, out_c = a->output.c;
    int64_t acc = a->bias ? a->bias[oc] : 0;
    for (int32_t ky = 0; ky < a->kernel_h; ky++) {
        for (int32_t kx = 0; kx < a->kernel_w; kx++) {
            int32_t y = oy * a->stride_h - a->pad_top + ky * a->dilation_h;
            int32_t x = ox * a->stride_w - a->pad_left + kx * a->dilation_w;
            int32_t tap = ky * a->kernel_w + kx;
            for (int32_t ic = 0; ic < in_c; ic++) {
                int32_t index = depthwise ? tap * out_c + oc
                                          : (oc * a->kernel_h * a->kernel_w + tap) * in_c + ic;
                if (depthwise && ic != oc / (out_c / in_c)) continue;
                acc += (int64_t)(padded(&a->input, y, x, ic, a->input_zero) - a->input_zero) *
                       (a->weights[index] - a->weight_zero);
            }
        }
    }
    return rule_f((int32_t)acc, a->scale[oc], a->output_zero, a->clamp_min, a->clamp_max);
}

static void check_conv(bool depthwise, uint64_t seed)
{
    for (int round = 0; round < 300; round++) {
        struct gantry_s8_conv_args a;
        random_conv(&seed, &a, depthwise);
        if (depthwise)
            gantry_s8_depthwise_conv_2d__ref(&a);
        else
            gantry_s8_conv_2d__ref(&a);
        for (int32_t y = 0; y < a.output.h; y++)
            for (int32_t x = 0; x < a.output.w; x++)
                for (int32_t c = 0; c < a.output.c; c++)
                    assert_int_equal(*at(&a.output, y, x, c), conv_value(&a, depthwise, y, x, c));
        check_guards(&a.output);
    }
}

static void conv__equals_a_padded_sum_in_64_bits(void **state)
{
    (void)state;
    check_conv(false, 2);
}

static void depthwise__equals_a_padded_sum_in_64_bits(void **state)
{
    (void)state;
    check_conv(true, 3);
}

static int32_t clamp64(int64_t value, int32_t lo, int32_t hi)
{
    return value < lo ? lo : value > hi ? hi : (int32_t)value;
}

static void add__equals_rule_x_in_64_bits(void **state)
{
    (void)state;
    uint64_t seed = 4;
    for (int round = 0; round < 300; round++) {
        int32_t h = random_in(&seed, 1, 6), w = random_in(&seed, 1, 6), c = random_in(&seed, 1, 40);
        struct gantry_s8_add_args a = {
            .input1 = random_map(&seed, h, w, c, memory_in),
            .input2 = random_map(&seed, h, w, c, memory_in2),
            .output = random_map(&seed, h, w, c, memory_out),
            .k1 = random_in(&seed, 1 << 20, 1 << 21),
            .k2 = random_in(&seed, 0, 1 << 21),
            .shift = random_in(&seed, 13, 30),
            .zero1 = random_in(&seed, -128, 127),
            .zero2 = random_in(&seed, -128, 127),
            .zero_out = random_in(&seed, -128, 127),
            .clamp_min = -128,
            .clamp_max = random_in(&seed, -128, 127),
        };
        gantry_s8_add__ref(&a);
        for (int32_t p = 0; p < h * w; p++) {
            for (int32_t i = 0; i < c; i++) {
                int64_t sum = (int64_t)a.k1 * (*at(&a.input1, p / w, p % w, i) - a.zero1) +
                              (int64_t)a.k2 * (*at(&a.input2, p / w, p % w, i) - a.zero2);
                /* Round half up by floor division. */
                double exact = floor(((double)sum + ldexp(0.5, a.shift)) / ldexp(1, a.shift));
                assert_int_equal(*at(&a.output, p / w, p % w, i),
                                 clamp64((int64_t)exact + a.zero_out, a.clamp_min, a.clamp_max));
            }
        }
        check_guards(&a.output);
    }
}

static void add__extremes_stay_within_32_bits(void **state)
{
    (void)state;
    struct gantry_s8_add_args a = {.k1 = 1 << 21,
                                   .k2 = 1 << 21,
                                   .shift = 30,
                                   .zero1 = -128,
                                   .zero2 = -128,
                                   .clamp_min = -128,
                                   .clamp_max = 127};
    assert_int_equal(gantry_s8_add_element(127, 127, &a), 1);
    a.shift = 13;
    assert_int_equal(gantry_s8_add_element(127, 127, &a), 127);
    a.zero1 = a.zero2 = 127;
    assert_int_equal(gantry_s8_add_element(-128, -128, &a), -128);
}

/* Sum or maximum of the valid part of a window, by visiting every tap. */
static int32_t pool_value(const struct gantry_s8_pool_args *a, bool average, int32_t oy, int32_t ox,
                          int32_t c)
{
    int32_t sum = 0, count = 0, best = -1000;
    for (int32_t ky = 0; ky < a->kernel_h; ky++) {
        for (int32_t kx = 0; kx < a->kernel_w; kx++) {
            int32_t value = padded(&a->input, oy * a->stride_h - a->pad_top + ky,
                                   ox * a->stride_w - a->pad_left + kx, c, 1000);
            if (value == 1000) continue;
            sum += value;
            count++;
            best = value > best ? value : best;
        }
    }
    double mean = round((double)sum / count); /* half away from zero */
    return clamp64(average ? (int64_t)mean : best, a->clamp_min, a->clamp_max);
}

static void check_pool(bool average, uint64_t seed)
{
    for (int round = 0; round < 300; round++) {
        struct gantry_s8_pool_args a = {.kernel_h = random_in(&seed, 1, 5),
                                        .kernel_w = random_in(&seed, 1, 5),
                                        .stride_h = random_in(&seed, 1, 3),
                                        .stride_w = random_in(&seed, 1, 3),
                                        .clamp_min = random_in(&seed, -128, 0),
                                        .clamp_max = 127};
        int32_t c = random_in(&seed, 1, 20);
        int32_t h = random_in(&seed, a.kernel_h, 9), w = random_in(&seed, a.kernel_w, 9);
        a.pad_top = random_in(&seed, 0, a.kernel_h - 1);
        a.pad_left = random_in(&seed, 0, a.kernel_w - 1);
        a.input = random_map(&seed, h, w, c, memory_in);
        a.output = random_map(&seed, (h + 2 * a.pad_top - a.kernel_h) / a.stride_h + 1,
                              (w + 2 * a.pad_left - a.kernel_w) / a.stride_w + 1, c, memory_out);
        if (average)
            gantry_s8_average_pool_2d__ref(&a);
        else
            gantry_s8_max_pool_2d__ref(&a);
        for (int32_t y = 0; y < a.output.h; y++)
            for (int32_t x = 0; x < a.output.w; x++)
                for (int32_t i = 0; i < c; i++)
                    assert_int_equal(*at(&a.output, y, x, i), pool_value(&a, average, y, x, i));
        check_guards(&a.output);
    }
}

static void average_pool__leaves_padding_out(void **state)
{
    (void)state;
    check_pool(true, 5);
}

static void max_pool__leaves_padding_out(void **state)
{
    (void)state;
    check_pool(false, 6);
}

/* Rule F on a sum in double, which is exact here. */
static int32_t mean_value(const struct gantry_s8_mean_args *a, int32_t c)
{
    double sum = 0;
    for (int32_t y = 0; y < a->input.h; y++)
        for (int32_t x = 0; x < a->input.w; x++) sum += *at(&a->input, y, x, c) - a->input_zero;
    return rule_f((int32_t)sum, a->scale, a->output_zero, a->clamp_min, a->clamp_max);
}

static void mean__equals_rule_f_on_the_sum_of_the_map(void **state)
{
    (void)state;
    uint64_t seed = 14;
    for (int round = 0; round < 300; round++) {
        int32_t h = random_in(&seed, 1, 12), w = random_in(&seed, 1, 12);
        int32_t c = random_in(&seed, 1, 150);
        struct gantry_s8_mean_args a = {.input = random_map(&seed, h, w, c, memory_in),
                                        .output = random_map(&seed, 1, 1, c, memory_out),
                                        .scale = (0.2f + 0.01f * (float)random_in(&seed, 0, 200)) /
                                                 (float)(h * w),
                                        .input_zero = random_in(&seed, -128, 127),
                                        .output_zero = random_in(&seed, -128, 127),
                                        .clamp_min = random_in(&seed, -128, 0),
                                        .clamp_max = 127};
        gantry_s8_mean__ref(&a);
        for (int32_t i = 0; i < c; i++)
            assert_int_equal(*at(&a.output, 0, 0, i), mean_value(&a, i));
        check_guards(&a.output);
    }
}

/* Floor of a quotient in double, exact for these sizes, instead of an arithmetic shift. */
static void quantize__equals_rule_q8(void **state)
{
    (void)state;
    uint64_t seed = 15;
    for (int round = 0; round < 2000; round++) {
        struct gantry_x8_quantize_rule rule = {.factor = random_in(&seed, 1, 32768),
                                               .input_zero = random_in(&seed, -128, 127),
                                               .output_zero = random_in(&seed, -128, 127),
                                               .input_least = -128,
                                               .output_least = -128};
        if (random_one_in(&seed, 2)) rule.factor = random_in(&seed, 100, 600);
        uint8_t table[256];
        gantry_x8_quantize_table(table, &rule);
        for (int32_t x = -128; x < 128; x++) {
            double steps = floor((double)(x - rule.input_zero) * rule.factor / 256 + 0.5);
            double value = fmin(127, fmax(-128, steps + rule.output_zero));
            assert_int_equal((int8_t)table[(uint8_t)x], (int)value);
        }
    }
}

static void quantize__shifts_by_128_between_uint8_and_int8(void **state)
{
    (void)state;
    const struct gantry_x8_quantize_rule down = {256, 127, -1, 0, -128},
                                         up = {256, -1, 127, -128, 0};
    uint8_t to_signed[256], to_unsigned[256];
    gantry_x8_quantize_table(to_signed, &down);
    gantry_x8_quantize_table(to_unsigned, &up);
    for (int32_t i = 0; i < 256; i++) {
        assert_int_equal((int8_t)to_signed[i], i - 128);
        assert_int_equal(to_unsigned[(uint8_t)(i - 128)], i);
    }
}

static void table__maps_channels_and_nothing_else(void **state)
{
    (void)state;
    uint64_t seed = 16;
    uint8_t table[256];
    for (int i = 0; i < 256; i++) table[i] = (uint8_t)random_in(&seed, 0, 255);
    struct gantry_x8_table_args a = {random_map(&seed, 3, 5, 7, memory_in),
                                     random_map(&seed, 3, 5, 7, memory_out), table};
    gantry_x8_table__ref(&a);
    for (int32_t y = 0; y < 3; y++)
        for (int32_t x = 0; x < 5; x++)
            for (int32_t c = 0; c < 7; c++)
                assert_int_equal((uint8_t)*at(&a.output, y, x, c),
                                 table[(uint8_t)*at(&a.input, y, x, c)]);
    check_guards(&a.output);
}

static void run_softmax(int8_t *logits, int8_t *out, int32_t count, float input_scale)
{
    double table[256];
    gantry_s8_softmax_table(table, 1.0f, input_scale);
    struct gantry_s8_softmax_args args = {.input = {logits, 1, 1, count, count},
                                          .output = {out, 1, 1, count, count},
                                          .table = table,
                                          .output_scale = 1.0f / 256,
                                          .output_zero = -128};
    gantry_s8_softmax__ref(&args);
}

static void softmax__takes_any_number_of_equal_logits(void **state)
{
    (void)state;
    static const struct {
        int32_t count;
        int8_t value;
    } cases[] = {{1, 127}, {2, 0}, {4, -64}, {256, -127}, {512, -127}, {600, -128}, {5000, -128}};
    for (size_t i = 0; i < GANTRY_COUNT(cases); i++) {
        memset(memory_in, 17, sizeof memory_in);
        run_softmax(memory_in, memory_out, cases[i].count, 0.1f);
        for (int32_t c = 0; c < cases[i].count; c++)
            assert_int_equal(memory_out[c], cases[i].value);
    }
}

static void softmax__is_correctly_rounded(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int round = 0; round < 300; round++) {
        int32_t count = random_in(&seed, 1, 40);
        float scale = (float)random_in(&seed, 1, 400) / 1000;
        for (int32_t c = 0; c < count; c++) memory_in[c] = (int8_t)random_in(&seed, -128, 127);
        run_softmax(memory_in, memory_out, count, scale);
        long double sum = 0;
        for (int32_t c = 0; c < count; c++) sum += expl((long double)scale * memory_in[c]);
        for (int32_t c = 0; c < count; c++) {
            long double p = expl((long double)scale * memory_in[c]) / sum * 256 - 128;
            assert_int_equal(memory_out[c], clamp64((int64_t)roundl(p), -128, 127));
        }
    }
}

static void copy__moves_channels_and_nothing_else(void **state)
{
    (void)state;
    uint64_t seed = 8;
    for (int round = 0; round < 100; round++) {
        int32_t h = random_in(&seed, 1, 6), w = random_in(&seed, 1, 6), c = random_in(&seed, 1, 40);
        struct gantry_s8_map in = random_map(&seed, h, w, c, memory_in);
        struct gantry_s8_map out = random_map(&seed, h, w, c, memory_out);
        gantry_s8_copy__ref(&in, &out);
        for (int32_t y = 0; y < h; y++)
            for (int32_t x = 0; x < w; x++)
                assert_memory_equal(at(&in, y, x, 0), at(&out, y, x, 0), (size_t)c);
        check_guards(&out);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(requantize__equals_rule_f),
    cmocka_unit_test(requantize__rounds_ties_to_even_and_saturates),
    cmocka_unit_test(mean__rounds_half_away_from_zero),
    cmocka_unit_test(conv__equals_a_padded_sum_in_64_bits),
    cmocka_unit_test(depthwise__equals_a_padded_sum_in_64_bits),
    cmocka_unit_test(add__equals_rule_x_in_64_bits),
    cmocka_unit_test(add__extremes_stay_within_32_bits),
    cmocka_unit_test(average_pool__leaves_padding_out),
    cmocka_unit_test(max_pool__leaves_padding_out),
    cmocka_unit_test(mean__equals_rule_f_on_the_sum_of_the_map),
    cmocka_unit_test(quantize__equals_rule_q8),
    cmocka_unit_test(quantize__shifts_by_128_between_uint8_and_int8),
    cmocka_unit_test(table__maps_channels_and_nothing_else),
    cmocka_unit_test(softmax__takes_any_number_of_equal_logits),
    cmocka_unit_test(softmax__is_correctly_rounded),
    cmocka_unit_test(copy__moves_channels_and_nothing_else),
};

GANTRY_TEST_MAIN("kernels", tests)
