// SPDX-License-Identifier: Apache-2.0
// gantry_perf: classes of the front's cycles, counters, and the trace record of each instruction.
//
//   stall class --->[ totals ]                       ---> registers
//               --->[ since the last record ]--+
//   start, done of FETCH, LOAD, COMPUTE, STORE-+--->[ a slot per unit ]---> one record per cycle
//
// A cycle is counted while count_i is high: from start until the cycle in which END's record is
// formed (end_i), that cycle included; CYCLES stops in the same cycle. So the nine totals sum to
// CYCLES, and so do the classes of all COMPUTE records plus END of the last run, which owns the
// tail; END's own way to memory is after CYCLES. A cycle without a class, or with the core held
// clear, is EMPTY. A record that finds the queue of gantry_trace full is lost, the counters go on.
// An index that does not grow within a unit begins the next run (field RUN).
// start_i zeroes everything; an abort freezes the totals.
// Interface: pulses and classes in, counters and records out.
// Latency: counters 1 cycle, a record 1 to 4.
// Throughput: one record a cycle.
`default_nettype none
`include "gantry_spec.vh"
module gantry_perf #(
  parameter integer PORTS = 2
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  input  wire logic             start_i,          // a launch begins with the next cycle
  input  wire logic             count_i,
  input  wire logic             clear_i,          // the core is held clear
  input  wire logic             trace_on_i,
  input  wire logic [47:0]      now_i,            // number of this cycle in the launch
  input  wire logic [8:0]       stall_i,
  // units: 0 FETCH, 1 LOAD, 2 COMPUTE (its front), 3 STORE
  input  wire logic [3:0]       unit_start_i,
  input  wire logic [3:0]       unit_done_i,
  input  wire logic [127:0]     unit_index_i,     // valid with done
  input  wire logic [23:0]      unit_opcode_i,
  input  wire logic             end_i,            // FETCH is done with END of the last run
  input  wire logic             compute_finish_i, // last write of a COMPUTE instruction
  input  wire logic [PORTS-1:0] rd_beat_i,
  input  wire logic [PORTS-1:0] wr_beat_i,
  output logic [287:0]          totals_o,
  output logic [31:0]           insn_done_o,
  output logic [31:0]           rd_beats_o,
  output logic [31:0]           wr_beats_o,
  output logic                  idle_o,           // no record in a slot
  output logic                  m_axis_record_tvalid,  // lost unless taken in this cycle
  output logic [511:0]          m_axis_record_tdata
);
  localparam integer Classes = `GANTRY_STALL_CLASSES;

  // ---- Classes ----
  logic [Classes-1:0]    class_now;
  logic [32*Classes-1:0] since_q, since_now, kept_q;
  logic                  close;                  // the record of this cycle takes the classes

  always_comb begin
    class_now = stall_i;
    if (clear_i || stall_i == '0) begin
      class_now = '0;
      class_now[`GANTRY_STALL_EMPTY] = 1'b1;
    end
    for (int c = 0; c < Classes; c++) begin
      since_now[32*c +: 32] = since_q[32*c +: 32] + 32'(class_now[c]);
    end
  end
  assign close = unit_done_i[2] || end_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      totals_o <= '0;
      since_q  <= '0;
    end else if (count_i) begin
      for (int c = 0; c < Classes; c++) begin
        totals_o[32*c +: 32] <= totals_o[32*c +: 32] + 32'(class_now[c]);
      end
      since_q <= close ? '0 : since_now;
    end
    if (close) begin
      kept_q <= since_now;
    end
  end

  // ---- Other counters ----
  logic [2:0]  finished;
  logic [2:0]  rd_beats, wr_beats;
  always_comb begin
    finished = 3'(unit_done_i[0]) + 3'(unit_done_i[1]) + 3'(compute_finish_i)
               + 3'(unit_done_i[3]);
    rd_beats = '0;
    wr_beats = '0;
    for (int p = 0; p < PORTS; p++) begin
      rd_beats = rd_beats + 3'(rd_beat_i[p]);
      wr_beats = wr_beats + 3'(wr_beat_i[p]);
    end
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      insn_done_o <= '0;
      rd_beats_o  <= '0;
      wr_beats_o  <= '0;
    end else begin
      insn_done_o <= insn_done_o + (count_i ? 32'(finished) : '0);
      rd_beats_o  <= rd_beats_o + 32'(rd_beats);
      wr_beats_o  <= wr_beats_o + 32'(wr_beats);
    end
  end

  // ---- Records: a slot per unit, emptied in the next cycles, COMPUTE first ----
  logic [3:0]   seen_q, slot_q, slot_pick;
  logic         slot_end_q;                      // the FETCH slot holds END of the last run
  logic [127:0] last_q, slot_index_q;
  logic [63:0]  run_q, run_now;
  logic [23:0]  slot_opcode_q;
  logic [191:0] begin_q, slot_begin_q, slot_finish_q;

  always_comb begin
    for (int u = 0; u < 4; u++) begin
      run_now[16*u +: 16] = run_q[16*u +: 16];
      if (seen_q[u] && unit_index_i[32*u +: 32] <= last_q[32*u +: 32]) begin
        run_now[16*u +: 16] = run_q[16*u +: 16] + 16'd1;
      end
    end
    slot_pick = '0;
    if (slot_q[2]) begin
      slot_pick[2] = 1'b1;
    end else if (slot_q[1]) begin
      slot_pick[1] = 1'b1;
    end else if (slot_q[3]) begin
      slot_pick[3] = 1'b1;
    end else begin
      slot_pick[0] = slot_q[0];
    end
  end

  always_ff @(posedge clk_i) begin
    for (int u = 0; u < 4; u++) begin
      if (!rst_ni || start_i) begin
        seen_q[u]        <= 1'b0;
        run_q[16*u +: 16] <= '0;
        slot_q[u]        <= 1'b0;
      end else begin
        slot_q[u] <= slot_q[u] && !slot_pick[u];
        if (unit_done_i[u] && count_i) begin
          seen_q[u]         <= 1'b1;
          run_q[16*u +: 16] <= run_now[16*u +: 16];
          slot_q[u]         <= trace_on_i;
        end
      end
      if (unit_start_i[u]) begin
        begin_q[48*u +: 48] <= now_i;
      end
      if (unit_done_i[u]) begin
        last_q[32*u +: 32]        <= unit_index_i[32*u +: 32];
        slot_index_q[32*u +: 32]  <= unit_index_i[32*u +: 32];
        slot_opcode_q[6*u +: 6]   <= unit_opcode_i[6*u +: 6];
        slot_begin_q[48*u +: 48]  <= begin_q[48*u +: 48];
        slot_finish_q[48*u +: 48] <= now_i;
      end
    end
    if (unit_done_i[0]) begin
      slot_end_q <= end_i;
    end
  end

  always_comb begin
    m_axis_record_tvalid = slot_q != '0;
    m_axis_record_tdata  = '0;
    for (int u = 0; u < 4; u++) begin
      if (slot_pick[u]) begin
        m_axis_record_tdata[`GANTRY_TRACE_INDEX]  = slot_index_q[32*u +: 32];
        m_axis_record_tdata[`GANTRY_TRACE_OPCODE] = {2'b00, slot_opcode_q[6*u +: 6]};
        m_axis_record_tdata[`GANTRY_TRACE_QUEUE]  = 8'(u);
        m_axis_record_tdata[`GANTRY_TRACE_RUN]    = run_q[16*u +: 16];
        m_axis_record_tdata[`GANTRY_TRACE_START]  = slot_begin_q[48*u +: 48];
        m_axis_record_tdata[`GANTRY_TRACE_END]    = slot_finish_q[48*u +: 48];
        if (u == 2 || (u == 0 && slot_end_q)) begin
          m_axis_record_tdata[479:192] = kept_q;
        end
      end
    end
  end
  assign idle_o = slot_q == '0;
endmodule
`default_nettype wire
