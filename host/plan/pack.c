/* SPDX-License-Identifier: Apache-2.0
 * Rooms for intervals of time: greedy placement at the lowest or the tightest place, in several
 * orders; the best of them wins. */
#include "plan/build.h"

#include <string.h>

enum order { ORDER_SIZE, ORDER_TIME, ORDER_LENGTH, ORDER_AREA, ORDER_COUNT };

static bool wraps(const struct gantry_pack_item *item) { return item->first > item->last; }

static int64_t length(const struct gantry_pack_item *item)
{
    /* Those that wrap are there when the end meets the beginning, as long as any. */
    return wraps(item) ? INT32_MAX : (int64_t)item->last - item->first + 1;
}

/* Whether a is to be placed before b; ties go by index, so that a plan is reproducible. */
static bool precedes(const struct gantry_pack_item *items, int32_t a, int32_t b, enum order order)
{
    const struct gantry_pack_item *x = &items[a], *y = &items[b];
    int64_t key_x = x->size, key_y = y->size;
    if (order == ORDER_TIME) key_x = -x->first, key_y = -y->first;
    if (order == ORDER_LENGTH) key_x = length(x), key_y = length(y);
    if (order == ORDER_AREA) key_x = x->size * length(x), key_y = y->size * length(y);
    if (key_x != key_y) return key_x > key_y;
    if (x->size != y->size) return x->size > y->size;
    return a < b;
}

static void sort(const struct gantry_pack_item *items, int32_t *index, int32_t count,
                 enum order order)
{
    for (int32_t i = 0; i < count; i++) {
        int32_t k = i;
        for (; k > 0 && precedes(items, i, index[k - 1], order); k--) index[k] = index[k - 1];
        index[k] = i;
    }
}

static bool meet(const struct gantry_pack_item *a, const struct gantry_pack_item *b)
{
    bool after = a->first <= b->last, before = b->first <= a->last;
    if (wraps(a) && wraps(b)) return true;
    return wraps(a) || wraps(b) ? after || before : after && before;
}

/* Places one item among those of placed[0..count), which are sorted by offset. tight: in the
 * smallest gap that holds it instead of the lowest. */
static int64_t find(const struct gantry_pack_item *items, const int32_t *placed, int32_t count,
                    const struct gantry_pack_item *item, bool tight)
{
    int64_t at = 0, best = -1, best_gap = INT64_MAX;
    for (int32_t i = 0; i < count; i++) {
        const struct gantry_pack_item *other = &items[placed[i]];
        if (!meet(other, item)) continue;
        int64_t gap = other->offset - at;
        if (gap >= item->size && gap < best_gap) {
            if (!tight) return at;
            best = at;
            best_gap = gap;
        }
        if (other->offset + other->size > at) at = other->offset + other->size;
    }
    return best >= 0 ? best : at;
}

static int64_t place(struct gantry_pack_item *items, const int32_t *index, int32_t *placed,
                     int32_t count, bool tight)
{
    int64_t total = 0;
    for (int32_t i = 0; i < count; i++) {
        struct gantry_pack_item *item = &items[index[i]];
        item->offset = find(items, placed, i, item, tight);
        if (item->offset + item->size > total) total = item->offset + item->size;
        int32_t k = i;
        for (; k > 0 && items[placed[k - 1]].offset > item->offset; k--) placed[k] = placed[k - 1];
        placed[k] = index[i];
    }
    return total;
}

int64_t gantry_pack(struct gantry_pack_item *items, int32_t count, int64_t alignment,
                    const struct gantry_allocator *allocator)
{
    if (count == 0) return 0;
    int32_t *index = gantry_allocate(allocator, (size_t)count * 2, sizeof *index);
    int64_t *best = gantry_allocate(allocator, (size_t)count, sizeof *best);
    int64_t least = -1;
    for (int32_t i = 0; i < count; i++)
        items[i].size = (items[i].size + alignment - 1) / alignment * alignment;
    for (int32_t trial = 0; index && best && trial < 2 * ORDER_COUNT; trial++) {
        sort(items, index, count, (enum order)(trial / 2));
        int64_t total = place(items, index, index + count, count, trial % 2 == 1);
        if (least >= 0 && total >= least) continue;
        least = total;
        for (int32_t i = 0; i < count; i++) best[i] = items[i].offset;
    }
    for (int32_t i = 0; least >= 0 && i < count; i++) items[i].offset = best[i];
    gantry_release(allocator, index);
    gantry_release(allocator, best);
    return least;
}
