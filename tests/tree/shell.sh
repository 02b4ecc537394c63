#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every shell script passes shellcheck (SC2317 sees functions called by name as unreachable).
set -eu
command -v shellcheck >/dev/null || { echo "skipped: shellcheck is not here"; exit 77; }
git grep -lE '^#!.*(bash|/sh)' -- . | xargs shellcheck -x -e SC2317
