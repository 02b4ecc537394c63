/* SPDX-License-Identifier: Apache-2.0
 * The executor: fetch, three queues, semaphores.
 *
 * A launch is a sequence of actions. Without a seed everything under way is finished before the
 * next instruction is fetched: program order. With a seed the next action is drawn among all that
 * the hardware's rules allow, so that a missing wait or dep shows as a wrong result: fronts read
 * while older COMPUTE instructions have not written, LOAD and STORE run early or late. Finer
 * interleavings (parts of an instruction) are not modelled. */
#include "accel/execute.h"

#include <string.h>

static void name_instruction(const struct gantry_accel_memory *memory,
                             struct gantry_accel_result *result)
{
    if (result->insn >= memory->insn_count) return;
    struct gantry_insn insn;
    gantry_insn_from_bytes(&insn, memory->program + (size_t)result->insn * GANTRY_INSN_BYTES);
    result->insn_name = gantry_insn_name((uint32_t)gantry_insn_get(&insn, GANTRY_COMMON_OPCODE));
}

bool gantry_exec_fail(struct gantry_accel *accel, enum gantry_cause cause, enum gantry_unit unit,
                      uint32_t index, uint64_t info)
{
    struct gantry_accel_result *result = accel->result;
    if (result->cause == GANTRY_CAUSE_NONE) {
        result->cause = cause;
        result->unit = unit;
        result->insn = index;
        result->info = info;
        if (cause == GANTRY_CAUSE_ACT_RANGE) result->limit = accel->params.act_rows;
        if (cause == GANTRY_CAUSE_WEIGHTS_EXHAUSTED) result->limit = accel->memory->wgt_lines;
        name_instruction(accel->memory, result);
    }
    accel->over = true;
    return false;
}

/* ---- Semaphores ---- */

static bool waits_hold(const struct gantry_accel *accel, const struct gantry_insn *insn)
{
    int64_t wait = gantry_insn_get(insn, GANTRY_COMMON_WAIT);
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++)
        if ((wait >> s & 1) && accel->semaphore[s] == 0) return false;
    return true;
}

static void take(struct gantry_accel *accel, const struct gantry_insn *insn)
{
    int64_t wait = gantry_insn_get(insn, GANTRY_COMMON_WAIT);
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++)
        if (wait >> s & 1) accel->semaphore[s]--;
}

/* An instruction has finished: its signals, and the count. */
static void finish(struct gantry_accel *accel, const struct gantry_insn *insn, uint32_t index)
{
    int64_t signal = gantry_insn_get(insn, GANTRY_COMMON_SIGNAL);
    enum gantry_unit unit =
        gantry_insn_queue((uint32_t)gantry_insn_get(insn, GANTRY_COMMON_OPCODE));
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++) {
        if (!(signal >> s & 1)) continue;
        if (++accel->semaphore[s] > GANTRY_SEMAPHORE_MAX)
            (void)gantry_exec_fail(accel, GANTRY_CAUSE_SEMAPHORE, unit, index, (uint64_t)s);
    }
    accel->result->insn_done++;
}

/* ---- Queues ---- */

static struct gantry_queue_entry *entry_at(struct gantry_queue *queue, int32_t position)
{
    return &queue->entry[(queue->head + position) % queue->depth];
}

static void drop_head(struct gantry_queue *queue)
{
    queue->head = (queue->head + 1) % queue->depth;
    queue->count--;
}

static struct gantry_queue *queue_of(struct gantry_accel *accel, enum gantry_unit unit)
{
    switch (unit) {
    case GANTRY_UNIT_LOAD:
        return &accel->load;
    case GANTRY_UNIT_COMPUTE:
        return &accel->compute;
    case GANTRY_UNIT_STORE:
        return &accel->store;
    default:
        return NULL;
    }
}

static bool queues_empty(const struct gantry_accel *accel)
{
    return accel->load.count + accel->compute.count + accel->store.count == 0;
}

/* ---- Fetch ---- */

/* Reads the next instruction; false when there is none. */
static bool fetch(const struct gantry_accel *accel, struct gantry_insn *insn)
{
    const struct gantry_accel_memory *memory = accel->memory;
    if (accel->fetch_index >= memory->insn_count) return false;
    gantry_insn_from_bytes(insn, memory->program + (size_t)accel->fetch_index * GANTRY_INSN_BYTES);
    return true;
}

/* Fails a launch for an instruction that is not legal; info is the bit of the offending field. */
static void refuse(struct gantry_accel *accel, enum gantry_cause cause, enum gantry_operand field)
{
    uint64_t info = 0;
    if (field != GANTRY_OPERAND_COUNT) {
        const struct gantry_operand_info *operand = gantry_operand_info(field);
        info = (uint64_t)(32 * operand->word + operand->lsb);
    }
    (void)gantry_exec_fail(accel, cause, GANTRY_UNIT_FETCH, accel->fetch_index, info);
}

static bool last_run(const struct gantry_accel *accel)
{
    return accel->fetch_run + 1 >= accel->memory->repeat;
}

/* Whether fetch can do something with its next instruction; an error is something. */
static bool can_fetch(struct gantry_accel *accel)
{
    struct gantry_insn insn;
    enum gantry_operand field;
    if (!fetch(accel, &insn)) return true;
    if (gantry_insn_legal(&accel->params, &insn, &field) != GANTRY_CAUSE_NONE) return true;
    uint32_t opcode = (uint32_t)gantry_insn_get(&insn, GANTRY_COMMON_OPCODE);
    const struct gantry_queue *queue = queue_of(accel, gantry_insn_queue(opcode));
    if (queue) return queue->count < queue->depth;
    if (opcode == GANTRY_INSN_END && last_run(accel) && !queues_empty(accel)) return false;
    return waits_hold(accel, &insn);
}

static void end_of_run(struct gantry_accel *accel, uint32_t index)
{
    if (!last_run(accel)) {
        accel->fetch_run++;
        accel->fetch_index = 0;
        return;
    }
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++)
        if (accel->semaphore[s] != (int32_t)(accel->memory->sem_init >> 4 * s & 15))
            (void)gantry_exec_fail(accel, GANTRY_CAUSE_SEMAPHORE, GANTRY_UNIT_FETCH, index,
                                   (uint64_t)s);
    accel->over = true;
}

static void do_fetch(struct gantry_accel *accel)
{
    struct gantry_insn insn;
    enum gantry_operand field = GANTRY_OPERAND_COUNT;
    if (!fetch(accel, &insn)) {
        refuse(accel, GANTRY_CAUSE_NO_END, field);
        return;
    }
    enum gantry_cause cause = gantry_insn_legal(&accel->params, &insn, &field);
    if (cause != GANTRY_CAUSE_NONE) {
        refuse(accel, cause, field);
        return;
    }
    uint32_t index = accel->fetch_index++;
    accel->result->read_bytes += GANTRY_INSN_BYTES;
    uint32_t opcode = (uint32_t)gantry_insn_get(&insn, GANTRY_COMMON_OPCODE);
    struct gantry_queue *queue = queue_of(accel, gantry_insn_queue(opcode));
    if (!queue) {
        take(accel, &insn);
        finish(accel, &insn, index);
        if (opcode == GANTRY_INSN_END) end_of_run(accel, index);
        return;
    }
    *entry_at(queue, queue->count++) = (struct gantry_queue_entry){
        .insn = insn, .index = index, .run = accel->fetch_run, .sequence = queue->sequence++};
}

/* ---- Actions ---- */

static bool can_move(struct gantry_accel *accel, struct gantry_queue *queue)
{
    return queue->count > 0 && waits_hold(accel, &entry_at(queue, 0)->insn);
}

static void do_move(struct gantry_accel *accel, struct gantry_queue *queue)
{
    struct gantry_queue_entry *entry = entry_at(queue, 0);
    take(accel, &entry->insn);
    bool good =
        queue == &accel->load ? gantry_exec_load(accel, entry) : gantry_exec_store(accel, entry);
    if (!good) return;
    finish(accel, &entry->insn, entry->index);
    drop_head(queue);
}

static bool can_front(struct gantry_accel *accel)
{
    struct gantry_queue *queue = &accel->compute;
    if (accel->fronts == queue->count) return false;
    const struct gantry_queue_entry *entry = entry_at(queue, accel->fronts);
    if (!waits_hold(accel, &entry->insn)) return false;
    if (gantry_insn_get(&entry->insn, GANTRY_COMMON_OPCODE) == GANTRY_INSN_SYNC)
        return accel->fronts == 0;
    uint64_t dep = (uint64_t)gantry_insn_get(&entry->insn, GANTRY_CONV_DEP);
    /* Fine-tracked dependencies wait for the whole producer too: one of the legal orders. */
    return dep == 0 || accel->compute_done + dep > entry->sequence;
}

static void do_front(struct gantry_accel *accel)
{
    struct gantry_queue_entry *entry = entry_at(&accel->compute, accel->fronts);
    take(accel, &entry->insn);
    accel->fronts++;
    if (gantry_insn_get(&entry->insn, GANTRY_COMMON_OPCODE) != GANTRY_INSN_SYNC)
        (void)gantry_exec_conv(accel, entry);
}

static void do_write(struct gantry_accel *accel)
{
    struct gantry_queue_entry *entry = entry_at(&accel->compute, 0);
    while (entry->words > 0) gantry_exec_write(accel);
    finish(accel, &entry->insn, entry->index);
    accel->fronts--;
    accel->compute_done++;
    drop_head(&accel->compute);
}

static bool can_act(struct gantry_accel *accel, enum gantry_action action)
{
    switch (action) {
    case GANTRY_ACTION_WRITE:
        return accel->fronts > 0;
    case GANTRY_ACTION_STORE:
        return can_move(accel, &accel->store);
    case GANTRY_ACTION_FRONT:
        return can_front(accel);
    case GANTRY_ACTION_LOAD:
        return can_move(accel, &accel->load);
    case GANTRY_ACTION_FETCH:
        return can_fetch(accel);
    case GANTRY_ACTIONS:
        break;
    }
    return false;
}

static void act(struct gantry_accel *accel, enum gantry_action action)
{
    switch (action) {
    case GANTRY_ACTION_WRITE:
        do_write(accel);
        break;
    case GANTRY_ACTION_STORE:
        do_move(accel, &accel->store);
        break;
    case GANTRY_ACTION_FRONT:
        do_front(accel);
        break;
    case GANTRY_ACTION_LOAD:
        do_move(accel, &accel->load);
        break;
    case GANTRY_ACTION_FETCH:
        do_fetch(accel);
        break;
    case GANTRY_ACTIONS:
        break;
    }
}

static uint64_t draw(struct gantry_accel *accel)
{
    uint64_t z = accel->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* The first allowed action in program order, or one drawn by eagerness. Eagerness is drawn anew
 * now and then, from lopsided values: long delays of one queue are what finds a missing order. */
static enum gantry_action choose(struct gantry_accel *accel, bool ordered)
{
    bool allowed[GANTRY_ACTIONS];
    uint64_t total = 0;
    if (!ordered && draw(accel) % 16 == 0)
        for (int32_t i = 0; i < GANTRY_ACTIONS; i++) accel->eager[i] = 1u << 3 * (draw(accel) % 5);
    for (int32_t i = 0; i < GANTRY_ACTIONS; i++) {
        allowed[i] = can_act(accel, (enum gantry_action)i);
        if (allowed[i] && ordered) return (enum gantry_action)i;
        if (allowed[i]) total += accel->eager[i];
    }
    if (total == 0) return GANTRY_ACTIONS;
    uint64_t ticket = draw(accel) % total;
    for (int32_t i = 0; i < GANTRY_ACTIONS; i++) {
        if (!allowed[i]) continue;
        if (ticket < accel->eager[i]) return (enum gantry_action)i;
        ticket -= accel->eager[i];
    }
    return GANTRY_ACTIONS;
}

/* Nothing can move: names the oldest instruction that waits, as the watchdog would find it. */
static void deadlock(struct gantry_accel *accel)
{
    struct gantry_queue *queues[] = {&accel->load, &accel->compute, &accel->store};
    uint32_t index = accel->fetch_index, run = accel->fetch_run;
    for (size_t i = 0; i < GANTRY_COUNT(queues); i++) {
        if (queues[i]->count == 0) continue;
        const struct gantry_queue_entry *entry = entry_at(queues[i], 0);
        if (entry->run > run || (entry->run == run && entry->index > index)) continue;
        index = entry->index;
        run = entry->run;
    }
    (void)gantry_exec_fail(accel, GANTRY_CAUSE_WATCHDOG, GANTRY_UNIT_CONTROL, index, 0);
}

static void start(struct gantry_accel *accel, const struct gantry_accel_memory *memory,
                  uint64_t order_seed, struct gantry_accel_result *result)
{
    *result = (struct gantry_accel_result){.cause = GANTRY_CAUSE_NONE};
    accel->memory = memory;
    accel->result = result;
    accel->stripe_bytes = gantry_stripe_bytes(memory->wgt_lines, accel->params.ports);
    accel->random = order_seed;
    accel->fetch_index = accel->fetch_run = 0;
    accel->over = false;
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++)
        accel->semaphore[s] = (int32_t)(memory->sem_init >> 4 * s & 15);
    accel->load = (struct gantry_queue){.depth = GANTRY_LOAD_QUEUE};
    accel->compute = (struct gantry_queue){.depth = GANTRY_COMPUTE_QUEUE};
    accel->store = (struct gantry_queue){.depth = GANTRY_STORE_QUEUE};
    accel->fronts = 0;
    accel->compute_done = 0;
    accel->line = 0;
    accel->line_run = 0;
    accel->pending_head = accel->pending_count = 0;
    for (int32_t i = 0; i < GANTRY_ACTIONS; i++) accel->eager[i] = 1;
}

void gantry_accel_run(struct gantry_accel *accel, const struct gantry_accel_memory *memory,
                      uint64_t order_seed, struct gantry_accel_result *result)
{
    start(accel, memory, order_seed, result);
    while (!accel->over) {
        enum gantry_action action = choose(accel, order_seed == 0);
        if (action == GANTRY_ACTIONS)
            deadlock(accel);
        else
            act(accel, action);
    }
}

uint8_t *gantry_accel_act_word(struct gantry_accel *accel, int32_t bank, int32_t row)
{
    return accel->act + ((int64_t)row * accel->npx + bank) * GANTRY_CHANNELS;
}

/* ---- Life ---- */

static enum gantry_status check_params(const struct gantry_array_params *params,
                                       struct gantry_error *error)
{
    const struct {
        const char *name;
        int32_t value, least, most;
        bool power; /* of two */
    } rows[] = {
        {"G", params->g, GANTRY_G_MIN, GANTRY_G_MAX, true},
        {"ACT_ROWS", params->act_rows, GANTRY_ACT_ROWS_MIN, GANTRY_ACT_ROWS_MAX, false},
        {"RING_LINES", params->ring_lines, GANTRY_RING_LINES_MIN, GANTRY_RING_LINES_MAX, false},
        {"PORTS", params->ports, GANTRY_PORTS_MIN, GANTRY_PORTS_MAX, true},
    };
    for (size_t i = 0; i < GANTRY_COUNT(rows); i++) {
        int32_t value = rows[i].value;
        bool odd = rows[i].power && (value & (value - 1));
        if (value < rows[i].least || value > rows[i].most || odd)
            return gantry_fail(error, GANTRY_ERR_ARGUMENT,
                               "array parameter %s: %d is not %sin %d..%d", rows[i].name, value,
                               rows[i].power ? "a power of two " : "", rows[i].least, rows[i].most);
    }
    return GANTRY_OK;
}

enum gantry_status gantry_accel_create(struct gantry_accel **out,
                                       const struct gantry_array_params *params,
                                       const struct gantry_allocator *allocator,
                                       struct gantry_error *error)
{
    *out = NULL;
    enum gantry_status status = check_params(params, error);
    if (status != GANTRY_OK) return status;
    struct gantry_accel *accel = gantry_allocate(allocator, 1, sizeof *accel);
    if (!accel) goto no_memory;
    accel->params = *params;
    accel->allocator = allocator;
    accel->npx = 2 * params->g;
    accel->act_words = (int64_t)params->act_rows * accel->npx;
    accel->act = gantry_allocate(allocator, (size_t)accel->act_words, GANTRY_CHANNELS);
    accel->pending = gantry_allocate(allocator, (size_t)accel->act_words, sizeof *accel->pending);
    accel->rule_x = gantry_allocate(allocator, GANTRY_COMPUTE_QUEUE, sizeof *accel->rule_x);
    if (!accel->act || !accel->pending || !accel->rule_x) goto no_memory;
    *out = accel;
    return GANTRY_OK;

no_memory:
    gantry_accel_destroy(accel);
    return gantry_fail(error, GANTRY_ERR_MEMORY, "accelerator model: no memory for %d rows",
                       params->act_rows);
}

void gantry_accel_destroy(struct gantry_accel *accel)
{
    if (!accel) return;
    const struct gantry_allocator *allocator = accel->allocator;
    gantry_release(allocator, accel->rule_x);
    gantry_release(allocator, accel->pending);
    gantry_release(allocator, accel->act);
    gantry_release(allocator, accel);
}
