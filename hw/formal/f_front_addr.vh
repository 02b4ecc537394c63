// SPDX-License-Identifier: Apache-2.0
// Body of the proof of gantry_front_addr: a bank is read if and only if a valid slot stands in it
// whose row is in the activation RAM, and then at that row; a valid slot whose row is not raises an
// error. Pixels and rows are written down here slot by slot, as docs/hardware.md has them.
  localparam integer FStages = 3;
  logic [1:0]             f_age_q;
  logic [FStages-1:0]     f_step_q;
  logic signed [31:0]     f_first_q, f_first_q2, f_first_q3;  // row of the first pixel's NPX
  logic [BankW-1:0]       f_bank_q, f_bank_q2, f_bank_q3;
  logic signed [9:0]      f_cb_q, f_cb_q2, f_cb_q3;
  logic                   f_far_q, f_far_q2, f_far_q3;
  logic [NPX-1:0]         f_valid_q, f_valid_q2, f_valid_q3;
  logic signed [19:0]     f_y, f_x;
  logic signed [31:0]     f_row;
  logic [BankW-1:0]       f_bank;
  logic                   f_inside, f_outside;
  logic [NPX-1:0]         f_seen;
  initial f_age_q = '0;
  always @(posedge clk_i) begin
    f_age_q <= f_age_q == 2'd3 ? 2'd3 : f_age_q + 2'd1;
    if (f_age_q == '0) assume (!rst_ni);
    if (f_age_q != '0 && $past(step_i)) begin
      assume (h_i == $past(h_i) && w_i == $past(w_i) && cb_i == $past(cb_i));
    end
    // What the step asks for, with the reset that clears it.
    f_step_q   <= {f_step_q[1:0] & {2{rst_ni}}, step_i && rst_ni};
    f_first_q  <= 32'(q_row) * $signed({23'd0, cb}) + $signed({14'd0, 2'b0, base_i})
                  + $signed({15'd0, block_i});
    f_bank_q   <= q_i[BankW-1:0];
    f_cb_q     <= $signed({1'b0, cb});
    f_far_q    <= far_i;
    for (int i = 0; i < NPX; i++) begin
      f_y = sy_i ? $signed({2'b0, y_i[17*i+:17], 1'b0}) : $signed({3'b0, y_i[17*i+:17]});
      f_x = sx_i ? $signed({3'b0, x_i[16*i+:16], 1'b0}) : $signed({4'b0, x_i[16*i+:16]});
      f_y = f_y + a_i;
      f_x = f_x + b_i;
      f_valid_q[i] <= slots_i[i] && y_i[17*i+:17] < {1'b0, out_h_i} && f_y >= 0 && f_x >= 0 &&
                      f_y < $signed({4'd0, h_i}) && f_x < $signed({4'd0, w_i});
    end
    {f_first_q3, f_first_q2} <= {f_first_q2, f_first_q};
    {f_bank_q3, f_bank_q2}   <= {f_bank_q2, f_bank_q};
    {f_cb_q3, f_cb_q2}       <= {f_cb_q2, f_cb_q};
    {f_far_q3, f_far_q2}     <= {f_far_q2, f_far_q};
    {f_valid_q3, f_valid_q2} <= {f_valid_q2, f_valid_q};
    f_seen    = '0;
    f_outside = 1'b0;
    if (f_age_q == 2'd3) begin
      for (int i = 0; i < NPX; i++) begin
        f_bank   = f_bank_q3 + BankW'(i);
        f_row    = f_first_q3 + (f_bank < f_bank_q3 ? 32'(f_cb_q3) : 32'sd0);
        f_inside = !f_far_q3 && f_row >= 0 && f_row < ACT_ROWS;
        if (f_step_q[2] && $past(rst_ni) && f_valid_q3[i]) begin
          if (f_inside) begin
            assert (bank_en_o[f_bank]);
            assert ({16'd0, bank_row_o[16*f_bank+:16]} == f_row);
            f_seen[f_bank] = 1'b1;
          end else begin
            f_outside = 1'b1;
          end
        end
      end
      assert (bank_en_o == f_seen);
      assert (range_o == f_outside);
    end
  end
