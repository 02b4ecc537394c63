// SPDX-License-Identifier: Apache-2.0
// gantry_array: G groups x 16 outputs x two chains of eight inputs, and where a weight line goes.
//
//   line, half, block ---> shadow weights of outputs 8 * half .. + 7 of the groups of that block
//   x_i --->[G x 16 x 2 chains]---> parts_o: of group g, output o the 36 bits of inputs 0..7 and
//   window_x_i ---^                 those of inputs 8..15, at 72 * (16 g + o); see gantry_pe_chain
//
// With window_i each output of the first half of the groups has an operand of its own.
// No reset: data only.
// Interface: enables, no handshake.
// Latency: 1 cycle.
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
  output logic [1152*G-1:0]      parts_o
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
        logic         window;
        logic [511:0] window_x;
        if (WINDOW != 0 && g < G / 2) begin : gen_window
          assign window   = window_i;
          assign window_x = window_x_i[512*(16*g+o)+:512];
        end else begin : gen_plain
          assign window   = 1'b0;
          assign window_x = '0;
        end
        for (genvar c = 0; c < 2; c++) begin : gen_chain
          gantry_pe_chain u_chain (
            .clk_i, .load_i(mine && half_i == 1'(o / 8)), .w_data_i(line_i[128*(o%8)+64*c+:64]),
            .swap_i, .en_i, .x_i(x_i[512*g+256*c+:256]), .window_i(window),
            .window_x_i(window_x[256*c+:256]), .p_o(parts_o[72*(16*g+o)+36*c+:36]));
        end
      end
    end
    if (WINDOW == 0) begin : gen_unused
      logic unused;
      assign unused = ^{window_i, window_x_i};
    end
  endgenerate
endmodule
`default_nettype wire
