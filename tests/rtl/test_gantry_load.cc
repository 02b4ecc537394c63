/* SPDX-License-Identifier: Apache-2.0
 * gantry_load against gantry_load_word and gantry_act_address: random geometry, byte offsets,
 * folding, planes, runs, and random stalls of memory, activation RAM and semaphores. */
#include "rtl_bits.h"
#include GANTRY_RTL_HEADER

#include <array>
#include <deque>
#include <map>
#include <vector>

GANTRY_C_BEGIN
#include "accel/accel.h"
GANTRY_C_END

namespace
{

const int32_t ports = TEST_PORTS, npx = 2 * TEST_G, act_rows = 512;
const int32_t bank_width = npx == 2 ? 1 : npx == 4 ? 2 : 3;
const uint64_t buffer_base[3] = {0x10000, 0x48230, 0x123456780000};
const uint32_t buffer_bytes[3] = {0x30000, 0x20000, 0x18000};
const uint32_t run_stride[3] = {0x0FE0, 0x1770, 0x1238};

typedef std::array<uint8_t, 16> word16;
typedef std::map<std::pair<int32_t, int32_t>, word16> act_words;

uint8_t memory_byte(uint64_t address)
{
    uint64_t x = address * UINT64_C(0x9E3779B97F4A7C15);
    return (uint8_t)(x >> 40 ^ x >> 17);
}

/* The unit with a memory and an activation RAM that stall at random. */
struct rig {
    GANTRY_RTL_MODEL dut;
    gantry_random random;
    uint32_t stall = 0;     /* percent of cycles in which a side does nothing */
    uint32_t act_stall = 0; /* more of it for the activation RAM */
    uint64_t cycles = 0;
    std::deque<uint64_t> beats[4]; /* addresses of beats to come, by port */
    std::deque<std::pair<uint32_t, gantry_insn>> program;
    act_words written;
    uint32_t writes = 0, done = 0, started = 0;
    bool error = false, twice = false;
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
        dut.data_valid_i = 0;
        dut.req_ready_i = 0;
        dut.load_ready_i = 0;
        for (int p = 0; p < ports; p++) {
            bits_set(dut.req_ready_i, p, 1, go());
            bits_set(dut.load_ready_i, p, 1, go() && !random.chance(act_stall));
            if (beats[p].empty() || !go()) continue;
            uint8_t data[16];
            for (int k = 0; k < 16; k++) data[k] = memory_byte(beats[p].front() + (uint64_t)k);
            bytes_set(dut.data_i, p, data);
            bits_set(dut.data_valid_i, p, 1, 1);
            beats[p].pop_front();
        }
        dut.eval();
        dut.sem_grant_i = dut.sem_req_o && go();
    }

    void sample()
    {
        if (dut.s_axis_insn_tvalid && dut.s_axis_insn_tready) program.pop_front();
        started += dut.start_o;
        done += dut.done_o;
        if (dut.err_valid_o && !error) {
            error = true;
            cause = dut.err_cause_o;
            info = dut.err_info_o;
        }
        for (int p = 0; p < ports; p++) {
            if (bits_get(dut.req_valid_o, p, 1) && bits_get(dut.req_ready_i, p, 1)) {
                uint64_t address = bits_get(dut.req_addr_o, 64 * p, 64);
                uint64_t count = bits_get(dut.req_beats_o, 7 * p, 7);
                assert_int_equal(address % 16, 0);
                assert_in_range(count, 1, 64);
                for (uint64_t b = 0; b < count; b++) beats[p].push_back(address + 16 * b);
            }
            if (bits_get(dut.load_valid_o, p, 1) && bits_get(dut.load_ready_i, p, 1)) {
                word16 data;
                bytes_get(dut.load_data_o, p, data.data());
                int32_t bank = (int32_t)bits_get(dut.load_bank_o, bank_width * p, bank_width);
                int32_t row = (int32_t)bits_get(dut.load_row_o, 16 * p, 16);
                twice = twice || written.count({bank, row});
                written[{bank, row}] = data;
                writes++;
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

    /* Runs until count instructions are done or an error shows; false when nothing happens. */
    bool run(uint32_t count)
    {
        uint64_t limit = cycles + 400000;
        while (done < count && !error && cycles < limit) cycle();
        return cycles < limit;
    }
};

struct load_case {
    int32_t buffer, rows, row0, row_bytes, pixels, step, lead, words, pad;
    uint32_t offset, stride;
    gantry_act_tensor tensor;
    int32_t cb0;
};

gantry_insn encode(const load_case &c)
{
    gantry_insn insn = {};
    bool ok = gantry_insn_set(&insn, GANTRY_COMMON_OPCODE, GANTRY_INSN_LOAD);
    auto set = [&](enum gantry_operand operand, int64_t value) {
        ok = gantry_insn_set(&insn, operand, value) && ok;
    };
    set(GANTRY_LOAD_BUFFER, c.buffer);
    set(GANTRY_LOAD_OFFSET, c.offset);
    set(GANTRY_LOAD_ROW_STRIDE, c.stride);
    set(GANTRY_LOAD_ROWS, c.rows);
    set(GANTRY_LOAD_ROW0, c.row0);
    set(GANTRY_LOAD_ROW_BYTES, c.row_bytes);
    set(GANTRY_LOAD_PIXELS, c.pixels);
    set(GANTRY_LOAD_STEP, c.step);
    set(GANTRY_LOAD_LEAD, c.lead);
    set(GANTRY_LOAD_WORDS, c.words);
    set(GANTRY_LOAD_PAD, c.pad);
    set(GANTRY_LOAD_SY, c.tensor.sy - 1);
    set(GANTRY_LOAD_SX, c.tensor.sx - 1);
    set(GANTRY_LOAD_BASE, c.tensor.base);
    set(GANTRY_LOAD_CB, c.tensor.cb);
    set(GANTRY_LOAD_CB0, c.cb0);
    set(GANTRY_LOAD_PITCH, c.tensor.pitch);
    set(GANTRY_LOAD_PS, c.tensor.ps);
    assert_true(ok);
    return insn;
}

load_case random_case(gantry_random &random)
{
    load_case c = {};
    c.buffer = random.between(0, 2);
    c.rows = random.between(1, 7);
    c.row0 = random.between(0, 9);
    c.words = random.chance(50) ? 1 : random.between(1, 6);
    c.pixels = random.between(1, 24);
    c.pad = random.between(0, 255);
    switch (random.below(4)) {
    case 0:
        c.step = random.between(1, 16);
        break; /* folded or narrow */
    case 1:
        c.step = 16 * c.words;
        break; /* whole words */
    case 2:
        c.step = random.between(0, 16 * c.words);
        break; /* overlapping */
    default:
        c.step = random.between(0, 300);
        break; /* with gaps */
    }
    if (random.chance(6)) { /* pixels longer than half of the window, overlapping or not */
        c.words = random.between(60, 250);
        c.pixels = random.between(1, 4);
        c.rows = random.between(1, 3);
        c.step = random.between(0, 4200);
    }
    c.lead = random.chance(60) ? 0 : random.between(-40, 40);
    c.row_bytes = c.step * c.pixels + random.between(-20, 40);
    if (random.chance(10)) c.row_bytes = random.between(1, 40);
    if (random.chance(5)) c.row_bytes = random.between(1, 12000);
    if (c.row_bytes < 1) c.row_bytes = 1;
    c.stride = random.chance(20) ? 0 : (uint32_t)random.between(0, 5000);
    c.offset = random.below(9000);
    c.tensor.sy = random.between(1, 2);
    c.tensor.sx = random.between(1, 2);
    c.cb0 = random.between(0, 2);
    c.tensor.cb = c.words + c.cb0 + random.between(0, 2);
    c.tensor.base = random.between(0, 100);
    c.tensor.pitch = (c.pixels + c.tensor.sx - 1) / c.tensor.sx + random.between(0, 3);
    c.tensor.ps = (c.row0 + c.rows + 1) * c.tensor.pitch + random.between(0, 5);
    return c;
}

/* Adds the words of an instruction; false when they do not fit or meet. */
bool expect(const load_case &c, uint32_t run, act_words &out)
{
    uint64_t offset = c.offset;
    offset += (uint64_t)run_stride[c.buffer] * run;
    std::vector<uint8_t> bytes((size_t)c.row_bytes + 1);
    for (int32_t r = 0; r < c.rows; r++) {
        uint64_t start = offset + (uint64_t)r * c.stride;
        if (start + (uint64_t)c.row_bytes > buffer_bytes[c.buffer]) return false;
        for (int32_t b = 0; b < c.row_bytes; b++)
            bytes[(size_t)b] = memory_byte(buffer_base[c.buffer] + start + (uint64_t)b);
        for (int32_t i = 0; i < c.pixels; i++) {
            int64_t q = gantry_act_pixel(&c.tensor, c.row0 + r, i);
            for (int32_t j = 0; j < c.words; j++) {
                int32_t bank;
                int64_t row;
                gantry_act_address(&c.tensor, npx, q, c.cb0 + j, &bank, &row);
                if (row >= act_rows || out.count({bank, (int32_t)row})) return false;
                gantry_load_word(bytes.data(), c.row_bytes, i, j, c.step, c.lead, (uint8_t)c.pad,
                                 out[{bank, (int32_t)row}].data());
            }
        }
    }
    return true;
}

void check(rig &unit, const load_case &c, const act_words &want)
{
    for (auto &entry : want) {
        auto found = unit.written.find(entry.first);
        if (found != unit.written.end() && found->second == entry.second) continue;
        fail_msg("bank %d row %d %s: offset %u stride %u row_bytes %d pixels %d step %d lead %d "
                 "words %d pad %d sy %d sx %d base %d cb %d cb0 %d pitch %d ps %d rows %d+%d",
                 entry.first.first, entry.first.second,
                 found == unit.written.end() ? "not written" : "differs", c.offset, c.stride,
                 c.row_bytes, c.pixels, c.step, c.lead, c.words, c.pad, c.tensor.sy, c.tensor.sx,
                 c.tensor.base, c.tensor.cb, c.cb0, c.tensor.pitch, c.tensor.ps, c.row0, c.rows);
    }
    assert_int_equal(unit.writes, want.size());
    assert_false(unit.twice);
}

void load__writes_the_words_of_the_equations_under_any_stalls(void **state)
{
    (void)state;
    rig unit(gantry_rtl_seed(11));
    uint32_t index = 0, run = 0, cases = 0, last = 0;
    while (cases < 1500) {
        load_case c = random_case(unit.random);
        act_words want;
        bool new_run = cases > 0 && unit.random.chance(3) && run < 8;
        if (!expect(c, run + new_run, want)) continue;
        run += new_run;
        index = new_run ? last - unit.random.below(last + 1) : last + 1 + unit.random.below(3);
        last = index;
        unit.stall = (cases / 4 % 4) * 30;
        unit.written.clear();
        unit.writes = 0;
        unit.program.push_back({index, encode(c)});
        assert_true(unit.run(++cases));
        assert_false(unit.error);
        check(unit, c, want);
    }
    assert_int_equal(unit.started, cases);
}

void load__moves_one_word_per_cycle_and_port(void **state)
{
    (void)state;
    rig unit(1);
    load_case c = {};
    c.rows = 4 * ports;
    c.pixels = 64;
    c.words = 1;
    c.step = 3; /* folded: every beat serves several words */
    c.row_bytes = 192;
    c.stride = 201;
    c.offset = 5;
    c.tensor.sy = c.tensor.sx = c.tensor.cb = 1;
    c.tensor.pitch = 64;
    act_words want;
    assert_true(expect(c, 0, want) || npx * act_rows < 64 * c.rows);
    unit.program.push_back({0, encode(c)});
    assert_true(unit.run(1));
    check(unit, c, want);
    assert_true(unit.cycles < 4 * 64 + 80);
}

/* Rows longer than the window of 512 beats: pixels that go back over 250 beats, and an activation
 * RAM that lets the window run full. */
void load__keeps_beats_that_are_still_needed(void **state)
{
    (void)state;
    static const struct {
        int32_t words, pixels, step, bytes;
        uint32_t act_stall;
    } rows[] = {{250, 4, 16, 16000, 0},
                {250, 4, 7, 16000, 30},
                {1, 600, 48, 30000, 75},
                {1, 600, 100, 60001, 90},
                {100, 8, 1600, 12900, 80}};
    for (auto &row : rows) {
        rig unit(8);
        load_case c = {};
        c.rows = 1;
        c.words = row.words;
        c.pixels = row.pixels;
        c.step = row.step;
        c.row_bytes = row.bytes;
        c.offset = 11;
        c.tensor.sy = c.tensor.sx = 1;
        c.tensor.cb = row.words;
        c.tensor.pitch = row.pixels;
        act_words want;
        assert_true(expect(c, 0, want));
        unit.act_stall = row.act_stall;
        unit.program.push_back({0, encode(c)});
        assert_true(unit.run(1));
        check(unit, c, want);
    }
}

void load__refuses_bytes_beyond_the_buffer(void **state)
{
    (void)state;
    for (uint32_t over = 0; over < 2; over++) {
        rig unit(5);
        load_case c = {};
        c.buffer = 1;
        c.rows = 2;
        c.pixels = 2;
        c.words = c.step = 1;
        c.row_bytes = 100;
        c.stride = 1000;
        c.offset = buffer_bytes[1] - 1100 + over;
        c.tensor.sy = c.tensor.sx = c.tensor.cb = 1;
        c.tensor.pitch = 2;
        unit.program.push_back({3, encode(c)});
        assert_true(unit.run(1));
        assert_int_equal(unit.error, over);
        if (!over) continue;
        assert_int_equal(unit.cause, GANTRY_CAUSE_DDR_RANGE);
        assert_int_equal(unit.info, c.offset + c.stride);
        assert_int_equal(unit.done, 0);
    }
}

void load__refuses_rows_beyond_the_activation_memory(void **state)
{
    (void)state;
    rig unit(6);
    load_case c = {};
    c.rows = 1;
    c.pixels = 1;
    c.words = 3;
    c.step = 48;
    c.row_bytes = 48;
    c.tensor.sy = c.tensor.sx = 1;
    c.tensor.cb = 3;
    c.tensor.pitch = 1;
    c.tensor.base = act_rows - 2;
    unit.program.push_back({0, encode(c)});
    assert_true(unit.run(1));
    assert_true(unit.error);
    assert_int_equal(unit.cause, GANTRY_CAUSE_ACT_RANGE);
    assert_int_equal(unit.info, act_rows);
    for (auto &entry : unit.written) assert_true(entry.first.second < act_rows);

    /* Positions far beyond 16 bits must not wrap into the memory. */
    unit.dut.clear_i = 1;
    unit.cycle();
    unit.dut.clear_i = 0;
    unit.error = false;
    unit.written.clear();
    for (int p = 0; p < ports; p++) unit.beats[p].clear();
    c.tensor.base = 0;
    c.tensor.cb = 256;
    c.tensor.pitch = 65535;
    c.row0 = 65535;
    unit.program.push_back({0, encode(c)});
    assert_true(unit.run(1));
    assert_true(unit.error);
    assert_int_equal(unit.cause, GANTRY_CAUSE_ACT_RANGE);
    assert_true(unit.written.empty());
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load__writes_the_words_of_the_equations_under_any_stalls),
        cmocka_unit_test(load__moves_one_word_per_cycle_and_port),
        cmocka_unit_test(load__keeps_beats_that_are_still_needed),
        cmocka_unit_test(load__refuses_bytes_beyond_the_buffer),
        cmocka_unit_test(load__refuses_rows_beyond_the_activation_memory),
    };
    int failures = cmocka_run_group_tests_name("load", tests, NULL, NULL);
    return gantry_test_result(failures, sizeof(tests) / sizeof(tests[0]));
}
