/* SPDX-License-Identifier: Apache-2.0
 * Names of devices: KIND or KIND:CONFIG. */
#include "device/registry.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 32, NAMES_BYTES = 96, CONFIGS_MAX = 16 };

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

/* Adds the name that was meant, where one is near. */
static void hint_nearest(struct gantry_error *error, const char *before, const char *word,
                         const char *const *names, size_t count)
{
    const char *nearest = gantry_nearest(word, names, count);
    if (nearest) gantry_hint(error, "did you mean '%s%s'?", before, nearest);
}

static enum gantry_status unknown_kind(const char *name, const char *kind,
                                       struct gantry_error *error)
{
    char configs[NAMES_BYTES];
    const char *names[GANTRY_COUNT(kinds)];
    for (size_t i = 0; i < GANTRY_COUNT(kinds); i++) names[i] = kinds[i].name;
    gantry_fail(error, GANTRY_ERR_ARGUMENT,
                "device '%.40s': no such device (cpu, model[:CONFIG], sim[:CONFIG], xrt[:INDEX], "
                "opencl[:INDEX][:CONFIG]; CONFIG: %s)",
                name, gantry_array_names(configs, sizeof configs));
    hint_nearest(error, "", kind, names, GANTRY_COUNT(kinds));
    return GANTRY_ERR_ARGUMENT;
}

static enum gantry_status find_config(struct gantry_device_name *out, const char *name,
                                      const char *config, struct gantry_error *error)
{
    char configs[NAMES_BYTES], before[NAME_MAX_BYTES + 2];
    const char *names[CONFIGS_MAX];
    size_t count = 0;
    out->config = gantry_array_name(0);
    if (!config) return GANTRY_OK;
    for (; count < CONFIGS_MAX && gantry_array_name(count); count++) {
        names[count] = out->config = gantry_array_name(count);
        if (strcmp(config, out->config) == 0) return GANTRY_OK;
    }
    gantry_fail(error, GANTRY_ERR_ARGUMENT, "device '%.40s': no such configuration (there are: %s)",
                name, gantry_array_names(configs, sizeof configs));
    (void)snprintf(before, sizeof before, "%s:", out->kind->name);
    hint_nearest(error, before, config, names, count);
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
