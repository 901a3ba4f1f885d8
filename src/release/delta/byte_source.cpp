#include "release/delta/byte_source.h"

#include <algorithm>
#include <cerrno>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

namespace vedette::release {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;

std::unexpected<Error> beyond_end(std::uint64_t offset, std::size_t count, std::uint64_t size) {
  return refuse("DELTA-READ", "a file is shorter than it has to be",
                std::to_string(count) + " bytes at " + std::to_string(offset) + " of " +
                    std::to_string(size));
}

bool is_within(std::uint64_t offset, std::size_t count, std::uint64_t size) {
  return offset <= size && count <= size - offset;
}

}  // namespace

Result<crypto::Sha256Digest> sha256_of(const ByteSource& source) {
  crypto::Sha256Stream stream;
  Bytes piece(std::min<std::uint64_t>(kPieceBytes, source.size()));
  for (std::uint64_t at = 0; at < source.size();) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), source.size() - at));
    VEDETTE_CHECK(source.read(at, std::span(piece).first(count)));
    stream.update(ByteView(piece).first(count));
    at += count;
  }
  return stream.finish();
}

Result<void> MemorySource::read(std::uint64_t offset, std::span<std::uint8_t> to) const {
  if (!is_within(offset, to.size(), octets_.size()))
    return beyond_end(offset, to.size(), octets_.size());
  std::ranges::copy(octets_.subspan(offset, to.size()), to.begin());
  return {};
}

Result<FileSource> FileSource::of(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
    return refuse("DELTA-READ", "this is not a regular file", errno_text("fstat"));
  return FileSource(fd, static_cast<std::uint64_t>(status.st_size));
}

Result<void> FileSource::read(std::uint64_t offset, std::span<std::uint8_t> to) const {
  if (!is_within(offset, to.size(), size_)) return beyond_end(offset, to.size(), size_);
  while (!to.empty()) {
    const ssize_t count = ::pread(fd_, to.data(), to.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refuse("DELTA-READ", "a file cannot be read", errno_text("pread"));
    if (count == 0) return beyond_end(offset, to.size(), size_);
    to = to.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

}  // namespace vedette::release
