/* SPDX-License-Identifier: Apache-2.0
 * The tables of hw/spec: what is generated from them is current, and fields do not collide. */
#include "test.h"

#include <string.h>

#include "gantry_spec.h"

static char *slurp(FILE *file, int (*close)(FILE *))
{
    size_t size = 0, room = 1 << 20;
    char *text = malloc(room);
    assert_non_null(text);
    size = fread(text, 1, room - 1, file);
    text[size] = 0;
    assert_int_equal(close(file), 0);
    return text;
}

static char *generated(const char *what)
{
    char command[1024];
    (void)snprintf(command, sizeof command, "%s %s", GANTRY_GEN_SPEC, what);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    return slurp(pipe, pclose);
}

static char *committed(const char *path)
{
    char full[1024];
    (void)snprintf(full, sizeof full, "%s/%s", GANTRY_SOURCE_DIR, path);
    FILE *file = fopen(full, "r");
    assert_non_null(file);
    return slurp(file, fclose);
}

static void spec__generated_files_are_current(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"vh", "hw/rtl/gantry_spec.vh"},
                                           {"hash", "hw/spec/gantry_spec_hash.h"}};
    for (size_t i = 0; i < 2; i++) {
        char *want = generated(pairs[i][0]), *have = committed(pairs[i][1]);
        assert_string_equal(have, want);
        free(want);
        free(have);
    }
}

static void spec__manual_tables_are_current(void **state)
{
    (void)state;
    char *tables = generated("md"), *manual = committed("docs/isa.md");
    char *from = strstr(manual, "<!-- tables:begin -->\n"),
         *to = strstr(manual, "<!-- tables:end -->");
    assert_non_null(from);
    assert_non_null(to);
    from += strlen("<!-- tables:begin -->\n");
    *to = 0;
    assert_string_equal(from, tables);
    free(tables);
    free(manual);
}

struct field {
    const char *owner, *name;
    int word, lsb, width;
};

#define INSN(name, opcode, queue, doc)
#define OPERAND(insn, name, word, lsb, width, kind, doc) {#insn, #name, word, lsb, width},
#define TRACE_FIELD(name, word, lsb, width, doc) {"trace", #name, word, lsb, width},
static const struct field fields[] = {
#include "isa.def"
};

static void spec__operands_fit_and_do_not_overlap(void **state)
{
    (void)state;
    size_t count = sizeof fields / sizeof *fields;
    for (size_t i = 0; i < count; i++) {
        const struct field *a = &fields[i];
        int room = strcmp(a->owner, "trace") == 0 ? 64 : 32;
        assert_true(a->word >= 0 && a->width >= 1 && a->lsb >= 0 && a->lsb + a->width <= room);
        for (size_t j = i + 1; j < count; j++) {
            const struct field *b = &fields[j];
            int same = strcmp(a->owner, b->owner) == 0 ||
                       (strcmp(a->owner, "COMMON") == 0 && strcmp(b->owner, "trace") != 0);
            int a0 = a->word * 32 + a->lsb, b0 = b->word * 32 + b->lsb;
            if (same && a0 < b0 + b->width && b0 < a0 + a->width)
                fail_msg("%s.%s overlaps %s.%s", a->owner, a->name, b->owner, b->name);
        }
    }
}

struct reg {
    const char *name;
    int offset;
};
#define REG(name, offset, access, doc) {#name, offset},
#define REG_FIELD(reg, name, lsb, width, doc)
#define CAUSE(name, code, doc)
#define UNIT(name, code, doc)
#define STALL(name, index, label, doc)
static const struct reg regs[] = {
#include "regs.def"
};

static void spec__registers_are_aligned_and_distinct(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof regs / sizeof *regs; i++) {
        assert_int_equal(regs[i].offset % 4, 0);
        for (size_t j = i + 1; j < sizeof regs / sizeof *regs; j++)
            assert_int_not_equal(regs[i].offset, regs[j].offset);
    }
    assert_int_equal(GANTRY_REG_STALL8 - GANTRY_REG_STALL0, 4 * (GANTRY_STALL_CLASSES - 1));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(spec__generated_files_are_current),
    cmocka_unit_test(spec__manual_tables_are_current),
    cmocka_unit_test(spec__operands_fit_and_do_not_overlap),
    cmocka_unit_test(spec__registers_are_aligned_and_distinct),
};

GANTRY_TEST_MAIN("spec", tests)
