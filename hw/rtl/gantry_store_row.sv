// SPDX-License-Identifier: Apache-2.0
// gantry_store_row: one STORE engine: words of the activation RAM to rows of memory.
//
//   row --->[ word positions, gantry_row_walk ]---> read requests
//    |                                                  |
//    |                         [ 64 words ]<------------+ fixed latency
//    +--->[ chunks of 64 beats ]---> write port <--+
//
// Pixel i, block j goes to byte (i*n + j)*16 of the row, n words per pixel: the words of a row are
// consecutive in memory. A read is only asked for when its word has room. One word per cycle.
// A row beyond ACT_ROWS is reported; the read is then made at row 0, the launch is over anyway.
// clear_i and reset drop everything.
// Interface: valid, ready rows, reads, requests and beats; data of reads by valid alone.
// Latency: 1 cycle from a read's data to its beat.
// Throughput: one word a cycle.
`default_nettype none
module gantry_store_row #(
  parameter integer NPX      = 4,
  parameter integer ACT_ROWS = 512,
  parameter integer RowW     = 26,
  localparam integer BankW = $clog2(NPX),
  localparam integer PosW  = RowW + BankW
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  input  wire logic             clear_i,
  output logic                  idle_o,          // every word was handed to the write port
  // rows
  input  wire logic             row_valid_i,
  output logic                  row_ready_o,
  input  wire logic [63:0]      row_addr_i,      // a multiple of 16
  input  wire logic [PosW-1:0]  row_even_i,
  input  wire logic [PosW-1:0]  row_odd_i,
  // fields of the instruction; they hold while the engine is not idle
  input  wire logic [23:0]      row_beats_i,     // pixels * words
  input  wire logic [15:0]      pixels_i,
  input  wire logic [7:0]       words_i,         // - 1
  input  wire logic [8:0]       cb_i,
  input  wire logic             sx_i,
  // activation RAM
  output logic                  store_valid_o,
  input  wire logic             store_ready_i,
  output logic [BankW-1:0]      store_bank_o,
  output logic [15:0]           store_row_o,
  input  wire logic             store_data_valid_i,
  input  wire logic [127:0]     store_data_i,
  // write port
  output logic                  req_valid_o,
  input  wire logic             req_ready_i,
  output logic [63:0]           req_addr_o,
  output logic [6:0]            req_beats_o,
  output logic                  data_valid_o,
  input  wire logic             data_ready_i,
  output logic [127:0]          data_o,
  output logic                  err_valid_o,     // pulse: row beyond ACT_ROWS
  output logic [RowW-1:0]       err_row_o
);
  localparam integer Words = 64;                 // of the buffer

  logic             busy_q;                      // chunks of a row are still to be requested
  logic [59:0]      addr_q;
  logic [23:0]      left_q;
  logic [6:0]       chunk;
  logic             row_fire, req_fire, w_valid, w_last, w_pixel_last, w_issue, in_range;
  logic [BankW-1:0] w_bank;
  logic [RowW-1:0]  w_row;
  logic [6:0]       kept_q, level;               // words of the buffer taken or promised
  logic             data_pop, in_ready;

  assign row_ready_o = !busy_q && !w_valid;
  assign row_fire    = row_valid_i && row_ready_o;
  assign chunk       = (left_q > 24'd64) ? 7'd64 : left_q[6:0];
  assign req_valid_o = busy_q;
  assign req_fire    = req_valid_o && req_ready_i;
  assign req_addr_o  = {addr_q, 4'd0};
  assign req_beats_o = chunk;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      busy_q <= 1'b0;
    end else if (row_fire) begin
      busy_q <= row_beats_i != '0;
    end else if (req_fire && left_q == 24'(chunk)) begin
      busy_q <= 1'b0;
    end
    if (row_fire) begin
      addr_q <= row_addr_i[63:4];
      left_q <= row_beats_i;
    end else if (req_fire) begin
      addr_q <= addr_q + 60'(chunk);
      left_q <= left_q - 24'(chunk);
    end
  end

  gantry_row_walk #(.NPX(NPX), .RowW(RowW)) u_walk (
    .clk_i, .rst_ni, .clear_i, .start_i(row_fire), .even_i(row_even_i), .odd_i(row_odd_i),
    .pixels_i, .words_i, .cb_i, .sx_i, .advance_i(w_issue),
    .valid_o(w_valid), .bank_o(w_bank), .row_o(w_row),
    .pixel_last_o(w_pixel_last), .last_o(w_last)
  );

  // kept_q only falls while a read is asked for, so the request holds until it is taken.
  assign in_range      = w_row < RowW'(ACT_ROWS);
  assign store_valid_o = w_valid && kept_q != 7'(Words);
  assign store_bank_o  = w_bank;
  assign store_row_o   = in_range ? w_row[15:0] : '0;
  assign w_issue       = store_valid_o && store_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      kept_q      <= '0;
      err_valid_o <= 1'b0;
    end else begin
      kept_q      <= kept_q + 7'(w_issue) - 7'(data_pop);
      err_valid_o <= w_issue && !in_range;
    end
    err_row_o <= w_row;
  end

  gantry_fifo #(.Width(128), .Depth(Words)) u_words (
    .clk_i, .rst_ni, .clear_i,
    .s_axis_tvalid(store_data_valid_i), .s_axis_tready(in_ready), .s_axis_tdata(store_data_i),
    .m_axis_tvalid(data_valid_o), .m_axis_tready(data_ready_i), .m_axis_tdata(data_o),
    .level_o(level)
  );
  assign data_pop = data_valid_o && data_ready_i;

  assign idle_o = !busy_q && !w_valid && kept_q == '0;

`ifdef FORMAL
  `include "f_store_row.vh"
`endif
endmodule
`default_nettype wire
