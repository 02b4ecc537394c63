#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the Debian packages: gantry, and gantry-firmware where --firmware names an application
# folder made by hw/kria. Prints their names. With SOURCE_DATE_EPOCH, which is the last commit's
# time by default, the same sources give the same bytes.
#
# Usage: scripts/package.sh [--arch amd64|arm64] [--no-sim] [--firmware DIR] [--build DIR]
#   --arch       of the packages; default: this machine's. arm64 is cross-built (exit code 77 when
#                something that needs is missing), without the simulation
#   --no-sim     leave the simulated accelerator out
#   --build      build folder; default build/package-ARCH. The packages lie in its folder packages
set -eu
arch=$(dpkg --print-architecture) sim=ON firmware='' build=''
while [ $# -gt 0 ]; do
    case $1 in
        --arch) arch=$2 && shift ;;
        --firmware) firmware=$(realpath "$2") && shift ;;
        --build) build=$(realpath -m "$2") && shift ;;
        --no-sim) sim=OFF ;;
        *)
            sed -n 's/^# Usage: /usage: /p' "$0" >&2
            exit 2
            ;;
    esac
    shift
done
cd "$(dirname "$0")/.."
build=${build:-$PWD/build/package-$arch}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

failed() {
    tail -n 40 "$build/$1.log" >&2
    exit 1
}

# Debian's own flags: hardened, and no path of this machine.
flags() {
    DEB_HOST_ARCH=$arch DEB_BUILD_MAINT_OPTIONS=hardening=+bindnow DEB_CFLAGS_MAINT_STRIP=-g \
        DEB_CXXFLAGS_MAINT_STRIP=-g dpkg-buildflags --get "$1"
}
CFLAGS="$(flags CPPFLAGS) $(flags CFLAGS)" CXXFLAGS="$(flags CPPFLAGS) $(flags CXXFLAGS)"
LDFLAGS=$(flags LDFLAGS)
export CFLAGS CXXFLAGS LDFLAGS
library=lib/$(dpkg-architecture -a"$arch" -qDEB_HOST_MULTIARCH)
options=(-DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR="$library" -DGANTRY_BUILD_TESTS=OFF
    -DCMAKE_C_FLAGS_RELEASE="-O2 -DNDEBUG" -DCMAKE_CXX_FLAGS_RELEASE="-O2 -DNDEBUG"
    -DGANTRY_ZSH_FOLDER=zsh/vendor-completions -DGANTRY_FIRMWARE="$firmware")
mkdir -p "$build"
if [ "$arch" = "$(dpkg --print-architecture)" ]; then
    cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DGANTRY_BUILD_SIM=$sim \
        "${options[@]}" >"$build/configure.log" 2>&1 || failed configure
elif [ "$arch" = arm64 ]; then
    . scripts/arm64.sh
    arm64_need
    arm64_root
    # Ubuntu 22.04, which a Kria runs, has an older jansson than a dependency would ask for.
    arm64_configure "$build" -DGANTRY_STATIC_JANSSON=ON "${options[@]}"
else
    echo "package.sh: no build for $arch on this machine (arm64, $(dpkg --print-architecture))" >&2
    exit 2
fi
cmake --build "$build" >"$build/build.log" 2>&1 || failed build
rm -rf "$build/packages"
cpack --config "$build/CPackConfig.cmake" -G DEB -B "$build/packages" >"$build/cpack.log" 2>&1 ||
    failed cpack
ls "$build"/packages/*.deb
