/* SPDX-License-Identifier: Apache-2.0
 * A board by its device tree: what is one, and what may be opened there. */
#include "test.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device/board.h"
#include "gantry_spec.h"

#define ROOT GANTRY_BUILD_DIR "/test-board"
#define TREE ROOT "/proc/device-tree"

static void put(const char *name, const void *bytes, size_t size)
{
    char path[512];
    (void)snprintf(path, sizeof path, TREE "/%s", name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* A tree with that property "compatible", and no application. */
static void begin(const char *compatible, size_t size)
{
    (void)mkdir(ROOT, 0777);
    (void)mkdir(ROOT "/proc", 0777);
    (void)mkdir(TREE, 0777);
    (void)mkdir(TREE "/gantry", 0777);
    (void)unlink(TREE "/gantry/gantry,spec-hash");
    put("compatible", compatible, size);
}

static void load(uint64_t hash)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(hash >> (56 - 8 * i));
    put("gantry/gantry,spec-hash", bytes, sizeof bytes);
}

static const char kria[] = "xlnx,zynqmp-sk-kv260\0xlnx,zynqmp";

static void board__is_one_by_a_whole_word(void **state)
{
    (void)state;
    begin(kria, sizeof kria);
    assert_true(gantry_board_is_there(ROOT));
    begin("xlnx,zynqmp-2", 14);
    assert_false(gantry_board_is_there(ROOT));
    begin("", 0);
    assert_false(gantry_board_is_there(ROOT));
    assert_false(gantry_board_is_there(ROOT "/none"));
}

static void board__other_machines_may_be_opened(void **state)
{
    (void)state;
    begin("other,machine", 14);
    assert_int_equal(gantry_board_check(ROOT, "x", NULL), GANTRY_OK);
}

static void board__without_the_application_may_not(void **state)
{
    (void)state;
    struct gantry_error error = {0};
    begin(kria, sizeof kria);
    assert_int_equal(gantry_board_check(ROOT, "xrt:0", &error), GANTRY_ERR_MISSING);
    assert_string_equal(error.message, "xrt:0: the application that is loaded is not Gantry's");
    assert_non_null(strstr(error.hint, "xmutil loadapp gantry"));
    put("gantry/gantry,spec-hash", "short", 5);
    assert_int_equal(gantry_board_check(ROOT, "xrt:0", &error), GANTRY_ERR_MISSING);
}

static void board__with_one_of_another_specification_may_not(void **state)
{
    (void)state;
    struct gantry_error error = {0};
    begin(kria, sizeof kria);
    load(GANTRY_SPEC_HASH ^ 1);
    assert_int_equal(gantry_board_check(ROOT, "xrt:0", &error), GANTRY_ERR_DEVICE);
    load(GANTRY_SPEC_HASH);
    assert_int_equal(gantry_board_check(ROOT, "xrt:0", NULL), GANTRY_OK);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(board__is_one_by_a_whole_word),
    cmocka_unit_test(board__other_machines_may_be_opened),
    cmocka_unit_test(board__without_the_application_may_not),
    cmocka_unit_test(board__with_one_of_another_specification_may_not),
};

GANTRY_TEST_MAIN("board", tests)
