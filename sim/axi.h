/* SPDX-License-Identifier: Apache-2.0
 * Pins of one AXI4 master of 128 bit, and of the AXI4-Lite slave, as the simulation passes them.
 *
 * The names are those of the RTL without the prefix of the bus. */
#ifndef GANTRY_SIM_AXI_H
#define GANTRY_SIM_AXI_H

#include <stdbool.h>
#include <stdint.h>

enum { GANTRY_SIM_PORTS = 4, GANTRY_SIM_INSTANCES_MAX = 4 };

/* What the accelerator drives. */
struct gantry_axi_request {
    uint64_t araddr, awaddr;
    uint8_t arlen, arsize, arburst, awlen, awsize, awburst;
    bool arvalid, awvalid;
    bool rready, bready;
    bool wvalid, wlast;
    uint16_t wstrb;
    uint32_t wdata[4];
};

/* What the memory drives. */
struct gantry_axi_response {
    bool arready, awready, wready;
    bool rvalid, rlast, bvalid;
    uint8_t rresp, bresp;
    uint32_t rdata[4];
};

enum gantry_axi_resp { GANTRY_AXI_OKAY = 0, GANTRY_AXI_SLVERR = 2, GANTRY_AXI_DECERR = 3 };

/* AXI4-Lite: the host drives the first part, the accelerator the second. */
struct gantry_axil_request {
    uint16_t awaddr, araddr;
    bool awvalid, wvalid, bready, arvalid, rready;
    uint32_t wdata;
};
struct gantry_axil_response {
    bool awready, wready, bvalid, arready, rvalid;
    uint8_t bresp, rresp;
    uint32_t rdata;
};

/* All pins of a gantry_kernel but clock and reset; request and response: one for each port. */
struct gantry_sim_pins {
    struct gantry_axil_request host;
    struct gantry_axil_response control;
    struct gantry_axi_request *request;
    struct gantry_axi_response *response;
    bool interrupt;
};

#endif
