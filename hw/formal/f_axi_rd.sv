// SPDX-License-Identifier: Apache-2.0
// f_axi_rd: rules of the AXI4 read channels, for proofs: asserts what a master promises, assumes
// what a slave promises.
//
//   AR, R ---> [ lengths of open bursts ] ---> open_o, beat_o: bursts accepted and not over, beats
//                                              of the oldest that were received
//
// Bursts are INCR of 16-byte beats, at most 64, aligned, inside 4 KB, at most four open. The slave
// answers in order, exactly the beats asked for, RLAST on the last, and holds what is not taken.
`default_nettype none
module f_axi_rd (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic [63:0]  araddr_i,
  input  wire logic [7:0]   arlen_i,
  input  wire logic         arvalid_i,
  input  wire logic         arready_i,
  input  wire logic [127:0] rdata_i,
  input  wire logic [1:0]   rresp_i,
  input  wire logic         rlast_i,
  input  wire logic         rvalid_i,
  input  wire logic         rready_i,
  output logic [2:0]        open_o,
  output logic [6:0]        beat_o
);
  logic        past_q;
  logic [2:0]  open_q;
  logic [6:0]  beat_q;
  logic [29:0] lengths_q;                  // oldest lowest, 6 bits each; the last stays unused
  logic        ar_fire, r_fire, r_end;
  initial past_q = 1'b0;
  assign ar_fire = arvalid_i && arready_i;
  assign r_fire  = rvalid_i && rready_i;
  assign r_end   = r_fire && rlast_i;
  assign open_o  = open_q;
  assign beat_o  = beat_q;

  always @(posedge clk_i) begin
    past_q <= 1'b1;
    if (!past_q) assume (!rst_ni);
    if (!rst_ni) begin
      open_q <= '0;
      beat_q <= '0;
    end else begin
      open_q <= open_q + 3'(ar_fire) - 3'(r_end);
      beat_q <= r_end ? 7'd0 : beat_q + 7'(r_fire);
      for (int i = 0; i < 4; i++) begin
        if (ar_fire && open_q - 3'(r_end) == 3'(i)) lengths_q[6*i +: 6] <= arlen_i[5:0];
        else if (r_end && i < 3)                    lengths_q[6*i +: 6] <= lengths_q[6*i + 6 +: 6];
      end
    end

    if (rst_ni) begin
      // The slave.
      if (rvalid_i) assume (open_q != '0);
      if (rvalid_i) assume (rlast_i == (beat_q == {1'b0, lengths_q[5:0]}));
      // The master.
      assert (open_q <= 3'd4);
      if (open_q == '0) assert (beat_q == '0);
      else assert (beat_q <= {1'b0, lengths_q[5:0]});
      if (arvalid_i) begin
        assert (open_q < 3'd4);
        assert (arlen_i < 8'd64);
        assert (araddr_i[3:0] == 4'd0);
        assert ({1'b0, araddr_i[11:4]} + {1'b0, arlen_i} <= 9'd255);
      end
      // Nobody drops or changes what waits.
      if (past_q && $past(rst_ni)) begin
        if ($past(arvalid_i && !arready_i)) begin
          assert (arvalid_i && araddr_i == $past(araddr_i) && arlen_i == $past(arlen_i));
        end
        if ($past(rvalid_i && !rready_i)) begin
          assume (rvalid_i && rdata_i == $past(rdata_i) && rresp_i == $past(rresp_i));
          assume (rlast_i == $past(rlast_i));
        end
      end
    end
  end
endmodule
`default_nettype wire
