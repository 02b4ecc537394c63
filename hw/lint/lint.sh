#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lint of all RTL: lint.sh verilator|iverilog|yosys. Exits 0, 1, or 77 without the tool.
#
# Verilator has to be silent for every number of ports and groups, with and without WINDOW; Icarus
# and Yosys have to read and elaborate the whole (they are readers of the same files, not linters).
set -u
tool=${1:?lint.sh verilator|iverilog|yosys}
cd "$(dirname "$0")/../rtl" || exit 1
command -v "$tool" >/dev/null || { echo "SKIP: no $tool"; exit 77; }
case $tool in
verilator)
    for size in "2 2 0" "1 1 0" "4 4 0" "2 4 1" "4 4 1"; do
        # shellcheck disable=SC2086
        set -- $size
        output=$(verilator --lint-only -Wall ../lint/waivers.vlt -F gantry.f \
            --top-module gantry_kernel -GG="$1" -GPORTS="$2" -GWINDOW="$3" 2>&1) &&
            [ -z "$output" ] && continue
        echo "$output"
        echo "FAIL: verilator, G = $1, PORTS = $2, WINDOW = $3"
        exit 1
    done
    ;;
iverilog)
    # "sorry" lines say that a sensitivity or "unique" is wider than needed.
    output=$(iverilog -g2012 -f gantry.f -s gantry_kernel -o /dev/null 2>&1)
    status=$?
    echo "$output" | grep -v 'sorry'
    [ $status = 0 ] || { echo "FAIL: iverilog"; exit 1; }
    ;;
yosys)
    files=$(grep -h '\.sv$' gantry.f gantry_compute.f | tr '\n' ' ')
    output=$(yosys -q -p "read_verilog -sv -I. $files;
        hierarchy -check -top gantry_kernel; proc; check -assert" 2>&1) ||
        { echo "$output"; echo "FAIL: yosys"; exit 1; }
    ;;
*)
    echo "FAIL: unknown tool '$tool'"
    exit 1
    ;;
esac
echo "PASS: $tool"
