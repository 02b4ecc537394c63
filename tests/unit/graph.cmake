# SPDX-License-Identifier: Apache-2.0
gantry_test(test_graph SOURCES test_graph.c PARTS graph base LABELS unit)
gantry_test(test_graph_shapes SOURCES test_graph_shapes.c PARTS graph base LABELS unit)
gantry_test(test_graph_absorb SOURCES test_graph_absorb.c PARTS graph kernels base
  LIBRARIES m LABELS unit)
gantry_test(test_graph_phases SOURCES test_graph_phases.c PARTS graph kernels base
  LIBRARIES m LABELS unit)
gantry_test(test_weight_sums SOURCES test_weight_sums.c PARTS graph base LABELS unit)
gantry_test(test_graph_batch SOURCES test_graph_batch.c ${CMAKE_SOURCE_DIR}/tests/graph_run.c
  PARTS runtime kernels graph base LIBRARIES m LABELS unit)
# General operators in networks of one node, a file for every family: rule, plan and run.
file(GLOB families CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/test_node_*.c)
foreach(family IN LISTS families)
  get_filename_component(name ${family} NAME_WE)
  gantry_test(${name} SOURCES ${name}.c one_node.c PARTS runtime LIBRARIES m LABELS unit)
endforeach()
