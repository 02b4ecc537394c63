// SPDX-License-Identifier: Apache-2.0
// gantry_acc: accumulator ring: rows of 16 channels x NPX pixels, sum or maximum, drain port.
//
//   parts_i: two chains of each pixel pair and channel --->[16 NPX x gantry_acc_word]---> drain_o
//
// read_i comes one cycle before write_i with the same row; a row may be read again two cycles after
// its previous read. first_i stores the sum alone. drain_o is valid one cycle after drain_en_i.
// The rings of the upper half of the pixels stand in block RAM.
// No reset: data only; who owns a row is counted by front and back.
// Interface: row and enable in, a row of words out; no handshake.
// Latency: read to write 1 cycle, drain 1 cycle.
// Throughput: one read, one write and one drained row a cycle.
`default_nettype none
module gantry_acc #(
  parameter integer NPX  = 4,   // pixels of a row
  parameter integer ROWS = 64,  // power of two
  localparam integer AddrW = $clog2(ROWS)
) (
  input  wire logic               clk_i,
  input  wire logic               read_i,
  input  wire logic [AddrW-1:0]   read_row_i,
  input  wire logic               write_i,
  input  wire logic [AddrW-1:0]   write_row_i,
  input  wire logic               first_i,
  input  wire logic               max_i,
  input  wire logic [576*NPX-1:0] parts_i,   // of gantry_array
  input  wire logic               drain_en_i,
  input  wire logic [AddrW-1:0]   drain_row_i,
  output logic [512*NPX-1:0]      drain_o    // pixel n, channel c at 32 * (16 n + c)
);
  logic alone, greater;
  assign alone   = first_i || max_i;
  assign greater = max_i && !first_i;
  generate
    for (genvar n = 0; n < NPX; n++) begin : gen_pixel
      for (genvar c = 0; c < 16; c++) begin : gen_channel
        localparam integer Low  = 72 * (16 * (n / 2) + c);  // inputs 0..7; 8..15 follow
        localparam integer Part = Low + 18 * (n % 2);
        gantry_acc_word #(.ROWS(ROWS), .BLOCK(n >= NPX / 2 ? 1 : 0)) u_word (
          .clk_i, .read_i, .read_row_i, .write_i, .write_row_i, .alone_i(alone),
          .greater_i(greater),
          .parts_i({parts_i[Part+36+:18], parts_i[Part+:18]}),
          .carry_i(n % 2 == 0 ? 2'd0 : {parts_i[Low+53], parts_i[Low+17]}),
          .drain_en_i, .drain_row_i, .drain_o(drain_o[32*(16*n+c)+:32]));
      end
    end
  endgenerate
endmodule
`default_nettype wire
