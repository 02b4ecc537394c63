/* SPDX-License-Identifier: Apache-2.0
 * CAST: numbers as another type. Reals are cut and limited to the range of an integer type;
 * integers keep their low bits; what is not 0 is true. One unit. */
#include "kernels/op.h"

#include <math.h>

/* A real number as an integer of a type; of none the greatest. */
static int64_t cut(enum gantry_dtype dtype, double value)
{
    if (dtype == GANTRY_BOOL) return value != 0;
    if (isnan(value)) value = HUGE_VAL;
    int32_t bits = (int32_t)(8 * gantry_dtype_bytes(dtype)) - (dtype == GANTRY_UINT8 ? 0 : 1);
    double high = ldexp(1, bits), low = dtype == GANTRY_UINT8 ? 0 : -high;
    if (value <= low) return bits == 63 ? INT64_MIN : (int64_t)low;
    if (value >= high) return bits == 63 ? INT64_MAX : (int64_t)high - 1;
    return (int64_t)value;
}

static void run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_args *args = state;
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    int64_t elements = gantry_op_elements(x);
    (void)first, (void)end, (void)scratch;
    for (int64_t i = 0; i < elements; i++) {
        if (x->dtype != GANTRY_FLOAT32)
            gantry_op_set_integer(y, i, gantry_op_integer(x, i));
        else if (y->dtype != GANTRY_FLOAT32)
            gantry_op_set_integer(y, i, cut(y->dtype, (double)((const float *)x->data)[i]));
        else
            ((float *)y->data)[i] = ((const float *)x->data)[i];
    }
}

bool gantry_op_cast(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                    struct gantry_arena *arena)
{
    (void)arena;
    gantry_op_set(kernel, run, args, 1, (uint64_t)gantry_op_elements(&args->inputs[0]) * 2);
    return true;
}
