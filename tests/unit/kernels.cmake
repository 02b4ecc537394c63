# SPDX-License-Identifier: Apache-2.0
gantry_test(test_kernels SOURCES test_kernels.c PARTS kernels base LIBRARIES m LABELS unit)
gantry_test(test_kernels_isa SOURCES test_kernels_isa.c PARTS kernels base LIBRARIES m LABELS unit)
# General operators, a file for every family.
file(GLOB families CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/test_op*.c)
foreach(family IN LISTS families)
  get_filename_component(name ${family} NAME_WE)
  gantry_test(${name} SOURCES ${name}.c PARTS kernels base LIBRARIES m LABELS unit)
endforeach()
