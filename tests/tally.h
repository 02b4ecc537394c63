/* SPDX-License-Identifier: Apache-2.0
 * For programs with a case for each of many files: names in a folder, counts for ./check. */
#ifndef GANTRY_TEST_TALLY_H
#define GANTRY_TEST_TALLY_H

#include <stddef.h>

struct tally {
    int passed, failed, skipped;
};

/* Names in a folder, sorted, without those that begin with a dot; the caller frees each. 0 when the
 * folder is not there. */
size_t tally_list(const char *path, char **names, size_t limit);

/* Writes the counts to GANTRY_TEST_XML_DIR/<suite>.xml, when that is set. */
void tally_write(const struct tally *tally, const char *suite);

#endif
