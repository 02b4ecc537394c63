// SPDX-License-Identifier: Apache-2.0
// gantry_window: window of 3 rows x NPX words as the operand of depthwise outputs.
//
//   slots --->[pairs of neighbours]--->[row 2]--->[row 1]--->[row 0]
//                                         |          |          |
//   output c of group g takes slot 5 r + k = (pixel 2 g + k, its neighbour) of row r, channel c
//
// A new row per cycle with en_i; with first_i the rows above it become the pad byte. Latency 1
// cycle. No reset: data only.
// Interface: enable, no handshake.
// Latency: 1 cycle.
// Throughput: one row a cycle.
`default_nettype none
module gantry_window #(
  parameter integer G = 4,  // 2 or 4; half of the groups take this operand
  localparam integer NPX = 2 * G
) (
  input  wire logic                 clk_i,
  input  wire logic                 en_i,
  input  wire logic                 first_i,
  input  wire logic [7:0]           pad_i,
  input  wire logic [128*NPX-1:0]   slots_i,  // masked words
  output logic [8192*(G/2)-1:0]     x_o       // per group, channel and slot a pair of 32 bits
);
  localparam integer Columns = G < 4 ? 3 : 5;
  localparam integer Pairs   = NPX - 1;
  localparam integer RowW    = Pairs * 16 * 32;
  logic [RowW-1:0] row0_q, row1_q, row2_q, next;
  logic [31:0]     pad;
  assign pad = {{6{pad_i[7]}}, pad_i, 18'd0} + 32'($signed(pad_i));

  generate
    for (genvar n = 0; n < Pairs; n++) begin : gen_pair
      for (genvar c = 0; c < 16; c++) begin : gen_channel
        logic signed [7:0] x0, x1;
        assign x0 = slots_i[128*n+8*c+:8];
        assign x1 = slots_i[128*n+128+8*c+:8];
        assign next[32*(16*n+c)+:32] = {{6{x1[7]}}, x1, 18'd0} + 32'(x0);
      end
    end
    for (genvar g = 0; g < G / 2; g++) begin : gen_group
      for (genvar c = 0; c < 16; c++) begin : gen_output
        for (genvar k = 0; k < 5; k++) begin : gen_column
          localparam integer From = 32 * (16 * (2 * g + (k < Columns ? k : 0)) + c);
          localparam integer To   = 32 * (16 * (16 * g + c) + k);
          if (k < Columns) begin : gen_tap
            assign x_o[To+:32]     = row0_q[From+:32];
            assign x_o[To+160+:32] = row1_q[From+:32];
            assign x_o[To+320+:32] = row2_q[From+:32];
          end else begin : gen_none
            assign x_o[To+:32]     = '0;
            assign x_o[To+160+:32] = '0;
            assign x_o[To+320+:32] = '0;
          end
        end
        assign x_o[32*(16*(16*g+c)+15)+:32] = '0;
      end
    end
  endgenerate

  always_ff @(posedge clk_i) if (en_i) begin
    row2_q <= next;
    row1_q <= first_i ? {(Pairs * 16) {pad}} : row2_q;
    row0_q <= first_i ? {(Pairs * 16) {pad}} : row1_q;
  end
endmodule
`default_nettype wire
