// SPDX-License-Identifier: Apache-2.0
// gantry_prim_dsp: portable twin of one DSP slice: P = A * B + Z with Z = 0, C, PCIN or PCIN >> 17.
//
//   a_i --->[A x ARegs]--+
//                        x--->[M]---+
//   b_i --->[B x BRegs]--+          + --->[P]---> p_o
//   c_i, pcin_i ------------->[Z]---+
//
// Latency from a_i: ARegs + 2 cycles, from b_i: BRegs + 2, from c_i and pcin_i: 1. A third A or B
// register is the cascade register of the neighbour. en_i is the clock enable of all registers.
// No reset: data only. A vendor's slice with the same ports may take its place.
// Interface: enable, no handshake.
// Latency: aRegs + 2 cycles from a_i, BRegs + 2 from b_i, 1 from c_i and pcin_i.
// Throughput: one result a cycle.
`default_nettype none
module gantry_prim_dsp #(
  parameter integer ARegs = 1,  // 1..3
  parameter integer BRegs = 1,  // 1..3
  parameter integer ZSel  = 0   // 0: zero, 1: C, 2: PCIN, 3: PCIN >>> 17
) (
  input  wire logic               clk_i,
  input  wire logic               en_i,
  input  wire logic signed [26:0] a_i,
  input  wire logic signed [17:0] b_i,
  input  wire logic signed [47:0] c_i,
  input  wire logic signed [47:0] pcin_i,
  output logic signed [47:0]      p_o
);
  logic [27*ARegs-1:0] a_q;  // the last stage stands highest
  logic [18*BRegs-1:0] b_q;
  logic signed [44:0]  m_q;
  logic signed [47:0]  z;

  generate
    if (ZSel == 1) begin : gen_c
      assign z = c_i;
    end else if (ZSel == 2) begin : gen_pcin
      assign z = pcin_i;
    end else if (ZSel == 3) begin : gen_shift
      assign z = pcin_i >>> 17;
    end else begin : gen_zero
      assign z = '0;
    end
    if (ARegs == 1) begin : gen_a1
      always_ff @(posedge clk_i) if (en_i) a_q <= a_i;
    end else begin : gen_a
      always_ff @(posedge clk_i) if (en_i) a_q <= {a_q[27*(ARegs-1)-1:0], a_i};
    end
    if (BRegs == 1) begin : gen_b1
      always_ff @(posedge clk_i) if (en_i) b_q <= b_i;
    end else begin : gen_b
      always_ff @(posedge clk_i) if (en_i) b_q <= {b_q[18*(BRegs-1)-1:0], b_i};
    end
    if (ZSel != 1) begin : gen_unused_c
      logic unused;
      assign unused = ^c_i;
    end
    if (ZSel < 2) begin : gen_unused_pcin
      logic unused;
      assign unused = ^pcin_i;
    end
  endgenerate

  always_ff @(posedge clk_i) if (en_i) begin
    m_q <= $signed(a_q[27*ARegs-1-:27]) * $signed(b_q[18*BRegs-1-:18]);
    p_o <= 48'(m_q) + z;
  end
endmodule
`default_nettype wire
