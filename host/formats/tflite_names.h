/* SPDX-License-Identifier: Apache-2.0
 * Operator numbers and names of a .tflite file, as the reader and its messages use them. */
#ifndef GANTRY_FORMATS_TFLITE_NAMES_H
#define GANTRY_FORMATS_TFLITE_NAMES_H

#include "graph/graph.h"

enum { GANTRY_TFLITE_CUSTOM = 32, GANTRY_NAME_MAX = 60 };

/* The operator of a builtin number; false when it is not read. */
bool gantry_tflite_op(int32_t code, enum gantry_op *out);

/* Name of a builtin number ("RESIZE_BILINEAR"); "OPERATOR_<n>" in buffer for an unknown one. */
const char *gantry_tflite_operator_name(int32_t code, char *buffer, size_t size);

/* A name fit for reports: text up to the first ';', at most limit characters, everything but
 * printable ASCII and '#' (which marks repeated names) replaced by '_'. NULL: out of memory. */
char *gantry_tflite_short_name(struct gantry_arena *arena, const char *text, size_t length,
                               size_t limit);

/* Names every node after its output tensor; the second and further of one name get "#<node>". */
GANTRY_MUST_USE bool gantry_tflite_name_nodes(struct gantry_graph *graph);

#endif
