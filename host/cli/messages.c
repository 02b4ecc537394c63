/* SPDX-License-Identifier: Apache-2.0
 * What the command says: errors, notices, progress, JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"

enum { PROGRESS_AFTER_NS = 1000000000, PROGRESS_EVERY_NS = 100000000 };

int gantry_cli_exit_code(enum gantry_status status)
{
    switch (status) {
    case GANTRY_OK:
        return GANTRY_EXIT_OK;
    case GANTRY_ERR_ARGUMENT:
        return GANTRY_EXIT_USAGE;
    case GANTRY_ERR_FILE:
        return GANTRY_EXIT_FILE;
    case GANTRY_ERR_SHAPE:
        return GANTRY_EXIT_FILE;
    case GANTRY_ERR_UNSUPPORTED:
        return GANTRY_EXIT_UNSUPPORTED;
    case GANTRY_ERR_DEVICE:
        return GANTRY_EXIT_DEVICE;
    case GANTRY_ERR_TIMEOUT:
        return GANTRY_EXIT_TIMEOUT;
    case GANTRY_ERR_MEMORY:
        return GANTRY_EXIT_MEMORY;
    case GANTRY_ERR_MISSING:
        return GANTRY_EXIT_FILE;
    }
    return GANTRY_EXIT_DEVICE;
}

int gantry_cli_usage(const char *hint, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("gantry: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    if (hint) fprintf(stderr, "hint: %s\n", hint);
    return GANTRY_EXIT_USAGE;
}

int gantry_cli_failure(const struct gantry_error *error)
{
    fprintf(stderr, "gantry: %s\n", error->message);
    if (error->hint[0]) fprintf(stderr, "hint: %s\n", error->hint);
    return gantry_cli_exit_code(error->status);
}

void gantry_cli_note(const struct gantry_cli_args *args, const char *format, ...)
{
    if (args->quiet) return;
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
}

void gantry_cli_progress_start(struct gantry_cli_progress *progress,
                               const struct gantry_cli_args *args, const char *what)
{
    *progress = (struct gantry_cli_progress){
        .args = args, .what = what, .start_ns = gantry_now_ns(), .last_ns = 0};
}

void gantry_cli_progress_step(struct gantry_cli_progress *progress, size_t done, size_t all)
{
    if (progress->args->quiet || !isatty(STDERR_FILENO)) return;
    uint64_t now = gantry_now_ns();
    if (done >= all) {
        if (progress->shown) (void)fputs("\r\033[K", stderr);
        progress->shown = false;
        return;
    }
    if (now - progress->start_ns < PROGRESS_AFTER_NS || now - progress->last_ns < PROGRESS_EVERY_NS)
        return;
    fprintf(stderr, "\r%s %zu of %zu\033[K", progress->what, done, all);
    (void)fflush(stderr);
    progress->last_ns = now;
    progress->shown = true;
}

int gantry_cli_print_json(json_t *root)
{
    int failed = json_dumpf(root, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
    json_decref(root);
    (void)fputc('\n', stdout);
    if (!failed) return GANTRY_EXIT_OK;
    fprintf(stderr, "gantry: stdout: JSON cannot be written\n");
    return GANTRY_EXIT_FILE;
}
