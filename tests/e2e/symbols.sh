#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# libgantry.so exports what host/libgantry.symbols lists, and nothing else.
set -eu
LC_ALL=C
export LC_ALL
got=$GANTRY_BUILD_DIR/libgantry.symbols
nm -D --defined-only "$GANTRY_BUILD_DIR/lib/libgantry.so" |
    sed -n 's/^[0-9a-f]* [TWVBDR] \([^@]*\).*/\1/p' | sort >"$got"
diff host/libgantry.symbols "$got" && echo "$(wc -l <"$got") symbols"
