#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The digit network reads at least 97 % of the held-out real digits, int8, run by gantry itself.
set -eu
. tests/models/python.sh
mapfile -t packages < <(grep -E '^(numpy|scikit-learn)==' models/digits/requirements.txt)
python=$(python_with "${packages[@]}") || exit $?
out=$GANTRY_BUILD_DIR/heldout
rm -rf "$out"
"$python" models/digits/eval_export.py "$out"
"$GANTRY_BUILD_DIR/bin/gantry" run models/digits/digits.tflite --device cpu \
    --input "$out/input0.npy" --output "$out/result" --quiet >/dev/null
share=$(share_right "$python" "$out/result/output0.npy" "$out/labels.npy")
echo "held-out digits right: $share %"
awk -v share="$share" 'BEGIN { exit !(share >= 97) }'
