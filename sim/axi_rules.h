/* SPDX-License-Identifier: Apache-2.0
 * The AXI rules that a master must keep, checked on the pins of every cycle. */
#ifndef GANTRY_SIM_AXI_RULES_H
#define GANTRY_SIM_AXI_RULES_H

#include "sim/axi.h"

/* What the master offered and nobody took; zeroed at reset. */
struct gantry_axi_rules {
    bool ar_waits, aw_waits, w_waits;
    struct gantry_axi_request last;
    char text[128];
};

/* Checks the cycle before an edge: bursts (16 bytes a beat, INCR, at most 64 beats, inside 4 KB)
 * and stable payload while valid waits for ready. Returns NULL or what is wrong; the text is valid
 * until the next call. */
const char *gantry_axi_rules_check(struct gantry_axi_rules *rules,
                                   const struct gantry_axi_request *request,
                                   const struct gantry_axi_response *response);

#endif
