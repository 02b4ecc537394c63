/* SPDX-License-Identifier: Apache-2.0
 * Small programs for gantry_compute: LOAD an input, CONVs, STORE what they made. The weight stream
 * is random; the C model says what the program must leave behind. */
#ifndef GANTRY_COMPUTE_PROGRAM_H
#define GANTRY_COMPUTE_PROGRAM_H

#include "compute_rig.h"

/* A CONV in plain terms; fields that 0 leaves out. */
struct conv_spec {
    gantry_act_tensor in = {}, out = {}, residual = {};
    int32_t kh = 1, kw = 1, pad_top = 0, pad_left = 0, dilation = 1, log2_m = 0, tile = 0;
    int32_t dep = 0, out_cb0 = 0;
    bool res = false, diag = false, max = false, tcb = false, w2 = false, pool = false;
};

class compute_program
{
  public:
    std::vector<gantry_insn> insns;
    std::vector<uint8_t> lines, input, output, expected;
    gantry_accel_result result = {};
    int32_t next_row = 0; /* of the activation RAM */
    int32_t plane_extra = 0;

    explicit compute_program(uint64_t seed) : random(seed) {}

    /* A tensor in fresh rows. */
    gantry_act_tensor tensor(int32_t h, int32_t w, int32_t channels, int32_t stride = 1,
                             int32_t pitch = 0)
    {
        gantry_array_params params = compute_rig::params();
        gantry_act_tensor out;
        gantry_act_layout(&out, &params, h, w, channels, stride, stride, pitch);
        out.base = next_row;
        next_row += (int32_t)gantry_act_rows(&out, compute_rig::NPX);
        return out;
    }

    void load(const gantry_act_tensor &to, uint32_t wait, uint32_t signal)
    {
        int32_t row_bytes = to.w * to.cb * 16;
        gantry_insn insn = {{GANTRY_INSN_LOAD}};
        set(insn, GANTRY_COMMON_WAIT, wait);
        set(insn, GANTRY_COMMON_SIGNAL, signal);
        set(insn, GANTRY_LOAD_BUFFER, GANTRY_BUFFER_INPUT);
        set(insn, GANTRY_LOAD_OFFSET, (int64_t)input.size());
        set(insn, GANTRY_LOAD_ROW_STRIDE, row_bytes);
        set(insn, GANTRY_LOAD_ROWS, to.h);
        set(insn, GANTRY_LOAD_ROW_BYTES, row_bytes);
        set(insn, GANTRY_LOAD_PIXELS, to.w);
        set(insn, GANTRY_LOAD_STEP, to.cb * 16);
        set(insn, GANTRY_LOAD_WORDS, to.cb);
        set(insn, GANTRY_LOAD_SY, to.sy - 1);
        set(insn, GANTRY_LOAD_SX, to.sx - 1);
        set(insn, GANTRY_LOAD_BASE, to.base);
        set(insn, GANTRY_LOAD_CB, to.cb);
        set(insn, GANTRY_LOAD_PITCH, to.pitch);
        set(insn, GANTRY_LOAD_PS, to.ps);
        insns.push_back(insn);
        for (int32_t i = 0; i < row_bytes * to.h; i++) input.push_back((uint8_t)random.next());
    }

    void store(const gantry_act_tensor &from, uint32_t wait)
    {
        int32_t row_bytes = from.w * from.cb * 16;
        gantry_insn insn = {{GANTRY_INSN_STORE}};
        set(insn, GANTRY_COMMON_WAIT, wait);
        set(insn, GANTRY_STORE_BUFFER, GANTRY_BUFFER_OUTPUT);
        set(insn, GANTRY_STORE_OFFSET, (int64_t)output.size());
        set(insn, GANTRY_STORE_ROW_STRIDE, row_bytes);
        set(insn, GANTRY_STORE_ROWS, from.h);
        set(insn, GANTRY_STORE_PIXELS, from.w);
        set(insn, GANTRY_STORE_WORDS, from.cb);
        set(insn, GANTRY_STORE_SY, from.sy - 1);
        set(insn, GANTRY_STORE_SX, from.sx - 1);
        set(insn, GANTRY_STORE_BASE, from.base);
        set(insn, GANTRY_STORE_CB, from.cb);
        set(insn, GANTRY_STORE_PITCH, from.pitch);
        set(insn, GANTRY_STORE_PS, from.ps);
        insns.push_back(insn);
        output.resize(output.size() + (size_t)(row_bytes * from.h));
    }

    void sync(uint32_t wait, uint32_t signal)
    {
        gantry_insn insn = {{GANTRY_INSN_SYNC}};
        set(insn, GANTRY_COMMON_WAIT, wait);
        set(insn, GANTRY_COMMON_SIGNAL, signal);
        insns.push_back(insn);
    }

    gantry_insn &conv(const conv_spec &spec, uint32_t wait = 0, uint32_t signal = 0);

    /* Ends the program and runs the C model on it. */
    void finish(int64_t lines_missing = 0)
    {
        insns.push_back({{GANTRY_INSN_END}});
        for (const gantry_insn &insn : insns) {
            uint8_t bytes[GANTRY_INSN_BYTES];
            gantry_insn_to_bytes(&insn, bytes);
            program.insert(program.end(), bytes, bytes + sizeof bytes);
        }
        line_count = (int64_t)lines.size() / GANTRY_LINE_BYTES - lines_missing;
        striped.resize(
            (size_t)(gantry_stripe_bytes(line_count, compute_rig::PORTS) * compute_rig::PORTS) +
            16);
        gantry_stripe_lines(lines.data(), line_count, compute_rig::PORTS, striped.data());
        expected = output;
        gantry_array_params params = compute_rig::params();
        gantry_accel *accel;
        gantry_error error = {};
        assert_int_equal(gantry_accel_create(&accel, &params, nullptr, &error), GANTRY_OK);
        gantry_accel_memory launch = memory(expected);
        gantry_accel_run(accel, &launch, 0, &result);
        gantry_accel_destroy(accel);
    }

    gantry_accel_memory memory(std::vector<uint8_t> &to)
    {
        gantry_accel_memory out = {};
        out.program = program.data();
        out.insn_count = (uint32_t)insns.size();
        out.weights = striped.data();
        out.wgt_lines = (uint32_t)line_count;
        out.buffer[GANTRY_BUFFER_INPUT] = input.data();
        out.buffer_bytes[GANTRY_BUFFER_INPUT] = input.size();
        out.buffer[GANTRY_BUFFER_OUTPUT] = to.data();
        out.buffer_bytes[GANTRY_BUFFER_OUTPUT] = to.size();
        out.repeat = 1;
        return out;
    }

    /* Runs it on the RTL; everything stored must be the C model's. */
    void check(compute_rig &rig, uint64_t limit = 1000000)
    {
        assert_int_equal(result.cause, GANTRY_CAUSE_NONE);
        gantry_accel_memory launch = memory(output);
        rig.clear();
        assert_true(rig.run(launch, limit));
        assert_false(rig.failed);
        assert_memory_equal(output.data(), expected.data(), output.size());
    }

    /* Runs it on the RTL; it must end with the C model's error. same_info: the row out of range is
     * the same, too; of a WINDOW the first row of a read of many pixels is not. */
    void check_error(compute_rig &rig, enum gantry_cause cause, bool same_info = true)
    {
        gantry_accel_memory launch = memory(output);
        rig.clear();
        assert_true(rig.run(launch, 1000000));
        assert_int_equal(result.cause, cause);
        assert_true(rig.failed);
        assert_int_equal(rig.cause, cause);
        assert_int_equal(rig.failed_insn, result.insn);
        /* Where the stream ended; the model, which counts in groups, says what it wanted. */
        if (cause == GANTRY_CAUSE_WEIGHTS_EXHAUSTED)
            assert_int_equal(rig.failed_info, line_count);
        else if (!same_info)
            assert_true(rig.failed_info >= (uint64_t)compute_rig::ACT_ROWS);
        else
            assert_int_equal(rig.failed_info, result.info);
    }

  protected:
    gantry_random random;

    static void set(gantry_insn &insn, enum gantry_operand operand, int64_t value)
    {
        if (!gantry_insn_set(&insn, operand, value))
            fail_msg("operand %s does not take %lld", gantry_operand_info(operand)->name,
                     (long long)value);
    }
    /* A line of parameters: scales that spread sums of so many products over int8. */
    void parameters(uint8_t *line, int64_t products)
    {
        for (int32_t c = 0; c < GANTRY_CHANNELS; c++) {
            float scale = (float)random.between(50, 150) / (2e5f * (float)products);
            gantry_store_u32(line + 4 * c, (uint32_t)random.between(-5000, 5000));
            gantry_store_u32(line + 64 + 4 * c, gantry_lane_scale(scale));
        }
    }

  private:
    std::vector<uint8_t> program, striped;
    int64_t line_count = 0;

    static void residual(gantry_insn &insn, const gantry_act_tensor &tensor)
    {
        set(insn, GANTRY_CONV_RES_SY, tensor.sy - 1);
        set(insn, GANTRY_CONV_RES_SX, tensor.sx - 1);
        set(insn, GANTRY_CONV_RES_BASE, tensor.base);
        set(insn, GANTRY_CONV_RES_CB, tensor.cb - 1);
        set(insn, GANTRY_CONV_RES_PITCH, tensor.pitch);
        set(insn, GANTRY_CONV_RES_PS, tensor.ps);
    }
    void weights(const gantry_insn &insn, const conv_spec &spec);
};

inline gantry_insn &compute_program::conv(const conv_spec &spec, uint32_t wait, uint32_t signal)
{
    int32_t m = 1 << spec.log2_m, p = compute_rig::NPX / m, blocks = spec.out.cb - spec.out_cb0;
    int32_t pixels = spec.in.pitch * spec.out.h;
    int32_t rows = spec.tcb ? blocks : (pixels + p - 1) / p;
    int32_t tiles = (rows + 31) / 32, tile = (rows + tiles - 1) / tiles;
    if (spec.tile) {
        tile = spec.tile;
        tiles = (rows + tile - 1) / tile;
    }
    gantry_insn insn = {{GANTRY_INSN_CONV}};
    struct {
        enum gantry_operand operand;
        int64_t value;
    } const fields[] = {
        {GANTRY_COMMON_WAIT, wait},
        {GANTRY_COMMON_SIGNAL, signal},
        {GANTRY_CONV_RES, spec.res},
        {GANTRY_CONV_DIAG, spec.diag},
        {GANTRY_CONV_MAX, spec.max},
        {GANTRY_CONV_TCB, spec.tcb},
        {GANTRY_CONV_W2, spec.w2},
        {GANTRY_CONV_POOL, spec.pool},
        {GANTRY_CONV_LOG2_M, spec.log2_m},
        {GANTRY_CONV_IN_SY, spec.in.sy - 1},
        {GANTRY_CONV_IN_SX, spec.in.sx - 1},
        {GANTRY_CONV_PAD, spec.max ? 128 : 17},
        {GANTRY_CONV_DEP, spec.dep},
        {GANTRY_CONV_WHOLE, spec.dep != 0},
        {GANTRY_CONV_OUT_SY, spec.out.sy - 1},
        {GANTRY_CONV_OUT_SX, spec.out.sx - 1},
        {GANTRY_CONV_IN_BASE, spec.in.base},
        {GANTRY_CONV_IN_CB, spec.in.cb},
        {GANTRY_CONV_DILATION, spec.dilation},
        {GANTRY_CONV_IN_PITCH, spec.in.pitch},
        {GANTRY_CONV_IN_PS, spec.in.ps},
        {GANTRY_CONV_IN_H, spec.in.h},
        {GANTRY_CONV_IN_W, spec.in.w},
        {GANTRY_CONV_KH, spec.kh},
        {GANTRY_CONV_KW, spec.kw},
        {GANTRY_CONV_PAD_TOP, spec.pad_top},
        {GANTRY_CONV_PAD_LEFT, spec.pad_left},
        {GANTRY_CONV_OUT_H, spec.out.h},
        {GANTRY_CONV_OUT_W, spec.out.w},
        {GANTRY_CONV_TILE, tile},
        {GANTRY_CONV_GROUPS, spec.tcb ? 1 : (blocks + m - 1) / m},
        {GANTRY_CONV_STEP_Y, p / spec.in.pitch},
        {GANTRY_CONV_STEP_X, p % spec.in.pitch},
        {GANTRY_CONV_ROWS, rows},
        {GANTRY_CONV_OUT_BASE, spec.out.base},
        {GANTRY_CONV_OUT_CB, spec.out.cb},
        {GANTRY_CONV_OUT_CB0, spec.out_cb0},
        {GANTRY_CONV_OUT_PITCH, spec.out.pitch},
        {GANTRY_CONV_OUT_PS, spec.out.ps},
        {GANTRY_CONV_BLOCKS, blocks},
        {GANTRY_CONV_ZERO_POINT, spec.pool ? 0 : -3},
        {GANTRY_CONV_LO, -128},
        {GANTRY_CONV_HI, 127},
        {GANTRY_CONV_TILES, tiles},
        {GANTRY_CONV_WALK_CB, spec.diag || spec.tcb ? 1 : spec.in.cb},
    };
    for (const auto &field : fields) set(insn, field.operand, field.value);
    if (spec.res) residual(insn, spec.residual);
    insns.push_back(insn);
    weights(insn, spec);
    return insns.back();
}

/* The stream of an instruction: random weights, scales that spread the results over int8. */
inline void compute_program::weights(const gantry_insn &insn, const conv_spec &spec)
{
    int64_t groups = gantry_insn_get(&insn, GANTRY_CONV_GROUPS);
    int64_t group_lines = gantry_conv_group_lines(&insn);
    int64_t blocks = spec.tcb ? 1 : 1 << spec.log2_m;
    int64_t taps = gantry_insn_get(&insn, GANTRY_CONV_WALK_CB) * spec.kh * spec.kw;
    for (int64_t group = 0; group < groups; group++) {
        size_t at = lines.size();
        lines.resize(at + (size_t)group_lines * GANTRY_LINE_BYTES);
        uint8_t *line = &lines[at], *end = line + group_lines * GANTRY_LINE_BYTES;
        if (spec.res) {
            gantry_lane_res res;
            gantry_lane_res_pack(&res, 1 << 20, random.between(1 << 18, 1 << 20), 20, 3, -5, 2,
                                 -128, 127);
            gantry_lane_res_to_line(&res, line);
            line += GANTRY_LINE_BYTES;
        }
        for (int64_t block = 0; block < blocks; block++, line += GANTRY_LINE_BYTES)
            parameters(line, taps);
        for (; line < end; line++) *line = (uint8_t)random.between(-127, 127);
    }
}

#endif
