# SPDX-License-Identifier: Apache-2.0
gantry_test(test_kernels SOURCES test_kernels.c PARTS kernels base LIBRARIES m LABELS unit)
