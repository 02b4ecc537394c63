/* SPDX-License-Identifier: Apache-2.0
 * Parts of the CPU's CONCATENATIONs that lie in the whole from the beginning.
 *
 * Where nothing but ones stands before the axis, a part is a run of bytes of the whole, which
 * anything can write. Else, along channels, it is a slice of every pixel: kernels of maps write and
 * read it with the pixel stride of the whole. */
#include "plan/homes.h"

enum { STORE_ALIGNMENT = 16 };

/* How a CONCATENATION has a part. */
struct place {
    int32_t node, tensor;
    bool run;      /* bytes of the whole that lie behind each other */
    bool channels; /* slices of pixels */
    int64_t at;
};

static bool of_cpu_map(const struct gantry_build *build, int32_t node)
{
    return build->graph->nodes[node].mapped && !build->plan->nodes[node].accelerator &&
           build->graph->nodes[node].op != GANTRY_OP_RESHAPE;
}

/* Whether all that read a tensor take a pixel stride. */
static bool readers_stride(const struct gantry_build *build, int32_t tensor)
{
    for (int32_t n = 0; n < build->graph->node_count; n++)
        for (int32_t i = 0; i < build->graph->nodes[n].input_count; i++)
            if (build->graph->nodes[n].inputs[i] == tensor && !of_cpu_map(build, n)) return false;
    return true;
}

/* Whether what writes a storage, and what reads it, can do so where the whole has it. */
static bool can_lie(const struct gantry_homes *homes, const struct place *place)
{
    const struct gantry_build *build = homes->build;
    int32_t root = homes->storage[place->tensor].root;
    const struct gantry_storage *storage = &homes->storage[root];
    const struct gantry_graph_tensor *meta = &build->graph->tensors[root];
    if (meta->data || meta->variable || meta->producer == GANTRY_NO_NODE) return false;
    if (storage->inside >= 0 || storage->output || !storage->needed) return false;
    bool dense = storage->stride == gantry_home_pixel(meta);
    if (place->run)
        return dense && (!build->plan->nodes[meta->producer].accelerator ||
                         place->at % STORE_ALIGNMENT == 0);
    bool whole = build->graph->nodes[meta->producer].op == GANTRY_OP_CONCATENATION;
    if (whole && gantry_task_join_axis(build->graph, meta->producer) != GANTRY_JOIN_CHANNELS)
        return false;
    return place->channels && root == place->tensor && dense && of_cpu_map(build, meta->producer) &&
           readers_stride(build, root);
}

static void put(struct gantry_homes *homes, const struct place *place, int32_t whole)
{
    struct gantry_storage *part = &homes->storage[homes->storage[place->tensor].root];
    struct gantry_storage *outer = &homes->storage[whole];
    part->inside = whole;
    part->sliced = !place->run;
    part->at = place->at;
    outer->first = gantry_min_i32(outer->first, part->first);
    outer->last = gantry_max_i32(outer->last, part->last);
}

static void put_parts(struct gantry_homes *homes, int32_t index)
{
    const struct gantry_build *build = homes->build;
    const struct gantry_graph_node *node = &build->graph->nodes[index];
    const struct gantry_graph_tensor *y = &build->graph->tensors[node->outputs[0]];
    int32_t axis = gantry_op_axis(node->attributes.along.axis, y->shape.rank);
    struct gantry_op_split split = gantry_op_split_at(&y->shape, axis);
    int64_t element = (int64_t)gantry_dtype_bytes(y->dtype);
    struct place place = {.node = index, .run = split.outer == 1};
    place.channels =
        node->mapped && gantry_task_join_axis(build->graph, index) == GANTRY_JOIN_CHANNELS;
    for (int32_t i = 0; i < node->input_count; i++) {
        const struct gantry_graph_tensor *x = &build->graph->tensors[node->inputs[i]];
        place.tensor = node->inputs[i];
        if (gantry_quantization_equal(&x->quantization, &y->quantization) && can_lie(homes, &place))
            put(homes, &place, node->outputs[0]);
        place.at += x->shape.dims[axis] * split.inner * element;
    }
}

void gantry_home_parts(struct gantry_homes *homes)
{
    const struct gantry_build *build = homes->build;
    for (int32_t n = 0; n < build->graph->node_count; n++)
        if (build->graph->nodes[n].op == GANTRY_OP_CONCATENATION &&
            !build->plan->nodes[n].accelerator)
            put_parts(homes, n);
}
