/* SPDX-License-Identifier: Apache-2.0
 * Manifests and label files: what they give, and errors that say where. */
#include "test.h"

#include "files.h"
#include "formats/formats.h"

static enum gantry_status read_text(struct gantry_manifest *manifest, const char *text,
                                    struct gantry_error *error)
{
    (void)scratch_file("manifest.json", text, strlen(text));
    enum gantry_status status =
        gantry_manifest_read(manifest, scratch_path("m.tflite"), NULL, error);
    (void)scratch_remove("manifest.json");
    return status;
}

static void manifest__is_optional(void **state)
{
    (void)state;
    struct gantry_manifest manifest;
    struct gantry_error error = {0};
    assert_int_equal(gantry_manifest_read(&manifest, "/nonexistent/m.tflite", NULL, &error),
                     GANTRY_OK);
    assert_false(manifest.found);
    gantry_manifest_finish(&manifest);
    gantry_manifest_finish(&manifest);
}

static void manifest__gives_labels_and_image_options(void **state)
{
    (void)state;
    struct gantry_manifest manifest;
    struct gantry_error error = {0};
    if (read_text(&manifest,
                  "{\"labels\": [\"yes\", \"n\\no\"], \"other\": 1, \"input\": {\"kind\": "
                  "\"image\", \"invert\": true, \"scale\": 0.5, \"offset\": -1}}",
                  &error))
        fail_msg("%s", error.message);
    assert_true(manifest.found && manifest.image && manifest.image_options.invert);
    assert_true(manifest.image_options.scale == 0.5f && manifest.image_options.offset == -1);
    assert_int_equal(manifest.label_count, 2);
    assert_string_equal(manifest.labels[0], "yes");
    assert_string_equal(manifest.labels[1], "n o");
    gantry_manifest_finish(&manifest);
    if (read_text(&manifest, "{\"input\": {\"kind\": \"features\"}}", &error))
        fail_msg("%s", error.message);
    assert_true(manifest.found && !manifest.image && manifest.label_count == 0);
    gantry_manifest_finish(&manifest);
}

static void manifest__errors_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"{\n \"labels\": [1,,]}", "manifest.json: line 2, column"},
        {"[]", "not an object"},
        {"{\"labels\": 3}", "\"labels\" is not an array"},
        {"{\"labels\": []}", "0 labels"},
        {"{\"labels\": [\"a\", 7]}", "label 1 is not a string"},
        {"{\"input\": []}", "\"input\" is not an object"},
        {"{\"input\": {\"kind\": 1}}", "\"kind\" is not a string"},
        {"{\"input\": {\"kind\": \"image\", \"invert\": 1}}", "\"invert\" is not true or false"},
        {"{\"input\": {\"kind\": \"image\", \"scale\": \"1\"}}", "\"scale\" is not a number"},
        {"{\"input\": {\"kind\": \"image\", \"scale\": 1e60}}", "\"scale\" is out of range"},
        {"{\"input\": {\"kind\": \"image\", \"resize\": \"bilinear\"}}", "resize \"bilinear\""},
        {"{\"labels\": [\"a\"], \"labels\": [\"b\"]}", "line 1"},
    };
    for (size_t i = 0; i < GANTRY_COUNT(cases); i++) {
        struct gantry_manifest manifest;
        struct gantry_error error = {0};
        assert_int_equal(read_text(&manifest, cases[i].text, &error), GANTRY_ERR_FILE);
        if (!strstr(error.message, cases[i].words))
            fail_msg("\"%s\" lacks \"%s\"", error.message, cases[i].words);
        assert_false(manifest.found);
        gantry_manifest_finish(&manifest);
    }
}

static void labels__one_per_line(void **state)
{
    (void)state;
    static const char text[] = "cat\r\n\nlast one";
    struct gantry_manifest manifest;
    struct gantry_error error = {0};
    assert_int_equal(gantry_manifest_read(&manifest, "/nonexistent/m", NULL, &error), GANTRY_OK);
    if (gantry_labels_read(&manifest, scratch_file("l.txt", text, strlen(text)), &error))
        fail_msg("%s", error.message);
    assert_int_equal(manifest.label_count, 3);
    assert_string_equal(manifest.labels[0], "cat");
    assert_string_equal(manifest.labels[1], "");
    assert_string_equal(manifest.labels[2], "last one");
    if (gantry_labels_read(&manifest, scratch_file("l.txt", "one\n", 4), &error))
        fail_msg("%s", error.message);
    assert_int_equal(manifest.label_count, 1);
    assert_int_equal(gantry_labels_read(&manifest, scratch_file("l.txt", "a\0b\n", 4), &error),
                     GANTRY_ERR_FILE);
    assert_non_null(strstr(error.message, "label 0 holds a zero byte"));
    assert_int_equal(gantry_labels_read(&manifest, "/nonexistent/l.txt", &error), GANTRY_ERR_FILE);
    gantry_manifest_finish(&manifest);
    (void)scratch_remove("l.txt");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(manifest__is_optional),
    cmocka_unit_test(manifest__gives_labels_and_image_options),
    cmocka_unit_test(manifest__errors_say_where),
    cmocka_unit_test(labels__one_per_line),
};

GANTRY_TEST_MAIN("manifest", tests)
