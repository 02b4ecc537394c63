# SPDX-License-Identifier: Apache-2.0
# Tests of gantry_compute and of the modules below it.
set(rtl ${CMAKE_SOURCE_DIR}/hw/rtl)
gantry_rtl_test(test_gantry_requant TOP gantry_requant
  FILES ${rtl}/gantry_requant.sv ${rtl}/gantry_prim_dsp.sv
  SOURCES test_gantry_requant.cc PARTS base accel)
gantry_rtl_test(test_gantry_resadd TOP gantry_resadd
  FILES ${rtl}/gantry_resadd.sv ${rtl}/gantry_prim_dsp.sv
  SOURCES test_gantry_resadd.cc PARTS base accel)
gantry_rtl_test(test_gantry_pe_chain TOP gantry_pe_chain FILES ${rtl}/gantry_pe_chain.sv
  SOURCES test_gantry_pe_chain.cc)

# The whole core: directed programs and random chains on each size. The middle one has room for
# layers worth timing, and a ring that is no power of two.
file(STRINGS ${rtl}/gantry_compute.f compute_files REGEX "\\.sv$")
list(TRANSFORM compute_files PREPEND ${rtl}/)
foreach(size 1_1024_128 2_2048_320 4_512_128)
  string(REPLACE "_" ";" sizes ${size})
  list(GET sizes 0 g)
  list(GET sizes 1 act_rows)
  list(GET sizes 2 ring_lines)
  set(window 1)
  if(g EQUAL 1)
    set(window 0)
  endif()
  gantry_rtl_test(test_gantry_compute_g${g} TOP gantry_compute FILES ${compute_files}
    PARAMS G=${g} PORTS=${g} ACT_ROWS=${act_rows} RING_LINES=${ring_lines}
      WINDOW=${window}
    SOURCES test_gantry_compute.cc test_gantry_compute_chains.cc PARTS base accel chain
    TIMEOUT 300)
  set(programs test_gantry_compute_g${g})
  if(window)
    # The same model, another program.
    list(APPEND programs test_gantry_compute_window_g${g})
    gantry_test(test_gantry_compute_window_g${g} SOURCES test_gantry_compute_window.cc
      PARTS base accel LABELS rtl LIBRARIES m_test_gantry_compute_g${g} TIMEOUT 300)
    target_include_directories(test_gantry_compute_window_g${g} PRIVATE
      ${CMAKE_CURRENT_SOURCE_DIR})
    target_compile_definitions(test_gantry_compute_window_g${g} PRIVATE
      GANTRY_RTL_MODEL=Vm_test_gantry_compute_g${g}
      GANTRY_RTL_HEADER="Vm_test_gantry_compute_g${g}.h")
  endif()
  foreach(program IN LISTS programs)
    target_compile_definitions(${program} PRIVATE TEST_G=${g} TEST_PORTS=${g}
      TEST_ACT_ROWS=${act_rows} TEST_RING_LINES=${ring_lines})
  endforeach()
endforeach()
