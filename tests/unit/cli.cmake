# SPDX-License-Identifier: Apache-2.0
gantry_test(test_cli_options SOURCES test_cli_options.c PARTS cli LABELS unit)
gantry_test(test_cli_tensors SOURCES test_cli_tensors.c PARTS cli LABELS unit)
gantry_test(test_cli_output SOURCES test_cli_output.c PARTS cli LABELS unit)
