# SPDX-License-Identifier: Apache-2.0
# Packages the RTL as an IP and the IP as a kernel (.xo).
#
#   vivado -mode batch -source package.tcl -tclargs SPEC KERNEL_XML RTL CONSTRAINTS WORK XO
#
# SPEC and KERNEL_XML come from `gen_spec tcl CONFIG` and `gen_spec kernel CONFIG`: no register,
# port or parameter is written down here.
lassign $argv spec kernel_xml rtl constraints work xo
source $spec

# Files of a list as Verilator reads it: names relative to its folder, -f for another list.
proc files_of {list} {
    set folder [file dirname $list]
    set files {}
    set channel [open $list]
    foreach line [split [read $channel] "\n"] {
        set line [string trim [regsub {//.*} $line {}]]
        if {[regexp {^-f\s+(\S+)$} $line -> inner]} {
            lappend files {*}[files_of [file join $folder $inner]]
        } elseif {$line ne ""} {
            lappend files [file join $folder $line]
        }
    }
    close $channel
    return $files
}

# ---- An IP from the sources ----
create_project -force gantry_package $work/project -part xck26-sfvc784-2LV-c
add_files -norecurse [concat [files_of $rtl/gantry.f] $rtl/gantry_spec.vh]
set_property file_type {Verilog Header} [get_files gantry_spec.vh]
set_property include_dirs $rtl [current_fileset]
add_files -fileset constrs_1 -norecurse $constraints
set_property used_in {synthesis out_of_context} [get_files [file tail $constraints]]
set_property top $kernel [current_fileset]
update_compile_order -fileset sources_1

ipx::package_project -root_dir $work/ip -vendor gantry -library kernel -taxonomy /KernelIP \
    -import_files -set_current false
ipx::unload_core $work/ip/component.xml
ipx::edit_ip_in_project -upgrade true -name gantry_edit -directory $work/edit \
    $work/ip/component.xml
set core [ipx::current_core]
set_property version $spec_version.0 $core
set_property display_name "Gantry $configuration" $core
set_property description "Specification $spec_hash, configuration $configuration" $core

foreach {name value} $parameters {
    set_property value $value [ipx::get_user_parameters $name -of_objects $core]
    set_property value $value [ipx::get_hdl_parameters $name -of_objects $core]
}

# ---- Interfaces: one clock for all ----
foreach port $silent {
    ipx::remove_bus_interface $port $core
}
foreach port [concat s_axi_control $masters] {
    ipx::associate_bus_interfaces -busif $port -clock ap_clk $core
}
ipx::associate_bus_interfaces -clock ap_clk -reset ap_rst_n $core
set clock [ipx::get_bus_interfaces ap_clk -of_objects $core]
set_property value_resolve_type user [ipx::add_bus_parameter FREQ_HZ $clock]
# What the interconnect has to keep open; gantry_rd_port and gantry_wr_port say why.
foreach port $masters {
    set interface [ipx::get_bus_interfaces $port -of_objects $core]
    foreach {name value} {
        MAX_BURST_LENGTH 64  NUM_READ_OUTSTANDING 4  NUM_WRITE_OUTSTANDING 8
        SUPPORTS_NARROW_BURST 0  HAS_BURST 0
    } {
        set_property value $value [ipx::add_bus_parameter $name $interface]
    }
}

# ---- Registers ----
set map [ipx::add_memory_map s_axi_control $core]
set block [ipx::add_address_block reg0 $map]
set_property range 4096 $block
set_property width 32 $block
foreach row $registers {
    lassign $row name offset bits access master meaning
    set register [ipx::add_register $name $block]
    set_property description $meaning $register
    set_property address_offset $offset $register
    set_property size $bits $register
    set_property access $access $register
    if {$master ne ""} {
        set_property value $master [ipx::add_register_parameter ASSOCIATED_BUSIF $register]
    }
    foreach field $fields {
        lassign $field of field_name lsb width field_meaning
        if {$of ne $name} continue
        set bits_of [ipx::add_field $field_name $register]
        set_property description $field_meaning $bits_of
        set_property bit_offset $lsb $bits_of
        set_property bit_width $width $bits_of
        set_property access $access $bits_of
    }
}
set_property slave_memory_map_ref s_axi_control \
    [ipx::get_bus_interfaces s_axi_control -of_objects $core]

# ---- The kernel ----
set_property sdx_kernel true $core
set_property sdx_kernel_type rtl $core
set_property supported_families {} $core
set_property auto_family_support_level level_2 $core
ipx::create_xgui_files $core
ipx::update_checksums $core
ipx::check_integrity -kernel $core
ipx::save_core $core
close_project -delete
package_xo -force -kernel_name $kernel -ip_directory $work/ip -kernel_xml $kernel_xml \
    -ctrl_protocol ap_ctrl_hs -xo_path $xo
