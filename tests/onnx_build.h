/* SPDX-License-Identifier: Apache-2.0
 * Small ONNX models for tests, node by node. Memory is freed all at once. */
#ifndef GANTRY_TEST_ONNX_BUILD_H
#define GANTRY_TEST_ONNX_BUILD_H

#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "onnx.pb-c.h"

enum { ONNX_BUILD_NODES = 64, ONNX_BUILD_TENSORS = 64, ONNX_BUILD_EDGES = 9 };

struct onnx_build {
    struct gantry_arena arena;
    Onnx__ModelProto model;
    Onnx__GraphProto graph;
    Onnx__OperatorSetIdProto opset, *opsets[1];
    Onnx__NodeProto *nodes[ONNX_BUILD_NODES];
    Onnx__TensorProto *tensors[ONNX_BUILD_TENSORS];
    Onnx__ValueInfoProto *inputs[4], *outputs[4];
};

void onnx_build_init(struct onnx_build *b, int64_t opset);
void onnx_build_finish(struct onnx_build *b);
/* A node; inputs and outputs are lists of names ended by NULL. */
Onnx__NodeProto *onnx_build_node(struct onnx_build *b, const char *type, const char *const *inputs,
                                 const char *const *outputs);
void onnx_build_ints(struct onnx_build *b, Onnx__NodeProto *node, const char *name,
                     const int64_t *values, size_t count);
void onnx_build_int(struct onnx_build *b, Onnx__NodeProto *node, const char *name, int64_t value);
void onnx_build_text(struct onnx_build *b, Onnx__NodeProto *node, const char *name,
                     const char *value);
/* A constant; data holds its elements in ONNX's element type type. */
Onnx__TensorProto *onnx_build_constant(struct onnx_build *b, const char *name, int32_t type,
                                       const int64_t *dims, size_t rank, const void *data,
                                       size_t bytes);
/* A constant float32 or a constant of one 8-bit or 32-bit integer. */
void onnx_build_scale(struct onnx_build *b, const char *name, float value);
void onnx_build_zero(struct onnx_build *b, const char *name, int32_t type, int32_t value);
void onnx_build_input(struct onnx_build *b, const char *name, int32_t type, const int64_t *dims,
                      size_t rank);
/* Takes the number from dimension d of input i; name: of the dimension, or NULL. */
void onnx_build_free(struct onnx_build *b, size_t i, size_t d, char *name);
void onnx_build_output(struct onnx_build *b, const char *name);
/* The bytes of the file, in the arena. */
uint8_t *onnx_build_pack(struct onnx_build *b, size_t *size);

/* A QDQ network: x [1, 2, 4, 4] quantised to uint8, Conv 3x3 to 3 channels with Relu, MaxPool 2x2,
 * Flatten, Gemm to 2, Softmax. */
void onnx_build_sample(struct onnx_build *b);

#endif
