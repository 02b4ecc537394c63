/* SPDX-License-Identifier: Apache-2.0
 * The program checker: takes every legal chain, refuses what could go wrong, and says why. */
#include "test.h"

#include "chain.h"

#include <string.h>

static const struct gantry_array_params g1 = {1, 2048, 128, 64, 1, 0};
static const struct gantry_array_params g2 = {2, 2048, 256, 64, 2, 0};
static const struct gantry_array_params g4 = {4, 2048, 256, 64, 4, 0};
static const struct gantry_array_params w4 = {4, 2048, 256, 64, 4, 1};

static enum gantry_status check(const struct gantry_chain *chain, struct gantry_error *error)
{
    struct gantry_accel_memory memory;
    gantry_chain_memory(chain, chain->buffer, &memory);
    for (int32_t i = 0; i < 3; i++) memory.buffer[i] = NULL; /* sizes are enough */
    return gantry_program_check(&chain->params, &memory, NULL, error);
}

static void get(const struct gantry_chain *chain, uint32_t insn, struct gantry_insn *out)
{
    gantry_insn_from_bytes(out, chain->program + (size_t)insn * GANTRY_INSN_BYTES);
}

static int64_t field(const struct gantry_chain *chain, uint32_t insn, enum gantry_operand operand)
{
    struct gantry_insn word;
    get(chain, insn, &word);
    return gantry_insn_get(&word, operand);
}

static void edit(struct gantry_chain *chain, uint32_t insn, enum gantry_operand operand,
                 int64_t value)
{
    struct gantry_insn word;
    get(chain, insn, &word);
    assert_true(gantry_insn_set(&word, operand, value));
    gantry_insn_to_bytes(&word, chain->program + (size_t)insn * GANTRY_INSN_BYTES);
}

static uint32_t find(const struct gantry_chain *chain, uint32_t opcode, uint32_t nth)
{
    for (uint32_t i = 0; i < chain->insn_count; i++)
        if (field(chain, i, GANTRY_COMMON_OPCODE) == opcode && nth-- == 0) return i;
    fail_msg("no such instruction");
    return 0;
}

/* ---- Acceptance ---- */

static void check_accepts(const struct gantry_array_params *params, uint64_t first, uint64_t count)
{
    struct gantry_chain_options options = {.features = GANTRY_CHAIN_ALL};
    int32_t overlapped = 0;
    for (uint64_t seed = first; seed < first + count; seed++) {
        struct gantry_chain chain;
        struct gantry_error error;
        assert_true(gantry_chain_make(&chain, params, &options, seed));
        if (check(&chain, &error) != GANTRY_OK) {
            gantry_chain_print(&chain);
            fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
        }
        overlapped += chain.overlapped;
        gantry_chain_finish(&chain);
    }
    assert_true(overlapped > 4); /* programs whose runs overlap are among them */
}

static void check__accepts_legal_chains(void **state)
{
    (void)state;
    check_accepts(&g1, 100, 80);
    check_accepts(&g2, 200, 80);
    check_accepts(&g4, 400, 80);
    check_accepts(&w4, 500, 80);
}

/* ---- Refusal of what matters ---- */

/* Whether some legal order of the changed program gives other bytes than the chain's. */
static bool some_order_differs(const struct gantry_chain *chain)
{
    struct gantry_accel *accel;
    struct gantry_accel_memory memory;
    bool differs = false;
    uint8_t *buffers[3];
    for (int32_t i = 0; i < 3; i++) buffers[i] = malloc(chain->buffer_bytes[i]);
    assert_int_equal(gantry_accel_create(&accel, &chain->params, NULL, NULL), GANTRY_OK);
    for (uint64_t order = 1; order <= 8 && !differs; order++) {
        struct gantry_accel_result result;
        for (int32_t i = 0; i < 3; i++)
            memcpy(buffers[i], chain->buffer[i], chain->buffer_bytes[i]);
        gantry_chain_memory(chain, buffers, &memory);
        gantry_accel_run(accel, &memory, order, &result);
        differs = result.cause != GANTRY_CAUSE_NONE;
        for (int32_t i = 0; i < 3; i++)
            differs |= memcmp(buffers[i], chain->expected[i], chain->buffer_bytes[i]) != 0;
    }
    gantry_accel_destroy(accel);
    for (int32_t i = 0; i < 3; i++) free(buffers[i]);
    return differs;
}

struct tally {
    int32_t removed, refused, missed;
};

/* A program whose bytes depend on the order must be refused. */
static void judge(const struct gantry_chain *chain, struct tally *tally)
{
    struct gantry_error error;
    tally->removed++;
    if (check(chain, &error) != GANTRY_OK) {
        tally->refused++;
        return;
    }
    if (!some_order_differs(chain)) return;
    gantry_chain_print(chain);
    tally->missed++;
}

static void check__refuses_a_chain_without_a_dep_that_matters(void **state)
{
    (void)state;
    struct gantry_chain_options options = {.features =
                                               GANTRY_CHAIN_ALL & ~(uint32_t)GANTRY_CHAIN_REPEAT};
    struct tally tally = {0};
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct gantry_chain chain;
        assert_true(gantry_chain_make(&chain, &g2, &options, seed));
        for (uint32_t i = 0; i < chain.insn_count; i++) {
            if (field(&chain, i, GANTRY_COMMON_OPCODE) != GANTRY_INSN_CONV) continue;
            int64_t dep = field(&chain, i, GANTRY_CONV_DEP);
            if (dep == 0) continue;
            edit(&chain, i, GANTRY_CONV_DEP, 0);
            judge(&chain, &tally);
            edit(&chain, i, GANTRY_CONV_DEP, dep);
        }
        gantry_chain_finish(&chain);
    }
    assert_int_equal(tally.missed, 0);
    assert_true(tally.removed > 60 && tally.refused > tally.removed / 2);
}

/* Takes one signal and the wait that belongs to it away, so that the balance stays. */
static void without_edge(struct gantry_chain *chain, int32_t s, struct tally *tally)
{
    int64_t bit = INT64_C(1) << s;
    uint32_t from = 0, to = 0;
    while (from < chain->insn_count && !(field(chain, from, GANTRY_COMMON_SIGNAL) & bit)) from++;
    while (to < chain->insn_count && !(field(chain, to, GANTRY_COMMON_WAIT) & bit)) to++;
    if (from == chain->insn_count || to == chain->insn_count) return;
    int64_t signal = field(chain, from, GANTRY_COMMON_SIGNAL);
    int64_t wait = field(chain, to, GANTRY_COMMON_WAIT);
    edit(chain, from, GANTRY_COMMON_SIGNAL, signal & ~bit);
    edit(chain, to, GANTRY_COMMON_WAIT, field(chain, to, GANTRY_COMMON_WAIT) & ~bit);
    judge(chain, tally);
    edit(chain, from, GANTRY_COMMON_SIGNAL, signal);
    edit(chain, to, GANTRY_COMMON_WAIT, wait);
}

static void check__refuses_a_chain_without_an_edge_that_matters(void **state)
{
    (void)state;
    struct gantry_chain_options options = {.features =
                                               GANTRY_CHAIN_ALL & ~(uint32_t)GANTRY_CHAIN_SEM_INIT};
    struct tally tally = {0};
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct gantry_chain chain;
        assert_true(gantry_chain_make(&chain, &g2, &options, seed));
        for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++) without_edge(&chain, s, &tally);
        gantry_chain_finish(&chain);
    }
    assert_int_equal(tally.missed, 0);
    assert_true(tally.removed > 100 && tally.refused > tally.removed * 3 / 4);
}

static void check__refuses_a_single_wait_or_signal_left_over(void **state)
{
    (void)state;
    struct gantry_chain chain;
    struct gantry_error error;
    assert_true(gantry_chain_make(&chain, &g2, NULL, 5));
    for (uint32_t i = 0; i < chain.insn_count; i++) {
        static const enum gantry_operand masks[] = {GANTRY_COMMON_WAIT, GANTRY_COMMON_SIGNAL};
        for (size_t j = 0; j < 2; j++) {
            int64_t mask = field(&chain, i, masks[j]);
            if (mask == 0) continue;
            edit(&chain, i, masks[j], mask & (mask - 1));
            assert_int_equal(check(&chain, &error), GANTRY_ERR_ARGUMENT);
            assert_non_null(strstr(error.message, "semaphore"));
            edit(&chain, i, masks[j], mask);
        }
    }
    gantry_chain_finish(&chain);
}

/* ---- Messages and single rules ---- */

/* LOAD, CONV, CONV, STORE; nothing else. */
static void make_small(struct gantry_chain *chain)
{
    struct gantry_chain_options options = {.features = GANTRY_CHAIN_PAD, .convs_max = 2};
    for (uint64_t seed = 1;; seed++) {
        assert_true(gantry_chain_make(chain, &g2, &options, seed));
        if (chain->insn_count == 6 && field(chain, 0, GANTRY_COMMON_OPCODE) == GANTRY_INSN_LOAD &&
            field(chain, 2, GANTRY_COMMON_OPCODE) == GANTRY_INSN_CONV &&
            field(chain, 2, GANTRY_CONV_DEP) == 1)
            return;
        gantry_chain_finish(chain);
    }
}

static void expect(struct gantry_chain *chain, const char *message)
{
    struct gantry_error error;
    assert_int_equal(check(chain, &error), GANTRY_ERR_ARGUMENT);
    if (!strstr(error.message, message)) fail_msg("%s (wanted %s)", error.message, message);
}

static void expect_field(struct gantry_chain *chain, uint32_t insn, enum gantry_operand operand,
                         int64_t value, const char *message)
{
    int64_t old = field(chain, insn, operand);
    edit(chain, insn, operand, value);
    expect(chain, message);
    edit(chain, insn, operand, old);
}

static void check__names_both_instructions_and_what_they_share(void **state)
{
    (void)state;
    struct gantry_chain chain;
    make_small(&chain);
    expect_field(
        &chain, 2, GANTRY_CONV_DEP, 0,
        "program: instructions 1 CONV and 2 CONV have no order and share activation rows ");
    gantry_chain_finish(&chain);
}

static void check__refuses_fields_that_do_not_fit_together(void **state)
{
    (void)state;
    struct gantry_chain chain;
    make_small(&chain);
    uint32_t conv = find(&chain, GANTRY_INSN_CONV, 0), load = find(&chain, GANTRY_INSN_LOAD, 0);
    uint32_t store = find(&chain, GANTRY_INSN_STORE, 0);
    expect_field(&chain, conv, GANTRY_CONV_OUT_BASE, 2047, "lies beyond ACT_ROWS");
    expect_field(&chain, conv, GANTRY_CONV_OUT_CB0, 200, "output blocks beyond OUT_CB");
    expect_field(&chain, conv, GANTRY_CONV_WALK_CB, 200, "input blocks beyond IN_CB");
    expect_field(&chain, conv, GANTRY_CONV_GROUPS, 200, "more groups than blocks need");
    expect_field(&chain, conv, GANTRY_CONV_OUT_W, 2000, "OUT_W beyond");
    expect_field(&chain, conv, GANTRY_CONV_OUT_H, 2000, "output pixels beyond ROWS");
    expect_field(&chain, conv, GANTRY_CONV_LOG2_M, 3, "LOG2_M = 3");
    expect_field(&chain, conv, GANTRY_CONV_POOL, 1, "ZERO_POINT with POOL");
    expect_field(&chain, conv, GANTRY_CONV_DEP, 3, "DEP beyond the first COMPUTE");
    expect_field(&chain, conv, GANTRY_CONV_KH, 90, "WGT_LINES is");
    expect_field(&chain, load, GANTRY_LOAD_OFFSET, UINT32_MAX, "a byte lies beyond its buffer");
    expect_field(&chain, load, GANTRY_LOAD_WORDS, 250, "blocks beyond CB");
    expect_field(&chain, load, GANTRY_LOAD_PITCH, 0, "PITCH = 0");
    expect_field(&chain, store, GANTRY_STORE_OFFSET, 4, "OFFSET = 4");
    expect_field(&chain, store, GANTRY_STORE_SX, 1, "plane beyond PS");
    expect_field(&chain, conv, GANTRY_COMMON_OPCODE, 60, "Unknown opcode");
    expect_field(&chain, conv, GANTRY_COMMON_OPCODE, GANTRY_INSN_END, "not the last");
    gantry_chain_finish(&chain);
}

static void check__refuses_an_output_on_its_own_input(void **state)
{
    (void)state;
    struct gantry_chain chain;
    make_small(&chain);
    uint32_t conv = find(&chain, GANTRY_INSN_CONV, 0);
    expect_field(&chain, conv, GANTRY_CONV_OUT_BASE, field(&chain, conv, GANTRY_CONV_IN_BASE),
                 "its output overlaps its input in activation rows");
    gantry_chain_finish(&chain);
}

static void check__wants_whole_unless_the_producer_wrote_exactly_the_input(void **state)
{
    (void)state;
    struct gantry_chain chain;
    struct gantry_error error;
    make_small(&chain);
    edit(&chain, 2, GANTRY_CONV_WHOLE, 0);
    assert_int_equal(check(&chain, &error), GANTRY_OK); /* reads what its producer wrote */
    expect_field(&chain, 2, GANTRY_CONV_IN_H, field(&chain, 2, GANTRY_CONV_IN_H) + 1,
                 "DEP without WHOLE on instruction 1 CONV");
    gantry_chain_finish(&chain);
}

/* Programs without work: semaphores only. */
static enum gantry_status check_bare(const struct gantry_insn *insns, uint32_t count,
                                     uint64_t sem_init, uint32_t repeat, struct gantry_error *error)
{
    uint8_t bytes[64 * GANTRY_INSN_BYTES];
    for (uint32_t i = 0; i < count; i++)
        gantry_insn_to_bytes(&insns[i], bytes + (size_t)i * GANTRY_INSN_BYTES);
    struct gantry_accel_memory memory = {
        .program = bytes, .insn_count = count, .repeat = repeat, .sem_init = sem_init};
    return gantry_program_check(&g1, &memory, NULL, error);
}

static void check__watches_semaphores(void **state)
{
    (void)state;
    struct gantry_error error;
    struct gantry_insn take = {{GANTRY_INSN_SYNC, 1}}, end = {{GANTRY_INSN_END}};
    struct gantry_insn give = {{GANTRY_INSN_NOP, UINT32_C(1) << 16}};
    struct gantry_insn good[] = {give, take, end}, late[] = {take, give, end};
    struct gantry_insn endless[] = {give, take};
    assert_int_equal(check_bare(good, 3, 0, 5, &error), GANTRY_OK);
    assert_int_equal(check_bare(good, 3, 0, 0, &error), GANTRY_ERR_ARGUMENT);
    assert_int_equal(check_bare(late, 3, 0, 1, &error), GANTRY_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "which nothing before it signals"));
    assert_int_equal(check_bare(late, 3, 1, 5, &error), GANTRY_OK);
    assert_int_equal(check_bare(good, 3, 15, 1, &error), GANTRY_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "semaphore 0 can reach 16 (limit 15)"));
    assert_int_equal(check_bare(endless, 2, 0, 1, &error), GANTRY_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "no END"));
    struct gantry_insn early_end[] = {end, end};
    assert_int_equal(check_bare(early_end, 2, 0, 1, &error), GANTRY_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "not the last"));
}

/* One could take what the other needs, which then waits for ever. */
static void check__refuses_waits_for_one_semaphore_in_no_order(void **state)
{
    (void)state;
    struct gantry_chain chain;
    make_small(&chain);
    uint32_t load = find(&chain, GANTRY_INSN_LOAD, 0), store = find(&chain, GANTRY_INSN_STORE, 0);
    const int64_t spare = 1; /* chains take semaphores from the last one down */
    edit(&chain, load, GANTRY_COMMON_WAIT, spare);
    edit(&chain, store, GANTRY_COMMON_SIGNAL, spare);
    chain.sem_init = 1;
    struct gantry_error error;
    if (check(&chain, &error) != GANTRY_OK) fail_msg("%s", error.message);
    uint32_t conv = find(&chain, GANTRY_INSN_CONV, 0);
    chain.sem_init = 2;
    edit(&chain, conv, GANTRY_COMMON_WAIT, spare); /* its wait for the LOAD is gone */
    edit(&chain, conv, GANTRY_COMMON_SIGNAL, field(&chain, conv, GANTRY_COMMON_SIGNAL) | spare);
    edit(&chain, load, GANTRY_COMMON_SIGNAL, 0);
    expect(&chain, "instructions 0 LOAD and 1 CONV wait for semaphore 0 in no order");
    gantry_chain_finish(&chain);
}

/* Signals run ahead of takes by as much as queues hold: seven NOPs before each taker do not. */
static void check__finds_the_greatest_value_over_all_orders(void **state)
{
    (void)state;
    struct gantry_error error;
    struct gantry_insn insns[40];
    struct gantry_insn give = {{GANTRY_INSN_NOP, UINT32_C(1) << 16}};
    struct gantry_insn take = {{GANTRY_INSN_SYNC, 1}};
    uint32_t n = 0;
    for (int32_t i = 0; i < 8; i++) { /* at most 8 takers wait: 8 + 1 signals */
        insns[n++] = give;
        insns[n++] = take;
    }
    insns[n++] = (struct gantry_insn){{GANTRY_INSN_END}};
    assert_int_equal(check_bare(insns, n, 7, 1, &error), GANTRY_OK);
    assert_int_equal(check_bare(insns, n, 8, 1, &error), GANTRY_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "can reach 16"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(check__accepts_legal_chains),
    cmocka_unit_test(check__refuses_a_chain_without_a_dep_that_matters),
    cmocka_unit_test(check__refuses_a_chain_without_an_edge_that_matters),
    cmocka_unit_test(check__refuses_a_single_wait_or_signal_left_over),
    cmocka_unit_test(check__names_both_instructions_and_what_they_share),
    cmocka_unit_test(check__refuses_fields_that_do_not_fit_together),
    cmocka_unit_test(check__refuses_an_output_on_its_own_input),
    cmocka_unit_test(check__wants_whole_unless_the_producer_wrote_exactly_the_input),
    cmocka_unit_test(check__watches_semaphores),
    cmocka_unit_test(check__refuses_waits_for_one_semaphore_in_no_order),
    cmocka_unit_test(check__finds_the_greatest_value_over_all_orders),
};
GANTRY_TEST_MAIN("check", tests)
