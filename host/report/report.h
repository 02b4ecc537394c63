/* SPDX-License-Identifier: Apache-2.0
 * One profile record in; a table, JSON, CSV or a Chrome trace out.
 *
 * Writers print to an open stream and report nothing: the caller checks ferror when it closes.
 * Numbers have a point and no grouping in every locale. */
#ifndef GANTRY_REPORT_H
#define GANTRY_REPORT_H

#include <stdio.h>

#include <jansson.h>

#include "base/base.h"
#include "gantry/profile.h"

enum { GANTRY_REPORT_SCHEMA = 1 };

/* What a report knows besides the record. */
struct gantry_report_context {
    const char *target; /* name of the target that the numbers are for: "kv260" */
    uint32_t clock_hz;  /* of the accelerator; 0: unknown, cycles are then not turned into time */
    bool colour;        /* the stream is a terminal that wants colour */
};

/* The JSON object of docs/cli.md, section profile; owned by the caller, NULL without memory. */
json_t *gantry_report_json(const struct gantry_profile *profile,
                           const struct gantry_report_context *context);
/* A table for people: layers, what the front of the accelerator did, totals, legend. */
void gantry_report_table(FILE *out, const struct gantry_profile *profile,
                         const struct gantry_report_context *context);
/* One line per node after a line of column names (RFC 4180). */
void gantry_report_csv(FILE *out, const struct gantry_profile *profile,
                       const struct gantry_report_context *context);
/* Chrome's trace format, which Perfetto opens: nodes one after the other on two tracks, CPU
 * nodes by measured time, accelerator nodes by cycles at the clock. */
void gantry_report_chrome(FILE *out, const struct gantry_profile *profile,
                          const struct gantry_report_context *context);

/* Writes a number with so many decimals (0..9), whatever the locale; returns buffer. */
const char *gantry_report_number(double value, int decimals, char *buffer, size_t size);

/* A JSON string of any bytes: where they are not UTF-8, the others become '?'. */
json_t *gantry_report_string(const char *text);
/* A reason as an object, or null where there is none. */
json_t *gantry_report_reason(const struct gantry_reason *reason);
/* Busy share of the array: unpadded MACs of the accelerator / (cycles x peak); negative where it
 * does not apply. */
double gantry_report_utilization(uint64_t macs, uint64_t cycles, uint32_t peak);
/* Percent of the model's MACs that the accelerator ran; 0 for a model without MACs. */
double gantry_report_offloaded(const struct gantry_profile *profile);
/* Whether the cycles of single nodes are known. */
bool gantry_report_has_node_cycles(const struct gantry_profile *profile);

#endif
