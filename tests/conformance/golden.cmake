# SPDX-License-Identifier: Apache-2.0
# The five MLPerf Tiny networks and a MobileNetV2 against LiteRT's outputs, by the command.
set(script ${CMAKE_CURRENT_SOURCE_DIR}/golden.sh)
gantry_script_test(test_golden ${script} ARGUMENTS cpu,model,sim tiny
  TIMEOUT 600 LABELS conformance sim)
gantry_script_test(test_golden_opencl ${script} ARGUMENTS cpu,opencl tiny
  TIMEOUT 600 LABELS conformance opencl)
gantry_script_test(test_golden_mobilenet ${script} ARGUMENTS cpu,opencl mobilenet
  TIMEOUT 600 LABELS conformance opencl)
gantry_script_test(test_golden_mobilenet_long ${script} ARGUMENTS model,sim mobilenet
  TIMEOUT 2400 LABELS conformance sim slow)
