#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a file to the first result on the CPU, for a model and for its plan file, in fresh processes.
# In process: load_ms and first_ms of `gantry bench --seconds 0`; process: from fork to exit, and
# the time that it had a processor; MB: its peak memory. Prints a Markdown table of medians, and of
# the least times, which other programs disturb least. Fails where these are beyond 3 ms in process
# or 10 ms in all, or the memory is beyond 8 MB.
#
# Usage: [ROUNDS=20] tests/bench/start.sh [MODEL]    (default: vww_96 in GANTRY_DATA, else digits)
#   GANTRY_BUILD_DIR names the build (default build/release).
set -eu
cd "$(dirname "$0")/../.."
build=${GANTRY_BUILD_DIR:-build/release}
model=models/digits/digits.tflite
[ -z "${GANTRY_DATA-}" ] || model=$GANTRY_DATA/models/mlperf-tiny/vww_96_int8.tflite
model=${1-$model}
plan=$build/start.gantry
"$build/bin/gantry" compile "$model" --device cpu -o "$plan" --quiet >"$build/start.log"
python3 - "$build/bin/gantry" "${ROUNDS:-20}" "$model" "$plan" <<'PROGRAM'
import json
import os
import statistics
import subprocess
import sys
import time

gantry, rounds, files = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
LIMITS = {"in process": 3.0, "process": 10.0, "MB": 8.0}


def start(file):
    """One process: its own times, its wall and CPU time in ms, its peak memory."""
    begin = time.perf_counter()
    process = subprocess.Popen([gantry, "bench", file, "--seconds", "0", "--json", "--quiet"],
                               stdout=subprocess.PIPE)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = 1e3 * (time.perf_counter() - begin)
    if status != 0:
        sys.exit(f"start.sh: exit code {os.waitstatus_to_exitcode(status)}")
    record = json.loads(output)
    return {"in process": record["load_ms"] + record["first_ms"], "process": wall,
            "CPU": 1e3 * (usage.ru_utime + usage.ru_stime), "MB": record["rss_mb"]}


print("| file | in process ms | process ms | CPU ms | MB | least: in process | process | CPU |")
print("|---|---|---|---|---|---|---|---|")
failed = False
for file in files:
    starts = [start(file) for _ in range(rounds)]
    least = {key: min(one[key] for one in starts) for key in starts[0]}
    median = {key: statistics.median(one[key] for one in starts) for key in least}
    over = [key for key, limit in LIMITS.items() if least[key] > limit]
    values = [*median.values(), least["in process"], least["process"], least["CPU"]]
    print("| {} | {} |{}".format(os.path.basename(file),
                                 " | ".join(f"{value:.2f}" for value in values),
                                 " over: " + ", ".join(over) if over else ""))
    failed = failed or bool(over)
sys.exit(failed)
PROGRAM
