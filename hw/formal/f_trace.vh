// SPDX-License-Identifier: Apache-2.0
// Body of the proof of gantry_trace: a record is written within the buffer, whole and once, or it
// is counted as lost.
  logic        f_past_q;
  logic [2:0]  f_beats_q;                      // beats of the record that the port has taken
  initial f_past_q = 1'b0;
  always @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    if (start_i) assume (clear_i);               // a launch begins with a clear
    if (f_past_q && !$past(clear_i) && $past(rst_ni)) begin
      assume (trace_size_i == $past(trace_size_i) && trace_i == $past(trace_i));
    end
    f_beats_q <= !rst_ni || clear_i || rec_pop ? '0
               : f_beats_q + 3'(data_valid_o && data_ready_i);
    if (f_past_q && rst_ni && $past(rst_ni) && !clear_i && !$past(clear_i)) begin
      assert (level <= 5'd16);
      if (req_valid_o) begin
        assert (req_addr_o - trace_i + 64'd64 <= {32'd0, trace_size_i});
        assert (req_beats_o == 7'd4);
      end
      if (asked_q) assert (rec_valid && f_beats_q == {1'b0, beat_q});
      else         assert (f_beats_q == '0 && beat_q == '0);
      if (rec_pop) assert (lost_size || f_beats_q == 3'd3);
      if ($past(s_axis_record_tvalid && !in_ready) || $past(lost_size)) assert (lost_o);
    end
  end
