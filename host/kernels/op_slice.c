/* SPDX-License-Identifier: Apache-2.0
 * STRIDED_SLICE and SLICE. */
#include "kernels/op_slice.h"

/* ---- Boxes ---- */

static int64_t limited(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* One dimension of size dim by an entry of the list. */
static const char *cut(struct gantry_op_box *box, int32_t d, int64_t dim,
                       const struct gantry_op_slice_spec *spec, int32_t i,
                       const struct gantry_slice_attributes *masks)
{
    int64_t step = spec->step[i], low = step > 0 ? 0 : -1, high = step > 0 ? dim : dim - 1;
    int64_t begin = spec->begin[i] < 0 ? spec->begin[i] + dim : spec->begin[i];
    int64_t end = spec->end[i] < 0 ? spec->end[i] + dim : spec->end[i];
    if (step == 0 || step < INT32_MIN || step > INT32_MAX) return "a step of 0 or above 2^31 - 1";
    if (masks->shrink_axis_mask >> i & 1) {
        if (begin < 0 || begin >= dim) return "an index outside of its dimension";
        box->begin[d] = (int32_t)begin;
        box->step[d] = box->count[d] = 1;
        return NULL;
    }
    begin = masks->begin_mask >> i & 1 ? (step > 0 ? 0 : dim - 1) : limited(begin, low, high);
    end = masks->end_mask >> i & 1 ? (step > 0 ? dim : -1) : limited(end, low, high);
    int64_t count = step > 0 ? (end - begin + step - 1) / step : (begin - end - step - 1) / -step;
    if (count < 1) return "a dimension without elements";
    box->begin[d] = (int32_t)begin;
    box->step[d] = (int32_t)step;
    box->count[d] = (int32_t)count;
    return NULL;
}

static bool append(struct gantry_shape *shape, int32_t dim)
{
    if (shape->rank == GANTRY_RANK_MAX) return false;
    shape->dims[shape->rank++] = dim;
    return true;
}

/* Dimensions that the ellipsis, or the end of the list, stands for. */
static int32_t dimensions_left(const struct gantry_shape *x,
                               const struct gantry_op_slice_spec *spec,
                               const struct gantry_slice_attributes *masks)
{
    int32_t left = x->rank;
    for (int32_t i = 0; i < spec->count; i++) {
        bool named = !(masks->ellipsis_mask >> i & 1) && !(masks->new_axis_mask >> i & 1);
        left -= named ? 1 : 0;
    }
    return left;
}

static bool take_whole(struct gantry_op_box *box, const struct gantry_shape *x, int32_t *d,
                       int32_t dimensions)
{
    for (int32_t until = *d + dimensions; *d < until; (*d)++) {
        box->begin[*d] = 0;
        box->step[*d] = 1;
        box->count[*d] = x->dims[*d];
        if (!append(&box->shape, x->dims[*d])) return false;
    }
    return true;
}

const char *gantry_op_slice_box(const struct gantry_shape *x,
                                const struct gantry_op_slice_spec *spec,
                                const struct gantry_slice_attributes *masks,
                                struct gantry_op_box *out)
{
    static const char *const too_many = "more dimensions than the limit of 6";
    int32_t left = dimensions_left(x, spec, masks), d = 0;
    *out = (struct gantry_op_box){0};
    if (left < 0) return "more entries than the input has dimensions";
    for (int32_t i = 0; i < spec->count; i++) {
        if (masks->ellipsis_mask >> i & 1) {
            if (!take_whole(out, x, &d, left)) return too_many;
            left = 0; /* a second ellipsis stands for nothing */
        } else if (masks->new_axis_mask >> i & 1) {
            if (!append(&out->shape, 1)) return too_many;
        } else {
            const char *wrong = cut(out, d, x->dims[d], spec, i, masks);
            if (wrong) return wrong;
            bool kept = !(masks->shrink_axis_mask >> i & 1);
            if (kept && !append(&out->shape, out->count[d])) return too_many;
            d++;
        }
    }
    return take_whole(out, x, &d, left) ? NULL : too_many;
}

const char *gantry_op_slice_sized(const struct gantry_shape *x,
                                  const struct gantry_op_slice_spec *spec,
                                  struct gantry_op_box *out)
{
    *out = (struct gantry_op_box){.shape = *x};
    if (spec->count != x->rank) return "another count of begins than the input has dimensions";
    for (int32_t d = 0; d < x->rank; d++) {
        int64_t begin = spec->begin[d], size = spec->end[d];
        if (begin < 0 || begin >= x->dims[d]) return "a begin outside of its dimension";
        if (size == -1) size = x->dims[d] - begin;
        if (size < 1 || size > x->dims[d] - begin) return "a size outside of its dimension";
        out->begin[d] = (int32_t)begin;
        out->step[d] = 1;
        out->shape.dims[d] = out->count[d] = (int32_t)size;
    }
    return NULL;
}

/* ---- Kernels ---- */

static bool set_box(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                    const struct gantry_op_box *box, struct gantry_arena *arena)
{
    const struct gantry_shape *x = &args->inputs[0].shape;
    struct gantry_op_strides from = gantry_op_dense(x);
    int64_t at = 0, elements = gantry_op_elements(&args->outputs[0]);
    for (int32_t d = 0; d < x->rank; d++) at += box->begin[d] * from.step[d];
    struct gantry_op_view view = gantry_op_view_at(&args->inputs[0], at, &args->outputs[0], 0);
    for (int32_t d = 0; d < x->rank; d++) {
        elements /= box->count[d];
        gantry_op_view_add(&view, box->count[d], box->step[d] * from.step[d], elements);
    }
    return gantry_op_set_view(kernel, &view, arena);
}

/* Lists of the inputs behind the first; steps of 1 where there are none. */
static struct gantry_op_slice_spec read_spec(const struct gantry_op_args *args)
{
    struct gantry_op_slice_spec spec = {0};
    spec.count = (int32_t)gantry_op_elements(&args->inputs[1]);
    for (int32_t i = 0; i < spec.count; i++) {
        spec.begin[i] = gantry_op_integer(&args->inputs[1], i);
        spec.end[i] = gantry_op_integer(&args->inputs[2], i);
        spec.step[i] = args->input_count > 3 ? gantry_op_integer(&args->inputs[3], i) : 1;
    }
    return spec;
}

bool gantry_op_strided_slice(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                             struct gantry_arena *arena)
{
    struct gantry_op_slice_spec spec = read_spec(args);
    struct gantry_op_box box;
    const char *wrong =
        gantry_op_slice_box(&args->inputs[0].shape, &spec, &args->attributes->slice, &box);
    gantry_assert(!wrong);
    return set_box(kernel, args, &box, arena);
}

bool gantry_op_slice(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                     struct gantry_arena *arena)
{
    struct gantry_op_slice_spec spec = read_spec(args);
    struct gantry_op_box box;
    const char *wrong = gantry_op_slice_sized(&args->inputs[0].shape, &spec, &box);
    gantry_assert(!wrong);
    return set_box(kernel, args, &box, arena);
}
