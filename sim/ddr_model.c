/* SPDX-License-Identifier: Apache-2.0
 * Memory model: queues per port, one token bucket, rotating priority. */
#include "sim/ddr_model.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "gantry_spec.h"
#include "sim/axi_rules.h"

enum {
    BURSTS = 16,  /* a port's bursts under way, each direction */
    W_BEATS = 32, /* beats of a port that wait to be written */
    MAPPINGS = 512,
    FAULTS = 8,
    TOKENS_PER_BYTE = 256,
    BEAT_TOKENS = GANTRY_AXI_BYTES * TOKENS_PER_BYTE,
    STALL_PHASE = 128, /* cycles between changes of the random stalls */
    CHANNELS = 5
};
static_assert(3 * CHANNELS * GANTRY_SIM_PORTS <= 64, "one draw serves every channel");

static const struct gantry_ddr_preset presets[] = {
#define DDR_PRESET(name, rate, read, write, clock, doc) {#name, rate, read, write, clock, doc},
#include "memory.def"
#undef DDR_PRESET
};

struct burst {
    uint64_t address, ready; /* ready: first cycle in which a beat may move */
    uint32_t beats, done;
    uint8_t resp;
};
struct burst_queue {
    struct burst item[BURSTS];
    uint32_t head, count;
};
struct write_beat {
    uint32_t data[4];
    uint16_t strobe;
    bool last;
};
struct port {
    struct burst_queue reads, writes, answers;
    struct write_beat beat[W_BEATS];
    uint32_t beat_head, beat_count;
    uint32_t mapping[2]; /* the last hit of each direction */
    unsigned stuck;
    struct gantry_axi_rules rules;
};
struct mapping {
    uint64_t address, bytes;
    uint8_t *host;
};
struct fault {
    uint64_t address, bytes;
    bool reads, writes;
    enum gantry_axi_resp resp;
};

struct gantry_ddr {
    const struct gantry_allocator *allocator;
    struct gantry_ddr_preset preset;
    uint64_t now;
    int64_t rate, tokens; /* in 1 / TOKENS_PER_BYTE bytes; rate 0: no limit */
    uint32_t ports, turn;
    uint64_t random; /* 0: no stalls */
    uint64_t draw[GANTRY_SIM_INSTANCES_MAX];
    uint32_t odds[CHANNELS], slow, late; /* late: cycles more of latency, at most */
    struct port port[GANTRY_DDR_PORTS];
    struct mapping mapping[MAPPINGS];
    uint32_t mappings;
    struct fault fault[FAULTS];
    uint32_t faults;
    char violation[160];
    struct gantry_ddr_counters counters;
};

const struct gantry_ddr_preset *gantry_ddr_preset_named(const char *name)
{
    for (size_t i = 0; i < GANTRY_COUNT(presets); i++)
        if (!strcmp(presets[i].name, name)) return &presets[i];
    return NULL;
}

const char *gantry_ddr_preset_names(char *buffer, size_t size)
{
    size_t used = 0;
    buffer[0] = 0;
    for (size_t i = 0; i < GANTRY_COUNT(presets) && used < size; i++)
        used +=
            (size_t)snprintf(buffer + used, size - used, "%s%s", i ? ", " : "", presets[i].name);
    return buffer;
}

struct gantry_ddr *gantry_ddr_create(const struct gantry_ddr_preset *preset, int instances,
                                     uint64_t stall_seed, const struct gantry_allocator *allocator)
{
    gantry_assert(instances > 0 && instances <= GANTRY_SIM_INSTANCES_MAX);
    struct gantry_ddr *ddr = gantry_allocate(allocator, 1, sizeof *ddr);
    if (!ddr) return NULL;
    ddr->allocator = allocator;
    ddr->preset = *preset;
    ddr->rate = (int64_t)(preset->bytes_per_cycle * TOKENS_PER_BYTE + 0.5);
    ddr->ports = (uint32_t)instances * GANTRY_SIM_PORTS;
    ddr->random = stall_seed;
    return ddr;
}

void gantry_ddr_destroy(struct gantry_ddr *ddr)
{
    if (ddr) gantry_release(ddr->allocator, ddr);
}

void gantry_ddr_reset(struct gantry_ddr *ddr, int instance)
{
    memset(ddr->port + instance * GANTRY_SIM_PORTS, 0, GANTRY_SIM_PORTS * sizeof ddr->port[0]);
    ddr->faults = 0;
    ddr->tokens = 0;
    ddr->violation[0] = 0;
}

bool gantry_ddr_map(struct gantry_ddr *ddr, uint64_t address, uint8_t *host, size_t bytes)
{
    if (ddr->mappings == MAPPINGS) return false;
    ddr->mapping[ddr->mappings++] = (struct mapping){address, bytes, host};
    return true;
}

void gantry_ddr_unmap(struct gantry_ddr *ddr, uint64_t address)
{
    for (uint32_t i = 0; i < ddr->mappings; i++)
        if (ddr->mapping[i].address == address) {
            ddr->mapping[i] = ddr->mapping[--ddr->mappings];
            return;
        }
}

static bool maps(const struct mapping *mapping, uint64_t address)
{
    return address >= mapping->address &&
           address - mapping->address + GANTRY_AXI_BYTES <= mapping->bytes;
}

/* Host memory of a beat, or NULL; *hint remembers the mapping of the last one. */
static uint8_t *locate(const struct gantry_ddr *ddr, uint64_t address, uint32_t *hint)
{
    if (*hint >= ddr->mappings || !maps(&ddr->mapping[*hint], address)) {
        uint32_t i = 0;
        while (i < ddr->mappings && !maps(&ddr->mapping[i], address)) i++;
        if (i == ddr->mappings) return NULL;
        *hint = i;
    }
    const struct mapping *mapping = &ddr->mapping[*hint];
    return mapping->host + (address - mapping->address);
}

const uint8_t *gantry_ddr_host(const struct gantry_ddr *ddr, uint64_t address)
{
    uint32_t hint = 0;
    return locate(ddr, address, &hint);
}

static uint8_t fault_at(const struct gantry_ddr *ddr, uint64_t address, bool write)
{
    for (uint32_t i = 0; i < ddr->faults; i++) {
        const struct fault *fault = &ddr->fault[i];
        if ((write ? fault->writes : fault->reads) && address >= fault->address &&
            address - fault->address < fault->bytes)
            return (uint8_t)fault->resp;
    }
    return GANTRY_AXI_OKAY;
}

static struct burst *queue_head(struct burst_queue *queue) { return &queue->item[queue->head]; }
static void queue_push(struct burst_queue *queue, const struct burst *burst)
{
    queue->item[(queue->head + queue->count++) % BURSTS] = *burst;
}
static void queue_pop(struct burst_queue *queue)
{
    queue->head = (queue->head + 1) % BURSTS;
    queue->count--;
}

/* ---- Random stalls ---- */

static uint64_t next_random(struct gantry_ddr *ddr)
{
    ddr->random ^= ddr->random << 13;
    ddr->random ^= ddr->random >> 7;
    ddr->random ^= ddr->random << 17;
    return ddr->random * UINT64_C(0x2545F4914F6CDD1D);
}

static void draw_stalls(struct gantry_ddr *ddr)
{
    static const uint32_t odds[4] = {0, 1, 4, 7}; /* eighths of the cycles */
    static const uint32_t lates[4] = {0, 7, 63, 255};
    if (ddr->now % STALL_PHASE == 0) {
        uint64_t draw = next_random(ddr) >> 16;
        for (int i = 0; i < CHANNELS; i++) ddr->odds[i] = odds[draw >> (2 * i) & 3];
        ddr->slow = draw >> 20 & 3;
        ddr->late = lates[draw >> 22 & 3];
    }
    for (uint32_t i = 0; i < ddr->ports / GANTRY_SIM_PORTS; i++) ddr->draw[i] = next_random(ddr);
}

/* Cycles that a burst is later than its preset says. */
static uint32_t lateness(struct gantry_ddr *ddr)
{
    return ddr->random ? (uint32_t)(next_random(ddr) >> 32) & ddr->late : 0;
}

/* channel: 0 AR, 1 R, 2 AW, 3 W, 4 B; the bits of gantry_ddr_channel. */
static bool held(const struct gantry_ddr *ddr, uint32_t p, uint32_t channel)
{
    if (ddr->port[p].stuck >> channel & 1) return true;
    if (!ddr->random) return false;
    uint64_t draw = ddr->draw[p / GANTRY_SIM_PORTS];
    return (draw >> (3 * (p % GANTRY_SIM_PORTS * CHANNELS + channel)) & 7) < ddr->odds[channel];
}

/* ---- One cycle ---- */

static void take_requests(struct gantry_ddr *ddr, uint32_t p,
                          const struct gantry_axi_request *request,
                          struct gantry_axi_response *response)
{
    struct port *port = &ddr->port[p];
    const char *breach = gantry_axi_rules_check(&port->rules, request, response);
    if (breach && !ddr->violation[0])
        snprintf(ddr->violation, sizeof ddr->violation, "port %u: %s", p, breach);
    /* The edge ends cycle now - 1; a first beat in cycle now - 1 + latency. */
    if (request->arvalid && response->arready) {
        uint64_t ready = ddr->now - 1 + ddr->preset.read_latency + lateness(ddr);
        struct burst burst = {request->araddr, ready, request->arlen + 1u, 0, GANTRY_AXI_OKAY};
        queue_push(&port->reads, &burst);
    }
    if (request->awvalid && response->awready) {
        struct burst burst = {request->awaddr, 0, request->awlen + 1u, 0, GANTRY_AXI_OKAY};
        queue_push(&port->writes, &burst);
    }
    if (request->wvalid && response->wready) {
        struct write_beat *beat = &port->beat[(port->beat_head + port->beat_count++) % W_BEATS];
        memcpy(beat->data, request->wdata, sizeof beat->data);
        beat->strobe = request->wstrb;
        beat->last = request->wlast;
    }
    if (response->rvalid && request->rready) response->rvalid = false;
    if (response->bvalid && request->bready) response->bvalid = false;
}

static bool read_beat(struct gantry_ddr *ddr, uint32_t p, struct gantry_axi_response *response)
{
    struct port *port = &ddr->port[p];
    struct burst *burst = queue_head(&port->reads);
    if (response->rvalid || !port->reads.count || burst->ready > ddr->now) return false;
    if (held(ddr, p, 1)) return false;
    uint64_t address = burst->address + (uint64_t)burst->done * GANTRY_AXI_BYTES;
    const uint8_t *host = locate(ddr, address, &port->mapping[0]);
    if (host)
        memcpy(response->rdata, host, GANTRY_AXI_BYTES);
    else
        memset(response->rdata, 0, GANTRY_AXI_BYTES);
    response->rresp = host ? fault_at(ddr, address, false) : (uint8_t)GANTRY_AXI_DECERR;
    response->rvalid = true;
    response->rlast = ++burst->done == burst->beats;
    if (response->rlast) queue_pop(&port->reads);
    ddr->counters.read_beats[p]++;
    return true;
}

static void write_bytes(uint8_t *host, const struct write_beat *beat)
{
    if (beat->strobe == 0xFFFF) {
        memcpy(host, beat->data, GANTRY_AXI_BYTES);
        return;
    }
    for (unsigned i = 0; i < GANTRY_AXI_BYTES; i++)
        if (beat->strobe >> i & 1) host[i] = (uint8_t)(beat->data[i / 4] >> (i % 4 * 8));
}

static bool write_beat(struct gantry_ddr *ddr, uint32_t p)
{
    struct port *port = &ddr->port[p];
    if (!port->beat_count || !port->writes.count) return false;
    struct burst *burst = queue_head(&port->writes);
    const struct write_beat *beat = &port->beat[port->beat_head];
    uint64_t address = burst->address + (uint64_t)burst->done * GANTRY_AXI_BYTES;
    uint8_t *host = locate(ddr, address, &port->mapping[1]);
    uint8_t resp = host ? fault_at(ddr, address, true) : (uint8_t)GANTRY_AXI_DECERR;
    if (resp == GANTRY_AXI_OKAY) write_bytes(host, beat);
    if (resp > burst->resp) burst->resp = resp;
    bool last = ++burst->done == burst->beats;
    if (beat->last != last && !ddr->violation[0])
        snprintf(ddr->violation, sizeof ddr->violation,
                 "port %u: WLAST is %d in beat %u of %u (address 0x%llx)", p, beat->last,
                 burst->done, burst->beats, (unsigned long long)burst->address);
    port->beat_head = (port->beat_head + 1) % W_BEATS;
    port->beat_count--;
    if (last) {
        burst->ready = ddr->now + ddr->preset.write_latency + lateness(ddr);
        queue_push(&port->answers, burst);
        queue_pop(&port->writes);
    }
    ddr->counters.write_beats[p]++;
    return true;
}

/* Moves beats while there are tokens; the lane after the last one served is the next first. */
static void move_beats(struct gantry_ddr *ddr, struct gantry_axi_response *response)
{
    if (ddr->rate) {
        ddr->tokens += ddr->rate >> ddr->slow;
        if (ddr->tokens > ddr->rate + BEAT_TOKENS) ddr->tokens = ddr->rate + BEAT_TOKENS;
    }
    uint32_t first = ddr->turn, lanes = 2 * ddr->ports; /* port and direction */
    for (uint32_t i = 0; i < lanes; i++) {
        if (ddr->rate && ddr->tokens < BEAT_TOKENS) return;
        uint32_t lane = first + i < lanes ? first + i : first + i - lanes;
        uint32_t p = lane < ddr->ports ? lane : lane - ddr->ports;
        bool moved = lane < ddr->ports ? read_beat(ddr, p, &response[p]) : write_beat(ddr, p);
        if (!moved) continue;
        ddr->tokens -= BEAT_TOKENS;
        ddr->turn = (lane + 1) % lanes;
    }
}

static void drive(struct gantry_ddr *ddr, uint32_t p, struct gantry_axi_response *response)
{
    struct port *port = &ddr->port[p];
    response->arready = port->reads.count < BURSTS && !held(ddr, p, 0);
    response->awready = port->writes.count + port->answers.count < BURSTS && !held(ddr, p, 2);
    response->wready = port->beat_count < W_BEATS && !held(ddr, p, 3);
    if (!response->bvalid && port->answers.count && queue_head(&port->answers)->ready <= ddr->now &&
        !held(ddr, p, 4)) {
        response->bvalid = true;
        response->bresp = queue_head(&port->answers)->resp;
        queue_pop(&port->answers);
    }
}

void gantry_ddr_cycle(struct gantry_ddr *ddr, const struct gantry_axi_request *request,
                      struct gantry_axi_response *response)
{
    ddr->now++;
    if (ddr->random) draw_stalls(ddr);
    for (uint32_t p = 0; p < ddr->ports; p++) take_requests(ddr, p, &request[p], &response[p]);
    move_beats(ddr, response);
    for (uint32_t p = 0; p < ddr->ports; p++) drive(ddr, p, &response[p]);
}

const char *gantry_ddr_violation(const struct gantry_ddr *ddr)
{
    return ddr->violation[0] ? ddr->violation : NULL;
}

bool gantry_ddr_busy(const struct gantry_ddr *ddr)
{
    for (uint32_t p = 0; p < ddr->ports; p++) {
        const struct port *port = &ddr->port[p];
        if (port->reads.count || port->writes.count || port->answers.count || port->beat_count)
            return true;
    }
    return false;
}

void gantry_ddr_fault(struct gantry_ddr *ddr, uint64_t address, uint64_t bytes, bool reads,
                      bool writes, enum gantry_axi_resp resp)
{
    uint32_t i = 0;
    while (i < ddr->faults && ddr->fault[i].address != address) i++;
    if (i == ddr->faults) {
        gantry_assert(i < FAULTS);
        ddr->faults++;
    }
    ddr->fault[i] = (struct fault){address, bytes, reads, writes, resp};
}

void gantry_ddr_stick(struct gantry_ddr *ddr, int port, unsigned channels)
{
    ddr->port[port].stuck = channels;
}

const struct gantry_ddr_counters *gantry_ddr_counters(const struct gantry_ddr *ddr)
{
    return &ddr->counters;
}
