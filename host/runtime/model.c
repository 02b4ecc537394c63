/* SPDX-License-Identifier: Apache-2.0
 * A model: the checked graph, the bytes it borrows from, and what its inputs and outputs are. */
#include "gantry/model.h"

#include <string.h>

#include "formats/formats.h"
#include "plan/planfile.h"

enum { BYTES_ALIGNMENT = 16 };

struct gantry_model {
    const struct gantry_allocator *allocator;
    struct gantry_file file; /* of gantry_model_open */
    const char *folder;      /* of that file, "" or with its slash; NULL: it came from memory */
    void *copy;              /* of bytes that came unaligned */
    const void *bytes;       /* of the .tflite or .onnx file */
    size_t size;
    bool planned; /* it came in a plan file: */
    struct gantry_planfile plan;
    struct gantry_graph graph;
    struct gantry_tensor_info *inputs, *outputs; /* in the graph's arena */
};

static void fill_info(struct gantry_tensor_info *info, const struct gantry_graph *graph,
                      int32_t index)
{
    const struct gantry_graph_tensor *tensor = &graph->tensors[index];
    info->name = tensor->name;
    info->dtype = tensor->dtype;
    info->shape = gantry_graph_outer_shape(graph, index);
    info->bytes = tensor->bytes * (size_t)graph->batch;
    info->free_dims = tensor->free_dims;
    info->scale = tensor->quantization.count ? tensor->quantization.scale[0] : 0;
    info->zero_point = tensor->quantization.count ? tensor->quantization.zero_point[0] : 0;
    if (!tensor->flipped) return;
    info->dtype = GANTRY_UINT8;
    info->zero_point += 128;
}

static struct gantry_tensor_info *describe(struct gantry_graph *graph, const int32_t *tensors,
                                           int32_t count)
{
    struct gantry_tensor_info *infos =
        gantry_arena_alloc(&graph->arena, (size_t)count, sizeof(*infos));
    for (int32_t i = 0; infos && i < count; i++) fill_info(&infos[i], graph, tensors[i]);
    return infos;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const struct gantry_model_options defaults = GANTRY_MODEL_OPTIONS_INIT;

static struct gantry_model *create(const struct gantry_allocator *allocator,
                                   struct gantry_error *error)
{
    struct gantry_model *model = gantry_allocate(allocator, 1, sizeof(*model));
    if (!model) {
        (void)gantry_fail(error, GANTRY_ERR_MEMORY, "model: out of memory");
        return NULL;
    }
    model->allocator = allocator;
    gantry_graph_init(&model->graph, allocator);
    return model;
}

/* The passes over a graph that has been read, and what its inputs and outputs are. */
static enum gantry_status optimize(struct gantry_model *model, struct gantry_error *error)
{
    struct gantry_graph *graph = &model->graph;
    enum gantry_status status = gantry_graph_optimize(graph, error);
    if (status != GANTRY_OK) return status;
    model->inputs = describe(graph, graph->inputs, graph->input_count);
    model->outputs = describe(graph, graph->outputs, graph->output_count);
    if (!model->inputs || !model->outputs)
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", graph->name);
    return GANTRY_OK;
}

/* The shapes that inputs have in the plan that came with the model. */
static enum gantry_status planned_shapes(struct gantry_model *model,
                                         struct gantry_input_shapes *shapes, const char *name,
                                         struct gantry_error *error)
{
    size_t count = model->plan.input_count;
    struct gantry_input_shape *items =
        gantry_arena_alloc(&model->graph.arena, count + 1, sizeof *items);
    if (!items) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", name);
    for (size_t i = 0; i < count; i++) items[i] = gantry_planfile_input(&model->plan, i);
    *shapes = (struct gantry_input_shapes){items, count};
    return GANTRY_OK;
}

static enum gantry_status read_bytes(struct gantry_model *model, const uint8_t *bytes, size_t size,
                                     const char *name, const struct gantry_model_options *options,
                                     struct gantry_error *error)
{
    const struct gantry_input_shapes given = {options->shapes, options->shape_count};
    struct gantry_input_shapes shapes = given;
    struct gantry_graph *graph = &model->graph;
    enum gantry_status status = GANTRY_OK;
    const char *folder = model->folder; /* of data beside an .onnx file */
    model->planned = gantry_planfile_is(bytes, size);
    if (model->planned) {
        status = gantry_planfile_open(&model->plan, bytes, size, name, error);
        bytes = model->plan.model;
        size = model->plan.model_size;
        folder = NULL;
        if (status == GANTRY_OK) status = planned_shapes(model, &shapes, name, error);
    }
    model->bytes = bytes;
    model->size = size;
    if (status == GANTRY_OK && gantry_onnx_is_model(bytes, size))
        status = gantry_onnx_read(graph, bytes, size, name, folder, &shapes, error);
    else if (status == GANTRY_OK)
        status = gantry_tflite_read(graph, bytes, size, name, &shapes, error);
    if (status == GANTRY_OK && model->planned)
        status = gantry_inputs_match(graph, &given, name, error);
    return status == GANTRY_OK ? optimize(model, error) : status;
}

static enum gantry_status finish(struct gantry_model **out, struct gantry_model *model,
                                 enum gantry_status status)
{
    if (status == GANTRY_OK)
        *out = model;
    else
        gantry_model_close(model);
    return status;
}

enum gantry_status gantry_model_open(struct gantry_model **out, const char *path,
                                     const struct gantry_model_options *options,
                                     struct gantry_error *error)
{
    *out = NULL;
    if (!options) options = &defaults;
    struct gantry_model *model = create(options->allocator, error);
    if (!model) return GANTRY_ERR_MEMORY;
    enum gantry_status status = gantry_file_open(&model->file, path, error);
    const char *name = base_name(path);
    model->folder = gantry_arena_copy(&model->graph.arena, path, (size_t)(name - path));
    if (status == GANTRY_OK && !model->folder)
        status = gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", name);
    if (status == GANTRY_OK)
        status = read_bytes(model, model->file.data, model->file.size, name, options, error);
    return finish(out, model, status);
}

enum gantry_status gantry_model_open_memory(struct gantry_model **out, const void *bytes,
                                            size_t size, const char *name,
                                            const struct gantry_model_options *options,
                                            struct gantry_error *error)
{
    *out = NULL;
    if (!options) options = &defaults;
    const struct gantry_allocator *allocator = options->allocator;
    if (!bytes || !name)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "model: bytes or name is NULL");
    struct gantry_model *model = create(allocator, error);
    if (!model) return GANTRY_ERR_MEMORY;
    enum gantry_status status = GANTRY_OK;
    if ((uintptr_t)bytes % BYTES_ALIGNMENT != 0 && size > 0) {
        model->copy = gantry_allocate(allocator, size, 1);
        if (model->copy)
            memcpy(model->copy, bytes, size);
        else
            status = gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", name);
        bytes = model->copy;
    }
    if (status == GANTRY_OK) status = read_bytes(model, bytes, size, name, options, error);
    return finish(out, model, status);
}

enum gantry_status gantry_model_from_graph(struct gantry_model **out, struct gantry_graph *graph,
                                           struct gantry_error *error)
{
    *out = NULL;
    struct gantry_model *model = create(graph->arena.allocator, error);
    if (!model) {
        gantry_graph_finish(graph);
        return GANTRY_ERR_MEMORY;
    }
    model->graph = *graph;
    memset(graph, 0, sizeof *graph);
    enum gantry_status status = gantry_graph_check(&model->graph, error);
    if (status == GANTRY_OK) status = optimize(model, error);
    return finish(out, model, status);
}

void gantry_model_close(struct gantry_model *model)
{
    if (!model) return;
    gantry_graph_finish(&model->graph);
    gantry_file_close(&model->file);
    gantry_release(model->allocator, model->copy);
    gantry_release(model->allocator, model);
}

size_t gantry_model_input_count(const struct gantry_model *model)
{
    return (size_t)model->graph.input_count;
}

size_t gantry_model_output_count(const struct gantry_model *model)
{
    return (size_t)model->graph.output_count;
}

const struct gantry_tensor_info *gantry_model_input(const struct gantry_model *model, size_t i)
{
    gantry_assert(i < gantry_model_input_count(model));
    return &model->inputs[i];
}

const struct gantry_tensor_info *gantry_model_output(const struct gantry_model *model, size_t i)
{
    gantry_assert(i < gantry_model_output_count(model));
    return &model->outputs[i];
}

const struct gantry_graph *gantry_model_graph(const struct gantry_model *model)
{
    return &model->graph;
}

const struct gantry_planfile *gantry_model_planfile(const struct gantry_model *model)
{
    return model->planned ? &model->plan : NULL;
}

const void *gantry_model_bytes(const struct gantry_model *model, size_t *size)
{
    *size = model->size;
    return model->bytes;
}

const char *gantry_model_folder(const struct gantry_model *model) { return model->folder; }
