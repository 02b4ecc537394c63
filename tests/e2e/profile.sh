#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The reports of a profile: trace, page, prediction, both sides of a layer, comparison; and inspect
# on every model that there is.
set -u
. tests/e2e/cases.sh

# report NAME ARGUMENTS...: all files of a profile, in $scratch/NAME.*
report() {
    local name=$1
    shift
    check "$name: profile writes all reports" "$gantry" profile "$@" --quiet \
        --csv "$scratch/$name.csv" --chrome-trace "$scratch/$name.trace" \
        --html "$scratch/$name.html"
    "$gantry" profile "$@" --quiet --json --chrome-trace "$scratch/$name.trace" \
        >"$scratch/$name.json"
    equal "$name: the trace opens: slices nested, times in order, every layer there" \
        "$(python3 tests/e2e/trace_check.py "$scratch/$name.trace" "$scratch/$name.json" 2>&1)" ""
    equal "$name: the page asks for nothing from elsewhere" \
        "$(grep -cE '(src|href)="[^d]|@import|url\(' "$scratch/$name.html")" 0
    equal "$name: the CSV has a line per node" "$(wc -l <"$scratch/$name.csv")" \
        "$(($(json "$scratch/$name.json" 'len(r["nodes"])') + 1))"
    holds "$name: predictions of nodes sum to the total" "$scratch/$name.json" \
        'sum(n["predicted_cycles"] or 0 for n in nodes) == (t["predicted_cycles"] or 0)'
    holds "$name: total cycles are known where the accelerator's are" "$scratch/$name.json" \
        '(t["cycles"] is None) == (t["accelerator_cycles"] is None)'
    holds "$name: outputs equal the CPU's where another device ran" "$scratch/$name.json" \
        'r["equal_to_cpu"] is (True if t["launches"] else None)'
    holds "$name: every layer of the accelerator has its time on the CPU" "$scratch/$name.json" \
        'all(n["other_side"]["cpu_us"] is not None for n in nodes
            if n["placement"] == "accelerator" and n["index"] >= 0)'
    holds "$name: layers with MACs take time on either side" "$scratch/$name.json" \
        'all((n["cpu_us"] or 0) + (n["other_side"]["cpu_us"] or 0) > 0 for n in nodes if n["macs"])'
}

devices="cpu model model:tiny"
if has_sim; then devices="$devices sim sim:tiny"; fi
for device in $devices; do
    report "${device/:/-}" $model --device "$device" --runs 3
done
report placed $model --device model --placement cpu
holds "layers kept on the CPU have their prediction for the accelerator" "$scratch/placed.json" \
    'sum((n["other_side"]["predicted_cycles"] or 0) > 0 for n in nodes if n["index"] >= 0) >= 9'
for device in sim sim-tiny; do
    [ -e "$scratch/$device.json" ] || continue
    holds "$device: the plan moves as many bytes as are counted" "$scratch/$device.json" \
        '[sum(t["ddr_planned_bytes"]["read"].values()), t["ddr_planned_bytes"]["write"][
            "activations"] + 64 * len(r["events"])] == [t["ddr_read_bytes"], t["ddr_write_bytes"]]'
    holds "$device: the prediction is within 15 %" "$scratch/$device.json" \
        'abs(t["error_percent"]) <= 15'
    holds "$device: more than one instruction is recorded" "$scratch/$device.json" \
        'len({e["engine"] for e in r["events"]}) == 4'
done
holds "several runs have their spread" "$scratch/model.json" \
    't["runs"] == 3 and t["wall_times_us"]["p50"] <= t["wall_times_us"]["max"]'

# ---- Comparison
text=$("$gantry" profile --compare "$scratch/model.json" "$scratch/model.json")
equal "a profile compared with itself has nothing faster or slower" \
    "$(echo "$text" | grep -c '^0 faster, 0 slower')" 1
python3 - "$scratch/model.json" "$scratch/slow.json" <<'PROGRAM'
import json
import sys
record = json.load(open(sys.argv[1]))
record["nodes"][1]["time_us"] *= 2
json.dump(record, open(sys.argv[2], "w"))
PROGRAM
text=$("$gantry" profile --compare "$scratch/model.json" "$scratch/slow.json")
contains "a layer that became slower is named" "$text" "+100.0 %  slower"
"$gantry" profile --compare "$scratch/slow.json" "$scratch/model.json" --json >"$scratch/diff.json"
equal "comparison as JSON" \
    "$(json "$scratch/diff.json" '[l["verdict"] for l in r["layers"]].count("faster")')" 1
"$gantry" profile --compare "$scratch/model.json" $model 2>"$scratch/text"
equal "a model is no profile" "$? $(grep -c 'digits.tflite: no JSON' "$scratch/text")" "3 1"
"$gantry" inspect $model --device model --json --quiet >"$scratch/inspect.json"
"$gantry" profile --compare "$scratch/inspect.json" "$scratch/model.json" 2>"$scratch/text"
equal "what inspect prints is no profile of a run" \
    "$? $(grep -c 'inspect.json: no output' "$scratch/text")" "3 1"

# ---- inspect
"$gantry" inspect $model --device model --quiet --dot "$scratch/graph.dot"
equal "--dot draws every layer" "$(grep -c '^  n[0-9]* \[' "$scratch/graph.dot")" 12
if command -v dot >/dev/null; then
    check "--svg draws the graph" "$gantry" inspect $model --device model --quiet \
        --svg "$scratch/graph.svg"
    equal "the drawing has every layer" "$(grep -c 'class="node"' "$scratch/graph.svg")" 14
else
    skip "--svg draws the graph" "no graphviz here"
fi
PATH=$scratch "$gantry" inspect $model --device model --quiet --svg "$scratch/none.svg" \
    2>"$scratch/text"
equal "without graphviz --svg names the package" "$? $(grep -c graphviz "$scratch/text")" "3 1"
equal "nothing partial is left" "$(find "$scratch" -name '*partial*')" ""

# inspect on all models: a plan, or one line that says why not.
found=
[ -z "${GANTRY_DATA-}" ] || found=$(find "$GANTRY_DATA/models" -name '*.tflite' | sort)
for file in models/*/*.tflite $found; do
    text=$("$gantry" inspect "$file" --device model --quiet --json 2>&1 >"$scratch/plan.json")
    code=$?
    case $code in
        0) holds "inspect $(basename "$file")" "$scratch/plan.json" \
            'all(n["placement"] == "accelerator" or n["reason"]["code"] for n in nodes)' ;;
        3 | 4) equal "inspect $(basename "$file") says why not" "$(echo "$text" |
            grep -c '^gantry: ')" 1 ;;
        *) fail "inspect $(basename "$file")" "exit $code: $text" ;;
    esac
done
finish
