/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing entry: bytes as a .tflite model. */
#include "fuzz_model.h"

static enum gantry_status read_tflite(struct gantry_graph *graph, const uint8_t *data, size_t size,
                                      const struct gantry_input_shapes *shapes,
                                      struct gantry_error *error)
{
    return gantry_tflite_read(graph, data, size, "fuzzed", shapes, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* The reader wants its bytes aligned, as a mapped file has them. */
    uint8_t *bytes = gantry_allocate(NULL, size ? size : 1, 1);
    gantry_assert(bytes);
    if (size) memcpy(bytes, data, size);
    fuzz_model(read_tflite, bytes, size);
    gantry_release(NULL, bytes);
    return 0;
}
