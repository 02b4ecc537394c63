# SPDX-License-Identifier: Apache-2.0
gantry_test(test_manifest_audio SOURCES test_manifest_audio.c PARTS formats graph base LABELS unit)
if(GANTRY_HAVE_AUDIO)
  foreach(module sound resample frontend stream decide)
    gantry_test(test_audio_${module} SOURCES test_audio_${module}.c PARTS audio formats base
      LIBRARIES PkgConfig::SNDFILE m LABELS unit TIMEOUT 300)
  endforeach()
  gantry_test(test_audio_kws SOURCES test_audio_kws.c PARTS audio runtime plan device formats base
    LIBRARIES m LABELS unit TIMEOUT 300)
endif()
