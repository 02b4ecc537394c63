#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tiny recordings through the way from file to features: damaged copies with this build's compiler
# (replay), or libFuzzer with the sanitizers of clang (run SECONDS).
#
# Usage: audio.sh replay CHANGES | run SECONDS   (GANTRY_BUILD_DIR has the programs)
set -eu
work=$GANTRY_BUILD_DIR/fuzz-audio-$1
rm -rf "$work"
mkdir -p "$work/sounds"
"$GANTRY_BUILD_DIR/bin/make_sounds" "$work/sounds"
# What was once found, if there is any.
found=tests/vectors/corpus/audio
[ -d $found ] || found=

if [ "$1" = replay ]; then
    # shellcheck disable=SC2086 # may be empty
    exec "$GANTRY_BUILD_DIR/bin/fuzz_audio" "$2" "$work/sounds" $found
fi

# shellcheck source=tests/fuzz/libfuzzer.sh
. tests/fuzz/libfuzzer.sh
mkdir -p "$work/include"
for part in base graph formats audio; do ln -s "$PWD/host/$part" "$work/include/$part"; done
# shellcheck disable=SC2046 # flags
"$clang" -std=c11 -g -O2 -D_POSIX_C_SOURCE=200809L \
    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -ffp-contract=off \
    -Ihost/include -I"$work/include" -Itests -Itests/fuzz \
    $(pkg-config --cflags sndfile kissfft-float) \
    tests/fuzz/fuzz_audio.c host/base/base.c host/graph/graph.c host/formats/npy.c \
    host/formats/file.c host/formats/write.c host/formats/manifest.c host/formats/manifest_audio.c \
    host/audio/sound.c host/audio/resample.c host/audio/frontend.c host/audio/stream.c \
    -o "$work/fuzz_audio" $(pkg-config --libs sndfile kissfft-float jansson) -lm
mkdir "$work/corpus"
# shellcheck disable=SC2086 # may be empty
"$work/fuzz_audio" -max_total_time="$2" -max_len=2048 -timeout=60 -rss_limit_mb=2048 \
    -artifact_prefix="$work/" -print_final_stats=1 "$work/corpus" "$work/sounds" $found \
    >"$work/log" 2>&1 || {
    tail -n 60 "$work/log"
    exit 1
}
grep -E '^(Done|stat::)' "$work/log"
