/* SPDX-License-Identifier: Apache-2.0
 * Copies of boxes of elements. */
#include "kernels/op_view.h"

#include <string.h>

struct gantry_op_view gantry_op_view_at(const struct gantry_op_tensor *from, int64_t from_at,
                                        const struct gantry_op_tensor *to, int64_t to_at)
{
    int64_t element = (int64_t)gantry_dtype_bytes(to->dtype);
    return (struct gantry_op_view){.from = (const uint8_t *)from->data + from_at * element,
                                   .to = (uint8_t *)to->data + to_at * element,
                                   .element = (size_t)element};
}

void gantry_op_view_add(struct gantry_op_view *view, int32_t dim, int64_t from_step,
                        int64_t to_step)
{
    gantry_assert(view->rank < GANTRY_OP_VIEW_RANK);
    view->dims[view->rank] = dim;
    view->from_step[view->rank] = from_step;
    view->to_step[view->rank++] = to_step;
}

struct gantry_op_strides gantry_op_dense(const struct gantry_shape *shape)
{
    struct gantry_op_strides strides = {{0}};
    int64_t step = 1;
    for (int32_t d = shape->rank - 1; d >= 0; d--) {
        strides.step[d] = step;
        step *= shape->dims[d];
    }
    return strides;
}

void gantry_op_view_simplify(struct gantry_op_view *view)
{
    struct gantry_op_view simple = *view;
    simple.rank = 0;
    for (int32_t d = 0; d < view->rank; d++) {
        int32_t outer = simple.rank - 1, dim = view->dims[d];
        if (dim == 1) continue;
        if (outer >= 0 && simple.from_step[outer] == dim * view->from_step[d] &&
            simple.to_step[outer] == dim * view->to_step[d]) {
            simple.dims[outer] *= dim;
            simple.from_step[outer] = view->from_step[d];
            simple.to_step[outer] = view->to_step[d];
        } else {
            gantry_op_view_add(&simple, dim, view->from_step[d], view->to_step[d]);
        }
    }
    *view = simple;
}

/* A row of elements that lie apart. SIZE is a constant, so memcpy is one move. */
#define COPY_APART(SIZE)                                      \
    for (int32_t i = 0; i < count; i++) {                     \
        memcpy(to + i * to_step, from + i * from_step, SIZE); \
    }

static void copy_row(uint8_t *to, const uint8_t *from, const struct gantry_op_view *view)
{
    int32_t last = view->rank - 1, count = last < 0 ? 1 : view->dims[last];
    int64_t element = (int64_t)view->element;
    int64_t from_step = last < 0 ? element : view->from_step[last] * element;
    int64_t to_step = last < 0 ? element : view->to_step[last] * element;
    if (from_step == element && to_step == element) {
        memcpy(to, from, (size_t)(count * element));
        return;
    }
    switch (element) {
    case 1:
        COPY_APART(1)
        break;
    case 2:
        COPY_APART(2)
        break;
    case 4:
        COPY_APART(4)
        break;
    default:
        COPY_APART(8)
    }
}

void gantry_op_view_copy(const struct gantry_op_view *view)
{
    int32_t at[GANTRY_OP_VIEW_RANK] = {0}, last = view->rank - 1, d;
    int64_t element = (int64_t)view->element;
    const uint8_t *from = view->from;
    uint8_t *to = view->to;
    for (int32_t i = 0; i < view->rank; i++)
        if (view->dims[i] == 0) return;
    do {
        copy_row(to, from, view);
        for (d = last - 1; d >= 0; d--) {
            from += view->from_step[d] * element;
            to += view->to_step[d] * element;
            if (++at[d] < view->dims[d]) break;
            from -= view->from_step[d] * view->dims[d] * element;
            to -= view->to_step[d] * view->dims[d] * element;
            at[d] = 0;
        }
    } while (d >= 0);
}

static void run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_view *views = state;
    (void)scratch;
    for (int32_t i = first; i < end; i++) gantry_op_view_copy(&views[i]);
}

void gantry_op_set_views(struct gantry_kernel *kernel, struct gantry_op_view *views, int32_t count)
{
    uint64_t bytes = 0;
    for (int32_t i = 0; i < count; i++) {
        uint64_t size = views[i].element;
        for (int32_t d = 0; d < views[i].rank; d++) size *= (uint64_t)views[i].dims[d];
        bytes += size;
        gantry_op_view_simplify(&views[i]);
    }
    gantry_op_set(kernel, run, views, count, bytes / 4);
}

bool gantry_op_set_view(struct gantry_kernel *kernel, const struct gantry_op_view *view,
                        struct gantry_arena *arena)
{
    struct gantry_op_view *kept = gantry_arena_alloc(arena, 1, sizeof *kept);
    if (!kept) return false;
    *kept = *view;
    gantry_op_set_views(kernel, kept, 1);
    return true;
}
