/* SPDX-License-Identifier: Apache-2.0
 * Custom operators of a .tflite file: which are known by name, and their options, which are
 * FlexBuffers. */
#include "formats/tflite_reader.hh"

#include <flatbuffers/flexbuffers.h>
#include <string.h>

namespace gantry_tflite_reader
{

namespace
{

bool same_name(const flatbuffers::String *name, const char *wanted)
{
    return name && name->size() == strlen(wanted) &&
           memcmp(name->data(), wanted, name->size()) == 0;
}

/* Detection networks leave the shapes of their outputs open; the options say them. */
void set_shape(Reader &r, int32_t tensor, const gantry_shape &shape)
{
    gantry_graph_tensor *to = &r.graph->tensors[tensor];
    if (to->shape.rank != 0 || to->data) return;
    to->shape = shape;
    to->bytes = static_cast<size_t>(gantry_shape_elements(&shape)) * gantry_dtype_bytes(to->dtype);
}

void read_detect(const flexbuffers::Map &map, gantry_detect_attributes *to)
{
    constexpr int32_t kPerClass = 100; /* what LiteRT takes where nothing is said */
    to->detections = map["max_detections"].AsInt32();
    to->classes_per_detection = map["max_classes_per_detection"].AsInt32();
    to->detections_per_class =
        map["detections_per_class"].IsNull() ? kPerClass : map["detections_per_class"].AsInt32();
    to->regular = !map["use_regular_nms"].IsNull() && map["use_regular_nms"].AsBool();
    to->score_threshold = map["nms_score_threshold"].AsFloat();
    to->overlap_threshold = map["nms_iou_threshold"].AsFloat();
    to->classes = map["num_classes"].AsInt32();
    to->scale_y = map["y_scale"].AsFloat();
    to->scale_x = map["x_scale"].AsFloat();
    to->scale_h = map["h_scale"].AsFloat();
    to->scale_w = map["w_scale"].AsFloat();
}

} // namespace

bool custom_operator(const fb::OperatorCode *code, gantry_op *out)
{
#define NAMED(number, name)
#define READ(number, name, op, options)
#define CUSTOM(name, op, options)               \
    if (same_name(code->custom_code(), name)) { \
        *out = GANTRY_OP_##op;                  \
        return true;                            \
    }
#include "formats/tflite_operators.def"
#undef READ
#undef NAMED
    return false;
}

gantry_status custom_options(Reader &r, gantry_graph_node *node, const fb::Operator *from)
{
    switch (node->op) {
#define NAMED(number, name)
#define READ(number, name, op, options)
#define CUSTOM(name, op, options) \
    case GANTRY_OP_##op:          \
        return options_##options(r, node, from);
#include "formats/tflite_operators.def"
#undef READ
#undef NAMED
    default:
        return GANTRY_OK;
    }
}

gantry_status options_detection(Reader &r, gantry_graph_node *node, const fb::Operator *from)
{
    constexpr uint32_t kOptionBytes = 4096; /* the verifier of maps takes time for each of them */
    constexpr int32_t kDetections = 1 << 16;
    gantry_detect_attributes &detect = node->attributes.detect;
    uint32_t size = count_of(from->custom_options());
    if (size < 3 || size > kOptionBytes)
        return operator_error(r, node, GANTRY_ERR_FILE,
                              "bytes of options:", static_cast<int>(size));
    const uint8_t *bytes = from->custom_options()->data();
    if (!flexbuffers::VerifyBuffer(bytes, size) || !flexbuffers::GetRoot(bytes, size).IsMap())
        return operator_error(r, node, GANTRY_ERR_FILE,
                              "its options are no map; bytes:", static_cast<int>(size));
    read_detect(flexbuffers::GetRoot(bytes, size).AsMap(), &detect);
    if (detect.detections < 1 || detect.detections > kDetections)
        return operator_error(r, node, GANTRY_ERR_FILE, "max_detections", detect.detections);
    if (detect.classes_per_detection < 1 || detect.classes_per_detection > kDetections)
        return operator_error(r, node, GANTRY_ERR_FILE, "max_classes_per_detection",
                              detect.classes_per_detection);
    if (node->output_count != 4) return GANTRY_OK; /* gantry_graph_check refuses it */
    int64_t boxes = static_cast<int64_t>(detect.detections) * detect.classes_per_detection;
    if (boxes > kDetections)
        return operator_error(r, node, GANTRY_ERR_UNSUPPORTED,
                              "detections:", static_cast<int>(boxes));
    int32_t count = static_cast<int32_t>(boxes);
    set_shape(r, node->outputs[0], {3, {1, count, 4}});
    set_shape(r, node->outputs[1], {2, {1, count}});
    set_shape(r, node->outputs[2], {2, {1, count}});
    set_shape(r, node->outputs[3], {1, {1}});
    return GANTRY_OK;
}

} // namespace gantry_tflite_reader
