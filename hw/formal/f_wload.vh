// SPDX-License-Identifier: Apache-2.0
// Body of the proof of gantry_wload: a line is read from its place in the ring, only after it was
// written and before it is freed; a parameter set is never written while three are in use.
  logic        f_past_q;
  logic [31:0] f_turn_q, f_weights_turn_q;       // lines up to the start of the ring's turn
  initial f_past_q = 1'b0;
  always @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    // The writer keeps within RING_LINES of what is freed (gantry_wstream), far below 2^31 lines.
    assume (lines_i - ring_freed_o <= 32'(RING_LINES));
    assume (lines_i < 32'd1 << 30 && pos_q < 32'd1 << 30);
    assume (!set_free_i || sets_used_q != '0);
    if (!rst_ni) begin
      f_turn_q <= '0;
    end else if (read) begin
      if (walk_last && !tile_last) f_turn_q <= f_weights_turn_q;
      else if (addr_q == AddrW'(RING_LINES - 1)) f_turn_q <= f_turn_q + 32'(RING_LINES);
      if (state_q == PARAM && last_line) begin
        f_weights_turn_q <= f_turn_q
                            + (addr_q == AddrW'(RING_LINES - 1) ? 32'(RING_LINES) : 32'd0);
      end
    end
    if (f_past_q && $past(rst_ni) && rst_ni) begin
      assert (addr_q < AddrW'(RING_LINES) && pos_q == f_turn_q + 32'(addr_q));
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
        assert (weights_addr_q < AddrW'(RING_LINES));
        assert (weights_q == f_weights_turn_q + 32'(weights_addr_q));
        assert (weights_q <= pos_q && group_pos_q <= weights_q);
        if (tiled) assert (pos_q - group_pos_q <= 32'(RING_LINES));
      end
      if (read) begin
        assert (lines_i > pos_q && pos_q >= freed_q && pos_q - freed_q < 32'(RING_LINES));
        if (group_first) assert (sets_used_q != 2'(Sets));
        if (state_q == WEIGHT && $past(full_o) && full_o) assert (swap_i);
      end
    end
  end
