// SPDX-License-Identifier: Apache-2.0
// gantry_run: executes NOP and END, counts the runs of REPEAT and ends the launch.
//
//   s_axis_insn --->[ semaphores ]---> NOP: signal
//                                 ---> END, more runs to come: signal, restart fetch at once
//                                 ---> END, last run: drain, signal, check, last record, finish
//
// The drain waits for the three queues, all responses and the trace records before. end_o marks the
// cycle in which END's record is formed and the counters stop; finish_o follows when that record is
// in memory. An unbalanced semaphore is the error SEMAPHORE (info 0). The END of the last run is
// never taken. clear_i and reset return to the first run.
// Interface: valid, ready instructions; semaphores by request, grant; pulses out.
// Latency: nOP 2 cycles; the last END 6 after all is quiet.
// Throughput: one instruction in 3 cycles.
`default_nettype none
`include "gantry_spec.vh"
module gantry_run (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         clear_i,
  input  wire logic         s_axis_insn_tvalid,
  output logic              s_axis_insn_tready,
  input  wire logic [511:0] s_axis_insn_tdata,
  input  wire logic [31:0]  repeat_i,
  output logic              sem_req_o,
  output logic [15:0]       sem_mask_o,
  input  wire logic         sem_grant_i,
  output logic              sem_signal_valid_o,
  output logic [15:0]       sem_signal_o,
  input  wire logic         balanced_i,
  input  wire logic         idle_i,              // LOAD, COMPUTE, STORE and their queues
  input  wire logic         trace_idle_i,        // no record waits
  output logic              start_o,             // an instruction has its semaphores
  output logic              done_o,              // NOP or END is over: pulse
  output logic              restart_o,
  output logic              end_o,
  output logic              finish_o,
  output logic              err_valid_o          // SEMAPHORE at the last END
);
  typedef enum logic [3:0] {
    StIdle, StWait, StSignal, StDrain, StSettle, StEndSignal, StCheck, StRecord, StFinish, StHold
  } state_e;
  state_e state_q, state_d;
  logic [31:0] run_q;
  logic        is_end, last, quiet;

  assign is_end = s_axis_insn_tdata[`GANTRY_COMMON_OPCODE] == `GANTRY_INSN_END;
  assign last   = run_q + 32'd1 == repeat_i;
  assign quiet  = idle_i && trace_idle_i;

  always_comb begin
    state_d     = state_q;
    err_valid_o = 1'b0;
    unique case (state_q)
      StIdle:      if (s_axis_insn_tvalid) state_d = StWait;
      StWait: if (sem_grant_i) begin
        state_d = StSignal;
        if (is_end && last) begin
          state_d = StDrain;
        end
      end
      StSignal:    state_d = StIdle;
      StDrain:     if (quiet) state_d = StSettle;
      StSettle: begin  // quiet twice: nothing in between
        state_d = StDrain;
        if (quiet) begin
          state_d = StEndSignal;
        end
      end
      StEndSignal: state_d = StCheck;
      StCheck: begin
        err_valid_o = !balanced_i;
        state_d     = StHold;
        if (balanced_i) begin
          state_d = StRecord;
        end
      end
      StRecord:    state_d = StFinish;                        // end_o
      StFinish:    if (trace_idle_i) state_d = StHold;
      default:     state_d = StHold;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      state_q <= StIdle;
      run_q   <= '0;
    end else begin
      state_q <= state_d;
      if (restart_o) begin
        run_q <= run_q + 32'd1;
      end
    end
  end

  assign sem_req_o          = state_q == StWait;
  assign sem_mask_o         = s_axis_insn_tdata[`GANTRY_COMMON_WAIT];
  assign sem_signal_valid_o = state_q == StSignal || state_q == StEndSignal;
  assign sem_signal_o       = s_axis_insn_tdata[`GANTRY_COMMON_SIGNAL];
  assign s_axis_insn_tready = state_q == StSignal;
  assign start_o            = state_q == StWait && sem_grant_i;
  assign done_o             = state_q == StSignal || end_o;
  assign restart_o          = state_q == StSignal && is_end;
  assign end_o              = state_q == StRecord;
  assign finish_o           = state_q == StFinish && trace_idle_i;
endmodule
`default_nettype wire
