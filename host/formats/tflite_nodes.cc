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

/* Files may hold several codes of one operator, one for each version of it. */
bool same_operator(const fb::OperatorCode *a, const fb::OperatorCode *b)
{
    if (builtin_code(a) != builtin_code(b)) return false;
    if (builtin_code(a) != GANTRY_TFLITE_CUSTOM) return true;
    if (!a->custom_code() || !b->custom_code()) return a->custom_code() == b->custom_code();
    uint32_t size = a->custom_code()->size();
    return size == b->custom_code()->size() &&
           memcmp(a->custom_code()->data(), b->custom_code()->data(), size) == 0;
}

/* Appends one operator with its nodes: RESIZE_BILINEAR (nodes 12, 14). */
void append_unsupported(Reader &r, gantry_pieces *t, const fb::OperatorCode *code)
{
    char piece[96], number[32], custom[72] = "";
    if (builtin_code(code) == GANTRY_TFLITE_CUSTOM && code->custom_code()) {
        char *name = gantry_tflite_short_name(&r.graph->arena, code->custom_code()->c_str(),
                                              code->custom_code()->size(), GANTRY_NAME_MAX);
        (void)snprintf(custom, sizeof custom, " \"%s\"", name ? name : "");
    }
    const char *name = gantry_tflite_operator_name(builtin_code(code), number, sizeof number);
    const auto *operators = r.subgraph->operators();
    const auto *codes = r.model->operator_codes();
    uint32_t nodes = 0, first = 0;
    for (uint32_t i = 0; i < operators->size(); i++)
        if (same_operator(codes->Get(operators->Get(i)->opcode_index()), code) && nodes++ == 0)
            first = i;
    (void)snprintf(piece, sizeof piece, "%s%s%s (node%s %u", t->used ? ", " : "", name, custom,
                   nodes > 1 ? "s" : "", first);
    gantry_pieces_add(t, piece);
    for (uint32_t i = first + 1; i < operators->size() && !t->full; i++) {
        if (!same_operator(codes->Get(operators->Get(i)->opcode_index()), code)) continue;
        (void)snprintf(piece, sizeof piece, ", %u", i);
        gantry_pieces_add(t, piece);
    }
    gantry_pieces_add(t, ")");
}

/* Whether an opcode below this one is the same operator, so that it was named already. */
bool named_before(const Reader &r, const bool *used, uint32_t opcode)
{
    const auto *codes = r.model->operator_codes();
    for (uint32_t i = 0; i < opcode; i++)
        if (used[i] && same_operator(codes->Get(i), codes->Get(opcode))) return true;
    return false;
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
    bool *used = arena_array<bool>(r, codes);
    if (!used) return out_of_memory(r);
    for (uint32_t i = 0; i < count_of(operators); i++) {
        uint32_t opcode = operators->Get(i)->opcode_index();
        if (opcode >= codes)
            return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: node %u: operator code %u (of %u)",
                               r.name, i, opcode, codes);
        used[opcode] = true;
    }
    gantry_pieces text = {};
    for (uint32_t i = 0; i < codes && !text.full; i++) {
        gantry_op op;
        const fb::OperatorCode *code = r.model->operator_codes()->Get(i);
        if (used[i] && !operator_of(code, &op) && !named_before(r, used, i))
            append_unsupported(r, &text, code);
    }
    if (text.used == 0) return GANTRY_OK;
    gantry_status status = gantry_fail(r.error, GANTRY_ERR_UNSUPPORTED,
                                       "%s: unsupported operators: %s", r.name, text.text);
    gantry_hint(r.error, "supported:"
#define OP(name, label, ...) " " label
#include "graph/ops.def"
#undef OP
    );
    return status;
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
