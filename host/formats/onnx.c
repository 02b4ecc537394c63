/* SPDX-License-Identifier: Apache-2.0
 * Reads an .onnx file: guard, unpacking by protobuf-c, versions and operators, then its nodes in
 * their order, then the graph's own check. */
#include <stdio.h>
#include <string.h>

#include "formats/onnx_reader.h"
#include "formats/tflite_names.h"
#include "formats/unread.h"

/* Operator sets whose rules the readers know: the newest is that of the conformance vectors. */
enum { OPSET_MIN = 10, OPSET_MAX = 24, NODES_MAX = 1 << 20 };

/* ---- Errors and memory ---- */

int32_t gantry_onnx_fail(struct gantry_onnx *r, enum gantry_status status, const char *format, ...)
{
    char message[400], where[160] = "";
    va_list list;
    if (r->status != GANTRY_OK) return GANTRY_NO_VALUE;
    va_start(list, format);
    (void)vsnprintf(message, sizeof message, format, list);
    va_end(list);
    if (r->at) {
        const char *name = r->at->proto->name && *r->at->proto->name ? r->at->proto->name : NULL;
        if (!name && r->at->output_count > 0 && r->at->outputs[0] != GANTRY_NO_VALUE)
            name = r->values[r->at->outputs[0]].key;
        (void)snprintf(where, sizeof where, "node %d \"%.60s\" (%.40s): ", (int)(r->at - r->nodes),
                       name ? name : "", r->at->proto->op_type);
        for (char *p = where; *p; p++)
            if (*p < 0x20 || *p > 0x7e) *p = '_';
    }
    r->status = gantry_fail(r->error, status, "%s: %s%s", r->file, where, message);
    return GANTRY_NO_VALUE;
}

int32_t gantry_onnx_memory(struct gantry_onnx *r)
{
    return gantry_onnx_fail(r, GANTRY_ERR_MEMORY, "out of memory%s", "");
}

void gantry_onnx_take_error(struct gantry_onnx *r, enum gantry_status status,
                            const struct gantry_error *inner)
{
    (void)gantry_onnx_fail(r, status, "%s", inner->message);
    if (inner->hint[0]) gantry_hint(r->error, "%s", inner->hint);
}

bool gantry_onnx_grow(struct gantry_onnx *r, void **array, int32_t count, int32_t *room,
                      size_t size)
{
    if (count < *room) return true;
    int32_t wanted = *room ? 2 * *room : 64;
    void *larger = gantry_arena_alloc(&r->graph->arena, (size_t)wanted, size);
    if (!larger) return gantry_onnx_memory(r) != GANTRY_NO_VALUE;
    if (count) memcpy(larger, *array, (size_t)count * size);
    *array = larger;
    *room = wanted;
    return true;
}

/* ---- Nodes ---- */

const Onnx__AttributeProto *gantry_onnx_attribute(const struct gantry_onnx_node *node,
                                                  const char *name)
{
    for (size_t i = 0; i < node->proto->n_attribute; i++) {
        const Onnx__AttributeProto *attribute = node->proto->attribute[i];
        if (attribute->name && strcmp(attribute->name, name) == 0) return attribute;
    }
    return NULL;
}

int64_t gantry_onnx_int(const struct gantry_onnx_node *node, const char *name, int64_t otherwise)
{
    const Onnx__AttributeProto *attribute = gantry_onnx_attribute(node, name);
    return attribute && attribute->has_i ? attribute->i : otherwise;
}

float gantry_onnx_float(const struct gantry_onnx_node *node, const char *name, float otherwise)
{
    const Onnx__AttributeProto *attribute = gantry_onnx_attribute(node, name);
    return attribute && attribute->has_f ? attribute->f : otherwise;
}

bool gantry_onnx_is(const struct gantry_onnx_node *node, const char *type)
{
    return strcmp(node->proto->op_type, type) == 0;
}

bool gantry_onnx_text_is(const struct gantry_onnx_node *node, const char *name, const char *text,
                         const char *otherwise)
{
    const Onnx__AttributeProto *attribute = gantry_onnx_attribute(node, name);
    if (!attribute || !attribute->has_s) return strcmp(text, otherwise) == 0;
    return attribute->s.len == strlen(text) &&
           memcmp(attribute->s.data, text, attribute->s.len) == 0;
}

int32_t gantry_onnx_input(const struct gantry_onnx_node *node, int32_t i)
{
    return i < node->input_count ? node->inputs[i] : GANTRY_NO_VALUE;
}

bool gantry_onnx_needs(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t inputs)
{
    for (int32_t i = 0; i < inputs && r->status == GANTRY_OK; i++)
        if (gantry_onnx_input(node, i) == GANTRY_NO_VALUE)
            (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "input %d is absent (%d must be there)", i,
                                   inputs);
    return r->status != GANTRY_OK;
}

int32_t gantry_onnx_axis(struct gantry_onnx *r, int64_t axis, int32_t rank)
{
    if (axis >= -rank && axis < rank) return (int32_t)(axis < 0 ? axis + rank : axis);
    (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "axis %lld (rank %d)", (long long)axis, rank);
    return 0;
}

static const struct {
    const char *type;
    bool microsoft;
    gantry_onnx_read_node *read;
} readers[] = {
#define ONNX(type, domain, reader) {#type, sizeof domain > 1, gantry_onnx_read_##reader},
#include "formats/onnx_operators.def"
#undef ONNX
};

static gantry_onnx_read_node *reader_of(const Onnx__NodeProto *node)
{
    const char *domain = node->domain ? node->domain : "";
    bool microsoft = strcmp(domain, "com.microsoft") == 0;
    if (!microsoft && *domain && strcmp(domain, "ai.onnx") != 0) return NULL;
    for (size_t i = 0; i < GANTRY_COUNT(readers); i++)
        /* ONNX Runtime writes the standard forms into its own domain, too. */
        if (strcmp(readers[i].type, node->op_type) == 0 && (microsoft || !readers[i].microsoft))
            return readers[i].read;
    return NULL;
}

static bool is_constant(const Onnx__NodeProto *node)
{
    return node->op_type && strcmp(node->op_type, "Constant") == 0;
}

/* ---- Reading ---- */

static bool check_opsets(struct gantry_onnx *r, const Onnx__ModelProto *model)
{
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const char *domain = model->opset_import[i]->domain;
        if (domain && *domain && strcmp(domain, "ai.onnx") != 0) continue;
        r->opset = model->opset_import[i]->version;
    }
    if (r->opset >= OPSET_MIN && r->opset <= OPSET_MAX) return true;
    (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "operator set %lld (%d to %d)",
                           (long long)r->opset, OPSET_MIN, OPSET_MAX);
    return false;
}

static int32_t *values_of(struct gantry_onnx *r, char **names, size_t count)
{
    int32_t *values = gantry_arena_alloc(&r->graph->arena, count + 1, sizeof *values);
    if (!values) (void)gantry_onnx_memory(r);
    for (size_t i = 0; values && i < count; i++)
        values[i] = names[i][0] ? gantry_onnx_named(r, names[i]) : GANTRY_NO_VALUE;
    return values;
}

static void read_edges(struct gantry_onnx *r, const Onnx__GraphProto *graph)
{
    if (graph->n_node < 1 || graph->n_node > NODES_MAX) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "%zu nodes (1..%d)", graph->n_node, NODES_MAX);
        return;
    }
    r->nodes = gantry_arena_alloc(&r->graph->arena, graph->n_node, sizeof *r->nodes);
    if (!r->nodes) (void)gantry_onnx_memory(r);
    for (size_t i = 0; r->status == GANTRY_OK && i < graph->n_node; i++) {
        const Onnx__NodeProto *proto = graph->node[i];
        struct gantry_onnx_node *node = &r->nodes[i];
        bool named = proto->op_type && proto->n_output > 0;
        if (!named || proto->n_input > GANTRY_ONNX_INPUTS ||
            proto->n_output > GANTRY_ONNX_OUTPUTS) {
            (void)gantry_onnx_fail(
                r, GANTRY_ERR_UNSUPPORTED, "node %zu: %zu inputs, %zu outputs (0..%d, 1..%d)", i,
                proto->n_input, proto->n_output, GANTRY_ONNX_INPUTS, GANTRY_ONNX_OUTPUTS);
            return;
        }
        node->proto = proto;
        node->inputs = values_of(r, proto->input, proto->n_input);
        node->outputs = values_of(r, proto->output, proto->n_output);
        node->input_count = (int32_t)proto->n_input;
        node->output_count = (int32_t)proto->n_output;
        r->node_count = (int32_t)i + 1;
    }
}

/* Who reads a value; backwards, so that nodes which nothing reads are left out. */
static void count_uses(struct gantry_onnx *r, const Onnx__GraphProto *graph)
{
    for (size_t i = 0; i < graph->n_output; i++) {
        const char *name = graph->output[i]->name;
        int32_t value = name ? gantry_onnx_named(r, name) : GANTRY_NO_VALUE;
        if (r->status != GANTRY_OK) return;
        if (value != GANTRY_NO_VALUE) r->values[value].uses++;
    }
    for (int32_t i = r->node_count - 1; i >= 0; i--) {
        struct gantry_onnx_node *node = &r->nodes[i];
        node->done = true;
        for (int32_t k = 0; k < node->output_count; k++)
            if (node->outputs[k] != GANTRY_NO_VALUE && r->values[node->outputs[k]].uses > 0)
                node->done = false;
        for (int32_t k = 0; !node->done && k < node->input_count; k++) {
            if (node->inputs[k] == GANTRY_NO_VALUE) continue;
            r->values[node->inputs[k]].uses++;
            r->values[node->inputs[k]].user = i;
        }
    }
}

static bool unread(const struct gantry_onnx_node *node)
{
    return !node->done && !is_constant(node->proto) && !reader_of(node->proto);
}

/* All operators that are not read, in one error. */
static bool check_operators(struct gantry_onnx *r)
{
    size_t count = 0;
    for (int32_t i = 0; i < r->node_count; i++) count += unread(&r->nodes[i]);
    if (count == 0) return true;
    struct gantry_unread *list = gantry_arena_alloc(&r->graph->arena, count, sizeof *list);
    if (!list) return gantry_onnx_memory(r) != GANTRY_NO_VALUE;
    count = 0;
    for (int32_t i = 0; i < r->node_count; i++) {
        const Onnx__NodeProto *proto = r->nodes[i].proto;
        if (!unread(&r->nodes[i])) continue;
        list[count++] = (struct gantry_unread){
            .domain = proto->domain ? proto->domain : "", .name = proto->op_type, .node = i};
    }
    r->status = gantry_unread_fail(list, count, r->file, r->error);
    return false;
}

/* Tensors without elements stand for inputs that are not given. */
static bool is_empty(const Onnx__TensorProto *tensor)
{
    for (size_t i = 0; i < tensor->n_dims; i++)
        if (tensor->dims[i] == 0) return true;
    return false;
}

static void read_constant(struct gantry_onnx *r, int32_t value, const Onnx__TensorProto *from)
{
    if (is_empty(from)) {
        r->values[value].empty = true;
        return;
    }
    int32_t tensor = gantry_onnx_constant(r, from, r->values[value].name);
    gantry_onnx_give(r, value, tensor, gantry_onnx_identity());
}

static void drop_empty(struct gantry_onnx *r)
{
    for (int32_t i = 0; i < r->node_count; i++)
        for (int32_t k = 0; k < r->nodes[i].input_count; k++) {
            int32_t *input = &r->nodes[i].inputs[k];
            if (*input != GANTRY_NO_VALUE && r->values[*input].empty) *input = GANTRY_NO_VALUE;
        }
}

static void read_initializers(struct gantry_onnx *r, const Onnx__GraphProto *graph)
{
    for (size_t i = 0; r->status == GANTRY_OK && i < graph->n_initializer; i++) {
        const Onnx__TensorProto *from = graph->initializer[i];
        int32_t value = gantry_onnx_named(r, from->name ? from->name : "");
        if (value == GANTRY_NO_VALUE || r->values[value].uses == 0) continue;
        read_constant(r, value, from);
    }
    if (graph->n_sparse_initializer > 0)
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "%zu sparse constants",
                               graph->n_sparse_initializer);
}

/* A Constant node with a list or a number instead of a tensor. */
static int32_t constant_of_attribute(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    const Onnx__AttributeProto *a = node->proto->n_attribute ? node->proto->attribute[0] : NULL;
    const char *name = r->values[node->outputs[0]].name;
    struct gantry_shape shape = {0};
    bool list = a && (a->n_ints > 0 || a->n_floats > 0);
    bool integers = a && (a->has_i || a->n_ints > 0);
    void *data;
    if (!a || !(list || a->has_i || a->has_f))
        return gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "no tensor, numbers or integers%s", "");
    if (list) shape = (struct gantry_shape){1, {(int32_t)(integers ? a->n_ints : a->n_floats)}};
    int32_t tensor =
        gantry_onnx_make_constant(r, name, integers ? GANTRY_INT64 : GANTRY_FLOAT32, &shape, &data);
    if (tensor == GANTRY_NO_TENSOR) return tensor;
    const void *source = integers ? (list ? (const void *)a->ints : (const void *)&a->i)
                                  : (list ? (const void *)a->floats : (const void *)&a->f);
    memcpy(data, source, r->graph->tensors[tensor].bytes);
    return tensor;
}

static void read_constants(struct gantry_onnx *r)
{
    for (int32_t i = 0; r->status == GANTRY_OK && i < r->node_count; i++) {
        struct gantry_onnx_node *node = &r->nodes[i];
        if (node->done || !is_constant(node->proto)) continue;
        r->at = node;
        const Onnx__AttributeProto *value = gantry_onnx_attribute(node, "value");
        if (value && value->t)
            read_constant(r, node->outputs[0], value->t);
        else
            gantry_onnx_give(r, node->outputs[0], constant_of_attribute(r, node),
                             gantry_onnx_identity());
        node->done = true;
    }
    r->at = NULL;
}

static void read_nodes(struct gantry_onnx *r)
{
    for (int32_t i = 0; r->status == GANTRY_OK && i < r->node_count; i++) {
        struct gantry_onnx_node *node = &r->nodes[i];
        if (node->done) continue;
        r->at = node;
        if (node->input_count < 1 || node->inputs[0] == GANTRY_NO_VALUE) {
            (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "input 0 is absent%s", "");
            return;
        }
        if (node->outputs[0] == GANTRY_NO_VALUE) {
            (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "output 0 is absent%s", "");
            return;
        }
        reader_of(node->proto)(r, node);
    }
    r->at = NULL;
}

/* A tensor that a node makes and that is no other output: what comes from outside is copied. */
static int32_t own_output(struct gantry_onnx *r, int32_t tensor)
{
    const struct gantry_graph *graph = r->graph;
    bool taken = false;
    if (r->status != GANTRY_OK) return GANTRY_NO_TENSOR;
    for (int32_t i = 0; i < graph->input_count; i++) taken = taken || graph->inputs[i] == tensor;
    for (int32_t i = 0; i < graph->output_count; i++) taken = taken || graph->outputs[i] == tensor;
    if (!taken) return tensor;
    int32_t copy = gantry_onnx_like(r, tensor, NULL);
    gantry_onnx_set_shape(r, copy, &graph->tensors[tensor].shape);
    return gantry_onnx_emit_simple(r, GANTRY_OP_RESHAPE, tensor, GANTRY_NO_TENSOR, GANTRY_NO_TENSOR,
                                   copy, NULL);
}

static void read_outputs(struct gantry_onnx *r, const Onnx__GraphProto *graph)
{
    r->graph->outputs = gantry_arena_alloc(&r->graph->arena, graph->n_output + 1, sizeof(int32_t));
    if (!r->graph->outputs) (void)gantry_onnx_memory(r);
    for (size_t i = 0; r->status == GANTRY_OK && i < graph->n_output; i++) {
        int32_t value = gantry_onnx_named(r, graph->output[i]->name ? graph->output[i]->name : "");
        int32_t tensor = own_output(r, gantry_onnx_take_logical(r, value));
        if (r->status == GANTRY_OK && r->graph->tensors[tensor].data)
            (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "output \"%s\" is a constant",
                                   r->values[value].name);
        if (r->status != GANTRY_OK) return;
        r->graph->tensors[tensor].name = r->values[value].name;
        r->graph->outputs[r->graph->output_count++] = tensor;
    }
}

static void read_model(struct gantry_onnx *r, const Onnx__ModelProto *model)
{
    if (!model->graph) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "not an ONNX model: no graph%s", "");
        return;
    }
    if (!check_opsets(r, model)) return;
    read_edges(r, model->graph);
    if (r->status == GANTRY_OK) count_uses(r, model->graph);
    if (r->status != GANTRY_OK || !check_operators(r)) return;
    read_initializers(r, model->graph);
    read_constants(r);
    drop_empty(r);
    gantry_onnx_read_inputs(r, model->graph);
    read_nodes(r);
    read_outputs(r, model->graph);
    if (r->status != GANTRY_OK) return;
    if (!gantry_tflite_name_nodes(r->graph)) {
        (void)gantry_onnx_memory(r);
        return;
    }
    struct gantry_error inner = {0};
    enum gantry_status status = gantry_graph_check(r->graph, &inner);
    if (status != GANTRY_OK) gantry_onnx_take_error(r, status, &inner);
}

enum gantry_status gantry_onnx_read(struct gantry_graph *graph, const uint8_t *bytes, size_t size,
                                    const char *name, const char *folder,
                                    const struct gantry_input_shapes *shapes,
                                    struct gantry_error *error)
{
    struct gantry_onnx r = {
        .graph = graph, .file = name, .folder = folder, .shapes = shapes, .error = error};
    struct gantry_onnx_budget budget;
    if (!gantry_onnx_guard(&r, bytes, size)) return r.status;
    graph->name = gantry_arena_copy(&graph->arena, name, strlen(name));
    if (!graph->name) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", name);
    gantry_onnx_budget_init(&budget, graph->arena.allocator, size);
    Onnx__ModelProto *model = onnx__model_proto__unpack(&budget.allocator, size, bytes);
    if (!model)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: not an ONNX model, or damaged (%zu bytes)",
                           name, size);
    read_model(&r, model);
    onnx__model_proto__free_unpacked(model, &budget.allocator);
    return r.status;
}

bool gantry_onnx_is_model(const uint8_t *bytes, size_t size)
{
    /* ir_version comes first: field 1, an integer below 128. */
    return size >= 8 && bytes[0] == 0x08 && bytes[1] < 0x80 && memcmp(bytes + 4, "TFL3", 4) != 0;
}
