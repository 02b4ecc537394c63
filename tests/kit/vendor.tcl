# SPDX-License-Identifier: Apache-2.0
# Runs a script for Vivado or xsct without either: every command of theirs that the kit uses is
# written to a log with its arguments, checked for the options it knows, and answered.
#
#   tclsh vendor.tcl LOG SCRIPT ARGUMENTS...
# Environment: VENDOR_SLACK, what get_property SLACK answers; VENDOR_HIDE, folders divided by ":"
# that the log names by number, so that it is the same everywhere.

# command: options that it may be given
array set known {
    create_project {-force -part}          add_files {-norecurse -fileset}
    set_property {-dict}                   get_property {}
    get_files {}                           current_fileset {}
    current_project {}                     update_compile_order {-fileset}
    close_project {-delete}                get_board_parts {-latest_file_version}
    get_timing_paths {-setup -hold -max_paths}
    report_timing_summary {-file}
    ipx::package_project {-root_dir -vendor -library -taxonomy -import_files -set_current}
    ipx::unload_core {}                    ipx::current_core {}
    ipx::edit_ip_in_project {-upgrade -name -directory}
    ipx::get_user_parameters {-of_objects} ipx::get_hdl_parameters {-of_objects}
    ipx::get_bus_interfaces {-of_objects}  ipx::add_bus_parameter {}
    ipx::remove_bus_interface {}           ipx::associate_bus_interfaces {-busif -clock -reset}
    ipx::add_memory_map {}                 ipx::add_address_block {}
    ipx::add_register {}                   ipx::add_field {}
    ipx::add_register_parameter {}         ipx::create_xgui_files {}
    ipx::update_checksums {}               ipx::check_integrity {-kernel}
    ipx::save_core {}
    package_xo {-force -kernel_name -ip_directory -kernel_xml -ctrl_protocol -xo_path}
    create_bd_design {}                    create_bd_cell {-type -vlnv}
    apply_bd_automation {-rule -config}    connect_bd_net {}
    get_bd_pins {}                         assign_bd_address {}
    validate_bd_design {}                  save_bd_design {}
    make_wrapper {-files -top -import}     generate_target {}
    write_hw_platform {-hw -force -file}
    platform {-name -hw -out -no-boot-bsp} domain {-name -proc -os}
}

proc shown {words} {
    set hidden {}
    foreach folder [split $::env(VENDOR_HIDE) :] {
        lappend hidden $folder <[expr {[llength $hidden] / 2}]>
    }
    return [regsub -all {\s+} [string map $hidden $words] " "]
}

# Files that later steps need.
proc produce {command words} {
    set option [dict get {package_xo -xo_path write_hw_platform -file
        report_timing_summary -file} $command]
    set file [open [lindex $words [lsearch $words $option]+1] w]
    puts $file $command
    close $file
}

proc answer {command words} {
    switch -glob $command {
        get_property { return $::env(VENDOR_SLACK) }
        get_board_parts { return xilinx.com:kv260_som:part0:1.4 }
        package_xo - write_hw_platform - report_timing_summary { produce $command $words }
        add_files {
            foreach file [lindex $words end] {
                if {![file readable $file]} { error "vendor: no file $file" }
            }
        }
        create_bd_cell - *get_* - *add_* { return [string map {" " _} [shown "$command:$words"]] }
    }
}

proc vendor_command {command args} {
    puts $::log [shown "$command $args"]
    foreach word $args {
        if {[regexp {^-[a-z]} $word] && $word ni $::known($command)} {
            error "vendor: $command has no option $word"
        }
    }
    return [answer $command $args]
}

set argv [lassign $argv log_name script]
set log [open $log_name a]
namespace eval ipx {}
foreach command [array names known] {
    interp alias {} $command {} vendor_command $command
}
source $script
close $log
