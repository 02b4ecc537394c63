#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sums the cases of a check: for each test of each preset the cases in its own XML reports, or one
# case for a test that writes none. Prints 'N passed, N failed, N skipped'; exits 1 on a failure.
#
# Usage: scripts/summary.sh DIR   (DIR holds <preset>.xml as ctest --output-junit writes it)
set -eu
passed=0 failed=0 skipped=0
for report in "$1"/*.xml; do
    [ -e "$report" ] || continue
    preset=$(basename "$report" .xml)
    while read -r name status; do
        folder=build/$preset/test-xml/$name
        counts="0 0 0"
        if compgen -G "$folder/*.xml" >/dev/null; then
            counts=$(cat "$folder"/*.xml | awk '
                function number(key) {
                    if (!match($0, key "=\"[0-9]+\"")) return 0
                    return substr($0, RSTART + length(key) + 2, RLENGTH - length(key) - 3)
                }
                /<testsuite / { t += number("tests"); f += number("failures") + number("errors")
                                s += number("skipped") }
                END { print t + 0, f + 0, s + 0 }')
        fi
        read -r t f s <<<"$counts"
        if [ "$t" -eq 0 ]; then
            t=1
            [ "$status" = fail ] && f=1
            [ "$status" = notrun ] && s=1
        elif [ "$status" = fail ] && [ "$f" -eq 0 ]; then
            f=1 t=$((t + 1)) # it died outside of its cases
        fi
        passed=$((passed + t - f - s)) failed=$((failed + f)) skipped=$((skipped + s))
    done < <(sed -n 's/.*<testcase name="\([^"]*\)".* status="\([a-z]*\)".*/\1 \2/p' "$report")
done
[ "$failed" -gt 0 ] || [ $((passed + skipped)) -gt 0 ] || failed=1 # no test ran
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
