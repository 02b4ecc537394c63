/* SPDX-License-Identifier: Apache-2.0
 * The command: arguments in, calls of the library, printing. One file per subcommand.
 *
 * Results go to stdout; notices, progress and errors to stderr. An error is one line and at most
 * one hint. Functions that can end a command return an exit code; GANTRY_EXIT_OK goes on. */
#ifndef GANTRY_CLI_H
#define GANTRY_CLI_H

#include <limits.h>

#include <jansson.h>

#include "base/base.h"
#include "formats/formats.h"
#include "gantry/engine.h"

enum gantry_exit {
    GANTRY_EXIT_OK = 0,
    GANTRY_EXIT_DIFFERENCE = 1,
    GANTRY_EXIT_USAGE = 2,
    GANTRY_EXIT_FILE = 3,
    GANTRY_EXIT_UNSUPPORTED = 4,
    GANTRY_EXIT_DEVICE = 5,
    GANTRY_EXIT_TIMEOUT = 6,
    GANTRY_EXIT_MEMORY = 7
};

enum {
    GANTRY_CLI_LIST_MAX = 32,
    GANTRY_CLI_MORE_MAX = 1024,
    GANTRY_CLI_TIMEOUT_MS = 600000,
    GANTRY_CLI_TIMEOUT_MS_MAX = 3600000,
    GANTRY_CLI_DEFAULT_SEED = 1
};

struct gantry_cli_list {
    const char *items[GANTRY_CLI_LIST_MAX];
    size_t count;
};

/* Arguments behind the first. */
struct gantry_cli_more {
    const char *items[GANTRY_CLI_MORE_MAX];
    size_t count;
};

/* What the options of all subcommands may set. */
struct gantry_cli_args {
    const char *model;
    struct gantry_cli_more more;
    const char *on_fault, *device, *devices, *memory, *placement, *target;
    struct gantry_cli_list pins;
    const char *require_offload;                      /* as written; NULL: not given */
    uint64_t max_segments, onchip_limit, arena_limit; /* 0: not given */
    bool forbid_fallback;
    struct gantry_cli_list inputs, expects, shapes;
    const char *random;                    /* as written; NULL: not given */
    uint64_t seed, top, runs, batch;       /* batch 0: not given */
    uint64_t hop, threshold, seconds;      /* 0: not given */
    uint64_t threads, timeout_ms, streams; /* 0: not given */
    const char *capture;
    const char *duration; /* seconds as written; NULL: not given */
    const char *output, *labels, *csv, *chrome_trace, *html, *compare, *waveform, *waveform_layer;
    const char *dot, *svg, *draw;
    const char *root; /* of doctor; NULL: this machine */
    bool json, quiet, verbose, help, quantize, layers, program, mic, per_op, calibrate, coverage;
};

/* ---- options.c: the table of a subcommand, from which parsing and help are made ---- */

enum gantry_cli_kind {
    GANTRY_CLI_FLAG,   /* bool */
    GANTRY_CLI_STRING, /* const char * */
    GANTRY_CLI_NUMBER, /* uint64_t, at least 1 */
    GANTRY_CLI_CHOICE, /* const char *, one of the words in argument, divided by | */
    GANTRY_CLI_LIST    /* struct gantry_cli_list, repeatable */
};

struct gantry_cli_option {
    const char *name;     /* without the two dashes */
    const char *argument; /* as help shows it; NULL: takes no value. Completion knows the words
                             FILE, DIR, DEVICE and TARGET in it */
    enum gantry_cli_kind kind;
    size_t offset; /* in struct gantry_cli_args */
    const char *help;
};

struct gantry_cli_command {
    const char *name;
    const char *argument; /* "MODEL", "[MODEL]" where there need not be one, "MODEL..." where there
                             may be more, or NULL */
    const char *help;
    const char *examples; /* whole command lines, each ends in a newline */
    const struct gantry_cli_option *options;
    size_t option_count;
    int (*run)(const struct gantry_cli_args *args);
};

#define GANTRY_CLI_AT(field) offsetof(struct gantry_cli_args, field)
#define GANTRY_CLI_OPTIONS_COMMON                                                            \
    {"json", NULL, GANTRY_CLI_FLAG, GANTRY_CLI_AT(json), "print one JSON object on stdout"}, \
        {"quiet", NULL, GANTRY_CLI_FLAG, GANTRY_CLI_AT(quiet), "no notices on stderr"},      \
        {"verbose", NULL, GANTRY_CLI_FLAG, GANTRY_CLI_AT(verbose), "say more on stderr"},    \
    {                                                                                        \
        "help", NULL, GANTRY_CLI_FLAG, GANTRY_CLI_AT(help), "print this text"                \
    }
#define GANTRY_CLI_OPTIONS_DEVICE                                                             \
    {"device", "DEVICE", GANTRY_CLI_STRING, GANTRY_CLI_AT(device),                            \
     "cpu, model[:CONFIG], sim[:CONFIG], xrt[:INDEX] or opencl[:INDEX][:CONFIG]; default: a " \
     "board, else sim, else model"},                                                          \
        {"timeout", "MS", GANTRY_CLI_NUMBER, GANTRY_CLI_AT(timeout_ms),                       \
         "time limit of a launch (default 600000)"},                                          \
    {                                                                                         \
        "on-fault", "error|cpu", GANTRY_CLI_CHOICE, GANTRY_CLI_AT(on_fault),                  \
            "when the device fails: end (default), or say so and go on with the CPU"          \
    }
#define GANTRY_CLI_OPTIONS_PLACE                                                                   \
    {"memory", "ideal|kv260", GANTRY_CLI_CHOICE, GANTRY_CLI_AT(memory),                            \
     "memory model of sim (default kv260)"},                                                       \
        {"placement", "optimal|accelerator|cpu", GANTRY_CLI_CHOICE, GANTRY_CLI_AT(placement),      \
         "the least modelled time (default), all that is legal on the accelerator, or all on the " \
         "CPU"},                                                                                   \
        {"target", "TARGET", GANTRY_CLI_STRING, GANTRY_CLI_AT(target),                             \
         "what times are modelled for: a built-in target or a .json file (default kv260)"},        \
        {"pin", "NODE=cpu|accelerator", GANTRY_CLI_LIST, GANTRY_CLI_AT(pins),                      \
         "side of a node, by index or name; repeatable"},                                          \
        {"max-segments", "N", GANTRY_CLI_NUMBER, GANTRY_CLI_AT(max_segments), "launches at most"}, \
        {"onchip-limit", "ROWS", GANTRY_CLI_NUMBER, GANTRY_CLI_AT(onchip_limit),                   \
         "activation rows that may be used (default all)"},                                        \
        {"arena-limit", "BYTES", GANTRY_CLI_NUMBER, GANTRY_CLI_AT(arena_limit),                    \
         "fail when more device memory is needed"},                                                \
        {"forbid-fallback", NULL, GANTRY_CLI_FLAG, GANTRY_CLI_AT(forbid_fallback),                 \
         "fail when a node is left to the CPU"},                                                   \
    {                                                                                              \
        "require-offload", "PERCENT", GANTRY_CLI_STRING, GANTRY_CLI_AT(require_offload),           \
            "fail when less of the MACs is on the accelerator"                                     \
    }
#define GANTRY_CLI_OPTIONS_THREADS                                 \
    {                                                              \
        "threads", "N", GANTRY_CLI_NUMBER, GANTRY_CLI_AT(threads), \
            "threads for layers on the CPU (default 1)"            \
    }
#define GANTRY_CLI_OPTIONS_INPUT                                                                  \
    {"input", "[NAME=]FILE", GANTRY_CLI_LIST, GANTRY_CLI_AT(inputs),                              \
     "a .npy file, a picture or a recording, one per model input; repeatable"},                   \
        {"inputs", "[NAME=]FILE", GANTRY_CLI_LIST, GANTRY_CLI_AT(inputs), "the same as --input"}, \
        {"random", "SEED", GANTRY_CLI_STRING, GANTRY_CLI_AT(random),                              \
         "fill all inputs from this seed instead"},                                               \
    {                                                                                             \
        "quantize", NULL, GANTRY_CLI_FLAG, GANTRY_CLI_AT(quantize),                               \
            "accept float32 files for quantised inputs"                                           \
    }
#define GANTRY_CLI_OPTIONS_SHAPE                                                           \
    {                                                                                      \
        "shape", "[NAME=]DIMS", GANTRY_CLI_LIST, GANTRY_CLI_AT(shapes),                    \
            "the shape of an input whose dimensions the model leaves free, as 8x49x10x1; " \
            "repeatable"                                                                   \
    }
#define GANTRY_CLI_OPTIONS_BATCH                                          \
    {                                                                     \
        "batch", "N", GANTRY_CLI_NUMBER, GANTRY_CLI_AT(batch),            \
            "run up to N vectors at once, in one launch each (default 1)" \
    }
#define GANTRY_CLI_OPTIONS_EXPECT                                           \
    {                                                                       \
        "expect", "[NAME=]FILE", GANTRY_CLI_LIST, GANTRY_CLI_AT(expects),   \
            "a .npy file to compare with, one per model output; repeatable" \
    }

#define GANTRY_CLI_OPTIONS_STREAMS(help)                                \
    {                                                                   \
        "streams", "N", GANTRY_CLI_NUMBER, GANTRY_CLI_AT(streams), help \
    }

/* Fills args from the words after the subcommand's name. Prints what is wrong. */
int gantry_cli_parse(const struct gantry_cli_command *command, int count, char *const *words,
                     struct gantry_cli_args *args);
void gantry_cli_help(const struct gantry_cli_command *command);
/* Unsigned decimal number; false for anything else. */
bool gantry_cli_number(const char *text, uint64_t *out);

/* ---- messages.c ---- */

/* Prints "gantry: ..." as a usage error and returns GANTRY_EXIT_USAGE. hint may be NULL. */
int gantry_cli_usage(const char *hint, const char *format, ...) GANTRY_PRINTF(2, 3);
/* Prints an error record and returns its exit code. */
int gantry_cli_failure(const struct gantry_error *error);
int gantry_cli_exit_code(enum gantry_status status);
void gantry_cli_note(const struct gantry_cli_args *args, const char *format, ...)
    GANTRY_PRINTF(2, 3);
/* done of all, on a terminal, after a second; done = all removes the line. */
struct gantry_cli_progress {
    const struct gantry_cli_args *args;
    const char *what;
    uint64_t start_ns, last_ns;
    bool shown;
};
void gantry_cli_progress_start(struct gantry_cli_progress *progress,
                               const struct gantry_cli_args *args, const char *what);
void gantry_cli_progress_step(struct gantry_cli_progress *progress, size_t done, size_t all);
/* Prints one JSON object on one line, takes the reference. */
int gantry_cli_print_json(json_t *root);

/* ---- output.c: files that are there as a whole or not at all, Ctrl-C included; what is no
 * regular file, a pipe or a device, is written in place ---- */

struct gantry_cli_file {
    const char *path;
    char target[PATH_MAX];         /* what path stands for; empty: written in place */
    char temporary[PATH_MAX + 32]; /* the name to write to */
    FILE *stream;
};
int gantry_cli_file_begin(struct gantry_cli_file *file, const char *path);
/* Closes and gives the file its name; prints what is wrong. */
int gantry_cli_file_commit(struct gantry_cli_file *file);
/* The name alone, for files that others write: commit renames it, abandon and an interruption
 * remove it. */
int gantry_cli_name_begin(struct gantry_cli_file *file, const char *path);
void gantry_cli_file_abandon(struct gantry_cli_file *file);
/* Makes a folder and those above it. */
int gantry_cli_make_folder(const char *path);
/* Between the two, signals that end the command wait. */
void gantry_cli_hold_signals(void);
void gantry_cli_release_signals(void);

/* ---- tensors.c: tensors in files ---- */

/* One model input or output, for all vectors. */
struct gantry_cli_tensor {
    const struct gantry_tensor_info *info;
    uint8_t *data; /* vectors x info->bytes */
};
struct gantry_cli_batch {
    size_t vectors;
    size_t count;
    struct gantry_cli_tensor *tensors;
};

/* Vectors that a file of one shape holds for a tensor of another: the same shape (1), the leading
 * 1 replaced by V, or V put in front. 0: the file does not fit. */
size_t gantry_cli_vectors(const struct gantry_shape *file, const struct gantry_shape *model);
/* Which file is for which tensor: paths[i] is the file of tensor i, or NULL. An item is NAME=FILE
 * when NAME is a tensor's name, else a file for the next tensor in order. */
int gantry_cli_assign(const char *option, const struct gantry_cli_list *list,
                      const struct gantry_cli_batch *batch, const char **paths);
/* Reads --input, or fills from --random, or (with fallback_random) from the default seed. */
int gantry_cli_inputs(struct gantry_cli_batch *batch, const struct gantry_cli_args *args,
                      const struct gantry_model *model, const struct gantry_manifest *manifest,
                      bool fallback_random);
/* Whether a path has this ending, of letters of either case; one of recordings, of pictures. */
bool gantry_cli_has_ending(const char *path, const char *ending);
bool gantry_cli_is_sound(const char *path);
bool gantry_cli_is_picture(const char *path);
/* draw.c: boxes or labels of pixels on the picture that was the input, to args->draw. What was
 * found is appended to the array found, or printed where that is NULL. */
int gantry_cli_draw(const struct gantry_cli_args *args, const struct gantry_cli_batch *outputs,
                    const struct gantry_manifest *manifest, json_t *found);
/* audio_input.c, or audio_none.c where the part audio is not built: a recording as model input. */
int gantry_cli_sound(const struct gantry_cli_args *args, struct gantry_array *array,
                     const char *path, const struct gantry_tensor_info *info,
                     const struct gantry_manifest *manifest);
/* Room for the outputs of so many vectors. */
int gantry_cli_outputs(struct gantry_cli_batch *batch, const struct gantry_model *model,
                       size_t vectors);
void gantry_cli_batch_finish(struct gantry_cli_batch *batch);
/* Points tensors (batch->count of them) at vector v. */
void gantry_cli_batch_vector(const struct gantry_cli_batch *batch, size_t v,
                             struct gantry_tensor *tensors);

/* Where two tensors differ: count elements, the first at element first of all vectors. */
struct gantry_cli_difference {
    uint64_t count, total;
    size_t first;
    size_t output;
    double got, expected; /* at first */
};
/* Compares outputs with --expect files, by value. Prints errors of files; differences has
 * batch->count entries, compared tells which outputs had a file. */
int gantry_cli_expect(const struct gantry_cli_args *args, const struct gantry_cli_batch *outputs,
                      struct gantry_cli_difference *differences, bool *compared);
/* Says on stderr where an output differs from the expected one, or notes that it does not. */
void gantry_cli_difference_note(const struct gantry_cli_args *args,
                                const struct gantry_cli_difference *difference,
                                const struct gantry_tensor_info *info);
/* Vector and place within it of an element, as "vector 3 at 0,17"; returns buffer. */
const char *gantry_cli_place(const struct gantry_tensor_info *info, size_t element, char *buffer,
                             size_t size);
/* Element i of a tensor's data as a number. */
double gantry_cli_element(enum gantry_dtype dtype, const void *data, size_t i);

/* ---- shape.c ---- */

/* Shapes of --shape, GANTRY_CLI_LIST_MAX at most, whose names are copied into text. Prints what is
 * wrong. */
enum { GANTRY_CLI_SHAPE_TEXT = 2048 };
int gantry_cli_shapes(const struct gantry_cli_args *args, struct gantry_input_shape *shapes,
                      char *text);

/* ---- session.c: model, device, plan and engine of a command ---- */

struct gantry_cli_session {
    struct gantry_log log;            /* of device, plan and engine; a view of the arguments */
    const struct gantry_model *model; /* borrowed */
    struct gantry_device *device;
    struct gantry_plan *plan;
    struct gantry_engine *engine;
    bool trace;  /* of the engine */
    bool fallen; /* the CPU took over from a device that failed */
};
/* place.c: options of placement. Pins have room for GANTRY_CLI_LIST_MAX entries. */
int gantry_cli_plan_options(struct gantry_plan_options *options, struct gantry_plan_pin *pins,
                            const struct gantry_cli_args *args, const struct gantry_model *model);
/* Whether a plan keeps to --forbid-fallback and --require-offload; prints what does not. */
int gantry_cli_check_placement(const struct gantry_cli_args *args, const struct gantry_plan *plan);
/* Node of an index or name; prints what is wrong, with the option's name. */
int gantry_cli_find_node(const struct gantry_model *model, const char *option, const char *text,
                         size_t length, int32_t *out);
struct gantry_cli_session_options {
    const char *device; /* NULL: the default, which a notice names */
    const char *reason; /* why the default is it; filled by session_open */
    bool observe, trace;
    bool again;     /* a plan file is planned anew */
    bool comparing; /* by default all that is legal is offloaded, and a CPU is no fallback */
    const char *waveform;
    uint64_t waveform_from, waveform_to;
};
int gantry_cli_model_open(struct gantry_model **model, struct gantry_manifest *manifest,
                          const struct gantry_cli_args *args);
/* engine false: device and plan only. On failure everything is closed. */
int gantry_cli_session_open(struct gantry_cli_session *session, const struct gantry_cli_args *args,
                            const struct gantry_model *model,
                            const struct gantry_cli_session_options *options, bool engine);
void gantry_cli_session_close(struct gantry_cli_session *session);
/* Inferences of a run, by --batch. */
uint32_t gantry_cli_batch_size(const struct gantry_cli_args *args);
/* Runs every vector, --batch of them at once; elapsed_ns (may be NULL) is the wall time of all
 * runs. */
int gantry_cli_session_run(struct gantry_cli_session *session, const struct gantry_cli_args *args,
                           const struct gantry_cli_batch *inputs, struct gantry_cli_batch *outputs,
                           uint64_t *elapsed_ns);

/* ---- The subcommands ---- */

extern const struct gantry_cli_command gantry_cli_run;
extern const struct gantry_cli_command gantry_cli_profile;
extern const struct gantry_cli_command gantry_cli_verify;
extern const struct gantry_cli_command gantry_cli_inspect;
extern const struct gantry_cli_command gantry_cli_bench;
extern const struct gantry_cli_command gantry_cli_compile;
extern const struct gantry_cli_command gantry_cli_devices;
extern const struct gantry_cli_command gantry_cli_doctor;
extern const struct gantry_cli_command gantry_cli_listen;
/* ---- command.c ---- */

/* By index, in the order of the help; NULL past the last. */
const struct gantry_cli_command *gantry_cli_command_at(size_t index);
/* A name and what it means. */
struct gantry_cli_fact {
    const char *name, *text;
};
/* What the command does; exit codes and environment variables, ended by a name that is NULL. */
extern const char gantry_cli_summary[];
extern const struct gantry_cli_fact gantry_cli_exits[], gantry_cli_environment[];
/* The whole command: what main returns. */
int gantry_cli_main(int count, char *const *words);

#endif
