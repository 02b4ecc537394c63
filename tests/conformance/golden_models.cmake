# SPDX-License-Identifier: Apache-2.0
# Every model with golden outputs, on the processor.
gantry_test(test_golden_models SOURCES test_golden_models.c ${CMAKE_SOURCE_DIR}/tests/tally.c
  PARTS runtime plan device formats graph base LIBRARIES m TIMEOUT 600 LABELS conformance)
