// SPDX-License-Identifier: Apache-2.0
// gantry_drain: data of a drain step: accumulators to bytes, 16 G lanes F and 8 G lanes X.
//
//   acc row --->[words of the position]--->[2: + bias, or P's term]--->[F: 3..12]---+
//   parameters ------^                                  residual --->[X: 13..18]--->+---> data_o
//                                                       no residual -->[delay]----->+
//
// acc_i and the parameters are those of stage 1; data_o is stage 18. All stages move with move_i.
// Zero point and limits travel beside the lanes. No reset: data only.
// Interface: enable of all stages, no handshake.
// Latency: 18 cycles with move_i.
// Throughput: one drain step a cycle.
`default_nettype none
`include "gantry_spec.vh"
module gantry_drain #(
  parameter integer G = 2,
  localparam integer NPX   = 2 * G,
  localparam integer Unit  = G > 1 ? G / 2 : 1,
  localparam integer Reads = G > 1 ? G / 2 : 1
) (
  input  wire logic                  clk_i,
  input  wire logic                  move_i,
  // stage 0
  input  wire logic [1:0]            position_i,
  input  wire logic                  row_last_i,
  input  wire logic                  res_i,
  input  wire logic                  pool_i,
  input  wire logic [7:0]            zp_i,
  input  wire logic [7:0]            lo_i,
  input  wire logic [7:0]            hi_i,
  // stage 1
  input  wire logic [512*NPX-1:0]    acc_i,
  input  wire logic [512*Reads-1:0]  bias_i,
  input  wire logic [512*Reads-1:0]  scale_i,
  input  wire logic [26:0]           k1_i,
  input  wire logic [26:0]           k2_i,
  input  wire logic [47:0]           c_i,
  input  wire logic [1:0]            psel_i,
  input  wire logic [7:0]            x_lo_i,
  input  wire logic [7:0]            x_hi_i,
  // stage 12
  input  wire logic                  residual_stage_i, // it holds a step
  output logic [1:0]                 residual_position_o,
  output logic                       residual_free_o,  // last use of a row; a pulse
  input  wire logic [128*Unit-1:0]   residual_i,
  // stage 18
  output logic [128*G-1:0]           data_o
);
  // ---- stage 1: words of the position; stage 2: term and scale
  logic [1:0]       position_q;
  logic             pool_q;
  logic [512*G-1:0] words;
  logic [32*16*G-1:0] term_q;
  logic [512*Reads-1:0] scale_q;
  always_ff @(posedge clk_i) if (move_i) begin
    position_q <= position_i;
    pool_q     <= pool_i;
    scale_q    <= scale_i;
  end
  generate
    for (genvar w = 0; w < G; w++) begin : gen_word
      if (G == 1) begin : gen_one
        logic unused;
        assign words  = position_q[0] ? acc_i[1023:512] : acc_i[511:0];
        assign unused = position_q[1];
      end else if (w < Unit) begin : gen_four
        logic [511:0] low, high;
        assign low  = position_q[0] ? acc_i[512*(Unit+w)+:512] : acc_i[512*w+:512];
        assign high = position_q[0] ? acc_i[512*(3*Unit+w)+:512] : acc_i[512*(2*Unit+w)+:512];
        assign words[512*w+:512] = position_q[1] ? high : low;
      end else begin : gen_two
        assign words[512*w+:512] = position_q[1] ? acc_i[512*(2*Unit+w)+:512]
                                                 : acc_i[512*w+:512];
      end
      for (genvar c = 0; c < 16; c++) begin : gen_term
        logic [31:0] acc, bias;
        assign acc  = words[512*w+32*c+:32];
        assign bias = bias_i[512*(w/2)+32*c+:32];
        // One adder: 4 * acc + 1 with the sign of acc, or acc + bias.
        always_ff @(posedge clk_i) if (move_i)
          term_q[512*w+32*c+:32] <= (pool_q ? {acc[29:0], 2'b00} : acc) +
                                    (pool_q ? {{31{acc[31]}}, 1'b1} : bias);
      end
    end
  endgenerate

  // ---- what travels beside the lanes
  logic [7:0]  zp, lo, hi, x_lo, x_hi;
  logic [26:0] k1, k2;
  logic [47:0] c;
  logic [1:0]  psel;
  logic        res, free;
  gantry_delay #(.W(8), .N(9)) u_zp (.clk_i, .en_i(move_i), .d_i(zp_i), .d_o(zp));
  gantry_delay #(.W(16), .N(11)) u_clamp (
    .clk_i, .en_i(move_i), .d_i({lo_i, hi_i}), .d_o({lo, hi}));
  gantry_delay #(.W(3), .N(12)) u_position (
    .clk_i, .en_i(move_i), .d_i({position_i, row_last_i && res_i}),
    .d_o({residual_position_o, free}));
  gantry_delay #(.W(1), .N(18)) u_res (.clk_i, .en_i(move_i), .d_i(res_i), .d_o(res));
  gantry_delay #(.W(54), .N(11)) u_k (.clk_i, .en_i(move_i), .d_i({k1_i, k2_i}), .d_o({k1, k2}));
  gantry_delay #(.W(48), .N(13)) u_c (.clk_i, .en_i(move_i), .d_i(c_i), .d_o(c));
  gantry_delay #(.W(2), .N(15)) u_psel (.clk_i, .en_i(move_i), .d_i(psel_i), .d_o(psel));
  gantry_delay #(.W(16), .N(16)) u_x_clamp (
    .clk_i, .en_i(move_i), .d_i({x_lo_i, x_hi_i}), .d_o({x_lo, x_hi}));
  assign residual_free_o = residual_stage_i && free && move_i;

  // ---- lanes
  logic [128*G-1:0]    f, f_late;
  logic [128*Unit-1:0] x;
  generate
    for (genvar l = 0; l < 16 * G; l++) begin : gen_lane
      gantry_requant u_f (
        .clk_i, .en_i(move_i), .acc_i(term_q[32*l+:32]),
        .mult_i(scale_q[512*(l/32)+32*(l%16)+:26]), .shift_i(scale_q[512*(l/32)+32*(l%16)+26+:4]),
        .zp_i(zp), .lo_i(lo), .hi_i(hi), .out_o(f[8*l+:8]));
    end
    for (genvar l = 0; l < 16 * Unit; l++) begin : gen_add
      gantry_resadd u_x (
        .clk_i, .en_i(move_i), .x1_i(f[8*l+:8]), .x2_i(residual_i[8*l+:8]), .k1_i(k1), .k2_i(k2),
        .c_i(c), .psel_i(psel), .lo_i(x_lo), .hi_i(x_hi), .out_o(x[8*l+:8]));
      end
  endgenerate
  gantry_delay #(.W(128 * G), .N(6)) u_late (.clk_i, .en_i(move_i), .d_i(f), .d_o(f_late));
  assign data_o[128*Unit-1:0] = res ? x : f_late[128*Unit-1:0];
  generate
    if (G > 1) begin : gen_plain
      assign data_o[128*G-1:128*Unit] = f_late[128*G-1:128*Unit];
    end
    for (genvar i = 0; i < 16 * Reads; i++) begin : gen_unused
      logic unused;
      assign unused = ^scale_q[32*i+30+:2];
    end
  endgenerate
endmodule
`default_nettype wire
