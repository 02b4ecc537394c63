/* SPDX-License-Identifier: Apache-2.0
 * The program of a launch: LOADs, COMPUTE in order with STOREs behind their producers, END.
 *
 * Semaphores: LOADs fall into groups, and STOREs too. The last LOAD of a group signals the first
 * step that reads anything of the group; the last producer of a group of STOREs signals the first
 * of them. Queues are in order, so each counter goes up once and down once. Two more let runs of a
 * launch follow each other: the last step on loaded rows signals the first LOAD of the next run,
 * the last STORE signals the next run's first step that writes stored rows; both begin at one.
 * Between steps, dep names the youngest producer of the input, or seven back when it is older:
 * steps finish in order. A step follows the rows of its producer where the layout lets it.
 */
#include "plan/build.h"

#include <string.h>

enum {
    LOAD_GROUPS = 7,
    STORE_GROUPS = 7,
    SEM_ROWS = LOAD_GROUPS + STORE_GROUPS, /* rows of LOADs are free */
    SEM_STORED,                            /* STOREs are over */
    CHECKED_RUNS = 3                       /* of the program, when it is checked */
};

struct writer {
    struct gantry_build *build;
    const struct gantry_lowered *lowered;
    struct gantry_plan_segment *segment;
    struct gantry_insn *insns;
    int32_t *chip_step;   /* per chip: last step that writes of it, or -1 for a loaded one */
    int32_t *computed;    /* per step: number of its last COMPUTE instruction */
    int32_t *load_group;  /* per chip, -1 when it is not loaded */
    int32_t *store_group; /* per chip, -1 when it is not stored */
    int32_t loads, stores;
    int32_t loads_written, stores_written;
    int32_t last_load_step, first_store_step; /* where runs meet; -1: the first LOAD waits */
    int32_t computes;                         /* COMPUTE instructions so far */
    uint32_t waited;                          /* load groups whose semaphore has been taken */
    bool overflow;                            /* a value did not fit its field */
};

static void set(struct writer *writer, struct gantry_insn *insn, enum gantry_operand operand,
                int64_t value)
{
    if (!gantry_insn_set(insn, operand, value)) writer->overflow = true;
}

/* Adds a semaphore to WAIT or SIGNAL. */
static void add_semaphore(struct writer *writer, struct gantry_insn *insn,
                          enum gantry_operand operand, int32_t semaphore)
{
    set(writer, insn, operand, gantry_insn_get(insn, operand) | INT64_C(1) << semaphore);
}

static struct gantry_insn *append(struct writer *writer, int32_t opcode, int32_t node)
{
    uint32_t index = writer->segment->insn_count++;
    struct gantry_insn *insn = &writer->insns[index];
    writer->segment->insn_node[index] = node;
    set(writer, insn, GANTRY_COMMON_OPCODE, opcode);
    return insn;
}

/* Group of the k-th of count transfers. */
static int32_t group_of(int32_t k, int32_t count, int32_t groups)
{
    return count <= groups ? k : (int32_t)((int64_t)k * groups / count);
}

/* Loads keep the order of the chips, in which steps first use them, stores that of the steps. */
static void group_transfers(struct writer *writer)
{
    const struct gantry_lowered *lowered = writer->lowered;
    for (int32_t c = 0; c < lowered->chip_count; c++) {
        writer->loads += lowered->chips[c].loaded;
        writer->stores += lowered->chips[c].stored;
        writer->chip_step[c] = writer->load_group[c] = writer->store_group[c] = -1;
    }
    for (int32_t i = 0; i < lowered->step_count; i++)
        for (int32_t c = lowered->steps[i].out; c >= 0; c = lowered->chips[c].whole)
            writer->chip_step[c] = i;
    int32_t load = 0, store = 0;
    for (int32_t c = 0; c < lowered->chip_count; c++)
        if (lowered->chips[c].loaded)
            writer->load_group[c] = group_of(load++, writer->loads, LOAD_GROUPS);
    for (int32_t i = 0; i < lowered->step_count; i++)
        for (int32_t c = 0; c < lowered->chip_count; c++)
            if (lowered->chips[c].stored && writer->chip_step[c] == i)
                writer->store_group[c] = group_of(store++, writer->stores, STORE_GROUPS);
}

/* Whether no later chip is loaded in the same group. */
static bool last_of_loads(const struct writer *writer, int32_t chip)
{
    for (int32_t c = chip + 1; c < writer->lowered->chip_count; c++)
        if (writer->load_group[c] == writer->load_group[chip]) return false;
    return true;
}

/* Whether a step is the last to write for a group of STOREs. */
static bool completes(const struct writer *writer, int32_t step, int32_t group)
{
    int32_t last = -1;
    for (int32_t c = 0; c < writer->lowered->chip_count; c++)
        if (writer->store_group[c] == group) last = gantry_max_i32(last, writer->chip_step[c]);
    return last == step;
}

/* Rows row0 .. row0 + rows - 1 of a chip. A part's are its CONCATENATION's. */
static struct gantry_insn *write_load(struct writer *writer, int32_t index, int32_t row0,
                                      int32_t rows)
{
    const struct gantry_chip *chips = writer->lowered->chips;
    int32_t whole = chips[index].whole, node = GANTRY_NODE_LAUNCH;
    if (whole >= 0) node = writer->build->graph->tensors[chips[whole].tensor].producer;
    struct gantry_insn *insn = append(writer, GANTRY_INSN_LOAD, node);
    if (!gantry_fields_load(insn, writer->build, &writer->lowered->chips[index], row0, rows))
        writer->overflow = true;
    if (last_of_loads(writer, index))
        add_semaphore(writer, insn, GANTRY_COMMON_SIGNAL, writer->load_group[index]);
    if (writer->loads_written++ > 0) return insn;
    add_semaphore(writer, insn, GANTRY_COMMON_WAIT, SEM_ROWS);
    if (writer->first_store_step < 0 && writer->stores > 0)
        add_semaphore(writer, insn, GANTRY_COMMON_WAIT, SEM_STORED);
    return insn;
}

static struct gantry_insn *write_store(struct writer *writer, int32_t index, bool first)
{
    struct gantry_insn *insn = append(writer, GANTRY_INSN_STORE, GANTRY_NODE_STORE);
    if (!gantry_fields_store(insn, writer->build, &writer->lowered->chips[index]))
        writer->overflow = true;
    if (first)
        add_semaphore(writer, insn, GANTRY_COMMON_WAIT, LOAD_GROUPS + writer->store_group[index]);
    if (++writer->stores_written == writer->stores)
        add_semaphore(writer, insn, GANTRY_COMMON_SIGNAL, SEM_STORED);
    return insn;
}

/* Semaphores of what is loaded into a chip, of which it is or which is part of it. */
static uint32_t loads_of(const struct writer *writer, int32_t chip)
{
    uint32_t wait = 0;
    for (int32_t c = 0; c < writer->lowered->chip_count; c++)
        if (writer->load_group[c] >= 0 && gantry_chip_is_in(writer->lowered, c, chip))
            wait |= UINT32_C(1) << writer->load_group[c];
    return wait;
}

/* Semaphores of loads that a step is the first to need, or the STOREs behind it. */
static uint32_t load_waits(struct writer *writer, int32_t index)
{
    const struct gantry_step *step = &writer->lowered->steps[index];
    uint32_t wait = loads_of(writer, step->in);
    if (step->res >= 0) wait |= loads_of(writer, step->res);
    for (int32_t c = 0; c < writer->lowered->chip_count; c++)
        if (writer->lowered->chips[c].stored && writer->chip_step[c] == index)
            wait |= loads_of(writer, c);
    wait &= ~writer->waited;
    writer->waited |= wait;
    return wait;
}

/* Whether a step may start on the first rows of its producer: that one writes exactly the tensor
 * that the step reads. Flat views count other rows. */
static bool follows_rows(const struct writer *writer, int32_t index, int32_t producer)
{
    const struct gantry_step *step = &writer->lowered->steps[index];
    const struct gantry_step *from = &writer->lowered->steps[producer];
    const struct gantry_act_tensor *in = &writer->lowered->chips[step->in].act;
    return writer->computes - writer->computed[producer] <= GANTRY_DEP_MAX && !step->flat &&
           !from->flat && !step->tcb && !from->tcb && from->bands.count == 0 &&
           from->out == step->in && from->task.out.h == in->h && from->task.out.w == in->w;
}

static struct gantry_insn *write_compute(struct writer *writer, int32_t index)
{
    const struct gantry_step *step = &writer->lowered->steps[index];
    int32_t node = step->task.node == GANTRY_NO_NODE ? GANTRY_NODE_LAUNCH : step->task.node;
    struct gantry_insn *insn =
        append(writer, step->window ? GANTRY_INSN_WINDOW : GANTRY_INSN_CONV, node);
    if (!gantry_fields_compute(insn, writer->build, writer->lowered, step)) writer->overflow = true;
    int32_t producer = writer->chip_step[step->in];
    if (producer >= 0) {
        int32_t distance = writer->computes - writer->computed[producer];
        set(writer, insn, GANTRY_CONV_DEP, gantry_min_i32(distance, GANTRY_DEP_MAX));
        set(writer, insn, GANTRY_CONV_WHOLE, !follows_rows(writer, index, producer));
    }
    writer->computed[index] = writer->computes++;
    return insn;
}

/* The COMPUTE instructions of a step. */
struct written {
    struct gantry_insn *first, *last;
};

/* The bands of a step, each behind its own LOAD, or one for each part of its input. LOADs of a chip
 * signal one semaphore in order, so the n-th band takes the signal of the n-th LOAD. */
static struct written write_bands(struct writer *writer, int32_t index)
{
    const struct gantry_lowered *lowered = writer->lowered;
    const struct gantry_step *step = &lowered->steps[index];
    struct written written = {0};
    uint32_t loaded = loads_of(writer, step->in);
    writer->waited |= loaded;
    for (int32_t b = 0; b < step->bands.count; b++) {
        const struct gantry_band *band = &step->bands.band[b];
        for (int32_t c = 0; c < lowered->chip_count; c++)
            if (lowered->chips[c].loaded && gantry_chip_is_in(lowered, c, step->in))
                (void)write_load(writer, c, band->load_row, band->load_rows);
        written.last = write_compute(writer, index);
        if (!gantry_fields_band(written.last, writer->build, writer->lowered, step, band))
            writer->overflow = true;
        set(writer, written.last, GANTRY_COMMON_WAIT, loaded);
        if (b == 0) written.first = written.last;
    }
    return written;
}

/* Where this run meets the one before and the next. */
static void meet_runs(struct writer *writer, int32_t index, const struct written *written)
{
    if (index == writer->last_load_step)
        add_semaphore(writer, written->last, GANTRY_COMMON_SIGNAL, SEM_ROWS);
    if (index == writer->first_store_step)
        add_semaphore(writer, written->first, GANTRY_COMMON_WAIT, SEM_STORED);
}

/* The STOREs of a group, behind the last COMPUTE that writes for them. */
static void write_stores(struct writer *writer, struct gantry_insn *last, int32_t group)
{
    bool first = true;
    add_semaphore(writer, last, GANTRY_COMMON_SIGNAL, LOAD_GROUPS + group);
    for (int32_t c = 0; c < writer->lowered->chip_count; c++) {
        if (writer->store_group[c] != group) continue;
        (void)write_store(writer, c, first);
        first = false;
    }
}

static void write_step(struct writer *writer, int32_t index)
{
    const struct gantry_step *step = &writer->lowered->steps[index];
    struct written written;
    if (step->bands.count > 0) {
        written = write_bands(writer, index);
    } else {
        written.first = written.last = write_compute(writer, index);
        set(writer, written.first, GANTRY_COMMON_WAIT, load_waits(writer, index));
    }
    meet_runs(writer, index, &written);
    for (int32_t group = 0; group < STORE_GROUPS; group++)
        if (completes(writer, index, group)) write_stores(writer, written.last, group);
}

/* Tiles: each waits for its LOADs and for a set of rows to be stored, and lets the LOADs of the one
 * after the next begin. Both sets are free at first. */
static void write_tiles(struct writer *writer)
{
    enum { LOADED, COMPUTED, ROWS_READ, ROWS_STORED };
    const struct gantry_lowered *lowered = writer->lowered;
    for (int32_t i = 0; i < lowered->step_count; i++) {
        const struct gantry_step *step = &lowered->steps[i];
        struct gantry_insn *load = write_load(writer, step->in, 0, lowered->chips[step->in].act.h);
        set(writer, load, GANTRY_COMMON_SIGNAL, 0);
        set(writer, load, GANTRY_COMMON_WAIT, 1 << ROWS_READ);
        if (step->res >= 0)
            load = write_load(writer, step->res, 0, lowered->chips[step->res].act.h);
        set(writer, load, GANTRY_COMMON_SIGNAL, 1 << LOADED);
        struct gantry_insn *compute = write_compute(writer, i);
        set(writer, compute, GANTRY_COMMON_WAIT, 1 << LOADED | 1 << ROWS_STORED);
        set(writer, compute, GANTRY_COMMON_SIGNAL, 1 << COMPUTED | 1 << ROWS_READ);
        struct gantry_insn *store = write_store(writer, step->out, false);
        set(writer, store, GANTRY_COMMON_WAIT, 1 << COMPUTED);
        set(writer, store, GANTRY_COMMON_SIGNAL, 1 << ROWS_STORED);
    }
    writer->segment->sem_init = UINT64_C(2) << 4 * ROWS_READ | UINT64_C(2) << 4 * ROWS_STORED;
    (void)append(writer, GANTRY_INSN_END, GANTRY_NODE_STORE);
}

/* What the first step reads in bands is loaded with them, before all others. */
static void write_instructions(struct writer *writer)
{
    const struct gantry_lowered *lowered = writer->lowered;
    int32_t banded = lowered->steps[0].bands.count > 0 ? lowered->steps[0].in : -1;
    if (banded >= 0) write_step(writer, 0);
    for (int32_t c = 0; c < lowered->chip_count; c++)
        if (lowered->chips[c].loaded && (banded < 0 || !gantry_chip_is_in(lowered, c, banded)))
            (void)write_load(writer, c, 0, lowered->chips[c].act.h);
    for (int32_t i = banded >= 0; i < lowered->step_count; i++) write_step(writer, i);
    (void)append(writer, GANTRY_INSN_END, GANTRY_NODE_STORE);
}

/* Times that a step's weights stand in the stream. */
static int32_t repeats(const struct gantry_step *step)
{
    return gantry_max_i32(step->bands.count, 1);
}

static enum gantry_status write_weights(struct writer *writer)
{
    const struct gantry_lowered *lowered = writer->lowered;
    struct gantry_build *build = writer->build;
    struct gantry_plan_segment *segment = writer->segment;
    int32_t ports = build->params->ports;
    int64_t lines = 0;
    for (int32_t i = 0; i < lowered->step_count; i++) {
        const struct gantry_step *step = &lowered->steps[i];
        lines += repeats(step) * gantry_step_lines(step, &lowered->chips[step->in]);
    }
    int64_t bytes = gantry_stripe_bytes(lines, ports) * ports;
    segment->weights = gantry_arena_alloc(&build->plan->arena, (size_t)bytes, 1);
    uint8_t *stream = gantry_allocate(build->scratch.allocator, (size_t)lines, GANTRY_LINE_BYTES);
    if (!segment->weights || !stream || lines > UINT32_MAX) {
        gantry_release(build->scratch.allocator, stream);
        return gantry_fail(build->error, GANTRY_ERR_MEMORY, "plan: no memory for %lld lines",
                           (long long)lines);
    }
    segment->weights_bytes = (size_t)bytes;
    segment->wgt_lines = (uint32_t)lines;
    uint8_t *at = stream;
    for (int32_t i = 0; i < lowered->step_count; i++) {
        const struct gantry_step *step = &lowered->steps[i];
        const struct gantry_chip *in = &lowered->chips[step->in];
        for (int32_t k = 0; k < repeats(step); k++) {
            gantry_build_stream(build, step, in, at);
            at += gantry_step_lines(step, in) * GANTRY_LINE_BYTES;
        }
    }
    gantry_stripe_lines(stream, lines, ports, segment->weights);
    gantry_release(build->scratch.allocator, stream);
    return GANTRY_OK;
}

enum gantry_status gantry_plan_check_program(const struct gantry_plan *plan,
                                             const struct gantry_plan_segment *segment,
                                             const struct gantry_allocator *allocator,
                                             struct gantry_error *error)
{
    struct gantry_accel_memory memory = {
        .program = segment->program,
        .insn_count = segment->insn_count,
        .weights = segment->weights,
        .wgt_lines = segment->wgt_lines,
        .repeat = CHECKED_RUNS,
        .sem_init = segment->sem_init,
    };
    const size_t bytes[] = {plan->arena_bytes, plan->input_bytes, plan->output_bytes};
    for (int32_t i = 0; i < 3; i++) {
        memory.buffer_bytes[i] = CHECKED_RUNS * bytes[i];
        memory.run_stride[i] = (uint32_t)bytes[i];
    }
    return gantry_program_check(&plan->params, &memory, allocator, error);
}

/* A program that the checker refuses is a bug of the planner; it is reported and never run. */
static enum gantry_status check(const struct writer *writer)
{
    struct gantry_build *build = writer->build;
    struct gantry_error detail = {0};
    enum gantry_status status =
        gantry_plan_check_program(build->plan, writer->segment, build->scratch.allocator, &detail);
    if (status == GANTRY_OK || status == GANTRY_ERR_MEMORY) {
        if (status != GANTRY_OK && build->error) *build->error = detail;
        return status;
    }
    return gantry_fail(build->error, GANTRY_ERR_ARGUMENT, "internal: %s", detail.message);
}

static bool allocate(struct writer *writer)
{
    struct gantry_arena *scratch = &writer->build->scratch;
    struct gantry_arena *arena = writer->build->costing ? scratch : &writer->build->plan->arena;
    size_t chips = (size_t)writer->lowered->chip_count;
    size_t steps = (size_t)writer->lowered->step_count;
    size_t insns = 2 * chips + steps + 1 + (LOAD_GROUPS + 1) * GANTRY_BANDS_MAX;
    writer->insns = gantry_arena_alloc(scratch, insns, sizeof *writer->insns);
    writer->chip_step = gantry_arena_alloc(scratch, chips, sizeof *writer->chip_step);
    writer->computed = gantry_arena_alloc(scratch, steps, sizeof *writer->computed);
    writer->load_group = gantry_arena_alloc(scratch, chips, sizeof *writer->load_group);
    writer->store_group = gantry_arena_alloc(scratch, chips, sizeof *writer->store_group);
    writer->segment->insn_node =
        gantry_arena_alloc(arena, insns, sizeof *writer->segment->insn_node);
    writer->segment->program = gantry_arena_alloc(arena, insns, GANTRY_INSN_BYTES);
    return writer->insns && writer->chip_step && writer->computed && writer->load_group &&
           writer->store_group && writer->segment->insn_node && writer->segment->program;
}

enum gantry_status gantry_build_program(struct gantry_build *build, int32_t segment,
                                        struct gantry_lowered *lowered)
{
    struct writer writer = {
        .build = build, .lowered = lowered, .segment = &build->plan->segments[segment]};
    if (!allocate(&writer)) return gantry_fail(build->error, GANTRY_ERR_MEMORY, "plan: no memory");
    group_transfers(&writer);
    writer.last_load_step = gantry_last_load_step(lowered);
    writer.first_store_step =
        gantry_loads_on_stored_rows(lowered) ? -1 : gantry_first_store_step(lowered);
    /* Loads of one group share a semaphore: bands need one of their own. */
    if (lowered->tiled) {
        write_tiles(&writer);
    } else {
        if (writer.loads <= LOAD_GROUPS) gantry_build_bands(build, lowered);
        write_instructions(&writer);
        if (writer.loads > 0) writer.segment->sem_init |= UINT64_C(1) << 4 * SEM_ROWS;
        if (writer.stores > 0) writer.segment->sem_init |= UINT64_C(1) << 4 * SEM_STORED;
    }
    if (writer.overflow)
        return gantry_fail(build->error, GANTRY_ERR_ARGUMENT,
                           "internal: launch %d: a value does not fit its field", segment);
    for (uint32_t i = 0; i < writer.segment->insn_count; i++)
        gantry_insn_to_bytes(&writer.insns[i], writer.segment->program + i * GANTRY_INSN_BYTES);
    writer.segment->act_rows_used = lowered->rows_used;
    if (build->costing) return GANTRY_OK;
    enum gantry_status status = write_weights(&writer);
    return status == GANTRY_OK ? check(&writer) : status;
}
