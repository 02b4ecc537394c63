#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every shell script passes shellcheck.
set -eu
command -v shellcheck >/dev/null || { echo "skipped: shellcheck is not here"; exit 77; }
git grep -lE '^#!.*(bash|/sh)' -- . | xargs shellcheck -x
