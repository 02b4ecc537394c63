/* SPDX-License-Identifier: Apache-2.0
 * The profile record as JSON. Keys are only ever added; null means: unknown or not applicable. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/report.h"

static const char *const engine_names[] = {[GANTRY_ENGINE_FETCH] = "fetch",
                                           [GANTRY_ENGINE_LOAD] = "load",
                                           [GANTRY_ENGINE_COMPUTE] = "compute",
                                           [GANTRY_ENGINE_STORE] = "store"};

json_t *gantry_report_string(const char *text)
{
    json_t *string = json_string(text);
    if (string) return string;
    char ascii[256];
    size_t length = 0;
    for (; text[length] && length < sizeof ascii - 1; length++)
        ascii[length] = (unsigned char)text[length] < 0x80 ? text[length] : '?';
    ascii[length] = 0;
    return json_string(ascii);
}

json_t *gantry_report_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static void set(json_t *object, const char *key, json_t *value)
{
    (void)json_object_set_new(object, key, value);
}

static json_t *number(uint64_t value) { return json_integer((json_int_t)value); }

static json_t *number_or_null(bool known, uint64_t value)
{
    return known ? number(value) : json_null();
}

static json_t *index_or_null(int64_t value)
{
    return value >= 0 ? json_integer(value) : json_null();
}

static json_t *real_or_null(double value) { return value >= 0 ? json_real(value) : json_null(); }

static json_t *text_or_null(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

static json_t *us(uint64_t ns) { return json_real((double)ns / 1000.0); }

static json_t *us_or_null(uint64_t ns) { return ns == GANTRY_UNKNOWN ? json_null() : us(ns); }

static json_t *error_percent(const struct gantry_profile *profile, bool known, uint64_t predicted,
                             uint64_t counted)
{
    return known ? gantry_report_real(gantry_report_error(profile, predicted, counted))
                 : json_null();
}

static json_t *stalls_json(const uint64_t *stalls)
{
    json_t *object = json_object();
    for (size_t i = 0; i < GANTRY_PROFILE_STALLS; i++)
        set(object, gantry_profile_stall_name(i), number(stalls[i]));
    return object;
}

json_t *gantry_report_reason(const struct gantry_reason *reason)
{
    if (!reason->code) return json_null();
    return json_pack("{s:s, s:s, s:o, s:o}", "code", reason->code, "rule",
                     reason->rule ? reason->rule : "", "limit",
                     reason->has_numbers ? json_integer(reason->limit) : json_null(), "value",
                     reason->has_numbers ? json_integer(reason->value) : json_null());
}

static json_t *spread_json(const struct gantry_profile_spread *spread)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "first", us(spread->first_ns), "mean",
                     us(spread->mean_ns), "p50", us(spread->p50_ns), "p99", us(spread->p99_ns),
                     "max", us(spread->max_ns));
}

/* ---- Totals ---- */

/* Accelerator cycles, and the CPU layers' time at the accelerator's clock. */
static json_t *cycles_json(const struct gantry_profile *profile,
                           const struct gantry_report_context *context)
{
    double cpu_us = 0.0;
    if (!profile->has_cycles || context->planned) return json_null();
    for (size_t i = 0; i < profile->node_count; i++) {
        const struct gantry_profile_node *node = &profile->nodes[i];
        if (node->accelerator) continue;
        bool estimated = node->cpu_estimate_ns != GANTRY_UNKNOWN;
        cpu_us += (double)(estimated ? node->cpu_estimate_ns : node->cpu_ns) / 1000.0;
    }
    if (cpu_us > 0 && context->clock_hz == 0) return json_null();
    return number(profile->accelerator_cycles +
                  (uint64_t)(cpu_us * (double)context->clock_hz / 1e6 + 0.5));
}

/* Sum of the estimates of CPU nodes; null where one has none. */
static json_t *predicted_cpu_json(const struct gantry_profile *profile)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < profile->node_count; i++) {
        if (profile->nodes[i].accelerator) continue;
        if (profile->nodes[i].cpu_estimate_ns == GANTRY_UNKNOWN) return json_null();
        sum += profile->nodes[i].cpu_estimate_ns;
    }
    return us(sum);
}

static json_t *planned_bytes_json(const struct gantry_profile *profile)
{
    uint64_t weights = 0, loads = 0, stores = 0, programs = 0;
    for (size_t i = 0; i < profile->node_count; i++) {
        weights += profile->nodes[i].weight_bytes;
        loads += profile->nodes[i].load_bytes;
        stores += profile->nodes[i].store_bytes;
    }
    for (size_t s = 0; s < profile->segment_count; s++)
        programs += profile->segments[s].program_bytes;
    return json_pack("{s:{s:o, s:o, s:o}, s:{s:o}}", "read", "weights", number(weights),
                     "activations", number(loads), "program", number(programs), "write",
                     "activations", number(stores));
}

static json_t *overlap_json(const struct gantry_profile *profile,
                            const struct gantry_report_context *context)
{
    uint64_t cycles[GANTRY_ENGINES_COMBINATIONS];
    if (context->planned || !gantry_report_overlap(profile, cycles)) return json_null();
    json_t *object = json_object();
    for (unsigned i = 0; i < GANTRY_ENGINES_COMBINATIONS; i++)
        set(object, gantry_report_engines_name(i), number(cycles[i]));
    return object;
}

static void set_times(json_t *totals, const struct gantry_profile *profile,
                      const struct gantry_report_context *context)
{
    bool ran = !context->planned;
    set(totals, "cycles", cycles_json(profile, context));
    set(totals, "time_us", real_or_null(gantry_report_total_us(profile, context)));
    set(totals, "cpu_us", ran ? us(profile->cpu_ns) : json_null());
    set(totals, "device_us", ran && profile->has_times ? us(profile->device_ns) : json_null());
    set(totals, "layout_us", ran ? us(profile->layout_ns) : json_null());
    set(totals, "wall_us", ran ? us(profile->total_ns) : json_null());
    set(totals, "predicted_cpu_us", predicted_cpu_json(profile));
    set(totals, "modelled_us", us_or_null(profile->modelled_ns));
    set(totals, "placement_proven", json_boolean(profile->proven));
    set(totals, "runs", ran ? number(profile->runs) : json_integer(0));
    set(totals, "wall_times_us", ran ? spread_json(&profile->wall) : json_null());
    set(totals, "cpu_times_us", ran ? spread_json(&profile->cpu) : json_null());
}

static json_t *totals_json(const struct gantry_profile *profile,
                           const struct gantry_report_context *context)
{
    bool known = profile->has_cycles && !context->planned;
    bool array = profile->peak_macs_per_cycle > 0;
    double utilization =
        known ? gantry_report_utilization(profile->macs_offloaded, profile->accelerator_cycles,
                                          profile->peak_macs_per_cycle)
              : -1.0;
    json_t *totals = json_object();
    set(totals, "macs", number(profile->macs));
    set(totals, "macs_offloaded_percent", json_real(gantry_report_offloaded(profile)));
    set(totals, "peak_macs_per_cycle", number_or_null(array, profile->peak_macs_per_cycle));
    set(totals, "memory_bytes_per_cycle", number_or_null(array, profile->memory_bytes_per_cycle));
    set(totals, "clock_hz", number_or_null(array && context->clock_hz, context->clock_hz));
    set(totals, "accelerator_cycles", number_or_null(known, profile->accelerator_cycles));
    set(totals, "predicted_cycles", number_or_null(array, profile->predicted_cycles));
    set(totals, "measured_cycles", json_null()); /* of a board: no device is one */
    set(totals, "error_percent",
        error_percent(profile, known, profile->predicted_cycles, profile->accelerator_cycles));
    set(totals, "utilization", real_or_null(utilization));
    set_times(totals, profile, context);
    set(totals, "launches", number(profile->launches));
    set(totals, "inferences", number(profile->inferences));
    set(totals, "ddr_read_bytes", number_or_null(known, profile->ddr_read_bytes));
    set(totals, "ddr_write_bytes", number_or_null(known, profile->ddr_write_bytes));
    uint64_t bytes = profile->ddr_read_bytes + profile->ddr_write_bytes;
    bool moved = known && profile->accelerator_cycles > 0;
    set(totals, "ddr_bytes_per_cycle",
        moved ? json_real((double)bytes / (double)profile->accelerator_cycles) : json_null());
    set(totals, "ddr_planned_bytes", array ? planned_bytes_json(profile) : json_null());
    set(totals, "trace_lost", json_boolean(profile->trace_lost));
    set(totals, "stalls", known ? stalls_json(profile->stalls) : json_null());
    set(totals, "overlap", overlap_json(profile, context));
    return totals;
}

/* ---- Nodes ---- */

static json_t *shape_json(const struct gantry_profile_shape *shape)
{
    if (!shape->path) return json_null();
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "path", shape->path, "instructions",
                     (json_int_t)shape->instructions, "blocks_per_group", (json_int_t)shape->m,
                     "groups", (json_int_t)shape->groups, "tile_rows", (json_int_t)shape->tile_rows,
                     "tiles", (json_int_t)shape->tiles);
}

/* What the node would cost where it does not run. */
static json_t *other_json(const struct gantry_profile_node *node)
{
    bool cycles = node->other_cycles != GANTRY_UNKNOWN;
    return json_pack("{s:s, s:o, s:o}", "placement", node->accelerator ? "cpu" : "accelerator",
                     "predicted_cycles", number_or_null(cycles, node->other_cycles), "cpu_us",
                     us_or_null(node->other_cpu_ns));
}

static void set_memory(json_t *object, const struct gantry_profile *profile,
                       const struct gantry_profile_node *node)
{
    set(object, "bytes",
        node->accelerator
            ? json_pack("{s:{s:o, s:o}, s:{s:o}}", "read", "weights", number(node->weight_bytes),
                        "activations", number(node->load_bytes), "write", "activations",
                        number(node->store_bytes))
            : json_null());
    set(object, "loads_per_byte",
        node->accelerator
            ? json_pack("{s:o, s:o}", "weights", real_or_null(gantry_report_weight_loads(node)),
                        "activations", real_or_null(gantry_report_input_loads(node)))
            : json_null());
    bool moved = node->accelerator && gantry_report_has_node_cycles(profile) && node->cycles > 0;
    set(object, "bytes_per_cycle",
        moved ? json_real((double)gantry_report_bytes(node) / (double)node->cycles) : json_null());
    set(object, "intensity", real_or_null(gantry_report_intensity(node)));
    set(object, "attainable_macs_per_cycle", real_or_null(gantry_report_attainable(profile, node)));
    set(object, "bound", text_or_null(gantry_report_bound(profile, node)));
}

static void set_costs(json_t *object, const struct gantry_profile *profile,
                      const struct gantry_report_context *context,
                      const struct gantry_profile_node *node)
{
    bool known = node->accelerator && gantry_report_has_node_cycles(profile) && !context->planned;
    double utilization =
        known ? gantry_report_utilization(node->macs, node->cycles, profile->peak_macs_per_cycle)
              : -1.0;
    uint32_t peak = profile->peak_macs_per_cycle;
    set(object, "cycles", number_or_null(known, node->cycles));
    set(object, "predicted_cycles", number_or_null(node->accelerator, node->predicted_cycles));
    set(object, "measured_cycles", json_null());
    set(object, "error_percent",
        error_percent(profile, known, node->predicted_cycles, node->cycles));
    set(object, "ideal_cycles",
        node->accelerator && peak ? json_real((double)node->macs / peak) : json_null());
    set(object, "utilization", real_or_null(utilization));
    set(object, "time_us", real_or_null(gantry_report_node_us(profile, context, node)));
    set(object, "cpu_us", context->planned ? json_null() : us(node->cpu_ns));
    set(object, "device_us",
        node->accelerator && profile->has_times && !context->planned && !profile->trace_lost
            ? us(node->device_ns)
            : json_null());
    set(object, "cpu_estimate_us", us_or_null(node->cpu_estimate_ns));
    set(object, "cpu_times_us",
        node->accelerator || context->planned ? json_null() : spread_json(&node->cpu));
    set(object, "other_side", node->index >= 0 ? other_json(node) : json_null());
    set(object, "stalls", known ? stalls_json(node->stalls) : json_null());
}

static json_t *node_json(const struct gantry_profile *profile,
                         const struct gantry_report_context *context,
                         const struct gantry_profile_node *node)
{
    json_t *object = json_object();
    set(object, "index", json_integer(node->index));
    set(object, "name", gantry_report_string(node->name));
    set(object, "op", json_string(node->op));
    set(object, "placement", json_string(node->accelerator ? "accelerator" : "cpu"));
    set(object, "reason", gantry_report_reason(&node->reason));
    set(object, "macs", number(node->macs));
    set_costs(object, profile, context, node);
    set(object, "fused_into", index_or_null(node->fused_into));
    set(object, "segment", index_or_null(node->segment));
    set(object, "shape", shape_json(&node->shape));
    set_memory(object, profile, node);
    return object;
}

/* ---- Segments, memory, host, events ---- */

static json_t *segment_json(const struct gantry_profile *profile,
                            const struct gantry_report_context *context, size_t s)
{
    const struct gantry_profile_segment *segment = &profile->segments[s];
    bool ran = !context->planned, known = segment->accelerator && profile->has_cycles && ran;
    json_t *nodes = json_array(), *object = json_object();
    for (size_t i = 0; i < profile->node_count; i++)
        if (profile->nodes[i].segment == (int32_t)s)
            json_array_append_new(nodes, json_integer(profile->nodes[i].index));
    set(object, "placement", json_string(segment->accelerator ? "accelerator" : "cpu"));
    set(object, "nodes", nodes);
    set(object, "cycles", number_or_null(known, segment->cycles));
    set(object, "predicted_cycles",
        number_or_null(segment->accelerator, segment->predicted_cycles));
    set(object, "instructions", number(segment->instructions));
    set(object, "weight_bytes", number(segment->weight_bytes));
    set(object, "program_bytes", number(segment->program_bytes));
    set(object, "chip_bytes", number_or_null(segment->accelerator, segment->chip_bytes));
    set(object, "from_us", ran ? us(segment->from_ns) : json_null());
    set(object, "to_us", ran ? us(segment->to_ns) : json_null());
    set(object, "device_us",
        segment->accelerator && profile->has_times && ran ? us(segment->device_ns) : json_null());
    set(object, "before_us", ran ? us(segment->before_ns) : json_null());
    set(object, "after_us", ran ? us(segment->after_ns) : json_null());
    return object;
}

static json_t *memory_json(const struct gantry_profile *profile)
{
    uint64_t peak = 0, weights = 0, programs = 0;
    for (size_t s = 0; s < profile->segment_count; s++) {
        const struct gantry_profile_segment *segment = &profile->segments[s];
        if (segment->chip_bytes > peak) peak = segment->chip_bytes;
        weights += segment->weight_bytes;
        programs += segment->program_bytes;
    }
    bool array = profile->peak_macs_per_cycle > 0;
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "chip_bytes",
                     number_or_null(array, profile->chip_bytes), "chip_peak_bytes",
                     number_or_null(array, peak), "arena_bytes", number(profile->arena_bytes),
                     "input_bytes", number(profile->input_bytes), "output_bytes",
                     number(profile->output_bytes), "weight_bytes", number(weights),
                     "program_bytes", number(programs));
}

/* Time of the host around the network's own work, and what it copied. */
static json_t *host_json(const struct gantry_profile *profile)
{
    uint64_t before = profile->pack_ns, after = profile->unpack_ns;
    for (size_t s = 0; s < profile->segment_count; s++) {
        before += profile->segments[s].before_ns;
        after += profile->segments[s].after_ns;
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:{s:o, s:o}}", "before_us", us(before), "after_us",
                     us(after), "pack_us", us(profile->pack_ns), "unpack_us",
                     us(profile->unpack_ns), "copied_bytes", "inputs", number(profile->pack_bytes),
                     "outputs", number(profile->unpack_bytes));
}

static json_t *events_json(const struct gantry_profile *profile)
{
    json_t *list = json_array();
    bool cycles = profile->has_cycles, times = profile->has_times;
    for (size_t i = 0; i < profile->event_count; i++) {
        const struct gantry_profile_event *event = &profile->events[i];
        json_t *object =
            json_pack("{s:i, s:I, s:I, s:s, s:s, s:i}", "segment", event->segment, "run",
                      (json_int_t)event->run, "instruction", (json_int_t)event->insn, "engine",
                      engine_names[event->engine], "name", event->name, "node", event->node);
        set(object, "from_cycle", number_or_null(cycles, event->from_cycle));
        set(object, "work_cycle", number_or_null(cycles, event->work_cycle));
        set(object, "to_cycle", number_or_null(cycles, event->to_cycle));
        set(object, "from_us", times ? us(event->from_cycle) : json_null());
        set(object, "to_us", times ? us(event->to_cycle) : json_null());
        json_array_append_new(list, object);
    }
    return list;
}

json_t *gantry_report_json(const struct gantry_profile *profile,
                           const struct gantry_report_context *context)
{
    char checksum[24];
    bool ran = !context->planned;
    json_t *root = json_object(), *nodes = json_array(), *segments = json_array();
    for (size_t i = 0; i < profile->node_count; i++)
        json_array_append_new(nodes, node_json(profile, context, &profile->nodes[i]));
    for (size_t s = 0; s < profile->segment_count; s++)
        json_array_append_new(segments, segment_json(profile, context, s));
    (void)snprintf(checksum, sizeof checksum, "%016" PRIx64, profile->checksum);
    set(root, "schema", json_integer(GANTRY_REPORT_SCHEMA));
    set(root, "model", gantry_report_string(profile->model));
    set(root, "device", json_string(profile->device));
    set(root, "target", json_string(context->target));
    set(root, "memory", text_or_null(profile->memory));
    set(root, "totals", totals_json(profile, context));
    set(root, "nodes", nodes);
    set(root, "segments", segments);
    set(root, "memory_map", memory_json(profile));
    set(root, "host", ran ? host_json(profile) : json_null());
    set(root, "events", events_json(profile));
    set(root, "equal_to_cpu",
        profile->equal_to_cpu < 0 ? json_null() : json_boolean(profile->equal_to_cpu));
    set(root, "checksum", ran ? json_string(checksum) : json_null());
    return root;
}
