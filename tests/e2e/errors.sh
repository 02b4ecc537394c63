#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The command refusing: exit code, one line (and at most one hint), nothing on stdout, nothing
# written.
set -u
. tests/e2e/cases.sh
input=$vectors/input0.npy

# refuses NAME CODE TEXT ARGUMENTS...: TEXT is part of the line.
refuses() {
    local name=$1 code=$2 text=$3 got lines
    shift 3
    "$gantry" "$@" >"$scratch/stdout" 2>"$scratch/stderr"
    got=$?
    lines=$(grep -vc '^hint: ' "$scratch/stderr")
    if [ $got -ne "$code" ]; then
        fail "$name" "exit $got, not $code: $(cat "$scratch/stderr")"
    elif [ "$lines" -ne 1 ] || [ "$(grep -c '^hint: ' "$scratch/stderr")" -gt 1 ]; then
        fail "$name" "not one line: $(cat "$scratch/stderr")"
    elif ! head -n 1 "$scratch/stderr" | grep -q "^gantry: "; then
        fail "$name" "does not start with 'gantry: ': $(cat "$scratch/stderr")"
    elif ! grep -qF -- "$text" "$scratch/stderr"; then
        fail "$name" "no '$text' in: $(cat "$scratch/stderr")"
    elif [ -s "$scratch/stdout" ]; then
        fail "$name" "something on stdout"
    elif [ -e "$scratch/out" ]; then
        fail "$name" "something was written"
        rm -rf "$scratch/out"
    else
        pass "$name"
    fi
}

run=(run "$model" --device cpu --quiet --output "$scratch/out")

# ---- Usage
refuses "no command" 2 "no command"
refuses "an unknown command" 2 "did you mean verify?" verfy
refuses "an unknown option" 2 "did you mean --input?" run $model --inptu x
refuses "an option without its value" 2 "--input" run $model --input
refuses "a flag with a value" 2 "--json" run $model --json=yes
refuses "no model" 2 "MODEL" run --device cpu
refuses "a second model" 2 "unexpected" run a.tflite b.tflite
refuses "no input" 2 "no input" "${run[@]}"
refuses "input and random at once" 2 "--random" "${run[@]}" --random 1 --input $input
refuses "a seed that is no number" 2 "--random" "${run[@]}" --random many
refuses "no thread at all" 2 "--threads: too few (0, at least 1)" \
    "${run[@]}" --random 1 --threads 0
refuses "a drawing of many models" 2 "not for --coverage" inspect --coverage $model --dot x.dot
refuses "a drawing that is no .png" 2 "--draw: not the name of a .png (x.jpg)" \
    "${run[@]}" --random 1 --draw x.jpg
refuses "an unknown device" 2 "modle" run $model --device modle --random 1 --quiet
refuses "an unknown configuration" 2 "hlaf" run $model --device model:hlaf --random 1 --quiet
refuses "an unknown placement" 2 "did you mean optimal?" run $model --placement optimum --random 1
refuses "an unknown target" 2 "known: kv260" "${run[@]}" --random 1 --target kv620
refuses "a target file that is missing" 3 "nowhere.json: cannot be opened" \
    "${run[@]}" --random 1 --target ./nowhere.json
refuses "a profile that is missing" 3 "nowhere.json: cannot be opened" profile \
    --compare ./nowhere.json ./nothing.json
refuses "bench without a model" 2 "no MODEL given" bench
refuses "calibration of a model" 2 "takes no MODEL" bench --calibrate $model
refuses "calibration of another device" 2 "measures the cpu" bench --calibrate --device model
refuses "an output file of a model's times" 2 "goes with --calibrate" bench $model \
    -o "$scratch/times"
echo '{"schema": 1, "name": "x"}' >"$scratch/target.json"
refuses "a target file without members" 3 '"description" is missing' "${run[@]}" --random 1 \
    --target "$scratch/target.json"
refuses "a pin of an unknown node" 2 "no node of the name" "${run[@]}" --random 1 --pin nothing=cpu
refuses "a pin beyond the last node" 2 "no node 99" "${run[@]}" --random 1 --pin 99=cpu
refuses "a pin to no side" 2 "NODE=cpu|accelerator" "${run[@]}" --random 1 --pin 0=fpga
refuses "a node pinned to both sides" 2 "both sides" run $model --device model --quiet --random 1 \
    --pin 0=cpu --pin 0=accelerator
refuses "a pin that the accelerator cannot hold" 2 "cannot run on the accelerator" run $model \
    --device model --quiet --random 1 --pin 11=accelerator
refuses "a share that is none" 2 "not a percentage" run $model --device model --quiet --random 1 \
    --require-offload 101
refuses "a limit of launches without choice" 2 "--placement optimal" run $model --device model \
    --quiet --random 1 --placement accelerator --max-segments 1
refuses "an unknown memory" 2 "did you mean ideal?" run $model --memory ideel --random 1
refuses "too many inputs" 2 "too many" "${run[@]}" --input $input --input $input
refuses "an unknown input name" 2 "no input of that name" "${run[@]}" --input nonsense=$input
refuses "a waveform without a layer" 2 "--waveform-layer" profile $model --waveform "$scratch/out" \
    --quiet
refuses "a waveform on the CPU" 2 "no signals" profile $model --device cpu --quiet \
    --waveform "$scratch/out" --waveform-layer 0
refuses "a waveform of an unknown layer" 2 "no such layer" profile $model --device cpu --quiet \
    --waveform "$scratch/out" --waveform-layer nothing
refuses "too many runs" 2 "--runs" profile $model --device cpu --runs 99999999 --quiet
refuses "an empty name among devices" 2 "--devices" verify $model --devices cpu,,model --quiet

# ---- Models
head -c 5000 $model >"$scratch/truncated.tflite"
sed 's/TFL3/ELF3/' $model >"$scratch/magic.tflite"
: >"$scratch/empty.tflite"
refuses "a missing model" 3 "nowhere.tflite" run nowhere.tflite --random 1 --device cpu --quiet
refuses "a folder as model" 3 "models" run models --random 1 --device cpu --quiet
for bad in truncated magic empty; do
    refuses "a model that is $bad" 3 "$bad.tflite" run "$scratch/$bad.tflite" --random 1 \
        --device cpu --quiet --output "$scratch/out"
done
if [ -n "${GANTRY_DATA-}" ]; then
    refuses "a model with operators that are not supported" 4 "audio_preprocessor_int8.tflite" \
        run "$GANTRY_DATA/models/tflm/audio_preprocessor_int8.tflite" --random 1 --device cpu \
        --quiet
else
    skip "a model with operators that are not supported" "GANTRY_DATA is not set"
fi

# ---- Inputs
head -c 3000 $input >"$scratch/short.npy"
head -c 200 /dev/zero >"$scratch/zeros.npy"
cp "$scratch/zeros.npy" "$scratch/zeros.raw"
: >"$scratch/empty.bin"
echo "no picture" >"$scratch/text.png"
head -c 100 models/digits/samples/7_0.png >"$scratch/cut.png"
cp $input "$scratch/input.dat"
refuses "a missing input" 3 "nowhere.npy" "${run[@]}" --input nowhere.npy
refuses "a truncated array" 3 "short.npy" "${run[@]}" --input "$scratch/short.npy"
refuses "a file that is no array" 3 "zeros.npy" "${run[@]}" --input "$scratch/zeros.npy"
refuses "an input of another shape" 3 "1x16x16x1" "${run[@]}" --input $vectors/output0.npy
refuses "an input of another shape, file" 3 "42x1x10" "${run[@]}" --input $vectors/output0.npy
refuses "an input of another type" 3 "labels.npy" "${run[@]}" --input $vectors/labels.npy
refuses "a file that is no picture" 3 "text.png" "${run[@]}" --input "$scratch/text.png"
refuses "a truncated picture" 3 "cut.png" "${run[@]}" --input "$scratch/cut.png"
refuses "elements that are no vector" 3 "200 bytes, input" "${run[@]}" --input "$scratch/zeros.raw"
refuses "an empty file of elements" 3 "empty.bin" "${run[@]}" --input "$scratch/empty.bin"
refuses "an unknown kind of file" 3 "input.dat" "${run[@]}" --input "$scratch/input.dat"
refuses "missing labels" 3 "nowhere.txt" "${run[@]}" --input $input --labels nowhere.txt
refuses "an expected file that is missing" 3 "nowhere.npy" run $model --device cpu --quiet \
    --input $input --expect nowhere.npy
refuses "an expected file of another shape" 3 "labels.npy" run $model --device cpu --quiet \
    --input $input --expect $vectors/labels.npy

# ---- Outputs
: >"$scratch/file"
refuses "an output folder below a file" 3 "file/out" run $model --device cpu --quiet --random 1 \
    --output "$scratch/file/out"
refuses "a report in a folder that is missing" 3 "missing/a.csv" profile $model --device cpu \
    --quiet --csv "$scratch/missing/a.csv"
"$gantry" devices >/dev/full 2>"$scratch/stderr"
equal "a full stdout is an error" "$? $(grep -c '^gantry: stdout' "$scratch/stderr")" "3 1"

if has_sim; then
    skip "a device that is not installed" "it is"
else
    refuses "a device that is not installed" 3 "libgantry-sim.so" run $model --device sim \
        --random 1 --quiet
fi

# A shell starts background commands with SIGINT ignored; SIGTERM takes the same way.
mkdir "$scratch/interrupted"
"$gantry" profile $model --device model --runs 10000 --quiet --csv "$scratch/interrupted/a.csv" \
    >/dev/null 2>&1 &
process=$!
sleep 0.5
kill -TERM $process
wait $process 2>/dev/null
equal "an interrupted command leaves no file" "$? $(ls "$scratch/interrupted")" "143 "
finish
