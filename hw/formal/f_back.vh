// SPDX-License-Identifier: Apache-2.0
// Body of the proof of gantry_back: a word goes on to the writer if and only if its row is in the
// activation RAM, with that row; one beyond it marks its step as bad and is told. (That a row is
// right is the proof of gantry_word_addr; between here and the writer is a shift register.)
  logic [1:0] f_age_q;
  initial f_age_q = '0;
  always @(posedge clk_i) begin
    if (move_o) f_age_q <= f_age_q == 2'd2 ? 2'd2 : f_age_q + 2'd1;
    for (int w = 0; w < G; w++) begin
      if (f_age_q == 2'd2) assert (bad[w] == (rows[32*w+:32] >= ACT_ROWS));
      if (f_age_q == 2'd2 && words_good[w]) begin
        assert (words_q3[w] && 17'(low_rows[16*w+:16]) < ACT_ROWS);
        assert (rows[32*w+:32] == {16'd0, low_rows[16*w+:16]});
      end
      if (f_age_q == 2'd2 && words_q3[w] && !words_good[w]) assert (bad_any);
    end
  end
