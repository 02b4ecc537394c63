/* SPDX-License-Identifier: Apache-2.0
 * The one representation of a network, for all importers.
 *
 * Invariants after gantry_graph_check: every index is valid; nodes stand in topological order;
 * every non-constant tensor that is no graph input has one producer; shapes are those that
 * inference gives; each operator's inputs, attributes, types and quantisation are legal for its
 * rule in docs/arithmetic.md. Activations are int8 NHWC; what QUANTIZE reads or makes may be uint8,
 * and then nothing else reads it. A graph is read-only after the passes, and may then be shared by
 * threads. */
#ifndef GANTRY_GRAPH_H
#define GANTRY_GRAPH_H

#include "base/base.h"
#include "gantry/tensor.h"

enum { GANTRY_NODE_INPUTS_MAX = 4, GANTRY_NO_TENSOR = -1, GANTRY_NO_NODE = -1 };

enum gantry_op {
#define OP(name, label, inputs_min, inputs_max, doc) GANTRY_OP_##name,
#include "graph/ops.def"
#undef OP
    GANTRY_OP_COUNT
};

/* count 0: not quantised; 1: per tensor; n: per channel along axis. Arrays live in the graph. */
struct gantry_quantization {
    int32_t count;
    int32_t axis;
    const float *scale;
    const int32_t *zero_point;
};

struct gantry_graph_tensor {
    const char *name;
    enum gantry_dtype dtype;
    struct gantry_shape shape;
    struct gantry_quantization quantization;
    const void *data; /* constant data in the model file (any alignment), else NULL */
    size_t bytes;     /* elements x size of dtype */
    int32_t producer; /* node, or GANTRY_NO_NODE */
};

/* Convolutions and pools. Padding is explicit here: SAME is resolved at import, with TFLite's
 * rule (the odd row or column goes to the end). clamp_min and clamp_max: activation range in the
 * quantised domain of the output, within [-128, 127]. */
struct gantry_window_attributes {
    int32_t kernel_h, kernel_w;
    int32_t stride_h, stride_w;
    int32_t dilation_h, dilation_w;
    int32_t pad_top, pad_bottom, pad_left, pad_right;
};

struct gantry_graph_node {
    enum gantry_op op;
    const char *name; /* unique in the graph: made from the output tensor's name */
    int32_t input_count;
    int32_t inputs[GANTRY_NODE_INPUTS_MAX]; /* tensor, or GANTRY_NO_TENSOR for an absent one */
    int32_t output;
    int32_t clamp_min, clamp_max; /* of CONV, DEPTHWISE, FULLY_CONNECTED, ADD, MEAN and pools */
    struct gantry_window_attributes window; /* of CONV, DEPTHWISE and pools; of MEAN the map */
    bool keep_dims;                         /* of MEAN: height and width stay, as 1 */
    float beta;                             /* of SOFTMAX */
    uint64_t macs; /* unpadded multiply-accumulates of one inference: CONV, DEPTHWISE, FC */
};

struct gantry_graph {
    struct gantry_arena arena;
    const char *name; /* file name without folder */
    struct gantry_graph_tensor *tensors;
    int32_t tensor_count;
    struct gantry_graph_node *nodes;
    int32_t node_count;
    int32_t *inputs;
    int32_t input_count;
    int32_t *outputs;
    int32_t output_count;
};

/* Name of an operator as reports show it ("CONV_2D"). */
const char *gantry_op_label(enum gantry_op op);

/* Elements of a shape, or 0 when the product exceeds 2^31 - 1. */
int64_t gantry_shape_elements(const struct gantry_shape *shape);
bool gantry_shape_equal(const struct gantry_shape *a, const struct gantry_shape *b);
/* Writes "1x49x10x1"; returns buffer. */
const char *gantry_shape_text(const struct gantry_shape *shape, char *buffer, size_t size);

/* Height, width and channels of an activation as the kernels and the accelerator see it: rank 4
 * [1,H,W,C] as it is, rank 3 [H,W,C] likewise, rank 2 [1,C] and rank 1 [C] as 1 x 1 x C. Batch
 * (leading dimension of rank 4 or 2) must be 1. False when the shape has no such view. */
struct gantry_extent {
    int32_t h, w, c;
};
bool gantry_shape_extent(const struct gantry_shape *shape, struct gantry_extent *out);

/* Initialises an empty graph on the allocator (NULL: malloc); finish accepts a zeroed one. */
void gantry_graph_init(struct gantry_graph *graph, const struct gantry_allocator *allocator);
void gantry_graph_finish(struct gantry_graph *graph);

/* Checks all invariants above, infers shapes and compares them with the stated ones, fills macs
 * and producers. Errors: GANTRY_ERR_FILE naming node, tensor, value and limit. */
GANTRY_MUST_USE enum gantry_status gantry_graph_check(struct gantry_graph *graph,
                                                      struct gantry_error *error);

/* Graph passes, in order; each keeps the invariants (none is needed yet for the operators read:
 * activation ranges and padding are resolved at import; a RESHAPE stays a node and is an alias
 * when running). */
GANTRY_MUST_USE enum gantry_status gantry_graph_optimize(struct gantry_graph *graph,
                                                         struct gantry_error *error);

/* Requantisation of a node by rule F: scale[c] = (sx * sw[c]) / sy in float32, c = 0..channels-1
 * (the output channel), for CONV, DEPTHWISE and FULLY_CONNECTED; sx / (sy * n) for MEAN. */
float gantry_node_scale(const struct gantry_graph *graph, const struct gantry_graph_node *node,
                        int32_t channel);

/* Parameters of rule X for an ADD node (k1 and k2 at most 2^21, shift 13..30).
 * False when the scales are outside of what the rule covers. */
struct gantry_add_params {
    int32_t k1, k2, shift;
    int32_t zero1, zero2, zero_out;
};
bool gantry_node_add_params(const struct gantry_graph *graph, const struct gantry_graph_node *node,
                            struct gantry_add_params *out);

/* The factor of rule Q8 for a QUANTIZE node: RNE(256 * sx / sy), 1..2^15. 0 when the scales are
 * outside of what the rule covers. */
int32_t gantry_node_quantize_factor(const struct gantry_graph *graph,
                                    const struct gantry_graph_node *node);

#endif
