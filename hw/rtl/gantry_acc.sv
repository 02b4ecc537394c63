// SPDX-License-Identifier: Apache-2.0
// gantry_acc: accumulator ring: rows of 16 channels x NPX pixels, sum or maximum, drain port.
//
//   read_i, row ---->[RAM]---> old ---+
//   (a cycle later) sum_i ------------+--->( + or max )--->[RAM]
//   drain_en_i, drain_row ----------->[RAM]---> drain_o
//
// read_i comes one cycle before write_i with the same row; a row may be read again two cycles after
// its previous read. first_i stores the sum alone. drain_o is valid one cycle after drain_en_i.
// No reset: data only; who owns a row is counted by front and back.
// Interface: row and enable in, a row of words out; no handshake.
// Latency: read to write 1 cycle, drain 1 cycle.
// Throughput: one read, one write and one drained row a cycle.
`default_nettype none
module gantry_acc #(
  parameter integer NPX  = 4,   // pixels of a row
  parameter integer ROWS = 64,  // power of two
  localparam integer RowW  = NPX * 16 * 32,
  localparam integer AddrW = $clog2(ROWS)
) (
  input  wire logic             clk_i,
  input  wire logic             read_i,
  input  wire logic [AddrW-1:0] read_row_i,
  input  wire logic             write_i,
  input  wire logic [AddrW-1:0] write_row_i,
  input  wire logic             first_i,
  input  wire logic             max_i,
  input  wire logic [RowW-1:0]  sum_i,
  input  wire logic             drain_en_i,
  input  wire logic [AddrW-1:0] drain_row_i,
  output logic [RowW-1:0]       drain_o
);
  logic [RowW-1:0] ring [ROWS];
  logic [RowW-1:0] old_q, next;

  generate
    for (genvar i = 0; i < NPX * 16; i++) begin : gen_word
      logic signed [31:0] sum, old;
      assign sum = sum_i[32*i+:32];
      assign old = old_q[32*i+:32];
      assign next[32*i+:32] = first_i ? sum : (max_i ? (old > sum ? old : sum) : old + sum);
    end
  endgenerate

  always_ff @(posedge clk_i) begin
    if (read_i) old_q <= ring[read_row_i];
    if (write_i) ring[write_row_i] <= next;
    if (drain_en_i) drain_o <= ring[drain_row_i];
  end
endmodule
`default_nettype wire
