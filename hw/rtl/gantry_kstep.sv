// SPDX-License-Identifier: Apache-2.0
// gantry_kstep: the k-steps of CONV and the passes of WINDOW, ahead of the front.
//
//   queue --->[group, tile, cb, ky, kx, part]--->[plane, rows x pitch]--->[offset]---> m_axis_step
//         --->[gantry_front_win]------------------^
//
// off = ((a mod sy) * sx + (b mod sx)) * PS + (a >> sy) * pitch + (b >> sx) with
// a = ky * dilation - top, b = kx * dilation - left; of a pass the first row and column, and (a, b)
// is where that row is in the map. One step a cycle; the next instruction's steps follow behind
// the last ones, so that decoding hides behind work. Reset drops all.
// Interface: valid, ready steps out.
// Latency: 3 cycles from an instruction to its first step.
// Throughput: one step a cycle.
`default_nettype none
`include "gantry_spec.vh"
module gantry_kstep #(
  parameter integer G      = 2,
  parameter integer WINDOW = 0
) (
  input  wire logic               clk_i,
  input  wire logic               rst_ni,
  input  wire logic [3:0]         write_ptr_i,
  output logic [3:0]              ptr_o,
  input  wire logic [511:0]       insn_i,
  output logic                    m_axis_step_tvalid,
  input  wire logic               m_axis_step_tready,
  output logic signed [21:0]      off_o,
  output logic                    far_o,    // the offset lies beyond every memory
  output logic signed [19:0]      a_o,
  output logic signed [19:0]      b_o,
  output logic [7:0]              block_o,
  output logic                    first_o,  // first and last step of a tile
  output logic                    last_o,
  // passes only
  output logic [5:0]              cycles_o, // reads, less 1
  output logic [1:0]              lead_o,   // reads without an output row
  output logic [4:0]              rows_o,   // output rows of the tile, less 1
  output logic                    tile_last_o,
  output logic                    insn_last_o,
  output logic                    mismatch_o
);
  // Stage 0: counters. Operands are taken over when the instruction comes up.
  logic               busy_q, part_q;
  logic [7:0]         kx_q, ky_q, walk_q, group_q;
  logic [15:0]        tile_q;
  logic signed [17:0] a_q, b_q;
  logic [15:0]        ps_q, pitch_q, tiles_q;
  logic [7:0]         kw_q, kh_q, walks_q, groups_q, dilation_q;
  logic signed [7:0]  top_q, left_q;
  logic               sy_q, sx_q, w2_q, diag_q;
  logic               step, kx_last, ky_last, walk_last, part_last, tile_last, group_last, is_conv;
  logic               is_window, window_q;
  logic signed [17:0] a_first, b_first, by;

  assign step       = !m_axis_step_tvalid || m_axis_step_tready;
  assign part_last  = part_q == w2_q;
  assign kx_last    = part_last && kx_q == kw_q;
  assign ky_last    = kx_last && ky_q == kh_q;
  assign walk_last  = ky_last && walk_q == walks_q;
  assign tile_last  = walk_last && tile_q == tiles_q;
  assign group_last = tile_last && group_q == groups_q;
  assign a_first    = 18'sd0 - 18'(top_q);
  assign b_first    = 18'sd0 - 18'(left_q);
  assign by         = $signed({10'd0, dilation_q}) + 18'sd1;
  assign is_conv    = insn_i[`GANTRY_COMMON_OPCODE] == `GANTRY_INSN_CONV;
  assign is_window  = WINDOW != 0 && insn_i[`GANTRY_COMMON_OPCODE] == `GANTRY_INSN_WINDOW;

  logic signed [17:0] win_row, win_column;
  logic               win_py, win_px, win_first, win_last;
  logic [7:0]         win_group;
  logic [15:0]        win, win_q, win_q2;
  generate
    if (WINDOW != 0) begin : gen_window
      gantry_front_win #(.G(G)) u_win (
        .clk_i, .load_i(!busy_q), .insn_i, .step_i(busy_q && step), .row_o(win_row),
        .column_o(win_column), .py_o(win_py), .px_o(win_px), .group_o(win_group),
        .first_o(win_first), .last_o(win_last), .cycles_o(win[5:0]), .lead_o(win[7:6]),
        .rows_o(win[12:8]), .tile_last_o(win[13]), .insn_last_o(win[14]), .mismatch_o(win[15]));
    end else begin : gen_no_window
      assign {win_row, win_column, win_py, win_px, win_group, win_first, win_last, win} = '0;
    end
  endgenerate
  assign {mismatch_o, insn_last_o, tile_last_o, rows_o, lead_o, cycles_o} = win_q2;

  always_ff @(posedge clk_i) begin
    if (!busy_q) begin
      ps_q       <= insn_i[`GANTRY_CONV_IN_PS];
      pitch_q    <= insn_i[`GANTRY_CONV_IN_PITCH];
      tiles_q    <= insn_i[`GANTRY_CONV_TILES];
      kw_q       <= insn_i[`GANTRY_CONV_KW];
      kh_q       <= insn_i[`GANTRY_CONV_KH];
      walks_q    <= insn_i[`GANTRY_CONV_WALK_CB];
      groups_q   <= insn_i[`GANTRY_CONV_GROUPS];
      dilation_q <= insn_i[`GANTRY_CONV_DILATION];
      top_q      <= insn_i[`GANTRY_CONV_PAD_TOP];
      left_q     <= insn_i[`GANTRY_CONV_PAD_LEFT];
      sy_q       <= insn_i[`GANTRY_CONV_IN_SY];
      sx_q       <= insn_i[`GANTRY_CONV_IN_SX];
      w2_q       <= insn_i[`GANTRY_CONV_W2];
      diag_q     <= insn_i[`GANTRY_CONV_DIAG];
      a_q        <= 18'sd0 - 18'($signed(insn_i[`GANTRY_CONV_PAD_TOP]));
      b_q        <= 18'sd0 - 18'($signed(insn_i[`GANTRY_CONV_PAD_LEFT]));
      {kx_q, ky_q, walk_q, group_q, tile_q, part_q} <= '0;
      window_q   <= is_window;
      busy_q     <= ptr_o != write_ptr_i && (is_conv || is_window);
      if (ptr_o != write_ptr_i && !is_conv && !is_window) ptr_o <= ptr_o + 4'd1;
    end else if (step) begin
      part_q <= !part_last;
      if (part_last) begin
        kx_q <= kx_last ? '0 : kx_q + 8'd1;
        b_q  <= kx_last ? b_first : b_q + by;
      end
      if (kx_last) begin
        ky_q <= ky_last ? '0 : ky_q + 8'd1;
        a_q  <= ky_last ? a_first : a_q + by;
      end
      if (ky_last) walk_q <= walk_last ? '0 : walk_q + 8'd1;
      if (walk_last) tile_q <= tile_last ? '0 : tile_q + 16'd1;
      if (tile_last) group_q <= group_q + 8'd1;
      if (window_q ? win_last && win[14] : group_last) begin
        busy_q <= 1'b0;
        ptr_o  <= ptr_o + 4'd1;
      end
    end
    if (!rst_ni) begin
      busy_q <= 1'b0;
      ptr_o  <= '0;
    end
  end

  // Stage 1: products. Stage 2: offset.
  logic               valid_q, first_q, last_q;
  logic signed [17:0] row, column;
  logic signed [19:0] a_q2, b_q2;
  logic               odd_y, odd_x;
  logic [7:0]         block_q;
  logic signed [34:0] rows_q, off;
  logic signed [19:0] rest_q;
  logic [17:0]        plane_y, plane_x;
  assign odd_y   = window_q ? win_py : a_q[0];
  assign odd_x   = window_q ? win_px : b_q[0];
  assign plane_y = (sy_q && odd_y) ? (sx_q ? {1'b0, ps_q, 1'b0} : {2'b0, ps_q}) : '0;
  assign plane_x = (sx_q && odd_x) ? {2'b0, ps_q} : '0;
  assign row     = window_q ? win_row : sy_q ? {a_q[17], a_q[17:1]} : a_q;
  assign column  = window_q ? win_column : sx_q ? {b_q[17], b_q[17:1]} : b_q;
  assign off     = rows_q + 35'(rest_q);
  always_ff @(posedge clk_i) if (step) begin
    first_q <= window_q ? win_first : {kx_q, ky_q, walk_q, part_q} == '0;
    last_q  <= window_q ? win_last : walk_last;
    a_q2    <= !window_q ? 20'(a_q) : sy_q ? {win_row[17], win_row, win_py} : 20'(win_row);
    b_q2    <= !window_q ? 20'(b_q) : sx_q ? {win_column[17], win_column, win_px}
                                          : 20'(win_column);
    win_q   <= win;
    win_q2  <= win_q;
    block_q <= window_q ? win_group : diag_q ? group_q : walk_q;
    rows_q  <= 35'(row) * 35'($signed({1'b0, pitch_q}));
    rest_q  <= $signed({2'b0, plane_y}) + $signed({2'b0, plane_x}) + 20'(column);
    off_o   <= off[21:0];
    far_o   <= off[34:21] != {14{off[34]}};
    a_o     <= a_q2;
    b_o     <= b_q2;
    block_o <= block_q;
    first_o <= first_q;
    last_o  <= last_q;
  end
  always_ff @(posedge clk_i) begin
    if (step) begin
      valid_q            <= busy_q;
      m_axis_step_tvalid <= valid_q;
    end
    if (!rst_ni) begin
      valid_q            <= 1'b0;
      m_axis_step_tvalid <= 1'b0;
    end
  end

  logic unused;
  assign unused = ^{insn_i[511:504], insn_i[479:256], insn_i[247:192], insn_i[159:128],
                    insn_i[87:64], insn_i[63:16], insn_i[13:11], insn_i[9:8], insn_i[6]};
endmodule
`default_nettype wire
