// SPDX-License-Identifier: Apache-2.0
// gantry_wstream: streams one stripe of the weights into the ring, run after run.
//
//   WEIGHTS + Port * stripe ---> [ bursts of 64 or 16 beats, ring credit ]---> read port ---> ring
//
// Bursts are of 16 beats while LOAD has work, and at the begin of a launch, when the program is on
// its way: short rows of LOAD then do not stand behind long bursts, and compute waits for those.
// Every burst ends at a multiple of its length, so that none is cut at 4 KB.
// A line has 8 / PORTS beats in this stripe. Beats are requested only while the ring has room for
// their lines, so the ring takes every beat. Each of the REPEAT runs starts again at the front of
// the stripe; a stream that fits the ring stays there and is read once. Starts by itself when
// clear_i falls; clear_i and reset stop it.
// Interface: valid, ready requests; freed lines by a counter.
// Latency: 1 cycle from a freed line to a request.
// Throughput: one request a cycle.
`default_nettype none
`include "gantry_spec.vh"
module gantry_wstream #(
  parameter integer PORTS      = 2,
  parameter integer RING_LINES = 128,
  parameter integer Port       = 0
) (
  input  wire logic        clk_i,
  input  wire logic        rst_ni,
  input  wire logic        clear_i,
  input  wire logic [63:0] weights_i,
  input  wire logic [31:0] wgt_lines_i,
  input  wire logic [31:0] repeat_i,
  input  wire logic [31:0] ring_freed_i,        // lines freed since clear_i
  input  wire logic        short_i,
  output logic             req_valid_o,
  input  wire logic        req_ready_i,
  output logic [63:0]      req_addr_o,
  output logic [6:0]       req_beats_o
);
  localparam integer LineLog2 = (PORTS == 1) ? 3 : (PORTS == 2) ? 2 : 1;  // log2 beats per line
  localparam integer FirstBeats = 64;           // of a launch that come in short bursts
  localparam integer BeatW = 32 + LineLog2;

  logic [31:0]      run_q;                      // runs begun
  logic [BeatW-1:0] left_q;                     // beats of the run not yet requested
  logic [BeatW-1:0] asked_q;                    // beats requested since clear_i
  logic [63:0]      addr_q, stripe, start;
  logic [6:0]       chunk, burst;
  logic             short_q;                    // holds while a request is shown
  logic [BeatW-1:0] used;
  logic             fire, begin_run, stays;

  // Stripe length: beats * 16, rounded up to 4 KB.
  logic [63:0] bytes;
  assign bytes  = 64'({wgt_lines_i, {LineLog2{1'b0}}}) << 4;
  assign stripe = {bytes[63:12] + 52'(bytes[11:0] != '0), 12'd0};
  assign start  = weights_i + (((Port & 1) != 0) ? stripe : 64'd0)
                  + (((Port & 2) != 0) ? (stripe << 1) : 64'd0);

  assign burst       = short_q ? 7'd16 - {3'd0, addr_q[7:4]} : 7'd64 - {1'b0, addr_q[9:4]};
  assign chunk       = (left_q > BeatW'(burst)) ? burst : left_q[6:0];
  assign used        = asked_q + BeatW'(chunk) - {ring_freed_i, {LineLog2{1'b0}}};
  assign req_valid_o = left_q != '0 && used <= BeatW'(RING_LINES) << LineLog2;
  assign req_addr_o  = addr_q;
  assign req_beats_o = chunk;
  assign fire        = req_valid_o && req_ready_i;
  assign stays       = wgt_lines_i <= RING_LINES;
  assign begin_run   = left_q == '0 && run_q != (stays ? 32'd1 : repeat_i);

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      run_q   <= '0;
      left_q  <= '0;
      asked_q <= '0;
    end else if (begin_run) begin
      run_q  <= run_q + 32'd1;
      left_q <= {wgt_lines_i, {LineLog2{1'b0}}};
    end else if (fire) begin
      left_q  <= left_q - BeatW'(chunk);
      asked_q <= asked_q + BeatW'(chunk);
    end
    if (fire || !req_valid_o) begin
      short_q <= short_i || asked_q < BeatW'(FirstBeats);
    end
    if (begin_run) begin
      addr_q <= start;
    end else if (fire) begin
      addr_q <= addr_q + {53'd0, chunk, 4'd0};
    end
  end

`ifdef FORMAL
  // The ring frees only lines that were requested, unless the stream stays in it; then it always
  // has room for what is requested.
  logic             f_past_q;
  logic [BeatW-1:0] f_held;
  initial f_past_q = 1'b0;
  assign f_held = asked_q - {ring_freed_i, {LineLog2{1'b0}}};
  always @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    if (!f_past_q || !$past(rst_ni) || $past(clear_i)) begin
      assume (ring_freed_i == '0);
    end else if (!stays) begin
      assume (ring_freed_i - $past(ring_freed_i)
              <= 32'(BeatW'(asked_q - {$past(ring_freed_i), {LineLog2{1'b0}}}) >> LineLog2));
    end
    if (f_past_q && rst_ni && $past(rst_ni) && !clear_i) begin
      if (stays) begin
        assert (run_q == '0 ? asked_q == '0 && left_q == '0 : run_q == 32'd1);
        if (run_q != '0) assert (asked_q + left_q == {wgt_lines_i, {LineLog2{1'b0}}});
        if (run_q != '0) assert (asked_q <= {wgt_lines_i, {LineLog2{1'b0}}});
      end else begin
        assert (f_held <= BeatW'(RING_LINES) << LineLog2);
      end
      if (req_valid_o) assert (req_beats_o != '0 && req_beats_o <= 7'd64);
      // What is left of the run ends where the stripe's lines end.
      if (left_q != '0) begin
        assert (left_q <= {wgt_lines_i, {LineLog2{1'b0}}});
        assert (addr_q + 64'({left_q, 4'd0}) == start + bytes);
      end
      if (req_valid_o && !$past(clear_i) && $past(req_valid_o) && !$past(req_ready_i)) begin
        assert (req_addr_o == $past(req_addr_o) && req_beats_o == $past(req_beats_o));
      end
      cover (f_held == BeatW'(RING_LINES) << LineLog2);
    end
    if (f_past_q && !$past(clear_i) && $past(rst_ni)) begin
      assume (wgt_lines_i == $past(wgt_lines_i) && repeat_i == $past(repeat_i));
      assume (weights_i == $past(weights_i));
    end
  end
`endif
endmodule
`default_nettype wire
