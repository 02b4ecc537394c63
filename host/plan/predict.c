/* SPDX-License-Identifier: Apache-2.0
 * Timing of a launch: its program on the clocks of ports, front and drain.
 *
 * LOADs and STOREs run beside COMPUTE: they are queued when their semaphores are there, and
 * followed as far as something needs their end, or the memory that they leave. */
#include "plan/predict_clock.h"

#include <string.h>

/* ---- Semaphores: a wait takes the oldest signal ---- */

static double take_waits(struct gantry_clock *clock, const struct gantry_insn *insn, double time)
{
    int32_t mask = gantry_clock_value(insn, GANTRY_COMMON_WAIT);
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++) {
        if (!(mask >> s & 1) || clock->signals[s] == 0) continue;
        time = gantry_clock_later(time, clock->signal[s][0]);
        clock->signals[s]--;
        memmove(clock->signal[s], clock->signal[s] + 1,
                (size_t)clock->signals[s] * sizeof **clock->signal);
    }
    return time;
}

static void give_signals(struct gantry_clock *clock, const struct gantry_insn *insn, double time)
{
    int32_t mask = gantry_clock_value(insn, GANTRY_COMMON_SIGNAL);
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++)
        if (mask >> s & 1 && clock->signals[s] < GANTRY_SEMAPHORE_MAX)
            clock->signal[s][clock->signals[s]++] = time;
}

/* ---- The launch ---- */

struct launch {
    struct gantry_clock *clock;
    const uint8_t *program;
    uint32_t insn_count;
    uint32_t loads; /* LOADs before this instruction have been run */
};

static int32_t fetch(const struct launch *launch, uint32_t index, struct gantry_insn *insn)
{
    gantry_insn_from_bytes(insn, launch->program + (size_t)index * GANTRY_INSN_BYTES);
    return gantry_clock_value(insn, GANTRY_COMMON_OPCODE);
}

/* Semaphores that an instruction waits for and that have not been signalled. */
static int32_t missing(const struct gantry_clock *clock, const struct gantry_insn *insn)
{
    int32_t mask = gantry_clock_value(insn, GANTRY_COMMON_WAIT);
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++)
        if (clock->signals[s] > 0) mask &= ~(1 << s);
    return mask;
}

/* Queues the LOADs that come next in the program, while their semaphores are there. */
static void queue_loads(struct launch *launch)
{
    struct gantry_clock *clock = launch->clock;
    struct gantry_insn insn;
    for (; launch->loads < launch->insn_count; launch->loads++) {
        if (fetch(launch, launch->loads, &insn) != GANTRY_INSN_LOAD) continue;
        if (missing(clock, &insn) || gantry_clock_loads_full(clock)) return;
        gantry_clock_load(clock, &insn, take_waits(clock, &insn, 0));
    }
}

static bool finish_load(struct launch *launch)
{
    struct gantry_insn insn;
    double time;
    if (!gantry_clock_load_end(launch->clock, &insn, &time)) return false;
    give_signals(launch->clock, &insn, time);
    queue_loads(launch);
    return true;
}

static bool finish_store(struct launch *launch)
{
    struct gantry_insn insn;
    double time;
    if (!gantry_clock_store_end(launch->clock, &insn, &time)) return false;
    give_signals(launch->clock, &insn, time);
    queue_loads(launch);
    return true;
}

/* Runs LOADs and STOREs until an instruction has its semaphores. */
static void finish_waits(struct launch *launch, const struct gantry_insn *insn)
{
    int32_t mask;
    while ((mask = missing(launch->clock, insn)) != 0) {
        bool loads = false;
        for (int32_t i = 0; i < launch->clock->load_count; i++)
            loads |= gantry_clock_value(&launch->clock->loads[i].insn, GANTRY_COMMON_SIGNAL) & mask;
        if (!(loads ? finish_load(launch) || finish_store(launch)
                    : finish_store(launch) || finish_load(launch)))
            return;
    }
}

static enum gantry_status run_compute(struct launch *launch, const struct gantry_insn *insn,
                                      struct gantry_error *error)
{
    struct gantry_clock *clock = launch->clock;
    finish_waits(launch, insn);
    double start = take_waits(clock, insn, clock->front);
    const struct gantry_clock_use use = gantry_clock_use_of(insn, clock->params, start);
    gantry_clock_use_begin(clock, &use);
    enum gantry_status status = gantry_clock_compute(clock, insn, start, error);
    gantry_clock_use_end(clock, clock->front);
    give_signals(clock, insn, clock->drain + GANTRY_CLOCK_WRITE);
    return status;
}

static void run_store(struct launch *launch, const struct gantry_insn *insn)
{
    if (gantry_clock_stores_full(launch->clock)) (void)finish_store(launch);
    finish_waits(launch, insn);
    gantry_clock_store(launch->clock, insn, take_waits(launch->clock, insn, 0));
}

static void run_end(struct launch *launch)
{
    struct gantry_clock *clock = launch->clock;
    while (finish_load(launch) || finish_store(launch)) continue;
    double idle = gantry_clock_later(clock->front, clock->drain + GANTRY_CLOCK_WRITE);
    clock->front = gantry_clock_trace(clock, idle);
}

static enum gantry_status run_insn(struct launch *launch, uint32_t index, double *cycles,
                                   struct gantry_error *error)
{
    struct gantry_clock *clock = launch->clock;
    struct gantry_insn insn;
    double before = clock->front;
    enum gantry_status status = GANTRY_OK;
    queue_loads(launch);
    switch (fetch(launch, index, &insn)) {
    case GANTRY_INSN_LOAD: /* has been queued, or is when its semaphores are there */
        break;
    case GANTRY_INSN_STORE:
        run_store(launch, &insn);
        break;
    case GANTRY_INSN_CONV:
    case GANTRY_INSN_WINDOW:
        status = run_compute(launch, &insn, error);
        break;
    case GANTRY_INSN_SYNC:
        clock->front = gantry_clock_later(take_waits(clock, &insn, clock->front),
                                          clock->drain + GANTRY_CLOCK_WRITE);
        give_signals(clock, &insn, clock->front);
        break;
    case GANTRY_INSN_END:
        run_end(launch);
        break;
    default:
        give_signals(clock, &insn, take_waits(clock, &insn, clock->front));
        break;
    }
    *cycles = clock->front - before;
    return status;
}

/* Lines of the stream, and times of releases that the program can have. */
static int64_t count_lines(const struct launch *launch, size_t *releases)
{
    int64_t lines = 0;
    *releases = 0;
    for (uint32_t i = 0; i < launch->insn_count; i++) {
        struct gantry_insn insn;
        int32_t opcode = fetch(launch, i, &insn);
        if (opcode != GANTRY_INSN_CONV && opcode != GANTRY_INSN_WINDOW) continue;
        int32_t groups = gantry_clock_value(&insn, GANTRY_CONV_GROUPS);
        lines += groups * gantry_conv_group_lines(&insn);
        *releases += (size_t)groups * GANTRY_CLOCK_CHUNKS;
    }
    return lines;
}

static enum gantry_status run_launch(struct launch *launch, struct gantry_clock *clock,
                                     uint64_t sem_init, double *cycles, struct gantry_error *error)
{
    size_t releases;
    int64_t lines = count_lines(launch, &releases);
    launch->clock = clock;
    clock->releases = gantry_arena_alloc(&clock->arena, releases + 1, sizeof *clock->releases);
    if (!clock->releases || !gantry_clock_ports(clock, lines))
        return gantry_fail(error, GANTRY_ERR_MEMORY, "prediction: out of memory");
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++)
        clock->signals[s] = (int32_t)(sem_init >> 4 * s & 15); /* of time 0 */
    enum gantry_status status = GANTRY_OK;
    for (uint32_t i = 0; i < launch->insn_count && status == GANTRY_OK; i++)
        status = run_insn(launch, i, &cycles[i], error);
    return status;
}

enum gantry_status gantry_predict(const struct gantry_array_params *params,
                                  const struct gantry_target *target, const uint8_t *program,
                                  uint32_t insn_count, uint64_t sem_init,
                                  const struct gantry_allocator *allocator, double *cycles,
                                  struct gantry_error *error)
{
    struct launch launch = {.program = program, .insn_count = insn_count};
    struct gantry_clock *clock = gantry_allocate(allocator, 1, sizeof *clock);
    if (!clock) return gantry_fail(error, GANTRY_ERR_MEMORY, "prediction: out of memory");
    clock->params = params;
    clock->target = target;
    gantry_arena_init(&clock->arena, allocator);
    enum gantry_status status = run_launch(&launch, clock, sem_init, cycles, error);
    gantry_arena_finish(&clock->arena);
    gantry_release(allocator, clock);
    return status;
}

uint64_t gantry_predict_segment(const struct gantry_plan *plan, int32_t index,
                                const struct gantry_target *target,
                                struct gantry_profile_node *nodes)
{
    const struct gantry_plan_segment *segment = &plan->segments[index];
    const struct gantry_allocator *allocator = plan->options.allocator;
    int32_t count = plan->graph->node_count;
    double *cycles = gantry_allocate(allocator, segment->insn_count, sizeof *cycles), sum = 0;
    uint64_t before = 0;
    if (!cycles || gantry_predict(&plan->params, target, segment->program, segment->insn_count,
                                  segment->sem_init, allocator, cycles, NULL) != GANTRY_OK) {
        gantry_release(allocator, cycles);
        return UINT64_MAX;
    }
    for (uint32_t i = 0; i < segment->insn_count; i++) {
        int32_t node = segment->insn_node[i];
        if (node < 0) node = node == GANTRY_NODE_STORE ? count + 1 : count;
        sum += cycles[i];
        /* Whole cycles that keep the sum. */
        nodes[node].predicted_cycles += (uint64_t)(sum + 0.5) - before;
        before = (uint64_t)(sum + 0.5);
    }
    gantry_release(allocator, cycles);
    return before;
}
