// SPDX-License-Identifier: Apache-2.0
// gantry_wring: weight ring of 128-byte lines; port p writes its stripe of consecutive lines.
//
//   ring_valid_i[p], 16 bytes ---> column p * 8 / PORTS + (beat mod 8 / PORTS) of line p counts
//   read_i, read_line_i ---------> [8 columns x RING_LINES x 128 bit]---> line_o, 2 cycles later
//
// A ring that is no power of two stands in two memories, the greatest power of two and the rest: a
// line is then chosen from two, not from as many as block RAMs stand one behind the other.
// lines_o: lines that all ports have written since reset, modulo 2^32. The writer keeps within
// RING_LINES lines of the freed ones; the tail beyond the stream is written and never read.
// Reset empties the ring.
// Interface: beats always taken; read enable.
// Latency: read 2 cycles.
// Throughput: one beat a cycle and port, one line read a cycle.
`default_nettype none
module gantry_wring #(
  parameter integer RING_LINES = 128,
  parameter integer PORTS      = 2,  // 1, 2 or 4
  localparam integer AddrW = $clog2(RING_LINES)
) (
  input  wire logic                 clk_i,
  input  wire logic                 rst_ni,
  input  wire logic [PORTS-1:0]     ring_valid_i,
  input  wire logic [PORTS*128-1:0] ring_data_i,
  output logic [31:0]               lines_o,
  input  wire logic                 read_i,
  input  wire logic [AddrW-1:0]     read_line_i,
  output logic [1023:0]             line_o
);
  localparam integer Beats = 8 / PORTS;  // of a line and port
  localparam integer BeatW = $clog2(Beats);
  localparam integer MainW = $clog2(RING_LINES + 1) - 1;
  localparam integer Main  = 1 << MainW;
  localparam integer Rest  = RING_LINES - Main;
  localparam integer RestW = Rest > 1 ? $clog2(Rest) : 1;
  logic [PORTS*32-1:0] counts;
  logic                read_q;

  generate
    for (genvar p = 0; p < PORTS; p++) begin : gen_port
      logic [BeatW-1:0] beat_q;
      logic [AddrW-1:0] line_q;
      logic [31:0]      count_q;
      logic             last;
      assign last             = ring_valid_i[p] && beat_q == BeatW'(Beats - 1);
      assign counts[32*p+:32] = count_q;
      always_ff @(posedge clk_i) begin
        if (ring_valid_i[p]) beat_q <= beat_q + BeatW'(1);
        if (last) begin
          line_q  <= line_q == AddrW'(RING_LINES - 1) ? '0 : line_q + AddrW'(1);
          count_q <= count_q + 32'd1;
        end
        if (!rst_ni) begin
          beat_q  <= '0;
          line_q  <= '0;
          count_q <= '0;
        end
      end
      for (genvar c = 0; c < Beats; c++) begin : gen_column
        (* ram_style = "block" *)  // the banks of activations take all URAM of a K26
        logic [127:0] main [Main];
        logic [127:0] main_q, data;
        logic         write, upper;
        assign write = ring_valid_i[p] && beat_q == BeatW'(c);
        assign upper = Rest > 0 && line_q[AddrW-1];
        always_ff @(posedge clk_i) begin
          if (write && !upper) main[line_q[MainW-1:0]] <= ring_data_i[128*p+:128];
          if (read_i) main_q <= main[read_line_i[MainW-1:0]];
          if (read_q) line_o[128*(p*Beats+c)+:128] <= data;
        end
        if (Rest > 0) begin : gen_rest
          (* ram_style = "block" *)
          logic [127:0] rest [Rest];
          logic [127:0] rest_q;
          logic         upper_q;
          always_ff @(posedge clk_i) begin
            if (write && upper) rest[line_q[RestW-1:0]] <= ring_data_i[128*p+:128];
            if (read_i) rest_q <= rest[read_line_i[RestW-1:0]];
            if (read_i) upper_q <= read_line_i[AddrW-1];
          end
          assign data = upper_q ? rest_q : main_q;
        end else begin : gen_whole
          assign data = main_q;
        end
      end
    end
  endgenerate
  always_ff @(posedge clk_i) read_q <= read_i;

  // The least count; counts differ by less than 2^31.
  logic [31:0] low, high, between;
  logic        unused;
  generate
    if (PORTS == 1) begin : gen_one
      assign low  = counts[31:0];
      assign high = low;
    end else begin : gen_pair
      logic [31:0] ahead;
      logic        unused_ahead;
      assign ahead = counts[31:0] - counts[63:32];
      assign low   = ahead[31] ? counts[31:0] : counts[63:32];
      assign unused_ahead = ^ahead[30:0];
      if (PORTS == 4) begin : gen_four
        logic [31:0] other;
        logic        unused_other;
        assign other = counts[95:64] - counts[127:96];
        assign high  = other[31] ? counts[95:64] : counts[127:96];
        assign unused_other = ^other[30:0];
      end else begin : gen_two
        assign high = low;
      end
    end
  endgenerate
  assign between = low - high;
  assign unused  = ^between[30:0];
  always_ff @(posedge clk_i) lines_o <= !rst_ni ? '0 : between[31] ? low : high;

`ifdef FORMAL
  `include "f_wring.vh"
`endif
endmodule
`default_nettype wire
