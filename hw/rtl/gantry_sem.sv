// SPDX-License-Identifier: Apache-2.0
// gantry_sem: sixteen counting semaphores of four bits, set from SEM_INIT while clear_i is high.
//
//   req, mask --->[ all non-zero? ]---> grant (same cycle), one taken from each of the mask
//   signal    --->[ + 1 each      ]---> counters ---> balanced
//
// Units: 0 FETCH, 1 LOAD, 2 COMPUTE, 3 STORE. A request takes all its counters or none. COMPUTE
// goes before LOAD, STORE, FETCH; masks that do not meet are granted in the same cycle. Signals of
// all units may come together. A counter beyond 15 is an error (info: its number) and keeps 15.
// Proof: hw/formal/gantry_sem.
// Interface: requests, grants in the same cycle; signals by pulse.
// Latency: grant none, counters and errors 1 cycle.
// Throughput: four grants and four signals a cycle.
`default_nettype none
`include "gantry_spec.vh"
module gantry_sem (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         clear_i,
  input  wire logic [63:0]  init_i,
  input  wire logic [3:0]   req_i,
  input  wire logic [63:0]  mask_i,
  output logic [3:0]        grant_o,
  input  wire logic [3:0]   signal_valid_i,
  input  wire logic [63:0]  signal_i,
  input  wire logic [127:0] signal_insn_i,   // index of the instruction that signals
  output logic              balanced_o,      // every counter holds its initial value
  output logic [3:0]        skewed_o,        // else: the first that does not
  output logic              err_valid_o,
  output logic [3:0]        err_unit_o,
  output logic [31:0]       err_insn_o,
  output logic [63:0]       err_info_o
);
  localparam integer Sems = `GANTRY_SEMAPHORES;
  localparam logic [5:0] Max = 6'd15;

  logic [4*Sems-1:0] count_q, count_d;
  logic [Sems-1:0]   nonzero, taken, overflow;
  logic [31:0]       insn;
  logic [3:0]        unit, first;

  always_comb begin
    for (int s = 0; s < Sems; s++) begin
      nonzero[s] = count_q[4*s +: 4] != 4'd0;
    end
  end

  // Order of service: 2, 1, 3, 0. A unit sees what the units before it take in this cycle.
  always_comb begin
    grant_o    = '0;
    grant_o[2] = req_i[2] && (mask_i[47:32] & ~nonzero) == '0;
    taken      = grant_o[2] ? mask_i[47:32] : '0;
    grant_o[1] = req_i[1] && (mask_i[31:16] & (~nonzero | taken)) == '0;
    taken      = taken | (grant_o[1] ? mask_i[31:16] : '0);
    grant_o[3] = req_i[3] && (mask_i[63:48] & (~nonzero | taken)) == '0;
    taken      = taken | (grant_o[3] ? mask_i[63:48] : '0);
    grant_o[0] = req_i[0] && (mask_i[15:0] & (~nonzero | taken)) == '0;
    taken      = taken | (grant_o[0] ? mask_i[15:0] : '0);
  end

  logic [5:0] sum;
  always_comb begin
    sum      = '0;
    overflow = '0;
    count_d  = count_q;
    for (int s = 0; s < Sems; s++) begin
      sum = 6'(count_q[4*s +: 4]) - 6'(taken[s]);
      for (int u = 0; u < 4; u++) begin
        sum = sum + 6'(signal_valid_i[u] && signal_i[16*u + s]);
      end
      overflow[s]       = sum > Max;
      count_d[4*s +: 4] = overflow[s] ? 4'd15 : sum[3:0];
    end
  end

  // The signaller that is named: the lowest unit with a counter that overflowed.
  always_comb begin
    insn = '0;
    unit = '0;
    for (int u = 3; u >= 0; u--) begin
      if (signal_valid_i[u] && (signal_i[16*u +: 16] & overflow) != '0) begin
        insn = signal_insn_i[32*u +: 32];
        unit = `GANTRY_UNIT_FETCH + 4'(u);
      end
    end
  end

  always_comb begin
    first    = '0;
    skewed_o = '0;
    for (int s = Sems - 1; s >= 0; s--) begin
      if (overflow[s]) begin
        first = 4'(s);
      end
      if (count_q[4*s +: 4] != init_i[4*s +: 4]) begin
        skewed_o = 4'(s);
      end
    end
  end
  assign balanced_o = count_q == init_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      count_q     <= '0;
      err_valid_o <= 1'b0;
    end else if (clear_i) begin
      count_q     <= init_i;
      err_valid_o <= 1'b0;
    end else begin
      count_q     <= count_d;
      err_valid_o <= overflow != '0;
    end
    err_unit_o <= unit;
    err_insn_o <= insn;
    err_info_o <= 64'(first);
  end

`ifdef FORMAL
  // The ledger of each counter with plain sums, and each pair of units.
  logic        f_past_q;
  logic [63:0] f_before_q;
  logic [47:0] f_add_q, f_take_q;
  logic [2:0]  f_add, f_take;
  initial f_past_q = 1'b0;
  always @(posedge clk_i) begin
    f_past_q   <= 1'b1;
    f_before_q <= count_q;
    if (!f_past_q) assume (!rst_ni);
    for (int s = 0; s < Sems; s++) begin
      f_add  = '0;
      f_take = '0;
      for (int u = 0; u < 4; u++) begin
        f_add  = f_add + 3'(signal_valid_i[u] && signal_i[16*u + s]);
        f_take = f_take + 3'(grant_o[u] && mask_i[16*u + s]);
      end
      f_add_q[3*s +: 3]  <= f_add;
      f_take_q[3*s +: 3] <= f_take;
      // Taken at most once a cycle and never from zero.
      assert (f_take <= 3'd1);
      if (f_take != '0) assert (count_q[4*s +: 4] != 4'd0);
      if (f_past_q && $past(rst_ni) && !$past(clear_i)) begin
        if (6'(f_before_q[4*s +: 4]) + 6'(f_add_q[3*s +: 3]) - 6'(f_take_q[3*s +: 3]) > 6'd15) begin
          assert (err_valid_o && err_info_o <= 64'(s) && count_q[4*s +: 4] == 4'd15);
        end else begin
          assert (6'(count_q[4*s +: 4]) == 6'(f_before_q[4*s +: 4]) + 6'(f_add_q[3*s +: 3])
                                           - 6'(f_take_q[3*s +: 3]));
          assert (!err_valid_o || err_info_o != 64'(s));
        end
      end
    end
    for (int u = 0; u < 4; u++) begin
      // A grant answers a request; a request without a mask is always granted.
      if (grant_o[u]) assert (req_i[u]);
      if (req_i[u] && mask_i[16*u +: 16] == '0) assert (grant_o[u]);
      for (int v = 0; v < u; v++) begin
        if (grant_o[u] && grant_o[v]) begin
          assert ((mask_i[16*u +: 16] & mask_i[16*v +: 16]) == '0);
        end
      end
    end
    cover (f_past_q && err_valid_o);
  end
`endif
endmodule
`default_nettype wire
