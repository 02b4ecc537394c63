/* SPDX-License-Identifier: Apache-2.0
 * Named values: where they lie, in which order of axes, as which integers. */
#include <string.h>

#include "formats/onnx_reader.h"
#include "formats/tflite_names.h"

/* ---- Names ---- */

static uint32_t hash(const char *name)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (; *name; name++) h = (h ^ (uint8_t)*name) * 16777619u;
    return h;
}

/* The slot of a name: its value, or a free one. */
static int32_t *slot_of(struct gantry_onnx *r, const char *name)
{
    uint32_t at = hash(name) % r->name_room;
    while (r->names[at] != 0 && strcmp(r->values[r->names[at] - 1].key, name) != 0)
        at = (at + 1) % r->name_room;
    return &r->names[at];
}

/* The table stays at most half full; slots hold value + 1. */
static bool rehash(struct gantry_onnx *r)
{
    uint32_t room = r->name_room ? 2 * r->name_room : 256;
    if ((uint32_t)r->value_count < r->name_room / 2) return true;
    int32_t *old = r->names;
    uint32_t old_room = r->name_room;
    r->names = gantry_arena_alloc(&r->graph->arena, room, sizeof *r->names);
    if (!r->names) return gantry_onnx_memory(r) != GANTRY_NO_VALUE;
    r->name_room = room;
    for (uint32_t i = 0; i < old_room; i++)
        if (old[i]) *slot_of(r, r->values[old[i] - 1].key) = old[i];
    return true;
}

int32_t gantry_onnx_unnamed(struct gantry_onnx *r, const char *name)
{
    if (r->status != GANTRY_OK) return GANTRY_NO_VALUE;
    if (!gantry_onnx_grow(r, (void **)&r->values, r->value_count, &r->value_room,
                          sizeof *r->values))
        return GANTRY_NO_VALUE;
    r->values[r->value_count] = (struct gantry_onnx_value){.key = "",
                                                           .name = name,
                                                           .tensor = GANTRY_NO_TENSOR,
                                                           .moved = GANTRY_NO_TENSOR,
                                                           .stored = GANTRY_NO_VALUE,
                                                           .flat = GANTRY_NO_VALUE,
                                                           .user = GANTRY_NO_NODE};
    return r->value_count++;
}

int32_t gantry_onnx_named(struct gantry_onnx *r, const char *name)
{
    if (r->status != GANTRY_OK || !rehash(r)) return GANTRY_NO_VALUE;
    int32_t *slot = slot_of(r, name);
    if (*slot) return *slot - 1;
    const char *shown =
        gantry_tflite_short_name(&r->graph->arena, name, strlen(name), GANTRY_NAME_MAX);
    if (!shown) return gantry_onnx_memory(r);
    int32_t value = gantry_onnx_unnamed(r, shown);
    if (value == GANTRY_NO_VALUE) return value;
    r->values[value].key = name;
    *slot = value + 1;
    return value;
}

/* ---- Order of axes ---- */

struct gantry_onnx_order gantry_onnx_identity(void)
{
    return (struct gantry_onnx_order){{0, 1, 2, 3, 4, 5}};
}

struct gantry_onnx_order gantry_onnx_channels_last(int32_t rank)
{
    struct gantry_onnx_order order = gantry_onnx_identity();
    if (rank < 3) return order;
    for (int32_t i = 1; i < rank - 1; i++) order.axis[i] = (int8_t)(i + 1);
    order.axis[rank - 1] = 1;
    return order;
}

int32_t gantry_onnx_place(const struct gantry_onnx_order *order, int32_t axis)
{
    for (int32_t i = 0; i < GANTRY_RANK_MAX; i++)
        if (order->axis[i] == axis) return i;
    return axis;
}

bool gantry_onnx_same_order(const struct gantry_onnx_order *a, const struct gantry_onnx_order *b,
                            int32_t rank)
{
    return memcmp(a->axis, b->axis, (size_t)rank) == 0;
}

/* ---- Values ---- */

void gantry_onnx_give(struct gantry_onnx *r, int32_t value, int32_t tensor,
                      struct gantry_onnx_order order)
{
    if (r->status != GANTRY_OK) return;
    struct gantry_onnx_value *v = &r->values[value];
    if (v->tensor != GANTRY_NO_TENSOR || v->stored != GANTRY_NO_VALUE ||
        v->flat != GANTRY_NO_VALUE) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "\"%s\" is made twice", v->name);
        return;
    }
    v->tensor = tensor;
    v->order = order;
}

void gantry_onnx_give_like(struct gantry_onnx *r, int32_t value, int32_t like, int32_t tensor,
                           struct gantry_onnx_order order)
{
    if (r->status != GANTRY_OK) return;
    if (r->values[like].stored == GANTRY_NO_VALUE) {
        gantry_onnx_give(r, value, tensor, order);
        return;
    }
    int32_t carrier = gantry_onnx_unnamed(r, r->values[value].name);
    if (carrier == GANTRY_NO_VALUE) return;
    gantry_onnx_give(r, carrier, tensor, order);
    r->values[value].stored = carrier;
}

static bool made(struct gantry_onnx *r, int32_t value)
{
    if (r->status != GANTRY_OK) return false;
    if (value == GANTRY_NO_VALUE) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "an input is absent%s", "");
        return false;
    }
    const struct gantry_onnx_value *v = &r->values[value];
    if (v->tensor != GANTRY_NO_TENSOR || v->stored != GANTRY_NO_VALUE || v->flat != GANTRY_NO_VALUE)
        return true;
    (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "\"%s\" is read before a node makes it", v->name);
    return false;
}

/* A value that is another one with its axes made one gets a tensor of its own. */
static void unfold(struct gantry_onnx *r, int32_t value)
{
    struct gantry_shape shape;
    int32_t flat = r->values[value].flat;
    if (flat == GANTRY_NO_VALUE || r->values[value].tensor != GANTRY_NO_TENSOR) return;
    if (!gantry_onnx_shape(r, value, &shape)) return;
    int32_t carrier = gantry_onnx_carrier(r, flat);
    int32_t tensor = gantry_onnx_reshape(r, gantry_onnx_take_logical(r, carrier), &shape);
    if (r->status != GANTRY_OK) return;
    r->values[value].flat = GANTRY_NO_VALUE;
    gantry_onnx_give_like(r, value, flat, tensor, gantry_onnx_identity());
}

int32_t gantry_onnx_carrier(struct gantry_onnx *r, int32_t value)
{
    if (!made(r, value)) return GANTRY_NO_VALUE;
    unfold(r, value);
    if (r->status != GANTRY_OK) return GANTRY_NO_VALUE;
    return r->values[value].stored != GANTRY_NO_VALUE ? r->values[value].stored : value;
}

bool gantry_onnx_is_constant(struct gantry_onnx *r, int32_t value)
{
    int32_t carrier = value == GANTRY_NO_VALUE ? value : gantry_onnx_carrier(r, value);
    return carrier != GANTRY_NO_VALUE && r->graph->tensors[r->values[carrier].tensor].data;
}

bool gantry_onnx_stored(const struct gantry_onnx *r, int32_t value)
{
    if (r->status != GANTRY_OK || value == GANTRY_NO_VALUE) return false;
    if (r->values[value].flat != GANTRY_NO_VALUE)
        return gantry_onnx_stored(r, r->values[value].flat);
    int32_t stored = r->values[value].stored;
    if (stored == GANTRY_NO_VALUE) return false;
    const struct gantry_graph_tensor *tensor = &r->graph->tensors[r->values[stored].tensor];
    return tensor->dtype == GANTRY_INT8 && tensor->quantization.count == 1;
}

bool gantry_onnx_shape(struct gantry_onnx *r, int32_t value, struct gantry_shape *out)
{
    *out = (struct gantry_shape){0};
    if (!made(r, value)) return false;
    int32_t flat = r->values[value].flat;
    if (flat != GANTRY_NO_VALUE) {
        struct gantry_shape full;
        if (!gantry_onnx_shape(r, flat, &full)) return false;
        int32_t rest = (int32_t)(gantry_shape_elements(&full) / full.dims[0]);
        *out = (struct gantry_shape){2, {full.dims[0], rest}};
        return true;
    }
    int32_t stored = r->values[value].stored;
    const struct gantry_onnx_value *v = &r->values[stored != GANTRY_NO_VALUE ? stored : value];
    const struct gantry_shape *lying = &r->graph->tensors[v->tensor].shape;
    out->rank = lying->rank;
    for (int32_t i = 0; i < lying->rank; i++) out->dims[v->order.axis[i]] = lying->dims[i];
    return true;
}

int32_t gantry_onnx_rank(struct gantry_onnx *r, int32_t value)
{
    struct gantry_shape shape;
    return gantry_onnx_shape(r, value, &shape) ? shape.rank : 0;
}

/* The real numbers of stored integers, in the order of the integers. */
static void make_real(struct gantry_onnx *r, int32_t value)
{
    int32_t stored = r->values[value].stored;
    if (stored == GANTRY_NO_VALUE || r->values[value].tensor != GANTRY_NO_TENSOR) return;
    int32_t real = gantry_onnx_tensor(r, r->values[value].name, GANTRY_FLOAT32, NULL);
    int32_t tensor = gantry_onnx_emit_simple(r, GANTRY_OP_DEQUANTIZE, r->values[stored].tensor,
                                             GANTRY_NO_TENSOR, GANTRY_NO_TENSOR, real, NULL);
    r->values[value].tensor = tensor;
    r->values[value].order = r->values[stored].order;
}

/* Moves data into another order: one node, or none where only axes of length 1 change places. */
static int32_t move(struct gantry_onnx *r, int32_t tensor, const struct gantry_onnx_order *from,
                    const struct gantry_onnx_order *to)
{
    const struct gantry_shape lying = r->graph->tensors[tensor].shape;
    struct gantry_shape wanted = {.rank = lying.rank};
    int32_t permutation[GANTRY_RANK_MAX], last = -1;
    bool moves = false;
    for (int32_t i = 0; i < lying.rank; i++) {
        permutation[i] = gantry_onnx_place(from, to->axis[i]);
        wanted.dims[i] = lying.dims[permutation[i]];
        if (wanted.dims[i] == 1) continue;
        moves = moves || permutation[i] < last;
        last = permutation[i];
    }
    if (moves || r->graph->tensors[tensor].quantization.count > 1)
        return gantry_onnx_transpose(r, tensor, permutation);
    return gantry_onnx_reshape(r, tensor, &wanted);
}

int32_t gantry_onnx_take(struct gantry_onnx *r, int32_t value,
                         const struct gantry_onnx_order *order)
{
    if (!made(r, value)) return GANTRY_NO_TENSOR;
    unfold(r, value);
    if (r->status != GANTRY_OK) return GANTRY_NO_TENSOR;
    int32_t stored = r->values[value].stored, rank = gantry_onnx_rank(r, value);
    /* Integers are moved rather than real numbers: fewer bytes, and an operator may want them. */
    if (stored != GANTRY_NO_VALUE && r->values[value].tensor == GANTRY_NO_TENSOR &&
        !gantry_onnx_same_order(&r->values[stored].order, order, rank)) {
        int32_t moved = gantry_onnx_take(r, stored, order);
        int32_t real = gantry_onnx_tensor(r, r->values[value].name, GANTRY_FLOAT32, NULL);
        r->values[value].tensor = gantry_onnx_emit_simple(
            r, GANTRY_OP_DEQUANTIZE, moved, GANTRY_NO_TENSOR, GANTRY_NO_TENSOR, real, NULL);
        r->values[value].order = *order;
    }
    make_real(r, value);
    struct gantry_onnx_value *v = &r->values[value];
    if (r->status != GANTRY_OK || gantry_onnx_same_order(&v->order, order, rank)) return v->tensor;
    if (v->moved != GANTRY_NO_TENSOR && gantry_onnx_same_order(&v->moved_order, order, rank))
        return v->moved;
    int32_t moved = move(r, v->tensor, &v->order, order);
    r->values[value].moved = moved;
    r->values[value].moved_order = *order;
    return moved;
}

int32_t gantry_onnx_take_logical(struct gantry_onnx *r, int32_t value)
{
    const struct gantry_onnx_order order = gantry_onnx_identity();
    return gantry_onnx_take(r, value, &order);
}

int32_t gantry_onnx_take_lying(struct gantry_onnx *r, int32_t value,
                               struct gantry_onnx_order *order)
{
    *order = gantry_onnx_identity();
    int32_t carrier = gantry_onnx_carrier(r, value);
    if (carrier == GANTRY_NO_VALUE) return GANTRY_NO_TENSOR;
    bool real = r->values[value].tensor != GANTRY_NO_TENSOR;
    *order = r->values[real ? value : carrier].order;
    return gantry_onnx_take(r, value, order);
}

int32_t gantry_onnx_take_broadcast(struct gantry_onnx *r, int32_t value, int32_t rank,
                                   const struct gantry_onnx_order *order)
{
    int32_t own = gantry_onnx_rank(r, value);
    if (own == rank) return gantry_onnx_take(r, value, order);
    int32_t tensor = gantry_onnx_take_logical(r, value);
    if (tensor == GANTRY_NO_TENSOR) return tensor;
    struct gantry_shape from = r->graph->tensors[tensor].shape, full = {.rank = rank};
    for (int32_t i = 0; i < rank; i++)
        full.dims[i] = i < rank - own ? 1 : from.dims[i - rank + own];
    const struct gantry_onnx_order identity = gantry_onnx_identity();
    return move(r, gantry_onnx_reshape(r, tensor, &full), &identity, order);
}

struct gantry_onnx_order gantry_onnx_common_order(struct gantry_onnx *r, const int32_t *values,
                                                  int32_t count, int32_t rank)
{
    struct gantry_onnx_order order = gantry_onnx_identity();
    int64_t most = 0;
    for (int32_t i = 0; i < count; i++) {
        struct gantry_shape shape;
        if (!gantry_onnx_shape(r, values[i], &shape) || shape.rank != rank) continue;
        int32_t carrier = gantry_onnx_carrier(r, values[i]);
        if (carrier == GANTRY_NO_VALUE) return order;
        bool constant = r->graph->tensors[r->values[carrier].tensor].data != NULL;
        int64_t elements = constant ? 0 : gantry_shape_elements(&shape);
        if (elements <= most) continue;
        most = elements;
        order = r->values[carrier].order;
    }
    return order;
}

/* ---- Constants ---- */

int32_t gantry_onnx_integers_of(struct gantry_onnx *r, int32_t value, int64_t *out, int32_t limit,
                                const char *what)
{
    int32_t tensor = gantry_onnx_take_logical(r, value);
    if (tensor == GANTRY_NO_TENSOR) return -1;
    const struct gantry_graph_tensor *t = &r->graph->tensors[tensor];
    int64_t count = gantry_shape_elements(&t->shape);
    if (!t->data || (t->dtype != GANTRY_INT64 && t->dtype != GANTRY_INT32) || count > limit) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                               "%s \"%s\": %d elements of %s%s (at most %d constant integers)",
                               what, r->values[value].name, (int)count, gantry_dtype_name(t->dtype),
                               t->data ? "" : ", not constant", limit);
        return -1;
    }
    for (int64_t i = 0; i < count; i++) out[i] = gantry_tensor_integer(t, i);
    return (int32_t)count;
}

int32_t gantry_onnx_list(struct gantry_onnx *r, int32_t input, const char *attribute, int64_t *out,
                         int32_t limit)
{
    if (r->status != GANTRY_OK) return -1;
    if (input != GANTRY_NO_VALUE) return gantry_onnx_integers_of(r, input, out, limit, attribute);
    const Onnx__AttributeProto *list = gantry_onnx_attribute(r->at, attribute);
    if (!list) return -1;
    if (list->n_ints > (size_t)limit) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "%s: %zu elements (limit %d)", attribute,
                               list->n_ints, limit);
        return -1;
    }
    if (list->n_ints) memcpy(out, list->ints, list->n_ints * sizeof *out);
    return (int32_t)list->n_ints;
}

bool gantry_onnx_scalar(const struct gantry_onnx *r, int32_t value, float *out)
{
    if (r->status != GANTRY_OK || value == GANTRY_NO_VALUE) return false;
    int32_t tensor = r->values[value].tensor;
    if (tensor == GANTRY_NO_TENSOR) return false;
    const struct gantry_graph_tensor *t = &r->graph->tensors[tensor];
    if (!t->data || t->dtype != GANTRY_FLOAT32 || t->bytes != sizeof *out) return false;
    memcpy(out, t->data, sizeof *out);
    return true;
}
