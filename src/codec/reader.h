// ByteReader: big-endian structures out of hostile bytes.
//
// It borrows the bytes, never reads past them, and allocates nothing but its refusals. Every
// refusal has the code given at construction and says which field at which offset; what was read
// before is not to be used. A parser ends with finish(), so that nothing hides behind the
// structure.
//
//   ByteReader reader(bytes, "TPM-SYNTAX", "not a well-formed TPM structure");
//   VEDETTE_TRY(const std::uint16_t type, reader.u16("type"));
//   VEDETTE_TRY(const ByteView nonce, reader.sized16("nonce", 66));
//   VEDETTE_CHECK(reader.finish());
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace vedette::codec {

class ByteReader {
 public:
  // `code` and `message` are those of every refusal; they and `bytes` must outlive the reader.
  ByteReader(ByteView bytes, std::string_view code, std::string_view message)
      : bytes_(bytes), code_(code), message_(message) {}

  // `field` names what is read, for the refusal's cause. A failed read consumes nothing.
  [[nodiscard]] Result<std::uint8_t> u8(std::string_view field);
  [[nodiscard]] Result<std::uint16_t> u16(std::string_view field);
  [[nodiscard]] Result<std::uint32_t> u32(std::string_view field);
  [[nodiscard]] Result<std::uint64_t> u64(std::string_view field);

  // The next `count` octets, borrowed.
  [[nodiscard]] Result<ByteView> take(std::string_view field, std::size_t count);
  // A UINT16 count of at most `max_count`, then that many octets, borrowed (TPM2B, TLS opaque).
  [[nodiscard]] Result<ByteView> sized16(std::string_view field, std::size_t max_count);

  // Refuses unless every octet was read.
  [[nodiscard]] Result<void> finish() const;

  // The reader's own refusal, for a field whose value cannot be: `field: why, before octet N`.
  [[nodiscard]] std::unexpected<Error> refuse_field(std::string_view field,
                                                    std::string_view why) const;

  [[nodiscard]] std::size_t offset() const { return offset_; }
  [[nodiscard]] std::size_t remaining() const { return bytes_.size() - offset_; }

 private:
  [[nodiscard]] Result<std::uint64_t> integer(std::string_view field, std::size_t octets);

  ByteView bytes_;
  std::size_t offset_ = 0;
  std::string_view code_;
  std::string_view message_;
};

}  // namespace vedette::codec
