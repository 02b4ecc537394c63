// SPDX-License-Identifier: Apache-2.0
// Body of the proof of gantry_fetch: every request lies within the program, every beat that was
// asked for finds room, and no instruction is made of beats of an older run.
  logic f_past_q;
  initial f_past_q = 1'b0;
  always @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    if (f_past_q && !$past(clear_i) && $past(rst_ni)) begin
      assume (insn_count_i == $past(insn_count_i) && program_i == $past(program_i));
    end
    if (f_past_q) assume (!(open_q == '0 && data_valid_i));      // the port gives what was asked
    if (f_past_q && $past(rst_ni) && rst_ni && !$past(clear_i) && !clear_i) begin
      assert (asked_q <= insn_count_i);
      assert ({1'b0, level} + {1'b0, open_q} <= 8'd64);
      if (data_valid_i) assert (in_ready);
      if (req_valid_o) begin
        assert (chunk != '0 && chunk <= 4'd8 && req_beats_o == {1'b0, chunk, 2'd0});
        assert ({1'b0, asked_q} + 33'(chunk) <= {1'b0, insn_count_i});
        assert (req_addr_o - program_i == {26'd0, asked_q, 6'd0});
      end
      if (drop_q && $past(drop_q)) assert (level == '0 && !full_q && part_q == '0);
    end
  end
