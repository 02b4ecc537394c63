// SPDX-License-Identifier: Apache-2.0
// gantry_resadd: one lane of rule X, the residual add: clamp((K1 * x1 + K2 * x2 + C) >> p, lo, hi).
//
//   x1, x2 -->[1 inputs]-->[2, 3: K1 * x1 + C]-->[4: + K2 * x2]-->[5 shift]-->[6 clamp]--> out
//
// p = 17 + 5 * psel. Zero points, rounding and the output's zero point are in C.
// Latency 6 cycles, one result per cycle while en_i is high. k1_i and k2_i come with x1_i and x2_i,
// c_i 2 cycles later, psel_i 4, lo_i and hi_i 5 cycles later. No reset: data only.
// Interface: enable, no handshake.
// Latency: 6 cycles with en_i.
// Throughput: one result a cycle.
`default_nettype none
module gantry_resadd (
  input  wire logic               clk_i,
  input  wire logic               en_i,
  input  wire logic signed [7:0]  x1_i,
  input  wire logic signed [7:0]  x2_i,
  input  wire logic signed [26:0] k1_i,
  input  wire logic signed [26:0] k2_i,
  input  wire logic signed [47:0] c_i,
  input  wire logic [1:0]         psel_i,
  input  wire logic signed [7:0]  lo_i,
  input  wire logic signed [7:0]  hi_i,
  output logic signed [7:0]       out_o
);
  logic signed [47:0] p1, p2;
  gantry_prim_dsp #(.ARegs(1), .BRegs(1), .ZSel(1)) u_1 (
    .clk_i, .en_i, .a_i(k1_i), .b_i(18'(x1_i)), .c_i, .pcin_i(48'd0), .p_o(p1));
  gantry_prim_dsp #(.ARegs(2), .BRegs(2), .ZSel(2)) u_2 (
    .clk_i, .en_i, .a_i(k2_i), .b_i(18'(x2_i)), .c_i(48'd0), .pcin_i(p1), .p_o(p2));

  // Stage 5: ten bits from p on; over: the bits above them are not all the sign.
  logic signed [9:0] w_q;
  logic              neg_q, over_q, neg;
  logic [3:0]        over;  // per psel, in the bits that only this and smaller p drop
  assign neg     = p2[47];
  assign over[3] = p2[46:41] != {6{neg}};
  assign over[2] = p2[40:36] != {5{neg}};
  assign over[1] = p2[35:31] != {5{neg}};
  assign over[0] = p2[30:26] != {5{neg}};
  always_ff @(posedge clk_i) if (en_i) begin
    neg_q  <= neg;
    w_q    <= psel_i[1] ? (psel_i[0] ? p2[41:32] : p2[36:27])
                        : (psel_i[0] ? p2[31:22] : p2[26:17]);
    over_q <= over[3] || (psel_i != 2'd3 && over[2]) || (!psel_i[1] && over[1]) ||
              (psel_i == 2'd0 && over[0]);
  end

  logic low, high;
  assign low  = over_q ? neg_q : w_q < 10'(lo_i);
  assign high = over_q ? !neg_q : w_q > 10'(hi_i);
  always_ff @(posedge clk_i) if (en_i) out_o <= low ? lo_i : (high ? hi_i : w_q[7:0]);

  logic unused;
  assign unused = ^p2[16:0];
endmodule
`default_nettype wire
