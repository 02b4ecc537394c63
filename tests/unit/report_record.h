/* SPDX-License-Identifier: Apache-2.0
 * A profile record made by hand, for the tests of its reports. */
#ifndef GANTRY_TEST_REPORT_RECORD_H
#define GANTRY_TEST_REPORT_RECORD_H

#include "test.h"

#include "report/report.h"

enum { REPORT_NODES = 5 };

/* A convolution with a fused ADD on the accelerator, a softmax on the CPU, and pseudo-nodes. */
extern struct gantry_profile_node report_nodes[REPORT_NODES];
extern struct gantry_profile_segment report_segments[2];
extern struct gantry_profile report_profile;
extern const struct gantry_report_context report_context;

/* Makes the record anew; of each test. */
int report_setup(void **state);
/* The record as of a device that measures nanoseconds and counts no cycles. */
void report_make_timed(void);
/* What a writer prints of the record; a static buffer. */
const char *report_text(void (*report)(FILE *, const struct gantry_profile *,
                                       const struct gantry_report_context *));

#endif
