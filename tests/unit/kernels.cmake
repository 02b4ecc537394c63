# SPDX-License-Identifier: Apache-2.0
gantry_test(test_kernels SOURCES test_kernels.c PARTS kernels base LIBRARIES m LABELS unit)
gantry_test(test_kernels_isa SOURCES test_kernels_isa.c PARTS kernels base LIBRARIES m LABELS unit)
gantry_test(test_op SOURCES test_op.c PARTS kernels base LIBRARIES m LABELS unit)
