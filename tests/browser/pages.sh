#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Pages of profiles in a headless Chromium: every layer is there, nothing is complained about, wide
# and narrow, light and dark.
set -u
. tests/e2e/cases.sh
command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
    { echo "skipped: no Chromium here (package chromium)"; exit 77; }
pages=()

# page NAME ARGUMENTS...: profiles into a page
page() {
    local name=$1
    shift
    check "page of $name is written" "$gantry" profile "$@" --quiet --html "$scratch/$name.html"
    pages+=("$scratch/$name.html")
}

page model $model --device model --runs 3
page cpu $model --device cpu
page placed $model --device model --placement cpu
has_sim && page sim $model --device sim
has_opencl && page opencl $model --device opencl
if [ -n "${GANTRY_DATA-}" ]; then
    page vww "$GANTRY_DATA/models/mlperf-tiny/vww_96_int8.tflite" \
        --device "$(if has_sim; then echo sim; else echo model; fi)"
else
    skip "page of vww is written" "GANTRY_DATA is not set"
fi
while IFS='|' read -r verdict name why; do
    if [ "$verdict" = ok ]; then pass "$name"; else fail "$name" "$why"; fi
done < <(python3 tests/browser/pages.py "${pages[@]}" 2>&1)
[ "$cases" -gt 20 ] || fail "pages are looked at" "only $cases cases"
finish
