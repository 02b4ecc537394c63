// SPDX-License-Identifier: Apache-2.0
// gantry_pe: one output channel of one pixel group: 16 inputs x a pixel pair.
//
//   x[0..7]  --->[chain]---+
//                          +--->[split, add]---> sum_o = {sum of pixel 1, sum of pixel 0}
//   x[8..15] --->[chain]---+
//
// No reset: data only.
// Interface: enables, no handshake.
// Latency: 2 cycles: en_i with x_i, then sum_en_i.
// Throughput: one pair of sums a cycle.
`default_nettype none
module gantry_pe (
  input  wire logic         clk_i,
  input  wire logic         load_i,
  input  wire logic [127:0] w_data_i,  // weights of 16 inputs
  input  wire logic         swap_i,
  input  wire logic         en_i,
  input  wire logic [511:0] x_i,       // 16 pairs, see gantry_pe_chain
  input  wire logic         sum_en_i,
  output logic [63:0]       sum_o
);
  logic signed [47:0] p0, p1;
  gantry_pe_chain u_low (
    .clk_i, .load_i, .w_data_i(w_data_i[63:0]), .swap_i, .en_i, .x_i(x_i[255:0]), .p_o(p0));
  gantry_pe_chain u_high (
    .clk_i, .load_i, .w_data_i(w_data_i[127:64]), .swap_i, .en_i, .x_i(x_i[511:256]), .p_o(p1));

  logic [29:0] high;
  logic [17:0] p0_low, p1_low;
  assign p0_low = p0[17:0];
  assign p1_low = p1[17:0];
  assign high   = p0[47:18] + 30'(p0[17]) + p1[47:18] + 30'(p1[17]);
  always_ff @(posedge clk_i) if (sum_en_i) begin
    sum_o[31:0]  <= 32'($signed(p0_low)) + 32'($signed(p1_low));
    sum_o[63:32] <= 32'($signed(high));
  end
endmodule
`default_nettype wire
