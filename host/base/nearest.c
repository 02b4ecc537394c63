/* SPDX-License-Identifier: Apache-2.0
 * The name that was meant. */
#include <string.h>

#include "base/base.h"

enum { WORD_BYTES_MAX = 64 };

/* Edit distance; words longer than WORD_BYTES_MAX are far from everything. */
static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_BYTES_MAX + 1], a_length = strlen(a), b_length = strlen(b);
    if (a_length > WORD_BYTES_MAX || b_length > WORD_BYTES_MAX) return WORD_BYTES_MAX;
    for (size_t j = 0; j <= b_length; j++) row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b_length];
}

const char *gantry_nearest(const char *word, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    size_t limit = strlen(word) / 3 + 1, least = limit + 1;
    for (size_t i = 0; i < count; i++) {
        size_t d = distance(word, names[i]);
        if (d < least) {
            least = d;
            nearest = names[i];
        }
    }
    return nearest;
}
