/* SPDX-License-Identifier: Apache-2.0
 * Options by table: parsing, suggestions for slips, help. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { WORD_BYTES_MAX = 64, NAMES_MAX = 64, HELP_COLUMN = 28 };

bool gantry_cli_number(const char *text, uint64_t *out)
{
    if (*text < '0' || *text > '9') return false;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || *end != 0) return false;
    *out = value;
    return true;
}

static int unknown_option(const struct gantry_cli_command *command, const char *word)
{
    const char *names[NAMES_MAX];
    char hint[WORD_BYTES_MAX * 2], name[WORD_BYTES_MAX];
    for (size_t i = 0; i < command->option_count; i++) names[i] = command->options[i].name;
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    const char *nearest = gantry_nearest(name, names, command->option_count);
    if (nearest)
        (void)snprintf(hint, sizeof hint, "did you mean --%s?", nearest);
    else
        (void)snprintf(hint, sizeof hint, "gantry %s --help lists the options", command->name);
    return gantry_cli_usage(hint, "%s: unknown option --%s", command->name, name);
}

static int bad_choice(const struct gantry_cli_option *option, const char *value)
{
    const char *names[NAMES_MAX];
    char words[WORD_BYTES_MAX * 2], hint[WORD_BYTES_MAX * 2];
    size_t count = 0;
    (void)snprintf(words, sizeof words, "%s", option->argument);
    for (char *at = words; at && count < NAMES_MAX;) {
        names[count++] = at;
        at = strchr(at, '|');
        if (at) *at++ = 0;
    }
    const char *nearest = gantry_nearest(value, names, count);
    if (nearest) (void)snprintf(hint, sizeof hint, "did you mean %s?", nearest);
    return gantry_cli_usage(nearest ? hint : NULL, "--%s: unknown value (%s, %s)", option->name,
                            value, option->argument);
}

static bool is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);
    for (const char *at = choices; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
        if (strcspn(at, "|") == length && strncmp(at, value, length) == 0) return true;
    return false;
}

static int set_value(const struct gantry_cli_option *option, const char *value,
                     struct gantry_cli_args *args)
{
    void *field = (char *)args + option->offset;
    struct gantry_cli_list *list = field;
    switch (option->kind) {
    case GANTRY_CLI_FLAG:
        *(bool *)field = true;
        break;
    case GANTRY_CLI_STRING:
        *(const char **)field = value;
        break;
    case GANTRY_CLI_NUMBER:
        if (!gantry_cli_number(value, field))
            return gantry_cli_usage(NULL, "--%s: not a whole number (%s)", option->name, value);
        if (*(uint64_t *)field == 0)
            return gantry_cli_usage(NULL, "--%s: too few (0, at least 1)", option->name);
        break;
    case GANTRY_CLI_CHOICE:
        if (!is_choice(option->argument, value)) return bad_choice(option, value);
        *(const char **)field = value;
        break;
    case GANTRY_CLI_LIST:
        if (list->count == GANTRY_CLI_LIST_MAX)
            return gantry_cli_usage(NULL, "--%s: given too often (limit %d)", option->name,
                                    GANTRY_CLI_LIST_MAX);
        list->items[list->count++] = value;
        break;
    }
    return GANTRY_EXIT_OK;
}

static const struct gantry_cli_option *find(const struct gantry_cli_command *command,
                                            const char *word)
{
    size_t length = strcspn(word, "=");
    for (size_t i = 0; i < command->option_count; i++) {
        const char *name = command->options[i].name;
        if (strlen(name) == length && strncmp(name, word, length) == 0) return &command->options[i];
    }
    return NULL;
}

/* Takes the option in words[*at], which may be the short -o, and its value from behind '=' or from
 * the next word. */
static int take_option(const struct gantry_cli_command *command, int count, char *const *words,
                       int *at, struct gantry_cli_args *args)
{
    const char *word = strcmp(words[*at], "-o") == 0 ? "output" : words[*at] + 2;
    const struct gantry_cli_option *option = find(command, word);
    if (!option) return unknown_option(command, word);
    const char *equals = strchr(word, '=');
    if (!option->argument) {
        if (equals) return gantry_cli_usage(NULL, "--%s: takes no value", option->name);
        return set_value(option, NULL, args);
    }
    if (equals) return set_value(option, equals + 1, args);
    if (*at + 1 >= count)
        return gantry_cli_usage(NULL, "--%s: needs a value (%s)", option->name, option->argument);
    return set_value(option, words[++*at], args);
}

/* A word that is no option: the argument, or one of more. */
static int take_argument(const struct gantry_cli_command *command, const char *word,
                         struct gantry_cli_args *args)
{
    bool several = command->argument && strstr(command->argument, "...");
    if (!command->argument || (args->model && !several))
        return gantry_cli_usage(NULL, "%s: unexpected argument (%s)", command->name, word);
    if (!args->model) {
        args->model = word;
        return GANTRY_EXIT_OK;
    }
    if (args->more.count == GANTRY_CLI_MORE_MAX)
        return gantry_cli_usage(NULL, "%s: too many arguments (%s, limit %d)", command->name, word,
                                GANTRY_CLI_MORE_MAX + 1);
    args->more.items[args->more.count++] = word;
    return GANTRY_EXIT_OK;
}

int gantry_cli_parse(const struct gantry_cli_command *command, int count, char *const *words,
                     struct gantry_cli_args *args)
{
    bool options = true;
    for (int i = 0; i < count; i++) {
        const char *word = words[i];
        int code = GANTRY_EXIT_OK;
        if (options && strcmp(word, "--") == 0)
            options = false;
        else if (options && strcmp(word, "-h") == 0)
            args->help = true;
        else if (options && (strncmp(word, "--", 2) == 0 || strcmp(word, "-o") == 0))
            code = take_option(command, count, words, &i, args);
        else if (options && word[0] == '-' && word[1])
            code = gantry_cli_usage("options have two dashes", "%s: unknown option %s",
                                    command->name, word);
        else
            code = take_argument(command, word, args);
        if (code != GANTRY_EXIT_OK) return code;
    }
    bool needed = command->argument && command->argument[0] != '[';
    if (needed && !args->model && !args->help)
        return gantry_cli_usage("gantry --help shows the commands", "%s: no %s given",
                                command->name, command->argument);
    return GANTRY_EXIT_OK;
}

void gantry_cli_help(const struct gantry_cli_command *command)
{
    printf("usage: gantry %s%s%s [OPTIONS]\n\n%s\n\noptions:\n", command->name,
           command->argument ? " " : "", command->argument ? command->argument : "", command->help);
    for (size_t i = 0; i < command->option_count; i++) {
        const struct gantry_cli_option *option = &command->options[i];
        int width = printf("  --%s%s%s", option->name, option->argument ? " " : "",
                           option->argument ? option->argument : "");
        printf("%*s%s\n", width < HELP_COLUMN ? HELP_COLUMN - width + 2 : 2, "", option->help);
    }
    printf("\nexamples:\n");
    for (const char *line = command->examples; *line; line += strspn(line, "\n")) {
        int length = (int)strcspn(line, "\n");
        printf("  %.*s\n", length, line);
        line += length;
    }
}
