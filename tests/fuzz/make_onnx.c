/* SPDX-License-Identifier: Apache-2.0
 * Tiny .onnx models from which fuzzing starts: a quantised network, and single operators with
 * parameters as attributes and as inputs.
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

int main(int count, char **words)
{
    struct onnx_build b;
    if (count != 2) return 2;
    onnx_build_sample(&b);
    int failed = write_model(&b, words[1], "sample");
    for (size_t i = 0; i < GANTRY_COUNT(operators); i++) failed |= write_operator(words[1], i);
    return failed;
}
