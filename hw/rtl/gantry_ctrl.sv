// SPDX-License-Identifier: Apache-2.0
// gantry_ctrl: registers, interrupt, and the launch with its first error.
//
//   s_axil_* --->[ gantry_axil ]--->[ registers ]---> configuration
//                                        |   ^
//            [ gantry_launch ]<----------+   +---- state, counters, [ gantry_error ]
//
// Register map: docs/isa.md. Configuration registers are written only while no launch is under way;
// such writes, writes to read-only or unknown offsets and a start during a launch have no effect
// and are answered OKAY. Unknown offsets read 0. DONE is cleared by reading AP_CTRL. ISR bits are
// set by events that IER allows, and toggled by writing 1. Reset clears configuration and launch.
// Interface: AXI4-Lite slave; registers, events and errors of all units.
// Latency: an error stands in ERROR 1 cycle after it is told.
// Throughput: as gantry_axil.
`default_nettype none
`include "gantry_spec.vh"
module gantry_ctrl #(
  parameter integer G          = 2,
  parameter integer ACT_ROWS   = 512,
  parameter integer RING_LINES = 128,
  parameter integer ACC_ROWS   = 64,
  parameter integer PORTS      = 2,
  parameter integer WINDOW     = 0,
  parameter integer Lat        = 20,            // CAP2.LAT, CAP2.RQ: the core's pipeline
  parameter integer Rq         = 17,
  parameter integer Sources    = 7              // errors of other modules
) (
  input  wire logic                  clk_i,
  input  wire logic                  rst_ni,
  output logic                       interrupt_o,
  // AXI4-Lite
  input  wire logic [11:0]           s_axil_awaddr,
  input  wire logic                  s_axil_awvalid,
  output logic                       s_axil_awready,
  input  wire logic [31:0]           s_axil_wdata,
  input  wire logic [3:0]            s_axil_wstrb,
  input  wire logic                  s_axil_wvalid,
  output logic                       s_axil_wready,
  output logic [1:0]                 s_axil_bresp,
  output logic                       s_axil_bvalid,
  input  wire logic                  s_axil_bready,
  input  wire logic [11:0]           s_axil_araddr,
  input  wire logic                  s_axil_arvalid,
  output logic                       s_axil_arready,
  output logic [31:0]                s_axil_rdata,
  output logic [1:0]                 s_axil_rresp,
  output logic                       s_axil_rvalid,
  input  wire logic                  s_axil_rready,
  // configuration: word n is the register at offset 4 n
  output logic [1023:0]              config_o,
  output logic [31:0]                ring_total_o,
  // launch
  output logic                       start_o,           // pulse before the first counted cycle
  output logic                       clear_o,
  output logic                       flush_o,
  output logic                       count_o,
  output logic [47:0]                now_o,
  input  wire logic                  end_i,
  input  wire logic                  finish_i,
  input  wire logic                  ports_busy_i,
  input  wire logic                  progress_i,
  input  wire logic [31:0]           fetch_index_i,     // named by WATCHDOG and ABORTED
  // state and counters to read
  input  wire logic                  trace_lost_i,
  input  wire logic [11:0]           levels_i,          // LOAD, COMPUTE, STORE from the low end
  input  wire logic [287:0]          totals_i,
  input  wire logic [31:0]           insn_done_i,
  input  wire logic [31:0]           rd_beats_i,
  input  wire logic [31:0]           wr_beats_i,
  // errors
  input  wire logic [Sources-1:0]    err_valid_i,
  input  wire logic [8*Sources-1:0]  err_cause_i,
  input  wire logic [4*Sources-1:0]  err_unit_i,
  input  wire logic [4*Sources-1:0]  err_port_i,
  input  wire logic [32*Sources-1:0] err_insn_i,
  input  wire logic [64*Sources-1:0] err_info_i
);
  localparam integer Lanes    = 16 * G;
  localparam integer AddLanes = (G == 1) ? 16 : 8 * G;
  localparam logic [63:0] Hash = `GANTRY_SPEC_HASH_VALUE;

  logic        write, read;
  logic [11:0] write_addr, read_addr;
  logic [31:0] write_data, read_data;
  logic [3:0]  write_strb;
  gantry_axil u_axil (
    .clk_i, .rst_ni,
    .s_axil_awaddr, .s_axil_awvalid, .s_axil_awready, .s_axil_wdata, .s_axil_wstrb,
    .s_axil_wvalid, .s_axil_wready, .s_axil_bresp, .s_axil_bvalid, .s_axil_bready,
    .s_axil_araddr, .s_axil_arvalid, .s_axil_arready, .s_axil_rdata, .s_axil_rresp,
    .s_axil_rvalid, .s_axil_rready,
    .write_o(write), .write_addr_o(write_addr), .write_data_o(write_data),
    .write_strb_o(write_strb), .read_o(read), .read_addr_o(read_addr), .read_data_i(read_data)
  );

  // ---- Launch ----
  logic        idle, done, armed, start_q, start_take, abort;
  logic [63:0] cycles;
  logic        own_valid, error;
  logic [7:0]  own_cause, cause;
  logic [63:0] own_info, info;
  logic [3:0]  unit, port;
  logic [31:0] insn;

  assign start_take = start_q && idle;
  assign start_o    = start_take;
  assign now_o      = cycles[47:0];
  gantry_launch u_launch (
    .clk_i, .rst_ni, .start_i(start_take), .abort_i(abort), .end_i, .finish_i, .error_i(error),
    .ports_busy_i, .progress_i,
    .program_i(config_o[8*`GANTRY_REG_PROGRAM +: 64]),
    .weights_i(config_o[8*`GANTRY_REG_WEIGHTS +: 64]),
    .arena_i(config_o[8*`GANTRY_REG_ARENA +: 64]),
    .input_i(config_o[8*`GANTRY_REG_INPUT +: 64]),
    .output_i(config_o[8*`GANTRY_REG_OUTPUT +: 64]),
    .trace_i(config_o[8*`GANTRY_REG_TRACE +: 64]),
    .insn_count_i(config_o[8*`GANTRY_REG_INSN_COUNT +: 32]),
    .wgt_lines_i(config_o[8*`GANTRY_REG_WGT_LINES +: 32]),
    .repeat_i(config_o[8*`GANTRY_REG_REPEAT +: 32]),
    .watchdog_i(config_o[8*`GANTRY_REG_WATCHDOG +: 32]),
    .idle_o(idle), .armed_o(armed), .clear_o, .flush_o, .count_o, .cycles_o(cycles),
    .done_o(done), .ring_total_o, .err_valid_o(own_valid), .err_cause_o(own_cause),
    .err_info_o(own_info)
  );

  gantry_error #(.N(Sources + 1)) u_error (
    .clk_i, .rst_ni, .start_i(start_take), .armed_i(armed),
    .valid_i({err_valid_i, own_valid}), .cause_i({err_cause_i, own_cause}),
    .unit_i({err_unit_i, `GANTRY_UNIT_CONTROL}), .port_i({err_port_i, 4'd0}),
    .insn_i({err_insn_i, fetch_index_i}), .info_i({err_info_i, own_info}),
    .valid_o(error), .cause_o(cause), .unit_o(unit), .port_o(port), .insn_o(insn), .info_o(info)
  );

  // ---- Writes ----
  logic        wide_write, config_write;
  logic [4:0]  write_word;
  assign wide_write   = write && write_addr[11:8] == '0;
  assign write_word   = write_addr[6:2];
  assign config_write = wide_write && idle && !start_q && !write_addr[7];
  assign abort        = wide_write && {write_addr[7:2], 2'b00} == `GANTRY_REG_ABORT
                        && write_data[0] && write_strb[0];

  generate
    for (genvar n = 0; n < 128; n++) begin : gen_byte
      if (n / 4 < 4 || n / 4 >= 30) begin : gen_other
        assign config_o[8*n +: 8] = '0;
      end else begin : gen_config
        logic [7:0] byte_q;
        assign config_o[8*n +: 8] = byte_q;
        always_ff @(posedge clk_i) begin
          if (!rst_ni) begin
            byte_q <= '0;
          end else if (config_write && write_word == 5'(n / 4) && write_strb[n%4]) begin
            byte_q <= write_data[8*(n%4) +: 8];
          end
        end
      end
    end
  endgenerate

  // ---- AP_CTRL and the interrupt ----
  logic       done_q, gie_q, low_write;
  logic [1:0] ier_q, isr_q;
  assign low_write = wide_write && write_strb[0];
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      start_q <= 1'b0;
      done_q  <= 1'b0;
      gie_q   <= 1'b0;
      ier_q   <= '0;
      isr_q   <= '0;
    end else begin
      if (low_write && {write_addr[7:2], 2'b00} == `GANTRY_REG_AP_CTRL && write_data[0]
          && idle) begin
        start_q <= 1'b1;
      end else if (idle) begin
        start_q <= 1'b0;
      end
      if (done) begin
        done_q <= 1'b1;
      end else if (read && read_addr[11:2] == '0) begin
        done_q <= 1'b0;
      end
      if (low_write && {write_addr[7:2], 2'b00} == `GANTRY_REG_GIE) begin
        gie_q <= write_data[0];
      end
      if (low_write && {write_addr[7:2], 2'b00} == `GANTRY_REG_IER) begin
        ier_q <= write_data[1:0];
      end
      if (low_write && {write_addr[7:2], 2'b00} == `GANTRY_REG_ISR) begin
        isr_q <= isr_q ^ write_data[1:0];
      end
      if (done) begin
        isr_q <= isr_q | ier_q;            // done and ready come together
      end
    end
  end
  assign interrupt_o = gie_q && isr_q != '0;

  // ---- Reads ----
  logic [31:0] cap0, cap1, cap2, status;
  always_comb begin
    cap0   = {8'(AddLanes), 8'(Lanes), 8'(PORTS), 8'(G)};
    cap1   = {16'(RING_LINES / 64), 16'(ACT_ROWS / 64)};
    cap2   = {8'(Rq), 8'(Lat), 8'(ACC_ROWS), 8'(WINDOW)};
    status = '0;
    status[`GANTRY_FIELD_STATUS_RUNNING]       = !idle;
    status[`GANTRY_FIELD_STATUS_ABORTED]       = error;
    status[`GANTRY_FIELD_STATUS_TRACE_LOST]    = trace_lost_i;
    status[`GANTRY_FIELD_STATUS_LOAD_LEVEL]    = levels_i[3:0];
    status[`GANTRY_FIELD_STATUS_COMPUTE_LEVEL] = levels_i[7:4];
    status[`GANTRY_FIELD_STATUS_STORE_LEVEL]   = levels_i[11:8];
  end

  logic [7:0] offset;
  logic [3:0] stall_word;
  assign offset     = {read_addr[7:2], 2'b00};
  assign stall_word = read_addr[5:2] - 4'(`GANTRY_REG_STALL0 >> 2);
  always_comb begin
    read_data = '0;
    if (read_addr[11:8] == '0) begin
      unique case (offset)
        `GANTRY_REG_AP_CTRL:  read_data = {28'd0, idle && !start_q, idle && !start_q, done_q,
                                           start_q};
        `GANTRY_REG_GIE:      read_data = {31'd0, gie_q};
        `GANTRY_REG_IER:      read_data = {30'd0, ier_q};
        `GANTRY_REG_ISR:      read_data = {30'd0, isr_q};
        `GANTRY_REG_ID:       read_data = 32'd`GANTRY_DEVICE_ID;
        `GANTRY_REG_VERSION:  read_data = 32'd`GANTRY_SPEC_VERSION;
        `GANTRY_REG_SPEC_HASH:     read_data = Hash[31:0];
        `GANTRY_REG_SPEC_HASH_HI:  read_data = Hash[63:32];
        `GANTRY_REG_CAP0:     read_data = cap0;
        `GANTRY_REG_CAP1:     read_data = cap1;
        `GANTRY_REG_CAP2:     read_data = cap2;
        `GANTRY_REG_STATUS:   read_data = status;
        `GANTRY_REG_ERROR:    read_data = {16'd0, port, unit, cause};
        `GANTRY_REG_ERROR_INSN:    read_data = insn;
        `GANTRY_REG_ERROR_INFO:    read_data = info[31:0];
        `GANTRY_REG_ERROR_INFO_HI: read_data = info[63:32];
        `GANTRY_REG_CYCLES:        read_data = cycles[31:0];
        `GANTRY_REG_CYCLES_HI:     read_data = cycles[63:32];
        `GANTRY_REG_INSN_DONE:     read_data = insn_done_i;
        `GANTRY_REG_RD_BEATS:      read_data = rd_beats_i;
        `GANTRY_REG_WR_BEATS:      read_data = wr_beats_i;
        default: begin
          if (offset >= `GANTRY_REG_STALL0 && offset <= `GANTRY_REG_STALL8) begin
            read_data = totals_i[32*stall_word +: 32];
          end else if (!offset[7]) begin
            read_data = config_o[32*offset[6:2] +: 32];   // unknown ones are 0
          end
        end
      endcase
    end
  end
endmodule
`default_nettype wire
