/* SPDX-License-Identifier: Apache-2.0
 * Reading target files. */
#include "target/target.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gantry_spec.h"
#include "targets_builtin.h"

enum { PATH_BYTES = 1024 };

/* What the members of a file are read with: the first failure stays. */
struct reader {
    const char *path;
    enum gantry_status status;
    struct gantry_error *error;
};

static void fail(struct reader *reader, const char *member, const char *what)
{
    if (reader->status != GANTRY_OK) return;
    reader->status =
        gantry_fail(reader->error, GANTRY_ERR_FILE, "%s: \"%s\" %s", reader->path, member, what);
}

static const json_t *object(struct reader *reader, const json_t *parent, const char *member)
{
    const json_t *value = json_object_get(parent, member);
    if (!json_is_object(value)) fail(reader, member, "is missing or not an object");
    return value;
}

static void text(struct reader *reader, const json_t *parent, const char *member, char *out,
                 size_t size)
{
    const char *value = json_string_value(json_object_get(parent, member));
    if (!value || strlen(value) >= size)
        fail(reader, member, "is missing, not a string, or too long");
    else
        (void)snprintf(out, size, "%s", value);
}

/* A number of at least least, times a factor. */
static void number(struct reader *reader, const json_t *parent, const char *member, double least,
                   double factor, double *out)
{
    const json_t *value = json_object_get(parent, member);
    double v = json_number_value(value);
    if (!json_is_number(value) || !isfinite(v) || v < least || v > 1e12)
        fail(reader, member, "is missing, not a number, or out of range");
    else
        *out = v * factor;
}

static void read_memory(struct reader *reader, const json_t *accelerator, struct gantry_target *out)
{
    const json_t *memory = json_object_get(accelerator, "memory");
    if (json_is_string(memory)) {
        gantry_target_set_memory(out, json_string_value(memory));
        if (out->memory_bytes_per_cycle <= 0) fail(reader, "memory", "names no memory model");
        return;
    }
    if (!json_is_object(memory)) {
        fail(reader, "memory", "is neither a name nor an object");
        return;
    }
    number(reader, memory, "bytes_per_cycle", 1e-3, 1, &out->memory_bytes_per_cycle);
    number(reader, memory, "latency_cycles", 0, 1, &out->memory_latency);
}

static void read_kernel(struct reader *reader, const json_t *kernels, const char *name,
                        struct gantry_target_kernel *out)
{
    const json_t *kernel = object(reader, kernels, name);
    number(reader, kernel, "call_us", 0, 1e3, &out->call_ns);
    number(reader, kernel, "mac_ns", 0, 1, &out->mac_ns);
    number(reader, kernel, "value_ns", 0, 1, &out->value_ns);
}

static void read_members(struct reader *reader, const json_t *root, struct gantry_target *out)
{
    const json_t *schema = json_object_get(root, "schema");
    if (!json_is_integer(schema) || json_integer_value(schema) != GANTRY_TARGET_SCHEMA)
        fail(reader, "schema", "is not 1");
    text(reader, root, "name", out->name, sizeof out->name);
    text(reader, root, "description", out->description, sizeof out->description);
    const json_t *accelerator = object(reader, root, "accelerator");
    number(reader, accelerator, "clock_mhz", 1e-3, 1e6, &out->clock_hz);
    number(reader, accelerator, "launch_us", 0, 1e3, &out->launch_ns);
    read_memory(reader, accelerator, out);
    const json_t *transfer = object(reader, root, "transfer");
    number(reader, transfer, "tensor_us", 0, 1e3, &out->tensor_ns);
    number(reader, transfer, "byte_ns", 0, 1, &out->byte_ns);
    const json_t *cpu = object(reader, root, "cpu"), *kernels = object(reader, cpu, "kernels");
    text(reader, cpu, "name", out->cpu, sizeof out->cpu);
    read_kernel(reader, kernels, "default", &out->others);
    for (int32_t op = 0; op < GANTRY_OP_COUNT; op++) {
        const char *label = gantry_op_label((enum gantry_op)op);
        out->kernels[op] = out->others;
        if (json_object_get(kernels, label)) read_kernel(reader, kernels, label, &out->kernels[op]);
    }
}

static enum gantry_status parse(struct gantry_target *out, json_t *root, const char *path,
                                const json_error_t *where, struct gantry_error *error)
{
    struct reader reader = {.path = path, .error = error};
    memset(out, 0, sizeof *out);
    if (!root)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: line %d, column %d: %s", path, where->line,
                           where->column, where->text);
    read_members(&reader, root, out);
    json_decref(root);
    return reader.status;
}

static enum gantry_status read_file(struct gantry_target *out, const char *path,
                                    struct gantry_error *error)
{
    json_error_t where;
    FILE *file = fopen(path, "rb");
    if (!file)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: cannot be opened (%s)", path,
                           strerror(errno));
    json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &where);
    (void)fclose(file);
    return parse(out, root, path, &where, error);
}

const char *gantry_target_name(size_t index)
{
    return index < GANTRY_COUNT(builtin_targets) ? builtin_targets[index].name : NULL;
}

static enum gantry_status unknown(const char *name, struct gantry_error *error)
{
    char names[256] = "";
    for (size_t i = 0; i < GANTRY_COUNT(builtin_targets); i++) {
        size_t used = strlen(names);
        (void)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "",
                       builtin_targets[i].name);
    }
    gantry_fail(error, GANTRY_ERR_ARGUMENT, "unknown target %s (known: %s)", name, names);
    gantry_hint(error, "a file of your own is named with its path: ./board.json");
    return GANTRY_ERR_ARGUMENT;
}

enum gantry_status gantry_target_read(struct gantry_target *out, const char *name,
                                      struct gantry_error *error)
{
    char path[PATH_BYTES];
    json_error_t where;
    if (!name) name = builtin_targets[0].name;
    size_t length = strlen(name);
    if (strchr(name, '/') || (length > 5 && strcmp(name + length - 5, ".json") == 0))
        return read_file(out, name, error);
    const char *folder = getenv("GANTRY_TARGETS");
    if (folder && *folder) {
        (void)snprintf(path, sizeof path, "%s/%s.json", folder, name);
        FILE *file = fopen(path, "rb");
        if (file) {
            (void)fclose(file);
            return read_file(out, path, error);
        }
    }
    for (size_t i = 0; i < GANTRY_COUNT(builtin_targets); i++) {
        if (strcmp(builtin_targets[i].name, name) != 0) continue;
        json_t *root = json_loads(builtin_targets[i].text, JSON_REJECT_DUPLICATES, &where);
        return parse(out, root, name, &where, error);
    }
    return unknown(name, error);
}

void gantry_target_set_memory(struct gantry_target *target, const char *memory)
{
    static const struct {
        const char *name;
        double rate, latency;
    } models[] = {
#define DDR_PRESET(name, rate, read, write, clock, doc) {#name, rate, read},
#include "memory.def"
#undef DDR_PRESET
    };
    static const double unlimited = 4096; /* the ports limit it */
    for (size_t i = 0; i < GANTRY_COUNT(models); i++) {
        if (strcmp(models[i].name, memory) != 0) continue;
        target->memory_bytes_per_cycle = models[i].rate > 0 ? models[i].rate : unlimited;
        target->memory_latency = models[i].latency;
    }
}

void gantry_target_work(const struct gantry_graph *graph, int32_t node, double *macs,
                        double *values)
{
    const struct gantry_graph_node *n = &graph->nodes[node];
    *values = (double)gantry_shape_elements(&graph->tensors[n->outputs[0]].shape);
    *macs = (double)n->macs;
    if (n->op == GANTRY_OP_CONV_2D) { /* with weights that graph passes added */
        const struct gantry_shape *weights = &graph->tensors[n->inputs[1]].shape;
        *macs = *values * (double)gantry_shape_elements(weights) / weights->dims[0];
    }
    if (n->op == GANTRY_OP_AVERAGE_POOL_2D || n->op == GANTRY_OP_MAX_POOL_2D)
        *macs = *values * n->attributes.window.kernel_h * n->attributes.window.kernel_w;
    if (n->op == GANTRY_OP_MEAN)
        *macs = (double)gantry_shape_elements(&graph->tensors[n->inputs[0]].shape);
}

double gantry_target_cpu_ns(const struct gantry_target *target, const struct gantry_graph *graph,
                            int32_t node)
{
    const struct gantry_target_kernel *kernel = &target->kernels[graph->nodes[node].op];
    double macs, values;
    gantry_target_work(graph, node, &macs, &values);
    return kernel->call_ns + kernel->mac_ns * macs + kernel->value_ns * values;
}
