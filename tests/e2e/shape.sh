#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Inputs of other shapes than those in the file, through every command that takes --shape.
set -u
. tests/e2e/cases.sh
if [ -z "${GANTRY_DATA-}" ]; then
    echo "skipped: GANTRY_DATA names no networks"
    exit 77
fi
kws=$GANTRY_DATA/models/mlperf-tiny/kws_ref_model.tflite
input=$GANTRY_DATA/golden/kws_ref_model/input0.npy
read -r vectors < <(python3 - "$input" <<'P'
import ast
import sys

print(ast.literal_eval(open(sys.argv[1], "rb").read(128)[10:].decode())["shape"][0])
P
)
dims=${vectors}x49x10x1

# ---- One run of a shape has the bytes of as many runs of one.
"$gantry" run "$kws" --device cpu --quiet --input "$input" --output "$scratch/one" >"$scratch/text"
for device in cpu model; do
    check "a batch as a shape equals single runs on $device" "$gantry" run "$kws" --quiet \
        --device $device --placement accelerator --shape "$dims" --input "$input" \
        --expect "$scratch/one/output0.npy"
done
"$gantry" compile "$kws" --shape "input_1=$dims" -o "$scratch/kws.gantry" --quiet >"$scratch/text"
check "a plan file keeps its shape" "$gantry" run "$scratch/kws.gantry" --device model --quiet \
    --input "$input" --expect "$scratch/one/output0.npy"
check "and takes it again" "$gantry" run "$scratch/kws.gantry" --device model --quiet \
    --shape "$dims" --input "$input" --expect "$scratch/one/output0.npy"
check "all items are on the accelerator" "$gantry" run "$kws" --device model --quiet \
    --shape "$dims" --require-offload 100 --input "$input" --expect "$scratch/one/output0.npy"
check "verify takes a shape" "$gantry" verify "$kws" --devices cpu,model --layers --quiet \
    --shape 2x49x10x1 --random 1
"$gantry" profile "$kws" --device model --shape 2x49x10x1 --random 1 --json --quiet \
    >"$scratch/profile.json"
for figure in "macs 5313536" "inferences 2" "launches 1"; do
    equal "profile counts the items of a shape: ${figure% *}" \
        "$(json "$scratch/profile.json" "r['totals']['${figure% *}']")" "${figure#* }"
done
"$gantry" bench "$kws" --shape 2x49x10x1 --seconds 0 --json --quiet >"$scratch/bench.json"
equal "bench takes a shape" "$(json "$scratch/bench.json" 'r["macs"]')" 5313536
"$gantry" inspect "$kws" --device cpu --json --quiet --shape 3,49,10,1 >"$scratch/inspect.json"
equal "inspect shows shapes" \
    "$(json "$scratch/inspect.json" 'r["inputs"][0]["shape"], r["outputs"][0]["shape"]')" \
    "([3, 49, 10, 1], [3, 12])"
equal "inspect counts the items" "$(json "$scratch/inspect.json" 'r["batch"]')" 3
equal "inspect shows what is free" \
    "$(json "$scratch/inspect.json" 'r["inputs"][0]["free_dims"]')" "[0]"

# ---- Refusing
# refused NAME CODE TEXT MODEL SHAPE
refused() {
    "$gantry" run "$4" --device cpu --random 1 --quiet --shape "$5" >"$scratch/stdout" \
        2>"$scratch/stderr"
    equal "$1" "$? $(grep -cF -- "$3" "$scratch/stderr") $(wc -c <"$scratch/stdout")" "$2 1 0"
}
refused "a fixed dimension" 3 "fixes dimension 1 to 49" "$kws" 1x48x10x1
refused "another rank" 3 "49x10 given, the model has ?x49x10x1" "$kws" 49x10
refused "an unknown input" 3 'a shape for "x", which is no input' "$kws" x=1x49x10x1
refused "no shape" 2 "not a shape" "$kws" 1x49x10xa
refused "a model that fixes its batch" 3 "fixes dimension 0 to 1" $model 2x16x16x1
refused "a plan for another shape" 3 "5x49x10x1 given, the plan is for $dims" \
    "$scratch/kws.gantry" 5x49x10x1

finish
