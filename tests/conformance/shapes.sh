#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every third-party .tflite model that leaves a first dimension free: as many vectors as its golden
# inputs have, given as one input of that shape, have the bytes of single runs, on every device.
#
# Usage: shapes.sh DEVICES (comma-separated)
set -u
. tests/e2e/cases.sh
if [ -z "${GANTRY_DATA-}" ]; then
    echo "skipped: GANTRY_DATA names no networks"
    exit 77
fi

# free MODEL: NAME=DIMS of every input for so many items as its golden input has; nothing where no
# first dimension is free.
free() {
    "$gantry" inspect "$1" --device cpu --quiet --json 2>/dev/null >"$scratch/inspect" || return
    grep -qF '"free_dims":[0]' "$scratch/inspect" || return
    python3 - "$scratch/inspect" "$2/input0.npy" <<'P'
import ast
import json
import sys

inputs = json.load(open(sys.argv[1]))["inputs"]
header = open(sys.argv[2], "rb").read(128)[10:].split(b"\n")[0].decode()
items = ast.literal_eval(header)["shape"][0]
if all(t["free_dims"] == [0] for t in inputs):
    for t in inputs:
        print(t["name"] + "=" + "x".join(map(str, [items] + t["shape"][1:])))
P
}

for model in "$GANTRY_DATA"/models/*/*.tflite; do
    # Pieces of one network, whose shapes are fixed.
    case $model in */tflm-seanet/*) continue ;; esac
    name=$(basename "$model" .tflite) golden=$GANTRY_DATA/golden/$(basename "$model" .tflite)
    [ -e "$golden/input0.npy" ] || continue
    mapfile -t shapes < <(free "$model" "$golden")
    [ ${#shapes[@]} -gt 0 ] || continue
    arguments=(--quiet) given=() expected=()
    for file in "$golden"/input?.npy; do arguments+=(--input "$file"); done
    for shape in "${shapes[@]}"; do given+=(--shape "$shape"); done
    if ! "$gantry" run "$model" --device cpu "${arguments[@]}" --output "$scratch/$name" \
        >"$scratch/text" 2>"$scratch/stderr"; then
        fail "$name" "$(cat "$scratch/stderr")"
        continue
    fi
    for file in "$scratch/$name"/output?.npy; do expected+=(--expect "$file"); done
    for device in ${1//,/ }; do
        check "$name ${shapes[*]##*=} on $device" "$gantry" run "$model" --device "$device" \
            --placement accelerator "${arguments[@]}" "${given[@]}" "${expected[@]}"
    done
done
finish
