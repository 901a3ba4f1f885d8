#include <algorithm>
#include <cstring>

#include "inference/channel/message.h"

namespace vedette::inference::channel {

namespace {

void put_header(Slot slot, const MessageHeader& header) {
  std::memcpy(slot.data(), &header, sizeof header);
}

void put_record(Slot slot, std::size_t index, const TensorRecord& record) {
  std::memcpy(slot.data() + kRecordsOffset + index * sizeof record, &record, sizeof record);
}

MessageHeader header_of(MessageKind kind, std::uint32_t sequence, std::size_t count) {
  MessageHeader header{};
  header.kind = static_cast<std::uint32_t>(kind);
  header.sequence = sequence;
  header.count = static_cast<std::uint32_t>(count);
  return header;
}

Result<TensorRecord> record_of(const std::string& name, DataType type,
                               std::span<const std::int64_t> shape) {
  if (!is_tensor_name(name))
    return refuse("INF-NAME", "a tensor's name is empty, too long or not plain UTF-8");
  if (shape.size() > kMaxRank)
    return refuse("INF-SHAPE", "a tensor has too many dimensions", describe(type, shape));
  TensorRecord record{};
  record.type = static_cast<std::uint32_t>(type);
  record.rank = static_cast<std::uint32_t>(shape.size());
  record.name_size = static_cast<std::uint32_t>(name.size());
  std::ranges::copy(shape, record.dims);
  std::ranges::copy(name, record.name);
  return record;
}

Result<void> check_count(std::size_t count) {
  if (count <= kMaxTensors) return {};
  return refuse("SBX-REQUEST-SIZE", "there are too many tensors",
                std::to_string(count) + ", at most " + std::to_string(kMaxTensors));
}

}  // namespace

Result<void> write_tensors(Slot slot, MessageKind kind, std::uint32_t sequence,
                           std::span<const TensorView> tensors) {
  VEDETTE_CHECK(check_count(tensors.size()));
  const Slot payload = slot.subspan(kPayloadOffset);
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const TensorView& tensor = tensors[i];
    VEDETTE_TRY(TensorRecord record, record_of(tensor.name, tensor.type, tensor.shape));
    VEDETTE_TRY(record.size, byte_size(tensor.type, tensor.shape));
    if (record.size != tensor.data.size())
      return refuse("INF-DATA", "a tensor's bytes do not fit its shape", tensor.name);
    if (offset > payload.size() || record.size > payload.size() - offset)
      return refuse("SBX-REQUEST-SIZE", "the tensors do not fit the channel",
                    tensor.name + " ends beyond " + std::to_string(payload.size()) + " bytes");
    record.offset = offset;
    std::ranges::copy(tensor.data, payload.begin() + static_cast<std::ptrdiff_t>(offset));
    put_record(slot, i, record);
    offset = round_up(offset + record.size, kPayloadAlignment);
  }
  put_header(slot, header_of(kind, sequence, tensors.size()));
  return {};
}

Result<void> write_metadata(Slot slot, std::uint32_t sequence, const ModelMetadata& metadata) {
  VEDETTE_CHECK(check_count(metadata.inputs.size() + metadata.outputs.size()));
  std::size_t index = 0;
  for (const Role role : {Role::input, Role::output}) {
    for (const TensorInfo& info : role == Role::input ? metadata.inputs : metadata.outputs) {
      VEDETTE_TRY(TensorRecord record, record_of(info.name, info.type, info.shape));
      record.role = static_cast<std::uint32_t>(role);
      put_record(slot, index++, record);
    }
  }
  put_header(slot, header_of(MessageKind::metadata, sequence, index));
  return {};
}

void write_describe(Slot slot, std::uint32_t sequence) {
  put_header(slot, header_of(MessageKind::describe, sequence, 0));
}

void write_refusal(Slot slot, std::uint32_t sequence, const Error& error) {
  MessageHeader header = header_of(MessageKind::refused, sequence, 0);
  std::string text = error.message;
  if (!error.cause.empty()) text += " (" + error.cause + ")";
  if (!error.hint.empty()) text += "; " + error.hint;
  header.code_size = static_cast<std::uint32_t>(std::min(error.code.size(), kMaxCode));
  header.text_size = static_cast<std::uint32_t>(std::min(text.size(), kMaxText));
  std::copy_n(error.code.begin(), header.code_size, header.code);
  std::copy_n(text.begin(), header.text_size, header.text);
  put_header(slot, header);
}

}  // namespace vedette::inference::channel
