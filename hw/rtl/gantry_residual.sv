// SPDX-License-Identifier: Apache-2.0
// gantry_residual: fetches the residual words of accumulator rows ahead of their drain.
//
//   start ---> row by row, block by block: q of P pixels --->[first of each bank]---> slot request
//   slot granted --->[product]--->[row]---> bank reads ... data --->[buffer of 8 rows]---> word_o
//
// A fetch takes one slot, more when two pixels share a bank (planes, row ends). Where it wants a
// bank that the front reads it gives way, until fewer than six rows are there or in the stages of
// the drain. The first one waits until the write pipeline is empty: quiet_i; a producer of any age
// has then reached memory. Reads leave 3 cycles after the grant, data come 2 later and are in the
// buffer before a drain step that starts after row_o can use them (stage 12). A row's place is free
// when row_free_i says so. Reset drops everything.
// Interface: request, grant of read slots; enables per bank; a row pulse for each row asked for.
// Latency: 5 cycles from a grant to its word in the buffer.
// Throughput: the words of one slot a cycle.
`default_nettype none
`include "gantry_spec.vh"
module gantry_residual #(
  parameter integer G        = 2,
  parameter integer ACT_ROWS = 512,
  localparam integer NPX   = 2 * G,
  localparam integer BankW = $clog2(NPX),
  localparam integer Unit  = G > 1 ? G / 2 : 1
) (
  input  wire logic               clk_i,
  input  wire logic               rst_ni,
  input  wire logic               halt_i,
  input  wire logic               start_i,      // insn_i is new a cycle later
  input  wire logic [511:0]       insn_i,
  input  wire logic               quiet_i,
  output logic                    row_o,        // all slots of a row more have been granted
  // slots of the read ports
  output logic                    req_o,
  output logic                    urgent_o,     // few rows are there
  output logic [NPX-1:0]          req_banks_o,
  input  wire logic               grant_i,
  output logic [NPX-1:0]          bank_en_o,
  output logic [16*NPX-1:0]       bank_row_o,
  input  wire logic [128*NPX-1:0] banks_i,      // data, 2 cycles after bank_en_o
  output logic                    range_o,
  output logic [31:0]             range_row_o,
  // drain, stage 12
  input  wire logic [1:0]         position_i,
  input  wire logic               row_free_i,
  output logic [128*Unit-1:0]     word_o
);
  localparam integer Rows = 8;
  logic             run_q, first_q, res, tcb, fits, skip, done, last_block, group_last;
  logic [1:0]       log2_m, log2_p, block_in_q;
  logic [2:0]       write_row_q, read_row_q;
  logic [3:0]       used_q;
  logic [7:0]       group_q;
  logic [8:0]       block_q;
  logic [15:0]      left_q;
  logic [22*NPX-1:0]    q;
  logic [NPX-1:0]       in_map, slots, want, sent_q, chosen;
  logic [BankW*NPX-1:0] slot_bank;
  logic                 valid_block;
  logic [16:0]          next_y;

  assign res    = insn_i[`GANTRY_CONV_RES];
  assign tcb    = insn_i[`GANTRY_CONV_TCB];
  assign log2_m = insn_i[`GANTRY_CONV_LOG2_M];
  assign log2_p = 2'(BankW) - log2_m;
  gantry_raster #(.NPX(NPX), .Strips(0)) u_raster (
    .clk_i, .group_i(first_q || (done && group_last)), .next_i(row_o && !tcb),
    .strip_i(1'b0),
    .pitch_i(insn_i[`GANTRY_CONV_IN_PITCH]), .step_y_i(insn_i[259:256]),
    .step_x_i(insn_i[`GANTRY_CONV_STEP_X]), .sy_i(insn_i[`GANTRY_CONV_RES_SY]),
    .sx_i(insn_i[`GANTRY_CONV_RES_SX]), .line_i(insn_i[`GANTRY_CONV_RES_PITCH]),
    .ps_i(insn_i[`GANTRY_CONV_RES_PS]), .h_i(insn_i[`GANTRY_CONV_OUT_H]),
    .w_i(insn_i[`GANTRY_CONV_OUT_W]), .q_o(q), .valid_o(in_map), .next_y_o(next_y));

  // Words still to ask for, and the ones that go together: the first of each bank.
  assign valid_block = block_q + {7'd0, block_in_q} <= {1'b0, insn_i[`GANTRY_CONV_BLOCKS]};
  generate
    for (genvar i = 0; i < NPX; i++) begin : gen_slot
      logic [NPX-1:0] same;
      assign slots[i] = i == 0 || (!tcb && 4'(i) < 4'd1 << log2_p);
      assign slot_bank[BankW*i+:BankW] = q[22*i+:BankW];
      for (genvar j = 0; j < NPX; j++) begin : gen_other
        if (j < i) begin : gen_before
          assign same[j] = want[j] && slot_bank[BankW*j+:BankW] == slot_bank[BankW*i+:BankW];
        end else begin : gen_after
          assign same[j] = 1'b0;
        end
      end
      assign chosen[i] = want[i] && same == '0;
    end
    for (genvar k = 0; k < NPX; k++) begin : gen_ask
      logic [NPX-1:0] hit;
      for (genvar i = 0; i < NPX; i++) begin : gen_hit
        assign hit[i] = want[i] && slot_bank[BankW*i+:BankW] == BankW'(k);
      end
      assign req_banks_o[k] = hit != '0;
    end
  endgenerate
  assign want       = valid_block ? slots & in_map & ~sent_q : '0;
  assign fits       = run_q && !first_q && used_q != 4'(Rows) && !halt_i;
  assign skip       = want == '0;
  assign req_o      = fits && !skip;
  assign done       = fits && (skip || (grant_i && chosen == want));
  assign last_block = {1'b0, block_in_q} == (3'd1 << log2_m) - 3'd1;
  assign group_last = last_block && left_q == 16'd1;
  assign row_o      = done && last_block;
  assign urgent_o   = used_q < 4'(Rows - 2);

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      block_in_q <= '0;
      sent_q     <= '0;
      group_q    <= '0;
      block_q    <= '0;
    end
    if (first_q) left_q <= insn_i[`GANTRY_CONV_ROWS];
    if (first_q && quiet_i) begin
      first_q <= 1'b0;
      run_q   <= res;
    end
    if (req_o && grant_i) sent_q <= sent_q | chosen;
    if (done) begin
      sent_q     <= '0;
      block_in_q <= last_block ? '0 : block_in_q + 2'd1;
      if (last_block) begin
        write_row_q <= write_row_q + 3'd1;
        left_q      <= left_q - 16'd1;
        if (tcb) block_q <= block_q + 9'd1;
      end
      if (group_last) begin
        left_q  <= insn_i[`GANTRY_CONV_ROWS];
        group_q <= group_q + 8'd1;
        block_q <= block_q + (9'd1 << log2_m);
        if (group_q == insn_i[`GANTRY_CONV_GROUPS]) run_q <= 1'b0;
      end
    end
    if (start_i) first_q <= 1'b1;
    used_q     <= used_q + {3'd0, row_o} - {3'd0, row_free_i};
    read_row_q <= read_row_q + {2'd0, row_free_i};
    if (!rst_ni) begin
      first_q     <= 1'b0;
      run_q       <= 1'b0;
      used_q      <= '0;
      write_row_q <= '0;
      read_row_q  <= '0;
    end
  end

  // Addresses: stages 1 and 2 per slot, stage 3 per bank; what a bank reads for goes on to the
  // data, two stages later.
  localparam integer TagW = 7 + NPX;
  localparam integer PlaceW = 3 + NPX * (1 + BankW);
  logic [BankW*NPX-1:0] bank;
  logic [32*NPX-1:0]    rows;
  logic [NPX-1:0]       chosen_q2, bad, bank_hit, bank_hit_q5;
  logic [TagW-1:0]      tag_q2;
  logic [BankW*NPX-1:0] word, word_q5;           // of the row, that a bank reads
  logic [2:0]           write_row_q5;
  logic [8:0]           block;
  logic [31:0]          first_bad;
  assign block = block_q + {7'd0, block_in_q};
  function automatic [31:0] first_of(input [NPX-1:0] hit, input [32*NPX-1:0] all);
    first_of = all[31:0];
    for (int i = NPX - 1; i >= 0; i--) if (hit[i]) first_of = all[32*i+:32];
  endfunction
  function automatic [BankW-1:0] slot_of(input [NPX-1:0] hit);
    slot_of = '0;
    for (int i = 0; i < NPX; i++) if (hit[i]) slot_of |= BankW'(i);
  endfunction
  generate
    for (genvar i = 0; i < NPX; i++) begin : gen_addr
      gantry_word_addr #(.NPX(NPX), .ACT_ROWS(ACT_ROWS)) u_addr (
        .clk_i, .en_i(1'b1), .q_i(q[22*i+:22]), .cb_i(insn_i[`GANTRY_CONV_RES_CB]),
        .base_i(insn_i[`GANTRY_CONV_RES_BASE]), .block_i({8'd0, block}),
        .bank_o(bank[BankW*i+:BankW]), .row_o(rows[32*i+:32]), .bad_o(bad[i]));
    end
    for (genvar k = 0; k < NPX; k++) begin : gen_bank
      logic [NPX-1:0] hit;
      logic [31:0]    row;
      logic           unused_row;
      assign unused_row = ^row[31:16];
      for (genvar i = 0; i < NPX; i++) begin : gen_hit
        assign hit[i] = chosen_q2[i] && !bad[i] && bank[BankW*i+:BankW] == BankW'(k);
      end
      assign row         = first_of(hit, rows);
      assign bank_hit[k] = hit != '0;
      assign word[BankW*k+:BankW] = BankW'(32'(tag_q2[NPX+:2]) << tag_q2[TagW-1-:2]) |
                                    slot_of(hit);
      always_ff @(posedge clk_i) begin
        bank_en_o[k] <= hit != '0 && rst_ni;
        if (hit != '0) bank_row_o[16*k+:16] <= row[15:0];
      end
    end
  endgenerate
  assign first_bad = first_of(chosen_q2 & bad, rows);
  always_ff @(posedge clk_i) begin
    range_o     <= (chosen_q2 & bad) != '0 && rst_ni;
    range_row_o <= first_bad;
  end
  gantry_delay #(.W(TagW), .N(2)) u_tag2 (
    .clk_i, .en_i(1'b1),
    .d_i({log2_p, write_row_q, block_in_q, chosen & {NPX{req_o && grant_i && rst_ni}}}),
    .d_o(tag_q2));
  assign chosen_q2 = tag_q2[NPX-1:0];
  gantry_delay #(.W(PlaceW), .N(3)) u_place (
    .clk_i, .en_i(1'b1), .d_i({tag_q2[NPX+2+:3], bank_hit, word}),
    .d_o({write_row_q5, bank_hit_q5, word_q5}));

  // Row buffer: a word lies with the bank that it came from; word n of a row is slot n mod P of
  // block n div P, and that of a drain step's position n div Unit. A row's blocks have their words
  // in the same banks.
  logic [BankW*NPX-1:0] origins [Rows];
  logic [BankW*NPX-1:0] word_bank, origin;
  logic [128*NPX*Unit-1:0] stored;               // of the position, by bank
  always_ff @(posedge clk_i) if (chosen_q2 != '0) origins[tag_q2[NPX+2+:3]] <= word_bank;
  assign origin = origins[read_row_q];
  generate
    for (genvar n = 0; n < NPX; n++) begin : gen_origin
      logic [BankW-1:0] slot;
      assign slot = BankW'(n) & BankW'((32'd1 << tag_q2[TagW-1-:2]) - 32'd1);
      assign word_bank[BankW*n+:BankW] = bank[BankW*slot+:BankW];
    end
    for (genvar k = 0; k < NPX; k++) begin : gen_store
      logic [BankW-1:0] n;
      assign n = word_q5[BankW*k+:BankW];
      for (genvar w = 0; w < Unit; w++) begin : gen_word
        logic [127:0] words [4*Rows];
        always_ff @(posedge clk_i)
          if (bank_hit_q5[k] && 32'(n) % Unit == w)
            words[{write_row_q5, 2'(32'(n) / Unit)}] <= banks_i[128*k+:128];
        assign stored[128*(NPX*w+k)+:128] = words[{read_row_q, position_i}];
      end
    end
    for (genvar w = 0; w < Unit; w++) begin : gen_out
      logic [BankW-1:0] n, from;
      assign n    = BankW'(32'(position_i) * Unit + w);
      assign from = origin[BankW*n+:BankW];
      assign word_o[128*w+:128] = stored[128*(NPX*w+32'(from))+:128];
    end
  endgenerate

  logic unused;
  assign unused = ^{next_y, insn_i[511:448], insn_i[383:304], insn_i[271:260], insn_i[247:224],
                    insn_i[191:112], insn_i[95:31], insn_i[28:14], insn_i[11:10], insn_i[8:7],
                    insn_i[5:0]};

`ifdef FORMAL
  `include "f_residual.vh"
`endif
endmodule
`default_nettype wire
