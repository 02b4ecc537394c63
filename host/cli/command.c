/* SPDX-License-Identifier: Apache-2.0
 * The command as a whole: which subcommand, help, version. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "gantry_spec.h"

enum { DEVICES_MAX = 32, HINT_BYTES = 128, HELP_COLUMN = 20 };

static const struct gantry_cli_command *const commands[] = {
    &gantry_cli_run,     &gantry_cli_profile, &gantry_cli_verify,
    &gantry_cli_inspect, &gantry_cli_compile, &gantry_cli_bench,
    &gantry_cli_listen,  &gantry_cli_devices, &gantry_cli_doctor};

const char gantry_cli_summary[] =
    "Runs quantised networks on an open accelerator and tells what every layer costs.";

const struct gantry_cli_fact gantry_cli_exits[] = {
    {"0", "ok"},
    {"1", "compared values differ, or a constraint is not met"},
    {"2", "usage"},
    {"3", "unreadable or invalid file, or a missing prerequisite"},
    {"4", "unsupported model"},
    {"5", "device"},
    {"6", "time-out"},
    {"7", "out of memory"},
    {NULL, NULL},
};

const struct gantry_cli_fact gantry_cli_environment[] = {
    {"NO_COLOR", "no colour on a terminal"},
    {"GANTRY_ISA", "kernels of the CPU: ref, neon, neondot, avx2 or avx512; default: the best"},
    {"GANTRY_TARGETS", "a folder with more targets"},
    {"GANTRY_XCLBIN", "the accelerator's file for the device xrt"},
    {"GANTRY_CACHE", "a folder for compiled OpenCL kernels (default: gantry in that of XDG)"},
    {"XILINX_XRT", "XRT's own: a folder whose lib holds XRT's libraries"},
    {"GANTRY_DATA", "third-party models and vectors, for the tests"},
    {NULL, NULL},
};

const struct gantry_cli_command *gantry_cli_command_at(size_t index)
{
    return index < GANTRY_COUNT(commands) ? commands[index] : NULL;
}

static void print_facts(const char *title, const struct gantry_cli_fact *facts, int width)
{
    printf("\n%s:\n", title);
    for (; facts->name; facts++) printf("  %-*s  %s\n", width, facts->name, facts->text);
}

static void print_help(void)
{
    printf("usage: gantry COMMAND [ARGUMENTS]\n\n%s\n\ncommands:\n", gantry_cli_summary);
    for (size_t i = 0; i < GANTRY_COUNT(commands); i++) {
        int width = printf("  %s%s%s", commands[i]->name, commands[i]->argument ? " " : "",
                           commands[i]->argument ? commands[i]->argument : "");
        printf("%*s%s\n", width < HELP_COLUMN ? HELP_COLUMN - width : 1, "", commands[i]->help);
    }
    printf("\ngantry COMMAND --help lists the options of a command.\n"
           "gantry --version shows version, specification and devices.\n");
    print_facts("exit codes", gantry_cli_exits, 1);
    print_facts("environment", gantry_cli_environment, HELP_COLUMN - 4);
}

static void print_version(void)
{
    struct gantry_device_entry entries[DEVICES_MAX];
    size_t count = gantry_device_list(entries, DEVICES_MAX);
    printf("gantry %s\nspec %016" PRIx64 "\ndevices", gantry_version(), GANTRY_SPEC_HASH);
    for (size_t i = 0; i < count && i < DEVICES_MAX; i++)
        if (entries[i].available) printf(" %s", entries[i].name);
    printf("\n");
}

static const struct gantry_cli_command *find(const char *name)
{
    for (size_t i = 0; i < GANTRY_COUNT(commands); i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

static int unknown_command(const char *word)
{
    const char *names[GANTRY_COUNT(commands)];
    char hint[HINT_BYTES];
    for (size_t i = 0; i < GANTRY_COUNT(commands); i++) names[i] = commands[i]->name;
    const char *nearest = gantry_nearest(word, names, GANTRY_COUNT(commands));
    if (nearest)
        (void)snprintf(hint, sizeof hint, "did you mean %s?", nearest);
    else
        (void)snprintf(hint, sizeof hint, "gantry --help lists the commands");
    return gantry_cli_usage(hint, "unknown command (%s)", word);
}

static int dispatch(int count, char *const *words)
{
    if (count < 2) return gantry_cli_usage("gantry --help lists the commands", "no command given");
    const char *word = words[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        const struct gantry_cli_command *about = count > 2 ? find(words[2]) : NULL;
        if (about)
            gantry_cli_help(about);
        else
            print_help();
        return GANTRY_EXIT_OK;
    }
    if (strcmp(word, "--version") == 0) {
        print_version();
        return GANTRY_EXIT_OK;
    }
    const struct gantry_cli_command *command = find(word);
    if (!command) return unknown_command(word);
    struct gantry_cli_args args;
    memset(&args, 0, sizeof args);
    int code = gantry_cli_parse(command, count - 2, words + 2, &args);
    if (code != GANTRY_EXIT_OK) return code;
    if (!args.help) return command->run(&args);
    gantry_cli_help(command);
    return GANTRY_EXIT_OK;
}

int gantry_cli_main(int count, char *const *words)
{
    int code = dispatch(count, words);
    bool failed = ferror(stdout) != 0;
    if (fflush(stdout) != 0 || failed) {
        fprintf(stderr, "gantry: stdout: cannot be written (%s)\n", strerror(errno));
        return code == GANTRY_EXIT_OK ? GANTRY_EXIT_FILE : code;
    }
    return code;
}
