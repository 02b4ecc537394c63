# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# python_with PACKAGE...: makes a virtual environment under the build folder with the packages and
# prints its interpreter; exits 77 when they are not to be had. Sourced by the scripts beside it.
python_with() {
    local folder
    folder=$GANTRY_BUILD_DIR/venv-$(printf "%s" "$*" | cksum | cut -d' ' -f1)
    if [ ! -e "$folder/ready" ]; then
        rm -rf "$folder"
        {
            python3 -m venv "$folder" && "$folder/bin/pip" install -q "$@" &&
                touch "$folder/ready"
        } >"$folder.log" 2>&1 || {
            echo "skipped: Python packages are not to be had: $*" >&2
            exit 77
        }
    fi
    echo "$folder/bin/python"
}

# share_right PYTHON OUTPUT LABELS: percent of vectors whose greatest output is the label.
share_right() {
    "$1" - "$2" "$3" <<'PROGRAM'
import sys
import numpy as np
outputs, labels = np.load(sys.argv[1]), np.load(sys.argv[2])
print(f"{100 * np.mean(outputs.reshape(len(labels), -1).argmax(1) == labels):.3f}")
PROGRAM
}
