// SPDX-License-Identifier: Apache-2.0
// gantry_operand: words of the activation banks to pixel pairs, (x1 << 18) + x0.
//
//   rotate_i, log2_m_i -->[bank of position]--(a cycle later)--+
//   banks_i -->[2 x 1 of NPX / 2 banks]-->[1 of 2, pad mask]-->[pair of neighbours]--> x_o, odd_o
//
// Slot i is pixel Q + i and stands in bank rotate_i + i. Array position n takes slot n mod P, P =
// NPX / m. Positions n and n + NPX / 2 want banks that are equal modulo NPX / 2: they share the
// first choice. Pair n is positions n and n + 1: group g of the array takes pair 2 g; the odd ones
// are for gantry_window.
// rotate_i, valid_i and log2_m_i come a cycle before banks_i, pad_i and en_i.
// No reset: data only.
// Interface: enable, no handshake.
// Latency: 1 cycle.
// Throughput: one row a cycle.
`default_nettype none
module gantry_operand #(
  parameter integer NPX    = 4,  // 2, 4 or 8
  parameter integer WINDOW = 0,  // 1: odd pairs too
  localparam integer BankW = $clog2(NPX),
  localparam integer OddW  = NPX > 2 ? 256 * NPX - 512 : 512
) (
  input  wire logic                 clk_i,
  input  wire logic                 en_i,
  input  wire logic [128*NPX-1:0]   banks_i,
  input  wire logic [BankW-1:0]     rotate_i,  // bank of slot 0
  input  wire logic [NPX-1:0]       valid_i,   // per slot; others get the pad byte
  input  wire logic [7:0]           pad_i,
  input  wire logic [1:0]           log2_m_i,
  output logic [256*NPX-1:0]        x_o,       // per pair of positions 16 times 32 bits
  output logic [OddW-1:0]           odd_o      // with WINDOW
);
  localparam integer Half = NPX / 2;
  function automatic [127:0] pick(input [1:0] at, input [511:0] words);
    pick = at[1] ? (at[0] ? words[511:384] : words[383:256])
                 : (at[0] ? words[255:128] : words[127:0]);
  endfunction

  logic [128*NPX-1:0] words;
  logic [BankW-1:0]   mask;
  assign mask = BankW'((32'(NPX) >> log2_m_i) - 32'd1);
  generate
    for (genvar j = 0; j < Half; j++) begin : gen_choice
      logic [BankW-1:0] first;
      logic [1:0]       at_q;
      logic [127:0]     low, high;
      logic             unused;
      assign first  = BankW'(j) & mask;
      assign unused = ^first;
      always_ff @(posedge clk_i) at_q <= (2'(rotate_i) + 2'(first)) & 2'(Half - 1);
      assign low  = pick(at_q, {(4 / Half) {banks_i[0+:128*Half]}});
      assign high = pick(at_q, {(4 / Half) {banks_i[128*Half+:128*Half]}});
      for (genvar k = 0; k < 2; k++) begin : gen_position
        localparam integer N = j + Half * k;
        logic [BankW-1:0] slot, bank;
        logic             high_q, valid_q;
        assign slot = BankW'(N) & mask;
        assign bank = rotate_i + slot;
        always_ff @(posedge clk_i) begin
          high_q  <= bank[BankW-1];
          valid_q <= valid_i[slot];
        end
        assign words[128*N+:128] = !valid_q ? {16{pad_i}} : high_q ? high : low;
        logic unused_bank;
        assign unused_bank = ^bank;
      end
    end
    for (genvar n = 0; n < NPX - 1; n++) begin : gen_pair
      if (n % 2 == 0 || WINDOW != 0) begin : gen_used
        for (genvar c = 0; c < 16; c++) begin : gen_channel
          logic [7:0]  x0, x1;
          logic [8:0]  above;  // x1, less what a negative x0 borrows
          logic [31:0] pair;
          assign x0    = words[128*n+8*c+:8];
          assign x1    = words[128*n+128+8*c+:8];
          assign above = {9{x0[7]}} + {x1[7], x1};
          assign pair  = {{5{above[8]}}, above, {10{x0[7]}}, x0};
          if (n % 2 == 0) begin : gen_even
            always_ff @(posedge clk_i) if (en_i) x_o[256*n+32*c+:32] <= pair;
          end else begin : gen_odd
            always_ff @(posedge clk_i) if (en_i) odd_o[256*(n-1)+32*c+:32] <= pair;
          end
        end
      end
    end
    if (WINDOW == 0 || NPX == 2) begin : gen_no_odd
      assign odd_o = '0;
    end
  endgenerate
endmodule
`default_nettype wire
