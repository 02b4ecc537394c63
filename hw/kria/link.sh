#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Links the kernel into a device image at the first clock that meets timing.
#
# Usage: link.sh WORK PLATFORM XO LINK_CFG CLOCK_MHZ...
# Writes WORK/linked.xclbin, and WORK/clock_mhz with the clock taken.
# Environment: VPP, the linker (default v++).
set -eu
kria=$(cd "$(dirname "$0")" && pwd)
work=$1 platform=$2 xo=$3 connections=$4
shift 4
vpp=${VPP:-v++}
timing=$work/timing.txt
export GANTRY_TIMING=$timing
instances=$(sed -n 's/^nk=.*:.*://p' "$connections" | tr . ,)

for clock in "$@"; do
    rm -f "$timing" "$work/linked.xclbin"
    if "$vpp" --link --target hw --platform "$platform" \
        --save-temps --temp_dir "$work/temp-$clock" \
        --config "$connections" --config "$kria/vivado.cfg" \
        --clock.freqHz "${clock}000000:$instances" \
        --vivado.prop "run.impl_1.STEPS.POST_ROUTE_PHYS_OPT_DESIGN.TCL.POST=$kria/timing.tcl" \
        --output "$work/linked.xclbin" "$xo" && [ -e "$work/linked.xclbin" ]; then
        echo "$clock" >"$work/clock_mhz"
        echo "gantry: linked at $clock MHz, slack $(cat "$timing") ns"
        exit 0
    fi
    if [ ! -e "$timing" ]; then
        echo "gantry: the linker failed before timing was known; its log is above" >&2
        exit 1
    fi
    echo "gantry: $clock MHz is missed, slack $(cat "$timing") ns" >&2
done
echo "gantry: no clock of '$*' meets timing" >&2
exit 1
