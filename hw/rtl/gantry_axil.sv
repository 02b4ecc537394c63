// SPDX-License-Identifier: Apache-2.0
// gantry_axil: AXI4-Lite slave of 32 bits to a plain register bus.
//
//   AW, W (in any order) --->[ both here ]---> write_o, address, data, strobes ; B OKAY
//   AR                   ------------------> read_o, address ; read_data_i (same cycle) ---> R OKAY
//
// One write and one read under way at a time; responses always OKAY. A write takes 2 cycles, a read
// 2. Reset drops both.
// Interface: AXI4-Lite slave; pulses write_o, read_o.
// Latency: a write 2 cycles to its response, a read 1.
// Throughput: one access in 2 cycles, each direction.
`default_nettype none
module gantry_axil (
  input  wire logic        clk_i,
  input  wire logic        rst_ni,
  input  wire logic [11:0] s_axil_awaddr,
  input  wire logic        s_axil_awvalid,
  output logic             s_axil_awready,
  input  wire logic [31:0] s_axil_wdata,
  input  wire logic [3:0]  s_axil_wstrb,
  input  wire logic        s_axil_wvalid,
  output logic             s_axil_wready,
  output logic [1:0]       s_axil_bresp,
  output logic             s_axil_bvalid,
  input  wire logic        s_axil_bready,
  input  wire logic [11:0] s_axil_araddr,
  input  wire logic        s_axil_arvalid,
  output logic             s_axil_arready,
  output logic [31:0]      s_axil_rdata,
  output logic [1:0]       s_axil_rresp,
  output logic             s_axil_rvalid,
  input  wire logic        s_axil_rready,
  // register bus; addresses in bytes
  output logic             write_o,
  output logic [11:0]      write_addr_o,
  output logic [31:0]      write_data_o,
  output logic [3:0]       write_strb_o,
  output logic             read_o,
  output logic [11:0]      read_addr_o,
  input  wire logic [31:0] read_data_i
);
  logic aw_q, w_q;                          // address, data are here

  assign s_axil_awready = !aw_q;
  assign s_axil_wready  = !w_q;
  assign s_axil_bresp   = 2'b00;
  assign s_axil_rresp   = 2'b00;
  assign write_o        = aw_q && w_q && !s_axil_bvalid;
  assign s_axil_arready = !s_axil_rvalid;
  assign read_o         = s_axil_arvalid && s_axil_arready;
  assign read_addr_o    = s_axil_araddr;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      aw_q          <= 1'b0;
      w_q           <= 1'b0;
      s_axil_bvalid <= 1'b0;
      s_axil_rvalid <= 1'b0;
    end else begin
      if (s_axil_awvalid && s_axil_awready) begin
        aw_q <= 1'b1;
      end
      if (s_axil_wvalid && s_axil_wready) begin
        w_q <= 1'b1;
      end
      if (s_axil_bvalid && s_axil_bready) begin
        s_axil_bvalid <= 1'b0;
      end
      if (write_o) begin
        aw_q          <= 1'b0;
        w_q           <= 1'b0;
        s_axil_bvalid <= 1'b1;
      end
      if (s_axil_rvalid && s_axil_rready) begin
        s_axil_rvalid <= 1'b0;
      end
      if (read_o) begin
        s_axil_rvalid <= 1'b1;
      end
    end
    if (s_axil_awvalid && s_axil_awready) begin
      write_addr_o <= s_axil_awaddr;
    end
    if (s_axil_wvalid && s_axil_wready) begin
      write_data_o <= s_axil_wdata;
      write_strb_o <= s_axil_wstrb;
    end
    if (read_o) begin
      s_axil_rdata <= read_data_i;
    end
  end

`ifdef FORMAL
  // The slave's promises; the master is free except for the stability that AXI asks of it.
  logic f_past_q;
  initial f_past_q = 1'b0;
  always @(posedge clk_i) begin
    f_past_q <= 1'b1;
    if (!f_past_q) assume (!rst_ni);
    if (f_past_q && $past(rst_ni) && rst_ni) begin
      if ($past(s_axil_bvalid && !s_axil_bready)) assert (s_axil_bvalid);
      if ($past(s_axil_rvalid && !s_axil_rready)) begin
        assert (s_axil_rvalid && s_axil_rdata == $past(s_axil_rdata));
      end
      // A response follows exactly one write or read.
      if (s_axil_bvalid && !$past(s_axil_bvalid)) assert ($past(write_o));
      if (s_axil_rvalid && !$past(s_axil_rvalid)) assert ($past(read_o));
      if (write_o) assert (!s_axil_awready && !s_axil_wready);
      if ($past(write_o)) assert (!write_o && s_axil_bvalid);
      cover (s_axil_bvalid && s_axil_rvalid);
    end
  end
`endif
endmodule
`default_nettype wire
