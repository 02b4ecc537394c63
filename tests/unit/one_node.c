/* SPDX-License-Identifier: Apache-2.0
 * A network of one node. */
#include "one_node.h"

#include <string.h>

#include "plan/plan.h"

struct gantry_shape one_node_shape(int32_t rank, ...)
{
    struct gantry_shape shape = {.rank = rank};
    va_list list;
    va_start(list, rank);
    for (int32_t i = 0; i < rank; i++) shape.dims[i] = va_arg(list, int32_t);
    va_end(list);
    return shape;
}

void one_node_begin(struct one_node *n, enum gantry_op op)
{
    memset(n, 0, sizeof *n);
    gantry_graph_init(&n->graph, NULL);
    n->node.op = op;
    n->node.name = "node";
}

static int32_t add(struct one_node *n, enum gantry_dtype dtype, struct gantry_shape shape,
                   void *data, float scale, int32_t zero)
{
    static const char *const names[ONE_NODE_TENSORS] = {
        "t0",  "t1",  "t2",  "t3",  "t4",  "t5",  "t6",  "t7",  "t8",  "t9",  "t10", "t11",
        "t12", "t13", "t14", "t15", "t16", "t17", "t18", "t19", "t20", "t21", "t22", "t23"};
    int32_t t = n->graph.tensor_count++;
    assert_true(t < ONE_NODE_TENSORS && n->edge_count < ONE_NODE_TENSORS);
    n->data[t] = data;
    n->scale[t] = scale;
    n->zero[t] = zero;
    n->edges[n->edge_count++] = t;
    n->tensors[t] = (struct gantry_graph_tensor){.name = names[t],
                                                 .dtype = dtype,
                                                 .shape = shape,
                                                 .bytes = (size_t)gantry_shape_elements(&shape) *
                                                          gantry_dtype_bytes(dtype)};
    if (scale > 0)
        n->tensors[t].quantization = (struct gantry_quantization){
            .count = 1, .scale = &n->scale[t], .zero_point = &n->zero[t]};
    return t;
}

void one_node_input(struct one_node *n, enum gantry_dtype dtype, struct gantry_shape shape,
                    void *data, float scale, int32_t zero)
{
    n->reads[n->graph.input_count++] = add(n, dtype, shape, data, scale, zero);
    n->node.input_count++;
}

void one_node_constant(struct one_node *n, enum gantry_dtype dtype, struct gantry_shape shape,
                       void *data, float scale, int32_t zero)
{
    int32_t t = add(n, dtype, shape, data, scale, zero);
    void *kept = gantry_arena_alloc(&n->graph.arena, n->tensors[t].bytes, 1);
    assert_non_null(kept);
    memcpy(kept, data, n->tensors[t].bytes);
    n->tensors[t].data = kept;
    n->node.input_count++;
}

void one_node_variable(struct one_node *n, enum gantry_dtype dtype, struct gantry_shape shape,
                       float scale, int32_t zero)
{
    int32_t t = add(n, dtype, shape, NULL, scale, zero);
    n->tensors[t].variable = true;
    n->node.input_count++;
}

void one_node_absent(struct one_node *n)
{
    assert_true(n->edge_count < ONE_NODE_TENSORS);
    n->edges[n->edge_count++] = GANTRY_NO_TENSOR;
    n->node.input_count++;
}

void one_node_output(struct one_node *n, enum gantry_dtype dtype, struct gantry_shape shape,
                     void *data, float scale, int32_t zero)
{
    (void)add(n, dtype, shape, data, scale, zero);
    n->node.output_count++;
}

static void connect(struct one_node *n)
{
    n->node.inputs = n->edges;
    n->node.outputs = n->edges + n->node.input_count;
    n->graph.name = "one node";
    n->graph.tensors = n->tensors;
    n->graph.nodes = &n->node;
    n->graph.node_count = 1;
    n->graph.inputs = n->reads;
    n->graph.outputs = n->node.outputs;
    n->graph.output_count = n->node.output_count;
    if (!n->clamped) gantry_node_set_activation(&n->graph, &n->node, n->node.activation);
}

static void fill(struct gantry_tensor *to, const struct one_node *n, int32_t tensor)
{
    const struct gantry_graph_tensor *meta = &n->tensors[tensor];
    *to = (struct gantry_tensor){
        .dtype = meta->dtype, .shape = meta->shape, .data = n->data[tensor], .bytes = meta->bytes};
}

void one_node_channels(struct one_node *n, int32_t axis, const float *scale, const int32_t *zero)
{
    struct gantry_graph_tensor *tensor = &n->tensors[n->graph.tensor_count - 1];
    tensor->quantization = (struct gantry_quantization){
        .count = tensor->shape.dims[axis], .axis = axis, .scale = scale, .zero_point = zero};
}

/* What the rule infers of outputs without a shape is what the test states. */
static void check_inference(const struct one_node *n)
{
    struct gantry_graph graph;
    struct gantry_graph_tensor tensors[ONE_NODE_TENSORS];
    struct gantry_graph_node node = n->node;
    struct gantry_error error = {0};
    bool folded, known = node.op == GANTRY_OP_TRANSPOSE_CONV ||
                         (node.op == GANTRY_OP_RESHAPE && node.input_count < 2);
    if (known) return;
    memcpy(tensors, n->tensors, sizeof tensors);
    gantry_graph_init(&graph, NULL);
    graph.name = n->graph.name;
    graph.tensors = tensors;
    graph.tensor_count = n->graph.tensor_count;
    graph.nodes = &node;
    graph.node_count = 1;
    for (int32_t i = 0; i < node.output_count; i++)
        tensors[node.outputs[i]].shape.rank = GANTRY_RANK_OPEN;
    if (gantry_graph_check_node(&graph, 0, &folded, &error)) fail_msg("%s", error.message);
    for (int32_t i = 0; i < node.output_count; i++) {
        int32_t t = node.outputs[i];
        assert_true(gantry_shape_equal(&tensors[t].shape, &n->tensors[t].shape));
        assert_int_equal(tensors[t].bytes, n->tensors[t].bytes);
    }
    gantry_graph_finish(&graph);
}

enum gantry_status one_node_try(struct one_node *n)
{
    struct gantry_tensor inputs[ONE_NODE_TENSORS], outputs[ONE_NODE_TENSORS];
    struct gantry_model *model = NULL;
    struct gantry_device *device = NULL;
    struct gantry_plan *plan = NULL;
    struct gantry_engine *engine = NULL;
    struct gantry_error *error = &n->error;
    connect(n);
    const int32_t count = n->graph.input_count; /* the model takes the graph */
    for (int32_t i = 0; i < count; i++) fill(&inputs[i], n, n->reads[i]);
    for (int32_t i = 0; i < n->node.output_count; i++) fill(&outputs[i], n, n->node.outputs[i]);
    enum gantry_status status = gantry_device_open(&device, "cpu", NULL, error);
    if (status == GANTRY_OK) status = gantry_model_from_graph(&model, &n->graph, error);
    if (status == GANTRY_OK)
        status = gantry_plan_create(&plan, model, gantry_device_info(device), NULL, error);
    if (status == GANTRY_OK) status = gantry_engine_create(&engine, plan, device, NULL, error);
    for (int32_t r = 0; status == GANTRY_OK && (r == 0 || r < n->runs); r++) {
        status = gantry_engine_run(engine, inputs, outputs, 60000, error);
        for (int32_t i = 0; i < count; i++)
            inputs[i].data = (uint8_t *)inputs[i].data + inputs[i].bytes;
    }
    gantry_engine_destroy(engine);
    gantry_plan_destroy(plan);
    gantry_model_close(model);
    gantry_device_close(device);
    return status;
}

void one_node_run(struct one_node *n)
{
    connect(n);
    check_inference(n);
    if (one_node_try(n) != GANTRY_OK) fail_msg("%s", n->error.message);
}

void one_node_refused(struct one_node *n, enum gantry_status status, const char *words)
{
    connect(n);
    assert_int_equal(gantry_graph_check(&n->graph, &n->error), status);
    if (!strstr(n->error.message, words)) fail_msg("\"%s\": %s", n->error.message, words);
    gantry_graph_finish(&n->graph);
}
