/* SPDX-License-Identifier: Apache-2.0
 * Between the parts of the .tflite reader: file and tensors (tflite.cc), operators
 * (tflite_nodes.cc), their options (tflite_options.cc), shapes that are not the file's
 * (tflite_shapes.cc). */
#ifndef GANTRY_FORMATS_TFLITE_READER_HH
#define GANTRY_FORMATS_TFLITE_READER_HH

extern "C" {
#include "formats/formats.h"
#include "formats/tflite_names.h"
#include "formats/unread.h"
}

#include "tflite_generated.h"

namespace gantry_tflite_reader
{

namespace fb = gantry_tflite;

struct Reader {
    gantry_graph *graph;
    const char *name;
    gantry_error *error;
    const fb::Model *model;
    const fb::SubGraph *subgraph;
    /* A file can name one vector from many places. What is copied or scanned for them together is
     * bounded by a multiple of the file, so that a small file costs little. */
    size_t budget;
    bool reshaped; /* an input has another shape than in the file: outputs of nodes are open */
};

template <typename T> uint32_t count_of(const T *vector) { return vector ? vector->size() : 0; }

inline gantry_status out_of_memory(Reader &r)
{
    return gantry_fail(r.error, GANTRY_ERR_MEMORY, "%s: out of memory", r.name);
}

inline bool spend(Reader &r, size_t amount)
{
    if (amount > r.budget) return false;
    r.budget -= amount;
    return true;
}

inline gantry_status shared_too_often(Reader &r)
{
    return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: parts of the file are named too often",
                       r.name);
}

template <typename T> T *arena_array(Reader &r, size_t count)
{
    return static_cast<T *>(gantry_arena_alloc(&r.graph->arena, count, sizeof(T)));
}

/* Opcode indices are valid, and all operators are among those that are read; else all that are
 * not are named in one error. */
gantry_status check_operators(Reader &r);

/* Fills the graph's nodes; its tensors are there. */
gantry_status read_nodes(Reader &r);

/* Options of an operator, whose edges are read and whose first input and output are there. One
 * function for every name in tflite_operators.def. */
using OptionsReader = gantry_status(Reader &r, gantry_graph_node *node, const fb::Operator *from);
#define NAMED(number, name)
#define READ(number, name, op, options) OptionsReader options_##options;
#define CUSTOM(name, op, options) OptionsReader options_##options;
#include "formats/tflite_operators.def"
#undef READ
#undef NAMED

/* The operator of a custom code; false when its name is not known. */
bool custom_operator(const fb::OperatorCode *code, gantry_op *out);
/* Options of a node with such an operator. */
OptionsReader custom_options;

/* Free dimensions of the inputs, and the shapes that they are given. Where one is not the file's,
 * the outputs of all nodes become open. */
gantry_status take_shapes(Reader &r, const gantry_input_shapes *shapes);
/* The rule of node i, whose options are read, for a reader that is reshaped. */
gantry_status infer_node(Reader &r, int32_t i, bool *folded);
/* Gives an open output of a node the shape that a constant list states. */
gantry_status state_listed(Reader &r, const gantry_graph_node *node, int32_t list);

gantry_status operator_error(Reader &r, const gantry_graph_node *node, gantry_status status,
                             const char *what, int value);

} // namespace gantry_tflite_reader

#endif
