# SPDX-License-Identifier: Apache-2.0
# The hardware platform that kernels are linked into: processor, two clocks, four ports to memory,
# interrupts; the fabric is empty.
#
#   vivado -mode batch -source platform.tcl -tclargs NAME WORK XSA
#
# gantry.dts repeats three things of this file, for Linux: widths of the ports, pl_clk0 and the
# interrupts.
lassign $argv name work xsa

set board [lindex [get_board_parts *:kv260_som:part0:* -latest_file_version] 0]
if {$board eq ""} {
    error "gantry: Vivado has no board files of the KV260; install them with the Vivado store"
}
create_project -force $name $work/platform -part xck26-sfvc784-2LV-c
set_property board_part $board [current_project]
set_property platform.extensible true [current_project]
create_bd_design $name

# ---- Processor ----
set ps [create_bd_cell -type ip -vlnv xilinx.com:ip:zynq_ultra_ps_e ps]
apply_bd_automation -rule xilinx.com:bd_rule:zynq_ultra_ps_e -config {apply_board_preset 1} $ps
set_property -dict {
    CONFIG.PSU__FPGA_PL0_ENABLE 1
    CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ 100
    CONFIG.PSU__USE__IRQ0 1
    CONFIG.PSU__USE__M_AXI_GP0 1
    CONFIG.PSU__MAXIGP0__DATA_WIDTH 32
    CONFIG.PSU__USE__M_AXI_GP1 0
    CONFIG.PSU__USE__M_AXI_GP2 0
} $ps

# ---- Clocks: the one that is aimed at, and the one to fall back to ----
set wizard [create_bd_cell -type ip -vlnv xilinx.com:ip:clk_wiz clocks]
set_property -dict {
    CONFIG.PRIM_IN_FREQ 100.000
    CONFIG.CLKOUT1_REQUESTED_OUT_FREQ 300.000
    CONFIG.CLKOUT2_USED true
    CONFIG.CLKOUT2_REQUESTED_OUT_FREQ 250.000
    CONFIG.RESET_TYPE ACTIVE_LOW
    CONFIG.RESET_PORT resetn
} $wizard
connect_bd_net [get_bd_pins ps/pl_clk0] [get_bd_pins clocks/clk_in1]
connect_bd_net [get_bd_pins ps/pl_resetn0] [get_bd_pins clocks/resetn]
foreach {output reset} {clk_out1 reset_300 clk_out2 reset_250} {
    create_bd_cell -type ip -vlnv xilinx.com:ip:proc_sys_reset $reset
    connect_bd_net [get_bd_pins clocks/$output] [get_bd_pins $reset/slowest_sync_clk]
    connect_bd_net [get_bd_pins ps/pl_resetn0] [get_bd_pins $reset/ext_reset_in]
    connect_bd_net [get_bd_pins clocks/locked] [get_bd_pins $reset/dcm_locked]
}
connect_bd_net [get_bd_pins clocks/clk_out1] [get_bd_pins ps/maxihpm0_fpd_aclk]

# ---- Interrupts: straight to the processor ----
set interrupts [create_bd_cell -type ip -vlnv xilinx.com:ip:xlconcat interrupts]
set_property CONFIG.NUM_PORTS 8 $interrupts
connect_bd_net [get_bd_pins interrupts/dout] [get_bd_pins ps/pl_ps_irq0]

# ---- What the linker may use ----
set_property PFM_NAME gantry:kv260:$name:1.0 [get_files $name.bd]
set_property PFM.CLOCK {
    clk_out1 {id "0" is_default "true" proc_sys_reset "/reset_300" status "fixed"}
    clk_out2 {id "1" is_default "false" proc_sys_reset "/reset_250" status "fixed"}
} $wizard
set ports {M_AXI_HPM0_FPD {memport "M_AXI_GP"}}
for {set i 0} {$i < 4} {incr i} {
    lappend ports S_AXI_HP${i}_FPD \
        "memport \"S_AXI_HP\" sptag \"HP$i\" memory \"ps HP${i}_DDR_LOW\""
}
set_property PFM.AXI_PORT $ports $ps
set irqs {}
for {set i 0} {$i < 8} {incr i} { lappend irqs In$i {} }
set_property PFM.IRQ $irqs $interrupts

assign_bd_address
validate_bd_design
save_bd_design
make_wrapper -files [get_files $name.bd] -top -import
generate_target all [get_files $name.bd]
set_property platform.design_intent.embedded true [current_project]
set_property platform.design_intent.server_managed false [current_project]
set_property platform.design_intent.external_host false [current_project]
set_property platform.design_intent.datacenter false [current_project]
set_property platform.default_output_type sd_card [current_project]
write_hw_platform -hw -force -file $xsa
close_project
