#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tiny .tflite models, one operator each, from which fuzzing starts.

Usage: seeds_tflite.py FLATC SCHEMA FOLDER"""
import json
import os
import subprocess
import sys

FLOAT, INT32, INT8, INT16 = 0, 2, 9, 7
MAP = [1, 4, 4, 2]


def tensor(shape, dtype=INT8, data=None, scales=1):
    made = {"shape": shape, "type": dtype, "name": "t"}
    if dtype in (INT8, INT16):
        made["quantization"] = {"scale": [0.5 + 0.25 * i for i in range(scales)],
                                "zero_point": [0] * scales}
    return made, data


def constant(values):
    data = [b for v in values for b in (v & 0xffffffff).to_bytes(4, "little")]
    return tensor([len(values)], INT32, data)


def weights(shape, scales=1):
    count = 1
    for size in shape:
        count *= size
    return tensor(shape, INT8, [(37 * i + 5) % 256 for i in range(count)], scales)


# name: builtin code, type of options, options, inputs, outputs
MODELS = {
    "add": (0, "AddOptions", {}, [tensor(MAP), tensor(MAP)], [tensor(MAP)]),
    "add_float": (0, "AddOptions", {}, [tensor(MAP, FLOAT), tensor([2], FLOAT)],
                  [tensor(MAP, FLOAT)]),
    "average": (1, "Pool2DOptions", {"padding": 1, "stride_w": 2, "stride_h": 2, "filter_width": 2,
                                     "filter_height": 2}, [tensor(MAP)], [tensor([1, 2, 2, 2])]),
    "concatenation": (2, "ConcatenationOptions", {"axis": 3}, [tensor(MAP), tensor(MAP)],
                      [tensor([1, 4, 4, 4])]),
    "conv": (3, "Conv2DOptions", {"padding": 0, "stride_w": 1, "stride_h": 1},
             [tensor(MAP), weights([3, 3, 3, 2], 3), constant([1, -2, 3])], [tensor([1, 4, 4, 3])]),
    "depthwise": (4, "DepthwiseConv2DOptions", {"padding": 1, "stride_w": 1, "stride_h": 1,
                                                "depth_multiplier": 2},
                  [tensor(MAP), weights([1, 3, 3, 4]), constant([1, 2, 3, 4])],
                  [tensor([1, 2, 2, 4])]),
    "dequantize": (6, None, None, [tensor(MAP)], [tensor(MAP, FLOAT)]),
    "dense": (9, "FullyConnectedOptions", {}, [tensor([1, 32]), weights([5, 32])],
              [tensor([1, 5])]),
    "logistic": (14, None, None, [tensor(MAP)], [tensor(MAP)]),
    "max": (17, "Pool2DOptions", {"padding": 0, "stride_w": 2, "stride_h": 2, "filter_width": 3,
                                  "filter_height": 3}, [tensor(MAP)], [tensor([1, 2, 2, 2])]),
    "reshape": (22, None, None, [tensor(MAP), constant([1, -1])], [tensor([1, 32])]),
    "resize": (23, "ResizeBilinearOptions", {"half_pixel_centers": True},
               [tensor(MAP), constant([8, 8])], [tensor([1, 8, 8, 2])]),
    "softmax": (25, "SoftmaxOptions", {"beta": 1.0}, [tensor([1, 8])], [tensor([1, 8])]),
    "pad": (34, None, None,
            [tensor(MAP), tensor([4, 2], INT32, constant([0, 0, 1, 1, 2, 0, 0, 0])[1])],
            [tensor([1, 6, 6, 2])]),
    "grouped": (3, "Conv2DOptions", {"padding": 0, "stride_w": 1, "stride_h": 1},
                [tensor(MAP), weights([2, 3, 3, 1], 2), constant([1, 2])], [tensor(MAP)]),
    "transposed": (67, "TransposeConvOptions", {"padding": 0, "stride_w": 2, "stride_h": 2},
                   [constant([1, 8, 8, 3]), weights([3, 3, 3, 2], 3), tensor(MAP),
                    constant([1, 2, 3])], [tensor([1, 8, 8, 3])]),
    "products": (126, "BatchMatMulOptions", {"adj_y": True},
                 [tensor([2, 3, 4]), tensor([5, 4])], [tensor([2, 3, 5])]),
    "transpose": (39, None, None, [tensor(MAP), constant([0, 3, 1, 2])], [tensor([1, 2, 4, 4])]),
    "mean": (40, "ReducerOptions", {"keep_dims": True}, [tensor(MAP), constant([1, 2])],
             [tensor([1, 1, 1, 2])]),
    "strided_slice": (45, "StridedSliceOptions", {"end_mask": 1},
                      [tensor(MAP), constant([0, 1, 0, 0]), constant([1, 4, 4, 2]),
                       constant([1, 1, 2, 1])], [tensor([1, 3, 2, 2])]),
    "split": (49, "SplitOptions", {"num_splits": 2}, [constant([3]), tensor(MAP)],
              [tensor([1, 4, 4, 1]), tensor([1, 4, 4, 1])]),
    "arg_max": (56, None, None, [tensor(MAP), constant([3])],
                [tensor([1, 4, 4], INT32)]),
    "pack": (83, "PackOptions", {"values_count": 2, "axis": 0}, [tensor(MAP), tensor(MAP)],
             [tensor([2, 1, 4, 4, 2])]),
    "unpack": (88, "UnpackOptions", {"num": 2, "axis": 3}, [tensor(MAP)],
               [tensor([1, 4, 4]), tensor([1, 4, 4])]),
    "leaky_relu": (98, "LeakyReluOptions", {"alpha": 0.25}, [tensor(MAP)], [tensor(MAP)]),
    "quantize": (114, None, None, [tensor(MAP, FLOAT)], [tensor(MAP)]),
}


def model(code, options_type, options, inputs, outputs):
    tensors, buffers = [], [{}]
    for made, data in inputs + outputs:
        made = dict(made, buffer=0)
        if data is not None:
            made["buffer"] = len(buffers)
            buffers.append({"data": data})
        tensors.append(made)
    count = len(inputs)
    operator = {"opcode_index": 0, "inputs": list(range(count)),
                "outputs": list(range(count, len(tensors)))}
    if options_type:
        operator.update(builtin_options_type=options_type, builtin_options=options)
    free = [i for i in range(count) if tensors[i]["buffer"] == 0]
    for i in free:
        tensors[i]["shape_signature"] = [-1] * len(tensors[i]["shape"])
    return {"version": 3,
            "operator_codes": [{"deprecated_builtin_code": min(code, 127), "builtin_code": code}],
            "subgraphs": [{"tensors": tensors, "inputs": free, "outputs": operator["outputs"],
                           "operators": [operator]}],
            "buffers": buffers}


def main():
    flatc, schema, folder = sys.argv[1:]
    for name, row in MODELS.items():
        path = os.path.join(folder, name + ".json")
        with open(path, "w", encoding="ascii") as file:
            json.dump(model(*row), file)
        subprocess.run([flatc, "-b", "-o", folder, schema, path], check=True)
        os.remove(path)


if __name__ == "__main__":
    main()
