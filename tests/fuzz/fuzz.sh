#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tiny files through a reader of untrusted input: damaged copies with this build's compiler
# (replay), or libFuzzer with the sanitizers of clang in a build of its own (run SECONDS).
#
# Usage: fuzz.sh tflite|onnx|audio replay CHANGES | tflite|onnx|audio run SECONDS
# GANTRY_BUILD_DIR has the programs. `audio` goes from a recording to its features.
set -eu
kind=$1
work=$GANTRY_BUILD_DIR/fuzz-$kind-$2
rm -rf "$work/seeds" "$work/corpus"
mkdir -p "$work/seeds" "$work/corpus"
length=8192 # bytes of an input at most
case $kind in
    onnx) "$GANTRY_BUILD_DIR/bin/make_onnx" "$work/seeds" ;;
    audio)
        "$GANTRY_BUILD_DIR/bin/make_sounds" "$work/seeds"
        length=2048
        ;;
    tflite)
        command -v python3 >/dev/null || { echo "skipped: python3 is not here"; exit 77; }
        python3 tests/fuzz/seeds_tflite.py "$(command -v flatc)" host/formats/tflite.fbs \
            "$work/seeds"
        cp models/digits/digits.tflite "$work/seeds"
        ;;
esac
# What was once found, if there is any.
found=tests/vectors/corpus/$kind
[ -d "$found" ] || found=

if [ "$2" = replay ]; then
    # shellcheck disable=SC2086 # may be empty
    exec "$GANTRY_BUILD_DIR/bin/fuzz_$kind" "$3" "$work/seeds" $found
fi

clang=$(command -v clang-14 || command -v clang) || {
    echo "skipped: clang is not here"
    exit 77
}
echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d == 0 && n; }' \
    >"$work/probe.c"
if ! "$clang" -fsanitize=fuzzer,address,undefined "$work/probe.c" -o "$work/probe" 2>/dev/null; then
    echo "skipped: clang has no libFuzzer (libclang-rt-14-dev)"
    exit 77
fi
if ! { cmake -S . -B "$work/build" -G Ninja -DCMAKE_C_COMPILER="$clang" \
    -DCMAKE_CXX_COMPILER="${clang/clang/clang++}" -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_C_FLAGS_DEBUG="-g -O1 -fno-sanitize-recover=undefined" \
    -DCMAKE_CXX_FLAGS_DEBUG="-g -O1 -fno-sanitize-recover=undefined" -DGANTRY_BUILD_SIM=OFF \
    -DGANTRY_SANITIZE=fuzzer-no-link,address,undefined -DGANTRY_LIBFUZZER=ON \
    >"$work/build.log" 2>&1 &&
    cmake --build "$work/build" --target "fuzz_$kind" >>"$work/build.log" 2>&1; }; then
    tail -n 40 "$work/build.log"
    exit 1
fi
# shellcheck disable=SC2086 # may be empty
"$work/build/bin/fuzz_$kind" -max_total_time="$3" -max_len=$length -timeout=60 \
    -rss_limit_mb=2048 -artifact_prefix="$work/" -print_final_stats=1 \
    "$work/corpus" "$work/seeds" $found >"$work/log" 2>&1 || {
    tail -n 60 "$work/log"
    exit 1
}
grep -E '^(Done|stat::)' "$work/log"
