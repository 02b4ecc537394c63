/* SPDX-License-Identifier: Apache-2.0
 * Whole files as memory: mapped, or read where mapping fails. */
#include "formats/formats.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads size bytes; false when the file ends before or a read fails. */
static bool read_all(int fd, uint8_t *to, size_t size)
{
    while (size) {
        ssize_t n = read(fd, to, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        to += n;
        size -= (size_t)n;
    }
    return true;
}

static enum gantry_status load(struct gantry_file *file, int fd, const char *path,
                               struct gantry_error *error)
{
    void *memory = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (memory != MAP_FAILED) {
        file->data = memory;
        file->mapped = true;
        return GANTRY_OK;
    }
    uint8_t *bytes = gantry_allocate(NULL, file->size, 1);
    if (!bytes)
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: no memory for %zu bytes", path,
                           file->size);
    if (!read_all(fd, bytes, file->size)) {
        gantry_release(NULL, bytes);
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: cannot be read", path);
    }
    file->data = bytes;
    return GANTRY_OK;
}

enum gantry_status gantry_file_open(struct gantry_file *file, const char *path,
                                    struct gantry_error *error)
{
    memset(file, 0, sizeof *file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: cannot be opened (%s)", path,
                           strerror(errno));
    struct stat info;
    enum gantry_status status = GANTRY_OK;
    if (fstat(fd, &info) != 0)
        status = gantry_fail(error, GANTRY_ERR_FILE, "%s: %s", path, strerror(errno));
    else if (!S_ISREG(info.st_mode))
        status = gantry_fail(error, GANTRY_ERR_FILE, "%s: not a regular file", path);
    else if (info.st_size == 0)
        status = gantry_fail(error, GANTRY_ERR_FILE, "%s: empty", path);
    if (status == GANTRY_OK) {
        file->size = (size_t)info.st_size;
        status = load(file, fd, path, error);
    }
    (void)close(fd);
    if (status != GANTRY_OK) memset(file, 0, sizeof *file);
    return status;
}

void gantry_file_close(struct gantry_file *file)
{
    /* munmap takes the address without const, as the mapping itself is given up. */
    union {
        const uint8_t *data;
        void *memory;
    } cast = {.data = file->data};
    if (file->mapped)
        (void)munmap(cast.memory, file->size);
    else
        gantry_release(NULL, cast.memory);
    memset(file, 0, sizeof *file);
}
