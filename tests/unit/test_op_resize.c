/* SPDX-License-Identifier: Apache-2.0
 * RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR, ARG_MAX, ARG_MIN. */
#include "op_rig.h"

static const float scale = 0.5f;
static const int32_t zero = 0;

static void resize_bilinear__lies_between_the_neighbours(void **state)
{
    (void)state;
    float x[4] = {0, 4, 8, 12}, out[16];
    int32_t size[2] = {4, 4};
    const struct gantry_op_tensor inputs[2] = {op_real(x, op_shape4(1, 2, 2, 1)),
                                               op_integers(size, op_shape1(2))};
    const struct gantry_op_tensor output = op_real(out, op_shape4(1, 4, 4, 1));
    union gantry_attributes how = {.resize = {false, false}};
    op_run(gantry_op_resize_bilinear, inputs, 2, &output, &how);
    /* Legacy: position i is at i / 2; behind the last one nothing changes. */
    static const float legacy[16] = {0, 2, 4, 4, 4, 6, 8, 8, 8, 10, 12, 12, 8, 10, 12, 12};
    assert_memory_equal(out, legacy, sizeof legacy);
    how.resize.half_pixel = true;
    op_run(gantry_op_resize_bilinear, inputs, 2, &output, &how);
    static const float half[16] = {0, 1, 3, 4, 2, 3, 5, 6, 6, 7, 9, 10, 8, 9, 11, 12};
    assert_memory_equal(out, half, sizeof half);
}

static void resize_bilinear__aligns_corners(void **state)
{
    (void)state;
    float x[2] = {0, 3}, out[4];
    int32_t size[2] = {1, 4};
    const struct gantry_op_tensor inputs[2] = {op_real(x, op_shape4(1, 1, 2, 1)),
                                               op_integers(size, op_shape1(2))};
    const struct gantry_op_tensor output = op_real(out, op_shape4(1, 1, 4, 1));
    const union gantry_attributes how = {.resize = {true, false}};
    op_run(gantry_op_resize_bilinear, inputs, 2, &output, &how);
    for (int i = 0; i < 4; i++) assert_true(fabsf(out[i] - (float)i) < 1e-6f);
}

/* Halves of neighbours go up, whatever their sign; both batches. */
static void resize_bilinear__of_int8_rounds_halves_up(void **state)
{
    (void)state;
    int8_t x[4] = {-2, -1, 127, 126}, out[8];
    int32_t size[2] = {1, 4};
    const struct gantry_op_tensor inputs[2] = {op_stored(x, op_shape4(2, 1, 2, 1), &scale, &zero),
                                               op_integers(size, op_shape1(2))};
    const struct gantry_op_tensor output = op_stored(out, op_shape4(2, 1, 4, 1), &scale, &zero);
    const union gantry_attributes how = {.resize = {false, false}};
    static const int8_t wanted[8] = {-2, -1, -1, -1, 127, 127, 126, 126};
    op_run(gantry_op_resize_bilinear, inputs, 2, &output, &how);
    assert_memory_equal(out, wanted, sizeof wanted);
}

static void resize_nearest__takes_whole_pixels(void **state)
{
    (void)state;
    int8_t x[6] = {1, 2, 3, 4, 5, 6}, out[10];
    int32_t size[2] = {1, 5};
    const struct gantry_op_tensor inputs[2] = {op_stored(x, op_shape4(1, 1, 3, 2), &scale, &zero),
                                               op_integers(size, op_shape1(2))};
    const struct gantry_op_tensor output = op_stored(out, op_shape4(1, 1, 5, 2), &scale, &zero);
    union gantry_attributes how = {.resize = {false, false}};
    static const int8_t legacy[10] = {1, 2, 1, 2, 3, 4, 3, 4, 5, 6};
    op_run(gantry_op_resize_nearest, inputs, 2, &output, &how);
    assert_memory_equal(out, legacy, sizeof legacy);
    /* 0, 0.5, 1, 1.5, 2: halves away from zero. */
    static const int8_t corners[10] = {1, 2, 3, 4, 3, 4, 5, 6, 5, 6};
    how.resize.align_corners = true;
    op_run(gantry_op_resize_nearest, inputs, 2, &output, &how);
    assert_memory_equal(out, corners, sizeof corners);
}

static void arg_max__is_the_first_of_equals(void **state)
{
    (void)state;
    int8_t x[6] = {5, -7, 5, 9, 9, 9};
    int32_t axis[1] = {-1}, out[3];
    struct gantry_op_tensor inputs[2] = {op_stored(x, op_shape2(2, 3), &scale, &zero),
                                         op_integers(axis, op_shape1(1))};
    struct gantry_op_tensor output = op_integers(out, op_shape1(2));
    op_run(gantry_op_arg_max, inputs, 2, &output, NULL);
    assert_true(out[0] == 0 && out[1] == 0);
    op_run(gantry_op_arg_min, inputs, 2, &output, NULL);
    assert_true(out[0] == 1 && out[1] == 0);
    axis[0] = 0;
    output.shape = op_shape1(3);
    op_run(gantry_op_arg_max, inputs, 2, &output, NULL);
    assert_true(out[0] == 1 && out[1] == 1 && out[2] == 1);
}

static void arg_max__of_float32_gives_int64(void **state)
{
    (void)state;
    float x[4] = {-3, -1, -2, -1};
    int32_t axis[1] = {0};
    int64_t out[1] = {-1};
    const struct gantry_op_tensor inputs[2] = {op_real(x, op_shape1(4)),
                                               op_integers(axis, op_shape1(1))};
    const struct gantry_op_tensor output =
        op_typed(GANTRY_INT64, out, (struct gantry_shape){0}, NULL, NULL);
    op_run(gantry_op_arg_max, inputs, 2, &output, NULL);
    assert_int_equal(out[0], 1);
}

static const struct CMUnitTest tests[] = {
    OP_CASE(resize_bilinear__lies_between_the_neighbours),
    OP_CASE(resize_bilinear__aligns_corners),
    OP_CASE(resize_bilinear__of_int8_rounds_halves_up),
    OP_CASE(resize_nearest__takes_whole_pixels),
    OP_CASE(arg_max__is_the_first_of_equals),
    OP_CASE(arg_max__of_float32_gives_int64),
};

GANTRY_TEST_MAIN("op_resize", tests)
