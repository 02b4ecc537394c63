/* SPDX-License-Identifier: Apache-2.0
 * The profile record as a table for people. Columns are as wide as their widest cell. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/report.h"

enum { COLUMNS = 13, CELL_BYTES = 48, NAME_COLUMNS = 26, BAR_COLUMNS = 30 };

enum column {
    INDEX,
    NAME,
    OP,
    WHERE,
    REASON,
    MACS,
    CYCLES,
    PREDICTED,
    OFF,
    SHARE,
    USED,
    OTHER,
    STALL
};
static const char *const headings[COLUMNS] = {"#",    "layer",      "op",        "where", "reason",
                                              "MACs", "cycles",     "predicted", "error", "share",
                                              "util", "other side", "held up by"};
static const bool is_left[COLUMNS] = {
    [NAME] = true, [OP] = true, [WHERE] = true, [REASON] = true, [STALL] = true};

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

/* What the layer would cost on the other side; a copy of both kinds never exists. */
static void put_other(char *cell, const struct gantry_profile_node *node)
{
    char number[CELL_BYTES - 8];
    if (node->accelerator && node->other_cpu_ns != GANTRY_UNKNOWN)
        put(cell, "%s us",
            gantry_report_number((double)node->other_cpu_ns / 1000.0, 1, number, sizeof number));
    if (!node->accelerator && node->other_cycles != GANTRY_UNKNOWN)
        put(cell, "%" PRIu64 " cy", node->other_cycles);
}

static void put_error(char *cell, const struct gantry_profile *profile, uint64_t predicted,
                      uint64_t counted)
{
    char number[CELL_BYTES - 8];
    double off = gantry_report_error(profile, predicted, counted);
    if (isnan(off)) return;
    put(cell, "%s%s %%", off >= 0.5 ? "+" : "",
        gantry_report_number(off, 0, number, sizeof number));
}

static void fill_what(struct line *line, const struct gantry_profile_node *node)
{
    for (int i = 0; i < COLUMNS; i++) put(line->cell[i], "-");
    if (node->index >= 0) put(line->cell[INDEX], "%" PRId32, node->index);
    put_name(line->cell[NAME], node->name);
    if (node->index >= 0) put(line->cell[OP], "%s", node->op);
    const char *path = node->shape.path ? node->shape.path : "accel";
    put(line->cell[WHERE], "%s", node->accelerator ? path : "cpu");
    if (node->reason.code) put(line->cell[REASON], "%s", node->reason.code);
    if (node->macs > 0) put(line->cell[MACS], "%" PRIu64, node->macs);
    if (node->fused_into >= 0) put(line->cell[WHERE], "in %" PRId32, node->fused_into);
}

static void fill(struct line *line, const struct gantry_profile *profile,
                 const struct gantry_report_context *context,
                 const struct gantry_profile_node *node, double all_us)
{
    char number[CELL_BYTES - 8];
    bool known = node->accelerator && gantry_report_has_node_cycles(profile);
    fill_what(line, node);
    put_other(line->cell[OTHER], node);
    if (node->fused_into >= 0) return;
    double us = gantry_report_node_us(profile, context, node);
    if (known) put(line->cell[CYCLES], "%" PRIu64, node->cycles);
    if (node->accelerator) put(line->cell[PREDICTED], "%" PRIu64, node->predicted_cycles);
    if (known) put_error(line->cell[OFF], profile, node->predicted_cycles, node->cycles);
    if (!node->accelerator || (profile->has_times && us >= 0 && !context->planned))
        put(line->cell[CYCLES], "%s us", gantry_report_number(us, 1, number, sizeof number));
    if (all_us > 0 && us >= 0) put_percent(line->cell[SHARE], us / all_us);
    if (known && node->cycles > 0) {
        double used =
            gantry_report_utilization(node->macs, node->cycles, profile->peak_macs_per_cycle);
        if (node->macs > 0 && used >= 0) put_percent(line->cell[USED], used);
        put_stall(line->cell[STALL], node);
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

/* A line of cycles with their share of all as a bar. */
static void print_share(FILE *out, const char *name, uint64_t cycles, uint64_t all)
{
    char number[CELL_BYTES], bar[BAR_COLUMNS + 1];
    double ratio = (double)cycles / (double)all;
    size_t length = (size_t)(ratio * BAR_COLUMNS + 0.5);
    memset(bar, '#', length);
    bar[length] = 0;
    fprintf(out, "  %-18s %12" PRIu64 "  %5s %%%s%s\n", name, cycles,
            gantry_report_number(100.0 * ratio, 1, number, sizeof number), length ? "  " : "", bar);
}

static void print_stalls(FILE *out, const struct gantry_profile *profile)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < GANTRY_PROFILE_STALLS; i++) sum += profile->stalls[i];
    if (!profile->has_cycles || sum == 0) return;
    (void)fputs("\nwhat the front of the accelerator did\n", out);
    for (size_t i = 0; i < GANTRY_PROFILE_STALLS; i++)
        print_share(out, gantry_profile_stall_name(i), profile->stalls[i], sum);
}

static void print_overlap(FILE *out, const struct gantry_profile *profile,
                          const struct gantry_report_context *context)
{
    uint64_t cycles[GANTRY_ENGINES_COMBINATIONS];
    if (context->planned || profile->accelerator_cycles == 0 ||
        !gantry_report_overlap(profile, cycles))
        return;
    (void)fputs("\nengines at work in the same cycles\n", out);
    for (unsigned i = 0; i < GANTRY_ENGINES_COMBINATIONS; i++)
        if (cycles[i])
            print_share(out, gantry_report_engines_name(i), cycles[i], profile->accelerator_cycles);
}

static void print_cycles(FILE *out, const struct gantry_profile *profile,
                         const struct gantry_report_context *context)
{
    char a[CELL_BYTES], b[CELL_BYTES];
    uint64_t cycles = profile->has_cycles ? profile->accelerator_cycles : profile->predicted_cycles;
    fprintf(out, "  accelerator   %" PRIu64 " cycles%s", cycles,
            profile->has_cycles ? "" : " predicted");
    if (context->clock_hz)
        fprintf(
            out, ", %s us at %s MHz",
            gantry_report_number((double)cycles * 1e6 / (double)context->clock_hz, 1, a, sizeof a),
            gantry_report_number(context->clock_hz / 1e6, 0, b, sizeof b));
    double used =
        gantry_report_utilization(profile->macs_offloaded, cycles, profile->peak_macs_per_cycle);
    if (used >= 0)
        fprintf(out, ", %s %% of the peak of %" PRIu32 " MACs per cycle",
                gantry_report_number(100.0 * used, 1, a, sizeof a), profile->peak_macs_per_cycle);
    (void)fputc('\n', out);
    if (profile->has_times && !context->planned)
        fprintf(out, "  device        %s us measured on it, from first start to last end\n",
                gantry_report_number((double)profile->device_ns / 1000.0, 1, a, sizeof a));
    if (!profile->has_cycles) return;
    put(a, "-");
    put_error(a, profile, profile->predicted_cycles, cycles);
    if (profile->inferences > 1)
        fprintf(out, "  predicted     %" PRIu64 " cycles for one inference after the other\n",
                profile->predicted_cycles);
    else
        fprintf(out, "  predicted     %" PRIu64 " cycles, error %s\n", profile->predicted_cycles,
                a);
    fprintf(out, "  memory        %" PRIu64 " bytes read, %" PRIu64 " bytes written\n",
            profile->ddr_read_bytes, profile->ddr_write_bytes);
}

/* What the plan moves and holds. */
static void print_planned(FILE *out, const struct gantry_profile *profile)
{
    uint64_t weights = 0, loads = 0, stores = 0, peak = 0;
    for (size_t i = 0; i < profile->node_count; i++) {
        weights += profile->nodes[i].weight_bytes;
        loads += profile->nodes[i].load_bytes;
        stores += profile->nodes[i].store_bytes;
    }
    for (size_t s = 0; s < profile->segment_count; s++)
        if (profile->segments[s].chip_bytes > peak) peak = profile->segments[s].chip_bytes;
    fprintf(out,
            "  planned       %" PRIu64 " bytes of weights, %" PRIu64 " of activations in, %" PRIu64
            " out; %" PRIu64 " of %" PRIu64 " bytes on chip\n",
            weights, loads, stores, peak, profile->chip_bytes);
}

static void print_runs(FILE *out, const struct gantry_profile *profile)
{
    const struct gantry_profile_spread *wall = &profile->wall;
    const uint64_t values[] = {wall->first_ns, wall->mean_ns, wall->p50_ns, wall->p99_ns,
                               wall->max_ns};
    static const char *const names[] = {"first", "mean", "p50", "p99", "max"};
    if (profile->runs < 2) return;
    fprintf(out, "  %-5" PRIu32 " runs   ", profile->runs);
    for (size_t i = 0; i < GANTRY_COUNT(values); i++) {
        char number[CELL_BYTES];
        fprintf(out, " %s %s", names[i],
                gantry_report_number((double)values[i] / 1000.0, 1, number, sizeof number));
    }
    (void)fputs(" us of wall time here\n", out);
}

static void print_totals(FILE *out, const struct gantry_profile *profile,
                         const struct gantry_report_context *context)
{
    char a[CELL_BYTES], b[CELL_BYTES];
    fprintf(out, "\ntotals\n  MACs          %" PRIu64 ", %s %% on the accelerator\n", profile->macs,
            gantry_report_number(gantry_report_offloaded(profile), 1, a, sizeof a));
    if (profile->peak_macs_per_cycle > 0) {
        print_cycles(out, profile, context);
        print_planned(out, profile);
    }
    fprintf(out, "  launches      %" PRIu32, profile->launches);
    if (profile->inferences > 1) fprintf(out, ", %" PRIu32 " inferences", profile->inferences);
    fputc('\n', out);
    if (profile->modelled_ns != GANTRY_UNKNOWN)
        fprintf(out, "  placement     %s us modelled on %s, launches and transfers included%s\n",
                gantry_report_number((double)profile->modelled_ns / 1000.0, 1, a, sizeof a),
                context->target, profile->proven ? "; none is better under the model" : "");
    fprintf(out, "  cpu           %s us measured here, %s us of it layout of inputs and outputs\n",
            gantry_report_number((double)profile->cpu_ns / 1000.0, 1, a, sizeof a),
            gantry_report_number((double)profile->layout_ns / 1000.0, 1, b, sizeof b));
    print_runs(out, profile);
    if (profile->equal_to_cpu >= 0)
        fprintf(out, "  outputs       %s\n",
                profile->equal_to_cpu ? "equal to those of the CPU" : "DIFFER from the CPU's");
}

static void print_legend(FILE *out, const struct gantry_profile *profile)
{
    if (profile->trace_lost)
        (void)fputs("\ntrace records were lost: the cycles of single layers are unknown\n", out);
    if (profile->has_times)
        (void)fputs("\nthis device counts no cycles; the times of its layers are measured on it\n",
                    out);
    else if (!profile->has_cycles && profile->peak_macs_per_cycle > 0)
        (void)fputs(
            "\nthis device computes results and counts no cycles; use --device sim for cycles\n",
            out);
    if (!profile->peak_macs_per_cycle) return;
    (void)fputs(
        "\ncycles: of the accelerator; CPU layers show time measured on this machine instead.\n"
        "predicted: by the plan's formulas. share: of the sum of both, cycles taken at the clock.\n"
        "util: MACs / (cycles x peak). where: cpu; or the path on the accelerator: array, window,\n"
        "mean, diagonal (which uses one multiplier of 16); or in N: computed by layer N. held up "
        "by:\n"
        "the largest cause besides work. other side: the same layer on this CPU (us), or "
        "predicted\n"
        "for the accelerator (cy). @launch: copies and synchronisation. @store: after the last "
        "layer,\n"
        "until all is stored.\n",
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
    print_overlap(out, profile, context);
    print_totals(out, profile, context);
    print_legend(out, profile);
}
