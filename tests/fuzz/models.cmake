# SPDX-License-Identifier: Apache-2.0
# The readers of models. With GANTRY_LIBFUZZER (clang, see models.sh) the programs are fuzzers, else
# they replay files and damaged copies of them.
option(GANTRY_LIBFUZZER "Link the fuzzing programs of models with libFuzzer" OFF)
set(kinds tflite)
if(GANTRY_HAVE_ONNX)
  list(APPEND kinds onnx)
  add_executable(make_onnx make_onnx.c ${CMAKE_SOURCE_DIR}/tests/onnx_build.c)
  target_include_directories(make_onnx PRIVATE ${CMAKE_SOURCE_DIR}/tests
    ${CMAKE_BINARY_DIR}/host/formats)
  target_link_libraries(make_onnx PRIVATE gantry_formats)
endif()
foreach(kind IN LISTS kinds)
  add_executable(fuzz_${kind} fuzz_${kind}.c)
  target_include_directories(fuzz_${kind} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(fuzz_${kind} PRIVATE gantry_formats)
  if(GANTRY_LIBFUZZER)
    target_link_options(fuzz_${kind} PRIVATE -fsanitize=fuzzer)
    continue()
  endif()
  target_sources(fuzz_${kind} PRIVATE fuzz_replay.c)
  gantry_script_test(test_fuzz_${kind} ${CMAKE_CURRENT_SOURCE_DIR}/models.sh
    ARGUMENTS ${kind} replay 200 TIMEOUT 600 LABELS fuzz)
  if(NOT GANTRY_SANITIZE)
    gantry_script_test(test_fuzz_${kind}_long ${CMAKE_CURRENT_SOURCE_DIR}/models.sh
      ARGUMENTS ${kind} run 600 TIMEOUT 1500 LABELS fuzz slow)
  endif()
endforeach()
