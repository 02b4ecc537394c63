#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gantry doctor on files of a board that are made up: all well, then every defect, one at a time,
# seen by its check, with the command that mends it, and by no other. Then on this machine.
set -u
. tests/e2e/cases.sh
spec_hash=$("$gantry" --version | sed -n 's/^spec //p')
other=0123456789abcdef
unset XILINX_XRT GANTRY_XCLBIN GANTRY_TARGETS

# fresh [CONFIGURATION [CLOCK]]: a board in good order.
root=$scratch/root
fresh() {
    local good=$scratch/good-${1-k26}-${2-300}
    [ -d "$good" ] || python3 tests/kit/board.py "$good" "$spec_hash" "${1-k26}" "${2-300}"
    rm -rf "$root"
    cp -a "$good" "$root"
}
# image KEYWORD=VALUE...: another image for it.
image() {
    python3 -c 'import sys; sys.path.insert(0, "tests/kit"); import board
open(sys.argv[1], "wb").write(eval("board.xclbin(" + sys.argv[2] + ")"))' \
        "$root/lib/firmware/xilinx/gantry/gantry.xclbin" "$1"
}
doctor() { "$gantry" doctor --root "$root" "$@"; }
# States other than ok, by check.
states() { doctor --json "$@" >"$scratch/out.json" 2>"$scratch/err"
    echo "$? $(json "$scratch/out.json" '", ".join(
        c["name"] + " " + c["state"] for c in r["checks"] if c["state"] != "ok")')"; }
# defect NAME STATES DETAIL FIX COMMAND...: what the doctor says when COMMAND was done to a board.
defect() {
    local name=$1 wanted=$2 detail=$3 fix=$4
    shift 4
    fresh
    (cd "$root" && "$@")
    equal "$name" "$(states)" "$wanted"
    contains "$name: what is wrong" "$(cat "$scratch/out.json")" "$detail"
    equal "$name: the command that mends it" \
        "$(json "$scratch/out.json" "any('''$fix''' in (c['fix'] or '') for c in r['checks'] \
            if c['state'] != 'ok')")" True
}

fresh
equal "a board in good order" "$(states)" "0 "
holds "it is seen to be one" "$scratch/out.json" 'r["board"] and r["ok"] == len(r["checks"]) == 13'
contains "its checks as text" "$(doctor)" "13 ok, 0 warnings, 0 failed"
load="sudo xmutil unloadapp; sudo xmutil loadapp gantry"
firmware=lib/firmware/xilinx/gantry
defect "nothing is programmed" "3 fabric failed" "'unknown', not 'operating'" "$load" \
    sh -c 'echo unknown >sys/class/fpga_manager/fpga0/state'
defect "no manager of the fabric" "3 fabric failed" "no manager" "modprobe zynqmp-fpga" \
    rm -r sys/class/fpga_manager
defect "no application" "3 application failed" "no application is loaded" "$load" \
    rm -r proc/device-tree/gantry
defect "another application" "3 application failed" "another application is loaded (k26-starter)" \
    "$load" sh -c 'rm -r proc/device-tree/gantry
        mkdir -p sys/kernel/config/device-tree/overlays/k26-starter'
defect "an application of another specification" "3 application failed" \
    "has specification $other, the command $spec_hash" gantry-firmware_ \
    sh -c "printf '\\001\\043\\105\\147\\211\\253\\315\\357' \
        >proc/device-tree/gantry/gantry,spec-hash"
defect "no bitstream" "3 firmware failed" "gantry.bit.bin is not there" gantry-firmware_ \
    rm $firmware/gantry.bit.bin
defect "no image" "3 image failed" "No such file" gantry-firmware_ rm $firmware/gantry.xclbin
defect "a cut image" "3 image failed" "truncated" gantry-firmware_ \
    truncate -s 300 $firmware/gantry.xclbin
defect "no driver" "3 driver failed" "zocl is not loaded" "modprobe zocl" rm -r sys/module/zocl
defect "a driver without a node" "3 driver failed" "is its own" "$load" \
    rm -r sys/class/drm/renderD128
defect "a node that is not there" "3 access failed" "renderD128 is not there" "udevadm trigger" \
    rm dev/dri/renderD128
defect "another process at work" "0 users warning" "process 812 (python3)" "sudo kill 812" \
    sh -c 'mkdir -p proc/812/fd; echo python3 >proc/812/comm
        ln -s /dev/dri/renderD128 proc/812/fd/5'
defect "a process whose name is no text" "0 users warning" "process 812 (?[31m??)" "kill 812" \
    sh -c 'mkdir -p proc/812/fd; printf "\033[31m\377\001" >proc/812/comm
        ln -s /dev/dri/renderD128 proc/812/fd/5'
defect "other load" "0 load warning" "3.10 of 4 processors" "top" \
    sh -c 'echo "3.10 2.0 1.0 3/187 9" >proc/loadavg'
defect "no contiguous memory" "3 memory failed" "no contiguous memory" 'cma=256M' \
    sed -i /Cma/d proc/meminfo
defect "no XRT" "3 xrt failed" "not installed: /usr/lib/libxrt_core.so.2" "apt-get install" \
    rm usr/lib/libxrt_core.so.2
defect "XRT where it does not look" "3 xrt failed" "looks for /usr/lib/libxrt_core.so.2" \
    "XILINX_XRT=" sh -c 'mkdir usr/lib/aarch64-linux-gnu
        mv usr/lib/libxrt_core.so.2 usr/lib/aarch64-linux-gnu'
defect "a slow clock of the fabric" "3 clock failed" "pl0_ref has 33333000 Hz, not 99999001" \
    "$load" sh -c 'echo 33333000 >sys/kernel/debug/clk/pl0_ref/clk_rate'

# ---- Images that do not fit
# unfit NAME STATES DETAIL ARGUMENTS: of board.xclbin.
unfit() {
    fresh
    image "$4"
    equal "$1" "$(states)" "$2"
    contains "$1: what is wrong" "$(cat "$scratch/out.json")" "$3"
}
unfit "an image of another specification" "3 image failed" "has specification $other" \
    "'$other', 'k26', 300"
unfit "an image of another configuration" "3 image failed" "configuration half, the fabric holds" \
    "'$spec_hash', 'half', 300"
unfit "an image without a specification" "0 image warning" "does not say its specification" \
    "'', 'k26', 300"
unfit "an image of another kernel" "3 image failed" "holds no accelerator" \
    "'$spec_hash', 'k26', 300, kernel='vadd'"
unfit "registers outside of the fabric" "3 window failed" "registers at 0xFD000000" \
    "'$spec_hash', 'k26', 300, registers=0xFD000000"
unfit "memory that the board has not" "3 window failed" "memories is memory of this board" \
    "'$spec_hash', 'k26', 300, memory=0x4000000000"
unfit "a lower clock" "0 clock warning" "250 MHz, but placement on target kv260 counts with 300" \
    "'$spec_hash', 'k26', 250"
fresh half 300
equal "an image that is named and not there" \
    "$(GANTRY_XCLBIN=/none/x.xclbin states)" "3 image failed"
equal "the command that mends that" \
    "$(json "$scratch/out.json" '[c["fix"] for c in r["checks"] if c["fix"]]')" \
    "['unset GANTRY_XCLBIN']"

# ---- A node that this user may not open
fresh
if [ "$(id -u)" -ne 0 ]; then
    chmod 0 "$root/dev/dri/renderD128"
    equal "no permission" "$(states)" "3 access failed"
elif command -v setpriv >/dev/null; then
    chown 1 "$root/dev/dri/renderD128"
    chmod 600 "$root/dev/dri/renderD128"
    plain=(setpriv --bounding-set=-all --inh-caps=-all)
    equal "no permission" "$("${plain[@]}" "$gantry" doctor --root "$root" | grep -A1 ^failed |
        tr -s ' \n' ' ')" "failed access /dev/dri/renderD128 may not be read and written by this \
user fix: sudo usermod -aG render \"\$USER\" # and log in again "
else
    skip "no permission" "setpriv is missing"
fi

# ---- A model's need
fresh
need=$("$gantry" doctor --root "$root" --model $model |
    sed -n 's/.* needs \([0-9]*\) bytes of contiguous memory, .*/\1/p')
check "a model that fits" test "$need" -gt 1000
free=$(((need - 1) / 1024))
sed -i "s/^CmaFree.*/CmaFree: $free kB/" "$root/proc/meminfo"
equal "a model that does not fit" "$(states --model $model)" "3 memory failed"
contains "both figures" "$(cat "$scratch/out.json")" \
    "needs $need bytes of contiguous memory (CMA), $((free * 1024)) of 268435456 are free"
contains "more memory than there was" "$(cat "$scratch/out.json")" "cma=512M"

# ---- Machines that are no board
mkdir "$scratch/empty"
contains "no board" "$("$gantry" doctor --root "$scratch/empty")" "No Kria board here."
"$gantry" doctor --json >"$scratch/here.json"
equal "this machine: exit code" $? 0
holds "this machine: every device is looked at" "$scratch/here.json" \
    "{c['name'] for c in r['checks']} >= {'xrt', 'emulation', 'verilator'} | \
        {'device ' + kind for kind in ('cpu', 'model', 'sim', 'xrt')}"
holds "this machine: what a device list calls ready is ok" "$scratch/here.json" \
    "all(c['state'] == 'ok' for c in r['checks'] if c['name'] in ('device cpu', 'device model'))"
"$gantry" doctor --root "$scratch/none" 2>"$scratch/err"
equal "no such root: exit code" $? 3
equal "no such root: message" "$(cat "$scratch/err")" "gantry: $scratch/none: not a folder"
long=$scratch/$(printf '%0200d/%0200d/%0200d' 0 0 0)
mkdir -p "$long"
"$gantry" doctor --root "$long" 2>"$scratch/err"
equal "too long a root: exit code" $? 2
contains "too long a root: message" "$(cat "$scratch/err")" "--root: too long ("
"$gantry" doctor --model "$scratch/none.tflite" >/dev/null 2>&1
equal "no such model" $? 3
finish
