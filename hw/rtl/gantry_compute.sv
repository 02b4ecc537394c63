// SPDX-License-Identifier: Apache-2.0
// gantry_compute: COMPUTE queue, front, weight ring, activation RAM, array, back. No AXI inside.
//
//   insn --->[queue]-->[front]--reads-->[act banks]-->[operand]-->[array]-->[acc ring]
//   ring beats --->[weight ring]-->[loader]--weights----^             |
//   load words --->[act banks] <--writes--[writer]<--[lanes F, X]<--[back: drain]
//   store reads <--[act banks]
//
// clear_i (high for at least one cycle, before a launch and during an abort) empties queue, ring,
// accumulator counters and pipelines; activation RAM keeps its content.
// Every cycle exactly one bit of stall_o is set between clear_i and idle.
// Interface: valid, ready queue in; words of LOAD and STORE by valid, ready; weight beats always
//   taken.
// Latency: 9 cycles from a step to its written accumulator row, 20 from a drain step to its written
//   activation word.
// Throughput: one step and one drain step a cycle.
`default_nettype none
`include "gantry_spec.vh"
module gantry_compute #(
  parameter integer G         = 2,      // pixel groups, 1..4
  parameter integer ACT_ROWS  = 512,    // rows per activation bank
  parameter integer RING_LINES = 128,   // weight ring lines
  parameter integer ACC_ROWS  = 64,     // accumulator ring rows
  parameter integer PORTS     = 2,      // stripes of a weight line; LOAD and STORE engines
  parameter integer WINDOW    = 0,      // 1: executes WINDOW; G > 1
  localparam integer NPX      = 2 * G,
  localparam integer BANK_W   = $clog2(NPX)
) (
  input  wire logic                     clk_i,
  input  wire logic                     rst_ni,
  input  wire logic                     clear_i,
  // COMPUTE queue: CONV, WINDOW and SYNC, already free of reserved bits and unknown opcodes
  input  wire logic                     s_axis_insn_tvalid,
  output logic                          s_axis_insn_tready,
  input  wire logic [511:0]             s_axis_insn_tdata,
  input  wire logic [31:0]              s_axis_insn_tuser,   // index in the program
  output logic [3:0]                    level_o,             // instructions in the queue
  // semaphores: the head of the front asks, the grant takes from all counters of the mask at once
  output logic                          sem_req_o,
  output logic [15:0]                   sem_mask_o,
  input  wire logic                     sem_grant_i,         // combinational, same cycle
  output logic                          sem_signal_valid_o,  // last write of an instruction is done
  output logic [15:0]                   sem_signal_o,
  // weight ring: port p writes its stripe of consecutive lines, 16 bytes a beat, always accepted
  input  wire logic [PORTS-1:0]         ring_valid_i,
  input  wire logic [PORTS*128-1:0]     ring_data_i,
  output logic [31:0]                   ring_freed_o,        // lines freed since clear_i
  input  wire logic [31:0]              ring_total_i,        // lines of all runs; stable
  input  wire logic [31:0]              ring_period_i,       // lines of a run; those that fit the
                                                             // ring come once for all runs
  // activation RAM, LOAD side: one word a cycle and port
  input  wire logic [PORTS-1:0]         load_valid_i,
  output logic [PORTS-1:0]              load_ready_o,
  input  wire logic [PORTS*BANK_W-1:0]  load_bank_i,
  input  wire logic [PORTS*16-1:0]      load_row_i,          // below ACT_ROWS: checked outside
  input  wire logic [PORTS*128-1:0]     load_data_i,
  // activation RAM, STORE side: requests, then data in order after a fixed latency
  input  wire logic [PORTS-1:0]         store_valid_i,
  output logic [PORTS-1:0]              store_ready_o,
  input  wire logic [PORTS*BANK_W-1:0]  store_bank_i,
  input  wire logic [PORTS*16-1:0]      store_row_i,
  output logic [PORTS-1:0]              store_data_valid_o,  // must be taken: requester keeps room
  output logic [PORTS*128-1:0]          store_data_o,
  // counters and state
  output logic [8:0]                    stall_o,             // class of this cycle, one-hot
  output logic                          front_start_o,       // first cycle at the front
  output logic                          front_done_o,        // its last step was issued
  output logic [31:0]                   front_index_o,       // its index, valid with front_done_o
  output logic [5:0]                    front_opcode_o,
  output logic                          insn_done_o,         // last write of an instruction is done
  output logic                          idle_o,              // queue empty, nothing under way
  // first error since clear_i; the front then stops
  output logic                          err_valid_o,
  output logic [7:0]                    err_cause_o,
  output logic [31:0]                   err_insn_o,
  output logic [63:0]                   err_info_o
);
  localparam integer RowW  = $clog2(ACC_ROWS);
  localparam integer AddrW = $clog2(RING_LINES);
  localparam integer Unit  = G > 1 ? G / 2 : 1;  // words of a drain position, see gantry_back
  logic rst_n;
  assign rst_n = rst_ni && !clear_i;

  // ---- queue
  logic [3:0]    write_ptr, oldest_ptr, step_ptr, load_ptr, front_ptr, back_ptr;
  logic [2047:0] insns;
  logic [127:0]  indices;
  logic [15:0]   signals;
  logic          writer_done, sync_done, done;
  assign done = writer_done || sync_done;
  gantry_insn_queue u_queue (
    .clk_i, .rst_ni(rst_n), .s_axis_insn_tvalid, .s_axis_insn_tready, .s_axis_insn_tdata,
    .s_axis_insn_tuser, .write_ptr_o(write_ptr), .oldest_ptr_o(oldest_ptr), .level_o,
    .done_i(done), .signal_o(signals), .read_ptrs_i({back_ptr, front_ptr, load_ptr, step_ptr}),
    .insns_o(insns), .indices_o(indices));
  assign insn_done_o        = done;
  assign sem_signal_o       = signals;
  assign sem_signal_valid_o = done && signals != '0;

  // ---- k-steps and front
  logic               ks_valid, ks_ready, ks_far, ks_first, ks_last;
  logic signed [21:0] ks_off, q;
  logic signed [19:0] ks_a, ks_b;
  logic [7:0]         ks_block;
  logic [5:0]         ks_cycles;
  logic [1:0]         ks_lead;
  logic [4:0]         ks_rows;
  logic               ks_tile_last, ks_insn_last, ks_mismatch;
  gantry_kstep #(.G(G), .WINDOW(WINDOW)) u_kstep (
    .clk_i, .rst_ni(rst_n), .write_ptr_i(write_ptr), .ptr_o(step_ptr), .insn_i(insns[511:0]),
    .m_axis_step_tvalid(ks_valid), .m_axis_step_tready(ks_ready), .off_o(ks_off), .far_o(ks_far),
    .a_o(ks_a), .b_o(ks_b), .block_o(ks_block), .first_o(ks_first), .last_o(ks_last),
    .cycles_o(ks_cycles), .lead_o(ks_lead), .rows_o(ks_rows), .tile_last_o(ks_tile_last),
    .insn_last_o(ks_insn_last), .mismatch_o(ks_mismatch));

  logic              halt, weights_full, tile_full, tile_push, step, swap, running_start;
  logic              waits_weights, residual_req, residual_urgent, residual_grant;
  logic [NPX-1:0]    residual_banks;
  logic [RowW:0]     freed;
  logic [6:0]        tile;
  logic [17*NPX-1:0] y;
  logic [16*NPX-1:0] x;
  logic [NPX-1:0]    slots;
  logic [16:0]       block;
  logic [RowW-1:0]   acc_row;
  logic [511:0]      running;
  logic [31:0]       running_index;
  logic [8:0]        mark_blocks, mark_part;
  logic [16:0]       mark_rows;
  logic              writes, window, mismatch;
  gantry_front_conv #(.G(G), .ACC_ROWS(ACC_ROWS), .WINDOW(WINDOW)) u_front (
    .clk_i, .rst_ni(rst_n), .halt_i(halt), .write_ptr_i(write_ptr), .oldest_ptr_i(oldest_ptr),
    .ptr_o(front_ptr), .insn_i(insns[1535:1024]), .index_i(indices[95:64]),
    .sync_done_o(sync_done), .sem_req_o, .sem_mask_o, .sem_grant_i, .s_axis_step_tvalid(ks_valid),
    .s_axis_step_tready(ks_ready), .step_off_i(ks_off), .step_block_i(ks_block), .step_a_i(ks_a),
    .mark_blocks_i(mark_blocks), .mark_part_i(mark_part), .mark_rows_i(mark_rows),
    .step_first_i(ks_first), .step_last_i(ks_last), .step_cycles_i(ks_cycles),
    .step_lead_i(ks_lead), .step_rows_i(ks_rows), .step_tile_last_i(ks_tile_last),
    .step_insn_last_i(ks_insn_last), .step_mismatch_i(ks_mismatch), .weights_full_i(weights_full),
    .freed_i(freed), .tile_full_i(tile_full), .tile_push_o(tile_push), .tile_o(tile),
    .residual_req_i(residual_req), .residual_urgent_i(residual_urgent),
    .residual_banks_i(residual_banks), .residual_grant_o(residual_grant),
    .store_wait_i(|(store_valid_i & ~store_ready_o)), .step_o(step), .write_o(writes),
    .window_o(window), .mismatch_o(mismatch), .swap_o(swap), .q_o(q),
    .y_o(y), .x_o(x), .slots_o(slots), .block_o(block), .row_o(acc_row), .running_o(running),
    .running_index_o(running_index), .running_start_o(running_start),
    .waits_weights_o(waits_weights), .stall_o, .front_start_o, .front_done_o, .front_index_o,
    .front_opcode_o);
  // A bad field may show when its short instruction has gone: its error is still to come.
  assign idle_o = level_o == '0 && (!halt || err_valid_o);

  // A bad field is known 2 cycles after the instruction, or the step, that has it.
  localparam logic [8:0] TilesBit = 9'd480;
  logic       conv_bad, window_bad, field_bad, mismatch_q, mismatch_q2;
  logic [8:0] conv_bit, window_bit, field_bit;
  gantry_conv_check #(.G(G)) u_check (
    .clk_i, .rst_ni(rst_n), .start_i(running_start), .insn_i(running), .bad_o(conv_bad),
    .bit_o(conv_bit));
  generate
    if (WINDOW != 0) begin : gen_window_check
      gantry_window_check u_window_check (
        .clk_i, .rst_ni(rst_n), .start_i(running_start && window), .insn_i(running),
        .bad_o(window_bad), .bit_o(window_bit));
    end else begin : gen_no_window_check
      assign window_bad = 1'b0;
      assign window_bit = '0;
    end
  endgenerate
  always_ff @(posedge clk_i) {mismatch_q2, mismatch_q} <= rst_n ? {mismatch_q, mismatch} : '0;
  assign field_bad = conv_bad || window_bad || mismatch_q2;
  assign field_bit = conv_bad ? conv_bit : window_bad ? window_bit : TilesBit;

  logic [NPX-1:0]    front_en, valid_slots;
  logic [16*NPX-1:0] front_row;
  logic [BANK_W-1:0] rotate;
  logic              front_range;
  logic [31:0]       front_range_row;
  gantry_front_addr #(.NPX(NPX), .ACT_ROWS(ACT_ROWS)) u_addr (
    .clk_i, .rst_ni(rst_n), .step_i(step), .q_i(q), .far_i(ks_far), .slots_i(slots), .y_i(y),
    .x_i(x), .a_i(ks_a), .b_i(ks_b), .sy_i(running[`GANTRY_CONV_IN_SY]),
    .sx_i(running[`GANTRY_CONV_IN_SX]), .h_i(running[`GANTRY_CONV_IN_H]),
    .w_i(running[`GANTRY_CONV_IN_W]), .out_h_i(window ? '1 : running[`GANTRY_CONV_OUT_H]),
    .cb_i(running[`GANTRY_CONV_IN_CB]), .base_i(running[`GANTRY_CONV_IN_BASE]), .block_i(block),
    .bank_en_o(front_en), .bank_row_o(front_row), .rotate_o(rotate), .slots_o(valid_slots),
    .range_o(front_range), .range_row_o(front_range_row));

  // ---- weights
  logic             ring_read, exhausted, demand, set_free, w_load, w_half, p_load, r_load;
  logic [AddrW-1:0] ring_line;
  logic [31:0]      ring_lines;
  logic [1:0]       w_log2_m, w_block, w_set;
  logic [1023:0]    line;
  gantry_wring #(.RING_LINES(RING_LINES), .PORTS(PORTS)) u_wring (
    .clk_i, .rst_ni(rst_n), .ring_valid_i, .ring_data_i, .lines_o(ring_lines),
    .read_i(ring_read), .read_line_i(ring_line), .line_o(line));
  gantry_wload #(.RING_LINES(RING_LINES)) u_wload (
    .clk_i, .rst_ni(rst_n), .halt_i(halt), .write_ptr_i(write_ptr), .ptr_o(load_ptr),
    .insn_i(insns[1023:512]), .lines_i(ring_lines), .ring_total_i, .ring_period_i,
    .read_o(ring_read), .read_line_o(ring_line), .ring_freed_o, .swap_i(swap),
    .full_o(weights_full),
    .exhausted_o(exhausted), .demand_o(demand), .set_free_i(set_free), .weight_o(w_load),
    .half_o(w_half), .log2_m_o(w_log2_m), .param_o(p_load), .res_o(r_load), .block_o(w_block),
    .set_o(w_set));

  // ---- activation RAM
  logic [NPX-1:0]     residual_en, write_en;
  logic [16*NPX-1:0]  residual_row, write_row;
  logic [128*NPX-1:0] banks, write_data;
  gantry_act_xbar #(.NPX(NPX), .ACT_ROWS(ACT_ROWS), .PORTS(PORTS)) u_xbar (
    .clk_i, .rst_ni(rst_n), .front_en_i(front_en), .front_row_i(front_row),
    .residual_en_i(residual_en), .residual_row_i(residual_row), .banks_o(banks),
    .write_i(write_en), .write_row_i(write_row), .write_data_i(write_data), .load_valid_i,
    .load_ready_o, .load_bank_i, .load_row_i, .load_data_i, .store_valid_i, .store_ready_o,
    .store_bank_i, .store_row_i, .store_data_valid_o, .store_data_o);

  // ---- array: a step's words leave the banks after 5 cycles, its sums are stored after 7
  logic [6:1]          steps_q;
  logic [8:1]          writes_q;
  logic                array_window, array_window_q;
  logic                array_swap, acc_first, acc_first_q, acc_max, acc_max_q;
  logic                acc_last, acc_last_q, acc_last_q2;
  logic [7:0]          pad;
  logic [1:0]          log2_m;
  logic [BANK_W-1:0]   array_rotate;
  logic [NPX-1:0]      array_slots;
  logic [RowW-1:0]     read_row, read_row_q;
  localparam integer OddW = G > 1 ? 512 * (G - 1) : 512;
  logic [256*NPX-1:0]  pairs;
  logic [OddW-1:0]     odd_pairs;
  logic [8192*Unit-1:0] window_pairs;
  logic [576*NPX-1:0]  parts;
  logic [512*NPX-1:0]  drained;
  always_ff @(posedge clk_i) begin
    steps_q        <= rst_n ? {steps_q[5:1], step} : '0;
    writes_q       <= rst_n ? {writes_q[7:1], writes} : '0;
    array_window_q <= array_window;
  end
  gantry_delay #(.W(10), .N(5)) u_array_tags (
    .clk_i, .en_i(1'b1), .d_i({window, swap, running[`GANTRY_CONV_PAD]}),
    .d_o({array_window, array_swap, pad}));
  // The operand chooses its banks a cycle before their words are there.
  gantry_delay #(.W(2), .N(4)) u_m_tag (
    .clk_i, .en_i(1'b1), .d_i(running[`GANTRY_CONV_LOG2_M]), .d_o(log2_m));
  gantry_delay #(.W(BANK_W + NPX), .N(1)) u_slot_tags (
    .clk_i, .en_i(1'b1), .d_i({rotate, valid_slots}), .d_o({array_rotate, array_slots}));
  gantry_delay #(.W(RowW + 3), .N(6)) u_acc_tags (
    .clk_i, .en_i(1'b1), .d_i({ks_first, ks_last, running[`GANTRY_CONV_MAX], acc_row}),
    .d_o({acc_first, acc_last, acc_max, read_row}));
  always_ff @(posedge clk_i)
    {acc_first_q, acc_last_q, acc_last_q2, acc_max_q, read_row_q} <=
        {acc_first, acc_last, acc_last_q, acc_max, read_row};
  gantry_operand #(.NPX(NPX), .WINDOW(WINDOW)) u_operand (
    .clk_i, .en_i(steps_q[5]), .banks_i(banks), .rotate_i(array_rotate), .valid_i(array_slots),
    .pad_i(pad), .log2_m_i(log2_m), .x_o(pairs), .odd_o(odd_pairs));
  generate
    if (WINDOW != 0 && G > 1) begin : gen_window
      gantry_window #(.G(G)) u_window (
        .clk_i, .en_i(steps_q[5] && array_window), .first_i(array_swap), .pad_i(pad),
        .x_i(pairs), .odd_i(odd_pairs), .x_o(window_pairs));
    end else begin : gen_no_window
      for (genvar u = 0; u < 2 * Unit; u++) begin : gen_zero
        assign window_pairs[4096*u+:4096] = '0;
      end
      logic unused_pairs;
      assign unused_pairs = ^odd_pairs;
    end
  endgenerate
  gantry_array #(.G(G), .WINDOW(WINDOW)) u_array (
    .clk_i, .load_i(w_load), .line_i(line), .half_i(w_half), .block_i(w_block),
    .log2_m_i(w_log2_m), .swap_i(array_swap), .en_i(steps_q[6]), .x_i(pairs),
    .window_i(array_window_q), .window_x_i(window_pairs), .parts_o(parts));

  logic            move, drain_step, drain_row_last;
  logic [RowW-1:0] drain_row;
  gantry_acc #(.NPX(NPX), .ROWS(ACC_ROWS)) u_acc (
    .clk_i, .read_i(steps_q[6] && !acc_first), .read_row_i(read_row), .write_i(writes_q[7]),
    .write_row_i(read_row_q), .first_i(acc_first_q), .max_i(acc_max_q), .parts_i(parts),
    .drain_en_i(move), .drain_row_i(drain_row), .drain_o(drained));

  // ---- back
  logic                back_quiet, back_empty, back_start, residual_row_asked, advance;
  logic                out_valid, out_last, out_bad;
  logic [511:0]        draining;
  logic [31:0]         draining_index, bad_row, bad_index;
  logic [1:0]          position, drain_set;
  logic [3:0]          drain_blocks;
  logic [G-1:0]        out_words;
  logic [BANK_W*G-1:0] out_bank;
  logic [16*G-1:0]     out_row;
  gantry_back #(.G(G), .ACT_ROWS(ACT_ROWS), .ACC_ROWS(ACC_ROWS), .WINDOW(WINDOW)) u_back (
    .clk_i, .rst_ni(rst_n), .ptr_o(back_ptr), .insn_i(insns[2047:1536]),
    .index_i(indices[127:96]), .sync_done_i(sync_done), .tile_push_i(tile_push), .tile_i(tile),
    .tile_full_o(tile_full), .row_done_i(writes_q[8] && acc_last_q2), .freed_o(freed),
    .running_o(draining), .running_index_o(draining_index), .running_start_o(back_start),
    .quiet_o(back_quiet), .empty_o(back_empty),
    .mark_blocks_o(mark_blocks), .mark_part_o(mark_part), .mark_rows_o(mark_rows),
    .residual_row_i(residual_row_asked),
    .advance_i(advance), .move_o(move), .step_o(drain_step), .row_o(drain_row),
    .position_o(position), .row_last_o(drain_row_last), .set_o(drain_set),
    .blocks_o(drain_blocks), .set_free_o(set_free), .residual_stage_o(residual_stage),
    .valid_o(out_valid), .last_o(out_last),
    .words_o(out_words), .bank_o(out_bank), .addr_o(out_row), .bad_o(out_bad),
    .bad_row_o(bad_row), .bad_index_o(bad_index));

  logic                residual_range, residual_stage, residual_free;
  logic [31:0]         residual_range_row;
  logic [1:0]          residual_position;
  logic [128*Unit-1:0] residual_words;
  gantry_residual #(.G(G), .ACT_ROWS(ACT_ROWS)) u_residual (
    .clk_i, .rst_ni(rst_n), .halt_i(err_valid_o), .start_i(back_start), .insn_i(draining),
    .quiet_i(back_empty), .row_o(residual_row_asked), .req_o(residual_req),
    .urgent_o(residual_urgent), .req_banks_o(residual_banks), .grant_i(residual_grant),
    .bank_en_o(residual_en), .bank_row_o(residual_row),
    .banks_i(banks), .range_o(residual_range), .range_row_o(residual_range_row),
    .position_i(residual_position), .row_free_i(residual_free), .word_o(residual_words));

  logic [512*Unit-1:0] bias, scale;
  logic [26:0]         k1, k2;
  logic [47:0]         c;
  logic [1:0]          psel;
  logic [7:0]          x_lo, x_hi;
  logic [128*G-1:0]    out_data;
  gantry_param #(.READS(Unit)) u_param (
    .clk_i, .param_i(p_load), .res_i(r_load), .set_i(w_set), .block_i(w_block), .line_i(line),
    .read_en_i(move), .read_set_i(drain_set), .read_block_i(drain_blocks[2*Unit-1:0]),
    .bias_o(bias), .scale_o(scale), .k1_o(k1), .k2_o(k2), .c_o(c), .psel_o(psel), .lo_o(x_lo),
    .hi_o(x_hi));
  gantry_drain #(.G(G)) u_drain (
    .clk_i, .move_i(move), .position_i(position), .row_last_i(drain_row_last),
    .res_i(draining[`GANTRY_CONV_RES]),
    .pool_i(draining[`GANTRY_CONV_POOL]), .zp_i(draining[`GANTRY_CONV_ZERO_POINT]),
    .lo_i(draining[`GANTRY_CONV_LO]), .hi_i(draining[`GANTRY_CONV_HI]), .acc_i(drained),
    .bias_i(bias), .scale_i(scale), .k1_i(k1), .k2_i(k2), .c_i(c), .psel_i(psel), .x_lo_i(x_lo),
    .x_hi_i(x_hi), .residual_stage_i(residual_stage), .residual_position_o(residual_position),
    .residual_free_o(residual_free),
    .residual_i(residual_words), .data_o(out_data));
  gantry_writer #(.NPX(NPX), .WORDS(G)) u_writer (
    .clk_i, .rst_ni(rst_n), .valid_i(out_valid), .last_i(out_last), .words_i(out_words),
    .bank_i(out_bank), .row_i(out_row), .data_i(out_data), .advance_o(advance),
    .done_o(writer_done), .write_o(write_en), .write_row_o(write_row),
    .write_data_o(write_data));

  // ---- errors
  logic needs_line;
  assign needs_line = waits_weights && load_ptr == front_ptr;
  gantry_compute_error u_error (
    .clk_i, .rst_ni(rst_n), .moving_i(drain_step || !back_empty), .index_i(running_index),
    .field_i(field_bad), .field_bit_i(field_bit), .row_i(front_range),
    .row_number_i(front_range_row), .demand_i(needs_line && demand),
    .exhausted_i(needs_line && exhausted), .ring_total_i, .residual_i(residual_range),
    .residual_row_i(residual_range_row), .residual_index_i(draining_index),
    .drain_i(out_valid && out_bad), .drain_row_i(bad_row), .drain_index_i(bad_index),
    .halt_o(halt), .err_valid_o, .err_cause_o, .err_insn_o, .err_info_o);

  logic unused;
  assign unused = ^{indices[63:0], back_quiet, drain_blocks, running, draining};
endmodule
`default_nettype wire
