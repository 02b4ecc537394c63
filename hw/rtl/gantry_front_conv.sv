// SPDX-License-Identifier: Apache-2.0
// gantry_front_conv: the front of COMPUTE: semaphores, dependencies, and which step is issued when.
//
//   queue --->[idle]---wait mask---> semaphores
//                |                        m_axis tile: rows, last of group, last of instruction
//   steps ---->[run: t = 0..T-1]--------> step: Q, (y, x), accumulator row, swap
//                |                        (a cycle is given up for STORE, or for the residual when
//                |                         both want the same bank and its rows run out)
//   weights ---->+<--- free accumulator rows
//
// A cycle belongs to one class; when several conditions stop a step, the first of: START (no step
// decoded), DEPENDENCY, MIN_STEP, WEIGHTS, ACCUMULATOR, PORT. Semaphores come before the
// instruction is taken. SYNC passes when it is the oldest. Reset and an error stop the front.
// Interface: valid, ready steps in; pulses out; counters of weights, rows and tiles hold it up.
// Latency: a step is issued in the cycle in which all is there.
// Throughput: one step a cycle, 2 cycles to begin an instruction.
`default_nettype none
`include "gantry_spec.vh"
module gantry_front_conv #(
  parameter integer G        = 2,
  parameter integer ACC_ROWS = 64,
  parameter integer WINDOW   = 0,
  localparam integer NPX  = 2 * G,
  localparam integer RowW = $clog2(ACC_ROWS),
  localparam integer BankW = $clog2(NPX)
) (
  input  wire logic               clk_i,
  input  wire logic               rst_ni,
  input  wire logic               halt_i,           // an error is known: issue nothing more
  // queue
  input  wire logic [3:0]         write_ptr_i,
  input  wire logic [3:0]         oldest_ptr_i,
  output logic [3:0]              ptr_o,
  input  wire logic [511:0]       insn_i,
  input  wire logic [31:0]        index_i,
  output logic                    sync_done_o,
  // semaphores
  output logic                    sem_req_o,
  output logic [15:0]             sem_mask_o,
  input  wire logic               sem_grant_i,
  // k-steps
  input  wire logic               s_axis_step_tvalid,
  output logic                    s_axis_step_tready,
  input  wire logic signed [21:0] step_off_i,
  input  wire logic [7:0]         step_block_i,
  input  wire logic signed [19:0] step_a_i,
  input  wire logic               step_first_i,
  input  wire logic               step_last_i,
  input  wire logic [5:0]         step_cycles_i,    // these six of passes only
  input  wire logic [1:0]         step_lead_i,
  input  wire logic [4:0]         step_rows_i,
  input  wire logic               step_tile_last_i,
  input  wire logic               step_insn_last_i,
  input  wire logic               step_mismatch_i,
  // watermark of the oldest instruction
  input  wire logic [8:0]         mark_blocks_i,
  input  wire logic [8:0]         mark_part_i,
  input  wire logic [16:0]        mark_rows_i,
  // weights, accumulator rows, tiles
  input  wire logic               weights_full_i,
  input  wire logic [RowW:0]      freed_i,
  input  wire logic               tile_full_i,
  output logic                    tile_push_o,
  output logic [6:0]              tile_o,           // last of instruction, of group, rows - 1
  // other users of the read ports
  input  wire logic               residual_req_i,
  input  wire logic               residual_urgent_i,
  input  wire logic [NPX-1:0]     residual_banks_i, // that the request reads
  output logic                    residual_grant_o,
  input  wire logic               store_wait_i,
  // the step that is issued
  output logic                    step_o,
  output logic                    write_o,          // it writes its accumulator row
  output logic                    window_o,         // WINDOW is under work
  output logic                    mismatch_o,       // its TILES is wrong
  output logic                    swap_o,
  output logic signed [21:0]      q_o,
  output logic [17*NPX-1:0]       y_o,
  output logic [16*NPX-1:0]       x_o,
  output logic [NPX-1:0]          slots_o,
  output logic [16:0]             block_o,
  output logic [RowW-1:0]         row_o,
  output logic [511:0]            running_o,        // instruction under work
  output logic [31:0]             running_index_o,
  output logic                    running_start_o,  // a CONV was taken a cycle ago
  output logic                    waits_weights_o,  // only weights are missing
  // counters
  output logic [8:0]              stall_o,
  output logic                    front_start_o,
  output logic                    front_done_o,
  output logic [31:0]             front_index_o,
  output logic [5:0]              front_opcode_o
);
  localparam integer StepMin = `GANTRY_STEP_CYCLES_MIN;
  localparam integer StoreSlots = 16;
  typedef enum logic [1:0] {IDLE, RUN, SYNC} state_e;
  state_e state_q;

  // ---- taking an instruction
  logic       here, granted, take, seen_q, is_sync, may_sync;
  logic [3:0] distance;
  assign here       = ptr_o != write_ptr_i && !halt_i;
  assign sem_mask_o = insn_i[`GANTRY_COMMON_WAIT];
  assign sem_req_o  = state_q == IDLE && here && sem_mask_o != '0;
  assign granted    = sem_mask_o == '0 || sem_grant_i;
  assign take       = state_q == IDLE && here && granted;
  assign is_sync    = insn_i[`GANTRY_COMMON_OPCODE] == `GANTRY_INSN_SYNC;
  assign distance   = ptr_o - oldest_ptr_i;
  assign may_sync   = state_q == SYNC && distance == '0 && !halt_i;

  // ---- what the next step needs
  logic              tcb, first_cycle, last_cycle, tile_last, group_last;
  logic [1:0]        log2_m;
  logic [2:0]        dep;
  logic [3:0]        since_q, reload, least, pixels;
  logic [4:0]        rows_less_1;
  logic [5:0]        t_q, cycles_less_1;
  logic              window, writes, wrote_q;
  logic [7:0]        group_q;
  logic [15:0]       left_q, tile_row_q;
  logic [RowW:0]     tile_base_q, row;
  logic signed [21:0] q_q, tile_q_q, q_first;
  logic              dep_ok, weights_ok, min_ok, rows_ok, wanted, store_turn, clash;
  logic              residual_turn_q;  // it has waited for the front
  logic [3:0]        store_slot_q;
  logic [NPX-1:0]    front_banks;  // that the step reads

  assign tcb         = running_o[`GANTRY_CONV_TCB];
  assign log2_m      = running_o[`GANTRY_CONV_LOG2_M];
  assign dep         = running_o[`GANTRY_CONV_DEP];
  assign pixels      = 4'(NPX) >> log2_m;
  assign first_cycle = t_q == '0;
  assign window      = WINDOW != 0 && running_o[`GANTRY_COMMON_OPCODE] == `GANTRY_INSN_WINDOW;
  assign window_o    = window;
  assign writes      = !window || t_q >= {4'd0, step_lead_i};
  assign tile_last   = window ? step_tile_last_i
                              : left_q <= {11'd0, running_o[`GANTRY_CONV_TILE]} + 16'd1;
  assign rows_less_1 = window    ? step_rows_i :
                       tile_last ? 5'(left_q - 16'd1) : running_o[`GANTRY_CONV_TILE];
  assign cycles_less_1 = window ? step_cycles_i : {1'b0, rows_less_1};
  assign last_cycle  = t_q == cycles_less_1;
  assign group_last  = window ? step_insn_last_i
                              : tile_last && group_q == running_o[`GANTRY_CONV_GROUPS];
  assign row         = tile_base_q + {{(RowW - 5) {1'b0}}, t_q} -
                       (window ? {{(RowW - 1) {1'b0}}, step_lead_i} : '0);

  assign reload      = 4'd2 << log2_m;
  assign least       = step_first_i || reload > 4'(StepMin) ? reload : 4'(StepMin);
  // The producer is the oldest instruction and what this cycle reads has reached memory: its block,
  // or of the blocks under way the rows down to the one of the last slot.
  logic signed [19:0] row_need;
  logic [16:0]        last_y;
  logic               block_there, rows_there, whole;
  assign last_y      = 17'(y_o >> 17 * (32'(pixels) - 1));
  assign row_need    = (running_o[`GANTRY_CONV_IN_SY] ? {2'b0, last_y, 1'b0} : {3'b0, last_y}) +
                       step_a_i;
  assign whole       = running_o[`GANTRY_CONV_WHOLE] || tcb;
  assign block_there = {1'b0, step_block_i} < mark_blocks_i;
  assign rows_there  = {1'b0, step_block_i} < mark_part_i &&
                       row_need < $signed({3'd0, mark_rows_i});
  assign dep_ok      = dep == '0 || distance < {1'b0, dep} ||
                       (distance == {1'b0, dep} && !whole && (block_there || rows_there));
  // A tile of one row: reads without an output row, and stalls, move its row's turn in a pass.
  assign min_ok      = (!first_cycle || since_q >= least) &&
                       !(window && writes && rows_less_1 == '0 && wrote_q);
  assign weights_ok  = !first_cycle || weights_full_i;
  assign rows_ok     = !(step_first_i && writes && row - freed_i >= (RowW + 1)'(ACC_ROWS)) &&
                       !(step_last_i && first_cycle && tile_full_i);
  assign wanted      = state_q == RUN && s_axis_step_tvalid && dep_ok && min_ok && weights_ok &&
                       rows_ok && !halt_i && !mismatch_o;
  assign mismatch_o  = window && state_q == RUN && s_axis_step_tvalid && step_mismatch_i && !halt_i;
  assign store_turn  = store_wait_i && store_slot_q == '0;
  // Groups of several blocks leave banks to the residual in most cycles. It waits once for one.
  assign clash       = wanted && (residual_banks_i & front_banks) != '0;
  assign residual_grant_o = residual_req_i && !store_turn && (!clash || residual_turn_q);
  assign step_o      = wanted && !store_turn && !(residual_grant_o && clash);
  assign waits_weights_o = state_q == RUN && s_axis_step_tvalid && dep_ok && min_ok && !weights_ok;

  // ---- the step
  assign swap_o             = step_o && first_cycle;
  assign write_o            = step_o && writes;
  assign s_axis_step_tready = step_o && last_cycle;
  assign q_first            = tcb || window ? step_off_i : tile_q_q + step_off_i;
  assign q_o                = first_cycle ? q_first : q_q;
  assign block_o            = {9'd0, step_block_i} + (tcb ? {1'b0, tile_row_q} + {11'd0, t_q} : '0);
  assign row_o              = row[RowW-1:0];
  assign tile_push_o        = swap_o && step_last_i;
  assign tile_o             = {group_last, tile_last, rows_less_1};
  generate
    for (genvar i = 0; i < NPX; i++) begin : gen_slots
      assign slots_o[i] = window || (tcb ? i == 0 : 4'(i) < pixels);
      assign y_o[17*i+:17] = !window ? raster_y[17*i+:17] : tcb ? '0 : {11'd0, t_q};
      assign x_o[16*i+:16] = window ? 16'(i) : raster_x[16*i+:16];
      assign front_banks[i] = slots_o[BankW'(i) - q_o[BankW-1:0]];
    end
  endgenerate

  logic tile_done, group_start;
  logic [17*NPX-1:0] raster_y;
  logic [16*NPX-1:0] raster_x;
  assign tile_done   = step_o && last_cycle && step_last_i;
  assign group_start = take || (tile_done && tile_last);
  gantry_front_coord #(.NPX(NPX)) u_coord (
    .clk_i, .group_i(group_start), .step_i(step_o), .restart_i(first_cycle || tcb),
    .keep_i(tile_done && !tcb),
    .first_pitch_i(take ? insn_i[`GANTRY_CONV_IN_PITCH] : running_o[`GANTRY_CONV_IN_PITCH]),
    .pitch_i(running_o[`GANTRY_CONV_IN_PITCH]),
    .step_y_i(running_o[259:256]), .step_x_i(running_o[`GANTRY_CONV_STEP_X]),
    .y_o(raster_y), .x_o(raster_x));

  always_ff @(posedge clk_i) begin
    since_q <= swap_o ? 4'd1 : (since_q == 4'd15 ? since_q : since_q + 4'd1);
    wrote_q <= write_o;
    running_start_o <= take && !is_sync && rst_ni;
    if (take) begin
      running_o       <= insn_i;
      running_index_o <= index_i;
      left_q          <= insn_i[`GANTRY_CONV_ROWS];
      t_q             <= '0;
      group_q         <= '0;
      tile_row_q      <= '0;
      tile_q_q        <= '0;
    end
    if (step_o) begin
      q_q <= q_o + (tcb ? '0 : window ? $signed({6'd0, running_o[`GANTRY_CONV_IN_PITCH]})
                                      : $signed({18'd0, pixels}));
      t_q <= last_cycle ? '0 : t_q + 6'd1;
    end
    if (tile_done) begin
      tile_base_q <= tile_base_q + {{(RowW - 4) {1'b0}}, rows_less_1} + (RowW + 1)'(1);
      left_q      <= tile_last ? running_o[`GANTRY_CONV_ROWS]
                               : left_q - {11'd0, rows_less_1} - 16'd1;
      tile_row_q  <= tile_last ? '0 : tile_row_q + {11'd0, rows_less_1} + 16'd1;
      tile_q_q    <= tile_last ? '0 : tile_q_q +
                     $signed({17'd0, rows_less_1} + 22'd1 << ($clog2(NPX) - 32'(log2_m)));
      if (tile_last) group_q <= group_q + 8'd1;
    end
    unique case (state_q)
      IDLE: if (take) state_q <= is_sync ? SYNC : RUN;
      RUN: if (tile_done && group_last) state_q <= IDLE;
      SYNC: if (may_sync) state_q <= IDLE;
      default: state_q <= IDLE;
    endcase
    if (front_done_o) ptr_o <= ptr_o + 4'd1;
    seen_q <= state_q == IDLE && here && !take;
    residual_turn_q <= residual_req_i && residual_urgent_i && !residual_grant_o;
    if (store_turn) store_slot_q <= 4'(StoreSlots - 1);
    else if (store_slot_q != '0) store_slot_q <= store_slot_q - 4'd1;
    if (!rst_ni) begin
      state_q         <= IDLE;
      ptr_o           <= '0;
      seen_q          <= 1'b0;
      since_q         <= '1;
      tile_base_q     <= '0;
      residual_turn_q <= 1'b0;
      store_slot_q    <= '0;
    end
  end

  // ---- counters
  assign sync_done_o    = may_sync;
  assign front_start_o  = state_q == IDLE && here && !seen_q;
  assign front_done_o   = may_sync || (tile_done && group_last);
  assign front_index_o  = running_index_o;
  assign front_opcode_o = running_o[`GANTRY_COMMON_OPCODE];
  always_comb begin
    stall_o = '0;
    if (halt_i) stall_o[`GANTRY_STALL_DEPENDENCY] = 1'b1;
    else if (state_q == IDLE) begin
      if (!here) stall_o[`GANTRY_STALL_EMPTY] = 1'b1;
      else if (!granted) stall_o[`GANTRY_STALL_SEMAPHORE] = 1'b1;
      else stall_o[`GANTRY_STALL_START] = 1'b1;
    end else if (state_q == SYNC) begin
      if (may_sync) stall_o[`GANTRY_STALL_START] = 1'b1;
      else stall_o[`GANTRY_STALL_DEPENDENCY] = 1'b1;
    end else if (!s_axis_step_tvalid) stall_o[`GANTRY_STALL_START] = 1'b1;
    else if (!dep_ok) stall_o[`GANTRY_STALL_DEPENDENCY] = 1'b1;
    else if (!min_ok) stall_o[`GANTRY_STALL_MIN_STEP] = 1'b1;
    else if (!weights_ok) stall_o[`GANTRY_STALL_WEIGHTS] = 1'b1;
    else if (!rows_ok) stall_o[`GANTRY_STALL_ACCUMULATOR] = 1'b1;
    else if (!step_o) stall_o[`GANTRY_STALL_PORT] = 1'b1;
    else stall_o[`GANTRY_STALL_BUSY] = 1'b1;
  end
endmodule
`default_nettype wire
