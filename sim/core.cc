/* SPDX-License-Identifier: Apache-2.0
 * Pins of a Verilated gantry_kernel. Compiled once per configuration: GANTRY_SIM_MODEL is the
 * class, GANTRY_SIM_HEADER its header, GANTRY_SIM_CONFIG the name, GANTRY_SIM_CORE the object
 * defined. */
#include "sim/core.h"

#include <cstring>
#include <new>

#include GANTRY_SIM_HEADER
#if VM_TRACE
#include <verilated_fst_c.h>
#endif

namespace
{

/* Time of a cycle in the waveform: the rising edge at 0, the falling one in the middle. */
const uint64_t CYCLE_TIME = 2;
const uint64_t RISING = 0;
const uint64_t FALLING = 1;

struct core {
    VerilatedContext context;
    GANTRY_SIM_MODEL top;
    uint64_t cycles = 0;
#if VM_TRACE
    VerilatedFstC wave;
    bool wave_ever = false;
#endif
    core() : top(&context, "kernel") {}
    void evaluate(uint64_t at)
    {
        context.time(cycles * CYCLE_TIME + at);
        top.eval();
#if VM_TRACE
        if (wave_ever && wave.isOpen()) wave.dump(context.time());
#endif
    }
};

void drive_host(GANTRY_SIM_MODEL &top, const gantry_axil_request &q)
{
    top.s_axi_control_awaddr = q.awaddr;
    top.s_axi_control_awvalid = q.awvalid;
    top.s_axi_control_wdata = q.wdata;
    top.s_axi_control_wstrb = 0xF;
    top.s_axi_control_wvalid = q.wvalid;
    top.s_axi_control_bready = q.bready;
    top.s_axi_control_araddr = q.araddr;
    top.s_axi_control_arvalid = q.arvalid;
    top.s_axi_control_rready = q.rready;
}

void read_control(const GANTRY_SIM_MODEL &top, gantry_axil_response &r)
{
    r.awready = top.s_axi_control_awready;
    r.wready = top.s_axi_control_wready;
    r.bvalid = top.s_axi_control_bvalid;
    r.bresp = top.s_axi_control_bresp;
    r.arready = top.s_axi_control_arready;
    r.rvalid = top.s_axi_control_rvalid;
    r.rresp = top.s_axi_control_rresp;
    r.rdata = top.s_axi_control_rdata;
}

#define DRIVE_PORT(n)                                                           \
    do {                                                                        \
        const gantry_axi_response &r = pins.response[n];                        \
        top.m_axi_gmem##n##_awready = r.awready;                                \
        top.m_axi_gmem##n##_wready = r.wready;                                  \
        top.m_axi_gmem##n##_bvalid = r.bvalid;                                  \
        top.m_axi_gmem##n##_bresp = r.bresp;                                    \
        top.m_axi_gmem##n##_arready = r.arready;                                \
        top.m_axi_gmem##n##_rvalid = r.rvalid;                                  \
        top.m_axi_gmem##n##_rlast = r.rlast;                                    \
        top.m_axi_gmem##n##_rresp = r.rresp;                                    \
        std::memcpy(top.m_axi_gmem##n##_rdata.data(), r.rdata, sizeof r.rdata); \
    } while (0)

#define READ_PORT(n)                                                            \
    do {                                                                        \
        gantry_axi_request &q = pins.request[n];                                \
        q.arvalid = top.m_axi_gmem##n##_arvalid;                                \
        q.araddr = top.m_axi_gmem##n##_araddr;                                  \
        q.arlen = top.m_axi_gmem##n##_arlen;                                    \
        q.arsize = top.m_axi_gmem##n##_arsize;                                  \
        q.arburst = top.m_axi_gmem##n##_arburst;                                \
        q.rready = top.m_axi_gmem##n##_rready;                                  \
        q.awvalid = top.m_axi_gmem##n##_awvalid;                                \
        q.awaddr = top.m_axi_gmem##n##_awaddr;                                  \
        q.awlen = top.m_axi_gmem##n##_awlen;                                    \
        q.awsize = top.m_axi_gmem##n##_awsize;                                  \
        q.awburst = top.m_axi_gmem##n##_awburst;                                \
        q.wvalid = top.m_axi_gmem##n##_wvalid;                                  \
        q.wlast = top.m_axi_gmem##n##_wlast;                                    \
        q.wstrb = top.m_axi_gmem##n##_wstrb;                                    \
        q.bready = top.m_axi_gmem##n##_bready;                                  \
        std::memcpy(q.wdata, top.m_axi_gmem##n##_wdata.data(), sizeof q.wdata); \
    } while (0)

void drive(GANTRY_SIM_MODEL &top, const gantry_sim_pins &pins)
{
    drive_host(top, pins.host);
    DRIVE_PORT(0);
    DRIVE_PORT(1);
    DRIVE_PORT(2);
    DRIVE_PORT(3);
}

void read(GANTRY_SIM_MODEL &top, gantry_sim_pins &pins)
{
    read_control(top, pins.control);
    READ_PORT(0);
    READ_PORT(1);
    READ_PORT(2);
    READ_PORT(3);
    /* Verilator keeps the plain word for itself; Vitis wants the port to have it. */
    pins.interrupt = top.__SYM__interrupt;
}

void *create()
{
    core *model = new (std::nothrow) core;
    if (!model) return nullptr;
    gantry_axi_request request[GANTRY_SIM_PORTS] = {};
    gantry_axi_response response[GANTRY_SIM_PORTS] = {};
    gantry_sim_pins pins = {};
    pins.request = request;
    pins.response = response;
    model->top.ap_clk = 0;
    model->top.ap_rst_n = 0;
    drive(model->top, pins);
    model->top.eval();
    return model;
}

void destroy(void *model) { delete static_cast<core *>(model); }

void cycle(void *model, gantry_sim_pins *pins, bool reset)
{
    core &c = *static_cast<core *>(model);
    c.cycles++;
    c.top.ap_clk = 1;
    c.evaluate(RISING);
    c.top.ap_rst_n = !reset;
    drive(c.top, *pins);
    c.top.ap_clk = 0;
    c.evaluate(FALLING);
    read(c.top, *pins);
}

#if VM_TRACE
bool wave_open(void *model, const char *path)
{
    core &c = *static_cast<core *>(model);
    c.context.traceEverOn(true);
    if (!c.wave_ever) c.top.trace(&c.wave, 99);
    c.wave_ever = true;
    c.wave.open(path);
    return c.wave.isOpen();
}

void wave_close(void *model)
{
    core &c = *static_cast<core *>(model);
    if (c.wave_ever) c.wave.close();
}
#else
bool (*const wave_open)(void *, const char *) = nullptr;
void (*const wave_close)(void *) = nullptr;
#endif

} /* namespace */

extern "C" const gantry_sim_core GANTRY_SIM_CORE = {GANTRY_SIM_CONFIG, create,    destroy, cycle,
                                                    wave_open,         wave_close};
