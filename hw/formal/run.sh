#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One proof: run.sh NAME [BUILD_DIR]. Prints PASS or FAIL; exits 0, 1, or 77 without the tools.
#
# NAME is a module with a FORMAL section, proven by induction from reset; or MODULE-mutant: the
# module with a seeded fault (GANTRY_MUTATE_4K), of which a counterexample must be found.
# Two engines: "smt" is yosys-smtbmc with z3 and also shows that the covered situations are
# reached; "sat" is the SAT solver of Yosys, far quicker on wide buses.
set -u
name=${1:?run.sh NAME [BUILD_DIR]}
here=$(cd "$(dirname "$0")" && pwd)
rtl=$here/../rtl
out=${2:-$(mktemp -d)}
mkdir -p "$out"
log=$out/$name.log

module=${name%-mutant}
defines="-DFORMAL"
[ "$name" = "$module" ] || defines="$defines -DGANTRY_MUTATE_4K"
parameters=""
plain="" # modules with a proof of their own: read without it
case $module in
gantry_fifo)
    engine=smt files=$rtl/gantry_fifo.sv bounded=20 steps=4
    parameters="-set Width 4 -set Depth 4"
    ;;
gantry_axil) engine=smt files=$rtl/gantry_axil.sv bounded=15 steps=4 ;;
gantry_sem) engine=sat files=$rtl/gantry_sem.sv steps=6 ;;
gantry_wstream)
    engine=sat files=$rtl/gantry_wstream.sv steps=6
    parameters="-set RING_LINES 64 -set Port 1"
    ;;
gantry_rd_port)
    engine=sat plain=$rtl/gantry_fifo.sv steps=10
    files="$here/f_axi_rd.sv $rtl/gantry_rd_port.sv"
    ;;
gantry_wr_port)
    engine=sat plain=$rtl/gantry_fifo.sv steps=10
    files="$here/f_axi_wr.sv $rtl/gantry_wr_port.sv"
    ;;
*)
    echo "FAIL $name: no such proof"
    exit 1
    ;;
esac

tools=yosys
[ $engine = sat ] || tools="yosys yosys-smtbmc z3"
for tool in $tools; do
    command -v "$tool" >/dev/null || { echo "SKIP $name: no $tool" && exit 77; }
done

design="${plain:+read_verilog -sv $plain;}
    read_verilog -formal -sv $defines -I$rtl -I$here $files;
    ${parameters:+chparam $parameters $module;}
    prep -top $module -flatten; memory_map; opt -full; async2sync; dffunmap; opt -full; dffunmap"

by_sat() {
    # Ends with an error when the induction is not closed within the steps.
    yosys -q -l "$log" -p "$design; chformal -cover -remove;
        sat -verify -prove-asserts -set-assumes -tempinduct -maxsteps $steps" >/dev/null 2>&1
}
by_smt() {
    yosys -q -l "$log" -p "$design; write_smt2 -wires $out/$name.smt2" >/dev/null 2>&1 || return 1
    smtbmc="yosys-smtbmc -s z3 --noprogress --dump-vcd $out/$name.vcd"
    for mode in "-t $bounded" "-i -t $steps" "-c -t 40"; do
        # shellcheck disable=SC2086
        $smtbmc $mode "$out/$name.smt2" >>"$log" 2>&1 || return 1
    done
}

if [ "$name" != "$module" ]; then
    # The solver must have run and disagreed, not broken down.
    if by_sat; then
        echo "FAIL $name: the seeded fault was not found"
        exit 1
    elif grep -q "model found for base case: FAIL" "$log"; then
        echo "PASS $name: the seeded fault was found"
        exit 0
    fi
    echo "FAIL $name: the solver broke down, see $log"
    exit 1
fi
if by_$engine; then
    echo "PASS $name: $engine, induction"
    exit 0
fi
echo "FAIL $name: see $log"
exit 1
