// SPDX-License-Identifier: Apache-2.0
// gantry_fetch: reads the program and hands out its instructions in order, once per run.
//
//   PROGRAM ---> [ requests of 8 instructions ]---> read port
//   m_axis_insn <---[ 4 beats to 64 bytes ]<---[ 64 beats ]<--- data
//
// Prefetches up to 16 instructions. restart_i (END of a run that is not the last) drops what was
// prefetched beyond END and begins again at the first instruction. Handing out INSN_COUNT
// instructions without a restart is the error NO_END (END of the last run is never taken from
// m_axis_insn). clear_i stops it; it starts when clear_i falls.
// Interface: valid, ready requests; beats always taken; valid, ready instructions.
// Latency: memory's plus 5 cycles for the first instruction.
// Throughput: one instruction in 5 cycles.
`default_nettype none
`include "gantry_spec.vh"
module gantry_fetch (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         clear_i,
  input  wire logic         restart_i,
  input  wire logic [63:0]  program_i,
  input  wire logic [31:0]  insn_count_i,
  // read port
  output logic              req_valid_o,
  input  wire logic         req_ready_i,
  output logic [63:0]       req_addr_o,
  output logic [6:0]        req_beats_o,
  input  wire logic         data_valid_i,
  input  wire logic [127:0] data_i,
  // instructions
  output logic              m_axis_insn_tvalid,
  input  wire logic         m_axis_insn_tready,
  output logic [511:0]      m_axis_insn_tdata,
  output logic [31:0]       m_axis_insn_tuser,   // index
  output logic              err_valid_o,         // NO_END
  output logic [31:0]       err_insn_o
);
  localparam integer Depth = 64;

  logic [31:0]  asked_q;                         // instructions requested in this run
  logic [31:0]  index_q;                         // of the instruction that is assembled or shown
  logic [6:0]   open_q;                          // beats requested and not yet received
  logic         drop_q;                          // beats that still come belong to the old run
  logic [1:0]   part_q;
  logic         full_q;                          // an instruction is shown
  logic [511:0] insn_q;
  logic [3:0]   chunk;                           // instructions of a request
  logic [31:0]  left;
  logic [6:0]   level;
  logic         fire, take, beat_valid, beat_ready, in_ready, done_q;
  logic [127:0] beat;

  assign left        = insn_count_i - asked_q;
  assign chunk       = (left > 32'd8) ? 4'd8 : left[3:0];
  assign req_valid_o = left != '0 && !drop_q
                       && 8'(level) + 8'(open_q) + {2'd0, chunk, 2'd0} <= 8'(Depth);
  assign req_addr_o  = program_i + {26'd0, asked_q, 6'd0};
  assign req_beats_o = {1'b0, chunk, 2'd0};
  assign fire        = req_valid_o && req_ready_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      asked_q <= '0;
      open_q  <= '0;
      drop_q  <= 1'b0;
    end else begin
      asked_q <= restart_i ? '0 : fire ? asked_q + 32'(chunk) : asked_q;
      open_q  <= open_q + (fire ? {1'b0, chunk, 2'd0} : '0) - 7'(data_valid_i);
      if (restart_i) begin
        drop_q <= 1'b1;
      end else if (open_q == '0) begin
        drop_q <= 1'b0;
      end
    end
  end

  gantry_fifo #(.Width(128), .Depth(Depth)) u_beats (
    .clk_i, .rst_ni, .clear_i(clear_i || restart_i || drop_q),
    .s_axis_tvalid(data_valid_i), .s_axis_tready(in_ready), .s_axis_tdata(data_i),
    .m_axis_tvalid(beat_valid), .m_axis_tready(beat_ready), .m_axis_tdata(beat), .level_o(level)
  );

  assign take       = full_q && m_axis_insn_tready;
  assign beat_ready = !full_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i || restart_i) begin
      part_q  <= '0;
      full_q  <= 1'b0;
      index_q <= '0;
      done_q  <= 1'b0;
    end else begin
      if (beat_valid && beat_ready && !drop_q) begin
        part_q <= part_q + 2'd1;
        full_q <= part_q == 2'd3;
      end
      if (take) begin
        full_q  <= 1'b0;
        index_q <= index_q + 32'd1;
        done_q  <= index_q + 32'd1 == insn_count_i;
      end
    end
    if (beat_valid && beat_ready) begin
      insn_q <= {beat, insn_q[511:128]};
    end
    err_valid_o <= rst_ni && !clear_i && !restart_i && done_q;
  end

  assign m_axis_insn_tvalid = full_q;
  assign m_axis_insn_tdata  = insn_q;
  assign m_axis_insn_tuser  = index_q;
  assign err_insn_o         = index_q;

`ifdef FORMAL
  `include "f_fetch.vh"
`endif
endmodule
`default_nettype wire
