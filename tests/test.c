/* SPDX-License-Identifier: Apache-2.0
 * Helpers of the cmocka programs: third-party data, and what a fully skipped program returns. */
#include "test.h"

int gantry_test_skipped;

void gantry_test_skip(const char *why)
{
    fprintf(stderr, "skipped: %s\n", why);
    gantry_test_skipped++;
    skip();
}

const char *gantry_test_data(const char *path, char *buffer, size_t size)
{
    const char *root = getenv("GANTRY_DATA");
    if (!root || !*root) gantry_test_skip("GANTRY_DATA is not set");
    (void)snprintf(buffer, size, "%s/%s", root, path);
    return buffer;
}

int gantry_test_result(int failures, size_t count)
{
    if (failures == 0 && (size_t)gantry_test_skipped == count) return 77;
    return failures;
}
