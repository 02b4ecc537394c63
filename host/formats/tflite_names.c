/* SPDX-License-Identifier: Apache-2.0
 * Operator numbers and names of a .tflite file. */
#include "formats/tflite_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool gantry_tflite_op(int32_t code, enum gantry_op *out)
{
    switch (code) {
#define NAMED(number, name)
#define READ(number, name, op, options) \
    case number:                        \
        *out = GANTRY_OP_##op;          \
        return true;
#include "formats/tflite_operators.def"
#undef READ
#undef NAMED
    default:
        return false;
    }
}

const char *gantry_tflite_operator_name(int32_t code, char *buffer, size_t size)
{
    switch (code) {
#define NAMED(number, name) \
    case number:            \
        return #name;
#define READ(number, name, op, options) NAMED(number, name)
#include "formats/tflite_operators.def"
#undef READ
#undef NAMED
    default:
        (void)snprintf(buffer, size, "OPERATOR_%d", code);
        return buffer;
    }
}

char *gantry_tflite_short_name(struct gantry_arena *arena, const char *text, size_t length,
                               size_t limit)
{
    const char *end = length ? memchr(text, ';', length) : NULL;
    if (end) length = (size_t)(end - text);
    if (length > limit) length = limit;
    char *name = gantry_arena_copy(arena, length ? text : "unnamed", length ? length : 7);
    for (char *p = name; p && *p; p++)
        if (*p < 0x20 || *p > 0x7e || *p == '#' || *p == '"') *p = '_';
    return name;
}

static int by_name(const void *a, const void *b)
{
    const struct gantry_graph_node *left = *(struct gantry_graph_node *const *)a;
    const struct gantry_graph_node *right = *(struct gantry_graph_node *const *)b;
    int order = strcmp(left->name, right->name);
    return order ? order : (left > right) - (left < right);
}

bool gantry_tflite_name_nodes(struct gantry_graph *graph)
{
    size_t count = (size_t)graph->node_count;
    const struct gantry_allocator *allocator = graph->arena.allocator;
    struct gantry_graph_node **sorted = gantry_allocate(allocator, count, sizeof(*sorted));
    if (!sorted) return false;
    for (size_t i = 0; i < count; i++) {
        sorted[i] = &graph->nodes[i];
        sorted[i]->name = graph->tensors[sorted[i]->outputs[0]].name;
    }
    qsort(sorted, count, sizeof(*sorted), by_name);
    const char *previous = NULL;
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        const char *name = sorted[i]->name;
        if (previous && strcmp(previous, name) == 0) {
            char text[GANTRY_NAME_MAX + 16];
            (void)snprintf(text, sizeof text, "%.48s#%d", name, (int)(sorted[i] - graph->nodes));
            sorted[i]->name = gantry_arena_copy(&graph->arena, text, strlen(text));
            ok = ok && sorted[i]->name;
        }
        previous = name;
    }
    gantry_release(allocator, sorted);
    return ok;
}
