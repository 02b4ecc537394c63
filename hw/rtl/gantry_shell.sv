// SPDX-License-Identifier: Apache-2.0
// gantry_shell: the whole accelerator with flat buses; wires only.
//
//   s_axil_* ---> [ gantry_ctrl ] <--- errors, counters, trace of every unit
//   [ gantry_fetch ]->[ gantry_dispatch ]->[ gantry_run, _load, _compute, _store ]
//                     semaphores: gantry_sem           records: gantry_perf, gantry_trace
//   m_axi_* <--> [ gantry_mem: read ports, write ports, weight streams ]
//
// Master p of m_axi_* is field p from the low end. All bursts are INCR with 16-byte beats.
// Interface: AXI4-Lite slave, PORTS AXI4 masters on flat buses.
// Latency: none: wires.
// Throughput: one beat a cycle, port and direction.
`default_nettype none
`include "gantry_spec.vh"
module gantry_shell #(
  parameter integer G          = 2,
  parameter integer ACT_ROWS   = 512,
  parameter integer RING_LINES = 128,
  parameter integer ACC_ROWS   = 64,
  parameter integer PORTS      = 2,
  parameter integer WINDOW     = 0,
  parameter integer Lat        = 9,            // CAP2: step to written accumulator row,
  parameter integer Rq         = 20            // and drain step to written activation word
) (
  input  wire logic                 clk_i,
  input  wire logic                 rst_ni,
  output logic                      interrupt_o,
  // AXI4-Lite
  input  wire logic [11:0]            s_axil_awaddr,
  input  wire logic                   s_axil_awvalid,
  output logic                        s_axil_awready,
  input  wire logic [31:0]            s_axil_wdata,
  input  wire logic [3:0]             s_axil_wstrb,
  input  wire logic                   s_axil_wvalid,
  output logic                        s_axil_wready,
  output logic [1:0]                  s_axil_bresp,
  output logic                        s_axil_bvalid,
  input  wire logic                   s_axil_bready,
  input  wire logic [11:0]            s_axil_araddr,
  input  wire logic                   s_axil_arvalid,
  output logic                        s_axil_arready,
  output logic [31:0]                 s_axil_rdata,
  output logic [1:0]                  s_axil_rresp,
  output logic                        s_axil_rvalid,
  input  wire logic                   s_axil_rready,
  // AXI4, port p from the low end
  output logic [PORTS*64-1:0]       m_axi_awaddr,
  output logic [PORTS*8-1:0]        m_axi_awlen,
  output logic [PORTS-1:0]          m_axi_awvalid,
  input  wire logic [PORTS-1:0]     m_axi_awready,
  output logic [PORTS*128-1:0]      m_axi_wdata,
  output logic [PORTS*16-1:0]       m_axi_wstrb,
  output logic [PORTS-1:0]          m_axi_wlast,
  output logic [PORTS-1:0]          m_axi_wvalid,
  input  wire logic [PORTS-1:0]     m_axi_wready,
  input  wire logic [PORTS*2-1:0]   m_axi_bresp,
  input  wire logic [PORTS-1:0]     m_axi_bvalid,
  output logic [PORTS-1:0]          m_axi_bready,
  output logic [PORTS*64-1:0]       m_axi_araddr,
  output logic [PORTS*8-1:0]        m_axi_arlen,
  output logic [PORTS-1:0]          m_axi_arvalid,
  input  wire logic [PORTS-1:0]     m_axi_arready,
  input  wire logic [PORTS*128-1:0] m_axi_rdata,
  input  wire logic [PORTS*2-1:0]   m_axi_rresp,
  input  wire logic [PORTS-1:0]     m_axi_rlast,
  input  wire logic [PORTS-1:0]     m_axi_rvalid,
  output logic [PORTS-1:0]          m_axi_rready
);
  localparam integer NPX   = 2 * G;
  localparam integer BankW = $clog2(NPX);

`ifndef __ICARUS__
  if (G != 1 && G != 2 && G != 4) begin : gen_check
    $error("gantry_shell: G must be 1, 2 or 4");
  end
`endif

  // ---- Control ----
  logic [1023:0] cfg;
  logic [31:0]   ring_total;
  logic          start, clear, flush, count, run_end, finish, ports_busy, mem_progress;
  logic [47:0]   now;
  logic          trace_lost;
  logic [3:0]    load_level, compute_level, store_level;
  logic [287:0]  totals;
  logic [31:0]   insn_done, rd_beats, wr_beats;
  logic [3:0]    unit_start, unit_done, sem_req, sem_grant, sem_signal_valid;
  logic [63:0]   sem_mask, sem_signal;
  logic [127:0]  unit_index;
  logic          compute_finish, balanced;
  logic [3:0]    skewed;
  logic [31:0]   finish_index;
  logic [8:0]    stall;

  // Errors: 0 dispatch, 1 fetch, 2 semaphores, 3 run, 4 LOAD, 5 COMPUTE, 6 STORE, 7 ports.
  logic [7:0]    err_valid;
  logic [63:0]   err_cause;
  logic [31:0]   err_unit, err_port;
  logic [255:0]  err_insn;
  logic [511:0]  err_info;
  assign err_unit[7:0]      = {`GANTRY_UNIT_FETCH, `GANTRY_UNIT_FETCH};
  assign err_unit[19:12]    = {`GANTRY_UNIT_LOAD, `GANTRY_UNIT_FETCH};
  assign err_unit[27:24]    = `GANTRY_UNIT_STORE;
  // The core finds what belongs to other units: legality of CONV and the end of the weights.
  assign err_unit[23:20]    = (err_cause[47:40] == `GANTRY_CAUSE_FIELD_RANGE) ? `GANTRY_UNIT_FETCH
                              : (err_cause[47:40] == `GANTRY_CAUSE_WEIGHTS_EXHAUSTED)
                                ? `GANTRY_UNIT_WEIGHT : `GANTRY_UNIT_COMPUTE;
  assign err_port[27:0]     = '0;
  assign err_cause[31:8]    = {`GANTRY_CAUSE_SEMAPHORE, `GANTRY_CAUSE_SEMAPHORE,
                               `GANTRY_CAUSE_NO_END};
  assign err_info[127:64]   = '0;
  assign err_info[255:192]  = 64'(skewed);
  assign err_insn[127:96]   = unit_index[31:0];
  assign err_insn[159:128]  = unit_index[63:32];
  assign err_insn[223:192]  = unit_index[127:96];

  gantry_ctrl #(
    .G(G), .ACT_ROWS(ACT_ROWS), .RING_LINES(RING_LINES), .ACC_ROWS(ACC_ROWS), .PORTS(PORTS),
    .WINDOW(WINDOW), .Lat(Lat), .Rq(Rq), .Sources(8)
  ) u_ctrl (
    .clk_i, .rst_ni, .interrupt_o,
    .s_axil_awaddr, .s_axil_awvalid, .s_axil_awready, .s_axil_wdata, .s_axil_wstrb,
    .s_axil_wvalid, .s_axil_wready, .s_axil_bresp, .s_axil_bvalid, .s_axil_bready,
    .s_axil_araddr, .s_axil_arvalid, .s_axil_arready, .s_axil_rdata, .s_axil_rresp,
    .s_axil_rvalid, .s_axil_rready,
    .config_o(cfg), .ring_total_o(ring_total), .start_o(start), .clear_o(clear), .flush_o(flush),
    .count_o(count), .now_o(now), .end_i(run_end), .finish_i(finish), .ports_busy_i(ports_busy),
    .progress_i(mem_progress || unit_done != '0 || compute_finish || stall[`GANTRY_STALL_BUSY]),
    .fetch_index_i(unit_index[31:0]), .trace_lost_i(trace_lost),
    .levels_i({store_level, compute_level, load_level}), .totals_i(totals),
    .insn_done_i(insn_done), .rd_beats_i(rd_beats), .wr_beats_i(wr_beats),
    .err_valid_i(err_valid), .err_cause_i(err_cause), .err_unit_i(err_unit),
    .err_port_i(err_port), .err_insn_i(err_insn), .err_info_i(err_info)
  );

  // ---- Fetch, dispatch, NOP and END, semaphores ----
  logic         fetch_req_valid, fetch_req_ready, fetch_data_valid, restart;
  logic [63:0]  fetch_req_addr;
  logic [6:0]   fetch_req_beats;
  logic         fetched_valid, fetched_ready;
  logic [511:0] fetched, insn;
  logic [31:0]  fetched_index;
  logic [3:0]   insn_valid, insn_ready;
  logic         load_idle, load_active, compute_idle, store_idle, slots_idle, trace_idle;
  logic [PORTS*128-1:0] rdata;

  gantry_fetch u_fetch (
    .clk_i, .rst_ni, .clear_i(clear), .restart_i(restart),
    .program_i(cfg[8*`GANTRY_REG_PROGRAM +: 64]),
    .insn_count_i(cfg[8*`GANTRY_REG_INSN_COUNT +: 32]),
    .req_valid_o(fetch_req_valid), .req_ready_i(fetch_req_ready), .req_addr_o(fetch_req_addr),
    .req_beats_o(fetch_req_beats), .data_valid_i(fetch_data_valid), .data_i(rdata[127:0]),
    .m_axis_insn_tvalid(fetched_valid), .m_axis_insn_tready(fetched_ready),
    .m_axis_insn_tdata(fetched), .m_axis_insn_tuser(fetched_index),
    .err_valid_o(err_valid[1]), .err_insn_o(err_insn[63:32])
  );
  gantry_dispatch #(.WINDOW(WINDOW)) u_dispatch (
    .clk_i, .rst_ni, .clear_i(clear),
    .s_axis_insn_tvalid(fetched_valid), .s_axis_insn_tready(fetched_ready),
    .s_axis_insn_tdata(fetched), .s_axis_insn_tuser(fetched_index),
    .m_axis_insn_tvalid(insn_valid), .m_axis_insn_tready(insn_ready), .m_axis_insn_tdata(insn),
    .m_axis_insn_tuser(unit_index[31:0]),
    .err_valid_o(err_valid[0]), .err_cause_o(err_cause[7:0]), .err_insn_o(err_insn[31:0]),
    .err_info_o(err_info[63:0])
  );
  gantry_run u_run (
    .clk_i, .rst_ni, .clear_i(clear),
    .s_axis_insn_tvalid(insn_valid[0]), .s_axis_insn_tready(insn_ready[0]),
    .s_axis_insn_tdata(insn), .repeat_i(cfg[8*`GANTRY_REG_REPEAT +: 32]),
    .sem_req_o(sem_req[0]), .sem_mask_o(sem_mask[15:0]), .sem_grant_i(sem_grant[0]),
    .sem_signal_valid_o(sem_signal_valid[0]), .sem_signal_o(sem_signal[15:0]),
    .balanced_i(balanced), .idle_i(load_idle && compute_idle && store_idle),
    .trace_idle_i(trace_idle && slots_idle), .start_o(unit_start[0]), .done_o(unit_done[0]),
    .restart_o(restart), .end_o(run_end), .finish_o(finish), .err_valid_o(err_valid[3])
  );
  gantry_sem u_sem (
    .clk_i, .rst_ni, .clear_i(clear), .init_i(cfg[8*`GANTRY_REG_SEM_INIT +: 64]),
    .req_i(sem_req), .mask_i(sem_mask), .grant_o(sem_grant), .signal_valid_i(sem_signal_valid),
    .signal_i(sem_signal),
    .signal_insn_i({unit_index[127:96], finish_index, unit_index[63:0]}),
    .balanced_o(balanced), .skewed_o(skewed), .err_valid_o(err_valid[2]),
    .err_unit_o(err_unit[11:8]), .err_insn_o(err_insn[95:64]), .err_info_o(err_info[191:128])
  );
  gantry_retire u_retire (
    .clk_i, .rst_ni, .clear_i(clear), .front_done_i(unit_done[2]),
    .front_index_i(unit_index[95:64]), .finish_i(compute_finish), .index_o(finish_index)
  );

  // ---- LOAD and STORE ----
  logic [PORTS-1:0]       load_req_valid, load_req_ready, load_data_valid;
  logic [PORTS*64-1:0]    load_req_addr, store_req_addr;
  logic [PORTS*7-1:0]     load_req_beats, store_req_beats;
  logic [PORTS-1:0]       load_valid, load_ready, act_valid, act_ready, act_data_valid;
  logic [PORTS*BankW-1:0] load_bank, act_bank;
  logic [PORTS*16-1:0]    load_row, act_row;
  logic [PORTS*128-1:0]   load_data, act_data, store_data;
  logic [PORTS-1:0]       store_req_valid, store_req_ready, store_valid, store_ready;
  logic [PORTS-1:0]       store_pending;
  logic [191:0]           buffer_base;
  logic [95:0]            buffer_bytes, run_stride;
  assign buffer_base  = cfg[8*`GANTRY_REG_ARENA +: 192];
  assign buffer_bytes = cfg[8*`GANTRY_REG_ARENA_BYTES +: 96];
  assign run_stride   = {cfg[8*`GANTRY_REG_OUTPUT_STRIDE +: 32],
                         cfg[8*`GANTRY_REG_INPUT_STRIDE +: 32],
                         cfg[8*`GANTRY_REG_ARENA_STRIDE +: 32]};

  gantry_load #(.NPX(NPX), .ACT_ROWS(ACT_ROWS), .PORTS(PORTS)) u_load (
    .clk_i, .rst_ni, .clear_i(clear),
    .s_axis_insn_tvalid(insn_valid[1]), .s_axis_insn_tready(insn_ready[1]),
    .s_axis_insn_tdata(insn), .s_axis_insn_tuser(unit_index[31:0]),
    .level_o(load_level), .idle_o(load_idle), .active_o(load_active),
    .buffer_base_i(buffer_base), .buffer_bytes_i(buffer_bytes),
    .run_stride_i(run_stride),
    .sem_req_o(sem_req[1]), .sem_mask_o(sem_mask[31:16]), .sem_grant_i(sem_grant[1]),
    .sem_signal_valid_o(sem_signal_valid[1]), .sem_signal_o(sem_signal[31:16]),
    .req_valid_o(load_req_valid), .req_ready_i(load_req_ready), .req_addr_o(load_req_addr),
    .req_beats_o(load_req_beats), .data_valid_i(load_data_valid), .data_i(rdata),
    .load_valid_o(load_valid), .load_ready_i(load_ready), .load_bank_o(load_bank),
    .load_row_o(load_row), .load_data_o(load_data),
    .start_o(unit_start[1]), .done_o(unit_done[1]), .index_o(unit_index[63:32]),
    .err_valid_o(err_valid[4]), .err_cause_o(err_cause[39:32]), .err_info_o(err_info[319:256])
  );
  gantry_store #(.NPX(NPX), .ACT_ROWS(ACT_ROWS), .PORTS(PORTS)) u_store (
    .clk_i, .rst_ni, .clear_i(clear),
    .s_axis_insn_tvalid(insn_valid[3]), .s_axis_insn_tready(insn_ready[3]),
    .s_axis_insn_tdata(insn), .s_axis_insn_tuser(unit_index[31:0]),
    .level_o(store_level), .idle_o(store_idle),
    .buffer_base_i(buffer_base), .buffer_bytes_i(buffer_bytes),
    .run_stride_i(run_stride),
    .sem_req_o(sem_req[3]), .sem_mask_o(sem_mask[63:48]), .sem_grant_i(sem_grant[3]),
    .sem_signal_valid_o(sem_signal_valid[3]), .sem_signal_o(sem_signal[63:48]),
    .store_valid_o(act_valid), .store_ready_i(act_ready), .store_bank_o(act_bank),
    .store_row_o(act_row), .store_data_valid_i(act_data_valid), .store_data_i(act_data),
    .req_valid_o(store_req_valid), .req_ready_i(store_req_ready), .req_addr_o(store_req_addr),
    .req_beats_o(store_req_beats), .data_valid_o(store_valid), .data_ready_i(store_ready),
    .data_o(store_data), .pending_i(store_pending),
    .start_o(unit_start[3]), .done_o(unit_done[3]), .index_o(unit_index[127:96]),
    .err_valid_o(err_valid[6]), .err_cause_o(err_cause[55:48]), .err_info_o(err_info[447:384])
  );

  // ---- The compute core ----
  logic [PORTS-1:0] ring_valid;
  logic [31:0]      ring_freed;
  logic [5:0]       compute_opcode;
  gantry_compute #(
    .G(G), .ACT_ROWS(ACT_ROWS), .RING_LINES(RING_LINES), .ACC_ROWS(ACC_ROWS), .PORTS(PORTS),
    .WINDOW(WINDOW)
  ) u_compute (
    .clk_i, .rst_ni, .clear_i(clear),
    .s_axis_insn_tvalid(insn_valid[2]), .s_axis_insn_tready(insn_ready[2]),
    .s_axis_insn_tdata(insn), .s_axis_insn_tuser(unit_index[31:0]), .level_o(compute_level),
    .sem_req_o(sem_req[2]), .sem_mask_o(sem_mask[47:32]), .sem_grant_i(sem_grant[2]),
    .sem_signal_valid_o(sem_signal_valid[2]), .sem_signal_o(sem_signal[47:32]),
    .ring_valid_i(ring_valid), .ring_data_i(rdata), .ring_freed_o(ring_freed),
    .ring_total_i(ring_total), .ring_period_i(cfg[8*`GANTRY_REG_WGT_LINES +: 32]),
    .load_valid_i(load_valid), .load_ready_o(load_ready), .load_bank_i(load_bank),
    .load_row_i(load_row), .load_data_i(load_data),
    .store_valid_i(act_valid), .store_ready_o(act_ready), .store_bank_i(act_bank),
    .store_row_i(act_row), .store_data_valid_o(act_data_valid), .store_data_o(act_data),
    .stall_o(stall), .front_start_o(unit_start[2]), .front_done_o(unit_done[2]),
    .front_index_o(unit_index[95:64]), .front_opcode_o(compute_opcode),
    .insn_done_o(compute_finish), .idle_o(compute_idle),
    .err_valid_o(err_valid[5]), .err_cause_o(err_cause[47:40]), .err_insn_o(err_insn[191:160]),
    .err_info_o(err_info[383:320])
  );

  // ---- Counters and trace ----
  logic         rec_valid, trace_req_valid, trace_req_ready, trace_valid, trace_ready;
  logic         trace_pending;
  logic [511:0] rec;
  logic [63:0]  trace_req_addr;
  logic [6:0]   trace_req_beats;
  logic [127:0] trace_data;
  logic [PORTS-1:0] rd_beat, wr_beat;

  gantry_perf #(.PORTS(PORTS)) u_perf (
    .clk_i, .rst_ni, .start_i(start), .count_i(count), .clear_i(clear),
    .trace_on_i(cfg[8*`GANTRY_REG_FLAGS]), .now_i(now), .stall_i(stall),
    .unit_start_i(unit_start), .unit_done_i(unit_done), .unit_index_i(unit_index),
    .unit_opcode_i({`GANTRY_INSN_STORE, compute_opcode, `GANTRY_INSN_LOAD, insn[5:0]}),
    .end_i(run_end), .compute_finish_i(compute_finish), .rd_beat_i(rd_beat),
    .wr_beat_i(wr_beat), .totals_o(totals), .insn_done_o(insn_done), .rd_beats_o(rd_beats),
    .wr_beats_o(wr_beats), .idle_o(slots_idle), .m_axis_record_tvalid(rec_valid),
    .m_axis_record_tdata(rec)
  );
  gantry_trace u_trace (
    .clk_i, .rst_ni, .clear_i(clear), .start_i(start),
    .trace_i(cfg[8*`GANTRY_REG_TRACE +: 64]), .trace_size_i(cfg[8*`GANTRY_REG_TRACE_SIZE +: 32]),
    .s_axis_record_tvalid(rec_valid), .s_axis_record_tdata(rec), .lost_o(trace_lost),
    .idle_o(trace_idle), .req_valid_o(trace_req_valid), .req_ready_i(trace_req_ready),
    .req_addr_o(trace_req_addr), .req_beats_o(trace_req_beats), .data_valid_o(trace_valid),
    .data_ready_i(trace_ready), .data_o(trace_data), .pending_i(trace_pending)
  );

  // ---- Memory ----
  gantry_mem #(.PORTS(PORTS), .RING_LINES(RING_LINES)) u_mem (
    .clk_i, .rst_ni, .clear_i(clear), .flush_i(flush), .busy_o(ports_busy),
    .progress_o(mem_progress), .rd_beat_o(rd_beat), .wr_beat_o(wr_beat),
    .weights_i(cfg[8*`GANTRY_REG_WEIGHTS +: 64]),
    .wgt_lines_i(cfg[8*`GANTRY_REG_WGT_LINES +: 32]),
    .repeat_i(cfg[8*`GANTRY_REG_REPEAT +: 32]), .ring_freed_i(ring_freed),
    .ring_valid_o(ring_valid), .load_active_i(load_active),
    .fetch_req_valid_i(fetch_req_valid), .fetch_req_ready_o(fetch_req_ready),
    .fetch_req_addr_i(fetch_req_addr), .fetch_req_beats_i(fetch_req_beats),
    .fetch_data_valid_o(fetch_data_valid),
    .load_req_valid_i(load_req_valid), .load_req_ready_o(load_req_ready),
    .load_req_addr_i(load_req_addr), .load_req_beats_i(load_req_beats),
    .load_data_valid_o(load_data_valid), .data_o(rdata),
    .store_req_valid_i(store_req_valid), .store_req_ready_o(store_req_ready),
    .store_req_addr_i(store_req_addr), .store_req_beats_i(store_req_beats),
    .store_data_valid_i(store_valid), .store_data_ready_o(store_ready),
    .store_data_i(store_data), .store_pending_o(store_pending),
    .trace_req_valid_i(trace_req_valid), .trace_req_ready_o(trace_req_ready),
    .trace_req_addr_i(trace_req_addr), .trace_req_beats_i(trace_req_beats),
    .trace_data_valid_i(trace_valid), .trace_data_ready_o(trace_ready),
    .trace_data_i(trace_data), .trace_pending_o(trace_pending),
    .fetch_index_i(unit_index[31:0]), .load_index_i(unit_index[63:32]),
    .store_index_i(unit_index[127:96]), .compute_index_i(unit_index[95:64]),
    .err_valid_o(err_valid[7]), .err_cause_o(err_cause[63:56]), .err_unit_o(err_unit[31:28]),
    .err_port_o(err_port[31:28]), .err_insn_o(err_insn[255:224]), .err_info_o(err_info[511:448]),
    .m_axi_awaddr, .m_axi_awlen, .m_axi_awvalid, .m_axi_awready, .m_axi_wdata, .m_axi_wstrb,
    .m_axi_wlast, .m_axi_wvalid, .m_axi_wready, .m_axi_bresp, .m_axi_bvalid, .m_axi_bready,
    .m_axi_araddr, .m_axi_arlen, .m_axi_arvalid, .m_axi_arready, .m_axi_rdata, .m_axi_rresp,
    .m_axi_rlast, .m_axi_rvalid, .m_axi_rready
  );
endmodule
`default_nettype wire
