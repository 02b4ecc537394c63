/* SPDX-License-Identifier: Apache-2.0
 * gantry_compute on WINDOW instructions: short tiles, rows above the map, and every error. */
#include "compute_program.h"

namespace
{

enum { LOADED = 1, MADE = 2, H = 7, W = 6, CHANNELS = 32 };

compute_rig &shared_rig()
{
    static compute_rig *rig = new compute_rig(8);
    rig->pace = rig_pace();
    return *rig;
}

/* One pass over one parity plane: kernels of up to 3 rows and 5 (G = 2: 3) columns. */
struct window_spec {
    int32_t kh = 3, kw = 3, pad_top = 1, pad_left = 1, tile = H;
};

class window_program : public compute_program
{
  public:
    gantry_act_tensor in, out;

    explicit window_program(uint64_t seed, const window_spec &spec) : compute_program(seed)
    {
        in = tensor(H, W, CHANNELS);
        out = tensor(H, W, CHANNELS);
        load(in, 0, LOADED);
        window(spec);
    }
    gantry_insn &made() { return insns[1]; }
    void end()
    {
        store(out, MADE);
        finish();
    }

  private:
    void window(const window_spec &spec)
    {
        gantry_pass pass = {};
        pass.a0 = -spec.pad_top;
        pass.b0 = -spec.pad_left;
        pass.rows = spec.kh;
        int32_t strips = gantry_div_up(out.w, compute_rig::G);
        struct {
            enum gantry_operand operand;
            int64_t value;
        } const fields[] = {
            {GANTRY_COMMON_WAIT, LOADED},
            {GANTRY_COMMON_SIGNAL, MADE},
            {GANTRY_WINDOW_PAD, 17},
            {GANTRY_WINDOW_IN_BASE, in.base},
            {GANTRY_WINDOW_IN_CB, in.cb},
            {GANTRY_WINDOW_IN_PITCH, in.pitch},
            {GANTRY_WINDOW_IN_H, in.h},
            {GANTRY_WINDOW_IN_W, in.w},
            {GANTRY_WINDOW_PASS0, gantry_pass_pack(&pass)},
            {GANTRY_WINDOW_OUT_H, out.h},
            {GANTRY_WINDOW_OUT_W, out.w},
            {GANTRY_WINDOW_TILE, spec.tile},
            {GANTRY_WINDOW_PASSES, 1},
            {GANTRY_WINDOW_GROUPS, out.cb},
            {GANTRY_WINDOW_OUT_BASE, out.base},
            {GANTRY_WINDOW_OUT_CB, out.cb},
            {GANTRY_WINDOW_OUT_PITCH, out.pitch},
            {GANTRY_WINDOW_BLOCKS, out.cb},
            {GANTRY_WINDOW_ZERO_POINT, -3},
            {GANTRY_WINDOW_LO, -128},
            {GANTRY_WINDOW_HI, 127},
            {GANTRY_WINDOW_TILES, strips * gantry_div_up(out.h, spec.tile)},
            {GANTRY_WINDOW_WALK_CB, 1},
        };
        gantry_insn insn = {{GANTRY_INSN_WINDOW}};
        for (const auto &field : fields) set(insn, field.operand, field.value);
        insns.push_back(insn);
        for (int32_t block = 0; block < out.cb; block++) weights(spec);
    }
    void weights(const window_spec &spec)
    {
        size_t at = lines.size();
        lines.resize(at + 3 * GANTRY_LINE_BYTES);
        parameters(&lines[at], spec.kh * spec.kw);
        uint8_t *weight = &lines[at + GANTRY_LINE_BYTES];
        for (int32_t c = 0; c < GANTRY_CHANNELS; c++)
            for (int32_t r = 0; r < spec.kh; r++)
                for (int32_t k = 0; k < spec.kw; k++)
                    weight[gantry_window_slot(spec.kh, c, r, k)] =
                        (uint8_t)random.between(-127, 127);
    }
};

void compute__window_keeps_short_tiles_apart(void **state)
{
    (void)state;
    for (int32_t tile = 1; tile <= H; tile++)
        for (int32_t kh = 1; kh <= 3; kh++)
            for (int32_t pad = 0; pad < kh; pad++) {
                window_spec spec;
                spec.kh = kh;
                spec.kw = gantry_window_columns(compute_rig::G);
                spec.pad_top = pad;
                spec.pad_left = kh - 1;
                spec.tile = tile;
                window_program program((uint64_t)(tile * 16 + kh * 4 + pad), spec);
                program.end();
                program.check(shared_rig());
            }
}

/* Passes that stand wholly above or below the map read pad bytes only. */
void compute__window_reads_pad_bytes_outside_the_map(void **state)
{
    (void)state;
    for (int32_t pad = -H - 2; pad <= H + 2; pad++) {
        window_spec spec;
        spec.pad_top = pad;
        spec.tile = 3;
        window_program program((uint64_t)(pad + 100), spec);
        program.end();
        program.check(shared_rig());
    }
}

struct bad_field {
    enum gantry_operand operand;
    int64_t value;
    bool tcb;
};

void compute__window_refuses_bad_fields(void **state)
{
    (void)state;
    enum { ROWS_2 = 2 << 14, PARITY_Y = 1, PARITY_X = 2 };
    const bad_field fields[] = {
        {GANTRY_WINDOW_IN_PITCH, 0, false},
        {GANTRY_WINDOW_IN_H, 0, false},
        {GANTRY_WINDOW_IN_W, 0, false},
        {GANTRY_WINDOW_OUT_H, 0, false},
        {GANTRY_WINDOW_OUT_W, 0, false},
        {GANTRY_WINDOW_OUT_PITCH, 0, false},
        {GANTRY_WINDOW_PASSES, 9, false},
        {GANTRY_WINDOW_PASS0, 0, false}, /* no rows */
        {GANTRY_WINDOW_PASS0, ROWS_2 | PARITY_Y, false},
        {GANTRY_WINDOW_PASS0, ROWS_2 | PARITY_X, false},
        {GANTRY_WINDOW_PASS1, ROWS_2, false}, /* beyond PASSES */
        {GANTRY_WINDOW_PASS7, 1, false},
        {GANTRY_WINDOW_WALK_CB, 2, false},
        {GANTRY_WINDOW_TILES, 1, false},
        {GANTRY_WINDOW_TILES, 60000, false},
        {GANTRY_WINDOW_IN_H, 2, true},
        {GANTRY_WINDOW_OUT_H, 2, true},
        {GANTRY_WINDOW_OUT_W, 2, true},
        {GANTRY_WINDOW_GROUPS, 2, true},
        {GANTRY_WINDOW_IN_SY, 1, true},
        {GANTRY_WINDOW_IN_SX, 1, true},
    };
    for (const bad_field &field : fields) {
        window_spec spec;
        window_program program(5, spec);
        gantry_insn &insn = program.made();
        if (field.tcb) {
            const enum gantry_operand ones[] = {GANTRY_WINDOW_TCB,    GANTRY_WINDOW_IN_H,
                                                GANTRY_WINDOW_OUT_H,  GANTRY_WINDOW_OUT_W,
                                                GANTRY_WINDOW_GROUPS, GANTRY_WINDOW_TILES};
            for (enum gantry_operand one : ones) assert_true(gantry_insn_set(&insn, one, 1));
            assert_true(gantry_insn_set(&insn, GANTRY_WINDOW_PASS0, 0));
        }
        assert_true(gantry_insn_set(&insn, field.operand, field.value));
        program.end();
        program.check_error(shared_rig(), GANTRY_CAUSE_FIELD_RANGE);
    }
}

void compute__window_stops_at_rows_beyond_its_memory(void **state)
{
    (void)state;
    const enum gantry_operand bases[] = {GANTRY_WINDOW_IN_BASE, GANTRY_WINDOW_OUT_BASE};
    for (enum gantry_operand base : bases)
        for (int32_t below = 1; below < 9; below++) {
            window_spec spec;
            window_program program(6, spec);
            assert_true(gantry_insn_set(&program.made(), base, compute_rig::ACT_ROWS - below));
            program.end();
            program.check_error(shared_rig(), GANTRY_CAUSE_ACT_RANGE, false);
        }
}

void compute__window_stops_when_the_weights_end(void **state)
{
    (void)state;
    for (int64_t missing = 1; missing <= 4; missing++) {
        window_spec spec;
        window_program program(7, spec);
        program.store(program.out, MADE);
        program.finish(missing);
        program.check_error(shared_rig(), GANTRY_CAUSE_WEIGHTS_EXHAUSTED);
    }
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compute__window_keeps_short_tiles_apart),
        cmocka_unit_test(compute__window_reads_pad_bytes_outside_the_map),
        cmocka_unit_test(compute__window_refuses_bad_fields),
        cmocka_unit_test(compute__window_stops_at_rows_beyond_its_memory),
        cmocka_unit_test(compute__window_stops_when_the_weights_end),
    };
    int failures = cmocka_run_group_tests_name("compute_window", tests, NULL, NULL);
    return gantry_test_result(failures, sizeof(tests) / sizeof(tests[0]));
}
