/* SPDX-License-Identifier: Apache-2.0
 * Whether a plan from a file is safe to run: indices, homes and programs. The structure of the file
 * has been verified, and the graph by its own check. */
#include <string.h>

#include "plan/planfile.h"

const uint8_t gantry_planfile_magic[8] = {'G', 'A', 'N', 'T', 'R', 'Y', 0x0d, 0x0a};

uint64_t gantry_planfile_checksum(const uint8_t *bytes, size_t size)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t at = 0; at < size; at += 8) {
        uint8_t word[8] = {0};
        memcpy(word, bytes + at, size - at < 8 ? size - at : 8);
        sum = (sum ^ gantry_load_u64(word)) * UINT64_C(0x100000001b3);
    }
    return sum;
}

struct check {
    const struct gantry_plan *plan;
    const char *name;
    struct gantry_error *error;
};

static enum gantry_status refuse(const struct check *check, const char *what, int64_t index)
{
    return gantry_fail(check->error, GANTRY_ERR_FILE, "%s: plan: %s (%lld)", check->name, what,
                       (long long)index);
}

static size_t room_of(const struct gantry_plan *plan, enum gantry_home home)
{
    if (home == GANTRY_HOME_ARENA) return plan->arena_bytes;
    return home == GANTRY_HOME_INPUT ? plan->input_bytes : plan->output_bytes;
}

/* Bytes of a home, or 0 when its numbers make no sense. */
static uint64_t home_bytes(const struct gantry_plan_tensor *placed, size_t element)
{
    const struct gantry_extent *e = &placed->extent;
    if (e->h < 1 || e->w < 1 || e->c < 1 || placed->pixel_stride < 1) return 0;
    uint64_t pixels = (uint64_t)e->h * (uint64_t)e->w;
    uint64_t pixel = (uint64_t)e->c * element, stride = (uint64_t)placed->pixel_stride;
    if (pixels > 1 && stride < pixel) return 0;
    if (pixels > (UINT64_C(1) << 31) || stride > (UINT64_C(1) << 31)) return 0;
    return (pixels - 1) * stride + pixel;
}

/* Patches write whole pixels of as many values; else a home holds the tensor's elements. */
static bool fits_tensor(const struct gantry_plan_tensor *placed,
                        const struct gantry_graph_tensor *meta)
{
    const struct gantry_patches *p = &placed->patches;
    const struct gantry_extent *e = &placed->extent;
    if (p->rows == 0)
        return p->columns == 0 &&
               (int64_t)e->h * e->w * e->c == gantry_shape_elements(&meta->shape);
    struct gantry_extent image;
    if (placed->home != GANTRY_HOME_INPUT || !gantry_shape_extent(&meta->shape, &image))
        return false;
    if (p->rows < 1 || p->columns < 1 || p->rows > 4096 || p->columns > 4096) return false;
    if (p->step_h < 1 || p->step_w < 1 || p->step_h > 4096 || p->step_w > 4096) return false;
    if (p->top < -65536 || p->top > 65536 || p->left < -65536 || p->left > 65536) return false;
    return (int64_t)p->rows * p->columns * image.c == e->c && placed->pixel_stride >= e->c;
}

static enum gantry_status check_tensor(const struct check *check, int32_t t)
{
    const struct gantry_plan *plan = check->plan;
    const struct gantry_plan_tensor *placed = &plan->tensors[t];
    const struct gantry_graph_tensor *meta = &plan->graph->tensors[t];
    switch (placed->home) {
    case GANTRY_HOME_NONE:
        return GANTRY_OK;
    case GANTRY_HOME_CONSTANT:
        return meta->data ? GANTRY_OK : refuse(check, "a tensor without data is constant", t);
    case GANTRY_HOME_ARENA:
    case GANTRY_HOME_INPUT:
    case GANTRY_HOME_OUTPUT:
        break;
    default:
        return refuse(check, "a tensor has an unknown home", t);
    }
    uint64_t bytes = home_bytes(placed, gantry_dtype_bytes(meta->dtype));
    size_t room = room_of(plan, placed->home);
    if (bytes == 0 || !fits_tensor(placed, meta))
        return refuse(check, "a tensor's home has another shape", t);
    if (placed->offset % 16 != 0 || placed->offset > room || bytes > room - placed->offset)
        return refuse(check, "a tensor's home is out of its buffer", t);
    return GANTRY_OK;
}

static bool has_home(const struct gantry_plan *plan, int32_t tensor)
{
    return tensor == GANTRY_NO_TENSOR || plan->tensors[tensor].home != GANTRY_HOME_NONE ||
           plan->graph->tensors[tensor].data;
}

/* A node of a CPU segment reads and writes memory that is there. */
static enum gantry_status check_cpu_node(const struct check *check, int32_t n)
{
    const struct gantry_plan *plan = check->plan;
    const struct gantry_graph_node *node = &plan->graph->nodes[n];
    for (int32_t i = 0; i < node->input_count; i++) {
        int32_t t = node->inputs[i];
        if (!has_home(plan, t)) return refuse(check, "a node reads what has no home", n);
        if (t != GANTRY_NO_TENSOR && plan->tensors[t].patches.rows > 0)
            return refuse(check, "a node reads an input in patches", n);
    }
    for (int32_t i = 0; i < node->output_count; i++) {
        const struct gantry_plan_tensor *output = &plan->tensors[node->outputs[i]];
        if (output->home == GANTRY_HOME_NONE || output->home == GANTRY_HOME_CONSTANT ||
            output->patches.rows > 0)
            return refuse(check, "a node writes what has no home", n);
    }
    return GANTRY_OK;
}

static enum gantry_status check_program(const struct check *check, int32_t s)
{
    const struct gantry_plan *plan = check->plan;
    const struct gantry_plan_segment *segment = &plan->segments[s];
    if (segment->insn_count == 0) return refuse(check, "a segment has no program", s);
    for (uint32_t i = 0; i < segment->insn_count; i++)
        if (segment->insn_node[i] < GANTRY_NODE_STORE ||
            segment->insn_node[i] >= plan->graph->node_count)
            return refuse(check, "an instruction is of an unknown node", i);
    int64_t stripe = gantry_stripe_bytes(segment->wgt_lines, plan->params.ports);
    if (segment->weights_bytes != (size_t)stripe * (size_t)plan->params.ports)
        return refuse(check, "a segment's weights have another size", s);
    struct gantry_error detail = {0};
    enum gantry_status status =
        gantry_plan_check_program(plan, segment, plan->options.allocator, &detail);
    if (status == GANTRY_OK) return GANTRY_OK;
    return gantry_fail(check->error,
                       status == GANTRY_ERR_MEMORY ? GANTRY_ERR_MEMORY : GANTRY_ERR_FILE,
                       "%s: plan: segment %d: %s", check->name, s, detail.message);
}

static enum gantry_status check_segment(const struct check *check, int32_t s, bool *seen)
{
    const struct gantry_plan *plan = check->plan;
    const struct gantry_plan_segment *segment = &plan->segments[s];
    for (int32_t i = 0; i < segment->node_count; i++) {
        int32_t n = segment->nodes[i];
        if (n < 0 || n >= plan->graph->node_count) return refuse(check, "an unknown node", n);
        const struct gantry_plan_node *node = &plan->nodes[n];
        if (seen[n] || node->segment != s || node->accelerator != segment->accelerator)
            return refuse(check, "a node is in another segment, too", n);
        if (node->fused_into < GANTRY_NO_NODE || node->fused_into >= plan->graph->node_count)
            return refuse(check, "a node is computed with an unknown one", n);
        seen[n] = true;
        if (segment->accelerator) continue;
        enum gantry_status status = check_cpu_node(check, n);
        if (status != GANTRY_OK) return status;
    }
    return segment->accelerator ? check_program(check, s) : GANTRY_OK;
}

static enum gantry_status check_all(const struct check *check, bool *seen)
{
    const struct gantry_plan *plan = check->plan;
    const struct gantry_array_params *params = &plan->params;
    if (params->g < 0 || params->g > GANTRY_G_MAX || params->ports < 0 ||
        params->ports > GANTRY_PORTS_MAX || (params->g > 0 && params->ports == 0))
        return refuse(check, "parameters of no array", params->g);
    for (int32_t t = 0; t < plan->graph->tensor_count; t++) {
        enum gantry_status status = check_tensor(check, t);
        if (status != GANTRY_OK) return status;
    }
    for (int32_t s = 0; s < plan->segment_count; s++) {
        if (plan->segments[s].accelerator && params->g == 0)
            return refuse(check, "a launch without an array", s);
        enum gantry_status status = check_segment(check, s, seen);
        if (status != GANTRY_OK) return status;
    }
    for (int32_t n = 0; n < plan->graph->node_count; n++)
        if (!seen[n]) return refuse(check, "a node is in no segment", n);
    for (int32_t i = 0; i < plan->graph->output_count; i++)
        if (!has_home(plan, plan->graph->outputs[i]))
            return refuse(check, "an output has no home", i);
    return GANTRY_OK;
}

enum gantry_status gantry_planfile_check(const struct gantry_plan *plan, const char *name,
                                         struct gantry_error *error)
{
    const struct check check = {.plan = plan, .name = name, .error = error};
    size_t nodes = (size_t)plan->graph->node_count;
    bool *seen = gantry_allocate(plan->options.allocator, nodes, sizeof *seen);
    if (!seen) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", name);
    enum gantry_status status = check_all(&check, seen);
    gantry_release(plan->options.allocator, seen);
    return status;
}
