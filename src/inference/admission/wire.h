// The protobuf wire format, read strictly: one encoding for each value, nothing skipped.
//
// A lenient parser and the runtime's parser may see two different models in the same octets. So
// what no ordinary writer produces is refused: groups, varints that are longer than needed, field
// numbers and lengths out of range. The reader borrows the bytes and never copies them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace vedette::inference::admission {

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, octets = 2, fixed32 = 5 };

struct WireField {
  std::uint32_t number = 0;
  WireType type = WireType::varint;
  std::uint64_t value = 0;  // of a varint; 0 otherwise
  ByteView bytes;  // of all other types, borrowed: 4, 8, or as many octets as were announced
};

class WireReader {
 public:
  // `message` names what is read, for the refusals; it and `bytes` must outlive the reader.
  WireReader(ByteView bytes, std::string_view message) : bytes_(bytes), message_(message) {}

  [[nodiscard]] bool done() const { return offset_ == bytes_.size(); }

  // Refuses ADM-SYNTAX. After a refusal the reader is not to be used.
  [[nodiscard]] Result<WireField> field();
  // At most ten octets, at most 64 bits, no padding.
  [[nodiscard]] Result<std::uint64_t> varint();

 private:
  [[nodiscard]] Result<ByteView> take(std::uint64_t count);
  [[nodiscard]] std::unexpected<Error> refuse_here(std::string_view why) const;

  ByteView bytes_;
  std::size_t offset_ = 0;
  std::string_view message_;
};

}  // namespace vedette::inference::admission
