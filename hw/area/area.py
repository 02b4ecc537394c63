#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Area of the accelerator by Yosys: area.py --gen GEN_SPEC [--out DIR] [--markdown] CONFIG...

Each module with its parameters is synthesised alone (synth_xilinx for UltraScale+), and its cells
are multiplied by how often it stands in the configuration. gantry_prim_dsp and gantry_pe_chain are
black boxes of one and of eight DSP48E2: Yosys does not pack their registers into the slice. Logic
depth is the longest chain of LUT and carry cells between registers, memories and the module's
ports. Nothing is placed or routed. Results of modules that did not change are kept in DIR.
Exits 1 when a configuration exceeds the budget, 77 without Yosys.
"""
import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

RTL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "rtl")
SLICES = {"gantry_prim_dsp": 1, "gantry_pe_chain": 8}
# LUTs that a memory or shift register of LUTs takes.
LUT_CELLS = {"RAM32M16": 8, "RAM64M8": 8, "RAM32M": 4, "RAM64M": 4, "RAM32X1D": 2, "RAM64X1D": 2,
             "RAM128X1D": 4, "RAM256X1D": 8, "RAM512X1S": 8, "RAM256X1S": 4, "RAM128X1S": 2,
             "RAM64X1S": 1, "RAM32X1S": 1, "RAM32X16DR8": 8, "RAM64X8SW": 8, "SRL16E": 1,
             "SRLC32E": 1, "SRLC16E": 1}
# K26 and the share of its LUTs that a design can be expected to use.
BUDGET = {"lut": 117120 * 75 // 100, "dsp": 1248, "bram": 144, "uram": 64}
SYNTH = "synth_xilinx -family xcup -uram -noiopad -noclkbuf -run"
SCRIPT = """read_verilog -lib +/xilinx/cells_sim.v
read_rtlil {il}
hierarchy -top {top}
{synth} prepare:coarse
techmap -map +/cmp2lut.v -map +/cmp2lcu.v -D LUT_WIDTH=6
alumacc
opt
memory -nomap
opt_clean
{synth} map_memory:map_luts
opt_expr -mux_undef -noclkinv
abc -luts 2:2,3,6:5,10,20
clean
techmap -map +/xilinx/ff_map.v
xilinx_srl -fixed -minlen 3
techmap -map +/xilinx/lut_map.v -map +/xilinx/cells_map.v -D LUT_WIDTH=6
xilinx_dffopt
opt_lut_ins -tech xilinx
clean
tee -o {out}.stat stat {top}
delete t:FD* t:RAM* t:URAM* t:DSP48* t:SRL* t:*gantry_*
tee -o {out}.ltp ltp -noff {top}
"""


def yosys(script, log):
    """Runs a script; stops the program with the log's end when it fails."""
    with open(log + ".ys", "w", encoding="ascii") as file:
        file.write(script)
    if subprocess.run(["yosys", "-q", "-l", log, "-s", log + ".ys"], stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL, check=False).returncode:
        with open(log, encoding="utf-8") as file:
            sys.exit("area: yosys failed, " + log + ":\n" + "".join(file.readlines()[-5:]))


def elaborate(config, gen, out):
    """The modules of a configuration: name -> RTLIL text."""
    arguments = subprocess.run([gen, "args", config], stdout=subprocess.PIPE, check=True)
    values = re.findall(r"-G(\w+)=(\d+)", arguments.stdout.decode())
    files = []
    for name in ("gantry.f", "gantry_compute.f"):
        with open(os.path.join(RTL, name), encoding="ascii") as file:
            files += [os.path.join(RTL, line.strip()) for line in file if ".sv" in line]
    il = os.path.join(out, config + ".il")
    yosys("read_verilog -sv -DSYNTHESIS -I%s %s\nblackbox %s\n"
          "hierarchy -check -top gantry_kernel %s\nsetattr -mod -unset top\nwrite_rtlil %s\n" %
          (RTL, " ".join(files), " ".join(SLICES),
           " ".join("-chparam %s %s" % pair for pair in values), il), il + ".log")
    with open(il, encoding="utf-8") as file:
        text = file.read()
    return dict(re.findall(r"^module (\S+)\n(.*?)^end$", text, re.M | re.S))


def short(name):
    """gantry_fifo of $paramod$1234\\gantry_fifo."""
    return re.search(r"(gantry_\w+)", name).group(1)


def children(body):
    return re.findall(r"^  cell (\S*gantry_\S+) ", body, re.M)


def ports(body):
    lines = re.findall(r"^  (?:wire|parameter) .*$", body, re.M)
    return "\n".join(line for line in lines if re.search(r"parameter|input|output", line))


def measure(name, modules, out):
    """Synthesises one module with its children as black boxes."""
    body = re.sub(r"^ *attribute \\src.*\n", "", modules[name], flags=re.M)
    stubs = "".join("attribute \\blackbox 1\nmodule %s\n%s\nend\n" % (child, ports(modules[child]))
                    for child in sorted(set(children(body))))
    text = stubs + "module %s\n%s\nend\n" % (name, body)
    key = hashlib.sha256((text + SCRIPT).encode()).hexdigest()[:16]
    base = os.path.join(out, short(name) + "-" + key)
    if not os.path.exists(base + ".json"):
        with open(base + ".il", "w", encoding="utf-8") as file:
            file.write(text)
        yosys(SCRIPT.format(il=base + ".il", top=name, out=base, synth=SYNTH), base + ".log")
        with open(base + ".stat", encoding="utf-8") as file:
            cells = {k: int(n) for k, n in re.findall(r"^ +(\S+) +(\d+)$", file.read(), re.M)}
        with open(base + ".ltp", encoding="utf-8") as file:
            depth = re.search(r"length=(\d+)", file.read())
        with open(base + ".json", "w", encoding="ascii") as file:
            json.dump({"cells": cells, "depth": int(depth.group(1)) if depth else 0}, file)
    with open(base + ".json", encoding="ascii") as file:
        return json.load(file)


def resources(cells):
    total = {"lut": 0, "lutram": 0, "ff": 0, "dsp": 0, "bram": 0.0, "uram": 0}
    for cell, count in cells.items():
        cell = cell.lstrip("\\")
        if re.fullmatch(r"LUT[1-6]|INV", cell):
            total["lut"] += count
        elif cell in LUT_CELLS:
            total["lut"] += LUT_CELLS[cell] * count
            total["lutram"] += LUT_CELLS[cell] * count
        elif cell.startswith("FD"):
            total["ff"] += count
        elif cell == "DSP48E2":
            total["dsp"] += count
        elif cell.startswith("RAMB"):
            total["bram"] += count * (1.0 if cell.startswith("RAMB36") else 0.5)
        elif cell == "URAM288":
            total["uram"] += count
        elif cell.startswith("RAM"):
            sys.exit("area: no size known for " + cell)
    return total


def count_instances(top, modules):
    counts = {}

    def walk(name, times):
        counts[name] = counts.get(name, 0) + times
        body = modules[name]
        for child in set(children(body)):
            walk(child, times * children(body).count(child))
    walk(top, 1)
    return counts


def configuration(config, gen, out, jobs):
    """Totals, and rows (name, instances, resources of all of them, depth)."""
    modules = elaborate(config, gen, out)
    top = next(name for name in modules if short(name) == "gantry_kernel")
    counts = count_instances(top, modules)
    names = [name for name in counts if short(name) not in SLICES]
    with ThreadPoolExecutor(jobs) as pool:
        results = dict(zip(names, pool.map(lambda name: measure(name, modules, out), names)))
    rows = {}
    for name, times in counts.items():
        cells = results[name]["cells"] if name in results else {"DSP48E2": SLICES[short(name)]}
        depth = results[name]["depth"] if name in results else 0
        row = rows.setdefault(short(name), [0, {}, 0])
        row[0] += times
        for key, value in resources(cells).items():
            row[1][key] = row[1].get(key, 0) + value * times
        row[2] = max(row[2], depth)
    total = {}
    for row in rows.values():
        for key, value in row[1].items():
            total[key] = total.get(key, 0) + value
    return total, rows


def line(fields):
    return "| " + " | ".join(fields) + " |"


def number(value):
    return f"{value:,.1f}".replace(".0", "") if value else "-"


def print_tables(configs, results):
    kinds = ("lut", "lutram", "ff", "dsp", "bram", "uram")
    print(line(["configuration", "LUT", "of them memory", "FF", "DSP48E2", "BRAM36", "URAM288"]))
    print("|---|---|---|---|---|---|---|")
    for config in configs:
        print(line(["`%s`" % config] + [number(results[config][0][kind]) for kind in kinds]))
    print(line(["K26", "%s (75 %%)" % number(BUDGET["lut"]), "", "234,240", number(BUDGET["dsp"]),
                number(BUDGET["bram"]), number(BUDGET["uram"])]))
    rows = results[configs[0]][1]
    print("\nModules of `%s`, all instances together, most LUTs first; depth in cells:\n" %
          configs[0])
    print(line(["module", "instances", "LUT", "FF", "DSP48E2", "BRAM36", "URAM288", "depth"]))
    print("|---|---|---|---|---|---|---|---|")
    for name, row in sorted(rows.items(), key=lambda item: (-item[1][1]["lut"], item[0])):
        if any(row[1].values()):
            print(line(["`%s`" % name, number(row[0])] +
                       [number(row[1][kind]) for kind in kinds if kind != "lutram"] +
                       [number(row[2])]))


def main():
    parser = argparse.ArgumentParser(description="Area of the accelerator by Yosys.")
    parser.add_argument("configs", nargs="+")
    parser.add_argument("--gen", required=True, help="the program gen_spec")
    parser.add_argument("--out", default="build/area", help="folder of intermediate results")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if not shutil.which("yosys"):
        print("SKIP: no yosys")
        return 77
    os.makedirs(options.out, exist_ok=True)
    results = {config: configuration(config, options.gen, options.out, options.jobs)
               for config in options.configs}
    print_tables(options.configs, results)
    status = 0
    for config, (total, _) in results.items():
        for kind, limit in BUDGET.items():
            if total[kind] > limit:
                print("FAIL: %s takes %s %s of %s" % (config, number(total[kind]), kind,
                                                      number(limit)), file=sys.stderr)
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
