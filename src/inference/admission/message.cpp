#include "inference/admission/message.h"

#include <algorithm>
#include <array>
#include <limits>

#include "codec/utf8.h"

namespace vedette::inference::admission {
namespace {

using enum FieldKind;
constexpr bool kOne = false;
constexpr bool kMany = true;

constexpr std::array kModelFields = {
    FieldRule{1, int64, kOne},      // ir_version
    FieldRule{2, text, kOne},       // producer_name
    FieldRule{3, text, kOne},       // producer_version
    FieldRule{4, text, kOne},       // domain
    FieldRule{5, int64, kOne},      // model_version
    FieldRule{6, text, kOne},       // doc_string
    FieldRule{7, message, kOne},    // graph
    FieldRule{8, message, kMany},   // opset_import
    FieldRule{14, message, kMany},  // metadata_props
    FieldRule{20, message, kMany},  // training_info
    FieldRule{25, message, kMany},  // functions
};
constexpr std::array kGraphFields = {
    FieldRule{1, message, kMany},   // node
    FieldRule{2, text, kOne},       // name
    FieldRule{5, message, kMany},   // initializer
    FieldRule{10, text, kOne},      // doc_string
    FieldRule{11, message, kMany},  // input
    FieldRule{12, message, kMany},  // output
    FieldRule{13, message, kMany},  // value_info
    FieldRule{14, message, kMany},  // quantization_annotation
    FieldRule{15, message, kMany},  // sparse_initializer
    FieldRule{16, message, kMany},  // metadata_props
};
constexpr std::array kNodeFields = {
    FieldRule{1, name, kMany},     // input
    FieldRule{2, name, kMany},     // output
    FieldRule{3, name, kOne},      // name
    FieldRule{4, name, kOne},      // op_type
    FieldRule{5, message, kMany},  // attribute
    FieldRule{6, text, kOne},      // doc_string
    FieldRule{7, name, kOne},      // domain
    FieldRule{8, name, kOne},      // overload
    FieldRule{9, message, kMany},  // metadata_props
};
constexpr std::array kAttributeFields = {
    FieldRule{1, name, kOne},       // name
    FieldRule{2, float32, kOne},    // f
    FieldRule{3, int64, kOne},      // i
    FieldRule{4, text, kOne},       // s
    FieldRule{5, message, kOne},    // t
    FieldRule{6, message, kOne},    // g
    FieldRule{7, fixed32s, kMany},  // floats
    FieldRule{8, varints, kMany},   // ints
    FieldRule{9, text, kMany},      // strings
    FieldRule{10, message, kMany},  // tensors
    FieldRule{11, message, kMany},  // graphs
    FieldRule{13, text, kOne},      // doc_string
    FieldRule{14, message, kOne},   // tp
    FieldRule{15, message, kMany},  // type_protos
    FieldRule{20, int32, kOne},     // type
    FieldRule{21, name, kOne},      // ref_attr_name
    FieldRule{22, message, kOne},   // sparse_tensor
    FieldRule{23, message, kMany},  // sparse_tensors
};
constexpr std::array kTensorFields = {
    FieldRule{1, varints, kMany},    // dims
    FieldRule{2, int32, kOne},       // data_type
    FieldRule{3, message, kOne},     // segment
    FieldRule{4, fixed32s, kMany},   // float_data
    FieldRule{5, varints, kMany},    // int32_data
    FieldRule{6, text, kMany},       // string_data
    FieldRule{7, varints, kMany},    // int64_data
    FieldRule{8, name, kOne},        // name
    FieldRule{9, blob, kOne},        // raw_data
    FieldRule{10, fixed64s, kMany},  // double_data
    FieldRule{11, varints, kMany},   // uint64_data
    FieldRule{12, text, kOne},       // doc_string
    FieldRule{13, message, kMany},   // external_data
    FieldRule{14, int32, kOne},      // data_location
    FieldRule{16, message, kMany},   // metadata_props
};
constexpr std::array kSparseTensorFields = {
    FieldRule{1, message, kOne},   // values
    FieldRule{2, message, kOne},   // indices
    FieldRule{3, varints, kMany},  // dims
};
constexpr std::array kValueInfoFields = {
    FieldRule{1, name, kOne},      // name
    FieldRule{2, message, kOne},   // type
    FieldRule{3, text, kOne},      // doc_string
    FieldRule{4, message, kMany},  // metadata_props
};
constexpr std::array kTypeFields = {
    FieldRule{1, message, kOne},  // tensor_type
    FieldRule{4, message, kOne},  // sequence_type
    FieldRule{5, message, kOne},  // map_type
    FieldRule{6, text, kOne},     // denotation
    FieldRule{8, message, kOne},  // sparse_tensor_type
    FieldRule{9, message, kOne},  // optional_type
};
constexpr std::array kTensorTypeFields = {
    FieldRule{1, int32, kOne},    // elem_type
    FieldRule{2, message, kOne},  // shape
};
constexpr std::array kElementTypeFields = {
    FieldRule{1, message, kOne},  // elem_type
};
constexpr std::array kMapTypeFields = {
    FieldRule{1, int32, kOne},    // key_type
    FieldRule{2, message, kOne},  // value_type
};
constexpr std::array kShapeFields = {
    FieldRule{1, message, kMany},  // dim
};
constexpr std::array kDimensionFields = {
    FieldRule{1, int64, kOne},  // dim_value
    FieldRule{2, name, kOne},   // dim_param
    FieldRule{3, text, kOne},   // denotation
};
constexpr std::array kOperatorSetFields = {
    FieldRule{1, name, kOne},   // domain
    FieldRule{2, int64, kOne},  // version
};
constexpr std::array kStringPairFields = {
    FieldRule{1, name, kOne},  // key
    FieldRule{2, text, kOne},  // value
};
constexpr std::array kAnnotationFields = {
    FieldRule{1, name, kOne},      // tensor_name
    FieldRule{2, message, kMany},  // quant_parameter_tensor_names
};

std::unexpected<Error> refuse_field(const MessageRule& rule, const WireField& field,
                                    std::string_view why) {
  std::string cause(rule.name);
  cause.append(", field ").append(std::to_string(field.number)).append(": ").append(why);
  return refuse("ADM-SYNTAX", "the model is not a well-formed ONNX file", std::move(cause),
                "export the model again with a current exporter");
}

bool fits(WireType type, const FieldRule& rule) {
  switch (rule.kind) {
    case int64:
    case int32:
      return type == WireType::varint;
    case float32:
      return type == WireType::fixed32;
    case message:
    case blob:
    case text:
    case name:
      return type == WireType::octets;
    case varints:
      return type == WireType::varint || type == WireType::octets;
    case fixed32s:
      return type == WireType::fixed32 || type == WireType::octets;
    case fixed64s:
      return type == WireType::fixed64 || type == WireType::octets;
  }
  return false;
}

Result<void> check_text(const MessageRule& rule, const WireField& field) {
  if (field.bytes.size() > kMaxText)
    return refuse("ADM-LIMIT", "the model holds a giant string",
                  std::string(rule.name) + ", field " + std::to_string(field.number) + ": " +
                      std::to_string(field.bytes.size()) + " octets, at most " +
                      std::to_string(kMaxText));
  if (!codec::is_utf8(as_text(field.bytes))) return refuse_field(rule, field, "is not UTF-8");
  return {};
}

Result<void> check_name(const MessageRule& rule, const WireField& field) {
  const std::string_view chosen = as_text(field.bytes);
  if (chosen.size() <= kMaxName && codec::is_utf8(chosen) && !codec::has_control_character(chosen))
    return {};
  return refuse("ADM-NAME", "a name in the model is too long or not plain UTF-8",
                std::string(rule.name) + ", field " + std::to_string(field.number) + ": " +
                    std::to_string(chosen.size()) + " octets, at most " + std::to_string(kMaxName));
}

}  // namespace

const MessageRule kModel{"ModelProto", kModelFields};
const MessageRule kGraph{"GraphProto", kGraphFields};
const MessageRule kNode{"NodeProto", kNodeFields};
const MessageRule kAttribute{"AttributeProto", kAttributeFields};
const MessageRule kTensor{"TensorProto", kTensorFields};
const MessageRule kSparseTensor{"SparseTensorProto", kSparseTensorFields};
const MessageRule kValueInfo{"ValueInfoProto", kValueInfoFields};
const MessageRule kType{"TypeProto", kTypeFields};
const MessageRule kTensorType{"TypeProto.Tensor", kTensorTypeFields};
const MessageRule kElementType{"TypeProto.Sequence", kElementTypeFields};
const MessageRule kMapType{"TypeProto.Map", kMapTypeFields};
const MessageRule kShape{"TensorShapeProto", kShapeFields};
const MessageRule kDimension{"TensorShapeProto.Dimension", kDimensionFields};
const MessageRule kOperatorSet{"OperatorSetIdProto", kOperatorSetFields};
const MessageRule kStringPair{"StringStringEntryProto", kStringPairFields};
const MessageRule kAnnotation{"TensorAnnotation", kAnnotationFields};

Result<WireField> MessageReader::next() {
  VEDETTE_TRY(const WireField field, wire_.field());
  const auto row = std::ranges::find(rule_.fields, field.number, &FieldRule::number);
  if (row == rule_.fields.end()) return refuse_field(rule_, field, "is not one that we know");
  if (!fits(field.type, *row)) return refuse_field(rule_, field, "has the wrong wire type");
  const std::uint64_t bit = std::uint64_t{1} << (row - rule_.fields.begin());
  if (!row->repeated && (seen_ & bit) != 0) return refuse_field(rule_, field, "is there twice");
  seen_ |= bit;
  if (row->kind == int32 && field.value > std::numeric_limits<std::int32_t>::max())
    return refuse_field(rule_, field, "does not fit 31 bits");
  if (row->kind == text) VEDETTE_CHECK(check_text(rule_, field));
  if (row->kind == name) VEDETTE_CHECK(check_name(rule_, field));
  return field;
}

Result<void> check_string_pair(ByteView bytes) {
  MessageReader reader(bytes, kStringPair);
  while (!reader.done())
    VEDETTE_CHECK(reader.next());
  return {};
}

Result<std::uint64_t> count_numbers(const WireField& field, FieldKind kind) {
  if (field.type != WireType::octets) return std::uint64_t{1};
  if (kind == varints) {
    WireReader reader(field.bytes, "packed numbers");
    std::uint64_t count = 0;
    for (; !reader.done(); ++count)
      VEDETTE_CHECK(reader.varint());
    return count;
  }
  const std::size_t width = kind == fixed32s ? 4 : 8;
  if (field.bytes.size() % width != 0)
    return refuse("ADM-SYNTAX", "the model is not a well-formed ONNX file",
                  "packed numbers are cut short");
  return field.bytes.size() / width;
}

Result<void> append_integers(const WireField& field, std::size_t max,
                             std::vector<std::int64_t>& to) {
  const auto append = [&](std::uint64_t value) -> Result<void> {
    if (to.size() >= max)
      return refuse("ADM-LIMIT", "the model holds too many numbers in one place",
                    "at most " + std::to_string(max));
    to.push_back(static_cast<std::int64_t>(value));
    return {};
  };
  if (field.type == WireType::varint) return append(field.value);
  WireReader reader(field.bytes, "packed numbers");
  while (!reader.done()) {
    VEDETTE_TRY(const std::uint64_t value, reader.varint());
    VEDETTE_CHECK(append(value));
  }
  return {};
}

}  // namespace vedette::inference::admission
