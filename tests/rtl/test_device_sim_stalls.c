/* SPDX-License-Identifier: Apache-2.0
 * Tests of the counters: each class of the front's cycles grows in a program that provokes it, and
 * the classes account for every cycle. */
#include "test.h"

#include <string.h>

#include "sim/device_sim.h"
#include "test_device_sim_rig.h"

static const struct rig_sizes sizes = {4096, 65536, 65536, 1000};

/* LOAD of in; returns it for signals. */
static void load_and_signal(struct rig *rig, const struct rig_tensor *in)
{
    rig_set(rig_load(rig, in, 0), GANTRY_COMMON_SIGNAL, 1);
}

static void store_and_end(struct rig *rig, const struct rig_tensor *out)
{
    rig_set(&rig->insn[rig->insns - 1], GANTRY_COMMON_SIGNAL, 2);
    rig_set(rig_store(rig, out, 0), GANTRY_COMMON_WAIT, 2);
    rig_end(rig);
}

static struct gantry_insn *first_conv(struct rig *rig, const struct rig_tensor *in,
                                      const struct rig_tensor *out, int32_t k, int32_t tile)
{
    struct gantry_insn *conv = rig_conv(rig, in, out, k, tile);
    rig_set(conv, GANTRY_COMMON_WAIT, 1);
    return conv;
}

/* Programs in pairs: plain, and with what provokes the class. */

static void more_steps(struct rig *rig, bool provoke)
{
    struct rig_tensor in = {0, 8, 8, 2}, out = {128, 8, 8, 1};
    load_and_signal(rig, &in);
    (void)first_conv(rig, &in, &out, provoke ? 3 : 1, 16);
    store_and_end(rig, &out);
}

static void longer_load(struct rig *rig, bool provoke)
{
    struct rig_tensor in = {0, 8, 8, 1}, out = {64, 8, 8, 1}, other = {128, 20, 20, 2};
    if (provoke) (void)rig_load(rig, &other, 4096);
    load_and_signal(rig, &in);
    (void)first_conv(rig, &in, &out, 1, 16);
    store_and_end(rig, &out);
}

/* The second convolution reads what the first one writes, or not. */
static void dependent_layer(struct rig *rig, bool provoke)
{
    struct rig_tensor in = {0, 8, 8, 1}, mid = {64, 8, 8, 1}, out = {128, 8, 8, 1};
    load_and_signal(rig, &in);
    (void)first_conv(rig, &in, &mid, 3, 16);
    struct gantry_insn *conv = rig_conv(rig, provoke ? &mid : &in, &out, 3, 16);
    rig_set(conv, GANTRY_CONV_DEP, provoke);
    rig_set(conv, GANTRY_CONV_WHOLE, provoke);
    store_and_end(rig, &out);
}

/* One pixel uses every weight once. */
static void weights_used_once(struct rig *rig, bool provoke)
{
    struct rig_tensor in = {0, 1, 1, 3}, out = {64, 1, 1, provoke ? 8 : 1};
    load_and_signal(rig, &in);
    (void)first_conv(rig, &in, &out, 3, 1);
    store_and_end(rig, &out);
}

/* With one k-step the drain of a row takes longer than its accumulation. */
static void drain_bound(struct rig *rig, bool provoke)
{
    struct rig_tensor in = {0, 28, 28, 1}, out = {200, 28, 28, 1};
    load_and_signal(rig, &in);
    (void)first_conv(rig, &in, &out, provoke ? 1 : 3, 28);
    store_and_end(rig, &out);
}

static void residual_tensor(struct rig *rig, bool provoke)
{
    struct rig_tensor in = {0, 16, 16, 1}, out = {128, 16, 16, 1};
    load_and_signal(rig, &in);
    if (provoke)
        rig_set(rig_conv_residual(rig, &in, &in, &out, 3), GANTRY_COMMON_WAIT, 1);
    else
        (void)first_conv(rig, &in, &out, 3, GANTRY_TILE_ROWS_MAX);
    store_and_end(rig, &out);
}

/* Tiles of two rows leave half of each step empty. */
static void short_tiles(struct rig *rig, bool provoke)
{
    struct rig_tensor in = {0, 8, 8, 1}, out = {64, 8, 8, 1};
    load_and_signal(rig, &in);
    (void)first_conv(rig, &in, &out, 3, provoke ? 2 : 16);
    store_and_end(rig, &out);
}

static void many_instructions(struct rig *rig, bool provoke)
{
    struct rig_tensor in = {0, 8, 8, 1}, out = {64, 8, 8, 1};
    load_and_signal(rig, &in);
    (void)first_conv(rig, &in, &out, 1, 16);
    for (int i = 0; provoke && i < 20; i++) {
        struct rig_tensor other = {128 + 16 * i, 8, 8, 1};
        (void)rig_conv(rig, &in, &other, 1, 16);
    }
    store_and_end(rig, &out);
}

static void long_store(struct rig *rig, bool provoke)
{
    struct rig_tensor in = {0, 8, 8, 1}, out = {64, 8, 8, 1}, other = {0, 20, 20, 2};
    load_and_signal(rig, &in);
    (void)first_conv(rig, &in, &out, 1, 16);
    store_and_end(rig, &out);
    if (!provoke) return;
    rig->insns--;
    (void)rig_store(rig, &other, 4096);
    rig_end(rig);
}

struct provocation {
    void (*program)(struct rig *rig, bool provoke);
    enum gantry_stall class;
    uint64_t least; /* cycles by which the class grows */
};
/* Least growth, by the design's rules: 16 rows x 16 more steps; 400 pixels of two words over two
 * ports; accumulation of 144 rows; seven more groups of 54 lines at 32 bytes a cycle against 108
 * cycles; 196 rows drained in two cycles each, 64 of them buffered; a cycle per row of the
 * residual; two of four cycles in 72 steps; 20 instructions; 800 words over two ports. */
static const struct provocation provocations[] = {
    {more_steps, GANTRY_STALL_BUSY, 256},           {longer_load, GANTRY_STALL_SEMAPHORE, 300},
    {dependent_layer, GANTRY_STALL_DEPENDENCY, 20}, {weights_used_once, GANTRY_STALL_WEIGHTS, 500},
    {drain_bound, GANTRY_STALL_ACCUMULATOR, 20},    {residual_tensor, GANTRY_STALL_PORT, 40},
    {short_tiles, GANTRY_STALL_MIN_STEP, 100},      {many_instructions, GANTRY_STALL_START, 20},
    {long_store, GANTRY_STALL_EMPTY, 300},
};

static struct gantry_counters run_program(const struct provocation *p, bool provoke)
{
    struct rig rig;
    int64_t busy = 0;
    rig_open(&rig, "unit", NULL, &sizes);
    p->program(&rig, provoke);
    rig_run_and_compare(&rig);
    rig_check_counters(&rig);
    for (uint32_t i = 0; i < rig.insns; i++)
        if (gantry_insn_get(&rig.insn[i], GANTRY_COMMON_OPCODE) == GANTRY_INSN_CONV)
            busy += rig_busy(&rig.insn[i]);
    struct gantry_counters counters = rig_counters(&rig);
    assert_int_equal(counters.stall[GANTRY_STALL_BUSY], busy);
    rig_close(&rig);
    return counters;
}

static void counters__each_class_grows_where_it_is_provoked(void **state)
{
    (void)state;
    assert_int_equal(GANTRY_COUNT(provocations), GANTRY_STALL_CLASSES);
    for (size_t i = 0; i < GANTRY_COUNT(provocations); i++) {
        const struct provocation *p = &provocations[i];
        struct gantry_counters plain = run_program(p, false), provoked = run_program(p, true);
        print_message("%-12s %6llu -> %6llu\n", gantry_stall_label(p->class),
                      (unsigned long long)plain.stall[p->class],
                      (unsigned long long)provoked.stall[p->class]);
        if (provoked.stall[p->class] < plain.stall[p->class] + p->least)
            fail_msg("%s: %llu -> %llu cycles, growth below %llu", gantry_stall_label(p->class),
                     (unsigned long long)plain.stall[p->class],
                     (unsigned long long)provoked.stall[p->class], (unsigned long long)p->least);
    }
}

static const uint8_t *record(const struct rig *rig, uint32_t index)
{
    return rig->trace.host + (size_t)index * GANTRY_TRACE_BYTES;
}

static void counters__trace_records_name_every_instruction_once(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, "unit", NULL, &sizes);
    many_instructions(&rig, true);
    rig_run_and_compare(&rig);
    bool seen[RIG_INSNS] = {false};
    uint64_t cycles = rig_counters(&rig).cycles;
    for (uint32_t i = 0; i < rig.insns; i++) {
        const uint8_t *r = record(&rig, i);
        uint32_t index = gantry_load_u32(r);
        uint64_t start = gantry_load_u64(r + 4 * GANTRY_TRACE_START_WORD);
        uint64_t end = gantry_load_u64(r + 4 * GANTRY_TRACE_END_WORD);
        assert_true(index < rig.insns && !seen[index]);
        seen[index] = true;
        assert_int_equal(r[4], gantry_insn_get(&rig.insn[index], GANTRY_COMMON_OPCODE));
        assert_true(start <= end && end <= cycles);
    }
    rig_close(&rig);
}

static void counters__trace_off_changes_no_cycle_of_the_front(void **state)
{
    (void)state;
    uint64_t cycles[2];
    for (int on = 0; on < 2; on++) {
        struct rig rig;
        rig_open(&rig, "unit", NULL, &sizes);
        many_instructions(&rig, true);
        rig.launch.trace_on = on != 0;
        memset(rig.trace.host, 0xA5, rig.trace.bytes);
        rig_run_and_compare(&rig);
        rig_check_counters(&rig);
        struct gantry_counters counters = rig_counters(&rig);
        cycles[on] = counters.cycles - counters.stall[GANTRY_STALL_EMPTY];
        if (!on)
            for (size_t i = 0; i < rig.trace.bytes; i++) assert_int_equal(rig.trace.host[i], 0xA5);
        rig_close(&rig);
    }
    assert_int_equal(cycles[0], cycles[1]);
}

static void counters__lost_trace_records_are_flagged(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, "unit", NULL, &sizes);
    many_instructions(&rig, true);
    rig.launch.trace_bytes = 3 * GANTRY_TRACE_BYTES;
    memset(rig.trace.host, 0xA5, rig.trace.bytes);
    rig_run_and_compare(&rig);
    assert_true(rig_counters(&rig).trace_lost);
    for (size_t i = rig.launch.trace_bytes; i < rig.trace.bytes; i++)
        assert_int_equal(rig.trace.host[i], 0xA5);
    rig.launch.trace_bytes = (uint32_t)rig.trace.bytes;
    rig_run_and_compare(&rig);
    assert_false(rig_counters(&rig).trace_lost);
    rig_close(&rig);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(counters__each_class_grows_where_it_is_provoked),
    cmocka_unit_test(counters__trace_records_name_every_instruction_once),
    cmocka_unit_test(counters__trace_off_changes_no_cycle_of_the_front),
    cmocka_unit_test(counters__lost_trace_records_are_flagged),
};

GANTRY_TEST_MAIN("device_sim_counters", tests)
