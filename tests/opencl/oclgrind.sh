#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The kernels on another implementation of OpenCL, an interpreter that sees data races, accesses
# beyond buffers and wrong calls: results are equal and it has nothing to say.
#
# Usage: oclgrind.sh CHAINS
set -u
. tests/e2e/cases.sh
command -v oclgrind >/dev/null || { echo "skipped: oclgrind is not here"; exit 77; }
GANTRY_CACHE=$(realpath "$scratch")/cache
export GANTRY_CACHE

# silent NAME COMMAND...: succeeds under the interpreter, which finds nothing.
silent() {
    local name=$1 status=0
    shift
    oclgrind --data-races --check-api "$@" >"$scratch/out" 2>&1 || status=$?
    equal "$name: exit code" $status 0
    equal "$name: nothing found" "$(grep -iE 'race|invalid|oclgrind|error' "$scratch/out")" ""
}
check "it is another implementation" oclgrind bash -c "$gantry devices | grep 'opencl:0 .*Oclgrind'"
for config in k26 tiny; do
    silent "digits on $config" "$gantry" verify $model --devices cpu,opencl:$config --random 1
done
GANTRY_CHAINS=$1 silent "random layers" env -u CMOCKA_XML_FILE -u CMOCKA_MESSAGE_OUTPUT \
    "$GANTRY_BUILD_DIR/bin/test_opencl_chains"
finish
