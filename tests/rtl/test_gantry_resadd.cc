/* SPDX-License-Identifier: Apache-2.0
 * gantry_resadd against the C lane of rule X and against the rule's own formula. */
#include "rtl_test.h"
#include GANTRY_RTL_HEADER

GANTRY_C_BEGIN
#include "accel/accel.h"
GANTRY_C_END

namespace
{

struct lane_case {
    int32_t k1, k2, shift, zero1, zero2, zero_out, x1, x2;
    gantry_lane_res res;
};

lane_case random_case(gantry_random &random)
{
    lane_case c = {};
    c.shift = random.between(13, 30);
    /* shift = 20 - floor(log2(greater ratio)): the greater k lies in [2^20, 2^21]. */
    int32_t great = random.chance(10) ? 1 << 21 : random.between(1 << 20, 1 << 21);
    int32_t small = random.chance(10) ? 0 : random.between(0, great);
    bool swap = random.chance(50);
    c.k1 = swap ? small : great;
    c.k2 = swap ? great : small;
    if (random.chance(25)) c.k2 = -c.k2;
    c.zero1 = random.between(-128, 127);
    c.zero2 = random.between(-128, 127);
    c.zero_out = random.between(-128, 127);
    c.x1 = random.between(-128, 127);
    c.x2 = random.between(-128, 127);
    int32_t lo = random.chance(50) ? -128 : random.between(-128, 127);
    int32_t hi = random.chance(50) ? 127 : random.between(lo, 127);
    gantry_lane_res_pack(&c.res, c.k1, c.k2, c.shift, c.zero1, c.zero2, c.zero_out, lo, hi);
    return c;
}

int32_t rule_x(const lane_case &c)
{
    int64_t sum = (int64_t)c.k1 * (c.x1 - c.zero1) + (int64_t)c.k2 * (c.x2 - c.zero2);
    int64_t y = ((sum + (INT64_C(1) << (c.shift - 1))) >> c.shift) + c.zero_out;
    return (int32_t)(y < c.res.lo ? c.res.lo : y > c.res.hi ? c.res.hi : y);
}

void resadd__equals_rule_x(void **state)
{
    (void)state;
    enum { DEPTH = 6, C_AT = 2, PSEL_AT = 4, CLAMP_AT = 5, RING = 8, COUNT = 3000000 };
    gantry_random random(gantry_rtl_seed(1));
    GANTRY_RTL_MODEL model;
    lane_case ring[RING] = {};
    for (int64_t n = 0; n < COUNT + DEPTH; n++) {
        ring[n % RING] = random_case(random);
        const lane_case &in = ring[n % RING];
        model.x1_i = (uint8_t)in.x1;
        model.x2_i = (uint8_t)in.x2;
        model.k1_i = (uint32_t)in.res.k1 & 0x7ffffff;
        model.k2_i = (uint32_t)in.res.k2 & 0x7ffffff;
        model.c_i = (uint64_t)ring[(n + RING - C_AT) % RING].res.c & 0xffffffffffff;
        model.psel_i = (uint8_t)ring[(n + RING - PSEL_AT) % RING].res.psel;
        model.lo_i = (uint8_t)ring[(n + RING - CLAMP_AT) % RING].res.lo;
        model.hi_i = (uint8_t)ring[(n + RING - CLAMP_AT) % RING].res.hi;
        do {
            model.en_i = !random.chance(10);
            model.clk_i = 0;
            model.eval();
            model.clk_i = 1;
            model.eval();
        } while (!model.en_i);
        if (n < DEPTH - 1) continue;
        const lane_case &done = ring[(n + RING - (DEPTH - 1)) % RING];
        int32_t got = (int8_t)model.out_o, want = gantry_lane_x(done.x1, done.x2, &done.res);
        if (got != want || got != rule_x(done))
            fail_msg("x %d %d k %d %d shift %d: rtl %d, lane %d, rule %d", done.x1, done.x2,
                     done.k1, done.k2, done.shift, got, want, rule_x(done));
    }
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(resadd__equals_rule_x)};
    int failures = cmocka_run_group_tests_name("resadd", tests, NULL, NULL);
    return gantry_test_result(failures, sizeof(tests) / sizeof(tests[0]));
}
