#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>

#include "inference/channel/message.h"

namespace vedette::inference::channel {

namespace {

// Why a message cannot be believed; turned into SBX-REPLY or SBX-REQUEST at the border.
using Complaint = std::string;
template <class T>
using Checked = std::expected<T, Complaint>;

std::unexpected<Complaint> complain(std::string what) {
  return std::unexpected(std::move(what));
}

// Copies out of memory that its writer may change at any time. The fence keeps the compiler from
// reading the shared bytes a second time instead of the copy.
template <class T>
T copy_once(std::span<const std::uint8_t> slot, std::size_t offset) {
  T copy;
  std::memcpy(&copy, slot.data() + offset, sizeof copy);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  return copy;
}

struct Snapshot {
  MessageHeader header{};
  std::vector<TensorRecord> records;
};

Checked<Snapshot> take_snapshot(std::span<const std::uint8_t> slot, std::uint32_t sequence) {
  if (slot.size() < kPayloadOffset) return complain("the slot is too small");
  Snapshot snapshot;
  snapshot.header = copy_once<MessageHeader>(slot, 0);
  if (snapshot.header.sequence != sequence)
    return complain("sequence " + std::to_string(snapshot.header.sequence) + " instead of " +
                    std::to_string(sequence));
  if (snapshot.header.count > kMaxTensors)
    return complain(std::to_string(snapshot.header.count) + " tensors");
  if (snapshot.header.code_size > kMaxCode || snapshot.header.text_size > kMaxText)
    return complain("a text that is too long");
  for (std::size_t i = 0; i < snapshot.header.count; ++i)
    snapshot.records.push_back(
        copy_once<TensorRecord>(slot, kRecordsOffset + i * sizeof(TensorRecord)));
  return snapshot;
}

// Name, type and shape of a record; `lowest` is the smallest dimension allowed.
Checked<TensorInfo> read_info(const TensorRecord& record, std::int64_t lowest) {
  const auto type = data_type_from_number(record.type);
  if (!type) return complain("element type " + std::to_string(record.type));
  if (record.rank > kMaxRank) return complain("rank " + std::to_string(record.rank));
  if (record.name_size > kMaxTensorName) return complain("a name that is too long");
  TensorInfo info{std::string(record.name, record.name_size), *type,
                  std::vector<std::int64_t>(record.dims, record.dims + record.rank)};
  if (!is_tensor_name(info.name)) return complain("a malformed name");
  if (std::ranges::any_of(info.shape, [&](std::int64_t dimension) { return dimension < lowest; }))
    return complain("a negative dimension");
  return info;
}

// The tensor's bytes, still in the slot.
Checked<TensorView> read_view(const TensorRecord& record, ByteView payload) {
  VEDETTE_TRY(TensorInfo info, read_info(record, 0));
  const auto size = byte_size(info.type, info.shape);
  if (!size) return complain("a tensor that is too large");
  if (*size != record.size) return complain("a size that does not follow from type and shape");
  if (record.offset > payload.size() || record.size > payload.size() - record.offset)
    return complain("bytes outside the slot");
  if (record.offset % kPayloadAlignment != 0) return complain("a crooked offset");
  return TensorView{std::move(info.name), info.type, std::move(info.shape),
                    payload.subspan(static_cast<std::size_t>(record.offset),
                                    static_cast<std::size_t>(record.size))};
}

template <class Named>
bool has_repeated_name(const std::vector<Named>& tensors) {
  for (std::size_t i = 0; i < tensors.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (tensors[i].name == tensors[j].name) return true;
  return false;
}

Checked<std::vector<TensorView>> read_views(const Snapshot& snapshot, ByteView payload) {
  std::vector<TensorView> views;
  for (const TensorRecord& record : snapshot.records) {
    VEDETTE_TRY(TensorView view, read_view(record, payload));
    views.push_back(std::move(view));
  }
  if (has_repeated_name(views)) return complain("two tensors of one name");
  return views;
}

// Slots may overlap; then each tensor still gets its own copy. The total is bounded, so that a few
// megabytes in the slot cannot become kMaxTensors times as many here.
Checked<std::vector<Tensor>> read_outputs(const Snapshot& snapshot, ByteView payload) {
  VEDETTE_TRY(std::vector<TensorView> views, read_views(snapshot, payload));
  std::uint64_t total = 0;
  for (const TensorView& view : views)
    total += view.data.size();
  if (total > payload.size()) return complain("tensors that overlap");
  std::vector<Tensor> tensors;
  for (TensorView& view : views) {
    Tensor tensor{std::move(view.name), view.type, std::move(view.shape), to_bytes(view.data)};
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (!check_tensor(tensor)) return complain("a boolean that is neither 0 nor 1");
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

Checked<ModelMetadata> read_metadata(const Snapshot& snapshot) {
  ModelMetadata metadata;
  for (const TensorRecord& record : snapshot.records) {
    VEDETTE_TRY(TensorInfo info, read_info(record, -1));
    if (record.role == static_cast<std::uint32_t>(Role::input))
      metadata.inputs.push_back(std::move(info));
    else if (record.role == static_cast<std::uint32_t>(Role::output))
      metadata.outputs.push_back(std::move(info));
    else
      return complain("an unknown role");
  }
  if (has_repeated_name(metadata.inputs) || has_repeated_name(metadata.outputs))
    return complain("two tensors of one name");
  return metadata;
}

bool is_code_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

// The text reaches logs and terminals: printable ASCII, everything else becomes '?'.
Checked<Refusal> read_refusal(const MessageHeader& header) {
  Refusal refusal{std::string(header.code, header.code_size),
                  std::string(header.text, header.text_size)};
  if (refusal.code.empty() || !std::ranges::all_of(refusal.code, is_code_character))
    return complain("a malformed error code");
  std::ranges::replace_if(refusal.message, [](char c) { return c < ' ' || c > '~'; }, '?');
  return refusal;
}

Checked<Reply> read_any_reply(std::span<const std::uint8_t> slot, std::uint32_t sequence) {
  VEDETTE_TRY(const Snapshot snapshot, take_snapshot(slot, sequence));
  if (snapshot.header.kind == static_cast<std::uint32_t>(MessageKind::metadata))
    return read_metadata(snapshot);
  if (snapshot.header.kind == static_cast<std::uint32_t>(MessageKind::outputs))
    return read_outputs(snapshot, slot.subspan(kPayloadOffset));
  if (snapshot.header.kind == static_cast<std::uint32_t>(MessageKind::refused))
    return read_refusal(snapshot.header);
  return complain("message kind " + std::to_string(snapshot.header.kind));
}

Checked<Request> read_any_request(std::span<const std::uint8_t> slot, std::uint32_t sequence) {
  VEDETTE_TRY(const Snapshot snapshot, take_snapshot(slot, sequence));
  if (snapshot.header.kind == static_cast<std::uint32_t>(MessageKind::describe))
    return Request{MessageKind::describe, {}};
  if (snapshot.header.kind != static_cast<std::uint32_t>(MessageKind::infer))
    return complain("message kind " + std::to_string(snapshot.header.kind));
  VEDETTE_TRY(std::vector<TensorView> views, read_views(snapshot, slot.subspan(kPayloadOffset)));
  return Request{MessageKind::infer, std::move(views)};
}

}  // namespace

Result<Reply> read_reply(std::span<const std::uint8_t> slot, std::uint32_t sequence) {
  auto reply = read_any_reply(slot, sequence);
  if (!reply)
    return refuse("SBX-REPLY", "the worker's reply is malformed", reply.error(),
                  "the worker is not to be trusted; start a new one");
  return *std::move(reply);
}

Result<Request> read_request(std::span<const std::uint8_t> slot, std::uint32_t sequence) {
  auto request = read_any_request(slot, sequence);
  if (!request) return refuse("SBX-REQUEST", "a request is malformed", request.error());
  return *std::move(request);
}

}  // namespace vedette::inference::channel
