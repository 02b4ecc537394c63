/* SPDX-License-Identifier: Apache-2.0
 * The profile record as a table for people. Columns are as wide as their widest cell. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/report.h"

enum { COLUMNS = 10, CELL_BYTES = 48, NAME_COLUMNS = 32, BAR_COLUMNS = 30 };

static const char *const headings[COLUMNS] = {"#",    "layer",  "op",    "where", "reason",
                                              "MACs", "cycles", "share", "util",  "held up by"};
static const bool is_left[COLUMNS] = {[1] = true, [2] = true, [3] = true, [4] = true, [9] = true};

struct line {
    char cell[COLUMNS][CELL_BYTES];
};

static void put(char *cell, const char *format, ...) GANTRY_PRINTF(2, 3);
static void put(char *cell, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(cell, CELL_BYTES, format, arguments);
    va_end(arguments);
}

static void put_percent(char *cell, double ratio)
{
    char number[CELL_BYTES - 8];
    put(cell, "%s %%", gantry_report_number(100.0 * ratio, 1, number, sizeof number));
}

/* The end of a long name tells more than its start. */
static void put_name(char *cell, const char *name)
{
    size_t length = strlen(name);
    if (length > NAME_COLUMNS)
        put(cell, "..%s", name + length - (NAME_COLUMNS - 2));
    else
        put(cell, "%s", name);
}

/* The largest class besides the array's own work, or that work when nothing else is there. */
static void put_stall(char *cell, const struct gantry_profile_node *node)
{
    size_t most = 0;
    for (size_t i = 1; i < GANTRY_PROFILE_STALLS; i++)
        if (node->stalls[i] > node->stalls[most] || (most == 0 && node->stalls[i] > 0)) most = i;
    char number[CELL_BYTES / 2];
    double percent = 100.0 * (double)node->stalls[most] / (double)node->cycles;
    put(cell, "%s %s %%", gantry_profile_stall_name(most),
        gantry_report_number(percent, 0, number, sizeof number));
}

static void fill(struct line *line, const struct gantry_profile *profile,
                 const struct gantry_report_context *context,
                 const struct gantry_profile_node *node, double all_us)
{
    char number[CELL_BYTES - 8];
    bool known = node->accelerator && gantry_report_has_node_cycles(profile);
    for (int i = 0; i < COLUMNS; i++) put(line->cell[i], "-");
    if (node->index >= 0) put(line->cell[0], "%" PRId32, node->index);
    put_name(line->cell[1], node->name);
    if (node->index >= 0) put(line->cell[2], "%s", node->op);
    put(line->cell[3], "%s", node->accelerator ? "accel" : "cpu");
    if (node->reason.code) put(line->cell[4], "%s", node->reason.code);
    if (node->macs > 0) put(line->cell[5], "%" PRIu64, node->macs);
    if (node->fused_into >= 0) {
        put(line->cell[3], "in %" PRId32, node->fused_into);
        return;
    }
    if (known) put(line->cell[6], "%" PRIu64, node->cycles);
    double us = gantry_report_node_us(profile, context, node);
    if (!node->accelerator)
        put(line->cell[6], "%s us", gantry_report_number(us, 1, number, sizeof number));
    if (all_us > 0 && us >= 0) put_percent(line->cell[7], us / all_us);
    if (known && node->cycles > 0) {
        double used =
            gantry_report_utilization(node->macs, node->cycles, profile->peak_macs_per_cycle);
        if (node->macs > 0 && used >= 0) put_percent(line->cell[8], used);
        put_stall(line->cell[9], node);
    }
}

static void print_line(FILE *out, const struct line *line, const int *widths)
{
    int last = COLUMNS - 1;
    for (int i = 0; i < COLUMNS; i++) {
        const char *cell = line->cell[i];
        if (i == last)
            fprintf(out, "%s\n", cell);
        else if (is_left[i])
            fprintf(out, "%-*s  ", widths[i], cell);
        else
            fprintf(out, "%*s  ", widths[i], cell);
    }
}

static void print_layers(FILE *out, const struct gantry_profile *profile,
                         const struct gantry_report_context *context)
{
    int widths[COLUMNS];
    struct line line;
    double all_us = gantry_report_total_us(profile, context);
    for (int i = 0; i < COLUMNS; i++) widths[i] = (int)strlen(headings[i]);
    for (size_t n = 0; n < profile->node_count; n++) {
        fill(&line, profile, context, &profile->nodes[n], all_us);
        for (int i = 0; i < COLUMNS; i++) {
            int width = (int)strlen(line.cell[i]);
            if (width > widths[i]) widths[i] = width;
        }
    }
    for (int i = 0; i < COLUMNS; i++) put(line.cell[i], "%s", headings[i]);
    if (context->colour) (void)fputs("\033[1m", out);
    print_line(out, &line, widths);
    if (context->colour) (void)fputs("\033[0m", out);
    for (size_t n = 0; n < profile->node_count; n++) {
        fill(&line, profile, context, &profile->nodes[n], all_us);
        print_line(out, &line, widths);
    }
}

static void print_stalls(FILE *out, const struct gantry_profile *profile)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < GANTRY_PROFILE_STALLS; i++) sum += profile->stalls[i];
    if (!profile->has_cycles || sum == 0) return;
    (void)fputs("\nwhat the front of the accelerator did\n", out);
    for (size_t i = 0; i < GANTRY_PROFILE_STALLS; i++) {
        char number[CELL_BYTES], bar[BAR_COLUMNS + 1];
        double ratio = (double)profile->stalls[i] / (double)sum;
        size_t length = (size_t)(ratio * BAR_COLUMNS + 0.5);
        memset(bar, '#', length);
        bar[length] = 0;
        fprintf(out, "  %-12s %12" PRIu64 "  %5s %%%s%s\n", gantry_profile_stall_name(i),
                profile->stalls[i], gantry_report_number(100.0 * ratio, 1, number, sizeof number),
                length ? "  " : "", bar);
    }
}

static void print_totals(FILE *out, const struct gantry_profile *profile,
                         const struct gantry_report_context *context)
{
    char a[CELL_BYTES], b[CELL_BYTES];
    fprintf(out, "\ntotals\n  MACs          %" PRIu64 ", %s %% on the accelerator\n", profile->macs,
            gantry_report_number(gantry_report_offloaded(profile), 1, a, sizeof a));
    if (profile->has_cycles) {
        double us = context->clock_hz
                        ? (double)profile->accelerator_cycles * 1e6 / (double)context->clock_hz
                        : 0.0;
        fprintf(out, "  accelerator   %" PRIu64 " cycles", profile->accelerator_cycles);
        if (context->clock_hz)
            fprintf(out, ", %s us at %s MHz", gantry_report_number(us, 1, a, sizeof a),
                    gantry_report_number(context->clock_hz / 1e6, 0, b, sizeof b));
        double used = gantry_report_utilization(
            profile->macs_offloaded, profile->accelerator_cycles, profile->peak_macs_per_cycle);
        if (used >= 0)
            fprintf(out, ", %s %% of the peak of %" PRIu32 " MACs per cycle",
                    gantry_report_number(100.0 * used, 1, a, sizeof a),
                    profile->peak_macs_per_cycle);
        fprintf(out, "\n  memory        %" PRIu64 " bytes read, %" PRIu64 " bytes written\n",
                profile->ddr_read_bytes, profile->ddr_write_bytes);
    }
    fprintf(out, "  launches      %" PRIu32 "\n", profile->launches);
    fprintf(out, "  cpu           %s us measured here, %s us of it layout of inputs and outputs\n",
            gantry_report_number((double)profile->cpu_ns / 1000.0, 1, a, sizeof a),
            gantry_report_number((double)profile->layout_ns / 1000.0, 1, b, sizeof b));
}

static void print_legend(FILE *out, const struct gantry_profile *profile)
{
    if (profile->trace_lost)
        (void)fputs("\ntrace records were lost: the cycles of single layers are unknown\n", out);
    if (!profile->has_cycles && profile->peak_macs_per_cycle > 0)
        (void)fputs(
            "\nthis device computes results and counts no cycles; use --device sim for cycles\n",
            out);
    if (!profile->has_cycles) return;
    (void)fputs(
        "\ncycles: of the accelerator; CPU layers show time measured on this machine instead.\n"
        "share: of the sum of both, cycles taken at the clock. util: MACs / (cycles x peak).\n"
        "in N: computed by layer N. held up by: the largest cause besides work.\n"
        "@launch: copies and synchronisation. @store: after the last layer, until all is stored.\n",
        out);
}

void gantry_report_table(FILE *out, const struct gantry_profile *profile,
                         const struct gantry_report_context *context)
{
    fprintf(out, "%s on %s", profile->model, profile->device);
    if (profile->memory && profile->memory[0]) fprintf(out, ", memory %s", profile->memory);
    fprintf(out, ", target %s\n\n", context->target);
    print_layers(out, profile, context);
    print_stalls(out, profile);
    print_totals(out, profile, context);
    print_legend(out, profile);
}
