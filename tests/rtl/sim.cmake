# SPDX-License-Identifier: Apache-2.0
# Tests of the simulated device and of what it is made of.
gantry_test(test_ddr_model SOURCES test_ddr_model.c LIBRARIES gantry_ddr LABELS rtl)
foreach(group device_sim device_sim_faults device_sim_stalls)
  gantry_test(test_${group} SOURCES test_${group}.c test_device_sim_rig.c LABELS rtl
    LIBRARIES gantry_sim_device ${CMAKE_DL_LIBS} TIMEOUT 300)
endforeach()
gantry_sim_cores(test_device_sim_faults unit)
gantry_sim_cores(test_device_sim_stalls unit)

# One of its cores writes waveforms, where they are built at all.
set(tiny tiny)
if(TARGET gantry_vtiny_waves)
  set(tiny tiny_waves)
  add_dependencies(test_device_sim gantry_sim_waves)
endif()
target_compile_definitions(test_device_sim PRIVATE TEST_TINY=gantry_sim_core_${tiny})
target_link_libraries(test_device_sim PRIVATE gantry_vunit gantry_v${tiny})
add_dependencies(test_device_sim gantry_sim)

# Random layers: some on small memories in each check, 20,000 on the configurations proper.
function(gantry_chains_test name layers)
  cmake_parse_arguments(ARG "" "TIMEOUT" "CORES;LABELS" ${ARGN})
  gantry_test(${name} SOURCES test_chains.c ${CMAKE_SOURCE_DIR}/tests/chain_run.c
    LABELS rtl ${ARG_LABELS} PARTS chain
    LIBRARIES gantry_sim_device TIMEOUT ${ARG_TIMEOUT})
  target_compile_definitions(${name} PRIVATE TEST_LAYERS=${layers})
  gantry_sim_cores(${name} ${ARG_CORES})
endfunction()
gantry_chains_test(test_chains 2000 CORES unit tiny unit4 TIMEOUT 600)
gantry_chains_test(test_chains_long 20000 CORES k26 half tiny TIMEOUT 2400 LABELS slow)

# Random networks of the planner against the reference kernels.
function(gantry_plans_test name networks)
  cmake_parse_arguments(ARG "" "TIMEOUT" "CORES;LABELS" ${ARGN})
  set(unit ${CMAKE_SOURCE_DIR}/tests/unit)
  gantry_test(${name} SOURCES test_plans.c ${unit}/random_net.c ${unit}/test_plan_support.c
      ${unit}/test_plan_run.c ${CMAKE_SOURCE_DIR}/tests/graph_run.c
    PARTS plan accel kernels formats graph base LABELS rtl ${ARG_LABELS}
    LIBRARIES gantry_sim_device m TIMEOUT ${ARG_TIMEOUT})
  target_include_directories(${name} PRIVATE ${unit})
  target_compile_definitions(${name} PRIVATE TEST_NETWORKS=${networks})
  gantry_sim_cores(${name} ${ARG_CORES})
endfunction()
gantry_plans_test(test_plans 100 CORES unit tiny unit4 TIMEOUT 600)
gantry_plans_test(test_plans_long 2000 CORES k26 half tiny TIMEOUT 2400 LABELS slow)

# Several accelerators in one device.
gantry_test(test_dual SOURCES test_dual.c PARTS runtime formats LABELS rtl sim TIMEOUT 300)
add_dependencies(test_dual gantry_sim)
