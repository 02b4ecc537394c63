#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Networks that ONNX Runtime quantises, against ONNX Runtime, which is installed in a virtual
# environment below the build folder; skipped where that is not to be had.
set -eu
work=$GANTRY_BUILD_DIR/onnx-oracle
mkdir -p "$work"
if [ ! -e "$work/venv/.complete" ]; then
    if ! { python3 -m venv "$work/venv" &&
        "$work/venv/bin/pip" install -q onnx onnxruntime numpy && touch "$work/venv/.complete"; } \
        >"$work/venv.log" 2>&1; then
        echo "skipped: onnx and onnxruntime are not to be had"
        exit 77
    fi
fi
"$work/venv/bin/python" tests/conformance/onnx_oracle.py "$GANTRY_BUILD_DIR/bin/gantry" \
    "$work/models" 2>"$work/err" || { tail -n 20 "$work/err"; exit 1; }
