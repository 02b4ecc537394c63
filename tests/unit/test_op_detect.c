/* SPDX-License-Identifier: Apache-2.0
 * TFLite_Detection_PostProcess on boxes that are easy to see. */
#include "op_rig.h"

#include <string.h>

enum { BOXES = 4, CLASSES = 2, DETECTIONS = 3 };

/* Anchors are the boxes: encodings of 0 leave them. Box 1 lies on box 0, box 2 beside them, box 3
 * has scores below the threshold. */
static float encodings[BOXES * 4];
static float anchors[BOXES * 4] = {0.5f, 0.5f, 0.2f, 0.2f, 0.5f, 0.51f, 0.2f, 0.2f,
                                   0.5f, 0.9f, 0.2f, 0.2f, 0.1f, 0.1f,  0.1f, 0.1f};
static float scores[BOXES * (CLASSES + 1)] = {0, 0.9f, 0.3f, 0, 0.2f, 0.95f,
                                              0, 0.6f, 0.6f, 1, 0.1f, 0.1f};

static struct {
    float boxes[2 * DETECTIONS][4], labels[2 * DETECTIONS], scores[2 * DETECTIONS], count[1];
} found;

static void detect(const struct gantry_detect_attributes *how)
{
    int32_t slots = how->detections * how->classes_per_detection;
    const struct gantry_op_tensor inputs[3] = {
        op_real(encodings, (struct gantry_shape){3, {1, BOXES, 4}}),
        op_real(scores, (struct gantry_shape){3, {1, BOXES, CLASSES + 1}}),
        op_real(anchors, op_shape2(BOXES, 4))};
    const struct gantry_op_tensor outputs[4] = {
        op_real(found.boxes, (struct gantry_shape){3, {1, slots, 4}}),
        op_real(found.labels, op_shape2(1, slots)), op_real(found.scores, op_shape2(1, slots)),
        op_real(found.count, op_shape1(1))};
    const union gantry_attributes attributes = {.detect = *how};
    const struct gantry_op_args args = {.inputs = inputs,
                                        .outputs = outputs,
                                        .input_count = 3,
                                        .output_count = 4,
                                        .attributes = &attributes};
    memset(&found, 0xff, sizeof found);
    op_run_args(gantry_op_detection, &args);
}

static struct gantry_detect_attributes common(void)
{
    return (struct gantry_detect_attributes){.detections = DETECTIONS,
                                             .classes_per_detection = 1,
                                             .detections_per_class = 100,
                                             .classes = CLASSES,
                                             .score_threshold = 0.25f,
                                             .overlap_threshold = 0.5f,
                                             .scale_y = 10,
                                             .scale_x = 10,
                                             .scale_h = 5,
                                             .scale_w = 5};
}

static void detection__keeps_the_best_of_boxes_that_overlap(void **state)
{
    (void)state;
    const struct gantry_detect_attributes how = common();
    detect(&how);
    assert_true(found.count[0] == 2);
    assert_true(found.scores[0] == 0.95f && found.labels[0] == 1);
    assert_true(found.scores[1] == 0.6f && found.labels[1] == 0);
    assert_true(fabsf(found.boxes[0][0] - 0.4f) < 1e-6f &&
                fabsf(found.boxes[0][1] - 0.41f) < 1e-6f);
    assert_true(fabsf(found.boxes[0][2] - 0.6f) < 1e-6f &&
                fabsf(found.boxes[0][3] - 0.61f) < 1e-6f);
    /* What nothing fills is 0. */
    assert_true(found.scores[2] == 0 && found.boxes[2][3] == 0);
}

static void detection__names_several_classes_of_a_box(void **state)
{
    (void)state;
    struct gantry_detect_attributes how = common();
    how.classes_per_detection = 2;
    detect(&how);
    assert_true(found.count[0] == 2);
    assert_true(found.labels[0] == 1 && found.labels[1] == 0);
    assert_true(found.scores[0] == 0.95f && found.scores[1] == 0.2f);
    assert_true(found.labels[2] == 0 && found.labels[3] == 1); /* equal scores, first one first */
}

static void detection__class_by_class_keeps_boxes_of_other_classes(void **state)
{
    (void)state;
    struct gantry_detect_attributes how = common();
    how.regular = true;
    detect(&how);
    /* Class 0: 0.9 of box 0, 0.6 of box 2; class 1: 0.95 of box 1, 0.6 of box 2. */
    assert_true(found.count[0] == 3);
    assert_true(found.scores[0] == 0.95f && found.labels[0] == 1);
    assert_true(found.scores[1] == 0.9f && found.labels[1] == 0);
    assert_true(found.scores[2] == 0.6f && found.labels[2] == 0);
    how.detections_per_class = 1;
    detect(&how);
    assert_true(found.count[0] == 2);
}

static void detection__decodes_centres_and_sizes(void **state)
{
    (void)state;
    const struct gantry_detect_attributes how = common();
    encodings[8] = 10,
    encodings[10] = 5 * logf(2); /* box 2 moves down by its height, twice as high */
    detect(&how);
    memset(encodings, 0, sizeof encodings);
    assert_true(fabsf(found.boxes[1][0] - 0.5f) < 1e-6f);
    assert_true(fabsf(found.boxes[1][2] - 0.9f) < 1e-6f);
    assert_true(fabsf(found.boxes[1][3] - 1.0f) < 1e-6f);
}

static const struct CMUnitTest tests[] = {
    OP_CASE(detection__keeps_the_best_of_boxes_that_overlap),
    OP_CASE(detection__names_several_classes_of_a_box),
    OP_CASE(detection__class_by_class_keeps_boxes_of_other_classes),
    OP_CASE(detection__decodes_centres_and_sizes),
};

GANTRY_TEST_MAIN("op_detect", tests)
