/* SPDX-License-Identifier: Apache-2.0
 * The kernels of every instruction set of this machine equal the reference kernels byte for byte:
 * random shapes, strides, paddings, dilations, pixel strides, zero points, and cuts into units. */
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "kernels/kernel.h"
#include "random.h"

enum { GUARD = 0x5a, GUARD_BYTES = 128 };

/* Maps in memory of their own, so that sanitizers see what is read. */
static struct gantry_s8_map make_map(uint64_t *seed, int32_t h, int32_t w, int32_t c, int32_t gap)
{
    struct gantry_s8_map map = {NULL, h, w, c, c + gap};
    size_t bytes = (size_t)h * (size_t)w * (size_t)map.pixel_stride;
    map.data = malloc(bytes + GUARD_BYTES);
    assert_non_null(map.data);
    memset(map.data, GUARD, bytes + GUARD_BYTES);
    bool extreme = random_one_in(seed, 6);
    for (int32_t p = 0; p < h * w; p++)
        for (int32_t i = 0; i < c; i++)
            map.data[p * map.pixel_stride + i] = extreme
                                                     ? (int8_t)(random_one_in(seed, 2) ? -128 : 127)
                                                     : (int8_t)random_in(seed, -128, 127);
    return map;
}

/* Bytes that are no channels stay as they were. */
static void check_map(const struct gantry_s8_map *wanted, const struct gantry_s8_map *got,
                      const char *what, int round)
{
    size_t bytes = (size_t)wanted->h * (size_t)wanted->w * (size_t)wanted->pixel_stride;
    for (size_t i = 0; i < bytes + GUARD_BYTES; i++)
        if (wanted->data[i] != got->data[i])
            fail_msg("%s, round %d: byte %zu of %zu (stride %d) is %d, the reference has %d", what,
                     round, i, bytes, wanted->pixel_stride, got->data[i], wanted->data[i]);
}

/* Runs all units in some order of some cuts. */
static void run_cut(uint64_t *seed, const struct gantry_kernel *kernel)
{
    void *scratch = gantry_allocate(NULL, kernel->scratch_bytes + 1, 1);
    int32_t cut = random_in(seed, 0, kernel->units), other = random_in(seed, cut, kernel->units);
    kernel->run(kernel->state, other, kernel->units, scratch);
    kernel->run(kernel->state, cut, other, scratch);
    kernel->run(kernel->state, 0, cut, scratch);
    gantry_release(NULL, scratch);
}

struct conv_case {
    struct gantry_s8_conv_args args;
    int8_t *weights;
    int32_t *bias;
    float *scale;
};

static int32_t random_zero(uint64_t *seed)
{
    switch (random_in(seed, 0, 3)) {
    case 0:
        return -128;
    case 1:
        return 127;
    default:
        return random_in(seed, -128, 127);
    }
}

static void fill_channels(uint64_t *seed, struct conv_case *test, int32_t weights, int32_t depth)
{
    int32_t channels = test->args.output.c;
    test->weights = malloc((size_t)weights);
    test->bias = malloc((size_t)channels * sizeof *test->bias);
    test->scale = malloc((size_t)channels * sizeof *test->scale);
    int32_t least = random_one_in(seed, 2) ? -127 : -128;
    bool extreme = random_one_in(seed, 6);
    for (int32_t i = 0; i < weights; i++)
        test->weights[i] = (int8_t)(!extreme                 ? random_in(seed, least, 127)
                                    : random_one_in(seed, 3) ? 127
                                                             : least);
    float usual = 40.0f / (73 * 60 * sqrtf((float)depth));
    bool large = random_one_in(seed, 8);
    for (int32_t c = 0; c < channels; c++) {
        test->bias[c] = random_one_in(seed, 50) ? random_in(seed, INT32_MIN / 2, INT32_MAX / 2)
                                                : random_in(seed, -20000, 20000);
        test->scale[c] = usual * (0.3f + (float)random_in(seed, 0, 1000) / 700);
        if (large && random_one_in(seed, 3))
            test->scale[c] = ldexpf(1.1f, random_in(seed, -40, 12));
    }
    struct gantry_s8_conv_args *a = &test->args;
    a->weights = test->weights;
    a->bias = random_one_in(seed, 5) ? NULL : test->bias;
    a->scale = test->scale;
    a->input_zero = random_zero(seed);
    a->output_zero = random_zero(seed);
    a->clamp_min = random_one_in(seed, 2) ? -128 : random_in(seed, -128, 20);
    a->clamp_max = random_one_in(seed, 2) ? 127 : random_in(seed, a->clamp_min, 127);
}

static int32_t random_channels(uint64_t *seed)
{
    static const int32_t usual[] = {1, 3, 4, 8, 16, 24, 32, 48, 64, 96, 128};
    if (random_one_in(seed, 2)) return usual[random_in(seed, 0, GANTRY_COUNT(usual) - 1)];
    return random_in(seed, 1, 130);
}

static void random_conv(uint64_t *seed, struct conv_case *test, bool depthwise)
{
    struct gantry_s8_conv_args *a = &test->args;
    memset(test, 0, sizeof *test);
    int32_t in_c = random_channels(seed);
    int32_t out_c = depthwise ? in_c : random_channels(seed);
    if (depthwise && random_one_in(seed, 8)) out_c = in_c * random_in(seed, 1, 3);
    static const int32_t kernels[] = {1, 3, 3, 5, 2, 4, 7};
    a->kernel_h = kernels[random_in(seed, 0, 6)];
    a->kernel_w = random_one_in(seed, 4) ? kernels[random_in(seed, 0, 6)] : a->kernel_h;
    a->stride_h = random_in(seed, 1, 2);
    a->stride_w = random_one_in(seed, 5) ? random_in(seed, 1, 3) : a->stride_h;
    a->dilation_h = random_one_in(seed, 4) ? random_in(seed, 1, 3) : 1;
    a->dilation_w = random_one_in(seed, 4) ? random_in(seed, 1, 3) : 1;
    int32_t span_h = (a->kernel_h - 1) * a->dilation_h + 1;
    int32_t span_w = (a->kernel_w - 1) * a->dilation_w + 1;
    a->pad_top = random_in(seed, 0, span_h - 1);
    a->pad_left = random_in(seed, 0, span_w - 1);
    int32_t grow = random_one_in(seed, 10) ? 40 : 12;
    int32_t h = random_in(seed, span_h > 4 ? span_h - 3 : 1, span_h + grow / 2);
    int32_t w = random_in(seed, span_w > 4 ? span_w - 3 : 1, span_w + grow);
    int32_t below = random_in(seed, 0, span_h - 1), right = random_in(seed, 0, span_w - 1);
    if (h + a->pad_top + below < span_h) below = span_h - h - a->pad_top;
    if (w + a->pad_left + right < span_w) right = span_w - w - a->pad_left;
    int32_t out_h = (h + a->pad_top + below - span_h) / a->stride_h + 1;
    int32_t out_w = (w + a->pad_left + right - span_w) / a->stride_w + 1;
    bool gaps = random_one_in(seed, 4);
    a->input = make_map(seed, h, w, in_c, gaps ? random_in(seed, 0, 20) : 0);
    a->output = make_map(seed, out_h, out_w, out_c, gaps ? random_in(seed, 0, 20) : 0);
    int32_t taps = a->kernel_h * a->kernel_w;
    fill_channels(seed, test, depthwise ? taps * out_c : taps * in_c * out_c,
                  depthwise ? taps : taps * in_c);
    if (random_one_in(seed, 5)) a->weight_zero = random_in(seed, -128, 127);
}

static void finish_conv(struct conv_case *test)
{
    free(test->args.input.data);
    free(test->args.output.data);
    free(test->weights);
    free(test->bias);
    free(test->scale);
}

static struct gantry_s8_map twin(const struct gantry_s8_map *map)
{
    struct gantry_s8_map copy = *map;
    size_t bytes = (size_t)map->h * (size_t)map->w * (size_t)map->pixel_stride + GUARD_BYTES;
    copy.data = malloc(bytes);
    assert_non_null(copy.data);
    memcpy(copy.data, map->data, bytes);
    return copy;
}

static struct gantry_kernel bind_conv(const struct gantry_s8_conv_args *args, enum gantry_isa isa,
                                      bool depthwise, struct gantry_arena *arena)
{
    struct gantry_kernel kernel;
    bool bound = depthwise ? gantry_kernel_depthwise_conv_2d(&kernel, args, isa, arena)
                           : gantry_kernel_conv_2d(&kernel, args, isa, arena);
    assert_true(bound);
    return kernel;
}

/* Binds with what a binding before has packed, which is read where it lies; less of it is not. */
static struct gantry_kernel bind_again(const struct gantry_kernel *before,
                                       struct gantry_s8_conv_args *args, enum gantry_isa isa,
                                       bool depthwise, struct gantry_arena *arena)
{
    args->packed = before->packed;
    args->packed.size -= GANTRY_PACKED_ALIGNMENT;
    struct gantry_kernel kernel = bind_conv(args, isa, depthwise, arena);
    assert_ptr_not_equal(kernel.packed.bytes, before->packed.bytes);
    assert_memory_equal(kernel.packed.bytes, before->packed.bytes, before->packed.size);
    args->packed = before->packed;
    kernel = bind_conv(args, isa, depthwise, arena);
    assert_ptr_equal(kernel.packed.bytes, before->packed.bytes);
    return kernel;
}

static void check_conv(uint64_t *seed, enum gantry_isa isa, bool depthwise, int round)
{
    struct conv_case test;
    random_conv(seed, &test, depthwise);
    struct gantry_s8_map wanted = test.args.output, got = twin(&wanted);
    struct gantry_arena arena;
    gantry_arena_init(&arena, NULL);
    test.args.output = got;
    struct gantry_kernel kernel = bind_conv(&test.args, isa, depthwise, &arena);
    if (round % 2 == 1 && kernel.packed.size > 0)
        kernel = bind_again(&kernel, &test.args, isa, depthwise, &arena);
    run_cut(seed, &kernel);
    test.args.output = wanted;
    if (depthwise)
        gantry_s8_depthwise_conv_2d__ref(&test.args);
    else
        gantry_s8_conv_2d__ref(&test.args);
    check_map(&wanted, &got, gantry_isa_name(isa), round);
    free(got.data);
    gantry_arena_finish(&arena);
    finish_conv(&test);
}

static void for_each_isa(void (*check)(uint64_t *, enum gantry_isa, int), int rounds)
{
    for (int isa = 0; isa < GANTRY_ISA_COUNT; isa++) {
        uint64_t seed = 100;
        if (!gantry_isa_usable((enum gantry_isa)isa)) continue;
        for (int round = 0; round < rounds; round++) check(&seed, (enum gantry_isa)isa, round);
    }
}

static void conv_round(uint64_t *seed, enum gantry_isa isa, int round)
{
    check_conv(seed, isa, false, round);
}

static void depthwise_round(uint64_t *seed, enum gantry_isa isa, int round)
{
    check_conv(seed, isa, true, round);
}

static void conv__equals_the_reference(void **state)
{
    (void)state;
    for_each_isa(conv_round, 200);
}

static void depthwise__equals_the_reference(void **state)
{
    (void)state;
    for_each_isa(depthwise_round, 400);
}

static void add_round(uint64_t *seed, enum gantry_isa isa, int round)
{
    int32_t h = random_in(seed, 1, 6), w = random_in(seed, 1, 9), c = random_channels(seed);
    struct gantry_s8_add_args a = {
        .input1 = make_map(seed, h, w, c, random_one_in(seed, 3) ? random_in(seed, 0, 9) : 0),
        .input2 = make_map(seed, h, w, c, random_one_in(seed, 3) ? random_in(seed, 0, 9) : 0),
        .output = make_map(seed, h, w, c, random_one_in(seed, 3) ? random_in(seed, 0, 9) : 0),
        .k1 = random_in(seed, 1 << 20, 1 << 21),
        .k2 = random_in(seed, 0, 1 << 21),
        .shift = random_in(seed, 13, 30),
        .zero1 = random_zero(seed),
        .zero2 = random_zero(seed),
        .zero_out = random_zero(seed),
        .clamp_min = random_in(seed, -128, 0),
        .clamp_max = random_in(seed, 0, 127)};
    struct gantry_s8_map wanted = a.output, got = twin(&wanted);
    struct gantry_arena arena;
    struct gantry_kernel kernel;
    gantry_arena_init(&arena, NULL);
    a.output = got;
    assert_true(gantry_kernel_add(&kernel, &a, isa, &arena));
    run_cut(seed, &kernel);
    a.output = wanted;
    gantry_s8_add__ref(&a);
    check_map(&wanted, &got, gantry_isa_name(isa), round);
    gantry_arena_finish(&arena);
    free(got.data);
    free(a.input1.data);
    free(a.input2.data);
    free(a.output.data);
}

static void add__equals_the_reference(void **state)
{
    (void)state;
    for_each_isa(add_round, 150);
}

static void check_pool(uint64_t *seed, enum gantry_isa isa, bool average, int round)
{
    struct gantry_s8_pool_args a = {.kernel_h = random_in(seed, 1, 12),
                                    .kernel_w = random_in(seed, 1, 12),
                                    .stride_h = random_in(seed, 1, 3),
                                    .stride_w = random_in(seed, 1, 3),
                                    .half_up = random_one_in(seed, 3),
                                    .clamp_min = random_in(seed, -128, 0),
                                    .clamp_max = random_in(seed, 0, 127)};
    int32_t c = random_channels(seed);
    int32_t h = random_in(seed, a.kernel_h, 15), w = random_in(seed, a.kernel_w, 15);
    a.pad_top = random_in(seed, 0, a.kernel_h - 1);
    a.pad_left = random_in(seed, 0, a.kernel_w - 1);
    int32_t gap = random_one_in(seed, 3) ? random_in(seed, 0, 9) : 0;
    a.input = make_map(seed, h, w, c, gap);
    a.output = make_map(seed, (h + 2 * a.pad_top - a.kernel_h) / a.stride_h + 1,
                        (w + 2 * a.pad_left - a.kernel_w) / a.stride_w + 1, c, gap);
    struct gantry_s8_map wanted = a.output, got = twin(&wanted);
    struct gantry_arena arena;
    struct gantry_kernel kernel;
    gantry_arena_init(&arena, NULL);
    a.output = got;
    assert_true(average ? gantry_kernel_average_pool_2d(&kernel, &a, isa, &arena)
                        : gantry_kernel_max_pool_2d(&kernel, &a, isa, &arena));
    run_cut(seed, &kernel);
    a.output = wanted;
    if (average)
        gantry_s8_average_pool_2d__ref(&a);
    else
        gantry_s8_max_pool_2d__ref(&a);
    check_map(&wanted, &got, gantry_isa_name(isa), round);
    gantry_arena_finish(&arena);
    free(got.data);
    free(a.input.data);
    free(a.output.data);
}

static void average_round(uint64_t *seed, enum gantry_isa isa, int round)
{
    check_pool(seed, isa, true, round);
}

static void max_round(uint64_t *seed, enum gantry_isa isa, int round)
{
    check_pool(seed, isa, false, round);
}

static void average_pool__equals_the_reference(void **state)
{
    (void)state;
    for_each_isa(average_round, 150);
}

static void max_pool__equals_the_reference(void **state)
{
    (void)state;
    for_each_isa(max_round, 150);
}

/* Binds with an instruction set, runs into a twin of the output and compares with the reference,
 * which has written into the output itself. */
#define CHECK_BOUND(seed, isa, round, args, bind, reference)                 \
    do {                                                                     \
        struct gantry_s8_map wanted_ = (args).output, got_ = twin(&wanted_); \
        struct gantry_arena arena_;                                          \
        struct gantry_kernel kernel_;                                        \
        gantry_arena_init(&arena_, NULL);                                    \
        (args).output = got_;                                                \
        assert_true(bind(&kernel_, &(args), isa, &arena_));                  \
        run_cut(seed, &kernel_);                                             \
        (args).output = wanted_;                                             \
        reference(&(args));                                                  \
        check_map(&wanted_, &got_, gantry_isa_name(isa), round);             \
        gantry_arena_finish(&arena_);                                        \
        free(got_.data);                                                     \
        free((args).input.data);                                             \
        free((args).output.data);                                            \
    } while (0)

static void mean_round(uint64_t *seed, enum gantry_isa isa, int round)
{
    int32_t h = random_in(seed, 1, 15), w = random_one_in(seed, 20) ? 300 : random_in(seed, 1, 15);
    int32_t c = random_channels(seed), gap = random_one_in(seed, 3) ? random_in(seed, 0, 9) : 0;
    struct gantry_s8_mean_args a = {
        .input = make_map(seed, h, w, c, gap),
        .output = make_map(seed, 1, 1, c, 0),
        .scale = ldexpf((float)random_in(seed, 100, 400), random_in(seed, -16, 4)) / (float)(h * w),
        .input_zero = random_zero(seed),
        .output_zero = random_zero(seed),
        .clamp_min = random_in(seed, -128, 0),
        .clamp_max = random_in(seed, 0, 127)};
    CHECK_BOUND(seed, isa, round, a, gantry_kernel_mean, gantry_s8_mean__ref);
}

static void softmax_round(uint64_t *seed, enum gantry_isa isa, int round)
{
    static double table[256];
    int32_t c = random_one_in(seed, 2) ? random_channels(seed) : random_in(seed, 250, 1100);
    int32_t h = random_in(seed, 1, 3), w = random_in(seed, 1, 3), gap = random_in(seed, 0, 3);
    struct gantry_s8_softmax_args a = {.input = make_map(seed, h, w, c, gap),
                                       .output = make_map(seed, h, w, c, gap),
                                       .table = table,
                                       .output_scale = 1.0f / (float)random_in(seed, 100, 5000),
                                       .output_zero = random_zero(seed)};
    gantry_s8_softmax_table(table, 1.0f, (float)random_in(seed, 1, 200) / 500);
    CHECK_BOUND(seed, isa, round, a, gantry_kernel_softmax, gantry_s8_softmax__ref);
}

static void table_round(uint64_t *seed, enum gantry_isa isa, int round)
{
    int32_t h = random_in(seed, 1, 4), w = random_in(seed, 1, 9), c = random_channels(seed);
    int32_t gap = random_one_in(seed, 2) ? random_in(seed, 1, 9) : 0;
    bool identity = random_one_in(seed, 8);
    uint8_t bytes[256];
    for (int32_t i = 0; i < 256; i++) bytes[i] = (uint8_t)(identity ? i : random_in(seed, 0, 255));
    struct gantry_x8_table_args a = {.input = make_map(seed, h, w, c, gap),
                                     .output = make_map(seed, h, w, c, random_in(seed, 0, 1) * gap),
                                     .table = bytes};
    CHECK_BOUND(seed, isa, round, a, gantry_kernel_table, gantry_x8_table__ref);
}

static void mean__equals_the_reference(void **state)
{
    (void)state;
    for_each_isa(mean_round, 200);
}

static void softmax__equals_the_reference(void **state)
{
    (void)state;
    for_each_isa(softmax_round, 100);
}

static void table__equals_the_reference(void **state)
{
    (void)state;
    for_each_isa(table_round, 100);
}

static void isa__is_chosen_by_name(void **state)
{
    (void)state;
    struct gantry_error error;
    enum gantry_isa isa;
    assert_int_equal(setenv("GANTRY_ISA", "ref", 1), 0);
    assert_int_equal(gantry_isa_choose(&isa, &error), GANTRY_OK);
    assert_int_equal(isa, GANTRY_ISA_REF);
    assert_int_equal(setenv("GANTRY_ISA", "avx1024", 1), 0);
    assert_int_equal(gantry_isa_choose(&isa, &error), GANTRY_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "avx1024"));
    assert_non_null(strstr(error.hint, "avx2"));
#if defined(__x86_64__)
    assert_int_equal(setenv("GANTRY_ISA", "neon", 1), 0);
    assert_int_equal(gantry_isa_choose(&isa, &error), GANTRY_ERR_MISSING);
#endif
    assert_int_equal(unsetenv("GANTRY_ISA"), 0);
    assert_int_equal(gantry_isa_choose(&isa, &error), GANTRY_OK);
    assert_true(gantry_isa_usable(isa));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(conv__equals_the_reference),
    cmocka_unit_test(depthwise__equals_the_reference),
    cmocka_unit_test(add__equals_the_reference),
    cmocka_unit_test(average_pool__equals_the_reference),
    cmocka_unit_test(max_pool__equals_the_reference),
    cmocka_unit_test(mean__equals_the_reference),
    cmocka_unit_test(softmax__equals_the_reference),
    cmocka_unit_test(table__equals_the_reference),
    cmocka_unit_test(isa__is_chosen_by_name),
};

GANTRY_TEST_MAIN("kernels_isa", tests)
