// SPDX-License-Identifier: Apache-2.0
// gantry_load: the LOAD unit: queue, row sequencer, one row engine per port.
//
//   insn --->[ queue 4 ]--->[ gantry_row_seq ]--- row r ---> [ gantry_load_row x PORTS ]---> words
//                                                                 ^ read ports
//
// Row r is done by engine r mod PORTS; the instruction signals when the last word was taken by the
// activation RAM. Errors and resets: gantry_row_seq, gantry_load_row.
// Interface: valid, ready instructions, requests and words; semaphores by request, grant.
// Latency: set-up up to 65 cycles, then memory's plus 3 a word.
// Throughput: one word a cycle and port.
`default_nettype none
`include "gantry_spec.vh"
module gantry_load #(
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
  output logic                         active_o,       // there is work that no semaphore holds back
  input  wire logic [191:0]            buffer_base_i,
  input  wire logic [95:0]             buffer_bytes_i,
  input  wire logic [95:0]             run_stride_i,
  output logic                         sem_req_o,
  output logic [15:0]                  sem_mask_o,
  input  wire logic                    sem_grant_i,
  output logic                         sem_signal_valid_o,
  output logic [15:0]                  sem_signal_o,
  // read ports
  output logic [PORTS-1:0]             req_valid_o,
  input  wire logic [PORTS-1:0]        req_ready_i,
  output logic [64*PORTS-1:0]          req_addr_o,
  output logic [7*PORTS-1:0]           req_beats_o,
  input  wire logic [PORTS-1:0]        data_valid_i,
  input  wire logic [128*PORTS-1:0]    data_i,
  // activation RAM
  output logic [PORTS-1:0]             load_valid_o,
  input  wire logic [PORTS-1:0]        load_ready_i,
  output logic [PORTS*BankW-1:0]       load_bank_o,
  output logic [PORTS*16-1:0]          load_row_o,
  output logic [PORTS*128-1:0]         load_data_o,
  // events
  output logic                         start_o,
  output logic                         done_o,
  output logic [31:0]                  index_o,        // of the instruction under way
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

  gantry_fifo #(.Width(544), .Depth(`GANTRY_LOAD_QUEUE)) u_queue (
    .clk_i, .rst_ni, .clear_i, .s_axis_tvalid(s_axis_insn_tvalid),
    .s_axis_tready(s_axis_insn_tready), .s_axis_tdata({s_axis_insn_tuser, s_axis_insn_tdata}),
    .m_axis_tvalid(insn_valid), .m_axis_tready(insn_ready), .m_axis_tdata({index_o, insn}),
    .level_o(level)
  );

  gantry_row_seq #(.NPX(NPX), .PORTS(PORTS), .RowW(RowW), .IsStore(0)) u_seq (
    .clk_i, .rst_ni, .clear_i, .s_axis_insn_tvalid(insn_valid), .s_axis_insn_tready(insn_ready),
    .s_axis_insn_tdata(insn), .s_axis_insn_tuser(index_o),
    .buffer_base_i, .buffer_bytes_i, .run_stride_i,
    .sem_req_o, .sem_mask_o, .sem_grant_i, .sem_signal_valid_o, .sem_signal_o,
    .row_valid_o(row_valid), .row_ready_i(row_ready), .row_addr_o(row_addr),
    .row_even_o(row_even), .row_odd_o(row_odd), .row_beats_o(row_beats),
    .engines_idle_i(&idle), .engine_err_i(err != '0), .engine_err_row_i(err_row),
    .start_o, .done_o, .err_valid_o, .err_cause_o, .err_info_o
  );

  for (genvar p = 0; p < PORTS; p++) begin : gen_engine
    gantry_load_row #(.NPX(NPX), .ACT_ROWS(ACT_ROWS), .RowW(RowW)) u_row (
      .clk_i, .rst_ni, .clear_i, .idle_o(idle[p]),
      .row_valid_i(row_valid[p]), .row_ready_o(row_ready[p]), .row_addr_i(row_addr),
      .row_even_i(row_even), .row_odd_i(row_odd),
      .row_bytes_i(insn[`GANTRY_LOAD_ROW_BYTES]), .pixels_i(insn[`GANTRY_LOAD_PIXELS]),
      .step_i(insn[`GANTRY_LOAD_STEP]), .lead_i(insn[`GANTRY_LOAD_LEAD]),
      .words_i(insn[`GANTRY_LOAD_WORDS]), .pad_i(insn[`GANTRY_LOAD_PAD]),
      .cb_i(9'(insn[`GANTRY_LOAD_CB]) + 9'd1), .sx_i(insn[`GANTRY_LOAD_SX]),
      .req_valid_o(req_valid_o[p]), .req_ready_i(req_ready_i[p]),
      .req_addr_o(req_addr_o[64*p +: 64]), .req_beats_o(req_beats_o[7*p +: 7]),
      .data_valid_i(data_valid_i[p]), .data_i(data_i[128*p +: 128]),
      .load_valid_o(load_valid_o[p]), .load_ready_i(load_ready_i[p]),
      .load_bank_o(load_bank_o[BankW*p +: BankW]), .load_row_o(load_row_o[16*p +: 16]),
      .load_data_o(load_data_o[128*p +: 128]),
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

  logic waits_q;
  always_ff @(posedge clk_i) begin
    waits_q <= sem_req_o && !sem_grant_i;
  end

  assign active_o = level != '0 && !waits_q;
  assign level_o  = 4'(level);
  assign idle_o   = level == '0;
endmodule
`default_nettype wire
