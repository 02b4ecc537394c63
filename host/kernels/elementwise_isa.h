/* SPDX-License-Identifier: Apache-2.0
 * What is no product, by instruction set; first and end are rows of the output, of MEAN groups of
 * GANTRY_MEAN_GROUP channels. */
#ifndef GANTRY_KERNELS_ELEMENTWISE_ISA_H
#define GANTRY_KERNELS_ELEMENTWISE_ISA_H

#include "kernels/kernel.h"
#include "kernels/map.h"

enum { GANTRY_MEAN_GROUP = 64 };

struct gantry_elementwise_isa {
    void (*add)(const struct gantry_s8_add_args *args, int32_t first, int32_t end);
    void (*average)(const struct gantry_s8_pool_args *args, int32_t first, int32_t end);
    void (*max)(const struct gantry_s8_pool_args *args, int32_t first, int32_t end);
    void (*mean)(const struct gantry_s8_mean_args *args, int32_t first, int32_t end);
    void (*softmax)(const struct gantry_s8_softmax_args *args, int32_t first, int32_t end);
    gantry_x8_look_up *look_up;
};

/* NULL where the build lacks the instruction set. */
const struct gantry_elementwise_isa *gantry_elementwise_isa(enum gantry_isa isa);
extern const struct gantry_elementwise_isa gantry_elementwise__avx512, gantry_elementwise__avx2,
    gantry_elementwise__neon;

/* The part of a pool's window that lies inside of the input. */
struct gantry_window {
    int32_t top, bottom, left, right;
};
static inline struct gantry_window gantry_window_at(const struct gantry_s8_pool_args *args,
                                                    int32_t oy, int32_t ox)
{
    int32_t y = oy * args->stride_h - args->pad_top, x = ox * args->stride_w - args->pad_left;
    struct gantry_window window = {
        gantry_max_i32(y, 0), gantry_min_i32(y + args->kernel_h, args->input.h),
        gantry_max_i32(x, 0), gantry_min_i32(x + args->kernel_w, args->input.w)};
    return window;
}

#endif
