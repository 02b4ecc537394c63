// SPDX-License-Identifier: Apache-2.0
// gantry_conv_check: legality of a CONV beyond what its bits show: ranges, modes, derived values.
//
//   start_i, operands --->[products]--->[compare]---> bad_o, bit_o (first bit of the bad operand)
//
// STEP_Y and STEP_X are P div and mod pitch; TILES = ceil(ROWS / T). The ring's size is checked by
// the loader. The operands hold from start_i on. Reset drops a check.
// Interface: start pulse in, bad_o out.
// Latency: 2 cycles.
// Throughput: one instruction a cycle.
`default_nettype none
`include "gantry_spec.vh"
module gantry_conv_check #(
  parameter integer G = 2
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         start_i,
  input  wire logic [511:0] insn_i,
  output logic              bad_o,
  output logic [8:0]        bit_o
);
  localparam integer NPX = 2 * G;
  logic        start_q, diag, tcb;
  logic [1:0]  log2_m;
  logic [3:0]  slots;  // P
  logic [19:0] product_q, rest;
  logic        step_y_ok;
  logic [21:0] rows_q;
  logic [15:0] pitch, step_x, rows;
  logic [4:0]  tile;
  logic [9:0]  faults;
  logic        is_conv;
  assign is_conv = insn_i[`GANTRY_COMMON_OPCODE] == `GANTRY_INSN_CONV;
  assign diag   = insn_i[`GANTRY_CONV_DIAG];
  assign tcb    = insn_i[`GANTRY_CONV_TCB];
  assign log2_m = insn_i[`GANTRY_CONV_LOG2_M];
  assign pitch  = insn_i[`GANTRY_CONV_IN_PITCH];
  assign step_x = insn_i[`GANTRY_CONV_STEP_X];
  assign rows   = insn_i[`GANTRY_CONV_ROWS];
  assign tile   = insn_i[`GANTRY_CONV_TILE];
  assign slots  = 4'(NPX) >> log2_m;

  always_ff @(posedge clk_i) begin
    start_q <= start_i && rst_ni;
    if (start_i) begin
      product_q <= {16'd0, insn_i[259:256]} * {4'd0, pitch};
      rows_q <= {6'd0, insn_i[`GANTRY_CONV_TILES]} * ({17'd0, tile} + 22'd1);  // all tiles but one
    end
  end

  assign faults[0] = log2_m == 2'd3 || (4'd1 << log2_m) > 4'(G);
  assign faults[1] = pitch == '0;
  assign faults[2] = insn_i[`GANTRY_CONV_IN_H] == '0 || insn_i[`GANTRY_CONV_IN_W] == '0;
  assign faults[3] = insn_i[`GANTRY_CONV_OUT_H] == '0 || insn_i[`GANTRY_CONV_OUT_W] == '0 ||
                     (tcb && insn_i[`GANTRY_CONV_OUT_H] != 16'd1) ||
                     (tcb && insn_i[`GANTRY_CONV_OUT_W] != 16'd1);
  assign faults[4] = insn_i[`GANTRY_CONV_OUT_PITCH] == '0;
  assign faults[5] = diag && tcb;
  assign faults[6] = (diag || tcb) && log2_m != 2'd0;
  assign faults[7] = ((diag || tcb) && insn_i[`GANTRY_CONV_WALK_CB] != '0) ||
                     (tcb && insn_i[`GANTRY_CONV_GROUPS] != '0);
  assign rest      = {16'd0, slots} - product_q;
  assign step_y_ok = insn_i[271:260] == '0 && product_q <= {16'd0, slots} && rest < {4'd0, pitch};
  assign faults[8] = !tcb && (!step_y_ok || rest != {4'd0, step_x});
  assign faults[9] = rows == '0 || {6'd0, rows} <= rows_q ||
                     {6'd0, rows} > rows_q + {17'd0, tile} + 22'd1;
  always_ff @(posedge clk_i) begin
    bad_o <= start_q && is_conv && faults != '0 && rst_ni;
    bit_o <= faults[0] || faults[6] ? 9'd12 : faults[1] ? 9'd96 : faults[2] ? 9'd128
           : faults[3] ? 9'd192 : faults[4] ? 9'd352 : faults[5] ? 9'd9 : faults[7] ? 9'd496
           : faults[8] ? (step_y_ok ? 9'd272 : 9'd256) : 9'd480;
  end

  logic unused;
  assign unused = ^{insn_i[511:504], insn_i[479:368], insn_i[351:304], insn_i[247:229],
                    insn_i[191:160], insn_i[127:112], insn_i[95:14], insn_i[11:10], insn_i[8],
                    insn_i[6]};
endmodule
`default_nettype wire
