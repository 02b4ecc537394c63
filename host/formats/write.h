/* SPDX-License-Identifier: Apache-2.0
 * Files that appear complete or not at all; devices and pipes are written as they are. */
#ifndef GANTRY_FORMATS_WRITE_H
#define GANTRY_FORMATS_WRITE_H

#include <limits.h>

#include "base/base.h"

struct gantry_piece {
    const void *data;
    size_t size;
};

/* How a file is written. False: under a temporary name beside target, path with its links followed,
 * and then renamed. True: there is something that is no regular file, which is written in place. */
bool gantry_write_in_place(const char *path, char target[PATH_MAX]);

/* Writes the pieces one after the other, as gantry_write_in_place says. */
GANTRY_MUST_USE enum gantry_status gantry_write_file(const char *path,
                                                     const struct gantry_piece *pieces,
                                                     size_t count, struct gantry_error *error);

#endif
