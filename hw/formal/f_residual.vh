// SPDX-License-Identifier: Apache-2.0
// Body of the proof of gantry_residual: of the words asked for in a slot, those within the
// activation RAM are read, each in its bank and at its row, and nothing else is; another raises an
// error. (That a row is right is the proof of gantry_word_addr.)
  logic [2:0]           f_age_q;
  logic [BankW*NPX-1:0] f_bank_q, f_bank_q2;      // banks of the slots, as chosen
  logic [NPX-1:0]       f_chosen_q, f_chosen_q2, f_hit;
  initial f_age_q = '0;
  always @(posedge clk_i) begin
    f_age_q <= f_age_q == 3'd4 ? 3'd4 : f_age_q + 3'd1;
    if (f_age_q == '0) assume (!rst_ni);
    f_bank_q    <= slot_bank;
    f_bank_q2   <= f_bank_q;
    f_chosen_q  <= chosen & {NPX{req_o && grant_i && rst_ni}};
    f_chosen_q2 <= f_chosen_q;
    f_hit = '0;
    // One word per bank and slot.
    for (int i = 0; i < NPX; i++) begin
      for (int j = 0; j < i; j++) begin
        if (chosen[i] && chosen[j]) begin
          assert (slot_bank[BankW*i+:BankW] != slot_bank[BankW*j+:BankW]);
        end
        if (f_age_q != '0 && f_chosen_q[i] && f_chosen_q[j]) begin
          assert (f_bank_q[BankW*i+:BankW] != f_bank_q[BankW*j+:BankW]);
        end
      end
    end
    if (f_age_q >= 3'd2) begin
      assert (chosen_q2 == f_chosen_q2 && bank == f_bank_q2);
    end
    if (f_age_q == 3'd4) begin
      for (int i = 0; i < NPX; i++) begin
        if ($past(f_chosen_q2[i]) && $past(rst_ni) && !$past(bad[i])) begin
          f_hit[$past(f_bank_q2[BankW*i+:BankW])] = 1'b1;
          assert (bank_en_o[$past(f_bank_q2[BankW*i+:BankW])]);
          assert (bank_row_o[16*$past(f_bank_q2[BankW*i+:BankW])+:16] == $past(rows[32*i+:16]));
        end
      end
      assert (bank_en_o == f_hit);
      for (int k = 0; k < NPX; k++) if (bank_en_o[k]) assert (17'(bank_row_o[16*k+:16]) < ACT_ROWS);
      assert (range_o == ($past(rst_ni) && $past((f_chosen_q2 & bad) != '0)));
    end
    for (int i = 0; i < NPX; i++) begin
      if (f_age_q >= 3'd2) assert (bad[i] == (rows[32*i+:32] >= ACT_ROWS));
    end
  end
