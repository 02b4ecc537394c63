# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Counted cases of a script: one line each, and the counts in XML at the end. Sourced by the
# scripts beside it; `scratch` is an empty folder of theirs.
gantry=$GANTRY_BUILD_DIR/bin/gantry
model=models/digits/digits.tflite
vectors=tests/vectors/digits
suite=$(basename "$0" .sh)
scratch=$GANTRY_BUILD_DIR/e2e-$suite
rm -rf "$scratch"
mkdir -p "$scratch"
cases=0 failures=0 skipped=0

pass() {
    cases=$((cases + 1))
    echo "ok       $1"
}

# fail NAME WHY
fail() {
    cases=$((cases + 1)) failures=$((failures + 1))
    echo "FAILED   $1: $2"
}

skip() {
    cases=$((cases + 1)) skipped=$((skipped + 1))
    echo "skipped  $1: $2"
}

# check NAME COMMAND...: the command succeeds.
check() {
    local name=$1 text
    shift
    if text=$("$@" 2>&1); then pass "$name"; else fail "$name" "$* -> $? $text"; fi
}

# equal NAME GOT WANTED
equal() {
    if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "'$2', not '$3'"; fi
}

# contains NAME TEXT PART
contains() {
    case $2 in
        *"$3"*) pass "$1" ;;
        *) fail "$1" "no '$3' in '$2'" ;;
    esac
}

# Value of a Python expression over `r`, the JSON object in a file, and its members t (totals) and
# nodes.
json() {
    python3 -c 'import json, sys
r = json.loads(open(sys.argv[1]).read())
names = {"r": r, "t": r.get("totals"), "nodes": r.get("nodes"), "devices": r.get("devices")}
print(eval(sys.argv[2], names))' "$1" "$2" 2>&1
}

# holds NAME FILE EXPRESSION: it is True.
holds() { equal "$1" "$(json "$2" "$3")" True; }

has_sim() { [ -e "$GANTRY_BUILD_DIR/lib/libgantry-sim.so" ]; }
has_opencl() {
    [ -e "$GANTRY_BUILD_DIR/lib/libgantry-opencl.so" ] &&
        "$gantry" run $model --device opencl --random 1 --quiet >/dev/null 2>&1
}

# Writes the counts; ends the script.
finish() {
    mkdir -p "$GANTRY_TEST_XML_DIR"
    echo "<testsuite name=\"$suite\" tests=\"$cases\" failures=\"$failures\" errors=\"0\"" \
        "skipped=\"$skipped\" >" >"$GANTRY_TEST_XML_DIR/$suite.xml"
    echo "$cases cases, $failures failed, $skipped skipped"
    [ $failures -eq 0 ] || exit 1
    [ $cases -ne $skipped ] || exit 77
    exit 0
}
