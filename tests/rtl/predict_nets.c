/* SPDX-License-Identifier: Apache-2.0 */
#include "predict_nets.h"

#include "random.h"

enum {
    LAYER_MACS = 16000000,
    NETWORK_MACS = 60000000,
    VALUES = 1 << 20,  /* of a layer at most, input and output */
    LARGE = 3 * VALUES /* of one that does not fit on chip */
};

static const struct window point = {1, 1, 1, 1, 1, true, 0};

static int32_t pick(struct net *net, const int32_t *values, int32_t count)
{
    return values[random_in(&net->random, 0, count - 1)];
}

/* Near 2^lo .. 2^hi, each power as likely. */
static int32_t about(struct net *net, int32_t lo, int32_t hi)
{
    int32_t power = 1 << random_in(&net->random, lo, hi);
    return power + random_in(&net->random, 0, power - 1);
}

/* Channels: mostly multiples of 8. */
static int32_t channels(struct net *net, int32_t lo, int32_t hi)
{
    int32_t c = about(net, lo, hi);
    return random_one_in(&net->random, 5) ? c : gantry_div_up(c, 8) * 8;
}

static struct window square(struct net *net, int32_t size)
{
    static const int32_t kernels[] = {3, 3, 3, 3, 2, 4, 5, 7};
    struct window w = point;
    w.kernel_h = w.kernel_w = pick(net, kernels, 8);
    if (random_one_in(&net->random, 10)) w.kernel_h = 1;
    if (random_one_in(&net->random, 10)) w.kernel_w = 1;
    if (random_one_in(&net->random, 4)) w.stride_h = w.stride_w = 2;
    if (w.stride_h == 1 && random_one_in(&net->random, 12)) w.dilation = 2;
    w.same = size <= w.kernel_h * w.dilation || size <= w.kernel_w * w.dilation ||
             !random_one_in(&net->random, 4);
    return w;
}

static uint64_t macs_of(const struct net *net)
{
    uint64_t macs = 0;
    for (int32_t n = 0; n < net->graph.node_count; n++) macs += net->graph.nodes[n].macs;
    return macs;
}

static void one_layer(struct net *net, bool large)
{
    uint64_t *r = &net->random;
    int32_t size = large ? about(net, 6, 8) : about(net, 2, 6), c = channels(net, 3, 9),
            kind = random_in(r, 0, 11), x, y;
    if (random_one_in(r, 8)) c = random_in(r, 1, 4);
    if (kind == 0) {
        x = net_input(net, 1, 1, channels(net, 5, 11));
        net_output(net, net_fully_connected(net, x, channels(net, 5, 10)));
        return;
    }
    x = net_input(net, size, random_one_in(r, 4) ? about(net, 2, 6) : size, c);
    struct gantry_extent e = net_extent(net, x);
    struct window w = square(net, gantry_min_i32(e.h, e.w));
    if (kind <= 4) {
        y = net_conv(net, x, channels(net, 3, 8), &w);
    } else if (kind <= 6) {
        y = net_conv(net, x, channels(net, 3, 9), &point);
    } else if (kind <= 8) {
        y = net_depthwise(net, x, 1, &w);
    } else if (kind == 9) {
        w.dilation = 1;
        y = net_pool(net, random_one_in(r, 2) ? GANTRY_OP_MAX_POOL_2D : GANTRY_OP_AVERAGE_POOL_2D,
                     x, &w);
    } else if (kind == 10) {
        y = net_mean(net, x, true);
    } else {
        y = net_add(net, x, net_input(net, e.h, e.w, e.c));
    }
    net_output(net, y);
}

/* Draws again until the layer has the size that is wanted. */
void predict_layer(struct net *net, uint64_t seed)
{
    bool large = seed % 15 == 0;
    size_t least = large ? LARGE / 3 * 2 : 100000, most = large ? LARGE : VALUES;
    for (uint64_t draw = 0;; draw++) {
        net_init(net, seed + (draw << 32));
        one_layer(net, large);
        net_check(net);
        int32_t x = net->graph.inputs[0], y = net->graph.outputs[0];
        size_t values = net->graph.tensors[x].bytes + net->graph.tensors[y].bytes;
        uint64_t macs = macs_of(net);
        bool enough = values >= least || (macs >= 1000000 && !large);
        if (enough && values <= most && macs <= (large ? 4 : 1) * (uint64_t)LAYER_MACS) return;
        net_finish(net);
    }
}

/* ---- Networks ---- */

static struct window kernel_of(struct net *net, int32_t stride)
{
    struct window w = {3, 3, stride, stride, 1, true, 0};
    if (random_one_in(&net->random, 5)) w.kernel_h = w.kernel_w = 5;
    return w;
}

static int32_t separable(struct net *net, int32_t x, int32_t c, int32_t stride)
{
    struct window w = kernel_of(net, stride);
    return net_conv(net, net_depthwise(net, x, 1, &w), c, &point);
}

static int32_t inverted(struct net *net, int32_t x, int32_t c, int32_t stride)
{
    struct window w = kernel_of(net, stride);
    int32_t wide = net_extent(net, x).c * random_in(&net->random, 2, 6);
    int32_t y = net_conv(net, x, wide, &point);
    y = net_conv(net, net_depthwise(net, y, 1, &w), c, &point);
    return stride == 1 && net_extent(net, x).c == c ? net_add(net, x, y) : y;
}

static int32_t residual(struct net *net, int32_t x, int32_t c, int32_t stride)
{
    struct window first = {3, 3, stride, stride, 1, true, 0}, second = {3, 3, 1, 1, 1, true, 0};
    struct window down = {1, 1, stride, stride, 1, true, 0};
    int32_t y = net_conv(net, net_conv(net, x, c, &first), c, &second);
    if (stride != 1 || net_extent(net, x).c != c) x = net_conv(net, x, c, &down);
    return net_add(net, y, x);
}

static int32_t bottleneck(struct net *net, int32_t x, int32_t c, int32_t stride)
{
    struct window w = {3, 3, stride, stride, 1, true, 0}, down = w;
    down.kernel_h = down.kernel_w = 1;
    int32_t y = net_conv(net, x, gantry_max_i32(8, c / 4), &point);
    y = net_conv(net, net_conv(net, y, gantry_max_i32(8, c / 4), &w), c, &point);
    if (stride != 1 || net_extent(net, x).c != c) x = net_conv(net, x, c, &down);
    return net_add(net, y, x);
}

static int32_t plain(struct net *net, int32_t x, int32_t c, int32_t stride)
{
    struct window w = {3, 3, 1, 1, 1, true, 0}, pool = {2, 2, 2, 2, 1, false, 0};
    int32_t y = net_conv(net, x, c, &w);
    return stride == 1 ? y : net_pool(net, GANTRY_OP_MAX_POOL_2D, y, &pool);
}

static void one_network(struct net *net)
{
    static int32_t (*const blocks[])(struct net *, int32_t, int32_t,
                                     int32_t) = {separable, inverted, residual, bottleneck, plain};
    uint64_t *r = &net->random;
    int32_t size = random_in(r, 32, 112), c = channels(net, 3, 5), kind = random_in(r, 0, 4);
    struct window stem = {3, 3, 2, 2, 1, true, 0};
    if (random_one_in(r, 3)) stem.kernel_h = stem.kernel_w = 7;
    if (size < 48) stem.stride_h = stem.stride_w = 1;
    int32_t x = net_input(net, size, size, random_one_in(r, 3) ? 1 : 3);
    x = net_conv(net, x, c, &stem);
    for (int32_t stage = 0; stage < 3; stage++) {
        int32_t depth = random_in(r, 1, 3);
        for (int32_t i = 0; i < depth; i++) {
            if (random_one_in(r, 4)) kind = random_in(r, 0, 4);
            int32_t stride = i == 0 && stage > 0 && net_extent(net, x).h >= 4 ? 2 : 1;
            x = blocks[kind](net, x, c, stride);
        }
        c = gantry_div_up(c * random_in(r, 3, 5) / 2, 8) * 8;
    }
    x = random_one_in(r, 3) ? net_flatten(net, x) : net_mean(net, x, false);
    if (random_one_in(r, 3)) x = net_fully_connected(net, x, channels(net, 5, 8));
    net_output(net, net_fully_connected(net, x, random_in(r, 2, 200)));
}

void predict_network(struct net *net, uint64_t seed)
{
    for (uint64_t draw = 0;; draw++) {
        net_init(net, seed + (draw << 32));
        one_network(net);
        net_check(net);
        if (macs_of(net) >= 2000000 && macs_of(net) <= NETWORK_MACS) return;
        net_finish(net);
    }
}
