// SPDX-License-Identifier: Apache-2.0
// gantry_mem: the ports to memory: per AXI4 master a read port, a write port and a weight stream.
//
//   fetch (port 0), LOAD p, [ gantry_wstream p ] --->[ gantry_rd_port p ]---> AR, R of master p
//   STORE p, trace (port 0)                      --->[ gantry_wr_port p ]---> AW, W, B of master p
//
// Bus errors of all ports are merged to one: lowest port first, reads before writes. flush_i and
// busy_o as in the ports; clear_i stops the weight streams.
// Interface: valid, ready requests of each client; AXI4 masters.
// Latency: 2 cycles from a request to AR or AW, none from R.
// Throughput: one beat a cycle, port and direction.
`default_nettype none
`include "gantry_spec.vh"
module gantry_mem #(
  parameter integer PORTS      = 2,
  parameter integer RING_LINES = 128
) (
  input  wire logic                 clk_i,
  input  wire logic                 rst_ni,
  input  wire logic                 clear_i,
  input  wire logic                 flush_i,
  output logic                      busy_o,
  output logic                      progress_o,
  output logic [PORTS-1:0]          rd_beat_o,
  output logic [PORTS-1:0]          wr_beat_o,
  // registers and ring of the weight streams
  input  wire logic [63:0]          weights_i,
  input  wire logic [31:0]          wgt_lines_i,
  input  wire logic [31:0]          repeat_i,
  input  wire logic [31:0]          ring_freed_i,
  output logic [PORTS-1:0]          ring_valid_o,
  input  wire logic                 load_active_i,      // LOAD has work: weights in short bursts
  // fetch
  input  wire logic                 fetch_req_valid_i,
  output logic                      fetch_req_ready_o,
  input  wire logic [63:0]          fetch_req_addr_i,
  input  wire logic [6:0]           fetch_req_beats_i,
  output logic                      fetch_data_valid_o,
  // LOAD
  input  wire logic [PORTS-1:0]     load_req_valid_i,
  output logic [PORTS-1:0]          load_req_ready_o,
  input  wire logic [PORTS*64-1:0]  load_req_addr_i,
  input  wire logic [PORTS*7-1:0]   load_req_beats_i,
  output logic [PORTS-1:0]          load_data_valid_o,
  output logic [PORTS*128-1:0]      data_o,             // R of each port, for all its clients
  // STORE
  input  wire logic [PORTS-1:0]     store_req_valid_i,
  output logic [PORTS-1:0]          store_req_ready_o,
  input  wire logic [PORTS*64-1:0]  store_req_addr_i,
  input  wire logic [PORTS*7-1:0]   store_req_beats_i,
  input  wire logic [PORTS-1:0]     store_data_valid_i,
  output logic [PORTS-1:0]          store_data_ready_o,
  input  wire logic [PORTS*128-1:0] store_data_i,
  output logic [PORTS-1:0]          store_pending_o,
  // trace
  input  wire logic                 trace_req_valid_i,
  output logic                      trace_req_ready_o,
  input  wire logic [63:0]          trace_req_addr_i,
  input  wire logic [6:0]           trace_req_beats_i,
  input  wire logic                 trace_data_valid_i,
  output logic                      trace_data_ready_o,
  input  wire logic [127:0]         trace_data_i,
  output logic                      trace_pending_o,
  // bus error, with the index of the instruction that the unit is at
  input  wire logic [31:0]          fetch_index_i,
  input  wire logic [31:0]          load_index_i,
  input  wire logic [31:0]          store_index_i,
  input  wire logic [31:0]          compute_index_i,
  output logic                      err_valid_o,
  output logic [7:0]                err_cause_o,
  output logic [3:0]                err_unit_o,
  output logic [3:0]                err_port_o,
  output logic [31:0]               err_insn_o,
  output logic [63:0]               err_info_o,
  // AXI4, port p from the low end
  output logic [PORTS*64-1:0]       m_axi_awaddr,
  output logic [PORTS*8-1:0]        m_axi_awlen,
  output logic [PORTS-1:0]          m_axi_awvalid,
  input  wire logic [PORTS-1:0]     m_axi_awready,
  output logic [PORTS*128-1:0]      m_axi_wdata,
  output logic [PORTS*16-1:0]       m_axi_wstrb,
  output logic [PORTS-1:0]          m_axi_wlast,
  output logic [PORTS-1:0]          m_axi_wvalid,
  input  wire logic [PORTS-1:0]     m_axi_wready,
  input  wire logic [PORTS*2-1:0]   m_axi_bresp,
  input  wire logic [PORTS-1:0]     m_axi_bvalid,
  output logic [PORTS-1:0]          m_axi_bready,
  output logic [PORTS*64-1:0]       m_axi_araddr,
  output logic [PORTS*8-1:0]        m_axi_arlen,
  output logic [PORTS-1:0]          m_axi_arvalid,
  input  wire logic [PORTS-1:0]     m_axi_arready,
  input  wire logic [PORTS*128-1:0] m_axi_rdata,
  input  wire logic [PORTS*2-1:0]   m_axi_rresp,
  input  wire logic [PORTS-1:0]     m_axi_rlast,
  input  wire logic [PORTS-1:0]     m_axi_rvalid,
  output logic [PORTS-1:0]          m_axi_rready
);
`ifndef __ICARUS__
  if (PORTS != 1 && PORTS != 2 && PORTS != 4) begin : gen_check
    $error("gantry_mem: PORTS must be 1, 2 or 4");
  end
`endif

  logic [PORTS-1:0]    rd_busy, wr_busy, rd_progress, wr_progress;
  logic [PORTS-1:0]    rd_err, wr_err, wr_client;
  logic [PORTS*8-1:0]  rd_cause, wr_cause;
  logic [PORTS*2-1:0]  rd_client;
  logic [PORTS*64-1:0] rd_addr, wr_addr;

  for (genvar p = 0; p < PORTS; p++) begin : gen_port
    logic [2:0]  rd_ready, rd_valid;
    logic [1:0]  wr_ready, wr_data_ready, wr_pending;
    logic        fetch_valid, trace_valid, trace_data_valid, wgt_valid;
    logic [63:0] wgt_addr;
    logic [6:0]  wgt_beats;
    if (p == 0) begin : gen_first
      assign fetch_valid        = fetch_req_valid_i;
      assign trace_valid        = trace_req_valid_i;
      assign trace_data_valid   = trace_data_valid_i;
      assign fetch_req_ready_o  = rd_ready[0];
      assign fetch_data_valid_o = rd_valid[0];
      assign trace_req_ready_o  = wr_ready[1];
      assign trace_data_ready_o = wr_data_ready[1];
      assign trace_pending_o    = wr_pending[1];
    end else begin : gen_other
      assign fetch_valid      = 1'b0;
      assign trace_valid      = 1'b0;
      assign trace_data_valid = 1'b0;
    end

    gantry_wstream #(.PORTS(PORTS), .RING_LINES(RING_LINES), .Port(p)) u_weights (
      .clk_i, .rst_ni, .clear_i, .weights_i, .wgt_lines_i, .repeat_i, .ring_freed_i,
      .short_i(load_active_i),
      .req_valid_o(wgt_valid), .req_ready_i(rd_ready[2]), .req_addr_o(wgt_addr),
      .req_beats_o(wgt_beats)
    );
    gantry_rd_port u_read (
      .clk_i, .rst_ni, .flush_i, .busy_o(rd_busy[p]),
      .req_valid_i({wgt_valid, load_req_valid_i[p], fetch_valid}), .req_ready_o(rd_ready),
      .req_addr_i({wgt_addr, load_req_addr_i[64*p +: 64], fetch_req_addr_i}),
      .req_beats_i({wgt_beats, load_req_beats_i[7*p +: 7], fetch_req_beats_i}),
      .data_valid_o(rd_valid), .data_o(data_o[128*p +: 128]),
      .err_valid_o(rd_err[p]), .err_cause_o(rd_cause[8*p +: 8]),
      .err_client_o(rd_client[2*p +: 2]), .err_addr_o(rd_addr[64*p +: 64]),
      .progress_o(rd_progress[p]), .beat_o(rd_beat_o[p]),
      .m_axi_araddr(m_axi_araddr[64*p +: 64]), .m_axi_arlen(m_axi_arlen[8*p +: 8]),
      .m_axi_arvalid(m_axi_arvalid[p]), .m_axi_arready(m_axi_arready[p]),
      .m_axi_rdata(m_axi_rdata[128*p +: 128]), .m_axi_rresp(m_axi_rresp[2*p +: 2]),
      .m_axi_rlast(m_axi_rlast[p]), .m_axi_rvalid(m_axi_rvalid[p]),
      .m_axi_rready(m_axi_rready[p])
    );
    gantry_wr_port u_write (
      .clk_i, .rst_ni, .flush_i, .busy_o(wr_busy[p]),
      .req_valid_i({trace_valid, store_req_valid_i[p]}), .req_ready_o(wr_ready),
      .req_addr_i({trace_req_addr_i, store_req_addr_i[64*p +: 64]}),
      .req_beats_i({trace_req_beats_i, store_req_beats_i[7*p +: 7]}),
      .data_valid_i({trace_data_valid, store_data_valid_i[p]}), .data_ready_o(wr_data_ready),
      .data_i({trace_data_i, store_data_i[128*p +: 128]}), .pending_o(wr_pending),
      .err_valid_o(wr_err[p]), .err_cause_o(wr_cause[8*p +: 8]), .err_client_o(wr_client[p]),
      .err_addr_o(wr_addr[64*p +: 64]), .progress_o(wr_progress[p]), .beat_o(wr_beat_o[p]),
      .m_axi_awaddr(m_axi_awaddr[64*p +: 64]), .m_axi_awlen(m_axi_awlen[8*p +: 8]),
      .m_axi_awvalid(m_axi_awvalid[p]), .m_axi_awready(m_axi_awready[p]),
      .m_axi_wdata(m_axi_wdata[128*p +: 128]), .m_axi_wstrb(m_axi_wstrb[16*p +: 16]),
      .m_axi_wlast(m_axi_wlast[p]), .m_axi_wvalid(m_axi_wvalid[p]),
      .m_axi_wready(m_axi_wready[p]), .m_axi_bresp(m_axi_bresp[2*p +: 2]),
      .m_axi_bvalid(m_axi_bvalid[p]), .m_axi_bready(m_axi_bready[p])
    );
    assign load_req_ready_o[p]   = rd_ready[1];
    assign load_data_valid_o[p]  = rd_valid[1];
    assign ring_valid_o[p]       = rd_valid[2];
    assign store_req_ready_o[p]  = wr_ready[0];
    assign store_data_ready_o[p] = wr_data_ready[0];
    assign store_pending_o[p]    = wr_pending[0];
  end

  always_comb begin
    err_valid_o = rd_err != '0 || wr_err != '0;
    err_cause_o = '0;
    err_unit_o  = '0;
    err_port_o  = '0;
    err_insn_o  = '0;
    err_info_o  = '0;
    for (int p = PORTS - 1; p >= 0; p--) begin
      if (wr_err[p] || rd_err[p]) begin
        err_port_o = 4'(p);
      end
      if (wr_err[p]) begin
        err_cause_o = wr_cause[8*p +: 8];
        err_unit_o  = wr_client[p] ? `GANTRY_UNIT_TRACER : `GANTRY_UNIT_STORE;
        err_insn_o  = wr_client[p] ? fetch_index_i : store_index_i;
        err_info_o  = wr_addr[64*p +: 64];
      end
      if (rd_err[p]) begin
        err_cause_o = rd_cause[8*p +: 8];
        err_info_o  = rd_addr[64*p +: 64];
        unique case (rd_client[2*p +: 2])
          2'd0: begin
            err_unit_o = `GANTRY_UNIT_FETCH;
            err_insn_o = fetch_index_i;
          end
          2'd1: begin
            err_unit_o = `GANTRY_UNIT_LOAD;
            err_insn_o = load_index_i;
          end
          default: begin
            err_unit_o = `GANTRY_UNIT_WEIGHT;
            err_insn_o = compute_index_i;
          end
        endcase
      end
    end
  end

  assign busy_o     = rd_busy != '0 || wr_busy != '0;
  assign progress_o = rd_progress != '0 || wr_progress != '0;
endmodule
`default_nettype wire
