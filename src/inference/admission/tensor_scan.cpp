#include "inference/admission/tensor_scan.h"

#include <bit>

namespace vedette::inference::admission {
namespace {

constexpr std::uint32_t kStringData = 6;
constexpr std::uint32_t kRawData = 9;

// What a TensorProto says, before it is held against itself. Its data are only counted, but for
// the few numbers that may steer a shape.
struct Fields {
  std::string_view name;
  std::vector<std::int64_t> shape;
  std::int32_t type = 0;
  bool external = false;
  bool segmented = false;
  std::uint32_t data_field = 0;  // the field that holds data, 0 for none
  bool mixed = false;            // more than one field does
  ByteView raw;
  std::uint64_t entries = 0;      // of typed data
  std::uint64_t text_octets = 0;  // of string_data
  std::vector<std::int64_t> integers;
  std::vector<float> floats;
};

// ONNX is little-endian, whatever the machine is.
std::uint64_t little_endian(ByteView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value |= std::uint64_t{bytes[i]} << (8 * i);
  return value;
}

void append_floats(ByteView bytes, std::vector<float>& to) {
  for (std::size_t i = 0; i + 4 <= bytes.size() && to.size() < kMaxModelRank; i += 4) {
    const auto bits = static_cast<std::uint32_t>(little_endian(bytes.subspan(i, 4)));
    to.push_back(std::bit_cast<float>(bits));
  }
}

void append_raw_integers(ByteView bytes, std::vector<std::int64_t>& to) {
  for (std::size_t i = 0; i + 8 <= bytes.size() && to.size() < kMaxModelRank; i += 8)
    to.push_back(static_cast<std::int64_t>(little_endian(bytes.subspan(i, 8))));
}

Result<std::uint64_t> count_entries(const WireField& field) {
  switch (static_cast<TypedField>(field.number)) {
    case TypedField::string_data:
      return std::uint64_t{1};
    case TypedField::float_data:
      return count_numbers(field, FieldKind::fixed32s);
    case TypedField::double_data:
      return count_numbers(field, FieldKind::fixed64s);
    case TypedField::int32_data:
    case TypedField::int64_data:
    case TypedField::uint64_data:
      return count_numbers(field, FieldKind::varints);
  }
  return std::uint64_t{0};
}

Result<void> add_data(const WireField& field, Fields& fields) {
  fields.mixed = fields.mixed || (fields.data_field != 0 && fields.data_field != field.number);
  fields.data_field = field.number;
  if (field.number == kRawData) {
    fields.raw = field.bytes;
    return {};
  }
  VEDETTE_TRY(const std::uint64_t entries, count_entries(field));
  fields.entries += entries;
  if (field.number == kStringData) fields.text_octets += field.bytes.size();
  if (fields.entries > kMaxModelRank) return {};
  if (field.number == static_cast<std::uint32_t>(TypedField::float_data))
    append_floats(field.bytes, fields.floats);
  if (field.number == static_cast<std::uint32_t>(TypedField::int64_data))
    return append_integers(field, kMaxModelRank, fields.integers);
  return {};
}

Result<void> read_field(const WireField& field, Fields& fields) {
  switch (field.number) {
    case 1:
      return append_integers(field, kMaxModelRank, fields.shape);
    case 2:
      fields.type = static_cast<std::int32_t>(field.value);
      return {};
    case 3:
      fields.segmented = true;
      return {};
    case 8:
      fields.name = as_text(field.bytes);
      return {};
    case 13:
      fields.external = true;
      return {};
    case 14:
      fields.external = fields.external || field.value != 0;
      return {};
    case 12:
      return {};
    case 16:
      return check_string_pair(field.bytes);
    default:
      return add_data(field, fields);
  }
}

std::unexpected<Error> refuse_tensor(const Fields& fields, std::string_view why) {
  std::string cause = "'";
  cause.append(fields.name).append("' ").append(describe_shape(fields.shape)).append(": ");
  return refuse("ADM-SHAPE", "a tensor of the model does not fit its own shape", cause.append(why));
}

Result<void> check_data(const Fields& fields, const ScannedTensor& tensor) {
  const Element& element = *tensor.element;
  if (fields.segmented) return refuse_tensor(fields, "is a piece of a larger tensor");
  if (fields.mixed) return refuse_tensor(fields, "has data of two kinds");
  if (fields.data_field == 0)
    return tensor.count == 0 ? Result<void>{} : refuse_tensor(fields, "has no data");
  if (fields.data_field == kRawData) {
    if (element.number == kString) return refuse_tensor(fields, "strings cannot be raw");
    const std::uint64_t needed = octets_of(element, tensor.count);
    if (fields.raw.size() == needed) return {};
    return refuse_tensor(fields, "needs " + std::to_string(needed) + " octets, has " +
                                     std::to_string(fields.raw.size()));
  }
  if (fields.data_field != static_cast<std::uint32_t>(element.field))
    return refuse_tensor(fields, "has its data in the field of another type");
  const std::uint64_t needed =
      (tensor.count + element.per_entry - 1) / element.per_entry * element.entries;
  if (fields.entries == needed) return {};
  return refuse_tensor(fields, "needs " + std::to_string(needed) + " entries, has " +
                                   std::to_string(fields.entries));
}

void take_values(Fields& fields, ScannedTensor& tensor) {
  if (tensor.count > kMaxModelRank) return;
  if (tensor.element->number == kInt64) {
    append_raw_integers(fields.raw, fields.integers);
    tensor.integers = std::move(fields.integers);
  }
  if (tensor.element->number == kFloat) {
    append_floats(fields.raw, fields.floats);
    tensor.floats = std::move(fields.floats);
  }
}

}  // namespace

Result<ScannedTensor> scan_tensor(ByteView bytes) {
  Fields fields;
  MessageReader reader(bytes, kTensor);
  while (!reader.done()) {
    VEDETTE_TRY(const WireField field, reader.next());
    VEDETTE_CHECK(read_field(field, fields));
  }
  if (fields.external)
    return refuse("ADM-EXTERNAL", "the model keeps data outside of its own file",
                  "tensor '" + std::string(fields.name) + "'",
                  "save it with all tensors inside (onnx.save_model(..., save_as_external_data="
                  "False))");
  ScannedTensor tensor;
  tensor.name = fields.name;
  tensor.element = element_of(fields.type);
  if (tensor.element == nullptr) return refuse_tensor(fields, "has an unknown element type");
  VEDETTE_TRY(tensor.count, count_elements(fields.shape, Negative::refused));
  VEDETTE_CHECK(check_data(fields, tensor));
  take_values(fields, tensor);
  tensor.octets = octets_of(*tensor.element, tensor.count) + fields.text_octets;
  tensor.shape = std::move(fields.shape);
  return tensor;
}

Error refusal_of_sparse_tensor(ByteView bytes) {
  MessageReader reader(bytes, kSparseTensor);
  while (!reader.done()) {
    const auto field = reader.next();
    if (!field) return field.error();
    if (field->number == 3) continue;
    if (const auto part = scan_tensor(field->bytes); !part) return part.error();
  }
  return refuse("ADM-SPARSE", "the model has a sparse tensor",
                "its indices would be trusted by the runtime, which unpacks it to any size",
                "export the model with dense tensors")
      .error();
}

}  // namespace vedette::inference::admission
