# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Building for 64-bit Arm on another Debian machine; sourced by cross-arm64.sh and package.sh.
# Packages of the other architecture are unpacked below a folder; nothing is installed.
ARM64_ROOT=$PWD/build/arm64-root
ARM64_PACKAGES="libcmocka-dev libcmocka0 libjansson-dev libjansson4
    libkissfft-dev libkissfft-float131 libsndfile1-dev libsndfile1 libflac-dev
    libflac12 libogg-dev libogg0 libvorbis-dev libvorbis0a libvorbisenc2 libopus-dev libopus0
    libmpg123-dev libmpg123-0 libmp3lame-dev libmp3lame0 libasound2-dev libasound2 libxrt-dev
    libxrt1 uuid-dev libuuid1 libprotobuf-c-dev libprotobuf-c1
    ocl-icd-opencl-dev ocl-icd-libopencl1 opencl-c-headers
    libboost-filesystem1.74.0"

# Exit code 77 when something is missing.
arm64_need() {
    local tool
    for tool in aarch64-linux-gnu-gcc aarch64-linux-gnu-g++ qemu-aarch64-static apt-get flatc \
        pkg-config; do
        command -v "$tool" >/dev/null && continue
        echo "skipped: $tool is missing" >&2
        exit 77
    done
}

# Package lists of the other architecture, in a state of their own.
arm64_unpack() {
    local state=$ARM64_ROOT/apt options package
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
    [ -e "$state/status" ] || : >"$state/status"
    options=(-o "Dir::State=$state" -o "Dir::State::status=$state/status"
        -o "Dir::Cache=$state/cache" -o "APT::Architecture=arm64" -o "APT::Architectures=arm64"
        -o "APT::Sandbox::User=root" -qq)
    apt-get "${options[@]}" update && (cd "$state" && apt-get "${options[@]}" download "$@") ||
        return 1
    for package in "$state"/*.deb; do dpkg -x "$package" "$ARM64_ROOT"; done
}

# Fills ARM64_ROOT where the list of packages is another one than before.
arm64_root() {
    local list
    list=$(echo "$ARM64_PACKAGES" | xargs)
    [ "$(cat "$ARM64_ROOT/.complete" 2>/dev/null)" = "$list" ] && return
    # shellcheck disable=SC2086 # a list of words
    if ! arm64_unpack $list; then
        echo "skipped: packages for arm64 are not to be had" >&2
        exit 77
    fi
    echo "$list" >"$ARM64_ROOT/.complete"
}

# arm64_configure BUILD OPTIONS...: configures a build. Headers that know no architecture come from
# this machine, as does the schema of ONNX.
arm64_configure() {
    local build=$1 flatbuffers
    shift
    flatbuffers=$(dirname "$(find /usr/lib -name 'FlatBuffersConfig.cmake' 2>/dev/null |
        head -n 1)")
    mkdir -p "$build"
    cmake -S . -B "$build" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/arm64.cmake" \
        -DGANTRY_ARM64_ROOT="$ARM64_ROOT" -DCMAKE_BUILD_TYPE=Release -DGANTRY_BUILD_SIM=OFF \
        -DFlatBuffers_DIR="$flatbuffers" -DGANTRY_STB_INCLUDE=/usr/include/stb \
        -DGANTRY_ONNX_SCHEMA=/usr/include/onnx "$@" \
        >"$build/configure.log" 2>&1 && return
    tail -n 20 "$build/configure.log"
    exit 1
}
