#include "platform/net/beast/unix_listener.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace vedette::platform::net {

namespace {

std::unexpected<Error> refuse_listen(std::string message, std::string cause,
                                     std::string hint = {}) {
  return refuse("NET-LISTEN", std::move(message), std::move(cause), std::move(hint));
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());  // check_unix_path() went before
  return address;
}

int connect_to(int socket, const sockaddr_un& address) {
  return ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

// Whoever may rename in the folder could put a socket of their own where callers look for ours.
Result<void> check_folder(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  struct stat status{};
  if (::stat(folder.c_str(), &status) != 0)
    return refuse_listen("the folder of the socket cannot be used", errno_text(folder));
  const bool ours = status.st_uid == ::geteuid() || status.st_uid == 0;
  const bool sticky = (status.st_mode & S_ISVTX) != 0;
  const bool shared = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  if (!ours || (shared && !sticky))
    return refuse_listen("others may replace files in the folder of the socket", folder,
                         "use a folder of our own, e.g. /run/vedette");
  return {};
}

// A socket that a killed server left behind refuses connections; one in use takes them, or is too
// busy to.
Result<void> remove_stale(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return refuse_listen("the path of the socket cannot be used", errno_text(path));
  }
  if (!S_ISSOCK(status.st_mode) || status.st_uid != ::geteuid())
    return refuse_listen("something that is not our socket is in its place", path,
                         "remove it, or configure another path");
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe.valid()) return refuse_listen("no socket can be made", errno_text("socket"));
  if (connect_to(probe.get(), address_of(path)) == 0 || errno != ECONNREFUSED)
    return refuse_listen("another program listens on this socket", path, "is it running twice?");
  if (::unlink(path.c_str()) != 0)
    return refuse_listen("a socket that was left behind cannot be removed", errno_text(path));
  return {};
}

}  // namespace

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
  if (this == &other) return *this;
  remove();
  path_ = std::exchange(other.path_, {});
  device_ = other.device_;
  inode_ = other.inode_;
  return *this;
}

void SocketFile::remove() {
  if (path_.empty()) return;
  struct stat status{};
  const bool same =
      ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
  if (same) ::unlink(path_.c_str());
  path_.clear();
}

Result<void> check_unix_path(const std::string& path) {
  constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
  if (path.starts_with('/') && path.size() <= kLongest && !path.contains('\0')) return {};
  return refuse_listen("this is no path for a Unix socket", path.substr(0, 200),
                       "use an absolute path of at most " + std::to_string(kLongest) + " octets");
}

Result<UnixListener> listen_on_unix(const std::string& path, unsigned mode) {
  VEDETTE_CHECK(check_unix_path(path));
  VEDETTE_CHECK(check_folder(path));
  VEDETTE_CHECK(remove_stale(path));
  UnixListener listener;
  listener.socket.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = address_of(path);
  if (!listener.socket.valid() ||
      ::bind(listener.socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
          0)
    return refuse_listen("cannot listen on the configured path", errno_text(path));
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0)
    return refuse_listen("the socket that was made is gone", errno_text(path));
  listener.file = SocketFile(path, status.st_dev, status.st_ino);
  // Before listen(), nobody can connect: the file is never open to more than it is meant to be.
  if (::chmod(path.c_str(), mode) != 0 || ::listen(listener.socket.get(), SOMAXCONN) != 0)
    return refuse_listen("cannot listen on the configured path", errno_text(path));
  return listener;
}

}  // namespace vedette::platform::net
