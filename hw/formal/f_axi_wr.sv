// SPDX-License-Identifier: Apache-2.0
// f_axi_wr: rules of the AXI4 write channels, for proofs: asserts what a master promises, assumes
// what a slave promises.
//
//   issue, AW, W, B ---> [ lengths of bursts with data to come ] ---> counts
//
// issue_i: AW is shown from the next cycle on. Bursts are INCR of 16-byte beats, at most 64,
// aligned, inside 4 KB; WLAST is on the last beat and nowhere else; data follow the order of AW.
// The slave answers a burst once, after its address and its last beat.
`default_nettype none
module f_axi_wr (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         issue_i,
  input  wire logic [7:0]   issue_len_i,
  input  wire logic [63:0]  awaddr_i,
  input  wire logic [7:0]   awlen_i,
  input  wire logic         awvalid_i,
  input  wire logic         awready_i,
  input  wire logic [127:0] wdata_i,
  input  wire logic [15:0]  wstrb_i,
  input  wire logic         wlast_i,
  input  wire logic         wvalid_i,
  input  wire logic         wready_i,
  input  wire logic         bvalid_i,
  input  wire logic         bready_i,
  output logic [1:0]        level_o,       // bursts with beats to come on W
  output logic [6:0]        oldest_o,      // length - 1 of the oldest and the one behind it
  output logic [6:0]        newest_o,
  output logic [6:0]        beat_o,        // beats of the oldest taken
  output logic [4:0]        aw_o,          // addresses taken, without response
  output logic [4:0]        w_o            // bursts whose last beat was taken, without response
);
  logic       past_q;
  logic [1:0] level_q;
  logic [6:0] len0_q, len1_q, beat_q;
  logic [4:0] aw_q, w_q;
  logic       w_fire, w_end, b_fire;
  initial past_q = 1'b0;
  assign w_fire   = wvalid_i && wready_i;
  assign w_end    = w_fire && wlast_i;
  assign b_fire   = bvalid_i && bready_i;
  assign level_o  = level_q;
  assign oldest_o = len0_q;
  assign newest_o = len1_q;
  assign beat_o   = beat_q;
  assign aw_o     = aw_q;
  assign w_o      = w_q;

  always @(posedge clk_i) begin
    past_q <= 1'b1;
    if (!past_q) assume (!rst_ni);
    if (!rst_ni) begin
      level_q <= '0;
      beat_q  <= '0;
      aw_q    <= '0;
      w_q     <= '0;
    end else begin
      level_q <= level_q + 2'(issue_i) - 2'(w_end);
      beat_q  <= w_end ? 7'd0 : beat_q + 7'(w_fire);
      aw_q    <= aw_q + 5'(awvalid_i && awready_i) - 5'(b_fire);
      w_q     <= w_q + 5'(w_end) - 5'(b_fire);
      if (w_end) len0_q <= len1_q;
      if (issue_i) begin
        if (level_q - 2'(w_end) == 2'd0) len0_q <= issue_len_i[6:0];
        else                             len1_q <= issue_len_i[6:0];
      end
    end

    if (rst_ni) begin
      // The slave.
      if (bvalid_i) assume (aw_q != '0 && w_q != '0);
      // The master.
      if (bvalid_i) assert (bready_i);
      assert (level_q <= 2'd2);
      if (wvalid_i) begin
        assert (level_q != '0);
        assert (wlast_i == (beat_q == len0_q));
        assert (wstrb_i == 16'hffff || wstrb_i == 16'h0000);
      end
      if (awvalid_i) begin
        assert (awlen_i < 8'd64);
        assert (awaddr_i[3:0] == 4'd0);
        assert ({1'b0, awaddr_i[11:4]} + {1'b0, awlen_i} <= 9'd255);
      end
      if (past_q && $past(rst_ni)) begin
        if ($past(awvalid_i && !awready_i)) begin
          assert (awvalid_i && awaddr_i == $past(awaddr_i) && awlen_i == $past(awlen_i));
        end
        if ($past(wvalid_i && !wready_i)) begin
          assert (wvalid_i && wdata_i == $past(wdata_i) && wstrb_i == $past(wstrb_i));
          assert (wlast_i == $past(wlast_i));
        end
        if ($past(issue_i)) assert (awvalid_i && awlen_i == $past(issue_len_i));
        if ($past(bvalid_i && !bready_i)) assume (bvalid_i);
      end
    end
  end
endmodule
`default_nettype wire
