// SPDX-License-Identifier: Apache-2.0
// gantry_act_xbar: the activation banks, and who uses their ports.
//
//   front, residual ---> read ---+                        +--- write <--- drain
//   STORE: idle banks ---------->+--->[2G banks]<---------+<------------- LOAD: idle banks
//                                       |
//                                       +---> banks_o (2 cycles), store_data_o (3 cycles)
//
// Front and residual never ask for the same bank in a cycle. A STORE or LOAD word is taken when its
// bank is idle and no lower port wants the same bank. Reset drops STORE data under way.
// Interface: enables of front, residual and drain; valid, ready of LOAD and STORE.
// Latency: read 2 cycles, STORE data 3.
// Throughput: one read and one write a bank and cycle.
`default_nettype none
module gantry_act_xbar #(
  parameter integer NPX      = 4,
  parameter integer ACT_ROWS = 512,
  parameter integer PORTS    = 2,
  localparam integer BankW   = $clog2(NPX)
) (
  input  wire logic                   clk_i,
  input  wire logic                   rst_ni,
  input  wire logic [NPX-1:0]         front_en_i,
  input  wire logic [16*NPX-1:0]      front_row_i,
  input  wire logic [NPX-1:0]         residual_en_i,
  input  wire logic [16*NPX-1:0]      residual_row_i,
  output logic [128*NPX-1:0]          banks_o,
  input  wire logic [NPX-1:0]         write_i,
  input  wire logic [16*NPX-1:0]      write_row_i,
  input  wire logic [128*NPX-1:0]     write_data_i,
  input  wire logic [PORTS-1:0]       load_valid_i,
  output logic [PORTS-1:0]            load_ready_o,
  input  wire logic [PORTS*BankW-1:0] load_bank_i,
  input  wire logic [PORTS*16-1:0]    load_row_i,
  input  wire logic [PORTS*128-1:0]   load_data_i,
  input  wire logic [PORTS-1:0]       store_valid_i,
  output logic [PORTS-1:0]            store_ready_o,
  input  wire logic [PORTS*BankW-1:0] store_bank_i,
  input  wire logic [PORTS*16-1:0]    store_row_i,
  output logic [PORTS-1:0]            store_data_valid_o,
  output logic [PORTS*128-1:0]        store_data_o
);
  localparam integer AddrW = $clog2(ACT_ROWS);
  // The row of a port, and the lowest port that asks, 3 when none does.
  function automatic [15:0] pick_row(input [1:0] at, input [16*PORTS-1:0] all);
    logic [63:0] rows;
    rows     = {(4 / PORTS) {all}};
    pick_row = at[1] ? (at[0] ? rows[63:48] : rows[47:32]) : (at[0] ? rows[31:16] : rows[15:0]);
  endfunction
  function automatic [1:0] lowest(input [PORTS-1:0] wants);
    lowest = 2'd3;
    for (int p = PORTS - 1; p >= 0; p--) if (wants[p]) lowest = 2'(p);
  endfunction

  logic [NPX-1:0] reads;
  assign reads = front_en_i | residual_en_i;

  generate
    for (genvar p = 0; p < PORTS; p++) begin : gen_port
      logic [PORTS-1:0]   load_before, store_before;
      logic [BankW-1:0]   load_bank, store_bank, store_bank_q, store_bank_q2;
      logic               store_q, store_q2;
      assign load_bank  = load_bank_i[BankW*p+:BankW];
      assign store_bank = store_bank_i[BankW*p+:BankW];
      for (genvar o = 0; o < PORTS; o++) begin : gen_other
        if (o < p) begin : gen_before
          assign load_before[o]  = load_valid_i[o] && load_bank_i[BankW*o+:BankW] == load_bank;
          assign store_before[o] = store_valid_i[o] && store_bank_i[BankW*o+:BankW] == store_bank;
        end else begin : gen_after
          assign load_before[o]  = 1'b0;
          assign store_before[o] = 1'b0;
        end
      end
      assign load_ready_o[p]  = !write_i[load_bank] && load_before == '0;
      assign store_ready_o[p] = !reads[store_bank] && store_before == '0;
      always_ff @(posedge clk_i) begin
        store_bank_q          <= store_bank;
        store_bank_q2         <= store_bank_q;
        store_q               <= store_valid_i[p] && store_ready_o[p] && rst_ni;
        store_q2              <= store_q && rst_ni;
        store_data_valid_o[p] <= store_q2 && rst_ni;
        if (store_q2) store_data_o[128*p+:128] <= banks_o[128*store_bank_q2+:128];
      end
    end

    for (genvar k = 0; k < NPX; k++) begin : gen_bank
      logic [15:0]      read_row, write_row;
      logic             read, write;
      logic [PORTS-1:0] store_wants, load_wants;
      logic [1:0]       store, load;
      for (genvar p = 0; p < PORTS; p++) begin : gen_wants
        assign store_wants[p] = store_valid_i[p] && store_bank_i[BankW*p+:BankW] == BankW'(k);
        assign load_wants[p]  = load_valid_i[p] && load_bank_i[BankW*p+:BankW] == BankW'(k);
      end
      assign store     = lowest(store_wants);
      assign load      = lowest(load_wants);
      assign read_row  = front_en_i[k]    ? front_row_i[16*k+:16] :
                         residual_en_i[k] ? residual_row_i[16*k+:16] : pick_row(store, store_row_i);
      assign write_row = write_i[k] ? write_row_i[16*k+:16] : pick_row(load, load_row_i);
      assign read      = reads[k] || store_wants != '0;
      assign write     = write_i[k] || load_wants != '0;
      gantry_act_bank #(.ACT_ROWS(ACT_ROWS), .PORTS(PORTS)) u_bank (
        .clk_i, .read_i(read), .read_row_i(read_row[AddrW-1:0]), .data_o(banks_o[128*k+:128]),
        .write_i(write), .write_row_i(write_row[AddrW-1:0]), .drain_i(write_i[k]),
        .drain_data_i(write_data_i[128*k+:128]), .load_at_i(load), .load_data_i);
      if (AddrW < 16) begin : gen_unused
        logic unused;
        assign unused = ^{read_row[15:AddrW], write_row[15:AddrW]};
      end
    end
  endgenerate

`ifdef FORMAL
  `include "f_act_xbar.vh"
`endif
endmodule
`default_nettype wire
