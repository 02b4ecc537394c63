// SPDX-License-Identifier: Apache-2.0
// gantry_dispatch: checks each instruction and routes it.
//
//   s_axis_insn --->[ opcode, reserved bits ]---> FETCH (NOP, END) | LOAD | COMPUTE | STORE
//
// One cycle for the check, then the route waits for its queue: order is kept because a full queue
// blocks. Errors: BAD_OPCODE (info: opcode), RESERVED_BITS (info: first word with a bad bit),
// FIELD_RANGE for WINDOW without the hardware (info: 0, the word of the opcode). An instruction in
// error is not passed on. clear_i and reset forget the check.
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
  logic [511:0] mask, bad;
  logic [3:0]   route, route_q;
  logic         known, lacking, checked_q, legal_q;
  logic [3:0]   bad_word;

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

  assign bad = s_axis_insn_tdata & ~mask;
  always_comb begin
    bad_word = '0;
    for (int w = 15; w >= 0; w--) begin
      if (bad[32*w +: 32] != '0) begin
        bad_word = 4'(w);
      end
    end
  end

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
      legal_q     <= known && bad == '0 && !lacking;
      err_valid_o <= s_axis_insn_tvalid && !checked_q && !(known && bad == '0 && !lacking);
    end
    route_q <= route;
    if (!known) begin
      err_cause_o <= `GANTRY_CAUSE_BAD_OPCODE;
      err_info_o  <= 64'(opcode);
    end else if (lacking) begin
      err_cause_o <= `GANTRY_CAUSE_FIELD_RANGE;
      err_info_o  <= '0;
    end else begin
      err_cause_o <= `GANTRY_CAUSE_RESERVED_BITS;
      err_info_o  <= 64'(bad_word);
    end
    err_insn_o <= s_axis_insn_tuser;
  end

  assign m_axis_insn_tvalid = (checked_q && legal_q) ? route_q : '0;
  assign m_axis_insn_tdata  = s_axis_insn_tdata;
  assign m_axis_insn_tuser  = s_axis_insn_tuser;
  assign s_axis_insn_tready = (m_axis_insn_tvalid & m_axis_insn_tready) != '0;
endmodule
`default_nettype wire
