#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Manual pages and completions: what they hold is what the command takes, man and mandoc read the
# pages without a warning, and the shells complete from them.
set -u
. tests/e2e/cases.sh
folder=$GANTRY_BUILD_DIR/manual
commands=$("$gantry" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')

# ---- Pages
# quiet NAME COMMAND...: it succeeds and says nothing on stderr.
quiet() {
    local name=$1 text status=0
    shift
    text=$("$@" 2>&1 >/dev/null) || status=$?
    equal "$name" "$status $text" "0 "
}
for page in "$folder"/*.1; do
    name=$(basename "$page" .1)
    if command -v man >/dev/null; then
        quiet "man reads $name" env MANWIDTH=80 man --warnings=w -l "$page"
    else
        skip "man reads $name" "man is missing"
    fi
    if command -v mandoc >/dev/null; then
        equal "mandoc reads $name" \
            "$(mandoc -T lint -W warning "$page" | grep -v 'missing date')" ""
    else
        skip "mandoc reads $name" "mandoc is missing"
    fi
done
equal "one page for each command, and one for all" "$(find "$folder" -name "*.1" | wc -l)" \
    "$(($(wc -w <<<"$commands") + 1))"
for command in $commands; do
    equal "the page of $command has the options of its help" \
        "$(sed -n 's/^\.BI\? \\-\\-\([a-z\\-]*\).*/\1/p' "$folder/gantry-$command.1" |
            sed 's/\\//g')" \
        "$("$gantry" "$command" --help | sed -n 's/^  --\([a-z-]*\).*/\1/p')"
    contains "the page of all names $command" "$(cat "$folder/gantry.1")" "gantry\\-$command (1)"
done

# ---- bash
# completes LINE WANTED: the answers for the line up to its end, sorted, in one line.
completes() {
    # shellcheck disable=SC2016 # expanded by the bash inside
    equal "bash: '$1'" "$(bash --norc -c '
        . "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _gantry; printf "%s\n" "${COMPREPLY[@]}"' \
        - "$folder/gantry.bash" "$1" 2>&1 | LC_ALL=C sort | tr '\n' ' ')" "$2 "
}
completes "gantry pro" profile
completes "gantry nothing" ""
completes "gantry run --dev" --device
completes "gantry verify --dev" --devices
completes "gantry run --device c" cpu
completes "gantry run --device sim:k" k26
completes "gantry run --device=sim:k" k26
completes "gantry run --device=mod" \
    "$({ echo model; "$gantry" devices | grep -o '^model:[a-z0-9]*'; } | LC_ALL=C sort | xargs)"
completes "gantry verify --devices cpu,sim:t" tiny
completes "gantry verify --devices cpu,x" cpu,xrt
completes "gantry run --memory " "ideal kv260"
completes "gantry run --target kv" kv260
completes "gantry run --require-offload " ""
completes "gantry compile -o models/digits/di" models/digits/digits.tflite
completes "gantry run --output models/di" models/digits
completes "gantry run models/digits/di" models/digits/digits.tflite
completes "gantry help ben" bench
equal "bash finds it by the command's name" \
    "$(bash --norc -c '. "$1"; complete -p gantry' - "$folder/gantry.bash")" \
    "complete -F _gantry gantry"

# ---- zsh, in a terminal of its own
# zsh_completes LINE PART: what the line becomes when Tab is pressed at its end.
zsh_completes() {
    command -v zsh >/dev/null || { skip "zsh: '$1'" "zsh is missing"; return; }
    contains "zsh: '$1'" "$(zsh -f tests/kit/complete.zsh "$folder" "$1" 2>&1)" "$2"
}
zsh_completes "gantry prof" "gantry profile"
zsh_completes "gantry run --requ" "gantry run --require-offload"
zsh_completes "gantry run --memory i" "gantry run --memory ideal"
zsh_completes "gantry run --device sim:ti" "gantry run --device sim:tiny"
zsh_completes "gantry verify --devices cpu,xr" "gantry verify --devices cpu,xrt"
zsh_completes "gantry run models/digits/di" "gantry run models/digits/digits.tflite"
finish
