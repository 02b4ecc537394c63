# SPDX-License-Identifier: Apache-2.0
"""Writes files of /proc, /sys, /dev and /lib/firmware as a Kria KV260 in good order has them, for
`gantry doctor --root`. Made up, not recorded: no board was at hand.

Usage: board.py FOLDER SPEC_HASH CONFIGURATION CLOCK_MHZ
"""
import json
import os
import struct
import sys

NODE = "renderD128"


def write(folder, path, content):
    name = os.path.join(folder, path.lstrip("/"))
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def xclbin(spec_hash, configuration, mhz, registers=0xA0000000, memory=0, kernel="gantry_kernel"):
    """An image with the sections that the host reads, as xclbin.h of XRT lays them out."""
    name = f"{kernel}:{kernel}_1".encode()
    sections = [
        (6, struct.pack("<i4xBB6xQQ16s", 1, 1, 1, 2 << 20, memory, b"HP0")),
        (8, struct.pack("<i4xIIQ64s", 1, 1, 0, registers, name)),
        (11, struct.pack("<hHB5x128s", 1, mhz, 1, b"clk")),
    ]
    if spec_hash:
        text = {"kernel": kernel, "configuration": configuration, "spec_hash": spec_hash}
        sections.append((16, json.dumps(text).encode()))
    at, table, data = 456 + 40 * len(sections), b"", b""
    for kind, content in sections:
        table += struct.pack("<I16s4xQQ", kind, b"", at + len(data), len(content))
        data += content + bytes(-len(content) % 8)
    head = struct.pack("<8si28x256x8xQ", b"xclbin2", -1, at + len(data))
    return head.ljust(448, b"\0") + struct.pack("<I4x", len(sections)) + table + data


def board(folder, spec_hash, configuration, mhz):
    tree, firmware = "/proc/device-tree/", "/lib/firmware/xilinx/gantry/"
    write(folder, tree + "compatible",
          b"xlnx,zynqmp-sk-kv260-rev1\0xlnx,zynqmp-sk-kv260\0xlnx,zynqmp\0")
    write(folder, tree + "model", b"ZynqMP SMK-K26 Rev1/B/A\0")
    write(folder, tree + "memory@0/reg",
          struct.pack(">QQQQ", 0, 0x7FF00000, 0x800000000, 0x80000000))
    write(folder, tree + "gantry/gantry,spec-hash", struct.pack(">Q", int(spec_hash, 16)))
    write(folder, tree + "gantry/gantry,configuration", configuration.encode() + b"\0")
    write(folder, tree + "axi/clocking0/assigned-clock-rates", struct.pack(">I", 99999001))
    write(folder, "/sys/kernel/debug/clk/pl0_ref/clk_rate", "99999001\n")
    write(folder, "/sys/class/fpga_manager/fpga0/state", "operating\n")
    write(folder, "/sys/module/zocl/refcnt", "1\n")
    write(folder, "/sys/class/drm/renderD127/device/uevent",
          "DRIVER=zynqmp-display\nOF_NAME=display\nOF_COMPATIBLE_0=xlnx,zynqmp-dpsub-1.7\n")
    write(folder, f"/sys/class/drm/{NODE}/device/uevent",
          "DRIVER=zocl-drm\nOF_NAME=zyxclmm_drm\nOF_COMPATIBLE_0=xlnx,zocl\nOF_COMPATIBLE_N=1\n")
    write(folder, f"/dev/dri/{NODE}", "")
    write(folder, "/proc/meminfo",
          "MemTotal:        4028372 kB\nCmaTotal:         262144 kB\nCmaFree:          245760 kB\n")
    write(folder, "/proc/loadavg", "0.12 0.08 0.05 1/187 2041\n")
    write(folder, "/proc/cpuinfo",
          "".join(f"processor\t: {i}\nCPU part\t: 0xd03\n\n" for i in range(4)))
    write(folder, "/usr/lib/libxrt_core.so.2", "")
    for name in ("gantry.bit.bin", "gantry.dtbo", "shell.json"):
        write(folder, firmware + name, "")
    write(folder, firmware + "gantry.xclbin", xclbin(spec_hash, configuration, mhz))


if __name__ == "__main__":
    board(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
