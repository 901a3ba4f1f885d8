#include "platform/net/beast/session.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/defer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include "platform/net/beast/head_text.h"
#include "platform/net/beast/peer_credentials.h"
#include "platform/net/beast/tls_context.h"

namespace vedette::platform::net {

namespace {

constexpr std::chrono::seconds kHandshakeTime{10};
constexpr std::size_t kPieceOctets = 64 << 10;

HttpResponse error_response(int status, std::string_view code, std::string_view message) {
  HttpResponse response;
  response.status = status;
  response.body = to_bytes(std::string(R"({"error":{"code":")").append(code) + R"(","message":")" +
                           std::string(message) + R"("}})");
  return response;
}

HttpResponse internal_error() {
  return error_response(500, "INTERNAL", "the server failed while it handled the request");
}

// Runs a piece of the application. A fault in one request must not end the server for the whole
// fleet: it is logged, that request fails, and the others go on. This is the one place that
// catches; the request's own effects are the application's transactions to undo.
template <class Call>
auto guarded(const char* what, Call call) -> std::optional<decltype(call())> {
  try {
    return call();
  } catch (const std::exception& fault) {
    log_fault(std::string(what) + " threw: " + fault.what());
  } catch (...) {
    log_fault(std::string(what) + " threw something unknown");
  }
  return std::nullopt;
}

HttpResponse call_handler(HttpHandler& handler, const Connection& connection,
                          const HttpRequest& request) {
  auto response =
      guarded("the request handler", [&] { return handler.handle(connection, request); });
  return response ? std::move(*response) : internal_error();
}

std::size_t call_stream(const HttpResponse& response, std::span<std::uint8_t> into) {
  const auto size = guarded("a response stream", [&] { return response.stream(into); });
  if (!size) return 0;
  if (!size->has_value()) {
    log_fault("a response stream failed: " + describe(size->error()));
    return 0;
  }
  return std::min(**size, into.size());
}

}  // namespace

void log_fault(const std::string& what) {
  std::fprintf(stderr, "vedette http: %s\n", what.c_str());
}

Session::Session(std::uint64_t id, Lane lane, stream::socket socket,
                 const SessionEnvironment& environment, ssl::context* tls)
    : environment_(environment),
      lane_(std::move(lane)),
      wire_(std::move(socket), tls),
      reader_(environment.settings.max_body_bytes) {
  connection_.id = id;
}

asio::awaitable<void> Session::run() {
  bool more = co_await establish();
  while (more && !condemned_)
    more = co_await serve_one();
  wire_.abort();
}

bool Session::picked_by(const std::function<bool(const Connection&)>& condemned) const {
  return established_.load(std::memory_order_acquire) && condemned(connection_);
}

void Session::condemn() {
  condemned_ = true;
  // A lane whose thread has just ended keeps what is posted to it: it may not keep the session,
  // which keeps the lane.
  asio::post(lane_.ordered, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wire_.abort();
  });
}

asio::awaitable<bool> Session::establish() {
  connection_.peer_address = wire_.peer_address();
  allow(std::min(kHandshakeTime, environment_.settings.request_timeout));
  const auto error = co_await wire_.handshake(Side::server);
  if (error) {
    co_await wire_.farewell();  // the alert that says why must arrive
    co_return false;
  }
  if (wire_.tls() != nullptr) {
    auto peer = verified_peer(wire_.tls());
    if (!peer) co_return false;
    if (*peer) {
      connection_.peer = std::move((*peer)->certificate);
      connection_.peer_issuer_key = (*peer)->issuer_key;
    }
    connection_.channel_binding = wire_.channel_binding();
  } else {
    connection_.credentials = peer_credentials(wire_.descriptor());
  }
  established_.store(true, std::memory_order_release);
  co_return true;
}

asio::awaitable<bool> Session::serve_one() {
  const auto incoming = co_await receive();
  if (!incoming || condemned_) co_return false;
  auto entry = guarded("the door",
                       [&] { return environment_.handler.enter(connection_, incoming->request); });
  if (!entry) entry = Entry{internal_error(), nullptr};
  if (entry->turned_away)
    co_return co_await respond(std::move(*entry->turned_away), incoming->keep_alive);
  HttpResponse response;
  co_await environment_.slots.wait();
  {
    const HandlerSlots::Slot slot(environment_.slots);
    if (condemned_) co_return false;
    co_await leave_order();
    response = call_handler(environment_.handler, connection_, incoming->request);
  }
  co_await return_to_order();
  entry->place.reset();  // a slow reader of the answer holds nobody up
  if (condemned_) co_return false;
  co_return co_await respond(std::move(response), incoming->keep_alive);
}

// What may block runs off the strand, where condemn() can drop the connection meanwhile. It is
// deferred, not posted: this thread goes on with it, and wakes no other.
asio::awaitable<void> Session::leave_order() {
  if (lane_.own == nullptr)
    co_await asio::defer(asio::bind_executor(lane_.unordered, asio::use_awaitable));
}

asio::awaitable<void> Session::return_to_order() {
  if (lane_.own == nullptr)
    co_await asio::dispatch(asio::bind_executor(lane_.ordered, asio::use_awaitable));
}

asio::awaitable<std::optional<Session::Incoming>> Session::receive() {
  const auto& settings = environment_.settings;
  auto state = reader_.feed({});  // a pipelined request may be here already
  bool begun = reader_.has_begun();
  allow(begun ? settings.request_timeout : settings.idle_timeout);
  while (state && *state != RequestReader::State::complete) {
    std::size_t received = 0;
    if (*state == RequestReader::State::want_continue) {
      const bool sent = co_await send(as_bytes("HTTP/1.1 100 Continue\r\n\r\n"));
      if (!sent) co_return std::nullopt;
    } else {
      const auto transfer = co_await wire_.read_some(inbox_);
      if (transfer.error) co_return std::nullopt;
      received = transfer.size;
      // From its first octet on, the whole request has to arrive in time, however it dribbles.
      if (!begun) allow(settings.request_timeout);
      begun = true;
    }
    state = reader_.feed(ByteView(inbox_.data(), received));
  }
  if (!state) {
    co_await reject(state.error());
    co_return std::nullopt;
  }
  Incoming incoming;
  incoming.keep_alive = reader_.keeps_alive();
  incoming.request = reader_.take();
  co_return incoming;
}

asio::awaitable<void> Session::reject(Rejection rejection) {
  const bool unused =
      co_await respond(error_response(rejection.status, rejection.code, rejection.message), false);
  static_cast<void>(unused);
}

asio::awaitable<bool> Session::respond(HttpResponse response, bool keep_alive) {
  const auto persistence = keep_alive ? Persistence::keep_alive : Persistence::close;
  auto head = response_head(response, persistence);
  if (!head) {
    log_fault("the request handler made an impossible answer: " + describe(head.error()));
    response = internal_error();
    head = response_head(response, persistence);
  }
  if (!response.stream && response.body.size() <= kPieceOctets) {
    append(*head, ByteView(response.body).first(body_length(response)));
    response.body.clear();
  }
  bool sent = co_await send(*head);
  if (sent && response.stream) sent = co_await send_stream(response);
  if (sent && !response.stream && !response.body.empty()) sent = co_await send_body(response);
  if (sent && !keep_alive) co_await wire_.farewell();
  co_return sent&& keep_alive;
}

asio::awaitable<bool> Session::send_body(const HttpResponse& response) {
  ByteView rest = ByteView(response.body).first(body_length(response));
  while (!rest.empty()) {
    const ByteView piece = rest.first(std::min(rest.size(), kPieceOctets));
    const bool sent = co_await send(piece);
    if (!sent) co_return false;
    rest = rest.subspan(piece.size());
  }
  co_return true;
}

// A stream that ends early leaves the announced length unfulfilled: the connection is dropped, so
// that the client cannot take what it got for the whole.
asio::awaitable<bool> Session::send_stream(const HttpResponse& response) {
  Bytes buffer(kPieceOctets);
  for (std::uint64_t left = body_length(response); left > 0;) {
    const auto room = std::span(buffer).first(std::min<std::uint64_t>(left, buffer.size()));
    std::size_t size = 0;
    co_await environment_.slots.wait();
    {
      const HandlerSlots::Slot slot(environment_.slots);
      co_await leave_order();
      size = call_stream(response, room);
    }
    co_await return_to_order();
    if (size == 0 || condemned_) co_return false;
    const bool sent = co_await send(room.first(size));
    if (!sent) co_return false;
    left -= size;
  }
  co_return true;
}

// The deadline is per piece of at most 64 KiB: a slow path may take its time, a stalled one not.
asio::awaitable<bool> Session::send(ByteView octets) {
  allow(environment_.settings.request_timeout);
  const auto error = co_await wire_.write(octets);
  co_return !error;
}

void Session::allow(std::chrono::seconds time) {
  wire_.set_deadline(std::chrono::steady_clock::now() + time);
}

}  // namespace vedette::platform::net
