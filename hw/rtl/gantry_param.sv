// SPDX-License-Identifier: Apache-2.0
// gantry_param: three parameter sets: bias and scale of up to four blocks, and rule X.
//
//   line, set, block ---> [3 x 4 lines]---READS x (set, block)---> bias, scale of 16 channels
//   RES line, set ------> [3 x rule X]----set------------------> K1, K2, C, p, lo, hi
//
// Reads take 1 cycle with read_en_i. No reset: data only; who owns a set is counted by the loader.
// Interface: write and read enables, no handshake.
// Latency: 1 cycle.
// Throughput: one line written, READS blocks read a cycle.
`default_nettype none
`include "gantry_spec.vh"
module gantry_param #(
  parameter integer READS = 1  // blocks that a drain step needs
) (
  input  wire logic                  clk_i,
  input  wire logic                  param_i,
  input  wire logic                  res_i,
  input  wire logic [1:0]            set_i,
  input  wire logic [1:0]            block_i,
  input  wire logic [1023:0]         line_i,
  input  wire logic                  read_en_i,
  input  wire logic [1:0]            read_set_i,
  input  wire logic [2*READS-1:0]    read_block_i,
  output logic [512*READS-1:0]       bias_o,
  output logic [512*READS-1:0]       scale_o,    // 26 bits MULT, 4 bits SHIFT in each 32
  output logic [26:0]                k1_o,
  output logic [26:0]                k2_o,
  output logic [47:0]                c_o,
  output logic [1:0]                 psel_o,
  output logic [7:0]                 lo_o,
  output logic [7:0]                 hi_o
);
  logic [511:0] biases [16];
  logic [511:0] scales [16];
  logic [119:0] rules [4];
  always_ff @(posedge clk_i) begin
    if (param_i) begin
      biases[{set_i, block_i}] <= line_i[32*`GANTRY_PARAM_WORD_BIAS+:512];
      scales[{set_i, block_i}] <= line_i[32*`GANTRY_PARAM_WORD_SCALE+:512];
    end
    if (res_i)
      rules[set_i] <= {line_i[32*`GANTRY_RES_WORD_HI+:8], line_i[32*`GANTRY_RES_WORD_LO+:8],
                       line_i[32*`GANTRY_RES_WORD_PSEL+:2], line_i[32*`GANTRY_RES_WORD_C+:48],
                       line_i[32*`GANTRY_RES_WORD_K2+:27], line_i[32*`GANTRY_RES_WORD_K1+:27]};
    if (read_en_i) {hi_o, lo_o, psel_o, c_o, k2_o, k1_o} <= rules[read_set_i];
  end
  generate
    for (genvar r = 0; r < READS; r++) begin : gen_read
      logic [3:0] at;
      assign at = {read_set_i, read_block_i[2*r+:2]};
      always_ff @(posedge clk_i) if (read_en_i) begin
        bias_o[512*r+:512]  <= biases[at];
        scale_o[512*r+:512] <= scales[at];
      end
    end
  endgenerate
endmodule
`default_nettype wire
