# SPDX-License-Identifier: Apache-2.0
foreach(module npy image manifest)
  gantry_test(test_${module} SOURCES test_${module}.c PARTS formats graph base LIBRARIES m
    LABELS unit)
endforeach()
gantry_test(test_tflite SOURCES test_tflite.c ${CMAKE_SOURCE_DIR}/tests/graph_run.c
  PARTS formats kernels graph base LABELS unit TIMEOUT 300)
target_compile_definitions(test_tflite PRIVATE GANTRY_FLATC="${GANTRY_FLATC}")
if(GANTRY_HAVE_ONNX)
  gantry_test(test_onnx SOURCES test_onnx.c ${CMAKE_SOURCE_DIR}/tests/onnx_build.c
    PARTS formats graph base LIBRARIES m LABELS unit)
  target_include_directories(test_onnx PRIVATE ${CMAKE_BINARY_DIR}/host/formats)
endif()
