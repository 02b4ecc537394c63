/* SPDX-License-Identifier: Apache-2.0
 * What the steps of planning share while a plan is made; nothing of it outlives the call.
 *
 * A task is what the array computes for one node, in terms the array knows. A segment is lowered
 * to chips (tensors in the activation RAM, each in one layout) and steps (COMPUTE instructions
 * that read and write chips); layout places the chips; program and weights write them down. */
#ifndef GANTRY_PLAN_BUILD_H
#define GANTRY_PLAN_BUILD_H

#include "plan/plan.h"

enum {
    GANTRY_EXTENT_MAX = 65535,
    GANTRY_CHANNELS_MAX = 4096,
    GANTRY_KERNEL_MAX = 256,
    GANTRY_POOL_MAX = 4096,  /* rule P on the lane is proven up to here */
    GANTRY_FOLD_CHANNELS = 8 /* inputs with fewer channels are folded by LOAD */
};

enum gantry_task_kind {
    GANTRY_TASK_CONV,
    GANTRY_TASK_DEPTHWISE, /* diagonal blocks; multiplier 1 */
    GANTRY_TASK_AVERAGE,
    GANTRY_TASK_MEAN, /* of the whole map: unit weights, rule F */
    GANTRY_TASK_MAX,
    GANTRY_TASK_IDENTITY, /* 1x1, unit weights: a stand-alone ADD, or a copy to another layout */
    GANTRY_TASK_CLOSE,    /* 1x1, unit weights: a copy without the gaps between parts */
    GANTRY_TASK_JOIN      /* CONCATENATION: no step, its parts are written to where they belong */
};

struct gantry_task {
    enum gantry_task_kind kind;
    int32_t node;           /* GANTRY_NO_NODE for a copy */
    int32_t source, output; /* tensors; source is seen through RESHAPE */
    struct gantry_extent in, out;
    int32_t kernel_h, kernel_w;
    int32_t stride_h, stride_w; /* 1 where the output has one row or column */
    int32_t dilation;
    int32_t pad_top, pad_left;
    bool split;                    /* a weight outside [-127, 127]: two weight parts */
    struct gantry_patches patches; /* of the input: extents and kernel above count patches */
};

/* Fills a task from a node; false for operators the array does not have, and shapes it has no
 * view of. split is left false. */
bool gantry_task_describe(const struct gantry_graph *graph, int32_t node, struct gantry_task *task);
/* The tensor that an accelerated node reads for its input i: RESHAPE nodes are looked through when
 * the extent stays, and by FULLY_CONNECTED always (it runs as a convolution of the whole map). */
int32_t gantry_task_source(const struct gantry_graph *graph, int32_t node, int32_t input);
/* Whether a step of the task walks all blocks of its input for each of its output's. */
static inline bool gantry_task_is_dense(const struct gantry_task *task)
{
    return task->kind == GANTRY_TASK_CONV || task->kind == GANTRY_TASK_CLOSE;
}
/* Along what the inputs of a CONCATENATION of maps lie behind each other. */
enum gantry_join_axis { GANTRY_JOIN_OTHER, GANTRY_JOIN_ROWS, GANTRY_JOIN_CHANNELS };
enum gantry_join_axis gantry_task_join_axis(const struct gantry_graph *graph, int32_t node);
/* Whether LOAD can fold the columns of the kernel into channels, when the input lies without gaps:
 * few channels, several columns. */
bool gantry_task_folds(const struct gantry_task *task);
/* Weight minus its zero point; o: output channel, c: input channel (ignored by diagonal kinds). */
int32_t gantry_task_weight(const struct gantry_graph *graph, const struct gantry_task *task,
                           int32_t o, int32_t ky, int32_t kx, int32_t c);
/* Sums of a channel's weights, with bias - zero * sum in 64 bits. */
struct gantry_task_sums {
    int64_t sum, magnitude, bias;
    int32_t least, greatest;
};
void gantry_task_sum(const struct gantry_graph *graph, const struct gantry_task *task, int32_t o,
                     struct gantry_task_sums *out);
/* Whether a weight lies outside [-127, 127]. */
bool gantry_task_needs_split(const struct gantry_graph *graph, const struct gantry_task *task);
/* Values in each window of an average pool, or 0 when windows differ. */
int64_t gantry_task_pool_count(const struct gantry_task *task);
/* Steps of a group: K of docs/hardware.md, unfolded. */
int64_t gantry_task_steps(const struct gantry_task *task);

/* Rows of accumulators of one group and how they are cut into tiles. */
struct gantry_tiling {
    int64_t rows;
    int32_t tile, tiles;
};
/* pixels: of an accumulator row. */
void gantry_tiling_make(struct gantry_tiling *tiling, int64_t pitch, int64_t out_h, int32_t pixels);

/* ---- cost.c: cycles by formula, and the shapes chosen by them ---- */

/* What costs are counted for. */
struct gantry_cost_machine {
    const struct gantry_array_params *params;
    double bytes_per_cycle; /* of the target's memory */
};
struct gantry_cost_shape {
    int64_t pitch, out_h; /* raster */
    int64_t steps;        /* K of a group */
    int32_t blocks;       /* of the output */
    int32_t parts;        /* weight parts, 1 or 2 */
    bool residual;
    bool grouped; /* groups of several blocks are allowed */
};
/* Cycles from one k-step to the next, and in which the drain takes one accumulator row. */
int64_t gantry_cost_step(int64_t tile, int32_t m, int64_t steps);
int64_t gantry_cost_drain_row(int32_t m, bool residual);
/* Cycles of a CONV with m blocks a group, and its tiles. */
int64_t gantry_cost_conv(const struct gantry_cost_shape *shape, int32_t m,
                         const struct gantry_cost_machine *machine, struct gantry_tiling *tiling);
/* Rows that a LOAD brings. */
struct gantry_cost_load {
    int32_t rows, words, bytes; /* words and bytes of a row */
    bool merges;                /* rows lie behind each other on both sides */
};
/* Cycles of a LOAD of rows row0 .. row0 + rows - 1; *merged (may be NULL): of how many rows it
 * makes one. */
int64_t gantry_cost_load(const struct gantry_cost_load *load, int32_t row0, int32_t rows,
                         const struct gantry_cost_machine *machine, int32_t *merged);
/* Lines of the weight stream of a group. */
int64_t gantry_cost_lines(const struct gantry_cost_shape *shape, int32_t m);
/* The m of least cost, the smaller one of nearly equals, and its tiles. */
int32_t gantry_cost_choose_m(const struct gantry_cost_shape *shape,
                             const struct gantry_array_params *params,
                             struct gantry_tiling *tiling);

/* A pass of WINDOW: taps of one parity plane, of kernel rows ky, ky + sy, .. */
struct gantry_window_pass {
    int32_t py, px, a0, b0, rows, columns;
    int32_t ky, kx; /* first tap */
};
struct gantry_window_passes {
    int32_t count;
    struct gantry_window_pass pass[GANTRY_PASSES_MAX];
};
/* Passes of a depthwise task over the planes of its input; false when WINDOW cannot run it. */
bool gantry_window_passes_make(struct gantry_window_passes *passes, const struct gantry_task *task,
                               const struct gantry_act_tensor *in,
                               const struct gantry_array_params *params);
/* The same for an average over the whole map: a count of steps. */
bool gantry_window_mean_make(struct gantry_window_passes *passes, const struct gantry_task *task,
                             const struct gantry_array_params *params);
int64_t gantry_cost_mean(const struct gantry_window_passes *passes, int32_t blocks,
                         struct gantry_tiling *tiling);
/* Cycles of a WINDOW, and its tiles: rows of the ring over all tiles. */
int64_t gantry_cost_window(const struct gantry_window_passes *passes, int32_t out_h, int32_t out_w,
                           int32_t blocks, const struct gantry_cost_machine *machine,
                           struct gantry_tiling *tiling);

/* ---- Intervals of time that want room: chips in rows, tensors in the arena ---- */

struct gantry_pack_item {
    int64_t size;
    int32_t first, last; /* inclusive; first > last: from first to the end, and again up to last */
    int64_t offset;      /* out */
};
/* Places all items so that none overlap in time and room; tries several orders and keeps the
 * least total, which it returns. Deterministic. -1: out of memory. */
int64_t gantry_pack(struct gantry_pack_item *items, int32_t count, int64_t alignment,
                    const struct gantry_allocator *allocator);

/* ---- State of a planning ---- */

struct gantry_build {
    struct gantry_plan *plan;
    const struct gantry_graph *graph;
    const struct gantry_array_params *params;
    struct gantry_arena scratch;
    struct gantry_error *error;
    struct gantry_task *task;      /* per node, of those that may run on the array */
    struct gantry_reason *verdict; /* per node: code NULL when the array may run it */
    bool *cut;                     /* per node: it starts a new launch */
    int32_t *fused_add;            /* per node: the ADD that it computes too, or GANTRY_NO_NODE */
    bool *is_output;               /* per tensor */
    bool *pinned;                  /* per node: it must stay on the accelerator */
    bool *tiled;                   /* per node: it runs in row tiles, in a launch of its own */
    bool costing;                  /* programs are written to be timed only */
};

static inline struct gantry_cost_machine gantry_build_machine(const struct gantry_build *build)
{
    return (struct gantry_cost_machine){build->params, build->plan->target.memory_bytes_per_cycle};
}

/* placement.c: nodes' sides, segments (nodes only) and fusions, from verdicts and cuts. */
GANTRY_MUST_USE enum gantry_status gantry_build_place(struct gantry_build *build);
/* choose.c: times of nodes on both sides, from the programs of the segments as they are. */
GANTRY_MUST_USE enum gantry_status gantry_build_price(struct gantry_build *build);
/* Gives nodes to the CPU, by verdicts, so that the modelled time is least at this price of a
 * launch. */
GANTRY_MUST_USE enum gantry_status gantry_build_choose(struct gantry_build *build,
                                                       double launch_ns);
/* patches.c: packs model inputs for the convolutions that read them, where that saves cycles: their
 * tasks. */
void gantry_build_patches(struct gantry_build *build);
/* homes.c: plan->tensors and sizes of buffers, from the segments. */
GANTRY_MUST_USE enum gantry_status gantry_build_homes(struct gantry_build *build);

/* ---- join.c: CONCATENATIONs of a launch; their parts lie in blocks or rows of one chip ---- */

struct gantry_join_part {
    int32_t tensor;             /* that is read, seen through RESHAPE */
    bool in_place;              /* its step writes it there; others are loaded or copied to there */
    int32_t block, blocks, row; /* of the whole */
    int32_t channels;
    const struct gantry_join *gaps; /* where it has gaps itself: what it consists of */
};
struct gantry_join {
    int32_t node, tensor;
    bool by_rows;
    bool gaps;      /* blocks that are not full lie before others */
    int64_t copied; /* bytes of parts, and of the whole without gaps */
    int32_t blocks, rows;
    int32_t part_count;
    struct gantry_join_part *parts;
};
struct gantry_joins {
    struct gantry_join **of;               /* per tensor: what it consists of, or NULL */
    const struct gantry_join_part **place; /* per tensor: where it is written in place, or NULL */
    int32_t *whole;                        /* per tensor: of which that is a part */
};
/* Those of a segment; false: out of memory. */
bool gantry_joins_find(const struct gantry_build *build, int32_t segment,
                       struct gantry_arena *arena, struct gantry_joins *joins);
/* The tensor in whose chip a tensor lies. */
int32_t gantry_joins_root(const struct gantry_joins *joins, int32_t tensor);
/* Channel of the tensor that lies at a channel of the chip, or -1: a gap. */
int32_t gantry_join_channel(const struct gantry_join *join, int32_t channel);

/* A tensor in the activation RAM. */
struct gantry_chip {
    int32_t tensor;
    int32_t channels;               /* folded: of the folded pixels; with the gaps between parts */
    const struct gantry_join *gaps; /* where there are some */
    int32_t whole;                  /* chip of which this one is a part, or -1 */
    int32_t block, row;             /* there */
    int32_t offset;                 /* of its first word from the owner's, in rows of a bank */
    struct gantry_act_tensor act;
    int32_t min_pitch;
    int32_t rows;
    bool loaded, stored;
    bool folded; /* by LOAD, for the step that reads it */
    int32_t fold_kernel, fold_stride, fold_pad;
    int32_t first, last; /* steps: written and last read; -1 and step_count: before, after all */
    int32_t owner;       /* chip whose rows it takes over in place or is part of, or itself */
    int32_t home_row;    /* of a tile: first row of the home that it holds */
};

/* Output rows that are computed as soon as so many input rows are loaded; the instruction sees
 * both tensors from the given rows on. */
struct gantry_band {
    int32_t out_row, out_rows, in_row, pad_top;
    int32_t load_row, load_rows;
};
enum { GANTRY_BANDS_MAX = 8 };
struct gantry_bands {
    int32_t count; /* 0: none */
    struct gantry_band band[GANTRY_BANDS_MAX];
};

/* A COMPUTE instruction, or one for each band. */
struct gantry_step {
    struct gantry_task task;
    int32_t add;          /* ADD node whose residual it adds, or GANTRY_NO_NODE */
    int32_t in, out, res; /* chips; res -1 without residual */
    bool flat;            /* all pixels of all planes as one row */
    /* chosen with the geometry of the chips */
    int32_t m; /* output blocks of a group */
    struct gantry_tiling tiling;
    bool window;                        /* on the window path */
    bool tcb;                           /* there, as the mean of a whole map */
    struct gantry_window_passes passes; /* with tcb only the count: steps */
    struct gantry_bands bands;
};

static inline int32_t gantry_chip_blocks(const struct gantry_chip *chip)
{
    return gantry_div_up(chip->channels, GANTRY_CHANNELS);
}

/* Lines of the weight stream for one group of a step that reads chip in, and of all groups. */
int64_t gantry_step_group_lines(const struct gantry_step *step, const struct gantry_chip *in);
int64_t gantry_step_lines(const struct gantry_step *step, const struct gantry_chip *in);
/* k-steps of a group: folded columns are channels. */
int64_t gantry_step_count(const struct gantry_step *step, const struct gantry_chip *in);

struct gantry_lowered {
    struct gantry_chip *chips; /* a part stands behind its whole */
    int32_t chip_count;
    struct gantry_step *steps;
    int32_t step_count;
    bool tiled; /* steps are row tiles of one node, in turns on two sets of rows */
    int32_t rows_used;
    /* why it cannot be: the node at fault and its reason; code NULL: it can */
    int32_t failed_node;
    struct gantry_reason failed;
};

/* Whether a chip is a whole or lies in it. */
static inline bool gantry_chip_is_in(const struct gantry_lowered *lowered, int32_t chip,
                                     int32_t whole)
{
    while (chip >= 0 && chip != whole) chip = lowered->chips[chip].whole;
    return chip >= 0;
}

/* lower.c: chips and steps of a segment, from nodes and homes. */
GANTRY_MUST_USE enum gantry_status gantry_build_lower(struct gantry_build *build, int32_t segment,
                                                      struct gantry_lowered *lowered);
/* layout.c: geometry and rows of the chips. lowered->failed says when they do not fit. */
GANTRY_MUST_USE enum gantry_status gantry_build_layout(struct gantry_build *build,
                                                       struct gantry_lowered *lowered);
/* The rows of a chip as LOAD brings them from a home. */
struct gantry_cost_load gantry_chip_load(const struct gantry_chip *chip,
                                         const struct gantry_plan_tensor *home);
/* Groups, tiles and paths of the steps; lowered->failed says when one cannot be. */
void gantry_shape_steps(const struct gantry_build *build, struct gantry_lowered *lowered);
/* tiles.c: whether the one step of a launch can run in row tiles, and its tiles and their rows in
 * place of it. */
bool gantry_tiles_possible(const struct gantry_lowered *lowered);
GANTRY_MUST_USE enum gantry_status gantry_build_tiles(struct gantry_build *build,
                                                      struct gantry_lowered *lowered);
/* Where runs of the program meet: the last step that touches rows of loaded chips, behind which
 * the LOADs of the next run may come; the first that writes rows of stored chips, before which the
 * STOREs of the run before must be over. -1: none. */
int32_t gantry_last_load_step(const struct gantry_lowered *lowered);
int32_t gantry_first_store_step(const struct gantry_lowered *lowered);
/* Whether loaded and stored chips share rows: LOADs then wait for those STOREs. */
bool gantry_loads_on_stored_rows(const struct gantry_lowered *lowered);
/* bands.c: cuts the first step into bands when that saves cycles. */
void gantry_build_bands(const struct gantry_build *build, struct gantry_lowered *lowered);
/* First activation row of a tensor seen from a row on that begins in bank 0. */
int32_t gantry_band_view(const struct gantry_act_tensor *act, int32_t row, int32_t npx);
/* weights.c: writes the stream of a step, gantry_step_lines lines. */
void gantry_build_stream(const struct gantry_build *build, const struct gantry_step *step,
                         const struct gantry_chip *in, uint8_t *lines);
/* program_fields.c: all fields of an instruction but opcode, semaphores and dependencies; false: a
 * value does not fit its field. LOAD: rows row0 .. row0 + rows - 1 of a chip. */
bool gantry_fields_load(struct gantry_insn *insn, const struct gantry_build *build,
                        const struct gantry_chip *chip, int32_t row0, int32_t rows);
bool gantry_fields_store(struct gantry_insn *insn, const struct gantry_build *build,
                         const struct gantry_chip *chip);
bool gantry_fields_compute(struct gantry_insn *insn, const struct gantry_build *build,
                           const struct gantry_lowered *lowered, const struct gantry_step *step);
/* Those that an instruction of one band has of its own. */
bool gantry_fields_band(struct gantry_insn *insn, const struct gantry_build *build,
                        const struct gantry_lowered *lowered, const struct gantry_step *step,
                        const struct gantry_band *band);
/* program.c: program and weights of a segment, into plan->arena; runs the program checker. */
GANTRY_MUST_USE enum gantry_status gantry_build_program(struct gantry_build *build, int32_t segment,
                                                        struct gantry_lowered *lowered);

#endif
