/* SPDX-License-Identifier: Apache-2.0
 * A network of one node: what the rule of its operator says of it, and what it computes. */
#ifndef GANTRY_ONE_NODE_H
#define GANTRY_ONE_NODE_H

#include "test.h"

#include "graph/graph.h"

enum { ONE_NODE_TENSORS = 24 };

struct one_node {
    struct gantry_graph graph;
    struct gantry_graph_tensor tensors[ONE_NODE_TENSORS];
    struct gantry_graph_node node;
    int32_t edges[ONE_NODE_TENSORS], reads[ONE_NODE_TENSORS], edge_count;
    int32_t runs; /* one after the other, each with the next data of its inputs; 0: one */
    void *data[ONE_NODE_TENSORS]; /* of inputs, then of outputs */
    float scale[ONE_NODE_TENSORS];
    int32_t zero[ONE_NODE_TENSORS];
    bool clamped; /* clamp_min and clamp_max of node are set, not by its activation */
    struct gantry_error error;
};

struct gantry_shape one_node_shape(int32_t rank, ...);
#define SHAPE(...) \
    one_node_shape((int32_t)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)), __VA_ARGS__)

/* Begins with nothing but the operator; attributes are set in node afterwards. */
void one_node_begin(struct one_node *n, enum gantry_op op);
/* Inputs first, then outputs; data is borrowed. scale 0: not quantised. */
void one_node_input(struct one_node *n, enum gantry_dtype dtype, struct gantry_shape shape,
                    void *data, float scale, int32_t zero);
void one_node_constant(struct one_node *n, enum gantry_dtype dtype, struct gantry_shape shape,
                       void *data, float scale, int32_t zero);
/* A state that stays from run to run. */
void one_node_variable(struct one_node *n, enum gantry_dtype dtype, struct gantry_shape shape,
                       float scale, int32_t zero);
/* An input that is not there. */
void one_node_absent(struct one_node *n);
void one_node_output(struct one_node *n, enum gantry_dtype dtype, struct gantry_shape shape,
                     void *data, float scale, int32_t zero);
/* Gives the tensor added last a scale for every index of a dimension; borrowed. */
void one_node_channels(struct one_node *n, int32_t axis, const float *scale, const int32_t *zero);
/* A constant list of int32 without a scale. */
#define one_node_list(n, ...)                                                               \
    one_node_constant(n, GANTRY_INT32,                                                      \
                      SHAPE((int32_t)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t))), \
                      (int32_t[]){__VA_ARGS__}, 0, 0)

/* Checks it and runs it on the processor as any network; n->error says what is wrong. */
enum gantry_status one_node_try(struct one_node *n);
/* The same, and fails the test; so does a rule that infers other shapes than those stated. */
void one_node_run(struct one_node *n);
/* Checks it, which must fail with these words in the message. */
void one_node_refused(struct one_node *n, enum gantry_status status, const char *words);

#endif
