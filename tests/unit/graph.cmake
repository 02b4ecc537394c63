# SPDX-License-Identifier: Apache-2.0
gantry_test(test_graph SOURCES test_graph.c PARTS graph base LABELS unit)
