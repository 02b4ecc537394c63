/* SPDX-License-Identifier: Apache-2.0
 * RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR on NHWC maps. A unit is a row of the output. */
#include <math.h>
#include <string.h>

#include "kernels/op.h"

/* Where a position of the output lies in the input: between two positions, this far behind the
 * first one. */
struct place {
    int32_t low, high;
    float behind;
};

struct resize {
    const struct gantry_op_args *args;
    int32_t h, w, c, out_h, out_w;
    const struct place *y, *x;
};

/* Values of the four neighbours of a position, one behind the other along the channels. */
struct corners {
    int64_t top_left, top_right, bottom_left, bottom_right;
};

static struct corners corners_of(const struct resize *resize, int32_t unit, int32_t ox)
{
    const struct place *y = &resize->y[unit % resize->out_h], *x = &resize->x[ox];
    int64_t top = (int64_t)(unit / resize->out_h) * resize->h + y->low;
    int64_t bottom = top + y->high - y->low, row = resize->w;
    return (struct corners){.top_left = (top * row + x->low) * resize->c,
                            .top_right = (top * row + x->high) * resize->c,
                            .bottom_left = (bottom * row + x->low) * resize->c,
                            .bottom_right = (bottom * row + x->high) * resize->c};
}

static int64_t row_elements(const struct resize *resize)
{
    return (int64_t)resize->out_w * resize->c;
}

static void bilinear_f32(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct resize *resize = state;
    const float *from = resize->args->inputs[0].data;
    (void)scratch;
    for (int32_t unit = first; unit < end; unit++) {
        float *to = (float *)resize->args->outputs[0].data + unit * row_elements(resize);
        float down = resize->y[unit % resize->out_h].behind;
        for (int32_t ox = 0; ox < resize->out_w; ox++) {
            const struct corners at = corners_of(resize, unit, ox);
            float right = resize->x[ox].behind;
            for (int32_t c = 0; c < resize->c; c++) {
                float top = from[at.top_left + c];
                float bottom = from[at.bottom_left + c];
                top += (from[at.top_right + c] - top) * right;
                bottom += (from[at.bottom_right + c] - bottom) * right;
                *to++ = top + (bottom - top) * down;
            }
        }
    }
}

/* Weights of 11 bits, one rounding at the end, halves up (docs/arithmetic.md). */
static void bilinear_s8(const void *state, int32_t first, int32_t end, void *scratch)
{
    enum { BITS = 11, ONE = 1 << BITS };
    const struct resize *resize = state;
    const int8_t *from = resize->args->inputs[0].data;
    (void)scratch;
    for (int32_t unit = first; unit < end; unit++) {
        int8_t *to = (int8_t *)resize->args->outputs[0].data + unit * row_elements(resize);
        int32_t down = (int32_t)lrintf(resize->y[unit % resize->out_h].behind * ONE);
        for (int32_t ox = 0; ox < resize->out_w; ox++) {
            const struct corners at = corners_of(resize, unit, ox);
            int32_t right = (int32_t)lrintf(resize->x[ox].behind * ONE);
            for (int32_t c = 0; c < resize->c; c++) {
                int32_t top = from[at.top_left + c] * (ONE - right);
                int32_t bottom = from[at.bottom_left + c] * (ONE - right);
                top += from[at.top_right + c] * right;
                bottom += from[at.bottom_right + c] * right;
                int32_t sum = top * (ONE - down) + bottom * down;
                *to++ = (int8_t)((sum + (1 << (2 * BITS - 1))) >> 2 * BITS);
            }
        }
    }
}

static void nearest(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct resize *resize = state;
    size_t pixel = (size_t)resize->c * gantry_dtype_bytes(resize->args->inputs[0].dtype);
    const uint8_t *from = resize->args->inputs[0].data;
    (void)scratch;
    for (int32_t unit = first; unit < end; unit++) {
        uint8_t *to =
            (uint8_t *)resize->args->outputs[0].data + (size_t)unit * (size_t)resize->out_w * pixel;
        int64_t row =
            (int64_t)(unit / resize->out_h) * resize->h + resize->y[unit % resize->out_h].low;
        for (int32_t ox = 0; ox < resize->out_w; ox++, to += pixel)
            memcpy(to, from + (size_t)(row * resize->w + resize->x[ox].low) * pixel, pixel);
    }
}

/* Distance in the input of two positions of the output. */
static float step_of(int32_t in, int32_t out, bool align_corners)
{
    int32_t less = align_corners && out > 1;
    return (float)(in - less) / (float)(out - less);
}

static void place_between(struct place *place, int32_t in, int32_t out,
                          const struct gantry_resize_attributes *how)
{
    float step = step_of(in, out, how->align_corners), last = (float)(in - 1);
    float offset = how->half_pixel ? 0.5f * step - 0.5f : 0.0f;
    for (int32_t i = 0; i < out; i++) {
        float at = fminf(fmaxf((float)i * step + offset, 0.0f), last);
        place[i].low = (int32_t)at;
        place[i].high = gantry_min_i32(place[i].low + 1, in - 1);
        place[i].behind = at - (float)place[i].low;
    }
}

int32_t gantry_op_nearest_place(int32_t i, int32_t in, int32_t out,
                                const struct gantry_resize_attributes *how)
{
    float at = ((float)i + (how->half_pixel ? 0.5f : 0.0f)) * step_of(in, out, how->align_corners);
    at = how->align_corners ? roundf(at) : floorf(at);
    return gantry_min_i32((int32_t)at, in - 1);
}

static void place_nearest(struct place *place, int32_t in, int32_t out,
                          const struct gantry_resize_attributes *how)
{
    for (int32_t i = 0; i < out; i++) place[i].low = gantry_op_nearest_place(i, in, out, how);
}

static bool bind(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                 struct gantry_arena *arena,
                 void (*run)(const void *state, int32_t first, int32_t end, void *scratch),
                 void (*fill)(struct place *place, int32_t in, int32_t out,
                              const struct gantry_resize_attributes *how))
{
    const int32_t *x = args->inputs[0].shape.dims, *y = args->outputs[0].shape.dims;
    struct resize *resize = gantry_arena_alloc(arena, 1, sizeof *resize);
    struct place *rows = gantry_arena_alloc(arena, (size_t)y[1], sizeof *rows);
    struct place *columns = gantry_arena_alloc(arena, (size_t)y[2], sizeof *columns);
    if (!resize || !rows || !columns) return false;
    *resize = (struct resize){.args = args,
                              .h = x[1],
                              .w = x[2],
                              .c = x[3],
                              .out_h = y[1],
                              .out_w = y[2],
                              .y = rows,
                              .x = columns};
    fill(rows, x[1], y[1], &args->attributes->resize);
    fill(columns, x[2], y[2], &args->attributes->resize);
    gantry_op_set(kernel, run, resize, y[0] * y[1],
                  (uint64_t)gantry_op_elements(&args->outputs[0]) * 8);
    return true;
}

bool gantry_op_resize_bilinear(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                               struct gantry_arena *arena)
{
    bool stored = args->inputs[0].dtype == GANTRY_INT8;
    return bind(kernel, args, arena, stored ? bilinear_s8 : bilinear_f32, place_between);
}

bool gantry_op_resize_nearest(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                              struct gantry_arena *arena)
{
    return bind(kernel, args, arena, nearest, place_nearest);
}
