#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Networks of 224 x 224 pixels with random weights: cpu, model and sim agree, and so they do with
# fewer activation rows than the network needs, by cuts and row tiles.
set -u
. tests/e2e/cases.sh
has_sim || { echo "skipped: the simulated accelerator is not built"; exit 77; }
check "networks of random weights are made" models/synthetic/make "$scratch"
agree() {
    local model=$scratch/$1.tflite config=$2
    shift 2
    check "cpu, model and sim agree: $(basename "$model" .tflite) on $config $*" "$gantry" verify \
        "$model" --devices "cpu,model:$config,sim:$config" --placement accelerator --random 1 "$@"
}
agree mobilenet_v1_1.0_224 k26
agree mobilenet_v2_1.0_224 k26
agree squeezenet_1.1_224 k26
agree squeezenet_1.1_224 tiny
agree resnet50 k26
agree resnet50 k26 --onchip-limit 9830
agree mobilenet_v1_1.0_224 half --onchip-limit 16384
finish
