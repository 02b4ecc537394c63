/* SPDX-License-Identifier: Apache-2.0
 * Cases of vectors as networks of one node. */
#ifndef GANTRY_VECTOR_BUILD_H
#define GANTRY_VECTOR_BUILD_H

#include "../unit/one_node.h"
#include "vector_case.h"

enum { VECTOR_CHANNELS_MAX = 1024, VECTOR_INT4_MAX = 1 << 16 };

/* One case being built: its node, and what it must compute. */
struct build {
    struct vector_case c;
    struct one_node n;
    enum gantry_dtype dtype; /* of activations */
    int8_t unpacked[VECTOR_INT4_MAX];
    float scale[VECTOR_CHANNELS_MAX];
    int32_t zero[VECTOR_CHANNELS_MAX], bias[VECTOR_CHANNELS_MAX];
    const void *wanted;
    void *got;
    size_t count;  /* values of the output */
    bool rounded;  /* a step may lie between */
    bool complete; /* all data that the case needs is there */
};

/* The operator of a case by the beginning of its name, and what builds its node; build is NULL
 * where the case is not one run of one operator. */
struct vector_family {
    const char *begins;
    enum gantry_op op;
    void (*build)(struct build *b, enum gantry_op op);
};
const struct vector_family *vector_family_of(const char *name);

#endif
