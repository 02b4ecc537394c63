/* SPDX-License-Identifier: Apache-2.0
 * Running allocates nothing: the linker sends every allocation of the program through a counter,
 * and a counting allocator sees the same of what the library asks it for. */
#include "engine_fixture.h"

static unsigned long calls;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **out, size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);

void *__wrap_malloc(size_t size)
{
    calls++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    calls++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    calls++;
    return __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    calls++;
    return __real_aligned_alloc(alignment, size);
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
    calls++;
    return __real_posix_memalign(out, alignment, size);
}

/* What an allocator of the caller sees. */
struct counter {
    unsigned long allocations, releases;
};

static void *count_allocate(void *context, size_t size)
{
    ((struct counter *)context)->allocations++;
    return __real_aligned_alloc(64, (size + 63) / 64 * 64);
}

static void count_release(void *context, void *memory)
{
    if (memory) ((struct counter *)context)->releases++;
    free(memory);
}

static void runs_without_allocating(const char *model, const char *device, int threads)
{
    struct counter counter = {0};
    const struct gantry_allocator allocator = {
        .allocate = count_allocate, .release = count_release, .context = &counter};
    struct engine_fixture fixture = {.threads = threads};
    unsigned long before = calls;
    engine_fixture_open_model(&fixture, model, device, false, &allocator);
    assert_true(counter.allocations > 0); /* both counters count */
    assert_true(calls > before);
    before = calls;
    unsigned long asked = counter.allocations;
    for (int i = 0; i < 3; i++) engine_fixture_run(&fixture);
    assert_int_equal(calls, before);
    assert_int_equal(counter.allocations, asked);
    engine_fixture_close(&fixture);
    assert_int_equal(counter.allocations, counter.releases);
}

static void engine__running_on_cpu_allocates_nothing(void **state)
{
    (void)state;
    runs_without_allocating(ENGINE_DIGITS, "cpu", 1);
}

static void engine__running_with_threads_allocates_nothing(void **state)
{
    (void)state;
    runs_without_allocating(ENGINE_KWS, "cpu", 4);
}

static void engine__running_on_model_allocates_nothing(void **state)
{
    (void)state;
    runs_without_allocating(ENGINE_DIGITS, "model", 1);
}

/* Every allocation of loading and planning may fail: an error, nothing lost, nothing crashed. */
struct scarce {
    long left;
    struct counter counter;
};

static void *scarce_allocate(void *context, size_t size)
{
    struct scarce *scarce = context;
    if (scarce->left == 0) return NULL;
    scarce->left--;
    return count_allocate(&scarce->counter, size);
}

static void scarce_release(void *context, void *memory)
{
    count_release(&((struct scarce *)context)->counter, memory);
}

static enum gantry_status open_all(const struct gantry_allocator *allocator)
{
    struct gantry_model *model = NULL;
    struct gantry_device *device = NULL;
    struct gantry_plan *plan = NULL;
    struct gantry_engine *engine = NULL;
    struct gantry_device_options device_options = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_plan_options plan_options = GANTRY_PLAN_OPTIONS_INIT;
    plan_options.placement = GANTRY_PLACEMENT_ACCELERATOR;
    struct gantry_engine_options engine_options = GANTRY_ENGINE_OPTIONS_INIT;
    const struct gantry_model_options options = {.allocator = allocator};
    device_options.allocator = plan_options.allocator = engine_options.allocator = allocator;
    enum gantry_status status = gantry_model_open(&model, ENGINE_DIGITS, &options, NULL);
    if (status == GANTRY_OK) status = gantry_device_open(&device, "model", &device_options, NULL);
    if (status == GANTRY_OK)
        status = gantry_plan_create(&plan, model, gantry_device_info(device), &plan_options, NULL);
    if (status == GANTRY_OK)
        status = gantry_engine_create(&engine, plan, device, &engine_options, NULL);
    gantry_engine_destroy(engine);
    gantry_plan_destroy(plan);
    gantry_device_close(device);
    gantry_model_close(model);
    return status;
}

static void engine__every_failing_allocation_is_an_error(void **state)
{
    (void)state;
    struct scarce scarce = {0};
    const struct gantry_allocator allocator = {
        .allocate = scarce_allocate, .release = scarce_release, .context = &scarce};
    enum gantry_status status = GANTRY_ERR_MEMORY;
    long budget = 0;
    for (; status != GANTRY_OK && budget < 5000; budget++) {
        scarce = (struct scarce){.left = budget};
        status = open_all(&allocator);
        if (status != GANTRY_OK) assert_int_equal(status, GANTRY_ERR_MEMORY);
        assert_int_equal(scarce.counter.allocations, scarce.counter.releases);
    }
    assert_int_equal(status, GANTRY_OK);
    assert_true(budget > 5);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(engine__running_on_cpu_allocates_nothing),
    cmocka_unit_test(engine__running_with_threads_allocates_nothing),
    cmocka_unit_test(engine__running_on_model_allocates_nothing),
    cmocka_unit_test(engine__every_failing_allocation_is_an_error),
};

GANTRY_TEST_MAIN("engine_memory", tests)
