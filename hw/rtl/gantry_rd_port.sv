// SPDX-License-Identifier: Apache-2.0
// gantry_rd_port: read side of one AXI4 master; three clients, four bursts outstanding.
//
//   fetch ----+
//   LOAD  ----+--[ pick ]--[ cut at 4 KB ]---> AR
//   weights --+                 |
//                          [ order FIFO ]
//   data_valid[client] <--------+------------- R
//
// A client asks for 1 to 64 beats from a 16-byte aligned address and keeps room for them: R is
// always taken. Fetch goes first. LOAD goes before weights until it has had 64 beats since their
// last burst: its rows are short and compute waits for them; for the same reason weights wait some
// cycles for its next row. Two bursts of weights at most are open, or three short ones: that hides
// the latency of memory and keeps the others' way short. Data return in the order of the requests,
// one beat per cycle, straight from R.
// flush_i: no new request is taken, what is open is read and dropped; busy_o falls when nothing is
// open. Reset control only. Proof: hw/formal/gantry_rd_port.
// Interface: valid, ready requests; beats by valid alone; AXI4 AR and R.
// Latency: 2 cycles from a request to AR, none from R to the client.
// Throughput: one beat a cycle; a new burst in 2 cycles.
`default_nettype none
`include "gantry_spec.vh"
module gantry_rd_port (
  input  wire logic         clk_i,
  input  wire logic         rst_ni,
  input  wire logic         flush_i,
  output logic              busy_o,
  // requests: 0 fetch, 1 LOAD, 2 weights
  input  wire logic [2:0]   req_valid_i,
  output logic [2:0]        req_ready_o,
  input  wire logic [191:0] req_addr_i,
  input  wire logic [20:0]  req_beats_i,      // 1..64 each
  output logic [2:0]        data_valid_o,
  output logic [127:0]      data_o,
  // first bad response of a burst's beat: pulse
  output logic              err_valid_o,
  output logic [7:0]        err_cause_o,
  output logic [1:0]        err_client_o,
  output logic [63:0]       err_addr_o,
  output logic              progress_o,       // a handshake on AR or R
  output logic              beat_o,           // a handshake on R
  // AXI4 read channels
  output logic [63:0]       m_axi_araddr,
  output logic [7:0]        m_axi_arlen,
  output logic              m_axi_arvalid,
  input  wire logic         m_axi_arready,
  input  wire logic [127:0] m_axi_rdata,
  input  wire logic [1:0]   m_axi_rresp,
  input  wire logic         m_axi_rlast,
  input  wire logic         m_axi_rvalid,
  output logic              m_axi_rready
);
  logic        cur_valid_q;               // a request of which beats are not yet on AR
  logic [1:0]  cur_client_q;
  logic [63:0] cur_addr_q;
  logic [6:0]  cur_left_q;
  logic [7:0]  had_q;                     // beats of LOAD since the last burst of weights
  logic [2:0]  open_q;                    // bursts of weights on their way
  logic [5:0]  recent_q;                  // LOAD asked less than so many cycles ago
  logic        arvalid_q;
  logic [63:0] araddr_q;
  logic [7:0]  arlen_q;
  logic [5:0]  beat_q;                    // beats of the oldest burst received

  logic [1:0]  pick;
  logic        pick_valid, accept, issue;
  logic [8:0]  to_4k;                     // beats to the next 4 KB boundary, 1..256
  logic [6:0]  burst;
  logic        order_ready, order_valid, order_pop;
  logic [65:0] order_data;
  logic [2:0]  order_level;
  logic        r_fire, weights_may, short_burst;
  assign short_burst = req_beats_i[20:14] <= 7'd16;
  assign weights_may = req_valid_i[2] && open_q < (short_burst ? 3'd3 : 3'd2)
                       && (recent_q == '0 || had_q >= 8'd64);

  always_comb begin
    pick       = 2'd0;
    pick_valid = req_valid_i[1:0] != '0 || weights_may;
    if (req_valid_i[0]) begin
      pick = 2'd0;
    end else if (req_valid_i[1] && !(weights_may && had_q >= 8'd64)) begin
      pick = 2'd1;
    end else begin
      pick = 2'd2;
    end
  end

  assign accept = pick_valid && !flush_i && !cur_valid_q;
  always_comb begin
    req_ready_o = '0;
    req_ready_o[pick] = accept;
  end

  assign to_4k = 9'd256 - {1'b0, cur_addr_q[11:4]};
  assign burst = ({2'b00, cur_left_q} > to_4k) ? to_4k[6:0] : cur_left_q;
  assign issue = cur_valid_q && !flush_i && order_ready && (!arvalid_q || m_axi_arready);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cur_valid_q <= 1'b0;
      had_q       <= '0;
      open_q      <= '0;
      recent_q    <= '0;
      arvalid_q   <= 1'b0;
    end else begin
      if (m_axi_arready) begin
        arvalid_q <= 1'b0;
      end
      if (accept) begin
        cur_valid_q <= 1'b1;
        if (pick == 2'd2) begin
          had_q <= '0;
        end else if (pick == 2'd1 && !had_q[7]) begin
          had_q <= had_q + {1'b0, req_beats_i[13:7]};
        end
      end
      recent_q <= (accept && pick == 2'd1) ? 6'd48 : recent_q - 6'(recent_q != '0);
      open_q <= open_q + {2'd0, issue && cur_client_q == 2'd2}
                - {2'd0, order_pop && order_data[65:64] == 2'd2};
      if (issue) begin
        arvalid_q   <= 1'b1;
        cur_valid_q <= burst != cur_left_q;
      end
      if (flush_i) begin
        cur_valid_q <= 1'b0;
      end
    end
  end

  logic [63:0] pick_addr;
  logic [6:0]  pick_beats;
  always_comb begin
    pick_addr  = req_addr_i[63:0];
    pick_beats = req_beats_i[6:0];
    for (int c = 1; c < 3; c++) begin
      if (pick == 2'(c)) begin
        pick_addr  = req_addr_i[64*c +: 64];
        pick_beats = req_beats_i[7*c +: 7];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (accept) begin
      cur_client_q <= pick;
      cur_addr_q   <= pick_addr;
      cur_left_q   <= pick_beats;
    end
    if (issue) begin
      araddr_q   <= cur_addr_q;
      arlen_q    <= {1'b0, burst} - 8'd1;
      cur_addr_q <= cur_addr_q + {53'd0, burst, 4'd0};
      cur_left_q <= cur_left_q - burst;
    end
  end

  // One entry per burst from the cycle in which its AR is shown: whose it is, and where it starts.
  assign order_pop = r_fire && m_axi_rlast;
  gantry_fifo #(.Width(66), .Depth(4)) u_order (
    .clk_i, .rst_ni, .clear_i(1'b0),
    .s_axis_tvalid(issue), .s_axis_tready(order_ready), .s_axis_tdata({cur_client_q, cur_addr_q}),
    .m_axis_tvalid(order_valid), .m_axis_tready(order_pop), .m_axis_tdata(order_data),
    .level_o(order_level)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni || order_pop) begin
      beat_q <= '0;
    end else if (r_fire) begin
      beat_q <= beat_q + 1'b1;
    end
  end

  assign r_fire       = m_axi_rvalid && m_axi_rready;
  assign m_axi_rready = order_valid;
  assign data_o       = m_axi_rdata;
  always_comb begin
    data_valid_o = '0;
    data_valid_o[order_data[65:64]] = r_fire && !flush_i;
  end

  assign err_valid_o  = r_fire && m_axi_rresp[1];
  assign err_cause_o  = m_axi_rresp[0] ? `GANTRY_CAUSE_READ_DECERR : `GANTRY_CAUSE_READ_SLVERR;
  assign err_client_o = order_data[65:64];
  assign err_addr_o   = {order_data[63:12], order_data[11:0] + {2'b00, beat_q, 4'd0}};

  assign busy_o        = arvalid_q || order_level != '0;
  assign progress_o    = (arvalid_q && m_axi_arready) || r_fire;
  assign beat_o        = r_fire;
  assign m_axi_araddr  = araddr_q;
  assign m_axi_arlen   = arlen_q;
  assign m_axi_arvalid = arvalid_q;

`ifdef FORMAL
  `include "f_rd_port.vh"
`endif
endmodule
`default_nettype wire
