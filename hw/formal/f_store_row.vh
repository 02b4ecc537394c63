// SPDX-License-Identifier: Apache-2.0
// Body of the proof of gantry_store_row: requests cover the row's bytes and no other; no read goes
// beyond the activation RAM, and one that would raises an error; every word read finds room.
  logic        f_past_q;
  logic [59:0] f_first_q, f_end_q;
  logic [6:0]  f_open_q;                       // words read and not yet here
  initial f_past_q = 1'b0;
  always @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    if (row_valid_i) begin
      assume (row_addr_i[3:0] == '0 && row_addr_i[63:32] != '1);
    end
    if (row_fire) begin
      f_first_q <= row_addr_i[63:4];
      f_end_q   <= row_addr_i[63:4] + 60'(row_beats_i);
    end
    f_open_q <= !rst_ni || clear_i ? '0 : f_open_q + 7'(w_issue) - 7'(store_data_valid_i);
    if (f_open_q == '0) assume (!store_data_valid_i);
    if (f_past_q && $past(rst_ni) && !$past(clear_i)) begin
      if (busy_q) begin
        assert (left_q != '0 && addr_q + 60'(left_q) == f_end_q);
        assert (addr_q >= f_first_q && addr_q <= f_end_q);
      end
      if (req_valid_o) begin
        assert (req_beats_o != '0 && req_beats_o <= 7'd64);
        assert (req_addr_o[63:4] >= f_first_q && req_addr_o[63:4] + 60'(req_beats_o) <= f_end_q);
      end
      if (store_valid_o) begin
        assert (store_row_o < ACT_ROWS);
        assert (w_row < RowW'(ACT_ROWS) ? RowW'(store_row_o) == w_row : store_row_o == '0);
      end
      assert (err_valid_o == ($past(w_issue) && $past(w_row) >= RowW'(ACT_ROWS)));
      if ($past(store_valid_o) && !$past(store_ready_i)) begin
        assert (store_valid_o && store_row_o == $past(store_row_o));
      end
      assert ({1'b0, kept_q} == {1'b0, level} + {1'b0, f_open_q} && kept_q <= 7'(Words));
      if (store_data_valid_i) assert (in_ready);
    end
  end
