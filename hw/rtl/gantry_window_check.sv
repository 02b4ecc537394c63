// SPDX-License-Identifier: Apache-2.0
// gantry_window_check: legality of a WINDOW beyond what its bits show: sizes, TCB, passes.
//
//   start_i, operands --->[compare]--->[first of them]---> bad_o, bit_o (first bit of it)
//
// TILES is compared by gantry_front_win, the ring's size by the loader. The operands
// hold from start_i on. Reset drops a check.
// Interface: start pulse in, bad_o out.
// Latency: 2 cycles.
// Throughput: one instruction a cycle.
`default_nettype none
`include "gantry_spec.vh"
module gantry_window_check (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         start_i,
  input  wire logic [511:0] insn_i,
  output logic              bad_o,
  output logic [8:0]        bit_o
);
  localparam integer Rules = 22;
  logic             tcb, start_q;
  logic [9:0]       passes;
  logic [127:0]     words;
  logic [Rules-1:0] faults, faults_q;
  logic [9*Rules-1:0] bits;
  assign tcb    = insn_i[`GANTRY_WINDOW_TCB];
  assign passes = insn_i[`GANTRY_WINDOW_PASSES];
  assign words  = {insn_i[`GANTRY_WINDOW_PASS7], insn_i[`GANTRY_WINDOW_PASS6],
                   insn_i[`GANTRY_WINDOW_PASS5], insn_i[`GANTRY_WINDOW_PASS4],
                   insn_i[`GANTRY_WINDOW_PASS3], insn_i[`GANTRY_WINDOW_PASS2],
                   insn_i[`GANTRY_WINDOW_PASS1], insn_i[`GANTRY_WINDOW_PASS0]};

  // In the order in which they are reported.
  assign bits = {9'd496, 9'd432, 9'd416, 9'd304, 9'd288, 9'd272, 9'd256, 9'd176, 9'd160, 9'd232,
                 9'd15, 9'd14, 9'd248, 9'd208, 9'd192, 9'd128,
                 9'd352, 9'd208, 9'd192, 9'd144, 9'd128, 9'd96};
  assign faults[0]  = insn_i[`GANTRY_WINDOW_IN_PITCH] == '0;
  assign faults[1]  = insn_i[`GANTRY_WINDOW_IN_H] == '0;
  assign faults[2]  = insn_i[`GANTRY_WINDOW_IN_W] == '0;
  assign faults[3]  = insn_i[`GANTRY_WINDOW_OUT_H] == '0;
  assign faults[4]  = insn_i[`GANTRY_WINDOW_OUT_W] == '0;
  assign faults[5]  = insn_i[`GANTRY_WINDOW_OUT_PITCH] == '0;
  assign faults[6]  = tcb && insn_i[`GANTRY_WINDOW_IN_H] != 16'd1;
  assign faults[7]  = tcb && insn_i[`GANTRY_WINDOW_OUT_H] != 16'd1;
  assign faults[8]  = tcb && insn_i[`GANTRY_WINDOW_OUT_W] != 16'd1;
  assign faults[9]  = tcb && insn_i[`GANTRY_WINDOW_GROUPS] != '0;
  assign faults[10] = tcb && insn_i[`GANTRY_WINDOW_IN_SY];
  assign faults[11] = tcb && insn_i[`GANTRY_WINDOW_IN_SX];
  assign faults[12] = !tcb && passes > 10'd7;
  assign faults[21] = !tcb && insn_i[`GANTRY_WINDOW_WALK_CB] != '0;
  generate
    for (genvar p = 0; p < 8; p++) begin : gen_pass
      logic [15:0] word;
      assign word = words[16*p+:16];
      assign faults[13+p] = !tcb && 11'(passes) + 11'd1 > 11'(p)
                          ? word[15:14] == '0 || (word[0] && !insn_i[`GANTRY_WINDOW_IN_SY]) ||
                            (word[1] && !insn_i[`GANTRY_WINDOW_IN_SX])
                          : word != '0;
    end
  endgenerate

  always_ff @(posedge clk_i) begin
    start_q  <= start_i && rst_ni;
    faults_q <= faults;
    bad_o    <= start_q && faults_q != '0 && rst_ni;
    for (int r = Rules - 1; r >= 0; r--) if (faults_q[r]) bit_o <= bits[9*r+:9];
  end

  logic unused;
  assign unused = ^{insn_i[511:504], insn_i[495:448], insn_i[415:368], insn_i[351:320],
                    insn_i[247:242], insn_i[231:224], insn_i[127:112], insn_i[95:16],
                    insn_i[13:10], insn_i[8:0]};
endmodule
`default_nettype wire
