// The tensor channel as bytes: one shared memfd, the same on both sides of the cage.
//
//   0     ControlBlock             sequence words (futexes) and the capacities
//   4096  request slot             MessageHeader, kMaxTensors TensorRecords, payload
//   ...   reply slot               the same; starts on a page
//
// Sizes are fixed at creation and sealed (F_SEAL_SHRINK | GROW | SEAL): neither side can make the
// other fault. One request is under way at a time. Host byte order: both sides are one machine.
// A sequence word is written last (release) and read first (acquire).
#pragma once

#include <cstdint>
#include <type_traits>

#include "inference/tensor.h"

namespace vedette::inference::channel {

inline constexpr std::uint32_t kMagic = 0x56434831;  // "VCH1"
inline constexpr std::uint64_t kPage = 4096;
inline constexpr std::uint64_t kPayloadAlignment = 64;  // of every tensor, relative to the payload
inline constexpr std::uint64_t kMaxPayload = std::uint64_t{1} << 30U;
inline constexpr std::size_t kMaxCode = 48;
inline constexpr std::size_t kMaxText = 480;

struct ControlBlock {
  std::uint32_t magic;
  std::uint32_t reserved;
  std::uint64_t request_capacity;  // octets of payload
  std::uint64_t reply_capacity;
  alignas(64) std::uint32_t request_word;  // sequence of the last request; the host writes
  alignas(64) std::uint32_t reply_word;    // sequence of the last reply; the worker writes
};

enum class MessageKind : std::uint32_t {
  describe = 1,  // request: say what the model declares (no tensors)
  infer = 2,     // request: inputs
  metadata = 3,  // reply to describe: records without payload, roles set
  outputs = 4,   // reply to infer
  refused = 5,   // reply: code and text
};

enum class Role : std::uint32_t { input = 0, output = 1 };

struct MessageHeader {
  std::uint32_t kind;
  std::uint32_t sequence;
  std::uint32_t count;  // of records in use
  std::uint32_t code_size;
  std::uint32_t text_size;
  std::uint32_t reserved;
  char code[kMaxCode];  // not terminated
  char text[kMaxText];  // not terminated
};

struct TensorRecord {
  std::uint32_t type;  // DataType
  std::uint32_t rank;
  std::uint32_t name_size;
  std::uint32_t role;
  std::int64_t dims[kMaxRank];
  std::uint64_t offset;  // from the start of the slot's payload
  std::uint64_t size;    // octets
  char name[kMaxTensorName];
};

static_assert(std::is_trivially_copyable_v<ControlBlock> && sizeof(ControlBlock) <= kPage);
static_assert(std::is_trivially_copyable_v<MessageHeader> && sizeof(MessageHeader) == 552);
static_assert(std::is_trivially_copyable_v<TensorRecord> && sizeof(TensorRecord) == 224);

inline constexpr std::uint64_t kRecordsOffset = 576;  // within a slot; 64-byte aligned
inline constexpr std::uint64_t kPayloadOffset = kRecordsOffset + kMaxTensors * sizeof(TensorRecord);
static_assert(kRecordsOffset >= sizeof(MessageHeader) && kPayloadOffset % kPayloadAlignment == 0);

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t to) {
  return (value + to - 1) / to * to;
}
constexpr std::uint64_t slot_size(std::uint64_t payload) {
  return round_up(kPayloadOffset + payload, kPage);
}
constexpr std::uint64_t reply_slot_offset(std::uint64_t request_capacity) {
  return kPage + slot_size(request_capacity);
}
constexpr std::uint64_t channel_size(std::uint64_t request_capacity, std::uint64_t reply_capacity) {
  return reply_slot_offset(request_capacity) + slot_size(reply_capacity);
}

}  // namespace vedette::inference::channel
