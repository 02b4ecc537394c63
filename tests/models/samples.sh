#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every drawn sample is read right by `gantry run`, on the CPU and on the C model.
set -eu
gantry=$GANTRY_BUILD_DIR/bin/gantry
right=0 wrong=0
for device in cpu model; do
    for picture in models/digits/samples/*.png; do
        want=$(basename "$picture" | cut -c1)
        got=$("$gantry" run models/digits/digits.tflite --input "$picture" --device $device \
            --top 1 --json --quiet | sed -n 's/.*"top": *\[{[^}]*"label": *"\([^"]*\)".*/\1/p')
        if [ "$got" = "$want" ]; then
            right=$((right + 1))
        else
            wrong=$((wrong + 1))
            echo "$picture on $device: read as '$got'"
        fi
    done
done
mkdir -p "$GANTRY_TEST_XML_DIR"
echo "<testsuite name=\"digits_samples\" tests=\"$((right + wrong))\" failures=\"$wrong\"" \
    "errors=\"0\" skipped=\"0\" >" >"$GANTRY_TEST_XML_DIR/samples.xml"
echo "$right right, $wrong wrong"
[ $wrong -eq 0 ] && [ $right -ge 60 ]
