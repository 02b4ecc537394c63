/* SPDX-License-Identifier: Apache-2.0
 * In place of the ONNX reader where its schema or protobuf-c was not there when this was built. */
#include "formats/formats.h"

enum gantry_status gantry_onnx_read(struct gantry_graph *graph, const uint8_t *bytes, size_t size,
                                    const char *name, const char *folder,
                                    const struct gantry_input_shapes *shapes,
                                    struct gantry_error *error)
{
    (void)shapes;
    (void)graph;
    (void)bytes;
    (void)size;
    (void)folder;
    (void)gantry_fail(error, GANTRY_ERR_UNSUPPORTED, "%s: this build does not read ONNX models",
                      name);
    gantry_hint(error, "install libprotobuf-c-dev, protobuf-c-compiler and libonnx-dev, and build "
                       "again");
    return GANTRY_ERR_UNSUPPORTED;
}

/* Not reached: no such model was read. */
enum gantry_status gantry_onnx_inline(const void *bytes, size_t size, const char *name,
                                      const char *folder, const struct gantry_allocator *allocator,
                                      void **out, size_t *out_size, struct gantry_error *error)
{
    (void)allocator;
    (void)out_size;
    *out = NULL;
    struct gantry_graph none = {0};
    return gantry_onnx_read(&none, bytes, size, name, folder, NULL, error);
}

bool gantry_onnx_is_model(const uint8_t *bytes, size_t size)
{
    return size >= 8 && bytes[0] == 0x08 && bytes[1] < 0x80;
}
