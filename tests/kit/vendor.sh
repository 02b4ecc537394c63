#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Stands in for the vendor's programs, by the name it is called under: v++, vivado, xsct,
# xclbinutil, bootgen. Writes what it was asked to VENDOR_LOG, and makes the files that the next
# step needs. VENDOR_MISS lists clocks in MHz that miss timing; VENDOR_BROKEN names a program that
# fails at once.
set -eu
name=$(basename "$0")
here=$(dirname "$(realpath "$0")")
echo "$name $*" >>"$VENDOR_LOG"
[ "${VENDOR_BROKEN-}" != "$name" ] || exit 1

# value OPTION ARGUMENTS...: what follows an option.
value() {
    local option=$1
    shift
    while [ $# -gt 0 ]; do
        if [ "$1" = "$option" ]; then
            echo "$2"
            return
        fi
        shift
    done
    echo "vendor: $name: no $option" >&2
    exit 2
}

case $name in
    vivado)
        script=$(value -source "$@")
        while [ "$1" != -tclargs ]; do shift; done
        shift
        tclsh "$here/vendor.tcl" "$VENDOR_LOG.$(basename "$script" .tcl)" "$script" "$@"
        ;;
    xsct)
        tclsh "$here/vendor.tcl" "$VENDOR_LOG.xpfm" "$@"
        mkdir -p "$4/$2/export/$2"
        echo xpfm >"$4/$2/export/$2/$2.xpfm"
        ;;
    v++)
        clock=$(value --clock.freqHz "$@")
        hook=$(value --vivado.prop "$@")
        case " ${VENDOR_MISS-} " in
            *" ${clock%000000:*} "*) export VENDOR_SLACK=-0.120 ;;
            *) export VENDOR_SLACK=0.031 ;;
        esac
        tclsh "$here/vendor.tcl" "$VENDOR_LOG.timing" "${hook#*=}"
        echo "linked $clock" >"$(value --output "$@")"
        ;;
    xclbinutil)
        case $* in
            *--dump-section*)
                part=$(value --dump-section "$@")
                echo bitstream >"${part##*:}"
                ;;
            *)
                part=$(value --add-section "$@")
                cat "$(value --input "$@")" "${part##*:}" >"$(value --output "$@")"
                ;;
        esac
        ;;
    bootgen)
        [ -e gantry.bit ] && [ -e "$(value -image "$@")" ]
        cp gantry.bit gantry.bit.bin
        ;;
esac
