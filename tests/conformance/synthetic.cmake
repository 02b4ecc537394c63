# SPDX-License-Identifier: Apache-2.0
# Networks of the shapes of ResNet-50, MobileNetV1 and V2, also on part of the chip.
gantry_script_test(test_synthetic ${CMAKE_CURRENT_SOURCE_DIR}/synthetic.sh
  TIMEOUT 3600 LABELS conformance sim slow)
