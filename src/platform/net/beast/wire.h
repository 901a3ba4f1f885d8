// Wire: one connection, over TCP or a Unix socket, with TLS on it or not.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/asio/ssl/stream.hpp>

#include "base/bytes.h"
#include "platform/net/beast/asio_names.h"
#include "platform/net/beast/deadline.h"

namespace vedette::platform::net {

struct Transfer {
  error_code error;
  std::size_t size = 0;
};

enum class Side { client, server };

// None when the endpoint is no TCP one.
[[nodiscard]] std::optional<tcp::endpoint> tcp_endpoint(const stream::endpoint& endpoint);

// Used from one thread (or strand) at a time. An operation that outlives the deadline closes the
// connection and ends with boost::beast::error::timeout.
class Wire {
 public:
  Wire(stream::socket socket, ssl::context* context);  // nullptr: plain
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire() = default;

  // Holds for every operation that starts from now on.
  void set_deadline(SteadyTime deadline);

  [[nodiscard]] asio::awaitable<error_code> connect(std::vector<stream::endpoint> endpoints);
  // Does nothing on a plain connection.
  [[nodiscard]] asio::awaitable<error_code> handshake(Side side);
  [[nodiscard]] asio::awaitable<Transfer> read_some(std::span<std::uint8_t> into);
  [[nodiscard]] asio::awaitable<error_code> write(ByteView octets);

  // Ends an open connection so that the peer can still read what was sent last (a refusal, an
  // alert): says goodbye, then swallows what the peer is still sending (RFC 9112, 9.6), for at most
  // a second and 4 MiB. Closing with unread octets would make the kernel send a reset that
  // overtakes our words.
  [[nodiscard]] asio::awaitable<void> farewell();
  // Drops the connection at once, unsent octets included.
  void abort();

  // Whether an idle connection can carry another request, as far as the kernel has heard.
  [[nodiscard]] bool is_quiet();
  [[nodiscard]] std::string peer_address();  // `unix` there; empty when there is none
  // RFC 9266, 32 octets; empty on a plain connection.
  [[nodiscard]] Bytes channel_binding();
  [[nodiscard]] SSL* tls();        // nullptr on a plain connection
  [[nodiscard]] int descriptor();  // the socket's; stays the wire's

 private:
  [[nodiscard]] Transfer write_now(ByteView octets);

  stream::socket socket_;
  const std::shared_ptr<Deadline> deadline_;
  std::optional<ssl::stream<stream::socket&>> tls_;
};

}  // namespace vedette::platform::net
