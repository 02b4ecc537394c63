#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Plan files: they run as the model does, on the device they are made for, and broken ones are
# refused with the reason before a device is touched.
set -u
. tests/e2e/cases.sh
plan=$scratch/digits.gantry
export PYTHONPATH=tests/e2e PYTHONDONTWRITEBYTECODE=1 # planfile_seal.py

# ---- Making and running
contains "compile says what it made" "$("$gantry" compile $model -o "$plan" --quiet)" \
    "for model:k26 (target kv260), 100.0 % of the MACs"
"$gantry" compile $model --output "$scratch/again.gantry" --quiet >"$scratch/text"
check "the same model gives the same bytes" cmp "$plan" "$scratch/again.gantry"
for device in cpu model; do
    check "42 vectors are as expected from a plan on $device" "$gantry" run "$plan" --quiet \
        --device $device --input $vectors/input0.npy --expect $vectors/output0.npy
done
"$gantry" compile "$plan" -o "$scratch/replanned.gantry" --quiet >"$scratch/text"
for file in $model "$plan" "$scratch/replanned.gantry"; do
    "$gantry" run "$file" --device cpu --quiet --json --input models/digits/samples/7_0.png \
        >"$scratch/picture.json"
    equal "a picture is prepared and its class named: ${file##*/}" \
        "$(json "$scratch/picture.json" 'r["top"][0]["label"]')" 7
done
"$gantry" profile "$plan" --device model --random 4 --quiet --json >"$scratch/plan.json"
"$gantry" profile $model --device model --random 4 --quiet --json >"$scratch/model.json"
for key in 'r["totals"]["predicted_cycles"]' 'r["totals"]["macs_offloaded_percent"]' 'r["target"]' \
    '[(n["placement"], n["predicted_cycles"], n["reason"]) for n in r["nodes"]]'; do
    equal "a plan has what the model has: $key" "$(json "$scratch/plan.json" "$key")" \
        "$(json "$scratch/model.json" "$key")"
done
check "a plan compares equal on the devices" "$gantry" verify "$plan" --devices cpu,model \
    --random 2 --quiet
check "a plan is compiled for another device" "$gantry" compile "$plan" --device model:half \
    -o "$scratch/half.gantry" --quiet
check "and runs there" "$gantry" run "$scratch/half.gantry" --device model:half --quiet \
    --input $vectors/input0.npy --expect $vectors/output0.npy
"$gantry" compile $model -o "$scratch/pin.gantry" --pin 3=cpu --quiet >"$scratch/text"
"$gantry" profile "$scratch/pin.gantry" --device model --random 4 --quiet --json \
    >"$scratch/pin.json"
equal "a pin is kept in the file" "$(json "$scratch/pin.json" 'r["nodes"][3]["placement"]')" cpu
check "other options plan the model anew" "$gantry" run "$plan" --device model --quiet \
    --placement cpu --input $vectors/input0.npy --expect $vectors/output0.npy

# ---- Packed weights: those of the CPU's convolutions are used where they lie
"$gantry" compile $model --device cpu -o "$scratch/cpu.gantry" --quiet >"$scratch/text"
python3 - "$scratch" <<'P'
import struct
import sys

from planfile_seal import resealed

source = bytearray(open(sys.argv[1] + "/cpu.gantry", "rb").read())


def number(layout, at):
    return struct.unpack_from(layout, source, at)[0]


def follow(at):
    return at + number("<I", at)


def field(table, index):
    return follow(table + number("<H", table - number("<i", table) + 4 + 2 * index))


# Field 29 of the plan: packed weights, of which each has the other bits of its bytes.
packed = field(follow(64), 29)
assert number("<I", packed) > 2
for i in range(number("<I", packed)):
    weights = field(follow(packed + 4 + 4 * i), 1)
    assert (weights + 4) % 64 == 0
    for at in range(weights + 4, weights + 4 + number("<I", weights) // 2):
        source[at] ^= 0x40
open(sys.argv[1] + "/changed.gantry", "wb").write(resealed(source))
P
check "42 vectors are as expected from packed weights" "$gantry" run "$scratch/cpu.gantry" --quiet \
    --device cpu --input $vectors/input0.npy --expect $vectors/output0.npy
check "and from the model's where the file has those of other kernels" env GANTRY_ISA=ref \
    "$gantry" run "$scratch/changed.gantry" --quiet --device cpu --input $vectors/input0.npy \
    --expect $vectors/output0.npy
if [ "$(uname -m)" = x86_64 ] && grep -q avx2 /proc/cpuinfo; then
    "$gantry" run "$scratch/changed.gantry" --quiet --device cpu --input $vectors/input0.npy \
        --expect $vectors/output0.npy >"$scratch/text" 2>&1
    equal "packed weights of the file are those that count" $? 1
fi

# ---- A model whose weights lie in a file beside it: MatMul of [1, 4] by [4, 3], as .onnx
mkdir "$scratch/beside"
python3 - "$scratch/beside" <<'PROGRAM'
import struct
import sys


def field(number, value):
    if isinstance(value, int):
        return bytes([number << 3, value])
    data = value.encode() if isinstance(value, str) else value
    length = len(data)
    size = [length] if length < 128 else [length % 128 + 128, length // 128]
    return bytes([number << 3 | 2, *size]) + data


def value(name, dims):
    shape = b"".join(field(1, field(1, size)) for size in dims)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


outside = [("location", "weights.bin"), ("offset", "8"), ("length", "48")]
weights = field(1, 4) + field(1, 3) + field(2, 1) + field(8, "w") + b"".join(
    field(13, field(1, key) + field(2, text)) for key, text in outside) + field(14, 1)
node = field(1, "x") + field(1, "w") + field(2, "y") + field(4, "MatMul")
graph = field(1, node) + field(2, "g") + field(5, weights) + field(
    11, value("x", (1, 4))) + field(12, value("y", (1, 3)))
open(sys.argv[1] + "/m.onnx", "wb").write(field(1, 8) + field(7, graph) + field(8, field(2, 15)))
open(sys.argv[1] + "/weights.bin", "wb").write(bytes(8) + struct.pack("<12f", *range(12)))
open(sys.argv[1] + "/x.raw", "wb").write(struct.pack("<4f", 1, 10, 100, 1000))
PROGRAM
"$gantry" compile "$scratch/beside/m.onnx" -o "$scratch/beside.gantry" --quiet >"$scratch/text"
rm "$scratch/beside/m.onnx" "$scratch/beside/weights.bin"
"$gantry" run "$scratch/beside.gantry" --device cpu --quiet --input "$scratch/beside/x.raw" \
    --output "$scratch/beside" >"$scratch/text"
equal "a plan holds what lay beside its model" \
    "$(tail -c 12 "$scratch/beside/output0.npy" | od -An -tf4 -w12 | tr -s ' ')" " 9630 10741 11852"

# ---- Refusing
# refused NAME TEXT FILE [DEVICE]: exit 3 (2 for a device), one line with the text.
refused() {
    local got
    "$gantry" run "$3" --device "${4-model}" --random 1 --quiet >"$scratch/stdout" \
        2>"$scratch/stderr"
    got=$?
    if [ $got -ne 3 ] && { [ $# -lt 4 ] || [ $got -ne 2 ]; }; then
        fail "$1" "exit $got: $(cat "$scratch/stderr")"
    elif [ -s "$scratch/stdout" ]; then
        fail "$1" "something on stdout"
    elif [ "$(grep -vc '^hint: ' "$scratch/stderr")" -ne 1 ]; then
        fail "$1" "not one line: $(cat "$scratch/stderr")"
    elif ! grep -qF -- "$2" "$scratch/stderr"; then
        fail "$1" "no '$2' in: $(cat "$scratch/stderr")"
    else
        pass "$1"
    fi
}

python3 - "$plan" "$scratch" <<'P'
import random
import struct
import sys

from planfile_seal import resealed

source, folder = open(sys.argv[1], "rb").read(), sys.argv[2]


def write(name, data):
    open(f"{folder}/bad-{name}.gantry", "wb").write(data)


def patched(layout, at, *values):
    data = bytearray(source)
    struct.pack_into(layout, data, at, *values)
    return data


write("short", source[:40])
write("truncated", source[:len(source) // 2])
write("longer", source + b"\0" * 16)
write("newer", patched("<II", 8, 9, 7))
write("spec", patched("<Q", 24, 123))
flipped = bytearray(source)
flipped[len(source) // 2] ^= 4
write("flipped", flipped)
structure = bytearray(source)
structure[64:68] = b"\xff\xff\xff\x7f"
write("structure", resealed(structure))
generator = random.Random(8)
for number in range(60):
    data = bytearray(source)
    for _ in range(generator.randrange(1, 6)):
        # The tables of a FlatBuffer are at its start.
        data[generator.randrange(64, 4096 if number % 2 else len(data))] = generator.randrange(256)
    write(f"random{number}", resealed(data))
P
refused "a file shorter than its header" "truncated (40 bytes" "$scratch/bad-short.gantry"
refused "a truncated file" "it says" "$scratch/bad-truncated.gantry"
refused "a file that goes on" "it says" "$scratch/bad-longer.gantry"
refused "a newer format, with both numbers" "format 9 for readers of 7 and later (this is 4)" \
    "$scratch/bad-newer.gantry"
refused "another specification, with both hashes" "000000000000007b (this is" \
    "$scratch/bad-spec.gantry"
refused "a flipped bit" "checksum" "$scratch/bad-flipped.gantry"
refused "an offset out of range" "structure is broken" "$scratch/bad-structure.gantry"
refused "another configuration" "compiled for model:k26 (G = 4" "$plan" model:half
for number in $(seq 0 59); do
    "$gantry" run "$scratch/bad-random$number.gantry" --device model --random 1 --quiet \
        >"$scratch/stdout" 2>"$scratch/stderr"
    got=$?
    # A change may be one that means nothing; it is never a crash.
    if [ $got -le 7 ]; then
        pass "random damage $number ends in order ($got)"
    else
        fail "random damage $number" "exit $got: $(cat "$scratch/stderr")"
    fi
done
finish
