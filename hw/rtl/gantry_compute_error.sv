// SPDX-License-Identifier: Apache-2.0
// gantry_compute_error: the first error of COMPUTE, in program order.
//
//   front: field, row, weights ---> pending, front halts --(older work drained)--->+---> err_*
//   residual, drain: row ------------------------------------------------------->+
//
// The front runs ahead of the drain: its error waits until nothing older has moved for Settle
// cycles, so that an error of older work wins. The first bad field explains any other error
// of its instruction. Reset forgets.
// Interface: pulses in, one sticky error out.
// Latency: 1 cycle for residual and drain; the front's errors wait until older work is done.
// Throughput: the first error since reset.
`default_nettype none
`include "gantry_spec.vh"
module gantry_compute_error (
  input  wire logic        clk_i,
  input  wire logic        rst_ni,
  input  wire logic        moving_i,        // a drain step starts or is in the pipeline
  // front
  input  wire logic [31:0] index_i,         // instruction at the front
  input  wire logic        field_i,         // bad field of the instruction two cycles ago
  input  wire logic [8:0]  field_bit_i,
  input  wire logic        row_i,           // bad row of a step three cycles ago
  input  wire logic [31:0] row_number_i,
  input  wire logic        demand_i,        // ring too small for the tiles
  input  wire logic        exhausted_i,
  input  wire logic [31:0] ring_total_i,
  // residual and drain
  input  wire logic        residual_i,
  input  wire logic [31:0] residual_row_i,
  input  wire logic [31:0] residual_index_i,
  input  wire logic        drain_i,
  input  wire logic [31:0] drain_row_i,
  input  wire logic [31:0] drain_index_i,
  output logic             halt_o,          // the front issues nothing more
  output logic             err_valid_o,
  output logic [7:0]       err_cause_o,
  output logic [31:0]      err_insn_o,
  output logic [63:0]      err_info_o
);
  localparam integer Settle = 31;
  localparam logic [63:0] TilesBit = 64'd480;
  logic        pending_q, field_q;         // field_q: what is pending is a bad field
  logic [4:0]  still_q;
  logic [7:0]  cause_q;
  logic [31:0] insn_q, index_q, index_q2, index_q3;
  logic [63:0] info_q;
  assign halt_o = pending_q || err_valid_o;

  always_ff @(posedge clk_i) begin
    index_q  <= index_i;
    index_q2 <= index_q;
    index_q3 <= index_q2;
    still_q  <= moving_i || !pending_q ? '0 : still_q + {4'd0, still_q != 5'(Settle)};
    if (field_i && !err_valid_o && !field_q && (!pending_q || insn_q == index_q2)) begin
      pending_q <= 1'b1;
      field_q   <= 1'b1;
      cause_q   <= `GANTRY_CAUSE_FIELD_RANGE;
      insn_q    <= index_q2;
      info_q    <= {55'd0, field_bit_i};
    end else if (!pending_q && !err_valid_o) begin
      if (row_i) begin
        pending_q <= 1'b1;
        cause_q   <= `GANTRY_CAUSE_ACT_RANGE;
        insn_q    <= index_q3;
        info_q    <= {32'd0, row_number_i};
      end else if (demand_i) begin
        pending_q <= 1'b1;
        cause_q   <= `GANTRY_CAUSE_FIELD_RANGE;
        insn_q    <= index_i;
        info_q    <= TilesBit;
      end else if (exhausted_i) begin
        pending_q <= 1'b1;
        cause_q   <= `GANTRY_CAUSE_WEIGHTS_EXHAUSTED;
        insn_q    <= index_i;
        info_q    <= {32'd0, ring_total_i};
      end
    end
    if (!err_valid_o) begin
      err_valid_o <= drain_i || residual_i || (pending_q && still_q == 5'(Settle));
      err_cause_o <= drain_i || residual_i ? `GANTRY_CAUSE_ACT_RANGE : cause_q;
      err_insn_o  <= drain_i ? drain_index_i : residual_i ? residual_index_i : insn_q;
      err_info_o  <= drain_i ? {32'd0, drain_row_i}
                             : residual_i ? {32'd0, residual_row_i} : info_q;
    end
    if (!rst_ni) begin
      pending_q   <= 1'b0;
      field_q     <= 1'b0;
      err_valid_o <= 1'b0;
    end
  end
endmodule
`default_nettype wire
