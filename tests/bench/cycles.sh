#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Simulated cycles of whole networks as a Markdown table: the project's own model, where GANTRY_DATA
# names them the MLPerf Tiny networks, and what models/synthetic/make has written; or those given.
#
# Usage: tests/bench/cycles.sh [--against REV] [DEVICE [MEMORY [MODEL...]]]
#        (default: sim kv260)
#   --against REV   builds both trees, this one in build/release and the commit REV below
#                   build/against, and prints the cycles of both and the layers that changed
set -eu
cd "$(dirname "$0")/../.."
revision=
if [ "${1-}" = --against ]; then
    revision=$2
    shift 2
fi
device=${1-sim} memory=${2-kv260}
shift $(($# < 2 ? $# : 2))
if [ $# -eq 0 ]; then
    set -- models/digits/digits.tflite
    for name in kws_ref_model vww_96_int8 pretrainedResnet_quant ad01_int8 str_ww_ref_model; do
        [ -z "${GANTRY_DATA-}" ] || set -- "$@" "$GANTRY_DATA/models/mlperf-tiny/$name.tflite"
    done
    file=${GANTRY_DATA-}/models/coral/tf2_mobilenet_v2_1.0_224_ptq.tflite
    [ ! -e "$file" ] || set -- "$@" "$file"
    for name in mobilenet_v1_1.0_224 mobilenet_v2_1.0_224 squeezenet_1.1_224 resnet50; do
        file=build/synthetic/$name.tflite
        [ ! -e $file ] || set -- "$@" "$file"
    done
fi

# profile GANTRY MODEL: the record as JSON.
profile() { "$1" profile "$2" --device "$device" --memory "$memory" --random 1 --json --quiet; }

config_of() {
    case $1 in
        *:*) echo "${1#*:}" ;;
        *) echo k26 ;;
    esac
}

# The commit in a tree of its own; only what its cycles need is built.
build_both() {
    tree=build/against/tree
    git worktree prune
    if [ -e $tree/.git ]; then
        git -C $tree checkout -q --detach "$(git rev-parse "$revision")"
    else
        git worktree add -q --detach $tree "$revision"
    fi
    cmake -S $tree -B build/against/build -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DGANTRY_BUILD_TESTS=OFF -DGANTRY_SIM_CONFIGS="$(config_of "$device")"
    cmake --build build/against/build --target gantry gantry_sim
    cmake --preset release && cmake --build --preset release --target gantry gantry_sim
}

if [ -z "$revision" ]; then
    echo "| network | MACs | on the accelerator | cycles | share of peak | busy |"
    echo "|---|---|---|---|---|---|"
    for model in "$@"; do
        profile build/release/bin/gantry "$model" | python3 -c '
import json, sys
r = json.load(sys.stdin)
t = r["totals"]
cycles = t["accelerator_cycles"]
busy = 100 * t["stalls"]["busy"] / cycles
macs, moved = t["macs"], t["macs_offloaded_percent"]
share = 100 * t["utilization"]
print("| {} | {:,} | {:.1f} % | {:,} | {:.1f} % | {:.1f} % |".format(
    r["model"], macs, moved, cycles, share, busy))'
    done
    exit 0
fi

mkdir -p build/against
build_both >build/against/log 2>&1 || {
    tail -n 40 build/against/log
    exit 1
}
echo "| network, layer | $(git rev-parse --short "$revision") | now | change |"
echo "|---|---|---|---|"
for model in "$@"; do
    profile build/against/build/bin/gantry "$model" >build/against/old.json
    profile build/release/bin/gantry "$model" >build/against/new.json
    python3 -c '
import json
old, new = (json.load(open("build/against/%s.json" % name)) for name in ("old", "new"))
def row(name, a, b):
    print("| {} | {:,} | {:,} | {:+.1f} % |".format(name, a, b, 100 * (b - a) / max(a, 1)))
row(new["model"], *(r["totals"]["accelerator_cycles"] for r in (old, new)))
for a, b in zip(old["nodes"], new["nodes"]):
    if a["name"] == b["name"] and a["cycles"] and b["cycles"] and a["cycles"] != b["cycles"]:
        row("- " + b["name"], a["cycles"], b["cycles"])'
done
