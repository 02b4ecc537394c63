/* SPDX-License-Identifier: Apache-2.0
 * Clock loop and host bus of a Verilated accelerator. */
#include "sim/bench.h"

#include <string.h>

#include "base/base.h"

enum {
    RESET_CYCLES = 16,
    BUS_CYCLES = 1000 /* a register access that takes longer has failed */
};

bool gantry_sim_bench_init(struct gantry_sim_bench *bench, const struct gantry_sim_core *core,
                           struct gantry_ddr *ddr)
{
    memset(bench, 0, sizeof *bench);
    bench->core = core;
    bench->ddr = ddr;
    bench->model = core->create();
    if (!bench->model) return false;
    gantry_sim_bench_reset(bench);
    return true;
}

void gantry_sim_bench_finish(struct gantry_sim_bench *bench)
{
    if (!bench->model) return;
    if (bench->wave_running) bench->core->wave_close(bench->model);
    bench->core->destroy(bench->model);
    bench->model = NULL;
}

void gantry_sim_bench_reset(struct gantry_sim_bench *bench)
{
    memset(&bench->pins, 0, sizeof bench->pins);
    for (int i = 0; i < RESET_CYCLES; i++) bench->core->cycle(bench->model, &bench->pins, true);
    bench->core->cycle(bench->model, &bench->pins, false);
    gantry_ddr_reset(bench->ddr);
    bench->cycles += RESET_CYCLES + 1;
}

static void wave_cycle(struct gantry_sim_bench *bench)
{
    uint64_t at = bench->cycles - bench->wave_start;
    if (!bench->wave_running && at >= bench->wave.from && at <= bench->wave.to) {
        bench->wave_running = bench->core->wave_open(bench->model, bench->wave.path);
        bench->wave_failed = bench->wave_over = !bench->wave_running;
    } else if (bench->wave_running && at > bench->wave.to) {
        bench->core->wave_close(bench->model);
        bench->wave_running = false;
        bench->wave_over = true;
    }
}

void gantry_sim_bench_cycle(struct gantry_sim_bench *bench)
{
    if (bench->wave_start && !bench->wave_over) wave_cycle(bench);
    gantry_ddr_cycle(bench->ddr, bench->pins.request, bench->pins.response);
    bench->core->cycle(bench->model, &bench->pins, false);
    bench->cycles++;
}

void gantry_sim_bench_wave_start(struct gantry_sim_bench *bench)
{
    if (bench->wave.path && !bench->wave_start) bench->wave_start = bench->cycles;
}

bool gantry_sim_bench_write(struct gantry_sim_bench *bench, uint32_t reg, uint32_t value)
{
    struct gantry_axil_request *host = &bench->pins.host;
    const struct gantry_axil_response *control = &bench->pins.control;
    host->awaddr = (uint16_t)reg;
    host->wdata = value;
    bool address_left = true, data_left = true, answered = false, fine = false;
    host->bready = true;
    for (int i = 0; i < BUS_CYCLES && !answered; i++) {
        host->awvalid = address_left;
        host->wvalid = data_left;
        /* The drive takes effect after this edge; the handshake is seen before the next one. */
        gantry_sim_bench_cycle(bench);
        if (host->awvalid && control->awready) address_left = false;
        if (host->wvalid && control->wready) data_left = false;
        answered = control->bvalid;
        fine = control->bresp == GANTRY_AXI_OKAY;
    }
    host->awvalid = host->wvalid = false;
    gantry_sim_bench_cycle(bench);
    host->bready = false;
    return answered && fine;
}

bool gantry_sim_bench_read(struct gantry_sim_bench *bench, uint32_t reg, uint32_t *value_out)
{
    struct gantry_axil_request *host = &bench->pins.host;
    const struct gantry_axil_response *control = &bench->pins.control;
    host->araddr = (uint16_t)reg;
    host->rready = true;
    bool address_left = true, answered = false, fine = false;
    for (int i = 0; i < BUS_CYCLES && !answered; i++) {
        host->arvalid = address_left;
        gantry_sim_bench_cycle(bench);
        if (host->arvalid && control->arready) address_left = false;
        answered = control->rvalid;
        fine = control->rresp == GANTRY_AXI_OKAY;
        *value_out = control->rdata;
    }
    host->arvalid = false;
    gantry_sim_bench_cycle(bench);
    host->rready = false;
    return answered && fine;
}
