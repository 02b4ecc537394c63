#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Listening at length: words of many voices and of people, false accepts of an hour, three hours in
# bounded memory.
set -u
. tests/e2e/cases.sh
words=models/kws/kws.tflite
make() { python3 tests/e2e/listen.py "$@"; }
# hear MODEL FILE OPTIONS...: events to $scratch/events.json
hear() {
    local network=$1 file=$2
    shift 2
    "$gantry" listen "$network" --device cpu --json --quiet --input "$file" "$@" \
        >"$scratch/events.json"
}

if "$gantry" run $words --input models/kws/samples/yes.wav --device cpu 2>&1 |
    grep -q "reads no sound"; then
    skip "all cases" "this build reads no sound"
    finish
fi

# found NAME STREAM PERCENT: at least so many words are found once within 150 ms, none twice.
found() {
    local count once twice other apart
    read -r count once twice other apart < <(make score "$2.json" "$scratch/events.json")
    echo "         $once of $count words found once within 150 ms (largest distance $apart ms)," \
        "$twice twice, $other other events"
    if [ "$twice" -eq 0 ] && [ $((once * 100)) -ge $(($3 * count)) ]; then
        pass "$1"
    else
        fail "$1" "$once of $count, $twice twice"
    fi
}

# ---- Words of voices of espeak-ng, without choice
if command -v espeak-ng >/dev/null; then
    make voices 1 "$scratch/voices.wav"
    hear $words "$scratch/voices.wav"
    found "words of several voices are found in a stream" "$scratch/voices.wav" 80
else
    skip "words of several voices are found in a stream" "espeak-ng is not here"
fi

# ---- Words of people, with the reference network of the benchmark
if [ -n "${GANTRY_DATA-}" ]; then
    mkdir "$scratch/reference"
    cp "$GANTRY_DATA/models/mlperf-tiny/kws_ref_model.tflite" "$scratch/reference"
    python3 -c 'import json, sys
given = json.load(open("models/kws/manifest.json"))
given["input"] = {"kind": "audio", "preset": "mlperf-tiny-kws"}
json.dump(given, open(sys.argv[1], "w"))' "$scratch/reference/manifest.json"
    make people "$GANTRY_DATA" 1 "$scratch/people.wav"
    hear "$scratch/reference/kws_ref_model.tflite" "$scratch/people.wav"
    found "words of people are found with the reference network" "$scratch/people.wav" 80
    hear $words "$scratch/people.wav"
    found "words of people are found with the network of this project" "$scratch/people.wav" 40
else
    skip "words of people are found with the reference network" "GANTRY_DATA is not set"
    skip "words of people are found with the network of this project" "GANTRY_DATA is not set"
fi

# ---- False accepts
speech=0
command -v espeak-ng >/dev/null && speech=1
make babble 1 3600 $speech "$scratch/babble.wav"
hear $words "$scratch/babble.wav"
count=$(grep -c '"word"' "$scratch/events.json")
what="noise$([ $speech = 0 ] || echo ' and other words')"
echo "         $count false accepts in an hour of $what"
if [ "$count" -le 40 ]; then
    pass "an hour of $what has at most 40 false accepts"
else
    fail "an hour of $what has at most 40 false accepts" "$count"
fi
rm -f "$scratch/babble.wav" "$scratch/babble.wav.part"

# ---- Three hours of 44.1 kHz stereo
make sparse 60 "$scratch/short.wav"
make sparse 10800 "$scratch/long.wav"
# peak_kib COMMAND...: the high-water mark as far as the last look before the end sees it.
peak_kib() {
    local mark=0 line
    "$gantry" "$@" --device cpu --quiet >/dev/null &
    while line=$(grep VmHWM /proc/$!/status 2>/dev/null); do
        mark=${line//[!0-9]/}
        sleep 0.02
    done
    wait $! && echo "$mark"
}
for command in "run" "listen --hop 10000"; do
    # shellcheck disable=SC2086 # a command line
    short=$(peak_kib ${command%% *} $words ${command#"${command%% *}"} --input "$scratch/short.wav")
    # shellcheck disable=SC2086
    long=$(peak_kib ${command%% *} $words ${command#"${command%% *}"} --input "$scratch/long.wav")
    echo "         ${command%% *}: peak of 60 s $short KiB, of 3 hours $long KiB"
    if [ "$((long - short))" -lt 2048 ]; then
        pass "${command%% *}: three hours take no more memory than a minute"
    else
        fail "${command%% *}: three hours take no more memory than a minute" "$short, $long KiB"
    fi
done
rm -f "$scratch/long.wav" "$scratch/short.wav"
finish
