# SPDX-License-Identifier: Apache-2.0
# Tests that read the tree: style, generated files, format.
gantry_test(test_tidy SOURCES test_tidy.c LABELS unit tree)
gantry_test(test_spec SOURCES test_spec.c LABELS unit tree)
target_link_libraries(test_spec PRIVATE gantry_spec)
add_dependencies(test_spec gen_spec)
target_compile_definitions(test_spec PRIVATE GANTRY_GEN_SPEC="$<TARGET_FILE:gen_spec>")
gantry_script_test(test_operators ${CMAKE_SOURCE_DIR}/tests/tree/operators.sh
  ARGUMENTS $<TARGET_FILE:gen_operators> LABELS unit tree)
gantry_script_test(test_format ${CMAKE_SOURCE_DIR}/tests/tree/format.sh LABELS unit tree)
gantry_script_test(test_shell ${CMAKE_SOURCE_DIR}/tests/tree/shell.sh LABELS unit tree)
