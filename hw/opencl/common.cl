/* SPDX-License-Identifier: Apache-2.0
 * What the kernels share: words of the activation RAM, lines of the weight stream, a block of
 * weights in local memory, and what becomes of accumulators.
 *
 * In front of this text stand the integer types of C, the constants of hw/spec and the equations of
 * host/accel. Build options: GANTRY_NPX, GANTRY_ROWS (rows of a bank), GANTRY_STRIPES (ports) of
 * the configuration, and GANTRY_LOCAL, the work-items of a group. */

/* Index of a word of the activation RAM, or -1 beyond its rows: the access is then not made, and
 * the fault of the instruction becomes its row. */
static int64_t word_index(const struct gantry_act_tensor *tensor, int64_t q, int32_t block,
                          volatile __global int *fault)
{
    int32_t bank;
    int64_t row;
    gantry_act_address(tensor, GANTRY_NPX, q, block, &bank, &row);
    if (row < GANTRY_ROWS) return row * GANTRY_NPX + bank;
    atomic_max(fault, (int)min(row, (int64_t)INT_MAX));
    return -1;
}

/* 32-bit word of a line. */
static uint32_t line_word(__global const uchar *weights, const struct gantry_lines *lines,
                          int64_t line, int32_t word)
{
    return *(__global const uint *)(weights +
                                    gantry_line_byte(lines, GANTRY_STRIPES, line, 4 * word));
}

/* A block of 16 x 16 weights, transposed: the 16 outputs of one input follow each other. All
 * work-items of the group take part. Two blocks alternate, so that one barrier is enough: nobody
 * writes a block that another still reads. */
static __local const int *stage_block(__local int *blocks, int32_t turn,
                                      __global const uchar *weights,
                                      const struct gantry_lines *lines, int64_t line)
{
    __local int *block = blocks + (turn & 1) * GANTRY_BLOCK_BYTES;
    for (int32_t i = get_local_id(0); i < GANTRY_BLOCK_BYTES; i += GANTRY_LOCAL) {
        int64_t at = gantry_line_byte(lines, GANTRY_STRIPES, line + i / GANTRY_LINE_BYTES,
                                      i % GANTRY_LINE_BYTES);
        block[i % GANTRY_CHANNELS * GANTRY_CHANNELS + i / GANTRY_CHANNELS] = as_char(weights[at]);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    return block;
}

/* Sums over the 16 inputs, for 16 outputs. */
static int16 multiply(int16 x, __local const int *block)
{
#define TERM(i, digit) (x.s##digit * vload16(i, block))
    return TERM(0, 0) + TERM(1, 1) + TERM(2, 2) + TERM(3, 3) + TERM(4, 4) + TERM(5, 5) +
           TERM(6, 6) + TERM(7, 7) + TERM(8, 8) + TERM(9, 9) + TERM(10, a) + TERM(11, b) +
           TERM(12, c) + TERM(13, d) + TERM(14, e) + TERM(15, f);
#undef TERM
}

/* Rule F or P: 16 sums of an output word, with the parameters in a line. */
static char16 requantise(int16 acc, const struct gantry_conv *conv, __global const uchar *weights,
                         const struct gantry_lines *lines, int64_t line)
{
    int32_t sum[GANTRY_CHANNELS];
    int8_t out[GANTRY_CHANNELS];
    vstore16(acc, 0, sum);
    for (int32_t c = 0; c < GANTRY_CHANNELS; c++) {
        uint32_t bias = line_word(weights, lines, line, GANTRY_PARAM_WORD_BIAS + c);
        uint32_t scale = line_word(weights, lines, line, GANTRY_PARAM_WORD_SCALE + c);
        int32_t term =
            conv->pool ? gantry_lane_pool_term(sum[c]) : (int32_t)((uint32_t)sum[c] + bias);
        out[c] = gantry_lane_f(term, scale, conv->zero, conv->lo, conv->hi);
    }
    return vload16(0, out);
}

/* Rule X: the word and the residual's at the same place, with the parameters in a line. */
static char16 add_residual(char16 word, char16 residual, __global const uchar *weights,
                           const struct gantry_lines *lines, int64_t line)
{
    int8_t x1[GANTRY_CHANNELS], x2[GANTRY_CHANNELS];
    uint32_t words[GANTRY_RES_WORD_HI + 1];
    struct gantry_lane_res rule;
    for (int32_t i = 0; i <= GANTRY_RES_WORD_HI; i++) words[i] = line_word(weights, lines, line, i);
    gantry_lane_res_from_words(&rule, words);
    vstore16(word, 0, x1);
    vstore16(residual, 0, x2);
    for (int32_t c = 0; c < GANTRY_CHANNELS; c++) x1[c] = gantry_lane_x(x1[c], x2[c], &rule);
    return vload16(0, x1);
}

/* An output word, at pixel (y, x). line: the group's first; j: the block's number in the group. */
static void emit(__global char16 *act, const struct gantry_conv *conv,
                 __global const uchar *weights, const struct gantry_lines *lines, int64_t line,
                 int32_t j, int32_t block, int32_t y, int32_t x, int16 acc,
                 volatile __global int *fault)
{
    int64_t to =
        word_index(&conv->out, gantry_act_pixel(&conv->out, y, x), conv->out_cb0 + block, fault);
    if (to < 0) return;
    char16 word = requantise(acc, conv, weights, lines, line + conv->res + (conv->tcb ? 0 : j));
    if (conv->res) {
        int64_t from =
            word_index(&conv->residual, gantry_act_pixel(&conv->residual, y, x), block, fault);
        if (from < 0) return;
        word = add_residual(word, act[from], weights, lines, line);
    }
    act[to] = word;
}
