# SPDX-License-Identifier: Apache-2.0
# Tests of the simulated device and of what it is made of.
if(TARGET gantry_ddr)
  gantry_test(test_ddr_model SOURCES test_ddr_model.c LIBRARIES gantry_ddr LABELS rtl)
endif()
if(TARGET gantry_sim_device)
  foreach(group device_sim device_sim_faults device_sim_stalls)
    gantry_test(test_${group} SOURCES test_${group}.c test_device_sim_rig.c LABELS rtl
      LIBRARIES gantry_sim_device ${CMAKE_DL_LIBS} TIMEOUT 300)
  endforeach()
  target_link_libraries(test_device_sim PRIVATE gantry_vunit gantry_vtiny)
  add_dependencies(test_device_sim gantry_sim)
  gantry_sim_cores(test_device_sim_faults unit)
  gantry_sim_cores(test_device_sim_stalls unit)
  gantry_test(test_chains SOURCES test_chains.c LABELS rtl PARTS chain
    LIBRARIES gantry_sim_device TIMEOUT 600)
  gantry_sim_cores(test_chains unit tiny unit4)
endif()
