/* SPDX-License-Identifier: Apache-2.0
 * Checks of a Kria board: what is loaded into the fabric, the driver, memory, and who else is
 * there. What the files of /proc and /sys hold is the kernel's; names of nodes are those of
 * hw/kria/gantry.dts. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "gantry_spec.h"

#define TREE "/proc/device-tree"
#define FIRMWARE "/lib/firmware/xilinx/gantry"

enum { FILE_BYTES = 4096, NAME_BYTES = 256, MEGABYTE = 1 << 20 };

void gantry_doctor_configuration(const struct gantry_doctor *doctor, char *out, size_t size)
{
    gantry_doctor_line(doctor, TREE "/gantry/gantry,configuration", out, size);
}

/* ---- The fabric ---- */

static void check_fabric(struct gantry_doctor *doctor)
{
    char state[NAME_BYTES];
    gantry_doctor_line(doctor, "/sys/class/fpga_manager/fpga0/state", state, sizeof state);
    if (strcmp(state, "operating") == 0)
        gantry_doctor_say(doctor, "fabric", GANTRY_DOCTOR_OK, NULL, "programmed");
    else if (!state[0])
        gantry_doctor_say(doctor, "fabric", GANTRY_DOCTOR_FAILED, "sudo modprobe zynqmp-fpga",
                          "the kernel has no manager of the fabric");
    else
        gantry_doctor_say(doctor, "fabric", GANTRY_DOCTOR_FAILED, GANTRY_DOCTOR_LOAD,
                          "nothing works in it (its state is '%.40s', not 'operating')", state);
}

static void check_firmware(struct gantry_doctor *doctor)
{
    static const char *const files[] = {"gantry.bit.bin", "gantry.dtbo", "shell.json"};
    for (size_t i = 0; i < GANTRY_COUNT(files); i++) {
        char path[NAME_BYTES];
        (void)snprintf(path, sizeof path, FIRMWARE "/%s", files[i]);
        if (gantry_doctor_exists(doctor, path)) continue;
        gantry_doctor_say(doctor, "firmware", GANTRY_DOCTOR_FAILED, GANTRY_DOCTOR_INSTALL_FIRMWARE,
                          "%s is not there: xmutil does not know the application", path);
        return;
    }
    gantry_doctor_say(doctor, "firmware", GANTRY_DOCTOR_OK, NULL, FIRMWARE);
}

static bool take_name(const struct gantry_doctor *doctor, const char *name, void *context)
{
    (void)doctor;
    (void)snprintf(context, NAME_BYTES, "%.200s", name);
    return true;
}

static void check_application(struct gantry_doctor *doctor)
{
    uint64_t hash;
    char other[NAME_BYTES] = "", configuration[NAME_BYTES];
    if (!gantry_board_spec(doctor->root, &hash)) {
        bool loaded = gantry_doctor_find(doctor, "/sys/kernel/config/device-tree/overlays", "",
                                         take_name, other);
        gantry_doctor_say(doctor, "application", GANTRY_DOCTOR_FAILED, GANTRY_DOCTOR_LOAD,
                          loaded ? "another application is loaded (%.100s)"
                                 : "no application is loaded%.100s",
                          other);
        return;
    }
    gantry_doctor_configuration(doctor, configuration, sizeof configuration);
    if (hash == GANTRY_SPEC_HASH)
        gantry_doctor_say(doctor, "application", GANTRY_DOCTOR_OK, NULL,
                          "gantry, configuration %.40s", configuration);
    else
        gantry_doctor_say(doctor, "application", GANTRY_DOCTOR_FAILED, GANTRY_DOCTOR_INSTALL_BOTH,
                          "the accelerator has specification %016" PRIx64
                          ", the command %016" PRIx64,
                          hash, GANTRY_SPEC_HASH);
}

/* ---- The driver ---- */

/* Takes the render node whose device is zocl's. */
static bool is_ours(const struct gantry_doctor *doctor, const char *name, void *context)
{
    char path[NAME_BYTES], text[FILE_BYTES];
    (void)snprintf(path, sizeof path, "/sys/class/drm/%.100s/device/uevent", name);
    return gantry_doctor_read(doctor, path, text, sizeof text, NULL) &&
           strstr(text, "=xlnx,zocl\n") && take_name(doctor, name, context);
}

static bool check_driver(struct gantry_doctor *doctor, char *node)
{
    if (!gantry_doctor_exists(doctor, "/sys/module/zocl")) {
        gantry_doctor_say(doctor, "driver", GANTRY_DOCTOR_FAILED, "sudo modprobe zocl",
                          "the kernel module zocl is not loaded");
        return false;
    }
    if (gantry_doctor_find(doctor, "/sys/class/drm", "renderD", is_ours, node)) {
        gantry_doctor_say(doctor, "driver", GANTRY_DOCTOR_OK, NULL, "zocl, /dev/dri/%s", node);
        return true;
    }
    gantry_doctor_say(doctor, "driver", GANTRY_DOCTOR_FAILED, GANTRY_DOCTOR_LOAD,
                      "zocl is loaded, but no /dev/dri/renderD* is its own");
    return false;
}

static void check_access(struct gantry_doctor *doctor, const char *node)
{
    char path[NAME_BYTES], full[GANTRY_DOCTOR_PATH_BYTES];
    (void)snprintf(path, sizeof path, "/dev/dri/%.100s", node);
    gantry_doctor_path(doctor, path, full, sizeof full);
    if (access(full, R_OK | W_OK) == 0)
        gantry_doctor_say(doctor, "access", GANTRY_DOCTOR_OK, NULL, "%s may be used", path);
    else if (!gantry_doctor_exists(doctor, path))
        gantry_doctor_say(doctor, "access", GANTRY_DOCTOR_FAILED, "sudo udevadm trigger",
                          "%s is not there", path);
    else
        gantry_doctor_say(doctor, "access", GANTRY_DOCTOR_FAILED,
                          "sudo usermod -aG render \"$USER\"  # and log in again",
                          "%s may not be read and written by this user", path);
}

/* ---- Others on the board ---- */

struct holder {
    char folder[NAME_BYTES], target[NAME_BYTES]; /* of a process; what is looked for */
    char process[NAME_BYTES];                    /* found */
};

static bool holds(const struct gantry_doctor *doctor, const char *name, void *context)
{
    struct holder *holder = context;
    char path[2 * NAME_BYTES], full[GANTRY_DOCTOR_PATH_BYTES], to[NAME_BYTES];
    (void)snprintf(path, sizeof path, "%s/%.20s", holder->folder, name);
    gantry_doctor_path(doctor, path, full, sizeof full);
    ssize_t length = readlink(full, to, sizeof to - 1);
    if (length <= 0) return false;
    to[length] = 0;
    return strcmp(to, holder->target) == 0;
}

static bool process_holds(const struct gantry_doctor *doctor, const char *name, void *context)
{
    struct holder *holder = context;
    if (strspn(name, "0123456789") != strlen(name) || strtol(name, NULL, 10) == (long)getpid())
        return false;
    (void)snprintf(holder->folder, sizeof holder->folder, "/proc/%.20s/fd", name);
    if (!gantry_doctor_find(doctor, holder->folder, "", holds, holder)) return false;
    (void)snprintf(holder->process, sizeof holder->process, "%.20s", name);
    return true;
}

static void check_users(struct gantry_doctor *doctor, const char *node)
{
    struct holder holder = {.process = ""};
    char path[NAME_BYTES], name[NAME_BYTES], fix[NAME_BYTES];
    (void)snprintf(holder.target, sizeof holder.target, "/dev/dri/%.100s", node);
    if (!gantry_doctor_find(doctor, "/proc", "", process_holds, &holder)) {
        gantry_doctor_say(doctor, "users", GANTRY_DOCTOR_OK, NULL, "no other process is seen on %s",
                          holder.target);
        return;
    }
    (void)snprintf(path, sizeof path, "/proc/%.20s/comm", holder.process);
    (void)snprintf(fix, sizeof fix, "sudo kill %.20s", holder.process);
    gantry_doctor_line(doctor, path, name, sizeof name);
    gantry_doctor_say(doctor, "users", GANTRY_DOCTOR_WARNING, fix,
                      "process %.20s (%.40s) has %s open: the accelerator serves one at a time",
                      holder.process, name, holder.target);
}

static int processors(const struct gantry_doctor *doctor)
{
    char text[4 * FILE_BYTES];
    int count = 0;
    if (!gantry_doctor_read(doctor, "/proc/cpuinfo", text, sizeof text, NULL)) return 1;
    for (const char *at = text; (at = strstr(at, "processor\t")); at++) count++;
    return count ? count : 1;
}

static void check_load(struct gantry_doctor *doctor)
{
    char text[NAME_BYTES];
    gantry_doctor_line(doctor, "/proc/loadavg", text, sizeof text);
    int count = processors(doctor);
    double load = strtod(text, NULL);
    if (!text[0])
        gantry_doctor_say(doctor, "load", GANTRY_DOCTOR_NONE, NULL, "/proc/loadavg is not there");
    else if (load > count / 2.0)
        gantry_doctor_say(doctor, "load", GANTRY_DOCTOR_WARNING, "top -o %CPU",
                          "%.2f of %d processors are busy with others: layers on the CPU wait",
                          load, count);
    else
        gantry_doctor_say(doctor, "load", GANTRY_DOCTOR_OK, NULL, "%.2f of %d processors", load,
                          count);
}

/* ---- Memory ---- */

/* Bytes of a line of /proc/meminfo. */
static bool meminfo(const char *text, const char *name, uint64_t *out)
{
    const char *at = strstr(text, name);
    if (!at) return false;
    *out = strtoull(at + strlen(name), NULL, 10) * 1024;
    return true;
}

static void check_memory(struct gantry_doctor *doctor)
{
    char text[FILE_BYTES], fix[GANTRY_DOCTOR_TEXT_BYTES];
    uint64_t all = 0, free = 0, need = doctor->model_bytes;
    bool there = gantry_doctor_read(doctor, "/proc/meminfo", text, sizeof text, NULL) &&
                 meminfo(text, "CmaTotal:", &all) && meminfo(text, "CmaFree:", &free);
    uint64_t wanted = need > all ? 2 * need : 2 * all;
    if (!wanted) wanted = (uint64_t)256 * MEGABYTE;
    (void)snprintf(fix, sizeof fix,
                   "sudo sed -i 's/^LINUX_KERNEL_CMDLINE=\"/&cma=%" PRIu64 "M /' "
                   "/etc/default/flash-kernel; sudo flash-kernel; sudo reboot",
                   (wanted + MEGABYTE - 1) / MEGABYTE);
    if (!there || !all)
        gantry_doctor_say(doctor, "memory", GANTRY_DOCTOR_FAILED, fix,
                          "the kernel has no contiguous memory (CMA) for the accelerator");
    else if (need > free)
        gantry_doctor_say(doctor, "memory", GANTRY_DOCTOR_FAILED, fix,
                          "the model needs %" PRIu64 " bytes of contiguous memory (CMA), %" PRIu64
                          " of %" PRIu64 " are free",
                          need, free, all);
    else if (need)
        gantry_doctor_say(doctor, "memory", GANTRY_DOCTOR_OK, NULL,
                          "the model needs %" PRIu64 " bytes of contiguous memory, %" PRIu64
                          " are free",
                          need, free);
    else
        gantry_doctor_say(doctor, "memory", GANTRY_DOCTOR_OK, NULL,
                          "%" PRIu64 " of %" PRIu64 " MB of contiguous memory are free; --model "
                          "compares with a model's need",
                          free / MEGABYTE, all / MEGABYTE);
}

void gantry_doctor_board(struct gantry_doctor *doctor)
{
    char text[NAME_BYTES], node[NAME_BYTES] = "";
    gantry_doctor_line(doctor, TREE "/model", text, sizeof text);
    gantry_doctor_say(doctor, "board", GANTRY_DOCTOR_OK, NULL, "%.100s", text);
    check_firmware(doctor);
    check_fabric(doctor);
    check_application(doctor);
    gantry_doctor_image(doctor);
    if (check_driver(doctor, node)) {
        check_access(doctor, node);
        check_users(doctor, node);
    }
    gantry_doctor_xrt(doctor, true);
    check_memory(doctor);
    check_load(doctor);
}
