/* SPDX-License-Identifier: Apache-2.0
 * The chain generator: instructions, order, rows; and the executor's answer. */
#include "chain_build.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRIES = 200, STREAM_LINES = 30000 };

int32_t chain_append(struct chain_builder *b, uint32_t opcode)
{
    static const uint32_t queues[] = {
        [GANTRY_INSN_NOP] = CHAIN_QUEUE_FETCH,     [GANTRY_INSN_CONV] = CHAIN_QUEUE_COMPUTE,
        [GANTRY_INSN_LOAD] = CHAIN_QUEUE_LOAD,     [GANTRY_INSN_STORE] = CHAIN_QUEUE_STORE,
        [GANTRY_INSN_SYNC] = CHAIN_QUEUE_COMPUTE,  [GANTRY_INSN_END] = CHAIN_QUEUE_FETCH,
        [GANTRY_INSN_WINDOW] = CHAIN_QUEUE_COMPUTE};
    gantry_assert(b->count < CHAIN_INSNS);
    int32_t index = b->count++;
    b->insn[index] = (struct gantry_insn){{opcode}};
    b->queue[index] = (enum chain_queue)queues[opcode];
    if (b->queue[index] == CHAIN_QUEUE_COMPUTE) b->compute_insn[b->compute_count++] = index;
    return index;
}

void chain_set(struct chain_builder *b, int32_t insn, enum gantry_operand operand, int64_t value)
{
    if (!gantry_insn_set(&b->insn[insn], operand, value)) {
        fprintf(stderr, "chain: %s = %" PRId64 " does not fit\n",
                gantry_operand_info(operand)->name, value);
        abort();
    }
}

static void set_bit(struct chain_builder *b, int32_t insn, enum gantry_operand mask, int32_t bit)
{
    chain_set(b, insn, mask, gantry_insn_get(&b->insn[insn], mask) | INT64_C(1) << bit);
}

/* A semaphore between two queues can carry edge after edge as long as neither end goes back: its
 * n-th take then belongs to its n-th signal. */
static bool carries(const struct chain_semaphore *semaphore, enum chain_queue from,
                    enum chain_queue to, int32_t from_insn, int32_t to_insn)
{
    return semaphore->used && semaphore->from == from && semaphore->to == to &&
           semaphore->last_from < from_insn && semaphore->last_to < to_insn;
}

static int32_t find_semaphore(struct chain_builder *b, int32_t from, int32_t to)
{
    int32_t fresh = CHAIN_NONE, shared = CHAIN_NONE;
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++) {
        if (!b->semaphore[s].used) fresh = s;
        if (carries(&b->semaphore[s], b->queue[from], b->queue[to], from, to)) shared = s;
    }
    if (shared == CHAIN_NONE || (fresh != CHAIN_NONE && chain_one_in(b, 2))) return fresh;
    return shared;
}

void chain_edge(struct chain_builder *b, int32_t from, int32_t to)
{
    if (from == CHAIN_NONE) return;
    int32_t *known = &b->known[b->queue[from]][b->queue[to]];
    if (b->queue[from] == b->queue[to] || *known >= from) return;
    *known = from;
    int32_t s = find_semaphore(b, from, to);
    if (s == CHAIN_NONE) {
        b->failed = true;
        return;
    }
    b->semaphore[s] = (struct chain_semaphore){true, b->queue[from], b->queue[to], from, to};
    set_bit(b, from, GANTRY_COMMON_SIGNAL, s);
    set_bit(b, to, GANTRY_COMMON_WAIT, s);
}

struct gantry_chain_op *chain_op(struct chain_builder *b, enum gantry_chain_kind kind, int32_t insn,
                                 int32_t tensor, int32_t block)
{
    gantry_assert(b->chain->op_count < GANTRY_CHAIN_OPS);
    struct gantry_chain_op *op = &b->chain->ops[b->chain->op_count++];
    *op = (struct gantry_chain_op){.kind = kind,
                                   .insn = (uint32_t)insn,
                                   .tensor = tensor,
                                   .block = block,
                                   .in = CHAIN_NONE,
                                   .residual = CHAIN_NONE};
    return op;
}

/* ---- Rows ---- */

static bool region_dead(const struct chain_builder *b, int32_t region)
{
    for (int32_t t = 0; t < b->chain->tensor_count; t++)
        if (b->state[t].region == region && !b->state[t].dead) return false;
    return true;
}

static int32_t find_region(struct chain_builder *b, int32_t rows)
{
    if (chain_draw(b, GANTRY_CHAIN_REUSE, 2))
        for (int32_t r = 0; r < b->region_count; r++)
            if (b->region[r].rows >= rows && region_dead(b, r)) return r;
    int32_t base = b->rows_used + (chain_one_in(b, 4) ? chain_in(b, 0, 9) : 0);
    if (base + rows > b->options.act_rows_max || b->region_count == GANTRY_CHAIN_TENSORS)
        return CHAIN_NONE;
    b->rows_used = base + rows;
    b->region[b->region_count] =
        (struct chain_region){base, rows, CHAIN_NONE, CHAIN_NONE, CHAIN_NONE};
    return b->region_count++;
}

int32_t chain_tensor(struct chain_builder *b, const struct gantry_act_tensor *act)
{
    int32_t index = b->chain->tensor_count;
    if (index == GANTRY_CHAIN_TENSORS) return CHAIN_NONE;
    int32_t region = find_region(b, (int32_t)gantry_act_rows(act, b->npx));
    if (region == CHAIN_NONE) return CHAIN_NONE;
    b->chain->tensor_count++;
    b->chain->tensors[index] = (struct gantry_chain_tensor){.act = *act};
    b->chain->tensors[index].act.base = b->region[region].base;
    b->state[index] = (struct chain_state){.region = region, .writer = CHAIN_NONE};
    return index;
}

void chain_edges_of_writer(struct chain_builder *b, int32_t tensor, int32_t insn)
{
    struct chain_region *region = &b->region[b->state[tensor].region];
    chain_edge(b, region->store, insn);
    if (b->queue[insn] == CHAIN_QUEUE_COMPUTE) {
        chain_edge(b, region->load, insn);
        region->compute = insn;
    } else {
        chain_edge(b, region->compute, insn);
        region->load = insn;
    }
}

void chain_edges_of_reader(struct chain_builder *b, int32_t tensor, int32_t insn)
{
    const struct chain_state *state = &b->state[tensor];
    struct chain_region *region = &b->region[state->region];
    for (int32_t i = 0; i < state->load_count; i++) chain_edge(b, state->loads[i], insn);
    if (b->queue[insn] == CHAIN_QUEUE_STORE) {
        if (state->writer != CHAIN_NONE) chain_edge(b, b->compute_insn[state->writer], insn);
        region->store = insn;
    } else {
        region->compute = insn;
    }
}

int32_t chain_pick(struct chain_builder *b)
{
    int32_t count = b->chain->tensor_count;
    if (count == 0) return CHAIN_NONE;
    /* Young tensors more often: chains, not stars; and some as far back as DEP reaches. */
    int32_t first = chain_one_in(b, 2) ? count - 1 : chain_in(b, 0, count - 1);
    if (count > GANTRY_DEP_MAX && chain_one_in(b, 4)) first = count - GANTRY_DEP_MAX;
    for (int32_t i = 0; i < count; i++) {
        int32_t t = (first + count - i) % count;
        if (!b->state[t].dead && b->chain->tensors[t].valid1 > b->chain->tensors[t].valid0)
            return t;
    }
    return CHAIN_NONE;
}

uint8_t *chain_line(struct chain_builder *b)
{
    if (b->line_count == b->line_capacity) {
        b->line_capacity = b->line_capacity ? 2 * b->line_capacity : 1024;
        b->lines = realloc(b->lines, (size_t)b->line_capacity * GANTRY_LINE_BYTES);
        gantry_assert(b->lines != NULL);
    }
    uint8_t *line = b->lines + b->line_count++ * GANTRY_LINE_BYTES;
    memset(line, 0, GANTRY_LINE_BYTES);
    return line;
}

/* ---- Whole chains ---- */

static void store_or_kill(struct chain_builder *b)
{
    for (int32_t t = 0; t < b->chain->tensor_count; t++) {
        struct chain_state *state = &b->state[t];
        if (!state->stored && !state->dead && state->writer != CHAIN_NONE && chain_one_in(b, 3))
            chain_store(b, t);
        /* What was loaded or stored may give its rows away. */
        bool safe = state->stored || state->writer == CHAIN_NONE;
        if (safe && !state->dead && chain_draw(b, GANTRY_CHAIN_REUSE, 4)) state->dead = true;
    }
}

/* Semaphores that some unrelated instruction takes from SEM_INIT and a later one gives back. */
static void spare_semaphores(struct chain_builder *b)
{
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++) {
        if (b->semaphore[s].used || !chain_draw(b, GANTRY_CHAIN_SEM_INIT, 6)) continue;
        int32_t take = chain_in(b, 0, b->count - 1), give = chain_in(b, take, b->count - 1);
        b->semaphore[s].used = true;
        b->chain->sem_init |= (uint64_t)chain_in(b, 1, GANTRY_SEMAPHORE_MAX - 3) << 4 * s;
        set_bit(b, take, GANTRY_COMMON_WAIT, s);
        set_bit(b, give, GANTRY_COMMON_SIGNAL, s);
    }
}

/* Bytes of a buffer that all runs need. */
static size_t buffer_bytes(const struct chain_builder *b, int32_t buffer)
{
    size_t steps = (size_t)b->chain->run_stride[buffer] * (b->chain->repeat - 1);
    return gantry_align_size(b->used[buffer] + steps + 16, 16);
}

/* Whether the checker takes the program as it stands. */
static bool is_accepted(const struct chain_builder *b)
{
    uint8_t bytes[CHAIN_INSNS * GANTRY_INSN_BYTES];
    struct gantry_accel_memory memory = {.program = bytes,
                                         .insn_count = (uint32_t)b->count,
                                         .wgt_lines = (uint32_t)b->line_count,
                                         .repeat = b->chain->repeat,
                                         .sem_init = b->chain->sem_init};
    for (int32_t i = 0; i < b->count; i++)
        gantry_insn_to_bytes(&b->insn[i], bytes + (size_t)i * GANTRY_INSN_BYTES);
    for (int32_t i = 0; i < 3; i++) {
        memory.run_stride[i] = b->chain->run_stride[i];
        memory.buffer_bytes[i] = buffer_bytes(b, i);
    }
    return gantry_program_check(b->params, &memory, NULL, NULL) == GANTRY_OK;
}

/* A semaphore that begins at one: from signals it, to takes it in the next run. */
struct gate {
    int32_t semaphore, from, to;
};

static struct gate add_gate(struct chain_builder *b, int32_t from, int32_t to)
{
    struct gate gate = {0, from, to};
    while (gate.semaphore < GANTRY_SEMAPHORES && b->semaphore[gate.semaphore].used)
        gate.semaphore++;
    b->failed |= gate.semaphore == GANTRY_SEMAPHORES;
    if (b->failed) return gate;
    b->semaphore[gate.semaphore].used = true;
    b->chain->sem_init |= UINT64_C(1) << 4 * gate.semaphore;
    set_bit(b, to, GANTRY_COMMON_WAIT, gate.semaphore);
    set_bit(b, from, GANTRY_COMMON_SIGNAL, gate.semaphore);
    return gate;
}

static void clear_bit(struct chain_builder *b, int32_t insn, enum gantry_operand operand, int32_t s)
{
    int64_t mask = gantry_insn_get(&b->insn[insn], operand);
    chain_set(b, insn, operand, mask & ~(INT64_C(1) << s));
}

static void move_signal(struct chain_builder *b, struct gate *gate, int32_t from)
{
    clear_bit(b, gate->from, GANTRY_COMMON_SIGNAL, gate->semaphore);
    gate->from = from;
    set_bit(b, from, GANTRY_COMMON_SIGNAL, gate->semaphore);
}

/* Lets the next run load behind some COMPUTE already, and its first COMPUTE wait for the last
 * STORE: the earliest from a drawn one on that the checker takes. */
static bool overlap_runs(struct chain_builder *b, struct gate *loads, int32_t last_store)
{
    struct gate stores = add_gate(b, last_store, b->compute_insn[0]);
    for (int32_t k = chain_in(b, 0, b->compute_count - 1); k < b->compute_count && !b->failed;
         k++) {
        move_signal(b, loads, b->compute_insn[k]);
        if (is_accepted(b)) return true;
    }
    if (b->failed) return false;
    move_signal(b, loads, last_store);
    clear_bit(b, stores.from, GANTRY_COMMON_SIGNAL, stores.semaphore);
    clear_bit(b, stores.to, GANTRY_COMMON_WAIT, stores.semaphore);
    return false;
}

/* Runs follow each other: the first LOAD of a run waits for the last STORE of the one before, or
 * overlaps it. */
static void gate_runs(struct chain_builder *b)
{
    struct gantry_chain *chain = b->chain;
    chain->repeat = chain_draw(b, GANTRY_CHAIN_REPEAT, 2) ? (uint32_t)chain_in(b, 2, 3) : 1;
    for (int32_t i = 0; i < 3; i++)
        chain->run_stride[i] = (uint32_t)gantry_align_size(b->used[i], 16);
    if (chain->repeat == 1) return;
    if (chain_one_in(b, 3)) chain->run_stride[GANTRY_BUFFER_ARENA] = 0; /* one for all */
    int32_t first = 0, last = b->count - 1;
    while (b->queue[first] != CHAIN_QUEUE_LOAD) first++;
    while (b->queue[last] != CHAIN_QUEUE_STORE) last--;
    struct gate loads = add_gate(b, last, first);
    if (!b->failed && chain_one_in(b, 2)) chain->overlapped = overlap_runs(b, &loads, last);
}

static void grow(struct chain_builder *b)
{
    int32_t convs = chain_in(b, 1, b->options.convs_max);
    chain_load(b);
    for (int32_t i = 0; i < convs && !b->failed && b->line_count < STREAM_LINES; i++) {
        if (chain_one_in(b, 5)) chain_load(b);
        if (chain_draw(b, GANTRY_CHAIN_SYNC, 12)) (void)chain_append(b, GANTRY_INSN_NOP);
        if (chain_draw(b, GANTRY_CHAIN_SYNC, 12)) {
            (void)chain_append(b, GANTRY_INSN_SYNC);
            b->sync = b->compute_count - 1;
        }
        bool window = b->params->window && b->params->g > 1;
        if (window && chain_draw(b, GANTRY_CHAIN_WINDOW, 3))
            chain_window(b);
        else
            chain_conv(b);
        store_or_kill(b);
    }
    for (int32_t t = 0; t < b->chain->tensor_count && !b->failed; t++)
        if (!b->state[t].stored && !b->state[t].dead && b->state[t].writer != CHAIN_NONE)
            chain_store(b, t);
    b->failed |= b->chain->ops[b->chain->op_count - 1].kind != GANTRY_CHAIN_STORE; /* no output */
    (void)chain_append(b, GANTRY_INSN_END);
}

static bool finish_buffers(struct chain_builder *b)
{
    struct gantry_chain *chain = b->chain;
    for (int32_t i = 0; i < 3; i++) {
        chain->buffer_bytes[i] = buffer_bytes(b, i);
        chain->buffer[i] = malloc(chain->buffer_bytes[i]);
        chain->expected[i] = malloc(chain->buffer_bytes[i]);
        if (!chain->buffer[i] || !chain->expected[i]) return false;
        for (size_t j = 0; j < chain->buffer_bytes[i]; j++)
            chain->buffer[i][j] = (uint8_t)random_u64(&b->seed);
        memcpy(chain->expected[i], chain->buffer[i], chain->buffer_bytes[i]);
    }
    return true;
}

static bool finish_streams(struct chain_builder *b)
{
    struct gantry_chain *chain = b->chain;
    int32_t ports = b->params->ports;
    chain->insn_count = (uint32_t)b->count;
    chain->wgt_lines = (uint32_t)b->line_count;
    chain->weights_bytes = (size_t)(gantry_stripe_bytes(b->line_count, ports) * ports);
    chain->program = malloc((size_t)b->count * GANTRY_INSN_BYTES);
    chain->weights = malloc(chain->weights_bytes);
    if (!chain->program || !chain->weights) return false;
    for (int32_t i = 0; i < b->count; i++)
        gantry_insn_to_bytes(&b->insn[i], chain->program + (size_t)i * GANTRY_INSN_BYTES);
    gantry_stripe_lines(b->lines, b->line_count, ports, chain->weights);
    return true;
}

static bool execute(struct gantry_chain *chain)
{
    struct gantry_accel *accel;
    struct gantry_accel_memory memory;
    if (gantry_accel_create(&accel, &chain->params, NULL, NULL) != GANTRY_OK) return false;
    gantry_chain_memory(chain, chain->expected, &memory);
    gantry_accel_run(accel, &memory, 0, &chain->result);
    gantry_accel_destroy(accel);
    return true;
}

static struct gantry_chain_options defaults(const struct gantry_array_params *params,
                                            const struct gantry_chain_options *options)
{
    struct gantry_chain_options full = {0};
    if (options) full = *options;
    if (!full.features) full.features = GANTRY_CHAIN_ALL & ~(uint32_t)GANTRY_CHAIN_REPEAT;
    if (!full.convs_max) full.convs_max = 6;
    if (!full.size_max) full.size_max = 12;
    if (!full.blocks_max) full.blocks_max = 4;
    if (!full.act_rows_max) full.act_rows_max = params->act_rows;
    return full;
}

bool gantry_chain_make(struct gantry_chain *out, const struct gantry_array_params *params,
                       const struct gantry_chain_options *options, uint64_t seed)
{
    bool good = false;
    for (uint64_t attempt = 0; attempt < TRIES && !good; attempt++) {
        struct chain_builder b = {.chain = out,
                                  .params = params,
                                  .options = defaults(params, options),
                                  .seed = seed ^ attempt << 48,
                                  .npx = 2 * params->g,
                                  .sync = CHAIN_NONE};
        memset(b.known, 0xff, sizeof b.known); /* CHAIN_NONE */
        *out = (struct gantry_chain){.params = *params, .seed = seed};
        grow(&b);
        if (!b.failed) gate_runs(&b);
        if (!b.failed) spare_semaphores(&b);
        good = !b.failed && finish_buffers(&b) && finish_streams(&b);
        free(b.lines);
        if (!good) gantry_chain_finish(out);
    }
    return good && execute(out);
}

void gantry_chain_finish(struct gantry_chain *chain)
{
    for (int32_t i = 0; i < chain->op_count; i++) {
        free(chain->ops[i].weight);
        free(chain->ops[i].bias);
        free(chain->ops[i].scale);
    }
    for (int32_t i = 0; i < 3; i++) {
        free(chain->buffer[i]);
        free(chain->expected[i]);
    }
    free(chain->program);
    free(chain->weights);
    *chain = (struct gantry_chain){0};
}

void gantry_chain_memory(const struct gantry_chain *chain, uint8_t *const buffers[3],
                         struct gantry_accel_memory *out)
{
    *out = (struct gantry_accel_memory){
        .program = chain->program,
        .insn_count = chain->insn_count,
        .weights = chain->weights,
        .wgt_lines = chain->wgt_lines,
        .repeat = chain->repeat,
        .sem_init = chain->sem_init,
    };
    for (int32_t i = 0; i < 3; i++) {
        out->buffer[i] = buffers[i];
        out->buffer_bytes[i] = chain->buffer_bytes[i];
        out->run_stride[i] = chain->run_stride[i];
    }
}

void gantry_chain_print(const struct gantry_chain *chain)
{
    char text[1024];
    for (uint32_t i = 0; i < chain->insn_count; i++) {
        struct gantry_insn insn;
        gantry_insn_from_bytes(&insn, chain->program + (size_t)i * GANTRY_INSN_BYTES);
        fprintf(stderr, "%3" PRIu32 " %s\n", i, gantry_insn_text(&insn, text, sizeof text));
    }
}
