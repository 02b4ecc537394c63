// SPDX-License-Identifier: Apache-2.0
// Body of the proof of gantry_load_row: requests ask for the beats that cover the row and no other;
// a word goes to the activation RAM if and only if its row is there, else an error is raised.
  logic        f_past_q, f_bad_q;
  logic [59:0] f_first_q, f_end_q;             // beats that cover the row: [first, end)
  logic [RowW-1:0] f_row_q, f_row_q2;          // rows of the words in the two stages
  initial f_past_q = 1'b0;
  always @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    if (row_valid_i) assume (row_addr_i[63:17] != '1);           // no row at the end of all
    if (f_past_q && $past(row_valid_i) && !$past(row_ready_o)) begin
      assume (row_valid_i && row_addr_i == $past(row_addr_i));
    end
    if (row_fire) begin
      f_first_q <= row_addr_i[63:4];
      f_end_q   <= 60'((row_addr_i + {48'd0, row_bytes_i} + 64'd15) >> 4);
    end
    if (advance) begin
      f_row_q  <= w_row;
      f_row_q2 <= f_row_q;
    end
    f_bad_q <= rst_ni && !clear_i && w_issue && w_row >= RowW'(ACT_ROWS);
    if (f_past_q && $past(rst_ni) && !$past(clear_i)) begin
      if (f_busy_q) begin
        assert (f_left_q != '0 && f_addr_q + 60'(f_left_q) == f_end_q);
        assert (f_addr_q >= f_first_q && f_addr_q <= f_end_q && f_left_q <= 13'd4097);
      end
      if (req_valid_o) begin
        assert (req_beats_o != '0 && req_beats_o <= 7'd64);
        assert (req_addr_o[63:4] >= f_first_q && req_addr_o[63:4] + 60'(req_beats_o) <= f_end_q);
      end
      if (s_valid_q) assert (f_row_q < RowW'(ACT_ROWS) && RowW'(s_row_q) == f_row_q);
      if (load_valid_o) begin
        assert (f_row_q2 < RowW'(ACT_ROWS) && RowW'(load_row_o) == f_row_q2);
      end
      assert (err_valid_o == f_bad_q);
      // A word that is issued is in the pipeline or was an error; what waits holds.
      if ($past(w_issue) && !$past(clear_i)) assert (s_valid_q || f_bad_q);
      if ($past(load_valid_o) && !$past(load_ready_i)) begin
        assert (load_valid_o && load_row_o == $past(load_row_o));
        assert (load_bank_o == $past(load_bank_o));
      end
    end
  end
