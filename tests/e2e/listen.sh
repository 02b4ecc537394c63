#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Recordings as inputs and listening: words of a stream, microphone, errors.
set -u
. tests/e2e/cases.sh
words=models/kws/kws.tflite
samples=models/kws/samples
listen() { "$gantry" listen "$words" --device cpu --json --quiet "$@"; }
make() { python3 tests/e2e/listen.py "$@"; }

if "$gantry" run $words --input $samples/yes.wav --device cpu 2>&1 | grep -q "reads no sound"; then
    skip "all cases" "this build reads no sound"
    finish
fi

# ---- A recording as input
for word in down go left no off on right stop up yes; do
    equal "run names the word of $word.wav" \
        "$("$gantry" run $words --input $samples/$word.wav --device cpu --quiet --top 1 |
            sed 's/.* //')" $word
done
"$gantry" run $words --input $samples/yes.wav --device cpu --json --quiet >"$scratch/run.json"
holds "run --json has word and score" "$scratch/run.json" \
    'r["top"][0]["label"] == "yes" and r["top"][0]["score"] > 0.5'
contains "run says what it did with the sound" \
    "$("$gantry" run $words --input $samples/yes.wav --device cpu 2>&1)" "1x49x10x1 int8 (manifest)"
check "devices agree on the sound of a word" "$gantry" verify $words --devices cpu,model \
    --input $samples/yes.wav --quiet

# ---- A stream of words and pauses
make stream $samples 1 "$scratch/words.wav"
listen --input "$scratch/words.wav" >"$scratch/words.json"
read -r count once twice other apart < <(make score "$scratch/words.wav.json" "$scratch/words.json")
equal "every word of a stream is found once, within 150 ms" "$once of $count, $twice twice" \
    "$count of $count, 0 twice"
equal "nothing else is found" "$other" 0
echo "         largest distance of a start from its place: $apart ms"
tail -n 1 "$scratch/words.json" >"$scratch/end.json"
holds "the end states latency and real-time factor" "$scratch/end.json" \
    'r["event"] == "end" and 0 < r["latency_ms"] < 1000 and 0 < r["real_time_factor"] < 1'
python3 -c "import json, sys; e = json.load(open(sys.argv[1])); print('         latency', \
    round(e['latency_ms']), 'ms, real-time factor', round(e['real_time_factor'], 4), 'on', \
    e['device'])" "$scratch/end.json"
equal "every line is one JSON object" \
    "$(python3 -c 'import json, sys; print(all(type(json.loads(l)) is dict for l in sys.stdin))' \
        <"$scratch/words.json")" True
equal "devices hear the same" \
    "$("$gantry" listen $words --device model --quiet --input "$scratch/words.wav" \
        --hop 100 | cksum)" \
    "$("$gantry" listen $words --device cpu --quiet --input "$scratch/words.wav" \
        --hop 100 | cksum)"
contains "the end is said on stderr" \
    "$("$gantry" listen $words --device cpu --input $samples/yes.wav 2>&1 >/dev/null)" \
    "of real time on one core with cpu"

# ---- The microphone, by ALSA's plug-in that reads a file
mkdir "$scratch/home"
if "$gantry" listen $words --device cpu --mic --quiet 2>&1 | grep -q "has no ALSA"; then
    skip "the microphone hears what the file has" "this build has no ALSA"
    skip "a microphone that is not there is one line" "this build has no ALSA"
else
    tail -c +45 "$scratch/words.wav" >"$scratch/words.raw"
    cat >"$scratch/home/.asoundrc" <<SETTINGS
pcm.recording {
    type file
    slave.pcm "null"
    file "/dev/null"
    infile "$scratch/words.raw"
    format "raw"
}
SETTINGS
    seconds=$(($(wc -c <"$scratch/words.raw") / 32000))
    listen --input "$scratch/words.wav" --hop 100 --seconds $seconds |
        grep '"word"' >"$scratch/file.json"
    HOME=$scratch/home listen --mic --capture recording --hop 100 \
        --seconds $seconds |
        grep '"word"' >"$scratch/mic.json"
    equal "the microphone hears what the file has" "$(cat "$scratch/mic.json")" \
        "$(cat "$scratch/file.json")"
    text=$(HOME=$scratch/home "$gantry" listen $words --device cpu --mic --capture nowhere \
        --quiet 2>&1)
    equal "a microphone that is not there is one line" \
        "$? $(grep -c '^gantry: ALSA device nowhere: ' <<<"$text") $(wc -l <<<"$text")" "5 1 2"
fi

# ---- Errors: one line, the exit code, no event
refuses() {
    local name=$1 code=$2 text=$3 got
    shift 3
    "$gantry" "$@" --device cpu --quiet >"$scratch/stdout" 2>"$scratch/stderr"
    got=$?
    if [ $got -eq "$code" ] && [ "$(grep -vc '^hint: ' "$scratch/stderr")" -eq 1 ] &&
        grep -q '^gantry: ' "$scratch/stderr" && grep -qF -- "$text" "$scratch/stderr" &&
        [ ! -s "$scratch/stdout" ]; then
        pass "$name"
    else
        fail "$name" "exit $got: $(cat "$scratch/stderr")"
    fi
}
: >"$scratch/empty.wav"
echo "Dear reader, this is a letter." >"$scratch/text.wav"
for kind in rate0 one many nan; do make damage $kind "$scratch/$kind.wav"; done
for command in run listen; do
    for kind in "empty:empty" "text:not a recording" "rate0:rate0.wav: " "nan:sample 12000 is"; do
        refuses "$command: a recording that is ${kind%%:*}" 3 "${kind#*:}" $command $words \
            --input "$scratch/${kind%%:*}.wav"
    done
    refuses "$command: a recording that is missing" 3 "nowhere.wav" $command $words \
        --input nowhere.wav
    for kind in one many; do
        check "$command: a recording of $kind" "$gantry" $command $words --device cpu --quiet \
            --input "$scratch/$kind.wav"
    done
done
refuses "sound for a network without sound in its manifest" 3 "no manifest" run $model \
    --input $samples/yes.wav
refuses "listening with a network of pictures" 3 "no manifest" listen $model \
    --input $samples/yes.wav
refuses "listening to nothing" 2 "nothing to listen to" listen $words
refuses "listening to two things" 2 "not both" listen $words --mic --input $samples/yes.wav
refuses "a threshold above 100" 2 "--threshold" listen $words --input x.wav --threshold 101
refuses "a hop that is no number" 2 "--hop" listen $words --input x.wav --hop fast

# ---- A long recording, in bounded memory
# The high-water mark of a process's memory, as far as the last look before its end sees it.
peak_kib() {
    local mark=0 line
    "$gantry" listen $words --device cpu --quiet --hop 400 --input "$1" >/dev/null &
    while line=$(grep VmHWM /proc/$!/status 2>/dev/null); do
        mark=${line//[!0-9]/}
        sleep 0.02
    done
    wait $! && echo "$mark"
}
make sparse 60 "$scratch/short.wav"
make sparse 600 "$scratch/long.wav"
short=$(peak_kib "$scratch/short.wav") long=$(peak_kib "$scratch/long.wav")
if [ "$((long - short))" -lt 2048 ]; then
    pass "ten minutes take no more memory than one"
else
    fail "ten minutes take no more memory than one" "$short KiB, then $long KiB"
fi
echo "         peak of 60 s: $short KiB, of 600 s: $long KiB"
rm -f "$scratch/long.wav" "$scratch/short.wav"
finish
