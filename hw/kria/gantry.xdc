# SPDX-License-Identifier: Apache-2.0
# Timing of the kernel on its own (out of context): 300 MHz, the first clock that the Makefile
# tries. In the device image the platform's clock replaces it. One clock and synchronous resets:
# there is no false path, no multicycle path and no crossing, so nothing else is constrained.
create_clock -name ap_clk -period 3.333 [get_ports ap_clk]
