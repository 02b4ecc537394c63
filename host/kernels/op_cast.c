/* SPDX-License-Identifier: Apache-2.0
 * CAST: numbers as another type. Reals are cut and limited to the range of an integer type;
 * integers keep their low bits; what is not 0 is true. One unit. */
#include "kernels/op.h"

#include <math.h>

static int64_t load(const struct gantry_op_tensor *x, int64_t i)
{
    switch (x->dtype) {
    case GANTRY_INT8:
        return ((const int8_t *)x->data)[i];
    case GANTRY_UINT8:
        return ((const uint8_t *)x->data)[i];
    case GANTRY_INT16:
        return ((const int16_t *)x->data)[i];
    case GANTRY_INT32:
        return ((const int32_t *)x->data)[i];
    case GANTRY_INT64:
        return ((const int64_t *)x->data)[i];
    case GANTRY_BOOL:
        return ((const uint8_t *)x->data)[i] != 0;
    case GANTRY_FLOAT32:
        break;
    }
    return 0;
}

static void store(const struct gantry_op_tensor *y, int64_t i, int64_t value)
{
    switch (y->dtype) {
    case GANTRY_INT8:
    case GANTRY_UINT8:
        ((uint8_t *)y->data)[i] = (uint8_t)value;
        break;
    case GANTRY_INT16:
        ((uint16_t *)y->data)[i] = (uint16_t)value;
        break;
    case GANTRY_INT32:
        ((uint32_t *)y->data)[i] = (uint32_t)value;
        break;
    case GANTRY_INT64:
        ((int64_t *)y->data)[i] = value;
        break;
    case GANTRY_BOOL:
        ((uint8_t *)y->data)[i] = value != 0;
        break;
    case GANTRY_FLOAT32:
        ((float *)y->data)[i] = (float)value;
        break;
    }
}

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
            store(y, i, load(x, i));
        else if (y->dtype != GANTRY_FLOAT32)
            store(y, i, cut(y->dtype, (double)((const float *)x->data)[i]));
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
