#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Area of the accelerator by Yosys: area.py [--out DIR] [--update | --compare FILE] [CONFIG...]

--update writes the tables between the markers of FILE, --compare fails when others stand there.

Each module with its parameters is synthesised alone (synth_xilinx for UltraScale+), and its cells
are multiplied by how often it stands in the configuration. gantry_prim_dsp and gantry_pe_chain are
black boxes of one and of eight DSP48E2: Yosys does not pack their registers into the slice. Logic
depth is the longest chain of LUT and carry cells between registers, memories and the module's
ports. A site is a LUT6, in which two small LUTs with a net in common can stand. Multiplications
whose result the RTL marks use_dsp = "no" become LUTs. Nothing is placed or routed. Results of
modules that did not change are kept in DIR.

Exits 1 when a configuration exceeds the budget or FILE is not up to date, 77 without Yosys.
"""
import argparse
import difflib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HW = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RTL = os.path.join(HW, "rtl")
SLICES = {"gantry_prim_dsp": 1, "gantry_pe_chain": 8}
# LUTs that a memory or shift register of LUTs takes.
LUT_CELLS = {"RAM32M16": 8, "RAM64M8": 8, "RAM32M": 4, "RAM64M": 4, "RAM32X1D": 2, "RAM64X1D": 2,
             "RAM128X1D": 4, "RAM256X1D": 8, "RAM512X1S": 8, "RAM256X1S": 4, "RAM128X1S": 2,
             "RAM64X1S": 1, "RAM32X1S": 1, "RAM32X16DR8": 8, "RAM64X8SW": 8, "SRL16E": 1,
             "SRLC32E": 1, "SRLC16E": 1}
# K26 and the share of its LUTs that a design can be expected to use.
BUDGET = {"site": 117120 * 75 // 100, "dsp": 1248, "bram": 144, "uram": 64}
PAIR_WINDOW = 33  # one more than the candidates looked at
NAMES = {"site": "LUT sites", "dsp": "DSP48E2", "bram": "BRAM36", "uram": "URAM288"}
MARKERS = r"(.*<!-- area -->\n)(.*)(<!-- end of area -->\n.*)"
TIMEOUT_S = 1800  # of one module
SYNTH = "synth_xilinx -family xcup -uram -noiopad -noclkbuf -run"
SCRIPT = """read_verilog -lib +/xilinx/cells_sim.v
read_rtlil {il}
hierarchy -top {top}
{synth} prepare:map_dsp
select -set small w:* a:use_dsp=no %i %ci1 t:$mul %i
alumacc @small
maccmap
opt
{synth} map_dsp:coarse
techmap -map +/cmp2lut.v -map +/cmp2lcu.v -D LUT_WIDTH=6
alumacc
opt
memory -nomap
opt_clean
{synth} map_memory:map_luts
opt_expr -mux_undef -noclkinv
abc -luts 2:2,3,6:5
clean
techmap -map +/xilinx/ff_map.v
xilinx_srl -fixed -minlen 3
techmap -map +/xilinx/lut_map.v -map +/xilinx/cells_map.v -D LUT_WIDTH=6
xilinx_dffopt
opt_lut_ins -tech xilinx
opt_merge -share_all t:INV
clean
tee -o {out}.stat stat {top}
write_blif {out}.blif
delete t:FD* t:RAM* t:URAM* t:DSP48* t:SRL* t:*gantry_*
tee -o {out}.ltp ltp -noff {top}
"""


def yosys(script, log):
    """Runs a script; stops the program with the log's end when it fails."""
    with open(log + ".ys", "w", encoding="ascii") as file:
        file.write(script)
    try:
        code = subprocess.run(["yosys", "-q", "-l", log, "-s", log + ".ys"], timeout=TIMEOUT_S,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              check=False).returncode
    except subprocess.TimeoutExpired:
        sys.exit("area: yosys takes longer than %d s, %s" % (TIMEOUT_S, log))
    if code:
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


def canonical(body):
    """A module's text without places of its source: lines that moved are no change.

    Nor are the numbers that names got by what was read before.
    """
    body = re.sub(r"^ *attribute \\src.*\n", "", body, flags=re.M)
    names = {}
    return re.sub(r"[$\\]\S*\.(?:sv|cc):\S*|\$fordecl_block\$\d+|(?<=\])\$\d+",
                  lambda m: names.setdefault(m[0], "$n%d" % len(names)), body)


def pairs(blif):
    """How many LUTs can share a site with another: a net in common, at most five inputs together.

    Of two LUTs that select in a carry chain only one fits a site. The first mate found is taken.
    """
    carry = set(re.findall(r" S\[\d\]=(\S+)", blif))
    luts = [(set(re.findall(r" I\d=(\S+)", cell)), output in carry)
            for cell, output in re.findall(r"^\.subckt LUT[1-5](.*) O=(\S+)", blif, re.M)]
    luts.sort(key=lambda lut: -len(lut[0]))
    free, count, users = [True] * len(luts), 0, {}
    for i, (nets, _) in enumerate(luts):
        for net in nets:
            users.setdefault(net, []).append(i)
    for i, (nets, selects) in enumerate(luts):
        if not free[i]:
            continue
        free[i] = False
        mates = []
        for net in sorted(nets):
            while users[net] and not free[users[net][-1]]:
                users[net].pop()
            mates += [k for k in users[net][:-PAIR_WINDOW:-1] if free[k] and
                      len(nets | luts[k][0]) <= 5 and not (selects and luts[k][1])]
        if mates:
            free[mates[0]] = False
            count += 1
    return count


def measure(name, modules, out):
    """Synthesises one module with its children as black boxes."""
    body = canonical(modules[name])
    stubs = "".join("attribute \\blackbox 1\nmodule %s\n%s\nend\n" % (child, ports(modules[child]))
                    for child in sorted(set(children(body))))
    text = stubs + "module %s\n%s\nend\n" % (name, body)
    # Reading the library of memories takes longer than most modules: only where there are some.
    script = SCRIPT if re.search(r"^  memory ", body, re.M) else SCRIPT.replace("map_memory:",
                                                                               "map_ffram:")
    key = hashlib.sha256((text + script).encode()).hexdigest()[:16]
    base = os.path.join(out, short(name) + "-" + key)
    if not os.path.exists(base + ".json"):
        with open(base + ".il", "w", encoding="utf-8") as file:
            file.write(text)
        yosys(script.format(il=base + ".il", top=name, out=base, synth=SYNTH), base + ".log")
        with open(base + ".stat", encoding="utf-8") as file:
            cells = {k: int(n) for k, n in re.findall(r"^ +(\S+) +(\d+)$", file.read(), re.M)}
        with open(base + ".ltp", encoding="utf-8") as file:
            depth = re.search(r"length=(\d+)", file.read())
        with open(base + ".blif", encoding="utf-8") as file:
            shared = pairs(file.read())
        os.remove(base + ".blif")
        with open(base + ".json", "w", encoding="ascii") as file:
            json.dump({"cells": cells, "pairs": shared,
                       "depth": int(depth.group(1)) if depth else 0}, file)
    with open(base + ".json", encoding="ascii") as file:
        return json.load(file)


def resources(cells, shared=0):
    total = {"lut": 0, "site": -shared, "lutram": 0, "ff": 0, "dsp": 0, "bram": 0.0, "uram": 0}
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
    total["site"] += total["lut"]
    return total


def accelerators(config, gen):
    """How many of them a device of the configuration has."""
    text = subprocess.run([gen, "json", config], stdout=subprocess.PIPE, check=True).stdout
    return json.loads(text)["instances"]


def count_instances(top, modules, tops):
    counts = {}

    def walk(name, times):
        counts[name] = counts.get(name, 0) + times
        body = modules[name]
        for child in set(children(body)):
            walk(child, times * children(body).count(child))
    walk(top, tops)
    return counts


def configuration(config, gen, out, jobs):
    """Totals, and rows (name, instances, resources of all of them, depth)."""
    modules = elaborate(config, gen, out)
    top = next(name for name in modules if short(name) == "gantry_kernel")
    counts = count_instances(top, modules, accelerators(config, gen))
    names = [name for name in counts if short(name) not in SLICES]
    with ThreadPoolExecutor(jobs) as pool:
        results = dict(zip(names, pool.map(lambda name: measure(name, modules, out), names)))
    rows = {}
    for name, times in counts.items():
        result = results.get(name) or {"cells": {"DSP48E2": SLICES[short(name)]}, "pairs": 0,
                                       "depth": 0}
        row = rows.setdefault(short(name), [0, {}, 0])
        row[0] += times
        for key, value in resources(result["cells"], result["pairs"]).items():
            row[1][key] = row[1].get(key, 0) + value * times
        row[2] = max(row[2], result["depth"])
    total = {}
    for row in rows.values():
        for key, value in row[1].items():
            total[key] = total.get(key, 0) + value
    return total, rows


def line(fields):
    return "| " + " | ".join(fields) + " |\n"


def number(value):
    return f"{value:,.1f}".replace(".0", "") if value else "-"


def tables(configs, results):
    kinds = ("lut", "site", "lutram", "ff", "dsp", "bram", "uram")
    text = line(["configuration", "LUT", "sites", "memory", "FF", "DSP48E2", "BRAM36", "URAM288"])
    text += "|---|---|---|---|---|---|---|---|\n"
    for config in configs:
        text += line(["`%s`" % config] + [number(results[config][0][kind]) for kind in kinds])
    text += line(["K26", "", "%s (75 %%)" % number(BUDGET["site"]), "57,600", "234,240",
                  number(BUDGET["dsp"]), number(BUDGET["bram"]), number(BUDGET["uram"])])
    text += "\nModules of `%s`, all instances together; depth in cells:\n\n" % configs[0]
    text += line(["module", "instances", "LUT", "sites", "FF", "DSP48E2", "BRAM36", "URAM288",
                  "depth"])
    text += "|---|---|---|---|---|---|---|---|---|\n"
    rows = results[configs[0]][1]
    for name, row in sorted(rows.items(), key=lambda item: (-item[1][1]["lut"], item[0])):
        if any(row[1].values()):
            text += line(["`%s`" % name, number(row[0])] +
                         [number(row[1][kind]) for kind in kinds if kind != "lutram"] +
                         [number(row[2])])
    return text


def over_budget(results):
    """What exceeds the budget, one line each."""
    lines = ""
    for config, (total, _) in results.items():
        for kind, limit in BUDGET.items():
            if total[kind] > limit:
                lines += "`%s` exceeds the budget: %s %s of %s.\n" % (
                    config, number(total[kind]), NAMES[kind], number(limit))
    return lines


def update(path, text):
    """Puts the tables between the markers of a file."""
    with open(path, encoding="utf-8") as file:
        before, _, after = re.fullmatch(MARKERS, file.read(), re.S).groups()
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + text + after)


def compare(path, text):
    """Fails when a file made by the same Yosys holds other tables."""
    with open(path, encoding="utf-8") as file:
        old = re.fullmatch(MARKERS, file.read(), re.S).group(2)
    if old.split("\n")[0] != text.split("\n")[0]:
        print("SKIP: another Yosys made %s" % path)
        return 77
    if old == text:
        return 0
    sys.stderr.writelines(difflib.unified_diff(old.splitlines(True), text.splitlines(True), path,
                                               "now", n=0))
    print("FAIL: %s is not up to date; hw/area/area.py --update %s" % (path, path),
          file=sys.stderr)
    return 1


def generator(out):
    """gen_spec, which knows the configurations."""
    program = os.path.join(out, "gen_spec")
    spec = os.path.join(HW, "spec")
    subprocess.run([os.environ.get("CC", "cc"), "-I", spec, "-o", program,
                    os.path.join(spec, "gen_spec.c"), os.path.join(spec, "gen_kernel.c")],
                   check=True)
    return program


def main():
    parser = argparse.ArgumentParser(description="Area of the accelerator by Yosys.")
    parser.add_argument("configs", nargs="*", metavar="CONFIG",
                        default=["k26", "half", "tiny", "dual"])
    parser.add_argument("--out", default="build/area", help="folder of intermediate results")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--update", metavar="FILE", help="write the tables into FILE")
    parser.add_argument("--compare", metavar="FILE", help="fail when FILE holds other tables")
    options = parser.parse_args()
    if not shutil.which("yosys"):
        print("SKIP: no yosys")
        return 77
    os.makedirs(options.out, exist_ok=True)
    gen = generator(options.out)
    results = {config: configuration(config, gen, options.out, options.jobs)
               for config in options.configs}
    version = subprocess.run(["yosys", "-V"], stdout=subprocess.PIPE, check=True).stdout.decode()
    excess = over_budget(results)
    text = "By %s:\n\n" % " ".join(version.split()[:2]) + tables(options.configs, results)
    text += "\n" + excess if excess else ""
    print(text, end="")
    if options.update:
        update(options.update, text)
    if excess:
        print("FAIL: " + excess, end="", file=sys.stderr)
        return 1
    return compare(options.compare, text) if options.compare else 0


if __name__ == "__main__":
    sys.exit(main())
