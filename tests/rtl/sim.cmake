# SPDX-License-Identifier: Apache-2.0
# Tests of the simulated device and of what it is made of.
if(TARGET gantry_ddr)
  gantry_test(test_ddr_model SOURCES test_ddr_model.c LIBRARIES gantry_ddr LABELS rtl)
endif()
