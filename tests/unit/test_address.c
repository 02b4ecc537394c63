/* SPDX-License-Identifier: Apache-2.0
 * The activation layout against its written definition, and the properties the array rests on. */
#include "test.h"

#include "accel/accel.h"
#include "random.h"

#include <string.h>

static struct gantry_array_params params_of(int32_t g)
{
    return (struct gantry_array_params){g, 4096, 1024, 64, 1, 0};
}

static struct gantry_act_tensor any_tensor(uint64_t *seed, const struct gantry_array_params *params)
{
    struct gantry_act_tensor tensor;
    int32_t sy = random_in(seed, 1, 2), sx = random_in(seed, 1, 2);
    gantry_act_layout(&tensor, params, random_in(seed, 1, 9), random_in(seed, 1, 9),
                      random_in(seed, 1, 80), sy, sx, random_in(seed, 0, 9));
    tensor.base = random_in(seed, 0, 50);
    return tensor;
}

static void address__every_word_has_a_place_of_its_own_inside_the_tensor(void **state)
{
    (void)state;
    static uint8_t taken[8][4096];
    uint64_t seed = 11;
    for (int n = 0; n < 3000; n++) {
        struct gantry_array_params params = params_of(1 << random_in(&seed, 0, 2));
        struct gantry_act_tensor t = any_tensor(&seed, &params);
        int32_t npx = 2 * params.g;
        memset(taken, 0, sizeof taken);
        for (int32_t y = 0; y < t.h; y++)
            for (int32_t x = 0; x < t.w; x++)
                for (int32_t cb = 0; cb < t.cb; cb++) {
                    int32_t bank;
                    int64_t row;
                    gantry_act_address(&t, npx, gantry_act_pixel(&t, y, x), cb, &bank, &row);
                    assert_true(row >= t.base && row < t.base + gantry_act_rows(&t, npx));
                    assert_int_equal(taken[bank][row]++, 0);
                }
    }
}

static void address__follows_the_written_equations(void **state)
{
    (void)state;
    struct gantry_act_tensor t = {.base = 7, .cb = 3, .pitch = 5, .ps = 22, .sy = 2, .sx = 2};
    t.h = t.w = 8;
    int32_t bank;
    int64_t row, q = gantry_act_pixel(&t, 5, 6); /* plane (1, 0): 2; row 2, column 3 */
    assert_int_equal(q, 2 * 22 + 2 * 5 + 3);
    gantry_act_address(&t, 4, q, 2, &bank, &row);
    assert_int_equal(bank, 57 % 4);
    assert_int_equal(row, 7 + 57 / 4 * 3 + 2);
    t.sx = 1; /* planes 0 and 1 by the row's parity */
    assert_int_equal(gantry_act_pixel(&t, 5, 6), 22 + 2 * 5 + 6);
    t.sy = 1;
    assert_int_equal(gantry_act_pixel(&t, 5, 4), 29);
}

static void address__layout_keeps_its_rules(void **state)
{
    (void)state;
    uint64_t seed = 12;
    for (int n = 0; n < 3000; n++) {
        struct gantry_array_params params = params_of(1 << random_in(&seed, 0, 2));
        int32_t h = random_in(&seed, 1, 40), w = random_in(&seed, 1, 40), npx = 2 * params.g;
        int32_t sy = random_in(&seed, 1, 2), sx = random_in(&seed, 1, 2);
        int32_t least = random_in(&seed, 0, 45), channels = random_in(&seed, 1, 100);
        struct gantry_act_tensor t;
        gantry_act_layout(&t, &params, h, w, channels, sy, sx, least);
        int32_t width = (w + sx - 1) / sx, height = (h + sy - 1) / sy;
        assert_int_equal(t.cb, (channels + 15) / 16);
        assert_int_equal(t.pitch, width > least ? width : least);
        if (sy == 1 && sx == 1) {
            assert_int_equal(t.ps, 0);
            continue;
        }
        assert_true(t.ps >= height * t.pitch && t.ps < height * t.pitch + npx);
        if (params.g > 1) assert_int_equal(t.ps % npx, 2);
    }
}

/* Four outputs of a raster row, from an even column on, never meet in a bank. */
static void address__four_outputs_into_planes_lie_in_distinct_banks(void **state)
{
    (void)state;
    for (int32_t g = 2; g <= 4; g *= 2) {
        struct gantry_array_params params = params_of(g);
        struct gantry_act_tensor t;
        gantry_act_layout(&t, &params, 9, 12, 16, 2, 2, 0);
        for (int32_t y = 0; y < 9; y++)
            for (int32_t x = 0; x + 4 <= 12; x += 2) {
                uint32_t banks = 0;
                for (int32_t i = 0; i < 4; i++)
                    banks |= 1u << gantry_act_pixel(&t, y, x + i) % (2 * g);
                assert_int_equal(__builtin_popcount(banks), 4);
            }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(address__every_word_has_a_place_of_its_own_inside_the_tensor),
    cmocka_unit_test(address__follows_the_written_equations),
    cmocka_unit_test(address__layout_keeps_its_rules),
    cmocka_unit_test(address__four_outputs_into_planes_lie_in_distinct_banks),
};
GANTRY_TEST_MAIN("address", tests)
