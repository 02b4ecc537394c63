/* SPDX-License-Identifier: Apache-2.0
 * gantry inspect --coverage: of the operators of many networks what is read, what runs on the
 * accelerator, and why not the rest. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/inspect.h"
#include "plan/predict.h"
#include "report/report.h"

enum { REASONS_MAX = 12, TYPES = GANTRY_BOOL + 1, TEXT_BYTES = 64 };

struct amount {
    uint64_t nodes, macs;
};

/* Nodes of one operator on one type. */
struct cell {
    struct amount all, there; /* there: on the accelerator */
    struct {
        const char *code; /* of the reasons for the CPU; NULL: no more */
        uint64_t nodes;
    } reasons[REASONS_MAX];
};

struct coverage {
    const struct gantry_cli_args *args;
    struct gantry_device *device;
    struct cell cells[GANTRY_OP_COUNT][TYPES];
    struct amount all, there;
    size_t models, refused;
    int code; /* of the first model that is refused */
    json_t *json;
};

/* The share of MACs on the accelerator, "-" where there are none; returns buffer. */
static const char *share(const struct amount *there, const struct amount *all, char *buffer)
{
    (void)snprintf(buffer, TEXT_BYTES, "-");
    if (all->macs > 0)
        (void)snprintf(buffer, TEXT_BYTES, "%.1f %%",
                       100.0 * (double)there->macs / (double)all->macs);
    return buffer;
}

static void add(struct amount *amount, uint64_t macs)
{
    amount->nodes++;
    amount->macs += macs;
}

static void add_reason(struct cell *cell, const char *code)
{
    size_t i = 0;
    while (i < REASONS_MAX - 1 && cell->reasons[i].code && strcmp(cell->reasons[i].code, code) != 0)
        i++;
    if (!cell->reasons[i].code) cell->reasons[i].code = i < REASONS_MAX - 1 ? code : "others";
    cell->reasons[i].nodes++;
}

/* ---- One model ---- */

static void count_nodes(struct coverage *coverage, const struct gantry_plan *plan,
                        const struct gantry_profile_node *records, struct amount *all,
                        struct amount *there)
{
    for (int32_t n = 0; n < plan->graph->node_count; n++) {
        const struct gantry_graph_node *node = &plan->graph->nodes[n];
        enum gantry_dtype dtype = plan->graph->tensors[node->inputs[0]].dtype;
        struct cell *cell = &coverage->cells[node->op][dtype];
        uint64_t macs = node->macs * (uint64_t)plan->graph->batch;
        add(&cell->all, macs);
        add(all, macs);
        if (records[n].accelerator) {
            add(&cell->there, macs);
            add(there, macs);
        } else {
            add_reason(cell, records[n].reason.code ? records[n].reason.code : "none");
        }
    }
}

static enum gantry_status count_plan(struct coverage *coverage, const struct gantry_plan *plan,
                                     struct amount *all, struct amount *there,
                                     struct gantry_error *error)
{
    struct gantry_profile profile = {0};
    size_t nodes = (size_t)plan->graph->node_count + 2, segments = (size_t)plan->segment_count + 1;
    struct gantry_profile_node *records = gantry_allocate(NULL, nodes, sizeof *records);
    struct gantry_profile_segment *parts = gantry_allocate(NULL, segments, sizeof *parts);
    enum gantry_status status = GANTRY_ERR_MEMORY;
    if (records && parts)
        status = gantry_plan_record(plan, gantry_device_info(coverage->device), &profile, records,
                                    parts, error);
    else
        (void)gantry_fail(error, status, "%s: out of memory", plan->graph->name);
    if (status == GANTRY_OK) count_nodes(coverage, plan, records, all, there);
    gantry_release(NULL, parts);
    gantry_release(NULL, records);
    return status;
}

static enum gantry_status plan_model(struct coverage *coverage, const char *path,
                                     struct amount *all, struct amount *there,
                                     struct gantry_error *error)
{
    struct gantry_model *model = NULL;
    struct gantry_plan *plan = NULL;
    struct gantry_plan_options options = GANTRY_PLAN_OPTIONS_INIT;
    options.placement = GANTRY_PLACEMENT_ACCELERATOR;
    enum gantry_status status = gantry_model_open(&model, path, NULL, error);
    if (status == GANTRY_OK)
        status =
            gantry_plan_create(&plan, model, gantry_device_info(coverage->device), &options, error);
    if (status == GANTRY_OK) status = count_plan(coverage, plan, all, there, error);
    gantry_plan_destroy(plan);
    gantry_model_close(model);
    return status;
}

static void cover(struct coverage *coverage, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    struct gantry_error error = {0};
    struct amount all = {0}, there = {0};
    char text[TEXT_BYTES];
    enum gantry_status status = plan_model(coverage, path, &all, &there, &error);
    bool read = status == GANTRY_OK;
    coverage->models++;
    coverage->all.nodes += all.nodes;
    coverage->all.macs += all.macs;
    coverage->there.nodes += there.nodes;
    coverage->there.macs += there.macs;
    if (!read && coverage->refused++ == 0) coverage->code = gantry_cli_exit_code(status);
    if (coverage->args->json)
        json_array_append_new(json_object_get(coverage->json, "models"),
                              json_pack("{s:o, s:I, s:I, s:I, s:I, s:o}", "model",
                                        gantry_report_string(path), "nodes", (json_int_t)all.nodes,
                                        "macs", (json_int_t)all.macs, "accelerator_nodes",
                                        (json_int_t)there.nodes, "accelerator_macs",
                                        (json_int_t)there.macs, "error",
                                        read ? json_null() : gantry_report_string(error.message)));
    else if (read)
        printf("%-48s %6" PRIu64 " %6" PRIu64 " %14" PRIu64 " %8s\n", name, all.nodes, there.nodes,
               all.macs, share(&there, &all, text));
    else
        printf("%-48s refused: %s\n", name, error.message);
}

/* ---- The operators of all ---- */

static void print_cell(enum gantry_op op, enum gantry_dtype dtype, const struct cell *cell)
{
    char text[TEXT_BYTES];
    printf("%-38s %-9s %6" PRIu64 " %6" PRIu64 " %14" PRIu64 " %8s", gantry_op_label(op),
           gantry_dtype_name(dtype), cell->all.nodes, cell->there.nodes, cell->all.macs,
           share(&cell->there, &cell->all, text));
    for (size_t i = 0; i < REASONS_MAX && cell->reasons[i].code; i++)
        printf("%s %s %" PRIu64, i ? "," : " ", cell->reasons[i].code, cell->reasons[i].nodes);
    printf("\n");
}

static json_t *cell_json(enum gantry_op op, enum gantry_dtype dtype, const struct cell *cell)
{
    json_t *reasons = json_object();
    for (size_t i = 0; i < REASONS_MAX && cell->reasons[i].code; i++)
        json_object_set_new(reasons, cell->reasons[i].code,
                            json_integer((json_int_t)cell->reasons[i].nodes));
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:o}", "op", gantry_op_label(op), "dtype",
                     gantry_dtype_name(dtype), "nodes", (json_int_t)cell->all.nodes, "macs",
                     (json_int_t)cell->all.macs, "accelerator_nodes", (json_int_t)cell->there.nodes,
                     "accelerator_macs", (json_int_t)cell->there.macs, "reasons", reasons);
}

static void finish_operators(const struct coverage *coverage)
{
    if (!coverage->args->json)
        printf("\n%-38s %-9s %6s %6s %14s %8s  %s\n", "operator", "type", "nodes", "there", "MACs",
               "there", "reasons for the CPU, nodes");
    for (int32_t op = 0; op < GANTRY_OP_COUNT; op++) {
        for (int32_t dtype = 0; dtype < TYPES; dtype++) {
            const struct cell *cell = &coverage->cells[op][dtype];
            if (cell->all.nodes == 0) continue;
            if (coverage->args->json)
                json_array_append_new(
                    json_object_get(coverage->json, "operators"),
                    cell_json((enum gantry_op)op, (enum gantry_dtype)dtype, cell));
            else
                print_cell((enum gantry_op)op, (enum gantry_dtype)dtype, cell);
        }
    }
}

static int finish(struct coverage *coverage)
{
    const struct amount *all = &coverage->all, *there = &coverage->there;
    char text[TEXT_BYTES];
    finish_operators(coverage);
    if (coverage->args->json) {
        json_object_set_new(coverage->json, "refused", json_integer((json_int_t)coverage->refused));
        json_object_set_new(coverage->json, "nodes", json_integer((json_int_t)all->nodes));
        json_object_set_new(coverage->json, "macs", json_integer((json_int_t)all->macs));
        json_object_set_new(coverage->json, "accelerator_nodes",
                            json_integer((json_int_t)there->nodes));
        json_object_set_new(coverage->json, "accelerator_macs",
                            json_integer((json_int_t)there->macs));
        int code = gantry_cli_print_json(coverage->json);
        return code == GANTRY_EXIT_OK ? coverage->code : code;
    }
    printf("\n%zu of %zu models are read. There, on the accelerator of %s, can run %" PRIu64
           " of %" PRIu64 " nodes\nand %s of %" PRIu64 " MACs.\n",
           coverage->models - coverage->refused, coverage->models,
           gantry_device_info(coverage->device)->name, there->nodes, all->nodes,
           share(there, all, text), all->macs);
    return coverage->code;
}

int gantry_cli_coverage(const struct gantry_cli_args *args)
{
    struct gantry_error error = {0};
    struct coverage *coverage = gantry_allocate(NULL, 1, sizeof *coverage);
    if (!coverage) {
        (void)gantry_fail(&error, GANTRY_ERR_MEMORY, "coverage: out of memory");
        return gantry_cli_failure(&error);
    }
    coverage->args = args;
    const char *device = args->device ? args->device : "model";
    int code = GANTRY_EXIT_OK;
    if (gantry_device_open(&coverage->device, device, NULL, &error) != GANTRY_OK)
        code = gantry_cli_failure(&error);
    if (code == GANTRY_EXIT_OK) {
        const char *name = gantry_device_info(coverage->device)->name;
        if (args->json)
            coverage->json = json_pack("{s:i, s:s, s:[], s:[]}", "schema", GANTRY_REPORT_SCHEMA,
                                       "device", name, "models", "operators");
        if (!args->json)
            printf("%-48s %6s %6s %14s %8s\n", "model", "nodes", "there", "MACs", "there");
        cover(coverage, args->model);
        for (size_t i = 0; i < args->more.count; i++) cover(coverage, args->more.items[i]);
        code = finish(coverage);
    }
    gantry_device_close(coverage->device);
    gantry_release(NULL, coverage);
    return code;
}
