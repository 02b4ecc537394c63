#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Batches on the simulated accelerator: results of full and partial batches, one launch each, and
# what a further inference of a batch costs (tests/bench/batch.sh).
set -u
. tests/e2e/cases.sh
has_sim || { echo "skipped: the simulated accelerator is not built"; exit 77; }

for batch in 1 5 16; do
    check "42 vectors in batches of $batch are equal on all devices" "$gantry" verify $model \
        --devices cpu,model,sim --batch $batch --input $vectors/input0.npy \
        --expect $vectors/output0.npy --quiet
done
record=$scratch/batch.json
"$gantry" profile $model --device sim --batch 7 --json --quiet >"$record"
holds "seven inferences are one launch" "$record" 't["launches"] == 1 and t["inferences"] == 7'
holds "cycles of nodes sum to the batch's" "$record" \
    'sum(n["cycles"] or 0 for n in nodes) == t["accelerator_cycles"] > 0'
holds "stalls of the nodes sum to the batch's" "$record" \
    'all(sum(n["stalls"][k] for n in nodes if n["stalls"]) == t["stalls"][k] for k in t["stalls"])'
holds "outputs of the batch are the CPU's" "$record" 'r["equal_to_cpu"]'
for name in kws_ref_model vww_96_int8 pretrainedResnet_quant ad01_int8 str_ww_ref_model; do
    network=${GANTRY_DATA-}/models/mlperf-tiny/$name.tflite
    text="a further inference of $name takes at most 400 cycles beyond the front's own"
    if [ -e "$network" ]; then
        check "$text" tests/bench/batch.sh "$network"
    else
        skip "$text" "GANTRY_DATA names no networks"
    fi
done
finish
