#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The table of docs/operators.md is what the tables of operators say.
# Usage: operators.sh GENERATOR [--update]
set -eu
generator=$1
page=$(dirname "$0")/../../docs/operators.md
begin='<!-- operators:begin -->'
end='<!-- operators:end -->'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$generator" >"$work/table"
if [ "${2:-}" = --update ]; then
    sed -e "/^$begin\$/r $work/table" -e "/^$begin\$/,/^$end\$/{/^<!--/!d;}" "$page" >"$work/page"
    cp "$work/page" "$page"
fi
sed -n "/^$begin\$/,/^$end\$/{/^<!--/!p;}" "$page" | diff - "$work/table"
