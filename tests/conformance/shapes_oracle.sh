#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Third-party models with free dimensions against LiteRT, which is installed in a virtual
# environment below the build folder; skipped where that is not to be had.
set -eu
work=$GANTRY_BUILD_DIR/shapes-oracle
[ -n "${GANTRY_DATA-}" ] || { echo "skipped: GANTRY_DATA names no networks"; exit 77; }
mkdir -p "$work"
if [ ! -e "$work/venv/.complete" ]; then
    if ! { python3 -m venv "$work/venv" &&
        "$work/venv/bin/pip" install -q ai-edge-litert==2.3.0 numpy &&
        touch "$work/venv/.complete"; } >"$work/venv.log" 2>&1; then
        echo "skipped: ai-edge-litert is not to be had"
        exit 77
    fi
fi
"$work/venv/bin/python" tests/conformance/shapes_oracle.py "$GANTRY_BUILD_DIR/bin/gantry" \
    "$GANTRY_DATA" "$work" 2>"$work/err" || { tail -n 20 "$work/err"; exit 1; }
