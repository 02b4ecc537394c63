/* SPDX-License-Identifier: Apache-2.0
 * Opening, closing and listing devices. */
#include "device/registry.h"

#include <inttypes.h>
#include <stdio.h>

enum { WHY_BYTES = 256 };

/* A device of another specification would misread programs. */
static enum gantry_status compare_spec(const struct gantry_device *device,
                                       struct gantry_error *error)
{
    const struct gantry_device_info *info = &device->info;
    if (!info->accelerator || info->spec_hash == GANTRY_SPEC_HASH) return GANTRY_OK;
    return gantry_fail(error, GANTRY_ERR_DEVICE,
                       "%s: specification 0x%016" PRIx64 " of the device is not 0x%016" PRIx64
                       " of the library",
                       info->name, info->spec_hash, GANTRY_SPEC_HASH);
}

/* Operations of a kind that is in a module. Signals that can be written slow a simulation down all
 * the time, so a module of its own has them. */
static enum gantry_status open_module(const struct gantry_device_kind *kind,
                                      const struct gantry_device_options *options,
                                      const struct gantry_device_ops **out, void **handle_out,
                                      struct gantry_error *error)
{
    const struct gantry_device_module *module;
    bool waves = options->waveform && kind->waves;
    enum gantry_status status =
        gantry_module_open(waves ? kind->waves : kind->name, &module, handle_out, error);
    if (status == GANTRY_OK) *out = module->ops;
    if (status == GANTRY_ERR_MISSING)
        gantry_hint(error, "%s",
                    waves ? "build the target gantry_sim_waves, which needs Verilator and zlib"
                          : kind->brings);
    return status;
}

/* What all devices have alike. */
static void finish_open(struct gantry_device *first, const struct gantry_device_options *options)
{
    int32_t instances = 0;
    for (struct gantry_device *device = first; device; device = device->next) {
        device->watchdog_cycles = options->watchdog_cycles;
        (void)pthread_mutex_init(&device->mutex, NULL);
        instances++;
    }
    for (struct gantry_device *device = first; device; device = device->next)
        device->info.instances = device->info.accelerator ? instances : 0;
}

enum gantry_status gantry_device_open(struct gantry_device **out, const char *name,
                                      const struct gantry_device_options *options,
                                      struct gantry_error *error)
{
    static const struct gantry_device_options defaults = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_device_name parsed;
    struct gantry_device *device = NULL;
    void *handle = NULL;
    *out = NULL;
    if (!name) return gantry_fail(error, GANTRY_ERR_ARGUMENT, "device: no name");
    enum gantry_status status = gantry_device_name_parse(&parsed, name, error);
    if (status != GANTRY_OK) return status;
    if (!options) options = &defaults;
    const struct gantry_device_ops *ops = parsed.kind->ops;
    if (!ops) status = open_module(parsed.kind, options, &ops, &handle, error);
    if (status != GANTRY_OK) return status;
    status = ops->open(&device, parsed.config, options, error);
    if (status != GANTRY_OK) {
        gantry_module_close(handle);
        return status;
    }
    device->module = handle;
    finish_open(device, options);
    status = compare_spec(device, error);
    if (status != GANTRY_OK) {
        gantry_device_close(device);
        return status;
    }
    *out = device;
    return GANTRY_OK;
}

void gantry_device_close(struct gantry_device *device)
{
    if (!device) return;
    void *handle = device->module;
    for (struct gantry_device *each = device; each; each = each->next)
        (void)pthread_mutex_destroy(&each->mutex);
    device->ops->close(device);
    gantry_module_close(handle);
}

void gantry_device_take(struct gantry_device *device)
{
    if (device->clock)
        device->clock->take(device);
    else
        (void)pthread_mutex_lock(&device->mutex);
}

void gantry_device_give(struct gantry_device *device)
{
    if (device->clock)
        device->clock->give(device);
    else
        (void)pthread_mutex_unlock(&device->mutex);
}

const struct gantry_device_info *gantry_device_info(const struct gantry_device *device)
{
    return &device->info;
}

/* One line of the list; devices are opened, for nothing less shows that they open. */
static void describe(struct gantry_device_entry *entry, const struct gantry_device_kind *kind,
                     const char *config)
{
    struct gantry_device *device;
    struct gantry_error error = {.status = GANTRY_OK};
    *entry = (struct gantry_device_entry){.available = false};
    (void)snprintf(entry->name, sizeof entry->name, "%s%s%s", kind->name, config ? ":" : "",
                   config ? config : "");
    entry->available = gantry_device_open(&device, entry->name, NULL, &error) == GANTRY_OK;
    if (entry->available) {
        (void)snprintf(entry->detail, sizeof entry->detail, "%s", device->info.description);
        gantry_device_close(device);
        return;
    }
    char why[WHY_BYTES + sizeof error.message];
    (void)snprintf(why, sizeof why, "%s%s%s", error.message, error.hint[0] ? "; " : "", error.hint);
    (void)snprintf(entry->detail, sizeof entry->detail, "%.*s", (int)sizeof entry->detail - 1, why);
}

size_t gantry_device_list(struct gantry_device_entry *entries, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; gantry_device_kind(i); i++) {
        const struct gantry_device_kind *kind = gantry_device_kind(i);
        bool configs = kind->suffix == GANTRY_SUFFIX_CONFIG;
        for (size_t j = 0; j == 0 || (configs && gantry_array_name(j)); j++) {
            if (count < capacity)
                describe(&entries[count], kind, configs ? gantry_array_name(j) : NULL);
            count++;
        }
    }
    return count;
}

/* Whether a module is installed and has what it needs. */
static bool is_there(const char *name)
{
    const struct gantry_device_module *module;
    void *handle;
    if (gantry_module_open(name, &module, &handle, NULL) != GANTRY_OK) return false;
    bool there = !module->is_present || module->is_present();
    gantry_module_close(handle);
    return there;
}

const char *gantry_device_default(const char **reason_out)
{
    static const struct {
        const char *name, *reason;
    } choices[] = {{"xrt", "a board with the accelerator is there"},
                   {"sim", "no board is there; the simulated accelerator is installed"},
                   {"model", "no board is there; the simulated accelerator is not installed"}};
    size_t i = 0;
    while (i + 1 < GANTRY_COUNT(choices) && !is_there(choices[i].name)) i++;
    if (reason_out) *reason_out = choices[i].reason;
    return choices[i].name;
}
