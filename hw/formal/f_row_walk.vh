// SPDX-License-Identifier: Apache-2.0
// Body of the proof of gantry_row_walk: the row number never wraps round, so that a comparison with
// ACT_ROWS behind it sees every word out of range; and exactly pixels * words words come.
  localparam logic [RowW-1:0] Far = RowW'(1) << (RowW - 2);  // what gantry_row_seq clips to
  logic        f_past_q;
  logic [15:0] f_done;                     // pixels left behind
  logic [23:0] f_words_q;                  // words of the row that were taken
  initial f_past_q = 1'b0;
  assign f_done = pixels_i - left_q;
  always @(posedge clk_i) begin
    f_past_q  <= 1'b1;
    f_words_q <= start_i ? '0 : f_words_q + 24'(advance_i && active_q);
    if (!f_past_q) assume (!rst_ni);
    if (start_i) begin
      assume (!valid_o);
      assume (even_i[BankW +: RowW] <= Far && odd_i[BankW +: RowW] <= Far);
    end
    assume (cb_i >= 9'd1 && cb_i <= 9'd256);
    if (f_past_q && $past(active_q)) begin
      assume (pixels_i == $past(pixels_i) && words_i == $past(words_i) && sx_i == $past(sx_i));
    end
    if (f_past_q && $past(start_i) && !$past(active_q)) assume (pixels_i == $past(pixels_i));
    if (f_past_q && $past(rst_ni) && active_q) begin
      assert (left_q != '0 && left_q <= pixels_i && word_q <= words_i);
      for (int e = 0; e < 2; e++) assert (row_q[e] <= Far + RowW'({f_done, 8'd0}));
      assert ({1'b0, row_o} == {1'b0, row_q[odd_q]} + (RowW + 1)'(word_q));
    end
  end
