/* SPDX-License-Identifier: Apache-2.0
 * Threads that share the units of a kernel. */
#ifndef GANTRY_RUNTIME_POOL_H
#define GANTRY_RUNTIME_POOL_H

#include "kernels/kernel.h"

enum { GANTRY_THREADS_MAX = 64 };

struct gantry_pool; /* NULL: the calling thread alone */

/* NULL when threads is 1, and without memory or threads. */
struct gantry_pool *gantry_pool_create(int32_t threads);
void gantry_pool_destroy(struct gantry_pool *pool); /* NULL is allowed */

/* Into how many parts a kernel is worth cutting for so many threads. */
int32_t gantry_pool_parts(const struct gantry_kernel *kernel, int32_t threads);
/* Runs all units, cut into parts, at most GANTRY_THREADS_MAX. scratch has kernel->scratch_bytes,
 * aligned to 64, for each part. One call at a time. */
void gantry_pool_run(struct gantry_pool *pool, const struct gantry_kernel *kernel, int32_t parts,
                     void *scratch);

#endif
