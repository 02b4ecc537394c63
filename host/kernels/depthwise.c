/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution over flat rows: with channels inside of pixels, a tap further right is the
 * same run of bytes further on. Three ways to make runs:
 *
 * flat     dense pixels, horizontal stride 1: a row of the output is one run
 * planes   dense pixels, few channels, stride > 1: each row of the input is split into one plane
 *          per column modulo the stride, with its padding, and then is flat
 * pixels   anything else: every pixel of the output is a run of its channels
 *
 * Weights minus their zero point that are no bytes are the sum of two; the rows of the kernel that
 * have such weights in a chunk are added once more there. */
#include <stdlib.h>
#include <string.h>

#include "kernels/map.h"
#include "kernels/pack.h"

enum {
    PHASES_MAX = 16,
    TAPS_MAX = 64,
    ROWS_MAX = 512,
    PLANE_CHANNELS_MAX = 63,
    PIXEL_BAND = 4,            /* rows of output of a column of one pixel */
    PLANE_BAND_BYTES = 1 << 15 /* of input in planes, for as many rows as fit */
};

enum way { FLAT, PLANES, PIXELS };

struct depthwise {
    struct gantry_s8_conv_args args;
    const struct gantry_depthwise_isa *isa;
    enum way way;
    struct gantry_depthwise_pack pack;
    struct gantry_packed packed; /* its weights, bias and scale; none where there are rests */
    const int8_t *zeros;         /* a row of zero points */
    int32_t plane_pixels;
    size_t plane_bytes;
    int32_t band; /* rows of output that a column has at most */
    ptrdiff_t offset[TAPS_MAX];
};

static bool is_in(const struct gantry_s8_map *map, int32_t y) { return y >= 0 && y < map->h; }

static int32_t top_of(const struct gantry_s8_conv_args *a, int32_t oy)
{
    return oy * a->stride_h - a->pad_top;
}

/* Rows of input from y = top on. */
static void point_rows(const struct depthwise *dw, int32_t top, int32_t count, const int8_t **rows)
{
    const struct gantry_s8_map *in = &dw->args.input;
    for (int32_t i = 0; i < count; i++)
        rows[i] = is_in(in, top + i) ? gantry_map_pixel(in, top + i, 0) : dw->zeros;
}

/* Whether rows of output are computed in columns of several. */
static bool has_columns(const struct depthwise *dw)
{
    const struct gantry_s8_conv_args *a = &dw->args;
    return dw->isa->column && a->kernel_h == 3 && a->kernel_w == 3 && a->stride_h <= 2 &&
           a->dilation_h == 1;
}

static struct gantry_depthwise_column column_of(const struct depthwise *dw, const int8_t **rows)
{
    const struct gantry_s8_conv_args *a = &dw->args;
    return (struct gantry_depthwise_column){.pack = &dw->pack,
                                            .rows = rows,
                                            .offset = dw->offset,
                                            .bytes = a->output.w * a->output.c,
                                            .valid = a->input.w * a->input.c,
                                            .stride = a->stride_h,
                                            .out_pitch =
                                                (ptrdiff_t)a->output.w * a->output.pixel_stride};
}

/* Rows of input under so many of output. */
static int32_t rows_under(const struct depthwise *dw, int32_t count)
{
    return (count - 1) * dw->args.stride_h + dw->args.kernel_h;
}

/* ---- Flat ---- */

static void run_flat_rows(const struct depthwise *dw, int32_t first, int32_t end)
{
    const struct gantry_s8_conv_args *a = &dw->args;
    const int8_t *rows[TAPS_MAX];
    struct gantry_depthwise_call call = {.pack = &dw->pack,
                                         .rows = rows,
                                         .offset = dw->offset,
                                         .bytes = a->output.w * a->output.c,
                                         .valid = a->input.w * a->input.c};
    for (int32_t oy = first; oy < end; oy++) {
        for (int32_t ky = 0; ky < a->kernel_h; ky++)
            point_rows(dw, top_of(a, oy) + ky * a->dilation_h, 1, &rows[ky]);
        call.out = gantry_map_pixel(&a->output, oy, 0);
        dw->isa->row(&call);
    }
}

static void run_flat(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct depthwise *dw = state;
    const struct gantry_s8_conv_args *a = &dw->args;
    (void)scratch;
    if (!has_columns(dw)) {
        run_flat_rows(dw, first, end);
        return;
    }
    const int8_t *rows[ROWS_MAX];
    struct gantry_depthwise_column column = column_of(dw, rows);
    for (int32_t oy = first; oy < end; oy += column.count) {
        column.count = gantry_min_i32(end - oy, dw->band);
        point_rows(dw, top_of(a, oy), rows_under(dw, column.count), rows);
        column.out = gantry_map_pixel(&a->output, oy, 0);
        dw->isa->column(&column);
    }
}

/* ---- Planes ---- */

static void copy_pixel(int8_t *to, const int8_t *from, int32_t channels)
{
    int32_t c = 0;
    for (; c + 16 <= channels; c += 16) memcpy(to + c, from + c, 16);
    for (; c + 8 <= channels; c += 8) memcpy(to + c, from + c, 8);
    for (; c < channels; c++) to[c] = from[c];
}

/* Plane p holds the padded columns p, p + stride, ..: its input begins at pixel first_of(p). */
static int32_t first_of(const struct depthwise *dw, int32_t plane)
{
    return gantry_max_i32(dw->args.pad_left - plane + dw->args.stride_w - 1, 0) / dw->args.stride_w;
}

static void split_row(const struct depthwise *dw, const int8_t *row, int8_t *planes)
{
    const struct gantry_s8_conv_args *a = &dw->args;
    int32_t c = a->input.c, stride = a->stride_w, done = 0;
    if (dw->isa->split && stride == 2 && (c == 8 || c == 16 || c == 32)) {
        int32_t even = a->pad_left % 2, odd = 1 - even; /* planes of those columns */
        int32_t wanted = gantry_min_i32(a->input.w, 2 * dw->plane_pixels - a->pad_left);
        done = dw->isa->split(row, wanted, c,
                              planes + (size_t)even * dw->plane_bytes + first_of(dw, even) * c,
                              planes + (size_t)odd * dw->plane_bytes + first_of(dw, odd) * c);
    }
    for (int32_t p = 0; p < stride; p++) {
        int8_t *to = planes + (size_t)p * dw->plane_bytes;
        int32_t first = gantry_min_i32(first_of(dw, p), dw->plane_pixels);
        memset(to, a->input_zero, (size_t)(first * c));
        int32_t i = first + done / 2, x = i * stride + p - a->pad_left;
        const int8_t *from = row + (ptrdiff_t)x * c;
        for (; i < dw->plane_pixels && x < a->input.w; i++, x += stride, from += stride * c)
            copy_pixel(to + i * c, from, c);
        if (i < dw->plane_pixels)
            memset(to + i * c, a->input_zero, (size_t)((dw->plane_pixels - i) * c));
    }
}

static size_t row_bytes(const struct depthwise *dw)
{
    return dw->plane_bytes * (size_t)dw->args.stride_w;
}

static void run_plane_columns(const struct depthwise *dw, int32_t first, int32_t end,
                              int8_t *scratch)
{
    const struct gantry_s8_conv_args *a = &dw->args;
    const int8_t *rows[ROWS_MAX];
    struct gantry_depthwise_column column = column_of(dw, rows);
    column.valid = INT32_MAX;
    for (int32_t oy = first; oy < end; oy += column.count) {
        column.count = gantry_min_i32(end - oy, dw->band);
        int32_t top = top_of(a, oy), count = rows_under(dw, column.count);
        for (int32_t i = 0; i < count; i++) {
            int8_t *planes = scratch + (size_t)i * row_bytes(dw);
            bool in = is_in(&a->input, top + i);
            if (in) split_row(dw, gantry_map_pixel(&a->input, top + i, 0), planes);
            rows[i] = in ? planes : dw->zeros;
        }
        column.out = gantry_map_pixel(&a->output, oy, 0);
        dw->isa->column(&column);
    }
}

/* Rows of input stay in a ring of as many as a window spans. */
static void run_planes(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct depthwise *dw = state;
    const struct gantry_s8_conv_args *a = &dw->args;
    if (has_columns(dw)) {
        run_plane_columns(dw, first, end, scratch);
        return;
    }
    int32_t span = (a->kernel_h - 1) * a->dilation_h + 1, next = INT32_MIN;
    const int8_t *rows[TAPS_MAX];
    struct gantry_depthwise_call call = {.pack = &dw->pack,
                                         .rows = rows,
                                         .offset = dw->offset,
                                         .bytes = a->output.w * a->output.c,
                                         .valid = INT32_MAX};
    for (int32_t oy = first; oy < end; oy++) {
        int32_t top = top_of(a, oy);
        for (int32_t y = gantry_max_i32(top, next); y < top + span; y++)
            if (is_in(&a->input, y))
                split_row(dw, gantry_map_pixel(&a->input, y, 0),
                          (int8_t *)scratch + (size_t)(y % span) * row_bytes(dw));
        next = top + span;
        for (int32_t ky = 0; ky < a->kernel_h; ky++) {
            int32_t y = top + ky * a->dilation_h;
            rows[ky] = is_in(&a->input, y) ? (int8_t *)scratch + (size_t)(y % span) * row_bytes(dw)
                                           : dw->zeros;
        }
        call.out = gantry_map_pixel(&a->output, oy, 0);
        dw->isa->row(&call);
    }
}

/* ---- Pixels ---- */

/* Where the taps of a pixel begin. */
static void point_taps(const struct depthwise *dw, int32_t ox, ptrdiff_t *offset)
{
    const struct gantry_s8_conv_args *a = &dw->args;
    for (int32_t kx = 0; kx < a->kernel_w; kx++) {
        int32_t x = ox * a->stride_w - a->pad_left + kx * a->dilation_w;
        offset[kx] = (ptrdiff_t)x * a->input.pixel_stride;
    }
}

/* The channels of the last pixel end the row. */
static int32_t valid_bytes(const struct gantry_s8_map *in)
{
    return (in->w - 1) * in->pixel_stride + in->c;
}

static void run_pixel_columns(const struct depthwise *dw, int32_t first, int32_t end)
{
    const struct gantry_s8_conv_args *a = &dw->args;
    const int8_t *rows[ROWS_MAX];
    ptrdiff_t offset[TAPS_MAX];
    struct gantry_depthwise_column column = column_of(dw, rows);
    column.offset = offset;
    column.bytes = a->output.c;
    column.valid = valid_bytes(&a->input);
    for (int32_t oy = first; oy < end; oy += column.count) {
        column.count = gantry_min_i32(end - oy, dw->band);
        point_rows(dw, top_of(a, oy), rows_under(dw, column.count), rows);
        for (int32_t ox = 0; ox < a->output.w; ox++) {
            point_taps(dw, ox, offset);
            column.out = gantry_map_pixel(&a->output, oy, ox);
            dw->isa->column(&column);
        }
    }
}

static void run_pixels(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct depthwise *dw = state;
    const struct gantry_s8_conv_args *a = &dw->args;
    const int8_t *rows[TAPS_MAX];
    ptrdiff_t offset[TAPS_MAX];
    (void)scratch;
    if (has_columns(dw)) {
        run_pixel_columns(dw, first, end);
        return;
    }
    struct gantry_depthwise_call call = {.pack = &dw->pack,
                                         .rows = rows,
                                         .offset = offset,
                                         .bytes = a->output.c,
                                         .valid = valid_bytes(&a->input)};
    for (int32_t oy = first; oy < end; oy++) {
        for (int32_t ky = 0; ky < a->kernel_h; ky++)
            point_rows(dw, top_of(a, oy) + ky * a->dilation_h, 1, &rows[ky]);
        for (int32_t ox = 0; ox < a->output.w; ox++) {
            point_taps(dw, ox, offset);
            call.out = gantry_map_pixel(&a->output, oy, ox);
            dw->isa->row(&call);
        }
    }
}

/* ---- Binding ---- */

static int32_t divisor(int32_t a, int32_t b)
{
    while (b != 0) {
        int32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static void choose_way(struct depthwise *dw)
{
    const struct gantry_s8_conv_args *a = &dw->args;
    int32_t chunk = 4 * dw->isa->lanes, c = a->input.c;
    bool dense = a->input.pixel_stride == c && a->output.pixel_stride == c;
    int32_t phases = c / divisor(c, chunk);
    dw->way = PIXELS;
    dw->pack.phases = gantry_div_up(c, chunk);
    if (!dense || phases > PHASES_MAX) return;
    if (a->stride_w == 1)
        dw->way = FLAT;
    else if (c <= PLANE_CHANNELS_MAX)
        dw->way = PLANES;
    if (dw->way != PIXELS) dw->pack.phases = phases;
}

static void set_offsets(struct depthwise *dw)
{
    const struct gantry_s8_conv_args *a = &dw->args;
    int32_t c = a->input.c, last = (a->kernel_w - 1) * a->dilation_w;
    dw->plane_pixels = a->output.w + last / a->stride_w;
    dw->plane_bytes =
        gantry_align_size((size_t)dw->plane_pixels * (size_t)c + GANTRY_KERNEL_SLACK, 64);
    for (int32_t kx = 0; kx < a->kernel_w; kx++) {
        int32_t column = kx * a->dilation_w;
        if (dw->way == FLAT)
            dw->offset[kx] = (ptrdiff_t)(column - a->pad_left) * c;
        else
            dw->offset[kx] = (ptrdiff_t)(column % a->stride_w) * (ptrdiff_t)dw->plane_bytes +
                             (ptrdiff_t)(column / a->stride_w) * c;
    }
}

/* Rows of output in a column, and the rows of input that scratch memory has room for. */
static int32_t choose_band(struct depthwise *dw)
{
    const struct gantry_s8_conv_args *a = &dw->args;
    int32_t most = (ROWS_MAX - a->kernel_h) / a->stride_h + 1;
    int32_t span = (a->kernel_h - 1) * a->dilation_h + 1;
    dw->band = dw->way == PIXELS ? PIXEL_BAND : most;
    if (dw->way != PLANES) return 0;
    int32_t rows = (int32_t)((size_t)PLANE_BAND_BYTES / row_bytes(dw));
    dw->band = gantry_min_i32((rows - a->kernel_h) / a->stride_h + 1, most);
    dw->band = gantry_max_i32(gantry_min_i32(dw->band, a->output.h), 1);
    return has_columns(dw) ? rows_under(dw, dw->band) : span;
}

/* Channel of element `element` of vector q of the chunk of a phase, or -1 behind the last. */
static int32_t channel_at(const struct depthwise *dw, int32_t phase, int32_t q, int32_t element)
{
    int32_t c = dw->args.output.c;
    int32_t at = phase * 4 * dw->isa->lanes + 16 * (element / 4) + 4 * q + element % 4;
    if (dw->way == PIXELS) return at < c ? at : -1;
    return at % c;
}

static int32_t weight_at(const struct gantry_s8_conv_args *a, int32_t channel, int32_t tap)
{
    return a->weights[(ptrdiff_t)tap * a->output.c + channel] - a->weight_zero;
}

/* A level of a channel's taps; returns the rows of the kernel in which there are any. */
static uint64_t pack_taps(const struct depthwise *dw, int32_t channel, int32_t level,
                          int8_t *weights)
{
    const struct gantry_s8_conv_args *a = &dw->args;
    int32_t chunk = 4 * dw->isa->lanes;
    uint64_t rows = 0;
    for (int32_t ky = 0; ky < a->kernel_h; ky++) {
        for (int32_t kx = 0; kx < a->kernel_w; kx++) {
            int32_t w = weight_at(a, channel, ky * a->kernel_w + kx);
            int8_t part = gantry_weight_part(w, level, dw->isa->narrow);
            int32_t tap = dw->isa->by_tap ? kx * chunk : kx / 4 * 4 * chunk + kx % 4;
            weights[ky * dw->pack.row_bytes + tap] = part;
            if (part != 0) rows |= (uint64_t)1 << ky;
        }
    }
    return rows;
}

static void pack_channel(const struct depthwise *dw, int32_t channel, int32_t *bias, float *scale)
{
    const struct gantry_s8_conv_args *a = &dw->args;
    int32_t sum = 0;
    for (int32_t tap = 0; tap < a->kernel_h * a->kernel_w; tap++) sum += weight_at(a, channel, tap);
    int64_t value = a->bias ? a->bias[channel] : 0;
    value -= (int64_t)(a->input_zero + (dw->isa->flip ? 128 : 0)) * sum;
    *bias = (int32_t)(uint32_t)(uint64_t)value;
    *scale = a->scale[channel];
}

/* Weights of two levels are packed at each binding: few layers have them. */
static bool pack(struct depthwise *dw, struct gantry_arena *arena)
{
    static const struct gantry_packed none = {NULL, 0};
    const struct gantry_s8_conv_args *a = &dw->args;
    struct gantry_depthwise_pack *to = &dw->pack;
    int32_t lanes = dw->isa->lanes;
    int32_t taps = dw->isa->by_tap ? a->kernel_w : gantry_div_up(a->kernel_w, 4) * 4;
    to->row_bytes = taps * 4 * lanes;
    size_t phase_bytes = (size_t)to->kernel_h * (size_t)to->row_bytes;
    size_t channels = (size_t)to->phases * 4 * (size_t)lanes;
    size_t count = (size_t)(a->kernel_h * a->kernel_w) * (size_t)a->output.c;
    bool bytes = !gantry_weights_have_parts(a->weights, count, a->weight_zero, dw->isa->narrow);
    uint64_t *rest_rows = gantry_arena_alloc(arena, (size_t)to->phases, sizeof *rest_rows);
    int8_t *rests = bytes ? NULL : gantry_arena_alloc(arena, (size_t)to->phases, phase_bytes);
    struct gantry_pack_block block;
    if (!rest_rows || (!bytes && !rests) ||
        !gantry_pack_block(&block, (size_t)to->phases * phase_bytes, channels,
                           bytes ? &a->packed : &none, arena))
        return false;
    for (int32_t at = 0; !block.kept && at < to->phases * 4 * lanes; at++) {
        int32_t phase = at / (4 * lanes), i = at % (4 * lanes);
        int32_t channel = channel_at(dw, phase, i / lanes, i % lanes);
        if (channel < 0) continue;
        size_t from = (size_t)phase * phase_bytes + (dw->isa->by_tap ? 1 : 4) * (size_t)i;
        (void)pack_taps(dw, channel, 0, block.weights + from);
        if (!bytes) rest_rows[phase] |= pack_taps(dw, channel, 1, rests + from);
        pack_channel(dw, channel, block.bias + at, block.scale + at);
    }
    to->weights = block.weights;
    to->rests = bytes ? block.weights : rests;
    to->rest_rows = rest_rows;
    to->bias = block.bias;
    to->scale = block.scale;
    dw->packed = bytes ? block.packed : none;
    return true;
}

static bool make_zeros(struct depthwise *dw, struct gantry_arena *arena)
{
    const struct gantry_s8_conv_args *a = &dw->args;
    size_t bytes = (size_t)a->input.w * (size_t)a->input.pixel_stride + GANTRY_KERNEL_SLACK;
    if (dw->way == PLANES) bytes = dw->plane_bytes * (size_t)a->stride_w;
    int8_t *zeros = gantry_arena_alloc(arena, bytes, 1);
    if (zeros) memset(zeros, a->input_zero, bytes);
    dw->zeros = zeros;
    return zeros != NULL;
}

static void run_ref(const void *state, int32_t first, int32_t end, void *scratch)
{
    (void)scratch;
    if (first < end) gantry_s8_depthwise_conv_2d__ref(state);
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

/* False: the shape is none of those above, or weights minus their zero point are not even sums of
 * two bytes. */
static bool is_covered(const struct gantry_s8_conv_args *a)
{
    if (a->output.c != a->input.c || a->kernel_w > TAPS_MAX || a->kernel_h > TAPS_MAX) return false;
    for (int32_t tap = 0; tap < a->kernel_h * a->kernel_w && a->weight_zero != 0; tap++)
        for (int32_t c = 0; c < a->output.c; c++)
            if (abs(weight_at(a, c, tap)) > 2 * INT8_MAX) return false;
    return true;
}

bool gantry_kernel_depthwise_conv_2d(struct gantry_kernel *kernel,
                                     const struct gantry_s8_conv_args *args, enum gantry_isa isa,
                                     struct gantry_arena *arena)
{
    static void (*const runs[])(const void *, int32_t, int32_t, void *) = {
        [FLAT] = run_flat, [PLANES] = run_planes, [PIXELS] = run_pixels};
    const struct gantry_depthwise_isa *kernels = gantry_depthwise_isa(isa);
    struct depthwise *dw = gantry_arena_alloc(arena, 1, sizeof *dw);
    if (!dw) return false;
    dw->args = *args;
    if (!kernels || !is_covered(args)) return bind_ref(kernel, args, arena);
    dw->isa = kernels;
    dw->pack.kernel_h = args->kernel_h;
    dw->pack.kernel_w = args->kernel_w;
    dw->pack.input_zero = args->input_zero;
    dw->pack.requant = (struct gantry_requant){args->output_zero, args->clamp_min, args->clamp_max,
                                               gantry_requant_is_wide(args->scale, args->output.c)};
    choose_way(dw);
    set_offsets(dw);
    if (!pack(dw, arena) || !make_zeros(dw, arena)) return false;
    size_t rows = (size_t)choose_band(dw);
    uint64_t macs = (uint64_t)(args->output.h * args->output.w) * (uint64_t)args->output.c *
                    (uint64_t)(args->kernel_h * args->kernel_w);
    *kernel = (struct gantry_kernel){.run = runs[dw->way],
                                     .state = dw,
                                     .units = args->output.h,
                                     .scratch_bytes = rows * row_bytes(dw),
                                     .cost = macs / 30,
                                     .packed = dw->packed};
    return true;
}
