# SPDX-License-Identifier: Apache-2.0
# Shapes that are given: against single runs, and against LiteRT after it has resized its inputs.
set(script ${CMAKE_CURRENT_SOURCE_DIR}/shapes.sh)
gantry_script_test(test_shapes ${script} ARGUMENTS cpu,model TIMEOUT 300 LABELS conformance)
gantry_script_test(test_shapes_sim ${script} ARGUMENTS sim TIMEOUT 2400
  LABELS conformance sim slow)
if(NOT GANTRY_SANITIZE)
  gantry_script_test(test_shapes_oracle ${CMAKE_CURRENT_SOURCE_DIR}/shapes_oracle.sh TIMEOUT 1200
    LABELS conformance oracle slow)
endif()
