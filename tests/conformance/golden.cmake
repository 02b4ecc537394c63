# SPDX-License-Identifier: Apache-2.0
# The five MLPerf Tiny networks against LiteRT's outputs, by the command.
gantry_script_test(test_golden ${CMAKE_CURRENT_SOURCE_DIR}/golden.sh ARGUMENTS cpu,model,sim
  TIMEOUT 600 LABELS conformance sim)
