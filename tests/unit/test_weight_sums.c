/* SPDX-License-Identifier: Apache-2.0
 * Sums over the weights of a channel against plain loops. */
#include "test.h"

#include <stdlib.h>

#include "graph/graph.h"
#include "random.h"

enum { LONG = (1 << 20) + 37, STEP = 5 };

static void check(const int8_t *first, int64_t count, int64_t step, int32_t zero)
{
    struct gantry_weight_sums sums, wanted = {0};
    for (int64_t i = 0; i < count; i++) {
        int32_t weight = first[i * step] - zero;
        *(weight > 0 ? &wanted.above : &wanted.below) += weight;
        if (weight < wanted.least) wanted.least = weight;
        if (weight > wanted.greatest) wanted.greatest = weight;
    }
    gantry_weights_sum(first, count, step, zero, &sums);
    assert_int_equal(sums.above, wanted.above);
    assert_int_equal(sums.below, wanted.below);
    assert_int_equal(sums.least, wanted.least);
    assert_int_equal(sums.greatest, wanted.greatest);
}

static void sums__equal_those_of_plain_loops(void **state)
{
    (void)state;
    static const int32_t zeros[] = {0, 127, -128, 3};
    static int8_t weights[1000];
    uint64_t seed = 5;
    for (size_t i = 0; i < sizeof weights; i++)
        weights[i] = (int8_t)random_in(&seed, INT8_MIN, INT8_MAX);
    for (size_t z = 0; z < sizeof zeros / sizeof *zeros; z++)
        for (int64_t count = 0; count <= 200; count++) {
            check(weights + count, count, 1, zeros[z]);
            check(weights, count, STEP, zeros[z]);
        }
}

static void sums__do_not_overflow(void **state)
{
    (void)state;
    int8_t *weights = malloc(LONG);
    assert_non_null(weights);
    for (size_t i = 0; i < LONG; i++) weights[i] = INT8_MIN;
    check(weights, LONG, 1, INT8_MAX);
    for (size_t i = 0; i < LONG; i++) weights[i] = INT8_MAX;
    check(weights, LONG, 1, INT8_MIN);
    free(weights);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sums__equal_those_of_plain_loops),
    cmocka_unit_test(sums__do_not_overflow),
};

GANTRY_TEST_MAIN("weight_sums", tests)
