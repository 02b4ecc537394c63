/* SPDX-License-Identifier: Apache-2.0
 * The shapes that inputs are given, against what the model leaves free. */
#include <string.h>

#include "formats/formats.h"

enum { TEXT_BYTES = 96 };

/* Index among the graph's inputs; -1 and an error where no input, or not one alone, is meant. */
static int32_t find_input(const struct gantry_graph *graph, const char *wanted, const char *name,
                          struct gantry_error *error)
{
    for (int32_t i = 0; wanted && i < graph->input_count; i++)
        if (strcmp(graph->tensors[graph->inputs[i]].name, wanted) == 0) return i;
    if (!wanted && graph->input_count == 1) return 0;
    if (wanted)
        (void)gantry_fail(error, GANTRY_ERR_SHAPE, "%s: a shape for \"%s\", which is no input",
                          name, wanted);
    else
        (void)gantry_fail(error, GANTRY_ERR_SHAPE,
                          "%s: a shape without a name for one of %d inputs", name,
                          graph->input_count);
    if (graph->input_count > 0)
        gantry_hint(error, "the first input is \"%s\"", graph->tensors[graph->inputs[0]].name);
    return -1;
}

/* Whether the model can have the shape; fixed: the first dimension that it cannot. */
static bool allows(const struct gantry_graph_tensor *input, const struct gantry_shape *shape,
                   int32_t *fixed)
{
    *fixed = -1;
    if (input->free_dims == GANTRY_FREE_RANK) return true;
    if (shape->rank != input->shape.rank) return false;
    for (int32_t d = shape->rank; d-- > 0;)
        if (!(input->free_dims >> d & 1) && shape->dims[d] != input->shape.dims[d]) *fixed = d;
    return *fixed < 0;
}

static enum gantry_status refuse(const struct gantry_graph_tensor *input,
                                 const struct gantry_shape *shape, int32_t fixed, const char *name,
                                 struct gantry_error *error)
{
    char given[TEXT_BYTES], own[TEXT_BYTES];
    (void)gantry_shape_text(shape, given, sizeof given);
    (void)gantry_shape_signature(&input->shape, input->free_dims, own, sizeof own);
    if (fixed < 0)
        return gantry_fail(error, GANTRY_ERR_SHAPE, "%s: input \"%s\": %s given, the model has %s",
                           name, input->name, given, own);
    (void)gantry_fail(error, GANTRY_ERR_SHAPE,
                      "%s: input \"%s\": %s given, the model (%s) fixes dimension %d to %d", name,
                      input->name, given, own, fixed, input->shape.dims[fixed]);
    if (fixed == 0 && input->shape.dims[0] == 1)
        gantry_hint(error, "--batch N runs N inputs of this shape at once");
    return GANTRY_ERR_SHAPE;
}

static enum gantry_status check_size(const struct gantry_graph_tensor *input,
                                     const struct gantry_shape *shape, const char *name,
                                     struct gantry_error *error)
{
    char text[TEXT_BYTES];
    bool legal = shape->rank >= 0 && shape->rank <= GANTRY_RANK_MAX;
    for (int32_t d = 0; legal && d < shape->rank; d++) legal = shape->dims[d] >= 1;
    if (legal && gantry_shape_elements(shape) > 0) return GANTRY_OK;
    if (shape->rank < 0 || shape->rank > GANTRY_RANK_MAX)
        return gantry_fail(error, GANTRY_ERR_SHAPE, "%s: input \"%s\": rank %d given (0..%d)", name,
                           input->name, shape->rank, GANTRY_RANK_MAX);
    return gantry_fail(error, GANTRY_ERR_SHAPE,
                       "%s: input \"%s\": %s given (1 to 2^31 - 1 elements)", name, input->name,
                       gantry_shape_text(shape, text, sizeof text));
}

enum gantry_status gantry_inputs_shape(struct gantry_graph *graph,
                                       const struct gantry_input_shapes *shapes, const char *name,
                                       bool *changed, struct gantry_error *error)
{
    *changed = false;
    for (size_t k = 0; shapes && k < shapes->count; k++) {
        const struct gantry_shape *shape = &shapes->items[k].shape;
        int32_t i = find_input(graph, shapes->items[k].input, name, error), fixed;
        if (i < 0) return GANTRY_ERR_SHAPE;
        for (size_t earlier = 0; earlier < k; earlier++)
            if (find_input(graph, shapes->items[earlier].input, name, error) == i)
                return gantry_fail(error, GANTRY_ERR_SHAPE, "%s: input \"%s\": two shapes given",
                                   name, graph->tensors[graph->inputs[i]].name);
        struct gantry_graph_tensor *input = &graph->tensors[graph->inputs[i]];
        enum gantry_status status = check_size(input, shape, name, error);
        if (status != GANTRY_OK) return status;
        if (!allows(input, shape, &fixed)) return refuse(input, shape, fixed, name, error);
        if (gantry_shape_equal(&input->shape, shape)) continue;
        input->shape = *shape;
        input->bytes = (size_t)gantry_shape_elements(shape) * gantry_dtype_bytes(input->dtype);
        *changed = true;
    }
    return GANTRY_OK;
}

enum gantry_status gantry_inputs_match(const struct gantry_graph *graph,
                                       const struct gantry_input_shapes *shapes, const char *name,
                                       struct gantry_error *error)
{
    char given[TEXT_BYTES], own[TEXT_BYTES];
    for (size_t k = 0; k < shapes->count; k++) {
        const struct gantry_shape *shape = &shapes->items[k].shape;
        int32_t i = find_input(graph, shapes->items[k].input, name, error);
        if (i < 0) return GANTRY_ERR_SHAPE;
        const struct gantry_graph_tensor *input = &graph->tensors[graph->inputs[i]];
        enum gantry_status status = check_size(input, shape, name, error);
        if (status != GANTRY_OK) return status;
        if (gantry_shape_equal(&input->shape, shape)) continue;
        (void)gantry_fail(error, GANTRY_ERR_SHAPE, "%s: input \"%s\": %s given, the plan is for %s",
                          name, input->name, gantry_shape_text(shape, given, sizeof given),
                          gantry_shape_text(&input->shape, own, sizeof own));
        gantry_hint(error, "gantry compile MODEL --shape makes a plan for another shape");
        return GANTRY_ERR_SHAPE;
    }
    return GANTRY_OK;
}
