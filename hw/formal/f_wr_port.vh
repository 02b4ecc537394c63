// SPDX-License-Identifier: Apache-2.0
// Body of the proof of gantry_wr_port: bus rules, and what ties them to its registers.
  logic [1:0] f_level;
  logic [6:0] f_oldest, f_newest, f_beat;
  logic [4:0] f_aw, f_w;
  logic       f_past_q;
  logic [63:0] f_end_q;                    // byte behind the request
  initial f_past_q = 1'b0;
  f_axi_wr u_rules (
    .clk_i, .rst_ni, .issue_i(issue), .issue_len_i({1'b0, burst} - 8'd1),
    .awaddr_i(m_axi_awaddr), .awlen_i(m_axi_awlen), .awvalid_i(m_axi_awvalid),
    .awready_i(m_axi_awready), .wdata_i(m_axi_wdata), .wstrb_i(m_axi_wstrb),
    .wlast_i(m_axi_wlast), .wvalid_i(m_axi_wvalid), .wready_i(m_axi_wready),
    .bvalid_i(m_axi_bvalid), .bready_i(m_axi_bready),
    .level_o(f_level), .oldest_o(f_oldest), .newest_o(f_newest), .beat_o(f_beat),
    .aw_o(f_aw), .w_o(f_w)
  );
  always @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (accept) begin
      f_end_q <= pick ? req_addr_i[127:64] + {53'd0, req_beats_i[13:7], 4'd0}
                      : req_addr_i[63:0] + {53'd0, req_beats_i[6:0], 4'd0};
    end
    for (int c = 0; c < 2; c++) begin      // what clients promise
      if (req_valid_i[c]) begin
        assume (req_beats_i[7*c +: 7] != '0 && req_beats_i[7*c +: 7] <= 7'd64);
        assume (req_addr_i[64*c +: 4] == 4'd0);
        assume (req_addr_i[64*c + 12 +: 52] != '1);
      end
    end
    if (f_past_q && $past(rst_ni) && rst_ni) begin
      if (cur_left_q != '0) begin
        assert (cur_left_q <= 7'd64 && cur_addr_q[3:0] == '0);
        assert (cur_addr_q + {53'd0, cur_left_q, 4'd0} == f_end_q);
      end
      // The bursts of a request are its bytes, once each, and the last ends where it ends.
      if ($past(issue)) begin
        assert (m_axi_awaddr == $past(cur_addr_q) && $past(burst) != '0);
        assert (m_axi_awlen + 8'd1 == {1'b0, $past(burst)} && w_left_q == $past(burst));
        if (cur_left_q == '0) assert ($past(cur_addr_q + {53'd0, burst, 4'd0}) == f_end_q);
      end
      if ($past(cur_left_q != '0 && !issue && !flush_i)) assert (cur_left_q == $past(cur_left_q));
      assert (w_left_q <= 7'd64 && f_oldest < 7'd64 || f_level == '0);
      // Beats taken, in the register and to come are the burst's.
      if (f_level == 2'd0) assert (w_left_q == '0 && !wvalid_q && f_beat == '0);
      if (f_level == 2'd1) begin
        assert (f_beat + 7'(wvalid_q) + w_left_q == f_oldest + 7'd1);
        assert (wvalid_q || w_left_q != '0);
      end
      if (f_level == 2'd2) begin
        assert (wvalid_q && wlast_q && f_beat == f_oldest && f_newest < 7'd64);
        assert (w_left_q == f_newest + 7'd1);
      end
      // A burst has its entry from the cycle in which its address is shown to its response.
      assert ({1'b0, order_level} == f_aw + 5'(awvalid_q));
      assert ({1'b0, order_level} == f_w + 5'(f_level));
      assert (order_level <= 4'd8 && f_aw <= 5'd8 && f_w <= 5'd8);
      // Zero strobes are for a flush only; data are taken from the owner of the burst only.
      if (wvalid_q && wstrb_q == '0 && !$past(wvalid_q)) assert ($past(flush_i));
      if (flush_i) assert (data_ready_o == '0 && req_ready_o == '0 && !issue);
      assert ((data_ready_o & (data_ready_o - 2'd1)) == '0);
      assert (busy_o == (f_level != '0 || order_level != '0));
      cover (f_level == 2'd2 && order_level == 4'd4);
    end
  end
