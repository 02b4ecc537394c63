# SPDX-License-Identifier: Apache-2.0
"""Plan files that were changed on purpose, with a checksum that fits again."""
import struct


def resealed(data):
    """The bytearray of a plan file: FNV-1a over words of 64 bits behind the header."""
    total, rest = 0xcbf29ce484222325, bytes(data[64:])
    for (word,) in struct.iter_unpack("<Q", rest + b"\0" * (-len(rest) % 8)):
        total = (total ^ word) * 0x100000001b3 % 2**64
    struct.pack_into("<Q", data, 32, total)
    return data
