#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Instructions of one inference under emulation, one thread: as a Cortex-A53 with the NEON kernels
# and with the reference kernels as gcc vectorises them, and as a core with dot products. Prints a
# Markdown table. An indication only: a count knows nothing of caches, stalls and what is issued
# together.
#
# Usage: tests/bench/neon/counts.sh [--functions] [MODEL ...]
#   --functions  the functions that take most of the NEON count, below each network
#   MODEL        default: the networks of MLPerf Tiny and MobileNetV1 0.25/128 in GANTRY_DATA
# GANTRY_ARM64_BUILD names the build (default build/arm64, made when it is not there). QEMU with
# plugins is unpacked below build/: the static one has none.
set -eu
cd "$(dirname "$0")/../../.."
. scripts/arm64.sh
functions=no
if [ "${1-}" = --functions ]; then
    functions=yes
    shift
fi
if [ $# -eq 0 ]; then
    [ -n "${GANTRY_DATA-}" ] || { echo "skipped: GANTRY_DATA names no networks" && exit 77; }
    for name in mlperf-tiny/{kws_ref_model,vww_96_int8,pretrainedResnet_quant,ad01_int8} \
        mlperf-tiny/str_ww_ref_model coral/mobilenet_v1_0.25_128_quant; do
        set -- "$@" "$GANTRY_DATA/models/$name.tflite"
    done
fi
arm64_need
arm64_root
build=${GANTRY_ARM64_BUILD:-build/arm64}
if [ ! -e "$build/bin/gantry" ]; then
    arm64_configure "$build"
    cmake --build "$build" --target gantry >"$build/build.log"
fi
tools=$PWD/build/qemu-plugins library=usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
if [ ! -x "$tools/usr/bin/qemu-aarch64" ]; then
    mkdir -p "$tools"
    (cd "$tools" && apt-get -qq -o APT::Sandbox::User=root download qemu-user libcapstone4 \
        liburing2 && for package in *.deb; do dpkg -x "$package" .; done) ||
        { echo "skipped: qemu-user is not to be had" && exit 77; }
fi
cc -O2 -shared -fPIC -o "$tools/count.so" tests/bench/neon/count.c

# counts ISA MODEL SECONDS FILE: what one call of the command executes.
counts() {
    local core=cortex-a53
    [ "$1" != neondot ] || core=cortex-a76
    LD_LIBRARY_PATH=$tools/$library "$tools/usr/bin/qemu-aarch64" -cpu "$core" \
        -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH="$ARM64_ROOT/usr/lib/aarch64-linux-gnu" \
        -E GANTRY_ISA="$1" -plugin "$tools/count.so" -d plugin -D "$4" \
        "$build/bin/gantry" bench "$2" --seconds "$3" --json --quiet >"$tools/record.json"
}
echo "| network | MACs | NEON | per MAC | reference | ratio | dot products |"
echo "|---|---|---|---|---|---|---|"
for model in "$@"; do
    for isa in neon ref neondot; do
        counts "$isa" "$model" 0 "$tools/$isa-one"
        counts "$isa" "$model" 1e-6 "$tools/$isa-more"
    done
    python3 - "$tools" "$functions" <<'PROGRAM'
import json
import sys

folder, functions = sys.argv[1:]


def read(name):
    """Runs, and instructions by function."""
    with open(f"{folder}/{name}") as file:
        lines = [line.rstrip("\n").split(" ", 1) for line in file]
    return int(lines[0][0]), {name: int(count) for count, name in lines[1:]}


def inference(isa):
    """Instructions of one more run, by function."""
    (one, few), (more, many) = read(isa + "-one"), read(isa + "-more")
    return {name: (many[name] - few.get(name, 0)) / (more - one) for name in many}


record = json.load(open(folder + "/record.json"))
neon = inference("neon")
total, other, dot = (sum(inference(isa).values()) for isa in ("neon", "ref", "neondot"))
print("| {} | {:,} | {:,.0f} | {:.2f} | {:,.0f} | {:.1f} | {:,.0f} |".format(
    record["model"], record["macs"], total, total / record["macs"], other, other / total, dot))
if functions == "yes":
    for name, count in sorted(neon.items(), key=lambda item: -item[1])[:8]:
        print(f"    {count:12,.0f} {100 * count / total:5.1f} % {name}")
PROGRAM
done
