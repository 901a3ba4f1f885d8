// UniqueFd: one owner for a file descriptor.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/error.h"

namespace vedette {

// Closes its descriptor when it goes; -1 means none.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  [[nodiscard]] int release();
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

// `what: strerror(errno)`, read at once after the call that failed.
[[nodiscard]] std::string errno_text(std::string_view what);

// Whole files, bounded: refuses FILE-OPEN, FILE-READ, and FILE-SIZE beyond `max_bytes`.
[[nodiscard]] Result<Bytes> read_file(const std::string& path, std::size_t max_bytes);

// Writes a new file beside `path`, syncs it, renames it over `path` and syncs the folder: after a
// crash either the old content or the new one is there. `mode` is the file's permission bits.
[[nodiscard]] Result<void> write_file_atomically(const std::string& path, ByteView content,
                                                 unsigned mode);

}  // namespace vedette
