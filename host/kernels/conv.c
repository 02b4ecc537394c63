/* SPDX-License-Identifier: Apache-2.0
 * Convolution as a matrix product without copies: for every pixel the addresses of the segments
 * that its window is made of.
 *
 * A segment is a run of bytes in memory: the channels of a pixel (one per tap), or the whole row
 * of a window where channels are few (one per kernel row). A row that sticks out at the left or
 * right is built in scratch memory; anything else outside is a segment of zero points. */
#include <string.h>

#include "kernels/map.h"
#include "kernels/pack.h"

enum {
    ROW_CHANNELS_MAX = 16, /* up to here the row of a window is one segment */
    FEW_PIXELS = 8,        /* up to here units are panels of channels */
    PATCH_BYTES_MAX = 1 << 18
};

/* Output channels that a tile computes at once. */
struct panel {
    int32_t channel, count, vectors;
    size_t weights; /* offset */
};

struct conv {
    struct gantry_s8_conv_args args;
    const struct gantry_gemm_isa *isa;
    bool by_row; /* segments are rows of windows */
    bool by_panel;
    int32_t segments, bytes, groups; /* of a segment */
    int32_t pixels, block;
    int32_t panel_count;
    const struct panel *panels;
    const int8_t *weights, *zeros; /* zeros: a segment of zero points */
    const int32_t *bias;           /* packed by panel; channel is the index of its first */
    const float *scale;
    struct gantry_requant requant;
};

/* What a call of run works in. */
struct scratch {
    const int8_t **rows;
    int32_t *offsets;
    int8_t *patches;
};

static size_t patch_bytes(const struct conv *conv)
{
    return gantry_align_size((size_t)conv->bytes + 4, 16);
}

static size_t scratch_bytes(const struct conv *conv)
{
    size_t entries = (size_t)conv->segments * (size_t)conv->block;
    size_t bytes = gantry_align_size(entries * sizeof(int8_t *), 64);
    bytes += gantry_align_size((size_t)conv->block * sizeof(int32_t), 64);
    return conv->by_row ? bytes + entries * patch_bytes(conv) : bytes;
}

static struct scratch scratch_at(const struct conv *conv, void *memory)
{
    size_t entries = (size_t)conv->segments * (size_t)conv->block;
    uint8_t *at = memory;
    struct scratch scratch;
    scratch.rows = (const int8_t **)(void *)at;
    at += gantry_align_size(entries * sizeof(int8_t *), 64);
    scratch.offsets = (int32_t *)(void *)at;
    at += gantry_align_size((size_t)conv->block * sizeof(int32_t), 64);
    scratch.patches = (int8_t *)at;
    return scratch;
}

/* ---- Addresses of a run of pixels in one row of the output ---- */

struct run {
    int32_t oy, ox, count;
    int32_t at; /* index of its first pixel in the block */
};

/* Pixels ox with 0 <= ox * stride - pad + tap < width - span: first and end. */
static struct gantry_taps inside(int32_t tap, int32_t span, int32_t stride, int32_t pad,
                                 int32_t width)
{
    struct gantry_taps range = {0, 0};
    if (tap < pad) range.first = gantry_div_up(pad - tap, stride);
    int32_t last = width - span + pad - tap;
    if (last >= 0) range.end = last / stride + 1;
    return range;
}

static void point_taps(const struct conv *conv, const struct run *run, const int8_t **rows)
{
    const struct gantry_s8_conv_args *a = &conv->args;
    ptrdiff_t step = (ptrdiff_t)a->stride_w * a->input.pixel_stride;
    for (int32_t ky = 0; ky < a->kernel_h; ky++) {
        int32_t y = run->oy * a->stride_h - a->pad_top + ky * a->dilation_h;
        for (int32_t kx = 0; kx < a->kernel_w; kx++) {
            const int8_t **to = rows + (ptrdiff_t)(ky * a->kernel_w + kx) * conv->block + run->at;
            int32_t tap = kx * a->dilation_w;
            struct gantry_taps in = inside(tap, 1, a->stride_w, a->pad_left, a->input.w);
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

/* The row of a window that sticks out, made whole. */
static const int8_t *patch(const struct conv *conv, const int8_t *row, int32_t x, int8_t *to)
{
    const struct gantry_s8_conv_args *a = &conv->args;
    int32_t c = a->input.c;
    int32_t left = gantry_min_i32(gantry_max_i32(-x, 0), a->kernel_w);
    int32_t end = gantry_max_i32(gantry_min_i32(a->input.w - x, a->kernel_w), left);
    memset(to, a->input_zero, (size_t)(left * c));
    for (int32_t i = left * c; i < end * c; i++) to[i] = row[(ptrdiff_t)x * c + i];
    memset(to + end * c, a->input_zero, (size_t)((a->kernel_w - end) * c));
    return to;
}

static void point_rows(const struct conv *conv, const struct run *run, const int8_t **rows,
                       int8_t *patches)
{
    const struct gantry_s8_conv_args *a = &conv->args;
    ptrdiff_t step = (ptrdiff_t)a->stride_w * a->input.c;
    size_t size = patch_bytes(conv);
    struct gantry_taps in = inside(0, a->kernel_w, a->stride_w, a->pad_left, a->input.w);
    int32_t first = gantry_min_i32(gantry_max_i32(in.first - run->ox, 0), run->count);
    int32_t end = gantry_max_i32(gantry_min_i32(in.end - run->ox, run->count), first);
    for (int32_t ky = 0; ky < a->kernel_h; ky++) {
        const int8_t **to = rows + (ptrdiff_t)ky * conv->block + run->at;
        int8_t *made = patches + ((size_t)ky * (size_t)conv->block + (size_t)run->at) * size;
        int32_t y = run->oy * a->stride_h - a->pad_top + ky * a->dilation_h;
        if (y < 0 || y >= a->input.h) {
            for (int32_t i = 0; i < run->count; i++) to[i] = conv->zeros;
            continue;
        }
        const int8_t *row = gantry_map_pixel(&a->input, y, 0);
        int32_t x = run->ox * a->stride_w - a->pad_left;
        for (int32_t i = 0; i < first; i++)
            to[i] = patch(conv, row, x + i * a->stride_w, made + (size_t)i * size);
        const int8_t *from = row + (ptrdiff_t)x * a->input.c + first * step;
        for (int32_t i = first; i < end; i++, from += step) to[i] = from;
        for (int32_t i = end; i < run->count; i++)
            to[i] = patch(conv, row, x + i * a->stride_w, made + (size_t)i * size);
    }
}

static void point(const struct conv *conv, int32_t first, int32_t count,
                  const struct scratch *scratch)
{
    int32_t width = conv->args.output.w;
    for (int32_t done = 0; done < count;) {
        int32_t pixel = first + done;
        struct run run = {pixel / width, pixel % width, 0, done};
        run.count = gantry_min_i32(width - run.ox, count - done);
        if (conv->by_row)
            point_rows(conv, &run, scratch->rows, scratch->patches);
        else
            point_taps(conv, &run, scratch->rows);
        done += run.count;
    }
}

/* With a zero point of the weights every pixel takes -zero * (sum of its window's values). */
static void sum_windows(const struct conv *conv, int32_t count, const struct scratch *scratch)
{
    for (int32_t i = 0; i < count; i++) {
        int32_t sum = 0;
        for (int32_t s = 0; s < conv->segments; s++) {
            const int8_t *x = scratch->rows[(ptrdiff_t)s * conv->block + i];
            for (int32_t k = 0; k < conv->bytes; k++) sum += x[k];
        }
        scratch->offsets[i] = -conv->args.weight_zero * sum;
    }
}

/* ---- Running ---- */

static void run_panels(const struct conv *conv, int32_t first_pixel, int32_t count,
                       int32_t first_panel, int32_t end_panel, const struct scratch *scratch)
{
    bool sums = conv->args.weight_zero != 0;
    ptrdiff_t stride = conv->args.output.pixel_stride;
    int8_t *out = conv->args.output.data + first_pixel * stride;
    for (int32_t p = first_panel; p < end_panel; p++) {
        const struct panel *panel = &conv->panels[p];
        struct gantry_gemm_call call = {.pitch = conv->block,
                                        .segments = conv->segments,
                                        .groups = conv->groups,
                                        .weights = conv->weights + panel->weights,
                                        .bias = conv->bias + panel->channel,
                                        .scale = conv->scale + panel->channel,
                                        .out_stride = stride,
                                        .channels = panel->count,
                                        .requant = conv->requant};
        int32_t most = conv->isa->rows[panel->vectors];
        int32_t tiles = gantry_div_up(count, most);
        for (int32_t t = 0; t < tiles; t++) {
            int32_t from = (int32_t)((int64_t)count * t / tiles);
            int32_t to = (int32_t)((int64_t)count * (t + 1) / tiles);
            call.rows = scratch->rows + from;
            call.offset = sums ? scratch->offsets + from : NULL;
            call.out = out + from * stride + panel->channel;
            conv->isa->tile(&call, panel->vectors, to - from);
        }
    }
}

static void run_conv(const void *state, int32_t first, int32_t end, void *memory)
{
    const struct conv *conv = state;
    struct scratch scratch = scratch_at(conv, memory);
    int32_t from = conv->by_panel ? 0 : first, to = conv->by_panel ? conv->pixels : end;
    for (int32_t pixel = from; pixel < to; pixel += conv->block) {
        int32_t count = gantry_min_i32(conv->block, to - pixel);
        point(conv, pixel, count, &scratch);
        if (conv->args.weight_zero != 0) sum_windows(conv, count, &scratch);
        if (conv->by_panel)
            run_panels(conv, pixel, count, first, end, &scratch);
        else
            run_panels(conv, pixel, count, 0, conv->panel_count, &scratch);
    }
}

/* ---- Binding ---- */

/* Panels of at most `most` vectors; the last ones as narrow as what is left allows. */
static int32_t panel_vectors(int32_t channels, int32_t lanes, int32_t most)
{
    int32_t vectors = most;
    while (vectors > 1 && channels <= vectors / 2 * lanes) vectors /= 2;
    if (vectors == 4 && channels <= 3 * lanes) vectors = 2; /* and one of 1 follows */
    return vectors;
}

static bool make_panels(struct conv *conv, struct gantry_arena *arena)
{
    int32_t lanes = conv->isa->lanes, channels = conv->args.output.c;
    struct panel *panels =
        gantry_arena_alloc(arena, (size_t)gantry_div_up(channels, lanes), sizeof *panels);
    if (!panels) return false;
    size_t weights = 0, depth = (size_t)conv->segments * (size_t)conv->groups * 4;
    for (int32_t c = 0; c < channels;) {
        struct panel *panel = &panels[conv->panel_count++];
        panel->channel = c;
        panel->vectors = panel_vectors(channels - c, lanes, conv->isa->vectors);
        panel->count = gantry_min_i32(panel->vectors * lanes, channels - c);
        panel->weights = weights;
        weights += depth * (size_t)(panel->vectors * lanes);
        c += panel->count;
    }
    conv->panels = panels;
    return true;
}

/* Channel of a panel that element of vector j is. */
static int32_t channel_at(int32_t vectors, int32_t j, int32_t element)
{
    return 4 * vectors * (element / 4) + 4 * j + element % 4;
}

static void pack_segment(const struct conv *conv, const struct panel *panel, const int8_t *from,
                         int8_t *to)
{
    int32_t lanes = conv->isa->lanes, vectors = panel->vectors;
    ptrdiff_t filter = (ptrdiff_t)conv->segments * conv->bytes;
    for (int32_t j = 0; j < vectors; j++) {
        for (int32_t element = 0; element < lanes; element++) {
            int32_t channel = channel_at(vectors, j, element);
            if (channel >= panel->count) continue;
            const int8_t *w = from + (panel->channel + channel) * filter;
            int8_t *at = to + 4 * (j * lanes + element);
            int32_t whole = conv->bytes / 4, rest = conv->bytes % 4;
            for (int32_t g = 0; g < whole; g++)
                memcpy(at + (ptrdiff_t)g * 4 * vectors * lanes, w + 4 * g, 4);
            if (rest)
                memcpy(at + (ptrdiff_t)whole * 4 * vectors * lanes, w + 4 * whole, (size_t)rest);
        }
    }
}

/* Bias, scale and what zero points and flipping take, by panel and in the order of vectors. */
static void pack_channels(const struct conv *conv, const struct panel *panel, int32_t *bias,
                          float *scale)
{
    const struct gantry_s8_conv_args *a = &conv->args;
    int32_t filter = conv->segments * conv->bytes;
    for (int32_t i = 0; i < panel->vectors * conv->isa->lanes; i++) {
        int32_t channel = channel_at(panel->vectors, i / conv->isa->lanes, i % conv->isa->lanes);
        if (channel >= panel->count) continue;
        channel += panel->channel;
        const int8_t *w = a->weights + (ptrdiff_t)channel * filter;
        int32_t sum = 0;
        for (int32_t k = 0; k < filter; k++) sum += w[k];
        int64_t value = a->bias ? a->bias[channel] : 0;
        value -= (int64_t)(a->input_zero + (conv->isa->flip ? 128 : 0)) * sum;
        value += (int64_t)filter * a->input_zero * a->weight_zero;
        bias[i] = (int32_t)(uint32_t)(uint64_t)value; /* sums are modulo 2^32 */
        scale[i] = a->scale[channel];
    }
}

static bool pack(struct conv *conv, struct gantry_arena *arena)
{
    const struct gantry_s8_conv_args *a = &conv->args;
    size_t depth = (size_t)conv->segments * (size_t)conv->groups * 4;
    const struct panel *last = &conv->panels[conv->panel_count - 1];
    size_t bytes = last->weights + depth * (size_t)(last->vectors * conv->isa->lanes);
    size_t padded = (size_t)(last->channel + last->vectors * conv->isa->lanes);
    int8_t *weights = gantry_arena_alloc(arena, bytes, 1);
    int32_t *bias = gantry_arena_alloc(arena, padded, sizeof *bias);
    float *scale = gantry_arena_alloc(arena, padded, sizeof *scale);
    int8_t *zeros = gantry_arena_alloc(arena, (size_t)conv->bytes + 4, 1);
    if (!weights || !bias || !scale || !zeros) return false;
    memset(zeros, a->input_zero, (size_t)conv->bytes + 4);
    for (int32_t p = 0; p < conv->panel_count; p++) {
        const struct panel *panel = &conv->panels[p];
        size_t segment = (size_t)conv->groups * 4 * (size_t)(panel->vectors * conv->isa->lanes);
        for (int32_t s = 0; s < conv->segments; s++)
            pack_segment(conv, panel, a->weights + (ptrdiff_t)s * conv->bytes,
                         weights + panel->weights + (size_t)s * segment);
        pack_channels(conv, panel, bias + panel->channel, scale + panel->channel);
    }
    conv->weights = weights;
    conv->bias = bias;
    conv->scale = scale;
    conv->zeros = zeros;
    return true;
}

static void choose_segments(struct conv *conv)
{
    const struct gantry_s8_conv_args *a = &conv->args;
    conv->pixels = a->output.h * a->output.w;
    conv->block = gantry_min_i32(conv->pixels, GANTRY_GEMM_BLOCK);
    conv->by_panel = conv->pixels <= FEW_PIXELS;
    bool dense = a->input.pixel_stride == a->input.c && a->dilation_w == 1;
    conv->by_row = dense && a->kernel_w > 1 && a->input.c <= ROW_CHANNELS_MAX;
    conv->segments = a->kernel_h;
    conv->bytes = a->kernel_w * a->input.c;
    if (conv->by_row && scratch_bytes(conv) > PATCH_BYTES_MAX) conv->by_row = false;
    if (!conv->by_row) {
        conv->segments = a->kernel_h * a->kernel_w;
        conv->bytes = a->input.c;
    }
    conv->groups = gantry_div_up(conv->bytes, 4);
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
    struct conv *conv = gantry_arena_alloc(arena, 1, sizeof *conv);
    if (!conv) return false;
    conv->args = *args;
    conv->isa = gemm;
    conv->requant = (struct gantry_requant){args->output_zero, args->clamp_min, args->clamp_max,
                                            gantry_requant_is_wide(args->scale, args->output.c)};
    choose_segments(conv);
    if (!make_panels(conv, arena) || !pack(conv, arena)) return false;
    uint64_t macs = (uint64_t)conv->pixels * (uint64_t)args->output.c * (uint64_t)conv->segments *
                    (uint64_t)conv->bytes;
    *kernel = (struct gantry_kernel){.run = run_conv,
                                     .state = conv,
                                     .units = conv->by_panel ? conv->panel_count : conv->pixels,
                                     .scratch_bytes = scratch_bytes(conv),
                                     .cost = macs / 100};
    return true;
}
