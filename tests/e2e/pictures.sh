#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Photographs through third-party networks (GANTRY_DATA): classes, a person found, labels of pixels
# drawn; and --draw where there is nothing to draw.
set -u
. tests/e2e/cases.sh
picture=models/digits/samples/7_0.png

code=0
"$gantry" run $model --device cpu --input $picture --draw "$scratch/no.png" \
    >"$scratch/no.txt" 2>"$scratch/no.err" || code=$?
equal "--draw of classes is a usage error" $code 2
contains "it says what can be drawn" "$(cat "$scratch/no.err")" "nor labels of pixels"
check "and no file is left" test ! -e "$scratch/no.png"

data=${GANTRY_DATA-}
if [ ! -d "$data/images" ]; then
    finish
fi

# best MODEL PICTURE: the best class of a photograph.
best() {
    "$gantry" run "$data/models/$1.tflite" --device cpu --quiet --top 1 \
        --labels "$data/images/imagenet_labels.txt" --input "$data/images/$2.bmp" |
        sed 's/^ *[0-9.]* *[0-9]* *//'
}
for network in coral/mobilenet_v1_0.25_128_quant coral/mobilenet_v1_0.5_160_quant \
    coral/mobilenet_v2_1.0_224_quant coral/tf2_mobilenet_v2_1.0_224_ptq; do
    equal "$network sees a cat" "$(best $network cat)" "Egyptian cat"
    equal "$network sees a bird" "$(best $network bird)" "chickadee"
done
for name in grace_hopper cat; do
    "$gantry" run "$data/models/mlperf-tiny/vww_96_int8.tflite" --device cpu --quiet --json \
        --input "$data/images/$name.bmp" >"$scratch/$name.json"
done
equal "a person is found" "$(json "$scratch/grace_hopper.json" 'r["top"][0]["index"]')" 1
equal "and none on a cat's picture" "$(json "$scratch/cat.json" 'r["top"][0]["index"]')" 0

"$gantry" run "$data/models/coral/deeplabv3_mnv2_dm05_pascal_quant.tflite" --device cpu --quiet \
    --input "$data/images/bird_segmentation.bmp" --draw "$scratch/bird.png" \
    --labels "$data/images/pascal_voc_segmentation_labels.txt" >"$scratch/bird.txt"
"$gantry" run "$data/models/coral/deeplabv3_mnv2_dm05_pascal_quant.tflite" --device cpu --quiet \
    --json --input "$data/images/bird_segmentation.bmp" --draw "$scratch/bird.png" \
    --labels "$data/images/pascal_voc_segmentation_labels.txt" >"$scratch/bird.json"
equal "and JSON has it too" \
    "$(json "$scratch/bird.json" \
        'sorted((f["percent"], f["label"]) for f in r["found"])[-2][1]')" bird
equal "a segmentation names what most pixels are" \
    "$(sort -rn "$scratch/bird.txt" | sed -n '2s/.* //p')" bird
equal "its picture has the size of the photograph" \
    "$(od -An -tx1 -j16 -N8 "$scratch/bird.png" | tr -d ' \n')" 0000020100000201
equal "its picture has all its rows" "$(
    python3 - "$scratch/bird.png" <<'PROGRAM'
import sys
import zlib
raw, at, data = open(sys.argv[1], "rb").read(), 8, b""
while at < len(raw):
    length, kind = int.from_bytes(raw[at:at + 4], "big"), raw[at + 4:at + 8]
    data += raw[at + 8:at + 8 + length] if kind == b"IDAT" else b""
    at += length + 12
print(len(zlib.decompress(data)) == 513 * (3 * 513 + 1))
PROGRAM
)" True
finish
