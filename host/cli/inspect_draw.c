/* SPDX-License-Identifier: Apache-2.0
 * The partitioned graph as a picture: segments are boxes around their layers. */
#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/inspect.h"

extern char **environ;

/* Text within quotes. */
static void put(FILE *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') (void)fputc('\\', out);
        (void)fputc(c < 0x20 ? ' ' : c, out);
    }
}

static void put_node(FILE *out, const struct gantry_cli_view *view, int32_t n)
{
    const struct gantry_profile_node *node = &view->nodes[n];
    uint64_t cycles = gantry_cli_accelerator_cycles(node);
    const char *colour = node->accelerator ? "#d7e4ff" : "#ffe3c8";
    fprintf(out, "  n%" PRId32 " [label=\"%" PRId32 " %s\\n", n, n, node->op);
    put(out, node->name);
    if (node->fused_into >= 0) fprintf(out, "\\nin layer %" PRId32, node->fused_into);
    if (node->reason.code)
        fprintf(out, "\\n%s%s", node->accelerator ? "" : "cpu: ", node->reason.code);
    if (cycles != GANTRY_UNKNOWN && node->fused_into < 0)
        fprintf(out, "\\n%" PRIu64 " cycles predicted%s", cycles,
                node->accelerator ? "" : " on the accelerator");
    fprintf(out, "\" fillcolor=\"%s\" style=\"filled,rounded%s\" tooltip=\"", colour,
            node->fused_into >= 0 ? ",dashed" : "");
    put(out, node->reason.rule ? node->reason.rule : node->name);
    (void)fputs("\"];\n", out);
}

static void put_segment(FILE *out, const struct gantry_cli_view *view, int32_t s)
{
    const struct gantry_plan_segment *segment = &view->plan->segments[s];
    fprintf(out, "subgraph cluster_%" PRId32 " {\n  label=\"segment %" PRId32 ": %s", s, s,
            segment->accelerator ? "accelerator" : "cpu");
    if (segment->accelerator)
        fprintf(out, ", %" PRIu64 " cycles predicted", view->segments[s].predicted_cycles);
    (void)fputs("\";\n", out);
    for (int32_t k = 0; k < segment->node_count; k++) put_node(out, view, segment->nodes[k]);
    (void)fputs("}\n", out);
}

/* The start of an edge: who makes a tensor. */
static void put_source(FILE *out, const struct gantry_graph *graph, int32_t tensor)
{
    int32_t producer = graph->tensors[tensor].producer;
    for (int32_t i = 0; producer == GANTRY_NO_NODE && i < graph->input_count; i++)
        if (graph->inputs[i] == tensor) fprintf(out, "i%" PRId32, i);
    if (producer != GANTRY_NO_NODE) fprintf(out, "n%" PRId32, producer);
}

static void put_edge(FILE *out, const struct gantry_graph *graph, int32_t tensor, char kind,
                     int32_t to)
{
    char shape[96];
    (void)fputs("  ", out);
    put_source(out, graph, tensor);
    fprintf(out, " -> %c%" PRId32 " [label=\"%s\"];\n", kind, to,
            gantry_shape_text(&graph->tensors[tensor].shape, shape, sizeof shape));
}

static void put_end(FILE *out, char kind, int32_t i, const char *name)
{
    fprintf(out, "  %c%" PRId32 " [shape=ellipse label=\"%s ", kind, i,
            kind == 'i' ? "input" : "output");
    put(out, name);
    (void)fputs("\"];\n", out);
}

void gantry_cli_inspect_dot(FILE *out, const struct gantry_cli_view *view)
{
    const struct gantry_graph *graph = view->plan->graph;
    (void)fputs("digraph {\n  label=\"", out);
    put(out, graph->name);
    fprintf(out, " for %s\"; labelloc=t; fontname=\"sans-serif\";\n", view->device);
    (void)fputs("  node [shape=box fontname=\"sans-serif\" fontsize=11];\n"
                "  edge [fontname=\"sans-serif\" fontsize=9];\n",
                out);
    for (int32_t i = 0; i < graph->input_count; i++)
        put_end(out, 'i', i, graph->tensors[graph->inputs[i]].name);
    for (int32_t i = 0; i < graph->output_count; i++)
        put_end(out, 'o', i, graph->tensors[graph->outputs[i]].name);
    for (int32_t s = 0; s < view->plan->segment_count; s++) put_segment(out, view, s);
    for (int32_t n = 0; n < graph->node_count; n++) {
        const struct gantry_graph_node *node = &graph->nodes[n];
        for (int32_t i = 0; i < node->input_count; i++)
            if (node->inputs[i] != GANTRY_NO_TENSOR && !graph->tensors[node->inputs[i]].data)
                put_edge(out, graph, node->inputs[i], 'n', n);
    }
    for (int32_t i = 0; i < graph->output_count; i++)
        put_edge(out, graph, graph->outputs[i], 'o', i);
    (void)fputs("}\n", out);
}

static int run_dot(const char *from, const char *to, const char *path)
{
    char *const words[] = {"dot", "-Tsvg", "-o", (char *)(uintptr_t)to, (char *)(uintptr_t)from,
                           NULL};
    pid_t child;
    int status = 0;
    int failure = posix_spawnp(&child, words[0], NULL, NULL, words, environ);
    if (failure != 0) {
        fprintf(stderr,
                "gantry: %s: the program dot cannot be run (%s)\n"
                "hint: install the Debian package graphviz, or write --dot\n",
                path, strerror(failure));
        return GANTRY_EXIT_FILE;
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return GANTRY_EXIT_OK;
    fprintf(stderr, "gantry: %s: the program dot failed (status %d)\n", path, status);
    return GANTRY_EXIT_FILE;
}

int gantry_cli_inspect_svg(const char *path, const struct gantry_cli_view *view)
{
    struct gantry_cli_file text, drawing;
    char text_path[1024];
    int length = snprintf(text_path, sizeof text_path, "%s.dot", path);
    if (length < 0 || (size_t)length >= sizeof text_path)
        return gantry_cli_usage(NULL, "--svg: the path is too long (%s)", path);
    int code = gantry_cli_name_begin(&drawing, path);
    if (code != GANTRY_EXIT_OK) return code;
    code = gantry_cli_file_begin(&text, text_path);
    if (code == GANTRY_EXIT_OK) {
        gantry_cli_inspect_dot(text.stream, view);
        (void)fflush(text.stream);
        code = run_dot(text.temporary, drawing.temporary, path);
        gantry_cli_file_abandon(&text);
    }
    if (code == GANTRY_EXIT_OK) return gantry_cli_file_commit(&drawing);
    gantry_cli_file_abandon(&drawing);
    return code;
}
