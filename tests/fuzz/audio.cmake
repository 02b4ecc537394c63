# SPDX-License-Identifier: Apache-2.0
if(GANTRY_HAVE_AUDIO)
  add_executable(fuzz_audio fuzz_audio.c fuzz_replay.c)
  target_include_directories(fuzz_audio PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(fuzz_audio PRIVATE gantry_audio)
  add_executable(make_sounds make_sounds.c)
  target_link_libraries(make_sounds PRIVATE gantry_flags PkgConfig::SNDFILE m)
  gantry_script_test(test_fuzz_audio ${CMAKE_CURRENT_SOURCE_DIR}/audio.sh ARGUMENTS replay 40
    TIMEOUT 600 LABELS fuzz)
  # Instrumented by clang itself: once is enough.
  if(NOT GANTRY_SANITIZE)
    gantry_script_test(test_fuzz_audio_long ${CMAKE_CURRENT_SOURCE_DIR}/audio.sh ARGUMENTS run 600
      TIMEOUT 1200 LABELS fuzz slow)
  endif()
endif()
