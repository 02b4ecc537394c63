// SPDX-License-Identifier: Apache-2.0
// gantry_row_walk: activation addresses of the words of one tensor row, pixel by pixel.
//
//   start, first positions of the even and the odd columns --->[ walk ]---> bank, row, last
//
// A position is a linear pixel number q kept as {(q div NPX) * CB, q mod NPX}: the next pixel of a
// plane is one addition, no division and no product per word. With two column planes the even and
// the odd columns have a position each and take turns. One word per cycle while advance_i is high.
// Interface: start and advance pulses in, bank and row out.
// Latency: 1 cycle from start_i.
// Throughput: one word a cycle.
`default_nettype none
module gantry_row_walk #(
  parameter integer NPX  = 4,                    // banks, a power of two
  parameter integer RowW = 26,                   // bits of a row number, beyond any memory
  localparam integer BankW = $clog2(NPX)
) (
  input  wire logic                  clk_i,
  input  wire logic                  rst_ni,
  input  wire logic                  clear_i,
  input  wire logic                  start_i,    // only while valid_o is low or at the last word
  input  wire logic [RowW+BankW-1:0] even_i,     // {row, bank}, base and first block included
  input  wire logic [RowW+BankW-1:0] odd_i,      // used with two column planes only
  input  wire logic [15:0]           pixels_i,   // these four hold while a row is walked
  input  wire logic [7:0]            words_i,    // words of a pixel - 1
  input  wire logic [8:0]            cb_i,       // channel blocks of the tensor
  input  wire logic                  sx_i,       // two column planes
  input  wire logic                  advance_i,
  output logic                       valid_o,
  output logic [BankW-1:0]           bank_o,
  output logic [RowW-1:0]            row_o,
  output logic                       pixel_last_o,  // last word of a pixel
  output logic                       last_o         // last word of the row
);
  logic             active_q, odd_q;
  logic [15:0]      left_q;                      // pixels, this one included
  logic [7:0]       word_q;
  logic [RowW-1:0]  row_q   [2];
  logic [BankW-1:0] bank_q  [2];
  logic             wrap;

  assign valid_o      = active_q;
  assign bank_o       = bank_q[odd_q];
  assign row_o        = row_q[odd_q] + RowW'(word_q);
  assign pixel_last_o = word_q == words_i;
  assign last_o       = pixel_last_o && left_q == 16'd1;
  assign wrap         = bank_o == BankW'(NPX - 1);

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      active_q <= 1'b0;
    end else if (start_i) begin
      active_q <= pixels_i != '0;
    end else if (advance_i && last_o) begin
      active_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      left_q    <= pixels_i;
      word_q    <= '0;
      odd_q     <= 1'b0;
      row_q[0]  <= even_i[BankW +: RowW];
      row_q[1]  <= odd_i[BankW +: RowW];
      bank_q[0] <= even_i[BankW-1:0];
      bank_q[1] <= odd_i[BankW-1:0];
    end else if (advance_i && active_q) begin
      word_q <= pixel_last_o ? '0 : word_q + 1'b1;
      if (pixel_last_o) begin
        left_q         <= left_q - 1'b1;
        odd_q          <= odd_q ^ sx_i;
        bank_q[odd_q]  <= bank_o + 1'b1;
        if (wrap) begin
          row_q[odd_q] <= row_q[odd_q] + RowW'(cb_i);
        end
      end
    end
  end

`ifdef FORMAL
  `include "f_row_walk.vh"
`endif
endmodule
`default_nettype wire
