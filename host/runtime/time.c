/* SPDX-License-Identifier: Apache-2.0
 * Time of an engine on a device whose time is simulated: what the host does there takes as long as
 * the plan's target says. */
#include "runtime/engine_internal.h"

uint64_t gantry_engine_now(const struct gantry_engine *engine)
{
    uint64_t ns;
    const struct gantry_device_clock *clock = engine->device->clock;
    return clock && clock->now(engine->device, &ns) ? ns : gantry_now_ns();
}

void gantry_engine_pass(const struct gantry_engine *engine, uint64_t ns)
{
    if (engine->device->clock) engine->device->clock->pass(engine->device, ns);
}

void gantry_engine_model_host(struct gantry_engine *engine)
{
    const struct gantry_plan *plan = engine->plan;
    double rest = plan->modelled_ns;
    int32_t launches = 0;
    for (int32_t s = 0; s < plan->segment_count; s++) {
        const struct gantry_plan_segment *segment = &plan->segments[s];
        double sum = 0;
        for (int32_t k = 0; k < segment->node_count; k++) {
            const struct gantry_plan_node *node = &plan->nodes[segment->nodes[k]];
            double ns = segment->accelerator ? node->accelerator_ns : node->cpu_ns;
            if (ns > 0) sum += ns;
        }
        launches += segment->accelerator;
        if (!segment->accelerator) engine->parts[s].modelled_host_ns = (uint64_t)(sum + 0.5);
        rest -= sum;
    }
    /* What the model has beside the nodes: launches, and tensors that cross between the sides. */
    for (int32_t s = 0; s < plan->segment_count; s++)
        if (plan->segments[s].accelerator && rest > 0)
            engine->parts[s].modelled_host_ns = (uint64_t)(rest / launches + 0.5);
}
