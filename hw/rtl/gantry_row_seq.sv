// SPDX-License-Identifier: Apache-2.0
// gantry_row_seq: runs one LOAD or STORE instruction at a time: its semaphores, then row by row.
//
//   insn --->[ set-up: products ]--->[ wait ]--->[ rows: range, address, positions ]---> engine r
//                                                 r mod PORTS picks the engine     |
//   signal, done <-------------------------------- all engines idle <--------------+
//
// The fields of LOAD and STORE that are used here have the same places. Positions are
// {(q div NPX)*CB, q mod NPX} (gantry_row_walk); the products that this needs are formed once per
// instruction by shift and add, ending early for small factors. Then a row takes four cycles here,
// hidden behind the words of the rows before. The instruction stands at s_axis_insn until it ends.
// Fields are legal: gantry_dispatch has seen to it. Errors: DDR_RANGE (info: byte offset of the row
// in its buffer), ACT_RANGE from the engines (info: row); the unit then stops until clear_i.
// Interface: valid, ready instructions and rows; semaphores by request, grant.
// Latency: set-up 10 to 65 cycles.
// Throughput: one row in 4 cycles.
`default_nettype none
`include "gantry_spec.vh"
module gantry_row_seq #(
  parameter integer NPX     = 4,
  parameter integer PORTS   = 2,
  parameter integer RowW    = 26,
  parameter integer IsStore = 0,
  localparam integer BankW = $clog2(NPX),
  localparam integer PosW  = RowW + BankW
) (
  input  wire logic                  clk_i,
  input  wire logic                  rst_ni,
  input  wire logic                  clear_i,
  input  wire logic                  s_axis_insn_tvalid,
  output logic                       s_axis_insn_tready,
  input  wire logic [511:0]          s_axis_insn_tdata,
  input  wire logic [31:0]           s_axis_insn_tuser,
  // registers: arena, input, output from the low end
  input  wire logic [191:0]          buffer_base_i,
  input  wire logic [95:0]           buffer_bytes_i,
  input  wire logic [95:0]           run_stride_i,
  // semaphores
  output logic                       sem_req_o,
  output logic [15:0]                sem_mask_o,
  input  wire logic                  sem_grant_i,
  output logic                       sem_signal_valid_o,
  output logic [15:0]                sem_signal_o,
  // engines
  output logic [PORTS-1:0]           row_valid_o,
  input  wire logic [PORTS-1:0]      row_ready_i,
  output logic [63:0]                row_addr_o,
  output logic [PosW-1:0]            row_even_o,
  output logic [PosW-1:0]            row_odd_o,
  output logic [23:0]                row_beats_o,     // pixels * words, STORE only
  input  wire logic                  engines_idle_i,  // STORE: every response is in, too
  input  wire logic                  engine_err_i,
  input  wire logic [RowW-1:0]       engine_err_row_i,
  // events
  output logic                       start_o,
  output logic                       done_o,
  output logic                       err_valid_o,
  output logic [7:0]                 err_cause_o,
  output logic [63:0]                err_info_o
);
  localparam integer PartW = 44;                       // (q div NPX)*CB, unbounded by the fields
  localparam integer PortW = (PORTS > 1) ? $clog2(PORTS) : 1;

  typedef enum logic [3:0] {
    StIdle, StLoad, StProduct, StWait, StRow, StPlane, StColumn, StIssue, StDrain, StSignal, StHalt
  } state_e;
  state_e state_q, state_d;

  // ---- Fields ----
  logic [511:0] insn;
  logic [1:0]   buffer;
  logic [31:0]  stride;
  logic [15:0]  rows, row0, pixels, pitch, ps;
  logic [8:0]   cb, words;
  logic         sy, sx;
  assign insn   = s_axis_insn_tdata;
  assign buffer = insn[`GANTRY_LOAD_BUFFER];
  assign stride = insn[`GANTRY_LOAD_ROW_STRIDE];
  assign rows   = insn[`GANTRY_LOAD_ROWS];
  assign row0   = insn[`GANTRY_LOAD_ROW0];
  assign pixels = insn[`GANTRY_LOAD_PIXELS];
  assign pitch  = insn[`GANTRY_LOAD_PITCH];
  assign ps     = insn[`GANTRY_LOAD_PS];
  assign cb     = 9'(insn[`GANTRY_LOAD_CB]) + 9'd1;
  assign words  = 9'(insn[`GANTRY_LOAD_WORDS]) + 9'd1;
  assign sy     = insn[`GANTRY_LOAD_SY];
  assign sx     = insn[`GANTRY_LOAD_SX];

  // ---- Runs of a launch: an index that does not grow begins the next run ----
  logic         seen_q, new_run;
  logic [31:0]  last_q;
  logic [191:0] run_base_q;                            // stride * run of each buffer
  assign new_run = seen_q && s_axis_insn_tuser <= last_q;

  // ---- Products of the set-up, one after the other ----
  logic [2:0]       product_q;
  logic [PartW-1:0] mul_a_q, mul_sum_q;
  logic [15:0]      mul_b_q;
  logic [31:0]      mul_a;
  logic [15:0]      mul_b;
  logic             mul_done;
  logic [31:0]      q0_q;                              // first row's pixel number in its plane
  logic [PartW-1:0] pitch_part_q, ps_part_q, part_q;   // part_q: of the current row pair
  logic [BankW-1:0] bank_q;
  always_comb begin
    mul_b = 16'(cb);
    unique case (product_q)
      3'd0: begin
        mul_a = {16'd0, pitch};
        mul_b = sy ? {1'b0, row0[15:1]} : row0;
      end
      3'd1: mul_a = q0_q >> BankW;
      3'd2: mul_a = {16'd0, pitch} >> BankW;
      3'd3: mul_a = {16'd0, ps} >> BankW;
      default: begin
        mul_a = {16'd0, pixels};
        mul_b = 16'(words);
      end
    endcase
  end
  assign mul_done = mul_b_q == '0;

  // ---- Rows ----
  logic [15:0]      row_q;                             // rows issued
  logic             odd_row_q;
  logic [63:0]      offset_q, buffer_base, end_byte, row_bytes;
  logic [31:0]      buffer_bytes;
  logic [PortW-1:0] engine_q;
  logic [PartW-1:0] even_part_q, odd_part_q, step_part, step_from;
  logic [BankW-1:0] even_bank_q, odd_bank_q, step_bank, step_from_bank;
  logic             issue, range_bad, carry;
  assign buffer_base  = buffer_base_i[64*buffer +: 64];
  assign buffer_bytes = buffer_bytes_i[32*buffer +: 32];
  assign row_bytes    = IsStore != 0 ? {36'd0, row_beats_o, 4'd0}
                                     : {48'd0, insn[`GANTRY_LOAD_ROW_BYTES]};
  assign end_byte     = offset_q + row_bytes;
  assign range_bad    = end_byte > {32'd0, buffer_bytes};
  assign issue        = state_q == StIssue && row_ready_i[engine_q];

  // One adder for positions: + PS for planes, + pitch for the next row.
  logic [PartW-1:0] add_part;
  logic [BankW-1:0] add_bank;
  always_comb begin
    step_from      = even_part_q;
    step_from_bank = even_bank_q;
    add_part       = ps_part_q;
    add_bank       = ps[BankW-1:0];
    if (state_q == StRow || state_q == StIssue) begin
      step_from      = part_q;
      step_from_bank = bank_q;
    end
    if (state_q == StIssue) begin
      add_part = pitch_part_q;
      add_bank = pitch[BankW-1:0];
    end
    {carry, step_bank} = {1'b0, step_from_bank} + {1'b0, add_bank};
    step_part          = step_from + add_part + (carry ? PartW'(cb) : '0);
  end

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      StIdle:    if (s_axis_insn_tvalid) state_d = StLoad;
      StLoad:    state_d = StProduct;
      StProduct: if (mul_done) begin
        state_d = StLoad;
        if (product_q == 3'd4) begin
          state_d = StWait;
        end
      end
      StWait:    if (sem_grant_i) state_d = StRow;
      StRow: begin
        state_d = StPlane;
        if (range_bad) begin
          state_d = StHalt;
        end
      end
      StPlane:   state_d = StColumn;
      StColumn:  state_d = StIssue;
      StIssue: if (issue) begin
        state_d = StRow;
        if (row_q + 16'd1 == rows) begin
          state_d = StDrain;
        end
      end
      StDrain:   if (engines_idle_i) state_d = StSignal;
      StSignal:  state_d = StIdle;
      default:   state_d = StHalt;
    endcase
    if (engine_err_i) begin
      state_d = StHalt;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      state_q     <= StIdle;
      seen_q      <= 1'b0;
      run_base_q  <= '0;
      err_valid_o <= 1'b0;
    end else begin
      state_q     <= state_d;
      err_valid_o <= state_d == StHalt && state_q != StHalt;
      if (state_q == StIdle && s_axis_insn_tvalid) begin
        seen_q <= 1'b1;
        if (new_run) begin
          for (int b = 0; b < 3; b++) begin
            run_base_q[64*b +: 64] <= run_base_q[64*b +: 64] + {32'd0, run_stride_i[32*b +: 32]};
          end
        end
      end
    end
    if (state_q == StIdle) begin
      last_q <= s_axis_insn_tvalid ? s_axis_insn_tuser : last_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (engine_err_i) begin
      err_cause_o <= `GANTRY_CAUSE_ACT_RANGE;
      err_info_o  <= 64'(engine_err_row_i);
    end else begin
      err_cause_o <= `GANTRY_CAUSE_DDR_RANGE;
      err_info_o  <= offset_q;
    end
  end

  // Set-up.
  always_ff @(posedge clk_i) begin
    unique case (state_q)
      StIdle: product_q <= '0;
      StLoad: begin
        mul_a_q   <= PartW'(mul_a);
        mul_b_q   <= mul_b;
        mul_sum_q <= '0;
      end
      StProduct: begin
        mul_a_q   <= mul_a_q << 1;
        mul_b_q   <= mul_b_q >> 1;
        mul_sum_q <= mul_sum_q + (mul_b_q[0] ? mul_a_q : '0);
        if (mul_done) begin
          product_q <= product_q + 3'd1;
          unique case (product_q)
            3'd0:    q0_q         <= mul_sum_q[31:0];
            3'd1:    part_q       <= mul_sum_q;
            3'd2:    pitch_part_q <= mul_sum_q;
            3'd3:    ps_part_q    <= mul_sum_q;
            default: row_beats_o  <= mul_sum_q[23:0];
          endcase
        end
      end
      StWait: begin
        part_q    <= (sem_grant_i) ? part_q + PartW'(insn[`GANTRY_LOAD_BASE])
                                     + PartW'(insn[`GANTRY_LOAD_CB0]) : part_q;
        bank_q    <= q0_q[BankW-1:0];
        row_q     <= '0;
        engine_q  <= '0;
        odd_row_q <= sy && row0[0];
        offset_q  <= {32'd0, insn[`GANTRY_LOAD_OFFSET]} + run_base_q[64*buffer +: 64];
      end
      StRow: begin                                     // odd row: one plane up
        even_part_q <= odd_row_q ? step_part : part_q;
        even_bank_q <= odd_row_q ? step_bank : bank_q;
        row_addr_o  <= buffer_base + offset_q;
      end
      StPlane: begin                                   // odd row with column planes: one more
        if (odd_row_q && sx) begin
          even_part_q <= step_part;
          even_bank_q <= step_bank;
        end
      end
      StColumn: begin
        odd_part_q <= step_part;
        odd_bank_q <= step_bank;
      end
      StIssue: begin
        if (issue) begin
          row_q     <= row_q + 16'd1;
          engine_q  <= (engine_q == PortW'(PORTS - 1)) ? '0 : engine_q + 1'b1;
          offset_q  <= offset_q + {32'd0, stride};
          odd_row_q <= sy && !odd_row_q;
          if (!sy || odd_row_q) begin
            part_q <= step_part;
            bank_q <= step_bank;
          end
        end
      end
      default: ;
    endcase
  end

  // A part beyond every memory keeps its upper bit only: the engines then see it out of range.
  function automatic [RowW-1:0] clip(input [PartW-1:0] part);
    clip = (part[PartW-1:RowW-2] != '0) ? {2'b01, {(RowW-2){1'b0}}} : part[RowW-1:0];
  endfunction
  assign row_even_o = {clip(even_part_q), even_bank_q};
  assign row_odd_o  = {clip(odd_part_q), odd_bank_q};
  always_comb begin
    row_valid_o = '0;
    row_valid_o[engine_q] = state_q == StIssue;
  end

  assign sem_req_o          = state_q == StWait;
  assign sem_mask_o         = insn[`GANTRY_COMMON_WAIT];
  assign sem_signal_valid_o = state_q == StSignal;
  assign sem_signal_o       = insn[`GANTRY_COMMON_SIGNAL];
  assign s_axis_insn_tready = state_q == StSignal;
  assign start_o            = state_q == StWait && sem_grant_i;
  assign done_o             = state_q == StSignal;

`ifdef FORMAL
  `include "f_row_seq.vh"
`endif
endmodule
`default_nettype wire
