/* SPDX-License-Identifier: Apache-2.0
 * What the choice of homes shares: storages (homes.c) and those that lie in others
 * (home_parts.c). */
#ifndef GANTRY_PLAN_HOMES_H
#define GANTRY_PLAN_HOMES_H

#include "plan/build.h"

/* A storage is named by the tensor that is written; its fields stand at that tensor's index. */
struct gantry_storage {
    int32_t root;
    int32_t stride; /* bytes of a pixel of the root */
    int32_t first, last;
    bool needed, output;
    int32_t inside; /* storage in which it lies, or -1 */
    bool sliced;    /* there, between the bytes of other parts: with the pixels of that */
    int64_t at;     /* there, bytes from the beginning */
};

struct gantry_homes {
    struct gantry_build *build;
    struct gantry_storage *storage; /* per tensor */
    int32_t *slot;                  /* per node */
    int32_t slots;
};

/* Extent for homes: of the shape, or one pixel of all values of what has no map. */
static inline struct gantry_extent gantry_home_extent(const struct gantry_graph_tensor *tensor)
{
    struct gantry_extent extent;
    if (gantry_shape_extent(&tensor->shape, &extent)) return extent;
    return (struct gantry_extent){1, 1, (int32_t)gantry_shape_elements(&tensor->shape)};
}

/* Bytes of a pixel without gaps. */
static inline int32_t gantry_home_pixel(const struct gantry_graph_tensor *tensor)
{
    return gantry_home_extent(tensor).c * (int32_t)gantry_dtype_bytes(tensor->dtype);
}

/* Puts parts of the CPU's CONCATENATIONs into the wholes, where what writes them can. */
void gantry_home_parts(struct gantry_homes *homes);

#endif
