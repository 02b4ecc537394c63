/* SPDX-License-Identifier: Apache-2.0
 * The one representation of a network, for all importers.
 *
 * Invariants after gantry_graph_check: every index is valid; nodes stand in topological order;
 * every tensor that is neither constant, variable nor a graph input has one producer; shapes are
 * those that inference gives; each operator's inputs, attributes, types and quantisation are legal
 * for its rule in docs/arithmetic.md; nodes whose inputs are all constant are gone, and what they
 * made is constant. Maps are NHWC. Quantised bytes are int8: uint8 is flipped at import. A graph is
 * read-only after the passes, and may then be shared by threads. */
#ifndef GANTRY_GRAPH_H
#define GANTRY_GRAPH_H

#include "base/base.h"
#include "gantry/tensor.h"
#include "kernels/attributes.h"
#include "kernels/op.h"

enum { GANTRY_NO_TENSOR = -1, GANTRY_NO_NODE = -1 };

/* Rank of an output whose shape its node's rule is to fill in. */
enum { GANTRY_RANK_OPEN = -1 };

enum gantry_op {
#define OP(name, ...) GANTRY_OP_##name,
#include "graph/ops.def"
#undef OP
    GANTRY_OP_COUNT
};

/* A row of graph/ops.def. types: bit 1 << dtype for each that the first input may have. */
struct gantry_op_row {
    const char *label, *doc;
    int32_t inputs_min, inputs_max, outputs_min, outputs_max;
    uint32_t types;
    bool array; /* the accelerator has it, for int8 maps */
    gantry_op_bind *bind;
};
const struct gantry_op_row *gantry_op_row(enum gantry_op op);

/* count 0: not quantised; 1: per tensor; n: per channel along axis. Arrays live in the graph. */
struct gantry_quantization {
    int32_t count;
    int32_t axis;
    const float *scale;
    const int32_t *zero_point;
};
/* Whether both mean the same numbers by the same stored values. */
bool gantry_quantization_equal(const struct gantry_quantization *a,
                               const struct gantry_quantization *b);

struct gantry_graph_tensor {
    const char *name;
    enum gantry_dtype dtype;
    struct gantry_shape shape;
    struct gantry_quantization quantization;
    const void *data;   /* constant data, aligned to its elements, else NULL */
    size_t bytes;       /* elements x size of dtype */
    uint32_t free_dims; /* of an input of the network: see struct gantry_tensor_info */
    bool variable;      /* keeps its value from run to run; 0 (of int8: the zero point) at first */
    bool flipped;       /* uint8 at the interface: stored are value ^ 0x80 and zero point - 128 */
    int32_t producer;   /* node, or GANTRY_NO_NODE */
};

struct gantry_graph_node {
    enum gantry_op op;
    const char *name; /* unique in the graph: made from the output tensor's name */
    int32_t input_count, output_count;
    int32_t *inputs; /* tensor, or GANTRY_NO_TENSOR for an absent one */
    int32_t *outputs;
    enum gantry_activation activation;
    int32_t clamp_min, clamp_max; /* what activation is in the first output's stored values */
    union gantry_attributes attributes;
    /* Filled by gantry_graph_check: */
    bool mapped;   /* runs on the int8 map kernels, and may run on the accelerator */
    uint64_t macs; /* unpadded multiply-accumulates of one inference: convolutions, products */
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
    /* Items that inputs and outputs hold one behind the other; tensors and nodes are those of one.
     */
    int32_t batch;
};

/* Name of an operator as reports show it ("CONV_2D"). */
const char *gantry_op_label(enum gantry_op op);

/* Elements of a shape, or 0 when the product exceeds 2^31 - 1. */
int64_t gantry_shape_elements(const struct gantry_shape *shape);
bool gantry_shape_equal(const struct gantry_shape *a, const struct gantry_shape *b);
/* Writes "1x49x10x1"; returns buffer. */
const char *gantry_shape_text(const struct gantry_shape *shape, char *buffer, size_t size);
/* The same with "?" for free dimensions; "any shape" for a free rank. */
const char *gantry_shape_signature(const struct gantry_shape *shape, uint32_t free_dims,
                                   char *buffer, size_t size);

/* The shape that dims state for the elements of another one: a single -1 stands for what is left.
 * False where they do not fit; *out then has what is stated, as far as dimensions can hold it. */
GANTRY_MUST_USE bool gantry_shape_resolve(const struct gantry_shape *from, const int64_t *dims,
                                          int32_t rank, struct gantry_shape *out);

/* Height, width and channels of an activation as the kernels and the accelerator see it: rank 4
 * [1,H,W,C] as it is, rank 3 [H,W,C] likewise, rank 2 [1,C] and rank 1 [C] as 1 x 1 x C. Batch
 * (leading dimension of rank 4 or 2) must be 1. False when the shape has no such view. */
struct gantry_extent {
    int32_t h, w, c;
};
bool gantry_shape_extent(const struct gantry_shape *shape, struct gantry_extent *out);

/* Height, width and channels of a map of any batch: rank 4 as it is, else as above. */
struct gantry_extent gantry_shape_map(const struct gantry_shape *shape);

/* The shape of an input or output at the interface: of all items of the batch. */
struct gantry_shape gantry_graph_outer_shape(const struct gantry_graph *graph, int32_t tensor);

/* Initialises an empty graph on the allocator (NULL: malloc); finish accepts a zeroed one. */
void gantry_graph_init(struct gantry_graph *graph, const struct gantry_allocator *allocator);
void gantry_graph_finish(struct gantry_graph *graph);

/* Gives a node its edges, in the arena of the graph. False: out of memory. */
GANTRY_MUST_USE bool gantry_node_edges(struct gantry_graph *graph, struct gantry_graph_node *node,
                                       const int32_t *inputs, int32_t input_count,
                                       const int32_t *outputs, int32_t output_count);
/* Sets activation and the clamps that it means for the first output, whose quantisation is known.
 */
void gantry_node_set_activation(const struct gantry_graph *graph, struct gantry_graph_node *node,
                                enum gantry_activation activation);
/* Element k of a constant of int32 or int64. */
int64_t gantry_tensor_integer(const struct gantry_graph_tensor *tensor, int64_t k);
/* Whether input i is there and is made by a node or comes from outside: no constant. */
bool gantry_node_reads(const struct gantry_graph *graph, const struct gantry_graph_node *node,
                       int32_t i);

/* Makes a uint8 tensor with a scale an int8 one: zero point - 128, constant data copied with every
 * byte ^ 0x80; a graph input or output is then uint8 at the interface. Others are left as they are.
 * False: out of memory. */
GANTRY_MUST_USE bool gantry_tensor_flip(struct gantry_graph *graph, int32_t tensor);

/* Checks all invariants above, infers shapes and compares them with the stated ones, computes nodes
 * whose inputs are constants, fills macs, producers and mapped. Errors: GANTRY_ERR_FILE or
 * GANTRY_ERR_UNSUPPORTED, naming node, tensor, value and limit. */
GANTRY_MUST_USE enum gantry_status gantry_graph_check(struct gantry_graph *graph,
                                                      struct gantry_error *error);

/* For importers that need shapes and values while they read: the rule of one node, whose edges are
 * valid indices and whose inputs have shapes. An output of open rank gets the shape that the rule
 * infers (of a TRANSPOSE_CONV and of a RESHAPE without its second input it has to be stated); with
 * constant inputs the outputs become constants and *folded is true: the caller drops the node. */
GANTRY_MUST_USE enum gantry_status gantry_graph_check_node(struct gantry_graph *graph, int32_t node,
                                                           bool *folded,
                                                           struct gantry_error *error);

/* Graph passes, in order; each keeps the invariants of a checked graph. (Activation ranges and
 * padding are resolved at import; a RESHAPE stays a node and is an alias when running.) */
GANTRY_MUST_USE enum gantry_status gantry_graph_optimize(struct gantry_graph *graph,
                                                         struct gantry_error *error);
/* A network whose items of a batch go their ways without meeting becomes that of one item, where
 * this lets convolutions and products run on the map kernels and the accelerator (batch.c). */
GANTRY_MUST_USE enum gantry_status gantry_pass_batch(struct gantry_graph *graph,
                                                     struct gantry_error *error);
/* Padding goes into convolutions, what changes nothing goes away (absorb.c). */
GANTRY_MUST_USE enum gantry_status gantry_pass_absorb(struct gantry_graph *graph,
                                                      struct gantry_error *error);
/* Grouped convolutions of int8 maps become dense ones (groups.c), transposed ones convolutions
 * (phases.c). The macs of such nodes stay those of the network. */
GANTRY_MUST_USE enum gantry_status gantry_pass_groups(struct gantry_graph *graph,
                                                      struct gantry_error *error);
GANTRY_MUST_USE enum gantry_status gantry_pass_phases(struct gantry_graph *graph,
                                                      struct gantry_error *error);

/* Weights minus their zero point: sums of those above and below 0, and the ends of their range,
 * which holds 0. */
struct gantry_weight_sums {
    int64_t above, below;
    int32_t least, greatest;
};
/* Of count weights from first on, step elements apart. */
void gantry_weights_sum(const int8_t *first, int64_t count, int64_t step, int32_t zero,
                        struct gantry_weight_sums *out);

/* A tensor as the general operators see it; its memory is data. */
struct gantry_op_tensor gantry_tensor_dense(const struct gantry_graph *graph, int32_t tensor,
                                            void *data);
/* Arguments of a node for its row's bind; arrays in the arena. data: memory of its inputs, then of
 * its outputs; not looked at for constants and absent ones. False: out of memory. */
GANTRY_MUST_USE bool gantry_node_args(const struct gantry_graph *graph,
                                      const struct gantry_graph_node *node, void *const *data,
                                      struct gantry_arena *arena, struct gantry_op_args **out);

/* Requantisation of a node by rule F: scale[c] = (sx * sw[c]) / sy in float32, c = 0..channels-1
 * (the output channel), for CONV, DEPTHWISE and FULLY_CONNECTED; sx / (sy * n) for MEAN. */
float gantry_node_scale(const struct gantry_graph *graph, const struct gantry_graph_node *node,
                        int32_t channel);

/* Values that each output of a MEAN node averages. */
int64_t gantry_node_mean_count(const struct gantry_graph *graph,
                               const struct gantry_graph_node *node);

/* Parameters of rule X for an ADD or SUB node (k1 and k2 at most 2^21, shift 13..30).
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
