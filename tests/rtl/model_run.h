/* SPDX-License-Identifier: Apache-2.0
 * Runs of whole models for tests that look at cycles, not at values. */
#ifndef GANTRY_TEST_MODEL_RUN_H
#define GANTRY_TEST_MODEL_RUN_H

#include "gantry/engine.h"

/* Fails the test with the error's message unless status is GANTRY_OK. */
void model_require(enum gantry_status status, const char *name, const struct gantry_error *error);
/* Runs a plan once, with inputs of zeros: the record, borrowed from *engine, which the caller
 * destroys. name: for messages. */
const struct gantry_profile *model_run(struct gantry_engine **engine,
                                       const struct gantry_plan *plan,
                                       const struct gantry_model *model,
                                       struct gantry_device *device, const char *name);

#endif
