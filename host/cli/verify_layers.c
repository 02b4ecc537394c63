/* SPDX-License-Identifier: Apache-2.0
 * gantry verify --layers: every tensor of a device against the CPU's.
 *
 * Both run a plan made to be observed: every tensor is stored and no memory is used twice. That is
 * another program than the plain one, so its outputs are compared with the plain run's too. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/verify.h"
#include "report/report.h"
#include "runtime/engine_internal.h"

/* A device and the CPU side by side. */
struct pair {
    struct gantry_cli_session cpu, device;
    struct gantry_cli_batch outputs[2];
    uint8_t *bytes[2]; /* room for the largest tensor */
    size_t room;
};

static int pair_open(const struct gantry_verify *verify, const char *device, struct pair *pair)
{
    const struct gantry_graph *graph = gantry_model_graph(verify->model);
    const struct gantry_cli_session_options cpu = {
        .device = "cpu", .observe = true, .comparing = true};
    const struct gantry_cli_session_options other = {
        .device = device, .observe = true, .comparing = true};
    int code = gantry_cli_session_open(&pair->cpu, verify->args, verify->model, &cpu, true);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_session_open(&pair->device, verify->args, verify->model, &other, true);
    for (int32_t t = 0; t < graph->tensor_count; t++)
        if (graph->tensors[t].bytes > pair->room) pair->room = graph->tensors[t].bytes;
    for (int k = 0; code == GANTRY_EXIT_OK && k < 2; k++) {
        code = gantry_cli_outputs(&pair->outputs[k], verify->model, 1);
        pair->bytes[k] = gantry_allocate(NULL, pair->room + 1, 1);
        if (code == GANTRY_EXIT_OK && !pair->bytes[k]) {
            fprintf(stderr, "gantry: %s: out of memory\n", verify->args->model);
            code = GANTRY_EXIT_MEMORY;
        }
    }
    return code;
}

static void pair_close(struct pair *pair)
{
    for (int k = 0; k < 2; k++) {
        gantry_release(NULL, pair->bytes[k]);
        gantry_cli_batch_finish(&pair->outputs[k]);
    }
    gantry_cli_session_close(&pair->device);
    gantry_cli_session_close(&pair->cpu);
}

/* False: one of the two does not hold the tensor. */
static bool compare_tensor(struct pair *pair, const struct gantry_graph *graph, int32_t tensor,
                           struct gantry_verify_layer *layer)
{
    size_t bytes = graph->tensors[tensor].bytes;
    if (!gantry_engine_read_tensor(pair->cpu.engine, tensor, pair->bytes[0], bytes) ||
        !gantry_engine_read_tensor(pair->device.engine, tensor, pair->bytes[1], bytes))
        return false;
    layer->bytes += bytes;
    for (size_t i = 0; i < bytes; i++) layer->differing += pair->bytes[0][i] != pair->bytes[1][i];
    return true;
}

static void compare_nodes(struct pair *pair, const struct gantry_graph *graph,
                          struct gantry_verify_layer *layers)
{
    for (int32_t n = 0; n < graph->node_count; n++) {
        const struct gantry_graph_node *node = &graph->nodes[n];
        layers[n].observable = true;
        for (int32_t i = 0; i < node->output_count; i++)
            if (!compare_tensor(pair, graph, node->outputs[i], &layers[n]))
                layers[n].observable = false;
    }
}

static bool outputs_equal(const struct gantry_cli_batch *observed,
                          const struct gantry_cli_batch *plain, size_t vector)
{
    for (size_t i = 0; i < plain->count; i++) {
        size_t bytes = plain->tensors[i].info->bytes;
        if (memcmp(observed->tensors[i].data, plain->tensors[i].data + vector * bytes, bytes) != 0)
            return false;
    }
    return true;
}

int gantry_verify_layers(const struct gantry_verify *verify, struct gantry_verify_column *column)
{
    const struct gantry_graph *graph = gantry_model_graph(verify->model);
    struct gantry_cli_tensor one[GANTRY_CLI_LIST_MAX];
    struct gantry_cli_batch vector = {.vectors = 1, .count = verify->inputs.count, .tensors = one};
    struct pair pair = {0};
    if (vector.count > GANTRY_CLI_LIST_MAX)
        return gantry_cli_usage(NULL, "--layers: too many inputs (%zu, %d)", vector.count,
                                GANTRY_CLI_LIST_MAX);
    column->layers = gantry_allocate(NULL, (size_t)graph->node_count, sizeof *column->layers);
    column->observed_equal = true;
    int code = pair_open(verify, column->device, &pair);
    for (size_t v = 0; code == GANTRY_EXIT_OK && v < verify->inputs.vectors; v++) {
        for (size_t i = 0; i < vector.count; i++) {
            one[i] = verify->inputs.tensors[i];
            one[i].data += v * one[i].info->bytes;
        }
        code = gantry_cli_session_run(&pair.cpu, verify->args, &vector, &pair.outputs[0], NULL);
        if (code == GANTRY_EXIT_OK)
            code =
                gantry_cli_session_run(&pair.device, verify->args, &vector, &pair.outputs[1], NULL);
        if (code != GANTRY_EXIT_OK) break;
        compare_nodes(&pair, graph, column->layers);
        if (!outputs_equal(&pair.outputs[1], &column->outputs, v)) column->observed_equal = false;
    }
    pair_close(&pair);
    return code;
}

bool gantry_verify_layers_equal(const struct gantry_verify *verify,
                                const struct gantry_verify_column *column)
{
    const struct gantry_graph *graph = gantry_model_graph(verify->model);
    if (!column->layers) return true;
    for (int32_t n = 0; n < graph->node_count; n++)
        if (column->layers[n].differing > 0) return false;
    return column->observed_equal;
}

void gantry_verify_print_layers(const struct gantry_verify *verify,
                                const struct gantry_verify_column *column)
{
    const struct gantry_graph *graph = gantry_model_graph(verify->model);
    printf("\nlayers of %s against cpu\n", column->device);
    for (int32_t n = 0; n < graph->node_count; n++) {
        const struct gantry_verify_layer *layer = &column->layers[n];
        printf("  %4d  %-18s ", n, gantry_op_label(graph->nodes[n].op));
        if (!layer->observable)
            printf("not observable: stays on the chip");
        else if (layer->differing == 0)
            printf("equal");
        else
            printf("%" PRIu64 " of %" PRIu64 " bytes differ", layer->differing, layer->bytes);
        printf("  %s\n", graph->nodes[n].name);
    }
    printf("  outputs of the observed run %s the plain run's\n",
           column->observed_equal ? "equal" : "differ from");
}

json_t *gantry_verify_layers_json(const struct gantry_verify *verify,
                                  const struct gantry_verify_column *column)
{
    const struct gantry_graph *graph = gantry_model_graph(verify->model);
    json_t *list = json_array();
    for (int32_t n = 0; n < graph->node_count; n++) {
        const struct gantry_verify_layer *layer = &column->layers[n];
        json_array_append_new(
            list, json_pack("{s:i, s:o, s:s, s:b, s:I, s:o}", "index", n, "name",
                            gantry_report_string(graph->nodes[n].name), "op",
                            gantry_op_label(graph->nodes[n].op), "observable", layer->observable,
                            "bytes", (json_int_t)layer->bytes, "differing_bytes",
                            layer->observable ? json_integer((json_int_t)layer->differing)
                                              : json_null()));
    }
    return list;
}
