// All RTL of the accelerator; names relative to this folder: verilator -F, iverilog -f from here.
// Top module: gantry_kernel.
-f gantry_compute.f
gantry_kernel.sv
gantry_shell.sv
gantry_ctrl.sv
gantry_axil.sv
gantry_launch.sv
gantry_error.sv
gantry_fetch.sv
gantry_dispatch.sv
gantry_run.sv
gantry_sem.sv
gantry_retire.sv
gantry_load.sv
gantry_load_row.sv
gantry_store.sv
gantry_store_row.sv
gantry_row_seq.sv
gantry_row_walk.sv
gantry_mem.sv
gantry_rd_port.sv
gantry_wr_port.sv
gantry_wstream.sv
gantry_perf.sv
gantry_trace.sv
gantry_fifo.sv
