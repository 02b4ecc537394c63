# SPDX-License-Identifier: Apache-2.0
# gantry_test(NAME SOURCES ... PARTS ... LABELS ...): a cmocka program. It exits 77 when every case
# was skipped; CTest then shows it as skipped. Case counts go to XML files that ./check sums.
set(GANTRY_TEST_XML ${CMAKE_BINARY_DIR}/test-xml)
# Of every test. Nothing is kept in the home folder: binaries of OpenCL kernels, by this project and
# by PoCL.
set(GANTRY_TEST_ENVIRONMENT GANTRY_CACHE=${CMAKE_BINARY_DIR}/cache
  POCL_CACHE_DIR=${CMAKE_BINARY_DIR}/cache-pocl
  LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/leaks.supp:print_suppressions=0)
file(MAKE_DIRECTORY ${GANTRY_TEST_XML} ${CMAKE_BINARY_DIR}/cache-pocl)
function(gantry_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;PARTS;LABELS;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES} ${CMAKE_SOURCE_DIR}/tests/test.c)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE gantry_flags cmocka ${ARG_LIBRARIES})
  foreach(part IN LISTS ARG_PARTS)
    target_link_libraries(${name} PRIVATE gantry_${part})
  endforeach()
  target_compile_definitions(${name} PRIVATE
    GANTRY_SOURCE_DIR="${CMAKE_SOURCE_DIR}" GANTRY_BUILD_DIR="${CMAKE_BINARY_DIR}")
  file(MAKE_DIRECTORY ${GANTRY_TEST_XML}/${name})
  add_test(NAME ${name} COMMAND ${name})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  set(environment CMOCKA_MESSAGE_OUTPUT=xml CMOCKA_XML_FILE=${GANTRY_TEST_XML}/${name}/%g.xml
    GANTRY_TEST_XML_DIR=${GANTRY_TEST_XML}/${name} ${GANTRY_TEST_ENVIRONMENT})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" SKIP_RETURN_CODE 77
    TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT "${environment}")
endfunction()

# gantry_script_test(NAME SCRIPT [ARGUMENTS ...] LABELS ...): a shell script of tests/. It exits 0,
# 77 when it skips, else with a failure, and may write case counts like cmocka's XML to
# GANTRY_TEST_XML_DIR.
function(gantry_script_test name script)
  cmake_parse_arguments(ARG "" "TIMEOUT" "ARGUMENTS;LABELS" ${ARGN})
  file(MAKE_DIRECTORY ${GANTRY_TEST_XML}/${name})
  add_test(NAME ${name} COMMAND bash ${script} ${ARG_ARGUMENTS}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  set(environment GANTRY_TEST_XML_DIR=${GANTRY_TEST_XML}/${name}
    GANTRY_BUILD_DIR=${CMAKE_BINARY_DIR} ${GANTRY_TEST_ENVIRONMENT})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" SKIP_RETURN_CODE 77
    TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT "${environment}")
endfunction()
