/* SPDX-License-Identifier: Apache-2.0
 * Status of a call and the record that carries its detail.
 *
 * A function that can fail returns a status, which must be read. The lowest layer that knows the
 * cause writes the record; upper layers pass it on untouched. The record belongs to the caller
 * and may be NULL. */
#ifndef GANTRY_STATUS_H
#define GANTRY_STATUS_H

#include "gantry/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, sentence) */
#define GANTRY_STATUS_LIST(X)                                               \
    X(OK, "no error")                                                       \
    X(ERR_ARGUMENT, "an argument is not legal")                             \
    X(ERR_FILE, "a file is unreadable or invalid")                          \
    X(ERR_SHAPE, "shape or type of a tensor does not fit the model")        \
    X(ERR_UNSUPPORTED, "the model uses what this library does not support") \
    X(ERR_DEVICE, "the device failed")                                      \
    X(ERR_TIMEOUT, "the time is over")                                      \
    X(ERR_MEMORY, "out of memory")                                          \
    X(ERR_MISSING, "a prerequisite is missing")

enum gantry_status {
#define GANTRY_STATUS_ENUM(name, sentence) GANTRY_##name,
    GANTRY_STATUS_LIST(GANTRY_STATUS_ENUM)
#undef GANTRY_STATUS_ENUM
};

struct gantry_error {
    enum gantry_status status;
    char message[4096]; /* one line: thing, what is wrong, value and limit; long where it lists all
                           operators of a model that are not read */
    char hint[160];     /* one line: what to do next; empty when there is nothing to say */
};

/* Returns the name ("ERR_FILE") or the sentence of a status; never NULL. Thread-safe. */
GANTRY_API const char *gantry_status_name(enum gantry_status status);
GANTRY_API const char *gantry_status_sentence(enum gantry_status status);

#ifdef __cplusplus
}
#endif

#endif
