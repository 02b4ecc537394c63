# SPDX-License-Identifier: Apache-2.0
# Random programs for every test that runs some: executor, checker, RTL.
add_library(gantry_chain STATIC ${CMAKE_SOURCE_DIR}/tests/chain.c
  ${CMAKE_SOURCE_DIR}/tests/chain_conv.c ${CMAKE_SOURCE_DIR}/tests/chain_cover.c
  ${CMAKE_SOURCE_DIR}/tests/chain_move.c ${CMAKE_SOURCE_DIR}/tests/plain.c
  ${CMAKE_SOURCE_DIR}/tests/chain_weights.c ${CMAKE_SOURCE_DIR}/tests/chain_window.c)
target_include_directories(gantry_chain PUBLIC ${CMAKE_SOURCE_DIR}/tests)
target_link_libraries(gantry_chain PUBLIC gantry_flags gantry_accel m)

foreach(module isa lane address stream worked_program)
  gantry_test(test_${module} SOURCES test_${module}.c PARTS accel LABELS unit LIBRARIES m)
endforeach()
gantry_test(test_execute SOURCES test_execute.c PARTS chain LABELS unit)
gantry_test(test_check SOURCES test_check.c PARTS chain LABELS unit)
