// SPDX-License-Identifier: Apache-2.0
// gantry_acc_word: one pixel and channel of the accumulator: its words in all rows.
//
//   read_i, row ---->[tile]---> old ---+
//   (a cycle later) parts_i -----------+--->( + or max )--+--->[tile]
//                                                         +--->[ring]---drain_en_i, row---> drain_o
//
// The tile memory holds the rows that steps still add to, at most TILE_ROWS_MAX one after the
// other; the ring holds all rows until they are drained. A row is written to both.
// The word is old_q + parts_i[0] + parts_i[1] + both bits of carry_i: one carry chain behind a 3:2
// compressor, with alone_i without old_q. With greater_i it is written only when it exceeds old_q:
// both are then sums of 16 products, and 19 bits hold them.
// No reset: data only.
// Interface: row and enable in, a word out; no handshake. Ports as in gantry_acc.
// Latency: read to write 1 cycle, drain 1 cycle.
// Throughput: one read, one write and one drained word a cycle.
`default_nettype none
`include "gantry_spec.vh"
module gantry_acc_word #(
  parameter integer ROWS  = 64,  // power of two, at least TILE_ROWS_MAX
  parameter integer BLOCK = 0,   // 1: the ring stands in block RAM
  localparam integer AddrW = $clog2(ROWS)
) (
  input  wire logic             clk_i,
  input  wire logic             read_i,
  input  wire logic [AddrW-1:0] read_row_i,
  input  wire logic             write_i,
  input  wire logic [AddrW-1:0] write_row_i,
  input  wire logic             alone_i,
  input  wire logic             greater_i,
  input  wire logic [35:0]      parts_i,   // two signed sums of eight products
  input  wire logic [1:0]       carry_i,
  input  wire logic             drain_en_i,
  input  wire logic [AddrW-1:0] drain_row_i,
  output logic [31:0]           drain_o
);
  localparam integer SumW  = 19;
  localparam integer TileW = $clog2(`GANTRY_TILE_ROWS_MAX);
  (* ram_style = "distributed" *)
  logic [31:0] tile [`GANTRY_TILE_ROWS_MAX];
  logic [31:0] old_q, next;
  logic        take;
  assign next = (alone_i ? '0 : old_q) + 32'($signed(parts_i[17:0])) +
                32'($signed(parts_i[35:18])) + 32'(carry_i[0]) + 32'(carry_i[1]);
  assign take = write_i && (!greater_i || $signed(next[SumW-1:0]) > $signed(old_q[SumW-1:0]));
  always_ff @(posedge clk_i) begin
    if (read_i) old_q <= tile[read_row_i[TileW-1:0]];
    if (take) tile[write_row_i[TileW-1:0]] <= next;
  end

  generate
    if (BLOCK != 0) begin : gen_block
      (* ram_style = "block" *)
      logic [31:0] ring [ROWS];
      always_ff @(posedge clk_i) begin
        if (take) ring[write_row_i] <= next;
        if (drain_en_i) drain_o <= ring[drain_row_i];
      end
    end else begin : gen_distributed
      (* ram_style = "distributed" *)
      logic [31:0] ring [ROWS];
      always_ff @(posedge clk_i) begin
        if (take) ring[write_row_i] <= next;
        if (drain_en_i) drain_o <= ring[drain_row_i];
      end
    end
    if (AddrW > TileW) begin : gen_unused
      logic unused;
      assign unused = ^read_row_i[AddrW-1:TileW];
    end
  endgenerate
endmodule
`default_nettype wire
