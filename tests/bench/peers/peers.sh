#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Gantry's CPU kernels beside other runtimes, interleaved in one run: medians, ratios, bar chart.
#
# Usage: tests/bench/peers/peers.sh [--install-only] MODEL...
#   without models: those of the README that are there, below GANTRY_DATA and build/synthetic
# Environment: GANTRY (the command; default build/release/bin/gantry), ROUNDS (default 7),
#   SECONDS_EACH (default 0.3), THREADS (default 1), RUNTIMES (default "gantry litert tflm ort";
#   ort takes MODEL.onnx, also the one beside MODEL.tflite), CHART (an SVG file to write),
#   FIGURE (med_us, min_us or cpu_us; default med_us, the median; cpu_us on a busy machine)
# The runtimes are installed from PyPI in a virtual environment below build/peers.
set -eu
cd "$(dirname "$0")/../../.."
gantry=${GANTRY:-build/release/bin/gantry}
home=build/peers
mkdir -p $home

# Each runtime has an environment of its own: their dependencies exclude each other.
install_runtime() {
    [ -e "$home/$1/.complete" ] && return 0
    echo "installing $2 below $home/$1" >&2
    python3 -m venv "$home/$1" && "$home/$1/bin/pip" -q install numpy "$2" &&
        touch "$home/$1/.complete"
}

runtimes=
for runtime in ${RUNTIMES:-gantry litert tflm ort}; do
    case $runtime in
        gantry) [ -x "$gantry" ] || { echo "$gantry: not built" >&2; exit 77; } ;;
        litert) install_runtime litert ai-edge-litert==2.3.0 ;;
        tflm) install_runtime tflm tflite-micro ;;
        ort) install_runtime ort onnxruntime==1.32.0 ;;
        *) echo "unknown runtime: $runtime" >&2; exit 2 ;;
    esac || { echo "note: $runtime is left out" >&2; continue; }
    runtimes="$runtimes $runtime"
done
[ "${1-}" = --install-only ] && exit 0

if [ $# -eq 0 ]; then
    [ -n "${GANTRY_DATA-}" ] || { echo "skipped: no models and no GANTRY_DATA" >&2; exit 77; }
    for model in mlperf-tiny/{kws_ref_model,vww_96_int8,pretrainedResnet_quant,ad01_int8} \
        coral/mobilenet_v1_{0.25_128_quant,1.0_224_quant_embedding_extractor} \
        coral/{mobilenet_v2_1.0_224_quant,tf2_mobilenet_v2_1.0_224_ptq}; do
        set -- "$@" "$GANTRY_DATA/models/$model.tflite"
    done
    set -- "$@" build/synthetic/mobilenet_v1_1.0_224.tflite build/synthetic/resnet50.tflite \
        "$GANTRY_DATA"/models/mlperf-tiny-onnx/{kws_ref_model,resnet,deep_autoencoder}.onnx
    for model; do
        shift
        if [ -e "$model" ]; then set -- "$@" "$model"; else echo "note: no $model" >&2; fi
    done
fi

# shellcheck disable=SC2086 # a list of words
exec python3 tests/bench/peers/compare.py --home $home --gantry "$gantry" \
    --rounds "${ROUNDS:-7}" --seconds "${SECONDS_EACH:-0.3}" --threads "${THREADS:-1}" \
    --figure "${FIGURE:-med_us}" \
    --chart "${CHART-}" --runtimes $runtimes -- "$@"
