/* SPDX-License-Identifier: Apache-2.0
 * Where the library's memory comes from.
 *
 * Loading and planning allocate; running does not. A NULL allocator means malloc and free. */
#ifndef GANTRY_ALLOCATOR_H
#define GANTRY_ALLOCATOR_H

#include <stddef.h>

#include "gantry/version.h"

#ifdef __cplusplus
extern "C" {
#endif

struct gantry_allocator {
    /* Returns size bytes (size > 0) aligned to 64, or NULL. Thread rule: as its users need. */
    void *(*allocate)(void *context, size_t size);
    /* Gives back what allocate returned; NULL is allowed. */
    void (*release)(void *context, void *memory);
    void *context;
};

#ifdef __cplusplus
}
#endif

#endif
