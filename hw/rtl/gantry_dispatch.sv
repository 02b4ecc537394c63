// SPDX-License-Identifier: Apache-2.0
// gantry_dispatch: checks each instruction and routes it.
//
//   s_axis_insn --->[ opcode, bits, fields ]---> FETCH (NOP, END) | LOAD | COMPUTE | STORE
//
// One cycle for the check, then the route waits for its queue: order is kept because a full queue
// blocks. Errors: BAD_OPCODE, RESERVED_BITS (info 0 both), FIELD_RANGE (info: lowest bit of the
// field) for WINDOW without the hardware and for fields of LOAD and STORE; the core checks CONV.
// An instruction in error is not passed on. clear_i and reset forget the check.
// Interface: valid, ready in; one valid, ready pair per queue out.
// Latency: 1 cycle for the check.
// Throughput: one instruction in 2 cycles.
`default_nettype none
`include "gantry_spec.vh"
module gantry_dispatch #(
  parameter integer WINDOW = 0
) (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         clear_i,
  input  wire logic         s_axis_insn_tvalid,
  output logic              s_axis_insn_tready,
  input  wire logic [511:0] s_axis_insn_tdata,
  input  wire logic [31:0]  s_axis_insn_tuser,
  // 0 FETCH, 1 LOAD, 2 COMPUTE, 3 STORE; data of all: m_axis_insn_*
  output logic [3:0]        m_axis_insn_tvalid,
  input  wire logic [3:0]   m_axis_insn_tready,
  output logic [511:0]      m_axis_insn_tdata,
  output logic [31:0]       m_axis_insn_tuser,
  output logic              err_valid_o,
  output logic [7:0]        err_cause_o,
  output logic [31:0]       err_insn_o,
  output logic [63:0]       err_info_o
);
  logic [5:0]   opcode;
  logic [511:0] mask;
  logic [3:0]   route, route_q;
  logic         known, lacking, checked_q, legal_q;

  assign opcode = s_axis_insn_tdata[`GANTRY_COMMON_OPCODE];
  always_comb begin
    known   = 1'b1;
    lacking = 1'b0;
    route   = 4'b0000;
    mask    = '1;
    unique case (opcode)
      `GANTRY_INSN_NOP: begin
        mask  = `GANTRY_MASK_NOP;
        route = 4'b0001;
      end
      `GANTRY_INSN_END: begin
        mask  = `GANTRY_MASK_END;
        route = 4'b0001;
      end
      `GANTRY_INSN_LOAD: begin
        mask  = `GANTRY_MASK_LOAD;
        route = 4'b0010;
      end
      `GANTRY_INSN_CONV: begin
        mask  = `GANTRY_MASK_CONV;
        route = 4'b0100;
      end
      `GANTRY_INSN_SYNC: begin
        mask  = `GANTRY_MASK_SYNC;
        route = 4'b0100;
      end
      `GANTRY_INSN_WINDOW: begin
        mask    = `GANTRY_MASK_WINDOW;
        lacking = WINDOW == 0;
        route   = 4'b0100;
      end
      `GANTRY_INSN_STORE: begin
        mask  = `GANTRY_MASK_STORE;
        route = 4'b1000;
      end
      default: known = 1'b0;
    endcase
  end

  // Fields of LOAD and STORE; those used here have the same places. The first in this order.
  logic         is_load, is_store, move, bad_field;
  logic [8:0]   field;
  assign is_load  = opcode == `GANTRY_INSN_LOAD;
  assign is_store = opcode == `GANTRY_INSN_STORE;
  assign move     = is_load || is_store;
  always_comb begin
    bad_field = 1'b1;
    field     = '0;
    if (lacking) begin
      field = 9'd0;
    end else if (move && s_axis_insn_tdata[`GANTRY_LOAD_BUFFER] == 2'd3) begin
      field = 9'd64;
    end else if (is_store && s_axis_insn_tdata[99:96] != '0) begin     // OFFSET, 16 bytes
      field = 9'd96;
    end else if (is_store && s_axis_insn_tdata[131:128] != '0) begin   // ROW_STRIDE
      field = 9'd128;
    end else if (move && s_axis_insn_tdata[`GANTRY_LOAD_ROWS] == '0) begin
      field = 9'd160;
    end else if (is_load && s_axis_insn_tdata[`GANTRY_LOAD_ROW_BYTES] == '0) begin
      field = 9'd192;
    end else if (move && s_axis_insn_tdata[`GANTRY_LOAD_PIXELS] == '0) begin
      field = 9'd208;
    end else if (move && s_axis_insn_tdata[`GANTRY_LOAD_PITCH] == '0) begin
      field = 9'd320;
    end else begin
      bad_field = 1'b0;
    end
  end

  logic reserved, legal;
  assign reserved = (s_axis_insn_tdata & ~mask) != '0;
  assign legal    = known && !reserved && !bad_field;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      checked_q   <= 1'b0;
      legal_q     <= 1'b0;
      err_valid_o <= 1'b0;
    end else if (s_axis_insn_tvalid && s_axis_insn_tready) begin
      checked_q   <= 1'b0;
      err_valid_o <= 1'b0;
    end else begin
      checked_q   <= s_axis_insn_tvalid;
      legal_q     <= legal;
      err_valid_o <= s_axis_insn_tvalid && !checked_q && !legal;
    end
    route_q <= route;
    if (!known) begin
      err_cause_o <= `GANTRY_CAUSE_BAD_OPCODE;
    end else if (reserved && !lacking) begin
      err_cause_o <= `GANTRY_CAUSE_RESERVED_BITS;
    end else begin
      err_cause_o <= `GANTRY_CAUSE_FIELD_RANGE;
    end
    err_info_o <= (known && !reserved) ? 64'(field) : '0;
    err_insn_o <= s_axis_insn_tuser;
  end

  assign m_axis_insn_tvalid = (checked_q && legal_q) ? route_q : '0;
  assign m_axis_insn_tdata  = s_axis_insn_tdata;
  assign m_axis_insn_tuser  = s_axis_insn_tuser;
  assign s_axis_insn_tready = (m_axis_insn_tvalid & m_axis_insn_tready) != '0;
endmodule
`default_nettype wire
