#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The command doing what it is for, on the digit network and the devices of the library.
set -u
. tests/e2e/cases.sh
picture=models/digits/samples/7_0.png

# ---- Help and version
text=$("$gantry" --version)
contains "version names the specification" "$text" \
    "spec $(sed -n 's/.*(0x\(.*\)).*/\1/p' hw/spec/gantry_spec_hash.h)"
contains "version names the devices" "$text" "cpu model:k26"
text=$("$gantry" --help)
for command in run profile verify inspect bench devices; do
    contains "help lists $command" "$text" "  $command"
    check "$command has help" "$gantry" $command --help
    contains "help of $command is made from its table" "$("$gantry" $command --help)" "--json"
done

# ---- run
"$gantry" run $model --input $picture --device cpu >"$scratch/run.txt" 2>"$scratch/run.err"
equal "run reads a picture" "$(sed -n '1s/.* //p' "$scratch/run.txt")" 7
contains "run says what it did with the picture" "$(cat "$scratch/run.err")" \
    "grey picture of 64 x 64 -> 1x16x16x1 int8 (manifest)"
"$gantry" run $model --input $picture --device model --json --quiet >"$scratch/run.json" \
    2>"$scratch/run.err"
equal "run --json is one line" "$(wc -l <"$scratch/run.json")" 1
equal "--quiet leaves stderr empty" "$(cat "$scratch/run.err")" ""
equal "run --json has a label" "$(json "$scratch/run.json" 'r["top"][0]["label"]')" 7
equal "run --json has five classes" "$(json "$scratch/run.json" 'len(r["top"])')" 5
equal "run --json names the device" "$(json "$scratch/run.json" 'r["device"]')" model:k26
equal "run --json has the shape with vectors" \
    "$(json "$scratch/run.json" 'r["outputs"][0]["shape"]')" "[1, 1, 10]"
equal "run --json counts offloaded MACs" \
    "$(json "$scratch/run.json" 'r["macs_offloaded_percent"]')" 100.0
"$gantry" run $model --input $picture --device cpu --top 2 --labels "$vectors/README.md" --json \
    --quiet >"$scratch/run.json"
equal "--top and --labels" \
    "$(json "$scratch/run.json" 'len(r["top"]), r["top"][1]["label"] != r["top"][0]["label"]')" \
    "(2, True)"

for device in cpu model model:tiny; do
    check "42 vectors are as expected on $device" "$gantry" run $model --device $device --quiet \
        --input $vectors/input0.npy --expect $vectors/output0.npy --output "$scratch/out-$device"
    equal "output file holds the same bytes on $device" \
        "$(tail -c 420 "$scratch/out-$device/output0.npy" | cksum)" \
        "$(tail -c 420 $vectors/output0.npy | cksum)"
    contains "output file has shape [V] + S on $device" \
        "$(head -c 128 "$scratch/out-$device/output0.npy" | tr -d '\0')" "(42, 1, 10)"
done
name=$("$gantry" inspect $model --device cpu | sed -n 's/^input *\([^ ]*\) .*/\1/p')
check "an input is named" "$gantry" run $model --device cpu --quiet \
    --input "$name=$vectors/input0.npy"
check "an output folder is made with those above it" "$gantry" run $model --device cpu --quiet \
    --input $picture --output "$scratch/a/b/c"

# ---- bench
"$gantry" bench $model --seconds 0.05 --per-op --json --quiet >"$scratch/bench.json"
equal "bench measures the CPU" "$(json "$scratch/bench.json" 'r["device"]')" cpu
equal "bench --json has ordered times" \
    "$(json "$scratch/bench.json" '0 < r["min_us"] <= r["med_us"] <= r["p99_us"]')" True
equal "bench --per-op has every node" \
    "$(json "$scratch/bench.json" '[n["index"] for n in r["nodes"]]')" \
    "$(json "$scratch/bench.json" 'list(range(len(r["nodes"])))')"
GANTRY_ISA=ref "$gantry" bench $model --seconds 0 --json --quiet >"$scratch/bench.json"
equal "GANTRY_ISA chooses the kernels" "$(json "$scratch/bench.json" 'r["isa"]')" ref
for isa in avx512 avx2 neondot neon ref; do
    name="42 vectors are as expected from the kernels $isa"
    GANTRY_ISA=$isa "$gantry" run $model --device cpu --quiet --input $vectors/input0.npy \
        --expect $vectors/output0.npy >"$scratch/isa.txt" 2>&1
    case $?:$(cat "$scratch/isa.txt") in
        0:*) pass "$name" ;;
        *"has no $isa"*) skip "$name" "not on this machine" ;;
        *) fail "$name" "$(cat "$scratch/isa.txt")" ;;
    esac
done
equal "bench --seconds 0 runs once" \
    "$(json "$scratch/bench.json" 'r["runs"], r["min_us"], r["first_ms"] > 0')" "(0, None, True)"
contains "bench prints the rate" "$("$gantry" bench $model --seconds 0.05 --quiet)" "GMAC/s"

# ---- placement
"$gantry" run $model --device model --random 1 --quiet --forbid-fallback >"$scratch/place.txt" \
    2>"$scratch/place.err"
equal "--forbid-fallback fails where the CPU is needed" "$?" 1
contains "--forbid-fallback lists the nodes with reasons" "$(cat "$scratch/place.err")" \
    "11 SOFTMAX StatefulPartitionedCall_1:0: operator:"
equal "--forbid-fallback writes no result" "$(cat "$scratch/place.txt")" ""
check "--require-offload holds" "$gantry" run $model --device model --random 1 --quiet \
    --require-offload 100
"$gantry" run $model --device model --random 1 --quiet --pin 3=cpu --require-offload 99 \
    2>"$scratch/place.err"
equal "--require-offload fails below its share" "$?" 1
contains "--require-offload lists the nodes with reasons" "$(cat "$scratch/place.err")" \
    "Placement on the CPU was asked for"
equal "pins leave the result as it is" \
    "$("$gantry" run $model --device model --random 1 --quiet --pin 3=cpu --pin 6=cpu)" \
    "$("$gantry" run $model --device cpu --random 1 --quiet)"
"$gantry" profile $model --device model --random 1 --quiet --json --pin 3=cpu \
    >"$scratch/place.json"
equal "the profile shows what is pinned" \
    "$(json "$scratch/place.json" 'r["nodes"][3]["placement"], r["nodes"][3]["reason"]["code"]')" \
    "('cpu', 'placement')"
equal "two launches around a pin" "$(json "$scratch/place.json" 'r["totals"]["launches"]')" 2
equal "--max-segments keeps its limit" \
    "$("$gantry" profile $model --device model --random 1 --quiet --json --pin 3=cpu \
        --max-segments 1 >"$scratch/place.json" && json "$scratch/place.json" \
        'r["totals"]["launches"]')" 1

# ---- random inputs
run_random() { "$gantry" run $model --device "$1" --random "$2" --quiet; }
equal "a seed gives the same input each time" "$(run_random cpu 5)" "$(run_random cpu 5)"
equal "a seed gives the same input on every device" "$(run_random cpu 5)" "$(run_random model 5)"
if [ "$(run_random cpu 5)" != "$(run_random cpu 6)" ]; then
    pass "seeds differ"
else
    fail "seeds differ" "5 and 6 do not"
fi

# ---- float32 inputs
python3 - "$vectors/input0.npy" "$scratch/float.npy" "$scratch/nan.npy" <<'PROGRAM'
import struct
import sys
raw = open(sys.argv[1], "rb").read()[-42 * 256:]
values = [(v + 128) * 0.003921568859368563 for v in struct.unpack(f"{len(raw)}b", raw)]
broken = values[:7] + [float("nan")] + values[8:]
head = "{'descr': '<f4', 'fortran_order': False, 'shape': (42, 16, 16, 1), }"
head += " " * (63 - (10 + len(head)) % 64) + "\n"
out = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode()
open(sys.argv[2], "wb").write(out + struct.pack(f"<{len(values)}f", *values))
open(sys.argv[3], "wb").write(out + struct.pack(f"<{len(values)}f", *broken))
PROGRAM
check "--quantize takes float32" "$gantry" run $model --device cpu --quiet --quantize \
    --input "$scratch/float.npy" --expect $vectors/output0.npy
equal "what is no number is not quantised" "$("$gantry" run $model --device cpu --quiet --quantize \
    --input "$scratch/nan.npy" 2>&1) $?" "gantry: $scratch/nan.npy: value 7 is no number 3"

tail -c $((42 * 256)) $vectors/input0.npy >"$scratch/vectors.raw"
check "elements alone are inputs" "$gantry" run $model --device cpu --quiet \
    --input "$scratch/vectors.raw" --expect $vectors/output0.npy

# ---- Small .onnx files: scores that are no numbers, a node with two outputs
python3 - "$scratch" <<'PROGRAM'
import struct
import sys


def field(number, value):
    if isinstance(value, int):
        return bytes([number << 3, value])
    data = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2, len(data)]) + data


def tensor(name, columns):
    shape = b"".join(field(1, field(1, size)) for size in (1, columns))
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


def write(name, node, outputs):
    graph = field(1, field(1, "x") + node) + field(2, "g") + field(11, tensor("x", 4))
    graph += b"".join(field(12, tensor(*output)) for output in outputs)
    open(f"{sys.argv[1]}/{name}.onnx", "wb").write(
        field(1, 8) + field(7, graph) + field(8, field(2, 15)))


write("tanh", field(2, "y") + field(4, "Tanh"), [("y", 4)])
axis = field(5, field(1, "axis") + field(3, 1) + b"\xa0\x01\x02")  # an integer
write("split", field(2, "y") + field(2, "z") + field(4, "Split") + axis, [("y", 2), ("z", 2)])
head = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 4), }"
head += " " * (63 - (10 + len(head)) % 64) + "\n"
values = struct.pack("<4f", float("nan"), -1, float("nan"), 1)
open(sys.argv[1] + "/four.npy", "wb").write(
    b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + values)
PROGRAM
"$gantry" run "$scratch/tanh.onnx" --device cpu --quiet --json --top 9 --input "$scratch/four.npy" \
    >"$scratch/top.json"
equal "what is no number is last, and null" \
    "$(json "$scratch/top.json" '[(c["index"], c["score"] is None) for c in r["top"]]')" \
    "[(3, False), (1, False), (0, True), (2, True)]"
"$gantry" verify "$scratch/split.onnx" --devices model --layers --random 1 --quiet --json \
    >"$scratch/layers.json"
equal "verify --layers compares all outputs of a node" \
    "$(json "$scratch/layers.json" '[l["bytes"] for l in devices[0]["layers"]]')" "[16]"

# ---- profile
for device in cpu model; do
    "$gantry" profile $model --device $device --json --quiet --csv "$scratch/$device.csv" \
        --chrome-trace "$scratch/$device.trace" >"$scratch/$device.json" 2>"$scratch/profile.err"
    equal "profile --json is one line on $device" "$(wc -l <"$scratch/$device.json")" 1
    equal "profile --json has schema, model and target on $device" \
        "$(json "$scratch/$device.json" 'r["schema"], r["model"], r["target"]')" \
        "(1, 'digits.tflite', 'kv260')"
    holds "MACs of nodes sum to the total on $device" "$scratch/$device.json" \
        'sum(n["macs"] for n in nodes) == t["macs"]'
    holds "every CPU node has a reason on $device" "$scratch/$device.json" \
        'all(n["reason"]["code"] for n in nodes if n["placement"] == "cpu")'
    holds "cycles are null on $device" "$scratch/$device.json" 't["accelerator_cycles"] is None'
    holds "the Chrome trace is JSON on $device" "$scratch/$device.trace" \
        'sum(e["ph"] == "X" for e in r["traceEvents"]) >= 12'
    equal "the CSV has a line per node on $device" "$(wc -l <"$scratch/$device.csv")" \
        "$(($(json "$scratch/$device.json" 'len(r["nodes"])') + 1))"
done
contains "profile without input says that it is random" \
    "$("$gantry" profile $model --device cpu 2>&1 >"$scratch/table")" "seed 1"
contains "the table names the layers' operators" "$(cat "$scratch/table")" DEPTHWISE_CONV_2D
check "several runs" "$gantry" profile $model --device model --runs 7 --quiet
LC_ALL=de_DE.UTF-8 "$gantry" profile $model --device cpu --quiet >"$scratch/german"
equal "numbers are the same in every locale" "$(grep -c '[0-9],[0-9]* us' "$scratch/german")" 0
equal "no colour outside of a terminal" "$(grep -c $'\033' "$scratch/table")" 0

# ---- verify
"$gantry" verify $model --devices cpu,model,model:tiny --input $vectors/input0.npy \
    --expect $vectors/output0.npy --layers --json --quiet >"$scratch/verify.json"
equal "verify finds no difference" \
    "$? $(json "$scratch/verify.json" '[d["equal"] for d in devices]')" "0 [True, True, True]"
holds "verify --layers compares all but what is fused" "$scratch/verify.json" \
    '[sum(not l["observable"] for l in d["layers"]) for d in devices[1:]] == [1, 1]'
holds "verify --layers finds no difference" "$scratch/verify.json" \
    'sum(l["differing_bytes"] or 0 for d in devices[1:] for l in d["layers"]) == 0'
"$gantry" verify $model --devices cpu,model --placement cpu --json --quiet >"$scratch/verify.json"
holds "--placement cpu offloads nothing" "$scratch/verify.json" \
    'devices[1]["macs_offloaded"] == 0'
contains "verify without --devices takes those that are there" \
    "$("$gantry" verify $model --quiet)" model

# A changed byte of the expected values is found, at its place.
cp $vectors/output0.npy "$scratch/changed.npy"
printf '\x55' | dd of="$scratch/changed.npy" bs=1 conv=notrunc status=none \
    seek=$(($(wc -c <"$scratch/changed.npy") - 420 + 37))
for command in "run --device cpu" "verify --devices cpu,model"; do
    # shellcheck disable=SC2086 # a command line
    text=$("$gantry" ${command%% *} $model ${command#* } --quiet --input $vectors/input0.npy \
        --expect "$scratch/changed.npy" 2>&1)
    equal "${command%% *} exits 1 on a difference" $? 1
    contains "${command%% *} names the place of the difference" "$text" "vector 3 at 0,7"
done

# ---- bench --calibrate
"$gantry" bench --calibrate --seconds 0.5 -o "$scratch/here.json" >"$scratch/text" 2>"$scratch/err"
contains "calibration prints a line per operator" "$(cat "$scratch/text")" "FULLY_CONNECTED"
equal "calibration says nothing else" "$(cat "$scratch/err")" ""
"$gantry" bench --calibrate --seconds 0 --json >"$scratch/calibrated.json"
lines=$(wc -l <"$scratch/calibrated.json")
equal "calibration as JSON is one line, the target" \
    "$(json "$scratch/calibrated.json" 'sorted(r), r["name"]') $lines" \
    "(['accelerator', 'cpu', 'description', 'name', 'schema', 'source', 'transfer'], 'host') 1"
"$gantry" profile $model --device model --target "$scratch/here.json" --placement cpu --runs 9 \
    --random 1 --json --quiet >"$scratch/here_profile.json"
equal "the file is a target, and its estimate is near what is measured" \
    "$(json "$scratch/here_profile.json" \
        'r["target"], 0.2 < sum(n["cpu_estimate_us"] or 0 for n in nodes) / t["cpu_us"] < 5')" \
    "('host', True)"
"$gantry" bench --calibrate --target zu3 --seconds 0 --json >"$scratch/calibrated.json"
equal "the accelerator is that of the target named" \
    "$(json "$scratch/calibrated.json" 'r["accelerator"]["clock_mhz"]')" 200.0

# ---- inspect and devices
"$gantry" inspect $model --device model --json --quiet >"$scratch/inspect.json"
equal "inspect --json is one line" "$(wc -l <"$scratch/inspect.json")" 1
equal "inspect counts nodes and launches" \
    "$(json "$scratch/inspect.json" 'len(r["nodes"]), r["launches"]')" "(12, 1)"
contains "inspect --program prints instructions" \
    "$("$gantry" inspect $model --device model --program --quiet)" "CONV "
"$gantry" inspect --coverage $model models/kws/kws.tflite --json >"$scratch/coverage.json"
equal "inspect --coverage sums up models" \
    "$(json "$scratch/coverage.json" 'len(r["models"]), r["refused"], r["nodes"]')" "(2, 0, 26)"
equal "inspect --coverage counts what the accelerator has" \
    "$(json "$scratch/coverage.json" \
        '[o["accelerator_nodes"] for o in r["operators"] if o["op"] == "CONV_2D"]')" "[11]"
equal "inspect --coverage counts reasons" \
    "$(json "$scratch/coverage.json" \
        '[o["reasons"] for o in r["operators"] if o["op"] == "SOFTMAX"]')" \
    "[{'operator': 2}]"
printf 'no model' >"$scratch/no.tflite"
"$gantry" inspect --coverage "$scratch/no.tflite" $model >"$scratch/text"
equal "inspect --coverage goes on behind a refused model" \
    "$? $(grep -c -e 'refused:' -e '1 of 2 models are read' "$scratch/text")" "3 2"
"$gantry" inspect $model $model 2>"$scratch/text"
equal "inspect takes one model without --coverage" \
    "$? $(grep -c 'unexpected argument' "$scratch/text")" "2 1"
contains "inspect says why a node is on the CPU" \
    "$("$gantry" inspect $model --device model --quiet)" "operator: "
"$gantry" devices --json >"$scratch/devices.json"
equal "devices --json lists the CPU" \
    "$(json "$scratch/devices.json" 'r["devices"][0]["name"], r["devices"][0]["available"]')" \
    "('cpu', True)"
finish
