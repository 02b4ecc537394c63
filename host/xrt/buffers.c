/* SPDX-License-Identifier: Apache-2.0
 * Buffers of the device "xrt": XRT's, known by their addresses. */
#include "internal.h"

enum { PAGE_BYTES = 4096, MEGABYTE = 1 << 20 };

struct gantry_xrt_buffer *gantry_xrt_buffer_at(const struct gantry_device_xrt *xrt,
                                               uint64_t address)
{
    (void)pthread_mutex_lock(&xrt->board->mutex);
    struct gantry_xrt_buffer *buffer = xrt->board->buffers;
    while (buffer && buffer->address != address) buffer = buffer->next;
    (void)pthread_mutex_unlock(&xrt->board->mutex);
    return buffer;
}

static void drop(struct gantry_device_xrt *xrt, struct gantry_xrt_buffer *buffer)
{
    (void)xrtBOFree(buffer->bo);
    gantry_release(xrt->allocator, buffer);
}

void gantry_xrt_buffers_drop(struct gantry_device_xrt *xrt)
{
    while (xrt->board->buffers) {
        struct gantry_xrt_buffer *next = xrt->board->buffers->next;
        drop(xrt, xrt->board->buffers);
        xrt->board->buffers = next;
    }
}

static int group_of(const struct gantry_device_xrt *xrt, enum gantry_buffer_role role)
{
    for (size_t i = 0; i < xrt->argument_count; i++)
        if (xrt->arguments[i].role == (int)role) return xrtKernelArgGroupId(xrt->kernel, (int)i);
    return -1;
}

static xrtBufferHandle take(const struct gantry_device_xrt *xrt, size_t bytes, int group)
{
    return xrtBOAlloc(xrt->board->device, bytes, XRT_BO_FLAGS_CACHEABLE, (xrtMemoryGroup)group);
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
    (void)pthread_mutex_lock(&xrt->board->mutex);
    for (const struct gantry_xrt_buffer *at = xrt->board->buffers; at; at = at->next)
        all += at->bytes;
    (void)pthread_mutex_unlock(&xrt->board->mutex);
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

enum gantry_status gantry_xrt_alloc(struct gantry_device *device, size_t bytes,
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
    (void)pthread_mutex_lock(&xrt->board->mutex);
    buffer->next = xrt->board->buffers;
    xrt->board->buffers = buffer;
    (void)pthread_mutex_unlock(&xrt->board->mutex);
    *out = (struct gantry_device_buffer){buffer->host, buffer->address, bytes, buffer};
    return GANTRY_OK;
}

void gantry_xrt_free(struct gantry_device *device, struct gantry_device_buffer *buffer)
{
    struct gantry_device_xrt *xrt = gantry_device_xrt_of(device);
    struct gantry_xrt_buffer *found = NULL;
    (void)pthread_mutex_lock(&xrt->board->mutex);
    for (struct gantry_xrt_buffer **at = &xrt->board->buffers; *at && !found;) {
        if (*at != buffer->handle) {
            at = &(*at)->next;
            continue;
        }
        found = *at;
        *at = found->next;
    }
    (void)pthread_mutex_unlock(&xrt->board->mutex);
    if (found) drop(xrt, found);
    *buffer = (struct gantry_device_buffer){0};
}

enum gantry_status gantry_xrt_sync(struct gantry_device *device,
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
