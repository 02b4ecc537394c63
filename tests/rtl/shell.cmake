# SPDX-License-Identifier: Apache-2.0
# Tests of the shell: everything around gantry_compute.
set(rtl ${CMAKE_SOURCE_DIR}/hw/rtl)
set(rows ${rtl}/gantry_row_seq.sv ${rtl}/gantry_row_walk.sv ${rtl}/gantry_fifo.sv)

# LOAD and STORE for each number of ports and banks.
foreach(size 1_1 2_2 4_4)
  string(REPLACE "_" ";" pair ${size})
  list(GET pair 0 ports)
  list(GET pair 1 g)
  math(EXPR npx "2 * ${g}")
  gantry_rtl_test(test_gantry_load_${size} TOP gantry_load
    FILES ${rtl}/gantry_load.sv ${rtl}/gantry_load_row.sv ${rows}
    PARAMS PORTS=${ports} NPX=${npx} SOURCES test_gantry_load.cc PARTS base accel)
  gantry_rtl_test(test_gantry_store_${size} TOP gantry_store
    FILES ${rtl}/gantry_store.sv ${rtl}/gantry_store_row.sv ${rows}
    PARAMS PORTS=${ports} NPX=${npx} SOURCES test_gantry_store.cc PARTS base accel)
  foreach(test load store)
    target_compile_definitions(test_gantry_${test}_${size} PRIVATE
      TEST_PORTS=${ports} TEST_G=${g})
  endforeach()
endforeach()

foreach(port rd_port wr_port)
  gantry_rtl_test(test_gantry_${port} TOP gantry_${port}
    FILES ${rtl}/gantry_${port}.sv ${rtl}/gantry_fifo.sv
    SOURCES test_gantry_${port}.cc PARTS base accel)
endforeach()

gantry_rtl_test(test_gantry_ctrl TOP gantry_ctrl
  FILES ${rtl}/gantry_ctrl.sv ${rtl}/gantry_axil.sv ${rtl}/gantry_launch.sv ${rtl}/gantry_error.sv
  SOURCES test_gantry_ctrl.cc PARTS base accel)

# Readers of the RTL, and proofs. Without their tool they are skipped.
foreach(tool verilator iverilog yosys)
  add_test(NAME lint_${tool} COMMAND ${CMAKE_SOURCE_DIR}/hw/lint/lint.sh ${tool})
  set_tests_properties(lint_${tool} PROPERTIES LABELS "rtl;lint" SKIP_RETURN_CODE 77 TIMEOUT 300)
endforeach()
foreach(table proofs mutants)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${CMAKE_SOURCE_DIR}/hw/formal/${table})
  file(STRINGS ${CMAKE_SOURCE_DIR}/hw/formal/${table} rows REGEX "^gantry_[a-z0-9_-]+ *\\|")
  foreach(row IN LISTS rows)
    string(REGEX MATCH "^[a-z0-9_-]+" proof "${row}")
    add_test(NAME formal_${proof} COMMAND ${CMAKE_SOURCE_DIR}/hw/formal/run.sh ${proof}
      ${CMAKE_BINARY_DIR}/formal)
    set_tests_properties(formal_${proof} PROPERTIES LABELS "rtl;formal" SKIP_RETURN_CODE 77
      TIMEOUT 600)
  endforeach()
endforeach()
# The area of each configuration within that of the K26, and as docs/area.md states it.
add_test(NAME area COMMAND ${CMAKE_SOURCE_DIR}/hw/area/area.py --out ${CMAKE_BINARY_DIR}/area
  --compare docs/area.md WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(area PROPERTIES LABELS "rtl;area;slow" SKIP_RETURN_CODE 77 PROCESSORS 2
  TIMEOUT 3600)
