/* SPDX-License-Identifier: Apache-2.0
 * What an operator says besides its tensors. Parameters that TensorFlow Lite passes as tensors
 * (axes, paddings, begins, shapes, permutations) are constant inputs here, too. */
#ifndef GANTRY_KERNELS_ATTRIBUTES_H
#define GANTRY_KERNELS_ATTRIBUTES_H

#include <stdbool.h>
#include <stdint.h>

/* The range that an operator limits its output to. */
enum gantry_activation {
    GANTRY_ACTIVATION_NONE,
    GANTRY_ACTIVATION_RELU,
    GANTRY_ACTIVATION_RELU_N1_TO_1,
    GANTRY_ACTIVATION_RELU6
};

/* Convolutions and pools. Padding is explicit here: SAME is resolved at import, with TFLite's
 * rule (the odd row or column goes to the end). */
struct gantry_window_attributes {
    int32_t kernel_h, kernel_w;
    int32_t stride_h, stride_w;
    int32_t dilation_h, dilation_w;
    int32_t pad_top, pad_bottom, pad_left, pad_right;
    bool half_up; /* of an average: ties go up (of uint8 models), else away from zero */
};

struct gantry_axis_attributes {
    int32_t axis; /* negative: from the end */
    int32_t batch_dims;
};

/* Bits of the axes, as in TensorFlow's strided slice. */
struct gantry_slice_attributes {
    int32_t begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask;
};

struct gantry_resize_attributes {
    bool align_corners, half_pixel;
};

struct gantry_lstm_attributes {
    float cell_clip, projection_clip; /* 0: none */
    bool time_major;
    float
        hidden_scale; /* of the values before the projection, which are no tensor; 0: none given */
    int32_t hidden_zero;
};

/* The custom operator of detection networks; scales of centres and sizes. */
struct gantry_detect_attributes {
    int32_t detections, classes_per_detection, detections_per_class, classes;
    float score_threshold, overlap_threshold;
    float scale_y, scale_x, scale_h, scale_w;
    bool regular;
};

/* Which member holds is told by the operator (graph/ops.def). */
union gantry_attributes {
    struct gantry_window_attributes window; /* CONV, DEPTHWISE, TRANSPOSE_CONV, pools */
    struct gantry_axis_attributes along;    /* CONCATENATION, SPLIT, PACK, UNPACK, GATHER */
    struct gantry_slice_attributes slice;   /* STRIDED_SLICE */
    struct gantry_resize_attributes resize; /* RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR */
    struct gantry_lstm_attributes lstm;     /* UNIDIRECTIONAL_SEQUENCE_LSTM */
    struct gantry_detect_attributes detect; /* Detection_PostProcess */
    bool keep_dims;                         /* MEAN, SUM; of FULLY_CONNECTED: the rank stays */
    bool mixed;                             /* QUANTIZE: one side was uint8, the other was not */
    float beta;                             /* SOFTMAX */
    float alpha;                            /* LEAKY_RELU */
    bool approximate;                       /* GELU: by the hyperbolic tangent */
    int32_t block;                          /* DEPTH_TO_SPACE, SPACE_TO_DEPTH */
    int32_t rank;                           /* SVDF */
    bool symmetric;                         /* MIRROR_PAD: the edge itself is mirrored, too */
    struct {
        bool x, y; /* BATCH_MATMUL: an operand is transposed */
        bool once; /* int8: rounded once whether the second operand is constant or not */
    } adjoint;
    struct {
        float slope, offset;
    } line; /* HARD_SIGMOID */
};

#endif
