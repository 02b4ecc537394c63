/* SPDX-License-Identifier: Apache-2.0
 * Decoder and encoder of pictures and a font, kept apart because this is the one place that holds
 * third-party code. */
#ifndef GANTRY_FORMATS_STB_H
#define GANTRY_FORMATS_STB_H

#include <stdbool.h>
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

/* Encodes 8-bit RGB as PNG, in pieces given to write. False: out of memory. */
bool gantry_stb_encode_png(const uint8_t *rgb, int32_t w, int32_t h,
                           void (*write)(void *context, void *data, int size), void *context);

/* Quadrilaterals of text: four corners of x, y, z (float32) and colour each, 64 bytes in all.
 * Returns how many were written to buffer. */
int gantry_stb_text(const char *text, void *buffer, int bytes);

#endif
