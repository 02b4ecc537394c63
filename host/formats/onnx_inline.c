/* SPDX-License-Identifier: Apache-2.0
 * An ONNX model that needs no other file: with the data of its constants in it. */
#include <string.h>

#include "formats/onnx_reader.h"

/* Constants whose data was taken in, as they were before. */
struct taken {
    Onnx__TensorProto *tensor, before;
};
struct taken_list {
    struct taken *items;
    size_t count;
};

static bool is_outside(const Onnx__TensorProto *tensor)
{
    enum gantry_dtype dtype;
    return tensor && tensor->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL &&
           gantry_onnx_dtype(tensor->data_type, &dtype);
}

static void take_in(struct gantry_onnx *r, Onnx__TensorProto *tensor, struct taken_list *taken)
{
    if (r->status != GANTRY_OK || !is_outside(tensor)) return;
    int32_t made = gantry_onnx_constant(r, tensor, tensor->name ? tensor->name : "");
    if (made == GANTRY_NO_TENSOR) return;
    const struct gantry_graph_tensor *t = &r->graph->tensors[made];
    taken->items[taken->count++] = (struct taken){tensor, *tensor};
    tensor->has_raw_data = true;
    tensor->raw_data.data = (uint8_t *)(uintptr_t)t->data;
    tensor->raw_data.len = t->bytes;
    tensor->has_data_location = false;
    tensor->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT;
    tensor->n_external_data = 0;
}

/* Initialisers, then the constants of nodes. */
static void take_all(struct gantry_onnx *r, const Onnx__GraphProto *graph, struct taken_list *taken)
{
    for (size_t i = 0; i < graph->n_initializer; i++) take_in(r, graph->initializer[i], taken);
    for (size_t i = 0; i < graph->n_node; i++)
        for (size_t k = 0; k < graph->node[i]->n_attribute; k++)
            take_in(r, graph->node[i]->attribute[k]->t, taken);
}

static size_t count_constants(const Onnx__GraphProto *graph)
{
    size_t count = graph->n_initializer;
    for (size_t i = 0; i < graph->n_node; i++) count += graph->node[i]->n_attribute;
    return count;
}

static void pack(struct gantry_onnx *r, const Onnx__ModelProto *model,
                 const struct gantry_allocator *allocator, void **out, size_t *size)
{
    *size = onnx__model_proto__get_packed_size(model);
    *out = gantry_allocate(allocator, *size, 1);
    if (*out)
        (void)onnx__model_proto__pack(model, *out);
    else
        (void)gantry_onnx_memory(r);
}

static void inline_model(struct gantry_onnx *r, Onnx__ModelProto *model,
                         const struct gantry_allocator *allocator, void **out, size_t *size)
{
    struct taken_list taken = {0};
    taken.items = gantry_arena_alloc(&r->graph->arena, count_constants(model->graph) + 1,
                                     sizeof *taken.items);
    if (!taken.items) (void)gantry_onnx_memory(r);
    take_all(r, model->graph, &taken);
    if (r->status == GANTRY_OK && taken.count > 0) pack(r, model, allocator, out, size);
    while (taken.count-- > 0) *taken.items[taken.count].tensor = taken.items[taken.count].before;
}

enum gantry_status gantry_onnx_inline(const void *bytes, size_t size, const char *name,
                                      const char *folder, const struct gantry_allocator *allocator,
                                      void **out, size_t *out_size, struct gantry_error *error)
{
    struct gantry_graph graph;
    struct gantry_onnx r = {.graph = &graph, .file = name, .folder = folder, .error = error};
    struct gantry_onnx_budget budget;
    *out = NULL;
    if (!gantry_onnx_guard(&r, bytes, size)) return r.status;
    gantry_graph_init(&graph, allocator);
    gantry_onnx_budget_init(&budget, allocator, size);
    Onnx__ModelProto *model = onnx__model_proto__unpack(&budget.allocator, size, bytes);
    if (!model || !model->graph)
        (void)gantry_onnx_fail(&r, GANTRY_ERR_FILE, "not an ONNX model, or damaged%s", "");
    else
        inline_model(&r, model, allocator, out, out_size);
    if (model) onnx__model_proto__free_unpacked(model, &budget.allocator);
    gantry_graph_finish(&graph);
    return r.status;
}
