/* SPDX-License-Identifier: Apache-2.0
 * Pictures as inputs: the preparation that models/digits/manifest.json writes down, step by step,
 * and the refusal of what is no picture. */
#include "test.h"

#include "files.h"
#include "formats/formats.h"
#include "random.h"

/* A 24-bit .bmp of w x h pixels, rows from the bottom. */
static size_t make_bmp(uint8_t *bmp, int32_t w, int32_t h, const uint8_t *rgb)
{
    size_t row = gantry_align_size((size_t)w * 3, 4), size = 54 + row * (size_t)h;
    memset(bmp, 0, size);
    memcpy(bmp, "BM", 2);
    gantry_store_u32(bmp + 2, (uint32_t)size);
    gantry_store_u32(bmp + 10, 54);
    gantry_store_u32(bmp + 14, 40);
    gantry_store_u32(bmp + 18, (uint32_t)w);
    gantry_store_u32(bmp + 22, (uint32_t)h);
    gantry_store_u32(bmp + 26, 1 | 24 << 16);
    for (int32_t y = 0; y < h; y++)
        for (int32_t x = 0; x < w; x++)
            for (int32_t c = 0; c < 3; c++)
                bmp[54 + (size_t)(h - 1 - y) * row + (size_t)(3 * x + c)] =
                    rgb[3 * (y * w + x) + 2 - c];
    return size;
}

static struct gantry_tensor_info info_of(int32_t h, int32_t w, int32_t c)
{
    return (struct gantry_tensor_info){.name = "image",
                                       .dtype = GANTRY_INT8,
                                       .shape = {4, {1, h, w, c}},
                                       .scale = 1,
                                       .zero_point = -128,
                                       .bytes = (size_t)(h * w * c)};
}

static const struct gantry_image_options plain = {.scale = 1};

static void read_picture(struct gantry_array *out, const char *path,
                         const struct gantry_tensor_info *info,
                         const struct gantry_image_options *options)
{
    struct gantry_error error = {0};
    if (gantry_image_read(out, path, info, options, NULL, NULL, &error))
        fail_msg("%s", error.message);
    assert_int_equal(out->bytes, info->bytes);
    assert_true(gantry_shape_equal(&out->shape, &info->shape));
}

static void image__keeps_pixels_and_makes_grey(void **state)
{
    (void)state;
    static const uint8_t rgb[] = {0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7};
    uint8_t bmp[256];
    struct gantry_array out;
    struct gantry_tensor_info colour = info_of(2, 3, 3), grey = info_of(2, 3, 1);
    const char *path = scratch_file("a.bmp", bmp, make_bmp(bmp, 3, 2, rgb));
    read_picture(&out, path, &colour, &plain);
    for (size_t i = 0; i < sizeof rgb; i++)
        assert_int_equal(((const int8_t *)out.data)[i], rgb[i] - 128);
    gantry_array_finish(&out);
    /* (77 R + 150 G + 29 B + 128) >> 8 */
    static const int8_t greys[] = {-128, 127, 77 - 128, 149 - 128, 29 - 128, 8 - 128};
    read_picture(&out, path, &grey, &plain);
    assert_memory_equal(out.data, greys, sizeof greys);
    gantry_array_finish(&out);
    (void)scratch_remove("a.bmp");
}

/* Area averaging by definition: every source pixel cut into W x H equal parts. */
static int32_t mean_by_parts(const uint8_t *rgb, int32_t sw, int32_t sh, int32_t w, int32_t h,
                             int32_t x, int32_t y, int32_t c)
{
    int64_t sum = 0;
    for (int32_t j = y * sh; j < (y + 1) * sh; j++)
        for (int32_t i = x * sw; i < (x + 1) * sw; i++) sum += rgb[3 * (j / h * sw + i / w) + c];
    int64_t parts = (int64_t)sw * sh;
    return (int32_t)((2 * sum + parts) / (2 * parts));
}

static void image__resizes_by_exact_area(void **state)
{
    (void)state;
    uint64_t seed = 1;
    static uint8_t rgb[3 * 40 * 40], bmp[8192];
    for (int round = 0; round < 40; round++) {
        int32_t sw = random_in(&seed, 1, 40), sh = random_in(&seed, 1, 40);
        int32_t w = random_in(&seed, 1, 24), h = random_in(&seed, 1, 24);
        for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (uint8_t)random_in(&seed, 0, 255);
        struct gantry_array out;
        struct gantry_tensor_info info = info_of(h, w, 3);
        read_picture(&out, scratch_file("b.bmp", bmp, make_bmp(bmp, sw, sh, rgb)), &info, &plain);
        const int8_t *at = out.data;
        for (int32_t y = 0; y < h; y++)
            for (int32_t x = 0; x < w; x++)
                for (int32_t c = 0; c < 3; c++)
                    assert_int_equal(*at++ + 128, mean_by_parts(rgb, sw, sh, w, h, x, y, c));
        gantry_array_finish(&out);
    }
    (void)scratch_remove("b.bmp");
}

static int quantised(uint8_t value, struct gantry_tensor_info info,
                     struct gantry_image_options options)
{
    const uint8_t rgb[3] = {value, value, value};
    uint8_t bmp[64];
    struct gantry_array out;
    read_picture(&out, scratch_file("c.bmp", bmp, make_bmp(bmp, 1, 1, rgb)), &info, &options);
    int result = info.dtype == GANTRY_INT8 ? *(const int8_t *)out.data : *(const uint8_t *)out.data;
    gantry_array_finish(&out);
    return result;
}

static void image__inverts_scales_and_saturates(void **state)
{
    (void)state;
    struct gantry_tensor_info info = info_of(1, 1, 1);
    assert_int_equal(quantised(10, info, (struct gantry_image_options){true, 1, 0}), 117);
    assert_int_equal(quantised(10, info, (struct gantry_image_options){false, 2, -15}), 5 - 128);
    assert_int_equal(quantised(200, info, (struct gantry_image_options){false, 2, 0}), 127);
    assert_int_equal(quantised(200, info, (struct gantry_image_options){false, -1, 0}), -128);
    /* Ties go to even before the zero point is added. */
    assert_int_equal(quantised(1, info, (struct gantry_image_options){false, 0.5f, 0}), -128);
    assert_int_equal(quantised(3, info, (struct gantry_image_options){false, 0.5f, 0}), 2 - 128);
    info.zero_point = -127;
    assert_int_equal(quantised(1, info, (struct gantry_image_options){false, 0.5f, 0}), -127);
    info.scale = 1.0f / 255;
    info.zero_point = -128;
    assert_int_equal(quantised(77, info, (struct gantry_image_options){false, 1.0f / 255, 0}), -51);
    info.dtype = GANTRY_UINT8;
    info.scale = 1;
    info.zero_point = 0;
    assert_int_equal(quantised(200, info, plain), 200);
    (void)scratch_remove("c.bmp");
}

static void image__default_options_keep_the_pixel_value(void **state)
{
    (void)state;
    struct gantry_tensor_info info = info_of(1, 1, 1);
    for (int v = 0; v < 256; v += 5) {
        info.scale = 1;
        assert_int_equal(quantised((uint8_t)v, info, gantry_image_default_options(&info)), v - 128);
        info.scale = 1.0f / 255;
        assert_int_equal(quantised((uint8_t)v, info, gantry_image_default_options(&info)), v - 128);
        struct gantry_tensor_info bytes = info;
        bytes.dtype = GANTRY_UINT8;
        bytes.scale = 2.0f / 255;
        bytes.zero_point = 127;
        assert_int_equal(
            (uint8_t)quantised((uint8_t)v, bytes, gantry_image_default_options(&bytes)), v);
    }
    (void)scratch_remove("c.bmp");
}

/* The manifest's steps in Python made these vectors. */
static void image__equals_the_vectors_of_digits(void **state)
{
    (void)state;
    struct gantry_error error = {0};
    struct gantry_manifest manifest;
    struct gantry_array vectors, picture;
    const char *model = GANTRY_SOURCE_DIR "/models/digits/digits.tflite";
    if (gantry_manifest_read(&manifest, model, NULL, &error) ||
        gantry_npy_read(&vectors, GANTRY_SOURCE_DIR "/tests/vectors/digits/input0.npy", NULL,
                        &error))
        fail_msg("%s", error.message);
    assert_true(manifest.found && manifest.image && manifest.label_count == 10);
    assert_true(manifest.image_options.invert);
    struct gantry_tensor_info info = info_of(16, 16, 1);
    info.scale = 0.003921568859368563f;
    assert_true(vectors.shape.dims[0] >= 30);
    for (int32_t i = 0; i < 30; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/models/digits/samples/%d_%d.png", GANTRY_SOURCE_DIR,
                       i / 3, i % 3);
        read_picture(&picture, path, &info, &manifest.image_options);
        assert_memory_equal(picture.data, (const int8_t *)vectors.data + i * 256, 256);
        gantry_array_finish(&picture);
    }
    gantry_array_finish(&vectors);
    gantry_manifest_finish(&manifest);
}

static void refuse(const char *path, const struct gantry_tensor_info *info,
                   enum gantry_status status, const char *words)
{
    struct gantry_error error = {0};
    struct gantry_array out;
    assert_int_equal(gantry_image_read(&out, path, info, &plain, NULL, NULL, &error), status);
    if (!strstr(error.message, words)) fail_msg("\"%s\" lacks \"%s\"", error.message, words);
    assert_null(out.data);
}

static void image__refuses_what_is_no_picture(void **state)
{
    (void)state;
    struct gantry_tensor_info info = info_of(4, 4, 3);
    uint8_t bmp[256];
    static const uint8_t rgb[27] = {0};
    size_t size = make_bmp(bmp, 3, 3, rgb);
    refuse("/nonexistent/x.png", &info, GANTRY_ERR_FILE, "/nonexistent/x.png: cannot be opened");
    refuse(scratch_file("d.bmp", "no picture", 10), &info, GANTRY_ERR_FILE, "not a picture");
    gantry_store_u32(bmp + 18, 20000);
    refuse(scratch_file("d.bmp", bmp, size), &info, GANTRY_ERR_FILE, "16384");
    gantry_store_u32(bmp + 18, 3);
    const char *path = scratch_file("d.bmp", bmp, size);
    info.shape.dims[3] = 4;
    refuse(path, &info, GANTRY_ERR_SHAPE, "shape 1x4x4x4");
    info.shape.rank = 2;
    refuse(path, &info, GANTRY_ERR_SHAPE, "shape 1x4");
    info = info_of(4, 4, 3);
    info.dtype = GANTRY_INT32;
    refuse(path, &info, GANTRY_ERR_SHAPE, "type int32");
    (void)scratch_remove("d.bmp");
}

/* No crash, whatever the outcome: the decoder is third-party code on untrusted bytes. */
static void image__survives_damaged_pictures(void **state)
{
    (void)state;
    struct gantry_tensor_info info = info_of(16, 16, 1);
    struct gantry_error error = {0};
    struct gantry_file file;
    uint64_t seed = 2;
    if (gantry_file_open(&file, GANTRY_SOURCE_DIR "/models/digits/samples/3_1.png", &error))
        fail_msg("%s", error.message);
    uint8_t *bytes = malloc(file.size);
    assert_non_null(bytes);
    for (int round = 0; round < 500; round++) {
        struct gantry_array out;
        memcpy(bytes, file.data, file.size);
        size_t length = (size_t)random_in(&seed, 1, (int32_t)file.size);
        bytes[random_in(&seed, 0, (int32_t)length - 1)] ^= (uint8_t)(1 << random_in(&seed, 0, 7));
        const char *path = scratch_file("e.png", bytes, length);
        enum gantry_status status =
            gantry_image_read(&out, path, &info, &plain, NULL, NULL, &error);
        assert_true(status == GANTRY_OK || (status == GANTRY_ERR_FILE && !out.data));
        gantry_array_finish(&out);
    }
    free(bytes);
    gantry_file_close(&file);
    (void)scratch_remove("e.png");
}

static void image__gives_real_numbers_and_channels_first(void **state)
{
    (void)state;
    enum { H = 2, W = 5 };
    uint8_t rgb[3 * H * W], bmp[256];
    struct gantry_array out;
    for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (uint8_t)(i * 37);
    const struct gantry_tensor_info info = {.name = "image",
                                            .dtype = GANTRY_FLOAT32,
                                            .shape = {4, {1, 3, H, W}},
                                            .bytes = 4 * sizeof rgb};
    const struct gantry_image_options options = gantry_image_default_options(&info);
    read_picture(&out, scratch_file("f.bmp", bmp, make_bmp(bmp, W, H, rgb)), &info, &options);
    for (int32_t c = 0; c < 3; c++)
        for (int32_t i = 0; i < H * W; i++) {
            float real = ((const float *)out.data)[c * H * W + i];
            assert_true(real > (float)rgb[3 * i + c] / 255 - 1e-6f);
            assert_true(real < (float)rgb[3 * i + c] / 255 + 1e-6f);
        }
    gantry_array_finish(&out);
    (void)scratch_remove("f.bmp");
}

static void picture__is_read_as_it_was_written(void **state)
{
    (void)state;
    struct gantry_picture picture = gantry_picture_make(7, 3, NULL), back;
    struct gantry_rectangle glyphs[64];
    struct gantry_error error = {0};
    assert_non_null(picture.rgb);
    for (size_t i = 0; i < 63; i++) picture.rgb[i] = (uint8_t)(i * 41);
    const char *path = scratch_file("g.png", "", 0);
    if (gantry_picture_write(&picture, path, &error) ||
        gantry_picture_read(&back, path, NULL, &error))
        fail_msg("%s", error.message);
    assert_true(back.w == 7 && back.h == 3);
    assert_memory_equal(back.rgb, picture.rgb, 63);
    assert_int_equal(gantry_picture_write(&picture, "/no folder/a.png", &error), GANTRY_ERR_FILE);
    int32_t count = gantry_picture_text("cat 0.9", glyphs, 64);
    assert_in_range(count, 7, 64);
    for (int32_t i = 0; i < count; i++)
        assert_true(glyphs[i].x >= 0 && glyphs[i].y >= 0 && glyphs[i].w > 0 && glyphs[i].h > 0);
    assert_int_equal(gantry_picture_text("cat 0.9", glyphs, 3), 3);
    gantry_picture_finish(&picture);
    gantry_picture_finish(&back);
    (void)scratch_remove("g.png");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(image__gives_real_numbers_and_channels_first),
    cmocka_unit_test(picture__is_read_as_it_was_written),
    cmocka_unit_test(image__keeps_pixels_and_makes_grey),
    cmocka_unit_test(image__resizes_by_exact_area),
    cmocka_unit_test(image__inverts_scales_and_saturates),
    cmocka_unit_test(image__default_options_keep_the_pixel_value),
    cmocka_unit_test(image__equals_the_vectors_of_digits),
    cmocka_unit_test(image__refuses_what_is_no_picture),
    cmocka_unit_test(image__survives_damaged_pictures),
};

GANTRY_TEST_MAIN("image", tests)
