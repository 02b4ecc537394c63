/* SPDX-License-Identifier: Apache-2.0
 * Manual pages: gantry.1, and gantry-COMMAND.1 for every command; and the files of
 * gen_completion.c.
 *
 * Usage: gen_manual FOLDER COMPLETION_BASH */
#include "gen_manual.h"

#include <errno.h>
#include <string.h>

enum { PATH_BYTES = 1024, NAME_BYTES = 64 };

/* Text of a page: hyphens that are typed and not set, no request at the start of a line. */
static void text(FILE *out, const char *words)
{
    if (*words == '.' || *words == '\'') (void)fputs("\\&", out);
    for (; *words; words++) {
        if (*words == '-')
            (void)fputs("\\-", out);
        else if (*words == '\\')
            (void)fputs("\\e", out);
        else
            (void)fputc(*words, out);
    }
}

/* A line that begins with a macro; NULL ends its words. */
static void line(FILE *out, const char *macro, const char *words)
{
    fprintf(out, ".%s", macro);
    if (words) {
        (void)fputs(" \"", out);
        text(out, words);
        (void)fputc('"', out);
    }
    (void)fputc('\n', out);
}

static void paragraph(FILE *out, const char *words)
{
    text(out, words);
    (void)fputc('\n', out);
}

static void begin(FILE *out, const char *name, const char *title, const char *what)
{
    fprintf(out,
            ".\\\" SPDX-License-Identifier: Apache-2.0\n"
            ".\\\" Made from the option tables in host/cli by gen_manual.\n"
            ".TH %s 1 \"\" \"gantry %s\" \"Gantry\"\n.SH NAME\n",
            title, gantry_version());
    text(out, name);
    (void)fputs(" \\- ", out);
    /* The line that whatis shows: small first letter, no stop. */
    size_t length = strlen(what);
    char brief[256];
    (void)snprintf(brief, sizeof brief, "%.*s", (int)(length - (what[length - 1] == '.')), what);
    if (brief[0] >= 'A' && brief[0] <= 'Z') brief[0] = (char)(brief[0] + ('a' - 'A'));
    paragraph(out, brief);
}

static void facts(FILE *out, const char *title, const struct gantry_cli_fact *fact)
{
    line(out, "SH", title);
    for (; fact->name; fact++) {
        line(out, "TP", NULL);
        line(out, "B", fact->name);
        paragraph(out, fact->text);
    }
}

static void see_also(FILE *out, const struct gantry_cli_command *except)
{
    line(out, "SH", "SEE ALSO");
    const struct gantry_cli_command *command;
    if (except) (void)fputs(".BR gantry (1)", out);
    for (size_t i = 0; (command = gantry_cli_command_at(i)); i++) {
        if (command == except) continue;
        fprintf(out, "%s.BR gantry\\-%s (1)", i || except ? ",\n" : "", command->name);
    }
    (void)fputc('\n', out);
}

static void write_main(FILE *out)
{
    begin(out, "gantry", "GANTRY", gantry_cli_summary);
    line(out, "SH", "SYNOPSIS");
    (void)fputs(".B gantry\n.I COMMAND\n.RI [ ARGUMENTS ]\n.br\n.B gantry \\-\\-version\n.br\n"
                ".B gantry\n.I COMMAND\n.B \\-\\-help\n",
                out);
    line(out, "SH", "DESCRIPTION");
    paragraph(out, gantry_cli_summary);
    paragraph(out, "Results go to standard output; notices, progress and errors to standard error. "
                   "An error is one line and at most one hint.");
    line(out, "SH", "COMMANDS");
    const struct gantry_cli_command *command;
    for (size_t i = 0; (command = gantry_cli_command_at(i)); i++) {
        line(out, "TP", NULL);
        fprintf(out, ".BR gantry\\-%s (1)\n", command->name);
        paragraph(out, command->help);
    }
    facts(out, "EXIT STATUS", gantry_cli_exits);
    facts(out, "ENVIRONMENT", gantry_cli_environment);
    see_also(out, NULL);
}

static void option(FILE *out, const struct gantry_cli_option *option)
{
    line(out, "TP", NULL);
    (void)fputs(option->argument ? ".BI \\-\\-" : ".B \\-\\-", out);
    text(out, option->name);
    if (option->argument) {
        (void)fputs(" \" ", out);
        text(out, option->argument);
        (void)fputc('"', out);
    }
    (void)fputc('\n', out);
    paragraph(out, option->help);
}

static void write_command(FILE *out, const struct gantry_cli_command *command)
{
    char name[NAME_BYTES], title[NAME_BYTES];
    (void)snprintf(name, sizeof name, "gantry-%s", command->name);
    (void)snprintf(title, sizeof title, "GANTRY\\-%s", command->name);
    for (char *c = title; *c; c++)
        if (*c >= 'a' && *c <= 'z') *c = (char)(*c - ('a' - 'A'));
    begin(out, name, title, command->help);
    line(out, "SH", "SYNOPSIS");
    fprintf(out, ".B gantry %s\n", command->name);
    if (command->argument) line(out, "I", command->argument);
    (void)fputs(".RI [ OPTIONS ]\n", out);
    line(out, "SH", "DESCRIPTION");
    paragraph(out, command->help);
    line(out, "SH", "OPTIONS");
    for (size_t i = 0; i < command->option_count; i++) option(out, &command->options[i]);
    line(out, "SH", "EXIT STATUS");
    paragraph(out, "0 on success; the other codes are those of");
    (void)fputs(".BR gantry (1).\n", out);
    line(out, "SH", "EXAMPLES");
    (void)fputs(".nf\n", out);
    text(out, command->examples);
    (void)fputs(".fi\n", out);
    see_also(out, command);
}

/* Opens FOLDER/name; NULL after a message. */
static FILE *create(const char *folder, const char *name)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "w");
    if (!out) fprintf(stderr, "gen_manual: %s: %s\n", path, strerror(errno));
    return out;
}

static int finish(FILE *out)
{
    int failed = ferror(out);
    if (fclose(out) == 0 && !failed) return 0;
    fprintf(stderr, "gen_manual: cannot write (%s)\n", strerror(errno));
    return 1;
}

static int copy(FILE *out, const char *path)
{
    char buffer[4096];
    FILE *in = fopen(path, "r");
    size_t got;
    if (!in) {
        fprintf(stderr, "gen_manual: %s: %s\n", path, strerror(errno));
        return 1;
    }
    while ((got = fread(buffer, 1, sizeof buffer, in)) > 0) (void)fwrite(buffer, 1, got, out);
    (void)fclose(in);
    return 0;
}

static int write_pages(const char *folder)
{
    const struct gantry_cli_command *command;
    FILE *out = create(folder, "gantry.1");
    if (!out) return 1;
    write_main(out);
    if (finish(out)) return 1;
    for (size_t i = 0; (command = gantry_cli_command_at(i)); i++) {
        char name[NAME_BYTES];
        (void)snprintf(name, sizeof name, "gantry-%s.1", command->name);
        out = create(folder, name);
        if (!out) return 1;
        write_command(out, command);
        if (finish(out)) return 1;
    }
    return 0;
}

int main(int count, char **words)
{
    if (count != 3) {
        fprintf(stderr, "usage: gen_manual FOLDER COMPLETION_BASH\n");
        return 2;
    }
    if (write_pages(words[1])) return 1;
    FILE *out = create(words[1], "gantry.bash");
    if (!out) return 1;
    gen_bash(out);
    if (copy(out, words[2]) || finish(out)) return 1;
    out = create(words[1], "_gantry");
    if (!out) return 1;
    gen_zsh(out);
    return finish(out);
}
