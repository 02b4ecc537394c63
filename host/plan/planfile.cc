/* SPDX-License-Identifier: Apache-2.0
 * Plan files: header and FlatBuffer. What the structure does not say is checked in
 * planfile_check.c. */
extern "C" {
#include "plan/planfile.h"
}

#include <stdio.h>
#include <string.h>

#include "planfile_generated.h"

namespace fb = gantry_planfile_fb;

namespace
{

const fb::Plan *root(const gantry_planfile *file)
{
    return flatbuffers::GetRoot<fb::Plan>(file->bytes + GANTRY_PLANFILE_HEADER);
}

gantry_status check_header(const uint8_t *bytes, size_t size, const char *name, gantry_error *error)
{
    uint32_t format = gantry_load_u32(bytes + GANTRY_PLANFILE_AT_FORMAT),
             reader = gantry_load_u32(bytes + GANTRY_PLANFILE_AT_READER);
    uint64_t rest = gantry_load_u64(bytes + GANTRY_PLANFILE_AT_SIZE),
             spec = gantry_load_u64(bytes + GANTRY_PLANFILE_AT_SPEC);
    if (reader > GANTRY_PLANFILE_FORMAT)
        return gantry_fail(error, GANTRY_ERR_FILE,
                           "%s: plan file of format %u for readers of %u and later (this is %d)",
                           name, format, reader, GANTRY_PLANFILE_FORMAT);
    if (format == 0) return gantry_fail(error, GANTRY_ERR_FILE, "%s: plan file of format 0", name);
    if (rest != size - GANTRY_PLANFILE_HEADER)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: %zu bytes behind the header, it says %llu",
                           name, size - GANTRY_PLANFILE_HEADER,
                           static_cast<unsigned long long>(rest));
    if (gantry_planfile_checksum(bytes + GANTRY_PLANFILE_HEADER, size - GANTRY_PLANFILE_HEADER) !=
        gantry_load_u64(bytes + GANTRY_PLANFILE_AT_CHECKSUM))
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: its checksum does not fit its bytes", name);
    if (spec == GANTRY_SPEC_HASH) return GANTRY_OK;
    gantry_fail(error, GANTRY_ERR_FILE, "%s: made for specification %016llx (this is %016llx)",
                name, static_cast<unsigned long long>(spec),
                static_cast<unsigned long long>(GANTRY_SPEC_HASH));
    gantry_hint(error, "compile the model again");
    return GANTRY_ERR_FILE;
}

template <typename T> T *array(gantry_plan *plan, size_t count)
{
    return static_cast<T *>(gantry_arena_alloc(&plan->arena, count ? count : 1, sizeof(T)));
}

template <typename T> size_t count_of(const T *vector) { return vector ? vector->size() : 0; }

/* The plan's types have no const; nothing writes to a plan. */
uint8_t *bytes_of(const flatbuffers::Vector<uint8_t> *vector)
{
    return vector ? const_cast<uint8_t *>(vector->data()) : nullptr;
}

const char *text_of(const flatbuffers::String *text) { return text ? text->c_str() : nullptr; }

void read_node(gantry_plan_node *to, const fb::Node *from)
{
    to->accelerator = from->accelerator();
    to->segment = from->segment();
    to->fused_into = from->fused_into();
    to->cpu_ns = from->cpu_ns();
    to->accelerator_ns = from->accelerator_ns();
    to->reason.code = text_of(from->reason_code());
    to->reason.rule = text_of(from->reason_rule());
    if (!from->reason()) return;
    to->reason.has_numbers = from->reason()->has_numbers();
    to->reason.limit = from->reason()->limit();
    to->reason.value = from->reason()->value();
}

void read_tensor(gantry_plan_tensor *to, const fb::Tensor *from)
{
    to->home = static_cast<gantry_home>(from->home());
    to->offset = from->offset();
    to->pixel_stride = from->pixel_stride();
    to->extent = {from->height(), from->width(), from->channels()};
    to->patches = {from->patch_rows(),   from->patch_columns(), from->patch_step_h(),
                   from->patch_step_w(), from->patch_top(),     from->patch_left()};
}

bool copy_numbers(gantry_plan *plan, int32_t **to, const flatbuffers::Vector<int32_t> *from)
{
    *to = array<int32_t>(plan, count_of(from));
    for (size_t i = 0; *to && i < count_of(from); i++)
        (*to)[i] = from->Get(static_cast<uint32_t>(i));
    return *to != nullptr;
}

/* false: out of memory. Sizes that do not fit are caught by the check, which sees them as 0. */
bool read_segment(gantry_plan *plan, gantry_plan_segment *to, const fb::Segment *from)
{
    size_t program = count_of(from->program()), insns = program / GANTRY_INSN_BYTES;
    to->accelerator = from->accelerator();
    to->node_count = static_cast<int32_t>(count_of(from->nodes()));
    to->program = bytes_of(from->program());
    if (insns * GANTRY_INSN_BYTES == program && insns == count_of(from->insn_node()))
        to->insn_count = static_cast<uint32_t>(insns);
    to->weights = bytes_of(from->weights());
    to->weights_bytes = count_of(from->weights());
    to->wgt_lines = from->wgt_lines();
    to->sem_init = from->sem_init();
    to->act_rows_used = from->act_rows_used();
    return copy_numbers(plan, &to->nodes, from->nodes()) &&
           copy_numbers(plan, &to->insn_node, from->insn_node());
}

void read_target(gantry_target *to, const fb::Plan *from)
{
    const char *name = text_of(from->target()), *cpu = text_of(from->target_cpu());
    (void)snprintf(to->name, sizeof to->name, "%s", name ? name : "");
    (void)snprintf(to->cpu, sizeof to->cpu, "%s", cpu ? cpu : "");
    to->clock_hz = from->clock_hz();
    to->launch_ns = from->launch_ns();
    to->memory_bytes_per_cycle = from->memory_bytes_per_cycle();
    to->memory_latency = from->memory_latency();
}

} // namespace

bool gantry_planfile_is(const uint8_t *bytes, size_t size)
{
    return size >= sizeof gantry_planfile_magic &&
           memcmp(bytes, gantry_planfile_magic, sizeof gantry_planfile_magic) == 0;
}

gantry_status gantry_planfile_open(gantry_planfile *out, const uint8_t *bytes, size_t size,
                                   const char *name, gantry_error *error)
{
    if (size < GANTRY_PLANFILE_HEADER)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: truncated (%zu bytes, a header has %d)",
                           name, size, GANTRY_PLANFILE_HEADER);
    gantry_status status = check_header(bytes, size, name, error);
    if (status != GANTRY_OK) return status;
    flatbuffers::Verifier verifier(bytes + GANTRY_PLANFILE_HEADER, size - GANTRY_PLANFILE_HEADER);
    if (!verifier.VerifyBuffer<fb::Plan>(nullptr))
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: its structure is broken", name);
    *out = {};
    out->bytes = bytes;
    out->size = size;
    const fb::Plan *plan = root(out);
    if (count_of(plan->model()) == 0 || !plan->model_name() || !plan->device())
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: holds no model", name);
    out->model = plan->model()->data();
    out->model_size = plan->model()->size();
    out->manifest = bytes_of(plan->manifest());
    out->manifest_size = count_of(plan->manifest());
    out->model_name = plan->model_name()->c_str();
    out->device = plan->device()->c_str();
    out->input_count = count_of(plan->inputs());
    return GANTRY_OK;
}

gantry_input_shape gantry_planfile_input(const gantry_planfile *file, size_t i)
{
    const fb::Input *from = root(file)->inputs()->Get(static_cast<uint32_t>(i));
    size_t rank = count_of(from->shape());
    gantry_input_shape out = {};
    out.input = text_of(from->name());
    out.shape.rank = static_cast<int32_t>(rank); /* the reader of the model checks it */
    for (uint32_t d = 0; d < rank && d < GANTRY_RANK_MAX; d++)
        out.shape.dims[d] = from->shape()->Get(d);
    return out;
}

const void *gantry_planfile_packed(const gantry_planfile *file, int32_t node, const char *isa,
                                   uint32_t order, size_t *size)
{
    const fb::Plan *plan = root(file);
    const char *made_for = text_of(plan->packed_isa());
    if (!made_for || strcmp(made_for, isa) != 0 || plan->packed_order() != order) return nullptr;
    const fb::Packed *found = plan->packed() ? plan->packed()->LookupByKey(node) : nullptr;
    if (!found || count_of(found->bytes()) == 0) return nullptr;
    *size = found->bytes()->size();
    return found->bytes()->data();
}

gantry_status gantry_planfile_read(gantry_plan *plan, const gantry_planfile *file,
                                   gantry_error *error)
{
    const fb::Plan *from = root(file);
    size_t nodes = static_cast<size_t>(plan->graph->node_count);
    size_t tensors = static_cast<size_t>(plan->graph->tensor_count);
    size_t segments = count_of(from->segments());
    if (count_of(from->nodes()) != nodes || count_of(from->tensors()) != tensors)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: its plan is of another model",
                           plan->graph->name);
    plan->params = {from->g(),        from->act_rows(), from->ring_lines(),
                    from->acc_rows(), from->ports(),    from->window()};
    plan->nodes = array<gantry_plan_node>(plan, nodes);
    plan->tensors = array<gantry_plan_tensor>(plan, tensors);
    plan->segments = array<gantry_plan_segment>(plan, segments);
    if (!plan->nodes || !plan->tensors || !plan->segments)
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", plan->graph->name);
    plan->segment_count = static_cast<int32_t>(segments);
    plan->arena_bytes = from->arena_bytes();
    plan->input_bytes = from->input_bytes();
    plan->output_bytes = from->output_bytes();
    plan->options.placement = static_cast<gantry_placement>(from->placement());
    plan->modelled_ns = from->modelled_ns();
    plan->proven = from->proven();
    read_target(&plan->target, from);
    for (uint32_t i = 0; i < nodes; i++) read_node(&plan->nodes[i], from->nodes()->Get(i));
    for (uint32_t i = 0; i < tensors; i++) read_tensor(&plan->tensors[i], from->tensors()->Get(i));
    for (uint32_t i = 0; i < segments; i++)
        if (!read_segment(plan, &plan->segments[i], from->segments()->Get(i)))
            return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", plan->graph->name);
    return gantry_planfile_check(plan, plan->graph->name, error);
}
