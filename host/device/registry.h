/* SPDX-License-Identifier: Apache-2.0
 * Names of devices, and the implementations that the library holds or finds. */
#ifndef GANTRY_DEVICE_REGISTRY_H
#define GANTRY_DEVICE_REGISTRY_H

#include "device/device.h"

extern const struct gantry_device_ops gantry_device_cpu_ops;

/* A name taken apart: kind is a row of the registry, config a static string or NULL (cpu). */
struct gantry_device_name {
    const struct gantry_device_kind *kind;
    const char *config;
};
struct gantry_device_kind {
    const char *name, *description;
    const struct gantry_device_ops *ops; /* NULL: in a module */
    bool has_configs;
    const char *waves; /* module that writes waveforms; NULL: no other than that of the kind */
};
/* Row by index, NULL past the last. */
const struct gantry_device_kind *gantry_device_kind(size_t index);
/* Refuses unknown names, listing the known ones, with the nearest as hint. */
enum gantry_status gantry_device_name_parse(struct gantry_device_name *out, const char *name,
                                            struct gantry_error *error);

/* Finds and opens libgantry-<kind>.so, and compares versions and specification. *handle_out is for
 * gantry_module_close. */
enum gantry_status gantry_module_open(const char *kind, const struct gantry_device_module **out,
                                      void **handle_out, struct gantry_error *error);
/* Opens the module in one file. */
enum gantry_status gantry_module_open_file(const char *path,
                                           const struct gantry_device_module **out,
                                           void **handle_out, struct gantry_error *error);
void gantry_module_close(void *handle);

#endif
