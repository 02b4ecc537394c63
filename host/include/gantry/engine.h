/* SPDX-License-Identifier: Apache-2.0
 * From model to results: a plan says what runs where, an engine runs it.
 *
 *     gantry_model_open -> gantry_device_open -> gantry_plan_create -> gantry_engine_create
 *     -> gantry_engine_run, as often as wanted
 *
 * A batch in the shape of the inputs, [N, ...], whose items do not meet inside the network is
 * planned for one item: a run computes N, together where an accelerator does, and the profile
 * counts each as an inference.
 *
 * A plan is immutable and may be shared by any number of engines and threads; it borrows the
 * model. An engine owns its buffers and borrows plan and device. Engines of one device may run in
 * threads of their own: their launches take turns. A pool of engines: engine_pool.h. */
#ifndef GANTRY_ENGINE_H
#define GANTRY_ENGINE_H

#include "gantry/device.h"
#include "gantry/model.h"
#include "gantry/profile.h"

#ifdef __cplusplus
extern "C" {
#endif

struct gantry_plan;   /* opaque */
struct gantry_engine; /* opaque */

enum gantry_placement {
    GANTRY_PLACEMENT_OPTIMAL,     /* the least modelled time on the target */
    GANTRY_PLACEMENT_ACCELERATOR, /* everything that is legal there */
    GANTRY_PLACEMENT_CPU
};

/* A node whose side is given, whatever the placement. */
struct gantry_plan_pin {
    int32_t node; /* index in the model */
    bool accelerator;
};

/* Start from GANTRY_PLAN_OPTIONS_INIT. */
struct gantry_plan_options {
    enum gantry_placement placement;
    const char *target; /* what costs are counted for: a name or a file of docs/placement.md */
    const struct gantry_plan_pin *pins; /* borrowed during the call */
    size_t pin_count;
    int32_t max_segments; /* launches at most, with placement optimal; 0: any number */
    int32_t onchip_limit; /* activation rows that may be used; 0: all that the device has */
    uint64_t arena_limit; /* bytes of device memory that may be used; 0: any number */
    bool again;           /* plan a model that came in a plan file anew */
    bool observe; /* store every tensor, reuse no activation row: for comparing layer by layer */
    const struct gantry_allocator *allocator;
    const struct gantry_log *log;
};
#define GANTRY_PLAN_OPTIONS_INIT                                                                  \
    {                                                                                             \
        .placement = GANTRY_PLACEMENT_OPTIMAL, .target = 0, .pins = 0, .pin_count = 0,            \
        .max_segments = 0, .onchip_limit = 0, .arena_limit = 0, .again = false, .observe = false, \
        .allocator = 0, .log = 0                                                                  \
    }

/* Plans a model for a device (as described by its info; accelerator false: all on the CPU).
 * *out is owned. Errors: GANTRY_ERR_UNSUPPORTED (a node that nothing can run, with the reason),
 * GANTRY_ERR_ARGUMENT (a pin that cannot be, an unknown target), GANTRY_ERR_FILE (a bad target
 * file), GANTRY_ERR_MEMORY (of this machine, or arena_limit; the message has both figures). */
GANTRY_API GANTRY_MUST_USE enum gantry_status
gantry_plan_create(struct gantry_plan **out, const struct gantry_model *model,
                   const struct gantry_device_info *device,
                   const struct gantry_plan_options *options, struct gantry_error *error);
/* Bytes of device memory that an engine whose runs take one inference allocates, without its
 * trace. */
GANTRY_API size_t gantry_plan_device_bytes(const struct gantry_plan *plan);
GANTRY_API void gantry_plan_destroy(struct gantry_plan *plan); /* NULL is allowed */

/* Start from GANTRY_ENGINE_OPTIONS_INIT. */
struct gantry_engine_options {
    bool trace;     /* per-layer cycles, stalls and CPU times; 64 bytes of memory per instruction */
    int threads;    /* for CPU layers, 1..64; results do not depend on it */
    uint32_t batch; /* inferences that a run may take, 1..GANTRY_BATCH_MAX; each has buffers */
    const struct gantry_allocator *allocator;
    const struct gantry_log *log;
};
#define GANTRY_ENGINE_OPTIONS_INIT                                        \
    {                                                                     \
        .trace = true, .threads = 1, .batch = 1, .allocator = 0, .log = 0 \
    }
enum { GANTRY_BATCH_MAX = 256 };

/* Allocates device memory and copies program and weights. *out is owned; options NULL: those of the
 * start. Errors: GANTRY_ERR_ARGUMENT (a device of other parameters than the plan is for, threads or
 * batch out of range), GANTRY_ERR_MEMORY (of this machine or of the device), GANTRY_ERR_DEVICE. */
GANTRY_API GANTRY_MUST_USE enum gantry_status
gantry_engine_create(struct gantry_engine **out, const struct gantry_plan *plan,
                     struct gantry_device *device, const struct gantry_engine_options *options,
                     struct gantry_error *error);
GANTRY_API void gantry_engine_destroy(struct gantry_engine *engine); /* NULL is allowed */

/* Runs the plan once; blocks until the outputs are valid or the time is over.
 * inputs, outputs: arrays of the model's counts, borrowed; dtype, shape and bytes must equal the
 * model's. timeout_ms: 1..3600000, wall time of each launch. Allocates nothing.
 * Thread: one call at a time per engine.
 * Errors: GANTRY_ERR_SHAPE, GANTRY_ERR_TIMEOUT, GANTRY_ERR_DEVICE; outputs are then unspecified. */
GANTRY_API GANTRY_MUST_USE enum gantry_status
gantry_engine_run(struct gantry_engine *engine, const struct gantry_tensor *inputs,
                  struct gantry_tensor *outputs, uint32_t timeout_ms, struct gantry_error *error);

/* The same for count inferences, 1..batch of the engine's options. inputs: those of the first
 * inference, then those of the second, and so on; outputs likewise. On the accelerator a segment is
 * one launch for all of them, in which transfers overlap the computation of neighbours. */
GANTRY_API GANTRY_MUST_USE enum gantry_status
gantry_engine_run_batch(struct gantry_engine *engine, uint32_t count,
                        const struct gantry_tensor *inputs, struct gantry_tensor *outputs,
                        uint32_t timeout_ms, struct gantry_error *error);

/* Record of the last run; borrowed, valid until the next run. Thread: that of the runs. */
GANTRY_API const struct gantry_profile *gantry_engine_profile(const struct gantry_engine *engine);

#ifdef __cplusplus
}
#endif

#endif
