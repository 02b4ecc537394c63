/* SPDX-License-Identifier: Apache-2.0
 * The device "opencl" by its parts: names, binaries in files, builds that fail, memory, launches
 * that fail. */
#include "test.h"

#include <dirent.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain_run.h"
#include "internal.h"

#define CONFIG "unit"

static const char folder[] = GANTRY_BUILD_DIR "/opencl-cache";

static void needs_device(void)
{
    if (gantry_opencl_count() == 0) gantry_test_skip("no OpenCL device is here");
}

static enum gantry_status try_open(struct gantry_device **out, const char *config,
                                   struct gantry_error *error)
{
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    return gantry_device_opencl_ops.open(out, config, &options, error);
}

static struct gantry_device *open_device(const char *config)
{
    struct gantry_device *device = NULL;
    struct gantry_error error = {0};
    if (try_open(&device, config, &error)) fail_msg("%s", error.message);
    return device;
}

static void contains(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("no '%s' in '%s'", part, text);
}

/* ---- Names ---- */

static void opencl__names_take_an_index_and_a_configuration(void **state)
{
    (void)state;
    needs_device();
    static const char *const names[][2] = {{NULL, "opencl:0:k26"},
                                           {"0", "opencl:0:k26"},
                                           {CONFIG, "opencl:0:" CONFIG},
                                           {"0:" CONFIG, "opencl:0:" CONFIG}};
    for (size_t i = 0; i < GANTRY_COUNT(names); i++) {
        struct gantry_device *device = open_device(names[i][0]);
        assert_string_equal(device->info.name, names[i][1]);
        assert_true(device->info.accelerator && device->info.has_times);
        assert_false(device->info.has_cycles);
        assert_true(device->info.spec_hash == GANTRY_SPEC_HASH);
        device->ops->close(device);
    }
}

static void opencl__refuses_other_names(void **state)
{
    (void)state;
    needs_device();
    static const char *const wrong[] = {"", ":", "x", "0:", "0:x", CONFIG ":0", "1234", "-1"};
    struct gantry_device *device = NULL;
    struct gantry_error error;
    for (size_t i = 0; i < GANTRY_COUNT(wrong); i++) {
        assert_int_equal(try_open(&device, wrong[i], &error), GANTRY_ERR_ARGUMENT);
        contains(error.message, "opencl[:INDEX][:CONFIG]");
        contains(error.message, CONFIG);
    }
    assert_int_equal(try_open(&device, "999", &error), GANTRY_ERR_ARGUMENT);
    contains(error.message, "no OpenCL device 999 (0 to ");
    assert_null(device);
}

/* ---- Binaries in files ---- */

/* Path of the one file in the folder. */
static void only_entry(char *path, size_t size)
{
    int count = 0;
    DIR *list = opendir(folder);
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list));)
        if (entry->d_name[0] != '.' && ++count)
            (void)snprintf(path, size, "%s/%.200s", folder, entry->d_name);
    (void)closedir(list);
    assert_int_equal(count, 1);
}

static void empty_folder(void)
{
    char path[1024];
    DIR *list = opendir(folder);
    if (!list) return;
    for (struct dirent *entry; (entry = readdir(list));) {
        (void)snprintf(path, sizeof path, "%s/%.200s", folder, entry->d_name);
        if (entry->d_name[0] != '.') assert_int_equal(unlink(path), 0);
    }
    (void)closedir(list);
    assert_int_equal(rmdir(folder), 0);
}

static size_t read_file(const char *path, uint8_t *out, size_t size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t bytes = fread(out, 1, size, file);
    (void)fclose(file);
    return bytes;
}

static void write_file(const char *path, const uint8_t *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static void cache__takes_whole_entries_only(void **state)
{
    (void)state;
    enum { KEY = 77, BYTES = 500 };
    uint8_t data[BYTES], file[2 * BYTES];
    char path[1024];
    size_t bytes = 0;
    for (int i = 0; i < BYTES; i++) data[i] = (uint8_t)(i * 7);
    empty_folder();
    assert_null(gantry_opencl_cache_read(folder, KEY, &bytes));
    assert_true(gantry_opencl_cache_write(folder, KEY, data, BYTES)); /* makes the folder */
    uint8_t *back = gantry_opencl_cache_read(folder, KEY, &bytes);
    assert_int_equal(bytes, BYTES);
    assert_memory_equal(back, data, BYTES);
    gantry_release(NULL, back);
    assert_null(gantry_opencl_cache_read(folder, KEY + 1, &bytes));
    only_entry(path, sizeof path);
    size_t length = read_file(path, file, sizeof file);
    for (size_t cut = 0; cut < length; cut++) {
        write_file(path, file, cut);
        assert_null(gantry_opencl_cache_read(folder, KEY, &bytes));
    }
    for (size_t i = 0; i < length; i++) {
        file[i] ^= 1;
        write_file(path, file, length);
        assert_null(gantry_opencl_cache_read(folder, KEY, &bytes));
        file[i] ^= 1;
    }
    assert_true(gantry_opencl_cache_write(folder, KEY, data, BYTES));
    back = gantry_opencl_cache_read(folder, KEY, &bytes);
    assert_non_null(back);
    gantry_release(NULL, back);
    assert_false(gantry_opencl_cache_write("/proc/none", KEY, data, BYTES));
    empty_folder();
}

/* ---- Builds ---- */

struct lines {
    int count;
    char last[200];
};

static void take_line(void *context, enum gantry_log_level level, const char *line)
{
    struct lines *lines = context;
    (void)level;
    lines->count++;
    (void)snprintf(lines->last, sizeof lines->last, "%s", line);
}

struct builder {
    struct gantry_opencl_found found;
    cl_context context;
    struct lines lines;
};

static void builder_open(struct builder *builder)
{
    struct gantry_error error = {0};
    cl_int code = CL_SUCCESS;
    *builder = (struct builder){0};
    if (gantry_opencl_find(0, "test", &builder->found, &error)) fail_msg("%s", error.message);
    builder->context = clCreateContext(NULL, 1, &builder->found.device, NULL, NULL, &code);
    assert_int_equal(code, CL_SUCCESS);
}

static enum gantry_status build(struct builder *builder, const char *text,
                                struct gantry_error *error)
{
    const size_t length = strlen(text);
    const struct gantry_opencl_source source = {&text, &length, 1, "-cl-std=CL1.2"};
    const struct gantry_log log = {take_line, &builder->lines};
    cl_program program = NULL;
    memset(&builder->lines, 0, sizeof builder->lines);
    enum gantry_status status = gantry_opencl_build(&builder->found, builder->context, &source,
                                                    folder, &log, "test", &program, error);
    if (program) (void)clReleaseProgram(program);
    return status;
}

static const char small_source[] =
    "__kernel void add_one(__global int *x) { x[get_global_id(0)] += 1; }\n";

static void build__a_source_that_is_wrong_shows_the_log(void **state)
{
    (void)state;
    needs_device();
    struct builder builder;
    struct gantry_error error = {0};
    builder_open(&builder);
    assert_int_equal(build(&builder, "__kernel void f(void) { return nonsense; }\n", &error),
                     GANTRY_ERR_DEVICE);
    contains(error.message, "test: the kernels do not build: CL_BUILD_PROGRAM_FAILURE (-11): ");
    assert_true(builder.lines.count > 1); /* that it builds, then the log */
    contains(builder.lines.last, "test: build log: ");
    (void)clReleaseContext(builder.context);
    empty_folder();
}

static void build__comes_from_the_cache_and_mends_it(void **state)
{
    (void)state;
    needs_device();
    static uint8_t file[1 << 20];
    struct builder builder;
    struct gantry_error error = {0};
    char path[1024];
    builder_open(&builder);
    empty_folder();
    assert_int_equal(build(&builder, small_source, &error), GANTRY_OK);
    assert_int_equal(builder.lines.count, 1);
    contains(builder.lines.last, "builds the kernels from source");
    assert_int_equal(build(&builder, small_source, &error), GANTRY_OK);
    assert_int_equal(builder.lines.count, 0); /* from the file */
    only_entry(path, sizeof path);
    size_t bytes = read_file(path, file, sizeof file);
    file[bytes / 2] ^= 0x10;
    write_file(path, file, bytes);
    assert_int_equal(build(&builder, small_source, &error), GANTRY_OK);
    assert_int_equal(builder.lines.count, 1);
    assert_int_equal(build(&builder, small_source, &error), GANTRY_OK);
    assert_int_equal(builder.lines.count, 0);
    /* Whole, but no binary of this driver. */
    uint64_t key = 0;
    assert_int_equal(sscanf(strrchr(path, '-') + 1, "%16" SCNx64, &key), 1);
    assert_true(gantry_opencl_cache_write(folder, key, file + 100, 1000));
    assert_int_equal(build(&builder, small_source, &error), GANTRY_OK);
    assert_int_equal(builder.lines.count, 1);
    (void)clReleaseContext(builder.context);
    empty_folder();
}

/* ---- Buffers and launches ---- */

static void opencl__memory_has_a_limit(void **state)
{
    (void)state;
    needs_device();
    struct gantry_device *device = open_device(CONFIG);
    struct gantry_device_buffer buffer = {0};
    struct gantry_error error;
    size_t bytes = (size_t)gantry_device_opencl_of(device)->largest + 1;
    char limit[64];
    (void)snprintf(limit, sizeof limit, "no memory for %zu bytes (largest possible %zu)", bytes,
                   bytes - 1);
    assert_int_equal(device->ops->alloc(device, bytes, GANTRY_ROLE_ARENA, &buffer, &error),
                     GANTRY_ERR_MEMORY);
    contains(error.message, limit);
    assert_int_equal(device->ops->alloc(device, 0, GANTRY_ROLE_ARENA, &buffer, &error),
                     GANTRY_ERR_ARGUMENT);
    assert_int_equal(device->ops->alloc(device, 64, GANTRY_ROLE_ARENA, &buffer, &error), GANTRY_OK);
    assert_int_equal(device->ops->sync(device, &buffer, 60, 5, GANTRY_SYNC_TO_DEVICE, &error),
                     GANTRY_ERR_ARGUMENT);
    device->ops->free(device, &buffer);
    device->ops->close(device);
}

/* Fields of one instruction of a chain that are changed. */
struct change {
    uint32_t opcode;
    enum gantry_operand operand;
    int64_t value;
};

static void change_program(struct chain_run *run, const struct change *change)
{
    for (uint32_t i = 0; i < run->chain.insn_count; i++) {
        struct gantry_insn insn;
        uint8_t *at = run->program.host + (size_t)i * GANTRY_INSN_BYTES;
        gantry_insn_from_bytes(&insn, at);
        if (gantry_insn_get(&insn, GANTRY_COMMON_OPCODE) != change->opcode) continue;
        assert_true(gantry_insn_set(&insn, change->operand, change->value));
        gantry_insn_to_bytes(&insn, at);
        return;
    }
    fail_msg("the chain has no such instruction");
}

/* What the message of a failed launch says, from the instruction on. */
static void fault_of(struct gantry_device *device, const char *name, const struct change *change,
                     uint32_t lines_less, char *out, size_t size)
{
    struct chain_run run;
    struct gantry_error error = {0};
    chain_run_make(&run, CONFIG, 1);
    chain_run_open(&run, device);
    if (change) change_program(&run, change);
    struct gantry_launch launch = chain_run_launch(&run);
    launch.wgt_lines -= lines_less;
    assert_int_equal(device->ops->submit(device, &launch, &error), GANTRY_OK);
    assert_int_equal(device->ops->wait(device, 60000, &error), GANTRY_ERR_DEVICE);
    (void)snprintf(out, size, "%s", error.message + strlen(name));
    chain_run_close(&run);
}

static void opencl__launches_fail_as_on_the_model(void **state)
{
    (void)state;
    needs_device();
    static const struct change changes[] = {
        {GANTRY_INSN_LOAD, GANTRY_LOAD_BASE, 511},
        {GANTRY_INSN_LOAD, GANTRY_LOAD_OFFSET, 1 << 30},
        {GANTRY_INSN_STORE, GANTRY_STORE_OFFSET, 1 << 30},
        {GANTRY_INSN_STORE, GANTRY_STORE_BASE, 65535},
        {GANTRY_INSN_CONV, GANTRY_CONV_OUT_BASE, 65535},
        {GANTRY_INSN_CONV, GANTRY_CONV_IN_BASE, 65535},
        {GANTRY_INSN_CONV, GANTRY_CONV_ROWS, 0},
        {GANTRY_INSN_CONV, GANTRY_COMMON_WAIT, 0xFFFF},
        {GANTRY_INSN_END, GANTRY_COMMON_OPCODE, 63},
        {GANTRY_INSN_END, GANTRY_COMMON_OPCODE, 0},
    };
    struct gantry_device *opencl = open_device(CONFIG), *model = NULL;
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_error error = {0};
    char got[256], wanted[256];
    assert_int_equal(gantry_device_model_ops.open(&model, CONFIG, &options, &error), GANTRY_OK);
    for (size_t i = 0; i <= GANTRY_COUNT(changes); i++) {
        const struct change *change = i < GANTRY_COUNT(changes) ? &changes[i] : NULL;
        uint32_t lines_less = change ? 0 : 1; /* the last case: the stream is too short */
        fault_of(opencl, opencl->info.name, change, lines_less, got, sizeof got);
        fault_of(model, model->info.name, change, lines_less, wanted, sizeof wanted);
        /* Kernels tell the greatest row beyond the RAM, the model the first it comes to. */
        char *row = strstr(wanted, "(row ");
        if (row) {
            contains(got, ", limit 512), unit ");
            assert_memory_equal(got, wanted, (size_t)(row - wanted));
        } else {
            assert_string_equal(got, wanted);
        }
    }
    model->ops->close(model);
    opencl->ops->close(opencl);
}

static void opencl__a_launch_ends_at_its_time_limit_and_the_next_is_right(void **state)
{
    (void)state;
    needs_device();
    struct gantry_device *device = open_device(CONFIG);
    struct gantry_error error = {0};
    struct chain_run run;
    uint64_t seed = 0;
    do { /* more than one batch of instructions */
        if (seed > 0) gantry_chain_finish(&run.chain);
        chain_run_make(&run, CONFIG, ++seed);
    } while (run.chain.insn_count * run.chain.repeat <= 2 * GANTRY_OPENCL_BATCH && seed < 1000);
    assert_true(run.chain.insn_count * run.chain.repeat > GANTRY_OPENCL_BATCH);
    chain_run_open(&run, device);
    struct gantry_launch launch = chain_run_launch(&run);
    assert_int_equal(device->ops->wait(device, 0, &error), GANTRY_ERR_ARGUMENT);
    assert_int_equal(device->ops->submit(device, &launch, &error), GANTRY_OK);
    assert_int_equal(device->ops->submit(device, &launch, &error), GANTRY_ERR_ARGUMENT);
    assert_int_equal(device->ops->wait(device, 0, &error), GANTRY_ERR_TIMEOUT);
    contains(error.message, "launch not done after 0 ms; aborted");
    assert_int_equal(device->ops->reset(device, &error), GANTRY_OK);
    chain_run_close(&run);
    chain_run_make(&run, CONFIG, seed);
    chain_run_open(&run, device);
    chain_run_all(&run);
    chain_run_compare_activations(&run);
    chain_run_close(&run);
    device->ops->close(device);
}

static void opencl__codes_have_names(void **state)
{
    (void)state;
    struct gantry_error error;
    assert_int_equal(gantry_opencl_fail(&error, "opencl:0:k26", "clCreateBuffer",
                                        CL_MEM_OBJECT_ALLOCATION_FAILURE),
                     GANTRY_ERR_MEMORY);
    assert_string_equal(error.message,
                        "opencl:0:k26: clCreateBuffer: CL_MEM_OBJECT_ALLOCATION_FAILURE (-4)");
    assert_int_equal(gantry_opencl_fail(&error, "opencl", "clFinish", -9999), GANTRY_ERR_DEVICE);
    assert_string_equal(error.message, "opencl: clFinish: unknown code (-9999)");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(opencl__names_take_an_index_and_a_configuration),
    cmocka_unit_test(opencl__refuses_other_names),
    cmocka_unit_test(cache__takes_whole_entries_only),
    cmocka_unit_test(build__a_source_that_is_wrong_shows_the_log),
    cmocka_unit_test(build__comes_from_the_cache_and_mends_it),
    cmocka_unit_test(opencl__memory_has_a_limit),
    cmocka_unit_test(opencl__launches_fail_as_on_the_model),
    cmocka_unit_test(opencl__a_launch_ends_at_its_time_limit_and_the_next_is_right),
    cmocka_unit_test(opencl__codes_have_names),
};
GANTRY_TEST_MAIN("opencl", tests)
