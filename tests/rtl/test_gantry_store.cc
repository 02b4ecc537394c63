/* SPDX-License-Identifier: Apache-2.0
 * gantry_store against gantry_act_address: every word of the rows goes to its place in memory, in
 * chunks, under random stalls; the signal comes after the last response. */
#include "rtl_bits.h"
#include GANTRY_RTL_HEADER

#include <array>
#include <deque>
#include <map>

GANTRY_C_BEGIN
#include "accel/accel.h"
GANTRY_C_END

namespace
{

const int32_t ports = TEST_PORTS, npx = 2 * TEST_G, act_rows = 512;
const int32_t bank_width = npx == 2 ? 1 : npx == 4 ? 2 : 3;
const int32_t latency = 5; /* of the activation RAM */
const uint64_t buffer_base[3] = {0x10000, 0x48230, 0x123456780000};
const uint32_t buffer_bytes[3] = {0x100000, 0x80000, 0x60000};
const uint32_t run_stride[3] = {0x0FE0, 0x1770, 0x1230};

typedef std::array<uint8_t, 16> word16;

word16 act_word(int32_t bank, int32_t row)
{
    word16 word;
    for (int32_t k = 0; k < 16; k++) {
        uint64_t x = (uint64_t)(bank * 65536 + row) * 16 + (uint64_t)k;
        word[(size_t)k] = (uint8_t)(x * UINT64_C(0x9E3779B97F4A7C15) >> 50);
    }
    return word;
}

struct rig {
    GANTRY_RTL_MODEL dut;
    gantry_random random;
    uint32_t stall = 0;
    uint64_t cycles = 0;
    std::deque<std::pair<uint32_t, gantry_insn>> program;
    std::deque<std::pair<uint64_t, word16>> reads[4]; /* due cycle and data */
    std::deque<uint64_t> places[4];                   /* addresses of beats to come */
    std::deque<uint64_t> answers[4];                  /* due cycles of responses */
    std::map<uint64_t, word16> written;
    uint32_t writes = 0, done = 0;
    bool error = false, early = false;
    uint32_t cause = 0;
    uint64_t info = 0;

    explicit rig(uint64_t seed) : random(seed)
    {
        dut.rst_ni = 0;
        for (int b = 0; b < 3; b++) {
            bits_set(dut.buffer_base_i, 64 * b, 64, buffer_base[b]);
            bits_set(dut.buffer_bytes_i, 32 * b, 32, buffer_bytes[b]);
            bits_set(dut.run_stride_i, 32 * b, 32, run_stride[b]);
        }
        dut.clear_i = 0;
        cycle();
        cycle();
        dut.rst_ni = 1;
    }

    bool go() { return !random.chance(stall); }

    void drive()
    {
        dut.s_axis_insn_tvalid = !program.empty() && go();
        if (!program.empty()) {
            std::memcpy(&dut.s_axis_insn_tdata, program.front().second.word, 64);
            dut.s_axis_insn_tuser = program.front().first;
        }
        for (int p = 0; p < ports; p++) {
            bits_set(dut.store_ready_i, p, 1, go());
            bits_set(dut.req_ready_i, p, 1, places[p].empty() && go());
            bits_set(dut.data_ready_i, p, 1, !places[p].empty() && go());
            bits_set(dut.pending_i, p, 1, !places[p].empty() || !answers[p].empty());
            bool due = !reads[p].empty() && reads[p].front().first == cycles;
            bits_set(dut.store_data_valid_i, p, 1, due);
            if (due) {
                bytes_set(dut.store_data_i, p, reads[p].front().second.data());
                reads[p].pop_front();
            }
            if (!answers[p].empty() && answers[p].front() <= cycles) answers[p].pop_front();
        }
        dut.eval();
        dut.sem_grant_i = dut.sem_req_o && go();
    }

    void sample()
    {
        if (dut.s_axis_insn_tvalid && dut.s_axis_insn_tready) program.pop_front();
        done += dut.done_o;
        if (dut.err_valid_o && !error) {
            error = true;
            cause = dut.err_cause_o;
            info = dut.err_info_o;
        }
        for (int p = 0; p < ports; p++) {
            if (dut.sem_signal_valid_o && (!answers[p].empty() || !places[p].empty())) early = true;
            if (bits_get(dut.store_valid_o, p, 1) && bits_get(dut.store_ready_i, p, 1)) {
                int32_t bank = (int32_t)bits_get(dut.store_bank_o, bank_width * p, bank_width);
                int32_t row = (int32_t)bits_get(dut.store_row_o, 16 * p, 16);
                assert_true(row < act_rows);
                reads[p].push_back({cycles + latency, act_word(bank, row)});
            }
            if (bits_get(dut.data_valid_o, p, 1) && bits_get(dut.data_ready_i, p, 1)) {
                word16 data;
                bytes_get(dut.data_o, p, data.data());
                written[places[p].front()] = data;
                writes++;
                places[p].pop_front();
                if (places[p].empty()) answers[p].push_back(cycles + random.below(40));
            }
            if (bits_get(dut.req_valid_o, p, 1) && bits_get(dut.req_ready_i, p, 1)) {
                uint64_t count = bits_get(dut.req_beats_o, 7 * p, 7);
                assert_in_range(count, 1, 64);
                for (uint64_t b = 0; b < count; b++)
                    places[p].push_back(bits_get(dut.req_addr_o, 64 * p, 64) + 16 * b);
            }
        }
    }

    void cycle()
    {
        dut.clk_i = 0;
        drive();
        dut.eval();
        if (dut.rst_ni) sample();
        dut.clk_i = 1;
        dut.eval();
        cycles++;
    }

    bool run(uint32_t count)
    {
        uint64_t limit = cycles + 400000;
        while (done < count && !error && cycles < limit) cycle();
        return cycles < limit;
    }
};

struct store_case {
    int32_t buffer, rows, row0, pixels, words, cb0;
    uint32_t offset, stride;
    gantry_act_tensor tensor;
};

gantry_insn encode(const store_case &c)
{
    gantry_insn insn = {};
    bool ok = gantry_insn_set(&insn, GANTRY_COMMON_OPCODE, GANTRY_INSN_STORE);
    auto set = [&](enum gantry_operand operand, int64_t value) {
        ok = gantry_insn_set(&insn, operand, value) && ok;
    };
    set(GANTRY_STORE_BUFFER, c.buffer);
    set(GANTRY_STORE_OFFSET, c.offset);
    set(GANTRY_STORE_ROW_STRIDE, c.stride);
    set(GANTRY_STORE_ROWS, c.rows);
    set(GANTRY_STORE_ROW0, c.row0);
    set(GANTRY_STORE_PIXELS, c.pixels);
    set(GANTRY_STORE_WORDS, c.words);
    set(GANTRY_STORE_SY, c.tensor.sy - 1);
    set(GANTRY_STORE_SX, c.tensor.sx - 1);
    set(GANTRY_STORE_BASE, c.tensor.base);
    set(GANTRY_STORE_CB, c.tensor.cb);
    set(GANTRY_STORE_CB0, c.cb0);
    set(GANTRY_STORE_PITCH, c.tensor.pitch);
    set(GANTRY_STORE_PS, c.tensor.ps);
    assert_true(ok);
    return insn;
}

store_case random_case(gantry_random &random)
{
    store_case c = {};
    c.buffer = random.between(0, 2);
    c.rows = random.between(1, 7);
    c.row0 = random.between(0, 9);
    c.words = random.chance(50) ? 1 : random.between(1, 6);
    c.pixels = random.chance(10) ? random.between(50, 140) : random.between(1, 24);
    c.stride = (uint32_t)(c.pixels * c.words + random.between(0, 5)) * 16;
    c.offset = random.below(500) * 16;
    c.cb0 = random.between(0, 2);
    c.tensor.sy = random.between(1, 2);
    c.tensor.sx = random.between(1, 2);
    c.tensor.cb = c.words + c.cb0 + random.between(0, 2);
    c.tensor.base = random.between(0, 100);
    c.tensor.pitch = (c.pixels + c.tensor.sx - 1) / c.tensor.sx + random.between(0, 3);
    c.tensor.ps = (c.row0 + c.rows + 1) * c.tensor.pitch + random.between(0, 5);
    return c;
}

bool expect(const store_case &c, uint32_t run, std::map<uint64_t, word16> &out)
{
    uint64_t offset = c.offset;
    offset += (uint64_t)run_stride[c.buffer] * run;
    for (int32_t r = 0; r < c.rows; r++) {
        uint64_t start = offset + (uint64_t)r * c.stride;
        if (start + (uint64_t)(16 * c.pixels * c.words) > buffer_bytes[c.buffer]) return false;
        for (int32_t i = 0; i < c.pixels; i++) {
            int64_t q = gantry_act_pixel(&c.tensor, c.row0 + r, i);
            for (int32_t j = 0; j < c.words; j++) {
                int32_t bank;
                int64_t row;
                gantry_act_address(&c.tensor, npx, q, c.cb0 + j, &bank, &row);
                if (row >= act_rows) return false;
                out[buffer_base[c.buffer] + start + (uint64_t)(16 * (i * c.words + j))] =
                    act_word(bank, (int32_t)row);
            }
        }
    }
    return true;
}

void store__writes_every_word_to_its_place_under_any_stalls(void **state)
{
    (void)state;
    rig unit(gantry_rtl_seed(21));
    uint32_t run = 0, cases = 0, last = 0;
    while (cases < 1200) {
        store_case c = random_case(unit.random);
        std::map<uint64_t, word16> want;
        bool new_run = cases > 0 && unit.random.chance(3) && run < 8;
        if (!expect(c, run + new_run, want)) continue;
        run += new_run;
        last = new_run ? last - unit.random.below(last + 1) : last + 1 + unit.random.below(3);
        unit.stall = (cases / 4 % 4) * 30;
        unit.written.clear();
        unit.writes = 0;
        unit.program.push_back({last, encode(c)});
        assert_true(unit.run(++cases));
        assert_false(unit.error);
        assert_false(unit.early);
        assert_int_equal(unit.writes, want.size());
        assert_true(unit.written == want);
    }
}

void store__refuses_what_the_buffer_or_the_memory_has_not(void **state)
{
    (void)state;
    store_case c = {};
    c.rows = 2;
    c.pixels = 3;
    c.words = 2;
    c.stride = 96;
    c.offset = buffer_bytes[0] - 2 * 96 + 16;
    c.tensor.sy = c.tensor.sx = 1;
    c.tensor.cb = 2;
    c.tensor.pitch = 3;
    rig range(1);
    range.program.push_back({0, encode(c)});
    assert_true(range.run(1));
    assert_int_equal(range.cause, GANTRY_CAUSE_DDR_RANGE);
    assert_int_equal(range.info, c.offset + 96);

    c.offset = 0;
    c.tensor.base = act_rows - 1;
    rig act(1);
    act.program.push_back({0, encode(c)});
    assert_true(act.run(1));
    assert_int_equal(act.cause, GANTRY_CAUSE_ACT_RANGE);
    assert_int_equal(act.info, act_rows);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store__writes_every_word_to_its_place_under_any_stalls),
        cmocka_unit_test(store__refuses_what_the_buffer_or_the_memory_has_not),
    };
    int failures = cmocka_run_group_tests_name("store", tests, NULL, NULL);
    return gantry_test_result(failures, sizeof(tests) / sizeof(tests[0]));
}
