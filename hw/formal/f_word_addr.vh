// SPDX-License-Identifier: Apache-2.0
// Body of the proof of gantry_word_addr: the row in numbers that hold every sum, and its verdict.
  logic [1:0]  f_age_q;                    // stages filled since the start
  logic [39:0] f_row_q, f_row_q2;
  initial f_age_q = '0;
  always @(posedge clk_i) if (en_i) begin
    f_age_q  <= f_age_q == 2'd2 ? 2'd2 : f_age_q + 2'd1;
    f_row_q  <= {{(18 + BankW) {1'b0}}, q_i[21:BankW]} * {31'd0, cb} + {24'd0, base_i}
                + {23'd0, block_i};
    f_row_q2 <= f_row_q;
  end
  always @(posedge clk_i) begin
    if (f_age_q != 2'd0) assert ({8'd0, product_q} + {22'd0, base_q} == f_row_q);
  end
  always @(posedge clk_i) if (f_age_q == 2'd2) begin
    assert ({8'd0, row_o} == f_row_q2);
    assert (bad_o == (f_row_q2 >= 40'(ACT_ROWS)));
  end
