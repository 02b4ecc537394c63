# SPDX-License-Identifier: Apache-2.0
"""Reads a Chrome trace as a viewer does and compares it with the profile's JSON: prints one line
for each broken rule, nothing when the trace is good. trace_check.py TRACE PROFILE.json"""
import collections
import json
import sys


def rules(trace, profile):
    """Yields what is wrong."""
    events = trace["traceEvents"]
    names = {e["tid"]: e["args"]["name"] for e in events
             if e["ph"] == "M" and e["name"] == "thread_name"}
    if len(set(names.values())) != len(names):
        yield "two tracks of one name"
    tracks = collections.defaultdict(list)
    for event in events:
        if event["ph"] not in "MX":
            yield f"unknown phase {event['ph']}"
        if event["ph"] == "X":
            tracks[event["tid"]].append(event)
            if event["tid"] not in names:
                yield f"track {event['tid']} has no name"
            if event["ts"] < 0 or event["dur"] < 0:
                yield f"{event['name']}: negative time"
    for tid, slices in tracks.items():
        last, stack = 0.0, []
        for event in slices:
            if event["ts"] < last:
                yield f"{names[tid]}: {event['name']} starts before its predecessor"
            last = event["ts"]
            end = event["ts"] + event["dur"]
            while stack and stack[-1] <= event["ts"] + 1e-6:
                stack.pop()
            if stack and end > stack[-1] + 1e-6:
                yield f"{names[tid]}: {event['name']} is neither after nor within what is before"
            stack.append(end)
    slices = [e for t in tracks.values() for e in t]
    layers = collections.Counter(e["name"] for e in slices if e["cat"] in ("layer", "cpu"))
    for node in profile["nodes"]:
        shown = node["index"] >= 0 and node["fused_into"] is None and node["shape"]
        if (shown or node["placement"] == "cpu") and not layers[node["name"]]:
            yield f"layer {node['name']} has no slice"
    moved = sum(e["engine"] != "fetch" for e in profile["events"])
    if sum(e["cat"] == "instruction" for e in slices) != moved:
        yield f"{moved} instructions ran, but not so many slices"
    launches = sum(e["cat"] == "launch" for e in slices)
    if launches != profile["totals"]["launches"]:
        yield f"{launches} launches in the trace"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        trace = json.load(file)
    with open(sys.argv[2], encoding="utf-8") as file:
        profile = json.load(file)
    for line in rules(trace, profile):
        print(line)


if __name__ == "__main__":
    main()
