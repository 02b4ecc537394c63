/* SPDX-License-Identifier: Apache-2.0
 * The lane in integers against the float32 definition of docs/arithmetic.md, by classes of cases
 * that single out its corners: near ties, exact midpoints, conversion ties, few-bit scales. */
#include "test.h"

#include "accel/accel.h"
#include "random.h"

#include <math.h>
#include <string.h>

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Rule F as it is written: every operation in float32, round to nearest, ties to even. */
static int8_t rule_f(int32_t acc, float scale, int32_t zero, int32_t lo, int32_t hi)
{
    volatile float rounded = (float)acc;
    volatile float product = rounded * scale;
    double y = nearbyint((double)product) + zero;
    return (int8_t)(y < lo ? lo : y > hi ? hi : y);
}

static void check_f(uint64_t *seed, int32_t acc, float scale)
{
    int32_t zero = random_in(seed, -128, 127), lo = -128, hi = 127;
    if (random_one_in(seed, 4)) {
        lo = random_in(seed, -128, 127);
        hi = random_in(seed, lo, 127);
    }
    int8_t want = rule_f(acc, scale, zero, lo, hi);
    int8_t got = gantry_lane_f(acc, gantry_lane_scale(scale), zero, lo, hi);
    if (want != got)
        fail_msg("acc %d scale %a zero %d lo %d hi %d: %d, want %d", acc, (double)scale, zero, lo,
                 hi, got, want);
}

static float any_scale(uint64_t *seed)
{
    uint32_t exponent = (uint32_t)random_in(seed, 127 - 32, 127 + 7);
    return from_bits(exponent << 23 | (uint32_t)(random_u64(seed) & 0x7fffff));
}

static int32_t any_acc(uint64_t *seed)
{
    return (int32_t)(uint32_t)random_u64(seed) >> random_in(seed, 0, 31);
}

static int32_t to_i32(double value)
{
    return value >= 2147483647.0 ? INT32_MAX : value <= -2147483648.0 ? INT32_MIN : (int32_t)value;
}

static void lane_f__equals_the_definition_on_uniform_cases(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 2000000; i++) check_f(&seed, any_acc(&seed), any_scale(&seed));
}

/* acc * scale within a few units in the last place of h + 1/2. */
static void lane_f__equals_the_definition_near_ties(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (int i = 0; i < 3000000; i++) {
        int32_t acc = any_acc(&seed);
        if (acc == 0) acc = 1;
        double tie = random_in(&seed, -257, 256) + 0.5;
        float scale = (float)fabs(tie / acc);
        uint32_t bits;
        memcpy(&bits, &scale, sizeof bits);
        scale = from_bits(bits + (uint32_t)random_in(&seed, -3, 3));
        check_f(&seed, acc, scale);
    }
}

/* Products at the midpoint between h + 1/2 and its neighbour of 24 bits, and just beside it. */
static void lane_f__equals_the_definition_at_midpoints_of_the_first_rounding(void **state)
{
    (void)state;
    uint64_t seed = 3;
    int64_t found = 0;
    for (int32_t h = 0; h <= 256; h++) {
        int32_t k = h ? 31 - __builtin_clz((uint32_t)h) : -1;
        for (int32_t d = -6; d <= 6; d++) {
            int64_t target = ((int64_t)(2 * h + 1) << (24 - k)) + d; /* acc * odd significand */
            for (int64_t odd = 3; odd < 6000; odd += 2) {
                if (target % odd != 0 || target / odd >= 1 << 24) continue;
                found++;
                int32_t power = random_in(&seed, 0, 6);
                double scale = ldexp((double)(target / odd), -(25 - k) - power);
                int64_t acc = odd << power;
                check_f(&seed, (int32_t)acc, (float)scale);
                check_f(&seed, (int32_t)-acc, (float)scale);
            }
        }
    }
    assert_true(found > 10000);
}

static void lane_f__rounds_accumulators_beyond_24_bits_to_even(void **state)
{
    (void)state;
    uint64_t seed = 4;
    for (int i = 0; i < 2000000; i++) {
        int32_t drop = random_in(&seed, 1, 7);
        int64_t top = random_in(&seed, 1 << 23, (1 << 24) - 1);
        int64_t acc = (top << drop) + (INT64_C(1) << (drop - 1)) + random_in(&seed, -1, 1);
        if (random_one_in(&seed, 2)) acc = -acc;
        double tie = (random_in(&seed, 0, 256) + 0.5) / fabs((double)acc);
        float scale = random_one_in(&seed, 2) ? (float)tie : any_scale(&seed);
        check_f(&seed, to_i32((double)acc), scale);
    }
}

static void lane_f__equals_the_definition_for_few_bit_scales_and_extremes(void **state)
{
    (void)state;
    static const int64_t special[] = {INT32_MIN,  INT32_MIN + 1, INT32_MAX,  1 << 24, 0x7fffff80,
                                      0x00ffffff, 0x7fffffc0,    -(1 << 24), 0,       1,
                                      -1};
    uint64_t seed = 5;
    for (int i = 0; i < 2000000; i++) {
        int64_t acc = special[random_in(&seed, 0, (int32_t)GANTRY_COUNT(special) - 1)] +
                      random_in(&seed, -3, 3);
        if (random_one_in(&seed, 2)) acc = any_acc(&seed);
        float scale = (float)ldexp(random_in(&seed, 1, 31), -random_in(&seed, 0, 32));
        if (random_one_in(&seed, 4)) scale = any_scale(&seed);
        check_f(&seed, to_i32((double)acc), scale);
    }
}

static void lane_f__scales_beyond_the_word_keep_their_results(void **state)
{
    (void)state;
    uint64_t seed = 6;
    for (int i = 0; i < 200000; i++) {
        uint32_t exponent = (uint32_t)random_in(&seed, 0, 254);
        float scale = from_bits(exponent << 23 | (uint32_t)(random_u64(&seed) & 0x7fffff));
        if (scale > 0.0f) check_f(&seed, any_acc(&seed), scale);
        check_f(&seed, INT32_MIN, 0x1.fffffep-33f);
    }
}

/* One rounding of the exact product is a different rule; this scale shows it. */
static void lane_f__rounds_twice_where_the_definition_does(void **state)
{
    (void)state;
    float scale = 0x1.555556p-9f;
    int differs = 0;
    for (int32_t acc = -98304; acc < 98304; acc++) {
        int8_t want = rule_f(acc, scale, 0, -128, 127);
        assert_int_equal(gantry_lane_f(acc, gantry_lane_scale(scale), 0, -128, 127), want);
        double once = nearbyint((double)acc * (double)scale);
        differs += once >= -128 && once <= 127 && (int8_t)once != want;
    }
    assert_true(differs > 0);
}

static void lane_pool__equals_division(void **state)
{
    (void)state;
    for (int32_t n = 1; n <= 512; n++) {
        uint32_t word = gantry_lane_scale(1.0f / (4.0f * (float)n));
        for (int32_t sum = -128 * n; sum <= 127 * n; sum++) {
            int32_t want = (sum > 0 ? sum + n / 2 : sum - n / 2) / n;
            if (gantry_lane_pool(sum, word, -128, 127) != want) fail_msg("%d of %d", sum, n);
        }
    }
}

static void lane_pool__clamps_to_its_range(void **state)
{
    (void)state;
    uint32_t word = gantry_lane_scale(1.0f / 16.0f);
    assert_int_equal(gantry_lane_pool(400, word, -5, 90), 90);
    assert_int_equal(gantry_lane_pool(-400, word, -5, 90), -5);
}

static void lane_x__equals_the_definition(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 2000000; i++) {
        int32_t shift = random_in(&seed, 13, 30), k[2], z[3], x[2];
        k[0] = random_in(&seed, 1 << 19, 1 << 21);
        k[1] = random_in(&seed, 1, k[0]) >> random_in(&seed, 0, 12);
        if (random_one_in(&seed, 8)) k[1] = -k[1];
        for (int j = 0; j < 3; j++) z[j] = random_in(&seed, -128, 127);
        for (int j = 0; j < 2; j++) x[j] = random_in(&seed, -128, 127);
        int32_t lo = random_in(&seed, -128, 0), hi = random_in(&seed, 0, 127);
        int64_t want = (((int64_t)k[0] * (x[0] - z[0]) + (int64_t)k[1] * (x[1] - z[1]) +
                         (INT64_C(1) << (shift - 1))) >>
                        shift) +
                       z[2];
        want = want < lo ? lo : want > hi ? hi : want;
        struct gantry_lane_res res, back;
        uint8_t line[GANTRY_LINE_BYTES];
        gantry_lane_res_pack(&res, k[0], k[1], shift, z[0], z[1], z[2], lo, hi);
        gantry_lane_res_to_line(&res, line);
        gantry_lane_res_from_line(&back, line);
        assert_true(res.k1 == back.k1 && res.k2 == back.k2 && res.c == back.c);
        assert_true(res.psel == back.psel && res.lo == back.lo && res.hi == back.hi);
        assert_int_equal(gantry_lane_x(x[0], x[1], &back), want);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lane_f__equals_the_definition_on_uniform_cases),
    cmocka_unit_test(lane_f__equals_the_definition_near_ties),
    cmocka_unit_test(lane_f__equals_the_definition_at_midpoints_of_the_first_rounding),
    cmocka_unit_test(lane_f__rounds_accumulators_beyond_24_bits_to_even),
    cmocka_unit_test(lane_f__equals_the_definition_for_few_bit_scales_and_extremes),
    cmocka_unit_test(lane_f__scales_beyond_the_word_keep_their_results),
    cmocka_unit_test(lane_f__rounds_twice_where_the_definition_does),
    cmocka_unit_test(lane_pool__equals_division),
    cmocka_unit_test(lane_pool__clamps_to_its_range),
    cmocka_unit_test(lane_x__equals_the_definition),
};
GANTRY_TEST_MAIN("lane", tests)
