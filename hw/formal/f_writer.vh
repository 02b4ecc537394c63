// SPDX-License-Identifier: Apache-2.0
// Body of the proof of gantry_writer: of a step each word is written once, in its bank, with its
// row and data, at most one in a bank and cycle; the step moves on when all have been.
  logic             f_past_q, f_valid_q;
  logic [WORDS-1:0] f_written_q, f_go;            // words of the step whose bank took them
  logic [NPX-1:0]   f_banks;
  initial f_past_q = 1'b0;
  always @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    if (f_past_q && $past(rst_ni) && $past(valid_i) && !$past(advance_o)) begin
      assume (valid_i && words_i == $past(words_i) && bank_i == $past(bank_i));
      assume (row_i == $past(row_i) && data_i == $past(data_i) && last_i == $past(last_i));
    end
    f_go    = '0;
    f_banks = '0;
    for (int w = 0; w < WORDS; w++) begin
      for (int k = 0; k < NPX; k++) begin
        if (hits[WORDS*k+w]) begin
          assert (bank_i[BankW*w+:BankW] == BankW'(k) && valid_i && words_i[w]);
          assert (!f_go[w] && !f_banks[k]);
          if (f_past_q && $past(rst_ni)) assert (!f_written_q[w]);
          f_go[w]    = 1'b1;
          f_banks[k] = 1'b1;
        end
      end
    end
    f_written_q <= !rst_ni || advance_o ? '0 : f_written_q | f_go;
    if (f_past_q && $past(rst_ni)) begin
      assert (f_written_q == sent_q);
      if (!valid_i) assert (advance_o && f_go == '0);
      if (valid_i && advance_o) assert ((f_written_q | f_go) == words_i);
      if (valid_i && !advance_o && rst_ni) assert (f_go != '0);
      assert (write_o == $past(f_banks));
      for (int w = 0; w < WORDS; w++) begin
        if ($past(f_go[w])) begin
          assert (write_row_o[16*$past(bank_i[BankW*w+:BankW])+:16] == $past(row_i[16*w+:16]));
        end
      end
      assert (done_o == $past(valid_i && advance_o && last_i));
    end
  end
