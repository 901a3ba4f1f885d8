// SlowLine: a line to a server on this machine, as slow as a test wants it.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

namespace vedette {

class SlowLine {
 public:
  // `target` is asked for the server's port with each connection.
  explicit SlowLine(std::function<std::uint16_t()> target)
      : target_(std::move(target)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), any, size) != 0 || ::listen(listener_.get(), 16) != 0 ||
        ::getsockname(listener_.get(), any, &size) != 0)
      throw std::runtime_error(errno_text("a line"));
    port_ = ntohs(address.sin_port);
    accepting_ = std::thread([this] { accept_all(); });
  }
  SlowLine(const SlowLine&) = delete;
  SlowLine& operator=(const SlowLine&) = delete;
  ~SlowLine() {
    ends_ = true;
    accepting_.join();
    for (std::thread& connection : connections_)
      connection.join();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // What comes from the server, on each connection; 0: as fast as it goes.
  void let_through(std::size_t octets_per_second) { rate_ = octets_per_second; }

 private:
  static constexpr int kLook = 20;  // milliseconds until an end is seen

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  void accept_all() {
    while (!ends_) {
      pollfd wanted{listener_.get(), POLLIN, 0};
      if (::poll(&wanted, 1, kLook) <= 0) continue;
      UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (client.valid())
        connections_.emplace_back([this, near = std::move(client)] { relay(near); });
    }
  }

  void relay(const UniqueFd& near) {
    const UniqueFd far(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(target_());
    if (::connect(far.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      return;
    while (!ends_) {
      std::array wanted{pollfd{near.get(), POLLIN, 0}, pollfd{far.get(), POLLIN, 0}};
      if (::poll(wanted.data(), wanted.size(), kLook) < 0) return;
      if (wanted[0].revents != 0 && pass(near, far) == 0) return;
      if (wanted[1].revents == 0) continue;
      const std::size_t passed = pass(far, near);
      if (passed == 0) return;
      if (const std::size_t rate = rate_; rate > 0)
        std::this_thread::sleep_for(std::chrono::microseconds(1'000'000 * passed / rate));
    }
  }

  // How many octets; 0 at the end.
  static std::size_t pass(const UniqueFd& from, const UniqueFd& to) {
    std::array<char, 4096> octets;
    const ssize_t got = ::recv(from.get(), octets.data(), octets.size(), 0);
    for (ssize_t at = 0; at < got;) {
      const auto left = static_cast<std::size_t>(got - at);
      const ssize_t sent = ::send(to.get(), octets.data() + at, left, MSG_NOSIGNAL);
      if (sent <= 0) return 0;
      at += sent;
    }
    return static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }

  std::function<std::uint16_t()> target_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> rate_{0};
  std::atomic<bool> ends_{false};
  std::vector<std::thread> connections_;  // the accepting thread's alone, until that ends
  std::thread accepting_;
};

}  // namespace vedette
