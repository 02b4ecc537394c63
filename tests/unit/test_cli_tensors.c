/* SPDX-License-Identifier: Apache-2.0
 * Tensors in files: the shape rule, files to tensors by order and name, comparison by value. */
#include "test.h"

#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

#define SHAPE(...)                                                                                \
    ((struct gantry_shape){.rank = (int32_t)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)), \
                           .dims = {__VA_ARGS__}})

static size_t vectors(struct gantry_shape file, struct gantry_shape model)
{
    return gantry_cli_vectors(&file, &model);
}

static void vectors__the_models_shape_is_one(void **state)
{
    (void)state;
    assert_int_equal(vectors(SHAPE(1, 49, 10, 1), SHAPE(1, 49, 10, 1)), 1);
    assert_int_equal(vectors(SHAPE(7), SHAPE(7)), 1);
    assert_int_equal(vectors((struct gantry_shape){0}, (struct gantry_shape){0}), 1);
}

static void vectors__replace_a_leading_one(void **state)
{
    (void)state;
    assert_int_equal(vectors(SHAPE(500, 49, 10, 1), SHAPE(1, 49, 10, 1)), 500);
    assert_int_equal(vectors(SHAPE(4, 640), SHAPE(1, 640)), 4);
    assert_int_equal(vectors(SHAPE(4, 640), SHAPE(2, 640)), 0);
}

static void vectors__stand_in_front(void **state)
{
    (void)state;
    assert_int_equal(vectors(SHAPE(3, 1, 49, 10, 1), SHAPE(1, 49, 10, 1)), 3);
    assert_int_equal(vectors(SHAPE(3, 2, 640), SHAPE(2, 640)), 3);
    assert_int_equal(vectors(SHAPE(1, 1, 10), SHAPE(1, 10)), 1);
    assert_int_equal(vectors(SHAPE(9), (struct gantry_shape){0}), 9);
}

static void vectors__nothing_else_fits(void **state)
{
    (void)state;
    assert_int_equal(vectors(SHAPE(49, 10, 1), SHAPE(1, 49, 10, 1)), 0);
    assert_int_equal(vectors(SHAPE(49, 10), SHAPE(1, 49, 10, 1)), 0);
    assert_int_equal(vectors(SHAPE(1, 10, 49, 1), SHAPE(1, 49, 10, 1)), 0);
    assert_int_equal(vectors(SHAPE(490), SHAPE(1, 49, 10, 1)), 0);
    assert_int_equal(vectors(SHAPE(2, 3, 1, 49, 10, 1), SHAPE(1, 49, 10, 1)), 0);
    assert_int_equal(vectors((struct gantry_shape){0}, SHAPE(1, 10)), 0);
}

/* ---- Files to tensors ---- */

static struct gantry_tensor_info infos[2] = {
    {.name = "first", .dtype = GANTRY_INT8, .shape = {.rank = 2, .dims = {1, 3}}, .bytes = 3},
    {.name = "second", .dtype = GANTRY_INT8, .shape = {.rank = 2, .dims = {1, 4}}, .bytes = 4},
};
static struct gantry_cli_tensor tensors[2] = {{.info = &infos[0]}, {.info = &infos[1]}};
static const struct gantry_cli_batch batch = {.vectors = 1, .count = 2, .tensors = tensors};

static int assign(const char *a, const char *b, const char *c, const char **paths)
{
    struct gantry_cli_list list = {.items = {a, b, c}};
    while (list.count < 3 && list.items[list.count]) list.count++;
    memset(paths, 0, 2 * sizeof *paths);
    return gantry_cli_assign("input", &list, &batch, paths);
}

static void assign__follows_order_and_names(void **state)
{
    (void)state;
    const char *paths[2];
    assert_int_equal(assign("a.npy", "b.npy", NULL, paths), 0);
    assert_string_equal(paths[0], "a.npy");
    assert_string_equal(paths[1], "b.npy");
    assert_int_equal(assign("second=b.npy", "a.npy", NULL, paths), 0);
    assert_string_equal(paths[0], "a.npy");
    assert_string_equal(paths[1], "b.npy");
    assert_int_equal(assign("first=x=y.npy", NULL, NULL, paths), 0);
    assert_string_equal(paths[0], "x=y.npy");
}

static void assign__refuses_slips(void **state)
{
    (void)state;
    const char *paths[2];
    assert_int_equal(assign("frist=a.npy", NULL, NULL, paths), GANTRY_EXIT_USAGE);
    assert_int_equal(assign("first=a.npy", "first=b.npy", NULL, paths), GANTRY_EXIT_USAGE);
    assert_int_equal(assign("a.npy", "b.npy", "c.npy", paths), GANTRY_EXIT_USAGE);
}

static void assign__an_equals_sign_in_a_folder_is_no_name(void **state)
{
    (void)state;
    const char *paths[2];
    assert_int_equal(assign("out/k=v/a.npy", NULL, NULL, paths), 0);
    assert_string_equal(paths[0], "out/k=v/a.npy");
}

/* ---- Comparison ---- */

static int expect(enum gantry_dtype dtype, struct gantry_shape shape, const void *data,
                  size_t bytes, struct gantry_cli_difference *difference)
{
    static const char path[] = GANTRY_BUILD_DIR "/test_cli_tensors.npy";
    static int8_t values[6] = {-1, 0, 1, 2, -128, 127};
    struct gantry_cli_tensor output = {.info = &infos[0], .data = (uint8_t *)values};
    const struct gantry_cli_batch outputs = {.vectors = 2, .count = 1, .tensors = &output};
    struct gantry_cli_args args = {.expects = {.items = {path}, .count = 1}, .quiet = true};
    bool compared[1] = {false};
    struct gantry_error error;
    assert_int_equal(gantry_npy_write(path, dtype, &shape, data, bytes, &error), GANTRY_OK);
    int code = gantry_cli_expect(&args, &outputs, difference, compared);
    (void)unlink(path);
    if (code == 0) assert_true(compared[0]);
    return code;
}

static void expect__integers_compare_by_value(void **state)
{
    (void)state;
    struct gantry_cli_difference difference;
    static const int8_t same[] = {-1, 0, 1, 2, -128, 127};
    static const int64_t wide[] = {-1, 0, 1, 2, -128, 127};
    static const int64_t other[] = {-1, 0, 1, 2, 128, 127};
    assert_int_equal(expect(GANTRY_INT8, SHAPE(2, 1, 3), same, sizeof same, &difference), 0);
    assert_int_equal(difference.count, 0);
    assert_int_equal(difference.total, 6);
    assert_int_equal(expect(GANTRY_INT64, SHAPE(2, 3), wide, sizeof wide, &difference), 0);
    assert_int_equal(difference.count, 0);
    assert_int_equal(expect(GANTRY_INT64, SHAPE(2, 3), other, sizeof other, &difference), 0);
    assert_int_equal(difference.count, 1);
    assert_int_equal(difference.first, 4);
    assert_true(difference.got == -128.0 && difference.expected == 128.0);
    static const uint8_t unsigned_bytes[] = {255, 0, 1, 2, 128, 127};
    assert_int_equal(
        expect(GANTRY_UINT8, SHAPE(2, 3), unsigned_bytes, sizeof unsigned_bytes, &difference), 0);
    assert_int_equal(difference.count, 2);
}

static void expect__axes_of_length_one_do_not_count(void **state)
{
    (void)state;
    struct gantry_cli_difference difference;
    static const int8_t same[] = {-1, 0, 1, 2, -128, 127};
    assert_int_equal(expect(GANTRY_INT8, SHAPE(2, 1, 3, 1), same, sizeof same, &difference), 0);
    assert_int_equal(difference.count, 0);
    assert_int_equal(expect(GANTRY_INT8, SHAPE(6), same, sizeof same, &difference),
                     GANTRY_EXIT_FILE);
    assert_int_equal(expect(GANTRY_INT8, SHAPE(3, 2), same, sizeof same, &difference),
                     GANTRY_EXIT_FILE);
    assert_int_equal(expect(GANTRY_INT8, SHAPE(1, 3), same, 3, &difference), GANTRY_EXIT_FILE);
}

static void expect__floats_do_not_compare_with_integers(void **state)
{
    (void)state;
    struct gantry_cli_difference difference;
    static const float floats[] = {-1, 0, 1, 2, -128, 127};
    assert_int_equal(expect(GANTRY_FLOAT32, SHAPE(2, 3), floats, sizeof floats, &difference),
                     GANTRY_EXIT_FILE);
}

static void place__names_vector_and_axes(void **state)
{
    (void)state;
    char text[96];
    const struct gantry_tensor_info info = {
        .dtype = GANTRY_INT8, .shape = {.rank = 3, .dims = {1, 2, 5}}, .bytes = 10};
    assert_string_equal(gantry_cli_place(&info, 37, text, sizeof text), "vector 3 at 0,1,2");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(vectors__the_models_shape_is_one),
    cmocka_unit_test(vectors__replace_a_leading_one),
    cmocka_unit_test(vectors__stand_in_front),
    cmocka_unit_test(vectors__nothing_else_fits),
    cmocka_unit_test(assign__follows_order_and_names),
    cmocka_unit_test(assign__refuses_slips),
    cmocka_unit_test(assign__an_equals_sign_in_a_folder_is_no_name),
    cmocka_unit_test(expect__integers_compare_by_value),
    cmocka_unit_test(expect__axes_of_length_one_do_not_count),
    cmocka_unit_test(expect__floats_do_not_compare_with_integers),
    cmocka_unit_test(place__names_vector_and_axes),
};

GANTRY_TEST_MAIN("cli_tensors", tests)
