/* SPDX-License-Identifier: Apache-2.0
 * Minimum cut by augmenting shortest paths (Dinic's algorithm).
 *
 * Nodes on the source's side are the accelerator's. A node has an edge from the source that costs
 * its time on the processor, and one to the sink that costs its time on the accelerator. A tensor
 * has two vertices: one that the producer reaches at the price of a store and that drags every
 * reader along, one that every reader drags along and that reaches the producer at the price of a
 * load. */
#include "plan/cut.h"

#include <string.h>

enum { SOURCE, SINK, FIRST };

struct edge {
    int32_t to, next; /* next edge of the vertex, or -1 */
    int64_t room;
};

struct network {
    struct edge *edges; /* an edge and its reverse stand side by side */
    int32_t *first, *level, *at, *queue;
    int32_t edge_count, vertices;
};

static void connect(struct network *network, int32_t from, int32_t to, int64_t room)
{
    int32_t e = network->edge_count;
    network->edges[e] = (struct edge){to, network->first[from], room};
    network->edges[e + 1] = (struct edge){from, network->first[to], 0};
    network->first[from] = e;
    network->first[to] = e + 1;
    network->edge_count += 2;
}

/* Distances from a vertex over edges with room; backward: over edges that lead to it. */
static void measure(struct network *network, int32_t start, bool backward)
{
    int32_t head = 0, tail = 0;
    for (int32_t v = 0; v < network->vertices; v++) network->level[v] = -1;
    network->level[start] = 0;
    network->queue[tail++] = start;
    while (head < tail) {
        int32_t v = network->queue[head++];
        for (int32_t e = network->first[v]; e >= 0; e = network->edges[e].next) {
            int32_t to = network->edges[e].to;
            int64_t room = network->edges[backward ? e ^ 1 : e].room;
            if (room == 0 || network->level[to] >= 0) continue;
            network->level[to] = network->level[v] + 1;
            network->queue[tail++] = to;
        }
    }
}

/* Sends flow along one shortest path; returns how much, 0 when there is no further one. The path
 * is kept as edges in the queue's memory. */
static int64_t send(struct network *network)
{
    int32_t *path = network->queue, length = 0, v = SOURCE;
    while (v != SINK) {
        int32_t e = network->at[v];
        if (e < 0) {
            if (length == 0) return 0;
            /* A dead end: not through here again. */
            int32_t back = path[--length];
            v = network->edges[back ^ 1].to;
            network->at[v] = network->edges[back].next;
            continue;
        }
        const struct edge *edge = &network->edges[e];
        if (edge->room > 0 && network->level[edge->to] == network->level[v] + 1) {
            path[length++] = e;
            v = edge->to;
        } else {
            network->at[v] = edge->next;
        }
    }
    int64_t flow = INT64_MAX;
    for (int32_t i = 0; i < length; i++)
        if (network->edges[path[i]].room < flow) flow = network->edges[path[i]].room;
    for (int32_t i = 0; i < length; i++) {
        struct edge *edge = &network->edges[path[i]];
        if (edge->room != GANTRY_CUT_NEVER) edge->room -= flow;
        struct edge *reverse = &network->edges[path[i] ^ 1];
        if (reverse->room != GANTRY_CUT_NEVER) reverse->room += flow;
    }
    return flow;
}

static void maximise(struct network *network)
{
    for (;;) {
        measure(network, SOURCE, false);
        if (network->level[SINK] < 0) return;
        memcpy(network->at, network->first, (size_t)network->vertices * sizeof *network->at);
        while (send(network) > 0) continue;
    }
}

static void build(struct network *network, const struct gantry_cut_node *nodes, int32_t node_count,
                  const struct gantry_cut_tensor *tensors, int32_t tensor_count)
{
    for (int32_t v = 0; v < network->vertices; v++) network->first[v] = -1;
    for (int32_t n = 0; n < node_count; n++) {
        connect(network, SOURCE, FIRST + n, nodes[n].cpu);
        connect(network, FIRST + n, SINK, nodes[n].accelerator);
    }
    for (int32_t t = 0; t < tensor_count; t++) {
        const struct gantry_cut_tensor *tensor = &tensors[t];
        bool outside = tensor->producer == GANTRY_CUT_OUTSIDE;
        int32_t producer = outside ? SINK : FIRST + tensor->producer;
        int32_t store = FIRST + node_count + 2 * t, load = store + 1;
        connect(network, load, producer, tensor->load);
        if (!outside) connect(network, producer, store, tensor->store);
        if (!outside && tensor->output) connect(network, store, SINK, GANTRY_CUT_NEVER);
        for (int32_t r = 0; r < tensor->reader_count; r++) {
            if (!outside) connect(network, store, FIRST + tensor->readers[r], GANTRY_CUT_NEVER);
            connect(network, FIRST + tensor->readers[r], load, GANTRY_CUT_NEVER);
        }
    }
}

int64_t gantry_cut_cost(const struct gantry_cut_node *nodes, int32_t node_count,
                        const struct gantry_cut_tensor *tensors, int32_t tensor_count,
                        const bool *accelerator)
{
    int64_t cost = 0;
    for (int32_t n = 0; n < node_count; n++) {
        int64_t own = accelerator[n] ? nodes[n].accelerator : nodes[n].cpu;
        if (own == GANTRY_CUT_NEVER) return GANTRY_CUT_NEVER;
        cost += own;
    }
    for (int32_t t = 0; t < tensor_count; t++) {
        const struct gantry_cut_tensor *tensor = &tensors[t];
        bool made = tensor->producer != GANTRY_CUT_OUTSIDE && accelerator[tensor->producer];
        bool here = false, there = tensor->output;
        for (int32_t r = 0; r < tensor->reader_count; r++) {
            here = here || accelerator[tensor->readers[r]];
            there = there || !accelerator[tensor->readers[r]];
        }
        if (made && there) cost += tensor->store;
        if (!made && here) cost += tensor->load;
    }
    return cost;
}

enum gantry_status gantry_cut(const struct gantry_cut_node *nodes, int32_t node_count,
                              const struct gantry_cut_tensor *tensors, int32_t tensor_count,
                              const struct gantry_allocator *allocator, bool *accelerator,
                              int64_t *cost, struct gantry_error *error)
{
    struct gantry_arena arena;
    struct network network = {.vertices = FIRST + node_count + 2 * tensor_count};
    size_t edges = 4 * (size_t)node_count, vertices = (size_t)network.vertices;
    for (int32_t t = 0; t < tensor_count; t++) edges += 6 + 4 * (size_t)tensors[t].reader_count;
    gantry_arena_init(&arena, allocator);
    network.edges = gantry_arena_alloc(&arena, edges, sizeof *network.edges);
    network.first = gantry_arena_alloc(&arena, vertices, sizeof *network.first);
    network.level = gantry_arena_alloc(&arena, vertices, sizeof *network.level);
    network.at = gantry_arena_alloc(&arena, vertices, sizeof *network.at);
    network.queue = gantry_arena_alloc(&arena, vertices, sizeof *network.queue);
    if (!network.edges || !network.first || !network.level || !network.at || !network.queue) {
        gantry_arena_finish(&arena);
        return gantry_fail(error, GANTRY_ERR_MEMORY, "placement: out of memory");
    }
    build(&network, nodes, node_count, tensors, tensor_count);
    maximise(&network);
    /* What cannot reach the sink is the accelerator's: the greatest of the best divisions. */
    measure(&network, SINK, true);
    for (int32_t n = 0; n < node_count; n++) accelerator[n] = network.level[FIRST + n] < 0;
    *cost = gantry_cut_cost(nodes, node_count, tensors, tensor_count, accelerator);
    gantry_arena_finish(&arena);
    return GANTRY_OK;
}
