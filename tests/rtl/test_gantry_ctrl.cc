/* SPDX-License-Identifier: Apache-2.0
 * gantry_ctrl: the register map over AXI4-Lite, the life of a launch, interrupt, watchdog, abort,
 * and the first error. */
#include "rtl_bits.h"
#include GANTRY_RTL_HEADER

#include <vector>

GANTRY_C_BEGIN
#include "accel/accel.h"
#include "gantry_spec_hash.h"
GANTRY_C_END

namespace
{

struct reg_row {
    const char *name;
    uint32_t offset;
    const char *access;
};
#define REG(name, offset, access, doc) {#name, offset, #access},
#define REG_FIELD(reg, name, lsb, width, doc)
#define CAUSE(name, code, doc)
#define UNIT(name, code, doc)
#define STALL(name, index, label, doc)
const reg_row reg_rows[] = {
#include "regs.def"
};

enum order { TOGETHER, ADDRESS_FIRST, DATA_FIRST };

struct rig {
    GANTRY_RTL_MODEL dut;
    uint64_t cycles = 0;

    rig()
    {
        dut.clk_i = 0;
        dut.rst_ni = 0;
        dut.s_axil_awvalid = dut.s_axil_wvalid = dut.s_axil_arvalid = 0;
        dut.s_axil_bready = dut.s_axil_rready = 0;
        dut.end_i = dut.finish_i = dut.ports_busy_i = dut.progress_i = 0;
        dut.trace_lost_i = 0;
        dut.levels_i = 0x531;
        dut.fetch_index_i = 77;
        dut.insn_done_i = 0x1001;
        dut.rd_beats_i = 0x2002;
        dut.wr_beats_i = 0x3003;
        for (int c = 0; c < 9; c++) bits_set(dut.totals_i, 32 * c, 32, 0x5000u + (uint32_t)c);
        dut.err_valid_i = 0;
        cycle();
        cycle();
        dut.rst_ni = 1;
        cycle();
    }

    void cycle()
    {
        dut.clk_i = 1;
        dut.eval();
        dut.clk_i = 0;
        dut.eval();
        cycles++;
    }

    void write(uint32_t offset, uint32_t value, uint32_t strobes = 15, order way = TOGETHER)
    {
        dut.s_axil_awaddr = (uint16_t)offset;
        dut.s_axil_wdata = value;
        dut.s_axil_wstrb = (uint8_t)strobes;
        bool aw_left = true, w_left = true;
        for (int i = 0; (aw_left || w_left) && i < 20; i++) {
            dut.s_axil_awvalid = aw_left && (way != DATA_FIRST || !w_left);
            dut.s_axil_wvalid = w_left && (way != ADDRESS_FIRST || !aw_left);
            dut.eval();
            bool aw = dut.s_axil_awvalid && dut.s_axil_awready;
            bool w = dut.s_axil_wvalid && dut.s_axil_wready;
            cycle();
            aw_left = aw_left && !aw;
            w_left = w_left && !w;
        }
        assert_false(aw_left || w_left);
        dut.s_axil_awvalid = dut.s_axil_wvalid = 0;
        for (int i = 0; !dut.s_axil_bvalid && i < 20; i++) cycle();
        cycle();
        assert_true(dut.s_axil_bvalid); /* waits for BREADY */
        assert_int_equal(dut.s_axil_bresp, 0);
        dut.s_axil_bready = 1;
        cycle();
        dut.s_axil_bready = 0;
        assert_false(dut.s_axil_bvalid);
    }

    uint32_t read(uint32_t offset)
    {
        dut.s_axil_araddr = (uint16_t)offset;
        dut.s_axil_arvalid = 1;
        dut.eval();
        for (int i = 0; !dut.s_axil_arready && i < 20; i++) cycle();
        cycle();
        dut.s_axil_arvalid = 0;
        cycle();
        assert_true(dut.s_axil_rvalid);
        assert_int_equal(dut.s_axil_rresp, 0);
        uint32_t value = dut.s_axil_rdata;
        dut.s_axil_rready = 1;
        cycle();
        dut.s_axil_rready = 0;
        return value;
    }

    uint64_t read64(uint32_t offset) { return read(offset) | (uint64_t)read(offset + 4) << 32; }

    /* Registers of a launch that passes the checks. */
    void configure()
    {
        write(GANTRY_REG_PROGRAM, 0x1000);
        write(GANTRY_REG_WEIGHTS, 0x2000);
        write(GANTRY_REG_ARENA, 0x10);
        write(GANTRY_REG_INPUT, 0x20);
        write(GANTRY_REG_OUTPUT, 0x30);
        write(GANTRY_REG_TRACE, 0x40);
        write(GANTRY_REG_INSN_COUNT, 1);
        write(GANTRY_REG_REPEAT, 1);
    }

    void start()
    {
        write(GANTRY_REG_AP_CTRL, 1);
        for (int i = 0; i < 40 && dut.clear_o; i++) cycle();
    }

    void pulse_end()
    {
        dut.end_i = 1;
        cycle();
        dut.end_i = 0;
        cycle();
        dut.finish_i = 1;
        cycle();
        dut.finish_i = 0;
    }

    void raise(int source, uint32_t cause, uint32_t unit, uint32_t port, uint32_t insn,
               uint64_t info)
    {
        bits_set(dut.err_valid_i, source, 1, 1);
        bits_set(dut.err_cause_i, 8 * source, 8, cause);
        bits_set(dut.err_unit_i, 4 * source, 4, unit);
        bits_set(dut.err_port_i, 4 * source, 4, port);
        bits_set(dut.err_insn_i, 32 * source, 32, insn);
        bits_set(dut.err_info_i, 64 * source, 64, info);
    }
};

bool is_config(const reg_row &row)
{
    return !std::strcmp(row.access, "RW") && row.offset >= GANTRY_REG_PROGRAM;
}

void ctrl__keeps_every_configuration_register_apart(void **state)
{
    (void)state;
    rig ctrl;
    uint32_t salt = 0x01020304;
    for (const reg_row &row : reg_rows)
        if (is_config(row)) assert_int_equal(ctrl.read(row.offset), 0);
    for (const reg_row &row : reg_rows)
        if (is_config(row))
            ctrl.write(row.offset, salt * (row.offset + 1), 15, (order)(row.offset / 4 % 3));
    for (const reg_row &row : reg_rows)
        if (is_config(row)) assert_int_equal(ctrl.read(row.offset), salt * (row.offset + 1));
}

void ctrl__writes_the_bytes_of_the_strobes(void **state)
{
    (void)state;
    rig ctrl;
    for (uint32_t strobes = 0; strobes < 16; strobes++) {
        ctrl.write(GANTRY_REG_WGT_LINES, 0x11223344);
        ctrl.write(GANTRY_REG_WGT_LINES, 0xaabbccdd, strobes);
        uint32_t want = 0;
        for (int b = 0; b < 4; b++)
            want |= ((strobes >> b & 1 ? 0xaabbccddu : 0x11223344u) >> 8 * b & 0xff) << 8 * b;
        assert_int_equal(ctrl.read(GANTRY_REG_WGT_LINES), want);
    }
}

void ctrl__unknown_offsets_read_zero_and_keep_nothing(void **state)
{
    (void)state;
    rig ctrl;
    for (uint32_t offset = 0; offset < 0x1000; offset += 4) {
        bool known = false;
        for (const reg_row &row : reg_rows) known = known || row.offset == offset;
        if (known) continue;
        ctrl.write(offset, 0xffffffff);
        assert_int_equal(ctrl.read(offset), 0);
    }
    for (const reg_row &row : reg_rows)
        if (is_config(row)) assert_int_equal(ctrl.read(row.offset), 0);
    assert_int_equal(ctrl.read(GANTRY_REG_STATUS) & 3, 0);
}

void ctrl__reports_identity_and_parameters(void **state)
{
    (void)state;
    rig ctrl;
    ctrl.write(GANTRY_REG_ID, 0); /* read only */
    assert_int_equal(ctrl.read(GANTRY_REG_ID), GANTRY_DEVICE_ID);
    assert_int_equal(ctrl.read(GANTRY_REG_VERSION), GANTRY_SPEC_VERSION);
    assert_true(ctrl.read64(GANTRY_REG_SPEC_HASH) == GANTRY_SPEC_HASH);
    assert_int_equal(ctrl.read(GANTRY_REG_CAP0), 2 | 2 << 8 | 32 << 16 | 16 << 24);
    assert_int_equal(ctrl.read(GANTRY_REG_CAP1), 512 / 64 | 128 / 64 << 16);
    assert_int_equal(ctrl.read(GANTRY_REG_CAP2) & 0xffff, 64 << 8);
    assert_int_equal(ctrl.read(GANTRY_REG_STATUS), 1 << 8 | 3 << 12 | 5 << 16);
    assert_int_equal(ctrl.read(GANTRY_REG_INSN_DONE), 0x1001);
    assert_int_equal(ctrl.read(GANTRY_REG_RD_BEATS), 0x2002);
    assert_int_equal(ctrl.read(GANTRY_REG_WR_BEATS), 0x3003);
    for (uint32_t c = 0; c < 9; c++)
        assert_int_equal(ctrl.read(GANTRY_REG_STALL0 + 4 * c), 0x5000 + c);
}

void ctrl__runs_a_launch_and_signals_done(void **state)
{
    (void)state;
    rig ctrl;
    ctrl.configure();
    ctrl.write(GANTRY_REG_GIE, 1);
    ctrl.write(GANTRY_REG_IER, 1);
    assert_int_equal(ctrl.read(GANTRY_REG_AP_CTRL), 0xc); /* idle, ready */
    ctrl.start();
    assert_false(ctrl.dut.clear_o);
    assert_int_equal(ctrl.read(GANTRY_REG_AP_CTRL), 0);
    assert_int_equal(ctrl.read(GANTRY_REG_STATUS) & 3, 1);
    ctrl.write(GANTRY_REG_WGT_LINES, 99); /* not while running */
    assert_int_equal(ctrl.read(GANTRY_REG_WGT_LINES), 0);
    ctrl.dut.ports_busy_i = 1;
    uint64_t before = ctrl.read64(GANTRY_REG_CYCLES);
    assert_true(before > 0);
    ctrl.pulse_end();
    uint64_t frozen = ctrl.read64(GANTRY_REG_CYCLES);
    assert_true(frozen > before);
    for (int i = 0; i < 50; i++) ctrl.cycle();
    assert_int_equal(ctrl.read(GANTRY_REG_AP_CTRL), 0); /* a burst is open */
    assert_true(ctrl.dut.flush_o && ctrl.dut.clear_o && !ctrl.dut.interrupt_o);
    ctrl.dut.ports_busy_i = 0;
    for (int i = 0; i < 4; i++) ctrl.cycle();
    assert_true(ctrl.dut.interrupt_o);
    assert_true(ctrl.read64(GANTRY_REG_CYCLES) == frozen);
    assert_int_equal(ctrl.read(GANTRY_REG_AP_CTRL), 0xe);
    assert_int_equal(ctrl.read(GANTRY_REG_AP_CTRL), 0xc); /* cleared by reading */
    assert_int_equal(ctrl.read(GANTRY_REG_ISR), 1);
    ctrl.write(GANTRY_REG_ISR, 1);
    assert_false(ctrl.dut.interrupt_o);
    assert_int_equal(ctrl.read(GANTRY_REG_ERROR), 0);
}

/* CYCLES counts from the cycle after start_o to the one of end_i. */
void ctrl__counts_cycles_from_start_to_end(void **state)
{
    (void)state;
    for (int length = 3; length < 60; length += 7) {
        rig ctrl;
        ctrl.configure();
        ctrl.dut.s_axil_awaddr = GANTRY_REG_AP_CTRL;
        ctrl.dut.s_axil_wdata = 1;
        ctrl.dut.s_axil_awvalid = ctrl.dut.s_axil_wvalid = 1;
        ctrl.dut.s_axil_bready = 1;
        ctrl.cycle();
        ctrl.dut.s_axil_awvalid = ctrl.dut.s_axil_wvalid = 0;
        for (int i = 0; !ctrl.dut.start_o && i < 10; i++) ctrl.cycle();
        for (int i = 0; i < length; i++) {
            ctrl.cycle();
            assert_true(ctrl.dut.count_o);
            assert_true(ctrl.dut.now_o == (uint64_t)i);
        }
        ctrl.pulse_end();
        ctrl.dut.s_axil_bready = 0;
        assert_true(ctrl.read64(GANTRY_REG_CYCLES) == (uint64_t)length);
    }
}

void ctrl__refuses_bad_registers_at_start(void **state)
{
    (void)state;
    static const struct {
        uint32_t offset, value;
    } bad[] = {{GANTRY_REG_PROGRAM, 0x1800}, {GANTRY_REG_WEIGHTS, 0x2010}, {GANTRY_REG_ARENA, 8},
               {GANTRY_REG_INPUT, 1},        {GANTRY_REG_OUTPUT, 4},       {GANTRY_REG_TRACE, 0x20},
               {GANTRY_REG_INSN_COUNT, 0},   {GANTRY_REG_REPEAT, 0}};
    for (auto &entry : bad) {
        rig ctrl;
        ctrl.configure();
        ctrl.write(entry.offset, entry.value);
        ctrl.start();
        assert_true(ctrl.dut.clear_o); /* never ran */
        assert_int_equal(ctrl.read(GANTRY_REG_AP_CTRL), 0xe);
        assert_int_equal(ctrl.read(GANTRY_REG_ERROR), GANTRY_CAUSE_FIELD_RANGE);
        assert_true(ctrl.read64(GANTRY_REG_ERROR_INFO) == entry.offset);
        assert_int_equal(ctrl.read(GANTRY_REG_STATUS) & 3, 2);
        ctrl.configure();
        ctrl.start();
        assert_false(ctrl.dut.clear_o);
        assert_int_equal(ctrl.read(GANTRY_REG_ERROR), 0); /* forgotten */
    }
}

void ctrl__multiplies_lines_and_runs_and_saturates(void **state)
{
    (void)state;
    static const uint32_t pairs[][2] = {{0, 1},
                                        {5, 7},
                                        {123456, 1},
                                        {65535, 65537},
                                        {65536, 65536},
                                        {0xffffffff, 1},
                                        {0xffffffff, 0xffffffff},
                                        {3, 0x55555556}};
    for (auto &pair : pairs) {
        rig ctrl;
        ctrl.configure();
        ctrl.write(GANTRY_REG_WGT_LINES, pair[0]);
        ctrl.write(GANTRY_REG_REPEAT, pair[1]);
        ctrl.start();
        uint64_t want = (uint64_t)pair[0] * pair[1];
        assert_int_equal(ctrl.dut.ring_total_o, want >> 32 ? 0xffffffff : want);
    }
}

void ctrl__first_error_wins_and_stays(void **state)
{
    (void)state;
    rig ctrl;
    ctrl.configure();
    ctrl.start();
    ctrl.dut.ports_busy_i = 1;
    ctrl.raise(5, 4, 2, 0, 9, 0x123456789abc);
    ctrl.raise(2, 6, 4, 3, 12, UINT64_C(0xfedcba9876543210));
    ctrl.cycle();
    ctrl.dut.err_valid_i = 0;
    ctrl.raise(0, 1, 1, 1, 1, 1);
    ctrl.cycle();
    ctrl.cycle();
    assert_true(ctrl.dut.flush_o && ctrl.dut.clear_o);
    ctrl.write(GANTRY_REG_ABORT, 1);
    ctrl.dut.ports_busy_i = 0;
    for (int i = 0; i < 4; i++) ctrl.cycle();
    assert_int_equal(ctrl.read(GANTRY_REG_ERROR), 6 | 4 << 8 | 3 << 12);
    assert_int_equal(ctrl.read(GANTRY_REG_ERROR_INSN), 12);
    assert_true(ctrl.read64(GANTRY_REG_ERROR_INFO) == UINT64_C(0xfedcba9876543210));
    assert_int_equal(ctrl.read(GANTRY_REG_AP_CTRL), 0xe);
}

void ctrl__watchdog_counts_cycles_without_progress(void **state)
{
    (void)state;
    rig ctrl;
    ctrl.configure();
    ctrl.write(GANTRY_REG_WATCHDOG, 50);
    ctrl.start();
    for (int i = 0; i < 400; i++) {
        ctrl.dut.progress_i = i % 49 == 0;
        ctrl.cycle();
        assert_false(ctrl.dut.clear_o);
    }
    ctrl.dut.progress_i = 1;
    ctrl.cycle();
    ctrl.dut.progress_i = 0;
    int quiet = 0;
    while (!ctrl.dut.clear_o && quiet < 100) {
        ctrl.cycle();
        quiet++;
    }
    assert_in_range(quiet, 51, 53);
    for (int i = 0; i < 4; i++) ctrl.cycle();
    assert_int_equal(ctrl.read(GANTRY_REG_ERROR), GANTRY_CAUSE_WATCHDOG);
    assert_int_equal(ctrl.read(GANTRY_REG_ERROR_INSN), 77);

    rig off; /* 0 is off */
    off.configure();
    off.start();
    for (int i = 0; i < 20000; i++) off.cycle();
    assert_false(off.dut.clear_o);
}

void ctrl__abort_ends_a_launch_and_only_that(void **state)
{
    (void)state;
    rig ctrl;
    ctrl.write(GANTRY_REG_ABORT, 1); /* nothing to abort */
    assert_int_equal(ctrl.read(GANTRY_REG_ERROR), 0);
    ctrl.configure();
    ctrl.start();
    ctrl.write(GANTRY_REG_ABORT, 0);
    assert_false(ctrl.dut.clear_o);
    ctrl.write(GANTRY_REG_ABORT, 1);
    assert_int_equal(ctrl.read(GANTRY_REG_ERROR), GANTRY_CAUSE_ABORTED);
    assert_int_equal(ctrl.read(GANTRY_REG_AP_CTRL), 0xe);
    ctrl.start();
    assert_false(ctrl.dut.clear_o);
    ctrl.pulse_end();
    for (int i = 0; i < 4; i++) ctrl.cycle();
    assert_int_equal(ctrl.read(GANTRY_REG_ERROR), 0);
    assert_int_equal(ctrl.read(GANTRY_REG_STATUS) & 3, 0);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ctrl__keeps_every_configuration_register_apart),
        cmocka_unit_test(ctrl__writes_the_bytes_of_the_strobes),
        cmocka_unit_test(ctrl__unknown_offsets_read_zero_and_keep_nothing),
        cmocka_unit_test(ctrl__reports_identity_and_parameters),
        cmocka_unit_test(ctrl__runs_a_launch_and_signals_done),
        cmocka_unit_test(ctrl__counts_cycles_from_start_to_end),
        cmocka_unit_test(ctrl__refuses_bad_registers_at_start),
        cmocka_unit_test(ctrl__multiplies_lines_and_runs_and_saturates),
        cmocka_unit_test(ctrl__first_error_wins_and_stays),
        cmocka_unit_test(ctrl__watchdog_counts_cycles_without_progress),
        cmocka_unit_test(ctrl__abort_ends_a_launch_and_only_that),
    };
    int failures = cmocka_run_group_tests_name("ctrl", tests, NULL, NULL);
    return gantry_test_result(failures, sizeof(tests) / sizeof(tests[0]));
}
