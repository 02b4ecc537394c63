/* SPDX-License-Identifier: Apache-2.0
 * Sums over the weights of an output channel. */
#include "graph/graph.h"

/* Sums of so many weights fit 32 bits, in which loops over bytes are fast. */
enum { PART = 1 << 20 };

static void add_part(const int8_t *first, int64_t count, int64_t step, int32_t zero,
                     struct gantry_weight_sums *sums)
{
    int32_t above = 0, below = 0, least = sums->least, greatest = sums->greatest;
    for (int64_t i = 0; i < count; i++) {
        int32_t weight = first[i * step] - zero;
        above += weight > 0 ? weight : 0;
        below += weight < 0 ? weight : 0;
        least = weight < least ? weight : least;
        greatest = weight > greatest ? weight : greatest;
    }
    sums->above += above;
    sums->below += below;
    sums->least = least;
    sums->greatest = greatest;
}

void gantry_weights_sum(const int8_t *first, int64_t count, int64_t step, int32_t zero,
                        struct gantry_weight_sums *out)
{
    *out = (struct gantry_weight_sums){0};
    for (int64_t from = 0; from < count; from += PART) {
        int64_t part = count - from < PART ? count - from : PART;
        if (step == 1) /* a loop of its own, over vectors */
            add_part(first + from, part, 1, zero, out);
        else
            add_part(first + from * step, part, step, zero, out);
    }
}
