/* SPDX-License-Identifier: Apache-2.0
 * Inferences in several streams: a pool of engines on the device of a session. */
#ifndef GANTRY_CLI_STREAMS_H
#define GANTRY_CLI_STREAMS_H

#include <pthread.h>

#include "cli/cli.h"
#include "report/report.h"

struct gantry_cli_streams {
    int streams, accelerators;
    uint64_t inferences, wall_ns; /* of all orders */
    /* Of the first order: in simulated time where the device has one, else measured. */
    bool simulated;
    uint64_t first_inferences, from_ns, to_ns;
    uint32_t clock_hz;
    struct gantry_report_span *spans; /* what engines and accelerators did meanwhile */
    size_t count, room;
    bool keep, full; /* full: no memory for all of it */
    pthread_mutex_t mutex;
};

/* Whether --streams is in its range; prints what is wrong. */
int gantry_cli_check_streams(const struct gantry_cli_args *args);
/* Runs orders of each inferences for every stream until so many seconds are over, at least one; the
 * spans are those of the first. The session needs no engine. */
int gantry_cli_streams_run(struct gantry_cli_streams *out, const struct gantry_cli_session *session,
                           const struct gantry_cli_args *args,
                           const struct gantry_cli_batch *inputs, size_t each, double seconds);
void gantry_cli_streams_finish(struct gantry_cli_streams *streams);

/* Prints what bench --streams has found. */
int gantry_cli_streams_print(const struct gantry_cli_streams *streams,
                             const struct gantry_cli_session *session,
                             const struct gantry_cli_args *args);

#endif
