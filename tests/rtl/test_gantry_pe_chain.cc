/* SPDX-License-Identifier: Apache-2.0
 * gantry_pe_chain: both sums of the packed product are exact for weights in [-127, 127]: every
 * triple of one input, sums of eight at their extremes and at random; swap and load of weights. */
#include "rtl_bits.h"
#include GANTRY_RTL_HEADER

namespace
{

class chain_bench
{
  public:
    GANTRY_RTL_MODEL dut;
    int32_t current[8] = {}, shadow[8] = {};

    void tick()
    {
        dut.clk_i = 0;
        dut.eval();
        dut.clk_i = 1;
        dut.eval();
    }
    /* Loads new weights while the old ones may be swapped in. */
    void weights(const int32_t next[8], bool load, bool swap)
    {
        uint64_t word = 0;
        for (int i = 0; i < 8; i++) word |= (uint64_t)(uint8_t)next[i] << 8 * i;
        dut.w_data_i = word;
        dut.load_i = load;
        dut.swap_i = swap;
        dut.en_i = 0;
        tick();
        dut.load_i = dut.swap_i = 0;
        if (swap) std::memcpy(current, shadow, sizeof current);
        if (load) std::memcpy(shadow, next, sizeof shadow);
    }
    void pair(int i, int32_t x0, int32_t x1) { dut.x_i[i] = ((uint32_t)x1 << 18) + (uint32_t)x0; }
    void check(const int32_t x0[8], const int32_t x1[8])
    {
        for (int i = 0; i < 8; i++) pair(i, x0[i], x1[i]);
        dut.en_i = 1;
        tick();
        int32_t want0 = 0, want1 = 0;
        for (int i = 0; i < 8; i++) {
            want0 += x0[i] * current[i];
            want1 += x1[i] * current[i];
        }
        split(want0, want1);
    }
    void split(int32_t want0, int32_t want1) const
    {
        uint64_t p = dut.p_o;
        int32_t low = (int32_t)((uint32_t)p << 14) >> 14;
        int32_t high = ((int32_t)((uint32_t)(p >> 18) << 14) >> 14) + (int32_t)(p >> 17 & 1);
        if (low != want0 || high != want1)
            fail_msg("sums %d and %d, expected %d and %d", low, high, want0, want1);
    }
};

void pe_chain__multiplies_every_triple(void **state)
{
    (void)state;
    chain_bench bench;
    int32_t weights[8] = {}, none[8] = {};
    for (int i = 0; i < 8; i++) bench.pair(i, 0, 0);
    for (int32_t w = -127; w <= 127; w++) {
        weights[0] = w;
        bench.weights(weights, true, false);
        bench.weights(none, false, true);
        bench.dut.en_i = 1;
        for (int32_t x1 = -128; x1 <= 127; x1++)
            for (int32_t x0 = -128; x0 <= 127; x0++) {
                bench.pair(0, x0, x1);
                bench.tick();
                bench.split(x0 * w, x1 * w);
            }
    }
}

void pe_chain__sums_eight_products_exactly(void **state)
{
    (void)state;
    static const int32_t corners[] = {-128, -127, -1, 0, 1, 127};
    gantry_random random(gantry_rtl_seed(1));
    chain_bench bench;
    for (int32_t round = 0; round < 200000; round++) {
        int32_t x0[8], x1[8], next[8];
        bool extreme = random.chance(30), same = random.chance(10);
        for (int i = 0; i < 8; i++) {
            x0[i] = extreme ? corners[random.below(6)] : random.between(-128, 127);
            x1[i] = extreme ? corners[random.below(6)] : random.between(-128, 127);
            next[i] = extreme ? corners[1 + random.below(5)] : random.between(-127, 127);
            if (same) {
                x0[i] = x0[0];
                x1[i] = x1[0];
                next[i] = next[0];
            }
        }
        bench.weights(next, random.chance(60), random.chance(60));
        bench.check(x0, x1);
    }
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pe_chain__multiplies_every_triple),
                                       cmocka_unit_test(pe_chain__sums_eight_products_exactly)};
    int failures = cmocka_run_group_tests_name("pe_chain", tests, NULL, NULL);
    return gantry_test_result(failures, sizeof(tests) / sizeof(tests[0]));
}
