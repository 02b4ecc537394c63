// SPDX-License-Identifier: Apache-2.0
// gantry_pe_chain: dot product of eight inputs of a pixel pair with eight stationary weights.
//
//   w_data_i --load--->[shadow]--swap--->[current]--+
//   x_i, window_x_i: 8 x ((x1 << 18) + x0) ---------x--->( + )--->[p]---> p_o
//
// p[17:0] and p[35:18] + p[17] are the sums of x0 and of x1, exact for weights in [-127, 127].
// A pair stands in 32 bits, of which 27 count. window_i chooses the operand: in a slice the
// pre-adder D + A does it, with one of both at zero (INMODE). swap_i and load_i may come together:
// the current weights take the old shadow.
// No reset: data only. This form is portable; eight slices in cascade are the same function later.
// Interface: enables, no handshake.
// Latency: 1 cycle.
// Throughput: one result a cycle while en_i is high.
`default_nettype none
module gantry_pe_chain (
  input  wire logic               clk_i,
  input  wire logic               load_i,
  input  wire logic [63:0]        w_data_i,
  input  wire logic               swap_i,
  input  wire logic               en_i,
  input  wire logic [255:0]       x_i,
  input  wire logic               window_i,
  input  wire logic [255:0]       window_x_i,
  output logic [35:0]             p_o
);
  logic [63:0]        shadow_q, w_q;
  logic [255:0]       x;
  logic signed [47:0] p;
  assign x = window_i ? window_x_i : x_i;
  assign p = 48'($signed(x[0+:27])) * 48'($signed(w_q[0+:8])) +
             48'($signed(x[32+:27])) * 48'($signed(w_q[8+:8])) +
             48'($signed(x[64+:27])) * 48'($signed(w_q[16+:8])) +
             48'($signed(x[96+:27])) * 48'($signed(w_q[24+:8])) +
             48'($signed(x[128+:27])) * 48'($signed(w_q[32+:8])) +
             48'($signed(x[160+:27])) * 48'($signed(w_q[40+:8])) +
             48'($signed(x[192+:27])) * 48'($signed(w_q[48+:8])) +
             48'($signed(x[224+:27])) * 48'($signed(w_q[56+:8]));
  always_ff @(posedge clk_i) begin
    if (load_i) shadow_q <= w_data_i;
    if (swap_i) w_q <= shadow_q;
    if (en_i) p_o <= p[35:0];
  end

  logic unused;
  assign unused = ^{p[47:36], x[31:27], x[63:59], x[95:91], x[127:123], x[159:155], x[191:187],
                    x[223:219], x[255:251]};
endmodule
`default_nettype wire
