/* SPDX-License-Identifier: Apache-2.0
 * Writing a plan file. FlatBuffers' builder needs the C++ library, which libgantry does without:
 * so the command has it. */
extern "C" {
#include "cli/planfile_make.h"
#include "plan/planfile.h"
}

#include <string.h>
#include <vector>

#include "gantry/version.h"
/* Packed weights begin at lines of the cache. */
#define FLATBUFFERS_MAX_ALIGNMENT 64
#include "planfile_generated.h"
static_assert(FLATBUFFERS_MAX_ALIGNMENT >= GANTRY_PACKED_ALIGNMENT, "too small");

namespace fb = gantry_planfile_fb;

namespace
{

constexpr size_t kAlignment = 16; /* as planfile.fbs says; of mapped bytes in the reader */

using Builder = flatbuffers::FlatBufferBuilder;

flatbuffers::Offset<fb::Node> write_node(Builder &b, const gantry_plan_node *node)
{
    flatbuffers::Offset<flatbuffers::String> code, rule;
    if (node->reason.code) code = b.CreateString(node->reason.code);
    if (node->reason.rule) rule = b.CreateString(node->reason.rule);
    fb::Reason reason(node->reason.has_numbers, node->reason.limit, node->reason.value);
    return fb::CreateNode(b, node->accelerator, node->segment, node->fused_into, node->cpu_ns,
                          node->accelerator_ns, code, rule, &reason);
}

fb::Tensor make_tensor(const gantry_plan_tensor *t)
{
    return fb::Tensor(static_cast<uint8_t>(t->home), t->offset, t->pixel_stride, t->extent.h,
                      t->extent.w, t->extent.c, t->patches.rows, t->patches.columns,
                      t->patches.step_h, t->patches.step_w, t->patches.top, t->patches.left);
}

flatbuffers::Offset<flatbuffers::Vector<uint8_t>>
write_bytes(Builder &b, const void *bytes, size_t size, size_t alignment = kAlignment)
{
    b.ForceVectorAlignment(size, 1, alignment);
    return b.CreateVector(static_cast<const uint8_t *>(bytes), size);
}

flatbuffers::Offset<fb::Segment> write_segment(Builder &b, const gantry_plan_segment *s)
{
    auto nodes = b.CreateVector(s->nodes, static_cast<size_t>(s->node_count));
    if (!s->accelerator) return fb::CreateSegment(b, false, nodes);
    auto program = write_bytes(b, s->program, size_t{s->insn_count} * GANTRY_INSN_BYTES);
    auto insn_node = b.CreateVector(s->insn_node, s->insn_count);
    auto weights = write_bytes(b, s->weights, s->weights_bytes);
    return fb::CreateSegment(b, true, nodes, program, insn_node, weights, s->wgt_lines, s->sem_init,
                             s->act_rows_used);
}

/* The shapes of inputs that have no other in the model. */
flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::Input>>>
write_inputs(Builder &b, const gantry_graph *graph)
{
    std::vector<flatbuffers::Offset<fb::Input>> inputs;
    for (int32_t i = 0; i < graph->input_count; i++) {
        const gantry_graph_tensor &t = graph->tensors[graph->inputs[i]];
        if (t.free_dims == 0) continue;
        const gantry_shape shape = gantry_graph_outer_shape(graph, graph->inputs[i]);
        auto name = b.CreateString(t.name);
        auto dims = b.CreateVector(shape.dims, static_cast<size_t>(shape.rank));
        inputs.push_back(fb::CreateInput(b, name, dims));
    }
    return b.CreateVector(inputs);
}

/* The packed weights of the nodes that have some, in the order of nodes. */
flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::Packed>>>
write_packed(Builder &b, const gantry_plan *plan, const gantry_packed *of)
{
    std::vector<flatbuffers::Offset<fb::Packed>> packed;
    for (int32_t n = 0; of && n < plan->graph->node_count; n++) {
        const gantry_packed &weights = of[n];
        if (weights.size == 0) continue;
        auto bytes = write_bytes(b, weights.bytes, weights.size, GANTRY_PACKED_ALIGNMENT);
        packed.push_back(fb::CreatePacked(b, n, bytes));
    }
    return b.CreateVector(packed);
}

void write_header(uint8_t *out, const uint8_t *rest, size_t size)
{
    memset(out, 0, GANTRY_PLANFILE_HEADER);
    memcpy(out, gantry_planfile_magic, sizeof gantry_planfile_magic);
    gantry_store_u32(out + GANTRY_PLANFILE_AT_FORMAT, GANTRY_PLANFILE_FORMAT);
    gantry_store_u32(out + GANTRY_PLANFILE_AT_READER, GANTRY_PLANFILE_READER);
    gantry_store_u64(out + GANTRY_PLANFILE_AT_SIZE, size);
    gantry_store_u64(out + GANTRY_PLANFILE_AT_SPEC, GANTRY_SPEC_HASH);
    gantry_store_u64(out + GANTRY_PLANFILE_AT_CHECKSUM, gantry_planfile_checksum(rest, size));
}

void write_plan(Builder &b, const gantry_plan *plan, const gantry_planfile_parts *parts)
{
    const gantry_graph *graph = plan->graph;
    const gantry_array_params &p = plan->params;
    size_t node_count = static_cast<size_t>(graph->node_count);
    size_t tensor_count = static_cast<size_t>(graph->tensor_count);
    size_t segment_count = static_cast<size_t>(plan->segment_count);
    auto model = write_bytes(b, parts->model, parts->model_size);
    flatbuffers::Offset<flatbuffers::Vector<uint8_t>> manifest;
    if (parts->manifest)
        manifest =
            b.CreateVector(static_cast<const uint8_t *>(parts->manifest), parts->manifest_size);
    auto inputs = write_inputs(b, graph);
    auto nodes = b.CreateVector<flatbuffers::Offset<fb::Node>>(
        node_count, [&](size_t i) { return write_node(b, &plan->nodes[i]); });
    auto segments = b.CreateVector<flatbuffers::Offset<fb::Segment>>(
        segment_count, [&](size_t i) { return write_segment(b, &plan->segments[i]); });
    auto tensors = b.CreateVectorOfStructs<fb::Tensor>(
        tensor_count, [&](size_t i, fb::Tensor *t) { *t = make_tensor(&plan->tensors[i]); });
    auto packed = write_packed(b, plan, parts->packed);
    flatbuffers::Offset<flatbuffers::String> isa;
    if (parts->packed) isa = b.CreateString(parts->isa);
    auto target = b.CreateString(plan->target.name), cpu = b.CreateString(plan->target.cpu);
    auto name = b.CreateString(graph->name ? graph->name : "");
    auto made_for = b.CreateString(parts->device), library = b.CreateString(gantry_version());
    b.Finish(fb::CreatePlan(b, p.g, p.act_rows, p.ring_lines, p.acc_rows, p.ports, p.window, target,
                            cpu, plan->target.clock_hz, plan->target.launch_ns,
                            plan->target.memory_bytes_per_cycle, plan->target.memory_latency, nodes,
                            tensors, segments, plan->arena_bytes, plan->input_bytes,
                            plan->output_bytes, static_cast<uint8_t>(plan->options.placement),
                            plan->modelled_ns, plan->proven, made_for, library, name, model,
                            manifest, inputs, isa, GANTRY_PACKED_ORDER, packed));
}

} // namespace

gantry_status gantry_planfile_make(uint8_t **out, size_t *size, const gantry_plan *plan,
                                   const gantry_planfile_parts *parts,
                                   const gantry_allocator *allocator, gantry_error *error)
{
    uint64_t data = parts->model_size + parts->manifest_size;
    for (int32_t s = 0; s < plan->segment_count; s++) data += plan->segments[s].weights_bytes;
    for (int32_t n = 0; parts->packed && n < plan->graph->node_count; n++)
        data += parts->packed[n].size;
    /* FlatBuffers have offsets of 31 bits. */
    constexpr uint64_t most = (UINT64_C(1) << 31) - (UINT64_C(1) << 20);
    if (data > most)
        return gantry_fail(error, GANTRY_ERR_UNSUPPORTED,
                           "%s: too large for a plan file (%llu bytes, limit %llu)",
                           plan->graph->name, static_cast<unsigned long long>(data),
                           static_cast<unsigned long long>(most));
    Builder builder;
    write_plan(builder, plan, parts);
    size_t rest = builder.GetSize();
    *out = static_cast<uint8_t *>(gantry_allocate(allocator, rest + GANTRY_PLANFILE_HEADER, 1));
    if (!*out) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", plan->graph->name);
    memcpy(*out + GANTRY_PLANFILE_HEADER, builder.GetBufferPointer(), rest);
    write_header(*out, *out + GANTRY_PLANFILE_HEADER, rest);
    *size = rest + GANTRY_PLANFILE_HEADER;
    return GANTRY_OK;
}
