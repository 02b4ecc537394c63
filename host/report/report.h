/* SPDX-License-Identifier: Apache-2.0
 * One profile record in; a table, JSON, CSV, a Chrome trace or an HTML page out; and two JSON
 * records compared.
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
    bool planned;       /* nothing was run: predictions are all there is */
};

/* ---- Writers ---- */

/* The JSON object of docs/cli.md, section profile; owned by the caller, NULL without memory. */
json_t *gantry_report_json(const struct gantry_profile *profile,
                           const struct gantry_report_context *context);
/* A table for people: layers, what the front of the accelerator did, totals, legend. */
void gantry_report_table(FILE *out, const struct gantry_profile *profile,
                         const struct gantry_report_context *context);
/* One line per node after a line of column names (RFC 4180). */
void gantry_report_csv(FILE *out, const struct gantry_profile *profile,
                       const struct gantry_report_context *context);
/* Chrome's trace format, which Perfetto opens: engines are tracks, instructions slices within
 * their layer's, CPU layers and copies beside them. */
void gantry_report_chrome(FILE *out, const struct gantry_profile *profile,
                          const struct gantry_report_context *context);
/* A page that needs nothing besides itself: timeline, roofline, stalls, layers. */
void gantry_report_html(FILE *out, const struct gantry_profile *profile,
                        const struct gantry_report_context *context);

/* ---- Timeline: what happened when, on one axis ---- */

enum gantry_report_track {
    GANTRY_TRACK_HOST, /* CPU layers, copies of inputs and outputs */
    GANTRY_TRACK_LAUNCH,
    GANTRY_TRACK_COMPUTE, /* layers, and instructions within them */
    GANTRY_TRACK_LOAD,
    GANTRY_TRACK_STORE,
    GANTRY_TRACKS
};
struct gantry_report_slice {
    enum gantry_report_track track;
    const char *name;
    const char *kind; /* "copy", "cpu", "launch", "layer", "instruction" */
    int32_t node;     /* or a pseudo-node, or INT32_MIN for none */
    int32_t segment;  /* or -1 */
    double from_us, to_us;
    uint64_t from_cycle, to_cycle; /* in the launch; equal for what has no cycles */
};
/* Slices in order of track and time; a slice ends before the next on its track begins, or contains
 * it. Segments follow each other: CPU layers last as measured here, launches as many cycles as
 * they took, or are predicted to take where the device counts none (then without instructions).
 * Returns an array of *count to release with gantry_release(NULL, ...), NULL without memory. */
struct gantry_report_slice *gantry_report_timeline(const struct gantry_profile *profile,
                                                   const struct gantry_report_context *context,
                                                   size_t *count);
const char *gantry_report_track_name(enum gantry_report_track track);

/* ---- Streams: inferences of a pool of engines, on one axis ---- */

/* A CPU layer of a stream (GANTRY_TRACK_HOST), a launch of an accelerator, or an instruction. */
struct gantry_report_span {
    enum gantry_report_track track;
    const char *name;
    int stream, accelerator;
    size_t inference;
    uint64_t from_ns, to_ns;
};
struct gantry_report_streams {
    const char *model, *device, *target;
    bool simulated; /* the time, with the host's as the target has it; else measured */
    int streams, accelerators;
    uint64_t from_ns; /* where the axis begins */
    const struct gantry_report_span *spans;
    size_t count;
};
/* Chrome's trace format: a track for each stream's CPU layers, and the tracks of each accelerator.
 * False without memory. */
bool gantry_report_chrome_streams(FILE *out, const struct gantry_report_streams *streams);

/* ---- Comparison ---- */

/* What became faster or slower from one profile JSON to another, layer by layer; a JSON object
 * owned by the caller, NULL (with an error that has its name) when one is no profile. */
json_t *gantry_report_compare(const json_t *old_root, const json_t *new_root, const char *old_name,
                              const char *new_name, struct gantry_error *error);
/* The object of gantry_report_compare for people. */
void gantry_report_compare_table(FILE *out, const json_t *comparison);

/* ---- Derived values; negative where they do not apply or are not known ---- */

/* Busy share of the array: unpadded MACs of the accelerator / (cycles x peak). */
double gantry_report_utilization(uint64_t macs, uint64_t cycles, uint32_t peak);
/* Percent of the model's MACs that the accelerator ran; 0 for a model without MACs. */
double gantry_report_offloaded(const struct gantry_profile *profile);
/* Whether the cycles of single nodes are known. */
bool gantry_report_has_node_cycles(const struct gantry_profile *profile);
/* Microseconds of a node: its cycles at the clock (predicted ones where the device counts none), or
 * time measured, by the device or for a CPU node here. */
double gantry_report_node_us(const struct gantry_profile *profile,
                             const struct gantry_report_context *context,
                             const struct gantry_profile_node *node);
/* The same of all nodes. */
double gantry_report_total_us(const struct gantry_profile *profile,
                              const struct gantry_report_context *context);
/* How far predicted cycles are off, in percent of the counted ones. No number where none are
 * counted, and of several inferences at once: predictions are for single ones. */
double gantry_report_error(const struct gantry_profile *profile, uint64_t predicted,
                           uint64_t counted);
/* Bytes that a node moves between memory and chip. */
uint64_t gantry_report_bytes(const struct gantry_profile_node *node);
/* Roofline of a node: MACs per byte, MACs per cycle that memory and array allow at most, and which
 * of them is the limit ("array", "memory"; NULL where there is none). */
double gantry_report_intensity(const struct gantry_profile_node *node);
double gantry_report_attainable(const struct gantry_profile *profile,
                                const struct gantry_profile_node *node);
const char *gantry_report_bound(const struct gantry_profile *profile,
                                const struct gantry_profile_node *node);

/* How often each byte of the operand crossed on average: planned bytes / bytes of the model's
 * tensors. 0: it stayed on chip; above 1: tiles or layouts that read it again, and padding. */
double gantry_report_weight_loads(const struct gantry_profile_node *node);
double gantry_report_input_loads(const struct gantry_profile_node *node);

/* ---- Overlap: engines at work in the same cycles ---- */

/* Bits of a combination. */
enum {
    GANTRY_ENGINES_LOAD = 1,
    GANTRY_ENGINES_COMPUTE = 2,
    GANTRY_ENGINES_STORE = 4,
    GANTRY_ENGINES_COMBINATIONS = 8
};
/* Cycles of all launches by the engines that had an instruction at work in them, which sum to
 * accelerator_cycles. COMPUTE is at work from the end of its wait for semaphores to the front's
 * last step. False where the device counts no cycles, or without a whole trace. */
bool gantry_report_overlap(const struct gantry_profile *profile,
                           uint64_t cycles[GANTRY_ENGINES_COMBINATIONS]);
/* "none", "load", "load+compute", ... */
const char *gantry_report_engines_name(unsigned engines);

/* ---- Pieces ---- */

/* Writes a number with so many decimals (0..9), whatever the locale; returns buffer. */
const char *gantry_report_number(double value, int decimals, char *buffer, size_t size);
/* A JSON number, or null for what JSON has none of: infinities, and what is no number. */
json_t *gantry_report_real(double value);
/* A JSON string of any bytes: where they are not UTF-8, the others become '?'. */
json_t *gantry_report_string(const char *text);
/* A reason as an object, or null where there is none. */
json_t *gantry_report_reason(const struct gantry_reason *reason);

#endif
