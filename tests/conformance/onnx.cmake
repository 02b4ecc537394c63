# SPDX-License-Identifier: Apache-2.0
# ONNX: the project's own cases of single operators, and a network on real inputs.
if(GANTRY_HAVE_ONNX)
  gantry_test(test_onnx_nodes SOURCES test_onnx_nodes.c ${CMAKE_SOURCE_DIR}/tests/tally.c
    PARTS runtime plan device formats graph base LIBRARIES m TIMEOUT 300 LABELS conformance)
  gantry_test(test_onnx_keywords SOURCES test_onnx_keywords.c
    PARTS runtime plan device formats graph base LIBRARIES m LABELS conformance)
  target_include_directories(test_onnx_nodes PRIVATE ${CMAKE_BINARY_DIR}/host/formats)
endif()
if(GANTRY_HAVE_ONNX AND NOT GANTRY_SANITIZE)
  gantry_script_test(test_onnx_oracle ${CMAKE_CURRENT_SOURCE_DIR}/onnx_oracle.sh TIMEOUT 1200
    LABELS conformance oracle slow)
endif()
