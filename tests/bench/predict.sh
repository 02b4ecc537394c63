#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Predicted cycles beside simulated ones. Prints a Markdown table; fails when a network is off by
# more than 5 %, or a layer of more than 5,000 cycles by more than 15 %.
#
# Usage: tests/bench/predict.sh [DEVICE [MEMORY]]
#   Default: sim kv260. GANTRY_BUILD_DIR names the build (default build/release). Networks: our own,
#   those of GANTRY_DATA, and the synthetic ones where build/synthetic has them.
set -eu
cd "$(dirname "$0")/../.."
gantry=${GANTRY_BUILD_DIR:-build/release}/bin/gantry
device=${1-sim} memory=${2-kv260} status=0

echo "| network | simulated | predicted | error | worst layer over 5,000 cycles |"
echo "|---|---|---|---|---|"
for model in models/digits/digits.tflite models/kws/kws.tflite \
    ${GANTRY_DATA:+"$GANTRY_DATA"/models/mlperf-tiny/*_int8.tflite} \
    ${GANTRY_DATA:+"$GANTRY_DATA"/models/mlperf-tiny/*_ref_model.tflite} \
    ${GANTRY_DATA:+"$GANTRY_DATA"/models/mlperf-tiny/*_quant.tflite} build/synthetic/*.tflite; do
    [ -e "$model" ] || continue
    "$gantry" profile "$model" --device "$device" --memory "$memory" --placement accelerator \
        --random 1 --json --quiet | python3 -c '
import json
import sys

profile = json.load(sys.stdin)
totals = profile["totals"]
counted, predicted = totals["accelerator_cycles"], totals["predicted_cycles"]
error = 100 * (predicted / counted - 1)
worst = max((abs(100 * (node["predicted_cycles"] / node["cycles"] - 1))
             for node in profile["nodes"] if (node["cycles"] or 0) > 5000), default=None)
print(f"| {sys.argv[1]} | {counted:,} | {predicted:,} | {error:+.1f} % |",
      "- |" if worst is None else f"{worst:.1f} % |")
sys.exit(abs(error) > 5 or (worst or 0) > 15)' "$(basename "$model")" || status=1
done
exit $status
