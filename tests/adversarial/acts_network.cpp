// Group 2: the network, and every other way to another process.
#include <csignal>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "act.h"

namespace vedette::testing {

namespace {

constexpr int kInherited = 3;

Call socket_of(int family, int type, int protocol = 0) {
  return call(SYS_socket, family, type | SOCK_CLOEXEC, protocol);
}

// Linux's numbers; installed headers may be older than the kernel.
Acts families() {
  constexpr int kKcm = 41;
  constexpr int kQrtr = 42;
  constexpr int kXdp = 44;
  constexpr int kMptcp = 262;
  return {
      act("socket-tcp", socket_of(AF_INET, SOCK_STREAM)),
      act("socket-udp", socket_of(AF_INET, SOCK_DGRAM)),
      act("socket-raw", socket_of(AF_INET, SOCK_RAW, IPPROTO_ICMP)),
      act("socket-ping", socket_of(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)),
      act("socket-mptcp", socket_of(AF_INET, SOCK_STREAM, kMptcp)),
      act("socket-sctp", socket_of(AF_INET, SOCK_STREAM, IPPROTO_SCTP)),
      act("socket-tcp6", socket_of(AF_INET6, SOCK_STREAM)),
      act("socket-udp6", socket_of(AF_INET6, SOCK_DGRAM)),
      act("socket-unix", socket_of(AF_UNIX, SOCK_STREAM)),
      act("socket-netlink-route", socket_of(AF_NETLINK, SOCK_RAW, 0)),
      act("socket-netlink-audit", socket_of(AF_NETLINK, SOCK_RAW, 9)),
      act("socket-netlink-uevent", socket_of(AF_NETLINK, SOCK_RAW, 15)),
      act("socket-packet", socket_of(AF_PACKET, SOCK_RAW, 0x0300)),
      act("socket-key", socket_of(AF_KEY, SOCK_RAW, 2)),
      act("socket-vsock", socket_of(AF_VSOCK, SOCK_STREAM)),
      act("socket-alg", socket_of(AF_ALG, SOCK_SEQPACKET)),
      act("socket-can", socket_of(AF_CAN, SOCK_RAW, 1)),
      act("socket-bluetooth", socket_of(AF_BLUETOOTH, SOCK_RAW, 1)),
      act("socket-tipc", socket_of(AF_TIPC, SOCK_STREAM)),
      act("socket-kcm", socket_of(kKcm, SOCK_DGRAM)),
      act("socket-qrtr", socket_of(kQrtr, SOCK_DGRAM)),
      act("socket-xdp", socket_of(kXdp, SOCK_RAW)),
      act("socket-pair", call(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, scratch(8))),
  };
}

Acts connections() {
  sockaddr_in discard{};
  discard.sin_family = AF_INET;
  discard.sin_port = htons(9);
  discard.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  sockaddr_un abstract{};
  abstract.sun_family = AF_UNIX;
  std::memcpy(abstract.sun_path + 1, "vedette-hostile", 15);
  sockaddr_un named{};
  named.sun_family = AF_UNIX;
  std::memcpy(named.sun_path, "/vedette-hostile", 16);
  return {
      act("connect-tcp", socket_of(AF_INET, SOCK_STREAM),
          call(SYS_connect, kLastResult, put(discard), sizeof discard)),
      act("send-udp", socket_of(AF_INET, SOCK_DGRAM),
          call(SYS_sendto, kLastResult, text("x"), 1, 0, put(discard), sizeof discard)),
      act("bind-tcp", socket_of(AF_INET, SOCK_STREAM),
          call(SYS_bind, kLastResult, put(any), sizeof any)),
      act("connect-abstract-unix", socket_of(AF_UNIX, SOCK_STREAM),
          call(SYS_connect, kLastResult, put(abstract), sizeof abstract)),
      act("bind-abstract-unix", socket_of(AF_UNIX, SOCK_STREAM),
          call(SYS_bind, kLastResult, put(abstract), sizeof abstract)),
      act("bind-named-unix", socket_of(AF_UNIX, SOCK_STREAM),
          call(SYS_bind, kLastResult, put(named), sizeof named)),
  };
}

// Passes a descriptor along a socket that it hopes to have inherited.
std::uint64_t message_with_descriptor() {
  const std::uint64_t control = scratch(CMSG_SPACE(sizeof(int)));  // with descriptor 0
  auto& header = *reinterpret_cast<cmsghdr*>(control);             // NOLINT: scratch memory
  header.cmsg_len = CMSG_LEN(sizeof(int));
  header.cmsg_level = SOL_SOCKET;
  header.cmsg_type = SCM_RIGHTS;
  msghdr message{};
  message.msg_control = &header;
  message.msg_controllen = CMSG_SPACE(sizeof(int));
  return put(message);
}

Acts inherited_sockets() {
  const std::uint64_t room = scratch(256);
  return {
      act("pass-a-descriptor", call(SYS_sendmsg, kInherited, message_with_descriptor(), 0)),
      act("receive-a-descriptor",
          call(SYS_recvmsg, kInherited, message_with_descriptor(), MSG_DONTWAIT)),
      act("receive", call(SYS_recvfrom, kInherited, room, 256, MSG_DONTWAIT, 0, 0)),
      act("send-many", call(SYS_sendmmsg, kInherited, room, 1, 0)),
      act("accept", call(SYS_accept4, kInherited, 0, 0, SOCK_CLOEXEC)),
      act("listen", call(SYS_listen, kInherited, 1)),
      act("shut-down", call(SYS_shutdown, kInherited, SHUT_RDWR)),
      act("socket-option", call(SYS_setsockopt, kInherited, SOL_SOCKET, SO_PEERCRED, room, 4)),
      act("peer-name", call(SYS_getpeername, kInherited, room, room + 128)),
  };
}

// What succeeds is removed again: it would outlive the process.
Acts shared_objects() {
  constexpr int kMine = 0600;
  return {
      filtered("shared-memory", call(SYS_shmget, IPC_PRIVATE, 4096, IPC_CREAT | kMine),
               call(SYS_shmctl, kLastResult, IPC_RMID, 0)),
      act("attach-shared-memory", call(SYS_shmat, 0, 0, 0)),
      filtered("semaphores", call(SYS_semget, IPC_PRIVATE, 1, IPC_CREAT | kMine),
               call(SYS_semctl, kLastResult, 0, IPC_RMID, 0)),
      filtered("message-queue", call(SYS_msgget, IPC_PRIVATE, IPC_CREAT | kMine),
               call(SYS_msgctl, kLastResult, IPC_RMID, 0)),
      act("find-message-queue", call(SYS_msgget, 0x5EED, 0)),
      act("posix-queue", call(SYS_mq_open, text("vedette-hostile"), O_RDWR | O_CREAT, kMine, 0),
          call(SYS_mq_unlink, text("vedette-hostile"))),
      act("pipe", call(SYS_pipe2, scratch(8), O_CLOEXEC)),
      act("event-descriptor", call(SYS_eventfd2, 0, 0)),
      act("signal-descriptor", call(SYS_signalfd4, -1, scratch(8), 8, 0)),
  };
}

// Signal 0 asks for permission and does nothing.
Acts signals() {
  siginfo_t info{};
  info.si_code = SI_QUEUE;
  return {
      act("signal-everybody", call(SYS_kill, -1, 0)),
      filtered("signal-itself", call(SYS_kill, 0, 0)),
      act("signal-another", call(SYS_kill, 2, 0)),
      act("signal-a-thread", call(SYS_tgkill, 2, 2, 0)),
      act("queue-a-signal", call(SYS_rt_sigqueueinfo, 2, 0, put(info))),
      act("open-a-process", call(SYS_pidfd_open, 2, 0)),
      act("open-itself", call(SYS_pidfd_open, 1, 0)),
      act("signal-by-descriptor", call(SYS_pidfd_send_signal, kInherited, 0, 0, 0)),
  };
}

}  // namespace

Acts network_acts() {
  Acts acts;
  for (const auto& part :
       {families(), connections(), inherited_sockets(), shared_objects(), signals()})
    acts.insert(acts.end(), part.begin(), part.end());
  return acts;
}

}  // namespace vedette::testing
