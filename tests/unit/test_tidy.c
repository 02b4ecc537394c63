/* SPDX-License-Identifier: Apache-2.0
 * Reads the tree as `git ls-files` lists it and refuses what the style forbids: long lines, long
 * functions, banned calls, files without licence tag or role, words that do not belong. */
#include "test.h"

#include <string.h>

enum { COLUMNS = 100, FUNCTION_LINES = 70, LINE_BYTES = 4096 };

static int complaints;

static void complain(const char *path, int line, const char *what, const char *text)
{
    fprintf(stderr, "%s:%d: %s: %.60s\n", path, line, what, text);
    complaints++;
}

static int ends_with(const char *path, const char *ending)
{
    size_t a = strlen(path), b = strlen(ending);
    return a >= b && strcmp(path + a - b, ending) == 0;
}

static int is_c(const char *path)
{
    return ends_with(path, ".c") || ends_with(path, ".h") || ends_with(path, ".cc") ||
           ends_with(path, ".hh") || ends_with(path, ".cl");
}

static int is_source(const char *path)
{
    static const char *const endings[] = {".def",   ".sv", ".vh",  ".sh",  ".py",
                                          ".cmake", ".ys", ".vlt", ".fbs", "CMakeLists.txt"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_with(path, endings[i])) return 1;
    return is_c(path);
}

/* Calls visit with every tracked source file. */
static void each_file(void (*visit)(const char *path, FILE *file))
{
    FILE *list = popen("git -C " GANTRY_SOURCE_DIR " ls-files", "r");
    assert_non_null(list);
    char name[1024], path[2048];
    int count = 0;
    while (fgets(name, sizeof name, list)) {
        name[strcspn(name, "\n")] = 0;
        if (!is_source(name)) continue;
        (void)snprintf(path, sizeof path, "%s/%s", GANTRY_SOURCE_DIR, name);
        FILE *file = fopen(path, "r");
        if (!file) continue; /* deleted in the work tree */
        visit(name, file);
        fclose(file);
        count++;
    }
    assert_int_equal(pclose(list), 0);
    assert_true(count > 20);
}

static void check_lines(const char *path, FILE *file)
{
    char line[LINE_BYTES];
    for (int number = 1; fgets(line, sizeof line, file); number++) {
        line[strcspn(line, "\n")] = 0;
        if (strlen(line) > COLUMNS && !ends_with(path, ".vh"))
            complain(path, number, "longer than 100 columns", line);
        if (strchr(line, '\t')) complain(path, number, "tabulator", line);
        size_t length = strlen(line);
        if (length && line[length - 1] == ' ') complain(path, number, "space at the end", line);
    }
}

static void check_role(const char *path, FILE *file)
{
    char line[LINE_BYTES];
    int tag = 0;
    for (int number = 1; number <= 3 && fgets(line, sizeof line, file); number++)
        if (strstr(line, "SPDX-License-Identifier: Apache-2.0")) tag = 1;
    if (!tag && !strstr(path, "gantry_spec.vh"))
        complain(path, 1, "no SPDX tag in the first lines", "");
}

/* A call of name: the word, not part of a longer one, followed by an opening parenthesis. */
static int calls(const char *line, const char *name)
{
    for (const char *at = line; (at = strstr(at, name)); at++) {
        char before = at == line ? ' ' : at[-1];
        const char *after = at + strlen(name);
        int word = (before >= 'a' && before <= 'z') || (before >= '0' && before <= '9') ||
                   before == '_' || before == '>' || before == '.';
        if (!word && *after == '(') return 1;
    }
    return 0;
}

static void check_calls(const char *path, FILE *file)
{
    static const char *const banned[] = {"strcpy", "strcat", "sprintf", "vsprintf", "gets",
                                         "atoi",   "atol",   "atof",    "strtok",   "alloca"};
    static const char *const memory[] = {"malloc", "calloc", "realloc", "free"};
    if (!is_c(path)) return;
    int product = strncmp(path, "host/", 5) == 0 && strcmp(path, "host/base/base.c") != 0 &&
                  strncmp(path, "host/examples/", 14) != 0;
    char line[LINE_BYTES];
    for (int number = 1; fgets(line, sizeof line, file); number++) {
        for (size_t i = 0; i < sizeof banned / sizeof *banned; i++)
            if (calls(line, banned[i])) complain(path, number, "banned call", line);
        for (size_t i = 0; product && i < sizeof memory / sizeof *memory; i++)
            if (calls(line, memory[i])) complain(path, number, "bare memory call", line);
    }
}

/* A function: from a line that is "{" in column 1 to the next "}" in column 1; types of C++, whose
 * brace stands alone too, are not meant. */
static void check_functions(const char *path, FILE *file)
{
    if (!is_c(path)) return;
    char line[LINE_BYTES];
    int start = 0, type = 0;
    for (int number = 1; fgets(line, sizeof line, file); number++) {
        if (line[0] == '{' && !type) start = number;
        type = strncmp(line, "struct ", 7) == 0 || strncmp(line, "class ", 6) == 0;
        if (line[0] != '}' || !start) continue;
        if (number - start - 1 > FUNCTION_LINES)
            complain(path, start, "function longer than 70 lines", "");
        start = 0;
    }
}

static void check_words(const char *path, FILE *file)
{
    static const char *const words[] = {"TO"
                                        "DO",
                                        "FIX"
                                        "ME",
                                        "/wo"
                                        "rk/",
                                        "this ses"
                                        "sion"};
    char line[LINE_BYTES];
    for (int number = 1; fgets(line, sizeof line, file); number++)
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (strstr(line, words[i])) complain(path, number, "word that does not belong", line);
}

/* Comment lines before the first other line hold each of the three, "Latency: 2 cycles" or so. */
static void check_header(const char *path, FILE *file)
{
    static const char *const parts[] = {"// Interface: ", "// Latency: ", "// Throughput: "};
    if (strncmp(path, "hw/rtl/", 7) != 0 || !ends_with(path, ".sv")) return;
    char line[LINE_BYTES];
    int found[3] = {0};
    while (fgets(line, sizeof line, file) && strncmp(line, "//", 2) == 0)
        for (size_t i = 0; i < 3; i++) found[i] |= strncmp(line, parts[i], strlen(parts[i])) == 0;
    for (size_t i = 0; i < 3; i++)
        if (!found[i]) complain(path, 1, "header of a module lacks", parts[i] + 3);
}

static void run(void (*visit)(const char *path, FILE *file))
{
    complaints = 0;
    each_file(visit);
    assert_int_equal(complaints, 0);
}

static void tidy__lines_fit_100_columns(void **state)
{
    (void)state;
    run(check_lines);
}

static void tidy__files_state_their_licence(void **state)
{
    (void)state;
    run(check_role);
}

static void tidy__banned_calls_are_absent(void **state)
{
    (void)state;
    run(check_calls);
}

static void tidy__functions_fit_70_lines(void **state)
{
    (void)state;
    run(check_functions);
}

static void tidy__words_belong(void **state)
{
    (void)state;
    run(check_words);
}

static void tidy__modules_state_interface_latency_throughput(void **state)
{
    (void)state;
    run(check_header);
}

static void tidy__sees_a_banned_call(void **state)
{
    (void)state;
    assert_true(calls("    x = ato"
                      "i(text);",
                      "atoi"));
    assert_false(calls("    gantry_free(x);", "free"));
    assert_false(calls("    ops->free(x);", "free"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tidy__lines_fit_100_columns),
    cmocka_unit_test(tidy__files_state_their_licence),
    cmocka_unit_test(tidy__banned_calls_are_absent),
    cmocka_unit_test(tidy__functions_fit_70_lines),
    cmocka_unit_test(tidy__words_belong),
    cmocka_unit_test(tidy__modules_state_interface_latency_throughput),
    cmocka_unit_test(tidy__sees_a_banned_call),
};

GANTRY_TEST_MAIN("tidy", tests)
