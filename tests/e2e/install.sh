#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs into a scratch prefix and builds the example against that copy alone: with pkg-config,
# with CMake's find_package shared, and static.
set -u
. tests/e2e/cases.sh
prefix=$scratch/prefix
cmake --install "$GANTRY_BUILD_DIR" --prefix "$prefix" >"$scratch/install.log" 2>&1 || {
    cat "$scratch/install.log"
    exit 1
}
library=$(dirname "$(find "$prefix" -name libgantry.so)")
check "the library has its soname" test -e "$library/libgantry.so.0"
check "the archive is there" test -e "$library/libgantry.a"
check "headers are there" test -e "$prefix/include/gantry/engine.h"
equal "all public headers are there" "$(ls "$prefix/include/gantry")" "$(ls host/include/gantry)"
check "the command is there" "$prefix/bin/gantry" --version
equal "the installed command knows the same devices" "$("$prefix/bin/gantry" devices)" \
    "$("$gantry" devices)"

wanted=$("$gantry" run $model --device cpu --random 1 --quiet >/dev/null && echo 10)
lines() { "$@" | wc -l; }

export PKG_CONFIG_PATH=$library/pkgconfig
# shellcheck disable=SC2046 # flags
check "the example builds with pkg-config" "${CC:-cc}" -std=c11 host/examples/embed.c \
    -o "$scratch/embed-pc" $(pkg-config --cflags --libs gantry)
equal "it runs on the CPU" "$(LD_LIBRARY_PATH=$library lines "$scratch/embed-pc" $model cpu)" \
    "$wanted"
equal "it gives the same on the accelerator's model" \
    "$(LD_LIBRARY_PATH=$library "$scratch/embed-pc" $model model | cksum)" \
    "$(LD_LIBRARY_PATH=$library "$scratch/embed-pc" $model cpu | cksum)"

# shellcheck disable=SC2317 # check calls it
build_consumer() {
    cmake -S tests/e2e/consumer -B "$scratch/consumer" -DCMAKE_PREFIX_PATH="$prefix" \
        -DEMBED="$PWD/host/examples/embed.c" && cmake --build "$scratch/consumer"
}
check "the example builds with find_package" build_consumer
for kind in shared static; do
    equal "the $kind library of find_package works" \
        "$(lines "$scratch/consumer/embed_$kind" $model model)" "$wanted"
done
equal "the static program needs no libgantry.so" \
    "$(readelf -d "$scratch/consumer/embed_static" | grep -c libgantry)" 0
equal "no library needs libstdc++" "$(readelf -d "$library/libgantry.so" | grep -c 'libstdc++')" 0
finish
