/* SPDX-License-Identifier: Apache-2.0
 * Where tensors lie in device memory.
 *
 * Tensors that a RESHAPE only renames share one storage. A storage lives from the slot of its
 * writer to that of its last reader; a CPU node is a slot, and so is a whole launch. */
#include "plan/homes.h"

enum { HOME_ALIGNMENT = 64 };

static bool vanished(const struct gantry_build *build, int32_t node)
{
    return build->graph->nodes[node].op == GANTRY_OP_RESHAPE &&
           build->plan->nodes[node].accelerator;
}

static void number_slots(struct gantry_homes *homes)
{
    const struct gantry_plan *plan = homes->build->plan;
    int32_t slot = 0;
    for (int32_t s = 0; s < plan->segment_count; s++) {
        const struct gantry_plan_segment *segment = &plan->segments[s];
        for (int32_t i = 0; i < segment->node_count; i++)
            homes->slot[segment->nodes[i]] = segment->accelerator ? slot : slot++;
        if (segment->accelerator) slot++;
    }
    homes->slots = slot;
}

static int32_t blocks_bytes(int32_t channels)
{
    return GANTRY_CHANNELS * gantry_div_up(channels, GANTRY_CHANNELS);
}

/* Whether the output of a RESHAPE can be the memory of its input: equal channels, or no gaps. */
static bool shares(const struct gantry_homes *homes, int32_t node)
{
    const struct gantry_graph *graph = homes->build->graph;
    int32_t x = graph->nodes[node].inputs[0];
    if (graph->tensors[x].data) return false;
    const struct gantry_storage *root = &homes->storage[homes->storage[x].root];
    struct gantry_extent from = gantry_home_extent(&graph->tensors[x]);
    struct gantry_extent to = gantry_home_extent(&graph->tensors[graph->nodes[node].outputs[0]]);
    return vanished(homes->build, node) || from.c == to.c ||
           root->stride == gantry_home_pixel(&graph->tensors[homes->storage[x].root]);
}

static void find_storages(struct gantry_homes *homes)
{
    const struct gantry_graph *graph = homes->build->graph;
    for (int32_t t = 0; t < graph->tensor_count; t++) {
        homes->storage[t].root = t;
        homes->storage[t].inside = -1;
        homes->storage[t].stride = gantry_home_pixel(&graph->tensors[t]);
        homes->storage[t].first = homes->storage[t].last = -1;
        if (!graph->tensors[t].variable) continue;
        homes->storage[t].first = 0; /* kept from run to run */
        homes->storage[t].last = homes->slots;
    }
    for (int32_t n = 0; n < graph->node_count; n++) {
        int32_t y = graph->nodes[n].outputs[0];
        for (int32_t i = 1; i < graph->nodes[n].output_count; i++) {
            struct gantry_storage *more = &homes->storage[graph->nodes[n].outputs[i]];
            more->first = more->last = homes->slot[n];
            more->needed = true;
        }
        if (graph->nodes[n].op == GANTRY_OP_RESHAPE && shares(homes, n)) {
            homes->storage[y].root = homes->storage[graph->nodes[n].inputs[0]].root;
            continue;
        }
        if (homes->build->plan->nodes[n].accelerator)
            homes->storage[y].stride = blocks_bytes(homes->storage[y].stride);
        homes->storage[y].first = homes->storage[y].last = homes->slot[n];
        homes->storage[y].needed = !homes->build->plan->nodes[n].accelerator;
    }
}

static void use(struct gantry_homes *homes, int32_t tensor, int32_t node)
{
    const struct gantry_build *build = homes->build;
    struct gantry_storage *storage = &homes->storage[homes->storage[tensor].root];
    int32_t producer = build->graph->tensors[homes->storage[tensor].root].producer;
    bool inside = producer != GANTRY_NO_NODE && build->plan->nodes[node].accelerator &&
                  build->plan->nodes[producer].segment == build->plan->nodes[node].segment;
    if (!inside) storage->needed = true;
    if (homes->slot[node] > storage->last) storage->last = homes->slot[node];
}

static void find_uses(struct gantry_homes *homes)
{
    const struct gantry_build *build = homes->build;
    const struct gantry_graph *graph = build->graph;
    for (int32_t n = 0; n < graph->node_count; n++) {
        const struct gantry_graph_node *node = &graph->nodes[n];
        if (vanished(build, n)) continue;
        for (int32_t i = 0; i < node->input_count; i++) {
            if (!gantry_node_reads(graph, node, i)) continue;
            int32_t tensor = build->plan->nodes[n].accelerator ? gantry_task_source(graph, n, i)
                                                               : node->inputs[i];
            use(homes, tensor, n);
        }
        bool fused_away = build->fused_add[n] != GANTRY_NO_NODE;
        if (build->plan->options.observe && !fused_away)
            homes->storage[homes->storage[node->outputs[0]].root].needed = true;
    }
    for (int32_t i = 0; i < graph->output_count; i++) {
        struct gantry_storage *storage = &homes->storage[homes->storage[graph->outputs[i]].root];
        storage->needed = storage->output = true;
    }
}

static int64_t storage_bytes(const struct gantry_homes *homes, int32_t root)
{
    struct gantry_extent extent = gantry_home_extent(&homes->build->graph->tensors[root]);
    return (int64_t)extent.h * extent.w * homes->storage[root].stride;
}

/* Homes of packed inputs, which one task alone reads, are as that task sees them. */
static void spread_patches(const struct gantry_homes *homes)
{
    const struct gantry_build *build = homes->build;
    for (int32_t n = 0; n < build->graph->node_count; n++) {
        const struct gantry_task *task = &build->task[n];
        if (!build->plan->nodes[n].accelerator || task->patches.rows == 0) continue;
        struct gantry_plan_tensor *tensor = &build->plan->tensors[task->source];
        tensor->extent = task->in;
        tensor->pixel_stride = task->in.c;
        tensor->patches = task->patches;
    }
}

/* Bytes of a model input in memory. */
static int64_t input_bytes(const struct gantry_homes *homes, int32_t tensor)
{
    const struct gantry_build *build = homes->build;
    for (int32_t n = 0; n < build->graph->node_count; n++) {
        const struct gantry_task *task = &build->task[n];
        if (build->plan->nodes[n].accelerator && task->patches.rows > 0 && task->source == tensor)
            return (int64_t)task->in.h * task->in.w * task->in.c;
    }
    return storage_bytes(homes, tensor);
}

/* Gives a place behind the end of a buffer; false when the buffer passes 32 bits. */
static bool append(struct gantry_plan_tensor *tensor, enum gantry_home home, int64_t bytes,
                   size_t *end)
{
    tensor->home = home;
    tensor->offset = (uint32_t)*end;
    *end = gantry_align_size(*end + (size_t)bytes, HOME_ALIGNMENT);
    return *end <= UINT32_MAX;
}

static bool place_interface(struct gantry_homes *homes)
{
    const struct gantry_graph *graph = homes->build->graph;
    struct gantry_plan *plan = homes->build->plan;
    bool fits = true;
    plan->input_bytes = plan->output_bytes = 0;
    for (int32_t i = 0; i < graph->input_count; i++) {
        int32_t t = graph->inputs[i];
        fits = fits && append(&plan->tensors[t], GANTRY_HOME_INPUT, input_bytes(homes, t),
                              &plan->input_bytes);
    }
    for (int32_t i = 0; i < graph->output_count; i++) {
        int32_t root = homes->storage[graph->outputs[i]].root;
        if (plan->tensors[root].home != GANTRY_HOME_NONE) continue;
        fits = fits && append(&plan->tensors[root], GANTRY_HOME_OUTPUT, storage_bytes(homes, root),
                              &plan->output_bytes);
    }
    return fits;
}

/* Whether a storage takes room in the arena. */
static bool in_arena(const struct gantry_homes *homes, int32_t tensor)
{
    const struct gantry_storage *s = &homes->storage[tensor];
    return s->root == tensor && s->needed && s->inside < 0 &&
           homes->build->plan->tensors[tensor].home == GANTRY_HOME_NONE;
}

/* Packs the remaining storages into the arena. */
static enum gantry_status place_arena(struct gantry_homes *homes)
{
    struct gantry_build *build = homes->build;
    struct gantry_plan *plan = build->plan;
    int32_t tensors = build->graph->tensor_count, count = 0;
    struct gantry_pack_item *items =
        gantry_arena_alloc(&build->scratch, (size_t)tensors, sizeof *items);
    if (!items) return gantry_fail(build->error, GANTRY_ERR_MEMORY, "plan: no memory");
    for (int32_t t = 0; t < tensors; t++) {
        const struct gantry_storage *s = &homes->storage[t];
        if (!in_arena(homes, t)) continue;
        bool keep = plan->options.observe;
        items[count++] = (struct gantry_pack_item){.size = storage_bytes(homes, t),
                                                   .first = keep ? 0 : s->first,
                                                   .last = keep ? homes->slots : s->last};
    }
    int64_t total = gantry_pack(items, count, HOME_ALIGNMENT, build->scratch.allocator);
    if (total < 0) return gantry_fail(build->error, GANTRY_ERR_MEMORY, "plan: no memory");
    if (total > UINT32_MAX)
        return gantry_fail(build->error, GANTRY_ERR_UNSUPPORTED,
                           "%s: tensors between nodes take %lld bytes (limit %u)",
                           build->graph->name, (long long)total, UINT32_MAX);
    count = 0;
    for (int32_t t = 0; t < tensors; t++) {
        if (!in_arena(homes, t)) continue;
        plan->tensors[t].home = GANTRY_HOME_ARENA;
        plan->tensors[t].offset = (uint32_t)items[count++].offset;
    }
    plan->arena_bytes = (size_t)total;
    return GANTRY_OK;
}

/* Places and strides of storages that lie in others. */
static void place_parts(struct gantry_homes *homes)
{
    struct gantry_plan_tensor *tensors = homes->build->plan->tensors;
    for (int32_t t = 0; t < homes->build->graph->tensor_count; t++) {
        struct gantry_storage *part = &homes->storage[t];
        int32_t outer = t;
        int64_t offset = 0;
        for (; homes->storage[outer].inside >= 0; outer = homes->storage[outer].inside) {
            offset += homes->storage[outer].at;
            if (homes->storage[outer].sliced)
                part->stride = homes->storage[homes->storage[outer].inside].stride;
        }
        if (outer == t) continue;
        tensors[t].home = tensors[outer].home;
        tensors[t].offset = tensors[outer].offset + (uint32_t)offset;
    }
}

/* Every tensor takes place and stride from its storage. A vanished RESHAPE keeps the extent of
 * what it renames, so that its elements can be read through the gaps of that. */
static void spread(struct gantry_homes *homes)
{
    const struct gantry_graph *graph = homes->build->graph;
    struct gantry_plan_tensor *tensors = homes->build->plan->tensors;
    for (int32_t t = 0; t < graph->tensor_count; t++) {
        int32_t root = homes->storage[t].root;
        tensors[t].extent = gantry_home_extent(&graph->tensors[t]);
        tensors[t].home = tensors[root].home;
        tensors[t].offset = tensors[root].offset;
        struct gantry_extent of_root = gantry_home_extent(&graph->tensors[root]);
        bool gaps = homes->storage[root].stride != gantry_home_pixel(&graph->tensors[root]);
        if (gaps && tensors[t].extent.c != of_root.c) tensors[t].extent = of_root;
        tensors[t].pixel_stride =
            gaps ? homes->storage[root].stride : gantry_home_pixel(&graph->tensors[t]);
        if (graph->tensors[t].data) tensors[t].home = GANTRY_HOME_CONSTANT;
    }
}

enum gantry_status gantry_build_homes(struct gantry_build *build)
{
    const struct gantry_graph *graph = build->graph;
    struct gantry_homes homes = {.build = build};
    homes.storage =
        gantry_arena_alloc(&build->scratch, (size_t)graph->tensor_count, sizeof *homes.storage);
    homes.slot = gantry_arena_alloc(&build->scratch, (size_t)graph->node_count, sizeof *homes.slot);
    if (!homes.storage || !homes.slot)
        return gantry_fail(build->error, GANTRY_ERR_MEMORY, "plan: no memory");
    for (int32_t t = 0; t < graph->tensor_count; t++)
        build->plan->tensors[t] = (struct gantry_plan_tensor){.home = GANTRY_HOME_NONE};
    number_slots(&homes);
    find_storages(&homes);
    find_uses(&homes);
    if (!build->plan->options.observe) gantry_home_parts(&homes);
    for (int32_t t = 0; t < graph->tensor_count; t++)
        if (graph->tensors[t].data) homes.storage[t].needed = false;
    if (!place_interface(&homes))
        return gantry_fail(build->error, GANTRY_ERR_UNSUPPORTED,
                           "%s: inputs and outputs pass 2^32 bytes", graph->name);
    enum gantry_status status = place_arena(&homes);
    if (status == GANTRY_OK) place_parts(&homes);
    if (status == GANTRY_OK) spread(&homes);
    if (status == GANTRY_OK) spread_patches(&homes);
    return status;
}
