/* SPDX-License-Identifier: Apache-2.0
 * TFLite_Detection_PostProcess. */
#include "graph/check.h"

#include <math.h>

enum { DETECTIONS_MAX = 1 << 16, COORDINATES = 4 };

static enum gantry_status check_limits(const struct gantry_site *site, int32_t labels)
{
    const struct gantry_detect_attributes *d = &site->node->attributes.detect;
    int64_t background = (int64_t)labels - d->classes;
    if (d->detections < 1 || d->classes_per_detection < 1 || d->detections_per_class < 1 ||
        (int64_t)d->detections * d->classes_per_detection > DETECTIONS_MAX)
        return GANTRY_REFUSE(
            site, GANTRY_ERR_FILE, "%d detections of %d classes, %d a class (1 to %d in all)",
            d->detections, d->classes_per_detection, d->detections_per_class, DETECTIONS_MAX);
    if (d->classes < 1 || background < 0 || background > 1)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%d classes, %d scores of a box (or one more)",
                             d->classes, labels);
    if (!(d->overlap_threshold > 0 && d->overlap_threshold <= 1) || isnan(d->score_threshold))
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE,
                             "thresholds %g of the score, %g of the overlap (above 0, to 1)",
                             (double)d->score_threshold, (double)d->overlap_threshold);
    if (!(d->scale_y > 0 && d->scale_x > 0 && d->scale_h > 0 && d->scale_w > 0))
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "scales %g, %g, %g, %g (above 0)",
                             (double)d->scale_y, (double)d->scale_x, (double)d->scale_h,
                             (double)d->scale_w);
    return GANTRY_OK;
}

enum gantry_status gantry_check_detection(const struct gantry_site *site)
{
    const struct gantry_graph_tensor *scores = gantry_site_input(site, 1);
    const struct gantry_graph_tensor *anchors = gantry_site_input(site, 2);
    const int32_t *boxes = site->x->shape.dims;
    enum gantry_status status = gantry_check_scale(site, site->x);
    if (status == GANTRY_OK) status = gantry_check_same_type(site, site->x, anchors);
    if (status == GANTRY_OK) status = gantry_check_scale(site, anchors);
    if (status == GANTRY_OK) status = gantry_check_scale(site, scores);
    if (status != GANTRY_OK) return status;
    if (scores->dtype != GANTRY_INT8 && scores->dtype != GANTRY_FLOAT32)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "scores are %s",
                             gantry_dtype_name(scores->dtype));
    if (site->x->shape.rank != 3 || scores->shape.rank != 3 || anchors->shape.rank != 2 ||
        boxes[0] != 1 || boxes[2] < COORDINATES || scores->shape.dims[0] != 1 ||
        scores->shape.dims[1] != boxes[1] || anchors->shape.dims[0] != boxes[1] ||
        anchors->shape.dims[1] != COORDINATES)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE,
                             "boxes \"%s\", scores \"%s\", anchors \"%s\" do not fit",
                             site->x->name, scores->name, anchors->name);
    if ((status = check_limits(site, scores->shape.dims[2])) != GANTRY_OK) return status;
    const struct gantry_detect_attributes *d = &site->node->attributes.detect;
    int32_t count = d->detections * d->classes_per_detection;
    const struct gantry_shape shapes[] = {
        {3, {1, count, COORDINATES}}, {2, {1, count}}, {2, {1, count}}, {1, {1}}};
    for (int32_t i = 0; status == GANTRY_OK && i < site->node->output_count; i++) {
        const struct gantry_graph_tensor *y = gantry_site_output(site, i);
        if (y->dtype != GANTRY_FLOAT32)
            return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "output %d is %s (must be float32)",
                                 i, gantry_dtype_name(y->dtype));
        status = gantry_check_shape_of(site, y, &shapes[i]);
    }
    return status;
}
