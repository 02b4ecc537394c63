// SPDX-License-Identifier: Apache-2.0
// Body of the proof of gantry_row_seq: a row goes to an engine if and only if all its bytes lie
// within the buffer; every row of an instruction goes out, or an error is raised. Positions stand
// no higher than what gantry_row_walk starts from.
  logic        f_past_q, f_error_q;            // an error has been raised since clear_i
  logic [66:0] f_end;                          // byte behind the row, in a number that holds it
  logic [63:0] f_offset_q;                     // of the row that is prepared
  initial f_past_q = 1'b0;
  assign f_end = {3'd0, offset_q} + {3'd0, row_bytes};
  always @(posedge clk_i) begin
    f_past_q  <= 1'b1;
    f_error_q <= rst_ni && !clear_i && (f_error_q || err_valid_o);
    if (state_q == StRow) f_offset_q <= offset_q;
    if (!f_past_q) assume (!rst_ni);
    assume (buffer != 2'd3 && rows != '0);     // gantry_dispatch
    for (int b = 0; b < 3; b++) assume (run_base_q[64*b +: 64] < 64'd1 << 62);
    if (f_past_q && $past(s_axis_insn_tvalid && !s_axis_insn_tready && rst_ni && !clear_i)) begin
      assume (s_axis_insn_tvalid && s_axis_insn_tdata == $past(s_axis_insn_tdata));
      assume (buffer_base_i == $past(buffer_base_i) && buffer_bytes_i == $past(buffer_bytes_i));
    end
    if (f_past_q && $past(rst_ni) && rst_ni && !$past(clear_i) && !clear_i) begin
      assert (state_q <= StHalt);
      if (state_q != StIdle && state_q != StHalt) assert (s_axis_insn_tvalid || engine_err_i);
      if (state_q == StRow) assert (offset_q < 64'd1 << 63);
      if (state_q == StPlane || state_q == StColumn || state_q == StIssue) begin
        assert (f_offset_q == offset_q && row_addr_o == buffer_base + offset_q);
        assert (f_end <= {35'd0, buffer_bytes});
      end
      if (state_q == StRow || state_q == StPlane || state_q == StColumn || state_q == StIssue) begin
        assert (row_q < rows);
      end
      // Refused exactly when a byte lies outside; then the error is told, and once.
      if ($past(state_q) == StRow && !$past(engine_err_i)) begin
        assert ((state_q == StHalt) == $past(f_end > {35'd0, buffer_bytes}));
        if (state_q == StHalt) begin
          assert (err_valid_o && err_cause_o == `GANTRY_CAUSE_DDR_RANGE);
          assert (err_info_o == $past(offset_q));
        end
      end
      if ($past(engine_err_i) && $past(state_q) != StHalt) begin
        assert (err_valid_o && err_cause_o == `GANTRY_CAUSE_ACT_RANGE);
      end
      if (state_q == StHalt) assert (f_error_q || err_valid_o);
      if (row_valid_o != '0) assert (state_q == StIssue);
      if (state_q == StDrain || state_q == StSignal) assert (row_q == rows);
      assert (row_even_o[BankW +: RowW] <= RowW'(1) << (RowW - 2));
      assert (row_odd_o[BankW +: RowW] <= RowW'(1) << (RowW - 2));
    end
  end
