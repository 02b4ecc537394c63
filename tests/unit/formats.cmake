# SPDX-License-Identifier: Apache-2.0
foreach(module npy image manifest)
  gantry_test(test_${module} SOURCES test_${module}.c PARTS formats graph base LIBRARIES m
    LABELS unit)
endforeach()
gantry_test(test_tflite SOURCES test_tflite.c ${CMAKE_SOURCE_DIR}/tests/graph_run.c
  PARTS formats kernels graph base LABELS unit TIMEOUT 300)
target_compile_definitions(test_tflite PRIVATE GANTRY_FLATC="${GANTRY_FLATC}")
gantry_test(test_tflite_shapes SOURCES test_tflite_shapes.c PARTS formats graph base LABELS unit)
target_compile_definitions(test_tflite_shapes PRIVATE GANTRY_FLATC="${GANTRY_FLATC}")
if(GANTRY_HAVE_ONNX)
  foreach(module onnx onnx_shapes)
    gantry_test(test_${module} SOURCES test_${module}.c ${CMAKE_SOURCE_DIR}/tests/onnx_build.c
      PARTS formats graph base LIBRARIES m LABELS unit)
    target_include_directories(test_${module} PRIVATE ${CMAKE_BINARY_DIR}/host/formats)
  endforeach()
  gantry_test(test_onnx_operators SOURCES test_onnx_operators.c
    ${CMAKE_SOURCE_DIR}/tests/onnx_build.c
    PARTS runtime plan formats graph base LIBRARIES m LABELS unit)
  target_include_directories(test_onnx_operators PRIVATE ${CMAKE_BINARY_DIR}/host/formats)
endif()
