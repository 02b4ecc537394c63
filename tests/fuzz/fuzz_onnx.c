/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing entry: bytes as an .onnx model. */
#include "fuzz_model.h"

static enum gantry_status read_onnx(struct gantry_graph *graph, const uint8_t *data, size_t size,
                                    const struct gantry_input_shapes *shapes,
                                    struct gantry_error *error)
{
    return gantry_onnx_read(graph, data, size, "fuzzed", NULL, shapes, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_model(read_onnx, data, size);
    return 0;
}
