/* SPDX-License-Identifier: Apache-2.0
 * Convolution as a matrix product without im2col: for every pixel the addresses of the segments
 * that its window is made of. A block of output pixels is computed at a time.
 *
 * taps   a segment is the channels of a pixel; outside of the map it is a segment of zero points
 * band   a segment is a row of a window. The rows of input that a block needs are copied to
 *        scratch memory with their padding, in the form that the products take. Pays where
 *        channels are few, on either side. */
#include <string.h>

#include "kernels/conv.h"
#include "kernels/map.h"

enum {
    BAND_IN_CHANNELS_MAX = 32, /* a window's row of up to so many channels is one segment */
    BAND_OUT_CHANNELS_MAX = 32,
    FEW_PIXELS = 8, /* up to here units are panels of channels */
    BAND_BYTES_MAX = 1 << 18
};

/* What a call of run works in. */
struct scratch {
    const int8_t **rows;
    int8_t *band;
};

static size_t scratch_bytes(const struct gantry_conv *conv)
{
    size_t entries = (size_t)conv->segments * (size_t)conv->block;
    size_t bytes = gantry_align_size(entries * sizeof(int8_t *), 64);
    return conv->by_band ? bytes + conv->band_pitch * (size_t)conv->band_h : bytes;
}

static struct scratch scratch_at(const struct gantry_conv *conv, void *memory)
{
    size_t entries = (size_t)conv->segments * (size_t)conv->block;
    return (struct scratch){.rows = memory,
                            .band = (int8_t *)memory +
                                    gantry_align_size(entries * sizeof(int8_t *), 64)};
}

/* ---- Taps: addresses of a run of pixels in one row of the output ---- */

struct run {
    int32_t oy, ox, count;
    int32_t at; /* index of its first pixel in the block */
};

/* Pixels ox with 0 <= ox * stride - pad + tap < width: first and end. */
static struct gantry_taps inside(int32_t tap, int32_t stride, int32_t pad, int32_t width)
{
    struct gantry_taps range = {0, 0};
    if (tap < pad) range.first = gantry_div_up(pad - tap, stride);
    int32_t last = width - 1 + pad - tap;
    if (last >= 0) range.end = last / stride + 1;
    return range;
}

static void point_taps(const struct gantry_conv *conv, const struct run *run, const int8_t **rows)
{
    const struct gantry_s8_conv_args *a = &conv->args;
    ptrdiff_t step = (ptrdiff_t)a->stride_w * a->input.pixel_stride;
    for (int32_t ky = 0; ky < a->kernel_h; ky++) {
        int32_t y = run->oy * a->stride_h - a->pad_top + ky * a->dilation_h;
        for (int32_t kx = 0; kx < a->kernel_w; kx++) {
            const int8_t **to = rows + (ptrdiff_t)(ky * a->kernel_w + kx) * conv->block + run->at;
            int32_t tap = kx * a->dilation_w;
            struct gantry_taps in = inside(tap, a->stride_w, a->pad_left, a->input.w);
            if (y < 0 || y >= a->input.h) in.end = 0;
            int32_t first = gantry_max_i32(in.first - run->ox, 0);
            int32_t end = gantry_min_i32(in.end - run->ox, run->count);
            int32_t i = 0;
            for (; i < run->count && i < first; i++) to[i] = conv->zeros;
            const int8_t *from = NULL;
            if (i < end)
                from =
                    gantry_map_pixel(&a->input, y, (run->ox + i) * a->stride_w - a->pad_left + tap);
            for (; i < end; i++, from += step) to[i] = from;
            for (; i < run->count; i++) to[i] = conv->zeros;
        }
    }
}

static void point(const struct gantry_conv *conv, int32_t first, int32_t count,
                  const struct scratch *scratch)
{
    int32_t width = conv->args.output.w;
    for (int32_t done = 0; done < count;) {
        int32_t pixel = first + done;
        struct run run = {pixel / width, pixel % width, 0, done};
        run.count = gantry_min_i32(width - run.ox, count - done);
        point_taps(conv, &run, scratch->rows);
        done += run.count;
    }
}

/* ---- Band ---- */

static void fill_row(const struct gantry_conv *conv, int32_t y, int32_t x, int32_t columns,
                     int8_t *to)
{
    const struct gantry_s8_conv_args *a = &conv->args;
    int32_t c = a->input.c;
    int32_t left = gantry_min_i32(gantry_max_i32(-x, 0), columns);
    int32_t end = gantry_max_i32(gantry_min_i32(a->input.w - x, columns), left);
    if (y < 0 || y >= a->input.h) left = end = columns;
    int zero = a->input_zero + (conv->isa->flip ? 128 : 0);
    memset(to, zero, (size_t)left * (size_t)c);
    if (left < end)
        conv->isa->copy(to + (size_t)left * (size_t)c, gantry_map_pixel(&a->input, y, x + left),
                        (end - left) * c);
    memset(to + (size_t)end * (size_t)c, zero, (size_t)(columns - end) * (size_t)c);
}

/* Copies what rows oy .. oy + h - 1, pixels ox .. ox + w - 1 need. */
static void fill_band(const struct gantry_conv *conv, int32_t oy, int32_t ox, int32_t h, int32_t w,
                      const struct scratch *scratch)
{
    const struct gantry_s8_conv_args *a = &conv->args;
    int32_t rows = (h - 1) * a->stride_h + (a->kernel_h - 1) * a->dilation_h + 1;
    int32_t columns = (w - 1) * a->stride_w + a->kernel_w;
    for (int32_t y = 0; y < rows; y++)
        fill_row(conv, oy * a->stride_h - a->pad_top + y, ox * a->stride_w - a->pad_left, columns,
                 scratch->band + (size_t)y * conv->band_pitch);
}

/* The addresses are those of scratch memory: the same for every block of one shape. */
static void point_band(const struct gantry_conv *conv, int32_t h, int32_t w,
                       const struct scratch *scratch)
{
    const struct gantry_s8_conv_args *a = &conv->args;
    ptrdiff_t step = (ptrdiff_t)a->stride_w * a->input.c;
    for (int32_t ky = 0; ky < a->kernel_h; ky++) {
        const int8_t **to = scratch->rows + (ptrdiff_t)ky * conv->block;
        for (int32_t y = 0; y < h; y++, to += w) {
            int32_t row = y * a->stride_h + ky * a->dilation_h;
            const int8_t *from = scratch->band + (size_t)row * conv->band_pitch;
            for (int32_t x = 0; x < w; x++) to[x] = from + x * step;
        }
    }
}

/* ---- Running ---- */

static void run_panels(const struct gantry_conv *conv, int32_t first_pixel, int32_t count,
                       int32_t first_panel, int32_t end_panel, const struct scratch *scratch)
{
    ptrdiff_t stride = conv->args.output.pixel_stride;
    int8_t *out = conv->args.output.data + first_pixel * stride;
    for (int32_t p = first_panel; p < end_panel; p++) {
        const struct gantry_conv_panel *panel = &conv->panels[p];
        struct gantry_gemm_call call = {.pitch = conv->block,
                                        .segments = conv->segments,
                                        .groups = conv->groups,
                                        .weights = conv->weights + panel->weights,
                                        .rests = panel->rests,
                                        .rest_count = panel->rest_count,
                                        .bias = conv->bias + panel->channel,
                                        .scale = conv->scale + panel->channel,
                                        .out_stride = stride,
                                        .channels = panel->count,
                                        .flipped = conv->by_band && conv->isa->flip,
                                        .requant = conv->requant};
        int32_t most = conv->isa->rows[panel->vectors];
        int32_t tiles = gantry_div_up(count, most);
        for (int32_t t = 0; t < tiles; t++) {
            int32_t from = (int32_t)((int64_t)count * t / tiles);
            int32_t to = (int32_t)((int64_t)count * (t + 1) / tiles);
            call.rows = scratch->rows + from;
            call.out = out + from * stride + panel->channel;
            conv->isa->tile(&call, panel->vectors, to - from);
        }
    }
}

static void run_taps(const void *state, int32_t first, int32_t end, void *memory)
{
    const struct gantry_conv *conv = state;
    struct scratch scratch = scratch_at(conv, memory);
    int32_t from = conv->by_panel ? 0 : first, to = conv->by_panel ? conv->pixels : end;
    for (int32_t pixel = from; pixel < to; pixel += conv->block) {
        int32_t count = gantry_min_i32(conv->block, to - pixel);
        point(conv, pixel, count, &scratch);
        if (conv->by_panel)
            run_panels(conv, pixel, count, first, end, &scratch);
        else
            run_panels(conv, pixel, count, 0, conv->panel_count, &scratch);
    }
}

static void run_band(const void *state, int32_t first, int32_t end, void *memory)
{
    const struct gantry_conv *conv = state;
    struct scratch scratch = scratch_at(conv, memory);
    const struct gantry_s8_map *out = &conv->args.output;
    int32_t pointed_h = 0, pointed_w = 0;
    for (int32_t unit = first; unit < end; unit++) {
        int32_t oy = unit / conv->blocks_across * conv->block_h;
        int32_t ox = unit % conv->blocks_across * conv->block_w;
        int32_t h = gantry_min_i32(conv->block_h, out->h - oy);
        int32_t w = gantry_min_i32(conv->block_w, out->w - ox);
        fill_band(conv, oy, ox, h, w, &scratch);
        if (h != pointed_h || w != pointed_w) point_band(conv, h, w, &scratch);
        pointed_h = h;
        pointed_w = w;
        run_panels(conv, oy * out->w + ox, h * w, 0, conv->panel_count, &scratch);
    }
}

/* ---- Binding ---- */

/* A product over single pixels has no rows: any pixel may stand beside any other. */
static void flatten(struct gantry_s8_conv_args *a)
{
    bool single = a->kernel_h == 1 && a->kernel_w == 1 && a->stride_h == 1 && a->stride_w == 1;
    if (!single || a->pad_top != 0 || a->pad_left != 0 || a->input.h != a->output.h ||
        a->input.w != a->output.w)
        return;
    a->input.w *= a->input.h;
    a->output.w = a->input.w;
    a->input.h = a->output.h = 1;
}

static void choose_band(struct gantry_conv *conv)
{
    const struct gantry_s8_conv_args *a = &conv->args;
    const struct gantry_s8_map *out = &a->output;
    conv->blocks_across = gantry_div_up(out->w, GANTRY_GEMM_BLOCK);
    conv->block_w = gantry_div_up(out->w, conv->blocks_across);
    conv->block_h = gantry_min_i32(gantry_max_i32(GANTRY_GEMM_BLOCK / out->w, 1), out->h);
    conv->band_h = (conv->block_h - 1) * a->stride_h + (a->kernel_h - 1) * a->dilation_h + 1;
    size_t columns = (size_t)(conv->block_w - 1) * (size_t)a->stride_w + (size_t)a->kernel_w;
    conv->band_pitch = gantry_align_size(columns * (size_t)a->input.c + GANTRY_KERNEL_SLACK, 64);
    conv->segments = a->kernel_h;
    conv->bytes = a->kernel_w * a->input.c;
    conv->block = conv->block_h * conv->block_w;
}

/* Sub-sampling products of single pixels would copy pixels that nothing reads. */
static bool wants_band(const struct gantry_conv *conv)
{
    const struct gantry_s8_conv_args *a = &conv->args;
    if (a->input.pixel_stride != a->input.c || a->dilation_w != 1 || conv->by_panel) return false;
    if (a->kernel_w == 1 && (a->stride_w > 1 || a->stride_h > 1 || !conv->isa->flip)) return false;
    bool few_in = a->kernel_w > 1 && a->input.c <= BAND_IN_CHANNELS_MAX;
    bool few_out = a->output.c <= BAND_OUT_CHANNELS_MAX && conv->isa->flip;
    return (few_in || few_out) && conv->band_pitch * (size_t)conv->band_h <= BAND_BYTES_MAX;
}

static void choose_segments(struct gantry_conv *conv)
{
    const struct gantry_s8_conv_args *a = &conv->args;
    conv->pixels = a->output.h * a->output.w;
    conv->by_panel = conv->pixels <= FEW_PIXELS;
    choose_band(conv);
    conv->by_band = wants_band(conv);
    if (!conv->by_band) {
        conv->segments = a->kernel_h * a->kernel_w;
        conv->bytes = a->input.c;
        conv->block = gantry_min_i32(conv->pixels, GANTRY_GEMM_BLOCK);
    }
    conv->groups = gantry_div_up(conv->bytes, 4);
}

static int32_t count_units(const struct gantry_conv *conv)
{
    if (conv->by_panel) return conv->panel_count;
    if (!conv->by_band) return conv->pixels;
    return conv->blocks_across * gantry_div_up(conv->args.output.h, conv->block_h);
}

static void run_ref(const void *state, int32_t first, int32_t end, void *scratch)
{
    (void)scratch;
    if (first < end) gantry_s8_conv_2d__ref(state);
}

static bool bind_ref(struct gantry_kernel *kernel, const struct gantry_s8_conv_args *args,
                     struct gantry_arena *arena)
{
    struct gantry_s8_conv_args *state = gantry_arena_alloc(arena, 1, sizeof *state);
    if (!state) return false;
    *state = *args;
    *kernel = (struct gantry_kernel){.run = run_ref, .state = state, .units = 1};
    return true;
}

bool gantry_kernel_conv_2d(struct gantry_kernel *kernel, const struct gantry_s8_conv_args *args,
                           enum gantry_isa isa, struct gantry_arena *arena)
{
    const struct gantry_gemm_isa *gemm = gantry_gemm_isa(isa);
    if (!gemm) return bind_ref(kernel, args, arena);
    struct gantry_conv *conv = gantry_arena_alloc(arena, 1, sizeof *conv);
    if (!conv) return false;
    conv->args = *args;
    flatten(&conv->args);
    conv->isa = gemm;
    conv->requant = (struct gantry_requant){args->output_zero, args->clamp_min, args->clamp_max,
                                            gantry_requant_is_wide(args->scale, args->output.c)};
    choose_segments(conv);
    conv->parts = gantry_weights_have_parts(
        args->weights, (size_t)conv->segments * (size_t)conv->bytes * (size_t)args->output.c,
        args->weight_zero, gemm->narrow);
    if (!gantry_conv_pack(conv, arena)) return false;
    uint64_t macs = (uint64_t)conv->pixels * (uint64_t)args->output.c * (uint64_t)conv->segments *
                    (uint64_t)conv->bytes;
    *kernel = (struct gantry_kernel){.run = conv->by_band ? run_band : run_taps,
                                     .state = conv,
                                     .units = count_units(conv),
                                     .scratch_bytes = scratch_bytes(conv),
                                     .cost = macs / 100,
                                     .packed = conv->packed};
    return true;
}
