#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The kit in hw/kria without the vendor's programs: its Tcl runs in tclsh against stand-ins that
# record every command, the recordings are compared with those in tests/vectors/kria, the overlay is
# compiled and applied, generated files are parsed, and the Makefile runs from end to end.
#
# After an intended change: UPDATE=1 tests/kit/kria.sh writes the recordings anew.
set -u
. tests/e2e/cases.sh
for tool in tclsh dtc fdtoverlay fdtget make python3; do
    command -v $tool >/dev/null || { echo "skipped: $tool is missing"; exit 77; }
done
vectors=tests/vectors/kria
spec_hash=$("$gantry" --version | sed -n 's/^spec //p')
work=$scratch/build/k26
bin=$scratch/bin
mkdir -p "$bin"
for tool in vivado xsct v++ xclbinutil bootgen; do
    ln -s "$PWD/tests/kit/vendor.sh" "$bin/$tool"
done
export VENDOR_LOG=$scratch/vendor.log VENDOR_SLACK=0 VENDOR_HIDE=$PWD/$scratch:$scratch:$PWD
flow() { PATH=$bin:$PATH make -s -C hw/kria BUILD="$scratch/build" "$@" 2>&1; }

# ---- What the tables give ----
for row in "k26 4 1" "half 4 1" "tiny 1 1" "dual 2 2"; do
    read -r config ports instances <<<"$row"
    check "files of $config are generated" flow spec CONFIG="$config"
    folder=$scratch/build/$config
    faults=$(python3 tests/kit/kria.py "$folder" "$config" "$ports" "$instances" "$spec_hash" 2>&1)
    equal "files of $config agree with tables and RTL" "$faults" ""
done
equal "an unknown configuration is refused" \
    "$(flow spec CONFIG=none | grep -c 'no configuration none')" 1

# ---- Overlay ----
equal "dtc compiles the overlay without a warning" "$(flow overlay)" ""
dtc -@ -q -I dts -O dtb -o "$scratch/base.dtb" tests/kit/base.dts
check "the overlay applies to a board's tree" fdtoverlay -i "$scratch/base.dtb" \
    -o "$scratch/with.dtb" "$work/gantry.dtbo"
tree() { fdtget "$scratch/with.dtb" "$@" 2>&1; }
equal "the region names the bitstream" "$(tree -t s /fpga-full firmware-name)" gantry.bit.bin
equal "the tree names the specification" \
    "$(tree -t x /gantry gantry,spec-hash | awk '{ printf "%8s%8s", $1, $2 }' | tr ' ' 0)" \
    "$spec_hash"
equal "the tree names the configuration" "$(tree -t s /gantry gantry,configuration)" k26
equal "the driver's node is there" "$(tree -t s /axi/zyxclmm_drm compatible)" xlnx,zocl
equal "four ports of 128 bit" "$(tree -t u /axi/afi0 config-afi | cut -d' ' -f 9-24)" \
    "4 0 5 0 6 0 7 0 8 0 9 0 10 0 11 0"
sed 's/^    gantry {/    gantry ;/' hw/kria/gantry.dts >"$scratch/bad.dts"
equal "a fault in the overlay is seen" \
    "$(dtc -q -@ -I dts -O dtb -i "$work" "$scratch/bad.dts" >/dev/null 2>&1 || echo no)" no

# ---- The flow, 300 MHz missed ----
export VENDOR_MISS=300
text=$(flow all)
contains "300 MHz is tried first" "$text" "300 MHz is missed, slack -0.120 ns"
contains "250 MHz is taken" "$text" "linked at 250 MHz, slack 0.031 ns"
equal "the application folder is complete" "$(cd "$scratch/build/gantry" && echo *)" \
    "gantry.bit.bin gantry.dtbo gantry.xclbin shell.json"
contains "the image carries the specification" "$(cat "$scratch/build/gantry/gantry.xclbin")" \
    "$spec_hash"
equal "nothing is made twice" "$(wc -l <"$VENDOR_LOG") $(flow all; wc -l <"$VENDOR_LOG")" \
    "$(wc -l <"$VENDOR_LOG") $(wc -l <"$VENDOR_LOG")"
contains "the linker gets both configurations" "$(grep '^v++' "$VENDOR_LOG" | head -n 1)" \
    "--config $work/link.cfg --config $PWD/hw/kria/vivado.cfg"
contains "the clock is that of the instance" "$(grep '^v++' "$VENDOR_LOG" | head -n 1)" \
    "--clock.freqHz 300000000:gantry_kernel_1 "
VENDOR_LOG=$scratch/dual.log flow image CONFIG=dual >/dev/null
contains "two instances get one clock" "$(grep '^v++' "$scratch/dual.log" | tail -n 1)" \
    "--clock.freqHz 250000000:gantry_kernel_1,gantry_kernel_2 "
flow install DESTDIR="$scratch/root" >/dev/null
check "it is installed where xmutil looks" \
    test -e "$scratch/root/lib/firmware/xilinx/gantry/gantry.bit.bin"

for script in package platform xpfm; do
    [ -z "${UPDATE-}" ] || cp "$VENDOR_LOG.$script" $vectors/$script.log
    equal "$script.tcl gives the recorded commands" \
        "$(diff $vectors/$script.log "$VENDOR_LOG.$script" 2>&1)" ""
done
equal "every register of the tables is packaged" \
    "$(grep -c '^ipx::add_register ' "$VENDOR_LOG.package")" \
    "$(grep -c '^    {.*read-\|^    {.*write-only' "$work/spec.tcl")"
equal "every source of the RTL is packaged" \
    "$(grep '^add_files -nor' "$VENDOR_LOG.package" | grep -o 'gantry_[a-z0-9_]*\.sv' | sort -u)" \
    "$(cat hw/rtl/*.f | grep -o 'gantry_[a-z0-9_]*\.sv' | sort -u)"

# ---- What goes wrong ----
again() { rm -f "$work/linked.xclbin"; flow "$@"; }
VENDOR_MISS="300 250"
contains "no clock, no image" "$(again image)" "no clock of '300 250' meets timing"
equal "and none is left behind" "$(ls "$work/linked.xclbin" 2>/dev/null)" ""
VENDOR_MISS=
contains "a clock that holds ends the search" "$(again image)" "linked at 300 MHz"
export VENDOR_BROKEN=v++
contains "a broken linker is not taken for missed timing" "$(again image)" \
    "failed before timing was known"
VENDOR_BROKEN=vivado
rm -f "$work/gantry.xo"
contains "a broken packager stops the flow" "$(flow xo)" "Error 1"
echo "ipx::add_regster A block" >"$scratch/typo.tcl"
equal "a slip in the Tcl is seen" \
    "$(tclsh tests/kit/vendor.tcl "$scratch/typo.log" "$scratch/typo.tcl" 2>&1 | head -n 1)" \
    'invalid command name "ipx::add_regster"'
echo "package_xo -kernel name" >"$scratch/typo.tcl"
equal "an unknown option in the Tcl is seen" \
    "$(tclsh tests/kit/vendor.tcl "$scratch/typo.log" "$scratch/typo.tcl" 2>&1 | head -n 1)" \
    'vendor: package_xo has no option -kernel'
finish
