// SPDX-License-Identifier: Apache-2.0
// gantry_back: which accumulator words are drained next, and where they go.
//
//   tiles --->[FIFO of 7]---+
//   rows done ------------->+--->[drain step: position, words]--->[q]--->[bank, row]---(delay)--->
//   residual rows asked --->+                                          words, bank, row at stage 18
//                                                                      watermark behind it
//
// A drain step is G words, half of that with a residual. It starts when its row is complete,
// chasing the front, and when the residual of the row has been asked for. Steps move with move_o.
// Stages: 1 pixel, 3 address, 18 writer; stage 1 of the data is gantry_drain's. Reset empties all.
// Interface: queue pointer, tile pushes, row pulses; advance_i stalls the pipeline.
// Latency: 18 cycles from a drain step to the writer.
// Throughput: one drain step of up to G words a cycle.
`default_nettype none
`include "gantry_spec.vh"
module gantry_back #(
  parameter integer G        = 2,
  parameter integer ACT_ROWS = 512,
  parameter integer ACC_ROWS = 64,
  parameter integer WINDOW   = 0,
  localparam integer NPX   = 2 * G,
  localparam integer BankW = $clog2(NPX),
  localparam integer RowW  = $clog2(ACC_ROWS)
) (
  input  wire logic               clk_i,
  input  wire logic               rst_ni,
  // queue
  output logic [3:0]              ptr_o,
  input  wire logic [511:0]       insn_i,
  input  wire logic [31:0]        index_i,
  input  wire logic               sync_done_i,
  // tiles and rows of the front
  input  wire logic               tile_push_i,
  input  wire logic [6:0]         tile_i,
  output logic                    tile_full_o,
  input  wire logic               row_done_i,
  output logic [RowW:0]           freed_o,        // rows drained
  // the instruction that is drained
  output logic [511:0]            running_o,
  output logic [31:0]             running_index_o,
  output logic                    running_start_o,
  output logic                    quiet_o,        // nothing to drain, no step in the pipeline
  output logic                    empty_o,        // no step in the pipeline
  // watermark: of the oldest unfinished instruction, what has reached memory
  output logic [8:0]              mark_blocks_o,  // whole channel blocks
  output logic [8:0]              mark_part_o,    // blocks of which the first rows are there
  output logic [16:0]             mark_rows_o,
  // residual
  input  wire logic               residual_row_i, // a row more has been asked for
  // pipeline
  input  wire logic               advance_i,
  output logic                    move_o,         // clock enable of all stages
  output logic                    step_o,         // stage 0
  output logic [RowW-1:0]         row_o,
  output logic [1:0]              position_o,
  output logic                    row_last_o,     // last step of a row
  output logic [1:0]              set_o,
  output logic [3:0]              blocks_o,       // block in the group: words 0, 1; 2, 3
  output logic                    set_free_o,
  output logic                    residual_stage_o, // stage 12 holds a step
  // stage 18
  output logic                    valid_o,
  output logic                    last_o,         // last step of an instruction
  output logic [G-1:0]            words_o,
  output logic [BankW*G-1:0]      bank_o,
  output logic [16*G-1:0]         addr_o,
  output logic                    bad_o,          // a word lies beyond ACT_ROWS
  output logic [31:0]             bad_row_o,      // the first of them since reset
  output logic [31:0]             bad_index_o
);
  localparam integer Unit = G > 1 ? G / 2 : 1;    // words of a position
  localparam integer Positions = NPX / Unit;
  localparam integer Depth = 18;                  // stages
  localparam integer ResidualStage = 12;          // in which lanes X take the residual
  localparam integer LastPosition = Positions - 1;

  // ---- tile FIFO
  logic [6:0] tiles [8];
  logic [2:0] tile_write_q, tile_read_q;
  logic [6:0] tile;
  logic       have_tile, tile_pop;
  assign tile_full_o = tile_write_q - tile_read_q == 3'd7;
  assign have_tile   = tile_write_q != tile_read_q;
  assign tile        = tiles[tile_read_q];
  always_ff @(posedge clk_i) begin
    if (tile_push_i) tiles[tile_write_q] <= tile_i;
    tile_write_q <= tile_write_q + {2'd0, tile_push_i};
    tile_read_q  <= tile_read_q + {2'd0, tile_pop};
    if (!rst_ni) {tile_write_q, tile_read_q} <= '0;
  end

  // ---- instruction, rows, positions
  logic            run_q, res, tcb, wide, row_last, tile_last, group_last, insn_last, next_insn;
  logic [1:0]      log2_m, pos_q, set_q, log2_p;
  logic [4:0]      t_q;
  logic [8:0]      block_q;
  logic [15:0]     tcb_row_q;
  logic [RowW:0]   done_q;
  logic [3:0]      residual_rows_q;               // asked for, not yet drained
  logic            row_there, residual_there, window, next_window, strip_last;
  logic [15:0]     strip_row_q;
  assign res            = running_o[`GANTRY_CONV_RES];
  assign tcb            = running_o[`GANTRY_CONV_TCB];
  assign window         = WINDOW != 0 && running_o[`GANTRY_COMMON_OPCODE] == `GANTRY_INSN_WINDOW;
  assign next_window    = WINDOW != 0 && insn_i[`GANTRY_COMMON_OPCODE] == `GANTRY_INSN_WINDOW;
  assign strip_last     = window && strip_row_q == running_o[`GANTRY_CONV_OUT_H] - 16'd1;
  assign log2_m         = running_o[`GANTRY_CONV_LOG2_M];
  assign log2_p         = 2'(BankW) - log2_m;
  assign next_insn      = !run_q && have_tile;
  assign running_start_o = next_insn;
  assign row_there      = done_q != freed_o;
  assign residual_there = !res || residual_rows_q != '0;
  assign step_o         = run_q && have_tile && row_there && residual_there && advance_i;
  assign wide           = G > 1 && !res;          // two units a step
  assign row_last       = tcb || window ||
                          pos_q == (wide ? 2'(LastPosition - 1) : 2'(LastPosition));
  assign tile_last      = row_last && t_q == tile[4:0];
  assign group_last     = tile_last && tile[5];
  assign insn_last      = tile_last && tile[6];
  assign tile_pop       = step_o && tile_last;
  assign set_free_o     = step_o && group_last;
  assign row_o          = freed_o[RowW-1:0];
  assign position_o     = pos_q;
  assign row_last_o     = row_last;
  assign set_o          = set_q;

  always_ff @(posedge clk_i) begin
    if (next_insn) begin
      running_o       <= insn_i;
      running_index_o <= index_i;
      block_q         <= '0;
      tcb_row_q       <= '0;
      strip_row_q     <= '0;
    end
    if (step_o) begin
      pos_q <= row_last ? '0 : pos_q + (wide ? 2'd2 : 2'd1);
      if (row_last) begin
        t_q       <= tile_last ? '0 : t_q + 5'd1;
        tcb_row_q <= group_last ? '0 : tcb_row_q + 16'd1;
        strip_row_q <= group_last || strip_last ? '0 : strip_row_q + 16'd1;
        freed_o   <= freed_o + (RowW + 1)'(1);
      end
      if (group_last) begin
        block_q <= block_q + (9'd1 << log2_m);
        set_q   <= set_q == 2'd2 ? '0 : set_q + 2'd1;
      end
    end
    if (next_insn) run_q <= 1'b1;
    else if (step_o && insn_last) run_q <= 1'b0;
    if ((step_o && insn_last) || sync_done_i) ptr_o <= ptr_o + 4'd1;
    done_q <= done_q + {{RowW{1'b0}}, row_done_i};
    residual_rows_q <= residual_rows_q + {3'd0, residual_row_i} -
                       {3'd0, step_o && row_last && res};
    if (!rst_ni) begin
      run_q           <= 1'b0;
      ptr_o           <= '0;
      pos_q           <= '0;
      t_q             <= '0;
      set_q           <= '0;
      freed_o         <= '0;
      done_q          <= '0;
      residual_rows_q <= '0;
    end
  end

  // ---- stage 0: pixels of the row
  logic [22*NPX-1:0] q;
  logic [NPX-1:0]    inside_q;
  logic [16:0]       next_y;
  logic [15:0] pitch;  // columns of a strip go on without end
  logic        by_column;
  assign by_column = next_insn ? next_window : window;
  assign pitch = by_column ? '1
               : next_insn ? insn_i[`GANTRY_CONV_IN_PITCH] : running_o[`GANTRY_CONV_IN_PITCH];
  gantry_raster #(.NPX(NPX)) u_raster (
    .clk_i, .group_i(next_insn || (step_o && group_last)), .next_i(step_o && row_last && !tcb),
    .strip_i(step_o && row_last && !tcb && strip_last), .pitch_i(pitch),
    .step_y_i(by_column ? 4'd1 : next_insn ? insn_i[259:256] : running_o[259:256]),
    .step_x_i(by_column ? '0 : next_insn ? insn_i[`GANTRY_CONV_STEP_X]
                                         : running_o[`GANTRY_CONV_STEP_X]),
    .sy_i(next_insn ? insn_i[`GANTRY_CONV_OUT_SY] : running_o[`GANTRY_CONV_OUT_SY]),
    .sx_i(next_insn ? insn_i[`GANTRY_CONV_OUT_SX] : running_o[`GANTRY_CONV_OUT_SX]),
    .line_i(next_insn ? insn_i[`GANTRY_CONV_OUT_PITCH] : running_o[`GANTRY_CONV_OUT_PITCH]),
    .ps_i(running_o[`GANTRY_CONV_OUT_PS]), .h_i(running_o[`GANTRY_CONV_OUT_H]),
    .w_i(running_o[`GANTRY_CONV_OUT_W]), .q_o(q), .valid_o(inside_q), .next_y_o(next_y));

  generate
    if (G > 2) begin : gen_blocks_four
      assign blocks_o = {2'((32'(pos_q) * Unit + 2) >> log2_p), 2'((32'(pos_q) * Unit) >> log2_p)};
    end else begin : gen_blocks_two
      assign blocks_o = {2'd0, 2'((32'(pos_q) * Unit) >> log2_p)};
    end
  endgenerate

  // ---- stages 1 to 3: words, addresses
  logic [G-1:0]     words_q, words_q2, words_q3, bad;
  logic [BankW*G-1:0] bank;
  logic [32*G-1:0]  rows;
  logic [7:0]       cb_q;
  logic [15:0]      base_q;
  generate
    for (genvar w = 0; w < G; w++) begin : gen_word
      logic [BankW-1:0] n, slot;
      logic [8:0]       block;
      logic [16:0]      block_q1;
      logic [21:0]      q_q;
      assign n     = BankW'(32'(pos_q) * Unit + w);
      assign slot  = n & BankW'((32'd1 << log2_p) - 32'd1);
      assign block = block_q + (9'(n) >> log2_p);
      always_ff @(posedge clk_i) if (move_o) begin
        q_q        <= q[22*slot+:22];
        block_q1   <= {9'd0, running_o[`GANTRY_CONV_OUT_CB0]} +
                      (tcb ? {1'b0, tcb_row_q} : {8'd0, block});
        words_q[w] <= step_o && inside_q[slot] && (w < Unit || wide) && (w == 0 || !tcb) &&
                      (tcb ? tcb_row_q <= {8'd0, running_o[`GANTRY_CONV_BLOCKS]}
                           : block <= {1'b0, running_o[`GANTRY_CONV_BLOCKS]});
      end
      gantry_word_addr #(.NPX(NPX), .ACT_ROWS(ACT_ROWS)) u_addr (
        .clk_i, .en_i(move_o), .q_i(q_q), .cb_i(cb_q), .base_i(base_q), .block_i(block_q1),
        .bank_o(bank[BankW*w+:BankW]), .row_o(rows[32*w+:32]), .bad_o(bad[w]));
    end
  endgenerate

  // ---- valid bits and tags down to the writer
  logic [Depth-1:0] valid_q, last_q;
  logic             bad_any;
  assign move_o  = advance_i && (step_o || valid_q != '0);
  assign residual_stage_o = valid_q[ResidualStage-1];
  assign valid_o = valid_q[Depth-1];
  assign last_o  = last_q[Depth-1];
  assign empty_o = valid_q == '0;
  assign quiet_o = empty_o && !run_q && !have_tile;
  assign bad_any = |(words_q3 & bad);
  always_ff @(posedge clk_i) begin
    if (move_o) begin
      valid_q  <= {valid_q[Depth-2:0], step_o};
      last_q   <= {last_q[Depth-2:0], step_o && insn_last};
      words_q2 <= words_q;
      words_q3 <= words_q2;
      cb_q     <= running_o[`GANTRY_CONV_OUT_CB];
      base_q   <= running_o[`GANTRY_CONV_OUT_BASE];
    end
    if (!rst_ni) valid_q <= '0;
  end

  localparam integer TagW = G * (BankW + 17) + 1;
  logic [16*G-1:0] low_rows;
  logic [G-1:0]    words_good;
  assign words_good = words_q3 & ~bad;
  generate
    for (genvar w = 0; w < G; w++) begin : gen_low
      assign low_rows[16*w+:16] = rows[32*w+:16];
    end
  endgenerate
  gantry_delay #(.W(TagW), .N(Depth - 3)) u_tags (
    .clk_i, .en_i(move_o), .d_i({bad_any, words_good, bank, low_rows}),
    .d_o({bad_o, words_o, bank_o, addr_o}));

  // Watermark: moves with the last step of a row when that leaves the writer. Rows are those of all
  // blocks of the group under way; TCB has none.
  logic        mark_row, mark_group, mark_insn;
  logic [1:0]  mark_log2_m;
  logic [16:0] mark_y;
  logic [8:0]  mark_next;
  gantry_delay #(.W(22), .N(Depth)) u_mark (
    .clk_i, .en_i(move_o),
    .d_i({step_o && row_last && !tcb && !window, step_o && group_last, step_o && insn_last,
          log2_m, next_y}),
    .d_o({mark_row, mark_group, mark_insn, mark_log2_m, mark_y}));
  assign mark_next = mark_blocks_o + (9'd1 << mark_log2_m);
  always_ff @(posedge clk_i) begin
    if (valid_o && advance_i) begin
      if (mark_group) begin
        mark_blocks_o <= mark_next;
        mark_part_o   <= '0;
        mark_rows_o   <= '0;
      end else if (mark_row) begin
        mark_part_o <= mark_next;
        mark_rows_o <= mark_y;
      end
    end
    if (!rst_ni || (valid_o && advance_i && mark_insn)) begin
      mark_blocks_o <= '0;
      mark_part_o   <= '0;
      mark_rows_o   <= '0;
    end
  end

  // The first row out of range, and the instruction it belongs to.
  logic        bad_seen_q;
  logic [31:0] index_q, index_q2, index_q3, first_bad;
  function automatic [31:0] first_of(input [G-1:0] hit, input [32*G-1:0] all);
    first_of = all[31:0];
    for (int w = G - 1; w >= 0; w--) if (hit[w]) first_of = all[32*w+:32];
  endfunction
  assign first_bad = first_of(words_q3 & bad, rows);
  always_ff @(posedge clk_i) begin
    if (move_o) begin
      index_q  <= running_index_o;
      index_q2 <= index_q;
      index_q3 <= index_q2;
    end
    if (bad_any && valid_q[2] && !bad_seen_q) begin
      bad_row_o   <= first_bad;
      bad_index_o <= index_q3;
      bad_seen_q  <= 1'b1;
    end
    if (!rst_ni) bad_seen_q <= 1'b0;
  end

  logic unused;
  assign unused = ^{rows, running_o[511:504]};

`ifdef FORMAL
  `include "f_back.vh"
`endif
endmodule
`default_nettype wire
