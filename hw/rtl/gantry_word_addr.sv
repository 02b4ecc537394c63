// SPDX-License-Identifier: Apache-2.0
// gantry_word_addr: bank and row of a word: q mod NPX and base + (q div NPX) * CB + block.
//
//   q, base, CB, block --->[product, sum]--->[add, compare]---> bank, row, bad
//
// No reset: data only.
// Interface: enable, no handshake.
// Latency: 2 cycles with en_i.
// Throughput: one word a cycle.
`default_nettype none
module gantry_word_addr #(
  parameter integer NPX      = 4,
  parameter integer ACT_ROWS = 512,
  localparam integer BankW   = $clog2(NPX)
) (
  input  wire logic             clk_i,
  input  wire logic             en_i,
  input  wire logic [21:0]      q_i,
  input  wire logic [7:0]       cb_i,     // channel blocks of the tensor, less 1
  input  wire logic [15:0]      base_i,
  input  wire logic [16:0]      block_i,
  output logic [BankW-1:0]      bank_o,
  output logic [31:0]           row_o,
  output logic                  bad_o     // beyond ACT_ROWS
);
  logic [8:0]       cb;
  logic [31:0]      product_q, row;
  logic [17:0]      base_q;
  logic [BankW-1:0] bank_q;
  assign cb  = {1'b0, cb_i} + 9'd1;
  assign row = product_q + {14'd0, base_q};
  always_ff @(posedge clk_i) if (en_i) begin
    product_q <= {{(10 + BankW) {1'b0}}, q_i[21:BankW]} * {23'd0, cb};
    base_q    <= {2'b0, base_i} + {1'b0, block_i};
    bank_q    <= q_i[BankW-1:0];
    bank_o    <= bank_q;
    row_o     <= row;
    bad_o     <= row >= ACT_ROWS;
  end

`ifdef FORMAL
  `include "f_word_addr.vh"
`endif
endmodule
`default_nettype wire
