# SPDX-License-Identifier: Apache-2.0
foreach(module isa lane address stream)
  gantry_test(test_${module} SOURCES test_${module}.c PARTS accel LABELS unit)
endforeach()
target_link_libraries(test_lane PRIVATE m)
