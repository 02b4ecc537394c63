#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a further inference of ResNet-50, of random weights, costs on the simulated accelerator.
set -u
. tests/e2e/cases.sh
has_sim || { echo "skipped: the simulated accelerator is not built"; exit 77; }
check "networks of random weights are made" models/synthetic/make "$scratch"
check "a further inference of resnet50 takes at most 102 % of the front's cycles" \
    tests/bench/batch.sh "$scratch/resnet50.tflite:102"
finish
