# SPDX-License-Identifier: Apache-2.0
# Tests of gantry_compute and of the modules below it.
set(rtl ${CMAKE_SOURCE_DIR}/hw/rtl)
gantry_rtl_test(test_gantry_requant TOP gantry_requant
  FILES ${rtl}/gantry_requant.sv ${rtl}/gantry_prim_dsp.sv
  SOURCES test_gantry_requant.cc PARTS base accel)
gantry_rtl_test(test_gantry_resadd TOP gantry_resadd
  FILES ${rtl}/gantry_resadd.sv ${rtl}/gantry_prim_dsp.sv
  SOURCES test_gantry_resadd.cc PARTS base accel)

# The whole core.
file(STRINGS ${rtl}/gantry_compute.f compute_files REGEX "\\.sv$")
list(TRANSFORM compute_files PREPEND ${rtl}/)
foreach(g 1 2)
  set(compute_params G=${g} PORTS=${g} ACT_ROWS=512 RING_LINES=128)
  gantry_rtl_test(test_gantry_compute_chains_g${g} TOP gantry_compute FILES ${compute_files}
    PARAMS ${compute_params} SOURCES test_gantry_compute_chains.cc PARTS base accel chain
    TIMEOUT 300)
  target_compile_definitions(test_gantry_compute_chains_g${g} PRIVATE
    TEST_G=${g} TEST_PORTS=${g} TEST_ACT_ROWS=512 TEST_RING_LINES=128)
endforeach()
