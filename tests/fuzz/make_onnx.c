/* SPDX-License-Identifier: Apache-2.0
 * Tiny .onnx models from which fuzzing starts: a quantised network, and single operators with
 * parameters as attributes and as inputs, and chains of others.
 *
 * Usage: make_onnx FOLDER */
#include <stdio.h>
#include <string.h>

#include "onnx_build.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

enum { FLOAT = 1, INT64 = 7, OPSET = 15 };

/* type: its inputs after x are lists of integers. */
static const struct {
    const char *type;
    int64_t lists[4][8];
    size_t lengths[4], count;
} operators[] = {
    {"Reshape", {{1, -1}}, {2}, 1},
    {"Slice", {{0, 1}, {1, 3}, {0, 2}, {1, 1}}, {2, 2, 2, 2}, 4},
    {"Unsqueeze", {{0, 5}}, {2}, 1},
    {"Squeeze", {{0}}, {1}, 1},
    {"Pad", {{0, 0, 1, 1, 0, 0, 1, 1}}, {8}, 1},
    {"Tile", {{1, 2, 1, 1}}, {4}, 1},
    {"Expand", {{2, 2, 4, 4}}, {4}, 1},
    {"Transpose", {{0}}, {0}, 0},
    {"Flatten", {{0}}, {0}, 0},
    {"Softmax", {{0}}, {0}, 0},
    {"Shape", {{0}}, {0}, 0},
    {"Identity", {{0}}, {0}, 0},
    {"GlobalAveragePool", {{0}}, {0}, 0},
    {"ReduceMean", {{0}}, {0}, 0},
    {"ArgMax", {{0}}, {0}, 0},
    {"Split", {{0}}, {0}, 0},
    {"DequantizeLinear", {{0}}, {0}, 0}, /* its scale is absent */
};

static int write_model(struct onnx_build *b, const char *folder, const char *name)
{
    char path[4096];
    size_t size;
    const uint8_t *bytes = onnx_build_pack(b, &size);
    (void)snprintf(path, sizeof path, "%s/%s.onnx", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file) {
        perror(path);
        return 1;
    }
    int failed = fwrite(bytes, 1, size, file) != size;
    failed |= fclose(file) != 0;
    onnx_build_finish(b);
    return failed;
}

static int write_operator(const char *folder, size_t i)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    const char *inputs[6] = {"x"};
    struct onnx_build b;
    onnx_build_init(&b, OPSET);
    onnx_build_input(&b, "x", FLOAT, (const int64_t[]){1, 2, 4, 4}, 4);
    onnx_build_free(&b, 0, 0, NULL);
    onnx_build_output(&b, "y");
    for (size_t k = 0; k < operators[i].count; k++) {
        int64_t length = (int64_t)operators[i].lengths[k];
        inputs[k + 1] = names[k];
        (void)onnx_build_constant(&b, names[k], INT64, &length, 1, operators[i].lists[k],
                                  8 * (size_t)length);
    }
    (void)onnx_build_node(&b, operators[i].type, inputs, NAMES("y"));
    return write_model(&b, folder, operators[i].type);
}

/* Operators on maps and on rows whose parameters are attributes and numbers. */
static void build_map(struct onnx_build *b)
{
    static const float weights[16] = {1, -1}, scales[4] = {1, 1, 2, 1.5f};
    Onnx__NodeProto *node = onnx_build_node(b, "ConvTranspose", NAMES("x", "w"), NAMES("t"));
    onnx_build_int(b, node, "group", 2);
    onnx_build_ints(b, node, "dilations", (const int64_t[]){2, 1}, 2);
    onnx_build_ints(b, node, "output_shape", (const int64_t[]){6, 5}, 2);
    (void)onnx_build_constant(b, "w", FLOAT, (const int64_t[]){2, 2, 2, 2}, 4, weights,
                              sizeof weights);
    (void)onnx_build_constant(b, "scales", FLOAT, (const int64_t[]){4}, 1, scales, sizeof scales);
    node = onnx_build_node(b, "Resize", NAMES("t", "", "scales"), NAMES("r"));
    onnx_build_text(b, node, "coordinate_transformation_mode", "asymmetric");
    onnx_build_text(b, node, "nearest_mode", "ceil");
    (void)onnx_build_constant(b, "pads", INT64, (const int64_t[]){8}, 1,
                              (const int64_t[]){0, 0, 1, 0, 0, 0, 0, 2}, 64);
    node = onnx_build_node(b, "Pad", NAMES("r", "pads"), NAMES("p"));
    onnx_build_text(b, node, "mode", "edge");
    node = onnx_build_node(b, "DepthToSpace", NAMES("p"), NAMES("y"));
    onnx_build_int(b, node, "blocksize", 2);
    onnx_build_text(b, node, "mode", "CRD");
}

static void build_rows(struct onnx_build *b)
{
    static const float ones[4] = {1, 1, 1, 1};
    Onnx__NodeProto *node = onnx_build_node(b, "Transpose", NAMES("x"), NAMES("t"));
    onnx_build_ints(b, node, "perm", (const int64_t[]){0, 1, 3, 2}, 4);
    (void)onnx_build_node(b, "MatMul", NAMES("x", "t"), NAMES("m"));
    (void)onnx_build_constant(b, "ones", FLOAT, (const int64_t[]){4}, 1, ones, sizeof ones);
    (void)onnx_build_node(b, "LayerNormalization", NAMES("m", "ones", "ones"), NAMES("n"));
    (void)onnx_build_node(b, "Greater", NAMES("n", "m"), NAMES("c"));
    (void)onnx_build_node(b, "Where", NAMES("c", "ones", "n"), NAMES("s"));
    (void)onnx_build_node(b, "Shape", NAMES("s"), NAMES("shape"));
    (void)onnx_build_node(b, "ConstantOfShape", NAMES("shape"), NAMES("zeros"));
    (void)onnx_build_node(b, "Sum", NAMES("s", "zeros", "ones"), NAMES("e"));
    node = onnx_build_node(b, "ReduceL2", NAMES("e"), NAMES("y"));
    onnx_build_int(b, node, "keepdims", 0);
}

static int write_chain(const char *folder, const char *name, void (*build)(struct onnx_build *b))
{
    struct onnx_build b;
    onnx_build_init(&b, 17);
    onnx_build_input(&b, "x", FLOAT, (const int64_t[]){1, 2, 4, 4}, 4);
    onnx_build_output(&b, "y");
    build(&b);
    return write_model(&b, folder, name);
}

int main(int count, char **words)
{
    struct onnx_build b;
    if (count != 2) return 2;
    onnx_build_sample(&b);
    int failed = write_model(&b, words[1], "sample");
    failed |= write_chain(words[1], "map", build_map) | write_chain(words[1], "rows", build_rows);
    for (size_t i = 0; i < GANTRY_COUNT(operators); i++) failed |= write_operator(words[1], i);
    return failed;
}
