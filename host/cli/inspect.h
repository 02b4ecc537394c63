/* SPDX-License-Identifier: Apache-2.0
 * What inspect shows: a plan, and the record of a profile as far as planning fills it. */
#ifndef GANTRY_CLI_INSPECT_H
#define GANTRY_CLI_INSPECT_H

#include "cli/cli.h"
#include "plan/plan.h"

struct gantry_cli_view {
    const struct gantry_plan *plan;
    const char *device;
    struct gantry_profile profile;
    struct gantry_profile_node *nodes;
    struct gantry_profile_segment *segments;
};

extern const char *const gantry_cli_home_names[]; /* by enum gantry_home */

/* Predicted cycles of a node on the accelerator, where it runs there or could; GANTRY_UNKNOWN
 * where it could not. */
uint64_t gantry_cli_accelerator_cycles(const struct gantry_profile_node *node);

/* coverage.c: what of many networks is read, and what runs on the accelerator. */
int gantry_cli_coverage(const struct gantry_cli_args *args);
/* inspect_json.c */
json_t *gantry_cli_inspect_json(const struct gantry_cli_view *view);
/* inspect_draw.c: the graph in the language of Graphviz; a drawing of it by the program dot. */
void gantry_cli_inspect_dot(FILE *out, const struct gantry_cli_view *view);
int gantry_cli_inspect_svg(const char *path, const struct gantry_cli_view *view);

#endif
