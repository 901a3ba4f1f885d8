#include "platform/net/beast/wire.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>
#include <poll.h>

namespace vedette::platform::net {

namespace {

constexpr std::size_t kSwallowedOctets = 4 << 20;
constexpr std::chrono::seconds kFarewellTime{1};

}  // namespace

std::optional<tcp::endpoint> tcp_endpoint(const stream::endpoint& endpoint) {
  const int family = endpoint.protocol().family();
  if (family != AF_INET && family != AF_INET6) return std::nullopt;
  tcp::endpoint result(family == AF_INET ? tcp::v4() : tcp::v6(), 0);
  std::memcpy(result.data(), endpoint.data(), std::min(result.capacity(), endpoint.size()));
  return result;
}

Wire::Wire(stream::socket socket, ssl::context* context)
    : socket_(std::move(socket)), deadline_(std::make_shared<Deadline>(socket_)) {
  if (context != nullptr) tls_.emplace(socket_, *context);
}

void Wire::set_deadline(SteadyTime deadline) {
  deadline_->set(deadline);
}

asio::awaitable<error_code> Wire::connect(std::vector<stream::endpoint> endpoints) {
  deadline_->begin();
  auto [error, endpoint] = co_await asio::async_connect(socket_, endpoints, kAsTuple);
  error_code ignored;
  if (!error) socket_.set_option(tcp::no_delay(true), ignored);
  co_return deadline_->end(error);
}

asio::awaitable<error_code> Wire::handshake(Side side) {
  if (!tls_) co_return error_code{};
  const auto type = side == Side::server ? ssl::stream_base::server : ssl::stream_base::client;
  deadline_->begin();
  auto [error] = co_await tls_->async_handshake(type, kAsTuple);
  co_return deadline_->end(error);
}

asio::awaitable<Transfer> Wire::read_some(std::span<std::uint8_t> into) {
  const auto buffer = asio::buffer(into.data(), into.size());
  deadline_->begin();
  if (tls_) {
    auto [error, size] = co_await tls_->async_read_some(buffer, kAsTuple);
    co_return Transfer{deadline_->end(error), size};
  }
  auto [error, size] = co_await socket_.async_read_some(buffer, kAsTuple);
  co_return Transfer{deadline_->end(error), size};
}

asio::awaitable<error_code> Wire::write(ByteView octets) {
  const auto buffer = asio::buffer(octets.data(), octets.size());
  deadline_->begin();
  if (tls_) {
    auto [error, size] = co_await asio::async_write(*tls_, buffer, kAsTuple);
    co_return deadline_->end(error);
  }
  const auto [error, written] = write_now(octets);
  if (error || written == octets.size()) co_return deadline_->end(error);
  auto [failure, size] = co_await asio::async_write(socket_, buffer + written, kAsTuple);
  co_return deadline_->end(failure);
}

// What the kernel takes at once: a message as long as most are goes without a turn of the reactor.
Transfer Wire::write_now(ByteView octets) {
  Transfer sent;
  if (!socket_.non_blocking()) socket_.non_blocking(true, sent.error);
  if (sent.error) return sent;
  sent.size = socket_.write_some(asio::buffer(octets.data(), octets.size()), sent.error);
  if (sent.error == asio::error::would_block) sent.error.clear();
  return sent;
}

asio::awaitable<void> Wire::farewell() {
  set_deadline(std::chrono::steady_clock::now() + kFarewellTime);
  deadline_->begin();
  if (tls_ && SSL_is_init_finished(tls_->native_handle()) == 1) {
    // close_notify (RFC 8446, 6.1); whether the peer returns it is its own affair.
    co_await tls_->async_shutdown(kAsTuple);
  }
  error_code error;
  socket_.shutdown(asio::socket_base::shutdown_send, error);
  std::array<std::uint8_t, 16384> trash;
  for (std::size_t swallowed = 0; !error && swallowed < kSwallowedOctets;) {
    auto [failure, size] = co_await socket_.async_read_some(asio::buffer(trash), kAsTuple);
    error = failure;
    swallowed += size;
  }
  abort();
}

void Wire::abort() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
  deadline_->stop();
}

bool Wire::is_quiet() {
  if (!socket_.is_open()) return false;
  // Nothing is due on an idle connection: what there is to read is the end, a TLS alert, or
  // something that nobody asked for. Each of them makes the connection useless.
  pollfd query{socket_.native_handle(), POLLIN | POLLRDHUP, 0};
  return ::poll(&query, 1, 0) == 0;
}

std::string Wire::peer_address() {
  error_code error;
  const auto endpoint = socket_.remote_endpoint(error);
  if (error) return {};
  const auto address = tcp_endpoint(endpoint);
  return address ? address->address().to_string() : "unix";
}

Bytes Wire::channel_binding() {
  if (!tls_) return {};
  constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";  // RFC 9266, 4.2
  Bytes binding(32);
  if (SSL_export_keying_material(tls_->native_handle(), binding.data(), binding.size(),
                                 kLabel.data(), kLabel.size(), nullptr, 0, 1) != 1)
    throw std::logic_error("the TLS exporter was used before the handshake");
  return binding;
}

int Wire::descriptor() {
  return socket_.native_handle();
}

SSL* Wire::tls() {
  return tls_ ? tls_->native_handle() : nullptr;
}

}  // namespace vedette::platform::net
