// SPDX-License-Identifier: Apache-2.0
// gantry_compute: COMPUTE queue, front, weight ring, activation RAM, array, back. No AXI inside.
//
//   insn --->[queue]-->[front]--reads-->[act banks]-->[operand]-->[array]-->[acc ring]
//   ring beats --->[weight ring]-->[loader]--weights----^             |
//   load words --->[act banks] <--writes--[writer]<--[lanes F, X]<--[back: drain]
//   store reads <--[act banks]
//
// clear_i (high for at least one cycle, before a launch and during an abort) empties queue, ring,
// accumulator counters and pipelines; activation RAM keeps its content.
// Every cycle exactly one bit of stall_o is set between clear_i and idle.
`default_nettype none
`include "gantry_spec.vh"
module gantry_compute #(
  parameter integer G         = 2,      // pixel groups, 1..4
  parameter integer ACT_ROWS  = 512,    // rows per activation bank
  parameter integer RING_LINES = 128,   // weight ring lines
  parameter integer ACC_ROWS  = 64,     // accumulator ring rows
  parameter integer PORTS     = 2,      // stripes of a weight line; LOAD and STORE engines
  localparam integer NPX      = 2 * G,
  localparam integer BANK_W   = $clog2(NPX)
) (
  input  wire logic                     clk_i,
  input  wire logic                     rst_ni,
  input  wire logic                     clear_i,
  // COMPUTE queue: CONV and SYNC, already free of reserved bits and unknown opcodes
  input  wire logic                     s_axis_insn_tvalid,
  output logic                          s_axis_insn_tready,
  input  wire logic [511:0]             s_axis_insn_tdata,
  input  wire logic [31:0]              s_axis_insn_tuser,   // index in the program
  output logic [3:0]                    level_o,             // instructions in the queue
  // semaphores: the head of the front asks, the grant takes from all counters of the mask at once
  output logic                          sem_req_o,
  output logic [15:0]                   sem_mask_o,
  input  wire logic                     sem_grant_i,         // combinational, same cycle
  output logic                          sem_signal_valid_o,  // last write of an instruction is done
  output logic [15:0]                   sem_signal_o,
  // weight ring: port p writes its stripe of consecutive lines, 16 bytes a beat, always accepted
  input  wire logic [PORTS-1:0]         ring_valid_i,
  input  wire logic [PORTS*128-1:0]     ring_data_i,
  output logic [31:0]                   ring_freed_o,        // lines freed since clear_i
  input  wire logic [31:0]              ring_total_i,        // lines that will ever come; stable
  // activation RAM, LOAD side: one word a cycle and port
  input  wire logic [PORTS-1:0]         load_valid_i,
  output logic [PORTS-1:0]              load_ready_o,
  input  wire logic [PORTS*BANK_W-1:0]  load_bank_i,
  input  wire logic [PORTS*16-1:0]      load_row_i,          // below ACT_ROWS: checked outside
  input  wire logic [PORTS*128-1:0]     load_data_i,
  // activation RAM, STORE side: requests, then data in order after a fixed latency
  input  wire logic [PORTS-1:0]         store_valid_i,
  output logic [PORTS-1:0]              store_ready_o,
  input  wire logic [PORTS*BANK_W-1:0]  store_bank_i,
  input  wire logic [PORTS*16-1:0]      store_row_i,
  output logic [PORTS-1:0]              store_data_valid_o,  // must be taken: requester keeps room
  output logic [PORTS*128-1:0]          store_data_o,
  // counters and state
  output logic [8:0]                    stall_o,             // class of this cycle, one-hot
  output logic                          front_start_o,       // first cycle of an instruction at the front
  output logic                          front_done_o,        // last step of an instruction was issued
  output logic [31:0]                   front_index_o,       // its index, valid with front_done_o
  output logic [5:0]                    front_opcode_o,
  output logic                          insn_done_o,         // last write of an instruction is done
  output logic                          idle_o,              // queue empty, nothing under way
  // first error since clear_i; the front then stops
  output logic                          err_valid_o,
  output logic [7:0]                    err_cause_o,
  output logic [31:0]                   err_insn_o,
  output logic [63:0]                   err_info_o
);
endmodule
`default_nettype wire
