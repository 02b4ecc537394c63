/* SPDX-License-Identifier: Apache-2.0
 * A case of GANTRY_DATA/vectors/cmsis-nn: its numbers and arrays. */
#ifndef GANTRY_VECTOR_CASE_H
#define GANTRY_VECTOR_CASE_H

#include <jansson.h>

#include "formats/formats.h"

struct vector_case {
    const char *name;
    char prefix[64]; /* of its numbers: the name in capital letters, and '_' */
    json_t *root;
    struct gantry_file bytes;
};

bool vector_case_open(struct vector_case *c, const char *folder, const char *name);
void vector_case_close(struct vector_case *c);

/* A number of the case; fallback where it has none of that name. */
int64_t vector_case_number(const struct vector_case *c, const char *name, int64_t fallback);
bool vector_case_has(const struct vector_case *c, const char *name);
/* Whether the case has a word of that name, and it is this one. */
bool vector_case_says(const struct vector_case *c, const char *name, const char *word);
/* All numbers of a list in braces; how many. */
int32_t vector_case_list(const struct vector_case *c, const char *name, int32_t *out, int32_t max);

/* An array under one of up to three names, NULL where there is none of that type and of so many
 * elements at least. Where a case has two generations of data it is that of its numbers. */
const void *vector_case_array(const struct vector_case *c, const char *const names[3],
                              const char *dtype, size_t count);

#endif
