#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A matrix of 1024 x 4096 int8 weights times a vector on the simulated accelerator: bytes of weights
# per cycle from start to done, and their share of what the memory model gives. Every weight is used
# once, so memory decides; fails below 90 %.
#
# Usage: tests/bench/matrix.sh [DEVICE [MEMORY]]   (default: sim kv260)
set -eu
cd "$(dirname "$0")/../.."
build=${GANTRY_BUILD_DIR:-build/release}
device=${1-sim} memory=${2-kv260} out=$build/matrix
skip() {
    echo "skipped: $1"
    exit 77
}
[ -e "$build/lib/libgantry-sim.so" ] || skip "the simulated accelerator is not built"
command -v flatc >/dev/null || skip "no flatc"
models/synthetic/make "$out"
"$build/bin/gantry" profile "$out/matrix_1024x4096.tflite" --device "$device" --memory "$memory" \
    --placement accelerator --random 1 --json --quiet >"$out/record.json"
python3 - "$out/record.json" <<'PROGRAM'
import json
import sys
totals = json.load(open(sys.argv[1]))["totals"]
weights, cycles = totals["macs"], totals["accelerator_cycles"]  # a weight is a byte and a MAC
rate, limit = weights / cycles, totals["memory_bytes_per_cycle"]
print("{:,} bytes of weights in {:,} cycles: {:.1f} of {} bytes per cycle, {:.1f} %".format(
    weights, cycles, rate, limit, 100 * rate / limit))
sys.exit(rate < 0.9 * limit)
PROGRAM
