/* SPDX-License-Identifier: Apache-2.0
 * Random networks of every operator, with branches, several inputs and outputs. */
#include "random_net.h"

#include "random.h"

enum { BYTES_MAX = 16384 }; /* of a whole: a sum over all of it stays in 32 bits */

static struct window random_window(struct net *net, int32_t x)
{
    struct gantry_extent e = net_extent(net, x);
    struct window w = {1, 1, 1, 1, 1, true, 0};
    uint64_t *r = &net->random;
    if (!random_one_in(r, 3)) {
        w.kernel_h = random_in(r, 1, 5);
        w.kernel_w = random_in(r, 1, 5);
        if (random_one_in(r, 2)) w.kernel_h = w.kernel_w = 3;
    }
    if (random_one_in(r, 6)) w.dilation = 2;
    if (random_one_in(r, 3) && w.dilation == 1) w.stride_h = w.stride_w = 2;
    if (random_one_in(r, 8) && w.dilation == 1) w.stride_h = random_in(r, 1, 2);
    bool fits = (w.kernel_h - 1) * w.dilation < e.h && (w.kernel_w - 1) * w.dilation < e.w;
    w.same = !fits || !random_one_in(r, 3);
    if (random_one_in(r, 6)) w.extra = random_in(r, 1, 3);
    return w;
}

static bool shape_equal(const struct net *net, int32_t a, int32_t b)
{
    return gantry_shape_equal(&net->graph.tensors[a].shape, &net->graph.tensors[b].shape);
}

/* The same elements in another shape, of which the accelerator likes some. */
static int32_t random_reshape(struct net *net, int32_t x)
{
    struct gantry_extent e = net_extent(net, x);
    switch (random_in(&net->random, 0, 4)) {
    case 0:
        return net_reshape(net, x, &(struct gantry_shape){4, {1, 1, 1, e.h * e.w * e.c}});
    case 1:
        return net_reshape(net, x, &(struct gantry_shape){4, {1, e.w, e.h, e.c}});
    case 2:
        return net_reshape(net, x, &(struct gantry_shape){4, {1, e.h, e.w * e.c, 1}});
    case 3:
        return net_reshape(net, x, &(struct gantry_shape){4, {1, e.h, e.w, e.c}});
    default:
        return net_flatten(net, x);
    }
}

/* Whether two tensors have one scale and differ along an axis at most. */
static bool joins(const struct net *net, int32_t a, int32_t b, int32_t axis)
{
    const struct gantry_graph_tensor *x = &net->graph.tensors[a], *y = &net->graph.tensors[b];
    struct gantry_shape shape = y->shape;
    if (axis < shape.rank) shape.dims[axis] = x->shape.dims[axis];
    return gantry_shape_equal(&shape, &x->shape) &&
           x->quantization.scale[0] == y->quantization.scale[0];
}

/* Tensor x and others, itself perhaps among them, behind each other. */
static int32_t random_concat(struct net *net, const int32_t *live, int32_t count, int32_t x)
{
    uint64_t *r = &net->random;
    int32_t parts[4] = {x}, part_count = 1, most = random_in(r, 1, 4);
    int32_t rank = net->graph.tensors[x].shape.rank, axis = rank - 1;
    if (rank == 4 && random_one_in(r, 3)) axis = random_in(r, 1, 2);
    size_t bytes = net->graph.tensors[x].bytes;
    for (int32_t i = 0; i < 12 && part_count < most; i++) {
        int32_t other = live[random_in(r, 0, count - 1)];
        if (!joins(net, x, other, axis) || bytes + net->graph.tensors[other].bytes > BYTES_MAX)
            continue;
        bytes += net->graph.tensors[other].bytes;
        parts[part_count++] = other;
    }
    int32_t at = random_in(r, 0, part_count - 1);
    parts[0] = parts[at];
    parts[at] = x;
    return net_concat(net, parts, part_count, axis);
}

/* One more operator on tensor x, or on x and another of its shape. */
static int32_t grow(struct net *net, const int32_t *live, int32_t count, int32_t x)
{
    struct window w = random_window(net, x), point = {1, 1, 1, 1, 1, true, 0};
    uint64_t *r = &net->random;
    if (random_one_in(r, 12)) return random_reshape(net, x);
    if (net->one_scale && random_one_in(r, 3)) return random_concat(net, live, count, x);
    if (net->graph.tensors[x].shape.rank != 4)
        return random_one_in(r, 3) ? net_softmax(net, x)
                                   : net_fully_connected(net, x, random_in(r, 1, 40));
    switch (random_in(r, 0, 14)) {
    case 0:
    case 1:
    case 2:
        return net_conv(net, x, random_in(r, 1, 40), &w);
    case 3:
    case 4:
        return net_depthwise(net, x, 1, &w);
    case 5:
        return net_conv(net, x, random_in(r, 1, 70), &point);
    case 6:
        w.dilation = 1;
        return net_pool(
            net, random_one_in(r, 2) ? GANTRY_OP_MAX_POOL_2D : GANTRY_OP_AVERAGE_POOL_2D, x, &w);
    case 7:
        if (random_one_in(r, 2)) return net_fully_connected(net, net_flatten(net, x), 10);
        return net_fully_connected(net, x, random_in(r, 1, 33));
    case 8:
        return net_depthwise(net, x, random_in(r, 1, 2), &w);
    case 9:
        if (random_one_in(r, 3)) return net_softmax(net, x);
        return net_add(net, x, x);
    case 10:
        return random_one_in(r, 3) ? net_quantize(net, x) : net_mean(net, x, random_one_in(r, 2));
    default:
        break;
    }
    for (int32_t i = 0; i < count; i++) {
        int32_t other = live[(i + random_in(r, 0, count - 1)) % count];
        if (shape_equal(net, x, other) && other != x)
            return random_one_in(r, 2) ? net_add(net, x, other) : net_add(net, other, x);
    }
    int32_t branch = net_conv(net, x, net_extent(net, x).c, &point);
    return random_one_in(r, 2) ? net_add(net, x, branch) : net_add(net, branch, x);
}

void random_net(struct net *net, uint64_t seed)
{
    net_init(net, seed);
    uint64_t *r = &net->random;
    net->wide_weights = random_one_in(r, 5);
    net->one_scale = random_one_in(r, 3);
    int32_t live[32], count = 0;
    int32_t c = random_one_in(r, 2) ? random_in(r, 1, 7) : random_in(r, 8, 40);
    live[count++] = net_input(net, random_in(r, 1, 14), random_in(r, 1, 14), c);
    if (random_one_in(r, 4)) live[count++] = net_input(net, 7, 5, random_in(r, 1, 20));
    int32_t nodes = random_in(r, 1, 12);
    for (int32_t i = 0; i < nodes && count < 30; i++) {
        int32_t x = random_one_in(r, 3) ? live[random_in(r, 0, count - 1)] : live[count - 1];
        live[count] = grow(net, live, count, x);
        count++;
    }
    /* Outputs: whatever nothing reads, and now and then something that is read. */
    bool read[NET_TENSORS] = {false};
    for (int32_t n = 0; n < net->graph.node_count; n++)
        for (int32_t i = 0; i < net->graph.nodes[n].input_count; i++)
            if (net->graph.nodes[n].inputs[i] >= 0) read[net->graph.nodes[n].inputs[i]] = true;
    for (int32_t n = 0; n < net->graph.node_count; n++)
        if (!read[net->graph.nodes[n].outputs[0]] || random_one_in(r, 8))
            net_output(net, net->graph.nodes[n].outputs[0]);
    net_check(net);
}
