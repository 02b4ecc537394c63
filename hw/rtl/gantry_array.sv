// SPDX-License-Identifier: Apache-2.0
// gantry_array: G groups x 16 outputs of gantry_pe, and where a weight line goes.
//
//   line, half, block ---> shadow weights of outputs 8 * half .. + 7 of the groups of that block
//   x_i --->[G x 16 PE]---> sums_o: 32 bits per (pixel n, channel o) at 32 * (16 n + o)
//   window_x_i ---^ with window_i, first half of the groups: each output has an operand of its own
//
// No reset: data only.
// Interface: enables, no handshake.
// Latency: 2 cycles.
// Throughput: one step a cycle, one weight line a cycle.
`default_nettype none
module gantry_array #(
  parameter integer G      = 2,  // 1, 2 or 4
  parameter integer WINDOW = 0,
  localparam integer Half  = G > 1 ? G / 2 : 1
) (
  input  wire logic              clk_i,
  input  wire logic              load_i,
  input  wire logic [1023:0]     line_i,    // byte 16 * o + i of eight outputs
  input  wire logic              half_i,    // outputs 0..7 or 8..15
  input  wire logic [1:0]        block_i,   // which of the m blocks
  input  wire logic [1:0]        log2_m_i,  // of load_i
  input  wire logic              swap_i,
  input  wire logic              en_i,
  input  wire logic [512*G-1:0]  x_i,
  input  wire logic              window_i,
  input  wire logic [8192*Half-1:0] window_x_i,
  input  wire logic              sum_en_i,
  output logic [1024*G-1:0]      sums_o
);
  generate
    for (genvar g = 0; g < G; g++) begin : gen_group
      // Group g works for block g div (G / m).
      localparam logic [1:0] OfTwo  = 2'(2 * g / G);
      localparam logic [1:0] OfFour = 2'(4 * g / G);
      logic mine;
      assign mine = load_i &&
                    block_i == (log2_m_i[1] ? OfFour : log2_m_i[0] ? OfTwo : 2'd0);
      for (genvar o = 0; o < 16; o++) begin : gen_output
        logic [63:0]  sum;
        logic [511:0] x;
        if (WINDOW != 0 && g < G / 2) begin : gen_window
          assign x = window_i ? window_x_i[512*(16*g+o)+:512] : x_i[512*g+:512];
        end else begin : gen_plain
          assign x = x_i[512*g+:512];
        end
        gantry_pe u_pe (
          .clk_i, .load_i(mine && half_i == 1'(o / 8)), .w_data_i(line_i[128*(o%8)+:128]),
          .swap_i, .en_i, .x_i(x), .sum_en_i, .sum_o(sum));
        assign sums_o[32*(32*g+o)+:32]    = sum[31:0];
        assign sums_o[32*(32*g+16+o)+:32] = sum[63:32];
      end
    end
    if (WINDOW == 0) begin : gen_unused
      logic unused;
      assign unused = ^{window_i, window_x_i};
    end
  endgenerate
endmodule
`default_nettype wire
