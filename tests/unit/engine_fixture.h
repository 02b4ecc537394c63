/* SPDX-License-Identifier: Apache-2.0
 * A model with device, plan, engine and vectors, for the tests of the engine. */
#ifndef GANTRY_ENGINE_FIXTURE_H
#define GANTRY_ENGINE_FIXTURE_H

#include "test.h"

#include "formats/formats.h"
#include "gantry/engine.h"

struct engine_fixture {
    struct gantry_model *model;
    struct gantry_device *device;
    struct gantry_plan *plan;
    struct gantry_engine *engine;
    int threads;                        /* of the engine; set before it is opened, 0: one */
    struct gantry_tensor input, output; /* memory of the fixture, of the model's shape */
};

/* Opens the digit network of the tree; device by name. Fails the test when something fails. */
void engine_fixture_open(struct engine_fixture *fixture, const char *device,
                         const struct gantry_allocator *allocator);
/* The same with another model, and with a plan that is observed. */
void engine_fixture_open_model(struct engine_fixture *fixture, const char *path, const char *device,
                               bool observe, const struct gantry_allocator *allocator);
void engine_fixture_close(struct engine_fixture *fixture);
/* Runs the engine; fails the test when that fails. */
void engine_fixture_run(struct engine_fixture *fixture);

/* Reads a .npy file below the tree; release with gantry_array_finish. */
void engine_fixture_read(struct gantry_array *array, const char *path);
#define ENGINE_KWS GANTRY_SOURCE_DIR "/models/kws/kws.tflite"
#define ENGINE_DIGITS GANTRY_SOURCE_DIR "/models/digits/digits.tflite"
#define ENGINE_DIGITS_INPUTS GANTRY_SOURCE_DIR "/tests/vectors/digits/input0.npy"
#define ENGINE_DIGITS_OUTPUTS GANTRY_SOURCE_DIR "/tests/vectors/digits/output0.npy"

#endif
