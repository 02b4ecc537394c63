/* SPDX-License-Identifier: Apache-2.0
 * Life of a graph, arithmetic on shapes. */
#include "graph/graph.h"

#include <stdio.h>
#include <string.h>

int64_t gantry_shape_elements(const struct gantry_shape *shape)
{
    int64_t elements = 1;
    for (int32_t i = 0; i < shape->rank; i++) {
        elements *= shape->dims[i];
        if (elements > INT32_MAX) return 0;
    }
    return elements;
}

bool gantry_shape_equal(const struct gantry_shape *a, const struct gantry_shape *b)
{
    if (a->rank != b->rank) return false;
    for (int32_t i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i]) return false;
    return true;
}

bool gantry_shape_resolve(const struct gantry_shape *from, const int64_t *dims, int32_t rank,
                          struct gantry_shape *out)
{
    int64_t elements = gantry_shape_elements(from), known = 1;
    int32_t open = -1;
    bool legal = elements > 0;
    out->rank = rank;
    for (int32_t i = 0; i < rank; i++) {
        bool rest = dims[i] == -1 && open < 0;
        out->dims[i] = (int32_t)(dims[i] > INT32_MAX ? INT32_MAX : dims[i] < -1 ? -1 : dims[i]);
        if (rest)
            open = i;
        else if (dims[i] < 1 || dims[i] > INT32_MAX)
            legal = false;
        else if (known <= INT32_MAX)
            known *= dims[i];
    }
    if (!legal || known > INT32_MAX) return false;
    if (open < 0) return known == elements;
    out->dims[open] = (int32_t)(elements % known == 0 ? elements / known : -1);
    return out->dims[open] > 0;
}

const char *gantry_shape_signature(const struct gantry_shape *shape, uint32_t free_dims,
                                   char *buffer, size_t size)
{
    size_t used = 0;
    if (size) buffer[0] = 0;
    if (free_dims == GANTRY_FREE_RANK)
        (void)snprintf(buffer, size, "any shape");
    else if (shape->rank == 0)
        (void)snprintf(buffer, size, "scalar");
    for (int32_t i = 0; free_dims != GANTRY_FREE_RANK && i < shape->rank && used < size; i++) {
        const char *before = i ? "x" : "";
        int n = free_dims >> i & 1
                    ? snprintf(buffer + used, size - used, "%s?", before)
                    : snprintf(buffer + used, size - used, "%s%d", before, shape->dims[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    return buffer;
}

const char *gantry_shape_text(const struct gantry_shape *shape, char *buffer, size_t size)
{
    return gantry_shape_signature(shape, 0, buffer, size);
}

bool gantry_shape_extent(const struct gantry_shape *shape, struct gantry_extent *out)
{
    const int32_t *d = shape->dims;
    switch (shape->rank) {
    case 4:
        *out = (struct gantry_extent){d[1], d[2], d[3]};
        return d[0] == 1;
    case 3:
        *out = (struct gantry_extent){d[0], d[1], d[2]};
        return true;
    case 2:
        *out = (struct gantry_extent){1, 1, d[1]};
        return d[0] == 1;
    case 1:
        *out = (struct gantry_extent){1, 1, d[0]};
        return true;
    default:
        return false;
    }
}

struct gantry_extent gantry_shape_map(const struct gantry_shape *shape)
{
    struct gantry_extent extent = {1, 1, 1};
    struct gantry_shape one = *shape;
    if (one.rank == 4 || one.rank == 2) one.dims[0] = 1;
    if (!gantry_shape_extent(&one, &extent)) extent.c = (int32_t)gantry_shape_elements(shape);
    return extent;
}

struct gantry_shape gantry_graph_outer_shape(const struct gantry_graph *graph, int32_t tensor)
{
    struct gantry_shape shape = graph->tensors[tensor].shape;
    if (graph->batch > 1) shape.dims[0] *= graph->batch;
    return shape;
}

void gantry_graph_init(struct gantry_graph *graph, const struct gantry_allocator *allocator)
{
    memset(graph, 0, sizeof *graph);
    graph->batch = 1;
    gantry_arena_init(&graph->arena, allocator);
}

void gantry_graph_finish(struct gantry_graph *graph)
{
    gantry_arena_finish(&graph->arena);
    memset(graph, 0, sizeof *graph);
}

enum gantry_status gantry_graph_optimize(struct gantry_graph *graph, struct gantry_error *error)
{
    enum gantry_status status = gantry_pass_batch(graph, error);
    if (status == GANTRY_OK) status = gantry_pass_absorb(graph, error);
    if (status == GANTRY_OK) status = gantry_pass_groups(graph, error);
    return status == GANTRY_OK ? gantry_pass_phases(graph, error) : status;
}
