// SPDX-License-Identifier: Apache-2.0
// gantry_launch: the life of a launch: checks, run, flush, done; cycle counter and watchdog.
//
//   start ---> CHECK ---> RUN ---> FLUSH ---> DONE ---> IDLE
//                |         ^ finish, or the first error    ^ all bursts answered
//                +--- bad register: error, FLUSH
//
// clear_o holds every unit empty except in RUN; flush_o makes the ports finish what is open. CYCLES
// counts from CHECK to the cycle of end_i or of the first error, both included. CHECK also forms
// WGT_LINES * REPEAT by shift and add (at most 32 cycles, saturating). Own errors: FIELD_RANGE
// (info: offset of the register), WATCHDOG, ABORTED. A port that never answers keeps FLUSH: only
// reset helps then. Reset returns to IDLE.
// Interface: start and abort pulses; clear_o and flush_o to every unit.
// Latency: 2 to 35 cycles from start to RUN.
// Throughput: one launch at a time.
`default_nettype none
`include "gantry_spec.vh"
module gantry_launch (
  input  wire logic        clk_i,
  input  wire logic        rst_ni,
  input  wire logic        start_i,           // only while idle
  input  wire logic        abort_i,
  input  wire logic        end_i,
  input  wire logic        finish_i,
  input  wire logic        error_i,           // the first error is latched
  input  wire logic        ports_busy_i,
  input  wire logic        progress_i,
  // registers
  input  wire logic [63:0] program_i,
  input  wire logic [63:0] weights_i,
  input  wire logic [63:0] arena_i,
  input  wire logic [63:0] input_i,
  input  wire logic [63:0] output_i,
  input  wire logic [63:0] trace_i,
  input  wire logic [31:0] insn_count_i,
  input  wire logic [31:0] wgt_lines_i,
  input  wire logic [31:0] repeat_i,
  input  wire logic [31:0] watchdog_i,
  output logic             idle_o,
  output logic             armed_o,           // errors count
  output logic             clear_o,
  output logic             flush_o,
  output logic             count_o,           // this cycle counts
  output logic [63:0]      cycles_o,
  output logic             done_o,
  output logic [31:0]      ring_total_o,
  output logic             err_valid_o,
  output logic [7:0]       err_cause_o,
  output logic [63:0]      err_info_o
);
  typedef enum logic [2:0] {StIdle, StCheck, StRun, StFlush, StDone} state_e;
  state_e state_q, state_d;

  logic        bad, frozen_q, mul_done, expired;
  logic [7:0]  bad_reg;
  logic [31:0] quiet_q;
  logic [63:0] mul_a_q;
  logic [31:0] mul_b_q;
  logic [64:0] mul_sum_q;

  always_comb begin
    bad     = 1'b1;
    bad_reg = '0;
    if (program_i[11:0] != '0) begin
      bad_reg = `GANTRY_REG_PROGRAM;
    end else if (weights_i[11:0] != '0) begin
      bad_reg = `GANTRY_REG_WEIGHTS;
    end else if (arena_i[3:0] != '0) begin
      bad_reg = `GANTRY_REG_ARENA;
    end else if (input_i[3:0] != '0) begin
      bad_reg = `GANTRY_REG_INPUT;
    end else if (output_i[3:0] != '0) begin
      bad_reg = `GANTRY_REG_OUTPUT;
    end else if (trace_i[5:0] != '0) begin
      bad_reg = `GANTRY_REG_TRACE;
    end else if (insn_count_i == '0) begin
      bad_reg = `GANTRY_REG_INSN_COUNT;
    end else if (repeat_i == '0) begin
      bad_reg = `GANTRY_REG_REPEAT;
    end else begin
      bad = 1'b0;
    end
  end

  assign mul_done = mul_b_q == '0;
  assign expired  = watchdog_i != '0 && quiet_q == watchdog_i;

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      StIdle:  if (start_i) state_d = StCheck;
      StCheck: if (error_i || bad) state_d = StFlush;
               else if (mul_done) state_d = StRun;
      StRun:   if (error_i || finish_i) state_d = StFlush;
      StFlush: if (!ports_busy_i) state_d = StDone;
      default: state_d = StIdle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q  <= StIdle;
      cycles_o <= '0;
      frozen_q <= 1'b0;
    end else begin
      state_q <= state_d;
      if (state_q == StIdle && start_i) begin
        cycles_o <= '0;
        frozen_q <= 1'b0;
      end else begin
        cycles_o <= count_o ? cycles_o + 64'd1 : cycles_o;
        frozen_q <= frozen_q || end_i || error_i;
      end
    end
    quiet_q <= (state_q == StRun && !progress_i) ? quiet_q + 32'd1 : '0;
    if (state_q == StIdle) begin
      mul_a_q   <= {32'd0, wgt_lines_i};
      mul_b_q   <= repeat_i;
      mul_sum_q <= '0;
    end else if (state_q == StCheck) begin
      mul_a_q   <= mul_a_q << 1;
      mul_b_q   <= mul_b_q >> 1;
      mul_sum_q <= mul_sum_q + (mul_b_q[0] ? {1'b0, mul_a_q} : '0);
    end
  end
  assign ring_total_o = (mul_sum_q[64:32] != '0) ? '1 : mul_sum_q[31:0];

  assign idle_o  = state_q == StIdle;
  assign armed_o = state_q == StCheck || state_q == StRun;
  assign clear_o = state_q != StRun;
  assign flush_o = state_q != StRun;
  assign count_o = armed_o && !frozen_q;
  assign done_o  = state_q == StDone;

  assign err_valid_o = abort_i || (state_q == StCheck && bad) || (state_q == StRun && expired);
  always_comb begin
    err_info_o = '0;
    if (state_q == StCheck && bad) begin
      err_cause_o = `GANTRY_CAUSE_FIELD_RANGE;
      err_info_o  = {56'd0, bad_reg};
    end else if (abort_i) begin
      err_cause_o = `GANTRY_CAUSE_ABORTED;
    end else begin
      err_cause_o = `GANTRY_CAUSE_WATCHDOG;
    end
  end
endmodule
`default_nettype wire
