/* SPDX-License-Identifier: Apache-2.0
 * Threads that share the units of a kernel. Without pthreadpool there is one thread. */
#ifndef GANTRY_RUNTIME_POOL_H
#define GANTRY_RUNTIME_POOL_H

#include "kernels/kernel.h"

enum { GANTRY_THREADS_MAX = 64 };

struct gantry_pool; /* NULL: the calling thread alone */

/* Whether this build can use more threads than one. */
bool gantry_pool_available(void);
/* NULL when threads is 1, when the build has no pool, or without memory. */
struct gantry_pool *gantry_pool_create(int32_t threads);
void gantry_pool_destroy(struct gantry_pool *pool); /* NULL is allowed */

/* Into how many parts a kernel is worth cutting for so many threads. */
int32_t gantry_pool_parts(const struct gantry_kernel *kernel, int32_t threads);
/* Runs all units, cut into parts. scratch has kernel->scratch_bytes, aligned to 64, for each part.
 * last: no work follows soon, the threads need not wait for it at full speed. */
void gantry_pool_run(struct gantry_pool *pool, const struct gantry_kernel *kernel, int32_t parts,
                     void *scratch, bool last);

#endif
