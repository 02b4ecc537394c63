/* SPDX-License-Identifier: Apache-2.0
 * Inside of an engine: its buffers, the bound work of its CPU nodes, the launches of its segments.
 *
 * Everything is made by gantry_engine_create; running only reads it, apart from buffers and the
 * profile record. */
#ifndef GANTRY_ENGINE_INTERNAL_H
#define GANTRY_ENGINE_INTERNAL_H

#include "device/device.h"
#include "kernels/kernel.h"
#include "plan/plan.h"
#include "runtime/pool.h"

/* A tensor in engine memory; extents and stride in bytes of one element each (int8), or scaled by
 * the element's size. */
struct gantry_view {
    uint8_t *data; /* NULL: the tensor has no home */
    int64_t pixels;
    size_t pixel_bytes, stride_bytes;
};

enum gantry_work_kind {
    GANTRY_WORK_NONE, /* an alias: nothing to do */
    GANTRY_WORK_KERNEL,
    GANTRY_WORK_COPY
};

/* A CPU node, ready to be called. */
struct gantry_work {
    enum gantry_work_kind kind;
    int32_t parts; /* of a kernel, for the threads */
    /* What is copied before the kernel: inputs that a kernel needs without gaps. */
    int32_t flatten_count;
    struct gantry_flatten {
        struct gantry_view from, to;
    } * flatten;
    union {
        struct gantry_kernel kernel;
        struct {
            struct gantry_view from, to;
        } copy;
    } args;
};

/* An accelerator segment, ready to be submitted; or the tensors that a CPU segment shares with
 * others, those that it reads first. */
struct gantry_segment_state {
    struct gantry_device_buffer program, weights, trace;
    struct gantry_launch launch;
    int32_t *crossing, brought, taken;
};

struct gantry_engine {
    const struct gantry_plan *plan;
    const struct gantry_engine *owner; /* of programs and weights; NULL: this one */
    struct gantry_device *device;
    struct gantry_engine_options options;
    struct gantry_arena memory; /* bound arguments, scales, names */
    uint32_t together;          /* items that a launch computes at most */
    bool on_device;             /* buffers come from the device; else from the allocator */
    struct gantry_device_buffer arena, input, output;
    enum gantry_isa isa;      /* of the kernels */
    struct gantry_work *work; /* graph->node_count */
    struct gantry_pool *pool; /* NULL: one thread */
    void *scratch;            /* of the kernels, for every part */
    struct gantry_segment_state *segments;
    struct gantry_profile profile;
    struct gantry_profile_node *nodes; /* the model's, then @launch and @store */
    struct gantry_profile_segment *parts;
    struct gantry_profile_event *events; /* room for every record of a run */
};

/* gantry_engine_create for a further engine of the same plan, on the owner's device or on another
 * one of the same hardware: programs and weights are the owner's, which must outlive it. */
GANTRY_MUST_USE enum gantry_status
gantry_engine_create_beside(struct gantry_engine **out, const struct gantry_plan *plan,
                            struct gantry_device *device,
                            const struct gantry_engine_options *options,
                            const struct gantry_engine *owner, struct gantry_error *error);

/* Where a tensor lies in the slot of the CPU nodes. */
struct gantry_view gantry_engine_view(const struct gantry_engine *engine, int32_t tensor);
bool gantry_view_is_dense(const struct gantry_view *view);
/* Copies elements in C order between two views of one size. */
void gantry_view_copy(const struct gantry_view *from, const struct gantry_view *to);

/* Fills work for a CPU node: pointers, scales, tables. Errors: GANTRY_ERR_MEMORY,
 * GANTRY_ERR_UNSUPPORTED (naming the node). */
GANTRY_MUST_USE enum gantry_status gantry_work_bind(struct gantry_engine *engine, int32_t node,
                                                    struct gantry_error *error);
void gantry_work_run(const struct gantry_engine *engine, int32_t node);
/* The packed weights of a CPU node, owned by the engine or its model's file; none for others. */
struct gantry_packed gantry_work_packed(const struct gantry_engine *engine, int32_t node);

/* The time of what an engine does: that of the device's clock for a stream, else the monotonic
 * clock. A stream's work on the host takes the target's time there (time.c). */
uint64_t gantry_engine_now(const struct gantry_engine *engine);
void gantry_engine_pass(const struct gantry_engine *engine, uint64_t ns);
/* Fills modelled_host_ns of all segments. */
void gantry_engine_model_host(struct gantry_engine *engine);

/* ---- Slots: buffers of one item (inference.c). CPU nodes work in the last slot. ---- */

uint32_t gantry_engine_slots(const struct gantry_engine *engine);
struct gantry_view gantry_engine_slot_view(const struct gantry_engine *engine, int32_t tensor,
                                           uint32_t slot);
/* What a CPU segment shares with others; false without memory. */
GANTRY_MUST_USE bool gantry_segment_bind(struct gantry_engine *engine, int32_t index);
/* Copies what a CPU segment reads from a slot to its own, and what others read back. */
void gantry_segment_bring(const struct gantry_engine *engine,
                          const struct gantry_segment_state *state, uint32_t slot);
void gantry_segment_take(const struct gantry_engine *engine,
                         const struct gantry_segment_state *state, uint32_t slot);

/* Distributes the records of a trace over nodes: nodes[i] is node i of the model, nodes[count]
 * is @launch, nodes[count + 1] is @store. Returns the number of records read. Cycles and stalls
 * are added. insn_node has insn_count entries; records out of range are not counted. */
size_t gantry_trace_attribute(const uint8_t *trace, size_t records_max, const int32_t *insn_node,
                              uint32_t insn_count, struct gantry_profile_node *nodes,
                              int32_t node_count);

/* The same for a device that has times: adds them to nodes[i].device_ns, LOADs to @launch, STOREs
 * to @store. Returns the end of the last instruction. */
uint64_t gantry_trace_times(const uint8_t *trace, size_t records, const int32_t *insn_node,
                            uint32_t insn_count, struct gantry_profile_node *nodes,
                            int32_t node_count);

/* Writes the records of a trace as events, at most records_max; returns how many. */
size_t gantry_trace_events(const uint8_t *trace, size_t records_max, const int32_t *insn_node,
                           uint32_t insn_count, int32_t segment,
                           struct gantry_profile_event *events);

/* First and last cycle, within their launch, in which a node of the last run was at work. False
 * without a trace, or when the node has no COMPUTE instruction. */
GANTRY_MUST_USE bool gantry_engine_node_window(const struct gantry_engine *engine, int32_t node,
                                               uint64_t *from_out, uint64_t *to_out);

/* Reads a tensor after a run of an engine whose batch is 1, dense and in C order, into bytes of
 * memory; of a batch in the model's shape that of the last item. False when the tensor has no home
 * (it never left the chip), is an input in patches, or bytes is not its size. Meaningful for every
 * tensor of a plan made with observe, and for outputs of any plan. */
GANTRY_MUST_USE bool gantry_engine_read_tensor(const struct gantry_engine *engine, int32_t tensor,
                                               void *data, size_t bytes);

#endif
