// SPDX-License-Identifier: Apache-2.0
// gantry_window: window of 3 rows x NPX words as the operand of depthwise outputs.
//
//   pairs of neighbours: row 2 --->[row 1]--->[row 0]
//                          |          |          |
//   output c of group g takes slot 5 r + k = (pixel 2 g + k, its neighbour) of row r, channel c
//
// Row 2 is what gantry_operand holds; en_i comes when it takes the next one. With first_i the rows
// above that become the pad byte. No reset: data only.
// Interface: enable, no handshake.
// Latency: none from row 2, 1 cycle to the rows above.
// Throughput: one row a cycle.
`default_nettype none
module gantry_window #(
  parameter integer G = 4,  // 2 or 4; half of the groups take this operand
  localparam integer Pairs = 2 * G - 1,
  localparam integer RowW  = Pairs * 16 * 17
) (
  input  wire logic                 clk_i,
  input  wire logic                 en_i,
  input  wire logic                 first_i,
  input  wire logic [7:0]           pad_i,
  input  wire logic [512*G-1:0]     x_i,      // even and odd pairs of gantry_operand
  input  wire logic [512*(G-1)-1:0] odd_i,
  output logic [8192*(G/2)-1:0]     x_o       // per group, channel and slot a pair of 32 bits
);
  localparam integer Columns = G < 4 ? 3 : 5;
  // Of a pair 17 bits say all: x1 less the borrow, x0.
  logic [RowW-1:0] row0_q, row1_q, row2;
  logic [16:0]     pad;
  function automatic [31:0] expand(input [16:0] pair);
    expand = {{5{pair[16]}}, pair[16:8], {10{pair[7]}}, pair[7:0]};
  endfunction
  assign pad = {{9{pad_i[7]}} + {pad_i[7], pad_i}, pad_i};

  generate
    for (genvar n = 0; n < Pairs; n++) begin : gen_pair
      for (genvar c = 0; c < 16; c++) begin : gen_channel
        logic [31:0] pair;
        logic        unused;
        if (n % 2 == 0) begin : gen_even
          assign pair = x_i[256*n+32*c+:32];
        end else begin : gen_odd
          assign pair = odd_i[256*(n-1)+32*c+:32];
        end
        assign row2[17*(16*n+c)+:17] = {pair[26:18], pair[7:0]};
        assign unused = ^{pair[31:27], pair[17:8]};
      end
    end
    for (genvar g = 0; g < G / 2; g++) begin : gen_group
      for (genvar c = 0; c < 16; c++) begin : gen_output
        for (genvar k = 0; k < 5; k++) begin : gen_column
          localparam integer From = 17 * (16 * (2 * g + (k < Columns ? k : 0)) + c);
          localparam integer To   = 32 * (16 * (16 * g + c) + k);
          if (k < Columns) begin : gen_tap
            assign x_o[To+:32]     = expand(row0_q[From+:17]);
            assign x_o[To+160+:32] = expand(row1_q[From+:17]);
            assign x_o[To+320+:32] = expand(row2[From+:17]);
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
    row1_q <= first_i ? {(Pairs * 16) {pad}} : row2;
    row0_q <= first_i ? {(Pairs * 16) {pad}} : row1_q;
  end
endmodule
`default_nettype wire
