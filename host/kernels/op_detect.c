/* SPDX-License-Identifier: Apache-2.0
 * TFLite_Detection_PostProcess: boxes from their encodings and anchors, then the best of those that
 * do not overlap a better one too much. Fast: over all classes together, every box by its best
 * classes; regular: class by class. One unit. Scores that are equal keep the order of boxes. */
#include <math.h>
#include <string.h>

#include "kernels/op.h"

enum { BOXES, SCORES, ANCHORS };

struct box {
    float top, left, bottom, right;
};

struct candidate {
    float score;
    int32_t index; /* of a box */
    int32_t label;
};

struct detect {
    const struct gantry_op_args *args;
    int32_t boxes, encoding; /* values of a box */
    int32_t labels, first;   /* scores of a box, and of which class 0 is */
};

/* Memory of a run, in this order. */
struct work {
    struct box *boxes;            /* [boxes] */
    struct candidate *candidates; /* [boxes] */
    struct candidate *kept;       /* [detections] */
};

static struct work work_in(const struct detect *detect, void *scratch)
{
    struct work work;
    work.boxes = scratch;
    work.candidates = (struct candidate *)(work.boxes + detect->boxes);
    work.kept = work.candidates + detect->boxes;
    return work;
}

/* Element i as a real number. */
static float real(const struct gantry_op_tensor *tensor, int64_t i)
{
    if (tensor->dtype == GANTRY_FLOAT32) return ((const float *)tensor->data)[i];
    return (float)(((const int8_t *)tensor->data)[i] - tensor->zero_point[0]) * tensor->scale[0];
}

static float score_of(const struct detect *detect, int32_t box, int32_t label)
{
    return real(&detect->args->inputs[SCORES],
                (int64_t)box * detect->labels + detect->first + label);
}

static struct box decode(const struct detect *detect, int32_t i)
{
    const struct gantry_detect_attributes *scale = &detect->args->attributes->detect;
    const struct gantry_op_tensor *code = &detect->args->inputs[BOXES];
    const struct gantry_op_tensor *anchor = &detect->args->inputs[ANCHORS];
    int64_t at = (int64_t)i * detect->encoding, base = (int64_t)i * 4;
    double h = (double)real(anchor, base + 2), w = (double)real(anchor, base + 3);
    float y =
        (float)((double)real(code, at) / (double)scale->scale_y * h + (double)real(anchor, base));
    float x = (float)((double)real(code, at + 1) / (double)scale->scale_x * w +
                      (double)real(anchor, base + 1));
    float half_h = (float)(0.5 * exp((double)real(code, at + 2) / (double)scale->scale_h) * h);
    float half_w = (float)(0.5 * exp((double)real(code, at + 3) / (double)scale->scale_w) * w);
    return (struct box){y - half_h, x - half_w, y + half_h, x + half_w};
}

/* Intersection over union. */
static float overlap(const struct box *a, const struct box *b)
{
    float area_a = (a->bottom - a->top) * (a->right - a->left);
    float area_b = (b->bottom - b->top) * (b->right - b->left);
    if (!(area_a > 0) || !(area_b > 0)) return 0;
    float height = fminf(a->bottom, b->bottom) - fmaxf(a->top, b->top);
    float width = fminf(a->right, b->right) - fmaxf(a->left, b->left);
    float both = fmaxf(height, 0) * fmaxf(width, 0);
    return both / (area_a + area_b - both);
}

static bool before(const struct candidate *a, const struct candidate *b)
{
    return a->score > b->score || (a->score == b->score && a->index < b->index);
}

static void sink(struct candidate *heap, int32_t at, int32_t count)
{
    for (int32_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && before(&heap[child], &heap[child + 1])) child++;
        if (!before(&heap[at], &heap[child])) return;
        struct candidate moved = heap[at];
        heap[at] = heap[child];
        heap[child] = moved;
    }
}

/* Best first, in place: a heap whose root is the last in order. */
static void sort(struct candidate *candidates, int32_t count)
{
    for (int32_t i = count / 2 - 1; i >= 0; i--) sink(candidates, i, count);
    for (int32_t i = count - 1; i > 0; i--) {
        struct candidate last = candidates[0];
        candidates[0] = candidates[i];
        candidates[i] = last;
        sink(candidates, 0, i);
    }
}

/* Leaves the best candidates, at most limit, none of which overlaps a better one of them; returns
 * how many. They stand in the order of boxes at first. */
static int32_t suppress(const struct detect *detect, const struct work *work, int32_t count,
                        int32_t limit)
{
    float most = detect->args->attributes->detect.overlap_threshold;
    struct candidate *all = work->candidates;
    int32_t kept = 0;
    sort(all, count);
    for (int32_t i = 0; i < count && kept < limit; i++) {
        bool alone = true;
        for (int32_t k = 0; alone && k < kept; k++)
            alone = !(overlap(&work->boxes[all[k].index], &work->boxes[all[i].index]) > most);
        if (alone) all[kept++] = all[i];
    }
    return kept;
}

static void write(const struct detect *detect, const struct work *work, int32_t slot,
                  const struct candidate *candidate)
{
    const struct gantry_op_tensor *outputs = detect->args->outputs;
    ((struct box *)outputs[0].data)[slot] = work->boxes[candidate->index];
    ((float *)outputs[1].data)[slot] = (float)candidate->label;
    ((float *)outputs[2].data)[slot] = candidate->score;
}

/* The best class of a box that comes behind another one in order; after NULL: the best of all. */
static struct candidate next_class(const struct detect *detect, int32_t box,
                                   const struct candidate *after)
{
    struct candidate best = {0, box, -1};
    for (int32_t c = 0; c < detect->args->attributes->detect.classes; c++) {
        float score = score_of(detect, box, c);
        bool behind = !after || score < after->score || (score == after->score && c > after->label);
        if (behind && (best.label < 0 || score > best.score)) best.score = score, best.label = c;
    }
    return best;
}

static int32_t run_fast(const struct detect *detect, const struct work *work)
{
    const struct gantry_detect_attributes *limits = &detect->args->attributes->detect;
    int32_t count = 0, classes = gantry_min_i32(limits->classes_per_detection, limits->classes);
    for (int32_t i = 0; i < detect->boxes; i++) {
        struct candidate best = next_class(detect, i, NULL);
        if (best.score >= limits->score_threshold) work->candidates[count++] = best;
    }
    int32_t kept = suppress(detect, work, count, limits->detections);
    for (int32_t i = 0; i < kept; i++) {
        struct candidate of = work->candidates[i];
        for (int32_t c = 0; c < classes && of.label >= 0; c++) {
            write(detect, work, i * limits->classes_per_detection + c, &of);
            of = next_class(detect, of.index, &of);
        }
    }
    return kept;
}

/* Puts a candidate behind those of kept that are as good. Returns how many there are then. */
static int32_t merge(struct candidate *kept, int32_t count, int32_t limit,
                     const struct candidate *candidate)
{
    int32_t at = count;
    while (at > 0 && candidate->score > kept[at - 1].score) at--;
    if (at >= limit) return count;
    count = gantry_min_i32(count + 1, limit);
    memmove(&kept[at + 1], &kept[at], (size_t)(count - 1 - at) * sizeof *kept);
    kept[at] = *candidate;
    return count;
}

static int32_t run_regular(const struct detect *detect, const struct work *work)
{
    const struct gantry_detect_attributes *limits = &detect->args->attributes->detect;
    int32_t per_class = gantry_min_i32(limits->detections_per_class, limits->detections), kept = 0;
    for (int32_t c = 0; c < limits->classes; c++) {
        int32_t count = 0;
        for (int32_t i = 0; i < detect->boxes; i++) {
            float score = score_of(detect, i, c);
            if (score >= limits->score_threshold)
                work->candidates[count++] = (struct candidate){score, i, c};
        }
        count = suppress(detect, work, count, per_class);
        for (int32_t i = 0; i < count; i++)
            kept = merge(work->kept, kept, limits->detections, &work->candidates[i]);
    }
    for (int32_t i = 0; i < kept; i++) write(detect, work, i, &work->kept[i]);
    return kept;
}

static void run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct detect *detect = state;
    const struct gantry_op_args *args = detect->args;
    const struct work work = work_in(detect, scratch);
    (void)first, (void)end;
    for (int32_t i = 0; i < args->output_count; i++)
        memset(args->outputs[i].data, 0,
               (size_t)gantry_op_elements(&args->outputs[i]) * sizeof(float));
    for (int32_t i = 0; i < detect->boxes; i++) work.boxes[i] = decode(detect, i);
    bool regular = args->attributes->detect.regular;
    int32_t found = regular ? run_regular(detect, &work) : run_fast(detect, &work);
    *(float *)args->outputs[3].data = (float)found;
}

bool gantry_op_detection(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                         struct gantry_arena *arena)
{
    const struct gantry_op_tensor *boxes = &args->inputs[BOXES];
    const struct gantry_detect_attributes *limits = &args->attributes->detect;
    struct detect *detect = gantry_arena_alloc(arena, 1, sizeof *detect);
    if (!detect) return false;
    int32_t labels = args->inputs[SCORES].shape.dims[2];
    *detect = (struct detect){.args = args,
                              .boxes = boxes->shape.dims[1],
                              .encoding = boxes->shape.dims[2],
                              .labels = labels,
                              .first = labels - limits->classes};
    gantry_op_set(kernel, run, detect, 1, (uint64_t)detect->boxes * (uint64_t)(labels + 50));
    kernel->scratch_bytes =
        (size_t)detect->boxes * (sizeof(struct box) + sizeof(struct candidate)) +
        (size_t)limits->detections * sizeof(struct candidate);
    return true;
}
