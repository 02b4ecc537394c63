# SPDX-License-Identifier: Apache-2.0
# Every model with golden outputs, on the processor, the C model and, of ./check --all, the RTL.
function(gantry_golden_models name device)
  cmake_parse_arguments(ARG "" "TIMEOUT" "LABELS" ${ARGN})
  gantry_test(${name} SOURCES test_golden_models.c ${CMAKE_SOURCE_DIR}/tests/tally.c
    PARTS runtime plan device formats graph kernels base LIBRARIES m
    TIMEOUT ${ARG_TIMEOUT} LABELS conformance ${ARG_LABELS})
  target_compile_definitions(${name} PRIVATE TEST_DEVICE="${device}")
endfunction()
gantry_golden_models(test_golden_models cpu TIMEOUT 600)
gantry_golden_models(test_golden_models_model model TIMEOUT 600)
if(TARGET gantry_sim)
  gantry_golden_models(test_golden_models_sim sim TIMEOUT 7200 LABELS sim slow)
  add_dependencies(test_golden_models_sim gantry_sim)
endif()
