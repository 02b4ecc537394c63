// SPDX-License-Identifier: Apache-2.0
// gantry_front_addr: from an issued step to bank reads: products, masks, rows per bank.
//
//   step, Q, (y, x) --->[Q * CB, y * sy + a]-->[row, valid?]-->[per bank]--> bank_en_o, bank_row_o
//
// Slot i reads pixel Q + i: bank k holds slot (k - Q) mod NPX in row R, or R + CB when it wrapped.
// A row beyond ACT_ROWS is not read: range_o. H, W and CB must
// hold for one more cycle after the step. Reset clears the valid bits.
// Interface: step pulse in, enables per bank out; no handshake.
// Latency: 3 cycles.
// Throughput: one step a cycle.
`default_nettype none
module gantry_front_addr #(
  parameter integer NPX      = 4,
  parameter integer ACT_ROWS = 512,
  localparam integer BankW   = $clog2(NPX)
) (
  input  wire logic               clk_i,
  input  wire logic               rst_ni,
  input  wire logic               step_i,
  input  wire logic signed [21:0] q_i,
  input  wire logic               far_i,
  input  wire logic [NPX-1:0]     slots_i,     // slots below P
  input  wire logic [17*NPX-1:0]  y_i,
  input  wire logic [16*NPX-1:0]  x_i,
  input  wire logic signed [19:0] a_i,
  input  wire logic signed [19:0] b_i,
  input  wire logic               sy_i,
  input  wire logic               sx_i,
  input  wire logic [15:0]        h_i,
  input  wire logic [15:0]        w_i,
  input  wire logic [15:0]        out_h_i,
  input  wire logic [7:0]         cb_i,        // channel blocks of the tensor, less 1
  input  wire logic [15:0]        base_i,
  input  wire logic [16:0]        block_i,
  output logic [NPX-1:0]          bank_en_o,
  output logic [16*NPX-1:0]       bank_row_o,
  output logic [BankW-1:0]        rotate_o,    // bank of slot 0
  output logic [NPX-1:0]          slots_o,     // valid slots
  output logic                    range_o,
  output logic [31:0]             range_row_o  // of the first slot that is out of range
);
  localparam integer QRowW = 22 - BankW;

  // Stage 1
  logic                    valid_q, valid_q2, far_q;
  logic signed [31:0]      product_q;
  logic [17:0]             base_q;
  logic [BankW-1:0]        bank_q, bank_q2;
  logic [NPX-1:0]          some_q, valid, slots_q2;
  logic [8:0]              cb;
  logic signed [QRowW-1:0] q_row;
  assign cb    = {1'b0, cb_i} + 9'd1;
  assign q_row = q_i[21:BankW];
  always_ff @(posedge clk_i) begin
    if (step_i) begin
      product_q <= 32'(q_row) * $signed({23'd0, cb});
      base_q    <= {2'b0, base_i} + {1'b0, block_i};
      bank_q    <= q_i[BankW-1:0];
      far_q     <= far_i;
    end
    valid_q  <= step_i && rst_ni;
    valid_q2 <= valid_q && rst_ni;
  end
  generate
    for (genvar i = 0; i < NPX; i++) begin : gen_slot
      logic signed [19:0] y_q, x_q, y, x;
      assign y = sy_i ? {2'b0, y_i[17*i+:17], 1'b0} : {3'b0, y_i[17*i+:17]};
      assign x = sx_i ? {3'b0, x_i[16*i+:16], 1'b0} : {4'b0, x_i[16*i+:16]};
      always_ff @(posedge clk_i) if (step_i) begin
        y_q       <= y + a_i;
        x_q       <= x + b_i;
        some_q[i] <= slots_i[i] && y_i[17*i+:17] < {1'b0, out_h_i};
      end
      assign valid[i] = some_q[i] && !y_q[19] && !x_q[19] && y_q < $signed({4'd0, h_i}) &&
                         x_q < $signed({4'd0, w_i});
    end
  endgenerate

  // Stage 2
  logic signed [31:0] row_q2, wrapped_q2, row;
  logic               far_q2;
  assign row = product_q + $signed({14'd0, base_q});
  always_ff @(posedge clk_i) if (valid_q) begin
    row_q2     <= row;
    wrapped_q2 <= row + $signed({23'd0, cb});
    bank_q2    <= bank_q;
    slots_q2   <= valid;
    far_q2     <= far_q;
  end

  // Stage 3
  logic [NPX-1:0] here, wraps;  // per bank: its slot is valid; it stands in the next row
  logic           row_bad, wrapped_bad;
  // Without a sign: a row below the memory is beyond it as well.
  assign row_bad     = far_q2 || $unsigned(row_q2) >= ACT_ROWS;
  assign wrapped_bad = far_q2 || $unsigned(wrapped_q2) >= ACT_ROWS;
  generate
    for (genvar k = 0; k < NPX; k++) begin : gen_bank
      logic [BankW-1:0] slot;
      assign slot     = BankW'(k) - bank_q2;
      assign here[k]  = valid_q2 && slots_q2[slot];
      assign wraps[k] = {1'b0, bank_q2} > (BankW + 1)'(k);
      always_ff @(posedge clk_i) begin
        bank_en_o[k] <= here[k] && !(wraps[k] ? wrapped_bad : row_bad) && rst_ni;
        if (here[k]) bank_row_o[16*k+:16] <= wraps[k] ? wrapped_q2[15:0] : row_q2[15:0];
      end
    end
  endgenerate
  always_ff @(posedge clk_i) begin
    if (valid_q2) begin
      rotate_o    <= bank_q2;
      slots_o     <= slots_q2;
      range_row_o <= |(here & ~wraps) && row_bad ? row_q2 : wrapped_q2;
    end
    range_o <= rst_ni && (|(here & ~wraps) && row_bad || |(here & wraps) && wrapped_bad);
  end

`ifdef FORMAL
  `include "f_front_addr.vh"
`endif
endmodule
`default_nettype wire
