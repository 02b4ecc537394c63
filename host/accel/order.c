/* SPDX-License-Identifier: Apache-2.0
 * Which instruction may go next: fetch, the three queues, semaphores, and what ends a launch. */
#include "accel/order.h"

static void name_instruction(const struct gantry_accel_memory *memory,
                             struct gantry_accel_result *result)
{
    if (result->insn >= memory->insn_count) return;
    struct gantry_insn insn;
    gantry_insn_from_bytes(&insn, memory->program + (size_t)result->insn * GANTRY_INSN_BYTES);
    result->insn_name = gantry_insn_name((uint32_t)gantry_insn_get(&insn, GANTRY_COMMON_OPCODE));
}

bool gantry_order_fail(struct gantry_order *order, enum gantry_cause cause, enum gantry_unit unit,
                       uint32_t index, uint64_t info)
{
    struct gantry_accel_result *result = order->result;
    if (result->cause == GANTRY_CAUSE_NONE) {
        result->cause = cause;
        result->unit = unit;
        result->insn = index;
        result->info = info;
        if (cause == GANTRY_CAUSE_ACT_RANGE) result->limit = order->params->act_rows;
        if (cause == GANTRY_CAUSE_WEIGHTS_EXHAUSTED) result->limit = order->memory->wgt_lines;
        name_instruction(order->memory, result);
    }
    order->over = true;
    return false;
}

/* ---- Semaphores ---- */

static bool waits_hold(const struct gantry_order *order, const struct gantry_insn *insn)
{
    int64_t wait = gantry_insn_get(insn, GANTRY_COMMON_WAIT);
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++)
        if ((wait >> s & 1) && order->semaphore[s] == 0) return false;
    return true;
}

static void take(struct gantry_order *order, const struct gantry_insn *insn)
{
    int64_t wait = gantry_insn_get(insn, GANTRY_COMMON_WAIT);
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++)
        if (wait >> s & 1) order->semaphore[s]--;
}

/* An instruction has finished: its signals, and the count. */
static void finish(struct gantry_order *order, const struct gantry_queue_entry *entry)
{
    int64_t signal = gantry_insn_get(&entry->insn, GANTRY_COMMON_SIGNAL);
    enum gantry_unit unit =
        gantry_insn_queue((uint32_t)gantry_insn_get(&entry->insn, GANTRY_COMMON_OPCODE));
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++) {
        if (!(signal >> s & 1)) continue;
        if (++order->semaphore[s] > GANTRY_SEMAPHORE_MAX)
            (void)gantry_order_fail(order, GANTRY_CAUSE_SEMAPHORE, unit, entry->index, (uint64_t)s);
    }
    order->result->insn_done++;
    if (order->ops->finished) order->ops->finished(order->context, entry);
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

static struct gantry_queue *queue_of(struct gantry_order *order, enum gantry_unit unit)
{
    switch (unit) {
    case GANTRY_UNIT_LOAD:
        return &order->load;
    case GANTRY_UNIT_COMPUTE:
        return &order->compute;
    case GANTRY_UNIT_STORE:
        return &order->store;
    default:
        return NULL;
    }
}

static bool queues_empty(const struct gantry_order *order)
{
    return order->load.count + order->compute.count + order->store.count == 0;
}

/* ---- Fetch ---- */

/* Reads the next instruction; false when there is none. */
static bool fetch(const struct gantry_order *order, struct gantry_insn *insn)
{
    const struct gantry_accel_memory *memory = order->memory;
    if (order->fetch_index >= memory->insn_count) return false;
    gantry_insn_from_bytes(insn, memory->program + (size_t)order->fetch_index * GANTRY_INSN_BYTES);
    return true;
}

/* Fails a launch for an instruction that is not legal; info is the bit of the offending field. */
static void refuse(struct gantry_order *order, enum gantry_cause cause, enum gantry_operand field)
{
    uint64_t info = 0;
    if (field != GANTRY_OPERAND_COUNT) {
        const struct gantry_operand_info *operand = gantry_operand_info(field);
        info = (uint64_t)(32 * operand->word + operand->lsb);
    }
    (void)gantry_order_fail(order, cause, GANTRY_UNIT_FETCH, order->fetch_index, info);
}

static bool last_run(const struct gantry_order *order)
{
    return order->fetch_run + 1 >= order->memory->repeat;
}

/* Whether fetch can do something with its next instruction; an error is something. */
static bool can_fetch(struct gantry_order *order)
{
    struct gantry_insn insn;
    enum gantry_operand field;
    if (!fetch(order, &insn)) return true;
    if (gantry_insn_legal(order->params, &insn, &field) != GANTRY_CAUSE_NONE) return true;
    uint32_t opcode = (uint32_t)gantry_insn_get(&insn, GANTRY_COMMON_OPCODE);
    const struct gantry_queue *queue = queue_of(order, gantry_insn_queue(opcode));
    if (queue) return queue->count < queue->depth;
    if (opcode == GANTRY_INSN_END && last_run(order) && !queues_empty(order)) return false;
    return waits_hold(order, &insn);
}

static void end_of_run(struct gantry_order *order, uint32_t index)
{
    if (!last_run(order)) {
        order->fetch_run++;
        order->fetch_index = 0;
        return;
    }
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++)
        if (order->semaphore[s] != (int32_t)(order->memory->sem_init >> 4 * s & 15))
            (void)gantry_order_fail(order, GANTRY_CAUSE_SEMAPHORE, GANTRY_UNIT_FETCH, index,
                                    (uint64_t)s);
    order->over = true;
}

static void do_fetch(struct gantry_order *order)
{
    struct gantry_insn insn;
    enum gantry_operand field = GANTRY_OPERAND_COUNT;
    if (!fetch(order, &insn)) {
        refuse(order, GANTRY_CAUSE_NO_END, field);
        return;
    }
    enum gantry_cause cause = gantry_insn_legal(order->params, &insn, &field);
    if (cause != GANTRY_CAUSE_NONE) {
        refuse(order, cause, field);
        return;
    }
    struct gantry_queue_entry entry = {
        .insn = insn, .index = order->fetch_index++, .run = order->fetch_run};
    order->result->read_bytes += GANTRY_INSN_BYTES;
    uint32_t opcode = (uint32_t)gantry_insn_get(&insn, GANTRY_COMMON_OPCODE);
    struct gantry_queue *queue = queue_of(order, gantry_insn_queue(opcode));
    if (!queue) {
        take(order, &insn);
        finish(order, &entry);
        if (opcode == GANTRY_INSN_END) end_of_run(order, entry.index);
        return;
    }
    entry.sequence = queue->sequence++;
    *entry_at(queue, queue->count++) = entry;
}

/* ---- Actions ---- */

static bool can_move(struct gantry_order *order, struct gantry_queue *queue)
{
    return queue->count > 0 && waits_hold(order, &entry_at(queue, 0)->insn);
}

static void do_move(struct gantry_order *order, struct gantry_queue *queue)
{
    struct gantry_queue_entry *entry = entry_at(queue, 0);
    take(order, &entry->insn);
    bool good = queue == &order->load ? order->ops->load(order->context, entry)
                                      : order->ops->store(order->context, entry);
    if (!good) return;
    finish(order, entry);
    drop_head(queue);
}

static bool is_sync(const struct gantry_queue_entry *entry)
{
    return gantry_insn_get(&entry->insn, GANTRY_COMMON_OPCODE) == GANTRY_INSN_SYNC;
}

static bool can_front(struct gantry_order *order)
{
    struct gantry_queue *queue = &order->compute;
    if (order->fronts == queue->count) return false;
    const struct gantry_queue_entry *entry = entry_at(queue, order->fronts);
    if (!waits_hold(order, &entry->insn)) return false;
    if (is_sync(entry)) return order->fronts == 0;
    uint64_t dep = (uint64_t)gantry_insn_get(&entry->insn, GANTRY_CONV_DEP);
    /* Fine-tracked dependencies wait for the whole producer too: one of the legal orders. */
    return dep == 0 || order->compute_done + dep > entry->sequence;
}

static void do_front(struct gantry_order *order)
{
    struct gantry_queue_entry *entry = entry_at(&order->compute, order->fronts);
    take(order, &entry->insn);
    order->fronts++;
    if (!is_sync(entry)) (void)order->ops->front(order->context, entry);
}

static void do_write(struct gantry_order *order)
{
    struct gantry_queue_entry *entry = entry_at(&order->compute, 0);
    if (order->ops->write && !is_sync(entry)) order->ops->write(order->context, entry);
    finish(order, entry);
    order->fronts--;
    order->compute_done++;
    drop_head(&order->compute);
}

static bool can_act(struct gantry_order *order, enum gantry_action action)
{
    switch (action) {
    case GANTRY_ACTION_WRITE:
        return order->fronts > 0;
    case GANTRY_ACTION_STORE:
        return can_move(order, &order->store);
    case GANTRY_ACTION_FRONT:
        return can_front(order);
    case GANTRY_ACTION_LOAD:
        return can_move(order, &order->load);
    case GANTRY_ACTION_FETCH:
        return can_fetch(order);
    case GANTRY_ACTIONS:
        break;
    }
    return false;
}

static void act(struct gantry_order *order, enum gantry_action action)
{
    switch (action) {
    case GANTRY_ACTION_WRITE:
        do_write(order);
        break;
    case GANTRY_ACTION_STORE:
        do_move(order, &order->store);
        break;
    case GANTRY_ACTION_FRONT:
        do_front(order);
        break;
    case GANTRY_ACTION_LOAD:
        do_move(order, &order->load);
        break;
    case GANTRY_ACTION_FETCH:
        do_fetch(order);
        break;
    case GANTRY_ACTIONS:
        break;
    }
}

static uint64_t draw(struct gantry_order *order)
{
    uint64_t z = order->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* The first allowed action in program order, or one drawn by eagerness. Eagerness is drawn anew
 * now and then, from lopsided values: long delays of one queue are what finds a missing order. */
static enum gantry_action choose(struct gantry_order *order)
{
    bool ordered = !order->is_random;
    bool allowed[GANTRY_ACTIONS];
    uint64_t total = 0;
    if (!ordered && draw(order) % 16 == 0)
        for (int32_t i = 0; i < GANTRY_ACTIONS; i++) order->eager[i] = 1u << 3 * (draw(order) % 5);
    for (int32_t i = 0; i < GANTRY_ACTIONS; i++) {
        allowed[i] = can_act(order, (enum gantry_action)i);
        if (allowed[i] && ordered) return (enum gantry_action)i;
        if (allowed[i]) total += order->eager[i];
    }
    if (total == 0) return GANTRY_ACTIONS;
    uint64_t ticket = draw(order) % total;
    for (int32_t i = 0; i < GANTRY_ACTIONS; i++) {
        if (!allowed[i]) continue;
        if (ticket < order->eager[i]) return (enum gantry_action)i;
        ticket -= order->eager[i];
    }
    return GANTRY_ACTIONS;
}

/* Nothing can move: names the oldest instruction that waits, as the watchdog would find it. */
static void deadlock(struct gantry_order *order)
{
    struct gantry_queue *queues[] = {&order->load, &order->compute, &order->store};
    uint32_t index = order->fetch_index, run = order->fetch_run;
    for (size_t i = 0; i < GANTRY_COUNT(queues); i++) {
        if (queues[i]->count == 0) continue;
        const struct gantry_queue_entry *entry = entry_at(queues[i], 0);
        if (entry->run > run || (entry->run == run && entry->index > index)) continue;
        index = entry->index;
        run = entry->run;
    }
    (void)gantry_order_fail(order, GANTRY_CAUSE_WATCHDOG, GANTRY_UNIT_CONTROL, index, 0);
}

void gantry_order_start(struct gantry_order *order, const struct gantry_array_params *params,
                        const struct gantry_accel_memory *memory, uint64_t seed,
                        const struct gantry_order_ops *ops, void *context,
                        struct gantry_accel_result *result)
{
    *result = (struct gantry_accel_result){.cause = GANTRY_CAUSE_NONE};
    *order = (struct gantry_order){
        .params = params,
        .memory = memory,
        .result = result,
        .ops = ops,
        .context = context,
        .random = seed,
        .is_random = seed != 0,
        .load = {.depth = GANTRY_LOAD_QUEUE},
        .compute = {.depth = GANTRY_COMPUTE_QUEUE},
        .store = {.depth = GANTRY_STORE_QUEUE},
    };
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++)
        order->semaphore[s] = (int32_t)(memory->sem_init >> 4 * s & 15);
    for (int32_t i = 0; i < GANTRY_ACTIONS; i++) order->eager[i] = 1;
}

void gantry_order_step(struct gantry_order *order)
{
    enum gantry_action action = choose(order);
    if (action == GANTRY_ACTIONS)
        deadlock(order);
    else
        act(order, action);
}

/* ---- Memory ---- */

int64_t gantry_order_lines(struct gantry_order *order, const struct gantry_queue_entry *entry)
{
    if (order->line_run != entry->run) {
        order->line_run = entry->run;
        order->line = 0;
    }
    int64_t first = order->line;
    order->line += gantry_conv_group_lines(&entry->insn);
    if (order->line > order->memory->wgt_lines) {
        (void)gantry_order_fail(order, GANTRY_CAUSE_WEIGHTS_EXHAUSTED, GANTRY_UNIT_WEIGHT,
                                entry->index, (uint64_t)order->line);
        return -1;
    }
    order->result->read_bytes += (uint64_t)(order->line - first) * GANTRY_LINE_BYTES;
    return first;
}

int64_t gantry_order_row(struct gantry_order *order, const struct gantry_queue_entry *entry,
                         const struct gantry_move *move, int32_t row)
{
    const struct gantry_accel_memory *memory = order->memory;
    enum gantry_unit unit =
        gantry_insn_queue((uint32_t)gantry_insn_get(&entry->insn, GANTRY_COMMON_OPCODE));
    int64_t offset = move->offset + row * move->row_stride +
                     (int64_t)entry->run * memory->run_stride[move->buffer];
    uint64_t end = (uint64_t)offset + (uint64_t)move->row_bytes;
    if (end > memory->buffer_bytes[move->buffer]) {
        (void)gantry_order_fail(order, GANTRY_CAUSE_DDR_RANGE, unit, entry->index,
                                (uint64_t)offset);
        return -1;
    }
    bool load = unit == GANTRY_UNIT_LOAD;
    *(load ? &order->result->read_bytes : &order->result->write_bytes) += (uint64_t)move->row_bytes;
    return offset;
}
