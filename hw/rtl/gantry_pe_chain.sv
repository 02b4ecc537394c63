// SPDX-License-Identifier: Apache-2.0
// gantry_pe_chain: dot product of eight inputs of a pixel pair with eight stationary weights.
//
//   w_data_i --load--->[shadow]--swap--->[current]--+
//   x_i: 8 x ((x1 << 18) + x0) ---------------------x--->( + )--->[p]---> p_o
//
// p[17:0] and p[47:18] + p[17] are the sums of x0 and of x1, exact for weights in [-127, 127].
// Latency 1 cycle, one result per cycle while en_i is high. A pair stands in 32 bits, of which 27
// count. swap_i and load_i may come together: the current weights take the old shadow.
// No reset: data only. This form is portable; eight slices in cascade are the same function later.
// Interface: enables, no handshake.
// Latency: 1 cycle.
// Throughput: one result a cycle.
`default_nettype none
module gantry_pe_chain (
  input  wire logic               clk_i,
  input  wire logic               load_i,
  input  wire logic [63:0]        w_data_i,
  input  wire logic               swap_i,
  input  wire logic               en_i,
  input  wire logic [255:0]       x_i,
  output logic signed [47:0]      p_o
);
  logic [63:0] shadow_q, w_q;
  always_ff @(posedge clk_i) begin
    if (load_i) shadow_q <= w_data_i;
    if (swap_i) w_q <= shadow_q;
    if (en_i)
      p_o <= 48'($signed(x_i[0+:27])) * 48'($signed(w_q[0+:8])) +
             48'($signed(x_i[32+:27])) * 48'($signed(w_q[8+:8])) +
             48'($signed(x_i[64+:27])) * 48'($signed(w_q[16+:8])) +
             48'($signed(x_i[96+:27])) * 48'($signed(w_q[24+:8])) +
             48'($signed(x_i[128+:27])) * 48'($signed(w_q[32+:8])) +
             48'($signed(x_i[160+:27])) * 48'($signed(w_q[40+:8])) +
             48'($signed(x_i[192+:27])) * 48'($signed(w_q[48+:8])) +
             48'($signed(x_i[224+:27])) * 48'($signed(w_q[56+:8]));
  end

  logic unused;
  assign unused = ^{x_i[31:27], x_i[63:59], x_i[95:91], x_i[127:123], x_i[159:155],
                    x_i[191:187], x_i[223:219], x_i[255:251]};
endmodule
`default_nettype wire
