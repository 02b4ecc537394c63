/* SPDX-License-Identifier: Apache-2.0
 * ONNX's Resize: the nearest values along any axes, values between the neighbours on maps. */
#include <math.h>
#include <string.h>

#include "formats/onnx_reader.h"

/* What becomes of an axis. */
struct axis {
    int32_t in, out;
    float scale;
};

/* ---- Sizes ---- */

/* The axes that sizes or scales are given for; -1: recorded. */
static int32_t named_axes(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t rank,
                          int32_t *named)
{
    const Onnx__AttributeProto *axes = gantry_onnx_attribute(node, "axes");
    int32_t count = axes ? (int32_t)axes->n_ints : rank;
    if (axes && axes->n_ints > (size_t)rank) count = 0;
    for (int32_t i = 0; i < count; i++)
        named[i] = axes ? gantry_onnx_axis(r, axes->ints[i], rank) : i;
    if (count < 1) (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "axes (1..%d)", rank);
    return r->status == GANTRY_OK ? count : -1;
}

static bool set_axis(struct gantry_onnx *r, struct axis *axis, double out, float scale)
{
    axis->out = out >= 1 && out <= INT32_MAX ? (int32_t)out : 0;
    axis->scale = scale;
    if (axis->out >= 1 && scale > 0) return true;
    (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "an axis of %d to %g (1..2^31 - 1)", axis->in,
                           out);
    return false;
}

static bool read_axes(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t rank,
                      struct axis *axes)
{
    bool old = r->opset < 11; /* without a region: x, scales */
    int32_t named[GANTRY_RANK_MAX];
    int32_t count = named_axes(r, node, rank, named);
    int32_t scales = gantry_onnx_input(node, old ? 1 : 2);
    int32_t sizes = old ? GANTRY_NO_VALUE : gantry_onnx_input(node, 3);
    if (count < 0) return false;
    if (sizes != GANTRY_NO_VALUE) {
        int64_t list[GANTRY_RANK_MAX] = {0};
        if (gantry_onnx_integers_of(r, sizes, list, GANTRY_RANK_MAX, "sizes") != count) count = 0;
        for (int32_t i = 0; i < count; i++) {
            struct axis *axis = &axes[named[i]];
            if (!set_axis(r, axis, (double)list[i], (float)list[i] / (float)axis->in)) return false;
        }
    } else if (gantry_onnx_is_constant(r, scales) &&
               gantry_onnx_constant_elements(r, scales, count)) {
        int32_t tensor = gantry_onnx_take_logical(r, scales);
        const struct gantry_graph_tensor *t = &r->graph->tensors[tensor];
        if (t->dtype != GANTRY_FLOAT32) count = 0;
        for (int32_t i = 0; i < count; i++) {
            struct axis *axis = &axes[named[i]];
            float scale = ((const float *)t->data)[i];
            if (!set_axis(r, axis, floor((double)axis->in * (double)scale), scale)) return false;
        }
    } else {
        count = 0;
    }
    if (count > 0) return r->status == GANTRY_OK;
    (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                           "neither constant sizes nor scales for rank %d", rank);
    return false;
}

/* ---- Where positions of the output lie on the input ---- */

enum coordinates {
    HALF_PIXEL,
    PYTORCH_HALF_PIXEL,
    HALF_PIXEL_SYMMETRIC,
    ALIGN_CORNERS,
    ASYMMETRIC
};
enum rounding { FLOOR, CEIL, PREFER_FLOOR, PREFER_CEIL };

struct mapping {
    enum coordinates coordinates;
    enum rounding rounding;
};

/* Which of the texts an attribute is; false: none of them. */
static bool read_choice(const struct gantry_onnx_node *node, const char *name,
                        const char *const *texts, size_t count, const char *usual, size_t *out)
{
    for (*out = 0; *out < count; ++*out)
        if (gantry_onnx_text_is(node, name, texts[*out], usual)) return true;
    return false;
}

static bool read_mapping(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                         struct mapping *out)
{
    static const char *const coordinates[] = {
        "half_pixel", "pytorch_half_pixel", "half_pixel_symmetric", "align_corners", "asymmetric"};
    static const char *const roundings[] = {"floor", "ceil", "round_prefer_floor",
                                            "round_prefer_ceil"};
    bool old = r->opset < 11;
    size_t how, rounding;
    if (!read_choice(node, "coordinate_transformation_mode", coordinates, GANTRY_COUNT(coordinates),
                     old ? "asymmetric" : "half_pixel", &how) ||
        !read_choice(node, "nearest_mode", roundings, GANTRY_COUNT(roundings),
                     old ? "floor" : "round_prefer_floor", &rounding)) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "its %s or nearest_mode",
                               "coordinate_transformation_mode");
        return false;
    }
    *out = (struct mapping){(enum coordinates)how, (enum rounding)rounding};
    return true;
}

static float position(enum coordinates how, const struct axis *axis, int32_t i)
{
    float half = ((float)i + 0.5f) / axis->scale - 0.5f;
    float share = (float)axis->out / (axis->scale * (float)axis->in);
    switch (how) {
    case ASYMMETRIC:
        return (float)i / axis->scale;
    case PYTORCH_HALF_PIXEL:
        return axis->out > 1 ? half : 0;
    case ALIGN_CORNERS:
        return axis->out > 1 ? (float)i * (float)(axis->in - 1) / (float)(axis->out - 1) : 0;
    case HALF_PIXEL_SYMMETRIC:
        return (float)axis->in / 2 * (1 - share) + half;
    case HALF_PIXEL:
    default:
        return half;
    }
}

/* The element that a position of the output takes. */
static int32_t nearest_of(const struct mapping *mapping, const struct axis *axis, int32_t i)
{
    float at = position(mapping->coordinates, axis, i), down = floorf(at), place = down;
    if (mapping->rounding == CEIL) place = ceilf(at);
    if (mapping->rounding == PREFER_FLOOR && at - down > 0.5f) place = down + 1;
    if (mapping->rounding == PREFER_CEIL && at - down >= 0.5f) place = down + 1;
    return (int32_t)fminf(fmaxf(place, 0), (float)(axis->in - 1));
}

/* ---- Nearest values ---- */

/* Whether RESIZE_NEAREST_NEIGHBOR takes the same elements. */
static bool same_places(const struct mapping *mapping, const struct axis *axis,
                        const struct gantry_resize_attributes *how)
{
    for (int32_t i = 0; i < axis->out; i++)
        if (gantry_op_nearest_place(i, axis->in, axis->out, how) != nearest_of(mapping, axis, i))
            return false;
    return true;
}

static bool find_kind(const struct mapping *mapping, const struct axis *axes,
                      struct gantry_resize_attributes *how)
{
    static const struct gantry_resize_attributes kinds[] = {
        {0}, {.half_pixel = true}, {.align_corners = true}};
    for (size_t i = 0; i < GANTRY_COUNT(kinds); i++) {
        *how = kinds[i];
        if (same_places(mapping, &axes[2], how) && same_places(mapping, &axes[3], how)) return true;
    }
    return false;
}

/* Along one axis of a tensor by a list of indices. */
static int32_t gather(struct gantry_onnx *r, const struct mapping *mapping, int32_t tensor,
                      int32_t place, const struct axis *axis)
{
    const struct gantry_shape list = {1, {axis->out}};
    const union gantry_attributes attributes = {.along = {.axis = place}};
    void *data;
    if (!gantry_onnx_afford(r, &list)) return GANTRY_NO_TENSOR;
    int32_t indices = gantry_onnx_make_constant(r, "places", GANTRY_INT32, &list, &data);
    for (int32_t i = 0; data && i < axis->out; i++)
        ((int32_t *)data)[i] = nearest_of(mapping, axis, i);
    int32_t output = gantry_onnx_like(r, tensor, r->values[r->at->outputs[0]].name);
    return gantry_onnx_emit_simple(r, GANTRY_OP_GATHER, tensor, indices, GANTRY_NO_TENSOR, output,
                                   &attributes);
}

static void resize_map(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                       enum gantry_op op, const struct axis *axes,
                       const struct gantry_resize_attributes *how)
{
    const struct gantry_onnx_order last = gantry_onnx_channels_last(4);
    const union gantry_attributes attributes = {.resize = *how};
    const int64_t size[] = {axes[2].out, axes[3].out};
    int32_t x = node->inputs[0], output = node->outputs[0];
    int32_t from = gantry_onnx_take(r, gantry_onnx_carrier(r, x), &last);
    int32_t to = gantry_onnx_like(r, from, r->values[output].name);
    to = gantry_onnx_emit_simple(r, op, from, gantry_onnx_make_integers(r, size, 2),
                                 GANTRY_NO_TENSOR, to, &attributes);
    gantry_onnx_give_like(r, output, x, to, last);
}

static void resize_nearest(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t rank,
                           bool map, const struct axis *axes, const struct mapping *mapping)
{
    struct gantry_resize_attributes how;
    struct gantry_onnx_order order;
    int32_t x = node->inputs[0];
    for (int32_t i = 0; i < rank; i++) {
        const struct gantry_shape list = {1, {axes[i].out}};
        if (!gantry_onnx_afford(r, &list)) return;
    }
    if (map && find_kind(mapping, axes, &how)) {
        resize_map(r, node, GANTRY_OP_RESIZE_NEAREST_NEIGHBOR, axes, &how);
        return;
    }
    int32_t tensor = gantry_onnx_take_lying(r, gantry_onnx_carrier(r, x), &order);
    for (int32_t i = 0; i < rank && tensor != GANTRY_NO_TENSOR; i++)
        if (axes[i].out != axes[i].in || axes[i].scale != 1)
            tensor = gather(r, mapping, tensor, gantry_onnx_place(&order, i), &axes[i]);
    gantry_onnx_give_like(r, node->outputs[0], x, tensor, order);
}

/* ---- Between the neighbours ---- */

/* Scales that give no whole number of pixels would be another mapping than that by sizes. */
static bool is_whole(const struct axis *axis)
{
    return fabs((double)axis->scale * axis->in - axis->out) <= 1e-4;
}

static void resize_linear(struct gantry_onnx *r, const struct gantry_onnx_node *node, bool map,
                          const struct axis *axes, enum coordinates coordinates)
{
    bool one = map && (axes[2].out == 1 || axes[3].out == 1);
    bool known = coordinates != PYTORCH_HALF_PIXEL || !one;
    const struct gantry_resize_attributes how = {.align_corners = coordinates == ALIGN_CORNERS,
                                                 .half_pixel = coordinates != ALIGN_CORNERS &&
                                                               coordinates != ASYMMETRIC};
    if (map && known && is_whole(&axes[2]) && is_whole(&axes[3]) &&
        gantry_onnx_int(node, "antialias", 0) == 0) {
        resize_map(r, node, GANTRY_OP_RESIZE_BILINEAR, axes, &how);
        return;
    }
    (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                           "linear, but not of height and width to a whole number of pixels%s",
                           known ? "" : ", by half pixels to one of them");
}

void gantry_onnx_read_resize(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    struct axis axes[GANTRY_RANK_MAX];
    struct gantry_shape shape;
    struct mapping mapping;
    if (!gantry_onnx_shape(r, node->inputs[0], &shape) || !read_mapping(r, node, &mapping)) return;
    for (int32_t i = 0; i < shape.rank; i++)
        axes[i] = (struct axis){shape.dims[i], shape.dims[i], 1};
    if (!gantry_onnx_text_is(node, "keep_aspect_ratio_policy", "stretch", "stretch")) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "keep_aspect_ratio_policy (must be %s)",
                               "stretch");
        return;
    }
    if (!read_axes(r, node, shape.rank, axes)) return;
    bool map = shape.rank == 4 && axes[0].out == axes[0].in && axes[1].out == axes[1].in;
    if (gantry_onnx_text_is(node, "mode", "nearest", "nearest"))
        resize_nearest(r, node, shape.rank, map, axes, &mapping);
    else if (gantry_onnx_text_is(node, "mode", "linear", "nearest"))
        resize_linear(r, node, map, axes, mapping.coordinates);
    else
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "mode (must be nearest or %s)", "linear");
}
