# SPDX-License-Identifier: Apache-2.0
# Makes the platform (.xpfm) of the hardware platform, for Linux on the A53 cores.
#
#   xsct xpfm.tcl NAME XSA FOLDER
lassign $argv name xsa folder
platform create -name $name -hw $xsa -out $folder -no-boot-bsp
domain create -name xrt -proc psu_cortexa53 -os linux
platform write
platform generate
