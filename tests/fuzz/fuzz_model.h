/* SPDX-License-Identifier: Apache-2.0
 * What the fuzzing programs of model files share: a reader's result is a graph or one clear error.
 */
#ifndef GANTRY_FUZZ_MODEL_H
#define GANTRY_FUZZ_MODEL_H

#include <string.h>

#include "formats/formats.h"
#include "fuzz.h"

/* Ends with the graph, which may be half made. */
static inline void fuzz_result(struct gantry_graph *graph, enum gantry_status status,
                               const struct gantry_error *error)
{
    if (status != GANTRY_OK) {
        gantry_assert(error->status == status);
        gantry_assert(error->message[0] && !strchr(error->message, '\n'));
    } else {
        gantry_assert(graph->input_count > 0 && graph->output_count > 0 && graph->node_count > 0);
        /* The passes find nothing to refuse in a graph that was checked. */
        struct gantry_error passes = {0};
        gantry_assert(gantry_graph_optimize(graph, &passes) == GANTRY_OK);
    }
    gantry_graph_finish(graph);
}

#endif
