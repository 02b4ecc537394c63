#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds for 64-bit Arm on another Debian machine and runs the tests of kernels and engine under
# qemu, as a Cortex-A53.
#
# Usage: scripts/cross-arm64.sh [BUILD_FOLDER]    (default build/arm64)
# Needs gcc-aarch64-linux-gnu, g++-aarch64-linux-gnu and qemu-user-static; exit code 77 without.
# Libraries for Arm are unpacked below the build folder; nothing is installed.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build/arm64}
root=$PWD/$build/root

for tool in aarch64-linux-gnu-gcc aarch64-linux-gnu-g++ qemu-aarch64-static apt-get flatc; do
    command -v "$tool" >/dev/null && continue
    echo "skipped: $tool is missing" >&2
    exit 77
done

# Package lists of the other architecture, in a state of their own.
unpack() {
    state=$PWD/$build/apt
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$root"
    [ -e "$state/status" ] || : >"$state/status"
    options=(-o "Dir::State=$state" -o "Dir::State::status=$state/status"
        -o "Dir::Cache=$state/cache" -o "APT::Architecture=arm64" -o "APT::Architectures=arm64"
        -o "APT::Sandbox::User=root" -qq)
    apt-get "${options[@]}" update
    (cd "$state" && apt-get "${options[@]}" download "$@")
    for package in "$state"/*.deb; do dpkg -x "$package" "$root"; done
}

if [ ! -e "$root/.complete" ]; then
    if ! unpack libcmocka-dev libcmocka0 libjansson-dev libjansson4 libprotobuf-c-dev \
        libprotobuf-c1; then
        echo "skipped: packages for arm64 are not to be had" >&2
        exit 77
    fi
    touch "$root/.complete"
fi

# Headers that know no architecture come from this machine, as does the schema of ONNX.
flatbuffers=$(dirname "$(find /usr/lib -name 'FlatBuffersConfig.cmake' 2>/dev/null | head -n 1)")
cmake -S . -B "$build" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/arm64.cmake" \
    -DGANTRY_ARM64_ROOT="$root" -DCMAKE_BUILD_TYPE=Release -DGANTRY_WERROR=ON \
    -DGANTRY_BUILD_SIM=OFF -DGANTRY_BUILD_TESTS=ON -DFlatBuffers_DIR="$flatbuffers" \
    -DGANTRY_STB_INCLUDE=/usr/include/stb \
    -DGANTRY_ONNX_SCHEMA=/usr/include/onnx >"$build/configure.log" 2>&1 || {
    tail -n 20 "$build/configure.log"
    exit 1
}
cmake --build "$build" --target gantry test_kernels test_kernels_isa test_engine
ctest --test-dir "$build" -R '^test_(kernels|kernels_isa|engine)$' --output-on-failure
