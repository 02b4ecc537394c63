/* SPDX-License-Identifier: Apache-2.0
 * Everything that a run puts into the file system lies in one folder: XRT's root, its settings, its
 * sockets, the accelerator's file. */
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emu.h"

enum {
    PACKET_BYTES = 65536,
    /* The driver loses the result of realloc: no message may be longer than its first, which holds
     * these settings. This many bytes go into a setting that it ignores. */
    FILLER_BYTES = PACKET_BYTES + 4464
};

static bool path_of(char *out, size_t size, const char *folder, const char *name)
{
    int written = snprintf(out, size, "%s/%s", folder, name);
    return written > 0 && (size_t)written < size;
}

static bool is_there(const char *path, bool verbose, const char *what)
{
    bool there = access(path, R_OK) == 0;
    if (!there || verbose)
        fprintf(there ? stdout : stderr, "%s%s: %s%s\n", there ? "" : "gantry-emu: ", what, path,
                there ? "" : ": not there");
    return there;
}

/* Folder of XRT's libraries. */
static const char *library_folder(char *buffer, size_t size)
{
    const char *root = getenv("XILINX_XRT");
    if (!root) return GANTRY_XRT_LIBRARY_DIR;
    (void)snprintf(buffer, size, "%s/lib", root);
    return buffer;
}

bool emu_files_find(struct emu_files *files, bool verbose)
{
    static const char *const places[] = {"../lib", "../" GANTRY_MODULE_BELOW, GANTRY_MODULE_DIR};
    char own[EMU_PATH_BYTES], folder[EMU_PATH_BYTES * 2], buffer[EMU_PATH_BYTES];
    ssize_t length = readlink("/proc/self/exe", files->program, sizeof files->program - 1);
    if (length <= 0) return false;
    files->program[length] = 0;
    memcpy(own, files->program, (size_t)length + 1);
    const char *home = dirname(own);
    for (size_t i = 0; i < GANTRY_COUNT(places); i++) {
        bool absolute = places[i][0] == '/';
        (void)snprintf(folder, sizeof folder, "%s%s%s", absolute ? "" : home, absolute ? "" : "/",
                       places[i]);
        if (path_of(files->preload, sizeof files->preload, folder, "libgantry-emu.so") &&
            access(files->preload, R_OK) == 0)
            break;
    }
    bool fine = is_there(files->preload, verbose, "library for the command");
    (void)path_of(folder, sizeof folder, library_folder(buffer, sizeof buffer),
                  "libxrt_hwemu.so.2");
    return is_there(folder, verbose, "XRT's emulation driver") && fine;
}

static bool write_file(const char *folder, const char *name, mode_t mode,
                       void (*content)(FILE *, const struct emu_files *),
                       const struct emu_files *files)
{
    char path[EMU_PATH_BYTES];
    if (!path_of(path, sizeof path, folder, name)) return false;
    FILE *file = fopen(path, "w");
    if (!file) return false;
    content(file, files);
    bool fine = !ferror(file);
    return fclose(file) == 0 && chmod(path, mode) == 0 && fine;
}

static void settings(FILE *file, const struct emu_files *files)
{
    fprintf(file, "[Runtime]\nruntime_log=null\n[Emulation]\nsim_dir=%s/sim\npacket_size=%d\n",
            files->folder, PACKET_BYTES);
    fprintf(file, "print_infos_in_console=false\nprint_warnings_in_console=false\n"
                  "keep_run_dir=false\naliveness_message_interval=");
    for (int i = 0; i < FILLER_BYTES; i++) (void)fputc('x', file);
    (void)fputc('\n', file);
}

static void simulator(FILE *file, const struct emu_files *files)
{
    fprintf(file, "#!/bin/sh\nexec '%s' --attach '%s/control'\n", files->program, files->folder);
}

bool emu_files_make(struct emu_files *files, const struct emu_setup *setup)
{
    char path[EMU_PATH_BYTES], buffer[EMU_PATH_BYTES];
    (void)snprintf(files->folder, sizeof files->folder, "/tmp/gantry-emu-XXXXXX");
    if (!mkdtemp(files->folder)) {
        files->folder[0] = 0;
        return false;
    }
    static const char *const folders[] = {"sim", "run"};
    for (size_t i = 0; i < GANTRY_COUNT(folders); i++)
        if (!path_of(path, sizeof path, files->folder, folders[i]) || mkdir(path, 0700))
            return false;
    if (!path_of(path, sizeof path, files->folder, "lib") ||
        symlink(library_folder(buffer, sizeof buffer), path))
        return false;
    if (!write_file(files->folder, "xrt.ini", 0600, settings, files)) return false;
    if (!write_file(files->folder, "sim/launch_hw_emu.sh", 0700, simulator, files)) return false;
    return path_of(path, sizeof path, files->folder, "gantry.xclbin") &&
           emu_xclbin_write(path, setup);
}

static bool set(const char *name, const char *folder, const char *rest)
{
    char value[EMU_PATH_BYTES * 2];
    (void)snprintf(value, sizeof value, "%s%s", folder, rest);
    return setenv(name, value, 1) == 0;
}

bool emu_files_environment(const struct emu_files *files)
{
    const char *folder = files->folder, *loaded = getenv("LD_PRELOAD");
    char preload[EMU_PATH_BYTES * 2];
    (void)snprintf(preload, sizeof preload, "%s%s%s", files->preload, loaded ? ":" : "",
                   loaded ? loaded : "");
    /* The driver's sockets lie in /tmp/$USER. */
    return set("XCL_EMULATION_MODE", "hw_emu", "") && set("XILINX_XRT", folder, "") &&
           set("XRT_INI_PATH", folder, "/xrt.ini") && set("SDACCEL_EM_RUN_DIR", folder, "/run") &&
           set("USER", folder + strlen("/tmp/"), "") && set("LD_PRELOAD", preload, "") &&
           set("GANTRY_XCLBIN", folder, "/gantry.xclbin");
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

void emu_files_remove(const struct emu_files *files)
{
    if (files->folder[0]) (void)nftw(files->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
