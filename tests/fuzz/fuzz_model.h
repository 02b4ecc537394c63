/* SPDX-License-Identifier: Apache-2.0
 * What the fuzzing programs of model files share: a reader's result is a graph or one clear error.
 */
#ifndef GANTRY_FUZZ_MODEL_H
#define GANTRY_FUZZ_MODEL_H

#include <stdio.h>
#include <string.h>

#include "formats/formats.h"
#include "fuzz.h"

/* Ends with the graph, which may be half made. */
static inline void fuzz_result(struct gantry_graph *graph, enum gantry_status status,
                               const struct gantry_error *error)
{
    if (status != GANTRY_OK) {
        gantry_assert(error->status == status);
        gantry_assert(error->message[0] && !strchr(error->message, '\n'));
    } else {
        gantry_assert(graph->input_count > 0 && graph->output_count > 0 && graph->node_count > 0);
        /* The passes find nothing to refuse in a graph that was checked. */
        struct gantry_error passes = {0};
        gantry_assert(gantry_graph_optimize(graph, &passes) == GANTRY_OK);
    }
    gantry_graph_finish(graph);
}

typedef enum gantry_status fuzz_read(struct gantry_graph *graph, const uint8_t *data, size_t size,
                                     const struct gantry_input_shapes *shapes,
                                     struct gantry_error *error);

/* Another shape for the first input, whose name goes to name; false where nothing of it is free. */
static inline bool fuzz_other_shape(const struct gantry_graph *graph,
                                    struct gantry_input_shape *other, char *name, size_t room)
{
    enum { DIM_MAX = 64 };
    const struct gantry_graph_tensor *input = &graph->tensors[graph->inputs[0]];
    if (!input->free_dims || input->free_dims == GANTRY_FREE_RANK) return false;
    (void)snprintf(name, room, "%s", input->name);
    *other = (struct gantry_input_shape){name, input->shape};
    for (int32_t d = 0; d < other->shape.rank; d++)
        if (input->free_dims >> d & 1)
            other->shape.dims[d] =
                other->shape.dims[d] < DIM_MAX ? other->shape.dims[d] * 2 + 1 : 1;
    return true;
}

/* Reads a model, and once more with another shape of its first input where that is free. */
static inline void fuzz_model(fuzz_read *read, const uint8_t *data, size_t size)
{
    struct gantry_graph graph;
    struct gantry_error error = {0}, again = {0};
    struct gantry_input_shape other;
    const struct gantry_input_shapes shapes = {&other, 1};
    char name[128];
    gantry_graph_init(&graph, NULL);
    enum gantry_status status = read(&graph, data, size, NULL, &error);
    bool is_free = status == GANTRY_OK && fuzz_other_shape(&graph, &other, name, sizeof name);
    fuzz_result(&graph, status, &error);
    if (!is_free) return;
    gantry_graph_init(&graph, NULL);
    fuzz_result(&graph, read(&graph, data, size, &shapes, &again), &again);
}

#endif
