// SPDX-License-Identifier: Apache-2.0
// Body of the proof of gantry_wring: lines are written within the ring, one behind the other;
// lines_o never counts a line that a port has not written.
  logic                f_past_q;
  logic [AddrW*PORTS-1:0] f_lines;
  initial f_past_q = 1'b0;
  always @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    for (int p = 0; p < PORTS; p++) begin
      assume (counts[32*p+:32] < 32'd1 << 30);   // differences stand far below 2^31
      if (f_past_q && $past(rst_ni)) begin
        assert (f_lines[AddrW*p+:AddrW] < AddrW'(RING_LINES));
        assert (lines_o <= counts[32*p+:32]);
      end
      if (f_past_q && rst_ni && $past(rst_ni)) begin
        assert (f_lines[AddrW*p+:AddrW] == $past(f_lines[AddrW*p+:AddrW])
                || f_lines[AddrW*p+:AddrW] == (($past(f_lines[AddrW*p+:AddrW])
                   == AddrW'(RING_LINES - 1)) ? '0 : $past(f_lines[AddrW*p+:AddrW]) + 1'b1));
        assert ((counts[32*p+:32] != $past(counts[32*p+:32]))
                == (f_lines[AddrW*p+:AddrW] != $past(f_lines[AddrW*p+:AddrW])));
      end
    end
  end
  for (genvar p = 0; p < PORTS; p++) begin : gen_formal
    assign f_lines[AddrW*p+:AddrW] = gen_port[p].line_q;
  end
