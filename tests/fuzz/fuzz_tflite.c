/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing entry: bytes as a .tflite model. */
#include "fuzz_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gantry_graph graph;
    struct gantry_error error = {0};
    /* The reader wants its bytes aligned, as a mapped file has them. */
    uint8_t *bytes = gantry_allocate(NULL, size ? size : 1, 1);
    gantry_assert(bytes);
    if (size) memcpy(bytes, data, size);
    gantry_graph_init(&graph, NULL);
    fuzz_result(&graph, gantry_tflite_read(&graph, bytes, size, "fuzzed", NULL, &error), &error);
    gantry_release(NULL, bytes);
    return 0;
}
