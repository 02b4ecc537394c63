# SPDX-License-Identifier: Apache-2.0
gantry_test(test_report SOURCES test_report.c PARTS report LABELS unit)
