/* SPDX-License-Identifier: Apache-2.0
 * Operators bound to the kernels of an instruction set: packed once, run as often as wanted.
 *
 * Binding copies the arguments, packs weights into the arena and decides how the output is cut;
 * running allocates nothing and writes the same bytes as __ref, whatever the cut. A bound
 * convolution may read up to GANTRY_KERNEL_SLACK bytes behind the end of its input. */
#ifndef GANTRY_KERNELS_KERNEL_H
#define GANTRY_KERNELS_KERNEL_H

#include <stdbool.h>

#include "base/base.h"
#include "kernels/kernels.h"

enum { GANTRY_KERNEL_SLACK = 64 };

enum gantry_isa {
    GANTRY_ISA_REF,
    GANTRY_ISA_NEON,
    GANTRY_ISA_NEONDOT, /* with dot products */
    GANTRY_ISA_AVX2,
    GANTRY_ISA_AVX512, /* F, BW, VL and VNNI */
    GANTRY_ISA_COUNT
};
/* Name as GANTRY_ISA takes it ("avx512"). */
const char *gantry_isa_name(enum gantry_isa isa);
/* Whether this build has the kernels and this machine runs them. */
bool gantry_isa_usable(enum gantry_isa isa);
/* What the environment variable GANTRY_ISA names, else the best that is usable. Errors:
 * GANTRY_ERR_ARGUMENT for an unknown name, GANTRY_ERR_MISSING for one that is not usable. */
GANTRY_MUST_USE enum gantry_status gantry_isa_choose(enum gantry_isa *out,
                                                     struct gantry_error *error);

/* The output is cut into units that may be computed in any order and by any thread. */
struct gantry_kernel {
    void (*run)(const void *state, int32_t first, int32_t end, void *scratch);
    const void *state; /* in the arena */
    int32_t units;
    size_t scratch_bytes;        /* that a call of run needs, aligned to 64 */
    uint64_t cost;               /* about the nanoseconds of all units; for deciding on threads */
    struct gantry_packed packed; /* of a convolution: may be kept, and given at binding again */
};

/* False: out of memory. */
GANTRY_MUST_USE bool gantry_kernel_conv_2d(struct gantry_kernel *kernel,
                                           const struct gantry_s8_conv_args *args,
                                           enum gantry_isa isa, struct gantry_arena *arena);
GANTRY_MUST_USE bool gantry_kernel_depthwise_conv_2d(struct gantry_kernel *kernel,
                                                     const struct gantry_s8_conv_args *args,
                                                     enum gantry_isa isa,
                                                     struct gantry_arena *arena);
GANTRY_MUST_USE bool gantry_kernel_add(struct gantry_kernel *kernel,
                                       const struct gantry_s8_add_args *args, enum gantry_isa isa,
                                       struct gantry_arena *arena);
GANTRY_MUST_USE bool gantry_kernel_average_pool_2d(struct gantry_kernel *kernel,
                                                   const struct gantry_s8_pool_args *args,
                                                   enum gantry_isa isa, struct gantry_arena *arena);
GANTRY_MUST_USE bool gantry_kernel_max_pool_2d(struct gantry_kernel *kernel,
                                               const struct gantry_s8_pool_args *args,
                                               enum gantry_isa isa, struct gantry_arena *arena);
GANTRY_MUST_USE bool gantry_kernel_mean(struct gantry_kernel *kernel,
                                        const struct gantry_s8_mean_args *args, enum gantry_isa isa,
                                        struct gantry_arena *arena);
GANTRY_MUST_USE bool gantry_kernel_softmax(struct gantry_kernel *kernel,
                                           const struct gantry_s8_softmax_args *args,
                                           enum gantry_isa isa, struct gantry_arena *arena);
GANTRY_MUST_USE bool gantry_kernel_table(struct gantry_kernel *kernel,
                                         const struct gantry_x8_table_args *args,
                                         enum gantry_isa isa, struct gantry_arena *arena);

/* y = table[x] for count bytes; from and to may be the same. */
typedef void gantry_x8_look_up(const uint8_t table[256], const uint8_t *from, uint8_t *to,
                               size_t count);
gantry_x8_look_up *gantry_kernel_look_up(enum gantry_isa isa);

/* The greatest multiply-accumulates per second of this core with an instruction set, measured with
 * operands in registers for some milliseconds; 0 where there is no such measure. */
double gantry_isa_peak(enum gantry_isa isa);

/* Runs all units in this thread. */
static inline void gantry_kernel_run(const struct gantry_kernel *kernel, void *scratch)
{
    kernel->run(kernel->state, 0, kernel->units, scratch);
}

#endif
