/* SPDX-License-Identifier: Apache-2.0
 * Several streams: the pool, what its engines did when, and how much that is in a second. */
#include "cli/streams.h"

#include <string.h>

#include "device/device.h"
#include "gantry/engine_pool.h"
#include "plan/plan.h"

enum { ROOM_FIRST = 1024, NUMBER_BYTES = 32 };

/* ---- Spans ---- */

static void add(struct gantry_cli_streams *streams, const struct gantry_report_span *span)
{
    if (streams->count == streams->room) {
        size_t room = streams->room ? 2 * streams->room : ROOM_FIRST;
        struct gantry_report_span *spans = gantry_allocate(NULL, room, sizeof *spans);
        streams->full = streams->full || !spans;
        if (streams->full) return;
        if (streams->count) memcpy(spans, streams->spans, streams->count * sizeof *spans);
        gantry_release(NULL, streams->spans);
        streams->spans = spans;
        streams->room = room;
    }
    streams->spans[streams->count++] = *span;
    if (span->from_ns < streams->from_ns) streams->from_ns = span->from_ns;
    if (span->to_ns > streams->to_ns) streams->to_ns = span->to_ns;
}

/* CPU layers one after the other: as the target has them, or as measured. */
static void add_layers(struct gantry_cli_streams *streams, const struct gantry_profile *profile,
                       size_t segment, struct gantry_report_span span)
{
    for (size_t i = 0; i < profile->node_count; i++) {
        const struct gantry_profile_node *node = &profile->nodes[i];
        if (node->accelerator || node->segment != (int32_t)segment) continue;
        span.name = node->name;
        span.to_ns = span.from_ns + (streams->simulated ? node->cpu_estimate_ns : node->cpu_ns);
        add(streams, &span);
        span.from_ns = span.to_ns;
    }
}

static void add_instructions(struct gantry_cli_streams *streams,
                             const struct gantry_profile *profile, size_t segment,
                             struct gantry_report_span span)
{
    uint64_t start = span.from_ns;
    for (size_t i = 0; streams->simulated && i < profile->event_count; i++) {
        const struct gantry_profile_event *event = &profile->events[i];
        if (event->segment != (int32_t)segment || event->engine == GANTRY_ENGINE_FETCH) continue;
        double ns = 1e9 / (double)streams->clock_hz;
        span.name = event->name;
        span.track = event->engine == GANTRY_ENGINE_LOAD    ? GANTRY_TRACK_LOAD
                     : event->engine == GANTRY_ENGINE_STORE ? GANTRY_TRACK_STORE
                                                            : GANTRY_TRACK_COMPUTE;
        span.from_ns = start + (uint64_t)((double)event->from_cycle * ns);
        span.to_ns = start + (uint64_t)((double)(event->to_cycle + 1) * ns);
        add(streams, &span);
    }
}

/* What the target's processor has to do about a launch: half of it before, half behind. */
static void add_host(struct gantry_cli_streams *streams, struct gantry_report_span span,
                     uint64_t from_ns, uint64_t ns)
{
    if (!streams->simulated || ns == 0) return;
    span.name = "launch and transfers";
    span.from_ns = from_ns;
    span.to_ns = from_ns + ns;
    add(streams, &span);
}

static void see(void *context, const struct gantry_engine_pool_done *done)
{
    struct gantry_cli_streams *streams = context;
    const struct gantry_profile *profile = done->profile;
    (void)pthread_mutex_lock(&streams->mutex);
    uint64_t at = profile ? profile->start_ns : 0;
    for (size_t s = 0; profile && streams->keep && s < profile->segment_count; s++) {
        const struct gantry_profile_segment *segment = &profile->segments[s];
        struct gantry_report_span span = {.track = GANTRY_TRACK_HOST,
                                          .stream = done->engine,
                                          .accelerator = done->accelerator,
                                          .inference = done->index,
                                          .from_ns = profile->start_ns + segment->from_ns,
                                          .to_ns = profile->start_ns + segment->to_ns};
        uint64_t host_ns = segment->modelled_host_ns;
        if (!segment->accelerator) {
            at = span.to_ns;
            add_layers(streams, profile, s, span);
            continue;
        }
        add_host(streams, span, at, host_ns / 2);
        add_host(streams, span, span.to_ns, host_ns - host_ns / 2);
        at = span.to_ns + host_ns - host_ns / 2;
        span.track = GANTRY_TRACK_LAUNCH;
        span.name = "launch";
        add(streams, &span);
        add_instructions(streams, profile, s, span);
    }
    (void)pthread_mutex_unlock(&streams->mutex);
}

/* ---- Running ---- */

int gantry_cli_check_streams(const struct gantry_cli_args *args)
{
    if (args->streams <= GANTRY_POOL_ENGINES_MAX) return GANTRY_EXIT_OK;
    return gantry_cli_usage(NULL, "--streams: too many (%llu, limit %d)",
                            (unsigned long long)args->streams, GANTRY_POOL_ENGINES_MAX);
}

struct order {
    size_t count;
    struct gantry_tensor *tensors; /* inputs of all inferences, then outputs */
    struct gantry_cli_batch outputs;
};

/* Every inference has outputs of its own; inputs are the vectors in turn. */
static int fill(struct order *order, const struct gantry_cli_session *session,
                const struct gantry_cli_args *args, const struct gantry_cli_batch *inputs)
{
    int code = gantry_cli_outputs(&order->outputs, session->model, order->count);
    if (code != GANTRY_EXIT_OK) return code;
    order->tensors = gantry_allocate(NULL, order->count * (inputs->count + order->outputs.count),
                                     sizeof *order->tensors);
    if (!order->tensors) {
        fprintf(stderr, "gantry: %s: out of memory\n", args->model);
        return GANTRY_EXIT_MEMORY;
    }
    struct gantry_tensor *outputs = order->tensors + order->count * inputs->count;
    for (size_t i = 0; i < order->count; i++) {
        gantry_cli_batch_vector(inputs, i % inputs->vectors, order->tensors + i * inputs->count);
        gantry_cli_batch_vector(&order->outputs, i, outputs + i * order->outputs.count);
    }
    return GANTRY_EXIT_OK;
}

/* Inferences of one vector have one result, wherever they ran. */
static int compare(const struct order *order, const struct gantry_cli_args *args, size_t vectors)
{
    for (size_t t = 0; t < order->outputs.count; t++) {
        const struct gantry_cli_tensor *tensor = &order->outputs.tensors[t];
        size_t bytes = tensor->info->bytes;
        for (size_t i = vectors; i < order->count; i++) {
            if (memcmp(tensor->data + i * bytes, tensor->data + (i % vectors) * bytes, bytes) == 0)
                continue;
            fprintf(stderr, "gantry: %s: output %zu of inference %zu is not that of %zu\n",
                    args->model, t, i, i % vectors);
            return GANTRY_EXIT_DIFFERENCE;
        }
    }
    return GANTRY_EXIT_OK;
}

static int run_orders(struct gantry_cli_streams *out, struct gantry_engine_pool *pool,
                      const struct order *order, const struct gantry_cli_batch *inputs,
                      uint32_t timeout_ms, double seconds)
{
    struct gantry_error error = {0};
    uint64_t start = gantry_now_ns(), limit = (uint64_t)(seconds * 1e9);
    do {
        if (gantry_engine_pool_run(pool, order->count, order->tensors,
                                   order->tensors + order->count * inputs->count, timeout_ms,
                                   &error) != GANTRY_OK)
            return gantry_cli_failure(&error);
        out->inferences += order->count;
        if (out->keep) out->first_inferences = order->count;
        out->keep = false;
    } while (gantry_now_ns() - start < limit);
    out->wall_ns = gantry_now_ns() - start;
    return GANTRY_EXIT_OK;
}

int gantry_cli_streams_run(struct gantry_cli_streams *out, const struct gantry_cli_session *session,
                           const struct gantry_cli_args *args,
                           const struct gantry_cli_batch *inputs, size_t each, double seconds)
{
    const struct gantry_device_info *info = gantry_device_info(session->device);
    struct gantry_engine_pool_options options = GANTRY_ENGINE_POOL_OPTIONS_INIT;
    struct order order = {.count = each * (size_t)args->streams};
    struct gantry_engine_pool *pool = NULL;
    struct gantry_error error = {0};
    *out = (struct gantry_cli_streams){.streams = (int)args->streams,
                                       .accelerators = info->instances,
                                       .simulated = session->device->clock != NULL,
                                       .clock_hz = info->clock_hz,
                                       .from_ns = UINT64_MAX,
                                       .keep = true};
    (void)pthread_mutex_init(&out->mutex, NULL);
    options.engines = out->streams;
    options.threads = args->threads ? (int)args->threads : 1;
    options.trace = true;
    options.done = see;
    options.context = out;
    options.log = &session->log;
    int code = fill(&order, session, args, inputs);
    if (code == GANTRY_EXIT_OK && gantry_engine_pool_create(&pool, session->plan, session->device,
                                                            &options, &error) != GANTRY_OK)
        code = gantry_cli_failure(&error);
    uint64_t timeout_ms = args->timeout_ms ? args->timeout_ms : GANTRY_CLI_TIMEOUT_MS;
    if (timeout_ms > GANTRY_CLI_TIMEOUT_MS_MAX) timeout_ms = GANTRY_CLI_TIMEOUT_MS_MAX;
    if (code == GANTRY_EXIT_OK)
        code = run_orders(out, pool, &order, inputs, (uint32_t)timeout_ms, seconds);
    if (code == GANTRY_EXIT_OK) code = compare(&order, args, inputs->vectors);
    gantry_engine_pool_destroy(pool);
    gantry_release(NULL, order.tensors);
    gantry_cli_batch_finish(&order.outputs);
    if (code == GANTRY_EXIT_OK && out->full) {
        fprintf(stderr, "gantry: %s: no memory for what the streams did\n", args->model);
        code = GANTRY_EXIT_MEMORY;
    }
    return code;
}

void gantry_cli_streams_finish(struct gantry_cli_streams *streams)
{
    if (streams->streams == 0) return;
    (void)pthread_mutex_destroy(&streams->mutex);
    gantry_release(NULL, streams->spans);
    memset(streams, 0, sizeof *streams);
}

/* ---- Output ---- */

static double rate(uint64_t count, uint64_t ns)
{
    return ns ? (double)count * 1e9 / (double)ns : 0.0;
}

static json_t *simulated_json(const struct gantry_cli_streams *streams, const char *target)
{
    if (!streams->simulated) return json_null();
    uint64_t ns = streams->to_ns - streams->from_ns;
    double cycles = (double)ns * (double)streams->clock_hz / 1e9;
    return json_pack("{s:I, s:f, s:f, s:f, s:f, s:s}", "inferences",
                     (json_int_t)streams->first_inferences, "us", (double)ns / 1e3, "cycles",
                     cycles, "cycles_per_inference", cycles / (double)streams->first_inferences,
                     "inferences_per_s", rate(streams->first_inferences, ns), "target", target);
}

static void print_text(const struct gantry_cli_streams *streams, const char *model,
                       const struct gantry_device_info *info, const char *target)
{
    char a[NUMBER_BYTES], b[NUMBER_BYTES], c[NUMBER_BYTES];
    uint64_t ns = streams->to_ns - streams->from_ns;
    double cycles = (double)ns * (double)streams->clock_hz / 1e9;
    printf("%s on %s%s%s: %d stream%s, %d accelerator%s\n", model, info->name,
           info->memory[0] ? ", memory " : "", info->memory, streams->streams,
           streams->streams == 1 ? "" : "s", streams->accelerators,
           streams->accelerators == 1 ? "" : "s");
    if (streams->simulated)
        printf("simulated, the host as %s: %s inferences/s, %s us and %s cycles for %llu\n", target,
               gantry_report_number(rate(streams->first_inferences, ns), 1, a, sizeof a),
               gantry_report_number((double)ns / 1e3, 1, b, sizeof b),
               gantry_report_number(cycles, 0, c, sizeof c),
               (unsigned long long)streams->first_inferences);
    printf("here: %s inferences/s, %llu in %s s\n",
           gantry_report_number(rate(streams->inferences, streams->wall_ns), 1, a, sizeof a),
           (unsigned long long)streams->inferences,
           gantry_report_number((double)streams->wall_ns / 1e9, 2, b, sizeof b));
}

int gantry_cli_streams_print(const struct gantry_cli_streams *streams,
                             const struct gantry_cli_session *session,
                             const struct gantry_cli_args *args)
{
    const struct gantry_device_info *info = gantry_device_info(session->device);
    const char *model = session->plan->graph->name, *target = session->plan->target.name;
    if (!args->json) {
        print_text(streams, model, info, target);
        return GANTRY_EXIT_OK;
    }
    return gantry_cli_print_json(json_pack(
        "{s:i, s:o, s:s, s:s, s:i, s:i, s:i, s:I, s:f, s:f, s:o}", "schema", GANTRY_REPORT_SCHEMA,
        "model", gantry_report_string(model), "device", info->name, "memory", info->memory,
        "streams", streams->streams, "accelerators", streams->accelerators, "threads",
        args->threads ? (int)args->threads : 1, "inferences", (json_int_t)streams->inferences,
        "seconds", (double)streams->wall_ns / 1e9, "inferences_per_s",
        rate(streams->inferences, streams->wall_ns), "simulated", simulated_json(streams, target)));
}
