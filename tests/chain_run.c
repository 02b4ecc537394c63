/* SPDX-License-Identifier: Apache-2.0
 * Random chains on a device, the C model and plain loops. */
#include "chain_run.h"

#include <inttypes.h>
#include <string.h>

#include "plain.h"
#include "random.h"
#include "test.h"

enum {
    CONVS_LONG = 12, /* so that producers of any distance occur */
    MOVE_ROWS = 8,   /* rows of the LOAD and the STORE of all activations */
    TIMEOUT_MS = 60000,
    BUFFER_BYTES_MIN = 16
};

uint64_t chain_run_number(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : fallback;
}

void chain_run_stop(const struct chain_run *run, const char *what)
{
    gantry_chain_print(&run->chain);
    fail_msg("%s: GANTRY_SEED=%" PRIu64 " GANTRY_CHAINS=1: %s", run->device->info.name,
             run->chain.seed, what);
}

/* ---- Buffers ---- */

static void sync(struct chain_run *run, struct gantry_device_buffer *buffer,
                 enum gantry_sync direction)
{
    struct gantry_error error = {0};
    if (run->device->ops->sync(run->device, buffer, 0, buffer->bytes, direction, &error))
        chain_run_stop(run, error.message);
}

/* A copy of content that the device sees, or of zeros. */
static void allocate(struct chain_run *run, struct gantry_device_buffer *out,
                     enum gantry_buffer_role role, size_t bytes, const uint8_t *content)
{
    struct gantry_error error = {0};
    size_t padded = bytes > BUFFER_BYTES_MIN ? bytes : BUFFER_BYTES_MIN;
    if (run->device->ops->alloc(run->device, padded, role, out, &error))
        chain_run_stop(run, error.message);
    if (content && bytes > 0) memcpy(out->host, content, bytes);
    sync(run, out, GANTRY_SYNC_TO_DEVICE);
}

static int32_t words(const struct chain_run *run)
{
    return 2 * run->chain.params.g * CHAIN_RUN_ACT_ROWS;
}

void chain_run_make(struct chain_run *run, const char *config, uint64_t seed)
{
    struct gantry_array_params params;
    struct gantry_chain_options options = {.act_rows_max = CHAIN_RUN_ACT_ROWS};
    *run = (struct chain_run){0};
    if (seed % 4 == 3) options.features = GANTRY_CHAIN_ALL; /* REPEAT too */
    if (seed % 4 == 1) options.convs_max = CONVS_LONG;
    assert_true(gantry_array_params_named(config, &params));
    assert_true(gantry_chain_make(&run->chain, &params, &options, seed));
}

static void launch(struct chain_run *run, const struct gantry_launch *launch)
{
    struct gantry_error error = {0};
    const struct gantry_device_ops *ops = run->device->ops;
    if (ops->submit(run->device, launch, &error) || ops->wait(run->device, TIMEOUT_MS, &error))
        chain_run_stop(run, error.message);
}

/* ---- The whole activation RAM, in and out ---- */

static void set(struct gantry_insn *insn, enum gantry_operand operand, int64_t value)
{
    assert_true(gantry_insn_set(insn, operand, value));
}

static void write_move(struct chain_run *run, bool load)
{
    static const enum gantry_operand fields[2][10] = {
        {GANTRY_STORE_BUFFER, GANTRY_STORE_ROW_STRIDE, GANTRY_STORE_ROWS, GANTRY_STORE_PIXELS,
         GANTRY_STORE_PITCH, GANTRY_STORE_WORDS, GANTRY_STORE_CB},
        {GANTRY_LOAD_BUFFER, GANTRY_LOAD_ROW_STRIDE, GANTRY_LOAD_ROWS, GANTRY_LOAD_PIXELS,
         GANTRY_LOAD_PITCH, GANTRY_LOAD_WORDS, GANTRY_LOAD_CB, GANTRY_LOAD_ROW_BYTES,
         GANTRY_LOAD_STEP}};
    int32_t pixels = words(run) / MOVE_ROWS, bytes = pixels * GANTRY_CHANNELS;
    const int64_t values[] = {GANTRY_BUFFER_ARENA, bytes, MOVE_ROWS, pixels, pixels, 1, 1, bytes,
                              GANTRY_CHANNELS};
    struct gantry_insn insn = {{load ? GANTRY_INSN_LOAD : GANTRY_INSN_STORE}};
    struct gantry_insn end = {{GANTRY_INSN_END}};
    for (int i = 0; i < (load ? 9 : 7); i++) set(&insn, fields[load][i], values[i]);
    gantry_insn_to_bytes(&insn, run->move.host);
    gantry_insn_to_bytes(&end, run->move.host + GANTRY_INSN_BYTES);
    sync(run, &run->move, GANTRY_SYNC_TO_DEVICE);
}

static void move_all(struct chain_run *run, bool load)
{
    write_move(run, load);
    struct gantry_launch all = {.program = run->move.address,
                                .arena = run->whole.address,
                                .arena_bytes = (uint32_t)run->whole.bytes,
                                .insn_count = 2,
                                .repeat = 1,
                                .watchdog_cycles = CHAIN_RUN_WATCHDOG_CYCLES};
    launch(run, &all);
}

/* The same random bytes in both activation memories. */
static void preload(struct chain_run *run)
{
    uint64_t random = run->chain.seed;
    for (size_t i = 0; i < run->whole.bytes; i++) run->whole.host[i] = (uint8_t)random_u64(&random);
    sync(run, &run->whole, GANTRY_SYNC_TO_DEVICE);
    move_all(run, true);
    struct gantry_accel_memory memory = {.program = run->move.host,
                                         .insn_count = 2,
                                         .buffer = {run->whole.host},
                                         .buffer_bytes = {run->whole.bytes},
                                         .repeat = 1};
    struct gantry_accel_result result = {0};
    gantry_accel_run(run->accel, &memory, 0, &result);
    assert_int_equal(result.cause, GANTRY_CAUSE_NONE);
}

void chain_run_open(struct chain_run *run, struct gantry_device *device)
{
    static const enum gantry_buffer_role roles[] = {GANTRY_ROLE_ARENA, GANTRY_ROLE_INPUT,
                                                    GANTRY_ROLE_OUTPUT};
    struct gantry_error error = {0};
    const struct gantry_chain *chain = &run->chain;
    run->device = device;
    if (gantry_accel_create(&run->accel, &chain->params, NULL, &error))
        fail_msg("%s", error.message);
    allocate(run, &run->program, GANTRY_ROLE_PROGRAM, (size_t)chain->insn_count * GANTRY_INSN_BYTES,
             chain->program);
    allocate(run, &run->weights, GANTRY_ROLE_WEIGHTS, chain->weights_bytes, chain->weights);
    for (int i = 0; i < 3; i++)
        allocate(run, &run->buffer[i], roles[i], chain->buffer_bytes[i], chain->buffer[i]);
    allocate(run, &run->trace, GANTRY_ROLE_TRACE, (size_t)CHAIN_RUN_RECORDS * GANTRY_TRACE_BYTES,
             NULL);
    allocate(run, &run->move, GANTRY_ROLE_PROGRAM, 2 * GANTRY_INSN_BYTES, NULL);
    allocate(run, &run->whole, GANTRY_ROLE_ARENA, (size_t)words(run) * GANTRY_CHANNELS, NULL);
    preload(run);
}

void chain_run_close(struct chain_run *run)
{
    struct gantry_device_buffer *buffers[] = {&run->program,   &run->weights,   &run->buffer[0],
                                              &run->buffer[1], &run->buffer[2], &run->trace,
                                              &run->move,      &run->whole};
    for (size_t i = 0; i < GANTRY_COUNT(buffers); i++)
        run->device->ops->free(run->device, buffers[i]);
    gantry_accel_destroy(run->accel);
    gantry_chain_finish(&run->chain);
}

void chain_run_compare_activations(struct chain_run *run)
{
    char text[160];
    int32_t banks = 2 * run->chain.params.g;
    move_all(run, false);
    sync(run, &run->whole, GANTRY_SYNC_FROM_DEVICE);
    for (int32_t q = 0; q < words(run); q++) {
        const uint8_t *got = run->whole.host + (size_t)q * GANTRY_CHANNELS;
        const uint8_t *wanted = gantry_accel_act_word(run->accel, q % banks, q / banks);
        if (!memcmp(got, wanted, GANTRY_CHANNELS)) continue;
        snprintf(text, sizeof text, "activation bank %d, row %d: first byte 0x%02X, not 0x%02X",
                 q % banks, q / banks, got[0], wanted[0]);
        chain_run_stop(run, text);
    }
}

/* ---- The chain ---- */

static void copy_buffers(const struct gantry_chain *chain, uint8_t *copies[3])
{
    for (int i = 0; i < 3; i++) {
        copies[i] = gantry_allocate(NULL, chain->buffer_bytes[i], 1);
        memcpy(copies[i], chain->buffer[i], chain->buffer_bytes[i]);
    }
}

static void compare_and_release(const struct chain_run *run, uint8_t *copies[3], const char *what)
{
    const struct gantry_chain *chain = &run->chain;
    for (int i = 0; i < 3; i++) {
        if (memcmp(copies[i], chain->expected[i], chain->buffer_bytes[i]) != 0)
            chain_run_stop(run, what);
        gantry_release(NULL, copies[i]);
    }
}

/* The C model, whose activation memory is compared later, and loops that know no layouts. */
static void run_model(struct chain_run *run)
{
    struct gantry_accel_memory memory;
    struct gantry_accel_result result = {0};
    uint8_t *copies[3];
    const struct gantry_chain *chain = &run->chain;
    copy_buffers(chain, copies);
    gantry_chain_memory(chain, copies, &memory);
    gantry_accel_run(run->accel, &memory, 0, &result);
    assert_int_equal(result.cause, GANTRY_CAUSE_NONE);
    compare_and_release(run, copies, "the C model differs from itself");
    copy_buffers(chain, copies);
    for (uint32_t i = 0; i < chain->repeat; i++) plain_run(chain, i, copies);
    compare_and_release(run, copies, "the C model differs from plain loops");
}

struct gantry_launch chain_run_launch(const struct chain_run *run)
{
    const struct gantry_chain *chain = &run->chain;
    return (struct gantry_launch){
        .program = run->program.address,
        .weights = run->weights.address,
        .arena = run->buffer[GANTRY_BUFFER_ARENA].address,
        .input = run->buffer[GANTRY_BUFFER_INPUT].address,
        .output = run->buffer[GANTRY_BUFFER_OUTPUT].address,
        .trace = run->trace.address,
        .insn_count = chain->insn_count,
        .wgt_lines = chain->wgt_lines,
        .arena_bytes = (uint32_t)chain->buffer_bytes[GANTRY_BUFFER_ARENA],
        .input_bytes = (uint32_t)chain->buffer_bytes[GANTRY_BUFFER_INPUT],
        .output_bytes = (uint32_t)chain->buffer_bytes[GANTRY_BUFFER_OUTPUT],
        .trace_bytes = (uint32_t)run->trace.bytes,
        .repeat = chain->repeat,
        .run_stride = {chain->run_stride[0], chain->run_stride[1], chain->run_stride[2]},
        .sem_init = chain->sem_init,
        .watchdog_cycles = CHAIN_RUN_WATCHDOG_CYCLES,
        .trace_on = true,
    };
}

static void compare_memories(struct chain_run *run)
{
    static const char *const names[] = {"arena", "input", "output"};
    char text[160];
    for (int i = 0; i < 3; i++) {
        sync(run, &run->buffer[i], GANTRY_SYNC_FROM_DEVICE);
        for (size_t j = 0; j < run->chain.buffer_bytes[i]; j++) {
            uint8_t got = run->buffer[i].host[j], wanted = run->chain.expected[i][j];
            if (got == wanted) continue;
            snprintf(text, sizeof text, "%s: byte %zu is 0x%02X, not 0x%02X", names[i], j, got,
                     wanted);
            chain_run_stop(run, text);
        }
    }
}

void chain_run_all(struct chain_run *run)
{
    const struct gantry_launch all = chain_run_launch(run);
    run_model(run);
    launch(run, &all);
    compare_memories(run);
}
