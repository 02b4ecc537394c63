/* SPDX-License-Identifier: Apache-2.0
 * Small files that tests write: a folder of their own below the build folder. */
#ifndef GANTRY_TEST_FILES_H
#define GANTRY_TEST_FILES_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The path of name in this process's own folder; a static buffer, for one use at a time. */
static inline const char *scratch_path(const char *name)
{
    static char path[1024];
    (void)snprintf(path, sizeof path, "%s/scratch-%d", GANTRY_BUILD_DIR, (int)getpid());
    (void)mkdir(path, 0777);
    size_t used = strlen(path);
    (void)snprintf(path + used, sizeof path - used, "/%s", name);
    return path;
}

static inline const char *scratch_file(const char *name, const void *data, size_t size)
{
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* Removes a file, and the folder when it was the last; true when the folder is gone. */
static inline bool scratch_remove(const char *name)
{
    (void)unlink(scratch_path(name));
    char folder[1024];
    (void)snprintf(folder, sizeof folder, "%s/scratch-%d", GANTRY_BUILD_DIR, (int)getpid());
    return rmdir(folder) == 0;
}

#endif
