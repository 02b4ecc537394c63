/* SPDX-License-Identifier: Apache-2.0
 * --shape: [NAME=]DIMS, numbers with x or a comma between them. */
#include <string.h>

#include "cli/cli.h"

static int refuse(const char *item)
{
    return gantry_cli_usage("for example 8x49x10x1, or input=1,96,96,3",
                            "--shape: not a shape of 1 to %d dimensions (%s)", GANTRY_RANK_MAX,
                            item);
}

static int read_dims(const char *item, const char *dims, struct gantry_shape *shape)
{
    *shape = (struct gantry_shape){0};
    for (const char *at = dims; at;) {
        char number[16];
        uint64_t dim;
        size_t length = strcspn(at, "x,");
        if (shape->rank == GANTRY_RANK_MAX || length >= sizeof number) return refuse(item);
        memcpy(number, at, length);
        number[length] = 0;
        if (!gantry_cli_number(number, &dim) || dim < 1 || dim > INT32_MAX) return refuse(item);
        shape->dims[shape->rank++] = (int32_t)dim;
        at = at[length] ? at + length + 1 : NULL;
    }
    return GANTRY_EXIT_OK;
}

int gantry_cli_shapes(const struct gantry_cli_args *args, struct gantry_input_shape *shapes,
                      char *text)
{
    size_t used = 0;
    for (size_t i = 0; i < args->shapes.count; i++) {
        const char *item = args->shapes.items[i], *equals = strrchr(item, '=');
        size_t length = equals ? (size_t)(equals - item) : 0;
        if (used + length + 1 > GANTRY_CLI_SHAPE_TEXT) return refuse(item);
        memcpy(text + used, item, length);
        text[used + length] = 0;
        shapes[i].input = equals ? text + used : NULL;
        used += length + 1;
        int code = read_dims(item, equals ? equals + 1 : item, &shapes[i].shape);
        if (code != GANTRY_EXIT_OK) return code;
    }
    return GANTRY_EXIT_OK;
}
