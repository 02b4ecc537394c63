/* SPDX-License-Identifier: Apache-2.0
 * Pictures as they are: in, out, and text on them. */
#include <math.h>
#include <string.h>

#include "formats/formats.h"
#include "formats/stb.h"
#include "formats/write.h"

struct gantry_picture gantry_picture_make(int32_t w, int32_t h,
                                          const struct gantry_allocator *allocator)
{
    struct gantry_picture picture = {NULL, w, h, allocator};
    picture.rgb = gantry_allocate(allocator, (size_t)w * (size_t)h, 3);
    return picture;
}

void gantry_picture_finish(struct gantry_picture *picture)
{
    gantry_release(picture->allocator, picture->rgb);
    picture->rgb = NULL;
}

enum gantry_status gantry_picture_read(struct gantry_picture *picture, const char *path,
                                       const struct gantry_allocator *allocator,
                                       struct gantry_error *error)
{
    struct gantry_file file;
    struct gantry_stb_picture raw;
    memset(picture, 0, sizeof *picture);
    enum gantry_status status = gantry_file_open(&file, path, error);
    if (status != GANTRY_OK) return status;
    const char *why = gantry_stb_decode(&raw, file.data, file.size);
    gantry_file_close(&file);
    if (why) return gantry_fail(error, GANTRY_ERR_FILE, "%s: %s", path, why);
    *picture = gantry_picture_make(raw.w, raw.h, allocator);
    if (picture->rgb) memcpy(picture->rgb, raw.rgb, (size_t)raw.w * (size_t)raw.h * 3);
    gantry_stb_release(&raw);
    if (!picture->rgb) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", path);
    return GANTRY_OK;
}

/* The encoder gives the whole file at once. */
struct sink {
    const char *path;
    struct gantry_error *error;
    enum gantry_status status;
};

static void take(void *context, void *data, int size)
{
    struct sink *sink = context;
    const struct gantry_piece piece = {data, (size_t)size};
    sink->status = gantry_write_file(sink->path, &piece, 1, sink->error);
}

enum gantry_status gantry_picture_write(const struct gantry_picture *picture, const char *path,
                                        struct gantry_error *error)
{
    struct sink sink = {path, error, GANTRY_OK};
    if (!gantry_stb_encode_png(picture->rgb, picture->w, picture->h, take, &sink))
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", path);
    return sink.status;
}

int32_t gantry_picture_text(const char *text, struct gantry_rectangle *out, int32_t limit)
{
    enum { CORNER_BYTES = 16, QUADS = 1024, SCALE = 2 };
    static const size_t opposite = 2 * CORNER_BYTES;
    uint8_t buffer[QUADS * 4 * CORNER_BYTES];
    int32_t count = gantry_stb_text(text, buffer, sizeof buffer);
    if (count > limit) count = limit;
    for (int32_t i = 0; i < count; i++) {
        float from[2], to[2];
        const uint8_t *quad = buffer + (size_t)i * 4 * CORNER_BYTES;
        memcpy(from, quad, sizeof from);
        memcpy(to, quad + opposite, sizeof to);
        out[i] = (struct gantry_rectangle){SCALE * (int32_t)from[0], SCALE * (int32_t)from[1],
                                           SCALE * (int32_t)(to[0] - from[0]),
                                           SCALE * (int32_t)(to[1] - from[1])};
    }
    return count;
}
