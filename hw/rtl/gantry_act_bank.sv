// SPDX-License-Identifier: Apache-2.0
// gantry_act_bank: one bank of the activation RAM: one read and one write port, like block RAM.
//
//   drain_data_i, load_data_i --->[1 of PORTS + 1]--->[ACT_ROWS x 128]--->[q]---> data_o
//   write_i, row --------------------------------------^     ^--- read_i, row
//
// A write takes the drain's word with drain_i, else the word of LOAD's port load_at_i. Reading the
// row that is written in the same cycle gives the old word.
// No reset: content survives.
// Interface: enable and row per port, no handshake.
// Latency: read 2 cycles, write 1.
// Throughput: one read and one write a cycle.
`default_nettype none
module gantry_act_bank #(
  parameter integer ACT_ROWS = 512,
  parameter integer PORTS    = 2,  // 1, 2 or 4
  localparam integer AddrW   = $clog2(ACT_ROWS)
) (
  input  wire logic                 clk_i,
  input  wire logic                 read_i,
  input  wire logic [AddrW-1:0]     read_row_i,
  output logic [127:0]              data_o,
  input  wire logic                 write_i,
  input  wire logic [AddrW-1:0]     write_row_i,
  input  wire logic                 drain_i,
  input  wire logic [127:0]         drain_data_i,
  input  wire logic [1:0]           load_at_i,
  input  wire logic [128*PORTS-1:0] load_data_i
);
  logic [127:0] words [ACT_ROWS];
  logic [127:0] read_q, load_data, data;
  logic [511:0] loads;
  assign loads     = {(4 / PORTS) {load_data_i}};
  assign load_data = load_at_i[1] ? (load_at_i[0] ? loads[511:384] : loads[383:256])
                                  : (load_at_i[0] ? loads[255:128] : loads[127:0]);
  assign data      = drain_i ? drain_data_i : load_data;
  always_ff @(posedge clk_i) begin
    if (read_i) read_q <= words[read_row_i];
    if (write_i) words[write_row_i] <= data;
    data_o <= read_q;
  end
endmodule
`default_nettype wire
