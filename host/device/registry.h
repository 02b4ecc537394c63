/* SPDX-License-Identifier: Apache-2.0
 * Names of devices, and the implementations that the library holds or finds. */
#ifndef GANTRY_DEVICE_REGISTRY_H
#define GANTRY_DEVICE_REGISTRY_H

#include "device/device.h"

extern const struct gantry_device_ops gantry_device_cpu_ops;

/* A name taken apart: kind is a row of the registry; config is what follows the colon, or the first
 * configuration of a kind that has some, or NULL. It lives as long as the name. */
struct gantry_device_name {
    const struct gantry_device_kind *kind;
    const char *config;
};
/* What may follow the colon. */
enum gantry_device_suffix {
    GANTRY_SUFFIX_NONE,
    GANTRY_SUFFIX_CONFIG, /* a configuration of params.def */
    GANTRY_SUFFIX_OWN     /* what the device makes of it */
};
struct gantry_device_kind {
    const char *name, *description;
    const struct gantry_device_ops *ops; /* NULL: in a module */
    enum gantry_device_suffix suffix;
    const char *waves;  /* module that writes waveforms; NULL: no other than that of the kind */
    const char *brings; /* hint: what brings the module */
};
/* Row by index, NULL past the last. */
const struct gantry_device_kind *gantry_device_kind(size_t index);
/* Refuses unknown names, listing the known ones, with the nearest as hint. */
enum gantry_status gantry_device_name_parse(struct gantry_device_name *out, const char *name,
                                            struct gantry_error *error);

/* Finds and opens libgantry-<name>.so, and compares versions and specification. *handle_out is for
 * gantry_module_close. */
enum gantry_status gantry_module_open(const char *name, const struct gantry_device_module **out,
                                      void **handle_out, struct gantry_error *error);
/* Opens the module in one file. */
enum gantry_status gantry_module_open_file(const char *path,
                                           const struct gantry_device_module **out,
                                           void **handle_out, struct gantry_error *error);
void gantry_module_close(void *handle);

#endif
