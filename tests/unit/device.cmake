# SPDX-License-Identifier: Apache-2.0
gantry_test(test_device SOURCES test_device.c PARTS device LABELS unit)
gantry_test(test_board SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_board.c PARTS device LABELS unit)
gantry_test(test_device_model SOURCES test_device_model.c PARTS device LABELS unit)

# Modules that the registry must take or refuse: the same source, other values.
function(gantry_test_module name)
  add_library(${name} MODULE ${CMAKE_CURRENT_SOURCE_DIR}/device_module.c)
  target_compile_definitions(${name} PRIVATE ${ARGN})
  target_link_libraries(${name} PRIVATE gantry_flags gantry_device)
  set_target_properties(${name} PROPERTIES
    PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test-modules)
  add_dependencies(test_device ${name})
endfunction()
gantry_test_module(module_good TEST_HASH=GANTRY_SPEC_HASH TEST_VERSION=GANTRY_VERSION_STRING)
gantry_test_module(module_other_spec TEST_HASH=0x1234 TEST_VERSION=GANTRY_VERSION_STRING)
gantry_test_module(module_other_seam TEST_HASH=GANTRY_SPEC_HASH TEST_SEAM=7
  TEST_VERSION=GANTRY_VERSION_STRING)
gantry_test_module(module_other_version TEST_HASH=GANTRY_SPEC_HASH TEST_VERSION="0.0.9")
gantry_test_module(module_no_symbol TEST_NO_SYMBOL)
if(GANTRY_HAVE_XRT)
  gantry_test(test_xclbin SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_xclbin.c PARTS device
    LABELS unit)
  target_include_directories(test_xclbin SYSTEM PRIVATE ${GANTRY_XRT_INCLUDE})
endif()
