/* SPDX-License-Identifier: Apache-2.0
 * gantry devices: what can be opened here, and what is missing. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "report/report.h"

enum { DEVICES_MAX = 32 };

static const struct gantry_cli_option options[] = {GANTRY_CLI_OPTIONS_COMMON};

static int run(const struct gantry_cli_args *args)
{
    struct gantry_device_entry entries[DEVICES_MAX];
    size_t count = gantry_device_list(entries, DEVICES_MAX);
    if (count > DEVICES_MAX) count = DEVICES_MAX;
    const char *reason = NULL, *chosen = gantry_device_default(&reason);
    if (args->json) {
        json_t *list = json_array();
        for (size_t i = 0; i < count; i++)
            json_array_append_new(list,
                                  json_pack("{s:s, s:b, s:s}", "name", entries[i].name, "available",
                                            entries[i].available, "detail", entries[i].detail));
        return gantry_cli_print_json(json_pack("{s:i, s:s, s:s, s:o}", "schema",
                                               GANTRY_REPORT_SCHEMA, "default", chosen, "reason",
                                               reason, "devices", list));
    }
    for (size_t i = 0; i < count; i++)
        printf("%-12s %-8s %s\n", entries[i].name, entries[i].available ? "ready" : "missing",
               entries[i].detail);
    printf("\ndefault: %s (%s)\n", chosen, reason);
    return GANTRY_EXIT_OK;
}

const struct gantry_cli_command gantry_cli_devices = {
    .name = "devices",
    .help = "Lists the devices: what is there, and what is missing.",
    .examples = "gantry devices --json\n",
    .options = options,
    .option_count = GANTRY_COUNT(options),
    .run = run,
};
