// SPDX-License-Identifier: Apache-2.0
// Body of the proof of gantry_wload: a line is read from its place in the ring, only after it was
// written and before it is freed; a parameter set is never written while three are in use. Lines of
// a stream that fits the ring stay at their places once they are all there.
  logic        f_past_q;
  logic [31:0] f_turn_q, f_weights_turn_q;       // lines up to the start of the ring's turn
  logic [31:0] f_turn;                           // lines of a turn
  assign f_turn = stays ? ring_period_i : 32'(RING_LINES);
  initial f_past_q = 1'b0;
  always @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    // The writer keeps within RING_LINES of what is freed (gantry_wstream), far below 2^31 lines;
    // a stream that stays comes once.
    if (stays) begin
      assume (lines_i <= ring_period_i);
    end else begin
      assume (lines_i - ring_freed_o <= 32'(RING_LINES));
    end
    // Lines of a run do not change within a launch; without any, no instruction needs one.
    assume (ring_period_i != '0);
    if (f_past_q) assume (ring_period_i == $past(ring_period_i));
    if (f_past_q && $past(rst_ni) && rst_ni) assume (lines_i >= $past(lines_i));
    assume (lines_i < 32'd1 << 30 && pos_q < 32'd1 << 30);
    assume (!set_free_i || sets_used_q != '0);
    if (!rst_ni) begin
      f_turn_q <= '0;
    end else if (read) begin
      if (walk_last && !tile_last) f_turn_q <= f_weights_turn_q;
      else if (32'(addr_q) == f_turn - 32'd1) f_turn_q <= f_turn_q + f_turn;
      if (state_q == PARAM && last_line) begin
        f_weights_turn_q <= f_turn_q + (32'(addr_q) == f_turn - 32'd1 ? f_turn : 32'd0);
      end
    end
    if (f_past_q && $past(rst_ni) && rst_ni) begin
      assert (32'(addr_last_q) == f_turn - 32'd1 && f_turn <= 32'(RING_LINES));
      assert (32'(addr_q) < f_turn && pos_q == f_turn_q + 32'(addr_q) && f_turn_q <= pos_q);
      if (whole_q) assert (stays && lines_i == ring_period_i);
      assert (sets_used_q <= 2'(Sets) && set_q < 2'(Sets));
      if (state_q != NEXT) assert (tile_q <= tiles_q && group_pos_q <= pos_q);
      if (state_q == RES || state_q == PARAM) assert (tile_q == '0 && !part_q);
      if (state_q == RES) assert (line_q == '0 && res_q);
      if (state_q == RES) assert (pos_q == group_pos_q);
      if (state_q == PARAM) begin
        assert (line_q <= last_param && pos_q - group_pos_q == 32'(line_q) + 32'(res_q));
      end
      if (state_q == WEIGHT) assert (line_q <= last_weight && part_q <= w2_q);
      if (state_q == WEIGHT && tile_q != tiles_q) begin
        assert (freed_q == weights_q);
      end else begin
        assert (freed_q == pos_q);
      end
      if (state_q == WEIGHT) begin
        assert (32'(weights_addr_q) < f_turn);
        assert (weights_q == f_weights_turn_q + 32'(weights_addr_q));
        assert (f_weights_turn_q <= weights_q);
        assert (weights_q <= pos_q && group_pos_q <= weights_q);
        if (tiled) assert (pos_q - group_pos_q <= 32'(RING_LINES));
      end
      if (read) begin
        assert (whole_q || lines_i > pos_q);
        if (stays) assert (lines_i > 32'(addr_q));
        else assert (pos_q >= freed_q && pos_q - freed_q < 32'(RING_LINES));
        if (group_first) assert (sets_used_q != 2'(Sets));
        if (state_q == WEIGHT && $past(full_o) && full_o) assert (swap_i);
      end
    end
  end
