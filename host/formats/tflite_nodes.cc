/* SPDX-License-Identifier: Apache-2.0
 * Operators of a .tflite file: which they are, and their edges. */
#include "formats/tflite_reader.hh"

#include <stdio.h>
#include <string.h>

namespace gantry_tflite_reader
{

namespace
{

constexpr uint32_t kOperatorCodes = 1024; /* real files have a few dozen */
constexpr uint32_t kEdges = 4096;
constexpr size_t kCustomName = 48; /* characters in messages */

/* Older files fill the byte, newer ones the integer, with 127 in the byte for large codes. */
int32_t builtin_code(const fb::OperatorCode *code)
{
    int32_t deprecated = code->deprecated_builtin_code();
    return code->builtin_code() > deprecated ? code->builtin_code() : deprecated;
}

/* The operator of a code; false when it is not read. */
bool operator_of(const fb::OperatorCode *code, gantry_op *out)
{
    if (builtin_code(code) == GANTRY_TFLITE_CUSTOM) return custom_operator(code, out);
    return gantry_tflite_op(builtin_code(code), out);
}

/* The name of an operator that is not read, in the arena: RESIZE_BILINEAR, CUSTOM "Foo". NULL: out
 * of memory. */
const char *name_of(Reader &r, const fb::OperatorCode *code)
{
    char text[96], number[32];
    const char *name = gantry_tflite_operator_name(builtin_code(code), number, sizeof number);
    bool custom = builtin_code(code) == GANTRY_TFLITE_CUSTOM && code->custom_code();
    if (!custom) return gantry_arena_copy(&r.graph->arena, name, strlen(name));
    const char *own = gantry_tflite_short_name(&r.graph->arena, code->custom_code()->c_str(),
                                               code->custom_code()->size(), kCustomName);
    if (!own) return nullptr;
    int length = snprintf(text, sizeof text, "%s \"%s\"", name, own);
    return gantry_arena_copy(&r.graph->arena, text, static_cast<size_t>(length));
}

/* Inputs and outputs of a node; -1 is an absent input. */
gantry_status read_edges(Reader &r, gantry_graph_node *node, const fb::Operator *from)
{
    uint32_t inputs = count_of(from->inputs()), outputs = count_of(from->outputs());
    if (inputs < 1 || inputs > kEdges)
        return operator_error(r, node, GANTRY_ERR_FILE, "inputs:", static_cast<int>(inputs));
    if (outputs < 1 || outputs > kEdges)
        return operator_error(r, node, GANTRY_ERR_FILE, "outputs:", static_cast<int>(outputs));
    if (!spend(r, 4 * (static_cast<size_t>(inputs) + outputs))) return shared_too_often(r);
    const int32_t *in = from->inputs()->data(), *out = from->outputs()->data();
    if (!gantry_node_edges(r.graph, node, in, static_cast<int32_t>(inputs), out,
                           static_cast<int32_t>(outputs)))
        return out_of_memory(r);
    for (uint32_t i = 0; i < inputs; i++) {
        int32_t tensor = node->inputs[i];
        if (tensor < GANTRY_NO_TENSOR || tensor >= r.graph->tensor_count)
            return operator_error(r, node, GANTRY_ERR_FILE, "input tensor", tensor);
        if (tensor >= 0 && r.graph->tensors[tensor].data &&
            !spend(r, r.graph->tensors[tensor].bytes))
            return shared_too_often(r);
    }
    for (uint32_t i = 0; i < outputs; i++)
        if (node->outputs[i] < 0 || node->outputs[i] >= r.graph->tensor_count)
            return operator_error(r, node, GANTRY_ERR_FILE, "output tensor", node->outputs[i]);
    /* Readers of options look at these. */
    int32_t needed = gantry_op_row(node->op)->inputs_min;
    for (int32_t i = 0; i < needed; i++)
        if (i >= node->input_count || node->inputs[i] < 0)
            return operator_error(r, node, GANTRY_ERR_FILE,
                                  "an input is absent; inputs:", static_cast<int>(inputs));
    return GANTRY_OK;
}

gantry_status read_options(Reader &r, gantry_graph_node *node, const fb::Operator *from,
                           int32_t code)
{
    gantry_node_set_activation(r.graph, node, GANTRY_ACTIVATION_NONE);
    switch (code) {
    case GANTRY_TFLITE_CUSTOM:
        return custom_options(r, node, from);
#define NAMED(number, name)
#define READ(number, name, op, options) \
    case number:                        \
        return options_##options(r, node, from);
#include "formats/tflite_operators.def"
#undef READ
#undef NAMED
    default:
        return GANTRY_OK;
    }
}

} // namespace

gantry_status operator_error(Reader &r, const gantry_graph_node *node, gantry_status status,
                             const char *what, int value)
{
    return gantry_fail(r.error, status, "%s: node %d %s: %s %d", r.name,
                       static_cast<int>(node - r.graph->nodes), gantry_op_label(node->op), what,
                       value);
}

gantry_status check_operators(Reader &r)
{
    const auto *operators = r.subgraph->operators();
    uint32_t codes = count_of(r.model->operator_codes());
    if (codes > kOperatorCodes)
        return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: %u operator codes (limit %u)", r.name,
                           codes, kOperatorCodes);
    const char **names = arena_array<const char *>(r, codes); /* of what is not read */
    gantry_unread *list = arena_array<gantry_unread>(r, count_of(operators));
    if (!names || !list) return out_of_memory(r);
    size_t unread = 0;
    for (uint32_t i = 0; i < count_of(operators); i++) {
        gantry_op op;
        uint32_t opcode = operators->Get(i)->opcode_index();
        if (opcode >= codes)
            return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: node %u: operator code %u (of %u)",
                               r.name, i, opcode, codes);
        const fb::OperatorCode *code = r.model->operator_codes()->Get(opcode);
        if (operator_of(code, &op)) continue;
        if (!names[opcode] && !(names[opcode] = name_of(r, code))) return out_of_memory(r);
        list[unread++] = {"", names[opcode], static_cast<int32_t>(i), 0};
    }
    return unread ? gantry_unread_fail(list, unread, r.name, r.error) : GANTRY_OK;
}

gantry_status read_nodes(Reader &r)
{
    const auto *operators = r.subgraph->operators();
    r.graph->nodes = arena_array<gantry_graph_node>(r, operators->size());
    if (!r.graph->nodes) return out_of_memory(r);
    r.graph->node_count = static_cast<int32_t>(operators->size());
    int32_t kept = 0;
    bool *folded = arena_array<bool>(r, operators->size());
    if (!folded) return out_of_memory(r);
    for (uint32_t i = 0; i < operators->size(); i++) {
        const fb::Operator *from = operators->Get(i);
        gantry_graph_node *node = &r.graph->nodes[i];
        const fb::OperatorCode *code = r.model->operator_codes()->Get(from->opcode_index());
        (void)operator_of(code, &node->op);
        gantry_status status = read_edges(r, node, from);
        if (status == GANTRY_OK) status = read_options(r, node, from, builtin_code(code));
        if (status == GANTRY_OK && r.reshaped)
            status = infer_node(r, static_cast<int32_t>(i), &folded[i]);
        if (status != GANTRY_OK) return status;
    }
    for (uint32_t i = 0; i < operators->size(); i++)
        if (!folded[i]) r.graph->nodes[kept++] = r.graph->nodes[i];
    r.graph->node_count = kept;
    return gantry_tflite_name_nodes(r.graph) ? GANTRY_OK : out_of_memory(r);
}

} // namespace gantry_tflite_reader
