/* SPDX-License-Identifier: Apache-2.0
 * Runs of a planned program that follow each other in one launch: what orders them cannot be left
 * out, whatever rows loaded and stored tensors share; and a single run does not need it. */
#include "test_plan_support.h"

#include <string.h>

#include "test.h"

enum { RUNS = 5, SEM_ROWS = 14, SEM_STORED = 15 };

static const struct window three = {3, 3, 1, 1, 1, true, 0};

/* Tensors of a hundred rows: apart for ever; loaded or stored rows shared with the others; loaded
 * rows shared with stored ones, where waiting for the STOREs orders all. */
static const int32_t rows[] = {512, 400, 300, 200};

static bool needs(int32_t act_rows, int32_t semaphore)
{
    return semaphore == SEM_STORED || act_rows > 200;
}

struct program {
    struct net net;
    struct gantry_plan *plan;
    struct gantry_plan_segment *segment;
};

static void open_program(struct program *program, int32_t act_rows)
{
    struct gantry_array_params params;
    assert_true(gantry_array_params_named("unit", &params));
    params.act_rows = act_rows;
    net_init(&program->net, 9);
    int32_t x = net_input(&program->net, 20, 20, 16);
    for (int i = 0; i < 6; i++) x = net_conv(&program->net, x, 16, &three);
    net_output(&program->net, x);
    net_check(&program->net);
    program->plan = plan_for(&program->net.graph, &params, false);
    assert_int_equal(program->plan->segment_count, 1);
    program->segment = &program->plan->segments[0];
}

static void close_program(struct program *program)
{
    gantry_plan_destroy(program->plan);
    net_finish(&program->net);
}

static struct gantry_insn insn_at(const struct program *program, uint32_t i)
{
    struct gantry_insn insn;
    gantry_insn_from_bytes(&insn, program->segment->program + (size_t)i * GANTRY_INSN_BYTES);
    return insn;
}

static void set_insn(struct program *program, uint32_t i, const struct gantry_insn *insn)
{
    gantry_insn_to_bytes(insn, program->segment->program + (size_t)i * GANTRY_INSN_BYTES);
}

static bool is_accepted(const struct program *program, uint32_t runs, struct gantry_error *error)
{
    const struct gantry_plan *plan = program->plan;
    const size_t bytes[] = {plan->arena_bytes, plan->input_bytes, plan->output_bytes};
    struct gantry_accel_memory memory = {
        .program = program->segment->program,
        .insn_count = program->segment->insn_count,
        .weights = program->segment->weights,
        .wgt_lines = program->segment->wgt_lines,
        .repeat = runs,
        .sem_init = program->segment->sem_init,
    };
    for (int i = 0; i < 3; i++) {
        memory.buffer_bytes[i] = bytes[i] * runs;
        memory.run_stride[i] = (uint32_t)bytes[i];
    }
    return gantry_program_check(&plan->params, &memory, NULL, error) == GANTRY_OK;
}

/* The first instruction with a semaphore in a mask; fails the test when there is none. */
static uint32_t find(const struct program *program, enum gantry_operand mask, int32_t semaphore)
{
    for (uint32_t i = 0; i < program->segment->insn_count; i++) {
        struct gantry_insn insn = insn_at(program, i);
        if (gantry_insn_get(&insn, mask) >> semaphore & 1) return i;
    }
    fail_msg("no instruction has semaphore %d", semaphore);
    return 0;
}

static void flip(struct program *program, uint32_t i, enum gantry_operand mask, int32_t semaphore)
{
    struct gantry_insn insn = insn_at(program, i);
    int64_t value = gantry_insn_get(&insn, mask) ^ INT64_C(1) << semaphore;
    assert_true(gantry_insn_set(&insn, mask, value));
    set_insn(program, i, &insn);
}

static void expect_later_run(const struct program *program)
{
    struct gantry_error error = {0};
    assert_true(is_accepted(program, 1, &error));
    for (uint32_t runs = 2; runs <= RUNS; runs++) {
        if (is_accepted(program, runs, &error))
            fail_msg("accepted: %u runs on %d rows", runs, program->plan->params.act_rows);
        if (!strstr(error.message, "of a later run") && !strstr(error.message, "in no order"))
            fail_msg("%u runs: %s", runs, error.message);
    }
}

static void batch__planned_programs_repeat(void **state)
{
    (void)state;
    for (size_t r = 0; r < GANTRY_COUNT(rows); r++) {
        struct program program;
        open_program(&program, rows[r]);
        for (uint32_t runs = 1; runs <= RUNS; runs++) {
            struct gantry_error error = {0};
            if (!is_accepted(&program, runs, &error)) fail_msg("%s", error.message);
        }
        close_program(&program);
    }
}

static void batch__an_edge_between_runs_cannot_be_left_out(void **state)
{
    (void)state;
    for (size_t r = 0; r < GANTRY_COUNT(rows); r++)
        for (int32_t s = SEM_ROWS; s <= SEM_STORED; s++) {
            struct program program;
            if (!needs(rows[r], s)) continue;
            open_program(&program, rows[r]);
            flip(&program, find(&program, GANTRY_COMMON_WAIT, s), GANTRY_COMMON_WAIT, s);
            flip(&program, find(&program, GANTRY_COMMON_SIGNAL, s), GANTRY_COMMON_SIGNAL, s);
            program.segment->sem_init &= ~(UINT64_C(15) << 4 * s);
            expect_later_run(&program);
            close_program(&program);
        }
}

/* The last step on loaded rows lets the next run load: no earlier one may. */
static void batch__loads_wait_for_the_last_step_on_their_rows(void **state)
{
    (void)state;
    for (size_t r = 0; r < GANTRY_COUNT(rows); r++) {
        struct program program;
        if (!needs(rows[r], SEM_ROWS)) continue;
        open_program(&program, rows[r]);
        uint32_t from = find(&program, GANTRY_COMMON_SIGNAL, SEM_ROWS), earlier = from;
        struct gantry_insn insn;
        do {
            if (earlier == 0) break;
            insn = insn_at(&program, --earlier);
        } while (gantry_insn_get(&insn, GANTRY_COMMON_OPCODE) != GANTRY_INSN_CONV);
        if (earlier > 0) {
            flip(&program, from, GANTRY_COMMON_SIGNAL, SEM_ROWS);
            flip(&program, earlier, GANTRY_COMMON_SIGNAL, SEM_ROWS);
            expect_later_run(&program);
        }
        close_program(&program);
    }
}

/* With one start value more, two runs could be under way where one may be. */
static void batch__edges_between_runs_begin_at_one(void **state)
{
    (void)state;
    for (size_t r = 0; r < GANTRY_COUNT(rows); r++)
        for (int32_t s = SEM_ROWS; s <= SEM_STORED; s++) {
            struct program program;
            if (!needs(rows[r], s)) continue;
            open_program(&program, rows[r]);
            assert_int_equal(program.segment->sem_init >> 4 * s & 15, 1);
            program.segment->sem_init += UINT64_C(1) << 4 * s;
            expect_later_run(&program);
            close_program(&program);
        }
}

static void batch__a_dep_within_the_body_cannot_be_left_out(void **state)
{
    (void)state;
    int32_t removed = 0;
    for (size_t r = 0; r < GANTRY_COUNT(rows); r++) {
        struct program program;
        open_program(&program, rows[r]);
        for (uint32_t i = 0; i < program.segment->insn_count; i++) {
            struct gantry_insn insn = insn_at(&program, i), without = insn;
            struct gantry_error error = {0};
            if (gantry_insn_get(&insn, GANTRY_COMMON_OPCODE) != GANTRY_INSN_CONV ||
                gantry_insn_get(&insn, GANTRY_CONV_DEP) == 0)
                continue;
            assert_true(gantry_insn_set(&without, GANTRY_CONV_DEP, 0));
            set_insn(&program, i, &without);
            assert_false(is_accepted(&program, RUNS, &error));
            assert_non_null(strstr(error.message, "have no order"));
            set_insn(&program, i, &insn);
            removed++;
        }
        close_program(&program);
    }
    assert_true(removed >= 20);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(batch__planned_programs_repeat),
    cmocka_unit_test(batch__an_edge_between_runs_cannot_be_left_out),
    cmocka_unit_test(batch__loads_wait_for_the_last_step_on_their_rows),
    cmocka_unit_test(batch__edges_between_runs_begin_at_one),
    cmocka_unit_test(batch__a_dep_within_the_body_cannot_be_left_out),
};
GANTRY_TEST_MAIN("plan_batch", tests)
