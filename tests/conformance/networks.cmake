# SPDX-License-Identifier: Apache-2.0
# The reference kernels on real networks, output by output and layer by layer.
gantry_test(test_networks
  SOURCES test_networks.c ${CMAKE_SOURCE_DIR}/tests/graph_run.c
  PARTS base graph formats kernels LIBRARIES PkgConfig::JANSSON m
  TIMEOUT 300 LABELS conformance)
