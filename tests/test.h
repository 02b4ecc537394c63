/* SPDX-License-Identifier: Apache-2.0
 * What every cmocka program includes, and how it ends: 77 when every case was skipped. */
#ifndef GANTRY_TEST_H
#define GANTRY_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Counts the cases that ran to their end or failed; gantry_test_skip undoes the count. */
extern int gantry_test_skipped;

/* Path below GANTRY_DATA, or skips the case when it is not set. buffer holds the path. */
const char *gantry_test_data(const char *path, char *buffer, size_t size);
void gantry_test_skip(const char *why);

/* Result of main: failures, or 77 when all of count cases were skipped. */
int gantry_test_result(int failures, size_t count);

#define GANTRY_TEST_MAIN(group, tests)                                           \
    int main(void)                                                               \
    {                                                                            \
        int failures = cmocka_run_group_tests_name(group, tests, NULL, NULL);    \
        return gantry_test_result(failures, sizeof(tests) / sizeof((tests)[0])); \
    }

#endif
