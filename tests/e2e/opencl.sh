#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The device opencl by the command: results, times of instructions, the list of devices, faults.
set -u
. tests/e2e/cases.sh
module=$GANTRY_BUILD_DIR/lib/libgantry-opencl.so
[ -e "$module" ] || { echo "skipped: OpenCL is not here"; exit 77; }

# ---- Without a driver
mkdir -p "$scratch/none"
none=$(realpath "$scratch/none")
# no_driver WORDS...: gantry where no OpenCL driver is found.
no_driver() { OCL_ICD_VENDORS=$none OPENCL_VENDOR_PATH=$none "$gantry" "$@"; }
no_driver run $model --device opencl --random 1 --quiet >"$scratch/out" 2>"$scratch/err"
equal "no platform: exit code" $? 3
contains "no platform: message" "$(cat "$scratch/err")" "no OpenCL platform (clGetPlatformIDs: "
contains "no platform: hint" "$(cat "$scratch/err")" "pocl-opencl-icd"
contains "no platform: in the list" "$(no_driver devices)" "opencl       missing  opencl:0:k26: no"
no_driver run $model --device opencl --random 1 --quiet --on-fault cpu >"$scratch/out" \
    2>"$scratch/err"
equal "no platform: the CPU goes on" $? 0
contains "no platform: the CPU is announced" "$(cat "$scratch/err")" "going on with the CPU"
if ! has_opencl; then
    skip "results" "no OpenCL device is here"
    finish
fi
contains "the list has it" "$("$gantry" devices)" "opencl:0     ready    OpenCL kernels: "

# ---- Results
check "42 vectors are equal" "$gantry" verify $model --devices cpu,model,opencl \
    --input $vectors/input0.npy --expect $vectors/output0.npy --quiet
check "a batch is equal" "$gantry" verify $model --devices cpu,opencl:0 --batch 42 \
    --input $vectors/input0.npy --expect $vectors/output0.npy --quiet
check "every tensor is equal" "$gantry" verify $model --devices cpu,opencl:k26 --layers \
    --input models/digits/samples/3_0.png --quiet
if command -v flatc >/dev/null; then
    check "networks of random weights are made" models/synthetic/make "$scratch"
    check "resnet50 is equal" timeout 300 "$gantry" verify --quiet "$scratch/resnet50.tflite" \
        --devices cpu,opencl --random 1
else
    skip "resnet50" "flatc is not here"
fi

# ---- Times
record=$scratch/profile.json
"$gantry" profile $model --device opencl --random 1 --json --quiet >"$record"
holds "every instruction has a time" "$record" \
    'len(r["events"]) == sum(s["instructions"] for s in r["segments"])'
holds "times follow each other" "$record" \
    'all(a["to_us"] <= b["from_us"] for a, b in zip(r["events"], r["events"][1:]))'
holds "layers on the device took some" "$record" 'all(n["device_us"] > 0 for n in nodes
    if n["placement"] == "accelerator" and n["fused_into"] is None and n["macs"] > 0)'
holds "times of layers are those of their instructions" "$record" \
    'abs(sum(n["device_us"] or 0 for n in nodes) -
        sum(e["to_us"] - e["from_us"] for e in r["events"])) < 0.1'
holds "the launch holds them" "$record" \
    't["device_us"] >= sum(n["device_us"] or 0 for n in nodes) - 0.1'
holds "cycles are not made up" "$record" 't["accelerator_cycles"] is None'
contains "the table says what it shows" "$("$gantry" profile $model --device opencl --quiet)" \
    "the times of its layers are measured on it"
"$gantry" profile $model --device opencl --quiet --waveform "$scratch/layer.fst" \
    --waveform-layer 1 >"$scratch/out" 2>"$scratch/err"
equal "there are no waveforms" $? 2

# ---- Kernels from the cache
binaries=$(realpath "$scratch")/binaries
build() { GANTRY_CACHE=$binaries "$gantry" run $model --device opencl --random 1 --verbose 2>&1; }
contains "the first run builds the kernels" "$(build)" "builds the kernels from source"
case $(build) in
    *"from source"*) fail "the second run takes the binary" "it builds again" ;;
    *) pass "the second run takes the binary" ;;
esac
printf 'x' | dd of="$(echo "$binaries"/opencl-*)" bs=1 seek=1000 conv=notrunc status=none
contains "a damaged binary is built anew" "$(build)" "builds the kernels from source"
check "a cache that cannot be written is no error" env GANTRY_CACHE=/proc/none "$gantry" run \
    $model --device opencl --random 1

# ---- Faults
# fails NAME CODE TEXT WORDS...
fails() {
    local name=$1 code=$2 text=$3 status=0
    shift 3
    "$@" --random 1 --quiet >"$scratch/out" 2>"$scratch/err" || status=$?
    equal "$name: exit code" $status "$code"
    contains "$name: message" "$(cat "$scratch/err")" "$text"
}
fails "no such device" 2 "no OpenCL device 99 (0 to " "$gantry" run $model --device opencl:99
fails "no such configuration" 2 "opencl[:INDEX][:CONFIG]" "$gantry" run $model --device opencl:x
finish
