/* SPDX-License-Identifier: Apache-2.0
 * Random programs on the RTL against the C model and against plain loops: memory, activation RAM
 * and counters. Every chain has its own random stalls and latencies and one of the two memory
 * models; every class of layers that chain_cover.h names must occur.
 *
 * TEST_LAYERS is how many layers run, the same share on each configuration. GANTRY_SEED is the
 * first chain's seed. GANTRY_CHAINS, when set, is how many chains run on each configuration
 * instead; a failure prints the seed that repeats it. */
#include "test.h"

#include <inttypes.h>
#include <string.h>

#include "chain_cover.h"
#include "plain.h"
#include "random.h"
#include "sim/device_sim.h"

enum {
    CORES_MAX = 8,
    CONVS_LONG = 12, /* so that producers of any distance occur */
    ACT_ROWS = 512,  /* rows of a bank that chains use and the comparison covers */
    MOVE_ROWS = 8,   /* rows of the LOAD and the STORE of all of them */
    TIMEOUT_MS = 60000,
    WATCHDOG_CYCLES = 100000,
    RECORDS = 1024
};

struct run {
    struct gantry_chain chain;
    struct gantry_device *device;
    struct gantry_accel *accel;
    struct gantry_device_buffer program, weights, buffer[3], trace, whole, move;
    uint64_t cycles;
};

static struct gantry_chain_cover cover;

static uint64_t number_from(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : fallback;
}

/* Stops the test; says how to repeat it. */
static void stop(const struct run *run, const char *what)
{
    gantry_chain_print(&run->chain);
    fail_msg("%s: GANTRY_SEED=%" PRIu64 " GANTRY_CHAINS=1: %s", run->device->info.name,
             run->chain.seed, what);
}

static void allocate(struct run *run, struct gantry_device_buffer *out, size_t bytes,
                     const uint8_t *content)
{
    struct gantry_error error = {0};
    if (run->device->ops->alloc(run->device, bytes, GANTRY_ROLE_ARENA, out, &error))
        stop(run, error.message);
    if (content) memcpy(out->host, content, bytes);
}

static int32_t words(const struct run *run) { return 2 * run->chain.params.g * ACT_ROWS; }

static void open_run(struct run *run, const char *config, uint64_t seed)
{
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_error error = {0};
    const struct gantry_chain *chain = &run->chain;
    uint64_t random = seed;
    options.memory = seed % 2 ? "kv260" : "ideal";
    options.stall_seed = seed % 8 ? seed : 0; /* now and then full speed */
    gantry_chain_cover_hit(&cover, GANTRY_CHAIN_COVER_MEMORY, seed % 2 == 0);
    gantry_chain_cover_hit(&cover, GANTRY_CHAIN_COVER_STALLS, seed % 8 != 0);
    if (gantry_device_sim_ops.open(&run->device, config, &options, &error) ||
        gantry_accel_create(&run->accel, &chain->params, NULL, &error))
        fail_msg("%s", error.message);
    allocate(run, &run->program, (size_t)chain->insn_count * GANTRY_INSN_BYTES, chain->program);
    allocate(run, &run->weights, chain->weights_bytes ? chain->weights_bytes : 16, NULL);
    if (chain->weights_bytes) memcpy(run->weights.host, chain->weights, chain->weights_bytes);
    for (int i = 0; i < 3; i++)
        allocate(run, &run->buffer[i], chain->buffer_bytes[i], chain->buffer[i]);
    allocate(run, &run->trace, (size_t)RECORDS * GANTRY_TRACE_BYTES, NULL);
    allocate(run, &run->move, 2 * GANTRY_INSN_BYTES, NULL);
    allocate(run, &run->whole, (size_t)words(run) * GANTRY_CHANNELS, NULL);
    for (size_t i = 0; i < run->whole.bytes; i++) run->whole.host[i] = (uint8_t)random_u64(&random);
}

static void close_run(struct run *run)
{
    struct gantry_device_buffer *buffers[] = {&run->program,   &run->weights,   &run->buffer[0],
                                              &run->buffer[1], &run->buffer[2], &run->trace,
                                              &run->move,      &run->whole};
    for (size_t i = 0; i < GANTRY_COUNT(buffers); i++)
        run->device->ops->free(run->device, buffers[i]);
    run->device->ops->close(run->device);
    gantry_accel_destroy(run->accel);
    gantry_chain_finish(&run->chain);
}

static void launch(struct run *run, const struct gantry_launch *launch)
{
    struct gantry_error error = {0};
    const struct gantry_device_ops *ops = run->device->ops;
    if (ops->submit(run->device, launch, &error) || ops->wait(run->device, TIMEOUT_MS, &error))
        stop(run, error.message);
}

/* ---- The whole activation RAM, in and out ---- */

static void set(struct gantry_insn *insn, enum gantry_operand operand, int64_t value)
{
    assert_true(gantry_insn_set(insn, operand, value));
}

static void write_move(struct run *run, bool load)
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
}

static void move_all(struct run *run, bool load)
{
    write_move(run, load);
    struct gantry_launch all = {.program = run->move.address,
                                .arena = run->whole.address,
                                .arena_bytes = (uint32_t)run->whole.bytes,
                                .insn_count = 2,
                                .repeat = 1,
                                .watchdog_cycles = WATCHDOG_CYCLES};
    launch(run, &all);
}

/* The same random bytes in both activation memories. */
static void preload(struct run *run)
{
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

static void compare_activations(struct run *run)
{
    char text[160];
    int32_t banks = 2 * run->chain.params.g;
    move_all(run, false);
    for (int32_t q = 0; q < words(run); q++) {
        const uint8_t *got = run->whole.host + (size_t)q * GANTRY_CHANNELS;
        const uint8_t *wanted = gantry_accel_act_word(run->accel, q % banks, q / banks);
        if (!memcmp(got, wanted, GANTRY_CHANNELS)) continue;
        snprintf(text, sizeof text, "activation bank %d, row %d: first byte 0x%02X, not 0x%02X",
                 q % banks, q / banks, got[0], wanted[0]);
        stop(run, text);
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

static void compare_and_release(const struct run *run, uint8_t *copies[3], const char *what)
{
    const struct gantry_chain *chain = &run->chain;
    for (int i = 0; i < 3; i++) {
        if (memcmp(copies[i], chain->expected[i], chain->buffer_bytes[i]) != 0) stop(run, what);
        gantry_release(NULL, copies[i]);
    }
}

/* The C model, whose activation memory is compared later, and loops that know no layouts. */
static void run_model(struct run *run)
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

static void run_device(struct run *run)
{
    const struct gantry_chain *chain = &run->chain;
    struct gantry_launch all = {
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
        .watchdog_cycles = WATCHDOG_CYCLES,
        .trace_on = true,
    };
    launch(run, &all);
}

static void compare_memories(const struct run *run)
{
    static const char *const names[] = {"arena", "input", "output"};
    char text[160];
    for (int i = 0; i < 3; i++)
        for (size_t j = 0; j < run->chain.buffer_bytes[i]; j++) {
            uint8_t got = run->buffer[i].host[j], wanted = run->chain.expected[i][j];
            if (got == wanted) continue;
            snprintf(text, sizeof text, "%s: byte %zu is 0x%02X, not 0x%02X", names[i], j, got,
                     wanted);
            stop(run, text);
        }
}

/* Classes sum to the cycles; the trace records, when none was lost, to every class. */
static void check_counters(struct run *run)
{
    struct gantry_counters counters;
    struct gantry_error error = {0};
    uint64_t sum = 0, traced[GANTRY_STALL_CLASSES] = {0};
    if (run->device->ops->counters(run->device, &counters, &error)) stop(run, error.message);
    run->cycles += counters.cycles;
    for (int c = 0; c < GANTRY_STALL_CLASSES; c++) sum += counters.stall[c];
    if (sum != counters.cycles) stop(run, "classes do not sum to the cycles");
    if (counters.insn_done != run->chain.insn_count * run->chain.repeat)
        stop(run, "wrong count of finished instructions");
    if (counters.trace_lost || counters.insn_done > RECORDS) return;
    for (uint32_t i = 0; i < counters.insn_done; i++)
        for (uint32_t c = 0; c < GANTRY_STALL_CLASSES; c++)
            traced[c] += gantry_load_u32(run->trace.host + (size_t)i * GANTRY_TRACE_BYTES +
                                         4 * (GANTRY_TRACE_STALL0_WORD + c));
    for (int c = 0; c < GANTRY_STALL_CLASSES; c++)
        if (traced[c] != counters.stall[c]) stop(run, "trace records do not sum to the counters");
}

static uint64_t run_chain(const char *config, uint64_t seed)
{
    struct gantry_array_params params;
    struct gantry_chain_options options = {.act_rows_max = ACT_ROWS};
    struct run run = {0};
    if (seed % 4 == 3) options.features = GANTRY_CHAIN_ALL; /* REPEAT too */
    if (seed % 4 == 1) options.convs_max = CONVS_LONG;
    assert_true(gantry_array_params_named(config, &params));
    assert_true(gantry_chain_make(&run.chain, &params, &options, seed));
    gantry_chain_cover_add(&cover, &run.chain);
    open_run(&run, config, seed);
    preload(&run);
    run_model(&run);
    run_device(&run);
    compare_memories(&run);
    check_counters(&run);
    compare_activations(&run);
    uint64_t cycles = run.cycles;
    close_run(&run);
    return cycles;
}

static void chains__equal_the_model(void **state)
{
    const char *config = ((const struct gantry_sim_core *)*state)->config;
    uint64_t seed = number_from("GANTRY_SEED", 1), chains = number_from("GANTRY_CHAINS", 0);
    uint64_t before = cover.layers, count = 0, cycles = 0, cores = 0;
    while (gantry_sim_cores[cores]) cores++;
    while (chains ? count < chains : (cover.layers - before) * cores < TEST_LAYERS)
        cycles += run_chain(config, seed + count++);
    print_message("sim:%s: GANTRY_SEED=%" PRIu64 " to %" PRIu64 ": %" PRIu64 " layers, %" PRIu64
                  " cycles\n",
                  config, seed, seed + count - 1, cover.layers - before, cycles);
}

static void chains__hold_every_class_of_layers(void **state)
{
    (void)state;
    int empty = gantry_chain_cover_print(&cover);
    if (getenv("GANTRY_SEED") || getenv("GANTRY_CHAINS"))
        gantry_test_skip("chosen chains need not hold every class");
    if (empty) fail_msg("%d classes have no case", empty);
}

int main(void)
{
    static char names[CORES_MAX][64];
    struct CMUnitTest tests[CORES_MAX + 1] = {{0}};
    size_t count = 0;
    for (; gantry_sim_cores[count]; count++) {
        snprintf(names[count], sizeof names[count], "chains__%s_equals_the_model",
                 gantry_sim_cores[count]->config);
        /* Cores are constants; cmocka's state is not. */
        union {
            const struct gantry_sim_core *core;
            void *state;
        } core = {gantry_sim_cores[count]};
        tests[count] = (struct CMUnitTest){.name = names[count],
                                           .test_func = chains__equal_the_model,
                                           .initial_state = core.state};
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(chains__hold_every_class_of_layers);
    return gantry_test_result(_cmocka_run_group_tests("chains", tests, count, NULL, NULL), count);
}
