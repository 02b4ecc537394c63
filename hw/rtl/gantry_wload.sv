// SPDX-License-Identifier: Apache-2.0
// gantry_wload: walks the weight stream: RES line, parameter lines, k-steps, tile by tile.
//
//   queue --->[RES]--->[parameters: m]--->[weights: 2m lines of a k-step]--+---> next group
//               |            |                 ^_______ next tile _________|
//               +------------+----> read line ----(LINE_LATENCY)----> kind, set, block, half
//
// A line is read when the ring has it and its place is free: one of three parameter sets, or the
// shadow weights, free again in the cycle in which the front swaps. The tags come 5 cycles after
// the read: the latency of the operand path, so in the front's time the shadow is full at once.
// Lines of k-steps are freed in the last tile, others when read. A stream that fits the ring stays
// there: every run reads its lines again at the same places. Reset starts at line 0.
// Interface: counters of lines in and out, swap and free pulses; reads without handshake.
// Latency: 5 cycles from a read decision to its line.
// Throughput: one line a cycle.
`default_nettype none
`include "gantry_spec.vh"
module gantry_wload #(
  parameter integer RING_LINES = 128,
  localparam integer AddrW = $clog2(RING_LINES)
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  input  wire logic             halt_i,
  input  wire logic [3:0]       write_ptr_i,
  output logic [3:0]            ptr_o,
  input  wire logic [511:0]     insn_i,
  // ring
  input  wire logic [31:0]      lines_i,
  input  wire logic [31:0]      ring_total_i,
  input  wire logic [31:0]      ring_period_i,
  output logic                  read_o,
  output logic [AddrW-1:0]      read_line_o,
  output logic [31:0]           ring_freed_o,
  // front
  input  wire logic             swap_i,
  output logic                  full_o,       // shadow weights hold the next k-step
  output logic                  exhausted_o,  // the line needed will never come
  output logic                  demand_o,     // a group with several tiles does not fit the ring
  // where the line goes, with gantry_wring's line_o
  input  wire logic             set_free_i,   // the drain has finished a group
  output logic                  weight_o,
  output logic                  half_o,
  output logic [1:0]            log2_m_o,
  output logic                  param_o,
  output logic                  res_o,
  output logic [1:0]            block_o,
  output logic [1:0]            set_o
);
  localparam integer LineLatency = 5;  // read decision to line: as long as the operand path
  localparam integer Sets = 3;
  typedef enum logic [1:0] {NEXT, RES, PARAM, WEIGHT} state_e;
  state_e state_q;

  logic [7:0]       ky_q, walk_q, group_q, kh_q, walks_q, groups_q;
  logic [9:0]       kx_q, kw_q;                       // passes of WINDOW
  logic             is_window;
  logic [15:0]      tile_q, tiles_q;
  logic             part_q, w2_q, res_q;
  logic [1:0]       log2_m_q, set_q, sets_used_q;
  logic [2:0]       line_q, last_param, last_weight;
  logic [31:0]      pos_q, weights_q, group_pos_q;    // lines since reset
  logic [AddrW-1:0] addr_q, weights_addr_q, addr_next, addr_last_q;
  logic             stays, whole_q;                   // the stream fits the ring; and is there
  logic             read, have, place, tiled, last_line, step_last, kx_last, ky_last, walk_last;
  logic             tile_last, group_last, group_first;

  assign is_window   = insn_i[`GANTRY_COMMON_OPCODE] == `GANTRY_INSN_WINDOW;
  assign tiled       = tiles_q != '0;
  assign last_param  = (3'd1 << log2_m_q) - 3'd1;
  assign last_weight = 3'(4'd2 << log2_m_q) - 3'd1;
  assign stays       = ring_period_i <= RING_LINES;
  assign have        = whole_q || $signed(lines_i - pos_q) > 0;
  assign group_first = line_q == '0 && (state_q == RES || (state_q == PARAM && !res_q));
  assign place       = state_q == WEIGHT ? !full_o || swap_i
                                         : !group_first || sets_used_q != 2'(Sets);
  assign exhausted_o = state_q != NEXT && pos_q == ring_total_i;
  assign demand_o    = state_q == WEIGHT && tiled && pos_q - group_pos_q == RING_LINES;
  assign read        = state_q != NEXT && have && place && !exhausted_o && !demand_o && !halt_i;
  assign last_line   = state_q == RES || line_q == (state_q == PARAM ? last_param : last_weight);
  assign step_last   = state_q == WEIGHT && last_line && part_q == w2_q;
  assign kx_last     = step_last && kx_q == kw_q;
  assign ky_last     = kx_last && ky_q == kh_q;
  assign walk_last   = ky_last && walk_q == walks_q;
  assign tile_last   = walk_last && tile_q == tiles_q;
  assign group_last  = tile_last && group_q == groups_q;
  assign addr_next   = addr_q == addr_last_q ? '0 : addr_q + AddrW'(1);

  logic [31:0] freed_q;
  always_ff @(posedge clk_i) begin
    addr_last_q <= AddrW'((stays ? ring_period_i : 32'(RING_LINES)) - 32'd1);
    whole_q     <= rst_ni && stays && lines_i == ring_period_i;
    if (state_q == NEXT) begin
      kw_q     <= is_window ? insn_i[`GANTRY_WINDOW_PASSES] : {2'd0, insn_i[`GANTRY_CONV_KW]};
      kh_q     <= is_window ? '0 : insn_i[`GANTRY_CONV_KH];
      walks_q  <= is_window ? '0 : insn_i[`GANTRY_CONV_WALK_CB];
      groups_q <= insn_i[`GANTRY_CONV_GROUPS];
      tiles_q  <= insn_i[`GANTRY_CONV_TILES];
      w2_q     <= insn_i[`GANTRY_CONV_W2];
      res_q    <= insn_i[`GANTRY_CONV_RES];
      log2_m_q <= insn_i[`GANTRY_CONV_LOG2_M];
      {kx_q, ky_q, walk_q, group_q, tile_q, part_q, line_q} <= '0;
      group_pos_q <= pos_q;
      if (ptr_o != write_ptr_i) begin
        if (insn_i[`GANTRY_COMMON_OPCODE] == `GANTRY_INSN_SYNC) ptr_o <= ptr_o + 4'd1;
        else state_q <= insn_i[`GANTRY_CONV_RES] ? RES : PARAM;
      end
    end else if (read) begin
      pos_q  <= pos_q + 32'd1;
      addr_q <= addr_next;
      line_q <= last_line ? '0 : line_q + 3'd1;
      if (state_q != WEIGHT || tile_q == tiles_q) freed_q <= pos_q + 32'd1;
      if (state_q == RES) state_q <= PARAM;
      if (state_q == PARAM && last_line) begin
        state_q        <= WEIGHT;
        weights_q      <= pos_q + 32'd1;
        weights_addr_q <= addr_next;
      end
      if (state_q == WEIGHT && last_line) part_q <= part_q != w2_q;
      if (step_last) kx_q <= kx_last ? '0 : kx_q + 10'd1;
      if (kx_last) ky_q <= ky_last ? '0 : ky_q + 8'd1;
      if (ky_last) walk_q <= walk_last ? '0 : walk_q + 8'd1;
      if (walk_last) begin
        tile_q <= tile_last ? '0 : tile_q + 16'd1;
        if (!tile_last) begin
          pos_q  <= weights_q;
          addr_q <= weights_addr_q;
        end
      end
      if (tile_last) begin
        group_q     <= group_q + 8'd1;
        group_pos_q <= pos_q + 32'd1;
        state_q     <= group_last ? NEXT : res_q ? RES : PARAM;
        set_q       <= set_q == 2'(Sets - 1) ? '0 : set_q + 2'd1;
      end
      if (group_last) ptr_o <= ptr_o + 4'd1;
    end
    if (swap_i) full_o <= 1'b0;
    if (read && state_q == WEIGHT && last_line) full_o <= 1'b1;
    sets_used_q <= sets_used_q + {1'b0, read && group_first} - {1'b0, set_free_i};
    if (!rst_ni) begin
      state_q     <= NEXT;
      ptr_o       <= '0;
      pos_q       <= '0;
      addr_q      <= '0;
      freed_q     <= '0;
      set_q       <= '0;
      sets_used_q <= '0;
      full_o      <= 1'b0;
    end
  end

  // The read itself waits for the operand path; a line is free when it has been read.
  localparam integer TagW = 8;
  logic [TagW-1:0]        tag, tag_q;
  assign tag = {state_q == WEIGHT, state_q == PARAM, state_q == RES, log2_m_q, set_q, line_q[0]};
  gantry_delay #(.W(AddrW + 1), .N(LineLatency - 2)) u_read (
    .clk_i, .en_i(1'b1), .d_i({read && rst_ni, addr_q}), .d_o({read_o, read_line_o}));
  logic [31:0] freed_q2, freed_q3;
  always_ff @(posedge clk_i) begin
    freed_q2     <= rst_ni ? freed_q : '0;
    freed_q3     <= rst_ni ? freed_q2 : '0;
    ring_freed_o <= rst_ni ? freed_q3 : '0;
  end
  logic       valid_q;
  logic [1:0] block, block_q;
  assign block = state_q == WEIGHT ? line_q[2:1] : line_q[1:0];
  gantry_delay #(.W(TagW + 3), .N(LineLatency)) u_tag (
    .clk_i, .en_i(1'b1), .d_i({read && rst_ni, block, tag}), .d_o({valid_q, block_q, tag_q}));
  assign weight_o = valid_q && tag_q[7];
  assign param_o  = valid_q && tag_q[6];
  assign res_o    = valid_q && tag_q[5];
  assign log2_m_o = tag_q[4:3];
  assign set_o    = tag_q[2:1];
  assign half_o   = tag_q[0];
  assign block_o  = block_q;

  logic unused;
  assign unused = ^{insn_i[511:504], insn_i[479:256], insn_i[247:176], insn_i[159:14],
                    insn_i[11], insn_i[9:7]};

`ifdef FORMAL
  `include "f_wload.vh"
`endif
endmodule
`default_nettype wire
