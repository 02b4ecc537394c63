/* SPDX-License-Identifier: Apache-2.0
 * Predicted cycles of single instructions against those that the RTL took for them alone, and how
 * they follow the memory. */
#include "plan/predict.h"

#include "plan/build.h"
#include "test.h"

static const struct gantry_array_params k26 = {4, 16384, 3072, 64, 4, 1};
static const struct gantry_target kv260 = {.memory_bytes_per_cycle = 51, .memory_latency = 60};

static void set(struct gantry_insn *insn, enum gantry_operand operand, int64_t value)
{
    assert_true(gantry_insn_set(insn, operand, value));
}

/* A convolution of size x size pixels to as many, with the shape of least cost. */
static void conv(struct gantry_insn *insn, int32_t size, int32_t in, int32_t out, int32_t kernel)
{
    const struct gantry_cost_shape shape = {
        .pitch = size,
        .out_h = size,
        .steps = (int64_t)in / GANTRY_CHANNELS * kernel * kernel,
        .blocks = out / GANTRY_CHANNELS,
        .parts = 1,
        .grouped = true,
    };
    struct gantry_tiling tiling;
    int32_t m = gantry_cost_choose_m(&shape, &k26, &tiling);
    *insn = (struct gantry_insn){0};
    set(insn, GANTRY_COMMON_OPCODE, GANTRY_INSN_CONV);
    set(insn, GANTRY_CONV_LOG2_M, m / 2);
    set(insn, GANTRY_CONV_GROUPS, shape.blocks / m);
    set(insn, GANTRY_CONV_BLOCKS, shape.blocks);
    set(insn, GANTRY_CONV_WALK_CB, in / GANTRY_CHANNELS);
    set(insn, GANTRY_CONV_IN_CB, in / GANTRY_CHANNELS);
    set(insn, GANTRY_CONV_KH, kernel);
    set(insn, GANTRY_CONV_KW, kernel);
    set(insn, GANTRY_CONV_IN_H, size);
    set(insn, GANTRY_CONV_IN_W, size);
    set(insn, GANTRY_CONV_IN_PITCH, size);
    set(insn, GANTRY_CONV_OUT_H, size);
    set(insn, GANTRY_CONV_OUT_W, size);
    set(insn, GANTRY_CONV_ROWS, tiling.rows);
    set(insn, GANTRY_CONV_TILE, tiling.tile);
    set(insn, GANTRY_CONV_TILES, tiling.tiles);
}

/* Cycles of the instructions, and then END. */
static double predict(const struct gantry_insn *insns, uint32_t count,
                      const struct gantry_target *memory)
{
    uint8_t program[8 * GANTRY_INSN_BYTES];
    double cycles[8], sum = 0;
    struct gantry_insn end = {0};
    struct gantry_error error = {0};
    assert_true(count < 8);
    for (uint32_t i = 0; i < count; i++)
        gantry_insn_to_bytes(&insns[i], program + i * GANTRY_INSN_BYTES);
    set(&end, GANTRY_COMMON_OPCODE, GANTRY_INSN_END);
    gantry_insn_to_bytes(&end, program + count * GANTRY_INSN_BYTES);
    if (gantry_predict(&k26, memory, program, count + 1, 0, NULL, cycles, &error) != GANTRY_OK)
        fail_msg("%s", error.message);
    for (uint32_t i = 0; i < count; i++) sum += cycles[i];
    return sum;
}

static void assert_within(double cycles, double measured, double percent)
{
    double error = 100 * (cycles / measured - 1);
    if (error > percent || error < -percent)
        fail_msg("%.0f cycles predicted, %.0f measured: %.1f %%", cycles, measured, error);
}

static void predict__convolutions_alone_take_what_the_array_took(void **state)
{
    (void)state;
    struct gantry_insn insn;
    conv(&insn, 56, 64, 64, 3);
    assert_within(predict(&insn, 1, &kv260), 56577, 1);
    conv(&insn, 14, 256, 256, 3);
    assert_within(predict(&insn, 1, &kv260), 56585, 1);
    conv(&insn, 7, 512, 2048, 1);
    assert_within(predict(&insn, 1, &kv260), 25803, 3);
}

static void predict__a_matrix_times_a_vector_is_bound_by_the_memory(void **state)
{
    (void)state;
    struct gantry_insn insn;
    conv(&insn, 1, 1024, 1024, 1);
    assert_within(predict(&insn, 1, &kv260), 20820, 2);
    const struct gantry_target half = {.memory_bytes_per_cycle = 25.5, .memory_latency = 60};
    assert_within(predict(&insn, 1, &half), 41640, 5);
}

static void predict__a_dependent_layer_waits_for_rows_not_for_the_whole_one(void **state)
{
    (void)state;
    struct gantry_insn insn[2];
    conv(&insn[0], 32, 16, 16, 3);
    conv(&insn[1], 32, 16, 16, 3);
    double alone = predict(insn, 2, &kv260);
    set(&insn[1], GANTRY_CONV_DEP, 1);
    double by_rows = predict(insn, 2, &kv260);
    set(&insn[1], GANTRY_CONV_WHOLE, 1);
    double whole = predict(insn, 2, &kv260);
    assert_true(alone <= by_rows);
    assert_true(by_rows < whole);
}

static void predict__a_slower_memory_never_makes_a_program_faster(void **state)
{
    (void)state;
    struct gantry_insn insn;
    conv(&insn, 7, 512, 512, 3);
    double last = 0;
    for (double rate = 64; rate >= 4; rate /= 2) {
        const struct gantry_target memory = {.memory_bytes_per_cycle = rate, .memory_latency = 60};
        double cycles = predict(&insn, 1, &memory);
        assert_true(cycles >= last);
        last = cycles;
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(predict__convolutions_alone_take_what_the_array_took),
    cmocka_unit_test(predict__a_matrix_times_a_vector_is_bound_by_the_memory),
    cmocka_unit_test(predict__a_dependent_layer_waits_for_rows_not_for_the_whole_one),
    cmocka_unit_test(predict__a_slower_memory_never_makes_a_program_faster),
};

GANTRY_TEST_MAIN("predict", tests)
