/* SPDX-License-Identifier: Apache-2.0
 * The device "xrt": accelerators that are reached through XRT's C interface. Opening, identity. */
#define _POSIX_C_SOURCE 200809L
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/board.h"
#include "device/xclbin.h"

#define BUFFER(reg, master)
#define KERNEL(name, instance) static const char kernel_name[] = #name;
#include "kernel.def"
#undef BUFFER
#undef KERNEL

enum { PATH_BYTES = 4096 };

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

static enum gantry_status open_kernel(struct gantry_device_xrt *xrt, const char *instance,
                                      const char *path, struct gantry_error *error)
{
    const char *name = xrt->base.info.name;
    char full[sizeof kernel_name + GANTRY_XCLBIN_NAME_BYTES + sizeof ":{}"];
    (void)snprintf(full, sizeof full, "%s:{%s}", kernel_name, instance);
    xrt->kernel = xrtPLKernelOpenExclusive(xrt->board->device, xrt->board->uuid, full);
    if (!xrt->kernel) {
        gantry_fail(error, GANTRY_ERR_DEVICE, "%s: kernel %s of %.100s: used by another process",
                    name, instance, path);
        return GANTRY_ERR_DEVICE;
    }
    enum gantry_status status = gantry_registers_identify(&xrt->registers, &xrt->base.info, error);
    if (status == GANTRY_OK) status = check_arguments(xrt, error);
    if (status != GANTRY_OK) return status;
    xrt->run = xrtRunOpen(xrt->kernel);
    if (!xrt->run) return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: XRT makes no run", name);
    return GANTRY_OK;
}

static void describe(struct gantry_device_info *info, int count)
{
    char times[24] = "";
    if (count > 1) (void)snprintf(times, sizeof times, "%d x ", count);
    (void)snprintf(info->description, sizeof info->description,
                   "accelerator through XRT: %s%u MAC/cycle, %d ports, %u MHz", times,
                   info->peak_macs_per_cycle, info->ports, info->clock_hz / 1000000u);
}

static void close_run(struct gantry_device_xrt *xrt)
{
    if (xrt->run && xrt->running) (void)gantry_xrt_reset(&xrt->base, NULL);
    if (xrt->run) (void)xrtRunClose(xrt->run);
    xrt->run = NULL;
}

static void xrt_close(struct gantry_device *first)
{
    struct gantry_device_xrt *owner = gantry_device_xrt_of(first);
    struct gantry_xrt_board *board = owner->board;
    const struct gantry_allocator *allocator = owner->allocator;
    for (struct gantry_device *device = first; device; device = device->next)
        close_run(gantry_device_xrt_of(device));
    gantry_xrt_buffers_drop(owner);
    for (struct gantry_device *device = first, *next; device; device = next) {
        next = device->next;
        xrtKernelHandle kernel = gantry_device_xrt_of(device)->kernel;
        if (kernel) (void)xrtKernelClose(kernel);
        gantry_release(allocator, device);
    }
    if (board->device) (void)xrtDeviceClose(board->device);
    (void)pthread_mutex_destroy(&board->mutex);
    gantry_release(allocator, board);
}

static const char *default_xclbin(void)
{
    const char *path = getenv("GANTRY_XCLBIN");
    return path ? path : GANTRY_XCLBIN_DEFAULT;
}

/* The image that is taken when none is named belongs to the application of that name. */
static enum gantry_status find_application(const char *path, const char *name,
                                           struct gantry_error *error)
{
    return strcmp(path, GANTRY_XCLBIN_DEFAULT) == 0 ? gantry_board_check("", name, error)
                                                    : GANTRY_OK;
}

/* Loads nothing: another process may be at work on the device. */
static bool is_present(void)
{
    struct gantry_xclbin xclbin;
    if (find_application(default_xclbin(), "xrt", NULL) != GANTRY_OK) return false;
    if (find_driver("xrt", NULL) != GANTRY_OK) return false;
    if (gantry_xclbin_read(&xclbin, "xrt", default_xclbin(), NULL) != GANTRY_OK) return false;
    xrtDeviceHandle device = xrtDeviceOpen(0);
    if (device) (void)xrtDeviceClose(device);
    return device != NULL;
}

/* The device with its image, no accelerator yet. */
static enum gantry_status load(struct gantry_xrt_board *board, unsigned index, const char *name,
                               const char *path, const struct gantry_xclbin *xclbin,
                               struct gantry_error *error)
{
    board->device = xrtDeviceOpen(index);
    if (!board->device) {
        gantry_fail(error, GANTRY_ERR_DEVICE, "%s: XRT has no device %u", name, index);
        gantry_hint(error, "load the accelerator first: xmutil loadapp gantry");
        return GANTRY_ERR_DEVICE;
    }
    if (!xclbin->has_kernel)
        return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: no kernel %s in %.150s", name,
                           kernel_name, path);
    if (xrtDeviceLoadXclbinFile(board->device, path) ||
        xrtDeviceGetXclbinUUID(board->device, board->uuid))
        return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: XRT does not load %.150s", name, path);
    return GANTRY_OK;
}

static struct gantry_device_xrt *make(struct gantry_xrt_board *board, const char *name,
                                      uint32_t clock_hz, const struct gantry_allocator *allocator)
{
    struct gantry_device_xrt *xrt = gantry_allocate(allocator, 1, sizeof *xrt);
    if (!xrt) return NULL;
    xrt->base.ops = &xrt_ops;
    xrt->allocator = allocator;
    xrt->board = board;
    xrt->base.info.clock_hz = clock_hz;
    (void)snprintf(xrt->base.info.name, sizeof xrt->base.info.name, "%s", name);
    xrt->registers = (struct gantry_registers){xrt, read_register, xrt->base.info.name};
    return xrt;
}

/* Opens the accelerators that are wanted; the device owns the board from the first one on. */
static enum gantry_status open_kernels(struct gantry_device **out, struct gantry_xrt_board *board,
                                       const char *name, const char *path,
                                       const struct gantry_xclbin *xclbin,
                                       const struct gantry_device_options *options,
                                       struct gantry_error *error)
{
    struct gantry_device **at = out;
    int first, count;
    enum gantry_status status =
        gantry_device_choose(options, name, xclbin->instances, &first, &count, error);
    for (int i = 0; i < count && status == GANTRY_OK; i++, at = &(*at)->next) {
        struct gantry_device_xrt *xrt = make(board, name, xclbin->clock_hz, options->allocator);
        if (!xrt) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: no memory", name);
        *at = &xrt->base;
        status = open_kernel(xrt, xclbin->names[first + i], path, error);
        if (status == GANTRY_OK) describe(&xrt->base.info, count);
    }
    return status;
}

static enum gantry_status open_board(struct gantry_device **out, unsigned index,
                                     const struct gantry_device_options *options,
                                     struct gantry_error *error)
{
    char name[sizeof out[0]->info.name];
    const char *path = options->xclbin ? options->xclbin : default_xclbin();
    struct gantry_xclbin xclbin;
    (void)snprintf(name, sizeof name, "xrt:%u", index);
    enum gantry_status status = find_application(path, name, error);
    if (status == GANTRY_OK) status = find_driver(name, error);
    if (status == GANTRY_OK) status = gantry_xclbin_read(&xclbin, name, path, error);
    if (status != GANTRY_OK) return status;
    struct gantry_xrt_board *board = gantry_allocate(options->allocator, 1, sizeof *board);
    if (!board) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: no memory", name);
    (void)pthread_mutex_init(&board->mutex, NULL);
    status = load(board, index, name, path, &xclbin, error);
    if (status == GANTRY_OK) status = open_kernels(out, board, name, path, &xclbin, options, error);
    if (status == GANTRY_OK || *out) return status;
    if (board->device) (void)xrtDeviceClose(board->device);
    (void)pthread_mutex_destroy(&board->mutex);
    gantry_release(options->allocator, board);
    return status;
}

static enum gantry_status xrt_open(struct gantry_device **out, const char *config,
                                   const struct gantry_device_options *options,
                                   struct gantry_error *error)
{
    unsigned index;
    *out = NULL;
    if (!parse_index(config, &index))
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "device 'xrt:%.40s': not an index (0..999)",
                           config);
    enum gantry_status status = open_board(out, index, options, error);
    if (status == GANTRY_OK || !*out) return status;
    xrt_close(*out);
    *out = NULL;
    return status;
}

/* ---- The module ---- */

static const struct gantry_device_ops xrt_ops = {
    xrt_open,          xrt_close,       gantry_xrt_alloc,    gantry_xrt_free,  gantry_xrt_sync,
    gantry_xrt_submit, gantry_xrt_wait, gantry_xrt_counters, gantry_xrt_reset,
};

extern GANTRY_API const struct gantry_device_module gantry_device_module;

const struct gantry_device_module gantry_device_module = {
    .seam = GANTRY_DEVICE_SEAM,
    .spec_hash = GANTRY_SPEC_HASH,
    .library_version = GANTRY_VERSION_STRING,
    .ops = &xrt_ops,
    .is_present = is_present,
};
