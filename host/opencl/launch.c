/* SPDX-License-Identifier: Apache-2.0
 * Launches: instructions in program order, one kernel each, in batches.
 *
 * The queue is in order, so that an instruction sees all that older ones wrote. After a batch the
 * host reads which of its instructions left the activation RAM, and the times of its kernels. */
#include "internal.h"

#include <string.h>

/* ---- Trace ---- */

static void put(uint8_t *record, int word, int lsb, uint64_t value)
{
    uint8_t *at = record + 4 * word;
    gantry_store_u32(at, gantry_load_u32(at) | (uint32_t)(value << lsb));
}

static void put_wide(uint8_t *record, int word, int width, uint64_t value)
{
    gantry_store_u64(record + 4 * word, value & ((UINT64_C(1) << width) - 1));
}

/* A record with nanoseconds where the accelerator has cycles. */
static void write_record(struct gantry_device_opencl *opencl,
                         const struct gantry_opencl_record *done, cl_ulong from, cl_ulong to)
{
    const struct gantry_launch *launch = &opencl->launch;
    uint64_t offset = (uint64_t)opencl->records++ * GANTRY_TRACE_BYTES;
    if (offset + GANTRY_TRACE_BYTES > launch->trace_bytes) return;
    const struct gantry_mapping *mapping =
        gantry_mappings_find(&opencl->mappings, launch->trace, launch->trace_bytes);
    if (!mapping) return;
    uint8_t *record = mapping->host + (launch->trace - mapping->address) + offset;
    memset(record, 0, GANTRY_TRACE_BYTES);
    put(record, GANTRY_TRACE_INDEX_WORD, GANTRY_TRACE_INDEX_LSB, done->index);
    put(record, GANTRY_TRACE_OPCODE_WORD, GANTRY_TRACE_OPCODE_LSB, done->opcode);
    put(record, GANTRY_TRACE_QUEUE_WORD, GANTRY_TRACE_QUEUE_LSB,
        (uint64_t)(gantry_insn_queue(done->opcode) - GANTRY_UNIT_FETCH));
    put(record, GANTRY_TRACE_RUN_WORD, GANTRY_TRACE_RUN_LSB, done->run & UINT16_MAX);
    put_wide(record, GANTRY_TRACE_START_WORD, GANTRY_TRACE_START_WIDTH, from);
    put_wide(record, GANTRY_TRACE_END_WORD, GANTRY_TRACE_END_WIDTH, to);
}

/* Start and end of a kernel, from the start of the launch's first. An instruction without one takes
 * no time. */
static cl_int times_of(struct gantry_device_opencl *opencl, cl_event event, cl_ulong *from,
                       cl_ulong *to)
{
    *from = *to = opencl->last_ns;
    if (!event) return CL_SUCCESS;
    cl_ulong start = 0, end = 0;
    cl_int code =
        clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof start, &start, NULL);
    if (code == CL_SUCCESS)
        code = clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL);
    if (code != CL_SUCCESS) return code;
    if (!opencl->started) opencl->start_ns = start;
    opencl->started = true;
    *from = start - opencl->start_ns;
    *to = opencl->last_ns = end - opencl->start_ns;
    return CL_SUCCESS;
}

/* ---- Batches ---- */

/* Keeps the first failure, which ends the launch. */
static bool call_failed(struct gantry_device_opencl *opencl, const char *call, cl_int code)
{
    if (code == CL_SUCCESS) return false;
    if (opencl->code == CL_SUCCESS) {
        opencl->call = call;
        opencl->code = code;
    }
    opencl->order.over = true;
    return true;
}

static void drop_batch(struct gantry_device_opencl *opencl)
{
    for (uint32_t i = 0; i < opencl->batch_count; i++)
        if (opencl->batch[i].event) (void)clReleaseEvent(opencl->batch[i].event);
    opencl->batch_count = 0;
    if (opencl->event) (void)clReleaseEvent(opencl->event);
    opencl->event = NULL;
}

/* The oldest instruction of a batch that left the activation RAM ends the launch, whatever younger
 * ones did. */
static void find_fault(struct gantry_device_opencl *opencl, const cl_int *faults)
{
    for (uint32_t i = 0; i < opencl->batch_count; i++) {
        if (faults[i] == 0) continue;
        opencl->result.cause = GANTRY_CAUSE_NONE;
        (void)gantry_order_fail(&opencl->order, GANTRY_CAUSE_ACT_RANGE,
                                gantry_insn_queue(opencl->batch[i].opcode), opencl->batch[i].index,
                                (uint64_t)faults[i]);
        return;
    }
}

/* Waits for the instructions of the batch, and starts another. */
static void drain(struct gantry_device_opencl *opencl)
{
    cl_int faults[GANTRY_OPENCL_BATCH];
    cl_ulong from, to;
    cl_int code = clEnqueueReadBuffer(opencl->queue, opencl->faults, CL_TRUE, 0, sizeof faults,
                                      faults, 0, NULL, NULL);
    if (!call_failed(opencl, "clEnqueueReadBuffer", code)) find_fault(opencl, faults);
    for (uint32_t i = 0; opencl->launch.trace_on && i < opencl->batch_count; i++) {
        code = times_of(opencl, opencl->batch[i].event, &from, &to);
        if (call_failed(opencl, "clGetEventProfilingInfo", code)) break;
        write_record(opencl, &opencl->batch[i], from, to);
    }
    drop_batch(opencl);
}

/* ---- Instructions ---- */

struct argument {
    size_t bytes;
    const void *value;
};

/* Kernel for items in rows of whole work-groups. */
static bool enqueue(struct gantry_device_opencl *opencl, cl_kernel kernel,
                    const struct argument *arguments, cl_uint count, int64_t items, int64_t rows)
{
    const size_t local[] = {GANTRY_OPENCL_LOCAL, 1};
    const size_t global[] = {gantry_align_size((size_t)items, GANTRY_OPENCL_LOCAL), (size_t)rows};
    const cl_int slot = (cl_int)opencl->batch_count;
    cl_int code = CL_SUCCESS;
    for (cl_uint i = 0; code == CL_SUCCESS && i < count; i++)
        code = clSetKernelArg(kernel, i, arguments[i].bytes, arguments[i].value);
    if (code == CL_SUCCESS) code = clSetKernelArg(kernel, count, sizeof(cl_mem), &opencl->faults);
    if (code == CL_SUCCESS) code = clSetKernelArg(kernel, count + 1, sizeof slot, &slot);
    if (call_failed(opencl, "clSetKernelArg", code)) return false;
    code = clEnqueueNDRangeKernel(opencl->queue, kernel, 2, NULL, global, local, 0, NULL,
                                  &opencl->event);
    return !call_failed(opencl, "clEnqueueNDRangeKernel", code);
}

static bool move(struct gantry_device_opencl *opencl, cl_kernel kernel,
                 const struct gantry_queue_entry *entry)
{
    struct gantry_move decoded;
    gantry_move_decode(&decoded, &entry->insn);
    cl_long at = opencl->buffer_at[decoded.buffer];
    for (int32_t row = 0; row < decoded.rows; row++) {
        int64_t start = gantry_order_row(&opencl->order, entry, &decoded, row);
        if (start < 0) return false;
        if (row == 0) at += start;
    }
    const struct argument arguments[] = {{sizeof(cl_mem), &opencl->act},
                                         {sizeof(cl_mem), &opencl->buffer[decoded.buffer]},
                                         {sizeof decoded, &decoded},
                                         {sizeof at, &at}};
    return enqueue(opencl, kernel, arguments, GANTRY_COUNT(arguments),
                   (int64_t)decoded.pixels * decoded.words, decoded.rows);
}

static bool load(void *context, struct gantry_queue_entry *entry)
{
    struct gantry_device_opencl *opencl = context;
    return move(opencl, opencl->load, entry);
}

static bool store(void *context, struct gantry_queue_entry *entry)
{
    struct gantry_device_opencl *opencl = context;
    return move(opencl, opencl->store, entry);
}

static bool front(void *context, struct gantry_queue_entry *entry)
{
    struct gantry_device_opencl *opencl = context;
    struct gantry_conv conv;
    gantry_conv_decode(&conv, &entry->insn, 2 * opencl->params.g);
    struct gantry_lines lines = {
        .at = opencl->weights_at,
        .stripe = gantry_stripe_bytes(opencl->launch.wgt_lines, opencl->params.ports),
        .group = gantry_conv_group_lines(&entry->insn),
    };
    for (int32_t group = 0; group < conv.groups; group++) {
        int64_t line = gantry_order_lines(&opencl->order, entry);
        if (line < 0) return false;
        if (group == 0) lines.first = line;
    }
    int64_t items = (int64_t)conv.rows * conv.p; /* the raster; fewer below */
    if (conv.window) items = (int64_t)conv.out.h * conv.out.w;
    if (conv.tcb) items = conv.window ? conv.walk_cb : conv.rows;
    const struct argument arguments[] = {{sizeof(cl_mem), &opencl->act},
                                         {sizeof(cl_mem), &opencl->weights},
                                         {sizeof conv, &conv},
                                         {sizeof lines, &lines}};
    return enqueue(opencl, conv.window ? opencl->window : opencl->conv, arguments,
                   GANTRY_COUNT(arguments), items, (int64_t)conv.groups * conv.m);
}

static void finished(void *context, const struct gantry_queue_entry *entry)
{
    struct gantry_device_opencl *opencl = context;
    opencl->batch[opencl->batch_count++] = (struct gantry_opencl_record){
        .index = entry->index,
        .run = entry->run,
        .opcode = (uint32_t)gantry_insn_get(&entry->insn, GANTRY_COMMON_OPCODE),
        .event = opencl->event,
    };
    opencl->event = NULL;
}

/* ---- Operations of the device ---- */

/* The device's memory of a range, and where in it the range starts. */
static enum gantry_status memory_of(const struct gantry_device_opencl *opencl, uint64_t address,
                                    uint64_t bytes, cl_mem *out, int64_t *at,
                                    struct gantry_error *error)
{
    *out = NULL;
    *at = 0;
    if (bytes == 0) return GANTRY_OK;
    const struct gantry_mapping *mapping = gantry_mappings_find(&opencl->mappings, address, bytes);
    *out = mapping->memory;
    *at = (int64_t)(address - mapping->address);
    if (*out) return GANTRY_OK;
    return gantry_fail(error, GANTRY_ERR_ARGUMENT,
                       "%s: the buffer at 0x%llx is one of programs or traces",
                       opencl->base.info.name, (unsigned long long)mapping->address);
}

enum gantry_status gantry_opencl_submit(struct gantry_device *device,
                                        const struct gantry_launch *launch,
                                        struct gantry_error *error)
{
    struct gantry_device_opencl *opencl = gantry_device_opencl_of(device);
    const uint64_t addresses[] = {launch->arena, launch->input, launch->output};
    const uint32_t bytes[] = {launch->arena_bytes, launch->input_bytes, launch->output_bytes};
    if (opencl->submitted)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: a launch is under way",
                           device->info.name);
    enum gantry_status status = gantry_mappings_launch(
        &opencl->mappings, device->info.name, device->info.ports, launch, &opencl->memory, error);
    for (size_t i = 0; status == GANTRY_OK && i < GANTRY_COUNT(addresses); i++)
        status = memory_of(opencl, addresses[i], bytes[i], &opencl->buffer[i],
                           &opencl->buffer_at[i], error);
    if (status == GANTRY_OK)
        status = memory_of(opencl, launch->weights, launch->wgt_lines, &opencl->weights,
                           &opencl->weights_at, error);
    if (status != GANTRY_OK) return status;
    opencl->launch = *launch;
    opencl->submitted = true;
    return GANTRY_OK;
}

static void start(struct gantry_device_opencl *opencl)
{
    static const struct gantry_order_ops ops = {load, store, front, NULL, finished};
    static const cl_int zero = 0;
    opencl->submitted = false;
    opencl->code = CL_SUCCESS;
    opencl->records = 0;
    opencl->started = false;
    opencl->start_ns = opencl->last_ns = 0;
    gantry_order_start(&opencl->order, &opencl->params, &opencl->memory, 0, &ops, opencl,
                       &opencl->result);
    cl_int code = clEnqueueFillBuffer(opencl->queue, opencl->faults, &zero, sizeof zero, 0,
                                      GANTRY_OPENCL_BATCH * sizeof zero, 0, NULL, NULL);
    (void)call_failed(opencl, "clEnqueueFillBuffer", code);
}

enum gantry_status gantry_opencl_wait(struct gantry_device *device, uint32_t timeout_ms,
                                      struct gantry_error *error)
{
    struct gantry_device_opencl *opencl = gantry_device_opencl_of(device);
    uint64_t deadline = gantry_now_ns() + (uint64_t)timeout_ms * 1000000u;
    if (!opencl->submitted)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: no launch is under way",
                           device->info.name);
    start(opencl);
    while (!opencl->order.over) {
        gantry_order_step(&opencl->order);
        if (opencl->batch_count < GANTRY_OPENCL_BATCH) continue;
        drain(opencl);
        if (!opencl->order.over && gantry_now_ns() > deadline)
            return gantry_fail(error, GANTRY_ERR_TIMEOUT,
                               "%s: launch not done after %u ms; aborted", device->info.name,
                               (unsigned)timeout_ms);
    }
    drain(opencl);
    if (opencl->code != CL_SUCCESS)
        return gantry_opencl_fail(error, device->info.name, opencl->call, opencl->code);
    if (opencl->result.cause == GANTRY_CAUSE_NONE) return GANTRY_OK;
    gantry_result_add_address(&opencl->result, &opencl->launch, &opencl->memory);
    return gantry_device_fault(error, device->info.name, &opencl->result);
}

enum gantry_status gantry_opencl_counters(struct gantry_device *device, struct gantry_counters *out,
                                          struct gantry_error *error)
{
    (void)error;
    const struct gantry_device_opencl *opencl = gantry_device_opencl_of(device);
    *out = (struct gantry_counters){
        .insn_done = opencl->result.insn_done,
        .read_bytes = opencl->result.read_bytes,
        .write_bytes = opencl->result.write_bytes,
        .trace_lost = (uint64_t)opencl->records * GANTRY_TRACE_BYTES > opencl->launch.trace_bytes,
    };
    return GANTRY_OK;
}

enum gantry_status gantry_opencl_reset(struct gantry_device *device, struct gantry_error *error)
{
    struct gantry_device_opencl *opencl = gantry_device_opencl_of(device);
    opencl->submitted = false;
    drop_batch(opencl);
    cl_int code = clFinish(opencl->queue);
    if (code == CL_SUCCESS) return GANTRY_OK;
    return gantry_opencl_fail(error, device->info.name, "clFinish", code);
}
