#include "platform/net/beast/client.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/error.hpp>

#include "platform/net/beast/head_text.h"
#include "platform/net/beast/response_reader.h"
#include "platform/net/beast/tls_context.h"
#include "platform/net/beast/unix_listener.h"
#include "platform/net/beast/wire.h"
#include "platform/net/byte_range.h"

namespace vedette::platform::net {

namespace {

using Sink = std::function<Result<void>(ByteView)>;

constexpr std::size_t kPieceOctets = 64 << 10;

std::string host_header(const HttpClientSettings& settings) {
  if (!settings.unix_path.empty()) return "localhost";
  const bool is_ipv6 = settings.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + settings.host + "]" : settings.host;
  return host + ":" + std::to_string(settings.port);
}

Error timed_out() {
  return {"NET-TIMEOUT", "the server did not answer in time", {}, "is the network slow or cut?"};
}

// What an error while talking on an open connection means to the caller.
Error wire_error(const error_code& error) {
  if (error == boost::beast::error::timeout) return timed_out();
  // With TLS 1.3 the server judges our certificate after our side of the handshake is done: its
  // refusal is the alert that the first read meets.
  if (error.category() == asio::error::get_ssl_category())
    return {"NET-TLS", "the server ended the TLS connection with an alert", error.message(),
            "is our certificate valid, and of an authority that the server trusts?"};
  return {"NET-CLOSED", "the server closed the connection before it answered", error.message(), {}};
}

class BeastClient final : public HttpClient {
 public:
  BeastClient(const HttpClientSettings& settings, std::unique_ptr<ssl::context> tls)
      : settings_(settings), tls_(std::move(tls)) {}

  Result<HttpResponse> send(const HttpRequest& request) override {
    const std::lock_guard lock(mutex_);
    return complete(exchange(request, nullptr));
  }

  Result<HttpResponse> download(const HttpRequest& request, const Sink& sink) override {
    const std::lock_guard lock(mutex_);
    return complete(exchange(request, &sink));
  }

  Result<Bytes> channel_binding() override {
    const std::lock_guard lock(mutex_);
    return complete(open_and_bind());
  }

  bool connected() override {
    const std::lock_guard lock(mutex_);
    return is_open();
  }

 private:
  // One request on one connection.
  struct Attempt {
    Result<HttpResponse> result;
    bool answer_begun = false;
  };

  // Runs a coroutine to its end on this thread.
  template <class T>
  Result<T> complete(asio::awaitable<Result<T>> work) {
    std::exception_ptr fault;
    std::optional<Result<T>> result;
    io_.restart();
    asio::co_spawn(io_, std::move(work), [&](std::exception_ptr thrown, Result<T> value) {
      fault = std::move(thrown);
      result = std::move(value);
    });
    while (!result)  // what is left is the deadline of a connection that is kept
      io_.run_one();
    if (!fault) return *std::move(result);
    wire_.reset();
    std::rethrow_exception(fault);
  }

  bool is_open() {
    if (wire_ != nullptr && !wire_->is_quiet()) wire_.reset();
    return wire_ != nullptr;
  }

  void allow() { wire_deadline_ = std::chrono::steady_clock::now() + settings_.timeout; }

  asio::awaitable<Result<HttpResponse>> exchange(const HttpRequest& request, const Sink* sink) {
    auto head = request_head(request, host_header(settings_));
    if (!head) co_return std::unexpected(std::move(head).error());
    allow();
    const bool reused = is_open();
    if (!reused) {
      auto opened = co_await open();
      if (!opened) co_return std::unexpected(std::move(opened).error());
    }
    auto attempt = co_await try_once(*head, request, sink);
    // The server may close a kept connection just as we write to it. Only a GET is repeated: what
    // came of anything else nobody knows, and the caller has to decide.
    if (!attempt.result && attempt.result.error().code == "NET-CLOSED" && !attempt.answer_begun &&
        reused && request.method == "GET") {
      auto opened = co_await open();
      if (!opened) co_return std::unexpected(std::move(opened).error());
      attempt = co_await try_once(*head, request, sink);
    }
    co_return std::move(attempt.result);
  }

  asio::awaitable<Result<Bytes>> open_and_bind() {
    allow();
    if (!is_open()) {
      auto opened = co_await open();
      if (!opened) co_return std::unexpected(std::move(opened).error());
    }
    co_return wire_->channel_binding();
  }

  asio::awaitable<Result<void>> open() {
    wire_.reset();
    auto endpoints = co_await resolve();
    if (!endpoints) co_return std::unexpected(std::move(endpoints).error());
    auto wire = std::make_unique<Wire>(stream::socket(io_), tls_.get());
    wire->set_deadline(wire_deadline_);
    const auto failure = co_await wire->connect(*std::move(endpoints));
    if (failure == boost::beast::error::timeout) co_return std::unexpected(timed_out());
    if (failure)
      co_return refuse(
          "NET-UNREACHABLE", "the server cannot be reached",
          (settings_.unix_path.empty() ? host_header(settings_) : settings_.unix_path) + ": " +
              failure.message(),
          "is the server running, and the address right?");
    auto secured = co_await secure(*wire);
    if (!secured) co_return std::unexpected(std::move(secured).error());
    wire_ = std::move(wire);
    co_return Result<void>{};
  }

  // The system's resolver keeps its own time; an address in the settings needs none.
  asio::awaitable<Result<std::vector<stream::endpoint>>> resolve() {
    if (!settings_.unix_path.empty())
      co_return std::vector<stream::endpoint>{
          asio::local::stream_protocol::endpoint(settings_.unix_path)};
    error_code error;
    const auto address = asio::ip::make_address(settings_.host, error);
    if (!error) co_return std::vector<stream::endpoint>{tcp::endpoint(address, settings_.port)};
    tcp::resolver resolver(io_);
    auto [failure, found] =
        co_await resolver.async_resolve(settings_.host, std::to_string(settings_.port), kAsTuple);
    if (failure)
      co_return refuse("NET-UNREACHABLE", "the server's name cannot be resolved",
                       settings_.host + ": " + failure.message(), "is the name right?");
    std::vector<stream::endpoint> endpoints;
    for (const auto& entry : found)
      if (!settings_.plain || entry.endpoint().address().is_loopback())
        endpoints.emplace_back(entry.endpoint());
    if (endpoints.empty())
      co_return refuse("NET-UNREACHABLE", "plain HTTP is spoken on loopback only", settings_.host);
    co_return endpoints;
  }

  asio::awaitable<Result<void>> secure(Wire& wire) {
    if (wire.tls() == nullptr) co_return Result<void>{};
    auto expected = expect_server(wire.tls(), settings_.host);
    if (!expected) co_return expected;
    expect_time(wire.tls(), settings_);
    const auto failure = co_await wire.handshake(Side::client);
    if (failure == boost::beast::error::timeout) co_return std::unexpected(timed_out());
    if (failure)
      co_return refuse("NET-TLS", "no trustworthy TLS connection to the server",
                       handshake_cause(wire.tls(), failure),
                       "do the configured roots and name belong to this server?");
    auto agreed = check_agreed_protocol(wire.tls());
    if (!agreed || !settings_.judge_server) co_return agreed;
    const auto chain = verified_chain(wire.tls());
    if (!chain) co_return std::unexpected(chain.error());
    co_return settings_.judge_server(*chain);
  }

  asio::awaitable<Attempt> try_once(const Bytes& head, const HttpRequest& request,
                                    const Sink* sink) {
    wire_->set_deadline(wire_deadline_);
    Bytes message = head;
    append(message, request.body);
    const auto failure = co_await wire_->write(message);
    // A server that refuses (by an alert, or a status in mid-request) closes before it has read
    // all: its words may be there to read although ours did not get through.
    ResponseReader reader;
    Attempt attempt;
    if (failure == boost::beast::error::timeout)
      attempt.result = std::unexpected(timed_out());
    else
      attempt.result = co_await read_response(reader, asked_from(request), sink);
    attempt.answer_begun = reader.has_begun();
    if (failure || !attempt.result || !reader.keeps_alive()) wire_.reset();
    co_return attempt;
  }

  asio::awaitable<Result<HttpResponse>> read_response(ResponseReader& reader,
                                                      std::optional<std::uint64_t> from,
                                                      const Sink* sink) {
    Bytes body;
    std::size_t since_deadline = 0;
    for (bool complete = false; !complete;) {
      const auto [failure, size] = co_await wire_->read_some(inbox_);
      if (failure) co_return std::unexpected(wire_error(failure));
      auto fed = reader.feed(ByteView(inbox_).first(size), body);
      if (!fed) co_return std::unexpected(std::move(fed).error());
      complete = *fed;
      const bool to_sink = sink != nullptr && reader.is_head_complete() && is_content(reader);
      auto taken = to_sink ? pass_on(reader, from, body, *sink) : check_size(reader, body);
      if (!taken) co_return std::unexpected(std::move(taken).error());
      // A long download may take longer than a request, but each piece of it may not.
      since_deadline += size;
      if (to_sink && since_deadline >= kPieceOctets) {
        since_deadline = 0;
        allow();
        wire_->set_deadline(wire_deadline_);
      }
    }
    HttpResponse response = reader.head();
    response.body = std::move(body);
    co_return response;
  }

  static bool is_content(const ResponseReader& reader) {
    return reader.status() == 200 || reader.status() == 206;
  }

  // What belongs elsewhere than where it was asked for never reaches the sink.
  static Result<void> pass_on(const ResponseReader& reader, std::optional<std::uint64_t> from,
                              Bytes& body, const Sink& sink) {
    if (from || reader.status() != 200) VEDETTE_CHECK(check_beginning(reader.head(), from));
    if (body.empty()) return {};
    auto taken = sink(body);
    body.clear();
    return taken;
  }

  [[nodiscard]] Result<void> check_size(const ResponseReader& reader, const Bytes& body) const {
    const std::uint64_t announced = reader.is_head_complete() ? reader.content_length() : 0;
    if (std::max<std::uint64_t>(announced, body.size()) <= settings_.max_body_bytes) return {};
    return refuse("NET-SIZE", "the server's answer is larger than accepted",
                  "limit " + std::to_string(settings_.max_body_bytes) + " octets");
  }

  const HttpClientSettings settings_;
  const std::unique_ptr<ssl::context> tls_;
  std::mutex mutex_;
  asio::io_context io_{1};
  std::unique_ptr<Wire> wire_;  // open, or none
  Bytes inbox_ = Bytes(kPieceOctets);
  SteadyTime wire_deadline_;
};

Result<void> check_loopback(const std::string& host) {
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  // Names are resolved later, and then only loopback addresses are used.
  if (error || address.is_loopback()) return {};
  return refuse("NET-TLS", "plain HTTP is spoken on loopback only", host);
}

}  // namespace

Result<std::unique_ptr<HttpClient>> make_client(const HttpClientSettings& settings) {
  std::unique_ptr<ssl::context> tls;
  if (!settings.unix_path.empty()) {
    if (const auto sound = check_unix_path(settings.unix_path); !sound)
      return refuse("NET-UNREACHABLE", sound.error().message, sound.error().cause,
                    sound.error().hint);
  } else if (settings.plain) {
    VEDETTE_CHECK(check_loopback(settings.host));
  } else {
    VEDETTE_TRY(tls, make_client_context(settings));
  }
  return std::unique_ptr<HttpClient>(std::make_unique<BeastClient>(settings, std::move(tls)));
}

}  // namespace vedette::platform::net
