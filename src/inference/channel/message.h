// Messages in a slot: how tensors are laid into shared memory and read back without trust.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
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

using Slot = std::span<std::uint8_t>;  // header, refusal, records and payload
using ReadOnlySlot = std::span<const std::uint8_t>;

// A refusal as it crossed the cage: only its code and message are kept, printable ASCII.
struct Refusal {
  std::string code;
  std::string message;
};

// --- The host's side. Whatever it reads may change under its hands at any time: header and records
// are copied first and checked in the copy, and every byte is read at most once.

// Lays the inputs into the slot, by their names in `model`. Refuses INF-INPUT (a name that the
// model does not declare, or twice, or another element type), INF-SHAPE, INF-DATA (bytes that do
// not fit the shape) and SBX-REQUEST-SIZE (more bytes than the slot holds); then nothing in it is
// valid.
[[nodiscard]] Result<void> write_request(Slot slot, std::uint32_t number,
                                         const ModelMetadata& model,
                                         std::span<const TensorView> inputs);

// A reply, copied and checked. Kept from call to call, its memory is used again.
struct Reply {
  bool refused = false;
  Refusal refusal;              // when refused
  std::vector<Tensor> outputs;  // else: every output that the model declares, in that order
};

// Refuses SBX-REPLY for another number, an unknown kind, an output that is missing, unknown or
// there twice, another type than the model declares, a rank above kMaxRank, a negative dimension, a
// size that does not follow from type and shape, bytes outside of the slot's payload, tensors that
// overlap, a boolean that is neither 0 nor 1, and a malformed refusal. `into` is then unspecified.
[[nodiscard]] Result<void> read_reply(ReadOnlySlot slot, std::uint32_t number,
                                      const ModelMetadata& model, Reply& into);

// Where the outputs of a reply go.
class OutputSink {
 public:
  OutputSink() = default;
  OutputSink(const OutputSink&) = delete;
  OutputSink& operator=(const OutputSink&) = delete;
  virtual ~OutputSink() = default;

  // Gives the place for output `index`, whose type, shape and size are checked; its bytes in
  // `tensor` may still change: they are not to be looked at. Empty: the output is not wanted.
  [[nodiscard]] virtual std::span<std::uint8_t> place(std::uint32_t index,
                                                      const IndexedTensor& tensor) = 0;
};

// read_reply() into a sink, by the same checks. What was placed before a refusal is unspecified.
[[nodiscard]] Result<void> read_reply(ReadOnlySlot slot, std::uint32_t number,
                                      const ModelMetadata& model, OutputSink& sink,
                                      std::optional<Refusal>& refusal);

// What the worker said when the model was loaded. Refuses SBX-REPLY, by the same checks, and for a
// bad or repeated name.
using LoadAnswer = std::variant<ModelMetadata, Refusal>;
[[nodiscard]] Result<LoadAnswer> read_metadata(ReadOnlySlot area, LoadState state);

// --- The worker's side.

// A request in place: shapes are copies in here, bytes stay in the slot until it is answered.
class Request {
 public:
  [[nodiscard]] std::span<const IndexedTensor> inputs() const { return {inputs_.data(), count_}; }
  // Refuses SBX-REQUEST.
  [[nodiscard]] Result<void> read(ReadOnlySlot slot, std::uint32_t number);

 private:
  std::array<TensorRecord, kMaxTensors> records_{};
  std::array<IndexedTensor, kMaxTensors> inputs_{};
  std::size_t count_ = 0;
};

// Refuses SBX-REQUEST-SIZE (too many tensors or bytes), INF-SHAPE and INF-DATA.
[[nodiscard]] Result<void> write_outputs(Slot slot, std::uint32_t number,
                                         std::span<const IndexedTensor> outputs);
void write_refusal(Slot slot, std::uint32_t number, const Error& error);  // text is cut to fit

// Refuses INF-NAME, INF-SHAPE and SBX-REQUEST-SIZE (more than kMaxTensors inputs and outputs).
[[nodiscard]] Result<void> write_metadata(Slot area, const ModelMetadata& metadata);
void write_load_refusal(Slot area, const Error& error);

}  // namespace vedette::inference::channel
