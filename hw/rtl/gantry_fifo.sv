// SPDX-License-Identifier: Apache-2.0
// gantry_fifo: first-in first-out buffer of one clock, first word falls through.
//
//   s_axis_* --->[ Depth words ]---> m_axis_*
//
// A word is visible at the output one cycle after it was accepted; one word per cycle in and out.
// No path from m_axis_tready to s_axis_tready within a cycle. clear_i and reset empty it; the
// memory itself is not reset. Proof: hw/formal/gantry_fifo.
// Interface: valid, ready on both sides.
// Latency: 1 cycle.
// Throughput: one word in and one out a cycle.
`default_nettype none
module gantry_fifo #(
  parameter integer Width = 8,                       // bits of a word
  parameter integer Depth = 4,                       // words, a power of two from 2 on
  localparam integer PtrW = $clog2(Depth)
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  input  wire logic             clear_i,
  input  wire logic             s_axis_tvalid,
  output logic                  s_axis_tready,
  input  wire logic [Width-1:0] s_axis_tdata,
  output logic                  m_axis_tvalid,
  input  wire logic             m_axis_tready,
  output logic [Width-1:0]      m_axis_tdata,
  output logic [PtrW:0]         level_o              // words inside
);
`ifndef __ICARUS__
  if (Depth < 2 || (1 << PtrW) != Depth) begin : gen_check
    $error("gantry_fifo: Depth must be a power of two from 2 on");
  end
`endif

  logic [Width-1:0] mem_q [Depth];
  logic [PtrW-1:0]  wr_q, rd_q;
  logic [PtrW:0]    level_q;
  logic             push, pop;

  assign push          = s_axis_tvalid && s_axis_tready;
  assign pop           = m_axis_tvalid && m_axis_tready;
  assign s_axis_tready = level_q != (PtrW + 1)'(Depth);
  assign m_axis_tvalid = level_q != '0;
  assign m_axis_tdata  = mem_q[rd_q];
  assign level_o       = level_q;

  always_ff @(posedge clk_i) begin
    if (push) begin
      mem_q[wr_q] <= s_axis_tdata;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      wr_q    <= '0;
      rd_q    <= '0;
      level_q <= '0;
    end else begin
      if (push) begin
        wr_q <= wr_q + 1'b1;
      end
      if (pop) begin
        rd_q <= rd_q + 1'b1;
      end
      if (push && !pop) begin
        level_q <= level_q + 1'b1;
      end else if (pop && !push) begin
        level_q <= level_q - 1'b1;
      end
    end
  end

`ifdef FORMAL
  // One word is followed: after f_ahead_q pops it must stand at the output unchanged.
  (* anyseq *) logic f_pick;
  logic             f_past_q, f_seen_q;
  logic [PtrW:0]    f_ahead_q;
  logic [PtrW-1:0]  f_slot_q;
  logic [Width-1:0] f_word_q;
  initial f_past_q = 1'b0;
  always @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    if (!rst_ni || clear_i) begin
      f_seen_q <= 1'b0;
    end else if (!f_seen_q && push && f_pick) begin
      f_seen_q  <= 1'b1;
      f_word_q  <= s_axis_tdata;
      f_slot_q  <= wr_q;
      f_ahead_q <= level_q - (PtrW + 1)'(pop);
    end else if (f_seen_q && pop) begin
      if (f_ahead_q == '0) f_seen_q <= 1'b0;
      else                 f_ahead_q <= f_ahead_q - 1'b1;
    end
    if (f_past_q && $past(rst_ni)) begin
      assert (level_q <= (PtrW + 1)'(Depth));
      assert (wr_q - rd_q == level_q[PtrW-1:0]);
      if (f_seen_q) begin
        assert (f_ahead_q < level_q);
        assert (f_slot_q == rd_q + f_ahead_q[PtrW-1:0]);
        assert (mem_q[f_slot_q] == f_word_q);
        if (f_ahead_q == '0) assert (m_axis_tvalid && m_axis_tdata == f_word_q);
      end
      if (!$past(clear_i) && $past(m_axis_tvalid) && !$past(m_axis_tready)) begin
        assert (m_axis_tvalid && m_axis_tdata == $past(m_axis_tdata));
      end
      cover (level_q == (PtrW + 1)'(Depth));
    end
  end
`endif
endmodule
`default_nettype wire
