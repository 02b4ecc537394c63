// SPDX-License-Identifier: Apache-2.0
// gantry_front_win: the passes of a WINDOW instruction: groups, strips, segments, passes.
//
//   operands --->[group, x0, o0, pass]--->[rows above the map are skipped]---> first row and column
//
// A tile is a strip of G columns by a segment of T output rows. A pass of R tap rows reads plane
// rows o0 + a0 + skip .. o0 + a0 + T + R - 2; its first `lead` = R - 1 - skip reads give no output
// row. With TCB the tiles are channel blocks and a pass is the next columns of row 0. Outputs are
// combinational from registers; load_i takes the operands and starts over.
// Interface: load and step pulses in, a pass out.
// Latency: none: combinational from registers.
// Throughput: one pass a cycle.
`default_nettype none
`include "gantry_spec.vh"
module gantry_front_win #(
  parameter integer G = 4
) (
  input  wire logic               clk_i,
  input  wire logic               load_i,
  input  wire logic [511:0]       insn_i,
  input  wire logic               step_i,
  output logic signed [17:0]      row_o,        // of the plane
  output logic signed [17:0]      column_o,
  output logic                    py_o,
  output logic                    px_o,
  output logic [7:0]              group_o,
  output logic                    first_o,      // first and last pass of a tile
  output logic                    last_o,
  output logic [5:0]              cycles_o,     // reads of the pass, less 1
  output logic [1:0]              lead_o,
  output logic [4:0]              rows_o,       // output rows of the tile, less 1
  output logic                    tile_last_o,  // of the group
  output logic                    insn_last_o,  // last tile of the last group
  output logic                    mismatch_o    // TILES says something else
);
  localparam integer Columns = G < 4 ? 3 : 5;
  logic [9:0]         pass_q, passes_q;
  logic [15:0]        tile_q, tiles_q, out_w_q;
  logic [7:0]         group_q, groups_q;
  logic [16:0]        o_q, x_q, height_q, left;
  logic signed [17:0] column_q, start;
  logic [4:0]         t_q;
  logic               tcb_q, segment_last, strip_last;
  logic [127:0]       words_q;
  logic [15:0]        word;
  logic [1:0]         taps, skip;  // tap rows less 1
  logic signed [6:0]  a0;
  logic signed [4:0]  b0;

  assign word = words_q[16*pass_q[2:0]+:16];
  assign taps = tcb_q ? 2'd0 : word[15:14] - 2'd1;
  assign a0   = word[8:2];
  assign b0   = word[13:9];
  assign py_o = !tcb_q && word[0];
  assign px_o = !tcb_q && word[1];

  assign left         = height_q - o_q;
  assign segment_last = left <= {12'd0, t_q} + 17'd1;
  assign strip_last   = tcb_q || {1'b0, x_q} + 18'(G) >= {2'b0, out_w_q};
  assign start        = $signed({1'b0, o_q}) + 18'(a0);
  assign skip         = !start[17] ? 2'd0 : start >= -18'sd1 && taps != '0 ? 2'd1 : taps;
  assign row_o        = tcb_q ? '0 : start + $signed({16'd0, skip});
  assign column_o     = tcb_q ? column_q : $signed({1'b0, x_q}) + 18'(b0);
  assign group_o      = group_q;
  assign first_o      = pass_q == '0;
  assign last_o       = pass_q == passes_q;
  assign lead_o       = taps - skip;
  assign rows_o       = segment_last ? 5'(left - 17'd1) : t_q;
  assign cycles_o     = {1'b0, rows_o} + {4'd0, lead_o};
  assign tile_last_o  = segment_last && strip_last;
  assign insn_last_o  = tile_last_o && group_q == groups_q;
  assign mismatch_o   = tile_last_o != (tile_q == tiles_q);

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      tcb_q    <= insn_i[`GANTRY_WINDOW_TCB];
      passes_q <= insn_i[`GANTRY_WINDOW_PASSES];
      groups_q <= insn_i[`GANTRY_WINDOW_GROUPS];
      tiles_q  <= insn_i[`GANTRY_WINDOW_TILES];
      t_q      <= insn_i[`GANTRY_WINDOW_TILE];
      out_w_q  <= insn_i[`GANTRY_WINDOW_OUT_W];
      height_q <= insn_i[`GANTRY_WINDOW_TCB] ? {9'd0, insn_i[`GANTRY_WINDOW_WALK_CB]} + 17'd1
                                             : {1'b0, insn_i[`GANTRY_WINDOW_OUT_H]};
      words_q  <= {insn_i[`GANTRY_WINDOW_PASS7], insn_i[`GANTRY_WINDOW_PASS6],
                   insn_i[`GANTRY_WINDOW_PASS5], insn_i[`GANTRY_WINDOW_PASS4],
                   insn_i[`GANTRY_WINDOW_PASS3], insn_i[`GANTRY_WINDOW_PASS2],
                   insn_i[`GANTRY_WINDOW_PASS1], insn_i[`GANTRY_WINDOW_PASS0]};
      {pass_q, tile_q, group_q, o_q, x_q, column_q} <= '0;
    end else if (step_i) begin
      pass_q   <= last_o ? '0 : pass_q + 10'd1;
      column_q <= last_o ? '0 : column_q + 18'(Columns);
      if (last_o) begin
        o_q    <= segment_last ? '0 : o_q + {12'd0, t_q} + 17'd1;
        tile_q <= tile_last_o ? '0 : tile_q + 16'd1;
        if (segment_last) x_q <= strip_last ? '0 : x_q + 17'(G);
        if (tile_last_o) group_q <= group_q + 8'd1;
      end
    end
  end

  logic unused;
  assign unused = ^{insn_i[511:504], insn_i[479:448], insn_i[415:320], insn_i[247:242],
                    insn_i[231:229], insn_i[159:10], insn_i[8:0]};
endmodule
`default_nettype wire
