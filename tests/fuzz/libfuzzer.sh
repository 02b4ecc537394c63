# shellcheck shell=bash disable=SC2154 # work is set by the script
# SPDX-License-Identifier: Apache-2.0
# Sets clang to a compiler that has libFuzzer, or ends the script as skipped. Sourced; `work` is a
# folder of the script's.
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
