/* SPDX-License-Identifier: Apache-2.0
 * A model file, read and checked. Immutable after open: any number of plans and threads share it.
 */
#ifndef GANTRY_MODEL_H
#define GANTRY_MODEL_H

#include "gantry/allocator.h"
#include "gantry/status.h"
#include "gantry/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

struct gantry_model; /* opaque */

/* Start from GANTRY_MODEL_OPTIONS_INIT. */
struct gantry_model_options {
    /* Shapes of inputs with free dimensions, borrowed during the call. Dimensions that are not
     * given are 1; where the model names a dimension, inputs that share the name share its size. */
    const struct gantry_input_shape *shapes;
    size_t shape_count;
    const struct gantry_allocator *allocator; /* NULL: malloc; else it must outlive the model */
};
#define GANTRY_MODEL_OPTIONS_INIT                     \
    {                                                 \
        .shapes = 0, .shape_count = 0, .allocator = 0 \
    }

/* Opens a .tflite or .onnx file, or a plan file of gantry compile; *out is owned by the caller.
 * options NULL: those of the start. Errors: GANTRY_ERR_FILE, GANTRY_ERR_UNSUPPORTED,
 * GANTRY_ERR_MEMORY; GANTRY_ERR_SHAPE for a shape that the model cannot have, or that a plan file
 * was not made for. */
GANTRY_API GANTRY_MUST_USE enum gantry_status
gantry_model_open(struct gantry_model **out, const char *path,
                  const struct gantry_model_options *options, struct gantry_error *error);
/* The same from memory that the caller keeps alive until gantry_model_close. name: for messages. */
GANTRY_API GANTRY_MUST_USE enum gantry_status
gantry_model_open_memory(struct gantry_model **out, const void *bytes, size_t size,
                         const char *name, const struct gantry_model_options *options,
                         struct gantry_error *error);
GANTRY_API void gantry_model_close(struct gantry_model *model); /* NULL is allowed */

GANTRY_API size_t gantry_model_input_count(const struct gantry_model *model);
GANTRY_API size_t gantry_model_output_count(const struct gantry_model *model);
/* Description of input or output i < count; borrowed from the model. */
GANTRY_API const struct gantry_tensor_info *gantry_model_input(const struct gantry_model *model,
                                                               size_t i);
GANTRY_API const struct gantry_tensor_info *gantry_model_output(const struct gantry_model *model,
                                                                size_t i);

#ifdef __cplusplus
}
#endif

#endif
