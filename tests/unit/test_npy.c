/* SPDX-License-Identifier: Apache-2.0
 * .npy files: what is written reads back, NumPy's own variants are read, everything else is
 * refused with a reason, and a failed write leaves nothing behind. */
#include "test.h"

#include <fcntl.h>

#include "files.h"
#include "formats/formats.h"

static void npy__reads_back_what_it_writes(void **state)
{
    (void)state;
    static const struct {
        enum gantry_dtype dtype;
        struct gantry_shape shape;
    } cases[] = {
        {GANTRY_INT8, {4, {2, 3, 4, 5}}},  {GANTRY_UINT8, {1, {7}}},
        {GANTRY_INT16, {2, {3, 1}}},       {GANTRY_INT32, {0, {0}}},
        {GANTRY_INT64, {6, {1, 1, 2, 1}}}, {GANTRY_FLOAT32, {3, {1, 2, 3}}},
        {GANTRY_BOOL, {1, {1}}},
    };
    for (size_t i = 0; i < GANTRY_COUNT(cases); i++) {
        struct gantry_shape shape = cases[i].shape;
        for (int32_t d = 0; d < shape.rank; d++)
            if (shape.dims[d] == 0) shape.dims[d] = 1;
        uint8_t data[1024];
        for (size_t k = 0; k < sizeof data; k++) data[k] = (uint8_t)(k * 7 + i);
        size_t bytes = (size_t)gantry_shape_elements(&shape) * gantry_dtype_bytes(cases[i].dtype);
        struct gantry_error error = {0};
        struct gantry_array array;
        const char *path = scratch_path("a.npy");
        if (gantry_npy_write(path, cases[i].dtype, &shape, data, bytes, &error) != GANTRY_OK ||
            gantry_npy_read(&array, path, NULL, &error) != GANTRY_OK)
            fail_msg("%s", error.message);
        assert_int_equal(array.dtype, cases[i].dtype);
        assert_true(gantry_shape_equal(&array.shape, &shape));
        assert_int_equal(array.bytes, bytes);
        assert_memory_equal(array.data, data, bytes);
        gantry_array_finish(&array);
    }
    (void)scratch_remove("a.npy");
}

/* A file of this version with this header and so many bytes of data. */
static const char *file_of(uint8_t version, const char *header, size_t data_bytes)
{
    uint8_t bytes[1024] = {0x93, 'N', 'U', 'M', 'P', 'Y', version, 0};
    size_t length = strlen(header), at = version == 1 ? 10 : 12;
    bytes[8] = (uint8_t)length;
    bytes[9] = (uint8_t)(length >> 8);
    memcpy(bytes + at, header, length);
    for (size_t i = 0; i < data_bytes; i++) bytes[at + length + i] = (uint8_t)i;
    return scratch_file("b.npy", bytes, at + length + data_bytes);
}

static void npy__reads_all_versions_and_spellings(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }   \n",
        "{'descr': '<i2', 'fortran_order': False, 'shape': (2,3)}\n",
        "{\"shape\":(2, 3,), \"descr\":\"<i2\", \"fortran_order\":False}",
    };
    for (size_t i = 0; i < GANTRY_COUNT(headers); i++) {
        for (uint8_t version = 1; version <= 3; version++) {
            struct gantry_error error = {0};
            struct gantry_array array;
            if (gantry_npy_read(&array, file_of(version, headers[i], 12), NULL, &error))
                fail_msg("%s: %s", headers[i], error.message);
            assert_int_equal(array.dtype, GANTRY_INT16);
            assert_true(array.shape.rank == 2 && array.shape.dims[0] == 2);
            assert_int_equal(((const uint8_t *)array.data)[11], 11);
            gantry_array_finish(&array);
        }
    }
    (void)scratch_remove("b.npy");
}

static void refuse(const char *path, const char *words)
{
    struct gantry_error error = {0};
    struct gantry_array array;
    assert_int_equal(gantry_npy_read(&array, path, NULL, &error), GANTRY_ERR_FILE);
    if (!strstr(error.message, words)) fail_msg("\"%s\" lacks \"%s\"", error.message, words);
    assert_null(array.data);
}

static void npy__refuses_bad_headers(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        const char *words;
    } cases[] = {
        {"{'descr': '<i2', 'fortran_order': True, 'shape': (2,)}", "Fortran order"},
        {"{'descr': '>i2', 'fortran_order': False, 'shape': (2,)}", "type \">i2\""},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", "type \"<f8\""},
        {"{'descr': '|i2', 'fortran_order': False, 'shape': (2,)}", "type \"|i2\""},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", "type \"|O\""},
        {"{'descr': '<i2', 'fortran_order': 0, 'shape': (2,)}", "neither True nor False"},
        {"{'descr': '<i2', 'fortran_order': False, 'shape': (2)}", "not a tuple"},
        {"{'descr': '<i2', 'fortran_order': False, 'shape': (-2,)}", "not a tuple"},
        {"{'descr': '<i2', 'fortran_order': False, 'shape': (1,1,1,1,1,1,2)}", "not a tuple"},
        {"{'descr': '<i2', 'fortran_order': False, 'shape': (99999999999,)}", "not a tuple"},
        {"{'descr': '<i2', 'fortran_order': False, 'shape': (65536, 65536)}", "shape says 0"},
        {"{'descr': '<i2', 'fortran_order': False, 'shape': (0,)}", "dimension 0 is 0"},
        {"{'descr': '<i2', 'fortran_order': False, 'shape': (3,)}", "4 bytes of data"},
        {"{'descr': '<i2', 'fortran_order': False, 'shape': (1,)}", "4 bytes of data"},
        {"{'descr': '<i2', 'fortran_order': False}", "lacks"},
        {"{'descr': '<i2', 'descr': '<i2', 'shape': (2,)}", "\"descr\" is unknown or twice"},
        {"{'descr': '<i2', 'order': False, 'shape': (2,)}", "\"order\" is unknown"},
        {"{'descr': '<i2', 'fortran_order': False, 'shape': (2,)} x", "not a dictionary"},
        {"{'descr': '<i2' 'fortran_order': False, 'shape': (2,)}", "not a dictionary"},
        {"", "not a dictionary"},
        {"{", "not a dictionary"},
        {"{'descr", "not a dictionary"},
    };
    for (size_t i = 0; i < GANTRY_COUNT(cases); i++)
        refuse(file_of(1, cases[i].header, 4), cases[i].words);
    refuse(file_of(4, "{'descr': '<i2', 'fortran_order': False, 'shape': (2,)}", 4), "version 4.0");
    refuse(file_of(0, "{'descr': '<i2', 'fortran_order': False, 'shape': (2,)}", 4), "version 0.0");
    (void)scratch_remove("b.npy");
}

static void npy__refuses_every_truncation(void **state)
{
    (void)state;
    struct gantry_error error = {0};
    struct gantry_shape shape = {2, {2, 3}};
    static const int8_t data[6] = {1, 2, 3, 4, 5, 6};
    const char *path = scratch_path("c.npy");
    assert_int_equal(gantry_npy_write(path, GANTRY_INT8, &shape, data, 6, &error), GANTRY_OK);
    uint8_t bytes[256];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    assert_int_equal(size % 64, 6);
    for (size_t length = 0; length < size; length++)
        refuse(scratch_file("c.npy", bytes, length), length ? "" : "empty");
    (void)scratch_remove("c.npy");
}

static void npy__refuses_missing_files_and_folders(void **state)
{
    (void)state;
    refuse("/nonexistent/x.npy", "cannot be opened (No such file");
    refuse("/", "not a regular file");
}

static void npy__failed_write_leaves_no_file(void **state)
{
    (void)state;
    struct gantry_error error = {0};
    struct gantry_shape shape = {1, {4}};
    static const int8_t data[4] = {0};
    assert_int_equal(gantry_npy_write("/nonexistent/x.npy", GANTRY_INT8, &shape, data, 4, &error),
                     GANTRY_ERR_FILE);
    assert_non_null(strstr(error.message, "cannot be written"));
    const char *path = scratch_path("d.npy");
    assert_int_equal(gantry_npy_write(path, GANTRY_INT8, &shape, data, 3, &error),
                     GANTRY_ERR_ARGUMENT);
    assert_int_not_equal(access(path, F_OK), 0);
    /* The target is a folder: the rename fails, and the temporary file goes too. */
    assert_int_equal(mkdir(scratch_path("folder"), 0777), 0);
    assert_int_equal(gantry_npy_write(scratch_path("folder"), GANTRY_INT8, &shape, data, 4, &error),
                     GANTRY_ERR_FILE);
    assert_int_equal(rmdir(scratch_path("folder")), 0);
    /* The folder can be removed only when nothing is left in it. */
    assert_true(scratch_remove("d.npy"));
}

static void npy__writes_through_a_pipe_and_a_link(void **state)
{
    (void)state;
    struct gantry_error error = {0};
    struct gantry_shape shape = {1, {4}};
    static const int8_t data[4] = {0};
    struct stat status;
    char bytes[256];
    const char *path = scratch_path("pipe.npy");
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDWR | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_int_equal(gantry_npy_write(path, GANTRY_INT8, &shape, data, 4, &error), GANTRY_OK);
    assert_int_equal(read(reader, bytes, sizeof bytes) % 64, 4);
    (void)close(reader);
    assert_int_equal(stat(path, &status), 0);
    assert_true(S_ISFIFO(status.st_mode));
    (void)unlink(path);
    (void)scratch_file("real.npy", "old", 3);
    const char *link = scratch_path("link.npy");
    assert_int_equal(symlink("real.npy", link), 0);
    assert_int_equal(gantry_npy_write(link, GANTRY_INT8, &shape, data, 4, &error), GANTRY_OK);
    assert_int_equal(lstat(link, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(stat(link, &status), 0);
    assert_int_equal(status.st_size % 64, 4);
    (void)unlink(link);
    assert_true(scratch_remove("real.npy"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(npy__reads_back_what_it_writes),
    cmocka_unit_test(npy__reads_all_versions_and_spellings),
    cmocka_unit_test(npy__refuses_bad_headers),
    cmocka_unit_test(npy__refuses_every_truncation),
    cmocka_unit_test(npy__refuses_missing_files_and_folders),
    cmocka_unit_test(npy__failed_write_leaves_no_file),
    cmocka_unit_test(npy__writes_through_a_pipe_and_a_link),
};

GANTRY_TEST_MAIN("npy", tests)
