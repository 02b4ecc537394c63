/* SPDX-License-Identifier: Apache-2.0
 * Between the parts of the graph check: tensors and order (check.c), what the rules share
 * (check_site.c), the rules of the operators by family (check_<family>.c), constants (fold.c). */
#ifndef GANTRY_GRAPH_CHECK_H
#define GANTRY_GRAPH_CHECK_H

#include "graph/graph.h"

/* Limits that keep every index of a kernel within int32. */
enum { GANTRY_EXTENT_LIMIT = 1 << 24, GANTRY_WINDOW_LIMIT = 1 << 15 };

/* One node under check, with what most rules look at. */
struct gantry_site {
    const struct gantry_graph *graph;
    struct gantry_graph_node *node;
    int32_t index;                           /* of the node in the file */
    const struct gantry_graph_tensor *x, *y; /* first input, first output */
    struct gantry_extent in, out;            /* of x and y, of any batch */
    struct gantry_error *error;
};

/* Fails with the node in front of the message. */
#define GANTRY_REFUSE(site, status, format, ...)                                  \
    gantry_fail((site)->error, status, "node %d %s: " format, (int)(site)->index, \
                gantry_op_label((site)->node->op), __VA_ARGS__)

/* The rule of an operator: shapes, types, quantisation, attributes; fills macs and mapped. Edges
 * are valid, as many as the table says, and the type of the first input is one of the table's. */
typedef enum gantry_status gantry_check_function(const struct gantry_site *site);
#define OP(name, label, check, ...) gantry_check_function gantry_check_##check;
#include "graph/ops.def"
#undef OP
gantry_check_function *gantry_check_of(enum gantry_op op);

/* ---- What rules share ---- */

/* Tensor of input i; NULL when it is absent. */
const struct gantry_graph_tensor *gantry_site_input(const struct gantry_site *site, int32_t i);
/* Tensor of output i. */
const struct gantry_graph_tensor *gantry_site_output(const struct gantry_site *site, int32_t i);
/* Whether the shape of an output is for its rule to fill in. */
bool gantry_site_open(const struct gantry_graph_tensor *tensor);
/* The shape that a tensor states is the one inferred, or becomes it; the second: of the first
 * output. */
GANTRY_MUST_USE enum gantry_status gantry_check_shape_of(const struct gantry_site *site,
                                                         const struct gantry_graph_tensor *tensor,
                                                         const struct gantry_shape *inferred);
GANTRY_MUST_USE enum gantry_status gantry_check_output_shape(const struct gantry_site *site,
                                                             const struct gantry_shape *inferred);
/* Both have one type. */
GANTRY_MUST_USE enum gantry_status gantry_check_same_type(const struct gantry_site *site,
                                                          const struct gantry_graph_tensor *a,
                                                          const struct gantry_graph_tensor *b);
/* A quantised activation has one scale; float32 has none. */
GANTRY_MUST_USE enum gantry_status gantry_check_scale(const struct gantry_site *site,
                                                      const struct gantry_graph_tensor *tensor);
/* All of its zero points are 0. */
GANTRY_MUST_USE enum gantry_status gantry_check_symmetric(const struct gantry_site *site,
                                                          const struct gantry_graph_tensor *tensor);
/* x and y have one type, and one scale each where they are quantised. */
GANTRY_MUST_USE enum gantry_status gantry_check_types(const struct gantry_site *site);
/* What is moved keeps its stored values: one type, equal quantisation where there is one. */
GANTRY_MUST_USE enum gantry_status gantry_check_alike(const struct gantry_site *site,
                                                      const struct gantry_graph_tensor *a,
                                                      const struct gantry_graph_tensor *b);
/* The activation range of a quantised output is within its type. */
GANTRY_MUST_USE enum gantry_status gantry_check_clamp(const struct gantry_site *site);
/* Input i is a constant of int32 or int64; what: for messages ("axes"). */
GANTRY_MUST_USE enum gantry_status gantry_check_integers(const struct gantry_site *site, int32_t i,
                                                         const char *what, int64_t *count);
/* Element k of such an input. */
int64_t gantry_site_integer(const struct gantry_site *site, int32_t i, int64_t k);
/* Brings an axis to 0..rank-1; fails outside of -rank..rank-1. */
GANTRY_MUST_USE enum gantry_status gantry_check_axis(const struct gantry_site *site, int64_t axis,
                                                     int32_t rank, int32_t *out);
/* The shape that two shapes broadcast to; false when they do not. */
GANTRY_MUST_USE bool gantry_shape_broadcast(const struct gantry_shape *a,
                                            const struct gantry_shape *b, struct gantry_shape *out);
/* A window on maps: extents, strides, padding; the output has so many channels. */
GANTRY_MUST_USE enum gantry_status gantry_check_window(const struct gantry_site *site,
                                                       int32_t channels);
/* Whether x and y are int8 maps of batch 1, which the map kernels and the accelerator take. */
bool gantry_site_is_map(const struct gantry_site *site);

/* Computes a node whose inputs are constants, when it is small: its outputs are constants then,
 * and *folded is true. */
GANTRY_MUST_USE enum gantry_status gantry_fold(struct gantry_graph *graph, int32_t node,
                                               bool *folded, struct gantry_error *error);

#endif
