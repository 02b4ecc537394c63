/* SPDX-License-Identifier: Apache-2.0
 * Loaded into the command beside XRT's emulation driver. Some calls of the driver, and of nobody
 * else, do something other than they say: it sleeps for seconds where it has nothing to wait for,
 * it unmaps memory that it took from the heap, it prints to the command's output, and it writes a
 * log beside the command's program. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_NS = 500000 };

static int is_driver(const void *caller)
{
    Dl_info info;
    return dladdr(caller, &info) && info.dli_fname &&
           strstr(info.dli_fname, "libxrt_hwemu") != NULL;
}

__attribute__((visibility("default"))) unsigned sleep(unsigned seconds)
{
    int driver = is_driver(__builtin_return_address(0));
    struct timespec pause = {driver ? 0 : (time_t)seconds, driver ? PAUSE_NS : 0};
    struct timespec left = {0, 0};
    return nanosleep(&pause, &left) ? (unsigned)left.tv_sec : 0;
}

__attribute__((visibility("default"))) int munmap(void *memory, size_t bytes)
{
    if (!is_driver(__builtin_return_address(0))) return (int)syscall(SYS_munmap, memory, bytes);
    free(memory);
    return 0;
}

/* What printf becomes with checks on. */
__attribute__((visibility("default"))) int __printf_chk(int flag, const char *format, ...)
{
    (void)flag;
    if (is_driver(__builtin_return_address(0))) return 0;
    va_list list;
    va_start(list, format);
    int written = vfprintf(stdout, format, list);
    va_end(list);
    return written;
}

/* And what printf becomes without arguments. */
__attribute__((visibility("default"))) int puts(const char *text)
{
    if (is_driver(__builtin_return_address(0))) return 0;
    return fputs(text, stdout) < 0 ? EOF : fputc('\n', stdout);
}

/* How the C++ library opens the driver's log, which has no other place. */
__attribute__((visibility("default"))) FILE *fopen64(const char *path, const char *mode)
{
    static const char log[] = "/emulation_debug.log";
    FILE *(*open_file)(const char *, const char *);
    void *found = dlsym(RTLD_NEXT, "fopen64");
    size_t length = strlen(path), ending = sizeof log - 1;
    if (!found) return NULL;
    memcpy(&open_file, &found, sizeof open_file);
    int is_log = length >= ending && strcmp(path + length - ending, log) == 0;
    return open_file(is_log ? "/dev/null" : path, mode);
}
