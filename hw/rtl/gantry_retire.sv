// SPDX-License-Identifier: Apache-2.0
// gantry_retire: index of the COMPUTE instruction whose last write is done next.
//
//   front_done, index --->[ 16 ]---> index_o, given up at finish_i
//
// The front goes on to younger instructions before the back has written an older one; both keep
// their order. An instruction that leaves front and back in the same cycle passes through. clear_i
// and reset empty it.
// Interface: pulses in, an index out.
// Latency: 1 cycle, none for an instruction that passes through.
// Throughput: one instruction a cycle.
`default_nettype none
module gantry_retire (
  input  wire logic        clk_i,
  input  wire logic        rst_ni,
  input  wire logic        clear_i,
  input  wire logic        front_done_i,
  input  wire logic [31:0] front_index_i,
  input  wire logic        finish_i,
  output logic [31:0]      index_o
);
  logic        ready, valid, through;
  logic [31:0] oldest;
  logic [4:0]  level;

  assign through = !valid && finish_i;
  assign index_o = valid ? oldest : front_index_i;
  gantry_fifo #(.Width(32), .Depth(16)) u_order (
    .clk_i, .rst_ni, .clear_i,
    .s_axis_tvalid(front_done_i && !through), .s_axis_tready(ready), .s_axis_tdata(front_index_i),
    .m_axis_tvalid(valid), .m_axis_tready(finish_i), .m_axis_tdata(oldest), .level_o(level)
  );
endmodule
`default_nettype wire
