// SPDX-License-Identifier: Apache-2.0
// gantry_act_bank: one bank of the activation RAM: one read and one write port, like block RAM.
//
//   write_i, row, data --->[ACT_ROWS x 128]--->[q]---> data_o
//   read_i, row ----------------^
//
// A read takes 2 cycles. Reading the row that is written in the same cycle gives the old word.
// No reset: content survives.
// Interface: enable and row per port, no handshake.
// Latency: read 2 cycles, write 1.
// Throughput: one read and one write a cycle.
`default_nettype none
module gantry_act_bank #(
  parameter integer ACT_ROWS = 512,
  localparam integer AddrW   = $clog2(ACT_ROWS)
) (
  input  wire logic             clk_i,
  input  wire logic             read_i,
  input  wire logic [AddrW-1:0] read_row_i,
  output logic [127:0]          data_o,
  input  wire logic             write_i,
  input  wire logic [AddrW-1:0] write_row_i,
  input  wire logic [127:0]     data_i
);
  logic [127:0] words [ACT_ROWS];
  logic [127:0] read_q;
  always_ff @(posedge clk_i) begin
    if (read_i) read_q <= words[read_row_i];
    if (write_i) words[write_row_i] <= data_i;
    data_o <= read_q;
  end
endmodule
`default_nettype wire
