#include "agent/memory_socket.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace vedette::agent {

namespace {

constexpr int kBacklog = 16;
constexpr mode_t kMode = 0660;

std::unexpected<Error> refuse_socket(std::string message, std::string cause,
                                     std::string hint = {}) {
  return refuse("MEM-SOCKET", std::move(message), std::move(cause), std::move(hint));
}

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return refuse_socket("the socket's path is empty or too long", path,
                         "at most " + std::to_string(sizeof address.sun_path - 1) + " octets");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

UniqueFd make_socket() {
  return UniqueFd{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
}

Result<void> clear_stale(const std::string& path, const sockaddr_un& address) {
  struct stat about{};
  if (::lstat(path.c_str(), &about) != 0) {
    if (errno == ENOENT) return {};
    return refuse_socket("the socket's place cannot be seen", errno_text(path));
  }
  if (!S_ISSOCK(about.st_mode))
    return refuse_socket("something else is where the socket belongs", path);
  const UniqueFd probe = make_socket();
  const int failed =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0
          ? 0
          : errno;
  if (failed != ECONNREFUSED)
    return refuse_socket("the socket is in use", path, "does another agent run?");
  if (::unlink(path.c_str()) != 0)
    return refuse_socket("the stale socket cannot be removed", errno_text(path));
  return {};
}

}  // namespace

MemorySocket::MemorySocket(UniqueFd fd, std::string path, dev_t device, ino_t inode)
    : fd_(std::move(fd)), path_(std::move(path)), device_(device), inode_(inode) {}

MemorySocket::MemorySocket(MemorySocket&& other) noexcept
    : fd_(std::move(other.fd_)),
      path_(std::exchange(other.path_, {})),
      device_(other.device_),
      inode_(other.inode_) {}

MemorySocket::~MemorySocket() {
  struct stat about{};
  if (!path_.empty() && ::lstat(path_.c_str(), &about) == 0 && about.st_dev == device_ &&
      about.st_ino == inode_)
    ::unlink(path_.c_str());
}

// The mode is set before listen(): until then nobody can connect.
Result<MemorySocket> MemorySocket::listen(const std::string& path) {
  VEDETTE_TRY(const sockaddr_un address, address_of(path));
  VEDETTE_CHECK(clear_stale(path, address));
  UniqueFd fd = make_socket();
  if (!fd.valid() ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return refuse_socket("the socket cannot be made", errno_text(path));
  struct stat about{};
  if (::lstat(path.c_str(), &about) != 0)
    return refuse_socket("the socket cannot be seen", errno_text(path));
  MemorySocket socket(std::move(fd), path, about.st_dev, about.st_ino);
  if (::chmod(path.c_str(), kMode) != 0 || ::listen(socket.fd(), kBacklog) != 0)
    return refuse_socket("the socket cannot be listened on", errno_text(path));
  return socket;
}

}  // namespace vedette::agent
