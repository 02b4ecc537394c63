/* SPDX-License-Identifier: Apache-2.0
 * Pictures as model inputs: decode, grey or RGB, area resize in exact integers, quantise. */
#include "formats/formats.h"
#include "formats/stb.h"

#include <math.h>
#include <string.h>

/* 8-bit pixels, channels of the input. */
struct picture {
    uint8_t *data;
    int32_t w, h, c;
};

static enum gantry_status decode(struct picture *picture, const char *path,
                                 const struct gantry_file *file,
                                 const struct gantry_allocator *allocator,
                                 struct gantry_error *error)
{
    struct gantry_stb_picture raw;
    const char *why = gantry_stb_decode(&raw, file->data, file->size);
    if (why) return gantry_fail(error, GANTRY_ERR_FILE, "%s: %s", path, why);
    size_t pixels = (size_t)raw.w * (size_t)raw.h;
    picture->w = raw.w;
    picture->h = raw.h;
    picture->data = gantry_allocate(allocator, pixels, (size_t)picture->c);
    for (size_t i = 0; picture->data && i < pixels; i++) {
        const uint8_t *rgb = raw.rgb + 3 * i;
        if (picture->c == 1)
            picture->data[i] = (uint8_t)((77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2] + 128) >> 8);
        else
            memcpy(picture->data + 3 * i, rgb, 3);
    }
    gantry_stb_release(&raw);
    if (!picture->data) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", path);
    return GANTRY_OK;
}

/* Length, in units of 1/(source x target), of the part of source pixel i that lies in target pixel
 * x; both lines have the length source x target. */
static int64_t overlap(int32_t x, int32_t i, int32_t source, int32_t target)
{
    int64_t from = (int64_t)x * source, to = from + source;
    int64_t left = (int64_t)i * target, right = left + target;
    return (to < right ? to : right) - (from > left ? from : left);
}

/* Mean of the source rectangle of one output pixel, edge pixels by the part covered, rounded half
 * up. Integers: the result is the same on every machine. */
static uint8_t area_mean(const struct picture *from, const struct picture *to, int32_t x, int32_t y,
                         int32_t c)
{
    int32_t x0 = (int32_t)((int64_t)x * from->w / to->w);
    int32_t y0 = (int32_t)((int64_t)y * from->h / to->h);
    int64_t sum = 0;
    for (int32_t j = y0; j < from->h && (int64_t)j * to->h < (int64_t)(y + 1) * from->h; j++) {
        int64_t row = 0;
        for (int32_t i = x0; i < from->w && (int64_t)i * to->w < (int64_t)(x + 1) * from->w; i++)
            row +=
                overlap(x, i, from->w, to->w) *
                from->data[((size_t)j * (size_t)from->w + (size_t)i) * (size_t)from->c + (size_t)c];
        sum += row * overlap(y, j, from->h, to->h);
    }
    int64_t area = (int64_t)from->w * from->h;
    return (uint8_t)((2 * sum + area) / (2 * area));
}

static void resize(const struct picture *from, struct picture *to)
{
    uint8_t *at = to->data;
    for (int32_t y = 0; y < to->h; y++)
        for (int32_t x = 0; x < to->w; x++)
            for (int32_t c = 0; c < to->c; c++) *at++ = area_mean(from, to, x, y, c);
}

/* Where channels, height and width of an input are: last, or first as in ONNX. */
struct layout {
    int32_t h, w, c;
    bool first;
};

static struct layout layout_of(const struct gantry_tensor_info *info)
{
    const int32_t *d = info->shape.dims;
    bool last = d[3] == 1 || d[3] == 3;
    if (last) return (struct layout){d[1], d[2], d[3], false};
    return (struct layout){d[2], d[3], d[1], true};
}

/* Element of the input that holds value i of a picture. */
static size_t element_of(const struct layout *layout, size_t i)
{
    size_t channels = (size_t)layout->c, pixels = (size_t)layout->h * (size_t)layout->w;
    return layout->first ? i % channels * pixels + i / channels : i;
}

static void quantize(const struct picture *picture, const struct gantry_tensor_info *info,
                     const struct gantry_image_options *options, void *out)
{
    double low = info->dtype == GANTRY_INT8 ? INT8_MIN : 0;
    double high = info->dtype == GANTRY_INT8 ? INT8_MAX : UINT8_MAX;
    const struct layout layout = layout_of(info);
    uint8_t table[256];
    float real[256];
    for (int32_t v = 0; v < 256; v++) {
        double value = v * (double)options->scale + (double)options->offset;
        double q = nearbyint(value / (double)info->scale) + info->zero_point;
        real[v] = (float)value;
        q = q > low ? q : low;
        table[v] = (uint8_t)(int32_t)(q < high ? q : high);
    }
    size_t count = (size_t)picture->w * (size_t)picture->h * (size_t)picture->c;
    for (size_t i = 0; i < count; i++) {
        size_t at = element_of(&layout, i);
        if (info->dtype == GANTRY_FLOAT32)
            ((float *)out)[at] = real[picture->data[i]];
        else
            ((uint8_t *)out)[at] = table[picture->data[i]];
    }
}

static enum gantry_status check_info(const char *path, const struct gantry_tensor_info *info,
                                     const struct gantry_image_options *options,
                                     struct gantry_error *error)
{
    const struct gantry_shape *shape = &info->shape;
    char text[80];
    const struct layout layout = layout_of(info);
    bool pixels = shape->rank == 4 && shape->dims[0] == 1 && (layout.c == 1 || layout.c == 3) &&
                  gantry_shape_elements(shape) > 0;
    if (!pixels || layout.h > 16384 || layout.w > 16384)
        return gantry_fail(error, GANTRY_ERR_SHAPE,
                           "%s: a picture does not fit input \"%s\" of shape %s", path, info->name,
                           gantry_shape_text(shape, text, sizeof text));
    bool stored = info->dtype == GANTRY_INT8 || info->dtype == GANTRY_UINT8;
    if (!(stored && info->scale > 0) && info->dtype != GANTRY_FLOAT32)
        return gantry_fail(error, GANTRY_ERR_SHAPE,
                           "%s: a picture does not fit input \"%s\" of type %s", path, info->name,
                           gantry_dtype_name(info->dtype));
    if (!isfinite(options->scale) || !isfinite(options->offset))
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: scale or offset is not finite", path);
    return GANTRY_OK;
}

struct gantry_image_options gantry_image_default_options(const struct gantry_tensor_info *info)
{
    const float unit = 1.0f / 200; /* an input in 0..1 has 1/255, one in 0..255 has 1 */
    if (info->dtype == GANTRY_FLOAT32) return (struct gantry_image_options){.scale = 1.0f / 255};
    if (info->dtype == GANTRY_UINT8)
        return (struct gantry_image_options){.scale = info->scale,
                                             .offset = -info->scale * (float)info->zero_point};
    return (struct gantry_image_options){.scale = info->scale <= unit ? 1.0f / 255 : 1.0f};
}

static enum gantry_status convert(struct gantry_array *out, struct picture *picture,
                                  const char *path, const struct gantry_tensor_info *info,
                                  const struct gantry_image_options *options,
                                  struct gantry_error *error)
{
    const struct gantry_allocator *allocator = out->allocator;
    const struct layout layout = layout_of(info);
    struct picture small = {NULL, layout.w, layout.h, layout.c};
    size_t count = (size_t)picture->w * (size_t)picture->h * (size_t)picture->c;
    for (size_t i = 0; options->invert && i < count; i++)
        picture->data[i] = (uint8_t)(255 - picture->data[i]);
    size_t elements = (size_t)gantry_shape_elements(&info->shape);
    out->bytes = elements * gantry_dtype_bytes(info->dtype);
    small.data = gantry_allocate(allocator, elements, 1);
    out->data = gantry_allocate(allocator, out->bytes, 1);
    enum gantry_status status = GANTRY_OK;
    if (small.data && out->data) {
        resize(picture, &small);
        quantize(&small, info, options, out->data);
        out->dtype = info->dtype;
        out->shape = info->shape;
    } else {
        gantry_array_finish(out);
        status = gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", path);
    }
    gantry_release(allocator, small.data);
    return status;
}

enum gantry_status
gantry_image_read(struct gantry_array *out, const char *path, const struct gantry_tensor_info *info,
                  const struct gantry_image_options *options, struct gantry_image_size *size,
                  const struct gantry_allocator *allocator, struct gantry_error *error)
{
    memset(out, 0, sizeof *out);
    out->allocator = allocator;
    enum gantry_status status = check_info(path, info, options, error);
    if (status != GANTRY_OK) return status;
    struct gantry_file file;
    status = gantry_file_open(&file, path, error);
    if (status != GANTRY_OK) return status;
    struct picture picture = {.c = layout_of(info).c};
    status = decode(&picture, path, &file, allocator, error);
    if (size) *size = (struct gantry_image_size){picture.w, picture.h};
    if (status == GANTRY_OK) status = convert(out, &picture, path, info, options, error);
    gantry_release(allocator, picture.data);
    gantry_file_close(&file);
    return status;
}
