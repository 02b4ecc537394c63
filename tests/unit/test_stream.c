/* SPDX-License-Identifier: Apache-2.0
 * The weight stream and the words of folded rows. */
#include "test.h"

#include "accel/accel.h"
#include "random.h"

#include <string.h>

static void stream__stripes_hold_every_byte_at_its_place(void **state)
{
    (void)state;
    uint64_t seed = 21;
    for (int32_t ports = 1; ports <= 4; ports *= 2)
        for (int64_t lines = 1; lines < 300; lines += 37) {
            uint8_t *in = test_malloc((size_t)lines * 128);
            for (int64_t i = 0; i < lines * 128; i++) in[i] = (uint8_t)random_u64(&seed);
            int64_t stripe = gantry_stripe_bytes(lines, ports), width = 128 / ports;
            assert_int_equal(stripe % 4096, 0);
            assert_true(stripe >= lines * width && stripe < lines * width + 4096);
            uint8_t *out = test_malloc((size_t)(stripe * ports));
            memset(out, 0xee, (size_t)(stripe * ports));
            gantry_stripe_lines(in, lines, ports, out);
            for (int64_t l = 0; l < lines; l++)
                for (int64_t b = 0; b < 128; b++)
                    assert_int_equal(out[b / width * stripe + l * width + b % width],
                                     in[l * 128 + b]);
            for (int32_t s = 0; s < ports; s++)
                for (int64_t at = lines * width; at < stripe; at++)
                    assert_int_equal(out[s * stripe + at], 0);
            test_free(in);
            test_free(out);
        }
}

static void stream__counts_the_lines_of_an_instruction(void **state)
{
    (void)state;
    struct gantry_insn conv = {{GANTRY_INSN_CONV}};
    assert_true(gantry_insn_set(&conv, GANTRY_CONV_WALK_CB, 3));
    assert_true(gantry_insn_set(&conv, GANTRY_CONV_KH, 5));
    assert_true(gantry_insn_set(&conv, GANTRY_CONV_KW, 2));
    assert_true(gantry_insn_set(&conv, GANTRY_CONV_GROUPS, 7));
    assert_int_equal(gantry_conv_group_lines(&conv), 1 + 2 * 30);
    assert_true(gantry_insn_set(&conv, GANTRY_CONV_LOG2_M, 2));
    assert_int_equal(gantry_conv_group_lines(&conv), 4 + 2 * 4 * 30);
    assert_true(gantry_insn_set(&conv, GANTRY_CONV_RES, 1));
    assert_true(gantry_insn_set(&conv, GANTRY_CONV_W2, 1));
    assert_int_equal(gantry_conv_group_lines(&conv), 1 + 4 + 2 * 2 * 4 * 30);
    assert_int_equal(gantry_conv_lines(&conv), 7 * 485);
    assert_true(gantry_insn_set(&conv, GANTRY_CONV_LOG2_M, 0));
    assert_true(gantry_insn_set(&conv, GANTRY_CONV_TCB, 1));
    assert_int_equal(gantry_conv_group_lines(&conv), 1 + 1 + 2 * 2 * 30);
}

/* Byte by byte: the definition of a word. */
static void stream__load_words_are_bytes_of_the_row_or_pad(void **state)
{
    (void)state;
    uint64_t seed = 22;
    uint8_t row[64], word[16];
    for (int n = 0; n < 50000; n++) {
        for (size_t i = 0; i < sizeof row; i++) row[i] = (uint8_t)random_u64(&seed);
        int32_t bytes = random_in(&seed, 1, 64), step = random_in(&seed, 0, 20);
        int32_t lead = random_in(&seed, -20, 40), pixel = random_in(&seed, 0, 6);
        int32_t j = random_in(&seed, 0, 3);
        uint8_t pad = (uint8_t)random_u64(&seed);
        gantry_load_word(row, bytes, pixel, j, step, lead, pad, word);
        for (int32_t i = 0; i < 16; i++) {
            int32_t at = pixel * step - lead + 16 * j + i;
            assert_int_equal(word[i], at >= 0 && at < bytes ? row[at] : pad);
        }
    }
}

/* Folding turns a KH x KW convolution over C channels into KH x 1 over KW * C bytes: im2col of
 * one row. */
static void stream__folded_rows_equal_im2col(void **state)
{
    (void)state;
    uint64_t seed = 23;
    for (int n = 0; n < 2000; n++) {
        int32_t c = random_in(&seed, 1, 7), w = random_in(&seed, 1, 12);
        int32_t kw = random_in(&seed, 1, 7), stride = random_in(&seed, 1, 2);
        int32_t left = random_in(&seed, 0, kw - 1), right = random_in(&seed, 0, kw - 1);
        if (w + left + right < kw) continue;
        int32_t out_w = (w + left + right - kw) / stride + 1;
        uint8_t row[12 * 7], pad = (uint8_t)random_u64(&seed);
        for (int32_t i = 0; i < w * c; i++) row[i] = (uint8_t)random_u64(&seed);
        for (int32_t x = 0; x < out_w; x++)
            for (int32_t kx = 0; kx < kw; kx++)
                for (int32_t ch = 0; ch < c; ch++) {
                    int32_t at = kx * c + ch, from = x * stride + kx - left;
                    uint8_t word[16];
                    gantry_load_word(row, w * c, x, at / 16, stride * c, left * c, pad, word);
                    uint8_t want = from >= 0 && from < w ? row[from * c + ch] : pad;
                    assert_int_equal(word[at % 16], want);
                }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(stream__stripes_hold_every_byte_at_its_place),
    cmocka_unit_test(stream__counts_the_lines_of_an_instruction),
    cmocka_unit_test(stream__load_words_are_bytes_of_the_row_or_pad),
    cmocka_unit_test(stream__folded_rows_equal_im2col),
};
GANTRY_TEST_MAIN("stream", tests)
