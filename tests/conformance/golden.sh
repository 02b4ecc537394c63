#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `gantry verify` on the five int8 MLPerf Tiny networks: no byte differs on any device from
# LiteRT's default outputs, and at least 95 % of the MACs run on the accelerator. One case per
# network and device, and one for the accuracy on 500 keywords. Or the same on MobileNetV2 with
# uint8 inputs and outputs, MEAN and QUANTIZE; or on the other convolutional networks, uint8 ones,
# a generator with transposed convolutions, one that labels pixels: small or large ones.
#
# Usage: golden.sh DEVICES tiny|mobilenet|small|large
# DEVICES are comma-separated; one that is not here is left out as skipped.
set -eu
gantry=$GANTRY_BUILD_DIR/bin/gantry
data=${GANTRY_DATA-}
[ -n "$data" ] || { echo "skipped: GANTRY_DATA is not set"; exit 77; }
set=$2
out=$GANTRY_BUILD_DIR/golden-$set-$(printf '%s' "$1" | tr ',:' '__')
rm -rf "$out"
mkdir -p "$out" "$GANTRY_TEST_XML_DIR"
cases=0 failures=0 skipped=0

# Reads the line that verify --json printed; prints what is wrong with a device, if anything.
judge() {
    python3 - "$1" "$2" <<'PROGRAM'
import json
import sys
record, name = json.load(open(sys.argv[1])), sys.argv[2]
device = next(d for d in record["devices"] if d["device"].split(":")[0] == name)
if not device["equal"]:
    print("differs:", device["first_difference"])
if name != "cpu" and device["macs_offloaded_percent"] < 95:
    print("only", device["macs_offloaded_percent"], "% of the MACs")
PROGRAM
}

# verify_case MODEL INPUT EXPECT DEVICES
verify_case() {
    local name=$1 devices=$4 status=0 device wrong
    "$gantry" verify "$data/models/${folders[$1]-mlperf-tiny}/$1.tflite" --devices "$devices" \
        --input "$2" --expect "$3" --json --quiet >"$out/$name.json" 2>"$out/$name.err" || status=$?
    for device in ${devices//,/ }; do
        cases=$((cases + 1))
        wrong=$(judge "$out/$name.json" "$device" 2>&1) ||
            wrong="no record: $(cat "$out/$name.err")"
        if [ -n "$wrong" ] || [ $status -ne 0 ]; then
            failures=$((failures + 1))
            echo "FAILED $name on $device: exit $status; $wrong"
        else
            echo "equal $name on $device ($(basename "$(dirname "$2")"))"
        fi
    done
}

# 500 keywords, and the accuracy on them.
keywords() {
    local share
    verify_case kws_ref_model "$data/eval/kws01/inputs_int8_500x49x10x1.npy" \
        "$data/eval/kws01/outputs_int8_xnn.npy" "$devices"
    cases=$((cases + 1))
    "$gantry" run "$data/models/mlperf-tiny/kws_ref_model.tflite" --device cpu --quiet \
        --input "$data/eval/kws01/inputs_int8_500x49x10x1.npy" --output "$out/kws" >/dev/null
    share=$(python3 - "$out/kws/output0.npy" "$data/eval/kws01/y_labels.csv" <<'PROGRAM'
import csv
import struct
import sys
raw = open(sys.argv[1], "rb").read()
values = raw[10 + struct.unpack("<H", raw[8:10])[0]:]
labels = [int(row[2]) for row in csv.reader(open(sys.argv[2]))][:500]
rows = [struct.unpack("12b", values[12 * i:12 * i + 12]) for i in range(500)]
print(sum(row.index(max(row)) == label for row, label in zip(rows, labels)) / 500)
PROGRAM
    )
    echo "top-1 of 500 keywords: $share"
    [ "$share" = 0.898 ] || failures=$((failures + 1))
}

networks="kws_ref_model vww_96_int8 pretrainedResnet_quant ad01_int8 str_ww_ref_model"
declare -A folders=([tf2_mobilenet_v2_1.0_224_ptq]=coral [mobilenet_v1_0.25_128_quant]=coral
    [mobilenet_v1_0.5_160_quant]=coral [mobilenet_quant_v1_224_head_layers]=coral
    [mobilenet_v1_1.0_224_quant_embedding_extractor]=coral [mobilenet_v2_1.0_224_quant]=coral
    [deeplabv3_mnv2_dm05_pascal_quant]=coral [dcgan_gen]=secda [micro_speech_quantized]=tflm
    [model_magic_wand]=cfu [model_mobilenetv2_160_035]=cfu [hps_model_2022_01_05_74ops]=cfu)
case $set in
mobilenet) networks=tf2_mobilenet_v2_1.0_224_ptq ;;
small)
    networks="dcgan_gen micro_speech_quantized model_magic_wand model_mobilenetv2_160_035
        mobilenet_v1_0.25_128_quant mobilenet_v1_0.5_160_quant mobilenet_quant_v1_224_head_layers"
    ;;
large)
    networks="hps_model_2022_01_05_74ops mobilenet_v1_1.0_224_quant_embedding_extractor
        mobilenet_v2_1.0_224_quant deeplabv3_mnv2_dm05_pascal_quant"
    ;;
esac
devices='' absent=0
for model in $networks; do
    absent=$((absent + 1))
    [ -d "$data/golden/$model" ] || { echo "skipped: GANTRY_DATA lacks $model"; exit 77; }
done
[ "$set" != tiny ] || absent=$((absent + 1))
# is_there DEVICE: modules may not be built, drivers not installed.
is_there() {
    case $1 in
        cpu | model) ;;
        *) "$gantry" run models/digits/digits.tflite --device "$1" --random 1 >/dev/null 2>&1 ;;
    esac
}
for device in ${1//,/ }; do
    if is_there "$device"; then
        devices=$devices${devices:+,}$device
    else
        cases=$((cases + absent)) skipped=$((skipped + absent))
    fi
done
for model in $networks; do
    [ -n "$devices" ] || continue
    golden=$data/golden/$model
    expect=$golden/output0_xnn.npy
    [ -e "$expect" ] || expect=$golden/output0_ref.npy
    verify_case "$model" "$golden/input0.npy" "$expect" "$devices"
done
[ "$set" != tiny ] || keywords
echo "<testsuite name=\"golden\" tests=\"$cases\" failures=\"$failures\" errors=\"0\"" \
    "skipped=\"$skipped\" >" >"$GANTRY_TEST_XML_DIR/golden.xml"
[ $failures -eq 0 ]
