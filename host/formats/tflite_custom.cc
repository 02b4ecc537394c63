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
    if (to->shape.rank > 0 || to->data) return;
    to->shape = shape;
    to->bytes = static_cast<size_t>(gantry_shape_elements(&shape)) * gantry_dtype_bytes(to->dtype);
}

/* Values of other kinds are 0: converting them may have no result. */
int32_t integer(const flexbuffers::Reference &value)
{
    if (value.IsBool()) return value.AsBool();
    if (!value.IsIntOrUint()) return 0;
    int64_t wide = value.AsInt64();
    return wide < INT32_MIN ? INT32_MIN : wide > INT32_MAX ? INT32_MAX : static_cast<int32_t>(wide);
}

float real(const flexbuffers::Reference &value)
{
    constexpr double kMost = 1e30; /* beyond which the checks need not tell apart */
    double wide = value.IsNumeric() ? value.AsDouble() : 0;
    if (!(wide > -kMost)) return static_cast<float>(-kMost);
    return static_cast<float>(wide < kMost ? wide : kMost);
}

void read_detect(const flexbuffers::Map &map, gantry_detect_attributes *to)
{
    constexpr int32_t kPerClass = 100; /* what LiteRT takes where nothing is said */
    to->detections = integer(map["max_detections"]);
    to->classes_per_detection = integer(map["max_classes_per_detection"]);
    to->detections_per_class =
        map["detections_per_class"].IsNull() ? kPerClass : integer(map["detections_per_class"]);
    to->regular = integer(map["use_regular_nms"]) != 0;
    to->score_threshold = real(map["nms_score_threshold"]);
    to->overlap_threshold = real(map["nms_iou_threshold"]);
    to->classes = integer(map["num_classes"]);
    to->scale_y = real(map["y_scale"]);
    to->scale_x = real(map["x_scale"]);
    to->scale_h = real(map["h_scale"]);
    to->scale_w = real(map["w_scale"]);
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
