/* SPDX-License-Identifier: Apache-2.0
 * Cycles by formula against layers that were measured on the RTL alone (docs/hardware.md): a
 * formula leaves out start-up, so it may be a little less, never more. Passes of the window path.
 */
#include "plan/build.h"
#include "test.h"

static const struct gantry_array_params k26 = {4, 16384, 3072, 64, 4, 1};
static const struct gantry_cost_machine machine = {&k26, 51};
static const struct gantry_array_params half = {2, 32768, 3072, 64, 4, 1};

/* A convolution of equal input and output size: its m and cycles. */
static int64_t conv_cycles(int32_t size, int32_t in, int32_t out, int32_t kernel, bool residual,
                           int32_t *m)
{
    const struct gantry_cost_shape shape = {
        .pitch = size,
        .out_h = size,
        .steps = (int64_t)in / GANTRY_CHANNELS * kernel * kernel,
        .blocks = out / GANTRY_CHANNELS,
        .parts = 1,
        .residual = residual,
        .grouped = true,
    };
    struct gantry_tiling tiling;
    *m = gantry_cost_choose_m(&shape, &k26, &tiling);
    return gantry_cost_conv(&shape, *m, &machine, &tiling);
}

static void assert_near(int64_t cycles, int64_t measured)
{
    if (cycles > measured || cycles * 100 < measured * 95)
        fail_msg("%lld cycles by formula, %lld measured", (long long)cycles, (long long)measured);
}

static void cost__of_convolutions_is_that_of_the_array(void **state)
{
    (void)state;
    int32_t m;
    assert_near(conv_cycles(56, 64, 64, 3, false, &m), 56577);
    assert_near(conv_cycles(14, 256, 256, 3, false, &m), 56585);
    assert_near(conv_cycles(7, 512, 2048, 1, false, &m), 25803);
}

static void cost__groups_take_several_blocks_where_that_fills_tiles(void **state)
{
    (void)state;
    int32_t m;
    (void)conv_cycles(56, 64, 64, 3, false, &m);
    assert_int_equal(m, 1);
    /* 7 x 7 pixels are 7 accumulator rows with one block, 25 with four. */
    (void)conv_cycles(7, 512, 512, 3, false, &m);
    assert_int_equal(m, 4);
    /* A residual of all eight pixels at once would take a cycle of the front for each row. */
    (void)conv_cycles(56, 64, 256, 1, true, &m);
    assert_true(m > 1);
}

static struct gantry_task depthwise(int32_t size, int32_t channels, int32_t kernel, int32_t stride)
{
    int32_t out = gantry_div_up(size, stride);
    return (struct gantry_task){
        .kind = GANTRY_TASK_DEPTHWISE,
        .in = {size, size, channels},
        .out = {out, out, channels},
        .kernel_h = kernel,
        .kernel_w = kernel,
        .stride_h = stride,
        .stride_w = stride,
        .dilation = 1,
        .pad_top = (kernel - stride + 1) / 2,
        .pad_left = (kernel - stride + 1) / 2,
    };
}

static int32_t passes_of(const struct gantry_task *task, const struct gantry_array_params *params,
                         struct gantry_window_passes *passes)
{
    struct gantry_act_tensor in;
    gantry_act_layout(&in, params, task->in.h, task->in.w, task->in.c, task->stride_h,
                      task->stride_w, task->out.w);
    return gantry_window_passes_make(passes, task, &in, params) ? passes->count : -1;
}

static void cost__of_depthwise_layers_is_that_of_the_window_path(void **state)
{
    (void)state;
    static const struct {
        int32_t size, channels, kernel, stride;
        int64_t measured;
    } rows[] = {{112, 32, 3, 1, 6769}, {112, 64, 3, 2, 12873}, {28, 96, 5, 1, 2499}};
    for (size_t i = 0; i < GANTRY_COUNT(rows); i++) {
        struct gantry_task task =
            depthwise(rows[i].size, rows[i].channels, rows[i].kernel, rows[i].stride);
        struct gantry_window_passes passes;
        struct gantry_tiling tiling;
        assert_true(passes_of(&task, &k26, &passes) > 0);
        assert_near(gantry_cost_window(&passes, task.out.h, task.out.w, rows[i].channels / 16,
                                       &machine, &tiling),
                    rows[i].measured);
    }
}

static void window__kernels_are_cut_into_passes(void **state)
{
    (void)state;
    static const struct {
        int32_t kernel, stride, wide, narrow; /* passes with five and with three columns */
    } rows[] = {{1, 1, 1, 1}, {3, 1, 1, 1}, {5, 1, 2, 4},  {7, 1, 6, -1},
                {3, 2, 4, 4}, {5, 2, 4, 4}, {9, 1, 6, -1}, {11, 1, -1, -1}};
    for (size_t i = 0; i < GANTRY_COUNT(rows); i++) {
        struct gantry_task task = depthwise(20, 16, rows[i].kernel, rows[i].stride);
        struct gantry_window_passes passes;
        assert_int_equal(passes_of(&task, &k26, &passes), rows[i].wide);
        assert_int_equal(passes_of(&task, &half, &passes), rows[i].narrow);
    }
}

/* Every tap of the kernel is in exactly one pass, where the planes have it. */
static void window__passes_cover_every_tap_once(void **state)
{
    (void)state;
    for (int32_t kernel = 1; kernel <= 7; kernel++)
        for (int32_t stride = 1; stride <= 2; stride++) {
            struct gantry_task task = depthwise(20, 16, kernel, stride);
            struct gantry_window_passes passes;
            int32_t seen[7][7] = {{0}};
            if (passes_of(&task, &k26, &passes) < 0) continue;
            for (int32_t i = 0; i < passes.count; i++) {
                const struct gantry_window_pass *p = &passes.pass[i];
                for (int32_t r = 0; r < p->rows; r++)
                    for (int32_t k = 0; k < p->columns; k++) {
                        int32_t ky = p->ky + r * stride, kx = p->kx + k * stride;
                        seen[ky][kx]++;
                        assert_int_equal((p->a0 + r) * stride + p->py, ky - task.pad_top);
                        assert_int_equal((p->b0 + k) * stride + p->px, kx - task.pad_left);
                    }
            }
            for (int32_t y = 0; y < kernel; y++)
                for (int32_t x = 0; x < kernel; x++) assert_int_equal(seen[y][x], 1);
        }
}

static void window__is_not_for_dilation_wide_weights_or_arrays_without_it(void **state)
{
    (void)state;
    struct gantry_window_passes passes;
    struct gantry_array_params without = k26;
    without.window = 0;
    struct gantry_task task = depthwise(20, 16, 3, 1);
    assert_int_equal(passes_of(&task, &k26, &passes), 1);
    assert_int_equal(passes_of(&task, &without, &passes), -1);
    task.dilation = 2;
    assert_int_equal(passes_of(&task, &k26, &passes), -1);
    task.dilation = 1;
    task.split = true;
    assert_int_equal(passes_of(&task, &k26, &passes), -1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(cost__of_convolutions_is_that_of_the_array),
    cmocka_unit_test(cost__groups_take_several_blocks_where_that_fills_tiles),
    cmocka_unit_test(cost__of_depthwise_layers_is_that_of_the_window_path),
    cmocka_unit_test(window__kernels_are_cut_into_passes),
    cmocka_unit_test(window__passes_cover_every_tap_once),
    cmocka_unit_test(window__is_not_for_dilation_wide_weights_or_arrays_without_it),
};
GANTRY_TEST_MAIN("cost", tests)
