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
    bool hinted = error && error->hint[0];
    if (status == GANTRY_ERR_MISSING && !hinted)
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
    int first, wanted; /* what the library has itself has one */
    if (ops) status = gantry_device_choose(options, name, 1, &first, &wanted, error);
    if (status != GANTRY_OK) return status;
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

enum gantry_status gantry_device_choose(const struct gantry_device_options *options,
                                        const char *device, int count, int *first, int *wanted,
                                        struct gantry_error *error)
{
    if (options->accelerator >= count)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: no accelerator %d (there are 0..%d)",
                           device, options->accelerator, count - 1);
    *first = options->accelerator < 0 ? 0 : options->accelerator;
    *wanted = options->accelerator < 0 ? count : 1;
    return GANTRY_OK;
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

void gantry_device_info_params(struct gantry_device_info *info,
                               const struct gantry_array_params *params)
{
    info->accelerator = true;
    info->g = params->g;
    info->act_rows = params->act_rows;
    info->ring_lines = params->ring_lines;
    info->acc_rows = params->acc_rows;
    info->ports = params->ports;
    info->window = params->window;
    info->peak_macs_per_cycle = 512u * (uint32_t)params->g;
    info->spec_hash = GANTRY_SPEC_HASH;
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

/* How many devices a module counts through; 0 when it does not, or is not there. */
static uint32_t count_of(const struct gantry_device_kind *kind)
{
    const struct gantry_device_module *module;
    void *handle;
    if (kind->ops || gantry_module_open(kind->name, &module, &handle, NULL) != GANTRY_OK) return 0;
    uint32_t count = module->count ? module->count() : 0;
    gantry_module_close(handle);
    return count;
}

/* What may follow the colon of a kind, by number; false past the last. The first is there for all
 * kinds; its config may be NULL. */
static bool choice(const struct gantry_device_kind *kind, uint32_t devices, size_t number,
                   char *buffer, size_t size, const char **config_out)
{
    *config_out = NULL;
    if (kind->suffix == GANTRY_SUFFIX_CONFIG)
        return (*config_out = gantry_array_name(number)) != NULL;
    if (devices == 0) return number == 0;
    (void)snprintf(buffer, size, "%zu", number);
    *config_out = buffer;
    return number < devices;
}

size_t gantry_device_list(struct gantry_device_entry *entries, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; gantry_device_kind(i); i++) {
        const struct gantry_device_kind *kind = gantry_device_kind(i);
        uint32_t devices = count_of(kind);
        const char *config;
        char buffer[16];
        for (size_t j = 0; choice(kind, devices, j, buffer, sizeof buffer, &config); j++) {
            if (count < capacity) describe(&entries[count], kind, config);
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
