// The tensor channel as bytes: one shared memfd, the same on both sides of the cage.
//
//   0      ControlBlock            sizes, and the words that both sides ring with (futexes)
//   4096   metadata                what the model declares, or why it was refused; written once
//   24576  request slots           SlotHeader, RefusalText, kMaxTensors TensorRecords, payload
//   ...    reply slots             the same; every slot starts on a page
//
// Sizes are fixed at creation and sealed (F_SEAL_SHRINK | GROW | SEAL): neither side can make the
// other fault. Requests are numbered from 1; number n lies in slot n % slots, its reply in the
// reply slot of the same index. Replies come in the order of the requests. Tensors are named by
// their index in the metadata. Host byte order: both sides are one machine. A number is stored last
// (release) and read first (acquire).
#pragma once

#include <cstdint>
#include <type_traits>

#include "inference/tensor.h"

namespace vedette::inference::channel {

inline constexpr std::uint32_t kMagic = 0x56434832;  // "VCH2"
inline constexpr std::uint64_t kPage = 4096;
inline constexpr std::uint64_t kPayloadAlignment = 64;  // of every tensor, relative to the payload
inline constexpr std::uint64_t kMaxPayload = std::uint64_t{1} << 30U;
inline constexpr std::uint32_t kMaxSlots = 64;
inline constexpr std::uint32_t kMaxSpin = 1'000'000;  // microseconds
inline constexpr std::size_t kMaxCode = 48;
inline constexpr std::size_t kMaxText = 480;

// Fixed when the channel is made.
struct ChannelShape {
  std::uint64_t request_bytes = std::uint64_t{16} << 20U;  // payload of one request
  std::uint64_t reply_bytes = std::uint64_t{16} << 20U;    // payload of one reply
  std::uint32_t slots = 2;              // requests under way or waiting; a power of two
  std::uint32_t spin_microseconds = 0;  // how long each side looks before it sleeps

  friend bool operator==(const ChannelShape&, const ChannelShape&) = default;
};

enum class LoadState : std::uint32_t { none = 0, loaded = 1, refused = 2 };

struct ControlBlock {
  std::uint32_t magic = 0;
  std::uint32_t reserved = 0;
  ChannelShape shape;
  alignas(64) std::uint32_t posted = 0;      // number of the last request; the host writes
  std::uint32_t host_sleeps = 0;             // how many host threads sleep; the host writes
  alignas(64) std::uint32_t answered = 0;    // number of the last reply; the worker writes
  std::uint32_t worker_sleeps = 0;           // 0 or 1; the worker writes
  alignas(64) std::uint32_t load_state = 0;  // LoadState; the worker writes
};

enum class MessageKind : std::uint32_t {
  infer = 1,    // request: inputs
  outputs = 2,  // reply: all outputs
  refused = 3,  // reply: code and text
};

struct SlotHeader {
  std::uint32_t kind;
  std::uint32_t number;
  std::uint32_t count;  // of records in use
  std::uint32_t code_size;
  std::uint32_t text_size;
  std::uint32_t reserved[11];
};

struct RefusalText {
  char code[kMaxCode];  // not terminated
  char text[kMaxText];  // not terminated
};

struct TensorRecord {
  std::uint32_t index;  // among the inputs or outputs that the model declares
  std::uint32_t type;   // DataType
  std::uint32_t rank;
  std::uint32_t reserved;
  std::int64_t dims[kMaxRank];
  std::uint64_t offset;  // from the start of the slot's payload
  std::uint64_t size;    // octets
};

struct MetadataHeader {
  std::uint32_t inputs;   // number of records that follow ...
  std::uint32_t outputs;  // ... inputs first
  std::uint32_t code_size;
  std::uint32_t text_size;
  RefusalText refusal;
};

struct MetadataRecord {
  std::uint32_t type;
  std::uint32_t rank;
  std::uint32_t name_size;
  std::uint32_t reserved;
  std::int64_t dims[kMaxRank];
  char name[kMaxTensorName];
};

inline constexpr std::uint64_t kRefusalOffset = sizeof(SlotHeader);
inline constexpr std::uint64_t kRecordsOffset = 640;  // within a slot; 64-byte aligned
inline constexpr std::uint64_t kPayloadOffset = kRecordsOffset + kMaxTensors * sizeof(TensorRecord);
inline constexpr std::uint64_t kMetadataOffset = kPage;
inline constexpr std::uint64_t kMetadataBytes = 5 * kPage;
inline constexpr std::uint64_t kSlotsOffset = kMetadataOffset + kMetadataBytes;

static_assert(std::is_trivially_copyable_v<ControlBlock> && sizeof(ControlBlock) <= kPage);
static_assert(sizeof(SlotHeader) == 64 && sizeof(TensorRecord) == 96 && sizeof(RefusalText) == 528);
static_assert(kRecordsOffset >= kRefusalOffset + sizeof(RefusalText));
static_assert(kPayloadOffset % kPayloadAlignment == 0);
static_assert(sizeof(MetadataHeader) + kMaxTensors * sizeof(MetadataRecord) <= kMetadataBytes);

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t to) {
  return (value + to - 1) / to * to;
}
constexpr std::uint64_t slot_size(std::uint64_t payload) {
  return round_up(kPayloadOffset + payload, kPage);
}
constexpr std::uint64_t replies_offset(const ChannelShape& shape) {
  return kSlotsOffset + shape.slots * slot_size(shape.request_bytes);
}
constexpr std::uint64_t channel_size(const ChannelShape& shape) {
  return replies_offset(shape) + shape.slots * slot_size(shape.reply_bytes);
}

}  // namespace vedette::inference::channel
