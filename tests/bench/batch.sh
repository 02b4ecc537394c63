#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a further inference of a batch costs. Prints a Markdown table: cycles of one inference and
# of a batch of eight, the increment (cycles(8) - cycles(1)) / 7, the front's own cycles (busy,
# weights, accumulator, port, min-step) of one inference, and the limit of the increment. Fails
# when an increment passes its limit, or an output is not the CPU's.
#
# Usage: tests/bench/batch.sh [--device NAME] [--memory NAME] [MODEL[:PERCENT] ...]
#   Default: sim:k26, kv260, the networks of MLPerf Tiny in GANTRY_DATA.
#   The limit of a MODEL is its front's cycles + 400; with PERCENT so many percent of them.
#   GANTRY_BUILD_DIR names the build (default build/release).
set -eu
cd "$(dirname "$0")/../.."
gantry=${GANTRY_BUILD_DIR:-build/release}/bin/gantry
device=sim:k26 memory=kv260
while [ $# -gt 0 ]; do
    case $1 in
        --device) device=$2 && shift 2 ;;
        --memory) memory=$2 && shift 2 ;;
        *) break ;;
    esac
done
if [ $# -eq 0 ]; then
    [ -n "${GANTRY_DATA-}" ] || { echo "skipped: GANTRY_DATA names no networks" && exit 77; }
    for name in kws_ref_model vww_96_int8 pretrainedResnet_quant ad01_int8 str_ww_ref_model; do
        set -- "$@" "$GANTRY_DATA/models/mlperf-tiny/$name.tflite"
    done
fi
profile() {
    "$gantry" profile "$1" --device "$device" --memory "$memory" --placement accelerator \
        --random 1 --json --quiet --batch "$2"
}
failed=0
echo "| network | one | eight | increment | front | limit |"
echo "|---|---|---|---|---|---|"
for model in "$@"; do
    percent=
    case $model in *:*) percent=${model##*:} model=${model%:*} ;; esac
    { profile "$model" 1 && profile "$model" 8; } | python3 -c '
import json, sys
one, eight = (json.loads(line) for line in sys.stdin)
front = sum(one["totals"]["stalls"][k] for k in
            ("busy", "weights", "accumulator", "port", "min-step"))
cycles = [r["totals"]["accelerator_cycles"] for r in (one, eight)]
assert eight["totals"]["inferences"] == 8
increment = (cycles[1] - cycles[0]) / 7
limit = front * float(sys.argv[1]) / 100 if sys.argv[1] else front + 400
equal = one["equal_to_cpu"] and eight["equal_to_cpu"]
print("| {} | {:,} | {:,} | {:,.0f} | {:,} | {:,.0f} |{}{}".format(
    one["model"], *cycles, increment, front, limit, "" if increment <= limit else " over",
    "" if equal else " differs from the CPU"))
sys.exit(0 if increment <= limit and equal else 1)' "$percent" || failed=1
done
exit $failed
