/* SPDX-License-Identifier: Apache-2.0
 * The device "opencl": instructions executed by OpenCL kernels. Opening, identity, buffers.
 *
 * A buffer has host memory and a copy on the device, which sync brings in line; what only the host
 * reads or writes (programs, trace records) has no copy. */
#include "internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 4096, OPTIONS_BYTES = 160, INDEX_DIGITS = 3 };

/* ---- Opening ---- */

static bool parse_index(const char *text, size_t length, uint32_t *out)
{
    if (length == 0 || length > INDEX_DIGITS) return false;
    *out = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        *out = *out * 10 + (uint32_t)(text[i] - '0');
    }
    return true;
}

/* [INDEX][:CONFIG] or CONFIG; sets the device's name. */
static enum gantry_status parse(struct gantry_device_opencl *opencl, const char *config,
                                uint32_t *index, struct gantry_error *error)
{
    const char *array = gantry_array_name(0), *colon = config ? strchr(config, ':') : NULL;
    size_t length = !config ? 0 : colon ? (size_t)(colon - config) : strlen(config);
    char names[96];
    bool good = true;
    *index = 0;
    if (config && parse_index(config, length, index))
        array = colon ? colon + 1 : array;
    else if (config && !colon)
        array = config;
    else
        good = !config;
    if (!good || !gantry_array_params_named(array, &opencl->params))
        return gantry_fail(error, GANTRY_ERR_ARGUMENT,
                           "device 'opencl:%.40s': no such device (opencl[:INDEX][:CONFIG]; "
                           "CONFIG: %s)",
                           config, gantry_array_names(names, sizeof names));
    (void)snprintf(opencl->base.info.name, sizeof opencl->base.info.name, "opencl:%u:%s", *index,
                   array);
    return GANTRY_OK;
}

static void describe(struct gantry_device_opencl *opencl, const struct gantry_opencl_found *found)
{
    struct gantry_device_info *info = &opencl->base.info;
    gantry_device_info_params(info, &opencl->params);
    info->has_times = true;
    (void)snprintf(info->description, sizeof info->description,
                   "OpenCL kernels: %.38s, %.28s; no cycles", found->device_name,
                   found->platform_name);
}

static enum gantry_status make_kernels(struct gantry_device_opencl *opencl,
                                       struct gantry_error *error)
{
    const struct {
        const char *name;
        cl_kernel *kernel;
    } rows[] = {{"gantry_conv", &opencl->conv},
                {"gantry_window", &opencl->window},
                {"gantry_load", &opencl->load},
                {"gantry_store", &opencl->store}};
    for (size_t i = 0; i < GANTRY_COUNT(rows); i++) {
        cl_int code;
        *rows[i].kernel = clCreateKernel(opencl->program, rows[i].name, &code);
        if (code != CL_SUCCESS)
            return gantry_opencl_fail(error, opencl->base.info.name, "clCreateKernel", code);
    }
    return GANTRY_OK;
}

static enum gantry_status make_program(struct gantry_device_opencl *opencl,
                                       const struct gantry_opencl_found *found,
                                       const struct gantry_log *log, struct gantry_error *error)
{
    char folder[PATH_BYTES], options[OPTIONS_BYTES];
    struct gantry_opencl_source source;
    const struct gantry_array_params *params = &opencl->params;
    bool keep = gantry_opencl_cache_folder(folder, sizeof folder);
    gantry_opencl_source(&source);
    (void)snprintf(options, sizeof options,
                   "-cl-std=CL1.2 -DGANTRY_NPX=%d -DGANTRY_ROWS=%d -DGANTRY_STRIPES=%d "
                   "-DGANTRY_LOCAL=%d",
                   2 * params->g, params->act_rows, params->ports, GANTRY_OPENCL_LOCAL);
    source.options = options;
    enum gantry_status status =
        gantry_opencl_build(found, opencl->context, &source, keep ? folder : NULL, log,
                            opencl->base.info.name, &opencl->program, error);
    return status == GANTRY_OK ? make_kernels(opencl, error) : status;
}

/* Device memory of so many bytes, all zero. */
static cl_mem make_zeros(struct gantry_device_opencl *opencl, size_t bytes, cl_int *code)
{
    static const cl_uchar zero = 0;
    cl_mem memory = clCreateBuffer(opencl->context, CL_MEM_READ_WRITE, bytes, NULL, code);
    if (*code == CL_SUCCESS)
        *code =
            clEnqueueFillBuffer(opencl->queue, memory, &zero, sizeof zero, 0, bytes, 0, NULL, NULL);
    return memory;
}

static enum gantry_status open_device(struct gantry_device_opencl *opencl,
                                      const struct gantry_opencl_found *found,
                                      const struct gantry_log *log, struct gantry_error *error)
{
    const char *name = opencl->base.info.name;
    const struct gantry_array_params *params = &opencl->params;
    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                                (cl_context_properties)found->platform, 0};
    cl_int code = CL_SUCCESS;
    (void)clGetDeviceInfo(found->device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof opencl->largest,
                          &opencl->largest, NULL);
    opencl->context = clCreateContext(properties, 1, &found->device, NULL, NULL, &code);
    if (code != CL_SUCCESS) return gantry_opencl_fail(error, name, "clCreateContext", code);
    opencl->queue =
        clCreateCommandQueue(opencl->context, found->device, CL_QUEUE_PROFILING_ENABLE, &code);
    if (code != CL_SUCCESS) return gantry_opencl_fail(error, name, "clCreateCommandQueue", code);
    enum gantry_status status = make_program(opencl, found, log, error);
    if (status != GANTRY_OK) return status;
    size_t act = (size_t)params->act_rows * (size_t)(2 * params->g) * GANTRY_CHANNELS;
    opencl->act = make_zeros(opencl, act, &code);
    if (code == CL_SUCCESS)
        opencl->faults = make_zeros(opencl, GANTRY_OPENCL_BATCH * sizeof(cl_int), &code);
    if (code != CL_SUCCESS) return gantry_opencl_fail(error, name, "activation RAM", code);
    return GANTRY_OK;
}

static void drop_memory(cl_mem memory)
{
    if (memory) (void)clReleaseMemObject(memory);
}

static void opencl_close(struct gantry_device *device)
{
    struct gantry_device_opencl *opencl = gantry_device_opencl_of(device);
    cl_kernel kernels[] = {opencl->conv, opencl->window, opencl->load, opencl->store};
    if (opencl->queue) (void)clFinish(opencl->queue);
    for (const struct gantry_mapping *at = opencl->mappings.first; at; at = at->next)
        drop_memory(at->memory);
    gantry_mappings_finish(&opencl->mappings);
    drop_memory(opencl->act);
    drop_memory(opencl->faults);
    for (size_t i = 0; i < GANTRY_COUNT(kernels); i++)
        if (kernels[i]) (void)clReleaseKernel(kernels[i]);
    if (opencl->program) (void)clReleaseProgram(opencl->program);
    if (opencl->queue) (void)clReleaseCommandQueue(opencl->queue);
    if (opencl->context) (void)clReleaseContext(opencl->context);
    gantry_release(opencl->allocator, opencl);
}

static enum gantry_status opencl_open(struct gantry_device **out, const char *config,
                                      const struct gantry_device_options *options,
                                      struct gantry_error *error)
{
    uint32_t index;
    int first, count;
    struct gantry_opencl_found found;
    enum gantry_status status = gantry_device_choose(options, "opencl", 1, &first, &count, error);
    if (status != GANTRY_OK) return status;
    struct gantry_device_opencl *opencl = gantry_allocate(options->allocator, 1, sizeof *opencl);
    if (!opencl) return gantry_fail(error, GANTRY_ERR_MEMORY, "opencl: no memory");
    opencl->base.ops = &gantry_device_opencl_ops;
    opencl->allocator = options->allocator;
    gantry_mappings_init(&opencl->mappings, options->allocator);
    status = parse(opencl, config, &index, error);
    if (status == GANTRY_OK)
        status = gantry_opencl_find(index, opencl->base.info.name, &found, error);
    if (status == GANTRY_OK) status = open_device(opencl, &found, options->log, error);
    if (status != GANTRY_OK) {
        opencl_close(&opencl->base);
        return status;
    }
    describe(opencl, &found);
    *out = &opencl->base;
    return GANTRY_OK;
}

/* ---- Buffers ---- */

static enum gantry_status opencl_alloc(struct gantry_device *device, size_t bytes,
                                       enum gantry_buffer_role role,
                                       struct gantry_device_buffer *out, struct gantry_error *error)
{
    struct gantry_device_opencl *opencl = gantry_device_opencl_of(device);
    const char *name = device->info.name;
    bool on_device = role != GANTRY_ROLE_PROGRAM && role != GANTRY_ROLE_TRACE;
    if (on_device && bytes > opencl->largest)
        return gantry_fail(error, GANTRY_ERR_MEMORY,
                           "%s: buffer: no memory for %zu bytes (largest possible %" PRIu64 ")",
                           name, bytes, (uint64_t)opencl->largest);
    enum gantry_status status = gantry_mappings_add(&opencl->mappings, name, bytes, out, error);
    if (status != GANTRY_OK || !on_device) return status;
    cl_int code;
    struct gantry_mapping *mapping = out->handle;
    mapping->memory = clCreateBuffer(opencl->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
    if (code == CL_SUCCESS) return GANTRY_OK;
    mapping->memory = NULL;
    gantry_mappings_remove(&opencl->mappings, out);
    return gantry_opencl_fail(error, name, "clCreateBuffer", code);
}

static void opencl_free(struct gantry_device *device, struct gantry_device_buffer *buffer)
{
    const struct gantry_mapping *mapping = buffer->handle;
    if (mapping) drop_memory(mapping->memory);
    gantry_mappings_remove(&gantry_device_opencl_of(device)->mappings, buffer);
}

static enum gantry_status opencl_sync(struct gantry_device *device,
                                      struct gantry_device_buffer *buffer, size_t offset,
                                      size_t bytes, enum gantry_sync direction,
                                      struct gantry_error *error)
{
    struct gantry_device_opencl *opencl = gantry_device_opencl_of(device);
    const char *name = device->info.name;
    const struct gantry_mapping *mapping = buffer->handle;
    enum gantry_status status = gantry_buffer_check(name, buffer, offset, bytes, error);
    if (status != GANTRY_OK || bytes == 0 || !mapping->memory) return status;
    bool out = direction == GANTRY_SYNC_TO_DEVICE;
    uint8_t *host = buffer->host + offset;
    cl_int code = out ? clEnqueueWriteBuffer(opencl->queue, mapping->memory, CL_TRUE, offset, bytes,
                                             host, 0, NULL, NULL)
                      : clEnqueueReadBuffer(opencl->queue, mapping->memory, CL_TRUE, offset, bytes,
                                            host, 0, NULL, NULL);
    if (code == CL_SUCCESS) return GANTRY_OK;
    return gantry_opencl_fail(error, name, out ? "clEnqueueWriteBuffer" : "clEnqueueReadBuffer",
                              code);
}

const struct gantry_device_ops gantry_device_opencl_ops = {
    opencl_open,         opencl_close,         opencl_alloc,       opencl_free,
    opencl_sync,         gantry_opencl_submit, gantry_opencl_wait, gantry_opencl_counters,
    gantry_opencl_reset,
};
