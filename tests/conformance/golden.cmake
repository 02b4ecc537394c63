# SPDX-License-Identifier: Apache-2.0
# Convolutional networks against LiteRT's outputs, by the command.
set(script ${CMAKE_CURRENT_SOURCE_DIR}/golden.sh)
gantry_script_test(test_golden ${script} ARGUMENTS cpu,model,sim tiny
  TIMEOUT 600 LABELS conformance sim)
gantry_script_test(test_golden_opencl ${script} ARGUMENTS cpu,opencl tiny
  TIMEOUT 600 LABELS conformance opencl)
gantry_script_test(test_golden_mobilenet ${script} ARGUMENTS cpu,opencl mobilenet
  TIMEOUT 600 LABELS conformance opencl)
gantry_script_test(test_golden_mobilenet_long ${script} ARGUMENTS model,sim mobilenet
  TIMEOUT 2400 LABELS conformance sim slow)
gantry_script_test(test_golden_small ${script} ARGUMENTS cpu,model small
  TIMEOUT 300 LABELS conformance)
gantry_script_test(test_golden_small_sim ${script} ARGUMENTS sim small
  TIMEOUT 2400 LABELS conformance sim slow)
gantry_script_test(test_golden_large ${script} ARGUMENTS cpu,model,sim large
  TIMEOUT 2400 LABELS conformance sim slow)
