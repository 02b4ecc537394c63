#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The command with the simulated accelerator: results, cycles that add up, waveforms.
set -u
. tests/e2e/cases.sh
has_sim || { echo "skipped: the simulated accelerator is not built"; exit 77; }

check "42 vectors are equal on cpu, model and sim" "$gantry" verify $model \
    --devices cpu,model,sim --input $vectors/input0.npy --expect $vectors/output0.npy --quiet
check "every tensor is equal on sim" "$gantry" verify $model --devices cpu,sim,sim:tiny --layers \
    --input models/digits/samples/3_0.png --quiet
for memory in ideal kv260; do
    record=$scratch/$memory.json
    "$gantry" profile $model --device sim --memory $memory --json --quiet >"$record"
    equal "the record names memory $memory" "$(json "$record" 'r["memory"]')" $memory
    holds "cycles of nodes sum to the accelerator's, $memory" "$record" \
        'sum(n["cycles"] or 0 for n in nodes) == t["accelerator_cycles"] > 0'
    holds "stalls of each node sum to its cycles, $memory" "$record" \
        'all(sum(n["stalls"].values()) == n["cycles"] for n in nodes if n["stalls"])'
    holds "stalls sum to the cycles, $memory" "$record" \
        'sum(t["stalls"].values()) == t["accelerator_cycles"]'
    holds "each class of cycles sums over the nodes, $memory" "$record" \
        'all(sum(n["stalls"][k] for n in nodes if n["stalls"]) == t["stalls"][k]
            for k in t["stalls"])'
    holds "utilisation is MACs over cycles and peak, $memory" "$record" \
        'abs(t["utilization"] * t["accelerator_cycles"] * t["peak_macs_per_cycle"]
            - t["macs"] * t["macs_offloaded_percent"] / 100) < 1'
done
"$gantry" profile $model --device sim --json --quiet >"$scratch/again.json"
equal "a run takes the same cycles each time" \
    "$(json "$scratch/again.json" '[n["cycles"] for n in nodes]')" \
    "$(json "$scratch/kv260.json" '[n["cycles"] for n in nodes]')"
check "a waveform of a layer" "$gantry" profile $model --device sim --quiet \
    --waveform "$scratch/layer.fst" --waveform-layer 1
check "the waveform is not empty" test -s "$scratch/layer.fst"
equal "nothing partial is left" "$(find "$scratch" -name '*partial*')" ""
finish
