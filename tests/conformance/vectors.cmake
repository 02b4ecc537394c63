# SPDX-License-Identifier: Apache-2.0
# Vectors of other projects, operator by operator, on the processor.
gantry_test(test_cmsis_nn
  SOURCES test_cmsis_nn.c vector_build.c vector_state.c vector_network.c vector_case.c
    ${CMAKE_SOURCE_DIR}/tests/unit/one_node.c ${CMAKE_SOURCE_DIR}/tests/tally.c
  PARTS runtime plan device formats graph base LIBRARIES PkgConfig::JANSSON m LABELS conformance)
