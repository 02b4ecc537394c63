/* SPDX-License-Identifier: Apache-2.0
 * Kernels shared by threads write the same bytes as one thread, whatever the number. */
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "random.h"
#include "runtime/pool.h"

enum { H = 19, W = 23, IN = 24, OUT = 48, KERNEL = 3, RUNS = 20 };

static int8_t input[H * W * IN + GANTRY_KERNEL_SLACK], weights[OUT * KERNEL * KERNEL * IN];
static int8_t wanted[H * W * OUT], got[H * W * OUT];
static float scale[OUT];

static struct gantry_s8_conv_args conv_args(int8_t *output, bool depthwise)
{
    uint64_t seed = 9;
    for (size_t i = 0; i < sizeof input; i++) input[i] = (int8_t)random_in(&seed, -128, 127);
    for (size_t i = 0; i < sizeof weights; i++) weights[i] = (int8_t)random_in(&seed, -127, 127);
    for (int i = 0; i < OUT; i++) scale[i] = 0.0003f;
    int32_t out_c = depthwise ? IN : OUT;
    return (struct gantry_s8_conv_args){.input = {input, H, W, IN, IN},
                                        .output = {output, H, W, out_c, out_c},
                                        .weights = weights,
                                        .scale = scale,
                                        .kernel_h = KERNEL,
                                        .kernel_w = KERNEL,
                                        .stride_h = 1,
                                        .stride_w = 1,
                                        .dilation_h = 1,
                                        .dilation_w = 1,
                                        .pad_top = 1,
                                        .pad_left = 1,
                                        .input_zero = 5,
                                        .output_zero = -7,
                                        .clamp_min = -128,
                                        .clamp_max = 127};
}

static void bind(struct gantry_kernel *kernel, int8_t *output, bool depthwise,
                 struct gantry_arena *arena)
{
    struct gantry_s8_conv_args args = conv_args(output, depthwise);
    enum gantry_isa isa;
    assert_int_equal(gantry_isa_choose(&isa, NULL), GANTRY_OK);
    assert_true(depthwise ? gantry_kernel_depthwise_conv_2d(kernel, &args, isa, arena)
                          : gantry_kernel_conv_2d(kernel, &args, isa, arena));
}

static void check(bool depthwise)
{
    struct gantry_arena arena;
    struct gantry_kernel one, shared;
    memset(wanted, 0, sizeof wanted);
    gantry_arena_init(&arena, NULL);
    bind(&one, wanted, depthwise, &arena);
    bind(&shared, got, depthwise, &arena);
    size_t stride = gantry_align_size(shared.scratch_bytes + 1, 64);
    uint8_t *scratch = gantry_allocate(NULL, stride, 16);
    assert_non_null(scratch);
    gantry_kernel_run(&one, scratch);
    for (int32_t threads = 1; threads <= 16; threads++) {
        struct gantry_pool *pool = gantry_pool_create(threads);
        assert_true((pool != NULL) == (threads > 1));
        for (int run = 0; run < RUNS; run++) {
            memset(got, 0, sizeof got);
            /* Before the last run the threads have gone to sleep. */
            if (run == RUNS - 1) (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
            gantry_pool_run(pool, &shared, gantry_min_i32(threads, shared.units), scratch);
            assert_memory_equal(got, wanted, sizeof got);
        }
        gantry_pool_destroy(pool);
    }
    gantry_release(NULL, scratch);
    gantry_arena_finish(&arena);
}

static void pool__shares_a_convolution(void **state)
{
    (void)state;
    check(false);
}

static void pool__shares_a_depthwise_convolution(void **state)
{
    (void)state;
    check(true);
}

static void pool__leaves_small_work_whole(void **state)
{
    (void)state;
    struct gantry_kernel kernel = {.units = 100, .cost = 1000};
    assert_int_equal(gantry_pool_parts(&kernel, 8), 1);
    kernel.cost = 1000000;
    assert_int_equal(gantry_pool_parts(&kernel, 8), 8);
    kernel.units = 3;
    assert_int_equal(gantry_pool_parts(&kernel, 8), 3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(pool__shares_a_convolution),
    cmocka_unit_test(pool__shares_a_depthwise_convolution),
    cmocka_unit_test(pool__leaves_small_work_whole),
};

GANTRY_TEST_MAIN("pool", tests)
