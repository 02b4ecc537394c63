# SPDX-License-Identifier: Apache-2.0
# After routing: writes the worst slack to the file that GANTRY_TIMING names, and fails when it is
# negative, so that no device image comes from a design that misses its clock.
report_timing_summary -file $::env(GANTRY_TIMING).rpt
set slack ""
foreach path [list [get_timing_paths -setup -max_paths 1] [get_timing_paths -hold -max_paths 1]] {
    set this [get_property SLACK $path]
    if {$slack eq "" || $this < $slack} { set slack $this }
}
set file [open $::env(GANTRY_TIMING) w]
puts $file $slack
close $file
if {$slack < 0} {
    error "gantry: the clock is missed by [expr {-$slack}] ns ($::env(GANTRY_TIMING).rpt)"
}
