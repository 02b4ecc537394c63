/* SPDX-License-Identifier: Apache-2.0
 * Completion for bash and zsh, from the option tables. completion.bash stands behind the tables for
 * bash. */
#include <string.h>

#include "device/registry.h"
#include "gen_manual.h"
#include "target/target.h"

/* What the value of an option is, in one word. */
static const char *value_kind(const struct gantry_cli_option *option)
{
    if (option->kind == GANTRY_CLI_CHOICE) return "words";
    if (strstr(option->argument, "FILE") || strstr(option->argument, ".json")) return "file";
    if (strcmp(option->argument, "DIR") == 0) return "folder";
    if (strcmp(option->argument, "DEVICE") == 0) return "device";
    if (strcmp(option->argument, "DEVICE,...") == 0) return "devices";
    if (strcmp(option->argument, "TARGET") == 0) return "target";
    return "other";
}

static void print_choices(FILE *out, const struct gantry_cli_option *option)
{
    if (option->kind != GANTRY_CLI_CHOICE) return;
    (void)fputc(' ', out);
    for (const char *c = option->argument; *c; c++) (void)fputc(*c == '|' ? ' ' : *c, out);
}

static void print_devices(FILE *out)
{
    const struct gantry_device_kind *kind;
    for (size_t i = 0; (kind = gantry_device_kind(i)); i++) {
        fprintf(out, "%s%s", i ? " " : "", kind->name);
        if (kind->suffix != GANTRY_SUFFIX_CONFIG) continue;
        for (size_t j = 0; gantry_array_name(j); j++)
            fprintf(out, " %s:%s", kind->name, gantry_array_name(j));
    }
}

static void print_targets(FILE *out)
{
    for (size_t i = 0; gantry_target_name(i); i++)
        fprintf(out, "%s%s", i ? " " : "", gantry_target_name(i));
}

/* Names of the commands, and what follows a command's name and an option's. */
static void print_tables(FILE *out)
{
    const struct gantry_cli_command *command;
    (void)fputs("_gantry_commands='", out);
    for (size_t i = 0; (command = gantry_cli_command_at(i)); i++)
        fprintf(out, "%s%s", i ? " " : "", command->name);
    (void)fputs("'\n_gantry_devices='", out);
    print_devices(out);
    (void)fputs("'\n_gantry_targets='", out);
    print_targets(out);
    (void)fputs("'\n\n# Options of a command.\n_gantry_options() {\n    case $1 in\n", out);
    for (size_t i = 0; (command = gantry_cli_command_at(i)); i++) {
        fprintf(out, "        %s) echo '", command->name);
        for (size_t j = 0; j < command->option_count; j++)
            fprintf(out, "%s--%s", j ? " " : "", command->options[j].name);
        (void)fputs("' ;;\n", out);
    }
    (void)fputs("    esac\n}\n\n# What an option takes: COMMAND:OPTION. Nothing for a flag.\n"
                "_gantry_value() {\n    case $1 in\n",
                out);
    for (size_t i = 0; (command = gantry_cli_command_at(i)); i++) {
        for (size_t j = 0; j < command->option_count; j++) {
            const struct gantry_cli_option *option = &command->options[j];
            if (!option->argument) continue;
            fprintf(out, "        %s:--%s) echo '%s", command->name, option->name,
                    value_kind(option));
            print_choices(out, option);
            (void)fputs("' ;;\n", out);
        }
    }
    (void)fputs("    esac\n}\n\n", out);
}

void gen_bash(FILE *out)
{
    (void)fputs(
        "# shellcheck shell=bash\n# SPDX-License-Identifier: Apache-2.0\n"
        "# Completion of gantry, made from the option tables in host/cli by gen_manual.\n\n",
        out);
    print_tables(out);
}

/* Text within the quotes and brackets of an option's description. */
static void zsh_text(FILE *out, const char *words)
{
    for (; *words; words++) {
        if (*words == '\'')
            (void)fputs("'\\''", out);
        else if (strchr("[]:\\", *words))
            fprintf(out, "\\%c", *words);
        else
            (void)fputc(*words, out);
    }
}

static void zsh_option(FILE *out, const struct gantry_cli_option *option)
{
    bool repeats = option->kind == GANTRY_CLI_LIST;
    fprintf(out, "                '%s--%s%s[", repeats ? "*" : "", option->name,
            option->argument ? "=" : "");
    zsh_text(out, option->help);
    (void)fputc(']', out);
    if (option->argument) {
        const char *kind = value_kind(option);
        (void)fputc(':', out);
        zsh_text(out, option->argument);
        (void)fputc(':', out);
        if (strcmp(kind, "words") == 0) {
            (void)fputc('(', out);
            print_choices(out, option);
            (void)fputs(" )", out);
        } else if (strcmp(kind, "file") == 0) {
            (void)fputs("_files", out);
        } else if (strcmp(kind, "folder") == 0) {
            (void)fputs("_files -/", out);
        } else if (strcmp(kind, "other") != 0) {
            fprintf(out, "_gantry_%s", kind);
        }
    }
    (void)fputs("' \\\n", out);
}

void gen_zsh(FILE *out)
{
    const struct gantry_cli_command *command;
    (void)fputs("#compdef gantry\n# SPDX-License-Identifier: Apache-2.0\n"
                "# Completion of gantry, made from the option tables in host/cli by gen_manual.\n\n"
                "_gantry_device() { compadd -- ",
                out);
    print_devices(out);
    (void)fputs("; }\n_gantry_devices() { compset -P '*,'; compadd -qS , -- ", out);
    print_devices(out);
    (void)fputs("; }\n_gantry_target() { compadd -- ", out);
    print_targets(out);
    (void)fputs("; _files -g '*.json'; }\n\n"
                "_gantry() {\n    local -a commands\n    commands=(\n",
                out);
    for (size_t i = 0; (command = gantry_cli_command_at(i)); i++) {
        fprintf(out, "        '%s:", command->name);
        zsh_text(out, command->help);
        (void)fputs("'\n", out);
    }
    (void)fputs("    )\n    if ((CURRENT == 2)); then\n"
                "        _describe command commands\n        return\n    fi\n"
                "    local command=$words[2]\n    shift words\n    ((CURRENT--))\n"
                "    case $command in\n",
                out);
    for (size_t i = 0; (command = gantry_cli_command_at(i)); i++) {
        fprintf(out, "        %s)\n            _arguments \\\n", command->name);
        for (size_t j = 0; j < command->option_count; j++) zsh_option(out, &command->options[j]);
        fprintf(out, "                %s\n            ;;\n",
                command->argument ? "'*:model:_files'" : "");
    }
    (void)fputs("    esac\n}\n\n_gantry \"$@\"\n", out);
}
