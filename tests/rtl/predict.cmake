# SPDX-License-Identifier: Apache-2.0
# Random layers and networks of the planner: predicted cycles beside those of the RTL.
function(gantry_predict_test name layers networks)
  cmake_parse_arguments(ARG "" "TIMEOUT" "LABELS" ${ARGN})
  set(unit ${CMAKE_SOURCE_DIR}/tests/unit)
  gantry_test(${name}
    SOURCES test_predict_random.c predict_nets.c model_run.c ${unit}/test_plan_support.c
    PARTS runtime plan device LABELS rtl sim ${ARG_LABELS}
    LIBRARIES gantry_sim_device m TIMEOUT ${ARG_TIMEOUT})
  target_include_directories(${name} PRIVATE ${unit})
  target_compile_definitions(${name} PRIVATE TEST_SEED=271828 TEST_LAYERS=${layers}
    TEST_NETWORKS=${networks})
  gantry_sim_cores(${name} k26)
endfunction()
gantry_predict_test(test_predict_random 30 2 TIMEOUT 600)
gantry_predict_test(test_predict_random_long 300 20 TIMEOUT 2400 LABELS slow)

# The placement that is chosen, in simulated cycles.
gantry_test(test_placement SOURCES test_placement.c model_run.c PARTS runtime plan device graph
  LABELS rtl sim conformance TIMEOUT 600)
add_dependencies(test_placement gantry_sim)
