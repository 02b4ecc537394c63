/* SPDX-License-Identifier: Apache-2.0
 * Two JSON profiles compared: what became faster or slower, layer by layer.
 *
 * Layers are matched by name, repeated names by their order. Cycles are compared where both have
 * them, else times; a layer that moved between CPU and accelerator is compared by time. */
#include <math.h>
#include <string.h>

#include "report/report.h"

enum { CELL_BYTES = 48, NAME_COLUMNS = 40 };

/* Less than this is no change: cycles are exact, times are measured. */
static const double cycles_noise = 0.0, time_noise = 0.05;

static const json_t *get(const json_t *object, const char *key)
{
    return json_object_get(object, key);
}

static const char *name_of(const json_t *node)
{
    const char *name = json_string_value(get(node, "name"));
    return name ? name : "";
}

static enum gantry_status check(const json_t *root, const char *name, struct gantry_error *error)
{
    const json_t *nodes = get(root, "nodes");
    if (json_integer_value(get(root, "schema")) != GANTRY_REPORT_SCHEMA ||
        !json_is_object(get(root, "totals")) || !json_is_array(nodes))
        return gantry_fail(error, GANTRY_ERR_FILE,
                           "%s: no output of gantry profile --json (schema %d)", name,
                           GANTRY_REPORT_SCHEMA);
    for (size_t i = 0; i < json_array_size(nodes); i++)
        if (!json_is_object(json_array_get(nodes, i)))
            return gantry_fail(error, GANTRY_ERR_FILE, "%s: a node is no object (%zu)", name, i);
    return GANTRY_OK;
}

/* The node with this name that nothing has taken yet. */
static const json_t *take(const json_t *nodes, const char *name, bool *taken)
{
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        const json_t *node = json_array_get(nodes, i);
        if (taken[i] || strcmp(name_of(node), name) != 0) continue;
        taken[i] = true;
        return node;
    }
    return NULL;
}

static bool has(const json_t *a, const json_t *b, const char *key)
{
    return json_is_number(get(a, key)) && json_is_number(get(b, key));
}

static const char *verdict(double older, double newer, double noise)
{
    if (fabs(newer - older) <= noise * older) return "same";
    return newer < older ? "faster" : "slower";
}

static void set(json_t *object, const char *key, json_t *value)
{
    (void)json_object_set_new(object, key, value);
}

static bool same_text(const json_t *a, const json_t *b)
{
    return json_is_string(a) && json_is_string(b) && json_equal(a, b);
}

/* Adds unit, old, new, change_percent and verdict to a row; cycles_key NULL: by time. */
static void compare_values(json_t *row, const json_t *older, const json_t *newer,
                           const char *cycles_key)
{
    bool cycles = cycles_key && has(older, newer, cycles_key);
    const char *key = cycles ? cycles_key : "time_us";
    if (!has(older, newer, key)) {
        set(row, "unit", json_null());
        set(row, "verdict", json_string("unknown"));
        return;
    }
    double from = json_number_value(get(older, key)), to = json_number_value(get(newer, key));
    set(row, "unit", json_string(cycles ? "cycles" : "us"));
    set(row, "old", json_deep_copy(get(older, key)));
    set(row, "new", json_deep_copy(get(newer, key)));
    set(row, "change_percent", from > 0 ? json_real(100.0 * (to - from) / from) : json_null());
    set(row, "verdict", json_string(verdict(from, to, cycles ? cycles_noise : time_noise)));
}

static json_t *row_of(const json_t *older, const json_t *newer)
{
    const json_t *there = newer ? newer : older;
    json_t *row = json_object();
    set(row, "name", json_string(name_of(there)));
    set(row, "op", json_deep_copy(get(there, "op")));
    set(row, "old_placement", older ? json_deep_copy(get(older, "placement")) : json_null());
    set(row, "new_placement", newer ? json_deep_copy(get(newer, "placement")) : json_null());
    if (older && newer) {
        bool stayed = same_text(get(older, "placement"), get(newer, "placement"));
        compare_values(row, older, newer, stayed ? "cycles" : NULL);
    } else {
        set(row, "unit", json_null());
        set(row, "verdict", json_string(newer ? "new" : "gone"));
    }
    return row;
}

static void compare_nodes(json_t *rows, const json_t *older, const json_t *newer, bool *taken)
{
    for (size_t i = 0; i < json_array_size(newer); i++) {
        const json_t *node = json_array_get(newer, i);
        json_array_append_new(rows, row_of(take(older, name_of(node), taken), node));
    }
    for (size_t i = 0; i < json_array_size(older); i++)
        if (!taken[i]) json_array_append_new(rows, row_of(json_array_get(older, i), NULL));
}

static json_t *source(const json_t *root)
{
    static const char *const keys[] = {"model", "device", "target", "memory"};
    json_t *object = json_object();
    for (size_t i = 0; i < GANTRY_COUNT(keys); i++)
        if (get(root, keys[i])) set(object, keys[i], json_deep_copy(get(root, keys[i])));
    return object;
}

json_t *gantry_report_compare(const json_t *old_root, const json_t *new_root, const char *old_name,
                              const char *new_name, struct gantry_error *error)
{
    if (check(old_root, old_name, error) != GANTRY_OK ||
        check(new_root, new_name, error) != GANTRY_OK)
        return NULL;
    const json_t *older = get(old_root, "nodes"), *newer = get(new_root, "nodes");
    bool *taken = gantry_allocate(NULL, json_array_size(older) + 1, sizeof *taken);
    if (!taken) {
        (void)gantry_fail(error, GANTRY_ERR_MEMORY, "comparison: out of memory");
        return NULL;
    }
    json_t *root = json_object(), *rows = json_array(), *total = json_object();
    compare_nodes(rows, older, newer, taken);
    gantry_release(NULL, taken);
    compare_values(total, get(old_root, "totals"), get(new_root, "totals"), "accelerator_cycles");
    set(root, "schema", json_integer(GANTRY_REPORT_SCHEMA));
    set(root, "old", source(old_root));
    set(root, "new", source(new_root));
    set(root, "total", total);
    set(root, "layers", rows);
    return root;
}

/* ---- For people ---- */

static void print_source(FILE *out, const char *which, const json_t *source_object)
{
    const char *memory = json_string_value(get(source_object, "memory"));
    const char *model = json_string_value(get(source_object, "model"));
    const char *device = json_string_value(get(source_object, "device"));
    fprintf(out, "%s: %s on %s%s%s\n", which, model ? model : "?", device ? device : "?",
            memory ? ", memory " : "", memory ? memory : "");
}

static void print_value(FILE *out, const json_t *value, const char *unit)
{
    char number[CELL_BYTES], cell[CELL_BYTES + 8];
    if (!json_is_number(value)) {
        fprintf(out, "  %14s", "-");
        return;
    }
    bool us = unit && strcmp(unit, "us") == 0;
    (void)snprintf(
        cell, sizeof cell, "%s%s",
        gantry_report_number(json_number_value(value), us ? 1 : 0, number, sizeof number),
        us ? " us" : "");
    fprintf(out, "  %14s", cell);
}

static void print_row(FILE *out, const char *name, const json_t *row)
{
    char number[CELL_BYTES], percent[CELL_BYTES + 8] = "-";
    const json_t *change = get(row, "change_percent");
    const char *unit = json_string_value(get(row, "unit"));
    const char *from = json_string_value(get(row, "old_placement"));
    const char *to = json_string_value(get(row, "new_placement"));
    size_t length = strlen(name);
    if (json_is_number(change))
        (void)snprintf(percent, sizeof percent, "%s%s %%", json_number_value(change) > 0 ? "+" : "",
                       gantry_report_number(json_number_value(change), 1, number, sizeof number));
    if (length > NAME_COLUMNS)
        fprintf(out, "..%-*s", NAME_COLUMNS - 2, name + length - (NAME_COLUMNS - 2));
    else
        fprintf(out, "%-*s", NAME_COLUMNS, name);
    print_value(out, get(row, "old"), unit);
    print_value(out, get(row, "new"), unit);
    fprintf(out, "  %10s  %s", percent, json_string_value(get(row, "verdict")));
    if (from && to && strcmp(from, to) != 0) fprintf(out, ", moved from %s to %s", from, to);
    (void)fputc('\n', out);
}

void gantry_report_compare_table(FILE *out, const json_t *comparison)
{
    const json_t *rows = get(comparison, "layers");
    size_t faster = 0, slower = 0;
    print_source(out, "old", get(comparison, "old"));
    print_source(out, "new", get(comparison, "new"));
    fprintf(out, "\n%-*s  %14s  %14s  %10s  %s\n", NAME_COLUMNS, "layer", "old", "new", "change",
            "verdict");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *word = json_string_value(get(row, "verdict"));
        faster += strcmp(word, "faster") == 0;
        slower += strcmp(word, "slower") == 0;
        print_row(out, name_of(row), row);
    }
    print_row(out, "total", get(comparison, "total"));
    fprintf(out,
            "\n%zu faster, %zu slower. Plain numbers are cycles of the accelerator; times (us) are "
            "measured and\nequal when they differ by less than %s %%.\n",
            faster, slower, "5");
}
