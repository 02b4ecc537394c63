// SPDX-License-Identifier: Apache-2.0
// Body of the proof of gantry_rd_port: bus rules, and what ties them to its registers.
  logic [63:0] f_end_q;                    // byte behind the request
  logic [2:0] f_open;
  logic [6:0] f_beat;
  logic       f_past_q;
  initial f_past_q = 1'b0;
  f_axi_rd u_rules (
    .clk_i, .rst_ni, .araddr_i(m_axi_araddr), .arlen_i(m_axi_arlen), .arvalid_i(m_axi_arvalid),
    .arready_i(m_axi_arready), .rdata_i(m_axi_rdata), .rresp_i(m_axi_rresp),
    .rlast_i(m_axi_rlast), .rvalid_i(m_axi_rvalid), .rready_i(m_axi_rready),
    .open_o(f_open), .beat_o(f_beat)
  );
  always @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (accept) f_end_q <= pick_addr + {53'd0, pick_beats, 4'd0};
    for (int c = 0; c < 3; c++) begin      // what clients promise
      if (req_valid_i[c]) begin
        assume (req_beats_i[7*c +: 7] != '0 && req_beats_i[7*c +: 7] <= 7'd64);
        assume (req_addr_i[64*c +: 4] == 4'd0);
        assume (req_addr_i[64*c + 12 +: 52] != '1);   // no burst at the end of all addresses
      end
    end
    if (f_past_q && $past(rst_ni) && rst_ni) begin
      if (cur_valid_q) begin
        assert (cur_left_q != '0 && cur_left_q <= 7'd64 && cur_addr_q[3:0] == '0);
        assert (cur_client_q != 2'd3);
        assert (cur_addr_q + {53'd0, cur_left_q, 4'd0} == f_end_q);
      end
      // The bursts of a request are its bytes, once each, and the last ends where it ends.
      if ($past(issue)) begin
        assert (m_axi_araddr == $past(cur_addr_q));
        assert (m_axi_arlen + 8'd1 == {1'b0, $past(burst)} && $past(burst) != '0);
        if (cur_valid_q) assert (cur_addr_q == $past(cur_addr_q) + {53'd0, $past(burst), 4'd0});
      end
      if ($past(cur_valid_q && !flush_i) && !cur_valid_q) begin
        assert ($past(issue) && $past(cur_addr_q + {53'd0, burst, 4'd0}) == f_end_q);
      end
      // Each burst that is shown or open has its entry: whose it is is always known.
      assert (order_level == f_open + 3'(arvalid_q) && order_level <= 3'd4);
      assert (f_beat == {1'b0, beat_q});
      // R is taken at once: a client cannot hold up another.
      if (m_axi_rvalid) assert (m_axi_rready);
      // A beat goes to exactly one client, or to none while flushing.
      assert ((data_valid_o & (data_valid_o - 3'd1)) == '0 || order_data[65:64] == 2'd3);
      if (flush_i) assert (data_valid_o == '0 && req_ready_o == '0);
      if ($past(flush_i)) assert (!cur_valid_q);
      assert (busy_o == (f_open != '0 || arvalid_q));
      cover (f_open == 3'd4);
    end
  end
