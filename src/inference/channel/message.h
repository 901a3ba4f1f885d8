// Messages in a slot: how tensors are laid into shared memory and read back without trust.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "inference/channel/layout.h"
#include "inference/tensor.h"

namespace vedette::inference::channel {

using Slot = std::span<std::uint8_t>;  // header, records and payload

// Writers: refuse SBX-REQUEST-SIZE (more tensors or bytes than the slot holds), INF-NAME and
// INF-SHAPE; then nothing that was written is valid, and the sequence word must not be moved.
[[nodiscard]] Result<void> write_tensors(Slot slot, MessageKind kind, std::uint32_t sequence,
                                         std::span<const TensorView> tensors);
[[nodiscard]] Result<void> write_metadata(Slot slot, std::uint32_t sequence,
                                          const ModelMetadata& metadata);
void write_describe(Slot slot, std::uint32_t sequence);
void write_refusal(Slot slot, std::uint32_t sequence, const Error& error);  // text is cut to fit

// What a reply can be, once it was copied and checked. A refusal keeps only its code and message,
// printable ASCII.
struct Refusal {
  std::string code;
  std::string message;
};
using Reply = std::variant<ModelMetadata, std::vector<Tensor>, Refusal>;

// Reads the reply in `slot`, whose writer may change it at any time: header and records are copied
// first, checked in the copy, and every byte is read at most once. Refuses SBX-REPLY for a wrong
// sequence, an unknown kind, more than kMaxTensors records, an unknown type, a rank above kMaxRank,
// a negative dimension, a size that does not follow from type and shape, bytes outside the slot's
// payload, a bad or repeated name, and a boolean that is neither 0 nor 1.
[[nodiscard]] Result<Reply> read_reply(std::span<const std::uint8_t> slot, std::uint32_t sequence);

// What the worker reads. The bytes stay in the slot. Refuses SBX-REQUEST, by the same checks.
struct Request {
  MessageKind kind = MessageKind::describe;
  std::vector<TensorView> inputs;
};
[[nodiscard]] Result<Request> read_request(std::span<const std::uint8_t> slot,
                                           std::uint32_t sequence);

}  // namespace vedette::inference::channel
