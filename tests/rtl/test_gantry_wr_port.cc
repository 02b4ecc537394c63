/* SPDX-License-Identifier: Apache-2.0
 * gantry_wr_port under random clients and a random AXI slave: every beat reaches its address once,
 * bursts keep the AXI rules, responses are counted, a flush completes with zero strobes. */
#include "rtl_bits.h"
#include GANTRY_RTL_HEADER

#include <deque>

GANTRY_C_BEGIN
#include "accel/accel.h"
GANTRY_C_END

namespace
{

struct request {
    uint64_t address = 0;
    uint32_t beats = 0;
};

struct rig {
    GANTRY_RTL_MODEL dut;
    gantry_random random;
    uint32_t stall = 0, demand = 50;
    request offered[2];
    std::deque<uint64_t> to_give[2]; /* beats that a client still owes: their addresses */
    std::deque<uint64_t> expected;   /* beats that W must carry, in order */
    std::deque<request> addresses;   /* AW taken, W not complete */
    std::deque<uint32_t> w_bursts;   /* lengths of W bursts complete before their AW */
    uint32_t w_count = 0, answers = 0, written = 0, zero = 0, errors = 0, response = 0;
    uint64_t w_at = 0;
    bool flushing = false, aw_held = false, w_held = false;
    uint64_t aw_before = 0;
    uint8_t w_before[16] = {};
    uint32_t strb_before = 0;
    std::deque<uint64_t> burst_starts; /* in order of AW, for the address of errors */

    explicit rig(uint64_t seed) : random(seed)
    {
        dut.rst_ni = 0;
        dut.flush_i = 0;
        cycle();
        cycle();
        dut.rst_ni = 1;
    }

    bool go() { return !random.chance(stall); }

    void drive()
    {
        for (int c = 0; c < 2; c++) {
            if (!offered[c].beats && !flushing && random.chance(demand)) {
                offered[c].address = (uint64_t)random.below(1 << 24) * 16;
                if (random.chance(50)) offered[c].address |= 0xc00;
                offered[c].beats = 1 + random.below(64);
            }
            bits_set(dut.req_valid_i, c, 1, offered[c].beats != 0);
            bits_set(dut.req_addr_i, 64 * c, 64, offered[c].address);
            bits_set(dut.req_beats_i, 7 * c, 7, offered[c].beats);
            bool give = !to_give[c].empty() && go();
            bits_set(dut.data_valid_i, c, 1, give);
            uint64_t data[2] = {give ? to_give[c].front() : 0, give ? ~to_give[c].front() : 0};
            bytes_set(dut.data_i, c, (const uint8_t *)data);
        }
        dut.m_axi_awready = go();
        dut.m_axi_wready = go();
        dut.m_axi_bvalid = answers > 0 && go();
        dut.m_axi_bresp = response;
    }

    void sample_aw()
    {
        if (aw_held) {
            assert_true(dut.m_axi_awvalid);
            assert_int_equal(dut.m_axi_awaddr, aw_before);
        }
        aw_held = dut.m_axi_awvalid && !dut.m_axi_awready;
        aw_before = dut.m_axi_awaddr;
        if (!dut.m_axi_awvalid || !dut.m_axi_awready) return;
        assert_true(dut.m_axi_awlen < 64);
        assert_int_equal(aw_before >> 12, (aw_before + 16 * dut.m_axi_awlen + 15) >> 12);
        addresses.push_back({aw_before, dut.m_axi_awlen + 1u});
        burst_starts.push_back(aw_before);
    }

    void sample_w()
    {
        uint8_t data[16];
        std::memcpy(data, &dut.m_axi_wdata, 16);
        if (w_held) {
            assert_true(dut.m_axi_wvalid);
            assert_memory_equal(data, w_before, 16);
            assert_int_equal(dut.m_axi_wstrb, strb_before);
        }
        w_held = dut.m_axi_wvalid && !dut.m_axi_wready;
        std::memcpy(w_before, data, 16);
        strb_before = dut.m_axi_wstrb;
        if (!dut.m_axi_wvalid || !dut.m_axi_wready) return;
        w_count++;
        if (dut.m_axi_wstrb == 0) {
            assert_true(flushing);
            zero++;
        } else {
            uint64_t words[2];
            std::memcpy(words, data, 16);
            assert_int_equal(dut.m_axi_wstrb, 0xffff);
            assert_false(expected.empty());
            assert_int_equal(words[0], expected.front());
            assert_int_equal(words[1], ~expected.front());
            if (w_count == 1) w_at = words[0];
            assert_int_equal(words[0], w_at + 16 * (w_count - 1));
            expected.pop_front();
            written++;
        }
        if (dut.m_axi_wlast) {
            w_bursts.push_back(w_count);
            w_count = 0;
        }
    }

    void sample_clients()
    {
        for (int c = 0; c < 2; c++) {
            if (bits_get(dut.data_valid_i, c, 1) && bits_get(dut.data_ready_o, c, 1)) {
                expected.push_back(to_give[c].front());
                to_give[c].pop_front();
            }
            if (bits_get(dut.req_ready_o, c, 1) && offered[c].beats) {
                for (uint32_t b = 0; b < offered[c].beats; b++)
                    to_give[c].push_back(offered[c].address + 16 * b);
                offered[c].beats = 0;
            }
        }
    }

    void cycle()
    {
        dut.clk_i = 0;
        drive();
        dut.eval();
        if (dut.rst_ni) {
            if (dut.m_axi_bvalid && dut.m_axi_bready) {
                answers--;
                errors += dut.err_valid_o;
                assert_int_equal(dut.err_valid_o, response >= 2);
                assert_int_equal(dut.err_addr_o, burst_starts.front());
                burst_starts.pop_front();
            }
            sample_aw();
            sample_w();
            sample_clients();
            if (!addresses.empty() && !w_bursts.empty()) { /* a burst is complete */
                assert_int_equal(w_bursts.front(), addresses.front().beats);
                addresses.pop_front();
                w_bursts.pop_front();
                answers++;
            }
        }
        dut.clk_i = 1;
        dut.eval();
    }

    bool quiet() { return addresses.empty() && w_bursts.empty() && w_count == 0 && answers == 0; }
};

void wr_port__writes_every_beat_once_and_in_order(void **state)
{
    (void)state;
    uint64_t seed = gantry_rtl_seed(41);
    for (uint32_t stall = 0; stall <= 80; stall += 20) {
        rig port(seed + stall);
        port.stall = stall;
        for (int i = 0; i < 40000; i++) {
            port.demand = i % 2000 < 1000 ? 50 : 2;
            port.cycle();
        }
        port.demand = 0;
        port.stall = 0;
        for (int i = 0; i < 3000; i++) port.cycle();
        assert_true(port.quiet() && port.expected.empty());
        assert_false(port.dut.busy_o);
        assert_int_equal(port.dut.pending_o, 0);
        assert_true(port.written > 2000);
        assert_int_equal(port.zero, 0);
    }
}

void wr_port__pending_lasts_until_the_last_response(void **state)
{
    (void)state;
    rig port(5);
    port.demand = 0;
    port.offered[1].address = 0x3ff0; /* two bursts */
    port.offered[1].beats = 3;
    for (int i = 0; i < 40; i++) {
        port.cycle();
        bool over = port.written == 3 && port.quiet();
        assert_int_equal(port.dut.pending_o & 2, over ? 0 : 2);
        assert_int_equal(port.dut.pending_o & 1, 0);
    }
    assert_int_equal(port.written, 3);
    assert_int_equal(port.dut.pending_o, 0);
}

void wr_port__reports_bad_responses(void **state)
{
    (void)state;
    for (uint32_t response = 1; response < 4; response++) {
        rig port(6);
        port.demand = 0;
        port.response = response;
        port.offered[0].address = 0x5000;
        port.offered[0].beats = 9;
        for (int i = 0; i < 60; i++) port.cycle();
        assert_int_equal(port.errors, response >= 2);
    }
}

void wr_port__flush_completes_the_burst_with_zero_strobes(void **state)
{
    (void)state;
    uint64_t seed = gantry_rtl_seed(42);
    uint32_t zero = 0;
    for (uint32_t round = 0; round < 300; round++) {
        rig port(seed + round);
        port.stall = 10 * (round % 9);
        for (uint32_t i = 0; i < 50 + round % 97; i++) port.cycle();
        port.flushing = true;
        port.dut.flush_i = 1;
        for (int c = 0; c < 2; c++) port.to_give[c].clear(); /* clients are cleared */
        for (int i = 0; i < 5000 && (i < 2 || port.dut.busy_o); i++) port.cycle();
        assert_false(port.dut.busy_o);
        assert_true(port.quiet());
        zero += port.zero;
        port.flushing = false;
        port.dut.flush_i = 0;
        port.expected.clear();
        uint32_t written = port.written;
        for (uint32_t i = 0; i < 600; i++) port.cycle();
        assert_true(port.written > written);
    }
    assert_true(zero > 0);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wr_port__writes_every_beat_once_and_in_order),
        cmocka_unit_test(wr_port__pending_lasts_until_the_last_response),
        cmocka_unit_test(wr_port__reports_bad_responses),
        cmocka_unit_test(wr_port__flush_completes_the_burst_with_zero_strobes),
    };
    int failures = cmocka_run_group_tests_name("wr_port", tests, NULL, NULL);
    return gantry_test_result(failures, sizeof(tests) / sizeof(tests[0]));
}
