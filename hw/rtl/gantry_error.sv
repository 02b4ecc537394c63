// SPDX-License-Identifier: Apache-2.0
// gantry_error: keeps the first error of a launch.
//
//   N sources --->[ lowest number first ]--->[ first since start_i ]---> valid, cause, unit, ...
//
// Errors of the same cycle: the source with the lowest number. armed_i is high while a launch runs;
// errors outside of it (answers to bursts that an abort drains) are ignored. start_i and reset
// clear it.
// Interface: n pulses in, one sticky error out.
// Latency: 1 cycle.
// Throughput: the first error since start_i.
`default_nettype none
module gantry_error #(
  parameter integer N = 4
) (
  input  wire logic            clk_i,
  input  wire logic            rst_ni,
  input  wire logic            start_i,
  input  wire logic            armed_i,
  input  wire logic [N-1:0]    valid_i,
  input  wire logic [8*N-1:0]  cause_i,
  input  wire logic [4*N-1:0]  unit_i,
  input  wire logic [4*N-1:0]  port_i,
  input  wire logic [32*N-1:0] insn_i,
  input  wire logic [64*N-1:0] info_i,
  output logic                 valid_o,
  output logic [7:0]           cause_o,
  output logic [3:0]           unit_o,
  output logic [3:0]           port_o,
  output logic [31:0]          insn_o,
  output logic [63:0]          info_o
);
  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      valid_o <= 1'b0;
      cause_o <= '0;
      unit_o  <= '0;
      port_o  <= '0;
      insn_o  <= '0;
      info_o  <= '0;
    end else if (armed_i && !valid_o) begin
      valid_o <= valid_i != '0;
      for (int n = N - 1; n >= 0; n--) begin
        if (valid_i[n]) begin
          cause_o <= cause_i[8*n +: 8];
          unit_o  <= unit_i[4*n +: 4];
          port_o  <= port_i[4*n +: 4];
          insn_o  <= insn_i[32*n +: 32];
          info_o  <= info_i[64*n +: 64];
        end
      end
    end
  end
endmodule
`default_nettype wire
