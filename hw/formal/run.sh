#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One proof: run.sh NAME [BUILD_DIR]. Prints PASS or FAIL; exits 0, 1, or 77 without the tools.
#
# NAME is a row of the table "proofs": the FORMAL section of that module is proven by induction from
# reset. Or it is a row of "mutants": a module with a seeded fault, of which the proof must fail.
set -u
name=${1:?run.sh NAME [BUILD_DIR]}
here=$(cd "$(dirname "$0")" && pwd)
rtl=$here/../rtl
out=${2:-$(mktemp -d)}
mkdir -p "$out"
log=$out/$name.log

# row TABLE NAME: its fields behind the name, still separated by bars.
row() {
    sed -n "s/^$2 *|//p" "$here/$1"
}
field() {
    echo "$2" | cut -d'|' -f"$1" | sed 's/^ *//; s/ *$//'
}
module=${name%%-*}
proof=$(row proofs "$module")
[ -n "$proof" ] || { echo "FAIL $name: no such proof" && exit 1; }
engine=$(field 1 "$proof")
steps=$(field 2 "$proof")
parameters=$(field 4 "$proof" | sed 's/\([A-Za-z_]*\)=\([0-9]*\)/-set \1 \2/g')

subject=$rtl/$module.sv
if [ "$name" != "$module" ]; then
    mutant=$(row mutants "$name")
    [ -n "$mutant" ] || { echo "FAIL $name: no such mutant" && exit 1; }
    subject=$out/$name.sv
    sed "$mutant" "$rtl/$module.sv" >"$subject"
    [ "$(diff "$subject" "$rtl/$module.sv" | grep -c '^>')" = 1 ] ||
        { echo "FAIL $name: the fault is not seeded in exactly one line" && exit 1; }
fi

tools=yosys
[ "$engine" = sat ] || tools="yosys yosys-smtbmc z3"
for tool in $tools; do
    command -v "$tool" >/dev/null || { echo "SKIP $name: no $tool" && exit 77; }
done

# Modules inside are read without their own proofs; rules of a bus are part of this one.
plain="" checked=""
for part in $(field 3 "$proof"); do
    case $part in
    f_*) checked="$checked $here/$part.sv" ;;
    *) plain="$plain $rtl/$part.sv" ;;
    esac
done
# Logic that no promise depends on is dropped. Memories of data only: what they give is left free,
# which is more than they can give.
memory="memory -nomap; delete t:\$mem* r:SIZE>8 r:WIDTH>=128 %u %i;
    setundef -undriven -anyseq; memory_map"
design="${plain:+read_verilog -sv -DSYNTHESIS -I$rtl $plain;}
    read_verilog -formal -sv -DSYNTHESIS -DFORMAL -I$rtl -I$here $checked $subject;
    ${parameters:+chparam $parameters $module;}
    prep -top $module -flatten; delete -output o:*; opt_clean; $memory;
    opt -full; async2sync; dffunmap; opt -full; dffunmap"

# by_yosys COMMANDS: the design, then the commands; an error is a proof that failed.
by_yosys() {
    yosys -q -e "implicitly declared" -l "$log" -p "$design; $1" >/dev/null 2>&1
}
by_sat() {
    by_yosys "chformal -cover -remove;
        sat -verify -prove-asserts -set-assumes -tempinduct -maxsteps $steps"
}

# Of a mutant the same proof must fail because the solver found values that break it: a run from
# reset when the steps reach that far, else steps that the induction excludes for the module.
if [ "$name" != "$module" ]; then
    if by_sat; then
        echo "FAIL $name: the seeded fault was not found"
        exit 1
    elif grep -q "model found for base case: FAIL" "$log"; then
        echo "PASS $name: the seeded fault was found, by a run from reset"
        exit 0
    elif grep -q "Reached maximum number of time steps -> proof failed" "$log"; then
        echo "PASS $name: the seeded fault was found, by a step of the induction"
        exit 0
    fi
    echo "FAIL $name: the solver broke down, see $log"
    exit 1
fi

failed=no
if [ "$engine" = sat ]; then
    by_sat || failed=yes
else
    by_yosys "write_smt2 -wires $out/$name.smt2" || failed=yes
    for mode in "-t ${engine#smt }" "-i -t $steps" "-c -t 40"; do
        # shellcheck disable=SC2086
        [ $failed = yes ] || yosys-smtbmc -s z3 --noprogress --dump-vcd "$out/$name.vcd" \
            $mode "$out/$name.smt2" >>"$log" 2>&1 || failed=yes
    done
fi
if [ $failed = yes ]; then
    echo "FAIL $name: see $log"
    exit 1
fi
echo "PASS $name: ${engine%% *}, induction"
