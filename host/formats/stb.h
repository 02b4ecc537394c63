/* SPDX-License-Identifier: Apache-2.0
 * The decoder of pictures, kept apart because it is the one place that holds third-party code. */
#ifndef GANTRY_FORMATS_STB_H
#define GANTRY_FORMATS_STB_H

#include <stddef.h>
#include <stdint.h>

/* 8-bit RGB; release with gantry_stb_release. */
struct gantry_stb_picture {
    uint8_t *rgb;
    int32_t w, h;
};

/* Decodes PNG, JPEG or BMP. NULL when it worked, else the reason. */
const char *gantry_stb_decode(struct gantry_stb_picture *picture, const uint8_t *bytes,
                              size_t size);
void gantry_stb_release(struct gantry_stb_picture *picture);

#endif
