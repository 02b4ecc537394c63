// SPDX-License-Identifier: Apache-2.0
// gantry_raster: the pixels of an accumulator row as linear pixels of a tensor.
//
//   group_i ---> slot i at (i div pitch, i mod pitch)    next_i ---> += (STEP_Y, STEP_X), one wrap
//   strip_i ---> the columns further right, from row 0
//   q = ((y mod sy) * sx + (x mod sx)) * PS + (y div sy) * line + (x div sx)
//
// Row starts are added up: no product wider than 4 bits. q is combinational from registers. Values
// beyond every memory stay there, so that the row check behind finds them. Reset is not needed.
// Interface: pulses in, pixels out.
// Latency: none: combinational from registers.
// Throughput: one row of pixels a cycle.
`default_nettype none
module gantry_raster #(
  parameter integer NPX = 4
) (
  input  wire logic               clk_i,
  input  wire logic               group_i,
  input  wire logic               next_i,
  input  wire logic               strip_i,   // with next_i: the next strip of NPX / 2 columns
  input  wire logic [15:0]        pitch_i,   // columns of the raster
  input  wire logic [3:0]         step_y_i,
  input  wire logic [15:0]        step_x_i,
  input  wire logic               sy_i,      // layout of the tensor
  input  wire logic               sx_i,
  input  wire logic [15:0]        line_i,    // pixels of a stored row
  input  wire logic [15:0]        ps_i,
  input  wire logic [15:0]        h_i,
  input  wire logic [15:0]        w_i,
  output logic [22*NPX-1:0]       q_o,
  output logic [NPX-1:0]          valid_o,   // y < H and x < W
  output logic [16:0]             next_y_o   // rows above this are complete behind this row
);
  logic [17*NPX-1:0] next_y;
  logic              unused;
  assign next_y_o = next_y[16:0];
  assign unused   = ^next_y;
  generate
    for (genvar i = 0; i < NPX; i++) begin : gen_slot
      logic [16:0] y_q, wide_y, wide_x;
      logic [15:0] x_q;
      logic [20:0] start_q, wide_start;
      logic        wrap;
      logic [2:0]  first_y, first_x;  // quotient and remainder by the few pitches below NPX
      logic [3:0]  down, lines;       // raster rows, stored rows that the slot moves down
      (* use_dsp = "no" *)
      logic [19:0] further;         // a product of 4 bits: DSP slices are for the array
      logic [18:0] plane;
      always_comb begin
        first_y = '0;
        first_x = 3'(i);
        for (int p = 1; p < NPX; p++)
          if (pitch_i == 16'(p)) begin
            first_y = 3'(i / p);
            first_x = 3'(i % p);
          end
      end
      assign wide_x     = {1'b0, x_q} + {1'b0, step_x_i};
      assign wrap       = wide_x >= {1'b0, pitch_i};
      assign down       = group_i ? {1'b0, first_y} : step_y_i + {3'd0, wrap};
      assign lines      = !sy_i ? down
                        : group_i ? {1'b0, down[3:1]}
                        : {1'b0, down[3:1]} + {3'd0, down[0] && y_q[0]};
      assign further    = {16'd0, lines} * {4'd0, line_i};
      assign wide_start = start_q + {1'b0, further};
      assign wide_y     = y_q + {13'd0, down};
      assign next_y[17*i+:17] = y_q[16] ? y_q : y_q + {13'd0, step_y_i + {3'd0, wrap}};
      always_ff @(posedge clk_i) begin
        if (strip_i && !group_i) begin
          y_q     <= '0;
          x_q     <= x_q + 16'(NPX / 2);
          start_q <= '0;
        end else if (group_i) begin
          y_q     <= {14'd0, first_y};
          x_q     <= {13'd0, first_x};
          start_q <= {1'b0, further};
        end else if (next_i) begin
          y_q     <= y_q[16] ? y_q : wide_y;
          x_q     <= wide_x[15:0] - (wrap ? pitch_i : 16'd0);
          start_q <= start_q[20] ? start_q : wide_start;
        end
      end
      assign plane = ((sy_i && y_q[0]) ? (sx_i ? {2'b0, ps_i, 1'b0} : {3'b0, ps_i}) : 19'd0) +
                     ((sx_i && x_q[0]) ? {3'b0, ps_i} : 19'd0);
      assign q_o[22*i+:22] = {1'b0, start_q} + {3'b0, plane} +
                             (sx_i ? {7'd0, x_q[15:1]} : {6'd0, x_q});
      assign valid_o[i]    = y_q < {1'b0, h_i} && x_q < w_i;
    end
  endgenerate
endmodule
`default_nettype wire
