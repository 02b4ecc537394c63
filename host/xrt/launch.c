/* SPDX-License-Identifier: Apache-2.0
 * Launches through XRT: start, wait with a time limit, abort, counters. */
#define _POSIX_C_SOURCE 200809L
#include "internal.h"

#include <string.h>
#include <time.h>

enum {
    POLL_NS_MIN = 20000, /* between looks at a launch: grows from the one to the other */
    POLL_NS_MAX = 1000000,
    ABORT_MS = 5000 /* a launch that goes on longer after its abort is never answered by memory */
};

static enum gantry_status lost(const struct gantry_device_xrt *xrt, struct gantry_error *error)
{
    gantry_fail(error, GANTRY_ERR_DEVICE, "%s: the device was lost", xrt->base.info.name);
    gantry_hint(error, "load the accelerator again: xmutil unloadapp; xmutil loadapp gantry");
    return GANTRY_ERR_DEVICE;
}

static enum gantry_status set_argument(struct gantry_device_xrt *xrt, size_t index,
                                       const struct gantry_launch *launch,
                                       struct gantry_error *error)
{
    const struct gantry_argument *argument = &xrt->arguments[index];
    uint64_t value = gantry_argument_value(launch, argument->reg);
    int failed;
    if (argument->role >= 0) {
        if (value == 0) return GANTRY_OK; /* no trace */
        const struct gantry_xrt_buffer *buffer = gantry_xrt_buffer_at(xrt, value);
        if (!buffer)
            return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: %s: no buffer at 0x%llx",
                               xrt->base.info.name, argument->name, (unsigned long long)value);
        failed = xrtRunSetArg(xrt->run, (int)index, buffer->bo);
    } else if (argument->wide) {
        failed = xrtRunSetArg(xrt->run, (int)index, value);
    } else {
        failed = xrtRunSetArg(xrt->run, (int)index, (uint32_t)value);
    }
    if (!failed) return GANTRY_OK;
    return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: XRT refuses the argument %s",
                       xrt->base.info.name, argument->name);
}

enum gantry_status gantry_xrt_submit(struct gantry_device *device,
                                     const struct gantry_launch *launch, struct gantry_error *error)
{
    struct gantry_device_xrt *xrt = gantry_device_xrt_of(device);
    if (xrt->lost) return lost(xrt, error);
    if (xrt->running)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: a launch is under way",
                           device->info.name);
    for (size_t i = 0; i < xrt->argument_count; i++) {
        enum gantry_status status = set_argument(xrt, i, launch, error);
        if (status != GANTRY_OK) return status;
    }
    if (xrtRunStart(xrt->run))
        return gantry_fail(error, GANTRY_ERR_DEVICE, "%s: XRT does not start the launch",
                           device->info.name);
    xrt->running = true;
    xrt->program = launch->program;
    return GANTRY_OK;
}

static bool is_over(enum ert_cmd_state state)
{
    return state >= ERT_CMD_STATE_COMPLETED && state != ERT_CMD_STATE_SUBMITTED;
}

/* XRT's own wait may ignore its time limit, so the state is looked at. */
static bool wait_over(struct gantry_device_xrt *xrt, uint32_t timeout_ms)
{
    uint64_t deadline = gantry_now_ns() + (uint64_t)timeout_ms * 1000000u;
    struct timespec pause = {0, POLL_NS_MIN};
    while (!is_over(xrtRunState(xrt->run))) {
        if (gantry_now_ns() > deadline) return false;
        (void)nanosleep(&pause, NULL);
        if (pause.tv_nsec < POLL_NS_MAX) pause.tv_nsec += pause.tv_nsec / 4;
    }
    xrt->running = false;
    return true;
}

/* Reads of hardware that is gone give ones, which also look like the end of a launch. */
static bool is_present(struct gantry_device_xrt *xrt)
{
    uint32_t id = 0;
    xrt->lost = !xrt->registers.read(xrt, GANTRY_REG_ID, &id) || id != GANTRY_DEVICE_ID;
    return !xrt->lost;
}

static bool abort_launch(struct gantry_device_xrt *xrt)
{
    if (xrtKernelWriteRegister(xrt->kernel, GANTRY_REG_ABORT, 1) == 0 && wait_over(xrt, ABORT_MS))
        return is_present(xrt);
    xrt->lost = true;
    return false;
}

static enum gantry_status timed_out(struct gantry_device_xrt *xrt, uint32_t timeout_ms,
                                    struct gantry_error *error)
{
    bool ended = abort_launch(xrt);
    gantry_fail(error, GANTRY_ERR_TIMEOUT, "%s: launch not done after %u ms; %s",
                xrt->base.info.name, (unsigned)timeout_ms,
                ended ? "aborted" : "it does not end on abort");
    if (!ended)
        gantry_hint(error, "load the accelerator again: xmutil unloadapp; xmutil loadapp gantry");
    return GANTRY_ERR_TIMEOUT;
}

/* Adds what registers do not hold but a message needs. */
static void explain(const struct gantry_device_xrt *xrt, struct gantry_accel_result *result)
{
    const struct gantry_xrt_buffer *program = gantry_xrt_buffer_at(xrt, xrt->program);
    size_t at = (size_t)result->insn * GANTRY_INSN_BYTES;
    if (program && at + GANTRY_INSN_BYTES <= program->bytes &&
        result->unit != GANTRY_UNIT_CONTROL) {
        struct gantry_insn insn;
        gantry_insn_from_bytes(&insn, program->host + at);
        result->insn_name =
            gantry_insn_name((uint32_t)gantry_insn_get(&insn, GANTRY_COMMON_OPCODE));
    }
    if (result->cause == GANTRY_CAUSE_ACT_RANGE) result->limit = xrt->base.info.act_rows;
}

enum gantry_status gantry_xrt_wait(struct gantry_device *device, uint32_t timeout_ms,
                                   struct gantry_error *error)
{
    struct gantry_device_xrt *xrt = gantry_device_xrt_of(device);
    if (xrt->lost) return lost(xrt, error);
    if (!xrt->running)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: no launch is under way",
                           device->info.name);
    if (!wait_over(xrt, timeout_ms)) return timed_out(xrt, timeout_ms, error);
    if (!is_present(xrt)) return lost(xrt, error);
    struct gantry_accel_result result = {0};
    enum gantry_status status = gantry_registers_result(&xrt->registers, &result, error);
    if (status != GANTRY_OK || result.cause == GANTRY_CAUSE_NONE) return status;
    explain(xrt, &result);
    return gantry_device_fault(error, device->info.name, &result);
}

enum gantry_status gantry_xrt_counters(struct gantry_device *device, struct gantry_counters *out,
                                       struct gantry_error *error)
{
    struct gantry_device_xrt *xrt = gantry_device_xrt_of(device);
    if (xrt->lost) return lost(xrt, error);
    return gantry_registers_counters(&xrt->registers, out, error);
}

enum gantry_status gantry_xrt_reset(struct gantry_device *device, struct gantry_error *error)
{
    struct gantry_device_xrt *xrt = gantry_device_xrt_of(device);
    if (xrt->lost || (xrt->running && !abort_launch(xrt))) return lost(xrt, error);
    return GANTRY_OK;
}
