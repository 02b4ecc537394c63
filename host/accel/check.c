/* SPDX-License-Identifier: Apache-2.0
 * The program checker: lays out the runs, checks every instruction, then every pair that touches
 * the same place. */
#include "accel/check.h"

#include <inttypes.h>
#include <stdio.h>

enum { PLACE_BYTES = 96 };

/* Index of the first END, or insn_count. */
static uint32_t find_end(const struct gantry_accel_memory *memory)
{
    uint32_t at = 0;
    for (; at < memory->insn_count; at++) {
        struct gantry_insn insn;
        gantry_insn_from_bytes(&insn, memory->program + (size_t)at * GANTRY_INSN_BYTES);
        if (gantry_insn_get(&insn, GANTRY_COMMON_OPCODE) == GANTRY_INSN_END) break;
    }
    return at;
}

static enum gantry_status check_end(struct gantry_check *check)
{
    const struct gantry_accel_memory *memory = check->memory;
    uint32_t end = find_end(memory);
    if (memory->repeat == 0)
        return gantry_fail(check->error, GANTRY_ERR_ARGUMENT, "program: 0 runs, least 1");
    if (end == memory->insn_count)
        return gantry_fail(check->error, GANTRY_ERR_ARGUMENT,
                           "program: no END in %" PRIu32 " instructions", memory->insn_count);
    if (end + 1 != memory->insn_count)
        return gantry_fail(check->error, GANTRY_ERR_ARGUMENT,
                           "program: END is instruction %" PRIu32 " of %" PRIu32 ", not the last",
                           end, memory->insn_count);
    if (memory->insn_count > INT32_MAX / (GANTRY_CHECK_RUNS * GANTRY_MOMENTS))
        return gantry_fail(check->error, GANTRY_ERR_ARGUMENT,
                           "program: %" PRIu32 " instructions are too many", memory->insn_count);
    return GANTRY_OK;
}

static enum gantry_status allocate(struct gantry_check *check)
{
    size_t count = (size_t)check->count, moments = count * GANTRY_MOMENTS;
    check->words = (moments + 63) / 64;
    check->insns = gantry_allocate(check->allocator, count, sizeof *check->insns);
    check->accesses =
        gantry_allocate(check->allocator, count * GANTRY_CHECK_ACCESSES, sizeof *check->accesses);
    check->before = gantry_allocate(check->allocator, moments, check->words * sizeof(uint64_t));
    check->scratch = gantry_allocate(check->allocator, moments, check->words * sizeof(uint64_t));
    if (check->insns && check->accesses && check->before && check->scratch) return GANTRY_OK;
    return gantry_fail(check->error, GANTRY_ERR_MEMORY,
                       "program check: no memory for %" PRId32 " instructions", check->count);
}

/* Youngest COMPUTE instruction that is distance entries before, or -1. */
static int32_t producer(const struct gantry_check *check, int32_t previous, int64_t distance)
{
    while (previous >= 0 && --distance > 0) previous = check->insns[previous].previous;
    return previous;
}

static void unroll(struct gantry_check *check)
{
    const struct gantry_accel_memory *memory = check->memory;
    int32_t last[GANTRY_UNIT_TRACER + 1], fetched = -1;
    for (size_t i = 0; i < GANTRY_COUNT(last); i++) last[i] = -1;
    for (int32_t i = 0; i < check->count; i++) {
        struct gantry_check_insn *at = &check->insns[i];
        at->index = (uint32_t)i % memory->insn_count;
        at->run = (uint32_t)i / memory->insn_count;
        gantry_insn_from_bytes(&at->insn, memory->program + (size_t)at->index * GANTRY_INSN_BYTES);
        at->opcode = (uint32_t)gantry_insn_get(&at->insn, GANTRY_COMMON_OPCODE);
        at->queue = gantry_insn_queue(at->opcode);
        at->wait = (uint16_t)gantry_insn_get(&at->insn, GANTRY_COMMON_WAIT);
        at->signal = (uint16_t)gantry_insn_get(&at->insn, GANTRY_COMMON_SIGNAL);
        at->previous = last[at->queue];
        at->fetched = fetched;
        at->dep = -1;
        if (at->opcode == GANTRY_INSN_CONV || at->opcode == GANTRY_INSN_WINDOW) {
            int64_t dep = gantry_insn_get(&at->insn, GANTRY_CONV_DEP);
            if (dep > 0) at->dep = producer(check, at->previous, dep);
            at->whole = gantry_insn_get(&at->insn, GANTRY_CONV_WHOLE) != 0;
        }
        last[at->queue] = i;
        if (at->queue == GANTRY_UNIT_FETCH) fetched = i;
    }
}

static enum gantry_status check_instructions(struct gantry_check *check)
{
    int64_t lines = 0;
    for (int32_t i = 0; i < check->count; i++) {
        enum gantry_status status = gantry_check_fields(check, i);
        if (status != GANTRY_OK) return status;
        const struct gantry_check_insn *at = &check->insns[i];
        if (at->run == 0) lines += gantry_conv_lines(&at->insn);
    }
    if (lines == check->memory->wgt_lines) return GANTRY_OK;
    return gantry_fail(check->error, GANTRY_ERR_ARGUMENT,
                       "program: WGT_LINES is %" PRIu32 ", the instructions take %" PRId64,
                       check->memory->wgt_lines, lines);
}

/* Offset of the last run may lie beyond the runs that are laid out. */
static enum gantry_status check_last_run(struct gantry_check *check)
{
    uint32_t last = check->memory->repeat - 1;
    if (last < (uint32_t)check->runs) return GANTRY_OK;
    enum gantry_status status = GANTRY_OK;
    for (int32_t i = 0; i < check->count / check->runs && status == GANTRY_OK; i++) {
        check->insns[i].run = last;
        status = gantry_check_fields(check, i);
        check->insns[i].run = 0;
    }
    return status;
}

/* "activation rows 3..9", "bytes 64..127 of the arena": what two accesses share at most. */
static void name_place(const struct gantry_check_access *a, const struct gantry_check_access *b,
                       char *out, size_t size)
{
    static const char *const buffers[] = {"arena", "input", "output"};
    bool rows = a->space == GANTRY_CHECK_ACT;
    int64_t a0 = rows ? a->row0 : a->offset, b0 = rows ? b->row0 : b->offset;
    int64_t a1 = rows ? a->row1 : a->offset + (a->rows - 1) * a->stride + a->row_bytes - 1;
    int64_t b1 = rows ? b->row1 : b->offset + (b->rows - 1) * b->stride + b->row_bytes - 1;
    int64_t first = a0 > b0 ? a0 : b0, last = a1 < b1 ? a1 : b1;
    if (rows)
        (void)snprintf(out, size, "activation rows %" PRId64 "..%" PRId64, first, last);
    else
        (void)snprintf(out, size, "bytes %" PRId64 "..%" PRId64 " of the %s", first, last,
                       buffers[a->space]);
}

/* Within one CONV: the output must not overlap the input; it may be the residual itself. */
static enum gantry_status check_own(struct gantry_check *check, const struct gantry_check_access *a,
                                    const struct gantry_check_access *b)
{
    const struct gantry_check_access *read = a->write ? b : a, *write = a->write ? a : b;
    bool residual = read->begin == GANTRY_MOMENT_BACK;
    if (residual && gantry_check_same_place(read, write)) return GANTRY_OK;
    const struct gantry_check_insn *at = &check->insns[a->insn];
    char place[PLACE_BYTES];
    name_place(a, b, place, sizeof place);
    return gantry_fail(check->error, GANTRY_ERR_ARGUMENT,
                       "program: instruction %" PRIu32 " %s: its output overlaps its %s in %s",
                       at->index, gantry_insn_name(at->opcode), residual ? "residual" : "input",
                       place);
}

static bool ordered(const struct gantry_check *check, const struct gantry_check_access *a,
                    const struct gantry_check_access *b)
{
    if (gantry_check_is_before(check, a->insn, a->end, b->insn, b->begin)) return true;
    if (gantry_check_is_before(check, b->insn, b->end, a->insn, a->begin)) return true;
    /* A fine-tracked DEP orders row by row what its producer writes and it reads. */
    const struct gantry_check_insn *later = &check->insns[b->insn];
    return later->dep == a->insn && !later->whole && a->write && b->end == GANTRY_MOMENT_READ;
}

static enum gantry_status check_pair(struct gantry_check *check,
                                     const struct gantry_check_access *a,
                                     const struct gantry_check_access *b)
{
    if (!a->write && !b->write) return GANTRY_OK;
    if (!gantry_check_overlap(a, b)) return GANTRY_OK;
    if (a->insn == b->insn) return check_own(check, a, b);
    if (ordered(check, a, b)) return GANTRY_OK;
    const struct gantry_check_insn *first = &check->insns[a->insn],
                                   *second = &check->insns[b->insn];
    char place[PLACE_BYTES];
    name_place(a, b, place, sizeof place);
    gantry_fail(check->error, GANTRY_ERR_ARGUMENT,
                "program: instructions %" PRIu32 " %s and %" PRIu32 " %s%s have no order and share "
                "%s",
                first->index, gantry_insn_name(first->opcode), second->index,
                gantry_insn_name(second->opcode),
                first->run != second->run ? " of a later run" : "", place);
    gantry_hint(check->error, "a wait, a signal or a DEP is missing");
    return GANTRY_ERR_ARGUMENT;
}

static enum gantry_status check_pairs(struct gantry_check *check)
{
    for (int32_t i = 0; i < check->count; i++)
        check->access_count += gantry_check_list(check, i, &check->accesses[check->access_count]);
    for (int32_t j = 0; j < check->access_count; j++)
        for (int32_t i = 0; i < j; i++) {
            enum gantry_status status = check_pair(check, &check->accesses[i], &check->accesses[j]);
            if (status != GANTRY_OK) return status;
        }
    return GANTRY_OK;
}

enum gantry_status gantry_program_check(const struct gantry_array_params *params,
                                        const struct gantry_accel_memory *memory,
                                        const struct gantry_allocator *allocator,
                                        struct gantry_error *error)
{
    struct gantry_check check = {.params = params,
                                 .memory = memory,
                                 .allocator = allocator,
                                 .error = error,
                                 .npx = 2 * params->g};
    enum gantry_status status = check_end(&check);
    if (status != GANTRY_OK) return status;
    check.runs = memory->repeat < GANTRY_CHECK_RUNS ? (int32_t)memory->repeat : GANTRY_CHECK_RUNS;
    check.count = (int32_t)memory->insn_count * check.runs;
    status = allocate(&check);
    if (status == GANTRY_OK) {
        unroll(&check);
        status = check_instructions(&check);
    }
    if (status == GANTRY_OK) status = check_last_run(&check);
    if (status == GANTRY_OK) status = gantry_check_semaphores(&check);
    if (status == GANTRY_OK) {
        gantry_check_order(&check);
        status = gantry_check_takes(&check);
    }
    if (status == GANTRY_OK) status = check_pairs(&check);
    gantry_release(allocator, check.scratch);
    gantry_release(allocator, check.before);
    gantry_release(allocator, check.accesses);
    gantry_release(allocator, check.insns);
    return status;
}
