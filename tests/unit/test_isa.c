/* SPDX-License-Identifier: Apache-2.0
 * Instruction fields: every operand encodes and decodes back, none overlaps another. */
#include "test.h"

#include "accel/accel.h"

#include <string.h>

static int64_t span(const struct gantry_operand_info *info) { return INT64_C(1) << info->width; }

static int64_t least(const struct gantry_operand_info *info)
{
    return info->is_signed ? -span(info) / 2 : info->bias;
}

static void isa__operands_fit_their_word(void **state)
{
    (void)state;
    for (int i = 0; i < GANTRY_OPERAND_COUNT; i++) {
        const struct gantry_operand_info *info = gantry_operand_info((enum gantry_operand)i);
        assert_in_range(info->word, 0, GANTRY_INSN_WORDS - 1);
        assert_true(info->width >= 1 && info->lsb >= 0);
        assert_true(info->lsb + info->width <= 32);
    }
}

static bool may_meet(const struct gantry_operand_info *a, const struct gantry_operand_info *b)
{
    return a->opcode == b->opcode || a->opcode < 0 || b->opcode < 0;
}

static void isa__operands_of_an_instruction_do_not_overlap(void **state)
{
    (void)state;
    for (int i = 0; i < GANTRY_OPERAND_COUNT; i++)
        for (int j = 0; j < i; j++) {
            const struct gantry_operand_info *a = gantry_operand_info((enum gantry_operand)i);
            const struct gantry_operand_info *b = gantry_operand_info((enum gantry_operand)j);
            if (!may_meet(a, b) || a->word != b->word) continue;
            if (a->lsb < b->lsb + b->width && b->lsb < a->lsb + a->width)
                fail_msg("%s and %s overlap", a->name, b->name);
        }
}

/* A value is stored in its own bits only, whatever was there, and read back from bytes. */
static void check_value(enum gantry_operand operand, int64_t value, uint32_t background)
{
    struct gantry_insn insn, back;
    uint8_t bytes[GANTRY_INSN_BYTES];
    memset(&insn, (int)background, sizeof insn);
    const struct gantry_operand_info *info = gantry_operand_info(operand);
    uint32_t before = insn.word[info->word];
    assert_true(gantry_insn_set(&insn, operand, value));
    gantry_insn_to_bytes(&insn, bytes);
    gantry_insn_from_bytes(&back, bytes);
    assert_int_equal(gantry_insn_get(&back, operand), value);
    uint32_t mask = (uint32_t)(span(info) - 1) << info->lsb;
    assert_int_equal(insn.word[info->word] & ~mask, before & ~mask);
    uint32_t word = gantry_load_u32(bytes + 4 * info->word);
    assert_int_equal(word, insn.word[info->word]);
    assert_int_equal(word >> info->lsb & (uint32_t)(span(info) - 1),
                     (uint64_t)(value - info->bias) & (uint64_t)(span(info) - 1));
}

static void isa__every_operand_encodes_and_decodes_back(void **state)
{
    (void)state;
    for (int i = 0; i < GANTRY_OPERAND_COUNT; i++) {
        enum gantry_operand operand = (enum gantry_operand)i;
        const struct gantry_operand_info *info = gantry_operand_info(operand);
        for (uint32_t background = 0; background < 256; background += 255) {
            int64_t step = span(info) > 4096 ? span(info) / 4093 : 1;
            for (int64_t at = 0; at < span(info); at += step)
                check_value(operand, least(info) + at, background);
            check_value(operand, least(info) + span(info) - 1, background);
        }
    }
}

static void isa__values_beyond_a_field_are_refused_and_not_stored(void **state)
{
    (void)state;
    for (int i = 0; i < GANTRY_OPERAND_COUNT; i++) {
        enum gantry_operand operand = (enum gantry_operand)i;
        const struct gantry_operand_info *info = gantry_operand_info(operand);
        struct gantry_insn insn = {{0}}, zero = {{0}};
        assert_false(gantry_insn_set(&insn, operand, least(info) - 1));
        assert_false(gantry_insn_set(&insn, operand, least(info) + span(info)));
        assert_false(gantry_insn_set(&insn, operand, INT64_MAX));
        assert_memory_equal(&insn, &zero, sizeof insn);
    }
}

static void isa__reserved_bits_are_those_no_operand_names(void **state)
{
    (void)state;
    for (uint32_t opcode = 0; opcode < 7; opcode++) {
        for (uint32_t bit = 6; bit < 32 * GANTRY_INSN_WORDS; bit++) {
            struct gantry_insn insn = {{opcode}};
            assert_true(gantry_insn_reserved_clear(&insn));
            insn.word[bit / 32] |= 1u << bit % 32;
            bool named = false;
            for (int i = 0; i < GANTRY_OPERAND_COUNT; i++) {
                const struct gantry_operand_info *info =
                    gantry_operand_info((enum gantry_operand)i);
                if (info->opcode >= 0 && info->opcode != (int32_t)opcode) continue;
                int32_t at = (int32_t)bit - 32 * info->word - info->lsb;
                named |= at >= 0 && at < info->width && (int32_t)bit / 32 == info->word;
            }
            assert_int_equal(gantry_insn_reserved_clear(&insn), named);
        }
    }
}

static void isa__text_names_opcode_and_operands(void **state)
{
    (void)state;
    char text[512];
    struct gantry_insn insn = {{GANTRY_INSN_LOAD}};
    assert_true(gantry_insn_set(&insn, GANTRY_LOAD_LEAD, -3));
    assert_true(gantry_insn_set(&insn, GANTRY_LOAD_CB, 5));
    gantry_insn_text(&insn, text, sizeof text);
    assert_string_equal(text, "LOAD LEAD=-3 WORDS=1 CB=5");
    insn.word[0] = 37;
    assert_non_null(strstr(gantry_insn_text(&insn, text, sizeof text), "opcode 37"));
    char small[8];
    insn.word[0] = GANTRY_INSN_LOAD;
    assert_string_equal(gantry_insn_text(&insn, small, sizeof small), "LOAD LE");
}

static void params__names_lead_to_the_rows_of_the_table(void **state)
{
    (void)state;
    struct gantry_array_params params;
    char names[64];
    assert_true(gantry_array_params_named("half", &params));
    assert_int_equal(params.g, 2);
    assert_int_equal(params.act_rows, 32768);
    assert_int_equal(params.ports, 4);
    assert_false(gantry_array_params_named("hal", &params));
    assert_string_equal(gantry_array_names(names, sizeof names),
                        "k26, half, tiny, dual, unit, unit4");
    assert_string_equal(gantry_array_name(0), "k26");
    assert_null(gantry_array_name(6));
    assert_int_equal(gantry_array_instances("dual"), 2);
    assert_int_equal(gantry_array_instances("k26"), 1);
    assert_int_equal(gantry_array_instances("none"), 0);
}

static void params__causes_and_classes_have_words(void **state)
{
    (void)state;
    assert_string_equal(gantry_cause_sentence(GANTRY_CAUSE_BAD_OPCODE), "Unknown opcode");
    assert_string_equal(gantry_cause_sentence(200), "Unknown cause");
    assert_string_equal(gantry_stall_label(GANTRY_STALL_MIN_STEP), "min-step");
    assert_string_equal(gantry_unit_name(GANTRY_UNIT_STORE), "STORE");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(isa__operands_fit_their_word),
    cmocka_unit_test(isa__operands_of_an_instruction_do_not_overlap),
    cmocka_unit_test(isa__every_operand_encodes_and_decodes_back),
    cmocka_unit_test(isa__values_beyond_a_field_are_refused_and_not_stored),
    cmocka_unit_test(isa__reserved_bits_are_those_no_operand_names),
    cmocka_unit_test(isa__text_names_opcode_and_operands),
    cmocka_unit_test(params__names_lead_to_the_rows_of_the_table),
    cmocka_unit_test(params__causes_and_classes_have_words),
};
GANTRY_TEST_MAIN("isa", tests)
