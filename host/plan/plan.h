/* SPDX-License-Identifier: Apache-2.0
 * The plan: everything that depends on model and device, decided before anything runs.
 *
 * Steps: legality -> placement -> segments -> homes of tensors -> per accelerator segment the
 * layout of the activation RAM, the program and the weight stream. Immutable when made. */
#ifndef GANTRY_PLAN_PLAN_H
#define GANTRY_PLAN_PLAN_H

#include "accel/accel.h"
#include "gantry/engine.h"
#include "graph/graph.h"
#include "target/target.h"

struct gantry_planfile;

/* model.h's opaque struct: the graph and what keeps its bytes alive. Made in runtime/model.c. */
const struct gantry_graph *gantry_model_graph(const struct gantry_model *model);
/* A model of a graph that was made in memory, which is checked and taken over, also on failure.
 * Errors: those of gantry_graph_check. */
GANTRY_MUST_USE enum gantry_status gantry_model_from_graph(struct gantry_model **out,
                                                           struct gantry_graph *graph,
                                                           struct gantry_error *error);
/* Of a model that came in a plan file: that file; else NULL. */
const struct gantry_planfile *gantry_model_planfile(const struct gantry_model *model);
/* The model file's bytes. */
const void *gantry_model_bytes(const struct gantry_model *model, size_t *size);
/* The folder of that file, "" or with its slash; NULL: the model was read from memory. */
const char *gantry_model_folder(const struct gantry_model *model);

/* Where a tensor lies in device memory. Tensors that never leave the chip have no home. A tensor
 * is H x W x C by gantry_shape_extent (or 1 x 1 x elements) with this pixel stride, rows unpadded.
 * INPUT and OUTPUT: offsets are multiples of 64, but those of parts of a CONCATENATION, which lie
 * in the whole with its pixel stride. Model inputs are dense (pixel_stride = C). */
enum gantry_home {
    GANTRY_HOME_NONE,
    GANTRY_HOME_ARENA,
    GANTRY_HOME_INPUT,
    GANTRY_HOME_OUTPUT,
    GANTRY_HOME_CONSTANT /* in the model file */
};
/* How the host packs a model input: pixel (y, x) of its home has the rows y * step_h - top and on
 * of the image, so many, and of each the columns from x * step_w - left on. Positions outside of
 * the image have its zero point. */
struct gantry_patches {
    int32_t rows, columns; /* 0: not packed */
    int32_t step_h, step_w, top, left;
};
struct gantry_plan_tensor {
    enum gantry_home home;
    uint32_t offset;
    int32_t pixel_stride;
    struct gantry_extent extent; /* of the patches where there are some */
    struct gantry_patches patches;
};
/* Packs a dense image into the home of an input that has patches. */
void gantry_patches_pack(const struct gantry_plan_tensor *home, const struct gantry_extent *image,
                         int32_t pad, const void *dense, void *packed);

struct gantry_plan_node {
    bool accelerator;
    struct gantry_reason reason; /* of a CPU node, or a CONCATENATION; strings are static */
    int32_t fused_into;          /* node that computes this one too, or GANTRY_NO_NODE */
    int32_t segment;
    /* Modelled on the target; negative: not known, or cannot run there. */
    double cpu_ns, accelerator_ns;
};

/* Consecutive work of one side. CPU: nodes in order. Accelerator: one launch. */
struct gantry_plan_segment {
    bool accelerator;
    int32_t node_count;
    int32_t *nodes; /* execution order; fused nodes included */
    /* accelerator only */
    uint8_t *program; /* insn_count x 64 bytes */
    uint32_t insn_count;
    int32_t *insn_node; /* per instruction: node, GANTRY_NODE_LAUNCH or GANTRY_NODE_STORE */
    uint8_t *weights;   /* striped for params.ports */
    size_t weights_bytes;
    uint32_t wgt_lines;
    uint64_t sem_init;
    int32_t act_rows_used;
};

struct gantry_plan {
    struct gantry_arena arena; /* owns everything below */
    const struct gantry_model *model;
    const struct gantry_graph *graph;  /* borrowed from the model */
    struct gantry_array_params params; /* g = 0: no accelerator */
    struct gantry_plan_options options;
    struct gantry_plan_node *nodes;     /* graph->node_count */
    struct gantry_plan_tensor *tensors; /* graph->tensor_count */
    struct gantry_plan_segment *segments;
    int32_t segment_count;
    size_t arena_bytes, input_bytes, output_bytes;
    uint64_t macs, macs_offloaded; /* of one item of the model's batch */
    struct gantry_target target;   /* with the device's memory model, where it has one */
    double modelled_ns;            /* of the whole network; negative: not known */
    bool proven;                   /* no placement is better under the model */
};

/* Whether the accelerator can run a node, as a pure function of graph and parameters: reason.code
 * is NULL when it can. Codes: docs/placement.md. */
struct gantry_reason gantry_plan_legality(const struct gantry_graph *graph, int32_t node,
                                          const struct gantry_array_params *params);

/* Items of a batch that one launch computes, for an engine whose runs take so many inferences: at
 * most GANTRY_BATCH_MAX; 1 where nothing is launched, or every item is observed. */
uint32_t gantry_plan_together(const struct gantry_plan *plan, uint32_t inferences);
/* Copies of arena, input and output that they need: one each, and one for CPU nodes. */
uint32_t gantry_plan_slots(uint32_t together);

/* Modelled time of a placement (a value per node) under a plan's costs; negative: a node cannot be
 * where it says, or no memory. */
double gantry_plan_modelled_ns(const struct gantry_plan *plan, const bool *accelerator);

/* Instruction i of a segment, i < its insn_count. */
struct gantry_insn gantry_plan_insn(const struct gantry_plan_segment *segment, uint32_t i);

/* Rows of the activation RAM that hold the tensor which a CONV, WINDOW or LOAD writes into; false
 * for the others. The height of a LOAD's tensor is taken from its last row. */
struct gantry_plan_rows {
    int64_t first, count;
};
bool gantry_plan_written_rows(const struct gantry_plan *plan, const struct gantry_insn *insn,
                              struct gantry_plan_rows *rows);

/* Runs the program checker on a segment, for a launch of several runs: those beyond the ones that
 * are checked meet as these do. Errors: those of gantry_program_check. */
GANTRY_MUST_USE enum gantry_status
gantry_plan_check_program(const struct gantry_plan *plan, const struct gantry_plan_segment *segment,
                          const struct gantry_allocator *allocator, struct gantry_error *error);

#endif
