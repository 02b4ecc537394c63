/* SPDX-License-Identifier: Apache-2.0
 * MIRROR_PAD: a tensor with its own reflection around it. One unit. */
#include <string.h>

#include "kernels/op.h"

/* Where every index of a dimension of the output lies in the input, in elements. */
struct mirror {
    const struct gantry_op_args *args;
    int64_t *from[GANTRY_RANK_MAX];
    size_t element;
};

/* Index i of a row of size with before indices in front of it, mirrored at its ends; skip is 1
 * where the end itself is not repeated. */
static int64_t mirrored(int64_t i, int64_t before, int64_t size, int64_t skip)
{
    i -= before;
    if (i < 0) i = -i - 1 + skip;
    if (i >= size) i = 2 * size - 1 - skip - i;
    return i;
}

static void run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct mirror *mirror = state;
    const struct gantry_op_tensor *y = &mirror->args->outputs[0];
    const uint8_t *from = mirror->args->inputs[0].data;
    uint8_t *to = y->data;
    int32_t at[GANTRY_RANK_MAX] = {0}, last = y->shape.rank - 1, d;
    (void)first, (void)end, (void)scratch;
    do {
        int64_t row = 0;
        for (d = 0; d < last; d++) row += mirror->from[d][at[d]];
        for (int32_t i = 0; i < y->shape.dims[last]; i++, to += mirror->element)
            memcpy(to, from + (size_t)(row + mirror->from[last][i]) * mirror->element,
                   mirror->element);
        for (d = last - 1; d >= 0; d--) {
            if (++at[d] < y->shape.dims[d]) break;
            at[d] = 0;
        }
    } while (d >= 0);
}

bool gantry_op_mirror_pad(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                          struct gantry_arena *arena)
{
    const struct gantry_op_tensor *x = &args->inputs[0], *y = &args->outputs[0];
    struct mirror *mirror = gantry_arena_alloc(arena, 1, sizeof *mirror);
    int64_t step = 1, skip = args->attributes->symmetric ? 0 : 1;
    if (!mirror) return false;
    mirror->args = args;
    mirror->element = gantry_dtype_bytes(x->dtype);
    for (int32_t d = x->shape.rank - 1; d >= 0; d--) {
        int64_t before = gantry_op_integer(&args->inputs[1], 2 * d);
        int64_t *table = gantry_arena_alloc(arena, (size_t)y->shape.dims[d], sizeof *table);
        if (!table) return false;
        for (int32_t i = 0; i < y->shape.dims[d]; i++)
            table[i] = step * mirrored(i, before, x->shape.dims[d], skip);
        mirror->from[d] = table;
        step *= x->shape.dims[d];
    }
    gantry_op_set(kernel, run, mirror, 1, (uint64_t)gantry_op_elements(y) * 2);
    return true;
}
