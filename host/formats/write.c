/* SPDX-License-Identifier: Apache-2.0
 * Files that appear complete or not at all; devices and pipes are written as they are. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "formats/write.h"

#include <errno.h>
#include <fcntl.h>
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

bool gantry_write_in_place(const char *path, char target[PATH_MAX])
{
    struct stat status;
    if (!realpath(path, target)) (void)snprintf(target, PATH_MAX, "%s", path);
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

static enum gantry_status cannot_write(const char *path, struct gantry_error *error)
{
    return gantry_fail(error, GANTRY_ERR_FILE, "%s: cannot be written (%s)", path, strerror(errno));
}

enum gantry_status gantry_write_file(const char *path, const struct gantry_piece *pieces,
                                     size_t count, struct gantry_error *error)
{
    static const char suffix[] = ".XXXXXX";
    char target[PATH_MAX], name[PATH_MAX + sizeof suffix];
    bool in_place = gantry_write_in_place(path, target);
    (void)snprintf(name, sizeof name, "%s%s", target, suffix);
    int fd = in_place ? open(path, O_WRONLY | O_CLOEXEC) : mkstemp(name);
    if (fd < 0) return cannot_write(path, error);
    bool ok = write_pieces(fd, pieces, count) && (in_place || publish(fd));
    ok = close(fd) == 0 && ok;
    ok = ok && (in_place || rename(name, target) == 0);
    if (ok) return GANTRY_OK;
    enum gantry_status status = cannot_write(path, error);
    if (!in_place) (void)unlink(name);
    return status;
}
