// SPDX-License-Identifier: Apache-2.0
// gantry_wr_port: write side of one AXI4 master; clients STORE and trace.
//
//   STORE --+--[ pick ]--[ cut at 4 KB ]---> AW
//   trace --+      |           |
//          data ---+--[ W register ]-------> W
//   pending[client] <--[ order FIFO ]<------ B
//
// A client asks for 1 to 64 beats from a 16-byte aligned address, then gives exactly that many data
// beats. STORE goes first. Up to eight bursts wait for their response; W never waits for AWREADY.
// flush_i: no new request or burst; the open burst is completed with zero strobes; busy_o falls
// when every response is in. Proof: hw/formal/gantry_wr_port.
// Interface: valid, ready requests and beats; AXI4 AW, W and B.
// Latency: 2 cycles from a request to AW, 1 from a beat to W.
// Throughput: one beat a cycle; a new burst waits for the beats of the last.
`default_nettype none
`include "gantry_spec.vh"
module gantry_wr_port (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         flush_i,
  output logic              busy_o,
  // requests: 0 STORE, 1 trace
  input  wire logic [1:0]   req_valid_i,
  output logic [1:0]        req_ready_o,
  input  wire logic [127:0] req_addr_i,
  input  wire logic [13:0]  req_beats_i,      // 1..64 each
  input  wire logic [1:0]   data_valid_i,
  output logic [1:0]        data_ready_o,
  input  wire logic [255:0] data_i,
  output logic [1:0]        pending_o,        // a request of the client is not fully answered
  output logic              err_valid_o,      // a bad response: pulse
  output logic [7:0]        err_cause_o,
  output logic              err_client_o,
  output logic [63:0]       err_addr_o,       // first byte of the burst
  output logic              progress_o,       // a handshake on AW, W or B
  output logic              beat_o,           // a handshake on W
  // AXI4 write channels
  output logic [63:0]       m_axi_awaddr,
  output logic [7:0]        m_axi_awlen,
  output logic              m_axi_awvalid,
  input  wire logic         m_axi_awready,
  output logic [127:0]      m_axi_wdata,
  output logic [15:0]       m_axi_wstrb,
  output logic              m_axi_wlast,
  output logic              m_axi_wvalid,
  input  wire logic         m_axi_wready,
  input  wire logic [1:0]   m_axi_bresp,
  input  wire logic         m_axi_bvalid,
  output logic              m_axi_bready
);
  logic         cur_q;                    // client of the current request and of the open burst
  logic [63:0]  cur_addr_q;
  logic [6:0]   cur_left_q;               // beats not yet in a burst
  logic [6:0]   w_left_q;                 // beats of the open burst not yet in the W register
  logic         awvalid_q, wvalid_q, wlast_q;
  logic [63:0]  awaddr_q;
  logic [7:0]   awlen_q;
  logic [127:0] wdata_q;
  logic [15:0]  wstrb_q;
  logic [7:0]   open_q;                   // bursts without response, 4 bits per client

  logic         pick, accept, issue, w_load, w_room;
  logic [8:0]   to_4k;
  logic [6:0]   burst;
  logic         order_ready, order_valid, b_fire;
  logic [64:0]  order_data;
  logic [3:0]   order_level;

  assign pick   = !req_valid_i[0];
  assign accept = req_valid_i != '0 && !flush_i && cur_left_q == '0 && w_left_q == '0;
  always_comb begin
    req_ready_o = '0;
    req_ready_o[pick] = accept;
  end

  assign to_4k = 9'd256 - {1'b0, cur_addr_q[11:4]};
  assign burst = ({2'b00, cur_left_q} > to_4k) ? to_4k[6:0] : cur_left_q;
  assign issue = cur_left_q != '0 && w_left_q == '0 && !flush_i && order_ready
                 && (!awvalid_q || m_axi_awready);

  assign w_room = !wvalid_q || m_axi_wready;
  assign w_load = w_left_q != '0 && w_room && (data_valid_i[cur_q] || flush_i);
  always_comb begin
    data_ready_o = '0;
    data_ready_o[cur_q] = w_left_q != '0 && w_room && !flush_i;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cur_left_q <= '0;
      w_left_q   <= '0;
      awvalid_q  <= 1'b0;
      wvalid_q   <= 1'b0;
    end else begin
      if (m_axi_awready) begin
        awvalid_q <= 1'b0;
      end
      if (m_axi_wready) begin
        wvalid_q <= 1'b0;
      end
      if (accept) begin
        cur_left_q <= pick ? req_beats_i[13:7] : req_beats_i[6:0];
      end
      if (issue) begin
        awvalid_q  <= 1'b1;
        cur_left_q <= cur_left_q - burst;
        w_left_q   <= burst;
      end
      if (flush_i) begin
        cur_left_q <= '0;
      end
      if (w_load) begin
        wvalid_q <= 1'b1;
        w_left_q <= w_left_q - 7'd1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (accept) begin
      cur_q      <= pick;
      cur_addr_q <= pick ? req_addr_i[127:64] : req_addr_i[63:0];
    end
    if (issue) begin
      awaddr_q   <= cur_addr_q;
      awlen_q    <= {1'b0, burst} - 8'd1;
      cur_addr_q <= cur_addr_q + {53'd0, burst, 4'd0};
    end
    if (w_load) begin
      wdata_q <= cur_q ? data_i[255:128] : data_i[127:0];
      wstrb_q <= flush_i ? 16'h0000 : 16'hffff;
      wlast_q <= w_left_q == 7'd1;
    end
  end

  gantry_fifo #(.Width(65), .Depth(8)) u_order (
    .clk_i, .rst_ni, .clear_i(1'b0),
    .s_axis_tvalid(issue), .s_axis_tready(order_ready), .s_axis_tdata({cur_q, cur_addr_q}),
    .m_axis_tvalid(order_valid), .m_axis_tready(b_fire), .m_axis_tdata(order_data),
    .level_o(order_level)
  );

  always_ff @(posedge clk_i) begin
    for (int c = 0; c < 2; c++) begin
      if (!rst_ni) begin
        open_q[4*c +: 4] <= '0;
      end else begin
        open_q[4*c +: 4] <= open_q[4*c +: 4] + 4'(issue && cur_q == c[0])
                            - 4'(b_fire && order_data[64] == c[0]);
      end
    end
  end
  always_comb begin
    for (int c = 0; c < 2; c++) begin
      pending_o[c] = open_q[4*c +: 4] != '0 || (cur_left_q != '0 && cur_q == c[0]);
    end
  end

  assign m_axi_bready = order_valid;
  assign b_fire       = m_axi_bvalid && m_axi_bready;
  assign err_valid_o  = b_fire && m_axi_bresp[1];
  assign err_cause_o  = m_axi_bresp[0] ? `GANTRY_CAUSE_WRITE_DECERR : `GANTRY_CAUSE_WRITE_SLVERR;
  assign err_client_o = order_data[64];
  assign err_addr_o   = order_data[63:0];

  assign busy_o = awvalid_q || wvalid_q || w_left_q != '0 || order_level != '0;
  assign progress_o = (awvalid_q && m_axi_awready) || (wvalid_q && m_axi_wready) || b_fire;
  assign beat_o = wvalid_q && m_axi_wready;

  assign m_axi_awaddr  = awaddr_q;
  assign m_axi_awlen   = awlen_q;
  assign m_axi_awvalid = awvalid_q;
  assign m_axi_wdata   = wdata_q;
  assign m_axi_wstrb   = wstrb_q;
  assign m_axi_wlast   = wlast_q;
  assign m_axi_wvalid  = wvalid_q;

`ifdef FORMAL
  `include "f_wr_port.vh"
`endif
endmodule
`default_nettype wire
