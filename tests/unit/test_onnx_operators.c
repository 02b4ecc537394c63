/* SPDX-License-Identifier: Apache-2.0
 * Operators of ONNX that become other ones of the graph, or several: what they compute, against
 * loops of the operators' own definitions. */
#include "test.h"

#include <math.h>
#include <string.h>

#include "formats/formats.h"
#include "gantry/engine.h"
#include "onnx_build.h"
#include "plan/plan.h"
#include "random.h"

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define DIMS(...) ((const int64_t[]){__VA_ARGS__}), GANTRY_COUNT(((const int64_t[]){__VA_ARGS__}))

enum { FLOAT = 1, INT8 = 3, INT64 = 7, OPSET = 18 };

/* Opens the model; its bytes stay in the arena of b. */
static struct gantry_model *open_built(struct onnx_build *b)
{
    struct gantry_model *model;
    struct gantry_error error = {0};
    size_t size;
    uint8_t *bytes = onnx_build_pack(b, &size);
    if (gantry_model_open_memory(&model, bytes, size, "t.onnx", NULL, &error) != GANTRY_OK)
        fail_msg("%s", error.message);
    return model;
}

/* Runs the model with one input and one output, both of which it must have. */
static void run_built(struct onnx_build *b, const void *x, void *y, size_t y_bytes)
{
    struct gantry_model *model = open_built(b);
    struct gantry_device *device = NULL;
    struct gantry_plan *plan = NULL;
    struct gantry_engine *engine = NULL;
    struct gantry_error error = {0};
    const struct gantry_tensor_info *in = gantry_model_input(model, 0);
    const struct gantry_tensor_info *out = gantry_model_output(model, 0);
    assert_int_equal(out->bytes, y_bytes);
    const struct gantry_tensor input = {in->dtype, in->shape, (void *)(uintptr_t)x, in->bytes};
    struct gantry_tensor output = {out->dtype, out->shape, y, out->bytes};
    enum gantry_status status = gantry_device_open(&device, "cpu", NULL, &error);
    if (status == GANTRY_OK)
        status = gantry_plan_create(&plan, model, gantry_device_info(device), NULL, &error);
    if (status == GANTRY_OK) status = gantry_engine_create(&engine, plan, device, NULL, &error);
    if (status == GANTRY_OK) status = gantry_engine_run(engine, &input, &output, 60000, &error);
    if (status != GANTRY_OK) fail_msg("%s", error.message);
    gantry_engine_destroy(engine);
    gantry_plan_destroy(plan);
    gantry_device_close(device);
    gantry_model_close(model);
    onnx_build_finish(b);
}

static void fill(float *x, int32_t count)
{
    uint64_t seed = 11;
    for (int32_t i = 0; i < count; i++) x[i] = (float)random_in(&seed, -1000, 1000) / 250.0f;
}

static void begin(struct onnx_build *b, const int64_t *dims, size_t rank)
{
    onnx_build_init(b, OPSET);
    onnx_build_input(b, "x", FLOAT, dims, rank);
    onnx_build_output(b, "y");
}

static void integers(struct onnx_build *b, const char *name, const int64_t *values, size_t count)
{
    const int64_t dims[] = {(int64_t)count};
    (void)onnx_build_constant(b, name, INT64, dims, 1, values, count * sizeof *values);
}

static void near_to(float got, double want)
{
    if (!(fabs((double)got - want) <= 1e-5 * (1 + fabs(want))))
        fail_msg("%g, not %g", (double)got, want);
}

/* ---- Products of two activations ---- */

/* x is quantised, multiplied with itself turned, and quantised: two scales, no zero points. */
static void matmul__of_two_activations_is_one_node_on_integers(void **state)
{
    (void)state;
    enum { ROWS = 5, DEPTH = 7 };
    static const float sx = 0.05f, sy = 0.3f;
    static float x[ROWS * DEPTH], y[ROWS * ROWS];
    static const enum gantry_op wanted[] = {GANTRY_OP_QUANTIZE, GANTRY_OP_BATCH_MATMUL,
                                            GANTRY_OP_DEQUANTIZE};
    struct onnx_build b;
    begin(&b, DIMS(ROWS, DEPTH));
    onnx_build_scale(&b, "sx", sx);
    onnx_build_scale(&b, "sy", sy);
    onnx_build_zero(&b, "zero", INT8, 0);
    (void)onnx_build_node(&b, "QuantizeLinear", NAMES("x", "sx", "zero"), NAMES("q"));
    (void)onnx_build_node(&b, "DequantizeLinear", NAMES("q", "sx", "zero"), NAMES("r"));
    (void)onnx_build_node(&b, "Transpose", NAMES("r"), NAMES("t"));
    (void)onnx_build_node(&b, "MatMul", NAMES("r", "t"), NAMES("m"));
    (void)onnx_build_node(&b, "QuantizeLinear", NAMES("m", "sy", "zero"), NAMES("n"));
    (void)onnx_build_node(&b, "DequantizeLinear", NAMES("n", "sy", "zero"), NAMES("y"));
    struct gantry_graph graph;
    struct gantry_error error = {0};
    size_t size;
    const uint8_t *bytes = onnx_build_pack(&b, &size);
    gantry_graph_init(&graph, NULL);
    if (gantry_onnx_read(&graph, bytes, size, "t", NULL, NULL, &error))
        fail_msg("%s", error.message);
    assert_int_equal(graph.node_count, GANTRY_COUNT(wanted));
    for (int32_t i = 0; i < graph.node_count; i++) assert_int_equal(graph.nodes[i].op, wanted[i]);
    gantry_graph_finish(&graph);

    fill(x, ROWS * DEPTH);
    run_built(&b, x, y, sizeof y);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < ROWS; j++) {
            int32_t sum = 0;
            for (int k = 0; k < DEPTH; k++) {
                int32_t a = (int32_t)nearbyintf(x[i * DEPTH + k] / sx);
                int32_t c = (int32_t)nearbyintf(x[j * DEPTH + k] / sx);
                sum += gantry_max_i32(gantry_min_i32(a, 127), -128) *
                       gantry_max_i32(gantry_min_i32(c, 127), -128);
            }
            int32_t steps = (int32_t)nearbyintf((float)sum * (sx * sx / sy));
            steps = gantry_max_i32(gantry_min_i32(steps, 127), -128);
            assert_true(y[i * ROWS + j] == (float)steps * sy);
        }
}

/* A turned, B turned, with a bias for each column. */
static void gemm__takes_activations_on_both_sides(void **state)
{
    (void)state;
    enum { N = 3 };
    static const float bias[N] = {1, -2, 0.5f};
    static float x[N * N], y[N * N];
    struct onnx_build b;
    begin(&b, DIMS(N, N));
    (void)onnx_build_constant(&b, "bias", FLOAT, DIMS(N), bias, sizeof bias);
    (void)onnx_build_node(&b, "Abs", NAMES("x"), NAMES("a"));
    Onnx__NodeProto *node = onnx_build_node(&b, "Gemm", NAMES("x", "a", "bias"), NAMES("y"));
    onnx_build_int(&b, node, "transA", 1);
    onnx_build_int(&b, node, "transB", 1);
    fill(x, N * N);
    run_built(&b, x, y, sizeof y);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double sum = (double)bias[j];
            for (int k = 0; k < N; k++) sum += (double)x[k * N + i] * fabs((double)x[j * N + k]);
            near_to(y[i * N + j], sum);
        }
}

static void matmul__takes_vectors_on_either_side(void **state)
{
    (void)state;
    static float x[4] = {1, 2, 3, 4}, y[1];
    struct onnx_build b;
    begin(&b, DIMS(4));
    (void)onnx_build_node(&b, "Neg", NAMES("x"), NAMES("n"));
    (void)onnx_build_node(&b, "MatMul", NAMES("x", "n"), NAMES("y"));
    run_built(&b, x, y, sizeof y);
    assert_true(y[0] == -30);
}

/* ---- Conditions ---- */

static void where__chooses_what_a_comparison_says(void **state)
{
    (void)state;
    static const char *const types[] = {"Less", "LessOrEqual", "Greater", "GreaterOrEqual",
                                        "Equal"};
    static const float x[6] = {-1, 0, 2, 3, -5, 0}, low = -9;
    for (size_t t = 0; t < GANTRY_COUNT(types); t++) {
        float y[6];
        struct onnx_build b;
        begin(&b, DIMS(2, 3));
        onnx_build_scale(&b, "zero", 0);
        onnx_build_scale(&b, "low", low);
        (void)onnx_build_node(&b, types[t], NAMES("x", "zero"), NAMES("c"));
        (void)onnx_build_node(&b, "Not", NAMES("c"), NAMES("n"));
        (void)onnx_build_node(&b, "Where", NAMES("n", "low", "x"), NAMES("y"));
        run_built(&b, x, y, sizeof y);
        for (int i = 0; i < 6; i++) {
            const bool holds[] = {x[i]<0, x[i] <= 0, x[i]> 0, x[i] >= 0, x[i] == 0};
            assert_true(y[i] == (holds[t] ? x[i] : low));
        }
    }
}

/* ---- Reductions and normalisations ---- */

static double reduced(size_t kind, const float *x, int32_t count, int32_t step)
{
    double sum = kind == 0 ? 1 : 0;
    for (int32_t i = 0; i < count; i++) {
        double v = (double)x[i * step];
        sum = kind == 0 ? sum * v : sum + (kind == 1 ? fabs(v) : kind == 4 ? v : v * v);
    }
    return kind == 2 ? sqrt(sum) : kind == 4 ? log(sum) : sum;
}

static void reduce__computes_what_its_names_say(void **state)
{
    (void)state;
    static const char *const types[] = {"ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare",
                                        "ReduceLogSum"};
    enum { ROWS = 4, COLUMNS = 6 };
    static float x[ROWS * COLUMNS];
    fill(x, ROWS * COLUMNS);
    for (size_t t = 0; t < GANTRY_COUNT(types); t++) {
        float y[COLUMNS];
        if (t == 4)
            for (int i = 0; i < ROWS * COLUMNS; i++) x[i] = fabsf(x[i]) + 1;
        struct onnx_build b;
        begin(&b, DIMS(ROWS, COLUMNS));
        integers(&b, "axes", (const int64_t[]){0}, 1);
        Onnx__NodeProto *node = onnx_build_node(&b, types[t], NAMES("x", "axes"), NAMES("y"));
        onnx_build_int(&b, node, "keepdims", 0);
        run_built(&b, x, y, sizeof y);
        for (int c = 0; c < COLUMNS; c++) near_to(y[c], reduced(t, x + c, ROWS, COLUMNS));
    }
}

static void normalization__of_instances_is_over_the_map_of_each_channel(void **state)
{
    (void)state;
    enum { CHANNELS = 3, PIXELS = 8 };
    static const float scale[CHANNELS] = {1, -2, 0.5f}, bias[CHANNELS] = {0, 3, -1};
    static float x[CHANNELS * PIXELS], y[CHANNELS * PIXELS];
    struct onnx_build b;
    begin(&b, DIMS(1, CHANNELS, 2, 4));
    (void)onnx_build_constant(&b, "scale", FLOAT, DIMS(CHANNELS), scale, sizeof scale);
    (void)onnx_build_constant(&b, "bias", FLOAT, DIMS(CHANNELS), bias, sizeof bias);
    (void)onnx_build_node(&b, "InstanceNormalization", NAMES("x", "scale", "bias"), NAMES("y"));
    fill(x, CHANNELS * PIXELS);
    run_built(&b, x, y, sizeof y);
    for (int c = 0; c < CHANNELS; c++) {
        double mean = 0, variance = 0;
        for (int i = 0; i < PIXELS; i++) mean += (double)x[c * PIXELS + i] / PIXELS;
        for (int i = 0; i < PIXELS; i++)
            variance += pow((double)x[c * PIXELS + i] - mean, 2) / PIXELS;
        for (int i = 0; i < PIXELS; i++)
            near_to(y[c * PIXELS + i],
                    ((double)x[c * PIXELS + i] - mean) / sqrt(variance + 1e-5) * (double)scale[c] +
                        (double)bias[c]);
    }
}

/* ---- Maps ---- */

static void depth_to_space__by_columns_has_each_channels_block_together(void **state)
{
    (void)state;
    enum { OUT = 2, BLOCK = 2, H = 2, W = 3 };
    static float x[OUT * BLOCK * BLOCK * H * W], y[OUT * BLOCK * BLOCK * H * W];
    struct onnx_build b;
    begin(&b, DIMS(1, OUT * BLOCK * BLOCK, H, W));
    Onnx__NodeProto *node = onnx_build_node(&b, "DepthToSpace", NAMES("x"), NAMES("y"));
    onnx_build_int(&b, node, "blocksize", BLOCK);
    onnx_build_text(&b, node, "mode", "CRD");
    for (int i = 0; i < OUT * BLOCK * BLOCK * H * W; i++) x[i] = (float)i;
    run_built(&b, x, y, sizeof y);
    for (int c = 0; c < OUT; c++)
        for (int h = 0; h < H * BLOCK; h++)
            for (int w = 0; w < W * BLOCK; w++) {
                int from = c * BLOCK * BLOCK + h % BLOCK * BLOCK + w % BLOCK;
                assert_true(y[(c * H * BLOCK + h) * W * BLOCK + w] ==
                            x[(from * H + h / BLOCK) * W + w / BLOCK]);
            }
}

/* 4 pixels to 6 by the factor 1.5, each with its own index: there is no operator of the graph that
 * takes the same ones in every mode. */
static void resize__takes_the_nearest_in_every_mode(void **state)
{
    (void)state;
    static const char *const modes[] = {"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"};
    static const float scales[4] = {1, 1, 1, 1.5f};
    float x[8] = {0, 1, 2, 3, 10, 11, 12, 13}, y[12];
    for (size_t m = 0; m < GANTRY_COUNT(modes); m++) {
        struct onnx_build b;
        begin(&b, DIMS(1, 1, 2, 4));
        (void)onnx_build_constant(&b, "scales", FLOAT, DIMS(4), scales, sizeof scales);
        Onnx__NodeProto *node = onnx_build_node(&b, "Resize", NAMES("x", "", "scales"), NAMES("y"));
        onnx_build_text(&b, node, "mode", "nearest");
        onnx_build_text(&b, node, "coordinate_transformation_mode", "asymmetric");
        onnx_build_text(&b, node, "nearest_mode", modes[m]);
        run_built(&b, x, y, sizeof y);
        for (int i = 0; i < 12; i++) {
            double at = i % 6 / 1.5;
            const double places[] = {floor(at), ceil(at), ceil(at - 0.5), floor(at + 0.5)};
            assert_true(y[i] == x[i / 6 * 4 + (int)fmin(places[m], 3)]);
        }
    }
}

/* Groups, dilation and a stride on rows: each input adds the kernel of its group to the output. */
static void conv_transpose__of_rows_adds_kernels(void **state)
{
    (void)state;
    enum { IN = 4, OUT = 2, LENGTH = 5, KERNEL = 3, GROUPS = 2, STRIDE = 2, DILATION = 2 };
    enum { OUT_LENGTH = (LENGTH - 1) * STRIDE + (KERNEL - 1) * DILATION + 1 - 2 };
    static float x[IN * LENGTH], w[IN * OUT * KERNEL], y[GROUPS * OUT * OUT_LENGTH];
    struct onnx_build b;
    fill(w, IN * OUT * KERNEL);
    begin(&b, DIMS(1, IN, LENGTH));
    (void)onnx_build_constant(&b, "w", FLOAT, DIMS(IN, OUT, KERNEL), w, sizeof w);
    Onnx__NodeProto *node = onnx_build_node(&b, "ConvTranspose", NAMES("x", "w"), NAMES("y"));
    onnx_build_int(&b, node, "group", GROUPS);
    onnx_build_ints(&b, node, "strides", (const int64_t[]){STRIDE}, 1);
    onnx_build_ints(&b, node, "dilations", (const int64_t[]){DILATION}, 1);
    onnx_build_ints(&b, node, "pads", (const int64_t[]){1, 1}, 2);
    for (int i = 0; i < IN * LENGTH; i++) x[i] = (float)(i % 7) - 3;
    run_built(&b, x, y, sizeof y);
    for (int o = 0; o < GROUPS * OUT; o++)
        for (int t = 0; t < OUT_LENGTH; t++) {
            double sum = 0;
            for (int i = 0; i < IN; i++)
                for (int k = 0; k < KERNEL * LENGTH; k++) {
                    bool here = k / KERNEL * STRIDE + k % KERNEL * DILATION == t + 1;
                    bool group = i / (IN / GROUPS) == o / OUT;
                    if (here && group)
                        sum += (double)x[i * LENGTH + k / KERNEL] *
                               (double)w[(i * OUT + o % OUT) * KERNEL + k % KERNEL];
                }
            near_to(y[o * OUT_LENGTH + t], sum);
        }
}

/* ---- Functions ---- */

static void functions__of_one_operand_are_the_real_ones(void **state)
{
    (void)state;
    static const char *const types[] = {"Softplus", "Mish", "Erf", "Reciprocal"};
    static const float x[6] = {-90, -2, -0.5f, 0.25f, 3, 90};
    for (size_t t = 0; t < GANTRY_COUNT(types); t++) {
        float y[6];
        struct onnx_build b;
        begin(&b, DIMS(6));
        (void)onnx_build_node(&b, types[t], NAMES("x"), NAMES("y"));
        run_built(&b, x, y, sizeof y);
        for (int i = 0; i < 6; i++) {
            double v = (double)x[i], soft = v > 50 ? v : log(1 + exp(v));
            const double wanted[] = {soft, v * tanh(soft), erf(v), 1 / v};
            near_to(y[i], wanted[t]);
        }
    }
}

static void pad__takes_edges_or_the_other_end(void **state)
{
    (void)state;
    static const float x[3] = {1, 2, 3},
                       wanted[2][7] = {{1, 1, 1, 2, 3, 3, 3}, {2, 3, 1, 2, 3, 1, 2}};
    static const char *const modes[2] = {"edge", "wrap"};
    for (int m = 0; m < 2; m++) {
        float y[7];
        struct onnx_build b;
        begin(&b, DIMS(1, 3));
        integers(&b, "pads", (const int64_t[]){0, 2, 0, 2}, 4);
        Onnx__NodeProto *node = onnx_build_node(&b, "Pad", NAMES("x", "pads"), NAMES("y"));
        onnx_build_text(&b, node, "mode", modes[m]);
        run_built(&b, x, y, sizeof y);
        assert_memory_equal(y, wanted[m], sizeof y);
    }
}

/* ---- Constants ---- */

/* x + range(2, 11, 3) + 7 of the shape of x + the number of its elements. */
static void constants__of_shapes_and_ranges_are_known_while_reading(void **state)
{
    (void)state;
    static const float x[3] = {0.5f, 1.5f, -1};
    float y[3];
    static const int64_t seven = 7, start = 2, limit = 11, delta = 3;
    struct onnx_build b;
    begin(&b, DIMS(3));
    (void)onnx_build_constant(&b, "start", INT64, NULL, 0, &start, sizeof start);
    (void)onnx_build_constant(&b, "limit", INT64, NULL, 0, &limit, sizeof limit);
    (void)onnx_build_constant(&b, "delta", INT64, NULL, 0, &delta, sizeof delta);
    (void)onnx_build_constant(&b, "seven", INT64, NULL, 0, &seven, sizeof seven);
    (void)onnx_build_node(&b, "Range", NAMES("start", "limit", "delta"), NAMES("r"));
    (void)onnx_build_node(&b, "Shape", NAMES("x"), NAMES("s"));
    (void)onnx_build_node(&b, "ConstantOfShape", NAMES("s"), NAMES("zeros"));
    (void)onnx_build_node(&b, "Size", NAMES("x"), NAMES("size"));
    (void)onnx_build_node(&b, "Sum", NAMES("r", "seven", "size"), NAMES("sum"));
    Onnx__NodeProto *cast = onnx_build_node(&b, "Cast", NAMES("sum"), NAMES("real"));
    onnx_build_int(&b, cast, "to", FLOAT);
    (void)onnx_build_node(&b, "Sum", NAMES("x", "real", "zeros"), NAMES("y"));
    run_built(&b, x, y, sizeof y);
    for (int i = 0; i < 3; i++) assert_true(y[i] == x[i] + (float)(2 + 3 * i + 7 + 3));
}

static void constants__larger_than_any_use_are_refused(void **state)
{
    (void)state;
    struct onnx_build b;
    struct gantry_model *model;
    struct gantry_error error = {0};
    size_t size;
    begin(&b, DIMS(1));
    integers(&b, "shape", (const int64_t[]){1 << 20, 1 << 10}, 2);
    (void)onnx_build_node(&b, "ConstantOfShape", NAMES("shape"), NAMES("c"));
    (void)onnx_build_node(&b, "Add", NAMES("x", "c"), NAMES("y"));
    const uint8_t *bytes = onnx_build_pack(&b, &size);
    assert_int_equal(gantry_model_open_memory(&model, bytes, size, "t.onnx", NULL, &error),
                     GANTRY_ERR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "a constant of shape 1048576x1024"));
    onnx_build_finish(&b);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(matmul__of_two_activations_is_one_node_on_integers),
    cmocka_unit_test(matmul__takes_vectors_on_either_side),
    cmocka_unit_test(gemm__takes_activations_on_both_sides),
    cmocka_unit_test(where__chooses_what_a_comparison_says),
    cmocka_unit_test(reduce__computes_what_its_names_say),
    cmocka_unit_test(normalization__of_instances_is_over_the_map_of_each_channel),
    cmocka_unit_test(depth_to_space__by_columns_has_each_channels_block_together),
    cmocka_unit_test(resize__takes_the_nearest_in_every_mode),
    cmocka_unit_test(conv_transpose__of_rows_adds_kernels),
    cmocka_unit_test(functions__of_one_operand_are_the_real_ones),
    cmocka_unit_test(pad__takes_edges_or_the_other_end),
    cmocka_unit_test(constants__of_shapes_and_ranges_are_known_while_reading),
    cmocka_unit_test(constants__larger_than_any_use_are_refused),
};

GANTRY_TEST_MAIN("onnx_operators", tests)
