/* SPDX-License-Identifier: Apache-2.0
 * gantry_rd_port under random clients and a random AXI slave: every client gets its beats in order,
 * bursts keep the AXI rules, errors name their address, a flush drains. */
#include "rtl_bits.h"
#include GANTRY_RTL_HEADER

#include <deque>

GANTRY_C_BEGIN
#include "accel/accel.h"
GANTRY_C_END

namespace
{

struct burst {
    uint64_t address;
    uint32_t left;
};

struct rig {
    GANTRY_RTL_MODEL dut;
    gantry_random random;
    uint32_t stall = 0;
    uint64_t bad_address = 1; /* beat that is answered with an error */
    uint32_t bad_response = 0;
    std::deque<uint64_t> wanted[3]; /* addresses that a client waits for */
    std::deque<burst> bursts;
    burst request[3] = {};
    uint32_t got = 0, errors = 0, beats = 0;
    bool ar_held = false, flushing = false;
    uint64_t ar_address = 0;
    uint32_t ar_length = 0;

    explicit rig(uint64_t seed) : random(seed)
    {
        dut.rst_ni = 0;
        dut.flush_i = 0;
        cycle(0);
        cycle(0);
        dut.rst_ni = 1;
    }

    bool go() { return !random.chance(stall); }

    void drive(uint32_t demand)
    {
        for (int c = 0; c < 3; c++) {
            if (!request[c].left && random.chance(demand)) {
                request[c].address = random.next() & UINT64_C(0xfffffff0);
                if (random.chance(50)) request[c].address |= 0xc00 + 16 * random.below(64);
                request[c].left = 1 + random.below(64);
            }
            bits_set(dut.req_valid_i, c, 1, request[c].left != 0);
            bits_set(dut.req_addr_i, 64 * c, 64, request[c].address);
            bits_set(dut.req_beats_i, 7 * c, 7, request[c].left);
        }
        dut.m_axi_arready = go();
        dut.m_axi_rvalid = !bursts.empty() && go();
        if (dut.m_axi_rvalid) {
            uint64_t data[2] = {bursts.front().address, ~bursts.front().address};
            std::memcpy(&dut.m_axi_rdata, data, 16);
            dut.m_axi_rlast = bursts.front().left == 1;
            dut.m_axi_rresp = bursts.front().address == bad_address ? bad_response : 0;
        }
    }

    void sample_requests()
    {
        for (int c = 0; c < 3; c++) {
            if (!bits_get(dut.req_ready_o, c, 1) || !request[c].left) continue;
            for (uint32_t b = 0; b < request[c].left; b++)
                wanted[c].push_back(request[c].address + 16 * b);
            request[c].left = 0;
        }
    }

    void sample_ar()
    {
        if (ar_held) { /* stable until taken */
            assert_true(dut.m_axi_arvalid);
            assert_int_equal(dut.m_axi_araddr, ar_address);
            assert_int_equal(dut.m_axi_arlen, ar_length);
        }
        ar_held = dut.m_axi_arvalid && !dut.m_axi_arready;
        ar_address = dut.m_axi_araddr;
        ar_length = dut.m_axi_arlen;
        if (!dut.m_axi_arvalid || !dut.m_axi_arready) return;
        assert_true(ar_length < 64);
        assert_int_equal(ar_address >> 12, (ar_address + 16 * ar_length + 15) >> 12);
        bursts.push_back({ar_address, ar_length + 1});
        assert_true(bursts.size() <= 4);
    }

    void sample_r()
    {
        if (!dut.m_axi_rvalid || !dut.m_axi_rready) return;
        beats++;
        uint64_t address = bursts.front().address;
        assert_int_equal(dut.err_valid_o, address == bad_address && bad_response >= 2);
        if (dut.err_valid_o) {
            errors++;
            assert_int_equal(dut.err_addr_o, address);
            assert_int_equal(dut.err_cause_o, bad_response == 2 ? GANTRY_CAUSE_READ_SLVERR
                                                                : GANTRY_CAUSE_READ_DECERR);
        }
        bursts.front().address += 16;
        if (--bursts.front().left == 0) bursts.pop_front();
        if (flushing) return;
        int client = dut.data_valid_o == 1 ? 0 : dut.data_valid_o == 2 ? 1 : 2;
        assert_int_equal(dut.data_valid_o, 1 << client);
        assert_false(wanted[client].empty());
        uint64_t data[2];
        std::memcpy(data, &dut.data_o, 16);
        assert_int_equal(data[0], wanted[client].front());
        assert_int_equal(data[1], ~wanted[client].front());
        if (dut.err_valid_o) assert_int_equal(dut.err_client_o, client);
        wanted[client].pop_front();
        got++;
    }

    void cycle(uint32_t demand)
    {
        dut.clk_i = 0;
        drive(demand);
        dut.eval();
        if (dut.rst_ni) {
            /* R before AR: a burst that is only now accepted has no data yet. */
            sample_r();
            sample_ar();
            sample_requests();
            if (flushing) assert_int_equal(dut.data_valid_o, 0);
        }
        dut.clk_i = 1;
        dut.eval();
    }
};

void rd_port__gives_every_client_its_beats_in_order(void **state)
{
    (void)state;
    uint64_t seed = gantry_rtl_seed(31);
    for (uint32_t stall = 0; stall <= 80; stall += 20) {
        rig port(seed + stall);
        port.stall = stall;
        for (int i = 0; i < 40000; i++) port.cycle(i % 2000 < 1000 ? 50 : 2);
        port.stall = 0;
        for (int i = 0; i < 2000; i++) port.cycle(0);
        for (int c = 0; c < 3; c++) assert_true(port.wanted[c].empty() && !port.request[c].left);
        assert_false(port.dut.busy_o);
        assert_true(port.got > 4000);
    }
}

void rd_port__streams_one_beat_per_cycle(void **state)
{
    (void)state;
    rig port(3);
    for (int i = 0; i < 4000; i++) port.cycle(100);
    assert_true(port.beats > 3900);
}

void rd_port__names_the_address_of_a_bad_response(void **state)
{
    (void)state;
    for (uint32_t response = 1; response < 4; response++) {
        rig port(4);
        port.bad_response = response;
        port.request[1] = {0x7f80, 40};
        port.bad_address = 0x8010; /* in the second burst */
        for (int i = 0; i < 100; i++) port.cycle(0);
        assert_int_equal(port.errors, response >= 2);
    }
}

void rd_port__flush_reads_what_is_open_and_drops_it(void **state)
{
    (void)state;
    uint64_t seed = gantry_rtl_seed(32);
    for (uint32_t round = 0; round < 300; round++) {
        rig port(seed + round);
        port.stall = 10 * (round % 9);
        for (uint32_t i = 0; i < 50 + round % 97; i++) port.cycle(60);
        port.flushing = true;
        port.dut.flush_i = 1;
        for (int i = 0; i < 5000 && (i < 2 || port.dut.busy_o); i++) port.cycle(60);
        assert_false(port.dut.busy_o);
        assert_true(port.bursts.empty());
        port.flushing = false;
        port.dut.flush_i = 0;
        for (int c = 0; c < 3; c++) port.wanted[c].clear();
        uint32_t got = port.got;
        for (uint32_t i = 0; i < 500; i++) port.cycle(60);
        assert_true(port.got > got);
    }
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rd_port__gives_every_client_its_beats_in_order),
        cmocka_unit_test(rd_port__streams_one_beat_per_cycle),
        cmocka_unit_test(rd_port__names_the_address_of_a_bad_response),
        cmocka_unit_test(rd_port__flush_reads_what_is_open_and_drops_it),
    };
    int failures = cmocka_run_group_tests_name("rd_port", tests, NULL, NULL);
    return gantry_test_result(failures, sizeof(tests) / sizeof(tests[0]));
}
