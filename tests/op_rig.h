/* SPDX-License-Identifier: Apache-2.0
 * Tensors and runs of general operators, for their tests: header only. */
#ifndef GANTRY_OP_RIG_H
#define GANTRY_OP_RIG_H

#include "test.h"

#include <math.h>

#include "kernels/op.h"

static struct gantry_arena op_arena;

static inline int op_set_up(void **state)
{
    (void)state;
    gantry_arena_init(&op_arena, NULL);
    return 0;
}

static inline int op_tear_down(void **state)
{
    (void)state;
    gantry_arena_finish(&op_arena);
    return 0;
}

#define OP_CASE(name) cmocka_unit_test_setup_teardown(name, op_set_up, op_tear_down)

static inline struct gantry_op_tensor op_real(void *data, struct gantry_shape shape)
{
    return (struct gantry_op_tensor){.dtype = GANTRY_FLOAT32, .shape = shape, .data = data};
}

static inline struct gantry_op_tensor op_stored(void *data, struct gantry_shape shape,
                                                const float *scale, const int32_t *zero)
{
    return (struct gantry_op_tensor){.dtype = GANTRY_INT8,
                                     .shape = shape,
                                     .data = data,
                                     .scales = 1,
                                     .scale = scale,
                                     .zero_point = zero};
}

/* A tensor of op_stored's kind with elements of another type. */
static inline struct gantry_op_tensor op_typed(enum gantry_dtype dtype, void *data,
                                               struct gantry_shape shape, const float *scale,
                                               const int32_t *zero)
{
    struct gantry_op_tensor tensor = op_stored(data, shape, scale, zero);
    tensor.dtype = dtype;
    if (!scale) tensor.scales = 0;
    return tensor;
}

static inline struct gantry_op_tensor op_integers(void *data, struct gantry_shape shape)
{
    return (struct gantry_op_tensor){
        .dtype = GANTRY_INT32, .shape = shape, .data = data, .constant = true};
}

static inline struct gantry_shape op_shape1(int32_t a) { return (struct gantry_shape){1, {a}}; }
static inline struct gantry_shape op_shape2(int32_t a, int32_t b)
{
    return (struct gantry_shape){2, {a, b}};
}
static inline struct gantry_shape op_shape4(int32_t a, int32_t b, int32_t c, int32_t d)
{
    return (struct gantry_shape){4, {a, b, c, d}};
}

/* Binds and runs with one unit after the other, as threads would. */
static inline void op_run_args(gantry_op_bind *bind, const struct gantry_op_args *args)
{
    struct gantry_kernel kernel;
    assert_true(bind(&kernel, args, &op_arena));
    assert_true(kernel.units >= 1);
    void *scratch = gantry_arena_alloc(&op_arena, kernel.scratch_bytes + 1, 1);
    assert_non_null(scratch);
    for (int32_t unit = 0; unit < kernel.units; unit++)
        kernel.run(kernel.state, unit, unit + 1, scratch);
}

/* The same without activation, one output. */
static inline void op_run(gantry_op_bind *bind, const struct gantry_op_tensor *inputs,
                          int32_t count, const struct gantry_op_tensor *output,
                          const union gantry_attributes *attributes)
{
    bool wide = output->dtype == GANTRY_INT16;
    const struct gantry_op_args args = {.inputs = inputs,
                                        .outputs = output,
                                        .input_count = count,
                                        .output_count = 1,
                                        .attributes = attributes,
                                        .clamp_min = wide ? INT16_MIN : INT8_MIN,
                                        .clamp_max = wide ? INT16_MAX : INT8_MAX,
                                        .real_min = -INFINITY,
                                        .real_max = INFINITY};
    op_run_args(bind, &args);
}

#endif
