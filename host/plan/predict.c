/* SPDX-License-Identifier: Apache-2.0
 * Timing of a launch: its program on the clocks of ports, front and drain.
 *
 * LOADs run ahead of the program as their queue lets them: before a COMPUTE is timed, those are
 * whose semaphores are there. */
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

/* Whether the semaphores that an instruction waits for have been signalled. */
static bool may_run(const struct gantry_clock *clock, const struct gantry_insn *insn)
{
    int32_t mask = gantry_clock_value(insn, GANTRY_COMMON_WAIT);
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++)
        if (mask >> s & 1 && clock->signals[s] == 0) return false;
    return true;
}

/* Runs the LOADs of the program up to an instruction, and on while their semaphores are there.
 * Those that a COMPUTE does not wait for run beside it. */
static void run_loads(struct launch *launch, uint32_t index, const struct gantry_insn *compute)
{
    struct gantry_clock *clock = launch->clock;
    struct gantry_clock_writes writes;
    struct gantry_insn insn;
    if (compute) writes = gantry_clock_writes_of(compute, clock->params);
    for (; launch->loads < launch->insn_count; launch->loads++) {
        if (fetch(launch, launch->loads, &insn) != GANTRY_INSN_LOAD) continue;
        if (launch->loads > index && !may_run(clock, &insn)) return;
        bool beside = compute && may_run(clock, compute);
        double wait = take_waits(clock, &insn, 0);
        give_signals(clock, &insn, gantry_clock_load(clock, &insn, wait, beside ? &writes : NULL));
    }
}

static enum gantry_status run_compute(struct launch *launch, uint32_t index,
                                      const struct gantry_insn *insn, struct gantry_error *error)
{
    double end;
    run_loads(launch, index, insn);
    double wait = take_waits(launch->clock, insn, launch->clock->front);
    enum gantry_status status = gantry_clock_compute(launch->clock, insn, wait, &end, error);
    if (status == GANTRY_OK) give_signals(launch->clock, insn, end);
    return status;
}

static enum gantry_status run_insn(struct launch *launch, uint32_t index, double *cycles,
                                   struct gantry_error *error)
{
    struct gantry_clock *clock = launch->clock;
    struct gantry_insn insn;
    double before = clock->front, idle = clock->drain + GANTRY_CLOCK_WRITE;
    enum gantry_status status = GANTRY_OK;
    switch (fetch(launch, index, &insn)) {
    case GANTRY_INSN_LOAD: /* runs before a COMPUTE */
        break;
    case GANTRY_INSN_STORE:
        give_signals(clock, &insn, gantry_clock_store(clock, &insn, take_waits(clock, &insn, 0)));
        break;
    case GANTRY_INSN_CONV:
    case GANTRY_INSN_WINDOW:
        status = run_compute(launch, index, &insn, error);
        break;
    case GANTRY_INSN_SYNC:
        clock->front = gantry_clock_later(take_waits(clock, &insn, clock->front), idle);
        give_signals(clock, &insn, clock->front);
        break;
    case GANTRY_INSN_END:
        run_loads(launch, index, NULL);
        clock->front = gantry_clock_trace(clock, gantry_clock_later(clock->front, idle));
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
