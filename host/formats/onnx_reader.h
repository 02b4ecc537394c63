/* SPDX-License-Identifier: Apache-2.0
 * Between the parts of the ONNX reader.
 *
 *   onnx.c           the file: guard, unpacking, versions, nodes in order, outputs
 *   onnx_input.c     inputs: types, shapes, dimensions without a number
 *   onnx_guard.c     depth of the wire format, memory of unpacking
 *   onnx_constant.c  initialisers: typed fields, raw bytes, files beside the model
 *   onnx_inline.c    the file with what lies beside it in it
 *   onnx_value.c     named values: where they lie, in which order of axes, as which integers
 *   onnx_emit.c      tensors and nodes of the graph
 *   onnx_quantize.c  quantisation: QuantizeLinear, DequantizeLinear, what they surround
 *   onnx_<family>.c  readers of the operators, listed in onnx_operators.def
 *
 * Two things differ between the formats. ONNX has channels first, the kernels and the accelerator
 * have them last: a value here knows in which order its tensor holds its axes, so that a Transpose
 * is a change of that order, and data moves only where an operator needs another one. And an ONNX
 * network with quantisation computes on real numbers between DequantizeLinear and QuantizeLinear: a
 * real value knows the integers that it stands for, and an operator whose operands and result have
 * integers becomes one on integers.
 *
 * The first error stays (r->status); what is called after it does nothing and returns "none". */
#ifndef GANTRY_FORMATS_ONNX_READER_H
#define GANTRY_FORMATS_ONNX_READER_H

#include "formats/formats.h"
#include "onnx.pb-c.h"

enum { GANTRY_NO_VALUE = -1 };

/* Dimension i of the tensor holds axis[i] of the value. */
struct gantry_onnx_order {
    int8_t axis[GANTRY_RANK_MAX];
};

struct gantry_onnx_value {
    const char *key;  /* as the file names it; "" for one made here */
    const char *name; /* fit for reports, in the graph's arena */
    int32_t tensor;   /* GANTRY_NO_TENSOR: not made, or not yet needed (stored, flat) */
    struct gantry_onnx_order order;
    int32_t moved; /* the same in another order, made for an operator, or GANTRY_NO_TENSOR */
    struct gantry_onnx_order moved_order;
    int32_t stored; /* value whose quantised integers this real value stands for, or none */
    int32_t flat;   /* value whose axes behind the first are one in this value, or none */
    int32_t uses;   /* inputs of nodes and outputs of the network that name it */
    int32_t user;   /* the first node among them, or GANTRY_NO_NODE */
    bool empty;     /* a constant without elements */
};

struct gantry_onnx_node {
    const Onnx__NodeProto *proto;
    int32_t *inputs, *outputs; /* values; GANTRY_NO_VALUE: absent */
    int32_t input_count, output_count;
    bool done; /* it became part of another node */
};

struct gantry_onnx {
    struct gantry_graph *graph;
    const char *file;   /* for messages */
    const char *folder; /* of data outside of the file; NULL: none may be read */
    const struct gantry_input_shapes *shapes; /* or NULL */
    struct gantry_error *error;
    enum gantry_status status;
    int64_t opset;
    struct gantry_onnx_value *values;
    int32_t value_count, value_room;
    int32_t *names; /* hash table of values by name */
    uint32_t name_room;
    struct gantry_onnx_node *nodes;
    int32_t node_count;
    int32_t tensor_room, node_room;    /* of the graph's arrays */
    int64_t filled;                    /* elements made from less, see gantry_onnx_afford */
    const struct gantry_onnx_node *at; /* being read; for messages */
};

/* ---- onnx.c ---- */

/* Records the first error, with file and node in front; returns GANTRY_NO_VALUE. */
int32_t gantry_onnx_fail(struct gantry_onnx *r, enum gantry_status status, const char *format, ...)
    GANTRY_PRINTF(3, 4);
int32_t gantry_onnx_memory(struct gantry_onnx *r);
/* Takes a status and message of the graph's check. */
void gantry_onnx_take_error(struct gantry_onnx *r, enum gantry_status status,
                            const struct gantry_error *inner);
/* Grows an array in the arena by doubling; false: out of memory, recorded. */
bool gantry_onnx_grow(struct gantry_onnx *r, void **array, int32_t count, int32_t *room,
                      size_t size);

/* Attributes of a node, or the default. */
const Onnx__AttributeProto *gantry_onnx_attribute(const struct gantry_onnx_node *node,
                                                  const char *name);
int64_t gantry_onnx_int(const struct gantry_onnx_node *node, const char *name, int64_t otherwise);
float gantry_onnx_float(const struct gantry_onnx_node *node, const char *name, float otherwise);
bool gantry_onnx_is(const struct gantry_onnx_node *node, const char *type);
/* Whether a text attribute is this; otherwise: what it is where the node does not say. */
bool gantry_onnx_text_is(const struct gantry_onnx_node *node, const char *name, const char *text,
                         const char *otherwise);
/* Value of input i, or none. */
int32_t gantry_onnx_input(const struct gantry_onnx_node *node, int32_t i);
/* True after an error, and records one when a node has less inputs, or lacks one of them. */
bool gantry_onnx_needs(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t inputs);
/* An axis attribute or element, counted from the front; recorded when it is out of range. */
int32_t gantry_onnx_axis(struct gantry_onnx *r, int64_t axis, int32_t rank);

/* ---- onnx_input.c ---- */

void gantry_onnx_read_inputs(struct gantry_onnx *r, const Onnx__GraphProto *graph);

/* ---- onnx_guard.c ---- */

/* Whether the bytes can be unpacked within bounds: nesting of messages, sizes of fields. */
bool gantry_onnx_guard(struct gantry_onnx *r, const uint8_t *bytes, size_t size);
/* An allocator for unpacking that refuses what no honest file of this size needs. */
struct gantry_onnx_budget {
    ProtobufCAllocator allocator;
    const struct gantry_allocator *from;
    size_t left;
};
void gantry_onnx_budget_init(struct gantry_onnx_budget *budget,
                             const struct gantry_allocator *allocator, size_t file_size);

/* ---- onnx_constant.c ---- */

/* Element type of ONNX; false when Gantry has none. */
bool gantry_onnx_dtype(int32_t data_type, enum gantry_dtype *out);
const char *gantry_onnx_dtype_name(int32_t data_type);
/* A constant tensor; GANTRY_NO_TENSOR after an error. */
int32_t gantry_onnx_constant(struct gantry_onnx *r, const Onnx__TensorProto *from,
                             const char *name);

/* ---- onnx_value.c ---- */

/* The value of a name; made when it is new. */
int32_t gantry_onnx_named(struct gantry_onnx *r, const char *name);
/* A value without a name of its own. */
int32_t gantry_onnx_unnamed(struct gantry_onnx *r, const char *name);
struct gantry_onnx_order gantry_onnx_identity(void);
struct gantry_onnx_order gantry_onnx_channels_last(int32_t rank);
bool gantry_onnx_same_order(const struct gantry_onnx_order *a, const struct gantry_onnx_order *b,
                            int32_t rank);
/* Where the tensor holds an axis. */
int32_t gantry_onnx_place(const struct gantry_onnx_order *order, int32_t axis);
/* Gives a value its tensor. */
void gantry_onnx_give(struct gantry_onnx *r, int32_t value, int32_t tensor,
                      struct gantry_onnx_order order);
/* Gives what operates on stored integers or plain values (of gantry_onnx_carrier) to the output of
 * a node whose input was like: a real value that stands for integers if that one did. */
void gantry_onnx_give_like(struct gantry_onnx *r, int32_t value, int32_t like, int32_t tensor,
                           struct gantry_onnx_order order);
/* The value itself, or that of the integers that it stands for; it has a tensor. */
int32_t gantry_onnx_carrier(struct gantry_onnx *r, int32_t value);
/* Whether a real value stands for 8-bit integers with one scale. */
bool gantry_onnx_stored(const struct gantry_onnx *r, int32_t value);
/* Whether a value, or what it stands for, is known here; not when there is no value. */
bool gantry_onnx_is_constant(struct gantry_onnx *r, int32_t value);
/* Its shape in its own axes. */
bool gantry_onnx_shape(struct gantry_onnx *r, int32_t value, struct gantry_shape *out);
int32_t gantry_onnx_rank(struct gantry_onnx *r, int32_t value);
/* The tensor of a value in an order; real numbers where it is real. Data is moved when it lies in
 * another order. */
int32_t gantry_onnx_take(struct gantry_onnx *r, int32_t value,
                         const struct gantry_onnx_order *order);
int32_t gantry_onnx_take_logical(struct gantry_onnx *r, int32_t value);
/* The tensor in the order in which it lies, which goes to *order. */
int32_t gantry_onnx_take_lying(struct gantry_onnx *r, int32_t value,
                               struct gantry_onnx_order *order);
/* The order of the operand of that rank that is not constant and has most elements: the others are
 * moved. */
struct gantry_onnx_order gantry_onnx_common_order(struct gantry_onnx *r, const int32_t *values,
                                                  int32_t count, int32_t rank);
/* An operand that is broadcast to rank: with leading ones, in an order of that rank. */
int32_t gantry_onnx_take_broadcast(struct gantry_onnx *r, int32_t value, int32_t rank,
                                   const struct gantry_onnx_order *order);
/* Elements of a constant value of integers, at most limit; -1 when it is none, recorded. */
int32_t gantry_onnx_integers_of(struct gantry_onnx *r, int32_t value, int64_t *out, int32_t limit,
                                const char *what);
/* The same from an input, or from an attribute of older operator sets; -1 when neither is there. */
int32_t gantry_onnx_list(struct gantry_onnx *r, int32_t input, const char *attribute, int64_t *out,
                         int32_t limit);
/* The only element of a constant float32 value; false when it is none. */
bool gantry_onnx_scalar(const struct gantry_onnx *r, int32_t value, float *out);

/* ---- onnx_emit.c ---- */

/* A tensor for a node to make, its shape open; quantization may be NULL. */
int32_t gantry_onnx_tensor(struct gantry_onnx *r, const char *name, enum gantry_dtype dtype,
                           const struct gantry_quantization *quantization);
/* A tensor of the same type and quantisation, its shape open; name NULL: the same. */
int32_t gantry_onnx_like(struct gantry_onnx *r, int32_t tensor, const char *name);
/* Fixes the shape of a tensor. */
void gantry_onnx_set_shape(struct gantry_onnx *r, int32_t tensor, const struct gantry_shape *shape);
/* A constant with memory to fill in, returned in *data. */
int32_t gantry_onnx_make_constant(struct gantry_onnx *r, const char *name, enum gantry_dtype dtype,
                                  const struct gantry_shape *shape, void **data);
/* Whether there is room for a constant that the file has no data of: all of them together may have
 * 2^24 elements. */
bool gantry_onnx_afford(struct gantry_onnx *r, const struct gantry_shape *shape);
/* A constant of int32 elements. */
int32_t gantry_onnx_make_integers(struct gantry_onnx *r, const int64_t *values, int32_t count);
int32_t gantry_onnx_make_float(struct gantry_onnx *r, float value);

enum { GANTRY_ONNX_INPUTS = 1024, GANTRY_ONNX_OUTPUTS = 64 };
/* A node to make: tensors. An input of GANTRY_NO_TENSOR at the end is absent. */
struct gantry_onnx_call {
    enum gantry_op op;
    const int32_t *inputs;
    int32_t input_count;
    const int32_t *outputs;
    int32_t output_count;
    enum gantry_activation activation;
    union gantry_attributes attributes;
};
/* Appends the node, checks it, fills open shapes, computes it when its inputs are constants.
 * Returns the first output, or GANTRY_NO_TENSOR. */
int32_t gantry_onnx_emit(struct gantry_onnx *r, const struct gantry_onnx_call *call);
/* One output, at most three inputs. */
int32_t gantry_onnx_emit_simple(struct gantry_onnx *r, enum gantry_op op, int32_t a, int32_t b,
                                int32_t c, int32_t output,
                                const union gantry_attributes *attributes);
/* The tensor with another shape of as many elements: the same data. */
int32_t gantry_onnx_reshape(struct gantry_onnx *r, int32_t tensor, const struct gantry_shape *to);
/* The tensor with dimension i from dimension permutation[i]. */
int32_t gantry_onnx_transpose(struct gantry_onnx *r, int32_t tensor, const int32_t *permutation);

/* ---- onnx_quantize.c ---- */

/* Quantisation by constants: scale, zero point (or none) along an axis. False: recorded. */
bool gantry_onnx_quantization(struct gantry_onnx *r, int32_t scale, int32_t zero, int32_t axis,
                              struct gantry_quantization *out, enum gantry_dtype *dtype);
/* Quantisation as it is held: that of uint8 flipped, as its values are. */
struct gantry_quantization gantry_onnx_held(struct gantry_onnx *r,
                                            const struct gantry_quantization *from,
                                            enum gantry_dtype dtype);
/* A real value for integers: DequantizeLinear of x. */
int32_t gantry_onnx_dequantized(struct gantry_onnx *r, int32_t x, int32_t scale, int32_t zero,
                                int64_t axis, const char *name);

/* What takes the first output of a node, with what lies between them: an activation, a
 * QuantizeLinear. */
struct gantry_onnx_target {
    int32_t real;   /* value behind the activation */
    int32_t stored; /* value behind the QuantizeLinear, or none */
    enum gantry_activation activation;
    enum gantry_dtype dtype; /* of stored */
    struct gantry_quantization quantization;
    int32_t nodes[2]; /* that become part of the operator, or GANTRY_NO_NODE */
};
struct gantry_onnx_target gantry_onnx_find_target(struct gantry_onnx *r,
                                                  const struct gantry_onnx_node *node,
                                                  bool activations);
/* A tensor for what a target takes, of integers or real, and the nodes on the way to it done. */
int32_t gantry_onnx_claim(struct gantry_onnx *r, const struct gantry_onnx_target *target,
                          bool integers);
/* The target of a node that names the scale of its result itself: inputs scale and scale + 1. */
struct gantry_onnx_target gantry_onnx_integer_target(struct gantry_onnx *r,
                                                     const struct gantry_onnx_node *node,
                                                     int32_t scale);
/* Operand and target of a node of integers: x, its scale and zero point, those of the output.
 * False: recorded. */
bool gantry_onnx_integer_form(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                              int32_t *x, struct gantry_onnx_target *target);
/* A target in the middle of a node: a real value without a name of its own. */
struct gantry_onnx_target gantry_onnx_between(struct gantry_onnx *r, const char *name);
/* Gives the tensor to the value that claim chose. */
void gantry_onnx_give_target(struct gantry_onnx *r, const struct gantry_onnx_target *target,
                             bool integers, int32_t tensor, struct gantry_onnx_order order);

/* ---- readers ---- */

typedef void gantry_onnx_read_node(struct gantry_onnx *r, const struct gantry_onnx_node *node);
#define ONNX(type, domain, reader) gantry_onnx_read_node gantry_onnx_read_##reader;
#include "formats/onnx_operators.def"
#undef ONNX

/* Bits of the axes that a node names, in input 1 or its attribute; those of the output for an
 * Unsqueeze. */
uint32_t gantry_onnx_axes(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t rank,
                          bool *given);
/* Whether all values stand for integers of one scale and zero point. */
bool gantry_onnx_one_scale(struct gantry_onnx *r, const int32_t *values, int32_t count);
/* Whether operands of a product and its target allow integers. Weights may have a scale for each
 * channel. */
bool gantry_onnx_all_stored(struct gantry_onnx *r, int32_t x, int32_t w,
                            const struct gantry_onnx_target *target);
/* Whether a value is a constant of so many elements. */
bool gantry_onnx_constant_elements(struct gantry_onnx *r, int32_t value, int64_t count);
/* A bias for tensors x and w of a product; bias may be none. */
int32_t gantry_onnx_bias(struct gantry_onnx *r, int32_t bias, bool integers, int32_t x, int32_t w,
                         int32_t channels);
/* int32 sums as a bias of values x and w: their steps are those of the products. */
int32_t gantry_onnx_accumulator_bias(struct gantry_onnx *r, int32_t bias, int32_t x, int32_t w);
/* A convolution of values, channels first; bias may be none. */
void gantry_onnx_convolve(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t x,
                          int32_t w, int32_t bias, const struct gantry_onnx_target *target);
/* A matrix product of a value with constant weights [in, out], or [out, in] if transposed. */
void gantry_onnx_multiply(struct gantry_onnx *r, int32_t x, int32_t w, bool transposed,
                          int32_t bias, const struct gantry_onnx_target *target);
/* The window of a node on an input of [n, c, h, w]: padding resolved, output's h and w. */
bool gantry_onnx_window(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                        const struct gantry_shape *x, const int32_t *kernel,
                        struct gantry_window_attributes *out, int32_t *out_h, int32_t *out_w);
/* A tensor of [n, l, c] as [n, 1, l, c]; what has another rank as it is. */
int32_t gantry_onnx_with_height(struct gantry_onnx *r, int32_t tensor);
/* A tensor of [n, 1, l, c] as [n, l, c]. */
int32_t gantry_onnx_without_height(struct gantry_onnx *r, int32_t tensor);
void gantry_onnx_average(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t x,
                         bool global, const struct gantry_onnx_target *target);
void gantry_onnx_binary(struct gantry_onnx *r, enum gantry_op op, int32_t a, int32_t b,
                        const struct gantry_onnx_target *target);
/* An operator of one operand, element by element: on integers through a target, else real. */
void gantry_onnx_elementwise(struct gantry_onnx *r, enum gantry_op op, int32_t x,
                             const union gantry_attributes *attributes,
                             const struct gantry_onnx_target *target);

#endif
