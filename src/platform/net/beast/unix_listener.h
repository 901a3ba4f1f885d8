// A Unix socket to listen on, and the file that stands for it.
#pragma once

#include <string>

#include <sys/types.h>

#include "base/error.h"
#include "base/fd.h"

namespace vedette::platform::net {

// Removes the file of a socket when it goes, if it is still the one that was made.
class SocketFile {
 public:
  SocketFile() = default;
  SocketFile(std::string path, dev_t device, ino_t inode)
      : path_(std::move(path)), device_(device), inode_(inode) {}
  SocketFile(SocketFile&& other) noexcept { *this = std::move(other); }
  SocketFile& operator=(SocketFile&& other) noexcept;
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  ~SocketFile() { remove(); }

 private:
  void remove();

  std::string path_;  // empty: none
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

struct UnixListener {
  UniqueFd socket;
  SocketFile file;
};

// An absolute path that fits into a socket's address. Refuses NET-LISTEN.
[[nodiscard]] Result<void> check_unix_path(const std::string& path);

// Listens at `path`; nobody can connect before the file has `mode`. Refuses NET-LISTEN when the
// path does not fit, when others may write to its folder (unless the folder is sticky), and when
// something is there: unless it is a socket of ours at which nobody answers any more.
[[nodiscard]] Result<UnixListener> listen_on_unix(const std::string& path, unsigned mode);

}  // namespace vedette::platform::net
