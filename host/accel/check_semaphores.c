/* SPDX-License-Identifier: Apache-2.0
 * Semaphores of a program: balance, satisfaction, and the greatest value. */
#include "accel/check.h"

#include <inttypes.h>

static int32_t initial(const struct gantry_check *check, int32_t s)
{
    return (int32_t)(check->memory->sem_init >> 4 * s & 15);
}

/* Signals and waits of one run must be equal in number. */
static enum gantry_status balance(struct gantry_check *check, int32_t s)
{
    int32_t signals = 0, waits = 0;
    for (int32_t i = 0; i < check->count / check->runs; i++) {
        signals += check->insns[i].signal >> s & 1;
        waits += check->insns[i].wait >> s & 1;
    }
    if (signals == waits) return GANTRY_OK;
    return gantry_fail(check->error, GANTRY_ERR_ARGUMENT,
                       "program: semaphore %d: %d signals, %d waits in a run", s, signals, waits);
}

/* Each wait is satisfied by SEM_INIT or by earlier instructions: then nothing can get stuck. */
static enum gantry_status satisfied(struct gantry_check *check, int32_t s)
{
    int32_t value = initial(check, s);
    for (int32_t i = 0; i < check->count; i++) {
        const struct gantry_check_insn *at = &check->insns[i];
        if ((at->wait >> s & 1) && value-- == 0)
            return gantry_fail(check->error, GANTRY_ERR_ARGUMENT,
                               "program: instruction %" PRIu32 " %s: waits for semaphore %d, which "
                               "nothing before it signals",
                               at->index, gantry_insn_name(at->opcode), s);
        value += at->signal >> s & 1;
    }
    return GANTRY_OK;
}

/* The queues without their work: what has been fetched, what has started. */
struct flow {
    const struct gantry_check *check;
    int32_t value[GANTRY_SEMAPHORES];
    int32_t fetched;             /* next instruction to fetch */
    int32_t head[3], waiting[3]; /* of LOAD, COMPUTE, STORE: next to start, how many wait */
};

static const struct {
    enum gantry_unit unit;
    int32_t depth;
} queues[3] = {{GANTRY_UNIT_LOAD, GANTRY_LOAD_QUEUE},
               {GANTRY_UNIT_COMPUTE, GANTRY_COMPUTE_QUEUE},
               {GANTRY_UNIT_STORE, GANTRY_STORE_QUEUE}};

static int32_t next_of(const struct flow *flow, int32_t queue, int32_t from)
{
    while (from < flow->check->count && flow->check->insns[from].queue != queues[queue].unit)
        from++;
    return from;
}

static bool may_start(const struct flow *flow, int32_t insn)
{
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++)
        if ((flow->check->insns[insn].wait >> s & 1) && flow->value[s] == 0) return false;
    return true;
}

static void start(struct flow *flow, int32_t insn)
{
    const struct gantry_check_insn *at = &flow->check->insns[insn];
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++)
        flow->value[s] += (at->signal >> s & 1) - (at->wait >> s & 1);
}

/* Fetches the next instruction, if its queue has room; runs it, if it is of fetch itself. avoid:
 * a mask of semaphores that must not be taken from. */
static bool fetch_one(struct flow *flow, uint32_t avoid)
{
    if (flow->fetched == flow->check->count) return false;
    const struct gantry_check_insn *at = &flow->check->insns[flow->fetched];
    for (int32_t q = 0; q < 3; q++) {
        if (at->queue != queues[q].unit) continue;
        if (flow->waiting[q] == queues[q].depth) return false;
        flow->waiting[q]++;
        flow->fetched++;
        return true;
    }
    if ((at->wait & avoid) || !may_start(flow, flow->fetched)) return false;
    start(flow, flow->fetched++);
    return true;
}

static bool start_one(struct flow *flow, uint32_t avoid)
{
    for (int32_t q = 0; q < 3; q++) {
        if (flow->waiting[q] == 0) continue;
        int32_t insn = next_of(flow, q, flow->head[q]);
        if ((flow->check->insns[insn].wait & avoid) || !may_start(flow, insn)) continue;
        start(flow, insn);
        flow->head[q] = insn + 1;
        flow->waiting[q]--;
        return true;
    }
    return false;
}

/* Greatest value of a semaphore when those that take from it start as late as they can. */
static enum gantry_status peak(struct gantry_check *check, int32_t s)
{
    struct flow flow = {.check = check};
    for (int32_t i = 0; i < GANTRY_SEMAPHORES; i++) flow.value[i] = initial(check, i);
    uint32_t avoid = UINT32_C(1) << s;
    while (start_one(&flow, avoid) || fetch_one(&flow, avoid) || start_one(&flow, 0) ||
           fetch_one(&flow, 0))
        if (flow.value[s] > GANTRY_SEMAPHORE_MAX)
            return gantry_fail(check->error, GANTRY_ERR_ARGUMENT,
                               "program: semaphore %d can reach %d (limit %d)", s, flow.value[s],
                               GANTRY_SEMAPHORE_MAX);
    return GANTRY_OK;
}

enum gantry_status gantry_check_semaphores(struct gantry_check *check)
{
    enum gantry_status status = GANTRY_OK;
    uint32_t used = 0;
    for (int32_t i = 0; i < check->count; i++)
        used |= (uint32_t)(check->insns[i].wait | check->insns[i].signal);
    for (int32_t s = 0; s < GANTRY_SEMAPHORES && status == GANTRY_OK; s++)
        if (used >> s & 1) status = balance(check, s);
    for (int32_t s = 0; s < GANTRY_SEMAPHORES && status == GANTRY_OK; s++)
        if (used >> s & 1) status = satisfied(check, s);
    for (int32_t s = 0; s < GANTRY_SEMAPHORES && status == GANTRY_OK; s++)
        if (used >> s & 1) status = peak(check, s);
    return status;
}

enum gantry_status gantry_check_takes(struct gantry_check *check)
{
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++) {
        int32_t last = -1;
        for (int32_t i = 0; i < check->count; i++) {
            if (!(check->insns[i].wait >> s & 1)) continue;
            if (last >= 0 &&
                !gantry_check_is_before(check, last, GANTRY_MOMENT_START, i, GANTRY_MOMENT_START))
                return gantry_fail(
                    check->error, GANTRY_ERR_ARGUMENT,
                    "program: instructions %" PRIu32 " %s and %" PRIu32
                    " %s wait for semaphore %d in no order",
                    check->insns[last].index, gantry_insn_name(check->insns[last].opcode),
                    check->insns[i].index, gantry_insn_name(check->insns[i].opcode), s);
            last = i;
        }
    }
    return GANTRY_OK;
}
