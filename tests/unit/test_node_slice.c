/* SPDX-License-Identifier: Apache-2.0
 * Slices, splits and other orders of elements, against indices counted in loops. */
#include "one_node.h"

#include <string.h>

enum { N = 2, H = 5, W = 6, C = 3, COUNT = N * H * W * C };

static int32_t input[COUNT], output[COUNT * 8];

static struct one_node start(enum gantry_op op)
{
    struct one_node n;
    for (int32_t i = 0; i < COUNT; i++) input[i] = i * 7919;
    memset(output, 0x55, sizeof output);
    one_node_begin(&n, op);
    return n;
}

static int32_t at(int32_t b, int32_t y, int32_t x, int32_t c)
{
    return input[((b * H + y) * W + x) * C + c];
}

static struct gantry_shape whole(void) { return SHAPE(N, H, W, C); }

/* x[1:2, 4:0:-2, 1:, ::-1] */
static void strided_slice__takes_steps_forwards_and_backwards(void **state)
{
    (void)state;
    struct one_node n = start(GANTRY_OP_STRIDED_SLICE);
    n.node.attributes.slice.begin_mask = 8;
    n.node.attributes.slice.end_mask = 4 + 8;
    one_node_input(&n, GANTRY_INT32, whole(), input, 0, 0);
    one_node_list(&n, 1, -1, 1, 7);
    one_node_list(&n, 2, 0, 0, 0);
    one_node_list(&n, 1, -2, 1, -1);
    one_node_output(&n, GANTRY_INT32, SHAPE(1, 2, 5, 3), output, 0, 0);
    one_node_run(&n);
    for (int32_t y = 0, i = 0; y < 2; y++)
        for (int32_t x = 0; x < 5; x++)
            for (int32_t c = 0; c < 3; c++)
                assert_int_equal(output[i++], at(1, 4 - 2 * y, 1 + x, 2 - c));
}

/* x[1, ..., new axis, -1] */
static void strided_slice__drops_adds_and_skips_dimensions(void **state)
{
    (void)state;
    struct one_node n = start(GANTRY_OP_STRIDED_SLICE);
    n.node.attributes.slice.shrink_axis_mask = 1 + 8;
    n.node.attributes.slice.ellipsis_mask = 2;
    n.node.attributes.slice.new_axis_mask = 4;
    one_node_input(&n, GANTRY_INT32, whole(), input, 0, 0);
    one_node_list(&n, 1, 0, 0, -1);
    one_node_list(&n, 2, 0, 0, 0);
    one_node_list(&n, 1, 1, 1, 1);
    one_node_output(&n, GANTRY_INT32, SHAPE(H, W, 1), output, 0, 0);
    one_node_run(&n);
    for (int32_t i = 0; i < H * W; i++) assert_int_equal(output[i], at(1, i / W, i % W, C - 1));
}

static void refuse_slice(int32_t begin, int32_t end, int32_t step, int32_t shrink,
                         const char *words)
{
    struct one_node n = start(GANTRY_OP_STRIDED_SLICE);
    n.node.attributes.slice.shrink_axis_mask = shrink;
    one_node_input(&n, GANTRY_INT32, SHAPE(COUNT), input, 0, 0);
    one_node_list(&n, begin);
    one_node_list(&n, end);
    one_node_list(&n, step);
    one_node_output(&n, GANTRY_INT32, SHAPE(4), output, 0, 0);
    one_node_refused(&n, GANTRY_ERR_FILE, words);
}

static void strided_slice__refuses_what_has_no_elements(void **state)
{
    (void)state;
    refuse_slice(3, 3, 1, 0, "a dimension without elements");
    refuse_slice(3, 5, -1, 0, "a dimension without elements");
    refuse_slice(0, 4, 0, 0, "a step of 0");
    refuse_slice(COUNT, 0, 1, 1, "an index outside of its dimension");
    refuse_slice(0, 5, 1, 0, "inference gives 5");
}

static void slice__takes_the_rest_at_minus_1(void **state)
{
    (void)state;
    struct one_node n = start(GANTRY_OP_SLICE);
    one_node_input(&n, GANTRY_INT32, whole(), input, 0, 0);
    one_node_list(&n, 0, 1, 2, 1);
    one_node_list(&n, 2, -1, 3, -1);
    one_node_output(&n, GANTRY_INT32, SHAPE(2, 4, 3, 2), output, 0, 0);
    one_node_run(&n);
    for (int32_t b = 0, i = 0; b < 2; b++)
        for (int32_t y = 1; y < 5; y++)
            for (int32_t x = 2; x < 5; x++)
                for (int32_t c = 1; c < 3; c++) assert_int_equal(output[i++], at(b, y, x, c));
}

static void split_v__cuts_along_its_axis(void **state)
{
    (void)state;
    static const int32_t from[3] = {0, 1, 4}, size[3] = {1, 3, 2};
    int32_t parts[3][N * H * 3 * C];
    struct one_node n = start(GANTRY_OP_SPLIT_V);
    one_node_input(&n, GANTRY_INT32, whole(), input, 0, 0);
    one_node_list(&n, 1, -1, 2);
    one_node_list(&n, -2);
    for (int32_t p = 0; p < 3; p++)
        one_node_output(&n, GANTRY_INT32, SHAPE(N, H, size[p], C), parts[p], 0, 0);
    one_node_run(&n);
    for (int32_t p = 0; p < 3; p++)
        for (int32_t i = 0; i < N * H * size[p] * C; i++)
            assert_int_equal(parts[p][i], at(i / C / size[p] / H, i / C / size[p] % H,
                                             from[p] + i / C % size[p], i % C));
}

static void split__refuses_parts_that_are_not_the_whole(void **state)
{
    (void)state;
    struct one_node n = start(GANTRY_OP_SPLIT);
    one_node_input(&n, GANTRY_INT32, whole(), input, 0, 0);
    one_node_list(&n, 2);
    one_node_output(&n, GANTRY_INT32, SHAPE(N, H, 3, C), output, 0, 0);
    one_node_output(&n, GANTRY_INT32, SHAPE(N, H, 2, C), output + COUNT, 0, 0);
    one_node_refused(&n, GANTRY_ERR_FILE, "has shape 2x5x2x3, inference gives 2x5x3x3");
}

static void unpack__and_pack_are_inverse(void **state)
{
    (void)state;
    int32_t parts[H][N * W * C];
    struct one_node n = start(GANTRY_OP_UNPACK);
    n.node.attributes.along.axis = 1;
    one_node_input(&n, GANTRY_INT32, whole(), input, 0, 0);
    for (int32_t p = 0; p < H; p++)
        one_node_output(&n, GANTRY_INT32, SHAPE(N, W, C), parts[p], 0, 0);
    one_node_run(&n);
    for (int32_t p = 0; p < H; p++)
        for (int32_t i = 0; i < N * W * C; i++)
            assert_int_equal(parts[p][i], at(i / C / W, p, i / C % W, i % C));
    n = start(GANTRY_OP_PACK);
    n.node.attributes.along.axis = -3;
    for (int32_t p = 0; p < H; p++)
        one_node_input(&n, GANTRY_INT32, SHAPE(N, W, C), parts[p], 0, 0);
    one_node_output(&n, GANTRY_INT32, whole(), output, 0, 0);
    one_node_run(&n);
    assert_memory_equal(output, input, sizeof input);
}

static void transpose__moves_axes(void **state)
{
    (void)state;
    struct one_node n = start(GANTRY_OP_TRANSPOSE);
    one_node_input(&n, GANTRY_INT32, whole(), input, 0, 0);
    one_node_list(&n, 3, 0, 2, 1);
    one_node_output(&n, GANTRY_INT32, SHAPE(C, N, W, H), output, 0, 0);
    one_node_run(&n);
    for (int32_t c = 0, i = 0; c < C; c++)
        for (int32_t b = 0; b < N; b++)
            for (int32_t x = 0; x < W; x++)
                for (int32_t y = 0; y < H; y++) assert_int_equal(output[i++], at(b, y, x, c));
    n = start(GANTRY_OP_TRANSPOSE);
    one_node_input(&n, GANTRY_INT32, whole(), input, 0, 0);
    one_node_list(&n, 3, 0, 0, 1);
    one_node_output(&n, GANTRY_INT32, SHAPE(C, N, N, H), output, 0, 0);
    one_node_refused(&n, GANTRY_ERR_FILE, "axis 0 twice");
}

static void tile__repeats_every_dimension(void **state)
{
    (void)state;
    int16_t x[6] = {1, 2, 3, 4, 5, 6}, y[36];
    struct one_node n = start(GANTRY_OP_TILE);
    one_node_input(&n, GANTRY_INT16, SHAPE(2, 3), x, 0, 0);
    one_node_list(&n, 3, 2);
    one_node_output(&n, GANTRY_INT16, SHAPE(6, 6), y, 0, 0);
    one_node_run(&n);
    for (int32_t i = 0; i < 36; i++) assert_int_equal(y[i], x[i / 6 % 2 * 3 + i % 6 % 3]);
}

static void depth_to_space__and_space_to_depth_are_inverse(void **state)
{
    (void)state;
    enum { DEEP = 2 * 3 * 4 * 12 };
    uint8_t deep[DEEP], wide[DEEP], back[DEEP];
    struct one_node n = start(GANTRY_OP_DEPTH_TO_SPACE);
    for (int32_t i = 0; i < DEEP; i++) deep[i] = (uint8_t)(i * 31);
    n.node.attributes.block = 2;
    one_node_input(&n, GANTRY_INT8, SHAPE(2, 3, 4, 12), deep, 0.5f, 3);
    one_node_output(&n, GANTRY_INT8, SHAPE(2, 6, 8, 3), wide, 0.5f, 3);
    one_node_run(&n);
    for (int32_t b = 0, i = 0; b < 2; b++)
        for (int32_t y = 0; y < 6; y++)
            for (int32_t x = 0; x < 8; x++)
                for (int32_t c = 0; c < 3; c++)
                    assert_int_equal(
                        wide[i++],
                        deep[((b * 3 + y / 2) * 4 + x / 2) * 12 + (y % 2 * 2 + x % 2) * 3 + c]);
    n = start(GANTRY_OP_SPACE_TO_DEPTH);
    n.node.attributes.block = 2;
    one_node_input(&n, GANTRY_INT8, SHAPE(2, 6, 8, 3), wide, 0.5f, 3);
    one_node_output(&n, GANTRY_INT8, SHAPE(2, 3, 4, 12), back, 0.5f, 3);
    one_node_run(&n);
    assert_memory_equal(back, deep, DEEP);
    n = start(GANTRY_OP_SPACE_TO_DEPTH);
    n.node.attributes.block = 4;
    one_node_input(&n, GANTRY_INT8, SHAPE(2, 6, 8, 3), wide, 0.5f, 3);
    one_node_output(&n, GANTRY_INT8, SHAPE(2, 3, 4, 12), back, 0.5f, 3);
    one_node_refused(&n, GANTRY_ERR_FILE, "blocks of 4");
}

static void reverse__turns_axes_around(void **state)
{
    (void)state;
    struct one_node n = start(GANTRY_OP_REVERSE_V2);
    one_node_input(&n, GANTRY_INT32, whole(), input, 0, 0);
    one_node_list(&n, 1, -1);
    one_node_output(&n, GANTRY_INT32, whole(), output, 0, 0);
    one_node_run(&n);
    for (int32_t i = 0; i < COUNT; i++)
        assert_int_equal(output[i],
                         at(i / C / W / H, H - 1 - i / C / W % H, i / C % W, C - 1 - i % C));
}

static void broadcast_to__repeats_dimensions_of_1(void **state)
{
    (void)state;
    struct one_node n = start(GANTRY_OP_BROADCAST_TO);
    one_node_input(&n, GANTRY_INT32, SHAPE(W, 1, C), input, 0, 0);
    one_node_list(&n, 2, W, 4, C);
    one_node_output(&n, GANTRY_INT32, SHAPE(2, W, 4, C), output, 0, 0);
    one_node_run(&n);
    for (int32_t i = 0; i < 2 * W * 4 * C; i++)
        assert_int_equal(output[i], input[i / (4 * C) % W * C + i % C]);
}

/* Blocks of 2 x 3 with one row and two columns in front, one row and four columns behind. */
static void space_to_batch__pads_and_batch_to_space_crops(void **state)
{
    (void)state;
    enum { TALL = 4, ITEMS = 6, ROWS = 3, COLUMNS = 4, SIZE = N * TALL * W };
    int8_t x[SIZE], deep[ITEMS * N * ROWS * COLUMNS], back[SIZE];
    struct one_node n = start(GANTRY_OP_SPACE_TO_BATCH_ND);
    for (int32_t i = 0; i < SIZE; i++) x[i] = (int8_t)(i * 5 - 90);
    one_node_input(&n, GANTRY_INT8, SHAPE(N, TALL, W), x, 0.5f, -7);
    one_node_list(&n, 2, 3);
    one_node_constant(&n, GANTRY_INT32, SHAPE(2, 2), (int32_t[]){1, 1, 2, 4}, 0, 0);
    one_node_output(&n, GANTRY_INT8, SHAPE(ITEMS * N, ROWS, COLUMNS), deep, 0.5f, -7);
    one_node_run(&n);
    for (int32_t i = 0; i < (int32_t)sizeof deep; i++) {
        int32_t item = i / (ROWS * COLUMNS), b = item % N, k = item / N;
        int32_t row = i / COLUMNS % ROWS * 2 + k / 3 - 1, column = i % COLUMNS * 3 + k % 3 - 2;
        bool inside = row >= 0 && row < TALL && column >= 0 && column < W;
        assert_int_equal(deep[i], inside ? x[(b * TALL + row) * W + column] : -7);
    }
    n = start(GANTRY_OP_BATCH_TO_SPACE_ND);
    one_node_input(&n, GANTRY_INT8, SHAPE(ITEMS * N, ROWS, COLUMNS), deep, 0.5f, -7);
    one_node_list(&n, 2, 3);
    one_node_constant(&n, GANTRY_INT32, SHAPE(2, 2), (int32_t[]){1, 1, 2, 4}, 0, 0);
    one_node_output(&n, GANTRY_INT8, SHAPE(N, TALL, W), back, 0.5f, -7);
    one_node_run(&n);
    assert_memory_equal(back, x, sizeof x);
    n = start(GANTRY_OP_SPACE_TO_BATCH_ND);
    one_node_input(&n, GANTRY_INT8, SHAPE(N, TALL, W), x, 0.5f, -7);
    one_node_list(&n, 3);
    one_node_list(&n, 0, 1);
    one_node_output(&n, GANTRY_INT8, SHAPE(3 * N, 2, W), deep, 0.5f, -7);
    one_node_refused(&n, GANTRY_ERR_FILE, "dimension 1 of 5 does not fit its blocks");
}

static void moves__refuse_another_scale(void **state)
{
    (void)state;
    struct one_node n = start(GANTRY_OP_TRANSPOSE);
    one_node_input(&n, GANTRY_INT8, SHAPE(2, 3), input, 0.5f, 3);
    one_node_list(&n, 1, 0);
    one_node_output(&n, GANTRY_INT8, SHAPE(3, 2), output, 0.25f, 3);
    one_node_refused(&n, GANTRY_ERR_UNSUPPORTED, "must be equal");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(strided_slice__takes_steps_forwards_and_backwards),
    cmocka_unit_test(strided_slice__drops_adds_and_skips_dimensions),
    cmocka_unit_test(strided_slice__refuses_what_has_no_elements),
    cmocka_unit_test(slice__takes_the_rest_at_minus_1),
    cmocka_unit_test(split_v__cuts_along_its_axis),
    cmocka_unit_test(split__refuses_parts_that_are_not_the_whole),
    cmocka_unit_test(unpack__and_pack_are_inverse),
    cmocka_unit_test(transpose__moves_axes),
    cmocka_unit_test(tile__repeats_every_dimension),
    cmocka_unit_test(depth_to_space__and_space_to_depth_are_inverse),
    cmocka_unit_test(reverse__turns_axes_around),
    cmocka_unit_test(broadcast_to__repeats_dimensions_of_1),
    cmocka_unit_test(space_to_batch__pads_and_batch_to_space_crops),
    cmocka_unit_test(moves__refuse_another_scale),
};

GANTRY_TEST_MAIN("node_slice", tests)
