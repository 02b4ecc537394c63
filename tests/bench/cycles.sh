#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Simulated cycles of whole networks: the project's own model, where GANTRY_DATA names them the
# MLPerf Tiny networks, and what models/synthetic/make has written. Prints a Markdown table.
#
# Usage: tests/bench/cycles.sh [DEVICE [MEMORY]]   (default: sim kv260)
set -eu
cd "$(dirname "$0")/../.."
gantry=build/release/bin/gantry
device=${1-sim} memory=${2-kv260}
models=models/digits/digits.tflite
for name in kws_ref_model vww_96_int8 pretrainedResnet_quant ad01_int8 str_ww_ref_model; do
    [ -z "${GANTRY_DATA-}" ] || models="$models $GANTRY_DATA/models/mlperf-tiny/$name.tflite"
done
for name in mobilenet_v1_1.0_224 mobilenet_v2_1.0_224 resnet50; do
    file=build/synthetic/$name.tflite
    [ ! -e $file ] || models="$models $file"
done
echo "| network | MACs | on the accelerator | cycles | share of peak | busy |"
echo "|---|---|---|---|---|---|"
for model in $models; do
    "$gantry" profile "$model" --device "$device" --memory "$memory" --random 1 --json --quiet |
        python3 -c '
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
