#include "inference/admission/value_scan.h"

namespace vedette::inference::admission {
namespace {

// TensorShapeProto.Dimension: a size, a symbol, or nothing.
Result<std::int64_t> scan_dimension(ByteView bytes) {
  std::optional<std::int64_t> size;
  bool symbolic = false;
  MessageReader reader(bytes, kDimension);
  while (!reader.done()) {
    VEDETTE_TRY(const WireField field, reader.next());
    if (field.number == 1) size = static_cast<std::int64_t>(field.value);
    if (field.number == 2) symbolic = true;
  }
  if (size && symbolic)
    return refuse("ADM-SYNTAX", "the model is not a well-formed ONNX file",
                  "a dimension has a size and a symbol");
  if (!size) return -1;
  if (*size < 0)
    return refuse("ADM-SHAPE", "a value of the model has a negative dimension",
                  std::to_string(*size), "leave an unknown dimension empty, or give it a symbol");
  return *size;
}

Result<std::vector<std::int64_t>> scan_shape(ByteView bytes) {
  std::vector<std::int64_t> shape;
  MessageReader reader(bytes, kShape);
  while (!reader.done()) {
    VEDETTE_TRY(const WireField field, reader.next());
    if (shape.size() == kMaxModelRank)
      return refuse("ADM-SHAPE", "a value of the model has too many dimensions");
    VEDETTE_TRY(const std::int64_t dimension, scan_dimension(field.bytes));
    shape.push_back(dimension);
  }
  VEDETTE_CHECK(count_elements(shape, Negative::counts_as_one));
  return shape;
}

// TypeProto.Tensor, and TypeProto.SparseTensor, which has the same fields.
Result<ValueType> scan_tensor_type(ByteView bytes) {
  ValueType type;
  MessageReader reader(bytes, kTensorType);
  while (!reader.done()) {
    VEDETTE_TRY(const WireField field, reader.next());
    if (field.number == 1) type.element = element_of(static_cast<std::int32_t>(field.value));
    if (field.number == 2) {
      VEDETTE_TRY(type.shape, scan_shape(field.bytes));
    }
  }
  if (type.element == nullptr)
    return refuse("ADM-SHAPE", "a value of the model has no known element type");
  return type;
}

Result<ValueType> scan_type_at(ByteView bytes, unsigned depth);

// TypeProto.Sequence and .Optional keep their TypeProto in field 1, TypeProto.Map in field 2.
Result<void> scan_wrapper(ByteView bytes, const MessageRule& rule, unsigned depth) {
  MessageReader reader(bytes, rule);
  while (!reader.done()) {
    VEDETTE_TRY(const WireField field, reader.next());
    if (field.type == WireType::octets) VEDETTE_CHECK(scan_type_at(field.bytes, depth + 1));
  }
  return {};
}

Result<ValueType> scan_type_at(ByteView bytes, unsigned depth) {
  if (depth > kMaxTypeDepth)
    return refuse("ADM-LIMIT", "the model nests types too deeply",
                  "at most " + std::to_string(kMaxTypeDepth));
  ValueType type;
  unsigned kinds = 0;
  MessageReader reader(bytes, kType);
  while (!reader.done()) {
    VEDETTE_TRY(const WireField field, reader.next());
    if (field.number == 6) continue;
    ++kinds;
    if (field.number == 1) {
      VEDETTE_TRY(type, scan_tensor_type(field.bytes));
    } else if (field.number == 8) {
      VEDETTE_CHECK(scan_tensor_type(field.bytes));
    } else {
      VEDETTE_CHECK(scan_wrapper(field.bytes, field.number == 5 ? kMapType : kElementType, depth));
    }
  }
  if (kinds > 1)
    return refuse("ADM-SYNTAX", "the model is not a well-formed ONNX file",
                  "a value has two types at once");
  return type;
}

}  // namespace

Result<ValueType> scan_type(ByteView bytes) {
  return scan_type_at(bytes, 1);
}

Result<ValueInfo> scan_value_info(ByteView bytes) {
  ValueInfo info;
  MessageReader reader(bytes, kValueInfo);
  while (!reader.done()) {
    VEDETTE_TRY(const WireField field, reader.next());
    if (field.number == 1) info.name = as_text(field.bytes);
    if (field.number == 4) VEDETTE_CHECK(check_string_pair(field.bytes));
    if (field.number != 2) continue;
    VEDETTE_TRY(info.type, scan_type(field.bytes));
    info.typed = true;
  }
  if (info.name.empty()) return refuse("ADM-NAME", "the model declares a value that has no name");
  return info;
}

Result<void> check_agreement(std::string_view name, const ValueType& left, const ValueType& right) {
  const auto disagree = [&](std::string cause) {
    return refuse("ADM-SHAPE", "a tensor of the model does not fit what is declared of it",
                  "'" + std::string(name) + "': " + cause);
  };
  if (left.element != nullptr && right.element != nullptr && left.element != right.element)
    return disagree(std::string(left.element->name) + " and " + std::string(right.element->name));
  if (!left.shape || !right.shape) return {};
  bool same = left.shape->size() == right.shape->size();
  for (std::size_t i = 0; same && i < left.shape->size(); ++i)
    same =
        (*left.shape)[i] == (*right.shape)[i] || (*left.shape)[i] == -1 || (*right.shape)[i] == -1;
  if (same) return {};
  return disagree(describe_shape(*left.shape) + " and " + describe_shape(*right.shape));
}

}  // namespace vedette::inference::admission
