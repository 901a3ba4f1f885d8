#include <algorithm>
#include <bitset>

#include "inference/channel/message.h"
#include "inference/channel/shared_copy.h"

namespace vedette::inference::channel {

namespace {

// Why a message cannot be believed; turned into SBX-REPLY or SBX-REQUEST at the border.
using Complaint = std::string;
template <class T>
using Checked = std::expected<T, Complaint>;

std::unexpected<Complaint> complain(std::string what) {
  return std::unexpected(std::move(what));
}

Checked<SlotHeader> read_header(ReadOnlySlot slot, std::uint32_t number) {
  if (slot.size() < kPayloadOffset) return complain("the slot is too small");
  const auto header = copy_shared<SlotHeader>(slot.data());
  if (header.number != number)
    return complain("number " + std::to_string(header.number) + " instead of " +
                    std::to_string(number));
  if (header.count > kMaxTensors) return complain(std::to_string(header.count) + " tensors");
  return header;
}

TensorRecord read_record(ReadOnlySlot slot, std::size_t at) {
  return copy_shared<TensorRecord>(slot.data() + kRecordsOffset + at * sizeof(TensorRecord));
}

// The tensor that a record (already a copy) describes; its bytes are still in the slot.
Checked<IndexedTensor> check_record(const TensorRecord& record, ReadOnlySlot payload) {
  const auto type = data_type_from_number(record.type);
  if (!type) return complain("element type " + std::to_string(record.type));
  if (record.rank > kMaxRank) return complain("rank " + std::to_string(record.rank));
  const std::span<const std::int64_t> shape(record.dims, record.rank);
  const auto size = byte_size(*type, shape);
  if (!size) return complain("a negative dimension, or a tensor that is too large");
  if (*size != record.size) return complain("a size that does not follow from type and shape");
  if (record.offset > payload.size() || record.size > payload.size() - record.offset)
    return complain("bytes outside the slot");
  if (record.offset % kPayloadAlignment != 0) return complain("a crooked offset");
  return IndexedTensor{record.index, *type, shape,
                       payload.subspan(static_cast<std::size_t>(record.offset),
                                       static_cast<std::size_t>(record.size))};
}

bool is_code_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

// The text reaches logs and terminals: printable ASCII, everything else becomes '?'.
Checked<Refusal> check_refusal(const RefusalText& text, std::uint32_t code_size,
                               std::uint32_t text_size) {
  if (code_size > kMaxCode || text_size > kMaxText) return complain("a text that is too long");
  Refusal refusal{std::string(text.code, code_size), std::string(text.text, text_size)};
  if (refusal.code.empty() || !std::ranges::all_of(refusal.code, is_code_character))
    return complain("a malformed error code");
  std::ranges::replace_if(refusal.message, [](char c) { return c < ' ' || c > '~'; }, '?');
  return refusal;
}

// Copies one output, once, and checks the copy.
Checked<void> take_output(const IndexedTensor& from, const TensorInfo& declared, OutputSink& sink) {
  if (from.type != declared.type) return complain("another type than the model declares");
  const std::span<std::uint8_t> copy = sink.place(from.index, from);
  if (copy.empty()) return {};
  copy_shared(copy.data(), from.data.data(), std::min(copy.size(), from.data.size()));
  if (from.type == DataType::boolean &&
      std::ranges::any_of(copy, [](std::uint8_t octet) { return octet > 1; }))
    return complain("a boolean that is neither 0 nor 1");
  return {};
}

Checked<void> read_outputs(ReadOnlySlot slot, const SlotHeader& header, const ModelMetadata& model,
                           OutputSink& sink) {
  if (header.count != model.outputs.size())
    return complain(std::to_string(header.count) + " outputs of " +
                    std::to_string(model.outputs.size()));
  const ReadOnlySlot payload = slot.subspan(kPayloadOffset);
  std::bitset<kMaxTensors> given;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < header.count; ++i) {
    const TensorRecord record = read_record(slot, i);
    if (record.index >= header.count) return complain("an output that does not exist");
    if (given.test(record.index)) return complain("an output that is there twice");
    given.set(record.index);
    VEDETTE_TRY(const IndexedTensor tensor, check_record(record, payload));
    // However tensors may overlap in the slot, their copies never outgrow it.
    total += tensor.data.size();
    if (total > payload.size()) return complain("tensors that overlap");
    if (auto taken = take_output(tensor, model.outputs[record.index], sink); !taken) return taken;
  }
  return {};
}

Checked<void> read_any_reply(ReadOnlySlot slot, std::uint32_t number, const ModelMetadata& model,
                             OutputSink& sink, std::optional<Refusal>& refusal) {
  refusal.reset();
  VEDETTE_TRY(const SlotHeader header, read_header(slot, number));
  if (header.kind == static_cast<std::uint32_t>(MessageKind::outputs))
    return read_outputs(slot, header, model, sink);
  if (header.kind != static_cast<std::uint32_t>(MessageKind::refused))
    return complain("message kind " + std::to_string(header.kind));
  const auto text = copy_shared<RefusalText>(slot.data() + kRefusalOffset);
  VEDETTE_TRY(refusal, check_refusal(text, header.code_size, header.text_size));
  return {};
}

// Outputs as tensors; their memory is used again.
class TensorSink final : public OutputSink {
 public:
  TensorSink(const ModelMetadata& model, std::vector<Tensor>& into) : model_(model), into_(into) {
    into_.resize(model.outputs.size());
  }

  std::span<std::uint8_t> place(std::uint32_t index, const IndexedTensor& tensor) override {
    Tensor& output = into_[index];
    output.name = model_.outputs[index].name;
    output.type = tensor.type;
    output.shape.assign(tensor.shape.begin(), tensor.shape.end());
    output.data.resize(tensor.data.size());
    return output.data;
  }

 private:
  const ModelMetadata& model_;
  std::vector<Tensor>& into_;
};

Checked<TensorInfo> read_info(ReadOnlySlot area, std::size_t at) {
  const auto record = copy_shared<MetadataRecord>(area.data() + sizeof(MetadataHeader) +
                                                  at * sizeof(MetadataRecord));
  const auto type = data_type_from_number(record.type);
  if (!type) return complain("element type " + std::to_string(record.type));
  if (record.rank > kMaxRank) return complain("rank " + std::to_string(record.rank));
  if (record.name_size > kMaxTensorName) return complain("a name that is too long");
  TensorInfo info{std::string(record.name, record.name_size), *type,
                  std::vector<std::int64_t>(record.dims, record.dims + record.rank)};
  if (!is_tensor_name(info.name)) return complain("a malformed name");
  if (std::ranges::any_of(info.shape, [](std::int64_t dimension) { return dimension < -1; }))
    return complain("a negative dimension");
  return info;
}

Checked<std::vector<TensorInfo>> read_infos(ReadOnlySlot area, std::size_t from,
                                            std::size_t count) {
  std::vector<TensorInfo> infos;
  for (std::size_t i = 0; i < count; ++i) {
    VEDETTE_TRY(TensorInfo info, read_info(area, from + i));
    if (std::ranges::find(infos, info.name, &TensorInfo::name) != infos.end())
      return complain("two tensors of one name");
    infos.push_back(std::move(info));
  }
  return infos;
}

Checked<LoadAnswer> read_load_answer(ReadOnlySlot area, LoadState state) {
  if (area.size() < kMetadataBytes) return complain("the metadata area is too small");
  const auto header = copy_shared<MetadataHeader>(area.data());
  if (state == LoadState::refused)
    return check_refusal(header.refusal, header.code_size, header.text_size);
  if (state != LoadState::loaded) return complain("an unknown load state");
  if (header.inputs > kMaxTensors || header.outputs > kMaxTensors - header.inputs)
    return complain("too many inputs and outputs");
  ModelMetadata metadata;
  VEDETTE_TRY(metadata.inputs, read_infos(area, 0, header.inputs));
  VEDETTE_TRY(metadata.outputs, read_infos(area, header.inputs, header.outputs));
  return metadata;
}

std::unexpected<Error> refuse_reply(const Complaint& complaint) {
  return refuse("SBX-REPLY", "the worker's reply is malformed", complaint,
                "the worker is not to be trusted; start a new one");
}

}  // namespace

Result<void> read_reply(ReadOnlySlot slot, std::uint32_t number, const ModelMetadata& model,
                        OutputSink& sink, std::optional<Refusal>& refusal) {
  const auto read = read_any_reply(slot, number, model, sink, refusal);
  if (!read) return refuse_reply(read.error());
  return {};
}

Result<void> read_reply(ReadOnlySlot slot, std::uint32_t number, const ModelMetadata& model,
                        Reply& into) {
  TensorSink sink(model, into.outputs);
  std::optional<Refusal> refusal;
  VEDETTE_CHECK(read_reply(slot, number, model, sink, refusal));
  into.refused = refusal.has_value();
  if (refusal) into.refusal = *std::move(refusal);
  return {};
}

Result<LoadAnswer> read_metadata(ReadOnlySlot area, LoadState state) {
  auto answer = read_load_answer(area, state);
  if (!answer) return refuse_reply(answer.error());
  return *std::move(answer);
}

Result<void> Request::read(ReadOnlySlot slot, std::uint32_t number) {
  count_ = 0;
  const auto header = read_header(slot, number);
  if (!header) return refuse("SBX-REQUEST", "a request is malformed", header.error());
  if (header->kind != static_cast<std::uint32_t>(MessageKind::infer))
    return refuse("SBX-REQUEST", "a request is of an unknown kind");
  for (std::size_t i = 0; i < header->count; ++i) {
    records_.at(i) = read_record(slot, i);
    const auto tensor = check_record(records_.at(i), slot.subspan(kPayloadOffset));
    if (!tensor) return refuse("SBX-REQUEST", "a request is malformed", tensor.error());
    inputs_.at(i) = *tensor;
  }
  count_ = header->count;
  return {};
}

}  // namespace vedette::inference::channel
