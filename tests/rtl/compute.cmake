# SPDX-License-Identifier: Apache-2.0
# Tests of gantry_compute and of the modules below it.
set(rtl ${CMAKE_SOURCE_DIR}/hw/rtl)
gantry_rtl_test(test_gantry_requant TOP gantry_requant
  FILES ${rtl}/gantry_requant.sv ${rtl}/gantry_prim_dsp.sv
  SOURCES test_gantry_requant.cc PARTS base accel)
gantry_rtl_test(test_gantry_resadd TOP gantry_resadd
  FILES ${rtl}/gantry_resadd.sv ${rtl}/gantry_prim_dsp.sv
  SOURCES test_gantry_resadd.cc PARTS base accel)
