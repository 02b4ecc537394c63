// SPDX-License-Identifier: Apache-2.0
// gantry_operand: words of the activation banks to the array's pixel pairs.
//
//   banks -->[rotate by Q]--> slots -->[pad mask]-->[choose by m]-->[pair: (x1 << 18) + x0]--> x_o
//
// Slot i is pixel Q + i. Array position n = 2 * group + pixel takes slot n mod P, P = NPX / m.
// No reset: data only.
// Interface: enable, no handshake.
// Latency: 1 cycle.
// Throughput: one row a cycle.
`default_nettype none
module gantry_operand #(
  parameter integer NPX = 4,  // 2, 4 or 8
  localparam integer BankW = $clog2(NPX)
) (
  input  wire logic               clk_i,
  input  wire logic               en_i,
  input  wire logic [128*NPX-1:0] banks_i,
  input  wire logic [BankW-1:0]   rotate_i,  // bank of slot 0
  input  wire logic [NPX-1:0]     valid_i,   // per slot; others get the pad byte
  input  wire logic [7:0]         pad_i,
  input  wire logic [1:0]         log2_m_i,
  output logic [256*NPX-1:0]      x_o,       // 16 pairs of 32 bits per group
  output logic [128*NPX-1:0]      slots_o    // masked words, not registered
);
  localparam integer W = 128 * NPX;
  // Rotation by 1, 2, 4 words, as the bits of rotate_i say.
  logic [W-1:0] by_one, by_two, turned;
  assign by_one = rotate_i[0] ? {banks_i[127:0], banks_i[W-1:128]} : banks_i;
  generate
    if (BankW >= 2) begin : gen_two
      assign by_two = rotate_i[1] ? {by_one[255:0], by_one[W-1:256]} : by_one;
    end else begin : gen_no_two
      assign by_two = by_one;
    end
    if (BankW >= 3) begin : gen_four
      assign turned = rotate_i[2] ? {by_two[511:0], by_two[W-1:512]} : by_two;
    end else begin : gen_no_four
      assign turned = by_two;
    end
  endgenerate

  logic [W-1:0] slots, chosen;
  assign slots_o = slots;
  generate
    for (genvar i = 0; i < NPX; i++) begin : gen_slot
      assign slots[128*i+:128] = valid_i[i] ? turned[128*i+:128] : {16{pad_i}};
      if (i < NPX / 4) begin : gen_first
        assign chosen[128*i+:128] = slots[128*i+:128];
      end else if (i < NPX / 2) begin : gen_second
        localparam integer Four = NPX >= 8 ? i % (NPX / 4) : i;
        assign chosen[128*i+:128] = log2_m_i[1] ? slots[128*Four+:128] : slots[128*i+:128];
      end else begin : gen_upper
        localparam integer Two  = NPX >= 4 ? i % (NPX / 2) : i;
        localparam integer Four = NPX >= 8 ? i % (NPX / 4) : Two;
        assign chosen[128*i+:128] = log2_m_i[1] ? slots[128*Four+:128]
                                  : log2_m_i[0] ? slots[128*Two+:128] : slots[128*i+:128];
      end
    end
    for (genvar g = 0; g < NPX / 2; g++) begin : gen_group
      for (genvar c = 0; c < 16; c++) begin : gen_channel
        logic signed [7:0] x0, x1;
        assign x0 = chosen[256*g+8*c+:8];
        assign x1 = chosen[256*g+128+8*c+:8];
        always_ff @(posedge clk_i)
          if (en_i) x_o[512*g+32*c+:32] <= {{6{x1[7]}}, x1, 18'd0} + 32'(x0);
      end
    end
  endgenerate
endmodule
`default_nettype wire
