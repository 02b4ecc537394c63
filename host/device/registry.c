/* SPDX-License-Identifier: Apache-2.0
 * Names of devices: KIND or KIND:CONFIG. */
#include "device/registry.h"

#include <string.h>

enum { NAME_MAX_BYTES = 32, NAMES_BYTES = 96 };

static const struct gantry_device_kind kinds[] = {
    {"cpu", "no accelerator: everything runs on the host", &gantry_device_cpu_ops,
     GANTRY_SUFFIX_NONE, NULL, NULL},
    {"model", "the accelerator's C model: bytes, no cycles", &gantry_device_model_ops,
     GANTRY_SUFFIX_CONFIG, NULL, NULL},
    {"sim", "the accelerator's RTL under Verilator: bytes and cycles", NULL, GANTRY_SUFFIX_CONFIG,
     "sim-waves", "build with Verilator (GANTRY_BUILD_SIM=ON), or use the device 'model'"},
    {"xrt", "the accelerator in an FPGA, through XRT", NULL, GANTRY_SUFFIX_OWN, NULL,
     "build with the packages libxrt-dev and uuid-dev, or use the device 'sim'"},
    {"opencl", "the accelerator's instructions as OpenCL kernels", NULL, GANTRY_SUFFIX_OWN, NULL,
     "build with opencl-headers and ocl-icd-opencl-dev, run with ocl-icd-libopencl1 and a driver"},
};

const struct gantry_device_kind *gantry_device_kind(size_t index)
{
    return index < GANTRY_COUNT(kinds) ? &kinds[index] : NULL;
}

/* Letters to insert, delete or replace to get from one name to the other. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_BYTES + 1], a_length = strlen(a), b_length = strlen(b);
    if (a_length > NAME_MAX_BYTES || b_length > NAME_MAX_BYTES) return NAME_MAX_BYTES;
    for (size_t j = 0; j <= b_length; j++) row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b_length];
}

static const char *kind_name(size_t index)
{
    return index < GANTRY_COUNT(kinds) ? kinds[index].name : NULL;
}

/* The name of a list that is nearest to a wrong one. */
static const char *nearest(const char *name, const char *(*list)(size_t))
{
    const char *best = list(0);
    for (size_t i = 1; list(i); i++)
        if (distance(name, list(i)) < distance(name, best)) best = list(i);
    return best;
}

static enum gantry_status unknown_kind(const char *name, const char *kind,
                                       struct gantry_error *error)
{
    char configs[NAMES_BYTES];
    gantry_fail(error, GANTRY_ERR_ARGUMENT,
                "device '%.40s': no such device (cpu, model[:CONFIG], sim[:CONFIG], xrt[:INDEX], "
                "opencl[:INDEX][:CONFIG]; CONFIG: %s)",
                name, gantry_array_names(configs, sizeof configs));
    gantry_hint(error, "did you mean '%s'?", nearest(kind, kind_name));
    return GANTRY_ERR_ARGUMENT;
}

static enum gantry_status find_config(struct gantry_device_name *out, const char *name,
                                      const char *config, struct gantry_error *error)
{
    char configs[NAMES_BYTES];
    out->config = gantry_array_name(0);
    if (!config) return GANTRY_OK;
    for (size_t i = 0; gantry_array_name(i); i++) {
        out->config = gantry_array_name(i);
        if (strcmp(config, out->config) == 0) return GANTRY_OK;
    }
    gantry_fail(error, GANTRY_ERR_ARGUMENT, "device '%.40s': no such configuration (there are: %s)",
                name, gantry_array_names(configs, sizeof configs));
    gantry_hint(error, "did you mean '%s:%s'?", out->kind->name,
                nearest(config, gantry_array_name));
    return GANTRY_ERR_ARGUMENT;
}

enum gantry_status gantry_device_name_parse(struct gantry_device_name *out, const char *name,
                                            struct gantry_error *error)
{
    char kind[NAME_MAX_BYTES + 1] = {0};
    const char *colon = strchr(name, ':');
    size_t length = colon ? (size_t)(colon - name) : strlen(name);
    memcpy(kind, name, length < NAME_MAX_BYTES ? length : NAME_MAX_BYTES);
    *out = (struct gantry_device_name){0};
    for (size_t i = 0; i < GANTRY_COUNT(kinds); i++)
        if (length <= NAME_MAX_BYTES && strcmp(kind, kinds[i].name) == 0) out->kind = &kinds[i];
    if (!out->kind) return unknown_kind(name, kind, error);
    if (out->kind->suffix == GANTRY_SUFFIX_CONFIG)
        return find_config(out, name, colon ? colon + 1 : NULL, error);
    out->config = colon ? colon + 1 : NULL;
    if (!colon || out->kind->suffix == GANTRY_SUFFIX_OWN) return GANTRY_OK;
    gantry_fail(error, GANTRY_ERR_ARGUMENT, "device '%.40s': %s has no configurations", name,
                out->kind->name);
    gantry_hint(error, "did you mean '%s'?", out->kind->name);
    return GANTRY_ERR_ARGUMENT;
}
