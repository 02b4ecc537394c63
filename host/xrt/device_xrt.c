/* SPDX-License-Identifier: Apache-2.0
 * The device "xrt": an accelerator that is reached through XRT's C interface. Opening, identity,
 * buffers. */
#define _POSIX_C_SOURCE 200809L
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/xclbin.h"

#define BUFFER(reg, master)
#define KERNEL(name, instance) static const char kernel_name[] = #name;
#include "kernel.def"
#undef BUFFER
#undef KERNEL

enum { PAGE_BYTES = 4096, MEGABYTE = 1 << 20, PATH_BYTES = 4096 };

static const struct gantry_device_ops xrt_ops;

static bool read_register(void *context, uint32_t reg, uint32_t *value_out)
{
    struct gantry_device_xrt *xrt = context;
    return xrtKernelReadRegister(xrt->kernel, reg, value_out) == 0;
}

/* ---- Opening ---- */

/* XRT ends the process when it does not find its driver's library: that is looked for first. */
static enum gantry_status find_driver(const char *name, struct gantry_error *error)
{
    char path[PATH_BYTES];
    const char *root = getenv("XILINX_XRT");
#ifdef __aarch64__
    if (!root) root = "/usr"; /* as XRT does */
#endif
    (void)snprintf(path, sizeof path, "%s/lib/libxrt_core.so.2", root ? root : "");
    if (root && access(path, R_OK) == 0) return GANTRY_OK;
    if (root)
        gantry_fail(error, GANTRY_ERR_MISSING, "%s: no XRT driver: %.150s is not there", name,
                    path);
    else
        gantry_fail(error, GANTRY_ERR_MISSING, "%s: no XRT driver: XILINX_XRT is not set", name);
    gantry_hint(error, "set XILINX_XRT to a folder whose lib holds libxrt_core.so.2");
    return GANTRY_ERR_MISSING;
}

static bool parse_index(const char *config, unsigned *index)
{
    *index = 0;
    if (!config) return true;
    if (!config[0] || strlen(config) > 3) return false;
    for (const char *at = config; *at; at++) {
        if (*at < '0' || *at > '9') return false;
        *index = *index * 10 + (unsigned)(*at - '0');
    }
    return true;
}

/* Registers are written by the argument's number: they must be where this library thinks. */
static enum gantry_status check_arguments(struct gantry_device_xrt *xrt, struct gantry_error *error)
{
    xrt->argument_count = gantry_arguments(xrt->arguments);
    for (size_t i = 0; i < xrt->argument_count; i++) {
        uint32_t offset = xrtKernelArgOffset(xrt->kernel, (int)i);
        if (offset == xrt->arguments[i].reg) continue;
        gantry_fail(error, GANTRY_ERR_DEVICE, "%s: register %s of the xclbin is 0x%X, not 0x%X",
                    xrt->base.info.name, xrt->arguments[i].name, offset, xrt->arguments[i].reg);
        gantry_hint(error, "build library and accelerator from the same sources");
        return GANTRY_ERR_DEVICE;
    }
    return GANTRY_OK;
}

static enum gantry_status open_kernel(struct gantry_device_xrt *xrt, const char *xclbin,
                                      struct gantry_error *error)
{
    const char *name = xrt->base.info.name;
    xuid_t uuid;
    if (xrtDeviceLoadXclbinFile(xrt->device, xclbin) || xrtDeviceGetXclbinUUID(xrt->device, uuid))
        return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: XRT does not load %.150s", name, xclbin);
    xrt->kernel = xrtPLKernelOpenExclusive(xrt->device, uuid, kernel_name);
    if (!xrt->kernel) {
        gantry_fail(error, GANTRY_ERR_DEVICE,
                    "%s: kernel %s of %.150s: not there, or used by another process", name,
                    kernel_name, xclbin);
        return GANTRY_ERR_DEVICE;
    }
    enum gantry_status status = gantry_registers_identify(&xrt->registers, &xrt->base.info, error);
    if (status == GANTRY_OK) status = check_arguments(xrt, error);
    if (status != GANTRY_OK) return status;
    xrt->run = xrtRunOpen(xrt->kernel);
    if (!xrt->run) return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: XRT makes no run", name);
    return GANTRY_OK;
}

static void describe(struct gantry_device_info *info)
{
    (void)snprintf(info->description, sizeof info->description,
                   "accelerator through XRT: %u MAC/cycle, %d ports, %u MHz",
                   info->peak_macs_per_cycle, info->ports, info->clock_hz / 1000000u);
}

static void drop(struct gantry_device_xrt *xrt, struct gantry_xrt_buffer *buffer)
{
    (void)xrtBOFree(buffer->bo);
    gantry_release(xrt->allocator, buffer);
}

static void xrt_close(struct gantry_device *device)
{
    struct gantry_device_xrt *xrt = gantry_device_xrt_of(device);
    if (xrt->run && xrt->running) (void)gantry_xrt_reset(device, NULL);
    if (xrt->run) (void)xrtRunClose(xrt->run);
    while (xrt->buffers) {
        struct gantry_xrt_buffer *next = xrt->buffers->next;
        drop(xrt, xrt->buffers);
        xrt->buffers = next;
    }
    if (xrt->kernel) (void)xrtKernelClose(xrt->kernel);
    if (xrt->device) (void)xrtDeviceClose(xrt->device);
    gantry_release(xrt->allocator, xrt);
}

static const char *default_xclbin(void)
{
    const char *path = getenv("GANTRY_XCLBIN");
    return path ? path : GANTRY_XCLBIN_DEFAULT;
}

/* Loads nothing: another process may be at work on the device. */
static bool is_present(void)
{
    struct gantry_xclbin xclbin;
    if (find_driver("xrt", NULL) != GANTRY_OK) return false;
    if (gantry_xclbin_read(&xclbin, "xrt", default_xclbin(), NULL) != GANTRY_OK) return false;
    xrtDeviceHandle device = xrtDeviceOpen(0);
    if (device) (void)xrtDeviceClose(device);
    return device != NULL;
}

static enum gantry_status open_device(struct gantry_device_xrt *xrt, unsigned index,
                                      const struct gantry_device_options *options,
                                      struct gantry_error *error)
{
    struct gantry_device_info *info = &xrt->base.info;
    const char *path = options->xclbin ? options->xclbin : default_xclbin();
    struct gantry_xclbin xclbin;
    enum gantry_status status = find_driver(info->name, error);
    if (status == GANTRY_OK) status = gantry_xclbin_read(&xclbin, info->name, path, error);
    if (status != GANTRY_OK) return status;
    info->clock_hz = xclbin.clock_hz;
    xrt->device = xrtDeviceOpen(index);
    if (!xrt->device) {
        gantry_fail(error, GANTRY_ERR_DEVICE, "%s: XRT has no device %u", info->name, index);
        gantry_hint(error, "load the accelerator first: xmutil loadapp gantry");
        return GANTRY_ERR_DEVICE;
    }
    status = open_kernel(xrt, path, error);
    if (status == GANTRY_OK) describe(info);
    return status;
}

static enum gantry_status xrt_open(struct gantry_device **out, const char *config,
                                   const struct gantry_device_options *options,
                                   struct gantry_error *error)
{
    unsigned index;
    if (!parse_index(config, &index))
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "device 'xrt:%.40s': not an index (0..999)",
                           config);
    struct gantry_device_xrt *xrt = gantry_allocate(options->allocator, 1, sizeof *xrt);
    if (!xrt) return gantry_fail(error, GANTRY_ERR_MEMORY, "xrt: no memory");
    xrt->base.ops = &xrt_ops;
    xrt->allocator = options->allocator;
    (void)snprintf(xrt->base.info.name, sizeof xrt->base.info.name, "xrt:%u", index);
    xrt->registers = (struct gantry_registers){xrt, read_register, xrt->base.info.name};
    enum gantry_status status = open_device(xrt, index, options, error);
    if (status != GANTRY_OK) {
        xrt_close(&xrt->base);
        return status;
    }
    *out = &xrt->base;
    return GANTRY_OK;
}

/* ---- Buffers ---- */

struct gantry_xrt_buffer *gantry_xrt_buffer_at(const struct gantry_device_xrt *xrt,
                                               uint64_t address)
{
    struct gantry_xrt_buffer *buffer = xrt->buffers;
    while (buffer && buffer->address != address) buffer = buffer->next;
    return buffer;
}

static int group_of(const struct gantry_device_xrt *xrt, enum gantry_buffer_role role)
{
    for (size_t i = 0; i < xrt->argument_count; i++)
        if (xrt->arguments[i].role == (int)role) return xrtKernelArgGroupId(xrt->kernel, (int)i);
    return -1;
}

static xrtBufferHandle take(const struct gantry_device_xrt *xrt, size_t bytes, int group)
{
    return xrtBOAlloc(xrt->device, bytes, XRT_BO_FLAGS_CACHEABLE, (xrtMemoryGroup)group);
}

/* By trying: no other way asks every driver. */
static size_t largest_possible(const struct gantry_device_xrt *xrt, size_t bytes, int group)
{
    size_t fits = 0, fails = bytes / PAGE_BYTES;
    while (fails - fits > 1) {
        size_t middle = fits + (fails - fits) / 2;
        xrtBufferHandle bo = take(xrt, middle * PAGE_BYTES, group);
        if (bo)
            fits = middle;
        else
            fails = middle;
        if (bo) (void)xrtBOFree(bo);
    }
    return fits * PAGE_BYTES;
}

static enum gantry_status no_room(const struct gantry_device_xrt *xrt, size_t bytes, int group,
                                  struct gantry_error *error)
{
    size_t all = bytes;
    for (const struct gantry_xrt_buffer *at = xrt->buffers; at; at = at->next) all += at->bytes;
    gantry_fail(error, GANTRY_ERR_MEMORY,
                "%s: buffer: %zu bytes of device memory are not to be had (largest possible %zu)",
                xrt->base.info.name, bytes, largest_possible(xrt, bytes, group));
    gantry_hint(error,
                "reserve at least that much contiguous memory: cma=%zuM on the kernel's "
                "command line",
                all / MEGABYTE + 1);
    return GANTRY_ERR_MEMORY;
}

static enum gantry_status map(struct gantry_device_xrt *xrt, struct gantry_xrt_buffer *buffer,
                              struct gantry_error *error)
{
    buffer->address = xrtBOAddress(buffer->bo);
    buffer->host = xrtBOMap(buffer->bo);
    if (buffer->host && buffer->address != (uint64_t)INT64_MAX) return GANTRY_OK;
    return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: buffer: XRT does not map %zu bytes",
                       xrt->base.info.name, buffer->bytes);
}

static enum gantry_status xrt_alloc(struct gantry_device *device, size_t bytes,
                                    enum gantry_buffer_role role, struct gantry_device_buffer *out,
                                    struct gantry_error *error)
{
    struct gantry_device_xrt *xrt = gantry_device_xrt_of(device);
    const char *name = device->info.name;
    size_t padded;
    if (!bytes || !gantry_add_size(bytes, PAGE_BYTES, &padded))
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: buffer: %zu bytes are no size", name,
                           bytes);
    int group = group_of(xrt, role);
    if (group < 0)
        return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: buffer: no memory for role %d", name,
                           (int)role);
    struct gantry_xrt_buffer *buffer = gantry_allocate(xrt->allocator, 1, sizeof *buffer);
    if (!buffer) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: no memory", name);
    buffer->bytes = gantry_align_size(bytes, PAGE_BYTES);
    buffer->bo = take(xrt, buffer->bytes, group);
    enum gantry_status status =
        buffer->bo ? map(xrt, buffer, error) : no_room(xrt, buffer->bytes, group, error);
    if (status != GANTRY_OK) {
        if (buffer->bo) (void)xrtBOFree(buffer->bo);
        gantry_release(xrt->allocator, buffer);
        return status;
    }
    buffer->next = xrt->buffers;
    xrt->buffers = buffer;
    *out = (struct gantry_device_buffer){buffer->host, buffer->address, bytes, buffer};
    return GANTRY_OK;
}

static void xrt_free(struct gantry_device *device, struct gantry_device_buffer *buffer)
{
    struct gantry_device_xrt *xrt = gantry_device_xrt_of(device);
    for (struct gantry_xrt_buffer **at = &xrt->buffers; *at; at = &(*at)->next) {
        struct gantry_xrt_buffer *found = *at;
        if (found != buffer->handle) continue;
        *at = found->next;
        drop(xrt, found);
        break;
    }
    *buffer = (struct gantry_device_buffer){0};
}

static enum gantry_status xrt_sync(struct gantry_device *device,
                                   struct gantry_device_buffer *buffer, size_t offset, size_t bytes,
                                   enum gantry_sync direction, struct gantry_error *error)
{
    const struct gantry_xrt_buffer *own = buffer->handle;
    enum gantry_status status =
        gantry_buffer_check(device->info.name, buffer, offset, bytes, error);
    if (status != GANTRY_OK) return status;
    enum xclBOSyncDirection way =
        direction == GANTRY_SYNC_TO_DEVICE ? XCL_BO_SYNC_BO_TO_DEVICE : XCL_BO_SYNC_BO_FROM_DEVICE;
    if (bytes == 0 || xrtBOSync(own->bo, way, bytes, offset) == 0) return GANTRY_OK;
    return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: sync: XRT fails on %zu bytes",
                       device->info.name, bytes);
}

/* ---- The module ---- */

static const struct gantry_device_ops xrt_ops = {
    xrt_open,          xrt_close,       xrt_alloc,           xrt_free,         xrt_sync,
    gantry_xrt_submit, gantry_xrt_wait, gantry_xrt_counters, gantry_xrt_reset,
};

extern GANTRY_API const struct gantry_device_module gantry_device_module;

const struct gantry_device_module gantry_device_module = {
    .spec_hash = GANTRY_SPEC_HASH,
    .library_version = GANTRY_VERSION_STRING,
    .ops = &xrt_ops,
    .is_present = is_present,
};
