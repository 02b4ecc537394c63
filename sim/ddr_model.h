/* SPDX-License-Identifier: Apache-2.0
 * Memory behind the AXI masters, cycle by cycle.
 *
 * A bucket of tokens bounds the bytes of all ports and directions together; a port moves at most
 * one beat of 16 bytes per direction and cycle. Reads are pipelined: bursts of a port are answered
 * in order, the first beat of each not before the latency is over. The model checks the masters
 * against the AXI rules and keeps the first violation. Nothing is allocated between create and
 * destroy. */
#ifndef GANTRY_SIM_DDR_MODEL_H
#define GANTRY_SIM_DDR_MODEL_H

#include "gantry/allocator.h"
#include "sim/axi.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GANTRY_DDR_PORTS = GANTRY_SIM_PORTS * GANTRY_SIM_INSTANCES_MAX };

struct gantry_ddr_preset {
    const char *name;
    double bytes_per_cycle; /* 0: no common limit */
    uint32_t read_latency, write_latency;
    uint32_t clock_hz;
    const char *doc;
};
/* NULL when there is none of that name. */
const struct gantry_ddr_preset *gantry_ddr_preset_named(const char *name);
/* Writes "kv260, ideal"; returns buffer. */
const char *gantry_ddr_preset_names(char *buffer, size_t size);

struct gantry_ddr; /* opaque */

/* Memory for so many accelerators with GANTRY_SIM_PORTS ports each (1..GANTRY_SIM_INSTANCES_MAX).
 * stall_seed 0: no random stalls. Returns NULL without memory. */
struct gantry_ddr *gantry_ddr_create(const struct gantry_ddr_preset *preset, int instances,
                                     uint64_t stall_seed, const struct gantry_allocator *allocator);
void gantry_ddr_destroy(struct gantry_ddr *ddr);
/* Forgets bursts and pins of one accelerator's ports, and all faults; mappings and counters stay.
 */
void gantry_ddr_reset(struct gantry_ddr *ddr, int instance);

/* Maps host memory (borrowed) at the address; false when the table is full. Accesses outside of
 * every mapping answer DECERR. */
bool gantry_ddr_map(struct gantry_ddr *ddr, uint64_t address, uint8_t *host, size_t bytes);
void gantry_ddr_unmap(struct gantry_ddr *ddr, uint64_t address);
/* Host memory of the 16 bytes at the address, or NULL. */
const uint8_t *gantry_ddr_host(const struct gantry_ddr *ddr, uint64_t address);

/* One rising clock edge. Arrays hold the ports of all accelerators, one after the other. request:
 * pins as they are before the edge. response: in, what the model
 * drove during the cycle; out, what it drives in the next one. */
void gantry_ddr_cycle(struct gantry_ddr *ddr, const struct gantry_axi_request *request,
                      struct gantry_axi_response *response);

/* The first breach of the AXI rules ("port 0: ..."), or NULL. */
const char *gantry_ddr_violation(const struct gantry_ddr *ddr);
/* True while a burst is under way. */
bool gantry_ddr_busy(const struct gantry_ddr *ddr);

/* ---- Faults, for tests ---- */

/* Beats in [address, address + bytes) answer resp instead of OKAY. bytes 0 removes the fault. */
void gantry_ddr_fault(struct gantry_ddr *ddr, uint64_t address, uint64_t bytes, bool reads,
                      bool writes, enum gantry_axi_resp resp);
enum gantry_ddr_channel {
    GANTRY_DDR_AR = 1,
    GANTRY_DDR_R = 2,
    GANTRY_DDR_AW = 4,
    GANTRY_DDR_W = 8,
    GANTRY_DDR_B = 16
};
/* From now on these channels of the port never handshake; 0 repairs the port. */
void gantry_ddr_stick(struct gantry_ddr *ddr, int port, unsigned channels);

struct gantry_ddr_counters {
    uint64_t read_beats[GANTRY_DDR_PORTS], write_beats[GANTRY_DDR_PORTS];
};
const struct gantry_ddr_counters *gantry_ddr_counters(const struct gantry_ddr *ddr);

#ifdef __cplusplus
}
#endif

#endif
