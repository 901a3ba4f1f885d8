// Session: one connection of the server, from the handshake to its end.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "platform/net/beast/handler_slots.h"
#include "platform/net/beast/lanes.h"
#include "platform/net/beast/request_reader.h"
#include "platform/net/beast/wire.h"
#include "platform/net/http.h"

namespace vedette::platform::net {

// What all sessions of a server share; outlives them.
struct SessionEnvironment {
  HttpServerSettings settings;
  HttpHandler& handler;
  HandlerSlots& slots;
};

// Says on standard error what went wrong in our own code while serving. Faults of peers are no
// news.
void log_fault(const std::string& what);

class Session : public std::enable_shared_from_this<Session> {
 public:
  // `socket` is the lane's; everything but the thread-safe calls happens there, in order. `tls` is
  // used here alone; nullptr: plain HTTP.
  Session(std::uint64_t id, Lane lane, stream::socket socket, const SessionEnvironment& environment,
          ssl::context* tls);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() = default;

  // Serves requests until the connection ends.
  [[nodiscard]] asio::awaitable<void> run();

  [[nodiscard]] std::uint64_t id() const { return connection_.id; }  // thread-safe
  // Thread-safe. Nothing picks a connection before its handshake is done: it has no peer yet.
  [[nodiscard]] bool picked_by(const std::function<bool(const Connection&)>& condemned) const;
  // Thread-safe. Drops the connection at once: no further request is handed to the handler, and the
  // answer to the present one is not sent.
  void condemn();

 private:
  struct Incoming {
    HttpRequest request;
    bool keep_alive = false;
  };

  // Each returns whether the connection goes on.
  [[nodiscard]] asio::awaitable<bool> establish();
  [[nodiscard]] asio::awaitable<bool> serve_one();
  [[nodiscard]] asio::awaitable<bool> respond(HttpResponse response, bool keep_alive);
  [[nodiscard]] asio::awaitable<bool> send_body(const HttpResponse& response);
  [[nodiscard]] asio::awaitable<bool> send_stream(const HttpResponse& response);
  [[nodiscard]] asio::awaitable<bool> send(ByteView octets);

  [[nodiscard]] asio::awaitable<void> leave_order();
  [[nodiscard]] asio::awaitable<void> return_to_order();

  // Nothing when the connection is over.
  [[nodiscard]] asio::awaitable<std::optional<Incoming>> receive();
  [[nodiscard]] asio::awaitable<void> reject(Rejection rejection);
  void allow(std::chrono::seconds time);

  const SessionEnvironment& environment_;
  const Lane lane_;  // outlives the socket
  Wire wire_;
  RequestReader reader_;
  std::array<std::uint8_t, 16384> inbox_{};
  Connection connection_;
  std::atomic<bool> established_ = false;  // connection_ is complete and will not change
  std::atomic<bool> condemned_ = false;
};

}  // namespace vedette::platform::net
