/* SPDX-License-Identifier: Apache-2.0
 * Options of placement: sides of nodes, and what a plan must keep to. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "plan/plan.h"

enum { NAMES_MAX = 512, SEGMENTS_MAX = 100000 };

int gantry_cli_find_node(const struct gantry_model *model, const char *option, const char *text,
                         size_t length, int32_t *out)
{
    const struct gantry_graph *graph = gantry_model_graph(model);
    const char *names[NAMES_MAX];
    char word[512], hint[640];
    uint64_t number;
    size_t count = 0;
    (void)snprintf(word, sizeof word, "%.*s", (int)length, text);
    bool is_number = gantry_cli_number(word, &number);
    for (int32_t n = 0; n < graph->node_count; n++) {
        const char *name = graph->nodes[n].name;
        if (count < NAMES_MAX) names[count++] = name;
        if (is_number ? number != (uint64_t)n : strcmp(name, word) != 0) continue;
        *out = n;
        return GANTRY_EXIT_OK;
    }
    const char *nearest = is_number ? NULL : gantry_nearest(word, names, count);
    (void)snprintf(hint, sizeof hint, "did you mean %s?", nearest ? nearest : "");
    if (is_number)
        return gantry_cli_usage(NULL, "--%s: no node %s (0..%d)", option, word,
                                graph->node_count - 1);
    return gantry_cli_usage(nearest ? hint : NULL, "--%s: no node of the name %s", option, word);
}

static int read_pin(const struct gantry_model *model, const char *text, struct gantry_plan_pin *pin)
{
    /* Names may hold the sign: the last one divides. */
    const char *sign = strrchr(text, '=');
    if (!sign || sign == text ||
        (strcmp(sign + 1, "cpu") != 0 && strcmp(sign + 1, "accelerator") != 0))
        return gantry_cli_usage("for example --pin 3=cpu", "--pin: not NODE=cpu|accelerator (%s)",
                                text);
    pin->accelerator = sign[1] == 'a';
    return gantry_cli_find_node(model, "pin", text, (size_t)(sign - text), &pin->node);
}

int gantry_cli_plan_options(struct gantry_plan_options *options, struct gantry_plan_pin *pins,
                            const struct gantry_cli_args *args, const struct gantry_model *model)
{
    static const char *const names[] = {[GANTRY_PLACEMENT_OPTIMAL] = "optimal",
                                        [GANTRY_PLACEMENT_ACCELERATOR] = "accelerator",
                                        [GANTRY_PLACEMENT_CPU] = "cpu"};
    for (size_t i = 0; args->placement && i < GANTRY_COUNT(names); i++)
        if (strcmp(args->placement, names[i]) == 0) options->placement = (enum gantry_placement)i;
    options->target = args->target;
    options->pins = pins;
    for (size_t i = 0; i < args->pins.count; i++) {
        int code = read_pin(model, args->pins.items[i], &pins[options->pin_count++]);
        if (code != GANTRY_EXIT_OK) return code;
    }
    if (args->max_segments > SEGMENTS_MAX)
        return gantry_cli_usage(NULL, "--max-segments: too many (%llu, limit %d)",
                                (unsigned long long)args->max_segments, SEGMENTS_MAX);
    if (args->max_segments > 0 && options->placement != GANTRY_PLACEMENT_OPTIMAL)
        return gantry_cli_usage(NULL, "--max-segments goes with --placement optimal");
    options->max_segments = (int32_t)args->max_segments;
    if (args->onchip_limit > INT32_MAX)
        return gantry_cli_usage(NULL, "--onchip-limit: too many rows (%llu)",
                                (unsigned long long)args->onchip_limit);
    options->onchip_limit = (int32_t)args->onchip_limit;
    options->arena_limit = args->arena_limit;
    return GANTRY_EXIT_OK;
}

static void print_offender(const struct gantry_plan *plan, int32_t n)
{
    const struct gantry_graph_node *node = &plan->graph->nodes[n];
    const struct gantry_reason *reason = &plan->nodes[n].reason;
    fprintf(stderr, "  %d %s %s: %s: %s", n, gantry_op_label(node->op), node->name,
            reason->code ? reason->code : "cpu", reason->rule ? reason->rule : "no reason known");
    if (reason->has_numbers)
        fprintf(stderr, " (%lld, limit %lld)", (long long)reason->value, (long long)reason->limit);
    fprintf(stderr, "\n");
}

/* A renaming is no work of either side. */
static bool offends(const struct gantry_plan *plan, int32_t n, bool macs_only)
{
    if (plan->nodes[n].accelerator || plan->graph->nodes[n].op == GANTRY_OP_RESHAPE) return false;
    return !macs_only || plan->graph->nodes[n].macs > 0;
}

static void print_offenders(const struct gantry_plan *plan, bool macs_only)
{
    for (int32_t n = 0; n < plan->graph->node_count; n++)
        if (offends(plan, n, macs_only)) print_offender(plan, n);
}

static int check_offload(const struct gantry_cli_args *args, const struct gantry_plan *plan)
{
    char *end;
    double wanted = strtod(args->require_offload, &end);
    if (!isdigit((unsigned char)*args->require_offload) || *end || !(wanted <= 100))
        return gantry_cli_usage(NULL, "--require-offload: not a percentage (%s, 0..100)",
                                args->require_offload);
    double got = plan->macs ? 100.0 * (double)plan->macs_offloaded / (double)plan->macs : 0;
    if (got >= wanted) return GANTRY_EXIT_OK;
    fprintf(stderr, "gantry: %s: %.2f %% of the MACs on the accelerator (required %s)\n",
            args->model, got, args->require_offload);
    print_offenders(plan, true);
    return GANTRY_EXIT_DIFFERENCE;
}

int gantry_cli_check_placement(const struct gantry_cli_args *args, const struct gantry_plan *plan)
{
    if (args->max_segments > 0 && !plan->proven)
        gantry_cli_note(args, "placement: --max-segments holds; it is no longer proven optimal");
    int32_t offenders = 0;
    for (int32_t n = 0; n < plan->graph->node_count; n++) offenders += offends(plan, n, false);
    if (args->forbid_fallback && offenders > 0) {
        fprintf(stderr, "gantry: %s: --forbid-fallback: nodes left to the CPU (%d, limit 0)\n",
                args->model, offenders);
        print_offenders(plan, false);
        return GANTRY_EXIT_DIFFERENCE;
    }
    return args->require_offload ? check_offload(args, plan) : GANTRY_EXIT_OK;
}
