// SPDX-License-Identifier: Apache-2.0
// gantry_insn_queue: COMPUTE queue of eight, read by four pointers that run at their own pace.
//
//   s_axis_insn --->[8 x (512 + 32)]---> steps, weights, front, back
//                        |________________ oldest unfinished: signals
//
// Pointers count modulo 16; an entry is free again when done_i moves the oldest pointer on.
// Reads are combinational. Reset empties the queue.
// Interface: valid, ready in; four pointers read it.
// Latency: 1 cycle.
// Throughput: one instruction in and one out a cycle.
`default_nettype none
`include "gantry_spec.vh"
module gantry_insn_queue (
  input  wire logic          clk_i,
  input  wire logic          rst_ni,
  input  wire logic          s_axis_insn_tvalid,
  output logic               s_axis_insn_tready,
  input  wire logic [511:0]  s_axis_insn_tdata,
  input  wire logic [31:0]   s_axis_insn_tuser,
  output logic [3:0]         write_ptr_o,
  output logic [3:0]         oldest_ptr_o,
  output logic [3:0]         level_o,
  input  wire logic          done_i,
  output logic [15:0]        signal_o,      // of the oldest
  input  wire logic [15:0]   read_ptrs_i,   // four pointers of 4 bits
  output logic [2047:0]      insns_o,
  output logic [127:0]       indices_o
);
  logic [511:0] insn [8];
  logic [31:0]  index [8];
  logic [15:0]  signals [8];
  logic         push;
  assign level_o            = write_ptr_o - oldest_ptr_o;
  assign s_axis_insn_tready = level_o < 4'd8;
  assign push               = s_axis_insn_tvalid && s_axis_insn_tready;
  assign signal_o           = signals[oldest_ptr_o[2:0]];

  generate
    for (genvar r = 0; r < 4; r++) begin : gen_reader
      logic [2:0] at;
      logic       unused;
      assign at                        = read_ptrs_i[4*r+:3];
      assign unused                    = read_ptrs_i[4*r+3];
      assign insns_o[512*r+:512]       = insn[at];
      assign indices_o[32*r+:32]       = index[at];
    end
  endgenerate

  always_ff @(posedge clk_i) begin
    if (push) begin
      insn[write_ptr_o[2:0]]    <= s_axis_insn_tdata;
      index[write_ptr_o[2:0]]   <= s_axis_insn_tuser;
      signals[write_ptr_o[2:0]] <= s_axis_insn_tdata[`GANTRY_COMMON_SIGNAL];
    end
    write_ptr_o  <= write_ptr_o + {3'd0, push};
    oldest_ptr_o <= oldest_ptr_o + {3'd0, done_i};
    if (!rst_ni) begin
      write_ptr_o  <= '0;
      oldest_ptr_o <= '0;
    end
  end
endmodule
`default_nettype wire
