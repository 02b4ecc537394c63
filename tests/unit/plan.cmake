# SPDX-License-Identifier: Apache-2.0
foreach(module plan plan_batch plan_join plan_networks plan_patches plan_random plan_record
    plan_legality plan_tiles cost predict cut choose)
  gantry_test(test_${module}
    SOURCES test_${module}.c test_plan_support.c test_plan_run.c ../graph_run.c
    PARTS plan accel kernels formats graph base LABELS unit LIBRARIES m)
endforeach()
target_sources(test_plan_random PRIVATE random_net.c)
gantry_test(test_target SOURCES test_target.c PARTS target graph base LABELS unit LIBRARIES m)
