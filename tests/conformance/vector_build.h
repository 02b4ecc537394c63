/* SPDX-License-Identifier: Apache-2.0
 * Cases of vectors as networks of one node. */
#ifndef GANTRY_VECTOR_BUILD_H
#define GANTRY_VECTOR_BUILD_H

#include <math.h>

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
    const void *feed; /* the input where the case has none, and no output: a layer of a network */
    const void *wanted;
    void *got;
    size_t count;  /* values of the output */
    int32_t steps; /* that may lie between */
    bool complete; /* all data that the case needs is there */
};

/* ---- What builders share ---- */

static inline int32_t number(const struct build *b, const char *name)
{
    return (int32_t)vector_case_number(&b->c, name, 0);
}

static inline const char *stored(const struct build *b)
{
    return b->dtype == GANTRY_INT16 ? "int16" : "int8";
}

#define ARRAY(b, dtype, count, ...) \
    vector_case_array(&(b)->c, (const char *const[3]){__VA_ARGS__}, dtype, count)

static inline float factor(int64_t multiplier, int64_t shift)
{
    return (float)ldexp((double)multiplier, (int)shift - 31);
}

static inline void *borrowed(const void *data) { return (void *)(uintptr_t)data; }

/* The input and the output that every operator has. */
void vector_input(struct build *b, struct gantry_shape shape, const void *data, float scale,
                  int32_t zero);
void vector_output(struct build *b, struct gantry_shape shape, const char *name, float scale,
                   int32_t zero);

/* ---- Operators with states (vector_state.c) ---- */

void vector_lstm(struct build *b, enum gantry_op op);
void vector_svdf(struct build *b, enum gantry_op op);

/* ---- Networks (vector_network.c) ---- */

/* Runs the layers of the network of an open case one after the other; b then has what the last one
 * puts out, to free, and what is wanted. Each layer rounds, so that two steps may lie between. */
enum gantry_status vector_run_network(struct build *b);

/* ---- Builders ---- */

void vector_conv(struct build *b, enum gantry_op op);
void vector_weights(struct build *b, struct gantry_shape shape, int32_t axis);

/* The operator of a case by the beginning of its name, and what builds its node; build is NULL
 * where the case is the network. */
struct vector_family {
    const char *begins;
    enum gantry_op op;
    void (*build)(struct build *b, enum gantry_op op);
};
const struct vector_family *vector_family_of(const char *name);

#endif
