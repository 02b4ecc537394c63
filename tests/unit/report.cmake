# SPDX-License-Identifier: Apache-2.0
# The reports of a record made by hand.
foreach(name report report_chrome report_compare report_json report_overlap)
  gantry_test(test_${name} SOURCES test_${name}.c report_record.c PARTS report LABELS unit)
endforeach()
