/* SPDX-License-Identifier: Apache-2.0
 * Tests of the memory model: rates, latency, content under random traffic, rules, faults. */
#include "test.h"

#include <string.h>

#include "base/base.h"
#include "random.h"
#include "sim/ddr_model.h"

#define BASE UINT64_C(0x800000000)

enum {
    BYTES = 1 << 20,
    PORT_BYTES = BYTES / GANTRY_SIM_PORTS,
    BEATS = 64,
    BURST_BYTES = 16 * BEATS
};

struct fixture {
    struct gantry_ddr *ddr;
    struct gantry_axi_request q[GANTRY_SIM_PORTS];
    struct gantry_axi_response r[GANTRY_SIM_PORTS];
    uint8_t *memory;
};

static struct fixture make(const char *preset, uint64_t seed)
{
    struct fixture f = {0};
    f.ddr = gantry_ddr_create(gantry_ddr_preset_named(preset), 1, seed, NULL);
    f.memory = gantry_allocate(NULL, BYTES, 1);
    assert_non_null(f.ddr);
    assert_true(gantry_ddr_map(f.ddr, BASE, f.memory, BYTES));
    return f;
}

static void finish(struct fixture *f)
{
    assert_null(gantry_ddr_violation(f->ddr));
    gantry_ddr_destroy(f->ddr);
    gantry_release(NULL, f->memory);
}

static void cycle(struct fixture *f) { gantry_ddr_cycle(f->ddr, f->q, f->r); }

static void offer_read(struct gantry_axi_request *q, uint64_t address, unsigned beats)
{
    q->arvalid = true;
    q->araddr = address;
    q->arlen = (uint8_t)(beats - 1);
    q->arsize = 4;
    q->arburst = 1;
}

static void offer_write(struct gantry_axi_request *q, uint64_t address, unsigned beats)
{
    q->awvalid = true;
    q->awaddr = address;
    q->awlen = (uint8_t)(beats - 1);
    q->awsize = 4;
    q->awburst = 1;
}

/* Streams for some cycles; returns bytes moved by each port and direction after the start-up. */
struct moved {
    double read[GANTRY_SIM_PORTS], write[GANTRY_SIM_PORTS], total;
};
static struct moved stream(const char *preset, int ports, bool reads, bool writes)
{
    enum { WARM = 500, CYCLES = 4000 };
    struct fixture f = make(preset, 0);
    uint32_t sent[GANTRY_SIM_PORTS] = {0};
    struct gantry_ddr_counters before = {0};
    for (int i = 0; i < WARM + CYCLES; i++) {
        if (i == WARM) before = *gantry_ddr_counters(f.ddr);
        for (int p = 0; p < ports; p++) {
            uint64_t base = BASE + (uint64_t)p * PORT_BYTES;
            if (reads) offer_read(&f.q[p], base, BEATS);
            if (writes) offer_write(&f.q[p], base, BEATS);
            f.q[p].wvalid = writes;
            f.q[p].rready = f.q[p].bready = true;
            f.q[p].wstrb = 0xFFFF;
            f.q[p].wlast = sent[p] % BEATS == BEATS - 1;
            sent[p] += f.q[p].wvalid && f.r[p].wready;
        }
        cycle(&f);
    }
    struct moved m = {0};
    const struct gantry_ddr_counters *after = gantry_ddr_counters(f.ddr);
    for (int p = 0; p < GANTRY_SIM_PORTS; p++) {
        m.read[p] = 16.0 * (double)(after->read_beats[p] - before.read_beats[p]) / CYCLES;
        m.write[p] = 16.0 * (double)(after->write_beats[p] - before.write_beats[p]) / CYCLES;
        m.total += m.read[p] + m.write[p];
    }
    finish(&f);
    return m;
}

static void ddr_model__kv260_gives_four_ports_51_bytes_a_cycle(void **state)
{
    (void)state;
    struct moved reads = stream("kv260", 4, true, false);
    struct moved both = stream("kv260", 4, true, true);
    assert_true(reads.total > 50.0 && reads.total < 52.0);
    assert_true(both.total > 50.0 && both.total < 52.0);
    for (int p = 0; p < GANTRY_SIM_PORTS; p++) {
        assert_true(reads.read[p] > 12.0 && reads.read[p] < 13.5); /* fair shares */
        assert_true(both.read[p] > 5.5 && both.write[p] > 5.5);
    }
}

static void ddr_model__port_moves_16_bytes_per_direction_and_cycle(void **state)
{
    (void)state;
    struct moved one = stream("kv260", 1, true, true);
    assert_true(one.read[0] == 16.0 && one.write[0] == 16.0);
    struct moved ideal = stream("ideal", 4, true, true);
    for (int p = 0; p < GANTRY_SIM_PORTS; p++)
        assert_true(ideal.read[p] == 16.0 && ideal.write[p] == 16.0);
}

/* Cycles from the handshake on AR to the first cycle with RVALID. */
static int read_latency(const char *preset)
{
    struct fixture f = make(preset, 0);
    cycle(&f);
    assert_true(f.r[0].arready);
    offer_read(&f.q[0], BASE, 4);
    int waited = 0;
    do {
        cycle(&f);
        f.q[0].arvalid = false;
        waited++;
    } while (!f.r[0].rvalid);
    finish(&f);
    return waited;
}

static void ddr_model__first_beat_comes_after_the_latency(void **state)
{
    (void)state;
    assert_int_equal(read_latency("kv260"), 60);
    assert_int_equal(read_latency("ideal"), 2);
}

/* ---- Random traffic against a copy of the memory ---- */

struct traffic {
    bool reading, writing;
    uint64_t read_at, write_at; /* offsets in the memory */
    unsigned read_beats, read_done, write_beats, write_done;
    bool ar_left, aw_left;
};

static void start_bursts(struct traffic *t, struct gantry_axi_request *q, int p, uint64_t *random)
{
    uint64_t region = (uint64_t)p * PORT_BYTES;
    /* Reads and writes of a port stay apart: AXI orders them only by the answer. */
    if (!t->reading && !t->writing && random_one_in(random, 3)) {
        unsigned beats = (unsigned)random_in(random, 1, BEATS);
        uint64_t page = region + 4096u * (unsigned)random_in(random, 0, PORT_BYTES / 4096 - 1);
        uint64_t at = page + 16u * (unsigned)random_in(random, 0, 256 - (int32_t)beats);
        if (random_one_in(random, 2)) {
            *t = (struct traffic){
                .reading = true, .read_at = at, .read_beats = beats, .ar_left = true};
            offer_read(q, BASE + at, beats);
        } else {
            *t = (struct traffic){
                .writing = true, .write_at = at, .write_beats = beats, .aw_left = true};
            offer_write(q, BASE + at, beats);
        }
    }
}

static void drive_write_data(struct traffic *t, struct gantry_axi_request *q, uint64_t *random)
{
    if (q->wvalid || !t->writing || t->write_done == t->write_beats) return;
    if (random_one_in(random, 4)) return;
    q->wvalid = true;
    q->wstrb = random_one_in(random, 4) ? (uint16_t)random_u64(random) : 0xFFFF;
    q->wlast = t->write_done + 1 == t->write_beats;
    for (int i = 0; i < 4; i++) q->wdata[i] = (uint32_t)random_u64(random);
}

static void copy_beat(uint8_t *copy, const struct gantry_axi_request *q)
{
    for (int i = 0; i < 16; i++)
        if (q->wstrb >> i & 1) copy[i] = (uint8_t)(q->wdata[i / 4] >> (i % 4 * 8));
}

/* Handshakes of the cycle before the edge; returns finished bursts. */
static int take_handshakes(struct traffic *t, struct gantry_axi_request *q,
                           const struct gantry_axi_response *r, uint8_t *copy)
{
    int finished = 0;
    if (q->arvalid && r->arready) q->arvalid = false;
    if (q->awvalid && r->awready) q->awvalid = false;
    if (r->rvalid && q->rready) {
        assert_memory_equal(r->rdata, copy + t->read_at + 16u * t->read_done, 16);
        assert_int_equal(r->rresp, GANTRY_AXI_OKAY);
        t->read_done++;
        assert_int_equal(r->rlast, t->read_done == t->read_beats);
        if (r->rlast) t->reading = false, finished++;
    }
    if (q->wvalid && r->wready) {
        copy_beat(copy + t->write_at + 16u * t->write_done++, q);
        q->wvalid = false;
    }
    if (r->bvalid && q->bready) {
        assert_int_equal(r->bresp, GANTRY_AXI_OKAY);
        assert_int_equal(t->write_done, t->write_beats);
        t->writing = false;
        finished++;
    }
    return finished;
}

static int run_traffic(const char *preset, uint64_t seed)
{
    struct fixture f = make(preset, seed);
    uint64_t random = seed + 1;
    uint8_t *copy = gantry_allocate(NULL, BYTES, 1);
    for (int i = 0; i < BYTES; i++) f.memory[i] = (uint8_t)random_u64(&random);
    memcpy(copy, f.memory, BYTES);
    struct traffic traffic[GANTRY_SIM_PORTS] = {{0}};
    int finished = 0;
    for (int i = 0; i < 60000; i++) {
        for (int p = 0; p < GANTRY_SIM_PORTS; p++) {
            start_bursts(&traffic[p], &f.q[p], p, &random);
            drive_write_data(&traffic[p], &f.q[p], &random);
            f.q[p].rready = !random_one_in(&random, 3);
            f.q[p].bready = !random_one_in(&random, 3);
        }
        struct gantry_axi_request q[GANTRY_SIM_PORTS];
        struct gantry_axi_response r[GANTRY_SIM_PORTS];
        memcpy(q, f.q, sizeof q);
        memcpy(r, f.r, sizeof r);
        cycle(&f);
        for (int p = 0; p < GANTRY_SIM_PORTS; p++) {
            finished += take_handshakes(&traffic[p], &q[p], &r[p], copy);
            f.q[p].arvalid = q[p].arvalid;
            f.q[p].awvalid = q[p].awvalid;
            f.q[p].wvalid = q[p].wvalid;
        }
    }
    for (int p = 0; p < GANTRY_SIM_PORTS; p++) /* a write without its answer may be on its way */
        if (traffic[p].writing)
            memcpy(copy + traffic[p].write_at, f.memory + traffic[p].write_at,
                   16u * traffic[p].write_beats);
    assert_memory_equal(f.memory, copy, BYTES);
    gantry_release(NULL, copy);
    finish(&f);
    return finished;
}

static void ddr_model__random_traffic_keeps_data_right(void **state)
{
    (void)state;
    assert_true(run_traffic("ideal", 0) > 1000);
    assert_true(run_traffic("kv260", 0) > 1000);
    for (uint64_t seed = 1; seed <= 4; seed++) assert_true(run_traffic("kv260", seed) > 200);
}

static void ddr_model__stalls_depend_on_the_seed_alone(void **state)
{
    (void)state;
    assert_int_equal(run_traffic("kv260", 7), run_traffic("kv260", 7));
    assert_int_not_equal(run_traffic("kv260", 7), run_traffic("kv260", 8));
}

/* ---- Rules ---- */

static void expect_violation(struct fixture *f, const char *words)
{
    cycle(f);
    const char *violation = gantry_ddr_violation(f->ddr);
    assert_non_null(violation);
    assert_non_null(strstr(violation, words));
    gantry_ddr_reset(f->ddr, 0);
    memset(f->q, 0, sizeof f->q);
    memset(f->r, 0, sizeof f->r);
}

static void ddr_model__reports_bursts_that_break_axi_rules(void **state)
{
    (void)state;
    struct fixture f = make("ideal", 0);
    offer_read(&f.q[0], BASE + 4096 - 32, 3);
    expect_violation(&f, "port 0: AR: burst crosses 4 KB (address 0x800000fe0, 3 beats)");
    offer_write(&f.q[2], BASE + 4096 - 16, 2);
    expect_violation(&f, "port 2: AW: burst crosses 4 KB");
    offer_read(&f.q[1], BASE, 65);
    expect_violation(&f, "longer than 64");
    offer_read(&f.q[1], BASE, 1);
    f.q[1].arsize = 3;
    expect_violation(&f, "SIZE");
    offer_write(&f.q[1], BASE, 1);
    f.q[1].awburst = 0;
    expect_violation(&f, "BURST");
    offer_read(&f.q[3], BASE + 8, 1);
    expect_violation(&f, "multiple of 16");
    finish(&f);
}

static void ddr_model__reports_payload_that_changes_before_ready(void **state)
{
    (void)state;
    struct fixture f = make("ideal", 0);
    offer_read(&f.q[0], BASE, 1); /* no READY in the first cycle */
    cycle(&f);
    gantry_ddr_stick(f.ddr, 0, GANTRY_DDR_AR | GANTRY_DDR_W);
    f.r[0].arready = false;
    cycle(&f);
    f.q[0].araddr += 16;
    expect_violation(&f, "AR: payload changed before READY (address 0x800000000)");
    f.q[0].wvalid = true;
    cycle(&f);
    f.r[0].wready = false;
    cycle(&f);
    f.q[0].wvalid = false;
    expect_violation(&f, "W: VALID changed before READY");
    finish(&f);
}

static void ddr_model__reports_wlast_in_the_wrong_beat(void **state)
{
    (void)state;
    struct fixture f = make("ideal", 0);
    cycle(&f);
    offer_write(&f.q[0], BASE, 2);
    f.q[0].wvalid = f.q[0].wlast = true;
    expect_violation(&f, "WLAST is 1 in beat 1 of 2");
    finish(&f);
}

/* ---- Faults ---- */

static unsigned answer_of_read(struct fixture *f, uint64_t address)
{
    offer_read(&f->q[0], address, 1);
    f->q[0].rready = true;
    for (int i = 0; i < 100; i++) {
        bool taken = f->r[0].arready;
        cycle(f);
        if (taken) f->q[0].arvalid = false;
        if (f->r[0].rvalid) {
            unsigned resp = f->r[0].rresp;
            cycle(f);
            return resp;
        }
    }
    return 99;
}

static unsigned answer_of_write(struct fixture *f, uint64_t address)
{
    struct gantry_axi_request *q = &f->q[0];
    offer_write(q, address, 1);
    q->wvalid = q->wlast = q->bready = true;
    q->wstrb = 0xFFFF;
    for (int i = 0; i < 100; i++) {
        bool address_taken = f->r[0].awready, data_taken = f->r[0].wready;
        cycle(f);
        if (address_taken) q->awvalid = false;
        if (data_taken) q->wvalid = false;
        if (f->r[0].bvalid) {
            unsigned resp = f->r[0].bresp;
            cycle(f);
            return resp;
        }
    }
    return 99;
}

static void ddr_model__answers_decerr_outside_of_mappings(void **state)
{
    (void)state;
    struct fixture f = make("ideal", 0);
    assert_int_equal(answer_of_read(&f, BASE + BYTES - 16), GANTRY_AXI_OKAY);
    assert_int_equal(answer_of_read(&f, BASE + BYTES), GANTRY_AXI_DECERR);
    assert_int_equal(answer_of_read(&f, BASE - 16), GANTRY_AXI_DECERR);
    assert_int_equal(answer_of_write(&f, BASE + BYTES), GANTRY_AXI_DECERR);
    gantry_ddr_unmap(f.ddr, BASE);
    assert_int_equal(answer_of_read(&f, BASE), GANTRY_AXI_DECERR);
    finish(&f);
}

static void ddr_model__injects_errors_into_an_address_range(void **state)
{
    (void)state;
    struct fixture f = make("ideal", 0);
    gantry_ddr_fault(f.ddr, BASE + 64, 32, true, false, GANTRY_AXI_SLVERR);
    assert_int_equal(answer_of_read(&f, BASE + 48), GANTRY_AXI_OKAY);
    assert_int_equal(answer_of_read(&f, BASE + 80), GANTRY_AXI_SLVERR);
    assert_int_equal(answer_of_write(&f, BASE + 80), GANTRY_AXI_OKAY);
    gantry_ddr_fault(f.ddr, BASE + 64, 32, true, true, GANTRY_AXI_DECERR);
    assert_int_equal(answer_of_write(&f, BASE + 80), GANTRY_AXI_DECERR);
    gantry_ddr_fault(f.ddr, BASE + 64, 0, true, true, GANTRY_AXI_DECERR);
    assert_int_equal(answer_of_read(&f, BASE + 80), GANTRY_AXI_OKAY);
    finish(&f);
}

static void ddr_model__stuck_channel_never_answers(void **state)
{
    (void)state;
    struct fixture f = make("ideal", 0);
    gantry_ddr_stick(f.ddr, 0, GANTRY_DDR_R);
    assert_int_equal(answer_of_read(&f, BASE), 99);
    gantry_ddr_stick(f.ddr, 0, GANTRY_DDR_B);
    assert_int_equal(answer_of_write(&f, BASE), 99);
    finish(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(ddr_model__kv260_gives_four_ports_51_bytes_a_cycle),
    cmocka_unit_test(ddr_model__port_moves_16_bytes_per_direction_and_cycle),
    cmocka_unit_test(ddr_model__first_beat_comes_after_the_latency),
    cmocka_unit_test(ddr_model__random_traffic_keeps_data_right),
    cmocka_unit_test(ddr_model__stalls_depend_on_the_seed_alone),
    cmocka_unit_test(ddr_model__reports_bursts_that_break_axi_rules),
    cmocka_unit_test(ddr_model__reports_payload_that_changes_before_ready),
    cmocka_unit_test(ddr_model__reports_wlast_in_the_wrong_beat),
    cmocka_unit_test(ddr_model__answers_decerr_outside_of_mappings),
    cmocka_unit_test(ddr_model__injects_errors_into_an_address_range),
    cmocka_unit_test(ddr_model__stuck_channel_never_answers),
};

GANTRY_TEST_MAIN("ddr_model", tests)
