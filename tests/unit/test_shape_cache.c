/* SPDX-License-Identifier: Apache-2.0
 * The cache of engines by shape: what is planned and what is found, which engine goes, what
 * failures leave behind. */
#include "test.h"

#include "base/base.h"
#include "gantry/shape_cache.h"
#include "tflite_text.h"

/* y = a - b of shape [?, ?]. */
static const char difference[] =
    "{version: 3, operator_codes: [{builtin_code: 41}], "
    "subgraphs: [{inputs: [0, 1], outputs: [2], tensors: ["
    "{shape: [1, 2], shape_signature: [-1, -1], type: 0, name: 'a'}, "
    "{shape: [1, 2], shape_signature: [-1, 2], type: 0, name: 'b'}, "
    "{shape: [1, 2], type: 0, name: 'y'}], "
    "operators: [{opcode_index: 0, inputs: [0, 1], outputs: [2]}]}], buffers: [{}]}";
/* y = max(x, 0) of shape [?, 2]. */
static const char relu[] = "{version: 3, operator_codes: [{builtin_code: 19}], "
                           "subgraphs: [{inputs: [0], outputs: [1], tensors: ["
                           "{shape: [1, 2], shape_signature: [-1, 2], type: 0, name: 'x'}, "
                           "{shape: [1, 2], type: 0, name: 'y'}], "
                           "operators: [{opcode_index: 0, inputs: [0], outputs: [1]}]}], "
                           "buffers: [{}]}";

static size_t allocations;

static void *take(void *context, size_t size)
{
    (void)context;
    allocations++;
    return aligned_alloc(64, (size + 63) / 64 * 64);
}

static void give(void *context, void *memory)
{
    (void)context;
    free(memory);
}

static const struct gantry_allocator counting = {take, give, NULL};

struct bed {
    struct gantry_device *device;
    struct gantry_shape_cache *cache;
    struct gantry_plan_options plan;
    struct gantry_engine_options engine;
    struct gantry_error error;
};

static void open_bed(struct bed *bed, const char *text, int limit)
{
    *bed = (struct bed){.plan = GANTRY_PLAN_OPTIONS_INIT, .engine = GANTRY_ENGINE_OPTIONS_INIT};
    struct gantry_shape_cache_options options = GANTRY_SHAPE_CACHE_OPTIONS_INIT;
    bed->plan.allocator = bed->engine.allocator = options.allocator = &counting;
    options.limit = limit;
    options.plan = &bed->plan;
    options.engine = &bed->engine;
    tflite_compile(text);
    if (gantry_device_open(&bed->device, "cpu", NULL, &bed->error) ||
        gantry_shape_cache_create(&bed->cache, scratch_path("t.bin"), bed->device, &options,
                                  &bed->error))
        fail_msg("%s", bed->error.message);
}

static void close_bed(struct bed *bed)
{
    gantry_shape_cache_destroy(bed->cache);
    gantry_device_close(bed->device);
    tflite_clean();
}

/* The engine for rows of the only input, which is run. */
static struct gantry_engine *ask(struct bed *bed, const char *name, int32_t rows)
{
    const struct gantry_input_shape shape = {name, {2, {rows, 2}}};
    float x[32], y[32];
    struct gantry_shape_engine got;
    if (gantry_shape_cache_get(bed->cache, &shape, 1, &got, &bed->error))
        fail_msg("%s", bed->error.message);
    const struct gantry_tensor_info *info = gantry_model_output(got.model, 0);
    assert_int_equal(info->shape.dims[0], rows);
    assert_int_equal(info->bytes, (size_t)rows * 2 * sizeof *y);
    for (int32_t i = 0; i < 2 * rows; i++) x[i] = (float)(i % 3 - 1);
    struct gantry_tensor in = {GANTRY_FLOAT32, shape.shape, x, info->bytes};
    struct gantry_tensor out = {GANTRY_FLOAT32, shape.shape, y, info->bytes};
    if (gantry_engine_run(got.engine, &in, &out, 1000, &bed->error))
        fail_msg("%s", bed->error.message);
    for (int32_t i = 0; i < 2 * rows; i++) assert_true(y[i] == (x[i] > 0 ? x[i] : 0));
    return got.engine;
}

static void shape_cache__plans_a_shape_once(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, relu, 2);
    struct gantry_engine *first = ask(&bed, NULL, 3);
    assert_int_equal(gantry_shape_cache_planned(bed.cache), 1);
    size_t before = allocations;
    assert_ptr_equal(ask(&bed, NULL, 3), first);
    assert_ptr_equal(ask(&bed, "x", 3), first);
    assert_int_equal(gantry_shape_cache_planned(bed.cache), 1);
    assert_int_equal(allocations, before);
    assert_ptr_not_equal(ask(&bed, "x", 4), first);
    assert_ptr_equal(ask(&bed, "x", 3), first);
    assert_int_equal(gantry_shape_cache_planned(bed.cache), 2);
    close_bed(&bed);
}

static void shape_cache__lets_the_least_recently_used_go(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, relu, 2);
    (void)ask(&bed, NULL, 1);
    (void)ask(&bed, NULL, 2);
    (void)ask(&bed, NULL, 1);
    (void)ask(&bed, NULL, 3); /* in place of 2 */
    assert_int_equal(gantry_shape_cache_planned(bed.cache), 3);
    (void)ask(&bed, NULL, 1);
    assert_int_equal(gantry_shape_cache_planned(bed.cache), 3);
    (void)ask(&bed, NULL, 2);
    assert_int_equal(gantry_shape_cache_planned(bed.cache), 4);
    close_bed(&bed);
}

static void shape_cache__knows_inputs_by_name(void **state)
{
    (void)state;
    static const struct gantry_input_shape ab[] = {{"a", {2, {1, 2}}}, {"b", {2, {5, 2}}}},
                                           ba[] = {{"b", {2, {5, 2}}}, {"a", {2, {1, 2}}}},
                                           crossed[] = {{"a", {2, {5, 2}}}, {"b", {2, {1, 2}}}};
    struct gantry_shape_engine first, second, third;
    struct bed bed;
    open_bed(&bed, difference, 4);
    if (gantry_shape_cache_get(bed.cache, ab, 2, &first, &bed.error) ||
        gantry_shape_cache_get(bed.cache, ba, 2, &second, &bed.error) ||
        gantry_shape_cache_get(bed.cache, crossed, 2, &third, &bed.error))
        fail_msg("%s", bed.error.message);
    assert_ptr_equal(first.engine, second.engine);
    assert_ptr_not_equal(first.engine, third.engine);
    assert_int_equal(gantry_shape_cache_planned(bed.cache), 2);
    if (gantry_shape_cache_get(bed.cache, NULL, 0, &third, &bed.error))
        fail_msg("%s", bed.error.message);
    assert_int_equal(gantry_model_output(third.model, 0)->shape.dims[0], 1);
    close_bed(&bed);
}

static void shape_cache__keeps_its_engines_when_a_shape_is_refused(void **state)
{
    (void)state;
    static const struct gantry_input_shape wide = {"x", {2, {1, 3}}}, odd = {"x", {-1, {0}}};
    struct gantry_shape_engine got;
    struct bed bed;
    open_bed(&bed, relu, 1);
    struct gantry_engine *first = ask(&bed, NULL, 3);
    assert_int_equal(gantry_shape_cache_get(bed.cache, &wide, 1, &got, &bed.error),
                     GANTRY_ERR_SHAPE);
    assert_null(got.engine);
    assert_int_equal(gantry_shape_cache_get(bed.cache, &odd, 1, &got, &bed.error),
                     GANTRY_ERR_SHAPE);
    assert_ptr_equal(ask(&bed, NULL, 3), first);
    assert_int_equal(gantry_shape_cache_planned(bed.cache), 1);
    close_bed(&bed);
}

static void shape_cache__refuses_a_limit_out_of_range(void **state)
{
    (void)state;
    static const int bad[] = {0, -1, GANTRY_SHAPE_CACHE_MAX + 1};
    struct gantry_shape_cache *cache;
    for (size_t i = 0; i < GANTRY_COUNT(bad); i++) {
        struct gantry_error error = {0};
        struct gantry_shape_cache_options options = GANTRY_SHAPE_CACHE_OPTIONS_INIT;
        options.limit = bad[i];
        assert_int_equal(gantry_shape_cache_create(&cache, "m", NULL, &options, &error),
                         GANTRY_ERR_ARGUMENT);
        assert_non_null(strstr(error.message, "out of range"));
        assert_null(cache);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(shape_cache__plans_a_shape_once),
    cmocka_unit_test(shape_cache__lets_the_least_recently_used_go),
    cmocka_unit_test(shape_cache__knows_inputs_by_name),
    cmocka_unit_test(shape_cache__keeps_its_engines_when_a_shape_is_refused),
    cmocka_unit_test(shape_cache__refuses_a_limit_out_of_range),
};

GANTRY_TEST_MAIN("shape_cache", tests)
