// SPDX-License-Identifier: Apache-2.0
// gantry_raster: the pixels of an accumulator row as linear pixels of a tensor.
//
//   fields --->[moves of a slot: three cases]---+
//   group_i ---> slot i at (i div pitch, i mod pitch)    next_i ---> += (STEP_Y, STEP_X), one wrap
//   strip_i ---> the columns further right, from row 0
//   q = ((y mod sy) * sx + (x mod sx)) * PS + (y div sy) * line + (x div sx)
//
// What is added to a slot's linear pixel depends on the instruction, on whether the slot wraps, and
// with two row planes on its row's parity: three sums, formed once for all slots, a cycle before
// next_i takes them. Fields stand from the first group_i on. Values beyond every memory stay there,
// so that the row check behind finds them. Reset is not needed.
// Interface: pulses in, pixels out.
// Latency: none: combinational from registers.
// Throughput: one row of pixels a cycle.
`default_nettype none
module gantry_raster #(
  parameter integer NPX    = 4,
  parameter integer Strips = 1                 // 0: strip_i is not used
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
  // ---- Of the instruction: steps, and the three moves of a linear pixel
  logic signed [16:0] back;          // step of x with a wrap
  logic [16:0] across_low, across_back;
  (* use_dsp = "no" *)
  logic [19:0] product;              // a product of 4 bits: DSP slices are for the array
  logic [21:0] down;                 // stored rows of a step, in pixels
  logic [15:0] step_q, back_q, least_q;
  logic [3:0]  step_y_q;
  logic        sy_q, sx_q;
  logic [21:0] stay_q, wrap_q, mixed_q;
  assign back        = $signed({1'b0, step_x_i}) - $signed({1'b0, pitch_i});
  assign across_low  = sx_i ? {2'b0, step_x_i[15:1]} : {1'b0, step_x_i};
  assign across_back = sx_i ? {back[16], back[16:1]} : back;
  assign product     = {16'd0, sy_i ? {1'b0, step_y_i[3:1]} : step_y_i} * {4'd0, line_i};
  assign down        = {2'b0, product};
  always_ff @(posedge clk_i) begin
    step_y_q <= step_y_i;
    sy_q     <= sy_i;
    sx_q     <= sx_i;
    step_q   <= step_x_i;
    back_q   <= back[15:0];
    least_q  <= back[16] ? 16'(-back) : '0;          // x from which a step wraps
    stay_q   <= down + {5'd0, across_low};
    wrap_q   <= down + {6'd0, line_i} + {{5{across_back[16]}}, across_back};
    mixed_q  <= step_y_i[0] ? down + {6'd0, line_i} + {5'd0, across_low}
                            : down + {{5{across_back[16]}}, across_back};
  end

  logic [18:0]     three_lines;
  logic [19*8-1:0] times;            // line by the numbers below 8
  assign three_lines = {3'd0, line_i} + {2'd0, line_i, 1'b0};
  assign times = {three_lines + {1'd0, line_i, 2'b0}, three_lines[17:0], 1'b0,
                  {3'd0, line_i} + {1'd0, line_i, 2'b0}, 1'd0, line_i, 2'b0, three_lines,
                  2'd0, line_i, 1'b0, 3'd0, line_i, 19'd0};
  logic [17:0] three_ps;
  assign three_ps = {1'b0, ps_i, 1'b0} + {2'b0, ps_i};
  generate
    for (genvar i = 0; i < NPX; i++) begin : gen_slot
      logic [16:0] y_q, next_y;
      logic [15:0] x_q, next_x;
      logic [21:0] linear_q, from, move, next_linear;
      logic [2:0]  first_y, first_x;  // quotient and remainder by the few pitches below NPX
      logic [2:0]  first_line, first_column;
      logic [18:0] first;             // pixels of the stored rows before the slot's first
      logic [17:0] plane;
      logic        wrap, mixed, odd, carried, carried_y, unused;
      assign unused = carried ^ carried_y;
      always_comb begin
        first_y = '0;
        first_x = 3'(i);
        for (int p = 1; p < NPX; p++)
          if (pitch_i == 16'(p)) begin
            first_y = 3'(i / p);
            first_x = 3'(i % p);
          end
      end
      assign first_line   = sy_i ? {1'b0, first_y[2:1]} : first_y;
      assign first_column = sx_i ? {1'b0, first_x[2:1]} : first_x;
      always_comb begin               // few of these are there for a slot
        first = '0;
        for (int k = 1; k <= i; k++) if (first_line == 3'(k)) first = times[19*k+:19];
      end

      assign wrap   = x_q >= least_q;
      assign mixed  = sy_q && (step_y_q[0] ? !wrap && y_q[0] : wrap && !y_q[0]);
      assign next_x = x_q + (Strips != 0 && strip_i ? 16'(NPX / 2) : wrap ? back_q : step_q);
      assign {next_y, carried_y} = {y_q, 1'b1} + {13'd0, step_y_q, wrap};
      // One adder: the moves of a step, or a group's first pixel.
      assign odd    = !group_i && sx_q && x_q[0] && (wrap ? back_q[0] : step_q[0]);
      assign from   = group_i ? {19'd0, first_column} : linear_q;
      assign move   = group_i ? {3'd0, first} : mixed ? mixed_q : wrap ? wrap_q : stay_q;
      assign {next_linear, carried} = {from, 1'b1} + {move, odd};
      always_ff @(posedge clk_i) begin
        if (group_i) begin
          y_q      <= {14'd0, first_y};
          x_q      <= {13'd0, first_x};
          linear_q <= next_linear;
        end else if (Strips != 0 && strip_i) begin
          y_q      <= '0;
          x_q      <= next_x;
          linear_q <= {6'd0, sx_q ? {1'b0, next_x[15:1]} : next_x};
        end else if (next_i) begin
          if (!y_q[16]) y_q <= next_y;
          x_q <= next_x;
          if (linear_q[21:20] == '0) linear_q <= next_linear;
        end
      end
      always_comb begin
        unique case (sx_i ? {sy_i && y_q[0], x_q[0]} : {1'b0, sy_i && y_q[0]})
          2'd0: plane = '0;
          2'd1: plane = {2'b0, ps_i};
          2'd2: plane = {1'b0, ps_i, 1'b0};
          default: plane = three_ps;
        endcase
      end
      assign q_o[22*i+:22] = linear_q + {4'd0, plane};
      assign valid_o[i]    = y_q < {1'b0, h_i} && x_q < w_i;
      if (i == 0) begin : gen_next_y
        assign next_y_o = y_q[16] ? y_q : next_y;
      end
    end
  endgenerate
endmodule
`default_nettype wire
