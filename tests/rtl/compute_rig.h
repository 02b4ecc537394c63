/* SPDX-License-Identifier: Apache-2.0
 * A bench around gantry_compute: queue, semaphores, weight stripes, LOAD and STORE as a program
 * wants them, with random bandwidth, delays and port traffic. No AXI, no fetch errors. */
#ifndef GANTRY_COMPUTE_RIG_H
#define GANTRY_COMPUTE_RIG_H

#include "rtl_bits.h"
#include GANTRY_RTL_HEADER

#include <array>
#include <deque>
#include <vector>

GANTRY_C_BEGIN
#include "accel/execute.h"
GANTRY_C_END

/* How eager the surroundings are; percent of the cycles in which they act. */
struct rig_pace {
    uint32_t ring = 100, load = 100, store = 100, insn = 100, semaphore = 100;
    uint32_t noise = 0; /* STORE reads that no instruction asks for */
};

class compute_rig
{
  public:
    static const int32_t G = TEST_G, NPX = 2 * TEST_G, PORTS = TEST_PORTS;
    static const int32_t ACT_ROWS = TEST_ACT_ROWS, RING_LINES = TEST_RING_LINES;
    static const int32_t WINDOW = TEST_G > 1;

    GANTRY_RTL_MODEL dut;
    gantry_random random;
    rig_pace pace;
    uint64_t cycles = 0, stall[GANTRY_STALL_CLASSES] = {}, insns_done = 0;
    std::vector<uint64_t> front_start, front_done, done; /* cycles, of COMPUTE instructions */
    bool failed = false;
    uint32_t cause = 0, failed_insn = 0;
    uint64_t failed_info = 0;

    static gantry_array_params params()
    {
        gantry_array_params out = {G, ACT_ROWS, RING_LINES, 64, PORTS, WINDOW};
        return out;
    }

    explicit compute_rig(uint64_t seed) : random(seed)
    {
        dut.rst_ni = 0;
        dut.clear_i = 0;
        idle_inputs();
        tick();
        tick();
        dut.rst_ni = 1;
    }

    void clear()
    {
        idle_inputs();
        dut.clear_i = 1;
        tick();
        dut.clear_i = 0;
        for (auto &port : beats) port = 0;
        load_queue.clear();
        compute_queue.clear();
        store_queue.clear();
        for (int p = 0; p < PORTS; p++) {
            load_words[p].clear();
            store_words[p].clear();
            store_places[p].clear();
        }
        moving[0] = moving[1] = false;
        insns_done = 0;
        front_start.clear();
        front_done.clear();
        done.clear();
        failed = false;
    }

    /* Runs a launch to its end, an error, or the limit; false at the limit. */
    bool run(const gantry_accel_memory &launch, uint64_t limit);
    uint64_t start = 0; /* cycle in which the launch began */

  private:
    struct act_word {
        int32_t bank, row;
        uint8_t data[16];
    };
    struct entry {
        gantry_insn insn;
        uint32_t index, run;
    };
    const gantry_accel_memory *memory = nullptr;
    uint64_t total_lines = 0;
    int64_t stripe_bytes = 0;
    uint64_t beats[4] = {};
    int32_t semaphore[16] = {};
    uint32_t fetch_index = 0, fetch_run = 0;
    bool fetched_all = false;
    std::deque<entry> load_queue, compute_queue, store_queue;
    bool moving[2] = {};
    std::deque<act_word> load_words[4], store_words[4];
    std::deque<uint8_t *> store_places[4]; /* NULL: noise */

    static const int32_t BANK_WIDTH = NPX == 2 ? 1 : NPX == 4 ? 2 : 3;

    void idle_inputs()
    {
        dut.s_axis_insn_tvalid = 0;
        dut.sem_grant_i = 0;
        dut.ring_valid_i = 0;
        dut.load_valid_i = 0;
        dut.store_valid_i = 0;
    }
    void tick()
    {
        dut.clk_i = 1;
        dut.eval();
        dut.clk_i = 0;
        dut.eval();
        cycles++;
    }
    static int64_t get(const gantry_insn &insn, enum gantry_operand operand)
    {
        return gantry_insn_get(&insn, operand);
    }
    bool waits_hold(uint32_t mask) const
    {
        for (int s = 0; s < 16; s++)
            if ((mask >> s & 1) && semaphore[s] == 0) return false;
        return true;
    }
    void take(uint32_t mask)
    {
        for (int s = 0; s < 16; s++) semaphore[s] -= (int32_t)(mask >> s & 1);
    }
    void signal(uint32_t mask)
    {
        for (int s = 0; s < 16; s++) semaphore[s] += (int32_t)(mask >> s & 1);
    }
    void fetch();
    void begin_move(const entry &entry, bool load);
    void move(bool load);
    bool insn_taken = false; /* handshakes of the cycle under way */
    uint32_t load_taken = 0, store_taken = 0;
    void drive();
    void sample();
};

inline void compute_rig::fetch()
{
    while (!fetched_all) {
        entry next = {};
        gantry_insn_from_bytes(&next.insn, memory->program + 64 * (size_t)fetch_index);
        next.index = fetch_index;
        next.run = fetch_run;
        uint32_t opcode = (uint32_t)get(next.insn, GANTRY_COMMON_OPCODE);
        uint32_t wait = (uint32_t)get(next.insn, GANTRY_COMMON_WAIT);
        if (opcode == GANTRY_INSN_LOAD || opcode == GANTRY_INSN_STORE) {
            auto &queue = opcode == GANTRY_INSN_LOAD ? load_queue : store_queue;
            if (queue.size() == 4) return;
            queue.push_back(next);
        } else if (opcode == GANTRY_INSN_CONV || opcode == GANTRY_INSN_WINDOW ||
                   opcode == GANTRY_INSN_SYNC) {
            if (!compute_queue.empty()) return; /* the queue itself is inside */
            compute_queue.push_back(next);
        } else {
            if (!waits_hold(wait)) return;
            take(wait);
            signal((uint32_t)get(next.insn, GANTRY_COMMON_SIGNAL));
            if (opcode == GANTRY_INSN_END) {
                fetch_index = 0;
                fetched_all = ++fetch_run == memory->repeat;
                continue;
            }
        }
        fetch_index++;
    }
}

/* Splits a LOAD or STORE into words; row r belongs to port r mod PORTS. */
inline void compute_rig::begin_move(const entry &entry, bool load)
{
    gantry_move move;
    gantry_move_decode(&move, &entry.insn);
    for (int32_t row = 0; row < move.rows; row++) {
        uint8_t *bytes = memory->buffer[move.buffer] + move.offset + row * move.row_stride +
                         (int64_t)entry.run * memory->run_stride[move.buffer];
        for (int32_t x = 0; x < move.pixels; x++)
            for (int32_t j = 0; j < move.words; j++) {
                act_word word = {};
                int64_t at;
                gantry_act_address(&move.tensor, NPX,
                                   gantry_act_pixel(&move.tensor, move.row0 + row, x), move.cb0 + j,
                                   &word.bank, &at);
                word.row = (int32_t)at;
                int p = row % PORTS;
                if (load) {
                    gantry_load_word(bytes, move.row_bytes, x, j, move.step, move.lead, move.pad,
                                     word.data);
                    load_words[p].push_back(word);
                } else {
                    store_words[p].push_back(word);
                    store_places[p].push_back(bytes + ((int64_t)x * move.words + j) * 16);
                }
            }
    }
}

inline void compute_rig::move(bool load)
{
    auto &queue = load ? load_queue : store_queue;
    if (queue.empty()) return;
    const entry &head = queue.front();
    if (!moving[load]) {
        uint32_t wait = (uint32_t)get(head.insn, GANTRY_COMMON_WAIT);
        if (!waits_hold(wait) || !random.chance(pace.semaphore)) return;
        take(wait);
        moving[load] = true;
        begin_move(head, load);
        return;
    }
    for (int p = 0; p < PORTS; p++) {
        if (load && !load_words[p].empty()) return;
        if (!load)
            for (uint8_t *place : store_places[p])
                if (place) return;
    }
    signal((uint32_t)get(head.insn, GANTRY_COMMON_SIGNAL));
    queue.pop_front();
    moving[load] = false;
}

inline void compute_rig::drive()
{
    dut.s_axis_insn_tvalid =
        !compute_queue.empty() && (dut.s_axis_insn_tvalid || random.chance(pace.insn));
    if (!compute_queue.empty()) {
        std::memcpy(&dut.s_axis_insn_tdata, compute_queue.front().insn.word, 64);
        dut.s_axis_insn_tuser = compute_queue.front().index;
    }
    dut.ring_total_i = (uint32_t)total_lines;
    dut.ring_period_i = memory->wgt_lines;
    /* A stream that fits the ring comes once. */
    uint64_t coming = memory->wgt_lines <= (uint32_t)RING_LINES ? memory->wgt_lines : total_lines;
    uint32_t ring_valid = 0, load_valid = 0, store_valid = dut.store_valid_i;
    for (int p = 0; p < PORTS; p++) {
        const uint64_t per_line = 8 / PORTS;
        uint64_t line = beats[p] / per_line;
        bool room = coming < total_lines || line - dut.ring_freed_o < (uint64_t)RING_LINES;
        if (line < coming && room && random.chance(pace.ring)) {
            uint64_t in_run = line % memory->wgt_lines;
            bytes_set(dut.ring_data_i, p,
                      memory->weights + p * stripe_bytes +
                          (int64_t)(in_run * (uint64_t)(128 / PORTS) + beats[p] % per_line * 16));
            ring_valid |= 1u << p;
            beats[p]++;
        }
        if (!load_words[p].empty() && ((dut.load_valid_i >> p & 1) || random.chance(pace.load))) {
            const act_word &word = load_words[p].front();
            load_valid |= 1u << p;
            bits_set(dut.load_bank_i, BANK_WIDTH * p, BANK_WIDTH, (uint64_t)word.bank);
            bits_set(dut.load_row_i, 16 * p, 16, (uint64_t)word.row);
            bytes_set(dut.load_data_i, p, word.data);
        }
        if (!(store_valid >> p & 1)) {
            bool real = !store_words[p].empty() && random.chance(pace.store);
            bool noise = store_words[p].empty() && random.chance(pace.noise);
            act_word word = {};
            if (real) word = store_words[p].front();
            if (noise) {
                word.bank = random.between(0, NPX - 1);
                word.row = random.between(0, ACT_ROWS - 1);
                store_words[p].push_back(word);
                store_places[p].push_back(nullptr);
            }
            if (real || noise) {
                store_valid |= 1u << p;
                bits_set(dut.store_bank_i, BANK_WIDTH * p, BANK_WIDTH, (uint64_t)word.bank);
                bits_set(dut.store_row_i, 16 * p, 16, (uint64_t)word.row);
            }
        }
    }
    dut.ring_valid_i = (uint8_t)ring_valid;
    dut.load_valid_i = (uint8_t)load_valid;
    dut.store_valid_i = (uint8_t)store_valid;
    dut.sem_grant_i = 0;
    dut.eval();
    dut.sem_grant_i = dut.sem_req_o && waits_hold(dut.sem_mask_o) && random.chance(pace.semaphore);
    dut.eval();
}

inline void compute_rig::sample()
{
    if (dut.sem_grant_i) take(dut.sem_mask_o);
    if (dut.sem_signal_valid_o) signal(dut.sem_signal_o);
    if (dut.s_axis_insn_tvalid && dut.s_axis_insn_tready) {
        compute_queue.pop_front();
        insn_taken = true;
    }
    int classes = 0;
    for (int c = 0; c < GANTRY_STALL_CLASSES; c++)
        if (dut.stall_o >> c & 1) {
            stall[c]++;
            classes++;
        }
    if (classes != 1) fail_msg("cycle %llu is in %d classes", (unsigned long long)cycles, classes);
    insns_done += dut.insn_done_o;
    if (dut.front_start_o) front_start.push_back(cycles);
    if (dut.front_done_o) front_done.push_back(cycles);
    if (dut.insn_done_o) done.push_back(cycles);
    if (dut.err_valid_o && !failed) {
        failed = true;
        cause = dut.err_cause_o;
        failed_insn = dut.err_insn_o;
        failed_info = dut.err_info_o;
    }
    for (int p = 0; p < PORTS; p++) {
        if ((dut.load_valid_i >> p & 1) && (dut.load_ready_o >> p & 1)) {
            load_words[p].pop_front();
            load_taken |= 1u << p;
        }
        if (dut.store_data_valid_o >> p & 1) {
            uint8_t *place = store_places[p].front();
            store_places[p].pop_front();
            uint8_t data[16];
            bytes_get(dut.store_data_o, p, data);
            if (place) std::memcpy(place, data, 16);
        }
        if ((dut.store_valid_i >> p & 1) && (dut.store_ready_o >> p & 1)) {
            store_words[p].pop_front();
            store_taken |= 1u << p;
        }
    }
}

inline bool compute_rig::run(const gantry_accel_memory &launch, uint64_t limit)
{
    memory = &launch;
    total_lines = (uint64_t)launch.wgt_lines * launch.repeat;
    stripe_bytes = gantry_stripe_bytes(launch.wgt_lines, PORTS);
    fetch_index = fetch_run = 0;
    fetched_all = false;
    for (int s = 0; s < 16; s++) semaphore[s] = (int32_t)(launch.sem_init >> 4 * s & 15);
    start = cycles;
    for (auto &count : stall) count = 0;
    while (cycles - start < limit) {
        fetch();
        move(true);
        move(false);
        drive();
        sample();
        bool quiet = fetched_all && load_queue.empty() && compute_queue.empty() &&
                     store_queue.empty() && dut.idle_o && !insn_taken;
        tick();
        if (insn_taken) dut.s_axis_insn_tvalid = 0;
        dut.load_valid_i = (uint8_t)(dut.load_valid_i & ~load_taken);
        dut.store_valid_i = (uint8_t)(dut.store_valid_i & ~store_taken);
        insn_taken = false;
        load_taken = store_taken = 0;
        if (failed) return true;
        if (quiet) return true;
    }
    std::printf("after %llu cycles: %llu COMPUTE done, %u in queue, index %u; queues %zu %zu %zu;",
                (unsigned long long)limit, (unsigned long long)insns_done, dut.level_o, fetch_index,
                load_queue.size(), compute_queue.size(), store_queue.size());
    for (uint64_t count : stall) std::printf(" %llu", (unsigned long long)count);
    std::printf(" semaphores");
    for (int32_t value : semaphore) std::printf(" %d", value);
    std::printf("\n");
    return false;
}

#endif
