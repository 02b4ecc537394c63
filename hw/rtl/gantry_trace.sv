// SPDX-License-Identifier: Apache-2.0
// gantry_trace: queue of trace records and their way to memory through write port 0.
//
//   s_axis_record --->[ 16 records ]--->[ 4 beats each ]---> write port
//                  full, or TRACE_SIZE reached: lost
//
// Record n goes to TRACE + 64 n. Never holds up its source: a record that finds no room in the
// queue or in the buffer is lost and lost_o stays high until the next launch. clear_i and reset
// drop what waits; start_i begins at the front of the buffer.
// Interface: records by valid alone; valid, ready requests and beats.
// Latency: 1 cycle from a record to its request.
// Throughput: one record in 5 cycles.
`default_nettype none
`include "gantry_spec.vh"
module gantry_trace (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         clear_i,
  input  wire logic         start_i,
  input  wire logic [63:0]  trace_i,           // registers TRACE, TRACE_SIZE
  input  wire logic [31:0]  trace_size_i,
  input  wire logic         s_axis_record_tvalid,
  input  wire logic [511:0] s_axis_record_tdata,
  output logic              lost_o,
  output logic              idle_o,            // nothing waits and every response is in
  // write port
  output logic              req_valid_o,
  input  wire logic         req_ready_i,
  output logic [63:0]       req_addr_o,
  output logic [6:0]        req_beats_o,
  output logic              data_valid_o,
  input  wire logic         data_ready_i,
  output logic [127:0]      data_o,
  input  wire logic         pending_i
);
  logic         in_ready, rec_valid, rec_pop, room, lost_size;
  logic [511:0] rec;
  logic [4:0]   level;
  logic         asked_q;                       // the record's request was taken
  logic [1:0]   beat_q;
  logic [25:0]  count_q;                       // records given to the port

  gantry_fifo #(.Width(512), .Depth(`GANTRY_TRACE_FIFO)) u_records (
    .clk_i, .rst_ni, .clear_i,
    .s_axis_tvalid(s_axis_record_tvalid), .s_axis_tready(in_ready),
    .s_axis_tdata(s_axis_record_tdata),
    .m_axis_tvalid(rec_valid), .m_axis_tready(rec_pop), .m_axis_tdata(rec), .level_o(level)
  );

  assign room         = count_q < trace_size_i[31:6];
  assign lost_size    = rec_valid && !room && !asked_q;
  assign req_valid_o  = rec_valid && room && !asked_q;
  assign req_addr_o   = trace_i + {32'd0, count_q, 6'd0};
  assign req_beats_o  = 7'd4;
  assign data_valid_o = rec_valid && asked_q;
  assign data_o       = rec[128*beat_q +: 128];
  assign rec_pop      = lost_size || (data_valid_o && data_ready_i && beat_q == 2'd3);

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      asked_q <= 1'b0;
      beat_q  <= '0;
    end else begin
      if (req_valid_o && req_ready_i) begin
        asked_q <= 1'b1;
      end
      if (data_valid_o && data_ready_i) begin
        beat_q <= beat_q + 2'd1;
        if (beat_q == 2'd3) begin
          asked_q <= 1'b0;
        end
      end
    end
    if (!rst_ni || start_i) begin
      count_q <= '0;
      lost_o  <= 1'b0;
    end else begin
      if (req_valid_o && req_ready_i) begin
        count_q <= count_q + 26'd1;
      end
      if (!clear_i && (lost_size || (s_axis_record_tvalid && !in_ready))) begin
        lost_o <= 1'b1;
      end
    end
  end
  assign idle_o = level == '0 && !pending_i;

`ifdef FORMAL
  `include "f_trace.vh"
`endif
endmodule
`default_nettype wire
