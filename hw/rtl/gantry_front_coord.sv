// SPDX-License-Identifier: Apache-2.0
// gantry_front_coord: raster coordinates of the front's pixel slots.
//
//   group_i ---> slot i at (i div pitch, i mod pitch)
//   step_i  ---> current += (STEP_Y, STEP_X) with one wrap   restart_i: from the tile's first pixel
//   keep_i  ---> the next pixels become the tile's first
//
// Coordinates of the current step are combinational from registers. A row beyond 65535 stays there.
// group_i wins over keep_i. Reset is not needed: group_i comes with every instruction.
// Interface: pulses in, coordinates out.
// Latency: none: combinational from registers.
// Throughput: one step a cycle.
`default_nettype none
module gantry_front_coord #(
  parameter integer NPX = 4
) (
  input  wire logic              clk_i,
  input  wire logic              group_i,
  input  wire logic              step_i,
  input  wire logic              restart_i,
  input  wire logic              keep_i,
  input  wire logic [15:0]       first_pitch_i,  // with group_i
  input  wire logic [15:0]       pitch_i,
  input  wire logic [3:0]        step_y_i,
  input  wire logic [15:0]       step_x_i,
  output logic [17*NPX-1:0]      y_o,
  output logic [16*NPX-1:0]      x_o
);
  generate
    for (genvar i = 0; i < NPX; i++) begin : gen_slot
      logic [16:0] tile_y_q, y_q, y, next_y, wide_y;
      logic [15:0] tile_x_q, x_q, x, next_x;
      logic [16:0] wide_x;
      logic        wrap;
      logic [2:0]  first_y, first_x;  // quotient and remainder by the few pitches below NPX
      always_comb begin
        first_y = '0;
        first_x = 3'(i);
        for (int p = 1; p < NPX; p++)
          if (first_pitch_i == 16'(p)) begin
            first_y = 3'(i / p);
            first_x = 3'(i % p);
          end
      end
      assign y      = restart_i ? tile_y_q : y_q;
      assign x      = restart_i ? tile_x_q : x_q;
      assign wide_x = {1'b0, x} + {1'b0, step_x_i};
      assign wrap   = wide_x >= {1'b0, pitch_i};
      assign next_x = wide_x[15:0] - (wrap ? pitch_i : 16'd0);
      assign wide_y = y + {13'd0, step_y_i} + {16'd0, wrap};
      assign next_y = y[16] ? y : wide_y;
      assign y_o[17*i+:17] = y;
      assign x_o[16*i+:16] = x;
      always_ff @(posedge clk_i) begin
        if (step_i) begin
          y_q <= next_y;
          x_q <= next_x;
        end
        if (group_i) begin
          tile_y_q <= {14'd0, first_y};
          tile_x_q <= {13'd0, first_x};
        end else if (keep_i) begin
          tile_y_q <= next_y;
          tile_x_q <= next_x;
        end
      end
    end
  endgenerate
endmodule
`default_nettype wire
