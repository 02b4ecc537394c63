// SPDX-License-Identifier: Apache-2.0
// gantry_load_row: one LOAD engine: rows of bytes from memory to words of the activation RAM.
//
//   row --->[ fetch: covering beats ]---> read port
//    |                                       |
//    +--->[ rows waiting ]      data --->[ window: 2 x 256 beats ]--->[ rotate, pad ]---> word
//                |                               ^
//                +--->[ word positions, gantry_row_walk ]
//
// Word j of pixel i is bytes i*step - lead + 16j .. + 15 of the row; bytes outside of the row are
// the pad byte. Even and odd beats lie in two memories, so the two beats that a word touches are
// read together: one word per cycle at any byte offset. A beat is given up when neither the next
// word nor the next pixel needs it; up to 258 beats stay for folded pixels that overlap. Fetch runs
// ahead over up to four rows.
// A word beyond ACT_ROWS is reported and not written. clear_i and reset drop everything.
// Interface: valid, ready rows, requests and words; beats always taken.
// Latency: 3 cycles from the last beat to the word.
// Throughput: one word a cycle.
`default_nettype none
module gantry_load_row #(
  parameter integer NPX      = 4,
  parameter integer ACT_ROWS = 512,
  parameter integer RowW     = 26,
  localparam integer BankW = $clog2(NPX),
  localparam integer PosW  = RowW + BankW
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  input  wire logic             clear_i,
  output logic                  idle_o,
  // rows
  input  wire logic             row_valid_i,
  output logic                  row_ready_o,
  input  wire logic [63:0]      row_addr_i,      // of its first byte
  input  wire logic [PosW-1:0]  row_even_i,
  input  wire logic [PosW-1:0]  row_odd_i,
  // fields of the instruction; they hold while the engine is not idle
  input  wire logic [15:0]      row_bytes_i,
  input  wire logic [15:0]      pixels_i,
  input  wire logic [15:0]      step_i,
  input  wire logic [15:0]      lead_i,          // signed
  input  wire logic [7:0]       words_i,         // - 1
  input  wire logic [7:0]       pad_i,
  input  wire logic [8:0]       cb_i,
  input  wire logic             sx_i,
  // read port
  output logic                  req_valid_o,
  input  wire logic             req_ready_i,
  output logic [63:0]           req_addr_o,
  output logic [6:0]            req_beats_o,
  input  wire logic             data_valid_i,    // always taken: room was kept
  input  wire logic [127:0]     data_i,
  // activation RAM
  output logic                  load_valid_o,
  input  wire logic             load_ready_i,
  output logic [BankW-1:0]      load_bank_o,
  output logic [15:0]           load_row_o,
  output logic [127:0]          load_data_o,
  output logic                  err_valid_o,     // pulse: row beyond ACT_ROWS
  output logic [RowW-1:0]       err_row_o
);
  localparam integer Beats = 512;                // of the window
  localparam logic signed [15:0] Room = 16'(Beats);

  // ---- Fetch: running beat numbers of 16 bits, compared as differences ----
  logic        f_busy_q;
  logic [59:0] f_addr_q;                         // of the next beat
  logic [12:0] f_left_q;                         // beats of the row not yet requested
  logic [15:0] req_q, rcv_q, free_q;             // beats requested, received, given up
  logic [6:0]  chunk;
  logic [12:0] row_beats;                        // beats that cover the row
  logic signed [15:0] ahead;
  logic        row_fire, req_fire, wait_ready;

  assign row_beats   = 13'((17'(row_addr_i[3:0]) + 17'(row_bytes_i) + 17'd15) >> 4);
  assign row_ready_o = !f_busy_q && wait_ready;
  assign row_fire    = row_valid_i && row_ready_o;
  assign chunk       = (f_left_q > 13'd64) ? 7'd64 : f_left_q[6:0];
  assign ahead       = $signed(req_q + 16'(chunk) - free_q);
  assign req_valid_o = f_busy_q && ahead <= Room;
  assign req_fire    = req_valid_o && req_ready_i;
  assign req_addr_o  = {f_addr_q, 4'd0};
  assign req_beats_o = chunk;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      f_busy_q <= 1'b0;
      req_q    <= '0;
      rcv_q    <= '0;
    end else begin
      if (row_fire) begin
        f_busy_q <= row_bytes_i != '0;
      end else if (req_fire && f_left_q == 13'(chunk)) begin
        f_busy_q <= 1'b0;
      end
      if (req_fire) begin
        req_q <= req_q + 16'(chunk);
      end
      if (data_valid_i) begin
        rcv_q <= rcv_q + 1'b1;
      end
    end
    if (row_fire) begin
      f_addr_q <= row_addr_i[63:4];
      f_left_q <= row_beats;
    end else if (req_fire) begin
      f_addr_q <= f_addr_q + 60'(chunk);
      f_left_q <= f_left_q - 13'(chunk);
    end
  end

  // ---- Rows that wait for their words ----
  logic              g_valid, g_start;
  logic [2*PosW+3:0] g_data;
  logic [2:0]        g_level;
  gantry_fifo #(.Width(2*PosW + 4), .Depth(4)) u_rows (
    .clk_i, .rst_ni, .clear_i,
    .s_axis_tvalid(row_fire), .s_axis_tready(wait_ready),
    .s_axis_tdata({row_addr_i[3:0], row_even_i, row_odd_i}),
    .m_axis_tvalid(g_valid), .m_axis_tready(g_start), .m_axis_tdata(g_data), .level_o(g_level)
  );

  // ---- Words of the current row; p = byte position from the row's first beat on ----
  // A pixel at Far or beyond has no byte of the row, and none behind it has: it stays there.
  localparam integer PW  = 19;                   // signed: pixels from -2^15 on
  localparam integer Far = 17;                   // bit of p
  logic                 w_valid, w_pixel_last, w_last, w_issue, advance;
  logic [BankW-1:0]     w_bank;
  logic [RowW-1:0]      w_row;
  logic [15:0]          base_q;                  // running number of the row's first beat
  logic [3:0]           align_q;
  logic signed [PW-1:0] p_q, pixel_q, next_pixel, next_word, keep, start;
  logic signed [PW-1:0] offset, left;            // p from the row's first byte on, bytes from p on
  logic [12:0]          g_total, total_q, keep_beat;
  logic signed [15:0]   have;
  logic                 no_data, enough, in_range;

  assign g_start = g_valid && !w_valid;
  gantry_row_walk #(.NPX(NPX), .RowW(RowW)) u_walk (
    .clk_i, .rst_ni, .clear_i, .start_i(g_start),
    .even_i(g_data[PosW +: PosW]), .odd_i(g_data[0 +: PosW]),
    .pixels_i, .words_i, .cb_i, .sx_i, .advance_i(w_issue),
    .valid_o(w_valid), .bank_o(w_bank), .row_o(w_row),
    .pixel_last_o(w_pixel_last), .last_o(w_last)
  );

  assign g_total  = (row_bytes_i == '0) ? '0
                    : 13'((17'(g_data[2*PosW +: 4]) + 17'(row_bytes_i) + 17'd15) >> 4);
  assign start    = $signed({{(PW - 4){1'b0}}, g_data[2*PosW +: 4]}) - PW'($signed(lead_i));
  assign offset   = p_q - $signed({{(PW - 4){1'b0}}, align_q});
  assign left     = $signed({{(PW - 16){1'b0}}, row_bytes_i}) - offset;
  assign have     = $signed(rcv_q - base_q);
  assign no_data  = offset < -PW'(15) || left <= 0;
  assign enough   = have >= $signed({3'd0, total_q}) || PW'(have) > ((p_q + PW'(15)) >>> 4);
  assign w_issue  = w_valid && advance && (no_data || enough);
  assign in_range = w_row < RowW'(ACT_ROWS);

  assign next_pixel = pixel_q[PW-1:Far] == 2'b01 ? pixel_q : pixel_q + $signed(PW'(step_i));
  assign next_word  = p_q + PW'(16);
  assign keep       = (w_pixel_last || next_pixel < next_word) ? next_pixel : next_word;
  assign keep_beat  = keep < 0 ? '0
                      : keep[PW-1:4] >= {2'd0, total_q} ? total_q : keep[16:4];

  // base_q moves to the next row when the last word leaves; a row without pixels leaves at once.
  logic [15:0] row_end;
  logic        g_empty;
  assign row_end = base_q + 16'(total_q);
  assign g_empty = pixels_i == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      base_q <= '0;
      free_q <= '0;
    end else if (g_start && g_empty) begin
      base_q <= base_q + 16'(g_total);
      free_q <= base_q + 16'(g_total);
    end else if (w_issue) begin
      free_q <= w_last ? row_end : base_q + 16'(keep_beat);
      if (w_last) begin
        base_q <= row_end;
      end
    end
    if (g_start) begin
      align_q <= g_data[2*PosW +: 4];
      total_q <= g_total;
      p_q     <= start;
      pixel_q <= start;
    end else if (w_issue) begin
      p_q <= w_pixel_last ? next_pixel : next_word;
      if (w_pixel_last) begin
        pixel_q <= next_pixel;
      end
    end
    err_valid_o <= rst_ni && !clear_i && w_issue && !in_range;
    err_row_o   <= w_row;
  end

  // ---- Window memory: even beats and odd beats ----
  logic [127:0] even_q [Beats/2];
  logic [127:0] odd_q  [Beats/2];
  logic [127:0] even_data_q, odd_data_q;
  logic [8:0]   slot;                            // of the word's first beat
  logic [7:0]   slot_even;
  assign slot      = base_q[8:0] + p_q[12:4];
  assign slot_even = slot[8:1] + 8'(slot[0]);

  always_ff @(posedge clk_i) begin
    if (data_valid_i && !rcv_q[0]) begin
      even_q[rcv_q[8:1]] <= data_i;
    end
    if (advance) begin
      even_data_q <= even_q[slot_even];
    end
  end
  always_ff @(posedge clk_i) begin
    if (data_valid_i && rcv_q[0]) begin
      odd_q[rcv_q[8:1]] <= data_i;
    end
    if (advance) begin
      odd_data_q <= odd_q[slot[8:1]];
    end
  end

  // ---- Stage 1: data of both beats. Stage 2: rotated and padded word ----
  logic               s_valid_q, s_swap_q;
  logic [3:0]         s_rotate_q;
  logic [15:0]        s_inside_q, first, behind; // bytes from the row's first on, behind its last
  logic [BankW-1:0]   s_bank_q;
  logic [15:0]        s_row_q;
  logic [255:0]       ring;                      // even beat, odd beat
  logic [183:0]       by_8;
  logic [135:0]       by_2;
  logic [127:0]       padded;
  assign ring = {odd_data_q, even_data_q};
  assign by_8 = s_swap_q ? (s_rotate_q[3] ? {ring[119:0], ring[255:192]}
                                          : {ring[55:0], ring[255:128]})
                         : (s_rotate_q[3] ? ring[247:64] : ring[183:0]);
  assign by_2 = s_rotate_q[2] ? (s_rotate_q[1] ? by_8[183:48] : by_8[167:32])
                              : (s_rotate_q[1] ? by_8[151:16] : by_8[135:0]);
  always_comb begin
    for (int k = 0; k < 16; k++) begin
      first[k]  = !offset[PW-1] || (offset[PW-1:4] == '1 && 5'(offset[3:0]) + 5'(k) >= 5'd16);
      behind[k] = left[PW-1] || (left[PW-1:4] == '0 && left[3:0] <= 4'(k));
      padded[8*k +: 8] = !s_inside_q[k] ? pad_i
                         : s_rotate_q[0] ? by_2[8*k+8 +: 8] : by_2[8*k +: 8];
    end
  end

  assign advance = !load_valid_o || load_ready_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      s_valid_q    <= 1'b0;
      load_valid_o <= 1'b0;
    end else if (advance) begin
      s_valid_q    <= w_issue && in_range;
      load_valid_o <= s_valid_q;
    end
    if (advance) begin
      s_swap_q    <= slot[0];
      s_rotate_q  <= p_q[3:0];
      s_inside_q  <= first & ~behind;
      s_bank_q    <= w_bank;
      s_row_q     <= w_row[15:0];
      load_bank_o <= s_bank_q;
      load_row_o  <= s_row_q;
      load_data_o <= padded;
    end
  end

  assign idle_o = !f_busy_q && g_level == '0 && !w_valid && !s_valid_q && !load_valid_o
                  && req_q == rcv_q;

`ifdef FORMAL
  `include "f_load_row.vh"
`endif
endmodule
`default_nettype wire
