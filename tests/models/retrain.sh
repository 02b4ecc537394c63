#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Training again, in a copy of the folder, gives a model within one point of the committed one.
set -eu
. tests/models/python.sh
python=$(python_with -r models/digits/requirements.txt) || exit $?
copy=$GANTRY_BUILD_DIR/retrain
rm -rf "$copy"
mkdir -p "$copy/models" "$copy/tests/vectors"
cp -r models/digits "$copy/models/digits"
(cd "$copy/models/digits" && "$python" train.py >../train.log 2>&1) || {
    tail -n 20 "$copy/models/train.log"
    exit 1
}
"$python" models/digits/eval_export.py "$copy/eval"
for model in models/digits "$copy/models/digits"; do
    out=$copy/$(printf '%s' "$model" | cksum | cut -d' ' -f1)
    "$GANTRY_BUILD_DIR/bin/gantry" run "$model/digits.tflite" --device cpu \
        --input "$copy/eval/input0.npy" --output "$out" --quiet >/dev/null
    share_right "$python" "$out/output0.npy" "$copy/eval/labels.npy" >>"$copy/shares"
done
echo "held-out digits right, committed and trained again: $(tr '\n' ' ' <"$copy/shares")"
awk 'NR == 1 { a = $1 } NR == 2 { b = $1 } END { exit !(NR == 2 && b >= a - 1 && b <= a + 1) }' \
    "$copy/shares"
