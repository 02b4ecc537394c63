/* SPDX-License-Identifier: Apache-2.0
 * For the tests of plans: networks built in memory, and two ways to run them: node by node with
 * the reference kernels, and as a plan says, with the executor of the accelerator. */
#ifndef GANTRY_TEST_PLAN_SUPPORT_H
#define GANTRY_TEST_PLAN_SUPPORT_H

#include "graph_run.h"
#include "plan/plan.h"

/* ---- Building ---- */

enum { NET_TENSORS = 256, NET_NODES = 64 };

struct net {
    struct gantry_graph graph;
    uint64_t random;
    bool wide_weights; /* weights of -128 and zero points too */
    bool one_scale;    /* all activations have one scale and zero point */
};

struct window {
    int32_t kernel_h, kernel_w, stride_h, stride_w, dilation;
    bool same;
    int32_t extra; /* more padding on all sides, less than the kernel's reach */
};

void net_init(struct net *net, uint64_t seed);
void net_finish(struct net *net);
int32_t net_input(struct net *net, int32_t h, int32_t w, int32_t c);
int32_t net_conv(struct net *net, int32_t x, int32_t channels, const struct window *window);
int32_t net_depthwise(struct net *net, int32_t x, int32_t multiplier, const struct window *window);
int32_t net_fully_connected(struct net *net, int32_t x, int32_t channels);
int32_t net_add(struct net *net, int32_t a, int32_t b);
int32_t net_pool(struct net *net, enum gantry_op op, int32_t x, const struct window *window);
int32_t net_reshape(struct net *net, int32_t x, const struct gantry_shape *shape);
int32_t net_flatten(struct net *net, int32_t x);
int32_t net_softmax(struct net *net, int32_t x);
int32_t net_mean(struct net *net, int32_t x, bool keep_dims);
int32_t net_quantize(struct net *net, int32_t x);
/* Tensors of one scale behind each other, axis counted from the front. */
int32_t net_concat(struct net *net, const int32_t *parts, int32_t count, int32_t axis);
void net_output(struct net *net, int32_t x);
struct gantry_extent net_extent(const struct net *net, int32_t x);
struct gantry_graph_node *net_last(struct net *net);
/* Bytes of the constant that is input i of the last node. */
int8_t *net_constant(struct net *net, int32_t i);
/* Runs gantry_graph_check; fails the test with its message. */
void net_check(struct net *net);

/* ---- Running ---- */

/* Fills the inputs from the seed and runs all nodes with the reference kernels. */
void net_reference(struct graph_run *run, const struct gantry_graph *graph, uint64_t seed);

/* Plans for these parameters (g = 0: a CPU device); NULL with the error. */
struct gantry_plan *plan_with(const struct gantry_graph *graph,
                              const struct gantry_array_params *params,
                              const struct gantry_plan_options *options,
                              struct gantry_error *error);
/* The same with everything legal on the accelerator; fails the test with the message. */
struct gantry_plan *plan_for(const struct gantry_graph *graph,
                             const struct gantry_array_params *params, bool observe);
/* Runs a plan on the inputs in count values at once, by REPEAT; compares outputs, and every tensor
 * that has a home when all is true. Fails the test at the first difference. seed: order of the
 * queues. */
void plan_run_and_compare(const struct gantry_plan *plan, const struct graph_run *values,
                          int32_t count, uint64_t seed, bool all);
/* The same, of one inference, with launches by someone else: launch runs a segment on the buffers.
 */
struct plan_launcher {
    void (*launch)(void *context, const struct gantry_plan_segment *segment,
                   uint8_t *const buffers[3], const size_t bytes[3]);
    void *context;
};
void plan_launch_and_compare(const struct gantry_plan *plan, const struct graph_run *values,
                             const struct plan_launcher *launcher);

#endif
