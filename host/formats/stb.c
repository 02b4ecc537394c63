/* SPDX-License-Identifier: Apache-2.0
 * stb_image with the three formats that are read, stb_image_write for PNG, stb_easy_font. */
#include "formats/stb.h"

#include <limits.h>

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_NO_FAILURE_STRINGS
#define STBI_MAX_DIMENSIONS 16384
#include <stb/stb_image.h>
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#include <stb/stb_easy_font.h>
#include <stb/stb_image_write.h>

const char *gantry_stb_decode(struct gantry_stb_picture *picture, const uint8_t *bytes, size_t size)
{
    int w = 0, h = 0, channels = 0;
    if (size > INT_MAX) return "larger than 2^31 - 1 bytes";
    if (!stbi_info_from_memory(bytes, (int)size, &w, &h, &channels))
        return "not a picture (PNG, JPEG or BMP)";
    if (w < 1 || h < 1 || w > STBI_MAX_DIMENSIONS || h > STBI_MAX_DIMENSIONS)
        return "the picture has no pixels, or more than 16384 x 16384";
    picture->rgb = stbi_load_from_memory(bytes, (int)size, &w, &h, &channels, 3);
    if (!picture->rgb) return "the picture is damaged, or of a kind that is not read";
    picture->w = w;
    picture->h = h;
    return NULL;
}

void gantry_stb_release(struct gantry_stb_picture *picture)
{
    stbi_image_free(picture->rgb);
    picture->rgb = NULL;
}

bool gantry_stb_encode_png(const uint8_t *rgb, int32_t w, int32_t h,
                           void (*write)(void *context, void *data, int size), void *context)
{
    return stbi_write_png_to_func(write, context, w, h, 3, rgb, 3 * w) != 0;
}

int gantry_stb_text(const char *text, void *buffer, int bytes)
{
    /* It takes the text as not constant, and does not write to it. */
    return stb_easy_font_print(0, 0, (char *)(uintptr_t)text, NULL, buffer, bytes);
}
