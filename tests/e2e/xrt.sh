#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The device xrt: stock XRT on the Verilated RTL, by gantry-emu. Results, cycles, faults, and that
# nothing is left behind. A build without the simulation takes gantry-emu from GANTRY_EMU.
#
# Usage: xrt.sh REPEATS
set -u
. tests/e2e/cases.sh
repeats=$1
emu=${GANTRY_EMU:-$GANTRY_BUILD_DIR/bin/gantry-emu}
module=$GANTRY_BUILD_DIR/lib/libgantry-xrt.so
if [ ! -x "$emu" ] || [ ! -e "$module" ]; then
    echo "skipped: XRT or Verilator is not here"
    exit 77
fi
"$emu" --check || { echo "skipped: the emulation cannot run"; exit 77; }
# The library that gantry-emu loads into a command comes before that of the sanitizers.
export ASAN_OPTIONS="verify_asan_link_order=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
emu=$(realpath "$emu")
devices=cpu,xrt
has_sim && devices=cpu,sim,xrt
has_opencl && devices=$devices,opencl

# leftovers: processes and files of this gantry-emu; others may be at work.
rm -f "$GANTRY_BUILD_DIR/bin/emulation_debug.log" # of XRT's driver alone
leftovers() {
    pgrep -cf "^$emu "
    grep -ls "$emu" /tmp/gantry-emu-*/sim/launch_hw_emu.sh
    find "$GANTRY_BUILD_DIR/bin" -name '*.log'
}
before=$(leftovers)

equal "the module links one library of XRT" \
    "$(readelf -d "$module" | grep -c 'NEEDED.*libxrt_coreutil')/$(readelf -d "$module" |
        grep -c 'NEEDED.*libxrt')" 1/1
equal "host/ knows nothing of the emulation" "$(grep -rlE 'XCL_EMULATION|hw_emu|hwemu' host)" ""

# ---- Results
for ((i = 1; i <= repeats; i++)); do
    check "42 vectors are equal, repeat $i" timeout 100 "$emu" "$gantry" verify $model \
        --devices $devices --input $vectors/input0.npy --expect $vectors/output0.npy --quiet
done
timeout 60 "$emu" "$gantry" verify $model --devices cpu,xrt --random 1 --quiet >/dev/null 2>&1 &
first=$!
check "two at once, one" timeout 60 "$emu" "$gantry" verify $model --devices cpu,xrt --random 2 \
    --quiet
wait $first
equal "two at once, the other" $? 0
check "a device is opened twice in one process" timeout 60 "$emu" "$gantry" verify $model \
    --devices xrt,cpu,xrt:0 --random 3 --quiet
for ((i = 1; i <= repeats; i++)); do
    check "two accelerators serve two streams, repeat $i" timeout 100 "$emu" --config dual \
        "$gantry" bench $model --device xrt --streams 2 --seconds 0 --random 1 --quiet
done
check "two accelerators, results" timeout 100 "$emu" --config dual "$gantry" verify $model \
    --devices cpu,xrt --random 1 --quiet
for network in kws_ref_model vww_96_int8 pretrainedResnet_quant ad01_int8 str_ww_ref_model; do
    golden=${GANTRY_DATA-}/golden/$network
    [ -n "${GANTRY_DATA-}" ] || { skip "$network" "GANTRY_DATA is not set"; continue; }
    expect=$golden/output0_xnn.npy
    [ -e "$expect" ] || expect=$golden/output0_ref.npy
    for ((i = 1; i <= repeats; i++)); do
        check "$network is equal, repeat $i" timeout 100 "$emu" "$gantry" verify --quiet \
            "$GANTRY_DATA/models/mlperf-tiny/$network.tflite" --devices $devices \
            --input "$golden/input0.npy" --expect "$expect"
    done
done

# ---- The default
contains "a board is the default" "$(timeout 60 "$emu" "$gantry" run $model --random 1 2>&1)" \
    "device xrt:0 (a board with the accelerator is there)"
contains "a file that is no accelerator is no board" \
    "$(timeout 60 "$emu" env GANTRY_XCLBIN=none "$gantry" run $model --random 1 2>&1)" \
    "(no board is there; "

timeout 60 "$emu" "$gantry" doctor --json >"$scratch/doctor.json"
holds "the doctor finds the device" "$scratch/doctor.json" \
    '[c["state"] for c in r["checks"] if c["name"] == "device xrt"] == ["ok"]'

# ---- Cycles
for device in sim xrt; do
    has_sim || continue
    timeout 60 "$emu" "$gantry" profile $model --device $device --random 1 --json --quiet \
        >"$scratch/$device.json"
done
if has_sim; then
    for what in '[n["cycles"] for n in nodes]' 't["accelerator_cycles"]' 't["stalls"]'; do
        equal "xrt and sim have the same $what" "$(json "$scratch/xrt.json" "$what")" \
            "$(json "$scratch/sim.json" "$what")"
    done
fi

# ---- Faults
# fails NAME CODE TEXT WORDS...: of gantry-emu, up to gantry's.
fails() {
    local name=$1 code=$2 text=$3 status=0
    shift 3
    timeout 60 "$emu" "$@" --random 1 --quiet --timeout 1000 >"$scratch/out" 2>"$scratch/err" ||
        status=$?
    equal "$name: exit code" $status "$code"
    contains "$name: message" "$(cat "$scratch/err")" "$text"
    timeout 60 "$emu" "$@" --random 1 --quiet --timeout 1000 --on-fault cpu >"$scratch/out" \
        2>"$scratch/err" || status=$?
    contains "$name: the CPU is announced" "$(cat "$scratch/err")" "going on with the CPU"
    "$gantry" run $model --device cpu --random 1 --quiet >"$scratch/cpu"
    [ "$name" = "no room" ] || equal "$name: the CPU's result" "$(cat "$scratch/out")" \
        "$(cat "$scratch/cpu")"
}
run=("$gantry" run "$model" --device xrt)
fails "no xclbin" 3 "No such file" env GANTRY_XCLBIN="$scratch/none" "${run[@]}"
head -c 300 "$module" >"$scratch/cut.xclbin"
fails "a cut xclbin" 3 "truncated" env GANTRY_XCLBIN="$scratch/cut.xclbin" "${run[@]}"
fails "another specification" 5 "of the RTL is not" --fault spec-hash "${run[@]}"
fails "a launch without end" 6 "not done after 1000 ms; aborted" --fault hang "${run[@]}"
fails "a launch that nothing ends" 6 "does not end on abort" --fault stuck "${run[@]}"
fails "one of two accelerators dies" 5 "the device was lost" --config dual --fault die \
    "${run[@]}"
fails "a device that is lost" 5 "the device was lost" --fault die "${run[@]}"
fails "no room" 7 "are not to be had (largest possible " --bank 128 "${run[@]}" --batch 256
timeout 60 "$emu" --fault die "$gantry" profile $model --device xrt --random 1 --runs 2 --json \
    --on-fault cpu --quiet >"$scratch/fallen.json" 2>/dev/null
holds "a profile that goes on with the CPU has the times of its layers" "$scratch/fallen.json" \
    'r["device"] == "cpu" and t["runs"] == 2 and sum(n["cpu_us"] for n in nodes) > 0'

# The launch does not end before its abort, which would come after a minute.
timeout 60 "$emu" --fault hang "$gantry" run $model --device xrt --random 1 --quiet \
    --timeout 60000 2>"$scratch/err" &
launcher=$! rtl=
for ((i = 0; i < 100 && ${#rtl} == 0; i++)); do
    sleep 0.1
    parent=$(pgrep -x gantry-emu -P $launcher) || continue
    rtl=$(pgrep -x gantry-emu-rtl -P "$parent")
done
sleep 1
start=$SECONDS
[ -z "$rtl" ] || kill -9 "$rtl"
wait $launcher
equal "the process with the RTL is killed: exit code" $? 5
equal "the process with the RTL is killed: an error within 10 s" $((SECONDS - start < 10)) 1
contains "the process with the RTL is killed: message" "$(cat "$scratch/err")" \
    "the device was lost"

"$gantry" run $model --device xrt --random 1 --quiet >/dev/null 2>"$scratch/err"
contains "no XRT driver" "$(cat "$scratch/err")" "XILINX_XRT"
"$gantry" run $model --device xrt:x --random 1 --quiet >/dev/null 2>"$scratch/err"
contains "no index" "$(cat "$scratch/err")" "not an index"

# ---- Traces
sleep 1
equal "no process and no file is left" "$(leftovers)" "$before"
finish
