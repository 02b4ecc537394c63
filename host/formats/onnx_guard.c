/* SPDX-License-Identifier: Apache-2.0
 * Unpacking within bounds. The library recurses as deep as the file nests and makes of a small file
 * of many empty messages a large tree: so the wire format is walked first, without recursion, along
 * the descriptors that the schema's compiler made, and memory has a budget by the file's size. */
#include "formats/onnx_reader.h"

enum { DEPTH_LIMIT = 64, TAG_BYTES = 5, VARINT_BYTES = 10 };

/* What unpacking may take: raw data once, and for every byte of structure what the densest
 * messages that tools write need. */
enum { BUDGET_FACTOR = 48, BUDGET_BASE = 1 << 20 };

struct level {
    const ProtobufCMessageDescriptor *type;
    const uint8_t *end;
};

static bool varint(const uint8_t **at, const uint8_t *end, int limit, uint64_t *out)
{
    uint64_t value = 0;
    for (int i = 0; i < limit && *at < end; i++) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << 7 * i;
        if (!(byte & 0x80)) {
            *out = value;
            return true;
        }
    }
    return false;
}

static const ProtobufCMessageDescriptor *message_of(const ProtobufCMessageDescriptor *type,
                                                    uint64_t field)
{
    if (!type || field > UINT32_MAX) return NULL;
    const ProtobufCFieldDescriptor *found =
        protobuf_c_message_descriptor_get_field(type, (unsigned)field);
    if (!found || found->type != PROTOBUF_C_TYPE_MESSAGE) return NULL;
    return found->descriptor;
}

/* Steps over one field, or into it when it is a message. False: damaged or too deep. */
static bool step(const uint8_t **at, struct level *levels, int *depth)
{
    enum { VARINT, FIXED64, BYTES, GROUP, GROUP_END, FIXED32 };
    const uint8_t *end = levels[*depth].end;
    uint64_t tag, length;
    if (!varint(at, end, TAG_BYTES, &tag)) return false;
    switch (tag & 7) {
    case VARINT:
        return varint(at, end, VARINT_BYTES, &length);
    case FIXED64:
        length = 8;
        break;
    case FIXED32:
        length = 4;
        break;
    case BYTES:
        if (!varint(at, end, VARINT_BYTES, &length)) return false;
        break;
    default:
        return false;
    }
    if (length > (uint64_t)(end - *at)) return false;
    const ProtobufCMessageDescriptor *inner =
        (tag & 7) == BYTES ? message_of(levels[*depth].type, tag >> 3) : NULL;
    if (!inner) {
        *at += length;
        return true;
    }
    if (*depth + 1 >= DEPTH_LIMIT) return false;
    levels[++*depth] = (struct level){inner, *at + length};
    return true;
}

bool gantry_onnx_guard(struct gantry_onnx *r, const uint8_t *bytes, size_t size)
{
    struct level levels[DEPTH_LIMIT];
    const uint8_t *at = bytes;
    int depth = 0;
    levels[0] = (struct level){&onnx__model_proto__descriptor, bytes + size};
    for (;;) {
        while (at == levels[depth].end) {
            if (depth-- == 0) return true;
        }
        if (step(&at, levels, &depth)) continue;
        if (depth + 1 >= DEPTH_LIMIT)
            (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "messages nest deeper than %d at byte %zu",
                                   DEPTH_LIMIT, (size_t)(at - bytes));
        else
            (void)gantry_onnx_fail(r, GANTRY_ERR_FILE,
                                   "not an ONNX model, or damaged at byte %zu of %zu",
                                   (size_t)(at - bytes), size);
        return false;
    }
}

static void *budget_alloc(void *data, size_t size)
{
    struct gantry_onnx_budget *budget = data;
    if (size > budget->left) return NULL;
    budget->left -= size;
    return gantry_allocate(budget->from, size, 1);
}

static void budget_free(void *data, void *memory)
{
    struct gantry_onnx_budget *budget = data;
    gantry_release(budget->from, memory);
}

void gantry_onnx_budget_init(struct gantry_onnx_budget *budget,
                             const struct gantry_allocator *allocator, size_t file_size)
{
    size_t bytes;
    if (!gantry_mul_size(file_size, BUDGET_FACTOR, &bytes)) bytes = SIZE_MAX / 2;
    *budget = (struct gantry_onnx_budget){
        {.alloc = budget_alloc, .free = budget_free, .allocator_data = budget},
        allocator,
        bytes + BUDGET_BASE};
}
