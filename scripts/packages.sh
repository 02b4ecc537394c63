# shellcheck shell=bash disable=SC2034 # sourced; the lists are used by those that source it
# SPDX-License-Identifier: Apache-2.0
# Finds missing Debian packages and installs them; sourced by quickstart and check.
#
# packages_need KIND PACKAGE...: KIND required stops without root, printing the one install
# command; KIND optional goes on and says what is left out.

packages_missing() {
    for package in "$@"; do
        case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) in
            installed) ;;
            *) printf ' %s' "$package" ;;
        esac
    done
}

packages_need() {
    kind=$1
    shift
    if ! command -v dpkg-query >/dev/null 2>&1; then
        echo "note: this is not Debian; needed here: $*" >&2
        return 0
    fi
    missing=$(packages_missing "$@")
    [ -z "$missing" ] && return 0
    command="apt-get install --no-install-recommends$missing"
    if [ "$(id -u)" -ne 0 ]; then
        if [ "$kind" = required ]; then
            echo "missing packages; install them with:" >&2
            echo "  sudo $command" >&2
            exit 3
        fi
        echo "note: optional packages are missing (sudo $command)" >&2
        return 0
    fi
    echo "installing:$missing"
    packages_log=$(mktemp)
    # shellcheck disable=SC2086 # a list of words
    if ! { apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } \
        >"$packages_log" 2>&1; then
        tail -n 20 "$packages_log" >&2
        echo "could not install:$missing" >&2
        rm -f "$packages_log"
        [ "$kind" = required ] && exit 3
        return 0
    fi
    rm -f "$packages_log"
}

PACKAGES_BUILD="gcc g++ libc6-dev cmake ninja-build pkg-config flatbuffers-compiler
    libflatbuffers-dev libjansson-dev libstb-dev"
PACKAGES_AUDIO="libsndfile1-dev libkissfft-dev libasound2-dev"
PACKAGES_SIM="verilator make zlib1g-dev"
PACKAGES_ONNX="libprotobuf-c-dev protobuf-c-compiler libonnx-dev"
PACKAGES_XRT="libxrt-dev libxrt1 uuid-dev"
PACKAGES_OPENCL="opencl-headers ocl-icd-opencl-dev pocl-opencl-icd"
PACKAGES_TEST="libcmocka-dev binutils"
PACKAGES_PROOF="iverilog yosys z3 python3 clang-format-14 shellcheck"
PACKAGES_KIT="device-tree-compiler tcl man-db mandoc zsh dpkg-dev lintian"
PACKAGES_LONG="python3-venv espeak-ng flite clang-14 libclang-rt-14-dev chromium graphviz
    gcc-aarch64-linux-gnu g++-aarch64-linux-gnu qemu-user-static oclgrind"
