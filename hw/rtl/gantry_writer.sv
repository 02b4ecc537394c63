// SPDX-License-Identifier: Apache-2.0
// gantry_writer: writes the words of a drain step, one per bank and cycle; conflicts take longer.
//
//   WORDS x (valid, bank, row, data) --->[first of each bank]---> write ports (registered)
//                  ^__________ not yet written _________|
//
// advance_o: the step's last words go out now; high without a step. done_o comes one cycle after
// the last words of a step with last_i, when they are being written. Reset drops the step.
// Interface: a step by valid, advance; enables per bank.
// Latency: 1 cycle; done_o with the last words.
// Throughput: one word a bank and cycle.
`default_nettype none
module gantry_writer #(
  parameter integer NPX   = 4,
  parameter integer WORDS = 2,
  localparam integer BankW = $clog2(NPX)
) (
  input  wire logic                   clk_i,
  input  wire logic                   rst_ni,
  input  wire logic                   valid_i,
  input  wire logic                   last_i,
  input  wire logic [WORDS-1:0]       words_i,
  input  wire logic [BankW*WORDS-1:0] bank_i,
  input  wire logic [16*WORDS-1:0]    row_i,
  input  wire logic [128*WORDS-1:0]   data_i,
  output logic                        advance_o,
  output logic                        done_o,
  output logic [NPX-1:0]              write_o,
  output logic [16*NPX-1:0]           write_row_o,
  output logic [128*NPX-1:0]          write_data_o
);
  logic [WORDS-1:0]     sent_q, want, chosen;
  logic [NPX*WORDS-1:0] hits;  // per bank: the word it takes
  assign want      = valid_i ? words_i & ~sent_q : '0;
  assign advance_o = chosen == want;

  function automatic [15:0] pick_row(input [WORDS-1:0] hit, input [16*WORDS-1:0] rows);
    pick_row = rows[15:0];
    for (int w = 1; w < WORDS; w++) if (hit[w]) pick_row = rows[16*w+:16];
  endfunction
  function automatic [127:0] pick_data(input [WORDS-1:0] hit, input [128*WORDS-1:0] words);
    pick_data = words[127:0];
    for (int w = 1; w < WORDS; w++) if (hit[w]) pick_data = words[128*w+:128];
  endfunction

  generate
    for (genvar w = 0; w < WORDS; w++) begin : gen_word
      logic [WORDS-1:0] same;
      for (genvar v = 0; v < WORDS; v++) begin : gen_other
        if (v < w) begin : gen_before
          assign same[v] = want[v] && bank_i[BankW*v+:BankW] == bank_i[BankW*w+:BankW];
        end else begin : gen_after
          assign same[v] = 1'b0;
        end
      end
      assign chosen[w] = want[w] && same == '0;
    end
    for (genvar k = 0; k < NPX; k++) begin : gen_bank
      logic [WORDS-1:0] hit;
      logic [15:0]      row;
      logic [127:0]     data;
      for (genvar w = 0; w < WORDS; w++) begin : gen_hit
        assign hit[w] = chosen[w] && bank_i[BankW*w+:BankW] == BankW'(k);
      end
      assign hits[WORDS*k+:WORDS] = hit;
      assign row  = pick_row(hit, row_i);
      assign data = pick_data(hit, data_i);
      always_ff @(posedge clk_i) begin
        write_o[k] <= hit != '0 && rst_ni;
        if (hit != '0) begin
          write_row_o[16*k+:16]    <= row;
          write_data_o[128*k+:128] <= data;
        end
      end
    end
  endgenerate

  always_ff @(posedge clk_i) begin
    sent_q <= !rst_ni || advance_o ? '0 : sent_q | chosen;
    done_o <= rst_ni && valid_i && advance_o && last_i;
  end

`ifndef SYNTHESIS
  always @(posedge clk_i)
    for (int w = 0; w < WORDS; w++)
      if (rst_ni && chosen[w]) begin : check
        integer n;
        n = 0;
        for (int k = 0; k < NPX; k++) if (hits[WORDS*k+w]) n = n + 1;
        assert (n == 1) else $error("writer: a word goes to %0d banks", n);
      end
`else
  logic unused;
  assign unused = ^hits;
`endif

`ifdef FORMAL
  `include "f_writer.vh"
`endif
endmodule
`default_nettype wire
