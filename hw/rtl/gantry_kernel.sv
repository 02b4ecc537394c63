// SPDX-License-Identifier: Apache-2.0
// gantry_kernel: the top; wires only, with the port names that Vitis requires.
//
//   s_axi_control_* ---> [ gantry_shell ] <---> m_axi_gmem0_* .. m_axi_gmem3_*
//
// Registers: docs/isa.md. Four AXI4 masters of 128 bit; masters beyond PORTS are silent.
// Interface: AXI4-Lite slave, four AXI4 masters.
// Latency: none: wires.
// Throughput: one beat a cycle, master and direction.
`default_nettype none
`include "gantry_spec.vh"
module gantry_kernel #(
  parameter integer G          = 2,
  parameter integer ACT_ROWS   = 512,
  parameter integer RING_LINES = 128,
  parameter integer ACC_ROWS   = 64,
  parameter integer PORTS      = 2,
  parameter integer WINDOW     = 0
) (
  input  wire logic         ap_clk,
  input  wire logic         ap_rst_n,
  output logic              interrupt,
  // AXI4-Lite slave
  input  wire logic [11:0]  s_axi_control_awaddr,
  input  wire logic         s_axi_control_awvalid,
  output logic              s_axi_control_awready,
  input  wire logic [31:0]  s_axi_control_wdata,
  input  wire logic [3:0]   s_axi_control_wstrb,
  input  wire logic         s_axi_control_wvalid,
  output logic              s_axi_control_wready,
  output logic [1:0]        s_axi_control_bresp,
  output logic              s_axi_control_bvalid,
  input  wire logic         s_axi_control_bready,
  input  wire logic [11:0]  s_axi_control_araddr,
  input  wire logic         s_axi_control_arvalid,
  output logic              s_axi_control_arready,
  output logic [31:0]       s_axi_control_rdata,
  output logic [1:0]        s_axi_control_rresp,
  output logic              s_axi_control_rvalid,
  input  wire logic         s_axi_control_rready,
  // AXI4 master 0
  output logic [63:0]       m_axi_gmem0_awaddr,
  output logic [7:0]        m_axi_gmem0_awlen,
  output logic [2:0]        m_axi_gmem0_awsize,
  output logic [1:0]        m_axi_gmem0_awburst,
  output logic              m_axi_gmem0_awvalid,
  input  wire logic         m_axi_gmem0_awready,
  output logic [127:0]      m_axi_gmem0_wdata,
  output logic [15:0]       m_axi_gmem0_wstrb,
  output logic              m_axi_gmem0_wlast,
  output logic              m_axi_gmem0_wvalid,
  input  wire logic         m_axi_gmem0_wready,
  input  wire logic [1:0]   m_axi_gmem0_bresp,
  input  wire logic         m_axi_gmem0_bvalid,
  output logic              m_axi_gmem0_bready,
  output logic [63:0]       m_axi_gmem0_araddr,
  output logic [7:0]        m_axi_gmem0_arlen,
  output logic [2:0]        m_axi_gmem0_arsize,
  output logic [1:0]        m_axi_gmem0_arburst,
  output logic              m_axi_gmem0_arvalid,
  input  wire logic         m_axi_gmem0_arready,
  input  wire logic [127:0] m_axi_gmem0_rdata,
  input  wire logic [1:0]   m_axi_gmem0_rresp,
  input  wire logic         m_axi_gmem0_rlast,
  input  wire logic         m_axi_gmem0_rvalid,
  output logic              m_axi_gmem0_rready,
  // AXI4 master 1
  output logic [63:0]       m_axi_gmem1_awaddr,
  output logic [7:0]        m_axi_gmem1_awlen,
  output logic [2:0]        m_axi_gmem1_awsize,
  output logic [1:0]        m_axi_gmem1_awburst,
  output logic              m_axi_gmem1_awvalid,
  input  wire logic         m_axi_gmem1_awready,
  output logic [127:0]      m_axi_gmem1_wdata,
  output logic [15:0]       m_axi_gmem1_wstrb,
  output logic              m_axi_gmem1_wlast,
  output logic              m_axi_gmem1_wvalid,
  input  wire logic         m_axi_gmem1_wready,
  input  wire logic [1:0]   m_axi_gmem1_bresp,
  input  wire logic         m_axi_gmem1_bvalid,
  output logic              m_axi_gmem1_bready,
  output logic [63:0]       m_axi_gmem1_araddr,
  output logic [7:0]        m_axi_gmem1_arlen,
  output logic [2:0]        m_axi_gmem1_arsize,
  output logic [1:0]        m_axi_gmem1_arburst,
  output logic              m_axi_gmem1_arvalid,
  input  wire logic         m_axi_gmem1_arready,
  input  wire logic [127:0] m_axi_gmem1_rdata,
  input  wire logic [1:0]   m_axi_gmem1_rresp,
  input  wire logic         m_axi_gmem1_rlast,
  input  wire logic         m_axi_gmem1_rvalid,
  output logic              m_axi_gmem1_rready,
  // AXI4 master 2
  output logic [63:0]       m_axi_gmem2_awaddr,
  output logic [7:0]        m_axi_gmem2_awlen,
  output logic [2:0]        m_axi_gmem2_awsize,
  output logic [1:0]        m_axi_gmem2_awburst,
  output logic              m_axi_gmem2_awvalid,
  input  wire logic         m_axi_gmem2_awready,
  output logic [127:0]      m_axi_gmem2_wdata,
  output logic [15:0]       m_axi_gmem2_wstrb,
  output logic              m_axi_gmem2_wlast,
  output logic              m_axi_gmem2_wvalid,
  input  wire logic         m_axi_gmem2_wready,
  input  wire logic [1:0]   m_axi_gmem2_bresp,
  input  wire logic         m_axi_gmem2_bvalid,
  output logic              m_axi_gmem2_bready,
  output logic [63:0]       m_axi_gmem2_araddr,
  output logic [7:0]        m_axi_gmem2_arlen,
  output logic [2:0]        m_axi_gmem2_arsize,
  output logic [1:0]        m_axi_gmem2_arburst,
  output logic              m_axi_gmem2_arvalid,
  input  wire logic         m_axi_gmem2_arready,
  input  wire logic [127:0] m_axi_gmem2_rdata,
  input  wire logic [1:0]   m_axi_gmem2_rresp,
  input  wire logic         m_axi_gmem2_rlast,
  input  wire logic         m_axi_gmem2_rvalid,
  output logic              m_axi_gmem2_rready,
  // AXI4 master 3
  output logic [63:0]       m_axi_gmem3_awaddr,
  output logic [7:0]        m_axi_gmem3_awlen,
  output logic [2:0]        m_axi_gmem3_awsize,
  output logic [1:0]        m_axi_gmem3_awburst,
  output logic              m_axi_gmem3_awvalid,
  input  wire logic         m_axi_gmem3_awready,
  output logic [127:0]      m_axi_gmem3_wdata,
  output logic [15:0]       m_axi_gmem3_wstrb,
  output logic              m_axi_gmem3_wlast,
  output logic              m_axi_gmem3_wvalid,
  input  wire logic         m_axi_gmem3_wready,
  input  wire logic [1:0]   m_axi_gmem3_bresp,
  input  wire logic         m_axi_gmem3_bvalid,
  output logic              m_axi_gmem3_bready,
  output logic [63:0]       m_axi_gmem3_araddr,
  output logic [7:0]        m_axi_gmem3_arlen,
  output logic [2:0]        m_axi_gmem3_arsize,
  output logic [1:0]        m_axi_gmem3_arburst,
  output logic              m_axi_gmem3_arvalid,
  input  wire logic         m_axi_gmem3_arready,
  input  wire logic [127:0] m_axi_gmem3_rdata,
  input  wire logic [1:0]   m_axi_gmem3_rresp,
  input  wire logic         m_axi_gmem3_rlast,
  input  wire logic         m_axi_gmem3_rvalid,
  output logic              m_axi_gmem3_rready
);
  localparam integer Masters = 4;

  logic [Masters*64-1:0]  awaddr, araddr;
  logic [Masters*8-1:0]   awlen, arlen;
  logic [Masters*128-1:0] wdata, all_rdata;
  logic [Masters*16-1:0]  wstrb;
  logic [Masters*2-1:0]   bresp, rresp;
  logic [Masters-1:0]     awvalid, awready, wlast, wvalid, wready, bvalid, bready;
  logic [Masters-1:0]     arvalid, arready, rlast, rvalid, rready;

  gantry_shell #(
    .G(G), .ACT_ROWS(ACT_ROWS), .RING_LINES(RING_LINES), .ACC_ROWS(ACC_ROWS), .PORTS(PORTS),
    .WINDOW(WINDOW)
  ) u_shell (
    .clk_i(ap_clk), .rst_ni(ap_rst_n), .interrupt_o(interrupt),
    .s_axil_awaddr(s_axi_control_awaddr), .s_axil_awvalid(s_axi_control_awvalid),
    .s_axil_awready(s_axi_control_awready), .s_axil_wdata(s_axi_control_wdata),
    .s_axil_wstrb(s_axi_control_wstrb), .s_axil_wvalid(s_axi_control_wvalid),
    .s_axil_wready(s_axi_control_wready), .s_axil_bresp(s_axi_control_bresp),
    .s_axil_bvalid(s_axi_control_bvalid), .s_axil_bready(s_axi_control_bready),
    .s_axil_araddr(s_axi_control_araddr), .s_axil_arvalid(s_axi_control_arvalid),
    .s_axil_arready(s_axi_control_arready), .s_axil_rdata(s_axi_control_rdata),
    .s_axil_rresp(s_axi_control_rresp), .s_axil_rvalid(s_axi_control_rvalid),
    .s_axil_rready(s_axi_control_rready),
    .m_axi_awaddr(awaddr[PORTS*64-1:0]), .m_axi_awlen(awlen[PORTS*8-1:0]),
    .m_axi_awvalid(awvalid[PORTS-1:0]), .m_axi_awready(awready[PORTS-1:0]),
    .m_axi_wdata(wdata[PORTS*128-1:0]), .m_axi_wstrb(wstrb[PORTS*16-1:0]),
    .m_axi_wlast(wlast[PORTS-1:0]), .m_axi_wvalid(wvalid[PORTS-1:0]),
    .m_axi_wready(wready[PORTS-1:0]), .m_axi_bresp(bresp[PORTS*2-1:0]),
    .m_axi_bvalid(bvalid[PORTS-1:0]), .m_axi_bready(bready[PORTS-1:0]),
    .m_axi_araddr(araddr[PORTS*64-1:0]), .m_axi_arlen(arlen[PORTS*8-1:0]),
    .m_axi_arvalid(arvalid[PORTS-1:0]), .m_axi_arready(arready[PORTS-1:0]),
    .m_axi_rdata(all_rdata[PORTS*128-1:0]), .m_axi_rresp(rresp[PORTS*2-1:0]),
    .m_axi_rlast(rlast[PORTS-1:0]), .m_axi_rvalid(rvalid[PORTS-1:0]),
    .m_axi_rready(rready[PORTS-1:0])
  );
  for (genvar p = PORTS; p < Masters; p++) begin : gen_silent
    assign awaddr[64*p +: 64]  = '0;
    assign awlen[8*p +: 8]     = '0;
    assign awvalid[p]          = 1'b0;
    assign wdata[128*p +: 128] = '0;
    assign wstrb[16*p +: 16]   = '0;
    assign wlast[p]            = 1'b0;
    assign wvalid[p]           = 1'b0;
    assign bready[p]           = 1'b0;
    assign araddr[64*p +: 64]  = '0;
    assign arlen[8*p +: 8]     = '0;
    assign arvalid[p]          = 1'b0;
    assign rready[p]           = 1'b0;
  end

  // ---- Names of the masters: INCR bursts of 16-byte beats ----
  assign m_axi_gmem0_awaddr = awaddr[0 +: 64];
  assign m_axi_gmem0_awlen = awlen[0 +: 8];
  assign m_axi_gmem0_awvalid = awvalid[0];
  assign m_axi_gmem0_wdata = wdata[0 +: 128];
  assign m_axi_gmem0_wstrb = wstrb[0 +: 16];
  assign m_axi_gmem0_wlast = wlast[0];
  assign m_axi_gmem0_wvalid = wvalid[0];
  assign m_axi_gmem0_bready = bready[0];
  assign m_axi_gmem0_araddr = araddr[0 +: 64];
  assign m_axi_gmem0_arlen = arlen[0 +: 8];
  assign m_axi_gmem0_arvalid = arvalid[0];
  assign m_axi_gmem0_rready = rready[0];
  assign m_axi_gmem0_awsize = 3'd4;
  assign m_axi_gmem0_awburst = 2'b01;
  assign m_axi_gmem0_arsize = 3'd4;
  assign m_axi_gmem0_arburst = 2'b01;
  assign m_axi_gmem1_awaddr = awaddr[64 +: 64];
  assign m_axi_gmem1_awlen = awlen[8 +: 8];
  assign m_axi_gmem1_awvalid = awvalid[1];
  assign m_axi_gmem1_wdata = wdata[128 +: 128];
  assign m_axi_gmem1_wstrb = wstrb[16 +: 16];
  assign m_axi_gmem1_wlast = wlast[1];
  assign m_axi_gmem1_wvalid = wvalid[1];
  assign m_axi_gmem1_bready = bready[1];
  assign m_axi_gmem1_araddr = araddr[64 +: 64];
  assign m_axi_gmem1_arlen = arlen[8 +: 8];
  assign m_axi_gmem1_arvalid = arvalid[1];
  assign m_axi_gmem1_rready = rready[1];
  assign m_axi_gmem1_awsize = 3'd4;
  assign m_axi_gmem1_awburst = 2'b01;
  assign m_axi_gmem1_arsize = 3'd4;
  assign m_axi_gmem1_arburst = 2'b01;
  assign m_axi_gmem2_awaddr = awaddr[128 +: 64];
  assign m_axi_gmem2_awlen = awlen[16 +: 8];
  assign m_axi_gmem2_awvalid = awvalid[2];
  assign m_axi_gmem2_wdata = wdata[256 +: 128];
  assign m_axi_gmem2_wstrb = wstrb[32 +: 16];
  assign m_axi_gmem2_wlast = wlast[2];
  assign m_axi_gmem2_wvalid = wvalid[2];
  assign m_axi_gmem2_bready = bready[2];
  assign m_axi_gmem2_araddr = araddr[128 +: 64];
  assign m_axi_gmem2_arlen = arlen[16 +: 8];
  assign m_axi_gmem2_arvalid = arvalid[2];
  assign m_axi_gmem2_rready = rready[2];
  assign m_axi_gmem2_awsize = 3'd4;
  assign m_axi_gmem2_awburst = 2'b01;
  assign m_axi_gmem2_arsize = 3'd4;
  assign m_axi_gmem2_arburst = 2'b01;
  assign m_axi_gmem3_awaddr = awaddr[192 +: 64];
  assign m_axi_gmem3_awlen = awlen[24 +: 8];
  assign m_axi_gmem3_awvalid = awvalid[3];
  assign m_axi_gmem3_wdata = wdata[384 +: 128];
  assign m_axi_gmem3_wstrb = wstrb[48 +: 16];
  assign m_axi_gmem3_wlast = wlast[3];
  assign m_axi_gmem3_wvalid = wvalid[3];
  assign m_axi_gmem3_bready = bready[3];
  assign m_axi_gmem3_araddr = araddr[192 +: 64];
  assign m_axi_gmem3_arlen = arlen[24 +: 8];
  assign m_axi_gmem3_arvalid = arvalid[3];
  assign m_axi_gmem3_rready = rready[3];
  assign m_axi_gmem3_awsize = 3'd4;
  assign m_axi_gmem3_awburst = 2'b01;
  assign m_axi_gmem3_arsize = 3'd4;
  assign m_axi_gmem3_arburst = 2'b01;
  assign awready = {m_axi_gmem3_awready, m_axi_gmem2_awready, m_axi_gmem1_awready,
                    m_axi_gmem0_awready};
  assign wready = {m_axi_gmem3_wready, m_axi_gmem2_wready, m_axi_gmem1_wready,
                    m_axi_gmem0_wready};
  assign bresp = {m_axi_gmem3_bresp, m_axi_gmem2_bresp, m_axi_gmem1_bresp,
                    m_axi_gmem0_bresp};
  assign bvalid = {m_axi_gmem3_bvalid, m_axi_gmem2_bvalid, m_axi_gmem1_bvalid,
                    m_axi_gmem0_bvalid};
  assign arready = {m_axi_gmem3_arready, m_axi_gmem2_arready, m_axi_gmem1_arready,
                    m_axi_gmem0_arready};
  assign all_rdata = {m_axi_gmem3_rdata, m_axi_gmem2_rdata, m_axi_gmem1_rdata,
                    m_axi_gmem0_rdata};
  assign rresp = {m_axi_gmem3_rresp, m_axi_gmem2_rresp, m_axi_gmem1_rresp,
                    m_axi_gmem0_rresp};
  assign rlast = {m_axi_gmem3_rlast, m_axi_gmem2_rlast, m_axi_gmem1_rlast,
                    m_axi_gmem0_rlast};
  assign rvalid = {m_axi_gmem3_rvalid, m_axi_gmem2_rvalid, m_axi_gmem1_rvalid,
                    m_axi_gmem0_rvalid};
endmodule
`default_nettype wire
