/* SPDX-License-Identifier: Apache-2.0
 * gantry_compute on programs that corner one mechanism each, its errors, its classes of cycles and
 * its speed; random chains are in test_gantry_compute_chains.cc. */
#include "compute_program.h"

void compute__runs_random_chains_like_the_c_model(void **state);

namespace
{

enum { LOADED = 1, MADE = 2, OTHER = 4 };

compute_rig &shared_rig()
{
    static compute_rig *rig = new compute_rig(7);
    rig->pace = rig_pace();
    return *rig;
}

/* LOAD, one CONV, STORE. */
void single(compute_rig &rig, compute_program &program, const conv_spec &spec)
{
    program.load(spec.in, 0, LOADED);
    program.conv(spec, LOADED, MADE);
    program.store(spec.out, MADE);
    program.finish();
    program.check(rig);
}

void compute__keeps_short_tiles_apart(void **state)
{
    (void)state;
    for (int32_t t = 1; t <= 5; t++)
        for (int32_t k = 1; k <= 3; k++)
            for (int32_t max = 0; max < 2; max++) {
                compute_program program((uint64_t)(t * 8 + k));
                conv_spec spec;
                spec.in = program.tensor(1, t * compute_rig::NPX, 32);
                spec.out = program.tensor(1, t * compute_rig::NPX, 32);
                spec.kw = k;
                spec.pad_left = k / 2;
                spec.max = max != 0;
                single(shared_rig(), program, spec);
            }
}

void compute__handles_a_shorter_last_tile(void **state)
{
    (void)state;
    for (int32_t tile = 1; tile <= 32; tile += 3) {
        compute_program program((uint64_t)tile);
        conv_spec spec;
        spec.in = program.tensor(9, 10, 16);
        spec.out = program.tensor(9, 10, 32);
        spec.kh = spec.kw = 3;
        spec.pad_top = spec.pad_left = 1;
        spec.tile = tile;
        single(shared_rig(), program, spec);
    }
}

void compute__walks_rasters_narrower_than_its_slots(void **state)
{
    (void)state;
    for (int32_t w = 1; w <= compute_rig::NPX + 1; w++)
        for (int32_t stride = 1; stride <= 2; stride++) {
            compute_program program((uint64_t)w);
            conv_spec spec;
            spec.in = program.tensor(13, w * stride, 16, stride);
            spec.out = program.tensor((13 + stride - 1) / stride, w, 32);
            spec.kh = spec.kw = 3;
            spec.pad_top = spec.pad_left = 1;
            single(shared_rig(), program, spec);
        }
}

void compute__reads_a_residual_that_was_just_made(void **state)
{
    (void)state;
    for (int32_t stride = 1; stride <= 2; stride++)
        for (int32_t log2_m = 0; 1 << log2_m <= compute_rig::G; log2_m++)
            for (int32_t w = 1; w < 14; w += 3) {
                compute_program program((uint64_t)(w * stride));
                conv_spec first, second;
                first.in = second.in = program.tensor(9, w, 32);
                first.out = second.residual = program.tensor(9, w, 64, stride);
                second.out = program.tensor(9, w, 64);
                second.res = true;
                second.log2_m = log2_m;
                second.kh = stride;
                program.load(first.in, 0, LOADED);
                program.conv(first, LOADED);
                program.conv(second, 0, MADE);
                program.store(second.out, MADE);
                program.finish();
                program.check(shared_rig());
            }
}

/* Its only row is still on its way to memory when the next instruction is drained. */
void compute__reads_a_residual_that_is_still_in_the_pipeline(void **state)
{
    (void)state;
    for (int32_t rows = 1; rows <= 4; rows++) {
        compute_program program((uint64_t)rows);
        conv_spec first, second;
        first.in = second.in = program.tensor(1, rows * compute_rig::NPX, 16);
        first.out = second.residual = program.tensor(1, rows * compute_rig::NPX, 16);
        second.out = program.tensor(1, rows * compute_rig::NPX, 16);
        second.res = true;
        program.load(first.in, 0, LOADED);
        program.conv(first, LOADED);
        program.conv(second, 0, MADE);
        program.store(second.out, MADE);
        program.finish();
        program.check(shared_rig());
    }
}

void compute__adds_a_residual_in_place(void **state)
{
    (void)state;
    compute_program program(3);
    conv_spec first, second;
    first.in = second.in = program.tensor(9, 11, 16);
    first.out = second.out = second.residual = program.tensor(9, 11, 32);
    second.res = true;
    program.load(first.in, 0, LOADED);
    program.conv(first, LOADED);
    program.conv(second, 0, MADE);
    program.store(second.out, MADE);
    program.finish();
    program.check(shared_rig());
}

/* A tensor with planes as one flat row of pixels. */
gantry_act_tensor flat(const gantry_act_tensor &from)
{
    gantry_act_tensor out = from;
    int32_t planes = from.sy * from.sx;
    out.h = 1;
    out.w = out.pitch = planes > 1 ? planes * from.ps : from.h * from.pitch;
    out.sy = out.sx = 1;
    out.ps = 0;
    return out;
}

void compute__reads_planes_flat_behind_their_producer(void **state)
{
    (void)state;
    compute_program program(4);
    conv_spec first, second;
    first.in = program.tensor(8, 8, 16);
    first.out = program.tensor(8, 8, 32, 2);
    first.kh = first.kw = 3;
    first.pad_top = first.pad_left = 1;
    gantry_act_tensor out = program.tensor(8, 8, 32, 2);
    second.in = flat(first.out);
    second.out = flat(out);
    second.dep = 1;
    program.load(first.in, 0, LOADED);
    program.conv(first, LOADED);
    program.conv(second, 0, MADE);
    program.store(out, MADE);
    program.finish();
    program.check(shared_rig());
}

void compute__waits_for_each_distance_of_dep(void **state)
{
    (void)state;
    for (int32_t dep = 1; dep <= 7; dep++) {
        compute_program program((uint64_t)dep);
        gantry_act_tensor in = program.tensor(5, 9, 16), made = program.tensor(5, 9, 16);
        conv_spec spec;
        spec.in = in;
        spec.out = made;
        spec.kh = 3;
        spec.pad_top = 1;
        program.load(in, 0, LOADED);
        program.conv(spec, LOADED);
        for (int32_t i = 1; i < dep; i++) {
            spec.kh = 1;
            spec.pad_top = 0;
            spec.out = program.tensor(5, 9, 16);
            program.conv(spec);
        }
        spec.in = made;
        spec.out = program.tensor(5, 9, 16);
        spec.dep = dep;
        program.conv(spec, 0, MADE);
        program.store(spec.out, MADE);
        program.finish();
        program.check(shared_rig());
    }
}

void compute__passes_sync_behind_older_work(void **state)
{
    (void)state;
    compute_program program(5);
    conv_spec first, second;
    first.in = program.tensor(6, 7, 16);
    first.out = second.in = program.tensor(6, 7, 32);
    second.out = program.tensor(6, 7, 16);
    program.load(first.in, 0, LOADED);
    program.conv(first, LOADED);
    program.sync(0, OTHER);
    program.store(first.out, OTHER);
    program.conv(second, 0, MADE);
    program.store(second.out, MADE);
    program.finish();
    program.check(shared_rig());
}

void compute__wraps_its_rings(void **state)
{
    (void)state;
    for (uint32_t ring = 20; ring <= 100; ring += 40) {
        compute_program program(ring);
        conv_spec spec;
        spec.in = program.tensor(9, 12, 32);
        spec.out = program.tensor(9, 12, 16 * (1 + 2 * compute_rig::RING_LINES / 37));
        spec.kh = spec.kw = 3;
        spec.pad_top = spec.pad_left = 1;
        compute_rig &rig = shared_rig();
        rig.pace.ring = ring;
        single(rig, program, spec);
        assert_true(program.lines.size() / 128 > (size_t)compute_rig::RING_LINES * 3 / 2);
    }
}

void compute__counts_every_class(void **state)
{
    (void)state;
    compute_rig &rig = shared_rig();
    compute_program program(6);
    conv_spec thin, deep, tiny;
    thin.in = deep.in = program.tensor(12, 16, 16);
    thin.out = deep.residual = program.tensor(12, 16, 32 * compute_rig::G);
    thin.kh = thin.kw = 1;
    deep.out = tiny.in = program.tensor(12, 16, 32 * compute_rig::G);
    deep.res = true;
    tiny.in.h = 1;
    tiny.in.w = compute_rig::NPX;
    tiny.out = program.tensor(1, compute_rig::NPX, 16);
    tiny.tile = 1;
    tiny.kh = 1;
    tiny.kw = 3;
    tiny.dep = 1;
    tiny.pad_left = 1;
    program.load(thin.in, 0, LOADED);
    program.conv(thin, LOADED);
    program.conv(deep);
    program.conv(tiny, 0, MADE);
    program.store(tiny.out, MADE);
    program.finish();
    rig.pace.noise = 100;
    rig.pace.insn = 5;
    rig.pace.load = 30;
    program.check(rig);
    assert_true(rig.stall[GANTRY_STALL_SEMAPHORE] > 0);
    assert_true(rig.stall[GANTRY_STALL_DEPENDENCY] > 0);
    assert_true(rig.stall[GANTRY_STALL_ACCUMULATOR] > 0);
    assert_true(rig.stall[GANTRY_STALL_PORT] > 0);
    assert_true(rig.stall[GANTRY_STALL_START] > 0);
    assert_true(rig.stall[GANTRY_STALL_EMPTY] > 0);
    assert_true(rig.stall[GANTRY_STALL_BUSY] > 0);

    rig.pace = rig_pace();
    program.check(rig);
    assert_true(rig.stall[GANTRY_STALL_MIN_STEP] > 0);
    rig.pace.ring = 5;
    program.check(rig);
    assert_true(rig.stall[GANTRY_STALL_WEIGHTS] > rig.stall[GANTRY_STALL_BUSY]);
}

void compute__serves_store_while_the_front_is_busy(void **state)
{
    (void)state;
    compute_rig &rig = shared_rig();
    compute_program program(8);
    conv_spec spec;
    spec.in = program.tensor(8, compute_rig::NPX * 4, 32);
    spec.out = program.tensor(8, compute_rig::NPX * 4, 64);
    program.load(spec.in, 0, LOADED | OTHER);
    program.conv(spec, LOADED, MADE);
    program.store(spec.in, OTHER);
    program.store(spec.out, MADE);
    program.finish();
    program.check(rig);
}

void compute__refuses_bad_fields(void **state)
{
    (void)state;
    const struct {
        enum gantry_operand operand;
        int64_t value;
    } cases[] = {{GANTRY_CONV_LOG2_M, 3},  {GANTRY_CONV_IN_PITCH, 0},  {GANTRY_CONV_IN_H, 0},
                 {GANTRY_CONV_OUT_H, 0},   {GANTRY_CONV_OUT_PITCH, 0}, {GANTRY_CONV_TILES, 3},
                 {GANTRY_CONV_STEP_X, 99}, {GANTRY_CONV_STEP_Y, 99},   {GANTRY_CONV_TILE, 3}};
    for (const auto &bad : cases) {
        compute_program program(9);
        conv_spec spec;
        spec.in = program.tensor(6, 9, 16);
        spec.out = program.tensor(6, 9, 16);
        program.load(spec.in, 0, LOADED);
        gantry_insn &insn = program.conv(spec, LOADED, MADE);
        assert_true(gantry_insn_set(&insn, bad.operand, bad.value));
        program.store(spec.out, MADE);
        program.finish();
        program.check_error(shared_rig(), GANTRY_CAUSE_FIELD_RANGE);
    }
}

void compute__refuses_tiles_that_do_not_fit_the_ring(void **state)
{
    (void)state;
    compute_program program(10);
    conv_spec spec;
    spec.in = program.tensor(12, 12, 16);
    spec.out = program.tensor(12, 12, 16);
    spec.kh = spec.kw = 13;
    spec.pad_top = spec.pad_left = 6;
    spec.tile = 8;
    program.load(spec.in, 0, LOADED);
    program.conv(spec, LOADED, MADE);
    program.store(spec.out, MADE);
    program.finish();
    program.check_error(shared_rig(), GANTRY_CAUSE_FIELD_RANGE);
}

void compute__stops_at_rows_beyond_its_memory(void **state)
{
    (void)state;
    for (int32_t which = 0; which < 3; which++) {
        compute_program program(11);
        conv_spec older, spec;
        older.in = spec.in = program.tensor(6, 9, 16);
        older.out = spec.out = program.tensor(6, 9, 32);
        spec.residual = program.tensor(6, 9, 32);
        spec.res = true;
        gantry_act_tensor *tensors[] = {&spec.in, &spec.out, &spec.residual};
        program.load(spec.in, 0, LOADED);
        program.conv(older, LOADED);
        tensors[which]->base = compute_rig::ACT_ROWS - 5;
        program.conv(spec, 0, MADE);
        program.store(older.out, MADE);
        program.finish();
        program.check_error(shared_rig(), GANTRY_CAUSE_ACT_RANGE);
    }
}

void compute__stops_when_the_weights_end(void **state)
{
    (void)state;
    for (int64_t missing = 1; missing <= 4; missing++) {
        compute_program program(12);
        conv_spec older, spec;
        older.in = spec.in = program.tensor(6, 9, 16);
        older.out = program.tensor(6, 9, 16);
        spec.out = program.tensor(6, 9, 16);
        spec.kw = 2;
        program.load(spec.in, 0, LOADED);
        program.conv(older, LOADED);
        program.conv(spec, 0, MADE);
        program.store(spec.out, MADE);
        program.finish(missing);
        program.check_error(shared_rig(), GANTRY_CAUSE_WEIGHTS_EXHAUSTED);
        assert_int_equal(shared_rig().insns_done, 1);
    }
}

void compute__starts_again_after_clear(void **state)
{
    (void)state;
    compute_rig &rig = shared_rig();
    compute_program program(13);
    conv_spec first, second;
    first.in = second.in = program.tensor(9, 12, 32);
    first.out = second.residual = program.tensor(9, 12, 32);
    second.out = program.tensor(9, 12, 32);
    first.kh = first.kw = 3;
    second.res = true;
    program.load(first.in, 0, LOADED);
    program.conv(first, LOADED);
    program.conv(second, 0, MADE);
    program.store(second.out, MADE);
    program.finish();
    gantry_accel_memory launch = program.memory(program.output);
    for (uint64_t limit = 150; limit < 1500; limit += 37) {
        rig.clear();
        (void)rig.run(launch, limit);
        program.check(rig);
    }
}

/* ---- Speed ---- */

/* Cycles of the front that the residual of a 14x14 layer of 64 to 64 channels takes, per row. */
double residual_share(int32_t log2_m)
{
    compute_program program(15);
    conv_spec spec;
    spec.in = program.tensor(14, 14, 64);
    spec.out = program.tensor(14, 14, 64);
    spec.residual = program.tensor(14, 14, 64);
    spec.res = true;
    spec.log2_m = log2_m;
    program.load(spec.in, 0, LOADED);
    program.load(spec.residual, 0, OTHER);
    gantry_insn insn = program.conv(spec, LOADED | OTHER, MADE);
    program.store(spec.out, MADE);
    program.finish();
    program.check(shared_rig());
    int64_t rows = gantry_insn_get(&insn, GANTRY_CONV_ROWS) * (4 >> log2_m);
    return (double)shared_rig().stall[GANTRY_STALL_PORT] / (double)rows;
}

void compute__fetches_a_residual_from_banks_that_the_front_leaves(void **state)
{
    (void)state;
    if (compute_rig::G == 1) skip(); /* a group has one block: it reads all banks */
    assert_true(residual_share(0) > 0.5);
    for (int32_t log2_m = 1; 1 << log2_m <= compute_rig::G; log2_m++)
        assert_true(residual_share(log2_m) < 0.05);
}

struct speed_case {
    const char *name;
    int32_t h, w, in_channels, out_channels, k;
    bool res;
    double excess; /* over max(front, drain), at most, beyond the hand-over */
};

void compute__is_as_fast_as_the_formulas(void **state)
{
    (void)state;
    const speed_case cases[] = {{"14x14 64>64 3x3", 14, 14, 64, 64, 3, false, 0.02},
                                {"14x14 64>256 1x1", 14, 14, 64, 256, 1, false, 0.06},
                                {"14x14 16>64 1x1", 14, 14, 16, 64, 1, false, 0.06},
                                {"14x14 64>64 1x1 + residual", 14, 14, 64, 64, 1, true, 0.30},
                                {"7x7 64>128 1x1", 7, 7, 64, 128, 1, false, 0.06},
                                {"1x1 512>64", 1, 1, 512, 64, 1, false, 0.06}};
    enum { HAND_OVER = 60 };
    for (const speed_case &one : cases) {
        compute_rig &rig = shared_rig();
        compute_program program(14);
        conv_spec spec;
        spec.in = program.tensor(one.h, one.w, one.in_channels);
        spec.out = program.tensor(one.h, one.w, one.out_channels);
        spec.residual = program.tensor(one.h, one.w, one.out_channels);
        if (program.next_row > compute_rig::ACT_ROWS) continue;
        spec.kh = spec.kw = one.k;
        spec.pad_top = spec.pad_left = one.k / 2;
        spec.res = one.res;
        program.load(spec.in, 0, LOADED);
        if (one.res) program.load(spec.residual, 0, OTHER);
        gantry_insn insn = program.conv(spec, one.res ? LOADED | OTHER : LOADED, MADE);
        program.store(spec.out, MADE);
        program.finish();
        if (program.result.cause != GANTRY_CAUSE_NONE) continue; /* the ring is too small here */
        program.check(rig);

        int64_t groups = gantry_insn_get(&insn, GANTRY_CONV_GROUPS);
        int64_t rows = gantry_insn_get(&insn, GANTRY_CONV_ROWS);
        int64_t tile = gantry_insn_get(&insn, GANTRY_CONV_TILE);
        int64_t steps = gantry_insn_get(&insn, GANTRY_CONV_WALK_CB) * one.k * one.k, front = 0;
        for (int64_t left = rows; left > 0; left -= tile) {
            int64_t t = left < tile ? left : tile, least = steps > 1 ? 4 : 2;
            front += steps * (t > least ? t : least);
        }
        front *= groups;
        int64_t drain = groups * rows * (one.res && compute_rig::G > 1 ? 4 : 2);
        if (one.res) front += groups * rows; /* its fetches take slots of the front */
        int64_t weights = (int64_t)program.lines.size() / 128 * (8 / compute_rig::PORTS);
        int64_t bound = front > drain ? front : drain;
        if (weights > bound) bound = weights;
        uint64_t busy = rig.done.back() - rig.front_start.back();
        uint64_t waited = rig.stall[GANTRY_STALL_SEMAPHORE];
        int64_t cycles = (int64_t)(busy - waited);
        std::printf("%-28s front %lld drain %lld weights %lld measured %lld (%+.1f %%)\n", one.name,
                    (long long)front, (long long)drain, (long long)weights, (long long)cycles,
                    100.0 * (double)(cycles - bound) / (double)bound);
        assert_true((double)cycles <= (double)bound * (1 + one.excess) + HAND_OVER);
    }
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compute__keeps_short_tiles_apart),
        cmocka_unit_test(compute__handles_a_shorter_last_tile),
        cmocka_unit_test(compute__walks_rasters_narrower_than_its_slots),
        cmocka_unit_test(compute__reads_a_residual_that_was_just_made),
        cmocka_unit_test(compute__reads_a_residual_that_is_still_in_the_pipeline),
        cmocka_unit_test(compute__adds_a_residual_in_place),
        cmocka_unit_test(compute__reads_planes_flat_behind_their_producer),
        cmocka_unit_test(compute__waits_for_each_distance_of_dep),
        cmocka_unit_test(compute__passes_sync_behind_older_work),
        cmocka_unit_test(compute__wraps_its_rings),
        cmocka_unit_test(compute__counts_every_class),
        cmocka_unit_test(compute__serves_store_while_the_front_is_busy),
        cmocka_unit_test(compute__refuses_bad_fields),
        cmocka_unit_test(compute__refuses_tiles_that_do_not_fit_the_ring),
        cmocka_unit_test(compute__stops_at_rows_beyond_its_memory),
        cmocka_unit_test(compute__stops_when_the_weights_end),
        cmocka_unit_test(compute__starts_again_after_clear),
        cmocka_unit_test(compute__fetches_a_residual_from_banks_that_the_front_leaves),
        cmocka_unit_test(compute__is_as_fast_as_the_formulas),
        cmocka_unit_test(compute__runs_random_chains_like_the_c_model),
    };
    int failures = cmocka_run_group_tests_name("compute", tests, NULL, NULL);
    return gantry_test_result(failures, sizeof(tests) / sizeof(tests[0]));
}
