// ByteSource: octets that can be read at any offset, so that nothing has to be held as a whole.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/digest.h"

namespace vedette::release {

class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  [[nodiscard]] virtual std::uint64_t size() const = 0;  // octets

  // Fills `to` from `offset` on. Refuses DELTA-READ when so much is not there.
  [[nodiscard]] virtual Result<void> read(std::uint64_t offset,
                                          std::span<std::uint8_t> to) const = 0;
};

// Of all of its octets, read piece by piece. Refuses DELTA-READ.
[[nodiscard]] Result<crypto::Sha256Digest> sha256_of(const ByteSource& source);

// Borrows the octets.
class MemorySource : public ByteSource {
 public:
  explicit MemorySource(ByteView octets) : octets_(octets) {}

  [[nodiscard]] std::uint64_t size() const override { return octets_.size(); }
  [[nodiscard]] Result<void> read(std::uint64_t offset, std::span<std::uint8_t> to) const override;

 private:
  ByteView octets_;
};

// A regular file or a memfd, by pread: the descriptor's own position does not matter. Borrows the
// descriptor.
class FileSource : public ByteSource {
 public:
  // Refuses DELTA-READ when it has no size.
  [[nodiscard]] static Result<FileSource> of(int fd);
  FileSource(FileSource&& other) noexcept : fd_(other.fd_), size_(other.size_) {}

  [[nodiscard]] std::uint64_t size() const override { return size_; }
  [[nodiscard]] Result<void> read(std::uint64_t offset, std::span<std::uint8_t> to) const override;

 private:
  FileSource(int fd, std::uint64_t size) : fd_(fd), size_(size) {}

  int fd_;
  std::uint64_t size_;
};

}  // namespace vedette::release
