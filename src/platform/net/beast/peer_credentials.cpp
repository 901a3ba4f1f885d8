#include "platform/net/beast/peer_credentials.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "platform/net/beast/socket_diagnosis.h"
#include "platform/net/beast/tcp_table.h"

namespace vedette::platform::net {

namespace {

constexpr std::size_t kMaxTableBytes = 16 << 20;

// Linux 4.13; the headers of older C libraries do not name it.
#ifndef SO_PEERGROUPS
constexpr int kPeerGroups = 59;
#else
constexpr int kPeerGroups = SO_PEERGROUPS;
#endif

std::vector<std::uint32_t> peer_groups(int socket) {
  std::array<gid_t, 1024> groups{};  // more than that many are not looked at, and none is believed
  socklen_t size = sizeof groups;
  if (::getsockopt(socket, SOL_SOCKET, kPeerGroups, groups.data(), &size) != 0) return {};
  return {groups.begin(), groups.begin() + size / sizeof(gid_t)};
}

std::optional<PeerCredentials> unix_credentials(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  // The kernel says -1 where it knows nobody, and pid 0 of a process that we cannot see.
  if (peer.uid == static_cast<uid_t>(-1)) return std::nullopt;
  PeerCredentials credentials{.uid = peer.uid, .groups = {peer.gid}, .pid = std::nullopt};
  if (peer.pid > 0) credentials.pid = peer.pid;
  for (const std::uint32_t group : peer_groups(socket))
    if (group != peer.gid) credentials.groups.push_back(group);
  return credentials;
}

std::optional<TcpEnd> end_of(const sockaddr_storage& address) {
  TcpEnd end;
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    end.port = ntohs(v4.sin_port);
    end.address[10] = end.address[11] = 0xff;
    std::memcpy(end.address.data() + 12, &v4.sin_addr, 4);
    return end;
  }
  if (address.ss_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  end.port = ntohs(v6.sin6_port);
  std::memcpy(end.address.data(), &v6.sin6_addr, end.address.size());
  return end;
}

std::optional<SocketOwner> look_up(const TcpEnd& local, const TcpEnd& remote) {
  const auto owner = diagnose_owner(local, remote);
  return owner ? *owner : owner_in_tables(local, remote);
}

// A socket that its process closes while the kernel answers may show an inode and yet uid 0. The
// next answer then shows no inode: only what two looks agree on is believed. A table may also lose
// a line while others come and go, hence more than two.
std::optional<SocketOwner> look_up_surely(const TcpEnd& local, const TcpEnd& remote) {
  constexpr int kLooks = 4;
  std::optional<SocketOwner> before;
  for (int look = 0; look < kLooks; ++look) {
    const auto owner = look_up(local, remote);
    if (owner && owner == before) return owner;
    before = owner;
  }
  return std::nullopt;
}

std::optional<PeerCredentials> tcp_credentials(int socket, const sockaddr_storage& own_address) {
  sockaddr_storage peer_address{};
  socklen_t size = sizeof peer_address;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer_address), &size) != 0)
    return std::nullopt;
  const auto own = end_of(own_address);
  const auto peer = end_of(peer_address);
  if (!own || !peer) return std::nullopt;
  const auto owner = look_up_surely(*peer, *own);
  if (!owner) return std::nullopt;
  return PeerCredentials{.uid = owner->uid, .groups = {}, .pid = std::nullopt};
}

}  // namespace

// A client of IPv4 may hold a socket of IPv6, which stands in the other table.
std::optional<SocketOwner> owner_in_tables(const TcpEnd& local, const TcpEnd& remote) {
  for (const char* path : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
    const auto table = read_file(path, kMaxTableBytes);
    if (!table) continue;
    if (const auto owner = find_owner(as_text(*table), local, remote)) return owner;
  }
  return std::nullopt;
}

std::optional<PeerCredentials> peer_credentials(int socket) {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&own), &size) != 0) return std::nullopt;
  return own.ss_family == AF_UNIX ? unix_credentials(socket) : tcp_credentials(socket, own);
}

}  // namespace vedette::platform::net
