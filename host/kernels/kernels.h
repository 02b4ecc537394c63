/* SPDX-License-Identifier: Apache-2.0
 * CPU kernels. gantry_<dtype>_<op>__<isa>; __ref in plain C is the definition of the operator.
 *
 * Rules: docs/arithmetic.md. Activations are NHWC int8 with a pixel stride in bytes (>= channels);
 * bytes between the channels and the stride are neither read nor written. Rows are unpadded: the
 * distance of rows is width x pixel stride. Kernels are pure, allocate nothing and may run in any
 * thread. Preconditions (checked when a plan is made, asserted here): extents >= 1, kernel, stride
 * and dilation >= 1, clamp_min <= clamp_max within [-128, 127]. */
#ifndef GANTRY_KERNELS_H
#define GANTRY_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One side of a kernel: H x W x C with a pixel stride. */
struct gantry_s8_map {
    int8_t *data;
    int32_t h, w, c;
    int32_t pixel_stride;
};

/* Weights, biases and scales as an instruction set's kernels read them: what binding made of the
 * same ones before. Borrowed; other sizes than binding wants, and what is not aligned to
 * GANTRY_PACKED_ALIGNMENT, are left aside. */
enum {
    GANTRY_PACKED_ALIGNMENT = 64,
    GANTRY_PACKED_ORDER = 1 /* changes with the order of what is packed */
};
struct gantry_packed {
    const void *bytes;
    size_t size;
};

/* Convolution, depthwise convolution and fully connected (a 1x1 convolution of the flattened
 * input: input.h = input.w = 1). Rule F.
 * weights: CONV [out_c, kh, kw, in_c]; DEPTHWISE [kh, kw, out_c], out_c = in_c * multiplier;
 * weight_zero is subtracted from every weight (0 for symmetric ones). bias may be NULL.
 * scale[out_c] = (sx * sw[c]) / sy in float32. */
struct gantry_s8_conv_args {
    struct gantry_packed packed; /* none: what weights, bias and scale say is packed */
    struct gantry_s8_map input, output;
    const int8_t *weights;
    const int32_t *bias;
    const float *scale;
    int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    int32_t pad_top, pad_left;
    int32_t input_zero, output_zero, weight_zero;
    int32_t clamp_min, clamp_max;
};
void gantry_s8_conv_2d__ref(const struct gantry_s8_conv_args *args);
void gantry_s8_depthwise_conv_2d__ref(const struct gantry_s8_conv_args *args);

/* Rule X. Both inputs and the output have one extent. */
struct gantry_s8_add_args {
    struct gantry_s8_map input1, input2, output;
    int32_t k1, k2, shift;
    int32_t zero1, zero2, zero_out;
    int32_t clamp_min, clamp_max;
};
void gantry_s8_add__ref(const struct gantry_s8_add_args *args);

/* Rule P for the average, ties up where half_up; maximum of raw values. Padding is not counted. */
struct gantry_s8_pool_args {
    struct gantry_s8_map input, output;
    int32_t kernel_h, kernel_w, stride_h, stride_w;
    int32_t pad_top, pad_left;
    bool half_up;
    int32_t clamp_min, clamp_max;
};
void gantry_s8_average_pool_2d__ref(const struct gantry_s8_pool_args *args);
void gantry_s8_max_pool_2d__ref(const struct gantry_s8_pool_args *args);

/* Mean over the whole map, by rule F on the sum of (x - input_zero): scale = sx / (sy * n). The
 * output is one pixel. */
struct gantry_s8_mean_args {
    struct gantry_s8_map input, output;
    float scale;
    int32_t input_zero, output_zero;
    int32_t clamp_min, clamp_max;
};
void gantry_s8_mean__ref(const struct gantry_s8_mean_args *args);

/* Softmax over the channels of every pixel, correctly rounded:
 * y = clamp(round(exp(beta * sx * (x - max)) / sum / sy) + zy). table: 256 doubles, filled by
 * gantry_s8_softmax_table, which gives exp(-beta * sx * d) for d = 0..255. */
struct gantry_s8_softmax_args {
    struct gantry_s8_map input, output;
    const double *table;
    float output_scale;
    int32_t output_zero;
};
void gantry_s8_softmax_table(double *table, float beta, float input_scale);
void gantry_s8_softmax__ref(const struct gantry_s8_softmax_args *args);

/* Rule Q8: y = clamp((((x - zx) * factor + 128) >> 8) + zy). Bytes of either side are int8 (least
 * value -128) or uint8 (least value 0); the table is indexed with the stored byte. */
struct gantry_x8_quantize_rule {
    int32_t factor;
    int32_t input_zero, output_zero;
    int32_t input_least, output_least;
};
void gantry_x8_quantize_table(uint8_t table[256], const struct gantry_x8_quantize_rule *rule);
/* y = table[x] byte by byte (QUANTIZE). */
struct gantry_x8_table_args {
    struct gantry_s8_map input, output;
    const uint8_t *table;
};
void gantry_x8_table__ref(const struct gantry_x8_table_args *args);
void gantry_x8_look_up__ref(const uint8_t table[256], const uint8_t *from, uint8_t *to,
                            size_t count);

/* Copies pixels between strides; the channel counts are equal (RESHAPE, packing of inputs). */
void gantry_s8_copy__ref(const struct gantry_s8_map *input, const struct gantry_s8_map *output);

/* Parameters of the rules from scales; each step rounds to float32, in the order of the rule. */
/* Rule F: the factor of products of sx and sw, or of a sum of count values of sx, for sy. */
float gantry_rule_f_scale(float sx, float sw, float sy);
float gantry_rule_f_mean_scale(float sx, float sy, int64_t count);
/* Rule X: k1, k2 at most 2^21, shift 13..30. False: the scales are outside of what it covers. */
bool gantry_rule_x(float s1, float s2, float sy, int32_t *k1, int32_t *k2, int32_t *shift);
/* Rule Q8: the factor, 1..2^15; 0 when the scales are outside of what it covers. */
int32_t gantry_rule_q8_factor(float sx, float sy);

/* Requantisation of rule F: clamp(RNE(float(acc) * scale) + zero, lo, hi). */
int8_t gantry_s8_requantize(int32_t acc, float scale, int32_t zero, int32_t lo, int32_t hi);
/* Rule X of one element. */
int8_t gantry_s8_add_element(int32_t x1, int32_t x2, const struct gantry_s8_add_args *args);
/* Rule P: sum of n values; half_up: of a model of uint8. */
int32_t gantry_s8_mean_element(int32_t sum, int32_t count, bool half_up);

#endif
