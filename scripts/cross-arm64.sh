#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds for 64-bit Arm on another Debian machine and runs the tests of kernels and engine under
# qemu, as a Cortex-A53; those of the kernels once more as a core with dot products.
#
# Usage: scripts/cross-arm64.sh [BUILD_FOLDER]    (default build/arm64)
# Needs gcc-aarch64-linux-gnu, g++-aarch64-linux-gnu and qemu-user-static; exit code 77 without.
set -eu
cd "$(dirname "$0")/.."
. scripts/arm64.sh
build=${1:-build/arm64}
arm64_need
arm64_root
arm64_configure "$build" -DGANTRY_WERROR=ON -DGANTRY_BUILD_TESTS=ON
cmake --build "$build" --target gantry test_kernels test_kernels_isa test_engine
ctest --test-dir "$build" -R '^test_(kernels|kernels_isa|engine)$' --output-on-failure
qemu-aarch64-static -cpu cortex-a76 -L /usr/aarch64-linux-gnu \
    -E LD_LIBRARY_PATH="$ARM64_ROOT/usr/lib/aarch64-linux-gnu" "$build/bin/test_kernels_isa"
