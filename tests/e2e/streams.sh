#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Several streams: bench --streams, and the trace of profile --streams.
set -u
. tests/e2e/cases.sh

"$gantry" bench $model --streams 2 --seconds 0 --json --quiet >"$scratch/cpu.json"
holds "streams on the CPU are counted" "$scratch/cpu.json" \
    'r["streams"] == 2 and r["inferences"] == 32 and r["inferences_per_s"] > 0'
holds "time of the CPU is not simulated" "$scratch/cpu.json" 'r["simulated"] is None'
"$gantry" profile $model --device model --streams 2 --runs 3 --chrome-trace "$scratch/model.trace" \
    --quiet >/dev/null
holds "a device whose time passes by itself has a trace" "$scratch/model.trace" \
    '(sum(e["ph"] == "X" and e["cat"] == "launch" for e in r["traceEvents"]) == 6 and
      r["otherData"]["time"] == "measured")'

# refuses TEXT ARGUMENTS...
refuses() {
    local text=$1 status=0
    shift
    "$gantry" "$@" >"$scratch/out" 2>"$scratch/err" || status=$?
    equal "$*: exit code" $status 2
    contains "$*: message" "$(cat "$scratch/err")" "$text"
}
refuses "too many (65, limit 64)" bench $model --streams 65
refuses "--streams goes with --chrome-trace" profile $model --streams 2
refuses "--streams and --batch" profile $model --streams 2 --batch 2 --chrome-trace x
refuses "--per-op and --streams" bench $model --streams 2 --per-op

has_sim || finish
for streams in 1 2; do
    "$gantry" bench $model --device sim:dual --memory ideal --streams $streams --seconds 0 --json \
        --quiet >"$scratch/$streams.json"
    holds "$streams on two accelerators" "$scratch/$streams.json" \
        "r['accelerators'] == 2 and r['simulated']['inferences'] == 16 * $streams"
done
one=$(json "$scratch/1.json" 'r["simulated"]["inferences_per_s"]')
holds "two streams have 1.8 times the throughput of one" "$scratch/2.json" \
    "r['simulated']['inferences_per_s'] >= 1.8 * $one"
"$gantry" bench $model --device sim:dual --memory ideal --streams 2 --seconds 0 --json --quiet \
    >"$scratch/again.json"
equal "the same streams take the same cycles" \
    "$(json "$scratch/again.json" 'r["simulated"]["cycles"]')" \
    "$(json "$scratch/2.json" 'r["simulated"]["cycles"]')"

# A layer in the middle on the CPU, and a third stream: two in step do the same things together.
"$gantry" profile models/kws/kws.tflite --device sim:dual --pin 6=cpu --streams 3 --runs 3 \
    --chrome-trace "$scratch/dual.trace" --json --quiet >"$scratch/dual.json"
slices='[e for e in r["traceEvents"] if e["ph"] == "X"]'
holds "CPU layers of one inference overlap launches of another" "$scratch/dual.trace" \
    "any(a['cat'] == 'cpu' and a['name'] != 'launch and transfers' and b['cat'] == 'launch' and
         a['args']['stream'] != b['args']['stream'] and
         a['ts'] < b['ts'] + b['dur'] and b['ts'] < a['ts'] + a['dur']
         for a in $slices for b in $slices)"
holds "each accelerator has its launches" "$scratch/dual.trace" \
    "(len({e['tid'] for e in $slices if e['cat'] == 'launch'}) == 2 and
      sum(e['cat'] == 'launch' for e in $slices) == 18)"
holds "each stream and each engine of an accelerator has a track" "$scratch/dual.trace" \
    '([e["args"]["name"] for e in r["traceEvents"] if e["name"] == "thread_name"] ==
      ["stream %d: CPU layers" % i for i in range(3)] +
      ["accelerator %d: %s" % (i, n) for i in range(2)
       for n in ("launches", "COMPUTE", "LOAD", "STORE")])'
holds "instructions lie within launches" "$scratch/dual.trace" \
    "all(any(a['cat'] == 'launch' and a['args'] == b['args'] and a['ts'] <= b['ts'] + 0.002 and
             b['ts'] + b['dur'] <= a['ts'] + a['dur'] + 0.002 for a in $slices)
         for b in $slices if b['cat'] == 'instruction')"
finish
