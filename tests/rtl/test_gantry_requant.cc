/* SPDX-License-Identifier: Apache-2.0
 * gantry_requant against rule F in float32 and against the C lane: uniform accumulators, products
 * near h + 1/2, the first rounding's midpoints, powers of two, extremes. */
#include "rtl_test.h"
#include GANTRY_RTL_HEADER

#include <cmath>

GANTRY_C_BEGIN
#include "accel/accel.h"
GANTRY_C_END

namespace
{

struct lane_case {
    int32_t acc;
    uint32_t scale_word;
    float scale; /* 0: only the C lane judges */
    int32_t zero, lo, hi;
};

float random_scale(gantry_random &random)
{
    int32_t exponent = random.between(-32, 7);
    uint32_t significand = random.below(1u << 23);
    if (random.chance(20)) significand &= 0x7f << random.below(17);
    if (random.chance(10)) significand = 0x7fffff >> random.below(23);
    return std::ldexp(1.0f + (float)significand / 8388608.0f, exponent);
}

/* An accumulator whose product lies near h + 1/2. */
int32_t near_tie(gantry_random &random, float scale)
{
    double wanted = (random.between(-260, 260) + 0.5) / (double)scale;
    wanted += random.between(-3, 3);
    if (wanted > 2147483647.0 || wanted < -2147483648.0) return random.between(-70000, 70000);
    return (int32_t)wanted;
}

/* acc * significand = (2h + 1) * 2^24-k + d exactly where a divisor allows it: the first rounding
 * then has to decide a midpoint. */
void midpoint(gantry_random &random, lane_case &out)
{
    for (int tries = 0; tries < 40; tries++) {
        int32_t h = random.between(0, 255), log2_h = 31 - __builtin_clz((uint32_t)(h | 1));
        int64_t target = ((2 * (int64_t)h + 1) << (24 - log2_h)) + random.between(-6, 6);
        int64_t divisor = random.between(1, 40000);
        if (target % divisor != 0) continue;
        int64_t rest = target / divisor;
        while (rest >= (1 << 24) && rest % 2 == 0) rest /= 2;
        if (rest >= (1 << 24)) continue;
        out.scale = std::ldexp((float)rest, -(25 - log2_h));
        out.acc = (int32_t)(random.chance(50) ? divisor : -divisor);
        return;
    }
}

lane_case random_case(gantry_random &random)
{
    static const int32_t extremes[] = {INT32_MIN, INT32_MIN + 1, INT32_MAX, INT32_MAX - 1, 0, 1,
                                       -1};
    lane_case out = {};
    out.scale = random_scale(random);
    switch (random.below(8)) {
    case 0:
        out.acc = (int32_t)random.next();
        break;
    case 1:
        out.acc = (int32_t)random.next() >> random.below(31);
        break;
    case 2:
        out.acc = extremes[random.below(7)];
        break;
    case 3: /* ties of the conversion to 24 bits */
        out.acc =
            (int32_t)(((uint32_t)random.next() | 1) << random.below(8)) + random.between(-1, 1);
        break;
    case 4: /* powers of two and all ones */
        out.acc = (int32_t)((1u << random.below(32)) + (uint32_t)random.between(-3, 3));
        break;
    case 5:
        midpoint(random, out);
        break;
    default:
        out.acc = near_tie(random, out.scale);
        break;
    }
    out.scale_word = gantry_lane_scale(out.scale);
    if (random.chance(2)) {
        out.scale = 0;
        out.scale_word = (uint32_t)random.next() & 0x3fffffff;
    }
    out.zero = random.between(-128, 127);
    out.lo = random.chance(50) ? -128 : random.between(-128, 127);
    out.hi = random.chance(50) ? 127 : random.between(out.lo, 127);
    return out;
}

int32_t rule_f(const lane_case &c)
{
    float product = (float)c.acc * c.scale;
    double rounded = std::nearbyint((double)product) + c.zero;
    if (rounded < c.lo) return c.lo;
    return rounded > c.hi ? c.hi : (int32_t)rounded;
}

void run(uint64_t seed, int64_t count)
{
    enum { DEPTH = 10, ZERO_AT = 7, CLAMP_AT = 9, RING = 16 };
    gantry_random random(seed);
    GANTRY_RTL_MODEL model;
    lane_case ring[RING] = {};
    for (int64_t n = 0; n < count + DEPTH; n++) {
        ring[n % RING] = random_case(random);
        const lane_case &in = ring[n % RING];
        model.acc_i = (uint32_t)in.acc;
        model.mult_i = in.scale_word & 0x3ffffff;
        model.shift_i = in.scale_word >> 26 & 15;
        model.zp_i = (uint8_t)ring[(n + RING - ZERO_AT) % RING].zero;
        model.lo_i = (uint8_t)ring[(n + RING - CLAMP_AT) % RING].lo;
        model.hi_i = (uint8_t)ring[(n + RING - CLAMP_AT) % RING].hi;
        do { /* cycles without enable must hold everything */
            model.en_i = !random.chance(10);
            model.clk_i = 0;
            model.eval();
            model.clk_i = 1;
            model.eval();
        } while (!model.en_i);
        if (n < DEPTH - 1) continue;
        const lane_case &done = ring[(n + RING - (DEPTH - 1)) % RING];
        int32_t got = (int8_t)model.out_o;
        int32_t want = gantry_lane_f(done.acc, done.scale_word, done.zero, done.lo, done.hi);
        if (got != want || (done.scale != 0 && got != rule_f(done)))
            fail_msg("acc %d scale %a word %08x zero %d range %d..%d: rtl %d, lane %d, float %d",
                     done.acc, (double)done.scale, done.scale_word, done.zero, done.lo, done.hi,
                     got, want, rule_f(done));
    }
}

void requant__equals_rule_f_on_every_class(void **state)
{
    (void)state;
    run(gantry_rtl_seed(1), 3000000);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(requant__equals_rule_f_on_every_class)};
    int failures = cmocka_run_group_tests_name("requant", tests, NULL, NULL);
    return gantry_test_result(failures, sizeof(tests) / sizeof(tests[0]));
}
