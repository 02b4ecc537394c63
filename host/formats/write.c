/* SPDX-License-Identifier: Apache-2.0
 * Files that appear complete or not at all. */
#include "formats/write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, const uint8_t *from, size_t size)
{
    while (size) {
        ssize_t n = write(fd, from, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        from += n;
        size -= (size_t)n;
    }
    return true;
}

static bool write_pieces(int fd, const struct gantry_piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!write_all(fd, pieces[i].data, pieces[i].size)) return false;
    return true;
}

/* mkstemp makes a private file; what is renamed has the permissions of any new file. */
static bool publish(int fd)
{
    mode_t mask = umask(0);
    (void)umask(mask);
    return fchmod(fd, (mode_t)(0666 & ~mask)) == 0;
}

enum gantry_status gantry_write_file(const char *path, const struct gantry_piece *pieces,
                                     size_t count, struct gantry_error *error)
{
    static const char suffix[] = ".XXXXXX";
    size_t length = strlen(path);
    char *name = gantry_allocate(NULL, length + sizeof suffix, 1);
    if (!name) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", path);
    memcpy(name, path, length);
    memcpy(name + length, suffix, sizeof suffix);
    enum gantry_status status = GANTRY_OK;
    int fd = mkstemp(name);
    if (fd < 0) {
        status = gantry_fail(error, GANTRY_ERR_FILE, "%s: cannot be written (%s)", path,
                             strerror(errno));
        goto release;
    }
    bool ok = write_pieces(fd, pieces, count) && publish(fd);
    ok = close(fd) == 0 && ok;
    ok = ok && rename(name, path) == 0;
    if (!ok) {
        status = gantry_fail(error, GANTRY_ERR_FILE, "%s: cannot be written (%s)", path,
                             strerror(errno));
        (void)unlink(name);
    }
release:
    gantry_release(NULL, name);
    return status;
}
