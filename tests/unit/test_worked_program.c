/* SPDX-License-Identifier: Apache-2.0
 * The worked program of docs/isa.md, read from the document, does what the document says. */
#include "test.h"

#include <string.h>

#include "accel/accel.h"

enum { SIDE = 4, TAPS = 9, INSNS = 8, LINES = 1 + 2 * TAPS, WORD = GANTRY_CHANNELS };

static char document[64 * 1024];

static void read_document(void)
{
    FILE *file = fopen(GANTRY_SOURCE_DIR "/docs/isa.md", "r");
    assert_non_null(file);
    size_t size = fread(document, 1, sizeof document - 1, file);
    assert_int_equal(fclose(file), 0);
    assert_true(size > 0 && size < sizeof document - 1);
}

/* The text of a fenced block; the caller's copy. */
static void block(const char *name, char *out, size_t size)
{
    char fence[32];
    (void)snprintf(fence, sizeof fence, "```%s\n", name);
    const char *from = strstr(document, fence);
    assert_non_null(from);
    from += strlen(fence);
    const char *to = strstr(from, "```");
    assert_true(to && (size_t)(to - from) < size);
    memcpy(out, from, (size_t)(to - from));
    out[to - from] = 0;
}

static void numbers(const char *name, int32_t *out, int32_t count)
{
    char text[512], *at = text, *end;
    block(name, text, sizeof text);
    for (int32_t i = 0; i < count; i++) {
        out[i] = (int32_t)strtol(at, &end, 10);
        assert_ptr_not_equal(end, at);
        at = end;
    }
    assert_int_equal(strspn(at, " \n"), strlen(at));
}

static void set_named(struct gantry_insn *insn, const char *name, int64_t value)
{
    int32_t opcode = (int32_t)gantry_insn_get(insn, GANTRY_COMMON_OPCODE);
    for (int32_t i = 0; i < GANTRY_OPERAND_COUNT; i++) {
        const struct gantry_operand_info *info = gantry_operand_info((enum gantry_operand)i);
        if ((info->opcode != opcode && info->opcode != -1) || strcmp(info->name, name) != 0)
            continue;
        assert_true(gantry_insn_set(insn, (enum gantry_operand)i, value));
        return;
    }
    fail_msg("no operand %s", name);
}

static void assemble_line(char *line, struct gantry_insn *out)
{
    char *state, *word = strtok_r(line, " ", &state);
    uint32_t opcode = 0;
    while (opcode < 64 && (!gantry_insn_name(opcode) || strcmp(gantry_insn_name(opcode), word)))
        opcode++;
    *out = (struct gantry_insn){{opcode}};
    while ((word = strtok_r(NULL, " ", &state))) {
        char *value = strchr(word, '=');
        assert_non_null(value);
        *value = 0;
        set_named(out, word, strtol(value + 1, NULL, 10));
    }
}

static uint32_t assemble(uint8_t *program)
{
    char text[2048], *state;
    uint32_t count = 0;
    block("program", text, sizeof text);
    for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
        struct gantry_insn insn;
        assert_true(count < INSNS);
        assemble_line(line, &insn);
        gantry_insn_to_bytes(&insn, program + (size_t)GANTRY_INSN_BYTES * count++);
    }
    return count;
}

static void make_weights(const struct gantry_array_params *params, uint8_t *out)
{
    static uint8_t lines[LINES][GANTRY_LINE_BYTES];
    char text[128];
    int32_t kernel[TAPS], bias, mult, shift;
    numbers("kernel", kernel, TAPS);
    block("parameters", text, sizeof text);
    assert_int_equal(sscanf(text, "BIAS=%d MULT=%d SHIFT=%d", &bias, &mult, &shift), 3);
    uint32_t scale = (uint32_t)mult | (uint32_t)shift << GANTRY_SCALE_MULT_BITS;
    assert_int_equal(scale, gantry_lane_scale(1.0F));
    gantry_store_u32(lines[0], (uint32_t)bias);
    gantry_store_u32(lines[0] + 4 * GANTRY_PARAM_WORD_SCALE, scale);
    for (int32_t i = 0; i < TAPS; i++) lines[1 + 2 * i][0] = (uint8_t)kernel[i];
    gantry_stripe_lines(lines[0], LINES, params->ports, out);
}

static void worked_program__gives_the_stated_result(void **state)
{
    (void)state;
    static uint8_t program[INSNS * GANTRY_INSN_BYTES], weights[2 * GANTRY_STRIPE_ALIGN];
    static uint8_t input[SIDE * SIDE], output[SIDE * SIDE * WORD];
    int32_t pixels[SIDE * SIDE], wanted[SIDE * SIDE];
    struct gantry_array_params params;
    struct gantry_accel *accel;
    struct gantry_accel_result result = {0};
    struct gantry_error error = {0};
    read_document();
    assert_true(gantry_array_params_named("tiny", &params));
    numbers("input", pixels, SIDE * SIDE);
    numbers("result", wanted, SIDE * SIDE);
    for (int32_t i = 0; i < SIDE * SIDE; i++) input[i] = (uint8_t)pixels[i];
    assert_true(gantry_stripe_bytes(LINES, params.ports) <= (int64_t)sizeof weights);
    make_weights(&params, weights);
    struct gantry_accel_memory memory = {.program = program,
                                         .insn_count = assemble(program),
                                         .weights = weights,
                                         .wgt_lines = LINES,
                                         .buffer = {NULL, input, output},
                                         .buffer_bytes = {0, sizeof input, sizeof output},
                                         .repeat = 1};
    if (gantry_program_check(&params, &memory, NULL, &error)) fail_msg("%s", error.message);
    assert_int_equal(gantry_accel_create(&accel, &params, NULL, &error), GANTRY_OK);
    gantry_accel_run(accel, &memory, 0, &result);
    assert_int_equal(result.cause, GANTRY_CAUSE_NONE);
    for (int32_t i = 0; i < SIDE * SIDE; i++) assert_int_equal((int8_t)output[WORD * i], wanted[i]);
    gantry_accel_destroy(accel);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(worked_program__gives_the_stated_result),
};

GANTRY_TEST_MAIN("worked program", tests)
