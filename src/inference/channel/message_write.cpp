#include <algorithm>
#include <bitset>
#include <cstring>

#include "inference/channel/message.h"

namespace vedette::inference::channel {

namespace {

void put_header(Slot slot, MessageKind kind, std::uint32_t number, std::size_t count) {
  SlotHeader header{};
  header.kind = static_cast<std::uint32_t>(kind);
  header.number = number;
  header.count = static_cast<std::uint32_t>(count);
  std::memcpy(slot.data(), &header, sizeof header);
}

Result<void> check_count(std::size_t count) {
  if (count <= kMaxTensors) return {};
  return refuse("SBX-REQUEST-SIZE", "there are too many tensors",
                std::to_string(count) + ", at most " + std::to_string(kMaxTensors));
}

// Lays tensors one after another into a slot.
class TensorWriter {
 public:
  explicit TensorWriter(Slot slot) : slot_(slot), payload_(slot.subspan(kPayloadOffset)) {}

  [[nodiscard]] Result<void> put(const IndexedTensor& tensor) {
    VEDETTE_TRY(const std::uint64_t size, byte_size(tensor.type, tensor.shape));
    if (size != tensor.data.size())
      return refuse("INF-DATA", "a tensor's bytes do not fit its shape",
                    describe(tensor.type, tensor.shape));
    if (offset_ > payload_.size() || size > payload_.size() - offset_)
      return refuse("SBX-REQUEST-SIZE", "the tensors do not fit the channel",
                    "more than " + std::to_string(payload_.size()) + " bytes");
    TensorRecord record{};
    record.index = tensor.index;
    record.type = static_cast<std::uint32_t>(tensor.type);
    record.rank = static_cast<std::uint32_t>(tensor.shape.size());
    std::ranges::copy(tensor.shape, record.dims);
    record.offset = offset_;
    record.size = size;
    std::memcpy(slot_.data() + kRecordsOffset + count_ * sizeof record, &record, sizeof record);
    if (size != 0) std::memcpy(payload_.data() + offset_, tensor.data.data(), size);
    ++count_;
    offset_ = round_up(offset_ + size, kPayloadAlignment);
    return {};
  }

  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  Slot slot_;
  Slot payload_;
  std::size_t count_ = 0;
  std::uint64_t offset_ = 0;
};

std::unexpected<Error> refuse_input(std::string message, std::string cause) {
  return refuse("INF-INPUT", std::move(message), std::move(cause));
}

Result<std::uint32_t> index_of(const ModelMetadata& model, const TensorView& input) {
  const auto found = std::ranges::find(model.inputs, input.name, &TensorInfo::name);
  if (found == model.inputs.end())
    return refuse_input("the model has no input of this name", input.name.substr(0, 80));
  if (found->type != input.type)
    return refuse_input("an input has another datatype than the model's",
                        input.name + ": " + describe(input.type, input.shape) + " for " +
                            describe(found->type, found->shape));
  return static_cast<std::uint32_t>(found - model.inputs.begin());
}

// Cuts code and message to their places; gives their sizes.
struct RefusalSizes {
  std::uint32_t code;
  std::uint32_t text;
};
RefusalSizes put_refusal(RefusalText& to, const Error& error) {
  std::string text = error.message;
  if (!error.cause.empty()) text += " (" + error.cause + ")";
  if (!error.hint.empty()) text += "; " + error.hint;
  const RefusalSizes sizes{static_cast<std::uint32_t>(std::min(error.code.size(), kMaxCode)),
                           static_cast<std::uint32_t>(std::min(text.size(), kMaxText))};
  std::copy_n(error.code.begin(), sizes.code, to.code);
  std::copy_n(text.begin(), sizes.text, to.text);
  return sizes;
}

Result<MetadataRecord> metadata_record_of(const TensorInfo& info) {
  if (!is_tensor_name(info.name))
    return refuse("INF-NAME", "a tensor's name is empty, too long or not plain UTF-8");
  if (info.shape.size() > kMaxRank)
    return refuse("INF-SHAPE", "a tensor has too many dimensions", describe(info.type, info.shape));
  MetadataRecord record{};
  record.type = static_cast<std::uint32_t>(info.type);
  record.rank = static_cast<std::uint32_t>(info.shape.size());
  record.name_size = static_cast<std::uint32_t>(info.name.size());
  std::ranges::copy(info.shape, record.dims);
  std::ranges::copy(info.name, record.name);
  return record;
}

}  // namespace

Result<void> write_request(Slot slot, std::uint32_t number, const ModelMetadata& model,
                           std::span<const TensorView> inputs) {
  VEDETTE_CHECK(check_count(inputs.size()));
  std::bitset<kMaxTensors> given;
  TensorWriter writer(slot);
  for (const TensorView& input : inputs) {
    VEDETTE_TRY(const std::uint32_t index, index_of(model, input));
    if (given.test(index)) return refuse_input("an input is given twice", input.name);
    given.set(index);
    VEDETTE_CHECK(writer.put({index, input.type, input.shape, input.data}));
  }
  put_header(slot, MessageKind::infer, number, writer.count());
  return {};
}

Result<void> write_outputs(Slot slot, std::uint32_t number,
                           std::span<const IndexedTensor> outputs) {
  VEDETTE_CHECK(check_count(outputs.size()));
  TensorWriter writer(slot);
  for (const IndexedTensor& output : outputs)
    VEDETTE_CHECK(writer.put(output));
  put_header(slot, MessageKind::outputs, number, writer.count());
  return {};
}

void write_refusal(Slot slot, std::uint32_t number, const Error& error) {
  RefusalText refusal{};
  const RefusalSizes sizes = put_refusal(refusal, error);
  std::memcpy(slot.data() + kRefusalOffset, &refusal, sizeof refusal);
  SlotHeader header{};
  header.kind = static_cast<std::uint32_t>(MessageKind::refused);
  header.number = number;
  header.code_size = sizes.code;
  header.text_size = sizes.text;
  std::memcpy(slot.data(), &header, sizeof header);
}

Result<void> write_metadata(Slot area, const ModelMetadata& metadata) {
  VEDETTE_CHECK(check_count(metadata.inputs.size() + metadata.outputs.size()));
  MetadataHeader header{};
  header.inputs = static_cast<std::uint32_t>(metadata.inputs.size());
  header.outputs = static_cast<std::uint32_t>(metadata.outputs.size());
  std::memcpy(area.data(), &header, sizeof header);
  std::size_t at = sizeof header;
  for (const auto* infos : {&metadata.inputs, &metadata.outputs})
    for (const TensorInfo& info : *infos) {
      VEDETTE_TRY(const MetadataRecord record, metadata_record_of(info));
      std::memcpy(area.data() + at, &record, sizeof record);
      at += sizeof record;
    }
  return {};
}

void write_load_refusal(Slot area, const Error& error) {
  MetadataHeader header{};
  const RefusalSizes sizes = put_refusal(header.refusal, error);
  header.code_size = sizes.code;
  header.text_size = sizes.text;
  std::memcpy(area.data(), &header, sizeof header);
}

}  // namespace vedette::inference::channel
