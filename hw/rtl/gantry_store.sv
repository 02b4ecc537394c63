// SPDX-License-Identifier: Apache-2.0
// gantry_store: the STORE unit: queue, row sequencer, one row engine per port.
//
//   insn --->[ queue 4 ]--->[ gantry_row_seq ]--- row r ---> [ gantry_store_row x PORTS ]
//                                                  reads from activation RAM | beats to write ports
//
// Row r is done by engine r mod PORTS; the instruction signals when every write of it has its
// response. Errors and resets: gantry_row_seq, gantry_store_row.
// Interface: valid, ready instructions, reads, requests and beats; semaphores by request, grant.
// Latency: set-up up to 65 cycles, then the reads' 3.
// Throughput: one word a cycle and port.
`default_nettype none
`include "gantry_spec.vh"
module gantry_store #(
  parameter integer NPX      = 4,
  parameter integer ACT_ROWS = 512,
  parameter integer PORTS    = 2,
  localparam integer BankW = $clog2(NPX)
) (
  input  wire logic                    clk_i,
  input  wire logic                    rst_ni,
  input  wire logic                    clear_i,
  input  wire logic                    s_axis_insn_tvalid,
  output logic                         s_axis_insn_tready,
  input  wire logic [511:0]            s_axis_insn_tdata,
  input  wire logic [31:0]             s_axis_insn_tuser,
  output logic [3:0]                   level_o,
  output logic                         idle_o,
  input  wire logic [191:0]            buffer_base_i,
  input  wire logic [95:0]             buffer_bytes_i,
  input  wire logic [95:0]             run_stride_i,
  output logic                         sem_req_o,
  output logic [15:0]                  sem_mask_o,
  input  wire logic                    sem_grant_i,
  output logic                         sem_signal_valid_o,
  output logic [15:0]                  sem_signal_o,
  // activation RAM
  output logic [PORTS-1:0]             store_valid_o,
  input  wire logic [PORTS-1:0]        store_ready_i,
  output logic [PORTS*BankW-1:0]       store_bank_o,
  output logic [PORTS*16-1:0]          store_row_o,
  input  wire logic [PORTS-1:0]        store_data_valid_i,
  input  wire logic [PORTS*128-1:0]    store_data_i,
  // write ports
  output logic [PORTS-1:0]             req_valid_o,
  input  wire logic [PORTS-1:0]        req_ready_i,
  output logic [64*PORTS-1:0]          req_addr_o,
  output logic [7*PORTS-1:0]           req_beats_o,
  output logic [PORTS-1:0]             data_valid_o,
  input  wire logic [PORTS-1:0]        data_ready_i,
  output logic [128*PORTS-1:0]         data_o,
  input  wire logic [PORTS-1:0]        pending_i,      // a write waits for its response
  // events
  output logic                         start_o,
  output logic                         done_o,
  output logic [31:0]                  index_o,
  output logic                         err_valid_o,
  output logic [7:0]                   err_cause_o,
  output logic [63:0]                  err_info_o
);
  localparam integer RowW = 26;
  localparam integer PosW = RowW + BankW;

  logic             insn_valid, insn_ready;
  logic [511:0]     insn;
  logic [2:0]       level;
  logic [PORTS-1:0] row_valid, row_ready, idle, err;
  logic [63:0]      row_addr;
  logic [PosW-1:0]  row_even, row_odd;
  logic [23:0]      row_beats;
  logic [PORTS*RowW-1:0] err_rows;
  logic [RowW-1:0]  err_row;

  gantry_fifo #(.Width(544), .Depth(`GANTRY_STORE_QUEUE)) u_queue (
    .clk_i, .rst_ni, .clear_i, .s_axis_tvalid(s_axis_insn_tvalid),
    .s_axis_tready(s_axis_insn_tready), .s_axis_tdata({s_axis_insn_tuser, s_axis_insn_tdata}),
    .m_axis_tvalid(insn_valid), .m_axis_tready(insn_ready), .m_axis_tdata({index_o, insn}),
    .level_o(level)
  );

  gantry_row_seq #(.NPX(NPX), .PORTS(PORTS), .RowW(RowW), .IsStore(1)) u_seq (
    .clk_i, .rst_ni, .clear_i, .s_axis_insn_tvalid(insn_valid), .s_axis_insn_tready(insn_ready),
    .s_axis_insn_tdata(insn), .s_axis_insn_tuser(index_o),
    .buffer_base_i, .buffer_bytes_i, .run_stride_i,
    .sem_req_o, .sem_mask_o, .sem_grant_i, .sem_signal_valid_o, .sem_signal_o,
    .row_valid_o(row_valid), .row_ready_i(row_ready), .row_addr_o(row_addr),
    .row_even_o(row_even), .row_odd_o(row_odd), .row_beats_o(row_beats),
    .engines_idle_i(&idle && pending_i == '0), .engine_err_i(err != '0),
    .engine_err_row_i(err_row), .start_o, .done_o, .err_valid_o, .err_cause_o, .err_info_o
  );

  for (genvar p = 0; p < PORTS; p++) begin : gen_engine
    gantry_store_row #(.NPX(NPX), .ACT_ROWS(ACT_ROWS), .RowW(RowW)) u_row (
      .clk_i, .rst_ni, .clear_i, .idle_o(idle[p]),
      .row_valid_i(row_valid[p]), .row_ready_o(row_ready[p]), .row_addr_i(row_addr),
      .row_even_i(row_even), .row_odd_i(row_odd), .row_beats_i(row_beats),
      .pixels_i(insn[`GANTRY_STORE_PIXELS]), .words_i(insn[`GANTRY_STORE_WORDS]),
      .cb_i(9'(insn[`GANTRY_STORE_CB]) + 9'd1), .sx_i(insn[`GANTRY_STORE_SX]),
      .store_valid_o(store_valid_o[p]), .store_ready_i(store_ready_i[p]),
      .store_bank_o(store_bank_o[BankW*p +: BankW]), .store_row_o(store_row_o[16*p +: 16]),
      .store_data_valid_i(store_data_valid_i[p]), .store_data_i(store_data_i[128*p +: 128]),
      .req_valid_o(req_valid_o[p]), .req_ready_i(req_ready_i[p]),
      .req_addr_o(req_addr_o[64*p +: 64]), .req_beats_o(req_beats_o[7*p +: 7]),
      .data_valid_o(data_valid_o[p]), .data_ready_i(data_ready_i[p]),
      .data_o(data_o[128*p +: 128]),
      .err_valid_o(err[p]), .err_row_o(err_rows[RowW*p +: RowW])
    );
  end

  always_comb begin
    err_row = '0;
    for (int p = PORTS - 1; p >= 0; p--) begin
      if (err[p]) begin
        err_row = err_rows[RowW*p +: RowW];
      end
    end
  end

  assign level_o = 4'(level);
  assign idle_o  = level == '0;
endmodule
`default_nettype wire
