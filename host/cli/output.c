/* SPDX-License-Identifier: Apache-2.0
 * Output files: written under a temporary name beside their own, then renamed. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "formats/write.h"

enum { PENDING_MAX = 8 };

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};

/* Names that the handler removes. A slot is set while no signal can come in between. */
static const char *volatile pending[PENDING_MAX];

static void clean_up(int signal_number)
{
    for (int i = 0; i < PENDING_MAX; i++)
        if (pending[i]) (void)unlink(pending[i]);
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

static void install_handler(void)
{
    static bool installed;
    if (installed) return;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = clean_up;
    action.sa_flags = SA_NODEFER;
    for (size_t i = 0; i < GANTRY_COUNT(ending_signals); i++)
        (void)sigaction(ending_signals[i], &action, NULL);
    installed = true;
}

static void signal_mask(int how)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < GANTRY_COUNT(ending_signals); i++) sigaddset(&set, ending_signals[i]);
    (void)sigprocmask(how, &set, NULL);
}

void gantry_cli_hold_signals(void) { signal_mask(SIG_BLOCK); }
void gantry_cli_release_signals(void) { signal_mask(SIG_UNBLOCK); }

static void forget(const char *name)
{
    for (int i = 0; i < PENDING_MAX; i++)
        if (pending[i] == name) pending[i] = NULL;
}

static int file_failure(const char *path, const char *what)
{
    fprintf(stderr, "gantry: %s: %s (%s)\n", path, what, strerror(errno));
    return GANTRY_EXIT_FILE;
}

int gantry_cli_name_begin(struct gantry_cli_file *file, const char *path)
{
    memset(file, 0, sizeof *file);
    file->path = path;
    if (gantry_write_in_place(path, file->target)) {
        file->target[0] = 0;
        (void)snprintf(file->temporary, sizeof file->temporary, "%s", path);
        return GANTRY_EXIT_OK;
    }
    (void)snprintf(file->temporary, sizeof file->temporary, "%s.partial-%ld", file->target,
                   (long)getpid());
    install_handler();
    for (int i = 0; i < PENDING_MAX; i++)
        if (!pending[i]) {
            pending[i] = file->temporary;
            return GANTRY_EXIT_OK;
        }
    gantry_assert(false);
    return GANTRY_EXIT_FILE;
}

int gantry_cli_file_begin(struct gantry_cli_file *file, const char *path)
{
    int code = gantry_cli_name_begin(file, path);
    if (code != GANTRY_EXIT_OK) return code;
    file->stream = fopen(file->temporary, "wb");
    if (file->stream) return GANTRY_EXIT_OK;
    forget(file->temporary);
    memset(file, 0, sizeof *file);
    return file_failure(path, "cannot be written");
}

void gantry_cli_file_abandon(struct gantry_cli_file *file)
{
    if (file->stream) (void)fclose(file->stream);
    if (file->target[0]) {
        (void)unlink(file->temporary);
        forget(file->temporary);
    }
    memset(file, 0, sizeof *file);
}

int gantry_cli_file_commit(struct gantry_cli_file *file)
{
    const char *path = file->path;
    bool failed = false;
    if (file->stream) {
        failed = ferror(file->stream) != 0;
        failed = fclose(file->stream) != 0 || failed;
        file->stream = NULL;
    }
    if (failed || (file->target[0] && rename(file->temporary, file->target) != 0)) {
        int code = file_failure(path, "cannot be written");
        gantry_cli_file_abandon(file);
        return code;
    }
    forget(file->temporary);
    memset(file, 0, sizeof *file);
    return GANTRY_EXIT_OK;
}

int gantry_cli_make_folder(const char *path)
{
    char part[1024];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof part) {
        errno = length ? ENAMETOOLONG : ENOENT;
        return file_failure(path, "folder cannot be made");
    }
    memcpy(part, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (part[i] != '/' && part[i] != 0) continue;
        char kept = part[i];
        part[i] = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return file_failure(path, "folder cannot be made");
        part[i] = kept;
    }
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) return GANTRY_EXIT_OK;
    errno = ENOTDIR;
    return file_failure(path, "folder cannot be made");
}
