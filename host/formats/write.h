/* SPDX-License-Identifier: Apache-2.0
 * Files that appear complete or not at all. */
#ifndef GANTRY_FORMATS_WRITE_H
#define GANTRY_FORMATS_WRITE_H

#include "base/base.h"

struct gantry_piece {
    const void *data;
    size_t size;
};

/* Writes the pieces one after the other to a temporary name beside path, then renames it. */
GANTRY_MUST_USE enum gantry_status gantry_write_file(const char *path,
                                                     const struct gantry_piece *pieces,
                                                     size_t count, struct gantry_error *error);

#endif
