// The file of a listening Unix socket: made without disturbing another agent, and taken away again.
#pragma once

#include <string>

#include <sys/types.h>

#include "base/error.h"
#include "base/fd.h"

namespace vedette::agent {

// SOCK_SEQPACKET, mode 0660, not blocking. The file goes with the object, unless it was replaced.
class MemorySocket {
 public:
  // A socket that is there already is replaced only when nobody answers on it; anything else that
  // is there stays. Refuses MEM-SOCKET.
  [[nodiscard]] static Result<MemorySocket> listen(const std::string& path);
  MemorySocket(MemorySocket&& other) noexcept;
  MemorySocket& operator=(MemorySocket&&) = delete;
  MemorySocket(const MemorySocket&) = delete;
  MemorySocket& operator=(const MemorySocket&) = delete;
  ~MemorySocket();

  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  MemorySocket(UniqueFd fd, std::string path, dev_t device, ino_t inode);

  UniqueFd fd_;
  std::string path_;
  dev_t device_;
  ino_t inode_;
};

}  // namespace vedette::agent
