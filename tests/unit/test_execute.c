/* SPDX-License-Identifier: Apache-2.0
 * The executor against plain loops over random chains, its orders, and its errors. */
#include "test.h"

#include "chain.h"
#include "plain.h"
#include "random.h"

#include <string.h>

static const struct gantry_array_params g1 = {1, 2048, 128, 64, 1, 0};
static const struct gantry_array_params g2 = {2, 2048, 256, 64, 2, 0};
static const struct gantry_array_params g4 = {4, 2048, 256, 64, 4, 0};
static const struct gantry_array_params w2 = {2, 2048, 256, 64, 2, 1};
static const struct gantry_array_params w4 = {4, 2048, 128, 64, 4, 1};

/* ---- Against plain loops ---- */

static void copy_buffers(const struct gantry_chain *chain, uint8_t *out[3])
{
    for (int32_t i = 0; i < 3; i++) {
        out[i] = malloc(chain->buffer_bytes[i]);
        memcpy(out[i], chain->buffer[i], chain->buffer_bytes[i]);
    }
}

static void check_buffers(const struct gantry_chain *chain, uint8_t *const got[3], const char *what)
{
    for (int32_t i = 0; i < 3; i++)
        for (size_t j = 0; j < chain->buffer_bytes[i]; j++)
            if (got[i][j] != chain->expected[i][j]) {
                gantry_chain_print(chain);
                fail_msg("seed %llu, %s: buffer %d byte %zu: %d, executor %d",
                         (unsigned long long)chain->seed, what, i, j, got[i][j],
                         chain->expected[i][j]);
            }
}

static void free_buffers(uint8_t *buffers[3])
{
    for (int32_t i = 0; i < 3; i++) free(buffers[i]);
}

static void check_chains(const struct gantry_array_params *params, uint32_t features,
                         uint64_t first, uint64_t count)
{
    struct gantry_chain_options options = {.features = features};
    for (uint64_t seed = first; seed < first + count; seed++) {
        struct gantry_chain chain;
        uint8_t *buffers[3];
        assert_true(gantry_chain_make(&chain, params, &options, seed));
        if (chain.result.cause != GANTRY_CAUSE_NONE) {
            gantry_chain_print(&chain);
            fail_msg("seed %llu: %s in instruction %u", (unsigned long long)seed,
                     gantry_cause_sentence(chain.result.cause), chain.result.insn);
        }
        assert_int_equal(chain.result.insn_done, chain.insn_count * chain.repeat);
        copy_buffers(&chain, buffers);
        for (uint32_t run = 0; run < chain.repeat; run++) plain_run(&chain, run, buffers);
        check_buffers(&chain, buffers, "plain loops");
        free_buffers(buffers);
        gantry_chain_finish(&chain);
    }
}

static void execute__equals_plain_convolution_with_one_group(void **state)
{
    (void)state;
    check_chains(&g1, GANTRY_CHAIN_ALL, 1000, 100);
}

static void execute__equals_plain_convolution_with_two_groups(void **state)
{
    (void)state;
    check_chains(&g2, GANTRY_CHAIN_ALL, 2000, 100);
}

static void execute__equals_plain_convolution_with_four_groups(void **state)
{
    (void)state;
    check_chains(&g4, GANTRY_CHAIN_ALL, 4000, 100);
}

static void execute__equals_plain_depthwise_on_the_window_path(void **state)
{
    (void)state;
    uint32_t plain = GANTRY_CHAIN_WINDOW | GANTRY_CHAIN_PAD;
    check_chains(&w4, plain, 6000, 30);
    check_chains(&w2, plain, 6100, 30);
    check_chains(&w4, GANTRY_CHAIN_ALL, 7000, 100);
    check_chains(&w2, GANTRY_CHAIN_ALL, 7200, 100);
}

static void execute__equals_plain_convolution_feature_by_feature(void **state)
{
    (void)state;
    for (uint32_t bit = 1; bit < GANTRY_CHAIN_ALL; bit *= 2)
        check_chains(&g2, bit | GANTRY_CHAIN_PAD | GANTRY_CHAIN_DIAG, 5000, 4);
}

/* ---- Orders ---- */

static void run_order(const struct gantry_chain *chain, uint64_t order, uint8_t *const buffers[3],
                      struct gantry_accel_result *result)
{
    struct gantry_accel *accel;
    struct gantry_accel_memory memory;
    assert_int_equal(gantry_accel_create(&accel, &chain->params, NULL, NULL), GANTRY_OK);
    gantry_chain_memory(chain, buffers, &memory);
    gantry_accel_run(accel, &memory, order, result);
    gantry_accel_destroy(accel);
}

static void execute__any_legal_order_gives_the_same_bytes(void **state)
{
    (void)state;
    struct gantry_chain_options options = {.features = GANTRY_CHAIN_ALL};
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct gantry_chain chain;
        assert_true(gantry_chain_make(&chain, &g2, &options, seed));
        for (uint64_t order = 1; order <= 6; order++) {
            struct gantry_accel_result result;
            uint8_t *buffers[3];
            copy_buffers(&chain, buffers);
            run_order(&chain, order, buffers, &result);
            if (result.cause != GANTRY_CAUSE_NONE) {
                gantry_chain_print(&chain);
                fail_msg("seed %llu order %llu: %s in instruction %u", (unsigned long long)seed,
                         (unsigned long long)order, gantry_cause_sentence(result.cause),
                         result.insn);
            }
            check_buffers(&chain, buffers, "order");
            free_buffers(buffers);
        }
        gantry_chain_finish(&chain);
    }
}

/* Whether some order of a chain gives other bytes, or an error. */
static bool some_order_differs(const struct gantry_chain *chain)
{
    bool differs = false;
    for (uint64_t order = 1; order <= 12 && !differs; order++) {
        struct gantry_accel_result result;
        uint8_t *buffers[3];
        copy_buffers(chain, buffers);
        run_order(chain, order, buffers, &result);
        differs = result.cause != GANTRY_CAUSE_NONE;
        for (int32_t i = 0; i < 3; i++)
            differs |= memcmp(buffers[i], chain->expected[i], chain->buffer_bytes[i]) != 0;
        free_buffers(buffers);
    }
    return differs;
}

static void edit(struct gantry_chain *chain, uint32_t insn, enum gantry_operand operand,
                 int64_t value)
{
    struct gantry_insn word;
    uint8_t *bytes = chain->program + (size_t)insn * GANTRY_INSN_BYTES;
    gantry_insn_from_bytes(&word, bytes);
    assert_true(gantry_insn_set(&word, operand, value));
    gantry_insn_to_bytes(&word, bytes);
}

static int64_t field(const struct gantry_chain *chain, uint32_t insn, enum gantry_operand operand)
{
    struct gantry_insn word;
    gantry_insn_from_bytes(&word, chain->program + (size_t)insn * GANTRY_INSN_BYTES);
    return gantry_insn_get(&word, operand);
}

static void execute__a_missing_dependency_shows_in_some_order(void **state)
{
    (void)state;
    struct gantry_chain_options options = {.features = GANTRY_CHAIN_PAD};
    int32_t removed = 0, seen = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct gantry_chain chain;
        assert_true(gantry_chain_make(&chain, &g2, &options, seed));
        for (uint32_t i = 0; i < chain.insn_count; i++) {
            if (field(&chain, i, GANTRY_COMMON_OPCODE) != GANTRY_INSN_CONV) continue;
            int64_t dep = field(&chain, i, GANTRY_CONV_DEP);
            if (dep == 0) continue;
            edit(&chain, i, GANTRY_CONV_DEP, 0);
            removed++;
            seen += some_order_differs(&chain);
            edit(&chain, i, GANTRY_CONV_DEP, dep);
        }
        gantry_chain_finish(&chain);
    }
    /* Some dependencies are implied by others, or the outputs saturate. */
    assert_true(removed > 30 && seen > removed * 3 / 4);
}

static void execute__a_missing_wait_shows_in_some_order(void **state)
{
    (void)state;
    struct gantry_chain_options options = {.features = GANTRY_CHAIN_PAD};
    int32_t removed = 0, seen = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct gantry_chain chain;
        assert_true(gantry_chain_make(&chain, &g2, &options, seed));
        for (uint32_t i = 0; i < chain.insn_count; i++) {
            int64_t wait = field(&chain, i, GANTRY_COMMON_WAIT);
            if (wait == 0) continue;
            edit(&chain, i, GANTRY_COMMON_WAIT, 0);
            removed++;
            seen += some_order_differs(&chain); /* at least the balance is lost */
            edit(&chain, i, GANTRY_COMMON_WAIT, wait);
        }
        gantry_chain_finish(&chain);
    }
    assert_int_equal(seen, removed);
}

/* ---- Errors ---- */

/* A small chain with one LOAD, one CONV and one STORE at least, changed in one place. */
static void check_error(uint32_t opcode, enum gantry_operand operand, int64_t value,
                        enum gantry_cause cause, enum gantry_unit unit)
{
    struct gantry_chain_options options = {.features = GANTRY_CHAIN_PAD, .convs_max = 1};
    struct gantry_chain chain;
    assert_true(gantry_chain_make(&chain, &g2, &options, 3));
    uint32_t at = 0;
    while (field(&chain, at, GANTRY_COMMON_OPCODE) != opcode) at++;
    edit(&chain, at, operand, value);
    for (uint64_t order = 0; order < 3; order++) {
        struct gantry_accel_result result;
        uint8_t *buffers[3];
        copy_buffers(&chain, buffers);
        run_order(&chain, order, buffers, &result);
        assert_int_equal(result.cause, cause);
        assert_int_equal(result.unit, unit);
        assert_int_equal(result.insn, at);
        free_buffers(buffers);
    }
    gantry_chain_finish(&chain);
}

static void execute__refuses_illegal_fields(void **state)
{
    (void)state;
    static const struct {
        uint32_t opcode;
        enum gantry_operand operand;
        int64_t value;
    } rows[] = {
        {GANTRY_INSN_CONV, GANTRY_CONV_LOG2_M, 3},
        {GANTRY_INSN_CONV, GANTRY_CONV_LOG2_M, 2},
        {GANTRY_INSN_CONV, GANTRY_CONV_IN_PITCH, 0},
        {GANTRY_INSN_CONV, GANTRY_CONV_OUT_H, 0},
        {GANTRY_INSN_CONV, GANTRY_CONV_STEP_X, 60000},
        {GANTRY_INSN_CONV, GANTRY_CONV_TILES, 7},
        {GANTRY_INSN_CONV, GANTRY_CONV_ROWS, 0},
        {GANTRY_INSN_LOAD, GANTRY_LOAD_BUFFER, 3},
        {GANTRY_INSN_LOAD, GANTRY_LOAD_ROWS, 0},
        {GANTRY_INSN_STORE, GANTRY_STORE_OFFSET, 8},
        {GANTRY_INSN_STORE, GANTRY_STORE_ROW_STRIDE, 1},
        {GANTRY_INSN_STORE, GANTRY_STORE_PITCH, 0},
    };
    for (size_t i = 0; i < GANTRY_COUNT(rows); i++)
        check_error(rows[i].opcode, rows[i].operand, rows[i].value, GANTRY_CAUSE_FIELD_RANGE,
                    GANTRY_UNIT_FETCH);
}

static void execute__refuses_opcodes_it_does_not_have(void **state)
{
    (void)state;
    check_error(GANTRY_INSN_CONV, GANTRY_COMMON_OPCODE, 63, GANTRY_CAUSE_BAD_OPCODE,
                GANTRY_UNIT_FETCH);
    check_error(GANTRY_INSN_CONV, GANTRY_COMMON_OPCODE, GANTRY_INSN_WINDOW,
                GANTRY_CAUSE_FIELD_RANGE, GANTRY_UNIT_FETCH);
    check_error(GANTRY_INSN_CONV, GANTRY_COMMON_OPCODE, GANTRY_INSN_SYNC,
                GANTRY_CAUSE_RESERVED_BITS, GANTRY_UNIT_FETCH);
}

static void execute__refuses_rows_and_bytes_out_of_range(void **state)
{
    (void)state;
    check_error(GANTRY_INSN_CONV, GANTRY_CONV_IN_BASE, 2048, GANTRY_CAUSE_ACT_RANGE,
                GANTRY_UNIT_COMPUTE);
    check_error(GANTRY_INSN_CONV, GANTRY_CONV_OUT_BASE, 2048, GANTRY_CAUSE_ACT_RANGE,
                GANTRY_UNIT_COMPUTE);
    check_error(GANTRY_INSN_LOAD, GANTRY_LOAD_BASE, 2048, GANTRY_CAUSE_ACT_RANGE, GANTRY_UNIT_LOAD);
    check_error(GANTRY_INSN_STORE, GANTRY_STORE_BASE, 65535, GANTRY_CAUSE_ACT_RANGE,
                GANTRY_UNIT_STORE);
    check_error(GANTRY_INSN_LOAD, GANTRY_LOAD_OFFSET, UINT32_MAX, GANTRY_CAUSE_DDR_RANGE,
                GANTRY_UNIT_LOAD);
    check_error(GANTRY_INSN_STORE, GANTRY_STORE_OFFSET, UINT32_MAX - 15, GANTRY_CAUSE_DDR_RANGE,
                GANTRY_UNIT_STORE);
}

static void execute__ends_when_the_weights_do(void **state)
{
    (void)state;
    struct gantry_chain chain;
    struct gantry_accel_result result;
    uint8_t *buffers[3];
    assert_true(gantry_chain_make(&chain, &g1, NULL, 3)); /* one stripe: lines can be cut off */
    chain.wgt_lines--;
    copy_buffers(&chain, buffers);
    run_order(&chain, 0, buffers, &result);
    assert_int_equal(result.cause, GANTRY_CAUSE_WEIGHTS_EXHAUSTED);
    assert_int_equal(result.unit, GANTRY_UNIT_WEIGHT);
    assert_int_equal(field(&chain, result.insn, GANTRY_COMMON_OPCODE), GANTRY_INSN_CONV);
    free_buffers(buffers);
    gantry_chain_finish(&chain);
}

static void run_program(const struct gantry_insn *insns, uint32_t count, uint64_t sem_init,
                        uint32_t repeat, struct gantry_accel_result *result)
{
    uint8_t bytes[64 * GANTRY_INSN_BYTES];
    struct gantry_accel *accel;
    for (uint32_t i = 0; i < count; i++)
        gantry_insn_to_bytes(&insns[i], bytes + (size_t)i * GANTRY_INSN_BYTES);
    struct gantry_accel_memory memory = {
        .program = bytes, .insn_count = count, .repeat = repeat, .sem_init = sem_init};
    assert_int_equal(gantry_accel_create(&accel, &g1, NULL, NULL), GANTRY_OK);
    gantry_accel_run(accel, &memory, 0, result);
    gantry_accel_destroy(accel);
}

static void execute__watches_semaphores(void **state)
{
    (void)state;
    struct gantry_accel_result result;
    struct gantry_insn wait = {{GANTRY_INSN_SYNC, 1 << 5}}, end = {{GANTRY_INSN_END}};
    struct gantry_insn give = {{GANTRY_INSN_NOP, UINT32_C(1) << 21}};
    struct gantry_insn missing_end[] = {give, wait};
    run_program(missing_end, 2, 0, 1, &result);
    assert_int_equal(result.cause, GANTRY_CAUSE_NO_END);
    assert_int_equal(result.insn, 2);
    struct gantry_insn balanced[] = {give, wait, end};
    run_program(balanced, 3, 0, 4, &result);
    assert_int_equal(result.cause, GANTRY_CAUSE_NONE);
    assert_int_equal(result.insn_done, 12);
    run_program(balanced + 1, 2, 0, 1, &result);
    assert_int_equal(result.cause, GANTRY_CAUSE_WATCHDOG);
    assert_int_equal(result.insn, 0);
    run_program(balanced + 1, 2, UINT64_C(1) << 20, 1, &result);
    assert_int_equal(result.cause, GANTRY_CAUSE_SEMAPHORE); /* 0 instead of 1 at END */
    assert_int_equal(result.insn, 1);
    assert_int_equal(result.info, 5);
    run_program(balanced, 3, UINT64_C(15) << 20, 1, &result);
    assert_int_equal(result.cause, GANTRY_CAUSE_SEMAPHORE); /* 16 */
    assert_int_equal(result.insn, 0);
}

static void execute__refuses_parameters_beyond_the_specification(void **state)
{
    (void)state;
    static const struct gantry_array_params bad[] = {{3, 512, 128, 64, 1, 0},
                                                     {0, 512, 128, 64, 1, 0},
                                                     {1, 63, 128, 64, 1, 0},
                                                     {1, 512, 65500, 64, 1, 0},
                                                     {1, 512, 128, 64, 3, 0}};
    for (size_t i = 0; i < GANTRY_COUNT(bad); i++) {
        struct gantry_accel *accel;
        struct gantry_error error;
        assert_int_equal(gantry_accel_create(&accel, &bad[i], NULL, &error), GANTRY_ERR_ARGUMENT);
        assert_null(accel);
    }
}

/* ---- Memory ---- */

static int32_t allocations;

static void *count_allocate(void *context, size_t size)
{
    (void)context;
    allocations++;
    return aligned_alloc(64, gantry_align_size(size, 64));
}

static void count_release(void *context, void *memory)
{
    (void)context;
    free(memory);
}

static void execute__allocates_nothing_while_running(void **state)
{
    (void)state;
    struct gantry_allocator allocator = {count_allocate, count_release, NULL};
    struct gantry_accel *accel;
    struct gantry_accel_memory memory;
    struct gantry_accel_result result;
    struct gantry_chain chain;
    uint8_t *buffers[3];
    assert_true(gantry_chain_make(&chain, &g2, NULL, 9));
    copy_buffers(&chain, buffers);
    assert_int_equal(gantry_accel_create(&accel, &g2, &allocator, NULL), GANTRY_OK);
    int32_t before = allocations;
    gantry_chain_memory(&chain, buffers, &memory);
    gantry_accel_run(accel, &memory, 0, &result);
    assert_int_equal(allocations, before);
    check_buffers(&chain, buffers, "again");
    gantry_accel_destroy(accel);
    free_buffers(buffers);
    gantry_chain_finish(&chain);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(execute__equals_plain_convolution_with_one_group),
    cmocka_unit_test(execute__equals_plain_convolution_with_two_groups),
    cmocka_unit_test(execute__equals_plain_convolution_with_four_groups),
    cmocka_unit_test(execute__equals_plain_depthwise_on_the_window_path),
    cmocka_unit_test(execute__equals_plain_convolution_feature_by_feature),
    cmocka_unit_test(execute__any_legal_order_gives_the_same_bytes),
    cmocka_unit_test(execute__a_missing_dependency_shows_in_some_order),
    cmocka_unit_test(execute__a_missing_wait_shows_in_some_order),
    cmocka_unit_test(execute__refuses_illegal_fields),
    cmocka_unit_test(execute__refuses_opcodes_it_does_not_have),
    cmocka_unit_test(execute__refuses_rows_and_bytes_out_of_range),
    cmocka_unit_test(execute__ends_when_the_weights_do),
    cmocka_unit_test(execute__watches_semaphores),
    cmocka_unit_test(execute__refuses_parameters_beyond_the_specification),
    cmocka_unit_test(execute__allocates_nothing_while_running),
};
GANTRY_TEST_MAIN("execute", tests)
