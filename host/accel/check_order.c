/* SPDX-License-Identifier: Apache-2.0
 * What comes before what in every legal order of a program.
 *
 * Moments are numbered in program order and every edge goes forward, so one pass closes the
 * relation. Edges of semaphores rest on the relation itself (how many takes, which signals come
 * before a take), so passes repeat until nothing is added.
 *
 * Depths of queues are not used: a program must not rely on them. */
#include "accel/check.h"

#include <string.h>

static size_t number(int32_t insn, enum gantry_check_moment moment)
{
    return (size_t)insn * GANTRY_MOMENTS + moment;
}

static bool bit(const struct gantry_check *check, const uint64_t *matrix, size_t b, size_t a)
{
    return matrix[b * check->words + a / 64] >> a % 64 & 1;
}

/* Adds a, and all that comes before it, to what comes before b. */
static void add(const struct gantry_check *check, uint64_t *matrix, size_t b, size_t a)
{
    for (size_t w = 0; w < check->words; w++)
        matrix[b * check->words + w] |= matrix[a * check->words + w];
    matrix[b * check->words + a / 64] |= UINT64_C(1) << a % 64;
}

/* Takes of a semaphore that are over when this one starts, it included: so many signals at least
 * must have come, less those that SEM_INIT gave. */
static int32_t takes_so_far(const struct gantry_check *check, int32_t insn, int32_t s)
{
    int32_t takes = 1;
    for (int32_t i = 0; i < insn; i++)
        if ((check->insns[i].wait >> s & 1) &&
            bit(check, check->before, number(insn, GANTRY_MOMENT_START),
                number(i, GANTRY_MOMENT_START)))
            takes++;
    return takes;
}

/* Queue of all that signal a semaphore; -1 when there are several. */
static int32_t signaller(const struct gantry_check *check, int32_t s)
{
    int32_t queue = -2;
    for (int32_t i = 0; i < check->count; i++) {
        if (!(check->insns[i].signal >> s & 1)) continue;
        if (queue != -2 && queue != (int32_t)check->insns[i].queue) return -1;
        queue = (int32_t)check->insns[i].queue;
    }
    return queue;
}

/* One queue signals in order: its need-th signal has come. */
static void add_nth_signal(const struct gantry_check *check, uint64_t *matrix, int32_t insn,
                           int32_t s, int32_t need)
{
    for (int32_t i = 0; i < insn; i++) {
        if (!(check->insns[i].signal >> s & 1) || --need > 0) continue;
        add(check, matrix, number(insn, GANTRY_MOMENT_START), number(i, GANTRY_MOMENT_END));
        return;
    }
}

/* Signals that can have come before the take without that of instruction from. */
static int32_t signals_without(const struct gantry_check *check, int32_t insn, int32_t s,
                               int32_t from)
{
    int32_t signals = 0;
    for (int32_t i = 0; i < check->count; i++) {
        if (i == from || !(check->insns[i].signal >> s & 1)) continue;
        size_t end = number(i, GANTRY_MOMENT_END);
        if (bit(check, check->before, end, number(from, GANTRY_MOMENT_END))) continue;
        if (bit(check, check->before, end, number(insn, GANTRY_MOMENT_START))) continue;
        signals++;
    }
    return signals;
}

/* Several queues signal: those have come without which there are too few. */
static void add_needed_signals(const struct gantry_check *check, uint64_t *matrix, int32_t insn,
                               int32_t s, int32_t need)
{
    /* Runs that are not laid out could signal too. */
    if (check->memory->repeat > (uint32_t)check->runs) return;
    for (int32_t i = 0; i < insn; i++)
        if ((check->insns[i].signal >> s & 1) && signals_without(check, insn, s, i) < need)
            add(check, matrix, number(insn, GANTRY_MOMENT_START), number(i, GANTRY_MOMENT_END));
}

static void add_waits(const struct gantry_check *check, uint64_t *matrix, int32_t insn)
{
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++) {
        if (!(check->insns[insn].wait >> s & 1)) continue;
        int32_t need =
            takes_so_far(check, insn, s) - (int32_t)(check->memory->sem_init >> 4 * s & 15);
        if (need <= 0) continue;
        if (signaller(check, s) >= 0)
            add_nth_signal(check, matrix, insn, s, need);
        else
            add_needed_signals(check, matrix, insn, s, need);
    }
}

/* Fronts in order; a drain after all reads of older instructions; writes in order. */
static void add_compute(const struct gantry_check *check, uint64_t *matrix, int32_t insn)
{
    const struct gantry_check_insn *at = &check->insns[insn];
    size_t start = number(insn, GANTRY_MOMENT_START);
    if (at->previous >= 0) {
        bool sync = at->opcode == GANTRY_INSN_SYNC;
        bool after_sync = check->insns[at->previous].opcode == GANTRY_INSN_SYNC;
        add(check, matrix, start,
            number(at->previous, sync || after_sync ? GANTRY_MOMENT_END : GANTRY_MOMENT_READ));
    }
    if (at->dep >= 0)
        add(check, matrix, start,
            number(at->dep, at->whole ? GANTRY_MOMENT_END : GANTRY_MOMENT_BACK));
}

static void add_instruction(const struct gantry_check *check, uint64_t *matrix, int32_t insn)
{
    const struct gantry_check_insn *at = &check->insns[insn];
    size_t start = number(insn, GANTRY_MOMENT_START), read = number(insn, GANTRY_MOMENT_READ);
    size_t back = number(insn, GANTRY_MOMENT_BACK), end = number(insn, GANTRY_MOMENT_END);
    bool compute = at->queue == GANTRY_UNIT_COMPUTE;
    if (at->fetched >= 0) add(check, matrix, start, number(at->fetched, GANTRY_MOMENT_END));
    if (compute)
        add_compute(check, matrix, insn);
    else if (at->previous >= 0)
        add(check, matrix, start, number(at->previous, GANTRY_MOMENT_END));
    add_waits(check, matrix, insn);
    add(check, matrix, read, start);
    add(check, matrix, back, start);
    if (compute && at->previous >= 0) {
        add(check, matrix, back, number(at->previous, GANTRY_MOMENT_READ));
        add(check, matrix, back, number(at->previous, GANTRY_MOMENT_END));
    }
    add(check, matrix, end, read);
    add(check, matrix, end, back);
}

void gantry_check_order(struct gantry_check *check)
{
    size_t moments = (size_t)check->count * GANTRY_MOMENTS;
    size_t bytes = moments * check->words * sizeof *check->before;
    memset(check->before, 0, bytes);
    do {
        memset(check->scratch, 0, bytes);
        for (int32_t i = 0; i < check->count; i++) add_instruction(check, check->scratch, i);
        uint64_t *last = check->before;
        check->before = check->scratch;
        check->scratch = last;
    } while (memcmp(check->before, check->scratch, bytes) != 0);
}

bool gantry_check_is_before(const struct gantry_check *check, int32_t insn_a,
                            enum gantry_check_moment a, int32_t insn_b, enum gantry_check_moment b)
{
    return bit(check, check->before, number(insn_b, b), number(insn_a, a));
}
