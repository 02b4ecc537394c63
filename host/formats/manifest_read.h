/* SPDX-License-Identifier: Apache-2.0
 * Within the part: members of a manifest, and the section on audio. */
#ifndef GANTRY_FORMATS_MANIFEST_READ_H
#define GANTRY_FORMATS_MANIFEST_READ_H

#include <jansson.h>

#include "formats/formats.h"

/* A member of the right type, or NULL; another type is an error. */
enum gantry_status gantry_manifest_member(const json_t *object, const char *key, json_type type,
                                          const char *type_name, const json_t **out,
                                          const char *path, struct gantry_error *error);
/* Reads "input" of kind audio and "listen" of root. */
enum gantry_status gantry_manifest_audio(struct gantry_manifest *manifest, const json_t *root,
                                         const json_t *input, const char *path,
                                         struct gantry_error *error);

#endif
