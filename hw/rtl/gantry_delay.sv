// SPDX-License-Identifier: Apache-2.0
// gantry_delay: a value after N cycles with enable; a shift register without reset.
//
//   d_i --->[1]--->[2]--- ... --->[N]---> d_o
// Interface: enable, no handshake.
// Latency: n cycles with en_i.
// Throughput: one value a cycle.
`default_nettype none
module gantry_delay #(
  parameter integer W = 32,
  parameter integer N = 2  // at least 1
) (
  input  wire logic         clk_i,
  input  wire logic         en_i,
  input  wire logic [W-1:0] d_i,
  output logic [W-1:0]      d_o
);
  generate
    if (N == 1) begin : gen_one
      always_ff @(posedge clk_i) if (en_i) d_o <= d_i;
    end else begin : gen_more
      logic [W*(N-1)-1:0] q;
      always_ff @(posedge clk_i) if (en_i) d_o <= q[W*(N-2)+:W];
      if (N == 2) begin : gen_two
        always_ff @(posedge clk_i) if (en_i) q <= d_i;
      end else begin : gen_shift
        always_ff @(posedge clk_i) if (en_i) q <= {q[W*(N-2)-1:0], d_i};
      end
    end
  endgenerate
endmodule
`default_nettype wire
