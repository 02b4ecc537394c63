/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing entry: bytes as an .onnx model. */
#include "fuzz_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gantry_graph graph;
    struct gantry_error error = {0};
    gantry_graph_init(&graph, NULL);
    fuzz_result(&graph, gantry_onnx_read(&graph, data, size, "fuzzed", NULL, NULL, &error), &error);
    return 0;
}
