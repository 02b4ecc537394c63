/* SPDX-License-Identifier: Apache-2.0
 * Weights of a convolution in the order of its products: panels of output channels.
 *
 * A zero point of the weights is taken off them. What is then no byte is a sum of bytes; the groups
 * of four that hold such weights are multiplied once more. Quantisers leave one or two of them in a
 * layer. */
#include <string.h>

#include "kernels/conv.h"

/* Panels of at most isa->vectors; the last ones as narrow as what is left allows. */
static int32_t panel_vectors(const struct gantry_gemm_isa *isa, int32_t channels)
{
    int32_t vectors = isa->vectors;
    while (vectors > 1 && channels <= vectors / 2 * isa->lanes) vectors /= 2;
    if (vectors == 4 && channels <= 3 * isa->lanes) vectors = 2; /* and one of 1 follows */
    if (isa->halves && vectors == 1 && channels <= isa->lanes / 2) vectors = 0;
    return vectors;
}

/* Channels that a panel has room for. */
static int32_t panel_width(const struct gantry_conv *conv, int32_t vectors)
{
    return vectors ? vectors * conv->isa->lanes : conv->isa->lanes / 2;
}

/* Channel of a panel that element of vector j is. */
static int32_t channel_at(int32_t vectors, int32_t j, int32_t element)
{
    if (vectors == 0) return element;
    return 4 * vectors * (element / 4) + 4 * j + element % 4;
}

/* The weights of a channel over a segment. */
static const int8_t *weights_of(const struct gantry_conv *conv, int32_t channel, int32_t segment)
{
    return conv->args.weights + ((ptrdiff_t)channel * conv->segments + segment) * conv->bytes;
}

/* How many levels the weights of a group have in a panel. */
static int32_t count_levels(const struct gantry_conv *conv, const struct gantry_conv_panel *panel,
                            int32_t segment, int32_t group)
{
    int32_t levels = 1, end = gantry_min_i32(4 * group + 4, conv->bytes);
    for (int32_t c = panel->channel; c < panel->channel + panel->count; c++) {
        const int8_t *w = weights_of(conv, c, segment);
        for (int32_t k = 4 * group; k < end; k++)
            while (levels < GANTRY_WEIGHT_LEVELS &&
                   gantry_weight_part(w[k] - conv->args.weight_zero, levels, conv->isa->narrow))
                levels++;
    }
    return levels;
}

/* Lists the groups of a panel that have further levels. */
static bool find_rests(const struct gantry_conv *conv, struct gantry_conv_panel *panel,
                       struct gantry_arena *arena)
{
    if (!conv->parts) return true;
    size_t most = (size_t)conv->segments * (size_t)conv->groups * (GANTRY_WEIGHT_LEVELS - 1);
    struct gantry_gemm_rest *rests = gantry_arena_alloc(arena, most, sizeof *rests);
    if (!rests) return false;
    for (int32_t s = 0; s < conv->segments; s++)
        for (int32_t g = 0; g < conv->groups; g++)
            for (int32_t level = count_levels(conv, panel, s, g); level > 1; level--)
                rests[panel->rest_count++] = (struct gantry_gemm_rest){s, 4 * g};
    panel->rests = rests;
    return true;
}

static bool make_panels(struct gantry_conv *conv, struct gantry_arena *arena)
{
    int32_t lanes = conv->isa->lanes, channels = conv->args.output.c;
    struct gantry_conv_panel *panels =
        gantry_arena_alloc(arena, (size_t)gantry_div_up(channels, lanes), sizeof *panels);
    if (!panels) return false;
    size_t weights = 0, groups = (size_t)conv->segments * (size_t)conv->groups;
    for (int32_t c = 0; c < channels;) {
        struct gantry_conv_panel *panel = &panels[conv->panel_count++];
        panel->channel = c;
        panel->vectors = panel_vectors(conv->isa, channels - c);
        panel->count = gantry_min_i32(panel_width(conv, panel->vectors), channels - c);
        panel->weights = weights;
        if (!find_rests(conv, panel, arena)) return false;
        weights +=
            4 * (groups + (size_t)panel->rest_count) * (size_t)panel_width(conv, panel->vectors);
        c += panel->count;
    }
    conv->panels = panels;
    conv->weight_bytes = weights;
    return true;
}

/* A level of the weights of a group, for all channels of a panel. */
static void pack_group(const struct gantry_conv *conv, const struct gantry_conv_panel *panel,
                       struct gantry_gemm_rest group, int32_t level, int8_t *to)
{
    int32_t lanes = conv->isa->lanes, zero = conv->args.weight_zero;
    int32_t count = gantry_min_i32(conv->bytes - group.byte, 4);
    for (int32_t i = 0; i < panel_width(conv, panel->vectors); i++, to += 4) {
        int32_t channel = channel_at(panel->vectors, i / lanes, i % lanes);
        if (channel >= panel->count) continue;
        const int8_t *w = weights_of(conv, panel->channel + channel, group.segment) + group.byte;
        if (!conv->parts && count == 4)
            memcpy(to, w, 4);
        else
            for (int32_t k = 0; k < count; k++)
                to[k] = gantry_weight_part(w[k] - zero, level, conv->isa->narrow);
    }
}

static void pack_panel(const struct gantry_conv *conv, const struct gantry_conv_panel *panel,
                       int8_t *to)
{
    int32_t step = 4 * panel_width(conv, panel->vectors);
    for (int32_t s = 0; s < conv->segments; s++)
        for (int32_t g = 0; g < conv->groups; g++, to += step)
            pack_group(conv, panel, (struct gantry_gemm_rest){s, 4 * g}, 0, to);
    for (int32_t e = 0, level = 1; e < panel->rest_count; e++, to += step) {
        const struct gantry_gemm_rest *rest = &panel->rests[e];
        bool again = e > 0 && rest[-1].segment == rest->segment && rest[-1].byte == rest->byte;
        level = again ? level + 1 : 1;
        pack_group(conv, panel, *rest, level, to);
    }
}

/* Bias, scale and what zero points and flipping take, by panel and in the order of vectors. */
static void pack_channels(const struct gantry_conv *conv, const struct gantry_conv_panel *panel,
                          int32_t *bias, float *scale)
{
    const struct gantry_s8_conv_args *a = &conv->args;
    int32_t filter = conv->segments * conv->bytes;
    for (int32_t i = 0; i < panel_width(conv, panel->vectors); i++) {
        int32_t channel = channel_at(panel->vectors, i / conv->isa->lanes, i % conv->isa->lanes);
        if (channel >= panel->count) continue;
        channel += panel->channel;
        const int8_t *w = weights_of(conv, channel, 0);
        int32_t sum = 0;
        for (int32_t k = 0; k < filter; k++) sum += w[k] - a->weight_zero;
        int64_t value = a->bias ? a->bias[channel] : 0;
        value -= (int64_t)(a->input_zero + (conv->isa->flip ? 128 : 0)) * sum;
        bias[i] = (int32_t)(uint32_t)(uint64_t)value; /* sums are modulo 2^32 */
        scale[i] = a->scale[channel];
    }
}

bool gantry_pack_block(struct gantry_pack_block *block, size_t weight_bytes, size_t channels,
                       const struct gantry_packed *before, struct gantry_arena *arena)
{
    size_t bias = gantry_align_size(weight_bytes, GANTRY_PACKED_ALIGNMENT);
    size_t scale = bias + gantry_align_size(channels * sizeof(int32_t), GANTRY_PACKED_ALIGNMENT);
    size_t size = scale + gantry_align_size(channels * sizeof(float), GANTRY_PACKED_ALIGNMENT);
    block->kept = before->bytes && before->size == size &&
                  (uintptr_t)before->bytes % GANTRY_PACKED_ALIGNMENT == 0;
    /* What is kept is only read. */
    uint8_t *bytes =
        block->kept ? (uint8_t *)(uintptr_t)before->bytes : gantry_arena_alloc(arena, size, 1);
    if (!bytes) return false;
    block->weights = (int8_t *)bytes;
    block->bias = (int32_t *)(void *)(bytes + bias);
    block->scale = (float *)(void *)(bytes + scale);
    block->packed = (struct gantry_packed){bytes, size};
    return true;
}

bool gantry_conv_pack(struct gantry_conv *conv, struct gantry_arena *arena)
{
    const struct gantry_s8_conv_args *a = &conv->args;
    if (!make_panels(conv, arena)) return false;
    const struct gantry_conv_panel *last = &conv->panels[conv->panel_count - 1];
    size_t padded = (size_t)(last->channel + panel_width(conv, last->vectors));
    struct gantry_pack_block block;
    int8_t *zeros = gantry_arena_alloc(arena, (size_t)conv->bytes + 4, 1);
    if (!zeros || !gantry_pack_block(&block, conv->weight_bytes, padded, &a->packed, arena))
        return false;
    memset(zeros, a->input_zero, (size_t)conv->bytes + 4);
    for (int32_t p = 0; !block.kept && p < conv->panel_count; p++) {
        const struct gantry_conv_panel *panel = &conv->panels[p];
        pack_panel(conv, panel, block.weights + panel->weights);
        pack_channels(conv, panel, block.bias + panel->channel, block.scale + panel->channel);
    }
    conv->weights = block.weights;
    conv->bias = block.bias;
    conv->scale = block.scale;
    conv->zeros = zeros;
    conv->packed = block.packed;
    return true;
}
