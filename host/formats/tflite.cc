/* SPDX-License-Identifier: Apache-2.0
 * Reads a .tflite file: FlatBuffers verifier, then every index, length and range that the verifier
 * does not look at, then the graph's own check. */
#include "formats/tflite_reader.hh"

#include <string.h>

using namespace gantry_tflite_reader;

namespace
{

constexpr uint32_t kVersion = 3;
constexpr int8_t kInt4 = 17; /* two values a byte, the first in the low half */

bool map_type(int8_t type, gantry_dtype *out)
{
    switch (type) {
    case 0:
        *out = GANTRY_FLOAT32;
        return true;
    case 2:
        *out = GANTRY_INT32;
        return true;
    case 3:
        *out = GANTRY_UINT8;
        return true;
    case 4:
        *out = GANTRY_INT64;
        return true;
    case 6:
        *out = GANTRY_BOOL;
        return true;
    case 7:
        *out = GANTRY_INT16;
        return true;
    case 9:
    case kInt4:
        *out = GANTRY_INT8;
        return true;
    default:
        return false;
    }
}

gantry_status read_shape(Reader &r, const fb::Tensor *from, gantry_graph_tensor *to)
{
    uint32_t rank = count_of(from->shape());
    if (rank > GANTRY_RANK_MAX)
        return gantry_fail(r.error, GANTRY_ERR_UNSUPPORTED, "%s: tensor \"%s\": rank %u (limit %d)",
                           r.name, to->name, rank, GANTRY_RANK_MAX);
    to->shape.rank = static_cast<int32_t>(rank);
    for (uint32_t i = 0; i < rank; i++) {
        int32_t dim = from->shape()->Get(i);
        if (dim < 1)
            return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: tensor \"%s\": dimension %u is %d",
                               r.name, to->name, i, dim);
        to->shape.dims[i] = dim;
    }
    int64_t elements = gantry_shape_elements(&to->shape);
    if (elements == 0)
        return gantry_fail(r.error, GANTRY_ERR_FILE,
                           "%s: tensor \"%s\": more than 2^31 - 1 elements", r.name, to->name);
    to->bytes = static_cast<size_t>(elements) * gantry_dtype_bytes(to->dtype);
    return GANTRY_OK;
}

/* The data of a constant, where it lies or copied to an address that its elements can have. */
gantry_status take_data(Reader &r, const uint8_t *bytes, gantry_graph_tensor *to)
{
    to->data = bytes;
    if (reinterpret_cast<uintptr_t>(bytes) % gantry_dtype_bytes(to->dtype) == 0) return GANTRY_OK;
    if (!spend(r, to->bytes)) return shared_too_often(r);
    uint8_t *copy = arena_array<uint8_t>(r, to->bytes);
    if (!copy) return out_of_memory(r);
    memcpy(copy, bytes, to->bytes);
    to->data = copy;
    return GANTRY_OK;
}

/* Constants of four bits, as int8. */
gantry_status take_nibbles(Reader &r, const flatbuffers::Vector<uint8_t> *from,
                           gantry_graph_tensor *to)
{
    if (from->size() != (to->bytes + 1) / 2)
        return gantry_fail(r.error, GANTRY_ERR_FILE,
                           "%s: tensor \"%s\": %u bytes of data for %zu values of four bits",
                           r.name, to->name, from->size(), to->bytes);
    if (!spend(r, to->bytes)) return shared_too_often(r);
    int8_t *values = arena_array<int8_t>(r, to->bytes);
    if (!values) return out_of_memory(r);
    for (uint32_t i = 0; i < to->bytes; i++) {
        int32_t half = from->Get(i / 2) >> (i % 2 ? 4 : 0) & 15;
        values[i] = static_cast<int8_t>(half < 8 ? half : half - 16);
    }
    to->data = values;
    return GANTRY_OK;
}

gantry_status read_data(Reader &r, const fb::Tensor *from, gantry_graph_tensor *to)
{
    const auto *buffers = r.model->buffers();
    uint32_t index = from->buffer();
    if (index == 0 && count_of(buffers) == 0) return GANTRY_OK;
    if (index >= count_of(buffers))
        return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: tensor \"%s\": buffer %u (of %u)", r.name,
                           to->name, index, count_of(buffers));
    const fb::Buffer *buffer = buffers->Get(index);
    if (buffer->offset() > 1)
        return gantry_fail(r.error, GANTRY_ERR_UNSUPPORTED,
                           "%s: tensor \"%s\": its data lies outside of the model structure",
                           r.name, to->name);
    if (count_of(buffer->data()) == 0) {
        if (from->type() != kInt4) return GANTRY_OK;
        return gantry_fail(r.error, GANTRY_ERR_UNSUPPORTED, "%s: tensor \"%s\": int4, not constant",
                           r.name, to->name);
    }
    if (from->type() == kInt4) return take_nibbles(r, buffer->data(), to);
    if (buffer->data()->size() != to->bytes)
        return gantry_fail(r.error, GANTRY_ERR_FILE,
                           "%s: tensor \"%s\": %u bytes of data, its shape says %zu", r.name,
                           to->name, buffer->data()->size(), to->bytes);
    if (from->is_variable())
        return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: tensor \"%s\": variable and constant",
                           r.name, to->name);
    return take_data(r, buffer->data()->data(), to);
}

gantry_status copy_quantization(Reader &r, const fb::QuantizationParameters *from,
                                gantry_graph_tensor *to)
{
    uint32_t count = from->scale()->size(), zeros = count_of(from->zero_point());
    if (!spend(r, count)) return shared_too_often(r);
    float *scale = arena_array<float>(r, count);
    int32_t *zero_point = arena_array<int32_t>(r, count);
    if (!scale || !zero_point) return out_of_memory(r);
    for (uint32_t c = 0; c < count; c++) {
        /* The verifier aligns vectors to 4 only, so these are read byte by byte. */
        size_t at = sizeof(int64_t) * (zeros == 1 ? 0 : c);
        int64_t zero = static_cast<int64_t>(gantry_load_u64(from->zero_point()->Data() + at));
        if (zero < INT32_MIN || zero > INT32_MAX)
            return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: tensor \"%s\": zero point %u is %lld",
                               r.name, to->name, c, static_cast<long long>(zero));
        scale[c] = from->scale()->Get(c);
        zero_point[c] = static_cast<int32_t>(zero);
    }
    to->quantization.count = static_cast<int32_t>(count);
    to->quantization.axis = count > 1 ? from->quantized_dimension() : 0;
    to->quantization.scale = scale;
    to->quantization.zero_point = zero_point;
    return GANTRY_OK;
}

gantry_status read_quantization(Reader &r, const fb::Tensor *from, gantry_graph_tensor *to)
{
    const fb::QuantizationParameters *q = from->quantization();
    if (!q || (count_of(q->scale()) == 0 && q->details_type() == 0)) return GANTRY_OK;
    /* Some files keep the scales of the float original on tensors that are not quantised. */
    if (to->dtype == GANTRY_FLOAT32 || to->dtype == GANTRY_INT64 || to->dtype == GANTRY_BOOL)
        return GANTRY_OK;
    if (q->details_type() != 0)
        return gantry_fail(r.error, GANTRY_ERR_UNSUPPORTED,
                           "%s: tensor \"%s\": custom quantisation", r.name, to->name);
    uint32_t count = q->scale()->size(), zeros = count_of(q->zero_point());
    if (zeros != 1 && zeros != count)
        return gantry_fail(r.error, GANTRY_ERR_FILE,
                           "%s: tensor \"%s\": %u scales and %u zero points", r.name, to->name,
                           count, zeros);
    if (count > 1) {
        int32_t axis = q->quantized_dimension();
        if (axis < 0 || axis >= to->shape.rank)
            return gantry_fail(r.error, GANTRY_ERR_FILE,
                               "%s: tensor \"%s\": quantised dimension %d (rank %d)", r.name,
                               to->name, axis, to->shape.rank);
        if (count != static_cast<uint32_t>(to->shape.dims[axis]))
            return gantry_fail(r.error, GANTRY_ERR_FILE,
                               "%s: tensor \"%s\": %u scales for %d channels of dimension %d",
                               r.name, to->name, count, to->shape.dims[axis], axis);
    }
    return copy_quantization(r, q, to);
}

gantry_status read_tensor(Reader &r, const fb::Tensor *from, bool shaped, gantry_graph_tensor *to)
{
    const flatbuffers::String *name = from->name();
    to->name = gantry_tflite_short_name(&r.graph->arena, name ? name->c_str() : "",
                                        name ? name->size() : 0, GANTRY_NAME_MAX);
    if (!to->name) return out_of_memory(r);
    if (!map_type(from->type(), &to->dtype))
        return gantry_fail(r.error, GANTRY_ERR_UNSUPPORTED, "%s: tensor \"%s\": type %d", r.name,
                           to->name, from->type());
    if (from->sparsity())
        return gantry_fail(r.error, GANTRY_ERR_UNSUPPORTED, "%s: tensor \"%s\": sparse data",
                           r.name, to->name);
    gantry_status status = GANTRY_OK;
    to->bytes = gantry_dtype_bytes(to->dtype);
    if (shaped) status = read_shape(r, from, to);
    if (status == GANTRY_OK) status = read_data(r, from, to);
    if (status == GANTRY_OK) status = read_quantization(r, from, to);
    to->variable = from->is_variable();
    if (status != GANTRY_OK || to->dtype != GANTRY_UINT8 || to->quantization.count < 1)
        return status;
    /* Several tensors may share a buffer; each gets a copy. */
    if (to->data && !spend(r, to->bytes)) return shared_too_often(r);
    int32_t index = static_cast<int32_t>(to - r.graph->tensors);
    return gantry_tensor_flip(r.graph, index) ? GANTRY_OK : out_of_memory(r);
}

/* Marks the tensors that stand for scales within an operator: their shapes mean nothing. */
gantry_status find_intermediates(Reader &r, bool *within)
{
    for (uint32_t i = 0; i < count_of(r.subgraph->operators()); i++) {
        const auto *intermediates = r.subgraph->operators()->Get(i)->intermediates();
        if (!spend(r, sizeof(int32_t) * count_of(intermediates))) return shared_too_often(r);
        for (uint32_t k = 0; k < count_of(intermediates); k++) {
            int32_t tensor = intermediates->Get(k);
            if (tensor >= 0 && tensor < r.graph->tensor_count) within[tensor] = true;
        }
    }
    return GANTRY_OK;
}

gantry_status read_tensors(Reader &r)
{
    uint32_t count = count_of(r.subgraph->tensors());
    r.graph->tensors = arena_array<gantry_graph_tensor>(r, count);
    if (!r.graph->tensors) return out_of_memory(r);
    r.graph->tensor_count = static_cast<int32_t>(count);
    bool *within = arena_array<bool>(r, count);
    if (!within) return out_of_memory(r);
    gantry_status status = find_intermediates(r, within);
    for (uint32_t i = 0; status == GANTRY_OK && i < count; i++)
        status = read_tensor(r, r.subgraph->tensors()->Get(i), !within[i], &r.graph->tensors[i]);
    return status;
}

gantry_status read_indices(Reader &r, const flatbuffers::Vector<int32_t> *from, int32_t **to,
                           int32_t *count)
{
    *count = static_cast<int32_t>(count_of(from));
    *to = arena_array<int32_t>(r, count_of(from));
    if (!*to) return out_of_memory(r);
    for (uint32_t i = 0; i < count_of(from); i++) (*to)[i] = from->Get(i);
    return GANTRY_OK;
}

gantry_status verify(Reader &r, const uint8_t *bytes, size_t size)
{
    if (size < 8 || memcmp(bytes + 4, "TFL3", 4) != 0)
        return gantry_fail(r.error, GANTRY_ERR_FILE,
                           "%s: not a TensorFlow Lite model (%zu bytes, no \"TFL3\" at byte 4)",
                           r.name, size);
    if (size >= FLATBUFFERS_MAX_BUFFER_SIZE)
        return gantry_fail(r.error, GANTRY_ERR_UNSUPPORTED, "%s: %zu bytes (limit 2^31 - 2)",
                           r.name, size);
    flatbuffers::Verifier verifier(bytes, size);
    if (!fb::VerifyModelBuffer(verifier))
        return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: truncated or damaged (%zu bytes)", r.name,
                           size);
    r.model = fb::GetModel(bytes);
    if (r.model->version() != kVersion)
        return gantry_fail(r.error, GANTRY_ERR_UNSUPPORTED, "%s: format version %u (must be %u)",
                           r.name, r.model->version(), kVersion);
    uint32_t subgraphs = count_of(r.model->subgraphs());
    if (subgraphs != 1)
        return gantry_fail(r.error, subgraphs ? GANTRY_ERR_UNSUPPORTED : GANTRY_ERR_FILE,
                           "%s: %u subgraphs (must be 1)", r.name, subgraphs);
    r.subgraph = r.model->subgraphs()->Get(0);
    if (count_of(r.subgraph->operators()) == 0 || count_of(r.subgraph->tensors()) == 0)
        return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: %u operators and %u tensors", r.name,
                           count_of(r.subgraph->operators()), count_of(r.subgraph->tensors()));
    return GANTRY_OK;
}

/* gantry_graph_check does not know the file; its name goes in front of the message. */
gantry_status check_graph(Reader &r)
{
    gantry_error inner = {};
    gantry_status status = gantry_graph_check(r.graph, &inner);
    if (status == GANTRY_OK) return GANTRY_OK;
    gantry_fail(r.error, status, "%s: %s", r.name, inner.message);
    if (inner.hint[0]) gantry_hint(r.error, "%s", inner.hint);
    return status;
}

} // namespace

extern "C" gantry_status gantry_tflite_read(gantry_graph *graph, const uint8_t *bytes, size_t size,
                                            const char *name, const gantry_input_shapes *shapes,
                                            gantry_error *error)
{
    Reader r = {};
    r.graph = graph;
    r.name = name;
    r.error = error;
    r.budget = 16 * size;
    if (reinterpret_cast<uintptr_t>(bytes) % 8 != 0)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: the bytes are not aligned to 8", name);
    gantry_status status = verify(r, bytes, size);
    if (status != GANTRY_OK) return status;
    graph->name = gantry_arena_copy(&graph->arena, name, strlen(name));
    if (!graph->name) return out_of_memory(r);
    status = check_operators(r);
    if (status == GANTRY_OK) status = read_tensors(r);
    if (status == GANTRY_OK)
        status = read_indices(r, r.subgraph->inputs(), &graph->inputs, &graph->input_count);
    if (status == GANTRY_OK)
        status = read_indices(r, r.subgraph->outputs(), &graph->outputs, &graph->output_count);
    if (status == GANTRY_OK) status = take_shapes(r, shapes);
    if (status == GANTRY_OK) status = read_nodes(r);
    if (status == GANTRY_OK) status = check_graph(r);
    return status;
}
