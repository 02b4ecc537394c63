// SPDX-License-Identifier: Apache-2.0
// gantry_requant: one lane of rule F: y = clamp(RNE_int(RNE24(RNE24(acc) * scale)) + zp, lo, hi).
//
//   acc --->[1 round to 24 bits]--->[2..5 DSP x 2: exact product]--->[6, 7 window]--->+
//   out <---[10 clamp]<---[9 increment]<---[8 zone, + zp]<----------------------------+
//
// scale = mult * 2^-(18 + 3 * shift). One rounding of the exact product is right except where RNE24
// moves the product onto h + 1/2; in that zone the even neighbour is the result.
// Latency 10 cycles, one result per cycle while en_i is high. mult_i and shift_i come with acc_i,
// zp_i 7 cycles later, lo_i and hi_i 9 cycles later (cycles with en_i). No reset: data only.
// Interface: enable, no handshake.
// Latency: 10 cycles with en_i.
// Throughput: one result a cycle.
`default_nettype none
module gantry_requant (
  input  wire logic               clk_i,
  input  wire logic               en_i,
  input  wire logic signed [31:0] acc_i,
  input  wire logic [25:0]        mult_i,
  input  wire logic [3:0]         shift_i,
  input  wire logic signed [7:0]  zp_i,
  input  wire logic signed [7:0]  lo_i,
  input  wire logic signed [7:0]  hi_i,
  output logic signed [7:0]       out_o
);
  // Stage 1: which low bits go, and the addend that rounds them to nearest even.
  logic [6:0] top, drop, half;  // drop: ones at the bits that go
  logic       odd;              // least bit that stays
  assign top = acc_i[30:24] ^ {7{acc_i[31]}};
  assign drop = {top[6], |top[6:5], |top[6:4], |top[6:3], |top[6:2], |top[6:1], |top};
  assign odd  = |(acc_i[7:1] & (drop ^ (drop >> 1)));
  assign half = odd ? (drop ^ (drop >> 1)) : (drop >> 1);
  logic signed [31:0] acc_q;
  logic [6:0]         drop_q, half_q;
  logic [3:0]         shift_q, shift_q2, shift_q3, shift_q4, shift_q5;
  always_ff @(posedge clk_i) if (en_i) begin
    acc_q    <= acc_i;
    drop_q   <= drop;
    half_q   <= half;
    shift_q  <= shift_i;
    shift_q2 <= shift_q;
    shift_q3 <= shift_q2;
    shift_q4 <= shift_q3;
    shift_q5 <= shift_q4;
  end
  logic signed [32:0] sum, a;
  assign sum = 33'(acc_q) + $signed({26'd0, half_q});
  assign a   = {sum[32:7], sum[6:0] & ~drop_q};

  // Stages 2 to 5: product of 58 bits from two slices.
  logic signed [47:0] p_lo, p_hi;
  logic [16:0]        p_lo_q;
  gantry_prim_dsp #(.ARegs(2), .BRegs(1), .ZSel(0)) u_lo (
    .clk_i, .en_i, .a_i({1'b0, mult_i}), .b_i({1'b0, a[16:0]}), .c_i(48'd0), .pcin_i(48'd0),
    .p_o(p_lo));
  gantry_prim_dsp #(.ARegs(3), .BRegs(2), .ZSel(3)) u_hi (
    .clk_i, .en_i, .a_i({1'b0, mult_i}), .b_i(18'($signed(a[32:17]))), .c_i(48'd0), .pcin_i(p_lo),
    .p_o(p_hi));
  always_ff @(posedge clk_i) if (en_i) p_lo_q <= p_lo[16:0];

  // Stage 6: coarse window, steps of 12 bits. The product gets seven zeros below.
  logic [64:0] x;
  logic        neg;
  assign x   = {p_hi[40:0], p_lo_q, 7'd0};
  assign neg = p_hi[47];
  logic [42:0] w_q;
  logic        w_neg_q, w_over_q, w_sticky_q;
  logic [1:0]  fine_q;
  always_ff @(posedge clk_i) if (en_i) begin
    w_neg_q <= neg;
    fine_q  <= shift_q5[1:0];
    w_q     <= shift_q5[3] ? (shift_q5[2] ? {{14{neg}}, x[64:36]} : {{2{neg}}, x[64:24]})
                           : (shift_q5[2] ? x[54:12] : x[42:0]);
    w_over_q <= (shift_q5[3:2] == 2'd0 && x[54:43] != {12{neg}}) ||
                (!shift_q5[3] && x[64:55] != {10{neg}});
    w_sticky_q <= (shift_q5[3:2] != 2'd0 && |x[11:7]) || (shift_q5[3] && |x[23:12]) ||
                  (shift_q5[3:2] == 2'd3 && |x[35:24]);
  end

  // Stage 7: fine window, steps of 3 bits: 9 bits integer, 25 bits fraction, sticky below. Of the
  // fraction's bits 2 to 16 all that counts is whether each is the opposite of bit 1: that is seen
  // before the shift, in runs of 4 bits. Run g: bits 9 + 3g and the three above it.
  logic [6:0]  same;           // all four are equal
  logic [7:4]  turn;           // three are equal, the highest is not
  logic [18:0] win;
  logic        near;
  always_comb begin
    for (int g = 0; g < 7; g++) same[g] = w_q[3*g+9+:4] == {4{w_q[3*g+9]}};
    for (int g = 4; g < 8; g++) turn[g] = w_q[3*g+9+:4] == {~w_q[3*g+9], {3{w_q[3*g+9]}}};
    win = fine_q[1] ? (fine_q[0] ? {w_q[42:33], w_q[17:9]} : {w_q[39:30], w_q[14:6]})
                    : (fine_q[0] ? {w_q[36:27], w_q[11:3]} : {w_q[33:24], w_q[8:0]});
    near = fine_q[1] ? (fine_q[0] ? &same[6:3] && turn[7] : &same[5:2] && turn[6])
                     : (fine_q[0] ? &same[4:1] && turn[5] : &same[3:0] && turn[4]);
  end
  logic [18:0] win_q;          // integer, bit 1, bits 17 to 25 of the fraction
  logic        neg_q, over_q, sticky_q, near_q;
  always_ff @(posedge clk_i) if (en_i) begin
    neg_q  <= w_neg_q;
    win_q  <= win;
    near_q <= near;
    over_q <= w_over_q || w_q[42] != w_neg_q ||
              (fine_q != 2'd3 && w_q[41:39] != {3{w_neg_q}}) ||
              (!fine_q[1] && w_q[38:36] != {3{w_neg_q}}) ||
              (fine_q == 2'd0 && w_q[35:33] != {3{w_neg_q}});
    sticky_q <= w_sticky_q || (fine_q != 2'd0 && |w_q[2:0]) || (fine_q[1] && |w_q[5:3]) ||
                (fine_q == 2'd3 && |w_q[8:6]);
  end

  // Stage 8: zone = |fraction - 1/2| <= 2^(k - 24), k = floor(log2 |h + 1/2|).
  logic signed [8:0] h;
  logic              f1;
  logic [7:0]        mag, fill;
  logic [8:0]        reach, gap;
  logic [10:0]       compare;  // borrow of gap - reach - (upper side and nothing below)
  assign h    = win_q[18:10];
  assign f1   = win_q[9];
  assign mag  = h[7:0] ^ {8{h[8]}};
  assign gap  = win_q[8:0] ^ {9{~f1}};
  assign fill = {mag[7], |mag[7:6], |mag[7:5], |mag[7:4], |mag[7:3], |mag[7:2], |mag[7:1], |mag};
  assign reach = {fill, 1'b1} & ~{1'b0, fill};  // fill + 1
  assign compare = {1'b0, gap, 1'b1} + {1'b1, ~reach, !f1 || sticky_q};
  logic              near_q2, below_q, f1_q, odd_q, neg_q2, over_q2;
  logic signed [9:0] hz_q;
  always_ff @(posedge clk_i) if (en_i) begin
    near_q2 <= near_q;
    below_q <= compare[10];
    f1_q    <= f1;
    odd_q   <= h[0];
    neg_q2  <= neg_q;
    over_q2 <= over_q;
    hz_q    <= 10'(h) + 10'(zp_i);
  end

  // Stage 9: increment. Stage 10: clamp.
  logic signed [9:0] y_q;
  logic              neg_q3, over_q3, low, high;
  assign low  = over_q3 ? neg_q3 : y_q < 10'(lo_i);
  assign high = over_q3 ? !neg_q3 : y_q > 10'(hi_i);
  always_ff @(posedge clk_i) if (en_i) begin
    y_q     <= hz_q + $signed({9'd0, (near_q2 && below_q) ? odd_q : f1_q});
    neg_q3  <= neg_q2;
    over_q3 <= over_q2;
    out_o   <= low ? lo_i : (high ? hi_i : y_q[7:0]);
  end

  logic unused;
  assign unused = ^{p_lo[47:17], p_hi[46:41], compare[9:0]};
endmodule
`default_nettype wire
