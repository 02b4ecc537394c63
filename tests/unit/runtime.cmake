# SPDX-License-Identifier: Apache-2.0
# The engine: results, checks of a call, attribution of cycles, no allocation, threads.
gantry_test(test_attribute SOURCES test_attribute.c PARTS runtime LABELS unit)
gantry_test(test_engine SOURCES test_engine.c engine_fixture.c
  PARTS runtime formats LABELS unit)
gantry_test(test_engine_batch SOURCES test_engine_batch.c engine_fixture.c
  PARTS runtime formats LABELS unit)
# Every allocation of the linked parts goes through a counter.
gantry_test(test_engine_memory SOURCES test_engine_memory.c engine_fixture.c
  PARTS runtime formats LABELS unit)
target_link_options(test_engine_memory PRIVATE
  LINKER:--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,--wrap=posix_memalign)
gantry_test(test_engine_threads SOURCES test_engine_threads.c engine_fixture.c
  PARTS runtime formats LIBRARIES Threads::Threads LABELS unit tsan)
gantry_test(test_engine_device SOURCES test_engine_device.c engine_fixture.c
  PARTS runtime formats device LABELS unit)
gantry_test(test_pool SOURCES test_pool.c PARTS runtime kernels base LABELS unit tsan)
gantry_test(test_engine_pool SOURCES test_engine_pool.c engine_fixture.c
  PARTS runtime formats device LABELS unit tsan)
gantry_test(test_shape_cache SOURCES test_shape_cache.c PARTS runtime base LABELS unit)
target_compile_definitions(test_shape_cache PRIVATE GANTRY_FLATC="${GANTRY_FLATC}")
gantry_test(test_engine_random SOURCES test_engine_random.c random_net.c test_plan_support.c
    ../graph_run.c
  PARTS runtime formats LABELS unit LIBRARIES m)
