# SPDX-License-Identifier: Apache-2.0
"""Reads the generated files of a configuration of hw/kria and checks them against each other and
the RTL. Usage: kria.py WORK CONFIG PORTS INSTANCES SPEC_HASH; prints one line per
fault."""
import configparser
import json
import re
import sys
import xml.etree.ElementTree as xml

work, config, spec_hash = sys.argv[1], sys.argv[2], sys.argv[5]
ports, instances = int(sys.argv[3]), int(sys.argv[4])
rtl = open("hw/rtl/gantry_kernel.sv").read()
registers = re.findall(r"^REG\((\w+), (0x\w+), (\w+),", open("hw/spec/regs.def").read(), re.M)


def equal(what, got, wanted):
    if got != wanted:
        print(f"{what}: {got}, not {wanted}")


# Masters: the same in kernel.xml and link.cfg, and ports of the RTL.
kernel = xml.parse(f"{work}/kernel.xml").getroot().find("kernel")
masters = [p.get("name") for p in kernel.iter("port") if p.get("mode") == "master"]
equal("masters", masters, [f"m_axi_gmem{i}" for i in range(ports)])
for name in masters + [p.get("name") for p in kernel.iter("port") if p.get("mode") == "slave"]:
    for signal in ("awaddr", "wdata", "bresp", "araddr", "rdata"):
        equal(f"RTL port {name}_{signal}", bool(re.search(rf"\b{name}_{signal}\b", rtl)), True)
link = configparser.RawConfigParser(strict=False)
link.read(f"{work}/link.cfg")
equal("sections of link.cfg", link.sections(), ["connectivity"])
kind, count, names = link["connectivity"]["nk"].split(":")
names = names.split(".")
equal("kernel of the instances", kind, kernel.get("name"))
equal("instances", (int(count), names),
      (instances, [f"{kind}_{i + 1}" for i in range(instances)]))
lines = [l[3:] for l in open(f"{work}/link.cfg").read().splitlines() if l.startswith("sp=")]
equal("connections", lines, [f"{n}.{m}:HP{(k * ports + i) % 4}"
                             for k, n in enumerate(names) for i, m in enumerate(masters)])
options = configparser.RawConfigParser(strict=False)
options.read("hw/kria/vivado.cfg")
equal("sections of vivado.cfg", options.sections(), ["vivado"])

# Arguments: every writable register from 0x10 up, once, at its offset, addresses on a master.
uppers = {name for name, _, _ in registers if name.endswith("_HI")}
wanted = [(name, int(at, 16), 8 if name + "_HI" in uppers else 4) for name, at, access in registers
          if access == "RW" and int(at, 16) >= 0x10 and name not in uppers]
args = list(kernel.iter("arg"))
got = [(a.get("name"), int(a.get("offset"), 16), int(a.get("size"), 16)) for a in args]
equal("arguments", got, wanted)
equal("numbers of arguments", [int(a.get("id")) for a in args], list(range(len(args))))
host = 0
for arg in args:
    equal(f"host offset of {arg.get('name')}", int(arg.get("hostOffset"), 16), host)
    host += int(arg.get("hostSize"), 16)
buffers = [a for a in args if a.get("addressQualifier") == "1"]
equal("buffers", [a.get("name") for a in buffers],
      ["PROGRAM", "WEIGHTS", "ARENA", "INPUT", "OUTPUT", "TRACE"])
equal("a master without a buffer", set(masters) - {a.get("port") for a in buffers}, set())

spec = json.load(open(f"{work}/spec.json"))
equal("spec.json", (spec["spec_hash"], spec["configuration"], spec["kernel"], spec["instances"]),
      (spec_hash, config, kernel.get("name"), instances))
shell = json.load(open("hw/kria/shell.json"))
equal("shell.json", shell, {"shell_type": "XRT_FLAT", "num_slots": "1"})
