/* SPDX-License-Identifier: Apache-2.0
 * Checks of the machine that runs the command: devices by the registry, and programs that bring or
 * build some. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/registry.h"
#include "doctor.h"

extern char **environ;

static void check_device(struct gantry_doctor *doctor, const struct gantry_device_kind *kind)
{
    struct gantry_device *device;
    struct gantry_error error = {0};
    char name[32];
    (void)snprintf(name, sizeof name, "device %.16s", kind->name);
    enum gantry_status status = gantry_device_open(&device, kind->name, NULL, &error);
    if (status == GANTRY_OK) {
        gantry_doctor_say(doctor, name, GANTRY_DOCTOR_OK, NULL, "%s",
                          gantry_device_info(device)->description);
        gantry_device_close(device);
        return;
    }
    /* A module that is not installed or finds nothing to drive is no fault. */
    bool absent = status == GANTRY_ERR_MISSING || status == GANTRY_ERR_FILE;
    gantry_doctor_say(doctor, name, absent ? GANTRY_DOCTOR_NONE : GANTRY_DOCTOR_FAILED, error.hint,
                      "%.250s", error.message);
}

/* ---- XRT ---- */

#define CORE "libxrt_core.so.2"

void gantry_doctor_xrt(struct gantry_doctor *doctor, bool board)
{
    static const char *const folders[] = {"/usr/lib/aarch64-linux-gnu", "/usr/lib/x86_64-linux-gnu",
                                          "/opt/xilinx/xrt/lib"};
    const char *root = getenv("XILINX_XRT");
    char path[GANTRY_DOCTOR_PATH_BYTES], other[64], fix[GANTRY_DOCTOR_TEXT_BYTES];
    (void)snprintf(path, sizeof path, "%.200s/lib/" CORE, root ? root : "/usr");
    if (gantry_doctor_exists(doctor, path)) {
        gantry_doctor_say(doctor, "xrt", GANTRY_DOCTOR_OK, NULL, "%.200s", path);
        return;
    }
    for (size_t i = 0; i < GANTRY_COUNT(folders); i++) {
        (void)snprintf(other, sizeof other, "%s/" CORE, folders[i]);
        if (!gantry_doctor_exists(doctor, other)) continue;
        (void)snprintf(fix, sizeof fix,
                       "mkdir -p ~/.xrt; ln -sfn %s ~/.xrt/lib; export XILINX_XRT=~/.xrt",
                       folders[i]);
        if (board)
            gantry_doctor_say(doctor, "xrt", GANTRY_DOCTOR_FAILED, fix,
                              "XRT is installed, but looks for %.150s and not for %s", path, other);
        else
            gantry_doctor_say(doctor, "xrt", GANTRY_DOCTOR_OK, NULL, "%s", other);
        return;
    }
    gantry_doctor_say(doctor, "xrt", board ? GANTRY_DOCTOR_FAILED : GANTRY_DOCTOR_NONE,
                      "sudo apt-get install libxrt1  # or XRT's own package",
                      "not installed: %.150s is not there", path);
}

/* ---- Programs ---- */

/* A program in PATH; path gets where it is. */
static bool find_program(const char *name, char *path, size_t size)
{
    const char *folders = getenv("PATH");
    while (folders && *folders) {
        size_t length = strcspn(folders, ":");
        (void)snprintf(path, size, "%.*s/%s", (int)length, folders, name);
        if (access(path, X_OK) == 0) return true;
        folders += length + (folders[length] == ':');
    }
    return false;
}

/* A program beside this one. */
static bool find_beside(const char *name, char *path, size_t size)
{
    char own[GANTRY_DOCTOR_PATH_BYTES - 32];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    if (length <= 0) return false;
    own[length] = 0;
    char *slash = strrchr(own, '/');
    if (!slash) return false;
    *slash = 0;
    (void)snprintf(path, size, "%s/%s", own, name);
    return access(path, X_OK) == 0;
}

/* Runs a program without output; its exit code, or -1. */
static int run_program(char *path, char *argument)
{
    char *words[] = {path, argument, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = -1;
    if (posix_spawn_file_actions_init(&actions) != 0) return -1;
    bool started =
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO) == 0 &&
        posix_spawn(&child, path, &actions, NULL, words, environ) == 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    if (!started || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
}

static void check_emulation(struct gantry_doctor *doctor)
{
    char path[GANTRY_DOCTOR_PATH_BYTES], check[] = "--check";
    if (!find_beside("gantry-emu", path, sizeof path))
        gantry_doctor_say(doctor, "emulation", GANTRY_DOCTOR_NONE,
                          "build with the packages verilator, libxrt-dev and uuid-dev",
                          "gantry-emu is not installed");
    else if (run_program(path, check) == 0)
        gantry_doctor_say(doctor, "emulation", GANTRY_DOCTOR_OK, NULL,
                          "gantry-emu COMMAND runs the device xrt on the simulated accelerator");
    else
        gantry_doctor_say(doctor, "emulation", GANTRY_DOCTOR_FAILED, "gantry-emu --check",
                          "gantry-emu lacks something");
}

static void check_verilator(struct gantry_doctor *doctor)
{
    char path[GANTRY_DOCTOR_PATH_BYTES];
    if (find_program("verilator", path, sizeof path))
        gantry_doctor_say(doctor, "verilator", GANTRY_DOCTOR_OK, NULL, "%.200s", path);
    else
        gantry_doctor_say(doctor, "verilator", GANTRY_DOCTOR_NONE,
                          "sudo apt-get install verilator  # to build the device sim",
                          "not installed");
}

void gantry_doctor_machine(struct gantry_doctor *doctor, bool board, bool board_failed)
{
    const struct gantry_device_kind *kind;
    for (size_t i = 0; (kind = gantry_device_kind(i)); i++) {
        if (board_failed && strcmp(kind->name, "xrt") == 0)
            gantry_doctor_say(doctor, "device xrt", GANTRY_DOCTOR_NONE, NULL,
                              "not opened: mend first what failed above");
        else
            check_device(doctor, kind);
    }
    if (!board) gantry_doctor_xrt(doctor, false);
    check_emulation(doctor);
    check_verilator(doctor);
}
